//! Text that many rows have in common, as who acted and what was reached: kept once, however many rows say it.

use std::{
    borrow::Borrow,
    cell::RefCell,
    collections::HashSet,
    fmt,
    ops::Deref,
    str::FromStr,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use super::{
    Malformed,
    malformed::serde_as_text,
    text_column::{TextColumn, text_column},
};

/// Bytes of the longest text that is shared: what people write in their own words is nobody else's.
const SHARED_BYTES_MAX: usize = 64;

/// Texts kept before those that nobody has any more are looked for.
const KEPT_MIN: usize = 4_096;

/// Text of any length, a pointer wide; a clone is cheap. Equal texts are one, but for long ones and those that come and go
/// with a request.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedText(Arc<Box<str>>);

/// Texts that somebody has, be it a thread that remembers it, and some that nobody has any more: at most [`KEPT_MIN`], or twice
/// as many as were left when they were looked through last.
static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// Texts a thread remembers, so that it need not ask all others for each row of a table.
const REMEMBERED: usize = 32;

thread_local! {
    /// Texts this thread met last, each at its place.
    static LAST: RefCell<[Option<SharedText>; REMEMBERED]> = const { RefCell::new([const { None }; REMEMBERED]) };
}

/// Where a thread remembers a text: texts of one column mostly differ in these.
fn place(text: &str) -> usize {
    let byte = |at: usize| text.as_bytes().get(at).copied().map_or(0, usize::from);
    (text.len() + byte(0) + 3 * byte(text.len() / 2) + 7 * byte(text.len().saturating_sub(1))) % REMEMBERED
}

#[derive(Default)]
struct Kept {
    texts: HashSet<SharedText>,
    /// Texts left when they were looked through last.
    left_by_sweep: usize,
}

impl Kept {
    fn text(&mut self, text: &str) -> SharedText {
        if let Some(kept) = self.texts.get(text) {
            return kept.clone();
        }
        if self.texts.len() >= KEPT_MIN.max(2 * self.left_by_sweep) {
            self.texts.retain(|kept| Arc::strong_count(&kept.0) > 1);
            self.texts.shrink_to(KEPT_MIN);
            self.left_by_sweep = self.texts.len();
        }
        let new = SharedText::unshared(text);
        self.texts.insert(new.clone());
        new
    }
}

impl SharedText {
    /// Text that shares with nobody.
    pub(super) fn unshared(text: &str) -> Self {
        Self(Arc::new(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        if text.len() > SHARED_BYTES_MAX {
            return Self::unshared(text);
        }
        LAST.with_borrow_mut(|last| {
            let last = &mut last[place(text)];
            if let Some(known) = last.as_ref().filter(|known| known.as_str() == text) {
                return known.clone();
            }
            // Whoever panics here has added a text or has not.
            let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).text(text);
            last.insert(kept).clone()
        })
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl FromStr for SharedText {
    type Err = Malformed;

    /// Never fails.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Ok(text.into())
    }
}

impl Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

/// Found among the kept by its text.
impl Borrow<str> for SharedText {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq<&str> for SharedText {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

serde_as_text!(SharedText);

impl TextColumn for SharedText {
    fn read(text: &str) -> Result<Self, Malformed> {
        text.parse()
    }

    fn said(&self) -> &str {
        self
    }
}

text_column!(SharedText);

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::ValueType;

    use super::*;

    #[test]
    fn equal_texts_are_one_and_what_nobody_has_is_forgotten() {
        let mut kept = Kept::default();
        let (one, same) = (kept.text("officer-1"), kept.text("officer-1"));
        assert!(Arc::ptr_eq(&one.0, &same.0));
        let held: Vec<SharedText> = (0..3_000).map(|number| kept.text(&format!("held-{number}"))).collect();
        for number in 0..50_000 {
            kept.text(&format!("passing-{number}"));
        }
        assert!(kept.texts.len() <= KEPT_MIN.max(2 * (held.len() + 1)), "{}", kept.texts.len());
        assert!(held.iter().all(|text| Arc::ptr_eq(&text.0, &kept.text(text).0)));
        assert_eq!(one, "officer-1");
    }

    #[test]
    fn a_thread_takes_no_text_for_another_at_its_place_and_shares_with_other_threads() {
        let (one, other) = ("ab-1-yz", "aa-2-yz");
        let other = (b'a'..=b'z').map(|byte| other.replace('2', &char::from(byte).to_string()));
        let other: Vec<String> = other.filter(|other| place(other) == place(one)).collect();
        assert!(!other.is_empty());
        for text in other.iter().chain(&other) {
            assert_eq!(
                (SharedText::from(one).as_str(), SharedText::from(text.as_str()).as_str()),
                (one, text.as_str())
            );
        }
        let elsewhere = std::thread::spawn(move || SharedText::from(one)).join();
        assert!(elsewhere.is_ok_and(|elsewhere| Arc::ptr_eq(&elsewhere.0, &SharedText::from(one).0)));
    }

    #[test]
    fn what_somebody_wrote_in_their_own_words_is_not_kept() {
        let is_one = |text: &str| Arc::ptr_eq(&SharedText::from(text).0, &SharedText::from(text).0);
        let words = "x".repeat(SHARED_BYTES_MAX + 1);
        assert!(is_one(&words[1..]) && !is_one(&words));
        assert_eq!(SharedText::from(words.as_str()), words.as_str());
    }

    #[test]
    fn a_text_is_itself_in_documents_and_in_columns() -> Result<(), serde_json::Error> {
        let text = SharedText::from("Päätös \"1\"");
        assert_eq!(serde_json::to_string(&text)?, serde_json::to_string("Päätös \"1\"")?);
        assert_eq!(serde_json::from_str::<SharedText>(&serde_json::to_string(&text)?)?, text);
        assert_eq!(<SharedText as ValueType>::try_from(text.clone().into()).ok(), Some(text));
        Ok(())
    }
}
