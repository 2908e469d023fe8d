//! Everything with an end within a number of days that a viewer answers for.

use chrono::TimeDelta;
use entity::vocabulary::{
    AgreementId, AgreementStatus, Instant, MandatingRightStatus, ProposalStatus, StatementStatus, day_end,
    helsinki_midnight,
};
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Sight, policy},
    context::View,
    facts::global_id,
};

/// Days after which a contact should be confirmed again.
const CONTACT_STALE_DAYS: i64 = 365;

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

/// Place of an expiration in the list, whose order it is; one provision may end for several agreements at once.
pub type Position = (Instant, ExpirationKind, String, Option<AgreementId>);

impl Expiration {
    /// Place in the list.
    pub fn position(&self) -> Position {
        (self.at, self.kind, self.subject.clone(), self.agreement)
    }
}

/// What ends from the view's instant on within `days`, soonest first, as far as the viewer answers for it.
pub fn expirations(view: &View, days: i64, kinds: Option<&[ExpirationKind]>) -> Vec<Expiration> {
    let until = view.at + TimeDelta::days(days);
    let mut found = Vec::new();
    agreements(view, &mut found);
    own(view, &mut found);
    found.retain(|expiration| {
        view.at < expiration.at && expiration.at <= until && kinds.is_none_or(|kinds| kinds.contains(&expiration.kind))
    });
    found.sort_by_cached_key(Expiration::position);
    found.dedup_by_key(|expiration| expiration.position());
    found
}

fn agreements(view: &View, found: &mut Vec<Expiration>) {
    for row in view.facts.agreement.all() {
        let runs = matches!(row.status, AgreementStatus::Signed | AgreementStatus::Active | AgreementStatus::Suspended);
        if !runs || policy::sight(&view.facts, &view.viewer, row).is_none_or(|sight| sight < Sight::Metadata) {
            continue;
        }
        let of = |kind, at, subject, label| Expiration { at, kind, subject, label, agreement: Some(row.id) };
        found.extend(
            row.ends_on.map(|day| of(ExpirationKind::Agreement, day_end(day), global_id(row.id), row.number.clone())),
        );
        let Some(dossier) = view.facts.dossier(row.id) else { continue };
        for law in dossier.bases.iter().filter_map(|basis| view.facts.legal_basis.get(basis.row.legal_basis_id)) {
            let end = law.valid_until;
            found.extend(end.map(|end| of(ExpirationKind::LegalBasis, end, global_id(law.id), law.citation.clone())));
        }
        for statement in dossier.statements.iter().filter(|part| part.row.status == StatementStatus::Approved) {
            let (id, label) = (global_id(statement.row.id), row.number.clone());
            let lapse = statement.row.valid_until;
            found.extend(lapse.map(|end| of(ExpirationKind::ProtectionStatement, end, id.clone(), label.clone())));
            let review = statement.row.next_review_on.map(helsinki_midnight);
            found.extend(review.map(|day| of(ExpirationKind::StatementReview, day, id, label)));
        }
    }
}

/// Rights, keys and contacts of the viewer's own organisation.
fn own(view: &View, found: &mut Vec<Expiration>) {
    let Some(own) = policy::own_people(&view.facts, &view.viewer) else { return };
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
