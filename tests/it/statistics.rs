//! Statistics: what is counted is what stands in the log, and nobody sees more of it than is theirs.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use api::{
    auth::Role,
    disclosure::interned,
    facts::Facts,
    journal::{Author, Changes},
    statistics::{
        recount::{Recount, recount_holding},
        rules::rounded,
    },
};
use chrono::{Datelike, TimeDelta};
use entity::{
    disclosure, legal_basis, tally,
    vocabulary::{
        ClosedEnum, DisclosureOutcome, Instant, InternedId, LegalBasisId, OrganisationKind, helsinki_day,
        helsinki_midnight,
    },
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, sea_query::Expr};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    house::{DVV, House, KELA, LVV, OMBUDSMAN, PIRKANMAA, THL, codes},
    on_both_engines,
    registry_acts::faults_of,
    reports::{report, with},
};

const STATISTICS: &str = "query Statistics($input: DisclosureStatisticsInput!, $first: Int, $after: String) {
    disclosureStatistics(input: $input, first: $first, after: $after) {
        rows { period keys { dimension value label } disclosures subjectCount suppressed }
        coveredUntil pageInfo { hasNextPage endCursor } } }";

/// Period and values of a row.
type Group = (String, Vec<Option<String>>);

/// One row of an answer, with its counts.
type Row = (Group, (Option<i64>, Option<i64>));

/// Groups with their exact counts.
type Counts = BTreeMap<Group, (i64, i64)>;

fn row(row: &Value) -> Row {
    let keys = row["keys"].as_array().unwrap().iter().map(|key| key["value"].as_str().map(str::to_owned)).collect();
    let period = row["period"].as_str().unwrap().to_owned();
    ((period, keys), (row["disclosures"].as_i64(), row["subjectCount"].as_i64()))
}

impl House {
    async fn page(&self, token: &str, input: &Value, first: u32, after: &Value) -> Value {
        let variables = json!({ "input": input, "first": first, "after": after });
        self.data(token, STATISTICS, variables).await["disclosureStatistics"].clone()
    }

