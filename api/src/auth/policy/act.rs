//! What a viewer may do: an act is judged on the facts it changes, and only this file can make a permit.

use entity::{
    incident, inquiry, mandating_right,
    vocabulary::{
        AgreementId, AgreementSide, IncidentId, InquiryId, Instant, MandatingRightId, OrganisationId,
        ProtectionStatementId, RegisterId, WebhookId,
    },
};

use super::{
    acting_side, audits_all, has_ceased, person_sight, sees_anomalies, sees_incident, sees_inquiry,
    sees_mandating_right, sees_statement, sees_webhook, sight, stands_for,
};
use crate::{
    Error,
    auth::{Role, Viewer},
    facts::{self, Facts},
};

/// Proof that an act was judged and allowed on the facts it changes; made only here.
#[derive(Debug)]
pub struct Permit {
    actor: String,
}

impl Permit {
    /// Who acts, as status histories and proposals name it.
    pub fn actor(&self) -> &str {
        &self.actor
    }
}

/// Act to be judged, with what it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Keep the list of organisations.
    KeepOrganisations,
    /// Keep the contacts of an organisation, for all or for one agreement.
    KeepContacts {
        /// Whose.
        organisation: OrganisationId,
    },
    /// Offer a new register.
    OfferRegister {
        /// Its controller.
        controller: OrganisationId,
    },
    /// Keep a register and its items.
    KeepRegister {
        /// Which.
        register: RegisterId,
    },
    /// Draft an agreement.
    DraftAgreement {
        /// Who discloses.
        discloser: OrganisationId,
    },
    /// Look up one person's disclosures.
    LookUpSubject,
    /// Keep a disclosure from the person it concerns, or show it: the discloser's officer's act.
    WithholdDisclosure {
        /// Whose log it stands in.
        discloser: OrganisationId,
        /// Who received the data; null for onward disclosure to an applicant.
        recipient: Option<OrganisationId>,
    },
    /// Run an agreement and its scopes: the discloser's officer's act.
    RunAgreement {
        /// Which.
        agreement: AgreementId,
    },
    /// Speak for one's own side of an agreement: either side's officer's act.
    JoinAgreement {
        /// Which.
        agreement: AgreementId,
    },
    /// Answer for the use of what an agreement gives: the recipient's officer's act.
    UseAgreement {
        /// Which.
        agreement: AgreementId,
    },
    /// Withdraw an agreement: its drafter's officer's act.
    WithdrawAgreement {
        /// Which.
        agreement: AgreementId,
    },
    /// Keep provisions, entitlements, purposes, mandate themes and keys: the administrator's act.
    KeepLaw,
    /// Ask, apply or answer for one's own organisation: its officer's act.
    ActFor {
        /// Which.
        organisation: OrganisationId,
    },
    /// Answer an inquiry: the officer of the register's controller.
    AnswerInquiry {
        /// Which.
        inquiry: InquiryId,
    },
    /// Review a protection statement: the officer of the discloser it was given to, never the side that gave it.
    ReviewStatement {
        /// Which.
        statement: ProtectionStatementId,
    },
    /// Withdraw a protection statement: the officer of the recipient that gave it.
    WithdrawStatement {
        /// Which.
        statement: ProtectionStatementId,
    },
    /// Close an incident: the officer of the side that reported it, or of the discloser.
    CloseIncident {
        /// Which.
        incident: IncidentId,
    },
    /// Decide an application for a mandating right: the officer of the theme's owner, or an administrator where the theme
    /// has none; never the organisation that applied.
    DecideMandatingRight {
        /// Which.
        right: MandatingRightId,
    },
    /// Decide an anomaly: the discloser's officer's act.
    DecideAnomaly {
        /// Agreement it was found under.
        agreement: AgreementId,
    },
    /// Keep a webhook: the officer of the organisation it tells.
    KeepWebhook {
        /// Which.
        webhook: WebhookId,
    },
}

