//! A real PostgreSQL for the tests: one cluster per test process, gone when the process is.
//!
//! A shell watchdog owns the postmaster and the directory. It runs as an unprivileged user, because PostgreSQL refuses
//! root, and it waits on its standard input, whose other end only this process holds. Whatever ends this process, also
//! SIGKILL, closes that end; the watchdog then stops the postmaster and removes the directory.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::{sync::OnceCell, task::spawn_blocking};

/// What a commit survives.
#[derive(Clone, Copy)]
pub enum Durability {
    /// A crash of the postmaster, not of the machine; fast, for tests that ask about anything but durability.
    Test,
    /// What production survives; for measurements.
    Real,
}

/// Running PostgreSQL cluster; stops when it is dropped or the process ends.
pub struct Cluster {
    directory: String,
    port: u16,
    password: String,
    databases: AtomicU32,
    /// Takes the orders of [`Cluster::stop`] and [`Cluster::resume`]; closing it is what ends the cluster.
    lifeline: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

/// Connections that all tests of one process may hold together.
const CONNECTIONS_MAX: u16 = 300;

/// Ports tried when another process takes the free one between our look and the postmaster's.
const PORT_ATTEMPTS_MAX: u8 = 5;

/// Cluster all tests of this process share; null, said once on stderr, where PostgreSQL is not installed.
///
/// # Panics
///
/// When the cluster does not start, or PostgreSQL is not installed though `REQUIRE_POSTGRES=1`.
pub async fn cluster() -> Option<&'static Cluster> {
    static SHARED: OnceCell<Option<Cluster>> = OnceCell::const_new();
    SHARED.get_or_init(|| Cluster::start(Durability::Test)).await.as_ref()
}

impl Cluster {
    /// Starts a cluster of one's own; null where PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// As [`cluster`].
    pub async fn start(durability: Durability) -> Option<Self> {
        Self::of(Origin::Nothing, durability).await
    }

    /// Starts a cluster that keeps what production keeps, in a directory that outlives it: the one that stands there, or a new
    /// one. Null where PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// As [`cluster`]; and when the directory cannot be made, or another process runs the cluster in it.
    pub async fn kept(directory: &Path) -> Option<Self> {
        let made = fs::create_dir_all(directory).and_then(|()| directory.canonicalize());
        let directory = made.unwrap_or_else(|error| panic!("`{}`: {error}", directory.display()));
        // As a temporary directory is: the server runs as another user than root.
        let opened = fs::set_permissions(&directory, fs::Permissions::from_mode(0o1777));
        opened.unwrap_or_else(|error| panic!("`{}`: {error}", directory.display()));
        Self::of(Origin::Kept(directory), Durability::Real).await
    }

    async fn of(origin: Origin, durability: Durability) -> Option<Self> {
        spawn_blocking(move || Some(launch(&binaries()?, durability, &origin)))
            .await
            .unwrap_or_else(|error| panic!("PostgreSQL did not start: {error}"))
    }

    /// Address of a database through the Unix socket, which only this user and root can open.
    pub fn url(&self, database: &str) -> String {
        let host = self.directory.replace('/', "%2F");
        format!("postgres://postgres@{host}:{}/{database}", self.port)
    }

    /// Address of a database through TCP on 127.0.0.1, with a password; each connection costs a SCRAM exchange.
    pub fn tcp_url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// Starts a standby of this cluster, which every commit waits for from then on, as an installation that may lose a machine
    /// runs it.
    ///
    /// # Panics
    ///
    /// When it does not start or does not follow.
    pub async fn synchronous_standby(&self) -> Self {
        let source = format!("host={} port={} user=postgres application_name=standby", self.directory, self.port);
        let standby = self.follower(source).await;
        self.administer("alter system set synchronous_standby_names = 'standby'".to_owned()).await;
        self.administer("select pg_reload_conf()".to_owned()).await;
        standby
    }

