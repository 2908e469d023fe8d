//! Changes that are supposed, each done by the rule of the act that would do it.

use std::collections::BTreeSet;

use entity::{
    agreement, protection_statement,
    vocabulary::{
        AgreementId, AgreementNoticeId, AgreementSide, BusinessId, Citation, Day, Instant, ItemCode,
        ProtectionStatementId, ScopeId, SuspensionReason, TerminationReason, helsinki_day, instant_text,
    },
};

use crate::{
    Fault, Violations,
    agreement::rules::{
        SuspensionInput,
        ending::{TerminationInput, terminate},
        signing::Speaker,
        suspend,
    },
    checks::Checks,
    clock,
    facts::{Edit, Facts, global_id},
    legal_basis::rules::{RepealInput, repeal, wording_at},
    organisation::rules::dissolve_among,
};

/// Who does what is supposed; it stands in no journal.
const NOBODY: &str = "supposed";

/// Change that is supposed. What it names is known to be there for the asker.
#[derive(Debug, Clone)]
pub enum Supposed {
    /// A provision ceases from an instant on, now when absent; another may take its place.
    Repeal {
        /// The provision.
        citation: Citation,
        /// From when.
        from: Option<Instant>,
        /// What takes its place.
        successor: Option<Citation>,
    },
    /// An agreement is suspended.
    Suspend(AgreementId),
    /// An agreement ends, at once or with a day to come.
    End(AgreementId, Option<Day>),
    /// A protection statement no longer speaks from an instant on.
    Lapse(ProtectionStatementId, Instant),
    /// Items are taken out of a scope.
    Narrow(Narrowing),
    /// An organisation becomes one with another.
    Merge {
        /// What ceases.
        organisation: BusinessId,
        /// What takes its place.
        into: BusinessId,
        /// Agreements the asker may know of.
        known: BTreeSet<AgreementId>,
    },
}

/// Items taken out of a scope.
#[derive(Debug, Clone)]
pub struct Narrowing {
    /// The scope.
    pub scope: ScopeId,
    /// What it no longer holds.
    pub without: Vec<ItemCode>,
}

impl Supposed {
    /// Instant from which it shows.
    pub fn shows_from(&self, now: Instant) -> Instant {
        match self {
            Self::Repeal { from, .. } => from.unwrap_or(now),
            Self::End(_, Some(day)) => entity::vocabulary::day_end(*day).max(now),
            Self::Lapse(_, from) => *from,
            Self::Suspend(_) | Self::End(_, None) | Self::Narrow(_) | Self::Merge { .. } => now,
        }
    }

    /// What it does to the registry.
    ///
    /// # Errors
    /// Every fault the act itself would find.
    pub fn edits(&self, facts: &Facts, now: Instant) -> Result<Vec<Edit>, Violations> {
        let by = (NOBODY, now);
        match self {
            Self::Repeal { citation, from, successor } => repealed(facts, citation, *from, successor.as_ref(), now),
            Self::Suspend(id) => {
                let reason = SuspensionReason::Misuse;
                let input = SuspensionInput { id: global_id(*id), reason, note: None };
                Ok(suspend(facts, Some(*id), &input, by)?.edits)
            }
            Self::End(id, on) => ended(facts, *id, *on, by),
            Self::Lapse(id, from) => Ok(lapsed(facts, *id, *from)),
            Self::Narrow(narrowing) => narrowed(facts, narrowing),
            Self::Merge { organisation, into, known } => merged(facts, (organisation, into), known, now),
        }
    }

    /// Fault of the act at the place of the input that supposes it: the members of the two have other names.
    pub fn placed(&self, at: usize, fault: Fault) -> Fault {
        let (change, named) = match self {
            Self::Repeal { .. } => ("repeal", [("id", "legalBasis"), ("on", "from")].as_slice()),
            Self::Suspend(_) => ("suspend", [("id", "agreement")].as_slice()),
            Self::End(..) => ("end", [("id", "agreement")].as_slice()),
            Self::Lapse(..) => ("lapse", [].as_slice()),
            Self::Narrow(_) => ("narrow", [].as_slice()),
            Self::Merge { .. } => {
                ("merge", [("id", "organisation"), ("dissolvedOn", "organisation"), ("successor", "into")].as_slice())
            }
        };
        let renamed = |part: String| {
            let other = named.iter().find(|(name, _)| *name == part).map(|(_, other)| (*other).to_owned());
            other.unwrap_or(part)
        };
        let place = ["input", "changes"].map(str::to_owned).into_iter().chain([at.to_string(), change.to_owned()]);
        Fault { path: place.chain(fault.path.into_iter().map(renamed)).collect(), ..fault }
    }
}