/// Judges an act on the fresh facts. Who acted for a body that has ceased acts for nobody: its successor's people act.
///
/// # Errors
/// Forbidden where the thing is known to exist, not found where it may not be known.
pub fn judge(facts: &Facts, viewer: &Viewer, act: Act, at: Instant) -> Result<Permit, Error> {
    let allowed = match act {
        Act::KeepOrganisations => viewer.is(Role::Administrator),
        Act::KeepLaw => keeps_law(viewer),
        Act::LookUpSubject => person_sight(facts, viewer).is_ok(),
        Act::KeepContacts { organisation }
        | Act::DraftAgreement { discloser: organisation }
        | Act::ActFor { organisation } => acts_for(facts, viewer, organisation),
        Act::OfferRegister { controller } => acts_for(facts, viewer, controller),
        Act::KeepRegister { register } => {
            let row = facts.register.get(register).ok_or(Error::NotFound("register"))?;
            acts_for(facts, viewer, row.controller_id)
        }
        Act::WithholdDisclosure { discloser, recipient } => {
            let sees = |party| stands_for(facts, viewer, party);
            if !(sees(discloser) || recipient.is_some_and(sees) || audits_all(facts, viewer)) {
                return Err(Error::NotFound("disclosure"));
            }
            acts_for(facts, viewer, discloser)
        }
        Act::RunAgreement { agreement } => {
            acting_side(facts, viewer, known(facts, viewer, agreement)?) == Some(AgreementSide::Discloser)
        }
        Act::JoinAgreement { agreement } => acting_side(facts, viewer, known(facts, viewer, agreement)?).is_some(),
        Act::UseAgreement { agreement } => {
            acting_side(facts, viewer, known(facts, viewer, agreement)?) == Some(AgreementSide::Recipient)
        }
        Act::WithdrawAgreement { agreement } => acts_for(facts, viewer, known(facts, viewer, agreement)?.drafted_by_id),
        Act::AnswerInquiry { inquiry } => {
            let row = facts.inquiry.get(inquiry).filter(|row| sees_inquiry(facts, viewer, row));
            answers_inquiry(facts, viewer, row.ok_or(Error::NotFound("inquiry"))?)
        }
        Act::ReviewStatement { statement } => {
            let row = facts.protection_statement.get(statement).filter(|row| sees_statement(facts, viewer, row));
            let row = row.ok_or(Error::NotFound("protection statement"))?;
            acts_for(facts, viewer, row.discloser_id) && !stands_for(facts, viewer, row.recipient_id)
        }
        Act::WithdrawStatement { statement } => {
            let row = facts.protection_statement.get(statement).filter(|row| sees_statement(facts, viewer, row));
            acts_for(facts, viewer, row.ok_or(Error::NotFound("protection statement"))?.recipient_id)
        }
        Act::CloseIncident { incident } => {
            let row = facts.incident.get(incident).filter(|row| sees_incident(facts, viewer, row));
            closes_incident(facts, viewer, row.ok_or(Error::NotFound("incident"))?)
        }
        Act::DecideMandatingRight { right } => {
            let row = facts.mandating_right.get(right).filter(|row| sees_mandating_right(facts, viewer, row));
            decides_mandating_right(facts, viewer, row.ok_or(Error::NotFound("mandating right"))?)
        }
        Act::DecideAnomaly { agreement } => {
            let row = facts.agreement.get(agreement).filter(|row| sees_anomalies(facts, viewer, row.id));
            acting_side(facts, viewer, row.ok_or(Error::NotFound("anomaly"))?) == Some(AgreementSide::Discloser)
        }
        Act::KeepWebhook { webhook } => {
            let row = facts.webhook.get(webhook).filter(|row| sees_webhook(facts, viewer, row));
            acts_for(facts, viewer, row.ok_or(Error::NotFound("webhook"))?.organisation_id)
        }
    };
    if !allowed || has_ceased(facts, viewer, at) {
        return Err(Error::Forbidden);
    }
    Ok(Permit { actor: actor(viewer) })
}

/// Agreement of an id, as far as the viewer may know of it.
fn known<'a>(facts: &'a Facts, viewer: &Viewer, id: AgreementId) -> Result<&'a entity::agreement::Model, Error> {
    let row = facts.agreement.get(id).filter(|row| sight(facts, viewer, row).is_some());
    row.map(AsRef::as_ref).ok_or(Error::NotFound("agreement"))
}

/// Whether the viewer does the acts of an organisation: its officers do, and those of who took its place.
pub fn acts_for(facts: &Facts, viewer: &Viewer, organisation: OrganisationId) -> bool {
    viewer.is(Role::Officer) && stands_for(facts, viewer, organisation)
}

/// Whether the viewer keeps the law and the keys: administrators do, and they alone are told who proposed and confirmed.
pub fn keeps_law(viewer: &Viewer) -> bool {
    viewer.is(Role::Administrator)
}

/// Whether the viewer may answer an inquiry: the officers of the register's controller.
pub fn answers_inquiry(facts: &Facts, viewer: &Viewer, inquiry: &inquiry::Model) -> bool {
    let register = facts.register.get(inquiry.register_id);
    register.is_some_and(|register| acts_for(facts, viewer, register.controller_id))
}

/// Whether the viewer may decide a right to grant mandates: the officers of the body that keeps the theme, administrators
/// where none is recorded, and never the applicant's own people.
pub fn decides_mandating_right(facts: &Facts, viewer: &Viewer, right: &mandating_right::Model) -> bool {
    let decides = match facts.mandate_theme.get(right.mandate_theme_id).and_then(|theme| theme.owner_id) {
        Some(owner) => acts_for(facts, viewer, owner),
        None => viewer.is(Role::Administrator) && viewer.processor.is_none(),
    };
    decides && !stands_for(facts, viewer, right.organisation_id)
}

/// Whether the viewer may close an incident: the officers of the side that reported it, and the discloser's.
pub fn closes_incident(facts: &Facts, viewer: &Viewer, incident: &incident::Model) -> bool {
    let Some(agreement) = facts.agreement.get(incident.agreement_id) else { return false };
    match acting_side(facts, viewer, agreement) {
        Some(AgreementSide::Discloser) => true,
        Some(AgreementSide::Recipient) => facts::in_succession(facts, agreement.recipient_id, incident.reporter_id),
        Some(AgreementSide::Both) | None => false,
    }
}

/// Name of the actor in the journal; a processor is named beside whom it acts for.
pub fn actor(viewer: &Viewer) -> String {
    match viewer.processor {
        Some(processor) => format!("{} via {processor}", viewer.actor()),
        None => viewer.actor(),
    }
}
