//! Disclosures as a discloser reports them, and what the log holds afterwards.

use std::sync::Arc;

use api::{
    app::App,
    auth::Role,
    disclosure::{interned, row, tally::Deltas},
    facts::Facts,
    journal::{
        self,
        leaf::{Commitments, EntryKind, canonical, commitments, leaf_hash},
    },
};
use entity::{change, change_row, disclosure, dropped_month, log_tile, log_tree, tally};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::house::{House, KELA, PIRKANMAA};

pub const RECORD: &str = "mutation Record($input: RecordDisclosuresInput!) { recordDisclosures(input: $input) {
    disclosures { id messageId part recordedAt leafIndex coverage outcome reasons decidedSeq subjectKind subjectCount
        subjectPseudonym subjectBusinessId correctsId onwardTo agreement { number } }
    judgements { coverage outcome reasons }
    userErrors { code message path } } }";

pub const AUTHORISE: &str =
    "mutation Authorise($input: AuthoriseDisclosureInput!) { authoriseDisclosure(input: $input) {
    decision { verdict permittedItems reasons { code } }
    disclosure { id leafIndex outcome coverage items reasons agreement { number } }
    repeated userErrors { code message path } } }";

/// Person of the published list of fictitious test identities.
pub const PERSON: &str = "010594Y9032";

/// Report that KEL-2023-014 covers: Kela gave Pirkanmaa a decision on a person's benefit.
pub fn report(message_id: &str) -> Value {
    json!({
        "messageId": message_id, "recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION"],
        "purpose": "SOCIAL_ASSISTANCE", "channel": "TECHNICAL_INTERFACE", "occurredAt": "2026-11-02T08:00:00Z",
        "subject": { "personalIdentityCode": PERSON }, "caseReference": "PIRHA/SOS/9", "endUser": "pirha-user-1",
        "clientSystem": "pirha-asiakastieto", "mandates": ["M1"],
    })
}