fn repealed(
    facts: &Facts,
    citation: &Citation,
    from: Option<Instant>,
    successor: Option<&Citation>,
    now: Instant,
) -> Result<Vec<Edit>, Violations> {
    let mut checks = Checks::default();
    let mut named = |path: &str, citation: &Citation| {
        checks.found(path, wording_at(facts, citation, now), "provision in force").map(|row| global_id(row.id))
    };
    let id = named("legalBasis", citation);
    let successor = successor.map(|citation| named("successor", citation));
    let successor = match successor {
        Some(None) => None,
        Some(Some(id)) => Some(Some(id)),
        None => Some(None),
    };
    let (id, successor) = checks.done(|| Some((id?, successor?)))?;
    let on = from.map(|from| instant_text(from.max(now)));
    Ok(repeal(facts, &RepealInput { id, on, successor, note: NOBODY.to_owned() }, now)?.edits)
}

fn ended(facts: &Facts, id: AgreementId, on: Option<Day>, by: (&str, Instant)) -> Result<Vec<Edit>, Violations> {
    let speaker = facts.agreement.get(id).map(|row| Speaker {
        agreement: id,
        side: AgreementSide::Discloser,
        organisation: row.discloser_id,
    });
    let input = TerminationInput {
        id: global_id(id),
        reason: TerminationReason::Notice,
        note: None,
        on: on.map(|day| day.to_string()),
    };
    Ok(terminate(facts, clock::fresh_id::<AgreementNoticeId>(), speaker, &input, by)?.edits)
}

/// It lapses by its day, as it would by itself: none of its statuses says so.
fn lapsed(facts: &Facts, id: ProtectionStatementId, from: Instant) -> Vec<Edit> {
    let Some(row) = facts.protection_statement.get(id) else { return Vec::new() };
    let valid_until = Some(row.valid_until.map_or(from, |until| until.min(from)));
    vec![protection_statement::Model { valid_until, ..row.as_ref().clone() }.into()]
}

/// Only rows of the scope go; a code takes what stands below it with it.
fn narrowed(facts: &Facts, narrowing: &Narrowing) -> Result<Vec<Edit>, Violations> {
    let items = || facts.scope_item.of(narrowing.scope).filter(|row| row.scope_id == narrowing.scope);
    let mut checks = Checks::default();
    for (at, code) in narrowing.without.iter().enumerate() {
        let held = items().any(|row| code.covers(&row.item_code));
        checks.found(&format!("withoutItems.{at}"), held.then_some(()), "item of the scope");
    }
    let goes = |code: &ItemCode| narrowing.without.iter().any(|without| without.covers(code));
    checks.done(|| {
        let gone = items().filter(|row| goes(&row.item_code));
        Some(gone.map(|row| Edit::Remove("scope_item", row.id.0)).collect())
    })
}

fn merged(
    facts: &Facts,
    (organisation, into): (&BusinessId, &BusinessId),
    known: &BTreeSet<AgreementId>,
    now: Instant,
) -> Result<Vec<Edit>, Violations> {
    let mut checks = Checks::default();
    let row = checks.found("organisation", facts.organisation_of(organisation.as_str()), "organisation");
    let id = checks.done(|| Some(global_id(row?.id)))?;
    let yesterday = helsinki_day(now).pred_opt().unwrap_or(Day::MIN).to_string();
    let is_known = |row: &agreement::Model| known.contains(&row.id);
    Ok(dissolve_among(facts, &id, &yesterday, Some(into.as_str()), now, &is_known)?.edits)
}
