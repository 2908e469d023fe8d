//! Random worlds, and the law they are made for: the decision equals a naive model of it.

pub mod chance;
mod parts;
mod question;
mod rows;
mod world;

use std::{collections::BTreeSet, fmt::Write, thread};

use api::decision::{self, Question};
use entity::vocabulary::{ClosedEnum, DecisionReasonCode, Instant, ItemCode, LegalBasisId, Verdict};

pub use chance::Chance;
pub use question::{Asked, far};
pub use world::World;

use crate::naive::{self, NaiveDecision};

/// Questions to one world.
const QUESTIONS: u64 = 40;

/// Questions asked in one run unless `NAIVE_CASES` says another number.
const CASES: u64 = 10_000;

#[test]
fn the_decision_equals_a_naive_model() {
    let seen = over_seeds(0, CASES / QUESTIONS, |seed| {
        let (world, mut chance) = World::new(seed);
        let mut seen = Seen::default();
        for number in 0..QUESTIONS {
            let (question, at) = world.question(&mut chance);
            let expected = naive::decide(&world.facts, &question, at);
            let answer = said_plainly(&decision::decide(&world.facts, &question, at));
            assert_eq!(answer, expected, "seed {seed}, question {number}\n{}", world.told(&question, at));
            seen.add(&expected);
        }
        seen
    });
    let seen = seen.into_iter().fold(Seen::default(), Seen::and);
    // What stands against acts alone is no reason of a decision.
    let of_decisions = DecisionReasonCode::ALL.iter().filter(|(_, _, said)| !said.starts_with("Act: "));
    let missing: Vec<_> = of_decisions.filter(|(code, _, _)| !seen.codes.contains(code)).collect();
    assert!(missing.is_empty(), "reasons never seen: {missing:?}");
    assert!(seen.permitted * 5 >= seen.asked, "only {} of {} questions permitted", seen.permitted, seen.asked);
    assert!(seen.partial > 0, "no answer was partial");
}

/// Does the same with so many seeds, or as many more as `NAIVE_CASES` is more than usual, on as many threads as the
/// machine offers; what came of it, in the order of seeds.
pub fn over_seeds<T: Send>(first: u64, usual: u64, each: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let seeds: Vec<u64> = (first..first + (usual * cases()).div_ceil(CASES)).collect();
    thread::scope(|scope| {
        let each = &each;
        let parts: Vec<_> = seeds
            .chunks(seeds.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || part.iter().map(|seed| each(*seed)).collect::<Vec<T>>()))
            .collect();
        let results: Vec<_> = parts.into_iter().map(thread::ScopedJoinHandle::join).collect();
        results.into_iter().flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[expect(clippy::disallowed_methods, reason = "how long to look is a setting of the tests, not of the gateway")]
fn cases() -> u64 {
    std::env::var("NAIVE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES)
}

/// What of a decision the model speaks about.
pub fn said_plainly(decision: &decision::Decision) -> NaiveDecision {
    NaiveDecision {
        verdict: decision.verdict,
        permitted_items: decision.permitted_items.clone(),
        reasons: decision.reasons.iter().map(|reason| (reason.code, reason.item.clone())).collect(),
        agreement: decision.agreement,
        scope: decision.scope,
        grounds: decision.grounds.iter().map(grounds).collect(),
        obligations: decision.obligations.iter().map(|duty| (duty.code, duty.days)).collect(),
    }
}

fn grounds(ground: &decision::Ground) -> (ItemCode, BTreeSet<LegalBasisId>) {
    (ground.item.clone(), ground.bases.iter().copied().collect())
}

/// What a run has met.
#[derive(Default)]
struct Seen {
    codes: BTreeSet<DecisionReasonCode>,
    asked: u64,
    permitted: u64,
    partial: u64,
}

impl Seen {
    fn add(&mut self, decision: &NaiveDecision) {
        self.codes.extend(decision.reasons.iter().map(|(code, _)| *code));
        self.asked += 1;
        self.permitted += u64::from(decision.verdict == Verdict::Permitted);
        self.partial += u64::from(decision.verdict == Verdict::Partial);
    }

    fn and(mut self, other: Self) -> Self {
        self.codes.extend(other.codes);
        self.asked += other.asked;
        self.permitted += other.permitted;
        self.partial += other.partial;
        self
    }
}

impl World {
    /// World and question in few words: rows with their ids shortened and what is empty left out.
    pub fn told(&self, question: &Question, at: Instant) -> String {
        let mut text = format!("at {at}\n{question:#?}\n");
        for row in &self.rows {
            let image = row.image().unwrap_or_else(|fault| fault.to_string());
            let _ = writeln!(text, "{} {image}", row.table());
        }
        for (number, row) in self.rows.iter().enumerate() {
            text = text.replace(&row.id().to_string(), &format!("{}{number}", row.table()));
        }
        let dull = [",\"[a-z_]+\":(null|\"\")", "\n +\\w+: None,", "\"(country|year|section)\":[^,]+,"];
        for pattern in dull {
            let pattern = regex::Regex::new(pattern).unwrap_or_else(|fault| panic!("{fault}"));
            text = pattern.replace_all(&text, "").into_owned();
        }
        text
    }
}
