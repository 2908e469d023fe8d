//! What is asked about, chosen once and kept beside the world, so that the gateway and the plain statements are asked for the
//! same.

use sqlx::{AssertSqlSafe, Executor, PgConnection, types::Uuid};

use super::world::World;

/// Most things of one kind that are asked about: enough that none is asked for twice in a while.
const MANY: u64 = 20_000;

/// Agreements of a page.
pub(crate) const AGREEMENTS: usize = 50;

/// Disclosures of a page.
pub(crate) const DISCLOSURES: usize = 100;

/// Agreement with its parties' business ids.
pub(crate) struct Agreement {
    pub(crate) id: Uuid,
    pub(crate) discloser: String,
    pub(crate) recipient: String,
    pub(crate) register: String,
    pub(crate) status: String,
    /// Whether the recipient has any agreement in force on the register, this one or another.
    pub(crate) receives: bool,
}

/// Place in a list, after which a whole page follows.
pub(crate) struct Start {
    pub(crate) number: String,
    pub(crate) discloser: String,
    /// Row, where the list is of an agreement's disclosures.
    pub(crate) id: Option<Uuid>,
}

/// Everything that is asked about; the tables of the schema `asked` hold the same.
pub(crate) struct Asked {
    pub(crate) agreements: Vec<Agreement>,
    pub(crate) pages: Vec<Start>,
    pub(crate) starts: Vec<Start>,
    pub(crate) disclosers: Vec<String>,
}

impl Asked {
    /// Chooses at random, the same each time in the same world.
    pub(crate) async fn choose(world: &World) -> anyhow::Result<Self> {
        let mut connection = world.connect().await?;
        connection.execute("create schema if not exists asked").await?;
        for (table, select) in tables(world.size.disclosures) {
            let statement = format!(
                "drop table if exists asked.{table}; select setseed(0.5); \
                 create table asked.{table} as select (row_number() over ())::int as n, chosen.* from ({select}) as chosen; \
                 alter table asked.{table} add primary key (n); analyze asked.{table}"
            );
            connection.execute(AssertSqlSafe(statement)).await?;
        }
        connection.execute("checkpoint").await?;
        let asked = Self {
            agreements: agreements(&mut connection).await?,
            pages: starts(&mut connection, "select number, discloser, null::uuid as id from asked.page order by n")
                .await?,
            starts: starts(&mut connection, "select number, discloser, id from asked.start order by n").await?,
            disclosers: sqlx::query_scalar("select discloser from asked.discloser order by n")
                .fetch_all(&mut connection)
                .await?,
        };
        if asked.pages.is_empty() {
            eprintln!("W2 is left out: no discloser has {AGREEMENTS} agreements in so small a world");
        }
        if asked.starts.is_empty() {
            eprintln!("W6 is left out: no agreement has more than {DISCLOSURES} disclosures");
        }
        Ok(asked)
    }
}

async fn agreements(connection: &mut PgConnection) -> anyhow::Result<Vec<Agreement>> {
    let sql = "select id, discloser, recipient, register, status, receives from asked.agreement order by n";
    let rows: Vec<(Uuid, String, String, String, String, bool)> = sqlx::query_as(sql).fetch_all(connection).await?;
    let row = |(id, discloser, recipient, register, status, receives)| Agreement {
        id,
        discloser,
        recipient,
        register,
        status,
        receives,
    };
    Ok(rows.into_iter().map(row).collect())
}

async fn starts(connection: &mut PgConnection, sql: &'static str) -> anyhow::Result<Vec<Start>> {
    let rows: Vec<(String, String, Option<Uuid>)> = sqlx::query_as(sql).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(number, discloser, id)| Start { number, discloser, id }).collect())
}

/// Tables and what fills them, in an order in which each may use those before it.
fn tables(disclosures: u64) -> [(&'static str, String); 4] {
    let agreement = format!(
        "select a.id, a.number, a.status, a.discloser_id, a.recipient_id, a.register_id, d.business_id as discloser, \
           r.business_id as recipient, g.code as register, \
           exists (select from agreement b where b.recipient_id = a.recipient_id and b.register_id = a.register_id \
             and b.status = 'ACTIVE') as receives \
         from agreement a join organisation d on d.id = a.discloser_id join organisation r on r.id = a.recipient_id \
         join register g on g.id = a.register_id where a.number like 'LOAD-%' order by random() limit {MANY}"
    );
    let page = format!(
        "select number, discloser_id, discloser from (\
           select a.number, a.discloser_id, d.business_id as discloser, \
             row_number() over (partition by a.discloser_id order by a.number desc) as place \
           from agreement a join organisation d on d.id = a.discloser_id \
           where a.number like 'LOAD-%' and a.status = 'ACTIVE'\
         ) as each where place > {AGREEMENTS} order by random() limit {MANY}"
    );
    // Twice as many are drawn as are wanted, for some are too near the beginning of the log.
    let start = format!(
        "select s.id, s.agreement_id, a.number, d.business_id as discloser from (\
           select id, agreement_id from disclosure where agreement_id is not null and random() < {}\
         ) as s join agreement a on a.id = s.agreement_id join organisation d on d.id = a.discloser_id \
         where (select count(*) from (select from disclosure e where e.agreement_id = s.agreement_id and e.id < s.id \
           limit {DISCLOSURES}) as rest) = {DISCLOSURES} order by random() limit {MANY}",
        share(2 * MANY, disclosures)
    );
    let discloser = "select d.id, d.business_id as discloser from organisation d \
         where d.id in (select discloser_id from asked.agreement) order by d.business_id";
    [("agreement", agreement), ("page", page), ("start", start), ("discloser", discloser.to_owned())]
}

#[expect(clippy::cast_precision_loss, reason = "a chance needs three digits")]
fn share(wanted: u64, of: u64) -> f64 {
    (wanted as f64 / of.max(1) as f64).min(1.0)
}
