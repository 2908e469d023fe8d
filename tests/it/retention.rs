//! Retention: what has passed its time goes and what has not stays; the log still proves both, and counts as before.

use std::{collections::BTreeSet, sync::Arc};

use api::{
    auth::Role,
    retention::{self, rules::bounds},
};
use entity::{disclosure, disclosure_key, dropped_month, vocabulary::Day};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};

use crate::{
    house::{DVV, Engine, House, KELA},
    on_both_engines,
    process::{closed, run, settings, text},
    reports::{assert_whole, faults, leaf_hashes, report, with},
};

/// Years after which all of the sample has passed its time.
const ALL_PAST: u32 = 13;

impl House {
    async fn keys(&self) -> usize {
        disclosure_key::Entity::find().all(self.app.gateway.database.primary()).await.unwrap().len()
    }

    async fn write(&self, sql: &str) -> Result<(), String> {
        let db = self.app.gateway.database.write();
        db.execute_unprepared(sql).await.map(drop).map_err(|error| error.to_string())
    }

    /// Months that a preview calls due.
    async fn due(&self) -> Vec<Day> {
        let preview = retention::preview(&self.app.gateway).await.unwrap();
        preview.months.iter().filter(|reviewed| reviewed.is_due).map(|reviewed| reviewed.month.on).collect()
    }

    async fn run_retention(&self) -> Vec<Day> {
        let dropped = retention::run(&self.app.gateway).await.unwrap();
        dropped.iter().map(|month: &Arc<dropped_month::Model>| month.month_on).collect()
    }

    /// Report of what was given a moment ago.
    fn given_now(&self, message_id: &str) -> Value {
        with(report(message_id), json!({ "occurredAt": self.app.gateway.clock.now().to_rfc3339() }))
    }
}

fn months(rows: &[disclosure::Model]) -> BTreeSet<String> {
    rows.iter().map(|row| row.recorded_at.format("%Y-%m").to_string()).collect()
}