    /// Every row of an answer, page by page.
    async fn counted(&self, token: &str, input: &Value, first: u32) -> Vec<Row> {
        let (mut rows, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = self.page(token, input, first, &after).await;
            rows.extend(page["rows"].as_array().unwrap().iter().map(row));
            if page["pageInfo"]["hasNextPage"] == false {
                return rows;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// Gives a provision a wording that is yet to come into force.
    async fn later_wording(&self, citation: &str) {
        let facts = self.app.gateway.journal.facts();
        let row = facts.legal_basis.all().find(|row| row.citation == citation).unwrap().as_ref().clone();
        let valid_from = row.valid_from + TimeDelta::days(10_000);
        let later = legal_basis::Model { id: LegalBasisId(Uuid::from_u128(1)), valid_from, ..row };
        let change =
            Changes { action: "import", subject: "world:later".to_owned(), reason: None, edits: vec![later.into()] };
        let author = Author { actor: "test".to_owned(), organisation: None };
        self.app.gateway.journal.commit(author, move |_| Ok(vec![change])).await.unwrap();
    }

    async fn total(&self, token: &str, input: Value) -> (Option<i64>, Option<i64>) {
        self.counted(token, &input, 1).await.first().map_or((Some(0), Some(0)), |row| row.1)
    }

    async fn recount(&self, cells_max: u64) -> Recount {
        let snapshot = self.app.gateway.database.snapshot().await.unwrap();
        recount_holding(&snapshot, None, cells_max).await.unwrap()
    }

    /// Gives every cell other counts, of which a statistician is shown the same.
    async fn hold_something_else(&self) {
        let db = self.app.gateway.database.write();
        for cell in tally::Entity::find().filter(tally::Column::Disclosures.ne(0)).all(db).await.unwrap() {
            let shown = |count, above| rounded(count, above);
            let both = (shown(cell.disclosures, cell.rounds_above), shown(cell.subject_count, cell.rounds_above));
            let (disclosures, subject_count, rounds_above) = (0..5)
                .flat_map(|above| (1..cell.disclosures + 6).map(move |count| (above, count)))
                .flat_map(|(above, count)| {
                    (count..cell.subject_count + 6).map(move |subjects| (count, subjects, above))
                })
                .find(|(count, subjects, above)| {
                    *count != cell.disclosures
                        && *subjects != cell.subject_count
                        && (shown(*count, *above), shown(*subjects, *above)) == both
                })
                .expect("a cell tells what it holds");
            let other = tally::Model { disclosures, subject_count, rounds_above, ..cell };
            tally::Entity::update(other.into_active_model().reset_all()).exec(db).await.unwrap();
        }
    }

    async fn log(&self) -> Log {
        let sets = entity::interned::Entity::find().all(self.app.gateway.database.primary()).await.unwrap();
        let rows = self.rows().await;
        let corrected: HashSet<_> = rows.iter().filter_map(|row| row.corrects_id).collect();
        Log {
            facts: self.app.gateway.journal.facts(),
            sets: sets.into_iter().map(|set| (set.id, set.members)).collect(),
            rows: rows.into_iter().filter(|row| !corrected.contains(&row.id)).collect(),
        }
    }
}

/// The raw rows that count: those nobody corrected.
struct Log {
    facts: std::sync::Arc<Facts>,
    sets: BTreeMap<InternedId, String>,
    rows: Vec<disclosure::Model>,
}

impl Log {
    /// Counts the rows anew, as a `group by` would.
    fn recount(&self, input: &Value, counts: impl Fn(&disclosure::Model) -> bool) -> Counts {
        let (from, until) = (input["from"].as_str().unwrap(), input["until"].as_str().unwrap());
        let dimensions: Vec<&str> =
            input["groupBy"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let by_outcome = dimensions.contains(&"OUTCOME");
        let mut groups = BTreeMap::new();
        for row in self.rows.iter().filter(|row| counts(row)) {
            let day = helsinki_day(row.occurred_at);
            let text = day.to_string();
            let given = matches!(row.outcome, DisclosureOutcome::Delivered | DisclosureOutcome::Empty);
            if text.as_str() < from || text.as_str() >= until || !(given || by_outcome) {
                continue;
            }
            let period = match input["interval"].as_str().unwrap() {
                "DAY" => text,
                "MONTH" => day.format("%Y-%m").to_string(),
                "YEAR" => day.year().to_string(),
                _ => format!("{from}/{until}"),
            };
            let mut keys = vec![Vec::new()];
            for dimension in &dimensions {
                let values = self.values(row, dimension);
                let each = keys.iter().flat_map(|key: &Vec<_>| {
                    values.iter().map(|value| [&key[..], std::slice::from_ref(value)].concat())
                });
                keys = each.collect();
            }
            for key in keys {
                let group: &mut (i64, i64) = groups.entry((period.clone(), key)).or_default();
                group.0 += 1;
                group.1 += row.subject_count;
            }
        }
        groups
    }

    fn values(&self, row: &disclosure::Model, dimension: &str) -> Vec<Option<String>> {
        let facts = &self.facts;
        let organisation = |id| facts.organisation.get(id).unwrap();
        let business_id = |id| organisation(id).business_id.map(|id| id.to_string());
        let many = |texts: Vec<String>| match texts.len() {
            0 => vec![None],
            _ => texts.into_iter().map(Some).collect(),
        };
        match dimension {
            "DISCLOSER" => vec![business_id(row.discloser_id)],
            "RECIPIENT" => vec![row.recipient_id.and_then(business_id)],
            "RECIPIENT_KIND" => {
                let kind = row.recipient_id.map(|id| organisation(id).kind.code());
                vec![kind.or(row.onward_recipient_kind.map(ClosedEnum::code)).map(str::to_owned)]
            }
            "REGISTER" => vec![Some(facts.register.get(row.register_id).unwrap().code.clone())],
            "AGREEMENT" => vec![row.agreement_id.map(|id| facts.agreement.get(id).unwrap().number.clone())],
            "ITEM" => many(interned::items(&self.sets[&row.items_id]).iter().map(ToString::to_string).collect()),
            "LEGAL_BASIS" => {
                let bases = interned::bases(&self.sets[&row.bases_id]);
                many(bases.iter().map(|id| facts.legal_basis.get(*id).unwrap().citation.clone()).collect())
            }
            "PURPOSE" => vec![Some(facts.purpose.get(row.purpose_id).unwrap().code.clone())],
            "CHANNEL" => vec![Some(row.channel.code().to_owned())],
            "OUTCOME" => vec![Some(row.outcome.code().to_owned())],
            other => panic!("no dimension {other}"),
        }
    }
}

fn question(from: &str, until: &str, interval: &str, group_by: &[&str]) -> Value {
    json!({ "from": from, "until": until, "interval": interval, "groupBy": group_by })
}

fn exact(rows: Vec<Row>) -> Counts {
    let ordered = rows.len();
    let map: BTreeMap<_, _> =
        rows.into_iter().map(|(key, (count, subjects))| (key, (count.unwrap(), subjects.unwrap()))).collect();
    assert_eq!(map.len(), ordered, "a group is said twice");
    map
}

on_both_engines! {
    async fn statistics_are_what_the_raw_rows_count_to(house: House) {
        house.recorded(&house.kela(), &[
            report("counted"),
            with(report("wrong"), json!({ "occurredAt": "2026-03-31T20:59:59Z" })),
            // Half past midnight on the first of April in Helsinki.
            with(report("right"), json!({ "occurredAt": "2026-03-31T21:30:00Z", "corrects": "wrong", "items": ["KEL.PAYMENT"] })),
            with(report("righter"), json!({ "occurredAt": "2025-12-31T22:00:00Z", "corrects": "right", "subject": { "count": 7 } })),
            with(report("denied"), json!({ "outcome": "DENIED" })),
        ]).await;
        let (authority, log) = (house.token(OMBUDSMAN, Role::Auditor), house.log().await);
        let all = ("2025-05-01", "2026-12-01");
        let edges = ("2025-05-17", "2026-10-09");
        for ((from, until), interval, group_by) in [
            (all, "TOTAL", vec![]),
            (all, "DAY", vec![]),
            (edges, "MONTH", vec!["OUTCOME"]),
            (edges, "YEAR", vec!["DISCLOSER", "RECIPIENT", "AGREEMENT"]),
            (all, "MONTH", vec!["ITEM"]),
            (edges, "TOTAL", vec!["LEGAL_BASIS", "ITEM"]),
            (all, "MONTH", vec!["REGISTER", "CHANNEL", "PURPOSE"]),
            (edges, "DAY", vec!["RECIPIENT_KIND", "OUTCOME"]),
            (("2026-03-31", "2026-04-01"), "TOTAL", vec!["ITEM"]),
            (("2026-02-03", "2026-02-20"), "MONTH", vec!["DISCLOSER"]),
        ] {
            let question = question(from, until, interval, &group_by);
            let counted = exact(house.counted(&authority, &question, 100).await);
            assert_eq!(counted, log.recount(&question, |_| true), "{question}");
        }
    }

    async fn the_parties_count_what_is_theirs_and_nobody_elses(house: House) {
        let log = house.log().await;
        for (organisation, role) in [(PIRKANMAA, Role::Officer), (KELA, Role::System), (LVV, Role::Auditor)] {
            let token = house.token(organisation, role);
            let own = log.facts.lineage(log.facts.organisation_of(organisation).unwrap().id);
            for group_by in [vec![], vec!["RECIPIENT", "OUTCOME"]] {
                let question = question("2025-05-01", "2026-12-01", "MONTH", &group_by);
                let theirs = log.recount(&question, |row| own.contains(&row.discloser_id) || row.recipient_id.is_some_and(|id| own.contains(&id)));
                assert_eq!(exact(house.counted(&token, &question, 100).await), theirs, "{organisation}");
            }
        }
        let question = json!({ "input": question("2026-01-01", "2026-02-01", "TOTAL", &[]) });
        assert_eq!(codes(&house.ask(&house.token(DVV, Role::Administrator), STATISTICS, question).await), ["FORBIDDEN"]);
    }

    async fn filters_narrow_and_name_what_they_do_not_know(house: House) {
        let (kela, log) = (house.kela(), house.log().await);
        let own = log.facts.organisation_of(KELA).unwrap().id;
        let filtered = |filter: Value| with(question("2025-05-01", "2026-12-01", "TOTAL", &[]), json!({ "filter": filter }));
        let facts = &log.facts;
        let pirkanmaa = facts.organisation_of(PIRKANMAA).unwrap().id;
        let theirs = |row: &disclosure::Model| row.discloser_id == own || row.recipient_id == Some(own);
        let total = |counts: &dyn Fn(&disclosure::Model) -> bool| {
            let counted = log.recount(&filtered(json!({})), |row| theirs(row) && counts(row));
            counted.into_values().next().map(|(count, subjects)| (Some(count), Some(subjects))).unwrap()
        };
        let to_pirkanmaa = |row: &disclosure::Model| row.recipient_id == Some(pirkanmaa);
        let viewing = |row: &disclosure::Model| row.channel.code() == "VIEWING_CONNECTION";
        let decisions = |row: &disclosure::Model| {
            let items = interned::items(&log.sets[&row.items_id]);
            items.iter().any(|item| item.as_str().starts_with("KEL.DECISION"))
        };
        assert_eq!(house.total(&kela, filtered(json!({ "recipients": [PIRKANMAA] }))).await, total(&to_pirkanmaa));
        assert_eq!(house.total(&kela, filtered(json!({ "channels": ["VIEWING_CONNECTION"] }))).await, total(&viewing));
        assert_eq!(house.total(&kela, filtered(json!({ "items": ["KEL.DECISION"] }))).await, total(&decisions));
        let both = json!({ "recipients": [PIRKANMAA], "channels": ["VIEWING_CONNECTION"] });
        assert_eq!(house.total(&kela, filtered(both)).await, total(&|row| to_pirkanmaa(row) && viewing(row)));

        house.later_wording("703/2023 64 § 1 mom").await;
        let cited = |citation: &str, row: &disclosure::Model| {
            let bases = interned::bases(&log.sets[&row.bases_id]);
            bases.iter().any(|id| facts.legal_basis.get(*id).unwrap().citation == citation)
        };
        let counted = log.rows.iter().filter(|row| theirs(row)).flat_map(|row| interned::bases(&log.sets[&row.bases_id]));
        let citations: BTreeSet<_> = counted.map(|id| facts.legal_basis.get(id).unwrap().citation.clone()).collect();
        assert!(citations.contains("703/2023 64 § 1 mom"), "whose later wording nothing rests on yet");
        for citation in &citations {
            let filter = json!({ "legalBases": [citation] });
            assert_eq!(house.total(&kela, filtered(filter)).await, total(&|row| cited(citation, row)), "{citation}");
        }

        let unknown = json!({ "recipients": ["2222222-9"], "registers": ["NOTHING"], "purposes": ["NOTHING"] });
        let answer = house.ask(&kela, STATISTICS, json!({ "input": filtered(unknown) })).await;
        assert_eq!(codes(&answer), ["INVALID_INPUT"]);
        assert_eq!(answer["errors"][0]["extensions"]["faults"].as_array().unwrap().len(), 3);
        let four = question("2026-02-01", "2026-01-01", "DAY", &["ITEM", "CHANNEL", "OUTCOME", "PURPOSE"]);
        let answer = house.ask(&kela, STATISTICS, json!({ "input": four })).await;
        let found: Vec<&Value> = answer["errors"][0]["extensions"]["faults"].as_array().unwrap().iter().map(|fault| &fault["path"]).collect();
        assert_eq!(found, [&json!(["input", "until"]), &json!(["input", "groupBy"])]);
    }

    async fn a_late_row_changes_a_day_long_past(house: House) {
        let kela = house.kela();
        let day = question("2025-06-21", "2025-06-22", "DAY", &[]);
        let month = question("2025-06-01", "2025-07-01", "MONTH", &[]);
        let (day_before, month_before) = (house.total(&kela, day.clone()).await, house.total(&kela, month.clone()).await);
        let late = with(report("late"), json!({ "occurredAt": "2025-06-21T10:00:00Z" }));
        house.recorded(&kela, std::slice::from_ref(&late)).await;
        let one_more = |(count, subjects): (Option<i64>, Option<i64>)| (count.map(|count| count + 1), subjects.map(|count| count + 1));
        assert_eq!(house.total(&kela, day.clone()).await, one_more(day_before));
        assert_eq!(house.total(&kela, month.clone()).await, one_more(month_before));
        house.recorded(&kela, std::slice::from_ref(&late)).await;
        assert_eq!(house.total(&kela, day.clone()).await, one_more(day_before), "a repeat counts nothing");
        let moved = json!({ "occurredAt": "2025-07-21T10:00:00Z", "corrects": "late" });
        house.recorded(&kela, &[with(report("moved"), moved)]).await;
        assert_eq!((house.total(&kela, day).await, house.total(&kela, month).await), (day_before, month_before));
    }

    async fn counts_are_given_again_until_something_is_recorded_that_counts_in_them(house: House) {
        let kela = house.kela();
        let march = question("2026-03-01", "2026-04-01", "MONTH", &["RECIPIENT"]);
        let given = |message: &str, day: &str| with(report(message), json!({ "occurredAt": format!("{day}T10:00:00Z") }));
        house.recorded(&kela, &[given("in March", "2026-03-30")]).await;
        let counted = house.counted(&kela, &march, 100).await;
        // Only who reads the tallies can tell.
        house.hold_something_else().await;
        assert_eq!(house.counted(&kela, &march, 100).await, counted, "the log stands as it did");
        house.recorded(&kela, &[given("in April", "2026-04-01")]).await;
        assert_eq!(house.counted(&kela, &march, 100).await, counted, "nothing of March was recorded");
        house.recorded(&kela, &[given("late", "2026-03-31")]).await;
        let read = house.counted(&kela, &march, 100).await;
        assert_ne!(read, counted, "something of March was recorded");
        house.recorded(&kela, &[with(given("corrected", "2026-04-01"), json!({ "corrects": "late" }))]).await;
        let corrected = house.counted(&kela, &march, 100).await;
        assert_ne!(corrected, read, "something of March was corrected");
        let house = house.reopened().await;
        assert_eq!(house.counted(&kela, &march, 100).await, corrected);
    }

    async fn a_statistician_sees_closed_days_rounded_and_no_small_number(house: House) {
        let (kela, statistician) = (house.kela(), house.token(THL, Role::Statistician));
        let today = helsinki_day(house.app.gateway.clock.now());
        let now = house.app.gateway.clock.now().to_rfc3339();
        let six: Vec<Value> = (0..6).map(|at| with(report(&format!("today {at}")), json!({ "occurredAt": now }))).collect();
        let tomorrow = today.succ_opt().unwrap().to_string();
        let open = question("2026-11-01", &tomorrow, "TOTAL", &["CHANNEL"]);
        let before = house.counted(&statistician, &open, 100).await;
        house.recorded(&kela, &six).await;
        assert_eq!(house.counted(&statistician, &open, 100).await, before, "today is not closed");
        let page = house.page(&statistician, &open, 1, &Value::Null).await;
        assert_eq!(instant(&page["coveredUntil"]), helsinki_midnight(today));

        let log = house.log().await;
        let closed = question("2025-05-01", "2026-11-01", "MONTH", &["RECIPIENT", "PURPOSE"]);
        let (recount, shown) = (log.recount(&closed, |_| true), house.counted(&statistician, &closed, 100).await);
        assert_eq!(shown.len(), recount.len());
        let (mut suppressed, mut sum, mut exact_sum) = (0, 0, 0);
        for (key, (count, subjects)) in shown {
            let (exact, exact_subjects) = recount[&key];
            exact_sum += exact;
            match (count, subjects) {
                (Some(count), Some(subjects)) => {
                    assert!(count % 5 == 0 && subjects % 5 == 0 && count >= 5 && subjects >= 5);
                    // There are no more cells than disclosures, and each is less than five off.
                    assert!((count - exact).abs() < 5 * exact && (subjects - exact_subjects).abs() < 5 * exact, "{key:?}");
                    sum += count;
                }
                other => {
                    assert_eq!(other, (None, None));
                    assert!(exact <= 4 * exact, "{key:?}");
                    suppressed += 1;
                }
            }
        }
        assert!(suppressed > 0);
        // Right on the average: a cell is off by at most six twenty-fifths of five squared, so this is never chance.
        let (off, cells) = (sum - exact_sum, exact_sum);
        assert!(off * off < 6 * cells * 64, "{sum} for {exact_sum}");
    }

    async fn whatever_a_statistician_asks_any_cell_may_hold_something_else(house: House) {
        let statistician = house.token(THL, Role::Statistician);
        house.recorded(&house.kela(), &[
            with(report("many"), json!({ "occurredAt": "2026-03-30T10:00:00Z", "subject": { "count": 7 } })),
            with(report("many more"), json!({ "occurredAt": "2026-03-30T11:00:00Z", "subject": { "count": 12 } })),
        ]).await;
        let mut questions = vec![];
        for (from, until) in [("2025-05-01", "2026-11-01"), ("2025-07-17", "2026-03-09"), ("2026-03-01", "2026-04-01")] {
            for (interval, group_by) in [("TOTAL", vec![]), ("MONTH", vec!["RECIPIENT"]), ("DAY", vec!["OUTCOME"]), ("YEAR", vec!["ITEM", "PURPOSE"])] {
                questions.push(question(from, until, interval, &group_by));
                let narrowed = json!({ "filter": { "channels": ["VIEWING_CONNECTION"], "items": ["KEL.DECISION"] } });
                questions.push(with(question(from, until, interval, &group_by), narrowed));
            }
        }
        let mut shown = Vec::new();
        for asked in &questions {
            shown.push(house.counted(&statistician, asked, 100).await);
        }
        house.hold_something_else().await;
        // Another process, which has read nothing before.
        let house = house.reopened().await;
        for (asked, shown) in questions.iter().zip(shown) {
            assert_eq!(house.counted(&statistician, asked, 100).await, shown, "{asked}");
        }
    }

    async fn counting_the_log_anew_finds_what_is_tallied_and_what_is_not(house: House) {
        house.recorded(&house.kela(), &[
            report("first"),
            with(report("second"), json!({ "corrects": "first", "occurredAt": "2026-01-31T22:30:00Z", "subject": { "count": 9 } })),
            with(report("third"), json!({ "corrects": "second", "outcome": "EMPTY" })),
            with(report("fourth"), json!({ "outcome": "DENIED" })),
        ]).await;
        let whole = house.recount(1_000_000).await;
        assert_eq!((whole.rows, whole.differing), (house.rows().await.len() as u64, 0), "{:?}", whole.named);
        assert!(whole.cells > 100);
        assert_eq!(house.recount(50).await, whole, "in shares");

        let db = house.app.gateway.database.write();
        let cells = tally::Entity::find().order_by_asc(tally::Column::Id).all(db).await.unwrap();
        let [more, other, gone] = [&cells[0], &cells[1], cells.iter().rev().find(|cell| cell.disclosures > 0).unwrap()];
        let change = |id, column, value: Expr| {
            tally::Entity::update_many().col_expr(column, value).filter(tally::Column::Id.eq(id))
        };
        change(more.id, tally::Column::SubjectCount, Expr::value(more.subject_count + 1)).exec(db).await.unwrap();
        change(other.id, tally::Column::PeriodOn, Expr::value(other.period_on + TimeDelta::days(1))).exec(db).await.unwrap();
        tally::Entity::delete_by_id(gone.id).exec(db).await.unwrap();
        for cells_max in [1_000_000, 50] {
            let found = house.recount(cells_max).await;
            let mut named: Vec<_> = found.named.iter().map(|difference| difference.id).collect();
            named.sort_unstable();
            assert_eq!((found.differing, named), (3, vec![more.id, other.id, gone.id]), "{cells_max}");
        }
    }

    async fn agreements_that_are_not_public_are_counted_together_for_a_statistician(house: House) {
        // SOT-2026-003 is restricted and under negotiation; what was given anyway is recorded under it.
        let secret = |at: usize| with(report(&format!("restricted {at}")), json!({
            "recipient": "9900005-0", "register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "ENFORCEMENT",
            "subject": { "businessId": "9900010-6" }, "agreement": "SOT-2026-003", "mandates": null,
        }));
        let reports: Vec<Value> = (0..7).map(secret).collect();
        let rows = house.recorded(&house.token(LVV, Role::System), &reports).await;
        assert_eq!(rows[0]["coverage"], "UNCOVERED");
        let statistician = house.token(THL, Role::Statistician);
        let question = question("2026-11-01", "2026-11-10", "TOTAL", &["AGREEMENT", "RECIPIENT"]);
        let shown = house.counted(&statistician, &question, 100).await;
        assert!(shown.iter().all(|((_, keys), _)| !keys.contains(&Some("SOT-2026-003".to_owned())) && !keys.contains(&Some("9900005-0".to_owned()))), "{shown:?}");
        let pooled: Vec<_> = shown.iter().filter(|((_, keys), _)| keys == &[None, None]).collect();
        // Seven is rounded either way.
        let either = [5, 10].map(|shown| vec![(Some(shown), Some(shown))]);
        assert!(either.contains(&pooled.iter().map(|row| row.1).collect()), "{pooled:?}");
        assert_eq!(house.counted(&statistician, &question, 1).await, shown, "page by page");
        let named = with(question.clone(), json!({ "filter": { "recipients": ["9900005-0"] } }));
        assert_eq!(house.counted(&statistician, &named, 100).await, []);
        let authority = house.counted(&house.token(OMBUDSMAN, Role::Auditor), &named, 100).await;
        assert_eq!(authority[0].0.1, [Some("SOT-2026-003".to_owned()), Some("9900005-0".to_owned())]);
    }

    async fn nothing_but_channel_and_outcome_is_told_of_agreements_that_are_not_public(house: House) {
        let secret = |at: usize| with(report(&format!("secret {at}")), json!({
            "recipient": "9900005-0", "register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "ENFORCEMENT", "channel": "OTHER",
            "subject": { "businessId": "9900010-6" }, "agreement": "SOT-2026-003", "mandates": null,
        }));
        let statistician = house.token(THL, Role::Statistician);
        let days = |group_by: &[&str], filter: Value| with(question("2026-11-02", "2026-11-03", "DAY", group_by), json!({ "filter": filter }));
        let other = json!({ "channels": ["OTHER"] });
        assert_eq!(house.counted(&statistician, &days(&["CHANNEL"], other.clone()), 100).await, []);
        let reports: Vec<Value> = (0..7).map(secret).collect();
        house.recorded(&house.token(LVV, Role::System), &reports).await;

        let shown = house.counted(&statistician, &days(&["CHANNEL"], other.clone()), 100).await[0].1;
        assert!(shown == (Some(5), Some(5)) || shown == (Some(10), Some(10)), "{shown:?}");
        let pooled = |value: Option<&str>| vec![(("2026-11-02".to_owned(), vec![value.map(str::to_owned)]), shown)];
        for dimension in ["DISCLOSER", "RECIPIENT", "RECIPIENT_KIND", "REGISTER", "AGREEMENT", "ITEM", "LEGAL_BASIS", "PURPOSE"] {
            let counted = house.counted(&statistician, &days(&[dimension], other.clone()), 100).await;
            assert_eq!(counted, pooled(None), "{dimension}");
        }
        for (dimension, value) in [("CHANNEL", "OTHER"), ("OUTCOME", "DELIVERED")] {
            let counted = house.counted(&statistician, &days(&[dimension], other.clone()), 100).await;
            assert_eq!(counted, pooled(Some(value)), "{dimension}");
        }
        let kinds = OrganisationKind::ALL.iter().map(|(_, code, _)| *code).collect::<Vec<_>>();
        let narrowed = json!({ "disclosers": [LVV], "recipients": ["9900005-0"], "recipientKinds": kinds, "registers": ["SOTERI"],
            "items": ["SOT.UNIT"], "purposes": ["ENFORCEMENT"] });
        for (condition, values) in narrowed.as_object().unwrap() {
            let filter = with(other.clone(), json!({ condition.clone(): values }));
            assert_eq!(house.counted(&statistician, &days(&[], filter.clone()), 100).await, [], "{condition}");
            let authority = house.token(OMBUDSMAN, Role::Auditor);
            assert_eq!(house.counted(&authority, &days(&[], filter), 100).await[0].1, (Some(7), Some(7)), "{condition}");
        }
    }

    async fn nothing_counted_is_no_row(house: House) {
        for token in [house.kela(), house.token(OMBUDSMAN, Role::Auditor), house.token(THL, Role::Statistician)] {
            for interval in ["DAY", "MONTH", "YEAR", "TOTAL"] {
                for filter in [json!({}), json!({ "items": ["KEL.DECISION"], "channels": ["OTHER"] })] {
                    let empty = with(question("1990-01-01", "1991-01-01", interval, &[]), json!({ "filter": filter }));
                    assert_eq!(house.counted(&token, &empty, 10).await, [], "{empty}");
                }
            }
        }
    }

    async fn cursor_of_another_question_is_refused(house: House) {
        let authority = house.token(OMBUDSMAN, Role::Auditor);
        let asked = |interval: &str, group_by: &[&str]| question("2025-05-01", "2026-11-01", interval, group_by);
        let page = house.page(&authority, &asked("MONTH", &["RECIPIENT"]), 1, &Value::Null).await;
        let cursor = page["pageInfo"]["endCursor"].clone();
        for other in [asked("MONTH", &["PURPOSE", "CHANNEL"]), asked("MONTH", &["PURPOSE"]), asked("YEAR", &["RECIPIENT"]), asked("TOTAL", &["RECIPIENT"])] {
            let answer = house.ask(&authority, STATISTICS, json!({ "input": other, "after": cursor })).await;
            assert_eq!(codes(&answer), ["INVALID_INPUT"], "{other}");
            let fault = &answer["errors"][0]["extensions"]["faults"][0];
            assert_eq!((&fault["path"], &fault["message"]), (&json!(["after"]), &json!("is no cursor of this list")));
        }
    }

    async fn every_fault_of_a_question_is_named_at_once(house: House) {
        let wrong = json!({
            "from": "2026-02-30", "until": "0000-01-01", "groupBy": ["ITEM", "ITEM", "CHANNEL", "OUTCOME"],
            "filter": { "disclosers": ["0246246-1"], "recipients": ["2222222-9"], "registers": ["NO"], "agreements": ["NO"],
                "items": ["KEL.NOPE", "kel", "KEL.DECISION"], "legalBases": ["zz", "1/2020 1 §"], "purposes": ["NO"] },
        });
        let answer = house.ask(&house.kela(), STATISTICS, json!({ "input": wrong })).await;
        assert_eq!(faults_of(&answer), [
            "MALFORMED input.filter.disclosers.0", "MALFORMED input.filter.items.1", "MALFORMED input.filter.legalBases.0",
            "MALFORMED input.from", "MALFORMED input.groupBy", "MALFORMED input.until", "NOT_FOUND input.filter.agreements.0",
            "NOT_FOUND input.filter.items.0", "NOT_FOUND input.filter.legalBases.1", "NOT_FOUND input.filter.purposes.0",
            "NOT_FOUND input.filter.recipients.0", "NOT_FOUND input.filter.registers.0", "TOO_LONG input.groupBy",
        ]);
    }

    async fn pages_join_to_the_whole_and_say_until_when_they_count(house: House) {
        let authority = house.token(OMBUDSMAN, Role::Auditor);
        let input = question("2025-05-01", "2026-11-01", "MONTH", &["RECIPIENT", "CHANNEL"]);
        let whole = house.counted(&authority, &input, 100).await;
        assert!(whole.len() > 60);
        assert_eq!(house.counted(&authority, &input, 7).await, whole);
        let page = house.page(&authority, &input, 1, &Value::Null).await;
        assert_eq!(instant(&page["coveredUntil"]), helsinki_midnight("2026-11-01".parse().unwrap()));
        let open = question("2025-05-01", "2999-01-01", "TOTAL", &[]);
        // Whoever recorded it, what is told as covered is counted, and so is everything before it.
        let reported = [report("elsewhere")];
        let recorded = if house.app.gateway.database.is_sqlite() {
            house.recorded(&house.kela(), &reported).await
        } else {
            house.beside().await.recorded(&house.kela(), &reported).await
        };
        let page = house.page(&authority, &open, 1, &Value::Null).await;
        assert_eq!(instant(&page["coveredUntil"]), instant(&recorded[0]["recordedAt"]));
    }
}

fn instant(text: &Value) -> Instant {
    text.as_str().unwrap().parse().unwrap()
}
