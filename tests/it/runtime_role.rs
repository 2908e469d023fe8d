//! The gateway as the role it is meant to run as: it does all its work, and no more than that; the log shows a connection
//! only what was said whom it is read for.

use std::sync::Arc;

use api::{
    app::{App, OpenError},
    auth::Role,
    clock::Clock,
    config::{Connecting, DatabaseUrl},
    database::{Database, Reader, asked_for},
    retention::erase::{Erased, Erasure, erase},
    subject_access::rules::Person,
};
use axum::{body::Body, http::Request};
use entity::{disclosure, vocabulary::PersonalIdentityCode};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QuerySelect, QueryTrait};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{
    house::{DVV, House, KELA, OMBUDSMAN, PIRKANMAA, THL, config},
    postgres::{self, Cluster},
    reports::{PERSON, assert_tallied, assert_whole, faults, report, with},
};

pub const ROLES: &str = include_str!("../../deploy/postgres/roles.sql");
pub const DATABASE: &str = include_str!("../../deploy/postgres/database.sql");
pub const GRANTS: &str = include_str!("../../deploy/postgres/grants.sql");

const LISTED: &str =
    "query($filter: DisclosureFilter) { disclosures(filter: $filter, first: 100) { nodes { id messageId
    discloser { businessId } recipient { businessId } } pageInfo { hasNextPage } } }";

/// The service may not migrate.
fn served(name: &str) -> Option<String> {
    (name == "MIGRATE_ON_START").then(|| "false".to_owned())
}

/// Installation as the guide makes it, up to the owner's `migrate`.
struct Installation {
    cluster: &'static Cluster,
    database: String,
}

impl Installation {
    async fn new() -> Option<Self> {
        let cluster = postgres::cluster().await?;
        let database = cluster.create_database(None).await;
        let of = Self { cluster, database };
        of.run("postgres", ROLES).await;
        of.run("postgres", DATABASE).await;
        Some(of)
    }

    fn url(&self, role: &str) -> String {
        self.cluster.url(&self.database).replace("postgres://postgres@", &format!("postgres://{role}@"))
    }

    async fn connect(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.url(role)).await.unwrap()
    }

    async fn run(&self, role: &str, script: &str) {
        let mut connection = self.connect(role).await;
        connection.execute(sqlx::raw_sql(AssertSqlSafe(script))).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn migrate(&self) {
        let url = DatabaseUrl::parse(&self.url("disclosure_owner")).unwrap();
        let database = Database::connect(&url, None, Connecting::default()).await.unwrap();
        migration::up(&database.write().now()).await.unwrap();
        database.close().await;
        self.run("disclosure_owner", GRANTS).await;
    }
}

async fn count(connection: &mut PgConnection, sql: &str) -> Result<i64, String> {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await.map_err(|error| error.to_string())
}

async fn try_to(connection: &mut PgConnection, sql: &str) -> Result<(), String> {
    connection.execute(AssertSqlSafe(sql)).await.map(|_| ()).map_err(|error| error.to_string())
}

