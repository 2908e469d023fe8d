//! Failover: the primary dies under load, a synchronous standby takes its place, and the gateway goes on with it by itself.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use api::auth::Role;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    house::{House, KELA, PIRKANMAA, codes},
    postgres::{Cluster, Durability},
    proxy::Proxy,
    reports::{RECORD, assert_tallied, assert_whole, report},
};

/// Clients that record at once.
const CLIENTS: usize = 4;

/// Longest the gateway may need to record again once there is a primary.
const RECOVERY_MAX: Duration = Duration::from_secs(10);

/// Longest a promotion may take on a busy machine.
const PROMOTION_MAX: Duration = Duration::from_mins(1);

/// How long there is no primary.
const INTERREGNUM: Duration = Duration::from_secs(4);

/// Age from which the facts of these tests decide nothing.
const FACTS_MAX_AGE: &str = "2s";

/// What the clients know.
#[derive(Default)]
struct Known {
    /// Position of each message that was acknowledged, and when the first call for it was.
    acknowledged: BTreeMap<String, (i64, Instant)>,
    refusals: usize,
}

/// Load on a gateway, until it is told to stop.
struct Load {
    house: Arc<House>,
    known: Arc<Mutex<Known>>,
    /// Registry reads answered, and those among them marked stale.
    reads: Arc<(AtomicUsize, AtomicUsize)>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    async fn start(house: House) -> Self {
        let id = house.agreement_id("KEL-2021-031").await;
        let house = Arc::new(house);
        let (known, reads) = (Arc::new(Mutex::new(Known::default())), Arc::default());
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks: Vec<_> = (0..CLIENTS)
            .map(|at| {
                let (house, known, stop) = (Arc::clone(&house), Arc::clone(&known), Arc::clone(&stop));
                tokio::spawn(async move { record(&house, &known, &stop, at).await })
            })
            .collect();
        tasks.push(tokio::spawn(act(Arc::clone(&house), Arc::clone(&stop), id)));
        tasks.push(tokio::spawn(read(Arc::clone(&house), Arc::clone(&stop), Arc::clone(&reads))));
        Self { house, known, reads, stop, tasks }
    }

