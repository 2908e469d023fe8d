//! The world that is asked about: PostgreSQL with so many agreements and disclosures, made where there is none.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use api::scale::NATION;
use clap::Args;
use sqlx::{Connection, Executor, PgConnection};
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    Place,
    import::Directory,
    load::fill,
    postgres::{Cluster, Durability},
};

/// How often what was loaded so far is written down, so that the log of a large load does not fill the disk.
const CHECKPOINT_EVERY: std::time::Duration = std::time::Duration::from_secs(30);

/// How large a world is.
#[derive(Args, Clone, Debug)]
pub(crate) struct Size {
    /// Agreements, with four scopes each.
    #[arg(long, default_value_t = NATION.agreements)]
    pub(crate) agreements: usize,
    /// Disclosures.
    #[arg(long, default_value_t = 5_000_000)]
    pub(crate) disclosures: u64,
}

/// Where a world stands.
#[derive(Args, Clone)]
pub(crate) struct Where {
    /// Directory in which a loaded world stands between runs, its PostgreSQL included; a temporary one when absent.
    #[arg(long, conflicts_with = "database_url")]
    world: Option<PathBuf>,
    /// PostgreSQL that runs already, as a superuser; its world is taken as it is, or made where there is none.
    #[arg(long, requires = "data_dir")]
    database_url: Option<String>,
    /// Directory of that database's keys.
    #[arg(long, requires = "database_url")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) size: Size,
}

impl Where {
    /// In a directory, where it stays.
    pub(crate) fn kept(world: PathBuf, size: Size) -> Self {
        Self { world: Some(world), database_url: None, data_dir: None, size }
    }
}

/// Loaded world; its own PostgreSQL ends with this value.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) data_dir: PathBuf,
    /// What stands there.
    pub(crate) size: Size,
    _cluster: Option<Cluster>,
    _directory: Option<Directory>,
}

impl World {
    /// Opens the world, and loads it if it is not.
    pub(crate) async fn open(options: &Where) -> anyhow::Result<Self> {
        let mut world = Self::at(options).await?;
        if stands(&mut world.connect().await?).await? {
            world.size = world.counted(options).await?;
        } else {
            world.load().await?;
        }
        Ok(world)
    }

    async fn at(options: &Where) -> anyhow::Result<Self> {
        let size = options.size.clone();
        if let (Some(url), Some(data_dir)) = (&options.database_url, &options.data_dir) {
            let (url, data_dir) = (url.clone(), data_dir.clone());
            return Ok(Self { url, data_dir, size, _cluster: None, _directory: None });
        }
        if let Some(directory) = &options.world {
            let cluster = Cluster::kept(&directory.join("postgres")).await.context("PostgreSQL is not installed")?;
            let (url, data_dir) = (cluster.url("postgres"), directory.join("data"));
            return Ok(Self { url, data_dir, size, _cluster: Some(cluster), _directory: None });
        }
        let cluster = Cluster::start(Durability::Real).await.context("PostgreSQL is not installed")?;
        let url = cluster.url(&cluster.create_database(None).await);
        let directory = Directory::new("work")?;
        let data_dir = directory.path().to_owned();
        Ok(Self { url, data_dir, size, _cluster: Some(cluster), _directory: Some(directory) })
    }

    /// Connection as the one who owns the database.
    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    async fn load(&self) -> anyhow::Result<()> {
        let place = Place {
            database_url: Some(self.url.clone()),
            data_dir: self.data_dir.clone(),
            rust_log: "warn".to_owned(),
        };
        let writing = write_down(self.connect().await?);
        let filled = fill(place.config()?, self.size.agreements, self.size.disclosures).await;
        writing.abort();
        filled?;
        let mut connection = self.connect().await?;
        connection.execute("vacuum analyze").await?;
        connection.execute("create schema asked").await?;
        sqlx::query("create table asked.world as select $1::bigint as agreements, $2::bigint as disclosures")
            .bind(i64::try_from(self.size.agreements)?)
            .bind(i64::try_from(self.size.disclosures)?)
            .execute(&mut connection)
            .await?;
        connection.execute("checkpoint").await?;
        Ok(())
    }

    /// Size of what stands; of a kept world only the one asked for.
    async fn counted(&self, options: &Where) -> anyhow::Result<Size> {
        let mut connection = self.connect().await?;
        let whole: bool =
            sqlx::query_scalar("select to_regclass('asked.world') is not null").fetch_one(&mut connection).await?;
        if !whole {
            ensure!(options.world.is_none(), "the world was not loaded to its end: remove its directory");
            let (agreements, disclosures): (i64, i64) = sqlx::query_as(
                "select (select count(*) from agreement where number like 'LOAD-%'), (select count(*) from disclosure)",
            )
            .fetch_one(&mut connection)
            .await?;
            return Ok(Size { agreements: usize::try_from(agreements)?, disclosures: disclosures.unsigned_abs() });
        }
        let (agreements, disclosures): (i64, i64) =
            sqlx::query_as("select agreements, disclosures from asked.world").fetch_one(&mut connection).await?;
        let size = Size { agreements: usize::try_from(agreements)?, disclosures: disclosures.unsigned_abs() };
        ensure!(
            options.database_url.is_some()
                || (size.agreements, size.disclosures) == (options.size.agreements, options.size.disclosures),
            "the world that stands has {agreements} agreements and was loaded with {disclosures} disclosures: ask for \
             that, or remove its directory"
        );
        Ok(size)
    }
}

/// Whether there is a generated registry.
async fn stands(connection: &mut PgConnection) -> anyhow::Result<bool> {
    let table: bool =
        sqlx::query_scalar("select to_regclass('agreement') is not null").fetch_one(&mut *connection).await?;
    if !table {
        return Ok(false);
    }
    let sql = "select exists (select from agreement where number like 'LOAD-%')";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

fn write_down(mut connection: PgConnection) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            sleep(CHECKPOINT_EVERY).await;
            if connection.execute("checkpoint").await.is_err() {
                return;
            }
        }
    })
}
