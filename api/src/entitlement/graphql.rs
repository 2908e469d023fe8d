//! How entitlements, and the answer what an organisation may receive at most, are said.

use std::{iter, sync::Arc};

use async_graphql::{Context, ID, InputObject, Object};
use entity::{
    entitlement,
    vocabulary::{
        AdoptionStepCode, AgreementSide, AuthorityStatus, BasisRole, Channel, ContactTopic, EntitlementId, Language,
        NextStepCode, Operation, OrganisationId, OrganisationKind, ProposalStatus, RegisterId,
    },
};

use super::{Insight, NextStep as Step, Question, Recipient, rules};
use crate::{
    Error, FaultCode,
    agreement::graphql::Agreement,
    auth::policy::{self, Access},
    checks::Checks,
    contact::graphql::Contact,
    context::View,
    decision,
    facts::{self, global_id},
    graphql::{
        request::request,
        said::Said,
        scalars::{BusinessId, DateTime, ItemCode},
    },
    legal_basis::graphql::LegalBasis,
    organisation::graphql::Organisation,
    register::graphql::{Purpose, Register, RegisterAlternative},
    scope::graphql::DecisionReason,
};

/// Entitlement at the instant of a view.
pub struct Entitlement {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<entitlement::Model>,
}

impl Entitlement {
    /// Entitlement of an id; null when there is none.
    pub fn of(view: &View, id: EntitlementId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(view.facts.entitlement.get(id)?) })
    }
}

/// Ceiling of a legal basis: at most this, to these, for that.
#[Object]
impl Entitlement {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Provision that gives it.
    async fn legal_basis(&self) -> Result<LegalBasis, Error> {
        LegalBasis::of(&self.view, self.row.legal_basis_id)
            .ok_or_else(|| Error::internal("an entitlement without its provision"))
    }

    /// Role in which the provision gives the right.
    async fn role(&self) -> Said<BasisRole> {
        self.row.role.into()
    }

    /// Register it reaches.
    async fn register(&self) -> Result<Register, Error> {
        Register::of(&self.view, self.row.register_id)
            .ok_or_else(|| Error::internal("an entitlement without its register"))
    }

    /// Kind of recipient; null when one recipient is named, or any kind will do.
    async fn recipient_kind(&self) -> Option<Said<OrganisationKind>> {
        self.row.recipient_kind.map(Said)
    }

    /// The one recipient; null when it is given by kind.
    async fn recipient(&self) -> Option<Organisation> {
        Organisation::of(&self.view, self.row.recipient_id?)
    }

    /// Status the recipient must have; null when any will do.
    async fn authority_status(&self) -> Option<Said<AuthorityStatus>> {
        self.row.authority_status.map(Said)
    }

    /// Highest node that may be given.
    async fn item(&self) -> ItemCode {
        (&self.row.item_code).into()
    }

    /// Purpose it is given for.
    async fn purpose(&self) -> Result<Purpose, Error> {
        let row = self.view.facts.purpose.get(self.row.purpose_id);
        let row = row.ok_or_else(|| Error::internal("an entitlement without its purpose"))?;
        Ok(Purpose { view: self.view.clone(), row: Arc::clone(row) })
    }

    /// Channel. One for the technical interface also carries other channels where an agreement has an adequate MODE basis
    /// and the scope its justification (906/2019 22 § 1 mom, 23 §).
    async fn channel(&self) -> Said<Channel> {
        self.row.channel.into()
    }

    /// Operation.
    async fn operation(&self) -> Said<Operation> {
        self.row.operation.into()
    }

    /// Web address of instructions for recipients; null when there are none.
    async fn guide_url(&self) -> Option<&str> {
        self.row.guide_url.as_deref()
    }

    /// Instant from which it holds, UTC, inclusive.
    async fn valid_from(&self) -> DateTime {
        self.row.valid_from.into()
    }

    /// Instant at which it ends, UTC, exclusive; null while open-ended.
    async fn valid_until(&self) -> Option<DateTime> {
        self.row.valid_until.map(DateTime::from)
    }

    /// Whether another administrator has confirmed it; it gives nothing before.
    async fn status(&self) -> Said<ProposalStatus> {
        self.row.status.into()
    }

    /// Who proposed it; null for all but administrators.
    async fn proposed_by(&self) -> Option<&str> {
        policy::keeps_law(&self.view.viewer).then_some(&self.row.proposed_by)
    }

    /// Who confirmed it; null while nobody has, and for all but administrators.
    async fn confirmed_by(&self) -> Option<&str> {
        self.row.confirmed_by.as_deref().filter(|_| policy::keeps_law(&self.view.viewer))
    }
}

/// Question what the law allows an organisation to receive from a register.
#[derive(InputObject)]
pub struct EntitlementsInput {
    /// Business ID of the recipient; the caller's own organisation when neither it nor a kind is given.
    organisation: Option<BusinessId>,
    /// Kind of recipient, for asking without an organisation.
    kind: Option<Said<OrganisationKind>>,
    /// Status of that kind of recipient; AUTHORITY when absent.
    authority_status: Option<Said<AuthorityStatus>>,
    /// Code of the register.
    register: String,
    /// Code of the purpose; any when absent.
    purpose: Option<String>,
    /// Instant, UTC; now when absent.
    at: Option<DateTime>,
}

