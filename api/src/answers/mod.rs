//! Whole answers, given again to the same viewer who asks the same while nothing they rest on can have changed.
//!
//! An answer is kept only where everything it rests on is the picture of the facts and the time: the journal's position and
//! the span in which time alone changes nothing stand beside it, so that none is ever taken back and none outlives what it
//! says. What reads the database or the log, is refused, or reckons from now is never kept; [`Footing`] hears of it.
//!
//! Of a question only its digest is kept, for it may hold anything.

mod footing;

use std::{cell::RefCell, io, num::NonZero, sync::Arc};

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Bytes;
use entity::vocabulary::{BusinessId, Instant, Language, instant_text};
use quick_cache::{Weighter, sync::Cache};
use zstd::bulk;

use crate::{auth::Viewer, metrics};
use footing::Holding;

pub use footing::Footing;

/// Bytes an entry takes beside its answer, about.
const ENTRY_BYTES: u64 = 256;
/// Part that one answer may take of a shard: the cache has four for each processor, each with its part of the whole.
const SHARE_MAX: u64 = 2;
const SHARDS_PER_PROCESSOR: usize = 4;
/// Bytes of an answer of usual length, by which places are reckoned.
const USUAL_BYTES: u64 = 2_048;
/// Bytes from which on an answer is packed.
const PACKED_BYTES_MIN: usize = 2_048;
/// Level of packing: the first, for higher ones leave no less of answers.
const PACKED_LEVEL: i32 = 1;

/// Everything an answer depends on beside the facts and the time, as its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question([u8; 32]);

impl Question {
    /// What a viewer asks in a language: at which door, and every byte of it.
    pub fn new(door: &str, viewer: &Viewer, language: Language, asked: &[u8]) -> Self {
        let mut digest = Context::new(&SHA256);
        let mut part = |bytes: &[u8]| {
            digest.update(&(bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        };
        part(door.as_bytes());
        // Nobody is not whoever has an empty name.
        part(if viewer.subject.is_some() { b"named" } else { b"nobody" });
        part(viewer.subject.as_deref().unwrap_or_default().as_bytes());
        for organisation in [&viewer.organisation, &viewer.processor] {
            part(organisation.as_ref().map(BusinessId::as_str).unwrap_or_default().as_bytes());
        }
        part(&(viewer.roles.len() as u64).to_be_bytes());
        for role in &viewer.roles {
            part(role.name().as_bytes());
        }
        part(&[language as u8]);
        part(asked);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.finish().as_ref());
        Self(bytes)
    }
}

/// Answer as it was given, with what it rests on.
#[derive(Debug)]
struct Kept {
    holding: Holding,
    body: Body,
    /// Where the instant of the answer is said in it, a text of one length.
    says_now: Box<[usize]>,
}

/// Bytes of an answer. Lists say the same names again and again, so a long answer takes about a seventh of its length packed, and is
/// unpacked in a small part of the time it takes to make one.
#[derive(Debug)]
enum Body {
    Plain(Bytes),
    Packed { packed: Box<[u8]>, length: usize },
}

impl Body {
    /// Copied, for it was written into more room than it takes.
    fn of(body: &[u8]) -> Self {
        if body.len() >= PACKED_BYTES_MIN {
            // What cannot be packed is kept as it is.
            if let Ok(packed) = bulk::compress(body, PACKED_LEVEL)
                && packed.len() <= body.len() / 2
            {
                return Self::Packed { packed: packed.into(), length: body.len() };
            }
        }
        Self::Plain(Bytes::copy_from_slice(body))
    }

    /// Bytes it takes.
    fn len(&self) -> usize {
        match self {
            Self::Plain(body) => body.len(),
            Self::Packed { packed, .. } => packed.len(),
        }
    }

