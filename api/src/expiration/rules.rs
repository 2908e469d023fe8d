//! Everything with an end within a number of days that a viewer answers for.

use chrono::TimeDelta;
use entity::vocabulary::{
    AdoptionStepState, AgreementId, AgreementStatus, Instant, MandatingRightStatus, ProposalStatus, ScopeStatus,
    StatementStatus, day_end, helsinki_midnight,
};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Sight, policy},
    context::View,
    decision::{self, Horizon},
    facts::{Dossier, global_id},
};

/// Days after which a contact should be confirmed again.
const CONTACT_STALE_DAYS: i64 = 365;

/// Days after which use and open-ended grants should be looked at again.
const REVIEW_DAYS: i64 = 365;

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ExpirationKind {
    /// An agreement's last day.
    Agreement,
    /// A provision an agreement rests on ceases to be in force.
    LegalBasis,
    /// Approval of a protection statement lapses.
    ProtectionStatement,
    /// A protection statement is due for review.
    StatementReview,
    /// A right to grant mandates ends.
    MandatingRight,
    /// An organisation's signing key ends.
    OrganisationKey,
    /// A contact is due to be confirmed again.
    Contact,
    /// What a provision an agreement rests on gives at most ends.
    Entitlement,
    /// An end user's access grant ends.
    AccessGrant,
    /// An end user's access grant without an end is due to be looked at again.
    GrantReview,
    /// The recipient's review of its own use is due.
    UsageReview,
    /// The supervisory authority is due to be told of a personal data breach.
    IncidentNotice,
    /// A step of adoption is planned.
    AdoptionStep,
}

impl ExpirationKind {
    /// Whether it is something to be done by then, which stays to be done once the time has passed.
    fn is_task(self) -> bool {
        match self {
            Self::StatementReview
            | Self::Contact
            | Self::GrantReview
            | Self::UsageReview
            | Self::IncidentNotice
            | Self::AdoptionStep => true,
            Self::Agreement
            | Self::LegalBasis
            | Self::ProtectionStatement
            | Self::MandatingRight
            | Self::OrganisationKey
            | Self::Entitlement
            | Self::AccessGrant => false,
        }
    }
}

/// Something that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiration {
    /// Instant it ends at.
    pub at: Instant,
    /// What sort of thing.
    pub kind: ExpirationKind,
    /// Its global id.
    pub subject: String,
    /// Its number, citation or name.
    pub label: String,
    /// Agreement concerned, where there is one.
    pub agreement: Option<AgreementId>,
}

/// Place of an expiration in the list, whose order it is; one provision may end for several agreements at once, and several
/// steps of one agreement may be planned for one day.
pub type Position = (Instant, ExpirationKind, String, Option<AgreementId>, String);

impl Expiration {
    /// Place in the list.
    pub fn position(&self) -> Position {
        (self.at, self.kind, self.subject.clone(), self.agreement, self.label.clone())
    }
}

/// What ends from the view's instant on within `days`, soonest first, as far as the viewer answers for it; and, where it is
/// asked for, what should have been done before and was not.
pub fn expirations(view: &View, days: i64, kinds: Option<&[ExpirationKind]>, overdue: Overdue) -> Vec<Expiration> {
    let until = view.at + TimeDelta::days(days);
    let mut found = Vec::new();
    agreements(view, &mut found);
    own(view, &mut found);
    found.retain(|expiration| {
        let is_ahead = view.at < expiration.at || (overdue == Overdue::Shown && expiration.kind.is_task());
        is_ahead && expiration.at <= until && kinds.is_none_or(|kinds| kinds.contains(&expiration.kind))
    });
    found.sort_by_cached_key(Expiration::position);
    found.dedup_by_key(|expiration| expiration.position());
    found
}

/// Whether what should have been done before now is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    /// It is.
    Shown,
    /// It is not.
    Hidden,
}

fn agreements(view: &View, found: &mut Vec<Expiration>) {
    for row in view.facts.agreement.all() {
        let Some(sight) = policy::sight(view.present(), &view.viewer, row).filter(|sight| *sight >= Sight::Metadata)
        else {
            continue;
        };
        let Some(dossier) = view.facts.dossier(row.id) else { continue };
        let of =
            |kind, at, subject| Expiration { at, kind, subject, label: row.number.clone(), agreement: Some(row.id) };
        if sight >= Sight::Party {
            steps(view, dossier, &of, found);
        }
        if sight == Sight::Office {
            incidents(view, dossier, &of, found);
        }
        if !matches!(row.status, AgreementStatus::Signed | AgreementStatus::Active | AgreementStatus::Suspended) {
            continue;
        }
        found.extend(row.ends_on.map(|day| of(ExpirationKind::Agreement, day_end(day), global_id(row.id))));
        laws(view, dossier, found);
        for statement in dossier.statements.iter().filter(|part| part.row.status == StatementStatus::Approved) {
            let id = global_id(statement.row.id);
            let lapse = statement.row.valid_until;
            found.extend(lapse.map(|end| of(ExpirationKind::ProtectionStatement, end, id.clone())));
            let review = statement.row.next_review_on.map(helsinki_midnight);
            found.extend(review.map(|day| of(ExpirationKind::StatementReview, day, id)));
        }
        if sight == Sight::Office && dossier.ends_at.is_none_or(|end| view.at < end) {
            found
                .extend(usage_review(view, dossier).map(|due| of(ExpirationKind::UsageReview, due, global_id(row.id))));
            grants(view, dossier, &of, found);
        }
    }
}