    /// Time from an instant to the first acknowledgement of a call made after it.
    async fn recovered_since(&self, since: Instant) -> Duration {
        loop {
            let first =
                self.known.lock().unwrap().acknowledged.values().map(|(_, at)| *at).filter(|at| *at > since).min();
            if let Some(first) = first {
                return first - since;
            }
            assert!(
                since.elapsed() < RECOVERY_MAX,
                "nothing is recorded {:?} after there is a primary",
                since.elapsed()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it; what was acknowledged stands once, where it was said to stand, in a log that is whole, counted and signed.
    async fn end(self) -> (House, Known) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        let house = Arc::into_inner(self.house).expect("nobody else has the house");
        let known = Arc::into_inner(self.known).unwrap().into_inner().unwrap();
        let stored: BTreeMap<String, i64> = house
            .rows()
            .await
            .into_iter()
            .map(|row| (row.message_id, row.leaf_index))
            .filter(|(id, _)| id.starts_with("failover "))
            .collect();
        let count = house.rows().await.iter().filter(|row| row.message_id.starts_with("failover ")).count();
        assert_eq!(count, stored.len(), "a message stands twice");
        for (message, (place, _)) in &known.acknowledged {
            assert_eq!(stored.get(message), Some(place), "{message} was acknowledged");
        }
        house.app.gateway.journal.refresh().await.unwrap();
        assert_whole(&house.app).await;
        assert_tallied(&house.app).await;
        house.checkpoint_of(house.log_size().await).await;
        (house, known)
    }
}

/// Records message after message, each until it is acknowledged.
async fn record(house: &House, known: &Mutex<Known>, stop: &AtomicBool, client: usize) {
    let kela = house.kela();
    for call in 0.. {
        let message = format!("failover {client}/{call}");
        loop {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let answer = house.ask(&kela, RECORD, json!({ "input": { "disclosures": [report(&message)] } })).await;
            if codes(&answer).is_empty() {
                let payload = &answer["data"]["recordDisclosures"];
                assert_eq!(payload["userErrors"], json!([]), "{answer:#}");
                let place = payload["disclosures"][0]["leafIndex"].as_i64().unwrap();
                known.lock().unwrap().acknowledged.insert(message, (place, Instant::now()));
                break;
            }
            assert_eq!(codes(&answer), ["UNAVAILABLE"], "{answer:#}");
            known.lock().unwrap().refusals += 1;
            sleep(Duration::from_millis(50)).await;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Suspends and resumes an agreement in turn: an act that was acknowledged is in force.
async fn act(house: Arc<House>, stop: Arc<AtomicBool>, id: String) {
    let officer = house.token(KELA, Role::Officer);
    for turn in 0.. {
        let (act, input) = if turn % 2 == 0 {
            ("suspendAgreement", json!({ "id": id, "reason": "MISUSE", "note": "Selvitys kesken." }))
        } else {
            ("resumeAgreement", json!({ "id": id }))
        };
        let mut unknown = false;
        loop {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let reply = house.act(&officer, act, input.clone()).await;
            if codes(&reply.body).is_empty() {
                let faults = &reply.body["data"][act]["userErrors"];
                // Nobody else acts on it, so it is so already only where this act was done and not answered.
                assert!(*faults == json!([]) || unknown && faults[0]["code"] == "WRONG_STATUS", "{:#}", reply.body);
                break;
            }
            assert_eq!(codes(&reply.body), ["UNAVAILABLE"], "{:#}", reply.body);
            unknown = true;
            sleep(Duration::from_millis(50)).await;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Reads the registry all the while, and decides as long as the facts are fresh.
async fn read(house: Arc<House>, stop: Arc<AtomicBool>, reads: Arc<(AtomicUsize, AtomicUsize)>) {
    let officer = house.token(KELA, Role::Officer);
    let decision = "query Decision($input: AccessDecisionInput!) { accessDecision(input: $input) { verdict } }";
    let question = json!({ "input": {
        "recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE",
        "channel": "TECHNICAL_INTERFACE", "caseReference": "PIRHA/SOS/9", "mandates": ["M1"],
    } });
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let known = house.reply(Some(&officer), "{ agreement(number: \"KEL-2023-014\") { number } }", json!({})).await;
        assert_eq!(known.body["data"]["agreement"]["number"], "KEL-2023-014", "{:#}", known.body);
        assert!(asked.elapsed() < Duration::from_secs(1), "a read of the registry took {:?}", asked.elapsed());
        let is_stale = known.headers.contains_key("facts-stale");
        reads.0.fetch_add(1, Ordering::Relaxed);
        reads.1.fetch_add(usize::from(is_stale), Ordering::Relaxed);
        let decided = house.reply(Some(&officer), decision, question.clone()).await;
        if decided.headers.contains_key("facts-stale") {
            assert_eq!(codes(&decided.body), ["UNAVAILABLE"], "{:#}", decided.body);
        } else {
            assert_eq!(decided.body["data"]["accessDecision"]["verdict"], "PERMITTED", "{:#}", decided.body);
        }
        sleep(Duration::from_millis(25)).await;
    }
}

/// Address of one database on two servers, as libpq takes it.
fn both(one: &Cluster, other: &Cluster, database: &str) -> String {
    let authority = |cluster: &Cluster| {
        let url = cluster.url(database);
        let (host, _) = url.split_once('@').unwrap().1.rsplit_once('/').unwrap();
        host.to_owned()
    };
    format!("postgres://postgres@{},{}/{database}?target_session_attrs=read-write", authority(one), authority(other))
}

async fn open(url: String) -> House {
    let settings = |name: &str| (name == "FACTS_MAX_AGE").then(|| FACTS_MAX_AGE.to_owned());
    House::open(Arc::new(tempfile::tempdir().unwrap()), url, settings).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_goes_on_with_a_promoted_standby_and_never_with_the_old_primary() {
    let Some(primary) = Cluster::start(Durability::Test).await else { return };
    let standby = primary.synchronous_standby().await;
    let database = primary.create_database(None).await;
    let url = both(&primary, &standby, &database);
    let house = open(url.clone()).await;
    // Another process on the same database, which only follows.
    let beside = House::at(Arc::clone(&house.directory), url).await;
    let load = Load::start(house).await;
    sleep(Duration::from_secs(2)).await;

    primary.stop();
    let died = Instant::now();
    sleep(INTERREGNUM).await;
    standby.promote();
    let promoted = Instant::now();
    let recovered = load.recovered_since(promoted).await;
    sleep(Duration::from_secs(2)).await;
    assert!(load.reads.1.load(Ordering::Relaxed) > 0, "no answer was marked stale");
    let (reads, stale) = (load.reads.0.load(Ordering::Relaxed), load.reads.1.load(Ordering::Relaxed));
    let (house, known) = load.end().await;
    println!(
        "{} acknowledged, {} refused; no primary for {:?}, recording again {recovered:?} after promotion; {reads} registry \
         reads, {stale} of them marked stale",
        known.acknowledged.len(),
        known.refusals,
        promoted - died,
    );

    // The journal is followed in the other process too.
    let seq = house.app.gateway.journal.facts().seq;
    beside.app.gateway.journal.wait_for(seq, Duration::from_secs(5)).await.unwrap();

    // The old primary comes back as if nothing had happened, waits for no standby, and is left alone.
    primary.resume();
    primary.said("alter system reset synchronous_standby_names").await;
    primary.said("select pg_reload_conf()").await;
    let after = house.recorded(&house.kela(), &[report("failover after")]).await;
    sleep(Duration::from_secs(6)).await;
    let again = house.recorded(&house.kela(), &[report("failover after"), report("failover later")]).await;
    assert_eq!(again[0], after[0]);
    // A process that starts now finds both and takes the one of the newer timeline.
    let started = House::at(Arc::clone(&house.directory), house.database_url.clone()).await;
    assert_eq!(started.recorded(&started.kela(), &[report("failover later")]).await[0], again[1]);
    // With the new one gone too, nobody writes to the old.
    standby.stop();
    let before = old_rows(&primary, &database).await;
    let answer =
        house.ask(&house.kela(), RECORD, json!({ "input": { "disclosures": [report("failover lost")] } })).await;
    assert_eq!(codes(&answer), ["UNAVAILABLE"], "{answer:#}");
    assert_eq!(old_rows(&primary, &database).await, before);
    standby.resume();
    let back = Instant::now();
    while codes(
        &house.ask(&house.kela(), RECORD, json!({ "input": { "disclosures": [report("failover lost")] } })).await,
    ) != Vec::<String>::new()
    {
        assert!(back.elapsed() < RECOVERY_MAX, "not back after {:?}", back.elapsed());
        sleep(Duration::from_millis(50)).await;
    }
    // The recorder may be quicker than the watch, which then ends what was begun before it looked.
    sleep(Duration::from_secs(2)).await;
    assert_whole(&house.app).await;
}

async fn old_rows(cluster: &Cluster, database: &str) -> i64 {
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&cluster.url(database)).await.unwrap();
    sqlx::query_scalar("select count(*) from disclosure").fetch_one(&mut connection).await.unwrap()
}

/// One address for both, as a proxy or a virtual address is: connections to the machine that died hang.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_goes_on_behind_an_address_that_moves_while_old_connections_hang() {
    let Some(primary) = Cluster::start(Durability::Test).await else { return };
    let standby = primary.synchronous_standby().await;
    let database = primary.create_database(None).await;
    let proxy = Proxy::start(primary.socket()).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", proxy.port);
    let load = Load::start(open(url).await).await;
    sleep(Duration::from_secs(2)).await;

    primary.stop_unheard(&proxy, standby.socket());
    sleep(Duration::from_secs(1)).await;
    standby.promote();
    let promoted = Instant::now();
    let recovered = load.recovered_since(promoted).await;
    sleep(Duration::from_secs(1)).await;
    let (_, known) = load.end().await;
    println!(
        "{} acknowledged, {} refused; recording again {recovered:?} after promotion behind a silent address",
        known.acknowledged.len(),
        known.refusals
    );
}

/// One address, whose old connections stay with the old primary, which lives on, while new ones lead to the promoted server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_to_the_old_primary_once_a_connection_leads_to_the_promoted_one() {
    let Some(primary) = Cluster::start(Durability::Test).await else { return };
    let standby = primary.standby().await;
    let database = primary.create_database(None).await;
    let proxy = Proxy::start(primary.socket()).await;
    let house = open(format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", proxy.port)).await;
    house.recorded(&house.kela(), &[report("failover before")]).await;
    let before = old_rows(&primary, &database).await;
    primary.said("checkpoint").await;
    while !is_connectable(&standby, &database).await || old_rows(&standby, &database).await != before {
        sleep(Duration::from_millis(50)).await;
    }
    proxy.move_for_new(standby.socket());
    standby.promote();

    // Connections that are held make the pool open new ones.
    let place = "select current_setting('unix_socket_directories') as place";
    let (mut held, moved) = (Vec::new(), Instant::now());
    loop {
        let txn = match house.app.gateway.database.write().begin().await {
            Ok(txn) => txn,
            // On a busy machine a promotion takes longer than a call waits for a connection.
            Err(error) => {
                assert!(moved.elapsed() < PROMOTION_MAX, "{error}");
                // Where as many as there may be were opened before the move, one must end for a new one to be made.
                if !held.is_empty() {
                    let one_less = "select pg_terminate_backend(pid) from pg_stat_activity \
                                    where state = 'idle in transaction' limit 1";
                    primary.said(one_less).await;
                    held.clear();
                }
                continue;
            }
        };
        let asked = Statement::from_string(DbBackend::Postgres, place);
        let place: String = txn.query_one_raw(asked).await.unwrap().unwrap().try_get("", "place").unwrap();
        if standby.socket().starts_with(&place) {
            break;
        }
        held.push(txn);
        assert!(held.len() < 20, "no connection leads to the promoted server");
    }
    drop(held);
    for message in ["failover after", "failover later"] {
        let moved = Instant::now();
        while codes(&house.ask(&house.kela(), RECORD, json!({ "input": { "disclosures": [report(message)] } })).await)
            != Vec::<String>::new()
        {
            assert!(moved.elapsed() < RECOVERY_MAX, "not recorded after {:?}", moved.elapsed());
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(old_rows(&primary, &database).await, before, "{message} went to the old primary");
        sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(old_rows(&standby, &database).await, before + 2);
}

async fn is_connectable(cluster: &Cluster, database: &str) -> bool {
    match <sqlx::PgConnection as sqlx::Connection>::connect(&cluster.url(database)).await {
        Ok(mut connection) => {
            sqlx::query("select 1 from disclosure limit 1").fetch_optional(&mut connection).await.is_ok()
        }
        Err(_) => false,
    }
}

impl Cluster {
    /// Ends it as a machine that loses its power: nobody hears of it, and the address leads elsewhere.
    fn stop_unheard(&self, proxy: &Proxy, elsewhere: std::path::PathBuf) {
        proxy.move_silently(elsewhere);
        self.stop();
    }
}