    /// Starts a standby of this cluster that nobody waits for.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn standby(&self) -> Self {
        let source = format!("host={} port={} user=postgres application_name=behind", self.directory, self.port);
        self.follower(source).await
    }

    async fn follower(&self, source: String) -> Self {
        let started = Self::of(Origin::Primary(source), Durability::Test).await;
        started.unwrap_or_else(|| panic!("PostgreSQL is gone"))
    }

    /// Makes a standby the primary; returns when it takes writes.
    pub fn promote(&self) {
        self.order("promote");
    }

    /// Says a statement as the superuser.
    pub async fn said(&self, statement: &str) {
        self.administer(statement.to_owned()).await;
    }

    /// The Unix socket itself.
    pub fn socket(&self) -> PathBuf {
        PathBuf::from(format!("{}/.s.PGSQL.{}", self.directory, self.port))
    }

    /// Ends the postmaster as a crash would; what was committed stays.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Starts it again, and returns when it answers.
    pub fn resume(&self) {
        self.order("start");
    }

    fn order(&self, order: &str) {
        let mut lifeline = self.lifeline.lock().unwrap_or_else(PoisonError::into_inner);
        let (orders, answers) = &mut *lifeline;
        let mut answer = String::new();
        let done = writeln!(orders, "{order}").and_then(|()| answers.read_line(&mut answer));
        assert!(done.is_ok() && answer == "done\n", "PostgreSQL did not {order}: {done:?}");
    }

    /// Creates a database, a copy of the template if one is given, and answers its name.
    ///
    /// Nobody may be connected to the template meanwhile. Copying its files takes half the time of logging its pages.
    pub async fn create_database(&self, from_template: Option<&str>) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let template = from_template.unwrap_or("template1");
        self.administer(format!(r#"create database "{name}" template "{template}" strategy file_copy"#)).await;
        name
    }

    /// Drops a database and whatever is still connected to it.
    pub async fn drop_database(&self, name: &str) {
        self.administer(format!(r#"drop database "{name}" with (force)"#)).await;
    }

    // Each test has its own runtime, so a connection kept for all of them would die with the first.
    async fn administer(&self, statement: String) {
        let done = async {
            let mut connection = PgConnection::connect(&self.url("postgres")).await?;
            connection.execute(AssertSqlSafe(statement.as_str())).await?;
            connection.close().await
        };
        done.await.unwrap_or_else(|error| panic!("`{statement}`: {error}"));
    }
}

/// Directory of the server's programs, if there is one.
#[expect(clippy::disallowed_methods, reason = "what is installed is a setting of the tests, not of the gateway")]
pub fn binaries() -> Option<PathBuf> {
    static SAID: Once = Once::new();
    let complete = |directory: &PathBuf| ["initdb", "postgres"].iter().all(|name| directory.join(name).is_file());
    // Never through PATH: what is called `postgres` there may be a wrapper, or a link without its libraries beside it.
    let found = match env::var_os("POSTGRES_BIN") {
        Some(directory) => Some(PathBuf::from(directory)).filter(complete),
        None => packaged().into_iter().chain(configured()).find(complete),
    };
    if found.is_none() {
        let wanted = "initdb and postgres in POSTGRES_BIN, /usr/lib/postgresql/*/bin or `pg_config --bindir`";
        assert!(env::var("REQUIRE_POSTGRES").as_deref() != Ok("1"), "POSTGRESQL IS MISSING: no {wanted}");
        // Past the test harness, which would keep the line of a passing test to itself.
        SAID.call_once(|| {
            let _ = writeln!(io::stderr(), "\nPOSTGRESQL IS MISSING: no {wanted}; its tests skip\n");
        });
    }
    found
}

/// Where Debian puts the server, newest first.
fn packaged() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = Path::new("/usr/lib/postgresql")
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_unstable_by(|left, right| right.cmp(left));
    versions.into_iter().map(|(_, directory)| directory).collect()
}

/// Where PostgreSQL says its programs are.
fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// What a cluster begins from.
enum Origin {
    /// Nothing; it is gone when it ends.
    Nothing,
    /// A primary, of which it is a standby; gone when it ends.
    Primary(String),
    /// What stands in a directory, or nothing; it stays there.
    Kept(PathBuf),
}

/// Starts a cluster and waits until it answers.
fn launch(binaries: &Path, durability: Durability, origin: &Origin) -> Cluster {
    let mut failure = String::new();
    for _ in 0..PORT_ATTEMPTS_MAX {
        match attempt(binaries, durability, origin) {
            Ok(Ok(cluster)) => return cluster,
            Ok(Err(log)) if log.contains("could not bind") => failure = log,
            Ok(Err(log)) => panic!("PostgreSQL did not start:\n{log}"),
            Err(error) => panic!("PostgreSQL did not start: {error}"),
        }
    }
    panic!("PostgreSQL found no free port:\n{failure}");
}

/// Starts a cluster on a port that is free now, or says what the server says against it.
fn attempt(binaries: &Path, durability: Durability, origin: &Origin) -> io::Result<Result<Cluster, String>> {
    let (source, kept) = match origin {
        Origin::Nothing => ("", Path::new("")),
        Origin::Primary(source) => (source.as_str(), Path::new("")),
        Origin::Kept(directory) => ("", directory.as_path()),
    };
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    // Measured is a server with memory enough for its indexes, as any in production has; a small one would measure how it
    // exchanges pages. The log is long enough to hold a measurement between two checkpoints.
    let (switch, buffers, log) = match durability {
        Durability::Test => ("off", "128MB", "1GB"),
        Durability::Real => ("on", "2GB", "32GB"),
    };
    let settings = [
        format!("port={port}"),
        format!("max_connections={CONNECTIONS_MAX}"),
        format!("fsync={switch}"),
        format!("full_page_writes={switch}"),
        format!("shared_buffers={buffers}"),
        format!("max_wal_size={log}"),
        "synchronous_commit=on".to_owned(),
        "listen_addresses=127.0.0.1".to_owned(),
        // A checkpoint in the middle of a measurement would be charged to whatever is measured.
        "checkpoint_timeout=1h".to_owned(),
    ];
    let mut watchdog = Command::new("/bin/sh")
        .args(["-c", AS_UNPRIVILEGED, "as-unprivileged", "/bin/sh", "-c", WATCHDOG, "watchdog"])
        .arg(binaries)
        .arg(source)
        .arg(kept)
        .args(settings.iter().flat_map(|setting| ["-c", setting]))
        .current_dir("/")
        // Ctrl-C is for the tests; the watchdog hears of it when they are gone.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (Some(lifeline), Some(stdout), Some(mut stderr)) =
        (watchdog.stdin.take(), watchdog.stdout.take(), watchdog.stderr.take())
    else {
        unreachable!("all three are piped above")
    };

    let mut ready = String::new();
    let mut answers = BufReader::new(stdout);
    answers.read_line(&mut ready)?;
    let Some((password, directory)) = ready.trim_end().split_once(' ') else {
        let mut log = String::new();
        stderr.read_to_string(&mut log)?;
        watchdog.wait()?;
        return Ok(Err(log));
    };
    Ok(Ok(Cluster {
        directory: directory.to_owned(),
        port,
        password: password.to_owned(),
        databases: AtomicU32::new(0),
        lifeline: Mutex::new((lifeline, answers)),
    }))
}

/// Runs its arguments as the user `postgres` or `nobody` when we are root, else as we are.
const AS_UNPRIVILEGED: &str = r#"
[ "$(id -u)" = 0 ] || exec "$@"
user=nobody
if id -u postgres >/dev/null 2>&1; then user=postgres; fi
if command -v setpriv >/dev/null; then
    exec setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --clear-groups "$@"
fi
exec runuser -u "$user" -- "$@"
"#;

/// Starts a cluster, prints its password and directory when it answers, stops and starts it as standard input says, and
/// removes it when that ends, unless it is kept.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM PIPE
unset PGDATA PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS
binaries=$1
source=$2
kept=$3
shift 3
if [ -n "$kept" ]; then
    directory=$kept
else
    name=disclosure-gateway-postgres.XXXXXX
    directory=$(mktemp -d "${TMPDIR:-/tmp}/$name" 2>/dev/null || mktemp -d "/tmp/$name") || exit 1
fi
cd "$directory" || exit 1
[ -s password ] || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >password

# Whether the server of a kept cluster is gone; one that was told to end may take a while to write what it holds.
gone() {
    for _ in $(seq 600); do
        [ -f data/postmaster.pid ] && kill -0 "$(head -n 1 data/postmaster.pid)" 2>/dev/null || {
            rm -f data/postmaster.pid
            return 0
        }
        sleep 0.1
    done
    echo "another process runs the cluster in $directory"
    return 1
}

# Its return is the server's: whether it answers.
start() {
    "$binaries/postgres" -D data -c "unix_socket_directories=$directory" "$@" </dev/null >>log 2>&1 &
    postmaster=$!
    until grep -q '^ready' data/postmaster.pid 2>/dev/null; do
        kill -0 "$postmaster" 2>/dev/null || return 1
        sleep 0.01
    done
}

# As if it had crashed.
stop() {
    kill -QUIT "$postmaster"
    wait "$postmaster"
    # Were it left, the next start would look answered before it is.
    rm -f data/postmaster.pid
}

# Writes down what it holds, so that the next start has nothing to do again.
rest() {
    kill -INT "$postmaster"
    wait "$postmaster"
}

make() {
    if [ -f data/PG_VERSION ]; then
        gone
        return
    fi
    if [ -n "$source" ]; then
        echo none >password
        "$binaries/pg_basebackup" --pgdata=data --dbname="$source" --write-recovery-conf --wal-method=stream \
            --checkpoint=fast --no-sync
        return
    fi
    "$binaries/initdb" --pgdata=data --username=postgres --pwfile=password --auth-local=trust --auth-host=scram-sha-256 \
        --encoding=UTF8 --locale=C --no-sync
}

make >log 2>&1 && start "$@"

if grep -q '^ready' data/postmaster.pid 2>/dev/null; then
    echo "$(cat password) $directory" 2>/dev/null
    while read -r order; do
        case $order in
        stop) stop && echo done ;;
        start) start "$@" && echo done ;;
        promote) "$binaries/pg_ctl" promote -D data -w >>log 2>&1 && echo done ;;
        esac
    done
    if [ -n "$kept" ]; then rest; else stop; fi
