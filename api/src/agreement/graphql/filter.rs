//! Which agreements a list shows, and in which order.

use std::sync::Arc;

use async_graphql::{Enum, InputObject};
use entity::vocabulary::{AgreementStatus, Day, EffectiveState, OrganisationId, RegisterId};
use uuid::Uuid;

use crate::{
    Violations,
    checks::Checks,
    context::View,
    decision,
    facts::Dossier,
    graphql::{
        said::Said,
        scalars::{BusinessId, Citation, Date},
    },
};

/// Conditions an agreement must meet to be listed; all that are given.
#[derive(InputObject, Default)]
pub struct AgreementFilter {
    /// Business ID of a party, on either side.
    party: Option<BusinessId>,
    /// Business ID of the discloser.
    discloser: Option<BusinessId>,
    /// Business ID of the recipient.
    recipient: Option<BusinessId>,
    /// Code of the register.
    register: Option<String>,
    /// Stored status; only of agreements whose status the viewer may know.
    status: Option<Vec<Said<AgreementStatus>>>,
    /// Effective state; only of agreements whose state the viewer may know.
    effective_state: Option<Vec<Said<EffectiveState>>>,
    /// Citation of a provision it rests on; only of agreements whose bases the viewer may know.
    basis: Option<Citation>,
    /// Part of the number or of a party's name in any language, without regard to case.
    name: Option<String>,
    /// Only those whose last day is before this one.
    expiring_before: Option<Date>,
    /// Only those that wait for the caller, as officer of a party; all when absent or false. An agreement waits for a
    /// side that may now, with nothing in the way, accept, sign or declare an adoption step. It waits for its discloser
    /// that may now draft it anew, confirm its basis, offer, activate or resume it, or mark a scope implemented or
    /// tested, open or resume one; while a provision of it has not been reviewed; as a draft that rests on no
    /// provision; and, until it is offered, when it has a right and every scope of it is closed or none is defined. It
    /// waits for its recipient while it is signed or active, its term has not ended, and over the channel of a scope
    /// that is not closed there is no protection statement that is approved and has not lapsed, nor one that waits for
    /// the discloser's review.
    waits_for_me: Option<bool>,
}

/// What agreements are ordered by. May grow.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum AgreementOrder {
    /// By number.
    Number,
    /// By first day, those without one last.
    StartsOn,
    /// By last day, open-ended ones last.
    EndsOn,
}

impl AgreementOrder {
    /// Name of the list in this order, for its cursors.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Number => "agreements NUMBER",
            Self::StartsOn => "agreements STARTS_ON",
            Self::EndsOn => "agreements ENDS_ON",
        }
    }
}

/// Filter with its references found.
#[derive(Default)]
pub(super) struct Wanted {
    party: Option<OrganisationId>,
    discloser: Option<OrganisationId>,
    recipient: Option<OrganisationId>,
    register: Option<RegisterId>,
    status: Option<Vec<AgreementStatus>>,
    effective_state: Option<Vec<EffectiveState>>,
    basis: Option<String>,
    name: Option<String>,
    expiring_before: Option<Day>,
    waits_for_viewer: bool,
}

impl Wanted {
    /// Reads a filter; unknown references are faults.
    pub(super) fn read(view: &View, filter: AgreementFilter) -> Result<Self, Violations> {
        let mut checks = Checks::default();
        let organisation = |checks: &mut Checks, path: &str, id: Option<&BusinessId>| {
            checks.organisation(&view.facts, &format!("filter.{path}"), id?.as_str()).map(|row| row.id)
        };
        let wanted = Self {
            party: organisation(&mut checks, "party", filter.party.as_ref()),
            discloser: organisation(&mut checks, "discloser", filter.discloser.as_ref()),
            recipient: organisation(&mut checks, "recipient", filter.recipient.as_ref()),
            register: filter.register.as_deref().and_then(|code| {
                checks.found("filter.register", view.facts.register.by_key(code), "register").map(|row| row.id)
            }),
            status: filter.status.map(|all| all.into_iter().map(|status| status.0).collect()),
            effective_state: filter.effective_state.map(|all| all.into_iter().map(|state| state.0).collect()),
            basis: filter
                .basis
                .and_then(|citation| checks.parsed::<entity::vocabulary::Citation>("filter.basis", citation.as_str()))
                .map(|citation| citation.to_string()),
            name: filter.name.map(|name| name.to_lowercase()),
            expiring_before: filter.expiring_before.and_then(|day| checks.day("filter.expiringBefore", day.as_str())),
            waits_for_viewer: filter.waits_for_me == Some(true),
        };
        checks.done(|| Some(wanted))
    }