/// Provisions an agreement rests on that cease, and what they give at most that ends.
fn laws(view: &View, dossier: &Dossier, found: &mut Vec<Expiration>) {
    let facts = &view.facts;
    let recipient = decision::acting(facts, dossier.row.recipient_id, &mut Horizon::new(view.at));
    for law in dossier.bases.iter().filter_map(|basis| view.facts.law(basis.row.legal_basis_id)) {
        let of = |kind, at, subject| Expiration {
            at,
            kind,
            subject,
            label: law.row.citation.clone(),
            agreement: Some(dossier.row.id),
        };
        found.extend(law.row.valid_until.map(|end| of(ExpirationKind::LegalBasis, end, global_id(law.row.id))));
        let given = law.entitlements.iter().filter(|row| {
            row.status == ProposalStatus::Confirmed
                && row.register_id == dossier.row.register_id
                && recipient.is_some_and(|to| decision::is_for(facts, row, Some(to.id), to.kind, to.authority_status))
        });
        found
            .extend(given.filter_map(|row| Some(of(ExpirationKind::Entitlement, row.valid_until?, global_id(row.id)))));
    }
}

/// Steps of adoption that have an agreed day and are not done.
fn steps(
    view: &View,
    dossier: &Dossier,
    of: &impl Fn(ExpirationKind, Instant, String) -> Expiration,
    found: &mut Vec<Expiration>,
) {
    let is_planned = view.facts.adoption_plan.of(dossier.row.id).any(|plan| plan.planned_on.is_some())
        || dossier.scopes.iter().any(|scope| scope.row.planned_on.is_some());
    if !is_planned || has_ended(dossier.row.status) {
        return;
    }
    for step in decision::adoption_steps(&view.facts, dossier, view.at) {
        let is_open = !matches!(step.state, AdoptionStepState::Done | AdoptionStepState::NotRequired);
        let planned = step.planned_on.filter(|_| is_open).map(day_end);
        found.extend(planned.map(|end| Expiration {
            label: format!("{} {}", dossier.row.number, step.code),
            ..of(ExpirationKind::AdoptionStep, end, global_id(dossier.row.id))
        }));
    }
}

fn has_ended(status: AgreementStatus) -> bool {
    match status {
        AgreementStatus::Terminated
        | AgreementStatus::Superseded
        | AgreementStatus::Rejected
        | AgreementStatus::Withdrawn => true,
        AgreementStatus::RegisteredIncomplete
        | AgreementStatus::Draft
        | AgreementStatus::BasisConfirmed
        | AgreementStatus::Negotiation
        | AgreementStatus::Signed
        | AgreementStatus::Active
        | AgreementStatus::Suspended => false,
    }
}

/// Breaches the authority is still to be told of (GDPR article 33), whatever has become of the agreement.
fn incidents(
    view: &View,
    dossier: &Dossier,
    of: &impl Fn(ExpirationKind, Instant, String) -> Expiration,
    found: &mut Vec<Expiration>,
) {
    for incident in view.facts.incident.of(dossier.row.id) {
        let due = decision::notice_due(incident);
        found.extend(due.map(|due| of(ExpirationKind::IncidentNotice, due, global_id(incident.id))));
    }
}

/// Instant by which the recipient is to have reviewed its own use again: a year after the last day it has reviewed, or after
/// the first day of an agreement it has never reviewed (R60).
fn usage_review(view: &View, dossier: &Dossier) -> Option<Instant> {
    let reviewed = view.facts.usage_review.of(dossier.row.id).map(|review| day_end(review.until_on)).max();
    let since = reviewed.into_iter().chain(dossier.starts_at).max()?;
    (dossier.row.status == AgreementStatus::Active).then(|| since + TimeDelta::days(REVIEW_DAYS))
}

/// Grants in use that end, and those without an end that nobody has looked at for a year (R53).
fn grants(
    view: &View,
    dossier: &Dossier,
    of: &impl Fn(ExpirationKind, Instant, String) -> Expiration,
    found: &mut Vec<Expiration>,
) {
    let scopes = dossier.scopes.iter().filter(|scope| scope.row.status != ScopeStatus::Closed);
    let grants = scopes.flat_map(|scope| view.facts.access_grant.of(scope.row.id));
    for grant in grants.filter(|grant| grant.revoked_at.is_none()) {
        let (kind, at) = match grant.valid_until {
            Some(end) => (ExpirationKind::AccessGrant, end),
            None => (ExpirationKind::GrantReview, grant.valid_from + TimeDelta::days(REVIEW_DAYS)),
        };
        found.push(of(kind, at, global_id(grant.id)));
    }
}

/// Rights, keys and contacts of the viewer's own organisation.
fn own(view: &View, found: &mut Vec<Expiration>) {
    let Some(own) = policy::own_people(view.present(), &view.viewer) else { return };
    let of = |kind, at, subject, label| Expiration { at, kind, subject, label, agreement: None };
    for right in view.facts.mandating_right.of(own).filter(|right| right.status == MandatingRightStatus::Granted) {
        let theme = view.facts.mandate_theme.get(right.mandate_theme_id).map(|theme| theme.code.clone());
        let end = right.valid_until;
        found.extend(
            end.map(|end| of(ExpirationKind::MandatingRight, end, global_id(right.id), theme.unwrap_or_default())),
        );
    }
    for key in view.facts.organisation_key.of(own).filter(|key| key.status == ProposalStatus::Confirmed) {
        found.extend(
            key.valid_until.map(|end| of(ExpirationKind::OrganisationKey, end, global_id(key.id), key.kid.clone())),
        );
    }
    for contact in view.facts.contact.of(own).filter(|contact| contact.retired_on.is_none()) {
        let due = contact.confirmed_on.map(|day| helsinki_midnight(day) + TimeDelta::days(CONTACT_STALE_DAYS));
        found.extend(due.map(|due| of(ExpirationKind::Contact, due, global_id(contact.id), contact.name_fi.clone())));
    }
}