else
    cat log >&2
fi
cd /
[ -n "$kept" ] || rm -rf "$directory"
"#;

mod tests {
    use super::{Cluster, Durability, cluster};
    use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
    use std::{path::PathBuf, time::Duration};
    use tokio::time::sleep;

    #[tokio::test]
    async fn a_database_is_a_copy_of_its_template() -> sqlx::Result<()> {
        let Some(cluster) = cluster().await else { return Ok(()) };
        let template = cluster.create_database(None).await;
        let mut connection = PgConnection::connect(&cluster.url(&template)).await?;
        connection.execute("create table word (id bigint primary key)").await?;
        connection.close().await?;

        let copy = cluster.create_database(Some(&template)).await;
        let mut connection = PgConnection::connect(&cluster.url(&copy)).await?;
        connection.execute("insert into word values (1)").await?;

        cluster.drop_database(&copy).await;
        assert!(PgConnection::connect(&cluster.url(&copy)).await.is_err());
        Ok(())
    }

    #[tokio::test]
    async fn tcp_asks_for_the_password() -> sqlx::Result<()> {
        let Some(cluster) = cluster().await else { return Ok(()) };
        let url = cluster.tcp_url("postgres");
        PgConnection::connect(&url).await?.close().await?;
        assert!(PgConnection::connect(&url.replace(&cluster.password, "wrong")).await.is_err());
        Ok(())
    }