impl House {
    async fn messages(&self, token: &str, filter: Value) -> Vec<String> {
        let data = self.data(token, LISTED, json!({ "filter": filter })).await;
        let nodes = data["disclosures"]["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node["messageId"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_does_all_its_work_as_a_role_that_owns_nothing() {
    let Some(installation) = Installation::new().await else { return };
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let url = installation.url("disclosure_gateway");
    // Before the owner has migrated, the service says so and makes nothing.
    let early = App::open(config(directory.path(), &url, served), Clock::default()).await;
    assert!(matches!(early, Err(OpenError::NotMigrated)), "{:?}", early.err());
    installation.migrate().await;

    // Import, journal, keys.
    let house = House::open(Arc::clone(&directory), url.clone(), served).await;
    let (kela, officer) = (house.kela(), house.token(KELA, Role::Officer));
    // Recording: new, repeated, corrected, refused in conflict.
    let first = house.recorded(&kela, &[report("role 1"), report("role 2")]).await;
    assert_eq!(house.recorded(&kela, &[report("role 1")]).await[0], first[0]);
    let correction = with(report("role 3"), json!({ "corrects": "role 2", "outcome": "EMPTY" }));
    house.recorded(&kela, &[correction]).await;
    let other = house.record(&kela, &[with(report("role 1"), json!({ "caseReference": "PIRHA/SOS/10" }))]).await;
    assert_eq!(faults(&other)[0].0, "CONFLICT");
    // Lists: each side its own, the auditor all.
    for token in [&officer, &house.token(PIRKANMAA, Role::Officer), &house.token(OMBUDSMAN, Role::Auditor)] {
        let messages = house.messages(token, json!({ "recipient": PIRKANMAA, "discloser": KELA })).await;
        assert_eq!(messages[..3], ["role 3", "role 2", "role 1"]);
    }
    // One person's look-up, written down.
    let asked = json!({ "input": { "subject": { "personalIdentityCode": PERSON }, "reason": "Rekisteröidyn pyyntö" } });
    let query = "query($input: SubjectDisclosuresInput!) { subjectDisclosures(input: $input) { nodes { id } } }";
    let found = house.data(&house.token(DVV, Role::SubjectService), query, asked).await;
    assert!(found["subjectDisclosures"]["nodes"].as_array().unwrap().len() >= 3);
    // Acts.
    let id = house.agreement_id("KEL-2023-014").await;
    assert_eq!(faults(&house.suspend(&id).await.body["data"]["suspendAgreement"]), []);
    house.done(&officer, "resumeAgreement", json!({ "id": id })).await;
    let withheld = json!({ "id": first[0]["id"], "withheldUntil": "2099-01-01", "legalBasis": "1050/2018 34 § 1 mom", "reason": "x" });
    house.done(&officer, "withholdDisclosure", withheld).await;
    // Statistics, checkpoint and entries.
    let statistics = "query($input: DisclosureStatisticsInput!) { disclosureStatistics(input: $input, first: 10) { rows { disclosures } } }";
    let input = json!({ "from": "2026-01-01", "until": "2027-01-01", "interval": "MONTH", "groupBy": ["RECIPIENT"] });
    let counted = house.data(&house.token(THL, Role::Statistician), statistics, json!({ "input": input })).await;
    assert!(!counted["disclosureStatistics"]["rows"].as_array().unwrap().is_empty());
    house.checkpoint_of(house.log_size().await).await;
    let entries = house.send(Request::get("/log/tile/entries/000").body(Body::empty()).unwrap()).await;
    assert!(entries.status.is_success(), "{:?}", entries.status);
    // Started again, on what it made.
    let house = house.reopened_with(served).await;
    house.recorded(&kela, &[report("role 4")]).await;

    a_statement_says_itself_for_whom_it_reads(&house, &installation).await;

    // The owner erases; the log stays whole.
    let owner = House::open(Arc::clone(&directory), installation.url("disclosure_owner"), |_| None).await;
    let erasure = Erasure {
        person: Person::Code(PersonalIdentityCode::parse(PERSON).unwrap()),
        discloser: Some(KELA.to_owned()),
        reason: "Rekisteröidyn pyyntö".to_owned(),
        decision: Some("KELA/2026/1".to_owned()),
    };
    let erased = erase(&owner.app.gateway, &erasure).await.unwrap();
    assert!(erased.values().map(|Erased { disclosures, .. }| *disclosures).sum::<usize>() >= 4);
    assert_whole(&owner.app).await;
    assert_tallied(&owner.app).await;
    house.app.gateway.journal.refresh().await.unwrap();
    // The service has no right to erase, and says that it failed rather than that there was nothing.
    let erasure = Erasure { person: Person::Code(PersonalIdentityCode::parse("020594X903P").unwrap()), ..erasure };
    house
        .recorded(&kela, &[with(report("role 5"), json!({ "subject": { "personalIdentityCode": "020594X903P" } }))])
        .await;
    assert!(erase(&house.app.gateway, &erasure).await.is_err());
    is_locked(&installation).await;
}

/// Rows a statement finds that says for whom it reads.
async fn found(db: &impl ConnectionTrait, reader: Reader<'_>) -> i64 {
    let query = disclosure::Entity::find().select_only().column(disclosure::Column::Id).into_query();
    let rows = db.query_all_raw(asked_for(DbBackend::Postgres, reader, None, query)).await.unwrap();
    i64::try_from(rows.len()).unwrap()
}

/// What a statement said is over with it, and is said anew where something else was before.
async fn a_statement_says_itself_for_whom_it_reads(house: &House, installation: &Installation) {
    let mut owner = installation.connect("disclosure_owner").await;
    let pirkanmaa = house.app.gateway.journal.facts().organisation.by_key(PIRKANMAA).unwrap().id;
    let theirs = format!("select count(*) from disclosure where '{}' in (discloser_id, recipient_id)", pirkanmaa.0);
    let all = count(&mut owner, "select count(*) from disclosure").await.unwrap();
    let theirs = count(&mut owner, &theirs).await.unwrap();
    assert!(0 < theirs && theirs < all, "{theirs} of {all}");
    let (database, organisations) = (&house.app.gateway.database, [pirkanmaa]);
    // As often as takes every connection in turn.
    for _ in 0..20 {
        assert_eq!(found(database.read(), Reader::Log).await, all);
        assert_eq!(found(database.read(), Reader::Organisations(&organisations)).await, theirs);
        assert_eq!(found(database.read(), Reader::Organisations(&[])).await, 0);
        let bare = disclosure::Entity::find().count(database.read()).await.unwrap();
        assert_eq!(bare, 0, "what was said is forgotten with the statement");
    }
    let txn = database.read_for(Reader::Log).await.unwrap();
    assert_eq!(found(&txn, Reader::Organisations(&organisations)).await, theirs);
    assert_eq!(found(&txn, Reader::Log).await, all);
    txn.commit().await.unwrap();
}

/// What a raw connection of the role may see and do.
async fn is_locked(installation: &Installation) {
    let mut owner = installation.connect("disclosure_owner").await;
    let all = count(&mut owner, "select count(*) from disclosure").await.unwrap();
    let id = format!("(select id::text from organisation where business_id = '{PIRKANMAA}')");
    let theirs = format!("select count(*) from disclosure where {id}::uuid in (discloser_id, recipient_id)");
    let theirs = count(&mut owner, &theirs).await.unwrap();
    assert!(0 < theirs && theirs < all, "{theirs} of {all}");

    let mut role = installation.connect("disclosure_gateway").await;
    let seen = "select count(*) from disclosure";
    assert_eq!(count(&mut role, seen).await, Ok(0), "nobody said for whom");
    assert_eq!(count(&mut role, "select count(*) from subject_lookup").await, Ok(0));
    for (reader, expected) in
        [("'LOG'", all), (id.as_str(), theirs), ("''", 0), ("'log'", 0), ("'LOG,LOG'", 0), ("'x'' or 1=1'", 0)]
    {
        let mut txn = role.begin().await.unwrap();
        try_to(&mut txn, &format!("select set_config('disclosure_gateway.reader', {reader}, true)")).await.unwrap();
        assert_eq!(count(&mut txn, seen).await, Ok(expected), "{reader}");
        txn.commit().await.unwrap();
        assert_eq!(count(&mut role, seen).await, Ok(0), "what was said is forgotten with the transaction");
    }
    for refused in [
        "select count(*) from disclosure_2026_11",
        "update disclosure set salt = null",
        "delete from disclosure",
        "truncate disclosure",
        "update change set salt = null",
        "delete from change_row",
        "delete from agreement",
        "update log_checkpoint set note = ''",
        "delete from subject_lookup",
        "update schema_floor set migration = 'x'",
        "delete from seaql_migrations",
        "select disclosure_drop('2026-01-01')",
        "create table public.x (id integer)",
        "create function public.x() returns int language sql as 'select 1'",
        "alter table disclosure disable row level security",
        "drop policy disclosure_read on disclosure",
        "set role disclosure_owner",
        "alter table disclosure disable trigger all",
        "copy disclosure to '/tmp/x'",
    ] {
        assert!(try_to(&mut role, refused).await.is_err(), "{refused}");
    }
    // Months are made with the owner's rights, locked like the others, and only those about to come.
    let coming = "select to_char(now() at time zone 'UTC' + interval '5 months', 'YYYY_MM')";
    let month: String = sqlx::query_scalar(coming).fetch_one(&mut owner).await.unwrap();
    try_to(&mut owner, &format!("drop table disclosure_{month}")).await.unwrap();
    try_to(&mut role, &format!("select disclosure_partition('{}-01')", month.replace('_', "-"))).await.unwrap();
    let locked = format!(
        "select count(*) from pg_class where relname = 'disclosure_{month}' and relrowsecurity \
         and pg_get_userbyid(relowner) = 'disclosure_owner'"
    );
    assert_eq!(count(&mut owner, &locked).await, Ok(1));
    assert!(try_to(&mut role, &format!("select count(*) from disclosure_{month}")).await.is_err());
    let months = "select count(*) from pg_inherits where inhparent = 'disclosure'::regclass";
    let standing = count(&mut owner, months).await;
    for month in ["2020-01-01", "2131-05-01", "0044-03-15 BC", "infinity", "-infinity"] {
        let refused = try_to(&mut role, &format!("select disclosure_partition('{month}')")).await;
        assert!(refused.is_err_and(|why| why.contains("disclosure_partition: a month")), "{month}");
    }
    assert_eq!(count(&mut owner, months).await, standing);
    // A table the grants forget would show at the first start; this shows it before.
    let forgotten = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') \
                     and not relispartition and not has_table_privilege('disclosure_gateway', oid, 'select')";
    assert_eq!(count(&mut owner, forgotten).await, Ok(0), "a table that grants.sql does not name");
}
