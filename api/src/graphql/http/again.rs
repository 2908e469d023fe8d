//! Questions asked before: the answer is given again by the bytes of the question, before what they say is understood.

use std::sync::Arc;

use axum::body::Bytes;

use super::{Arrival, AtPresent, Present};
use crate::answers::{Answers, Footing, Question};

/// Bytes of a question beyond which no answer is kept: its digest would cost more than it saves.
const QUESTION_BYTES_MAX: usize = 16 * 1024;

/// Question that may have been answered before.
#[derive(Debug)]
pub struct Known {
    answers: Arc<Answers>,
    question: Option<Question>,
}

impl Known {
    /// What somebody asks at a door, in the bytes in which it came.
    pub fn new(answers: &Arc<Answers>, door: &str, arrival: &Arrival, asked: &[u8]) -> Self {
        let is_short = asked.len() <= QUESTION_BYTES_MAX;
        let question = is_short.then(|| Question::new(door, &arrival.viewer, arrival.language, asked));
        Self { answers: Arc::clone(answers), question }
    }

    /// The answer, with the position of the facts it rests on; none where it must be made, as for who waits for a later
    /// position.
    pub fn again(&self, at_present: &AtPresent, min_seq: Option<i64>) -> Option<(Bytes, i64)> {
        let question = self.question.as_ref()?;
        let Present { facts_seq, at } =
            at_present().filter(|present| min_seq.is_none_or(|seq| seq <= present.facts_seq))?;
        Some((self.answers.again(question, facts_seq, at)?, facts_seq))
    }

    /// Keeps an answer for the next who asks.
    pub fn keep(&self, footing: &Arc<Footing>, answer: &Bytes) {
        if let Some(question) = self.question {
            self.answers.keep(question, footing, answer);
        }
    }
}