    /// Whether fewer than all agreements can meet the filter, found by an index.
    pub(super) fn has_index(&self) -> bool {
        self.narrowest().is_some()
    }

    /// What of the filter names the fewest agreements by an index.
    fn narrowest(&self) -> Option<Uuid> {
        let named = [
            self.recipient.map(|id| id.0),
            self.party.map(|id| id.0),
            self.discloser.map(|id| id.0),
            self.register.map(|id| id.0),
        ];
        named.into_iter().flatten().next()
    }

    /// Agreements that can meet the filter at all, by the narrowest index.
    pub(super) fn candidates<'a>(&self, view: &'a View) -> Vec<&'a Arc<Dossier>> {
        let rows: Vec<_> = match self.narrowest() {
            Some(parent) => view.facts.agreement.of(parent).collect(),
            None => view.facts.agreement.all().collect(),
        };
        rows.into_iter().filter_map(|row| view.facts.dossier(row.id)).collect()
    }

    /// Whether an agreement meets the filter. `is_insider` and `is_party` say what the viewer may know of it.
    pub(super) fn admits(&self, view: &View, dossier: &Dossier, is_insider: bool, is_party: bool) -> bool {
        let row = &dossier.row;
        let among = |wanted: Option<OrganisationId>, ids: &[OrganisationId]| wanted.is_none_or(|id| ids.contains(&id));
        among(self.party, &[row.discloser_id, row.recipient_id])
            && among(self.discloser, &[row.discloser_id])
            && among(self.recipient, &[row.recipient_id])
            && self.register.is_none_or(|id| id == row.register_id)
            && self.expiring_before.is_none_or(|day| row.ends_on.is_some_and(|ends_on| ends_on < day))
            && self.name.as_ref().is_none_or(|name| is_named(view, dossier, name))
            && self
                .status
                .as_ref()
                .is_none_or(|all| is_insider && dossier.status.at(view.at).is_some_and(|status| all.contains(&status)))
            && self.basis.as_ref().is_none_or(|citation| is_party && rests_on(view, dossier, citation))
            && (!self.waits_for_viewer || waits_for_viewer(view, dossier))
            && self.effective_state.as_ref().is_none_or(|all| {
                let state = decision::of_agreement(&view.facts, dossier, view.at).state;
                let in_force = matches!(state, EffectiveState::InForce | EffectiveState::PartlyInForce);
                match (is_party, in_force) {
                    (true, _) => all.contains(&state),
                    (false, true) => all.contains(&EffectiveState::InForce),
                    (false, false) => all.contains(&EffectiveState::NotInForce),
                }
            })
    }
}

fn waits_for_viewer(view: &View, dossier: &Dossier) -> bool {
    let side = view.offered_side(&dossier.row);
    side.is_some_and(|side| decision::waits_for(&view.facts, dossier, side, view.at))
}

fn is_named(view: &View, dossier: &Dossier, name: &str) -> bool {
    let parties = [dossier.row.discloser_id, dossier.row.recipient_id];
    dossier.row.number.to_lowercase().contains(name)
        || parties.into_iter().filter_map(|id| view.facts.organisation.get(id)).any(|row| {
            [Some(&row.name_fi), row.name_sv.as_ref(), row.name_en.as_ref()]
                .into_iter()
                .flatten()
                .any(|text| text.to_lowercase().contains(name))
        })
}

fn rests_on(view: &View, dossier: &Dossier, citation: &str) -> bool {
    let laws = dossier.bases.iter().filter_map(|basis| view.facts.legal_basis.get(basis.row.legal_basis_id));
    laws.into_iter().any(|law| law.citation == citation)
}
