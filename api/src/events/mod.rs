//! Events: what an organisation's officers would find in `changes` and `anomalies`, told one after another.
//!
//! There is no queue and no copy: the journal and the numbers of anomalies are the feed, and whoever follows it remembers two
//! positions. Each event is judged when it is told, on the facts of that moment, by the policy that judges the queries.

pub mod rules;

use std::sync::Arc;

use entity::{
    organisation,
    vocabulary::{EventTopic, Instant, Language},
};

use crate::{
    Error, anomaly,
    auth::{Role, Viewer, policy},
    change,
    context::{Gateway, View},
};
use rules::Event;

/// Who reads the feed of an organisation, as the journal would name it.
const READER: &str = "events";

/// Place of a gateway that does not know its own address.
const UNNAMED: &str = "urn:disclosure-gateway";

/// How far somebody has been told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Position in the journal.
    pub seq: i64,
    /// Number of the anomaly.
    pub raised: i64,
}

/// Event to be told.
#[derive(Debug, Clone)]
pub struct Told {
    /// Identifier.
    pub id: String,
    /// Instant it was recorded.
    pub at: Instant,
    /// Where whoever has been told it stands.
    pub position: Position,
    /// Event as it is sent.
    pub body: Vec<u8>,
}

/// What there is to tell.
#[derive(Debug, Clone)]
pub struct News {
    /// Events in their order.
    pub events: Vec<Told>,
    /// Where whoever has been told all of them stands.
    pub reached: Position,
    /// Whether more may follow.
    pub has_more: bool,
    /// Position of the facts it was judged on.
    pub facts_seq: i64,
}

/// Where the feed ends now, as far as this process knows.
pub fn end(gateway: &Gateway) -> Position {
    Position { seq: gateway.journal.facts().seq, raised: *gateway.raised.borrow() }
}

/// What there is to tell an organisation after a position, at most `count` of either sort; of some topics, or of all where
/// none is named. Read where nothing is behind.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn after(
    gateway: &Gateway,
    organisation: &organisation::Model,
    topics: &[EventTopic],
    (position, count): (Position, u64),
) -> Result<News, Error> {
    let db = gateway.database.primary();
    let facts = gateway.journal.facts();
    let viewer = Viewer {
        subject: Some(READER.to_owned()),
        organisation: organisation.business_id,
        roles: vec![Role::Officer],
        processor: None,
    };
    let view = View { at: gateway.clock.now(), facts, today: None, viewer: Arc::new(viewer), language: Language::Fi };
    let (facts, viewer) = (&view.facts, &view.viewer);
    let source = gateway.config.address();
    let source = source.as_deref().unwrap_or(UNNAMED);
    let is_wanted = |topic: EventTopic| topics.is_empty() || topics.contains(&topic);

    let changes = change::list(db, &view, &change::Filter::default(), (position.seq, count)).await?;
    let is_cut = changes.len() as u64 >= count;
    let last = changes.last().map_or(position.seq, |change| change.seq);
    let seq = if is_cut { last } else { facts.seq.max(position.seq) };

    let raised = anomaly::raised_after(db, position.raised, count).await?;
    let is_cut = is_cut || raised.len() as u64 >= count;
    // What was raised under an agreement these facts do not know waits until they do.
    let raised: Vec<_> = raised.into_iter().take_while(|row| facts.agreement.get(row.agreement_id).is_some()).collect();
    let reached = Position { seq, raised: raised.last().map_or(position.raised, |row| row.raised) };

    let changes = changes.iter().filter(|change| is_wanted(rules::topic(&change.subject))).map(|change| {
        let event = Event::of_change(facts, viewer, change, source);
        Told::new(change.recorded_at, Position { seq: change.seq, raised: 0 }, event)
    });
    let raised = raised
        .iter()
        .filter(|row| is_wanted(EventTopic::Anomaly) && policy::sees_anomalies(facts, viewer, row.agreement_id))
        .map(|row| {
            let event = Event::of_anomaly(facts, row, source);
            Told::new(row.detected_at, Position { seq: 0, raised: row.raised }, event)
        });
    let (changes, raised): (Result<Vec<_>, _>, Result<Vec<_>, _>) = (changes.collect(), raised.collect());
    let events = merged(position, changes?, raised?);
    Ok(News { events, reached, has_more: is_cut, facts_seq: facts.seq })
}

impl Told {
    fn new(at: Instant, position: Position, event: Event) -> Result<Self, Error> {
        let body = serde_json::to_vec(&event)?;
        Ok(Self { id: event.id, at, position, body })
    }
}

/// Both feeds as one, by time as far as each keeps its own order: a position that passed an event over would lose it.
fn merged(from: Position, changes: Vec<Told>, raised: Vec<Told>) -> Vec<Told> {
    let (mut changes, mut raised) = (changes.into_iter().peekable(), raised.into_iter().peekable());
    let mut position = from;
    std::iter::from_fn(|| {
        let is_change = match (changes.peek(), raised.peek()) {
            (Some(change), Some(raised)) => change.at <= raised.at,
            (change, _) => change.is_some(),
        };
        let told = if is_change { changes.next() } else { raised.next() }?;
        position =
            Position { seq: position.seq.max(told.position.seq), raised: position.raised.max(told.position.raised) };
        Some(Told { position, ..told })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn told(id: &str, minute: i64, position: Position) -> Told {
        let at = Instant::UNIX_EPOCH + TimeDelta::minutes(minute);
        Told { id: id.to_owned(), at, position, body: Vec::new() }
    }

    #[test]
    fn two_feeds_are_told_as_one_and_each_in_its_own_order() {
        let change = |seq, minute| told(&format!("change-{seq}"), minute, Position { seq, raised: 0 });
        let anomaly = |raised, minute| told(&format!("anomaly-{raised}"), minute, Position { seq: 0, raised });
        // Clocks of two processes differ: the second anomaly says that it is the older.
        let merged = merged(
            Position { seq: 3, raised: 4 },
            vec![change(5, 10), change(6, 30)],
            vec![anomaly(5, 20), anomaly(6, 15), anomaly(7, 40)],
        );
        let order: Vec<_> =
            merged.iter().map(|told| (told.id.as_str(), told.position.seq, told.position.raised)).collect();
        assert_eq!(
            order,
            [("change-5", 5, 4), ("anomaly-5", 5, 5), ("anomaly-6", 5, 6), ("change-6", 6, 6), ("anomaly-7", 6, 7)]
        );
    }
}