    #[tokio::test]
    async fn a_stopped_cluster_keeps_what_was_committed() -> sqlx::Result<()> {
        let Some(cluster) = Cluster::start(Durability::Test).await else { return Ok(()) };
        let url = cluster.url("postgres");
        PgConnection::connect(&url).await?.execute("create table word (id bigint primary key)").await?;
        cluster.stop();
        assert!(PgConnection::connect(&url).await.is_err());
        cluster.resume();
        assert!(cluster.socket().exists());
        PgConnection::connect(&url).await?.execute("insert into word values (1)").await?;
        Ok(())
    }

    #[tokio::test]
    async fn a_promoted_standby_has_what_was_committed_and_takes_writes() -> sqlx::Result<()> {
        let Some(cluster) = Cluster::start(Durability::Test).await else { return Ok(()) };
        let (standby, other) = (cluster.synchronous_standby().await, cluster.standby().await);
        cluster.said("create table word (id bigint primary key)").await;
        let insert = "insert into word values (1)";
        for follower in [&standby, &other] {
            let mut connection = PgConnection::connect(&follower.url("postgres")).await?;
            assert!(connection.execute("create table other (id bigint)").await.is_err(), "a standby takes no writes");
        }
        cluster.stop();
        standby.promote();
        PgConnection::connect(&standby.url("postgres")).await?.execute(insert).await?;
        Ok(())
    }

    #[tokio::test]
    async fn a_kept_cluster_stands_again_where_it_stood() -> sqlx::Result<()> {
        let kept = std::env::temp_dir().join(format!("disclosure-gateway-kept-{}", std::process::id()));
        let Some(cluster) = Cluster::kept(&kept).await else { return Ok(()) };
        PgConnection::connect(&cluster.url("postgres"))
            .await?
            .execute("create table word (id bigint primary key)")
            .await?;
        drop(cluster);
        let Some(cluster) = Cluster::kept(&kept).await else { panic!("PostgreSQL is gone") };
        PgConnection::connect(&cluster.url("postgres")).await?.execute("insert into word values (1)").await?;
        drop(cluster);
        // The server writes into it until it has ended.
        for _ in 0..500 {
            if !kept.join("data/postmaster.pid").exists() && std::fs::remove_dir_all(&kept).is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("the server still runs")
    }

    #[tokio::test]
    async fn a_dropped_cluster_leaves_nothing_behind() -> sqlx::Result<()> {
        let Some(cluster) = Cluster::start(Durability::Real).await else { return Ok(()) };
        let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            let row = connection.fetch_one(AssertSqlSafe(format!("show {setting}"))).await?;
            assert_eq!(row.try_get::<String, _>(0)?, "on", "{setting}");
        }
        let directory = PathBuf::from(&cluster.directory);
        drop(cluster);
        for _ in 0..500 {
            if !directory.exists() {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("`{}` is still there", directory.display());
    }
}
