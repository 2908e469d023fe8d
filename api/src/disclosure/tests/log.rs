use std::collections::BTreeMap;

use entity::{
    disclosure, log_tile, log_tree, tally,
    vocabulary::{Coverage, DisclosureGround, OnwardRecipientKind, Verdict},
};
use sea_orm::{EntityTrait, QueryOrder};

use super::*;
use crate::{
    Fault, FaultCode,
    auth::policy::Rows,
    disclosure::{
        OnPartial, Recorded,
        list::{self, Excerpt, Filter, Order},
        row::{self, Names, disclosure_id},
        shown,
        tally::month_of,
    },
    facts::global_id,
    journal::leaf::{EntryKind, canonical, commitments, leaf_hash},
    statistics::{
        Asked, Interval, Sight, Sources, Statistics, StatisticsFilter, StatisticsQuestion, StatisticsRow, statistics,
    },
};

fn conflicts(error: Error) -> Vec<String> {
    match error {
        Error::Invalid(faults) => faults
            .into_iter()
            .filter(|fault| fault.code == FaultCode::Conflict)
            .map(|fault| fault.path.join("."))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn told(faults: &[Fault]) -> Vec<(String, FaultCode)> {
    faults.iter().map(|fault| (fault.path.join("."), fault.code)).collect()
}

async fn rows(log: &Log) -> Result<Vec<disclosure::Model>, Error> {
    Ok(disclosure::Entity::find().order_by_asc(disclosure::Column::LeafIndex).all(log.database.read()).await?)
}

#[tokio::test]
async fn a_repeated_message_records_once() -> Result<(), Error> {
    let log = Log::open().await?;
    let first = log.recorder.record(KELA, vec![draft("a"), draft("b")]).await?;
    let again = log.recorder.record(KELA, vec![draft("b"), draft("c")]).await?;
    assert_eq!(first.iter().map(|row| row.repeated).collect::<Vec<_>>(), [false, false]);
    assert_eq!(again.iter().map(|row| row.repeated).collect::<Vec<_>>(), [true, false]);
    assert_eq!(again[0].row, first[1].row);
    assert_eq!((&again[0].items, &again[0].bases), (&first[1].items, &first[1].bases));
    assert_eq!(rows(&log).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn the_file_stands_whole_when_recorder_and_database_are_closed() -> Result<(), Error> {
    let log = Log::open().await?;
    log.recorder.record(KELA, vec![draft("a")]).await?;
    let Log { recorder, ended, database, directory, .. } = log;
    drop(recorder);
    ended.await.map_err(|_| Error::internal("the recorder ended early"))?;
    database.close().await;
    let files: Vec<_> =
        std::fs::read_dir(directory.path()).map_err(|error| Error::internal(error.to_string()))?.collect();
    assert!(!files.iter().flatten().any(|file| file.file_name().to_string_lossy().ends_with("-wal")), "{files:?}");
    Ok(())
}

#[tokio::test]
async fn the_same_content_written_otherwise_is_the_same() -> Result<(), Error> {
    let log = Log::open().await?;
    log.recorder.record(KELA, vec![draft("a")]).await?;
    let mut same = draft("a");
    same.items.reverse();
    same.occurred_at = "2026-03-02T08:00:00.000000Z".to_owned();
    same.subject = person(&CODE.to_lowercase());
    assert!(log.recorder.record(KELA, vec![same]).await?[0].repeated);
    Ok(())
}

#[tokio::test]
async fn one_conflict_stops_the_whole_call_and_no_other() -> Result<(), Error> {
    let log = Log::open().await?;
    log.recorder.record(KELA, vec![draft("a")]).await?;
    let other = DisclosureDraft { subject: person(OTHER_CODE), ..draft("a") };
    let (stopped, written) =
        tokio::join!(log.recorder.record(KELA, vec![draft("b"), other]), log.recorder.record(KELA, vec![draft("c")]),);
    assert_eq!(conflicts(stopped.unwrap_err()), ["disclosures.1.messageId"]);
    assert!(!written?[0].repeated);
    let messages: Vec<String> = rows(&log).await?.into_iter().map(|row| row.message_id).collect();
    assert_eq!(messages, ["a", "c"]);
    Ok(())
}

#[tokio::test]
async fn the_same_message_twice_in_a_call_is_one_row() -> Result<(), Error> {
    let log = Log::open().await?;
    let both = log.recorder.record(KELA, vec![draft("a"), draft("a")]).await?;
    assert_eq!((both[0].repeated, both[1].repeated), (false, true));
    assert_eq!(both[0].row.id, both[1].row.id);
    let other = DisclosureDraft { part: 0, case_reference: None, ..draft("b") };
    let error = log.recorder.record(KELA, vec![draft("b"), other]).await.unwrap_err();
    assert_eq!(conflicts(error), ["disclosures.1.messageId"]);
    assert_eq!(rows(&log).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn uncovered_disclosure_is_recorded_and_flagged() -> Result<(), Error> {
    let log = Log::open().await?;
    let consent =
        DisclosureDraft { ground: DisclosureGround::Consent, consent_reference: Some("S-1".to_owned()), ..draft("b") };
    let rows = log.recorder.record(KELA, vec![draft("a"), consent]).await?;
    assert_eq!(rows[0].row.coverage, Coverage::Uncovered);
    assert!(rows[0].row.reasons.contains("AGREEMENT_NOT_IN_FORCE"), "{}", rows[0].row.reasons);
    assert_eq!((rows[1].row.coverage, rows[1].row.reasons.as_str()), (Coverage::NotRequired, ""));
    Ok(())
}

#[tokio::test]
async fn row_and_leaf_can_be_made_again_from_what_is_stored() -> Result<(), Error> {
    let log = Log::open().await?;
    log.recorder.record(KELA, vec![draft("a"), draft("b")]).await?;
    log.recorder.record(KELA, vec![draft("c")]).await?;
    let facts = log.journal.facts();
    let tile = log_tile::Entity::find().one(log.database.read()).await?.unwrap();
    let txn = log.database.read().begin().await?;
    let (filter, order, now) = (&Filter::default(), Order::OldestFirst, log.clock.now());
    let page = list::page(&txn, log.recorder.sets(), Excerpt { filter, order, after: None, first: 10, now }).await?;
    txn.commit().await?;
    assert_eq!(page.rows.len(), 3);
    for (at, recorded) in page.rows.iter().enumerate() {
        let Recorded { row, items, bases, .. } = recorded;
        let names = Names::of(&facts, row, items, bases);
        let (subject, restricted) = row::parts(row, &names);
        let salt: [u8; 32] = row.salt.clone().unwrap().try_into().unwrap();
        let committed = commitments(
            &salt,
            &canonical(&serde_json::to_value(subject)?)?,
            &canonical(&serde_json::to_value(restricted)?)?,
        );
        assert_eq!(committed.subject.as_slice(), row.subject_commitment);
        assert_eq!(committed.restricted.as_slice(), row.restricted_commitment);
        // The change of the fixture is the first leaf.
        assert_eq!(row.leaf_index, i64::try_from(at).unwrap() + 1);
        let from = (at + 1) * 32;
        assert_eq!(tile.hashes[from..from + 32], leaf_hash(EntryKind::Disclosure, &committed));
    }
    let tree = log_tree::Entity::find().one(log.database.read()).await?.unwrap();
    assert_eq!((tree.size, tree.recorded_at), (4, page.rows[2].row.recorded_at));
    Ok(())
}

#[tokio::test]
async fn ids_instants_and_positions_rise_together() -> Result<(), Error> {
    let log = Log::open().await?;
    for call in 0..3 {
        let drafts = (0..50).map(|at| draft(&format!("{call}/{at}"))).collect();
        log.recorder.record(KELA, drafts).await?;
    }
    let rows = rows(&log).await?;
    assert_eq!(rows.len(), 150);
    for pair in rows.windows(2) {
        assert!(pair[0].id < pair[1].id && pair[0].recorded_at < pair[1].recorded_at);
        assert_eq!(pair[0].leaf_index + 1, pair[1].leaf_index);
    }
    Ok(())
}

#[tokio::test]
async fn personal_identity_code_stands_nowhere_in_the_database() -> Result<(), Error> {
    let log = Log::open().await?;
    log.recorder.record(KELA, vec![draft("a")]).await?;
    for file in std::fs::read_dir(log.directory.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(CODE), "{}", path.display());
    }
    Ok(())
}

#[tokio::test]
async fn correction_moves_the_counts_and_is_made_once() -> Result<(), Error> {
    let log = Log::open().await?;
    let counted = DisclosureDraft { subject: SubjectDraft::Count(10), ..draft("a") };
    log.recorder.record(KELA, vec![counted]).await?;
    let mut correction = DisclosureDraft { subject: SubjectDraft::Count(3), ..draft("b") };
    correction.corrects = Some("a".to_owned());
    correction.occurred_at = "2026-04-02T10:00:00Z".to_owned();
    log.later(TimeDelta::days(3_650));
    let corrected = log.recorder.record(KELA, vec![correction.clone()]).await?;
    assert_eq!(corrected[0].row.corrects_id, Some(rows(&log).await?[0].id));
    let again = DisclosureDraft { message_id: "c".to_owned(), ..correction.clone() };
    assert_eq!(
        conflicts(log.recorder.record(KELA, vec![again.clone()]).await.unwrap_err()),
        ["disclosures.0.corrects"]
    );
    let next = DisclosureDraft { corrects: Some("b".to_owned()), ..again };
    log.recorder.record(KELA, vec![next]).await?;
    let mut cells: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    for cell in tally::Entity::find().all(log.database.read()).await? {
        let sum = cells.entry(month_of(cell.period_on)).or_default();
        sum.0 += cell.disclosures;
        sum.1 += cell.subject_count;
    }
    // A day's and a month's cell each.
    assert_eq!(cells.into_values().collect::<Vec<_>>(), [(0, 0), (2, 6)]);
    Ok(())
}

#[tokio::test]
async fn row_of_the_same_call_can_be_corrected() -> Result<(), Error> {
    let log = Log::open().await?;
    let correction = DisclosureDraft { corrects: Some("a".to_owned()), ..draft("b") };
    let rows = log.recorder.record(KELA, vec![draft("a"), correction.clone()]).await?;
    assert_eq!(rows[1].row.corrects_id, Some(rows[0].row.id));
    let unknown = DisclosureDraft { corrects: Some("x".to_owned()), ..draft("c") };
    let Err(Error::Invalid(faults)) = log.recorder.record(KELA, vec![unknown]).await else { panic!("taken in") };
    assert_eq!(told(&faults), [("disclosures.0.corrects".to_owned(), FaultCode::NotFound)]);
    let others = DisclosureDraft {
        corrects: Some(format!("disclosure:{}", rows[1].row.id.0)),
        recipient: Some("0246246-0".to_owned()),
        onward_to: Some(OnwardRecipientKind::AppealBody),
        ..draft("d")
    };
    let Err(Error::Invalid(faults)) = log.recorder.record(PIRKANMAA, vec![others]).await else { panic!("taken in") };
    assert_eq!(told(&faults), [("disclosures.0.corrects".to_owned(), FaultCode::NotFound)]);
    Ok(())
}

#[tokio::test]
async fn authorisation_answers_as_the_first_for_a_minute() -> Result<(), Error> {
    let log = Log::open().await?;
    let ask =
        |log: &Log| DisclosureDraft { occurred_at: entity::vocabulary::instant_text(log.clock.now()), ..draft("a") };
    let first = log.recorder.authorise(KELA, ask(&log), OnPartial::Deny).await?;
    assert_eq!(first.decision.verdict, Verdict::Denied);
    assert_eq!(first.recorded.row.outcome, DisclosureOutcome::Denied);
    assert!(!first.recorded.row.reasons.is_empty());
    log.later(TimeDelta::seconds(50));
    let again = log.recorder.authorise(KELA, ask(&log), OnPartial::Deny).await?;
    assert!(again.recorded.repeated);
    assert_eq!(again.recorded.row, first.recorded.row);
    log.later(TimeDelta::seconds(11));
    let late = log.recorder.authorise(KELA, ask(&log), OnPartial::Deny).await.unwrap_err();
    assert_eq!(conflicts(late), ["disclosure.messageId"]);
    let reported = log.recorder.record(KELA, vec![draft("a")]).await.unwrap_err();
    assert_eq!(conflicts(reported), ["disclosures.0.messageId"]);
    Ok(())
}

#[tokio::test]
async fn what_is_only_validated_is_not_written() -> Result<(), Error> {
    let log = Log::open().await?;
    let judged = log.recorder.validate(KELA, vec![draft("a")]).await?;
    assert_eq!(judged[0].coverage, Coverage::Uncovered);
    assert!(rows(&log).await?.is_empty());
    log.recorder.record(KELA, vec![draft("a")]).await?;
    let other = DisclosureDraft { case_reference: None, ..draft("a") };
    assert_eq!(conflicts(log.recorder.validate(KELA, vec![other]).await.unwrap_err()), ["disclosures.0.messageId"]);
    Ok(())
}

#[tokio::test]
async fn full_queue_tells_to_come_again() -> Result<(), Error> {
    let log = Log::limited(RecordLimits { queue_rows_max: 1, batch_rows_max: 1 }).await?;
    let larger = log.recorder.record(KELA, vec![draft("a"), draft("b")]).await.unwrap_err();
    assert!(matches!(larger, Error::LimitExceeded { allowed: 1, .. }), "{larger:?}");
    let (taken, refused) =
        tokio::join!(log.recorder.record(KELA, vec![draft("a")]), log.recorder.record(KELA, vec![draft("b")]));
    assert!(taken.is_ok());
    assert!(matches!(refused, Err(Error::Unavailable(_))));
    assert!(log.recorder.record(KELA, vec![draft("b")]).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn call_holds_from_one_to_a_thousand_rows() -> Result<(), Error> {
    let log = Log::open().await?;
    for (drafts, code) in [(Vec::new(), FaultCode::Blank), (vec![draft("a"); 1_001], FaultCode::TooLong)] {
        let Err(Error::Invalid(faults)) = log.recorder.record(KELA, drafts).await else { panic!("taken in") };
        assert_eq!((faults[0].code, faults[0].path.as_slice()), (code, ["disclosures".to_owned()].as_slice()));
    }
    let thousand = (0..1_000).map(|at| draft(&at.to_string())).collect();
    assert_eq!(log.recorder.record(KELA, thousand).await?.len(), 1_000);
    Ok(())
}

#[tokio::test]
async fn list_goes_on_where_it_stopped() -> Result<(), Error> {
    let log = Log::open().await?;
    let drafts = (0..5).map(|at| draft(&at.to_string())).collect();
    log.recorder.record(KELA, drafts).await?;
    let read = &log.database.read().begin().await?;
    let (sets, first, now) = (log.recorder.sets(), 3, log.clock.now());
    for filter in &[Filter::default(), Filter { rows: Rows::Of(vec![PIRKANMAA]), ..Filter::default() }] {
        let order = Order::NewestFirst;
        let begin = list::page(read, sets, Excerpt { filter, order, after: None, first, now }).await?;
        let after = begin.rows.last().map(|row| row.row.id);
        let rest = list::page(read, sets, Excerpt { filter, order, after, first, now }).await?;
        assert!(begin.has_next && !rest.has_next);
        let messages: Vec<&str> = begin.rows.iter().chain(&rest.rows).map(|row| row.row.message_id.as_str()).collect();
        assert_eq!(messages, ["4", "3", "2", "1", "0"]);
    }
    let (filter, order) = (&Filter { coverage: Some(Coverage::Covered), ..Filter::default() }, Order::OldestFirst);
    let none = list::page(read, sets, Excerpt { filter, order, after: None, first, now }).await?;
    assert!(none.rows.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_shown() -> Result<(), Error> {
    let log = Log::open().await?;
    log.recorder.record(KELA, vec![draft("a")]).await?;
    let (filter, order, now) = (&Filter::default(), Order::NewestFirst, log.clock.now());
    let asked = Excerpt { filter, order, after: None, first: 1, now };
    let whole = list::page(log.database.read(), log.recorder.sets(), asked).await?.rows.remove(0);
    let of = async |fields: &[&str]| {
        let columns = shown::columns_of(&fields.iter().copied().collect());
        list::shown(log.database.read(), log.recorder.sets(), asked, &columns).await.map(|mut page| page.rows.remove(0))
    };
    let few = of(&["messageId", "items", "unknown"]).await?;
    assert_eq!((few.row.id.get()?, few.row.message_id.get()?), (&whole.row.id, &whole.row.message_id));
    assert_eq!(few.items.get()?.as_ref(), whole.items);
    for missing in [few.row.occurred_at.get().err(), few.bases.get().err(), few.recorded().err()] {
        assert!(matches!(missing, Some(Error::Internal { .. })), "{missing:?}");
    }
    assert_eq!(of(&["replay"]).await?.recorded()?, whole);
    Ok(())
}

#[tokio::test]
async fn statistics_count_what_was_recorded() -> Result<(), Error> {
    let log = Log::open().await?;
    let drafts = (0..7)
        .map(|at| DisclosureDraft {
            occurred_at: format!("2026-0{}-02T10:00:00Z", at % 2 + 2),
            ..draft(&at.to_string())
        })
        .collect();
    log.recorder.record(KELA, drafts).await?;
    let question = StatisticsQuestion {
        from: "2026-01-15".parse().unwrap(),
        until: "2026-03-20".parse().unwrap(),
        interval: Interval::Month,
        group_by: vec![crate::statistics::Dimension::Item, crate::statistics::Dimension::Recipient],
        filter: StatisticsFilter::default(),
    };
    let facts = log.journal.facts();
    let asked = Asked { facts: &facts, question: &question, sight: Sight::Own(KELA), now: log.clock.now() };
    let sources = Sources::default();
    let answer = statistics(&log.database, &sources, asked, None, 3).await?;
    assert!(answer.has_next);
    let counts: Vec<_> = answer.rows.iter().map(|row| (row.position().join(" "), row.disclosures)).collect();
    assert_eq!(
        counts,
        [
            ("2026-02 =KEL.DECISION =3221308-6".to_owned(), Some(4)),
            ("2026-02 =KEL.PENDING =3221308-6".to_owned(), Some(4)),
            ("2026-03 =KEL.DECISION =3221308-6".to_owned(), Some(3)),
        ]
    );
    let after = answer.rows[2].position();
    let rest = statistics(&log.database, &sources, asked, Some(&after), 3).await?;
    assert_eq!((rest.rows.len(), rest.has_next), (1, false));
    let stranger = Asked { sight: Sight::Own(OrganisationId(Uuid::nil())), ..asked };
    assert!(statistics(&log.database, &sources, stranger, None, 3).await?.rows.is_empty());
    Ok(())
}

/// Answers of somebody who keeps what was read, after each of some recordings; each is what a stranger to the log reads.
async fn kept_and_anew(log: &Log, sources: &Sources, question: &StatisticsQuestion) -> Result<Statistics, Error> {
    let facts = log.journal.facts();
    let asked = Asked { facts: &facts, question, sight: Sight::Own(KELA), now: log.clock.now() };
    let mut kept = statistics(&log.database, sources, asked, None, 4).await?;
    assert_eq!(kept, statistics(&log.database, &Sources::default(), asked, None, 4).await?);
    while kept.has_next {
        let after = kept.rows.last().map(StatisticsRow::position);
        let page = statistics(&log.database, sources, asked, after.as_deref(), 3).await?;
        assert_eq!(page, statistics(&log.database, &Sources::default(), asked, after.as_deref(), 3).await?);
        kept = Statistics { rows: [kept.rows, page.rows].concat(), ..page };
    }
    Ok(kept)
}

#[tokio::test]
async fn statistics_kept_are_those_read_anew_whatever_was_recorded_meanwhile() -> Result<(), Error> {
    let log = Log::open().await?;
    let sources = Sources::default();
    let question = StatisticsQuestion {
        from: "2026-01-15".parse().unwrap(),
        until: "2026-03-20".parse().unwrap(),
        interval: Interval::Month,
        group_by: vec![crate::statistics::Dimension::Item],
        filter: StatisticsFilter::default(),
    };
    let on = |day: &str, message: &str| DisclosureDraft { occurred_at: format!("{day}T10:00:00Z"), ..draft(message) };
    let mut totals = Vec::new();
    let total = |answer: &Statistics| answer.rows.iter().filter_map(|row| row.disclosures).sum::<i64>();
    totals.push(total(&kept_and_anew(&log, &sources, &question).await?));
    let first = log.recorder.record(KELA, vec![on("2026-02-02", "a"), on("2026-02-03", "b")]).await?;
    totals.push(total(&kept_and_anew(&log, &sources, &question).await?));
    // Not on the days asked about.
    log.recorder.record(KELA, vec![on("2026-01-02", "c")]).await?;
    totals.push(total(&kept_and_anew(&log, &sources, &question).await?));
    log.recorder.record(KELA, vec![on("2026-01-03", "d"), on("2026-02-28", "e")]).await?;
    totals.push(total(&kept_and_anew(&log, &sources, &question).await?));
    // A correction that was given on another day takes the corrected out of its month.
    let corrects = Some(global_id(first[0].row.id));
    log.recorder.record(KELA, vec![DisclosureDraft { corrects, ..on("2026-01-04", "f") }]).await?;
    totals.push(total(&kept_and_anew(&log, &sources, &question).await?));
    let many = (0..1_000).map(|at| on("2026-01-05", &format!("g{at}"))).collect();
    log.recorder.record(KELA, many).await?;
    log.recorder.record(KELA, vec![on("2026-03-01", "h")]).await?;
    totals.push(total(&kept_and_anew(&log, &sources, &question).await?));
    assert_eq!(totals, [0, 4, 4, 6, 4, 6], "each row counts under both of its items");
    Ok(())
}

#[test]
fn id_is_of_version_7_and_shows_its_microsecond() {
    let id = disclosure_id(instant("2026-03-02T08:00:00.123456Z"), [0xff; 8]).0;
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    let later = disclosure_id(instant("2026-03-02T08:00:00.123457Z"), [0; 8]).0;
    assert!(id < later);
    let held = |id: uuid::Uuid| row::recorded_at(id.into());
    assert_eq!(held(id), Some(instant("2026-03-02T08:00:00.123456Z")));
    assert_eq!(held(later), Some(instant("2026-03-02T08:00:00.123457Z")));
    for nobody in [Uuid::nil(), Uuid::max(), Uuid::from_u128(0x0198_0000_0000_4000_8000_0000_0000_0000)] {
        assert_eq!(held(nobody), None, "no row has such an id");
    }
}
