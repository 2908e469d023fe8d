//! Decisions as OpenID AuthZEN Authorization API 1.0 asks and says them, `docs/authzen.md`: the same questions, the same
//! answers.

mod answer;
mod request;

use serde::Serialize;

pub use request::{Asked, Object, one, several};

use crate::{
    Error,
    context::{Context, View},
};
use answer::{Evaluated, names_only_unknown};
use request::{Evaluation, Semantic};

/// What is answered.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To one evaluation.
    One(Evaluated),
    /// To several.
    Several {
        /// In the order asked; where the semantic ends early, those made.
        evaluations: Vec<Evaluated>,
    },
}

impl Answer {
    /// Whether every evaluation was made.
    pub fn is_decided(&self) -> bool {
        match self {
            Self::One(one) => one.is_decided(),
            Self::Several { evaluations } => evaluations.iter().all(Evaluated::is_decided),
        }
    }
}

/// Status a door says an error by.
pub type StatusOf = fn(&Error) -> u16;

/// Makes the evaluations.
///
/// # Errors
/// What is wrong with a single one; what stops all.
pub fn decided(context: &Context, asked: Asked, status_of: StatusOf) -> Result<Answer, Error> {
    match asked {
        Asked::One(evaluation) => match evaluated(context, &evaluation) {
            Ok(evaluated) => Ok(Answer::One(evaluated)),
            Err(error) => unread(error, status_of),
        },
        Asked::Several(evaluations, semantic) => {
            let mut made = Vec::with_capacity(evaluations.len());
            for evaluation in evaluations {
                let evaluation = evaluation.map_err(Error::Invalid);
                let evaluated = match evaluation.and_then(|evaluation| evaluated(context, &evaluation)) {
                    Ok(evaluated) => evaluated,
                    Err(error @ (Error::Invalid(_) | Error::Forbidden | Error::NotFound(_))) => {
                        Evaluated::failed(&error, status_of)
                    }
                    // What stops one stops all.
                    Err(error) => return Err(error),
                };
                let is_last = match semantic {
                    Semantic::All => false,
                    Semantic::UntilDenied => !evaluated.decision,
                    Semantic::UntilPermitted => evaluated.decision,
                };
                made.push(evaluated);
                if is_last {
                    break;
                }
            }
            Ok(Answer::Several { evaluations: made })
        }
    }
}

/// What cannot be read is refused, unless it is well formed and only asks about what nobody here knows.
///
/// # Errors
/// The error itself.
pub fn unread(error: Error, status_of: StatusOf) -> Result<Answer, Error> {
    match &error {
        Error::Invalid(faults) if names_only_unknown(faults) => Ok(Answer::One(Evaluated::failed(&error, status_of))),
        _ => Err(error),
    }
}

fn evaluated(context: &Context, evaluation: &Evaluation) -> Result<Evaluated, Error> {
    let decided = super::decide(context, "", &evaluation.question).map_err(|error| match error {
        Error::Invalid(faults) => Error::Invalid(evaluation.placed(faults)),
        other => other,
    });
    let (decision, at) = decided?;
    Ok(Evaluated::new(&View { at, ..context.view.clone() }, &decision))
}