/// The report with other members; null takes one away.
pub fn with(mut report: Value, others: Value) -> Value {
    let (Value::Object(members), Value::Object(others)) = (&mut report, others) else { panic!("not objects") };
    for (name, value) in others {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    report
}

impl House {
    /// Token of Kela's system, which discloses.
    pub fn kela(&self) -> String {
        self.token(KELA, Role::System)
    }

    /// What recordDisclosures answers.
    pub async fn record(&self, token: &str, reports: &[Value]) -> Value {
        let data = self.data(token, RECORD, json!({ "input": { "disclosures": reports } })).await;
        data["recordDisclosures"].clone()
    }

    /// Rows of a call that must be accepted.
    pub async fn recorded(&self, token: &str, reports: &[Value]) -> Vec<Value> {
        let payload = self.record(token, reports).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        payload["disclosures"].as_array().unwrap().clone()
    }

    /// What authoriseDisclosure answers.
    pub async fn authorise(&self, token: &str, input: Value) -> Value {
        self.data(token, AUTHORISE, json!({ "input": input })).await["authoriseDisclosure"].clone()
    }

    /// Number of entries in the log.
    pub async fn log_size(&self) -> i64 {
        log_size(&self.app).await
    }

    /// Last change of the journal.
    pub async fn last_change(&self) -> change::Model {
        let last = change::Entity::find().order_by_desc(change::Column::Seq);
        last.one(self.app.gateway.database.primary()).await.unwrap().unwrap()
    }

    /// Every cell of the statistics.
    pub async fn tallies(&self) -> Vec<tally::Model> {
        let cells = tally::Entity::find().order_by_asc(tally::Column::Id);
        cells.all(self.app.gateway.database.primary()).await.unwrap()
    }

    /// Every row of the log, in its order.
    pub async fn rows(&self) -> Vec<disclosure::Model> {
        rows(&self.app).await
    }
}

/// Codes of user errors, each with its path joined by dots.
pub fn faults(payload: &Value) -> Vec<(String, String)> {
    let said = |fault: &Value| {
        let path = fault["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap());
        (fault["code"].as_str().unwrap().to_owned(), path.collect::<Vec<_>>().join("."))
    };
    payload["userErrors"].as_array().unwrap().iter().map(said).collect()
}

pub async fn log_size(app: &App) -> i64 {
    log_tree::Entity::find().one(app.gateway.database.primary()).await.unwrap().unwrap().size
}

pub async fn rows(app: &App) -> Vec<disclosure::Model> {
    let find = disclosure::Entity::find().order_by_asc(disclosure::Column::LeafIndex);
    find.all(app.gateway.database.primary()).await.unwrap()
}

/// Checks that the facts are what the journal tells, that every position of the tree is one change or one disclosure,
/// recorded in the order of the positions, and that each stored hash is that of the stored row.
pub async fn assert_whole(app: &App) {
    let database = &app.gateway.database;
    let loaded = Box::new(journal::load(database).await.unwrap());
    let replayed = Box::new(journal::replay(database.primary()).await.unwrap());
    assert_eq!(loaded.seq, replayed.seq);
    assert_eq!(loaded.tables().differing(replayed.tables()), Vec::<&str>::new());
    assert_eq!(journal::differing(database.primary()).await.unwrap().0, Vec::<i64>::new());
    let facts = app.gateway.journal.facts();
    if facts.seq == loaded.seq {
        assert_eq!(facts.tables().differing(loaded.tables()), Vec::<&str>::new());
    }

    let mut entries = changes(app).await;
    let rows = rows(app).await;
    let sets = interned_sets(app).await;
    for row in &rows {
        let set = |id| sets.get(&id).map_or("", String::as_str);
        let (items, bases) = (interned::items(set(row.items_id)), interned::bases(set(row.bases_id)));
        let names = row::Names::of(&loaded, row, &items, &bases);
        let (subject, restricted) = row::parts(row, &names);
        let (subject, restricted) = (serde_json::to_value(subject).unwrap(), serde_json::to_value(restricted).unwrap());
        let stored = stored(&row.subject_commitment, &row.restricted_commitment);
        if let Some(salt) = &row.salt {
            assert_eq!(
                commitments(&hash(salt), &canonical(&subject).unwrap(), &canonical(&restricted).unwrap()),
                stored,
                "{}",
                row.message_id
            );
        }
        entries.push((row.leaf_index, row.recorded_at, leaf_hash(EntryKind::Disclosure, &stored)));
    }
    entries.sort_unstable();
    let mut taken: Vec<i64> = entries.iter().map(|entry| entry.0).collect();
    taken.extend(dropped(&loaded, &taken));
    taken.sort_unstable();
    let size = log_size(app).await;
    assert!(taken.into_iter().eq(0..size), "a position is missing or taken twice");
    assert!(entries.is_sorted_by(|a, b| a.1 < b.1), "an instant does not rise with its position");
    let hashes = leaf_hashes(app).await;
    assert_eq!(i64::try_from(hashes.len()).unwrap(), size);
    for (leaf_index, _, hash) in entries {
        assert_eq!(hashes[usize::try_from(leaf_index).unwrap()], hash, "leaf {leaf_index}");
    }
}

/// Positions of rows that retention runs have dropped: within each month all that no entry still takes, and as many as the
/// run has told.
fn dropped(facts: &Facts, taken: &[i64]) -> Vec<i64> {
    let month = |month: &Arc<dropped_month::Model>| {
        let range = month.first_leaf_index..=month.last_leaf_index;
        let gone: Vec<i64> = range.filter(|at| !taken.contains(at)).collect();
        assert_eq!(i64::try_from(gone.len()).unwrap(), month.disclosures, "{}", month.month_on);
        gone
    };
    facts.dropped_month.all().flat_map(month).collect()
}

/// Every leaf hash of the tree, in order.
pub async fn leaf_hashes(app: &App) -> Vec<[u8; 32]> {
    let tiles = log_tile::Entity::find().order_by_asc(log_tile::Column::Tile);
    let tiles = tiles.all(app.gateway.database.primary()).await.unwrap();
    let hashes: Vec<u8> = tiles.into_iter().filter(|tile| tile.level == 0).flat_map(|tile| tile.hashes).collect();
    hashes.chunks(32).map(hash).collect()
}

/// Checks that the tallies count every row of the log once, a corrected one no more.
pub async fn assert_tallied(app: &App) {
    let (rows, mut expected) = (rows(app).await, Deltas::default());
    for row in &rows {
        expected.add(row);
        if let Some(corrected) = row.corrects_id {
            expected.subtract(rows.iter().find(|row| row.id == corrected).unwrap());
        }
    }
    let mut cells = tally::Entity::find().all(app.gateway.database.primary()).await.unwrap();
    cells.retain(|cell| cell.disclosures != 0 || cell.subject_count != 0);
    cells.sort_unstable_by_key(|cell| cell.id);
    // Where a cell rounds up is chance.
    for cell in &mut cells {
        cell.rounds_above = 0;
    }
    let expected = expected.into_rows([0; 32]).into_iter().map(|cell| tally::Model { rounds_above: 0, ..cell });
    assert_eq!(cells, expected.collect::<Vec<_>>());
}

type Entry = (i64, entity::vocabulary::Instant, [u8; 32]);

/// Entries of the journal, their commitments made again from the rows of each change.
async fn changes(app: &App) -> Vec<Entry> {
    let database = app.gateway.database.primary();
    let changes = change::Entity::find().order_by_asc(change::Column::Seq).all(database).await.unwrap();
    let ordered = change_row::Entity::find().order_by_asc(change_row::Column::Seq);
    let all = ordered.order_by_asc(change_row::Column::Ordinal).all(database).await.unwrap();
    let entry = |change: &change::Model| {
        let from = all.partition_point(|row| row.seq < change.seq);
        let until = all.partition_point(|row| row.seq <= change.seq);
        let (subject, restricted) = journal::parts(change, &all[from..until]).unwrap();
        let stored = stored(&change.subject_commitment, &change.restricted_commitment);
        let salt = hash(change.salt.as_deref().unwrap());
        assert_eq!(
            commitments(&salt, &canonical(&subject).unwrap(), &canonical(&restricted).unwrap()),
            stored,
            "change {}",
            change.seq
        );
        (change.leaf_index, change.recorded_at, leaf_hash(EntryKind::Change, &stored))
    };
    changes.iter().map(entry).collect()
}

async fn interned_sets(app: &App) -> std::collections::HashMap<entity::vocabulary::InternedId, String> {
    let rows = entity::interned::Entity::find().all(app.gateway.database.primary()).await.unwrap();
    rows.into_iter().map(|row| (row.id, row.members)).collect()
}

fn stored(subject: &[u8], restricted: &[u8]) -> Commitments {
    Commitments { subject: hash(subject), restricted: hash(restricted) }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap()
}
