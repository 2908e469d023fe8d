//! A decision as AuthZEN says it: yes or no, and in its context all that a decision is.

use entity::vocabulary::{ClosedEnum, Instant, LegalBasisId, Verdict, instant_text};
use serde::Serialize;

use super::StatusOf;
use crate::{
    Error, ErrorCode, Fault, Violations,
    auth::policy,
    context::View,
    decision::{self, Decision},
    graphql::errors::{code_name, discreet, fault_name},
    scope::graphql::{DecisionReason, laws},
};

/// Answer to one evaluation.
#[derive(Serialize)]
pub struct Evaluated {
    /// Whether everything asked may be disclosed.
    pub decision: bool,
    context: Context,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Context {
    Decided(Box<Decided>),
    Failed { error: Failed },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decided {
    verdict: &'static str,
    permitted_items: Vec<String>,
    grounds: Vec<Ground>,
    reasons: Vec<Reason>,
    obligations: Vec<Obligation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<String>,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_change_at: Option<String>,
    facts_seq: i64,
}

#[derive(Serialize)]
struct Ground {
    item: String,
    citations: Vec<Provision>,
}

#[derive(Serialize)]
struct Reason {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    citations: Vec<Provision>,
}

#[derive(Serialize)]
struct Obligation {
    code: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i32>,
}

#[derive(Serialize)]
struct Provision {
    citation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    eli: Option<String>,
}

/// Why an evaluation could not be made.
#[derive(Serialize)]
struct Failed {
    status: u16,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    code: &'static str,
    path: Vec<String>,
    message: String,
}

impl Evaluated {
    /// Decision as its asker may see it.
    pub fn new(view: &View, decision: &Decision) -> Self {
        let number = |id| {
            let row = view.facts.agreement.get(id)?;
            policy::sight(view.present(), &view.viewer, row).map(|_| row.number.clone())
        };
        let said = |at: Option<Instant>| at.map(instant_text);
        let grounds = decision.grounds.iter();
        let reasons = DecisionReason::all(view, decision.reasons.iter().cloned());
        let obligations = decision.obligations.iter();
        let context = Decided {
            verdict: decision.verdict.code(),
            permitted_items: decision.permitted_items.iter().map(ToString::to_string).collect(),
            grounds: grounds
                .map(|ground| Ground { item: ground.item.to_string(), citations: provisions(view, &ground.bases) })
                .collect(),
            reasons: reasons
                .into_iter()
                .map(|told| Reason {
                    message: told.words(),
                    code: told.reason.code.code(),
                    item: told.reason.item.as_ref().map(ToString::to_string),
                    citations: provisions(view, &told.reason.bases),
                })
                .collect(),
            obligations: obligations
                .map(|duty| Obligation {
                    code: duty.code.code(),
                    message: decision::obligation_message(duty.code, view.language),
                    days: duty.days,
                })
                .collect(),
            agreement: decision.agreement.and_then(number),
            at: instant_text(view.at),
            valid_until: said(decision.valid_until),
            next_change_at: said(decision.next_change_at),
            facts_seq: decision.facts_seq,
        };
        Self { decision: decision.verdict == Verdict::Permitted, context: Context::Decided(Box::new(context)) }
    }

    /// Whether it was made.
    pub fn is_decided(&self) -> bool {
        matches!(self.context, Context::Decided(_))
    }

    /// Evaluation that could not be made, which permits nothing.
    pub fn failed(error: &Error, status_of: StatusOf) -> Self {
        let faults = match error {
            Error::Invalid(faults) => faults.iter().map(told).collect(),
            _ => Vec::new(),
        };
        let (status, code) = match error {
            Error::Invalid(faults) if names_only_unknown(faults) => (404, code_name(ErrorCode::NotFound)),
            _ => (status_of(error), code_name(error.code())),
        };
        let error = Failed { status, code, message: error.to_string(), faults };
        Self { decision: false, context: Context::Failed { error } }
    }
}

/// Whether a question is well formed and only names what is not there: to that the answer is no.
pub fn names_only_unknown(faults: &Violations) -> bool {
    faults.iter().all(|fault| fault.code == crate::FaultCode::NotFound)
}

fn told(fault: &Fault) -> Told {
    Told { code: fault_name(fault.code), path: fault.path.clone(), message: discreet(&fault.message).into_owned() }
}

fn provisions(view: &View, ids: &[LegalBasisId]) -> Vec<Provision> {
    let laws = laws(view, ids).into_iter();
    laws.map(|law| Provision { citation: law.row.citation.clone(), eli: law.row.eli.clone() }).collect()
}