on_both_engines! {
    async fn a_run_drops_the_due_months_and_nothing_else_of_the_log(house: House) {
        house.recorded(&house.kela(), &[report("long ago")]).await;
        let sample = house.rows().await;
        let house = house.years_later(ALL_PAST).await;
        assert_eq!(house.due().await, Vec::<Day>::new(), "no month is closed while nothing came after it");
        house.recorded(&house.kela(), &[house.given_now("young")]).await;

        let preview = retention::preview(&house.app.gateway).await.unwrap();
        let due: Vec<_> = preview.months.iter().filter(|month| month.is_due).collect();
        let rows: i64 = due.iter().map(|due| due.month.rows()).sum();
        assert_eq!(usize::try_from(rows).unwrap(), sample.len());
        let (tallies, keys, hashes, size) =
            (house.tallies().await, house.keys().await, leaf_hashes(&house.app).await, house.log_size().await);
        let dropped = house.run_retention().await;
        assert_eq!(dropped, due.iter().map(|due| due.month.on).collect::<Vec<_>>());

        let left = house.rows().await;
        assert_eq!(left.iter().map(|row| row.message_id.as_str()).collect::<Vec<_>>(), ["young"]);
        assert!(months(&left).is_disjoint(&months(&sample)));
        assert_eq!((house.tallies().await, house.keys().await), (tallies, keys));
        assert_eq!(house.log_size().await, size + 1);
        assert_eq!(leaf_hashes(&house.app).await[..hashes.len()], hashes);
        let change = house.last_change().await;
        assert_eq!((change.action.as_str(), change.actor.as_str()), ("runRetention", "system"));
        let reason = change.reason.unwrap();
        assert!(reason.contains(&format!("{} rows", sample.len())) && reason.contains("12 years"), "{reason}");
        assert_whole(&house.app).await;

        assert_eq!(house.run_retention().await, Vec::<Day>::new());
        assert_eq!(house.log_size().await, size + 1, "a run that drops nothing says nothing");
        let again = house.record(&house.kela(), &[report("long ago"), house.given_now("younger")]).await;
        assert_eq!(faults(&again), [("CONFLICT".to_owned(), "input.disclosures.0.messageId".to_owned())]);
        let gone = json!({ "corrects": "long ago" });
        let corrected = house.record(&house.kela(), &[with(house.given_now("correction"), gone)]).await;
        assert_eq!(faults(&corrected), [("NOT_FOUND".to_owned(), "input.disclosures.0.corrects".to_owned())]);
        house.recorded(&house.kela(), &[house.given_now("youngest")]).await;
        assert_whole(&house.app).await;
        let (directory, url) = closed(house).await;
        let verified = run(&settings(directory.path(), &url), &["verify"]).await;
        assert!(verified.status.success(), "{}", text(&verified.stderr));
        assert!(text(&verified.stdout).contains(&format!("{} dropped", sample.len())), "{}", text(&verified.stdout));
    }

    async fn one_row_that_no_rule_lets_go_keeps_its_month_and_is_named(house: House) {
        // The register's one rule names a provision; what nothing covers rests on none.
        let uncovered = json!({ "recipient": KELA, "register": "VTJ", "items": ["VTJ.PERSON.NAME"], "mandates": null });
        house.recorded(&house.token(DVV, Role::System), &[with(report("uncovered"), uncovered)]).await;
        let house = house.years_later(ALL_PAST).await;
        house.recorded(&house.kela(), &[house.given_now("young")]).await;
        let (rows, size) = (house.rows().await, house.log_size().await);
        let preview = retention::preview(&house.app.gateway).await.unwrap();
        let vtj = preview.facts.register.by_key("VTJ").unwrap().id;
        for reviewed in &preview.months {
            assert!(!reviewed.is_due);
            let alive: Vec<_> = reviewed.parts.iter().filter(|part| !part.is_past(preview.at)).collect();
            assert!(!alive.is_empty());
            assert!(!reviewed.month.is_closed || alive.iter().all(|part| part.register == vtj && part.rule.is_none()));
        }
        assert_eq!(house.run_retention().await, Vec::<Day>::new());
        assert_eq!((house.rows().await, house.log_size().await), (rows, size));
    }

    async fn a_month_partly_due_stays_whole(house: House) {
        let house = house.years_later(11).await;
        house.recorded(&house.kela(), &[house.given_now("young")]).await;
        let preview = retention::preview(&house.app.gateway).await.unwrap();
        let past = preview.months.iter().flat_map(|month| &month.parts).filter(|part| part.is_past(preview.at)).count();
        assert!(past > 0, "some of the month has passed its time");
        let before = house.rows().await;
        assert_eq!(house.run_retention().await, Vec::<Day>::new());
        assert_eq!(house.rows().await, before);
    }

    async fn a_run_that_fails_leaves_nothing_half(house: House) {
        let house = house.years_later(ALL_PAST).await;
        house.recorded(&house.kela(), &[house.given_now("young")]).await;
        let due = house.due().await;
        // What stops the very last row of the month, or whatever hangs on its partition.
        let (obstacle, away) = if house.app.gateway.database.is_sqlite() {
            let last = "select max(id) from disclosure where message_id <> 'young'";
            (format!("create trigger obstacle before delete on disclosure when old.id = ({last}) \
                begin select raise(abort, 'obstacle'); end"), "drop trigger obstacle")
        } else {
            let partition = due[0].format("disclosure_%Y_%m");
            (format!("create view obstacle as select id from {partition}"), "drop view obstacle")
        };
        house.write(&obstacle).await.unwrap();
        let (rows, size, seq) = (house.rows().await, house.log_size().await, house.last_change().await.seq);
        assert!(retention::run(&house.app.gateway).await.is_err());
        assert_eq!((house.rows().await, house.log_size().await, house.last_change().await.seq), (rows, size, seq));
        assert_eq!(house.app.gateway.journal.facts().dropped_month.all().count(), 0);
        assert_whole(&house.app).await;
        house.write(away).await.unwrap();
        assert_eq!(house.run_retention().await, due);
        assert_whole(&house.app).await;
    }

    async fn the_database_lets_no_row_go_without_a_run(house: House) {
        let house = house.years_later(ALL_PAST).await;
        house.recorded(&house.kela(), &[house.given_now("young")]).await;
        for month in house.due().await {
            let sql = if house.app.gateway.database.is_sqlite() {
                "delete from disclosure".to_owned()
            } else {
                format!("select disclosure_drop('{month}')")
            };
            let refusal = house.write(&sql).await.unwrap_err();
            assert!(refusal.contains("disclosure_append_only"), "{refusal}");
        }
        assert!(!house.run_retention().await.is_empty());
        let refusal = house.write("delete from disclosure").await.unwrap_err();
        assert!(refusal.contains("disclosure_append_only"), "a row of another month: {refusal}");
        for sql in ["update dropped_month set disclosures = 1", "delete from dropped_month"] {
            let refusal = house.write(sql).await.unwrap_err();
            assert!(refusal.contains("dropped_month_append_only"), "{refusal}");
        }
    }
}

#[tokio::test]
async fn an_operator_previews_and_runs_retention_from_the_command_line() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let settings = settings(directory.path(), &url);
    let preview = run(&settings, &["retention", "preview"]).await;
    let printed = text(&preview.stdout);
    assert!(preview.status.success(), "{}", text(&preview.stderr));
    for said in ["KELMU", "12 years", "10 years", "on 661/2009 29 §", "kept alive until 2038-", "has not ended"] {
        assert!(printed.contains(said), "{said}\n{printed}");
    }
    assert_eq!(text(&run(&settings, &["retention", "run"]).await.stdout).trim(), "nothing is due");
}

#[test]
fn months_follow_each_other_without_gap() {
    let (_, until) = bounds("2026-12-01".parse().unwrap());
    assert_eq!(until, bounds("2027-01-01".parse().unwrap()).0);
}