    /// The whole answer; what was packed here can be unpacked.
    fn whole(&self) -> Option<Bytes> {
        match self {
            Self::Plain(body) => Some(body.clone()),
            Self::Packed { packed, length } => unpacked(packed, *length).ok().map(Bytes::from),
        }
    }
}

thread_local! {
    /// Unpacks; to make what it works in takes as long as to unpack a short answer.
    static UNPACKER: RefCell<Option<bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

fn unpacked(packed: &[u8], length: usize) -> io::Result<Vec<u8>> {
    UNPACKER.with_borrow_mut(|unpacker| match unpacker {
        Some(unpacker) => unpacker.decompress(packed, length),
        None => unpacker.insert(bulk::Decompressor::new()?).decompress(packed, length),
    })
}

/// Answers given before.
#[derive(Debug)]
pub struct Answers {
    kept: Cache<Question, Arc<Kept>, ByBytes>,
    body_bytes_max: u64,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Question, Arc<Kept>> for ByBytes {
    fn weight(&self, _: &Question, kept: &Arc<Kept>) -> u64 {
        let beside = size_of_val(&*kept.says_now) + size_of_val(&*kept.holding.counted);
        (kept.body.len() + beside) as u64 + ENTRY_BYTES
    }
}

impl Answers {
    /// Room for so many bytes of answers; one keeps none.
    pub fn new(bytes_max: u64) -> Self {
        let places = usize::try_from(bytes_max / USUAL_BYTES).unwrap_or(usize::MAX).max(1);
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let shards = (processors * SHARDS_PER_PROCESSOR).next_power_of_two() as u64;
        Self { kept: Cache::with_weighter(places, bytes_max, ByBytes), body_bytes_max: bytes_max / shards / SHARE_MAX }
    }

    /// Answer to a question on the facts at a position, at an instant; none where it must be made.
    pub fn again(&self, question: &Question, seq: i64, at: Instant) -> Option<Bytes> {
        let kept = self.kept.get(question).filter(|kept| kept.holding.seq == seq && kept.holding.span.holds(at));
        let Some(kept) = kept else {
            metrics::answer_sought("made");
            return None;
        };
        let body = kept.body.whole()?;
        metrics::answer_sought("kept");
        kept.holding.counted.iter().for_each(|counted| counted.count());
        if kept.says_now.is_empty() {
            return Some(body);
        }
        let (mut body, now) = (Vec::from(body), instant_text(at));
        for place in &kept.says_now {
            body[*place..][..now.len()].copy_from_slice(now.as_bytes());
        }
        Some(body.into())
    }

    /// Keeps an answer, where all it rests on is known to hold for a while.
    pub fn keep(&self, question: Question, footing: &Footing, body: &Bytes) {
        let Some(holding) = footing.holding() else { return };
        let says_now = places(body, instant_text(holding.span.from).as_bytes());
        let body = Body::of(body);
        if body.len() as u64 > self.body_bytes_max {
            return;
        }
        self.kept.insert(question, Kept { holding, body, says_now }.into());
        metrics::answers_kept(self.kept.len(), self.kept.weight());
    }
}

/// Where a text stands in another.
fn places(text: &[u8], sought: &[u8]) -> Box<[usize]> {
    memchr::memmem::find_iter(text, sought).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::{Facts, Tables},
        journal::leaf,
        role::Role,
    };

    fn instant(text: &str) -> Instant {
        text.parse().expect("instant")
    }

    fn viewer(subject: Option<&str>, roles: &[Role]) -> Viewer {
        Viewer { subject: subject.map(str::to_owned), roles: roles.to_vec(), ..Viewer::anonymous() }
    }

    fn facts(seq: i64) -> Arc<Facts> {
        let facts = Facts::of(seq, Tables::default());
        facts.survey();
        facts.into()
    }

    fn footing(seq: i64, at: &str) -> Footing {
        Footing::new(facts(seq), instant(at), true)
    }

    /// Bytes that cannot be packed.
    fn noise(length: u32) -> Bytes {
        (0..length).flat_map(|at| leaf::sha256(&[&at.to_be_bytes()])).take(length as usize).collect()
    }

    const NOON: &str = "2026-11-29T10:00:00.000000Z";

    #[test]
    fn answer_is_given_again_on_the_same_facts_until_time_may_change_it() {
        let answers = Answers::new(1_000_000);
        let asked = Question::new("door", &viewer(Some("a"), &[]), Language::Fi, b"{}");
        let body = Bytes::from(format!("{{\"at\":\"{NOON}\",\"until\":\"2026-12-01T00:00:00.000000Z\"}}"));
        answers.keep(asked, &footing(7, NOON), &body);
        let again = |seq, at: &str| answers.again(&asked, seq, instant(at));
        assert_eq!(again(7, NOON), Some(body.clone()));
        let later = again(7, "2026-11-29T10:00:01.5Z").expect("an answer");
        assert_eq!(later, String::from_utf8_lossy(&body).replace(NOON, "2026-11-29T10:00:01.500000Z"));
        assert_eq!(again(8, NOON), None, "another picture");
        assert_eq!(again(6, NOON), None, "another picture");
        assert_eq!(again(7, "2026-11-29T09:59:59Z"), None, "before it was reckoned");
        assert!(again(7, "2026-11-29T21:59:59.999999Z").is_some());
        assert_eq!(again(7, "2026-11-29T22:00:00Z"), None, "midnight");
    }

    #[test]
    fn answer_that_rests_on_anything_else_is_not_kept() {
        let answers = Answers::new(1_000_000);
        let asked = Question::new("door", &Viewer::anonymous(), Language::Fi, b"{}");
        let tried = |footing: Footing, body: &Bytes| {
            answers.keep(asked, &footing, body);
            answers.again(&asked, 1, instant(NOON)).is_some()
        };
        let small = Bytes::from_static(b"{}");
        assert!(!tried(Footing::new(facts(1), instant(NOON), false), &small), "facts too old");
        assert!(!tried(Footing::new(Facts::of(1, Tables::default()).into(), instant(NOON), true), &small));
        let elsewhere = footing(1, NOON);
        elsewhere.note_elsewhere();
        assert!(!tried(elsewhere, &small));
        assert!(!tried(footing(1, NOON), &noise(1_000_001)), "too large a share");
        assert!(tried(footing(1, NOON), &small));
    }

    #[test]
    fn long_answer_is_given_again_to_the_byte_and_takes_less_room() {
        let answers = Answers::new(1_000_000);
        let asked = Question::new("door", &Viewer::anonymous(), Language::Fi, b"{}");
        let row = |at: usize| format!("{{\"number\":\"LOAD-{at:05}\",\"status\":\"ACTIVE\",\"at\":\"{NOON}\"}}");
        let body = Bytes::from((0..500).map(row).collect::<Vec<_>>().join(","));
        answers.keep(asked, &footing(1, NOON), &body);
        assert!(answers.kept.weight() < body.len() as u64 / 2, "{}", answers.kept.weight());
        let later = answers.again(&asked, 1, instant("2026-11-29T10:00:01.5Z"));
        let said = String::from_utf8_lossy(&body).replace(NOON, "2026-11-29T10:00:01.500000Z");
        assert_eq!(later, Some(said.into()));
        let unlike = noise(5_000);
        answers.keep(asked, &footing(1, NOON), &unlike);
        assert_eq!(answers.again(&asked, 1, instant(NOON)), Some(unlike));
    }

    #[test]
    fn room_of_one_byte_keeps_nothing() {
        let answers = Answers::new(1);
        let asked = Question::new("door", &Viewer::anonymous(), Language::Fi, b"{}");
        answers.keep(asked, &footing(1, NOON), &Bytes::from_static(b""));
        assert_eq!(answers.again(&asked, 1, instant(NOON)), None);
    }

    #[test]
    fn questions_differ_in_everything_that_an_answer_depends_on() {
        let organisation = |id: &str| id.parse().ok();
        let own = Viewer { organisation: organisation("0246246-0"), ..viewer(Some("a"), &[Role::Officer]) };
        let others = [
            Viewer { subject: Some("b".to_owned()), ..own.clone() },
            Viewer { subject: Some(String::new()), ..own.clone() },
            Viewer { subject: None, ..own.clone() },
            Viewer { organisation: None, processor: organisation("0246246-0"), ..own.clone() },
            Viewer { organisation: organisation("0245458-3"), ..own.clone() },
            Viewer { roles: vec![Role::Auditor], ..own.clone() },
            Viewer { roles: vec![Role::Officer, Role::Auditor], ..own.clone() },
            Viewer { roles: vec![], ..own.clone() },
        ];
        let asked = |viewer: &Viewer| Question::new("door", viewer, Language::Fi, b"{}");
        let mut seen: std::collections::HashSet<_> = others.iter().map(asked).collect();
        assert_eq!(seen.len(), others.len());
        for other in [
            asked(&own),
            Question::new("door", &own, Language::Sv, b"{}"),
            Question::new("other", &own, Language::Fi, b"{}"),
            Question::new("door", &own, Language::Fi, b"{ }"),
        ] {
            assert!(seen.insert(other), "{other:?}");
        }
        assert_eq!(asked(&own), asked(&own.clone()));
    }
}
