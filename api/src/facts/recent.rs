//! Which agreements the last changes were about, for those who follow them.

use std::{collections::BTreeSet, sync::Arc};

use entity::vocabulary::AgreementId;

/// Pictures whose difference from the one before is remembered: who follows them is rarely two behind.
const STEPS_MAX: usize = 64;

/// Differences of the last pictures, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent(imbl::Vector<Step>);

/// Difference of one picture from the one it was made of.
#[derive(Debug, Clone)]
struct Step {
    since: i64,
    until: i64,
    agreements: Arc<BTreeSet<AgreementId>>,
}

impl Recent {
    /// Remembers what a picture at `until` was changed in, made of that at `since`.
    pub(super) fn remember(&mut self, since: i64, until: i64, agreements: BTreeSet<AgreementId>) {
        self.0.push_back(Step { since, until, agreements: Arc::new(agreements) });
        while self.0.len() > STEPS_MAX {
            self.0.pop_front();
        }
    }

    /// Agreements changed after a position; none where that is too long ago to be remembered.
    pub(super) fn after(&self, seq: i64) -> Option<BTreeSet<AgreementId>> {
        let later = || self.0.iter().filter(|step| step.until > seq);
        let reaches = later().next().is_none_or(|step| step.since <= seq);
        reaches.then(|| later().flat_map(|step| step.agreements.iter().copied()).collect())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn ids(numbers: &[u128]) -> BTreeSet<AgreementId> {
        numbers.iter().map(|number| Uuid::from_u128(*number).into()).collect()
    }

    #[test]
    fn changes_after_a_position_are_told_together_while_they_are_remembered() {
        let mut recent = Recent::default();
        assert_eq!(recent.after(7), Some(ids(&[])));
        recent.remember(7, 9, ids(&[1, 2]));
        recent.remember(9, 10, ids(&[2, 3]));
        assert_eq!(recent.after(10), Some(ids(&[])));
        assert_eq!(recent.after(9), Some(ids(&[2, 3])));
        assert_eq!(recent.after(8), Some(ids(&[1, 2, 3])));
        assert_eq!(recent.after(7), Some(ids(&[1, 2, 3])));
        assert_eq!(recent.after(6), None);
        for seq in 10..100 {
            recent.remember(seq, seq + 1, ids(&[]));
        }
        assert_eq!((recent.after(9), recent.after(90)), (None, Some(ids(&[]))));
    }
}