impl EntitlementsInput {
    /// Question and the view it is answered in.
    fn read(self, view: &View) -> Result<(Question, View), Error> {
        let facts = &view.facts;
        let mut checks = Checks::default();
        let at = self.at.as_ref().and_then(|at| checks.instant("input.at", at.as_str())).unwrap_or(view.at);
        let recipient = self.recipient(view, &mut checks);
        let register = checks.found("input.register", facts.register.by_key(&self.register), "register");
        let register: Option<RegisterId> = register.map(|row| row.id);
        let purpose = self
            .purpose
            .as_ref()
            .and_then(|code| checks.found("input.purpose", facts.purpose.by_key(code), "purpose").map(|row| row.id));
        let view = View { at, ..view.clone() };
        let question = checks.done(|| {
            let (recipient, register) = (recipient?, register?);
            let insight = match recipient {
                Recipient::Organisation(id) => insight(&view, id, register),
                Recipient::Kind(..) => Insight::Law,
            };
            Some(Question { recipient, register, purpose, insight })
        });
        Ok((question.map_err(Error::Invalid)?, view))
    }

    fn recipient(&self, view: &View, checks: &mut Checks) -> Option<Recipient> {
        if self.authority_status.is_some() && self.kind.is_none() {
            checks.fault(FaultCode::Malformed, "input.authorityStatus", "goes with a kind");
        }
        match (&self.organisation, self.kind) {
            (Some(_), Some(_)) => {
                checks.fault(FaultCode::Malformed, "input.kind", "give an organisation or a kind, not both");
                None
            }
            (Some(business_id), None) => {
                let known = checks.organisation(&view.facts, "input.organisation", business_id.as_str());
                known.map(|row| Recipient::Organisation(row.id))
            }
            (None, Some(kind)) => {
                let status = self.authority_status.map_or(AuthorityStatus::Authority, |status| status.0);
                Some(Recipient::Kind(kind.0, status))
            }
            (None, None) => {
                if view.own_id().is_none() {
                    checks.fault(FaultCode::Blank, "input.organisation", "give an organisation or a kind");
                }
                view.own_id().map(Recipient::Organisation)
            }
        }
    }
}

/// How much may be said of an organisation's agreements on a register; to a processor nothing, for it knows only some.
fn insight(view: &View, organisation: OrganisationId, register: RegisterId) -> Insight {
    match policy::access(view.present(), &view.viewer, organisation, register) {
        Ok(Access::All) => Insight::Agreements,
        Ok(Access::Served(_)) | Err(_) => Insight::Law,
    }
}

/// Answer what the law allows.
pub struct Entitlements {
    view: View,
    register: RegisterId,
    found: rules::Entitlements,
}

/// What the law allows an organisation to receive from a register at most, what it still lacks, and other ways to the data.
#[Object]
impl Entitlements {
    /// Entitlements in force, by item, as many as the law gives; empty when it gives none.
    async fn nodes(&self) -> Vec<Entitlement> {
        let rows = self.found.nodes.iter();
        rows.map(|row| Entitlement { view: self.view.clone(), row: Arc::clone(row) }).collect()
    }

    /// What is missing before data may be disclosed: a right, and for the organisation itself, the controller
    /// and their auditors also an agreement or what stands in its way. Others see only what the law itself says.
    async fn missing(&self) -> Vec<DecisionReason> {
        DecisionReason::all(&self.view, self.found.missing.clone())
    }

    /// What to do next, the first thing that can be done. Who may not know of agreements is told what the law alone asks for.
    async fn next_step(&self) -> NextStep {
        NextStep { view: self.view.clone(), step: self.found.next_step }
    }

    /// Ways to the data other than an agreement, at most 4.
    async fn alternatives(&self) -> Vec<RegisterAlternative> {
        RegisterAlternative::of(&self.view, self.register)
    }

    /// Whom to ask at the controller, or at who took its place, about rights to information, the data-exchange desk first;
    /// null when nobody has been named.
    async fn contact(&self) -> Option<Contact> {
        let controller = self.view.facts.register.get(self.register)?.controller_id;
        let heirs = facts::successors(self.view.facts.tables(), controller);
        iter::once(controller).chain(heirs).find_map(|body| {
            Contact::of_organisation(&self.view, body, Some(ContactTopic::LegalBasis)).into_iter().next()
        })
    }
}

/// Next step.
pub struct NextStep {
    view: View,
    step: Step,
}

/// What to do next to receive the data.
#[Object]
impl NextStep {
    /// Stable code.
    async fn code(&self) -> Said<NextStepCode> {
        self.step.code.into()
    }

    /// The same in words.
    async fn message(
        &self,
        #[graphql(desc = "Language; that of the request when absent.")] language: Option<Said<Language>>,
    ) -> &'static str {
        decision::next_step_message(self.step.code, language.map_or(self.view.language, |language| language.0))
    }

    /// Agreement it is done in; null where none has been begun, and for those who may not know of it.
    async fn agreement(&self) -> Option<Agreement> {
        Agreement::of(&self.view, self.step.agreement?)
    }

    /// Step of adoption the agreement waits at; null but for CONTINUE_AGREEMENT.
    async fn adoption_step(&self) -> Option<Said<AdoptionStepCode>> {
        self.step.adoption_step.map(Said)
    }

    /// Side of the agreement whose turn it is; null outside an agreement, and where it waits for neither side alone.
    async fn waits_for(&self) -> Option<Said<AgreementSide>> {
        self.step.waits_for.map(Said)
    }
}

/// Queries about entitlements.
#[derive(Default)]
pub struct EntitlementQuery;

#[Object]
impl EntitlementQuery {
    /// What the law allows an organisation, or any of a kind, to receive from a register. Errors: INVALID_INPUT.
    async fn entitlements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Question.")] input: EntitlementsInput,
    ) -> Result<Entitlements, Error> {
        let request = request(ctx, "entitlements")?;
        let (question, view) = input.read(&request.view)?;
        let found = rules::find(&view.facts, &question, view.at);
        Ok(Entitlements { view, register: question.register, found })
    }
}
