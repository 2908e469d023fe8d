//! Migrations: forth, back and forth again on either engine, and guards that bite whoever comes past the gateway.

use api::{
    app::App,
    clock::Clock,
    config::{Connecting, DatabaseUrl},
    database::Database,
};
use entity::disclosure;
use sea_orm::{ConnectionTrait, DatabaseConnection, IdenStatic, Iterable, Statement};
use serde_json::json;

use crate::{
    house::{Engine, House, config, sqlite_url},
    on_both_engines, postgres,
    process::closed,
    reports::{assert_tallied, assert_whole, report, with},
};

/// Tables, functions and triggers that are not the migrator's own.
async fn things(db: &DatabaseConnection, engine: Engine) -> i64 {
    let sql = match engine {
        Engine::Sqlite => "select count(*) as n from sqlite_master where name not like '%seaql%'",
        Engine::Postgres => {
            "select (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
             where nspname = 'public' and relname not like 'seaql%') \
             + (select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where nspname = 'public') as n"
        }
    };
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

async fn up_down_up(engine: Engine, url: &str) {
    let url = DatabaseUrl::parse(url).unwrap();
    let database = Database::connect(&url, None, Connecting::default()).await.unwrap();
    let db = &database.write().now();
    assert_eq!(migration::standing(db).await.unwrap(), migration::Standing::Older);
    migration::up(db).await.unwrap();
    assert_eq!(migration::standing(db).await.unwrap(), migration::Standing::Current);
    let made = things(db, engine).await;
    migration::down(db).await.unwrap();
    assert_eq!(migration::standing(db).await.unwrap(), migration::Standing::Older);
    assert_eq!(things(db, engine).await, 0, "down leaves nothing");
    // Processes that start at once wait for each other; the later finds nothing to do.
    let (one, other) = tokio::join!(migration::up(db), migration::up(db));
    one.and(other).unwrap();
    assert_eq!(things(db, engine).await, made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_go_forth_back_and_forth_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    up_down_up(Engine::Sqlite, &sqlite_url(directory.path())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_go_forth_back_and_forth_on_postgres() {
    let Some(cluster) = postgres::cluster().await else { return };
    up_down_up(Engine::Postgres, &cluster.url(&cluster.create_database(None).await)).await;
}

impl House {
    fn engine(&self) -> Engine {
        if self.app.gateway.database.is_sqlite() { Engine::Sqlite } else { Engine::Postgres }
    }

    /// Statement in the words of the engine: `NEW_ID` and the one cast that differs.
    fn said(&self, sql: &str) -> String {
        match self.engine() {
            Engine::Sqlite => sql.replace("NEW_ID", "randomblob(16)").replace("ONE_BYTE", "x'00'"),
            Engine::Postgres => sql.replace("NEW_ID", "gen_random_uuid()").replace("ONE_BYTE", "'\\x00'::bytea"),
        }
    }

    async fn attempt(&self, sql: &str, keep: bool) -> Result<u64, String> {
        let txn = self.app.gateway.database.write().begin().await.unwrap();
        let done = txn.execute_unprepared(&self.said(sql)).await.map_err(|error| error.to_string());
        let end = if done.is_ok() && keep { txn.commit().await } else { txn.rollback().await };
        end.map_err(|error| error.to_string()).and(done.map(|done| done.rows_affected()))
    }

    /// The guard refuses, and says its name.
    async fn refused(&self, guard: &str, sql: &str) {
        let refusal = self.attempt(sql, true).await.expect_err(sql);
        assert!(refusal.contains(guard), "{guard} should refuse `{sql}`: {refusal}");
    }

    /// The nearest neighbour of a refusal passes; it is taken back.
    async fn passes(&self, sql: &str) {
        let rows = self.attempt(sql, false).await.unwrap_or_else(|refusal| panic!("`{sql}`: {refusal}"));
        assert!(rows > 0, "`{sql}` touches nothing");
    }
}

const ONE: &str = "where message_id = 'SINGLE-LATE'";
const VIEWING: &str = "(select id from scope where channel = 'VIEWING_CONNECTION' and status = 'OPEN')";

const KELA: &str = "where business_id = '0246246-0'";

/// Copy of a row of the log, with some columns otherwise.
fn copied(others: &[(&str, &str)]) -> String {
    let columns: Vec<&str> = disclosure::Column::iter().map(|column| column.as_str()).collect();
    let value = |column: &&str| match others.iter().find(|(name, _)| name == column) {
        Some((_, value)) => (*value).to_owned(),
        None if *column == "id" => "NEW_ID".to_owned(),
        None if *column == "leaf_index" => "leaf_index + 1000000".to_owned(),
        None => (*column).to_owned(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    format!("insert into disclosure ({}) select {} from disclosure {ONE}", columns.join(", "), values.join(", "))
}

on_both_engines! {
    async fn the_log_only_grows(house: House) {
        let erased = "salt = null, subject_pseudonym = null, subject_key_version = null, user_pseudonym = null, \
                      user_key_version = null, erased_seq = 9";
        for sql in [
            format!("update disclosure set outcome = 'EMPTY' {ONE}"),
            format!("update disclosure set {erased}, outcome = 'EMPTY' {ONE}"),
            format!("update disclosure set salt = null, erased_seq = 9 {ONE}"),
            format!("update disclosure set erased_seq = erased_seq {ONE}"),
            format!("delete from disclosure {ONE}"),
        ] {
            house.refused("disclosure_append_only", &sql).await;
        }
        house.passes(&format!("update disclosure set {erased} {ONE}")).await;
        for sql in ["update disclosure_key set content_hash = message_hash", "delete from disclosure_key"] {
            house.refused("disclosure_key_append_only", sql).await;
        }
        for sql in ["update change set reason = 'x'", "update change set seq = seq", "delete from change"] {
            house.refused("change_append_only", sql).await;
        }
        house.passes("update change set salt = null").await;
        for sql in ["update change_row set image = null", "delete from change_row"] {
            house.refused("change_row_append_only", sql).await;
        }
        for table in ["status_entry", "signature"] {
            house.refused(&format!("{table}_append_only"), &format!("update {table} set actor = 'another'")).await;
            house.refused(&format!("{table}_append_only"), &format!("delete from {table}")).await;
        }
        house.refused("log_tree_append_only", "update log_tree set size = size - 1").await;
        house.refused("log_tree_append_only", "delete from log_tree").await;
        house.passes("update log_tree set size = size + 1").await;
        let other = format!("update log_tile set hashes = (select subject_commitment from disclosure {ONE}) where level = 0");
        house.refused("log_tile_append_only", &other).await;
        house.refused("log_tile_append_only", "delete from log_tile where level = 0").await;
    }

    async fn a_row_of_the_log_is_of_one_piece(house: House) {
        house.passes(&copied(&[])).await;
        for (check, others) in [
            ("coverage_agreement_id_scope_id", &[("scope_id", "null")][..]),
            ("subject_kind_subject_pseudonym", &[("subject_pseudonym", "null")]),
            ("subject_kind_subject_pseudonym", &[("subject_kind", "'COUNT'")]),
            ("subject_kind_subject_business_id", &[("subject_kind", "'BUSINESS'"), ("subject_pseudonym", "null"), ("subject_key_version", "null")]),
            ("subject_count", &[("subject_count", "0")]),
            ("subject_count", &[("subject_count", "1000000001")]),
            ("ground_consent_reference", &[("ground", "'CONSENT'")]),
            ("recipient_id_onward_recipient_kind", &[("recipient_id", "null")]),
            ("channel_user_pseudonym", &[("channel", "'VIEWING_CONNECTION'"), ("user_pseudonym", "null"), ("user_key_version", "null")]),
            ("withheld_until_withholding_basis_id", &[("withheld_until", "recorded_at")]),
            ("salt_erased_seq", &[("salt", "null")]),
            ("salt", &[("salt", "ONE_BYTE")]),
            ("part", &[("part", "-1")]),
            ("message_id", &[("message_id", "''")]),
            ("case_reference_identity_code", &[("case_reference", "'131052-308T'")]),
            ("client_system_identity_code", &[("client_system", "'x 131052-308t y'")]),
            ("outcome", &[("outcome", "'LOST'")]),
        ] {
            house.refused(&format!("disclosure_{check}_check"), &copied(others)).await;
        }
        house.passes(&copied(&[("subject_kind", "'COUNT'"), ("subject_pseudonym", "null"), ("subject_key_version", "null"), ("subject_count", "1000000000")])).await;
        house.passes(&copied(&[("coverage", "'UNCOVERED'"), ("agreement_id", "null"), ("scope_id", "null")])).await;
        house.passes(&copied(&[("recipient_id", "null"), ("onward_recipient_kind", "'APPLICANT'")])).await;
        match house.engine() {
            Engine::Sqlite => house.refused("disclosure.leaf_index", &copied(&[("leaf_index", "leaf_index")])).await,
            Engine::Postgres => {
                let far = &[("recorded_at", "timestamptz '2035-02-01T00:00:00Z'")];
                house.refused("no partition", &copied(far)).await;
            }
        }
    }

    async fn agreements_and_scopes_go_the_ways_of_law_only(house: House) {
        let numbered = |number: &str, set: &str| format!("update agreement set {set} where number = '{number}'");
        for (number, status) in [
            ("KEL-2023-014", "SIGNED"), ("KEL-2023-014", "DRAFT"), ("KEL-2023-014", "REJECTED"), ("KEL-2022-003", "NEGOTIATION"),
            ("KEL-2026-052", "NEGOTIATION"), ("SOT-2026-003", "ACTIVE"),
        ] {
            house.refused("agreement_status_transition", &numbered(number, &format!("status = '{status}'"))).await;
        }
        for (number, status) in [("KEL-2023-014", "SUSPENDED"), ("KEL-2022-003", "ACTIVE"), ("SOT-2026-001", "TERMINATED")] {
            house.passes(&numbered(number, &format!("status = '{status}'"))).await;
        }
        house.refused("agreement_basis_present", &numbered("KEL-2026-051", "status = 'BASIS_CONFIRMED'")).await;
        house.refused("agreement_terminal", &numbered("SOT-2024-001", "publicity = 'SECRET'")).await;
        house.refused("agreement_terminal", "delete from agreement where number = 'DVV-2025-201'").await;
        house.refused("agreement_discloser_id_recipient_id_check", &numbered("KEL-2023-014", "recipient_id = discloser_id")).await;
        house.refused("agreement_status_signed_on_check", &numbered("KEL-2023-014", "signed_on = null")).await;
        house.refused("agreement_starts_on_ends_on_check", &numbered("KEL-2023-014", "ends_on = '2001-01-01'")).await;
        house.passes(&numbered("KEL-2023-014", "ends_on = starts_on")).await;

        house.refused("scope_status_transition", &format!("update scope set status = 'TESTED' where id in {VIEWING}")).await;
        house.passes(&format!("update scope set status = 'SUSPENDED' where id in {VIEWING}")).await;
        house.refused("scope_terminal", "update scope set planned_on = '2027-01-01' where status = 'CLOSED'").await;
        house.refused("scope_terminal", "delete from scope where status = 'CLOSED'").await;
        house.refused("scope_item_viewing_list", &format!("update scope_item set operation = 'LIST' where scope_id in {VIEWING}")).await;
        let elsewhere = format!(
            "update scope_item_basis set agreement_basis_id = (select b.id from agreement_basis b \
             join agreement a on a.id = b.agreement_id where a.number = 'KEL-2026-052' limit 1) \
             where scope_item_id in (select id from scope_item where scope_id in {VIEWING})"
        );
        house.refused("scope_item_basis_same_agreement", &elsewhere).await;
    }

    async fn law_and_identifiers_hold_in_the_database_too(house: House) {
        house.refused("legal_basis_wording", "update legal_basis set section = '99' where status = 'CONFIRMED'").await;
        house.refused("legal_basis_confirmed_by_proposed_by_check", "update legal_basis set confirmed_by = proposed_by").await;
        house.passes("update legal_basis set summary_fi = 'x'").await;
        house.refused("mandate_theme_content", "update mandate_theme set name_fi = 'x' where status = 'ACTIVE'").await;
        for wrong in ["0246246-1", "1000008-0", "246246-0", "02462460"] {
            house.refused("organisation_business_id_check", &format!("update organisation set business_id = '{wrong}' {KELA}")).await;
        }
        house.passes(&format!("update organisation set business_id = '2222222-9' {KELA}")).await;
        for wrong in ["Virasto 010594Y9032", "x131052-308Tx", "010516b903x"] {
            let sql = format!("update organisation set name_fi = '{wrong}' {KELA}");
            house.refused("organisation_name_fi_identity_code_check", &sql).await;
        }
        house.passes(&format!("update organisation set name_fi = 'Virasto 0246246-0' {KELA}")).await;
        house.refused("contact_priority_check", "update contact set priority = 10").await;
        house.refused("access_grant_decided_by_user_pseudonym_check", "update access_grant set decided_by = user_pseudonym where revoked_at is null").await;
    }

    async fn what_has_ended_changes_no_more(house: House) {
        let key = "insert into organisation_key (id, organisation_id, kid, jwk, status, proposed_by, valid_from) \
             select NEW_ID, id, 'k', '{}', 'PROPOSED', 'a', '2026-01-01T00:00:00.000000Z' from organisation limit 1; ";
        for (table, made, alive, ended) in [
            ("protection_statement", "", "status = 'APPROVED'", "status = 'WITHDRAWN'"),
            ("incident", "", "status <> 'CLOSED'", "status = 'CLOSED', closed_at = reported_at"),
            ("inquiry", "", "status = 'OPEN'", "status = 'ANSWERED', answer = 'x', answered_at = asked_at"),
            ("mandating_right", "", "status = 'GRANTED'", "status = 'REVOKED', decided_on = applied_on"),
            ("access_grant", "", "revoked_at is null", "revoked_at = valid_from, revocation_reason = 'TASK_ENDED'"),
            ("organisation_key", key, "status = 'PROPOSED'", "status = 'REVOKED'"),
            ("entitlement", "", "status = 'CONFIRMED'", "status = 'REVOKED'"),
        ] {
            let guard = format!("{table}_terminal");
            let end = format!("{made}update {table} set {ended} where id in (select id from {table} where {alive} limit 1)");
            house.passes(&end).await;
            house.refused(&guard, &format!("{end}; update {table} set id = id")).await;
            house.refused(&guard, &format!("{end}; delete from {table}")).await;
        }
        let ended = "in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN')";
        for (part, whole, over) in [
            ("agreement_basis", "agreement", ended),
            ("scope_item", "scope", "in ('CLOSED')"),
            ("scope_purpose", "scope", "in ('CLOSED')"),
        ] {
            let of = |is: &str| format!("{part} set id = id where {whole}_id in (select id from {whole} where status {is})");
            house.refused(&format!("{part}_terminal"), &format!("update {}", of(over))).await;
            house.passes(&format!("update {}", of(&format!("not {over}")))).await;
            let gone = format!("delete from {part} where {whole}_id in (select id from {whole} where status {over})");
            house.refused(&format!("{part}_terminal"), &gone).await;
        }
        house.refused("scope_item_basis_terminal", "update scope_item_basis set id = id").await;
        let open = format!("update scope_item_basis set id = id where scope_item_id in (select id from scope_item where scope_id in {VIEWING})");
        house.passes(&open).await;
    }

    async fn an_older_gateway_goes_on_and_starts_again_beside_a_newer_one(house: House) {
        let db = house.app.gateway.database.write().now();
        // What a newer gateway's migration leaves that only adds.
        for sql in [
            "alter table organisation add column later text",
            "create table later (id integer not null primary key)",
            "insert into seaql_migrations (version, applied_at) values ('m20991231_000001_later', 1)",
        ] {
            db.execute_unprepared(sql).await.unwrap();
        }
        drop(db);
        house.recorded(&house.kela(), &[report("beside")]).await;
        let id = house.agreement_id("KEL-2023-014").await;
        assert!(house.suspend(&id).await.status.is_success());
        assert_whole(&house.app).await;
        let house = house.reopened().await;
        house.recorded(&house.kela(), &[report("started again")]).await;
        assert_whole(&house.app).await;
        // One that takes something away says so, and the older is not started on it.
        house.app.gateway.database.write()
            .execute_unprepared("update schema_floor set migration = 'm20991231_000001_later'").await.unwrap();
        let (directory, url) = closed(house).await;
        let refused = App::open(config(directory.path(), &url, |_| None), Clock::default()).await;
        let said = refused.err().expect("too new").to_string();
        assert!(said.contains("newer gateway (m20991231_000001_later)"), "{said}");
    }

    async fn what_only_reads_cannot_write(house: House) {
        let database = &house.app.gateway.database;
        for sql in ["delete from tally", "update organisation set name_fi = 'x'", "create table x (id integer)"] {
            assert!(database.read().execute_unprepared(sql).await.is_err(), "{sql}");
        }
    }

    async fn cells_of_before_they_lay_by_day_count_on(house: House) {
        // Days and months around turns of the year, and a first of a month, in Helsinki.
        let given = ["2025-12-31T21:59:00Z", "2025-12-31T22:00:00Z", "2024-02-29T10:00:00Z", "2026-02-28T22:00:00Z"];
        for at in given {
            house.recorded(&house.kela(), &[with(report(at), json!({ "occurredAt": at }))]).await;
        }
        let db = house.app.gateway.database.write().now();
        // Ids of before began anywhere.
        let anywhere = match house.engine() {
            Engine::Sqlite => "update tally set id = unhex('ffffff' || substr(hex(id), 7))",
            Engine::Postgres => "update tally set id = overlay(id::text placing 'ffffff' from 1)::uuid",
        };
        db.execute_unprepared("delete from seaql_migrations where version = 'm20261130_000023_tally_by_day'").await.unwrap();
        db.execute_unprepared("update schema_floor set migration = 'm20261129_000020_row_security'").await.unwrap();
        db.execute_unprepared(anywhere).await.unwrap();
        let cells = house.tallies().await.len();
        migration::up(&db).await.unwrap();
        let floor = "select count(*) as n from schema_floor where migration = 'm20261130_000023_tally_by_day'";
        let floor = db.query_one_raw(Statement::from_string(db.get_database_backend(), floor)).await.unwrap().unwrap();
        assert_eq!(floor.try_get::<i64>("", "n").unwrap(), 1, "an older gateway is not started");
        drop(db);
        assert_tallied(&house.app).await;
        house.recorded(&house.kela(), &[with(report("after"), json!({ "occurredAt": given[0] }))]).await;
        assert_eq!(house.tallies().await.len(), cells, "the same cells were met");
        assert_tallied(&house.app).await;
    }

    async fn down_and_up_with_data_leaves_an_empty_database(house: House) {
        let db = &house.app.gateway.database.write().now();
        migration::down(db).await.unwrap();
        assert_eq!(things(db, house.engine()).await, 0);
        migration::up(db).await.unwrap();
        assert!(house.rows().await.is_empty());
        assert_eq!(house.log_size().await, 0);
    }
}
