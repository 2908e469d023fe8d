//! How onward rules are said, and the acts on them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{OnwardRecipientKind, OnwardRuleId, Threshold};

use super::{EndingInput, RuleInput};
use crate::{
    Error,
    auth::{Sight, policy},
    context::{Intent, View},
    facts::{Dossier, OnwardPart, global_id},
    graphql::{
        errors::UserError,
        request::request,
        said::Said,
        scalars::{DateTime, ItemCode},
    },
    legal_basis::graphql::LegalBasis,
    onward_rule,
    register::graphql::Purpose,
    scope::graphql::laws,
};

use std::sync::Arc;

/// Onward rule within its agreement.
pub struct OnwardRule {
    view: View,
    dossier: Arc<Dossier>,
    position: usize,
}

impl OnwardRule {
    /// Rules of an agreement, the earliest first.
    pub fn all(view: &View, dossier: &Arc<Dossier>) -> Vec<Self> {
        let mut positions: Vec<usize> = (0..dossier.onward.len()).collect();
        positions.sort_by_key(|at| (dossier.onward[*at].row.valid_from, dossier.onward[*at].row.id));
        let rule = |position| Self { view: view.clone(), dossier: Arc::clone(dossier), position };
        positions.into_iter().map(rule).collect()
    }

    /// Rule of an id; null when the viewer is no party of its agreement.
    pub fn of(view: &View, id: OnwardRuleId) -> Option<Self> {
        let dossier = view.facts.dossier(view.facts.onward_rule.get(id)?.agreement_id)?;
        let sight = policy::sight(view.present(), &view.viewer, &dossier.row)?;
        let position = dossier.onward.iter().position(|part| part.row.id == id)?;
        let rule = Self { view: view.clone(), dossier: Arc::clone(dossier), position };
        (sight >= Sight::Party).then_some(rule)
    }

    fn part(&self) -> &OnwardPart {
        &self.dossier.onward[self.position]
    }
}

/// Rule by which the recipient may give data on, and the only way it may (R27–R30). It binds once both parties have agreed
/// to it.
#[Object]
impl OnwardRule {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.part().row.id).into()
    }

    /// To whom.
    async fn recipient_kind(&self) -> Said<OnwardRecipientKind> {
        self.part().row.recipient_kind.into()
    }

    /// For what; null when the purpose is no longer known.
    async fn purpose(&self) -> Option<Purpose> {
        let row = self.view.facts.purpose.get(self.part().row.purpose_id)?;
        Some(Purpose { view: self.view.clone(), row: Arc::clone(row) })
    }

    /// Items that may travel on, by code, at most 1,000.
    async fn items(&self) -> Vec<ItemCode> {
        let mut codes: Vec<_> = self.part().items.iter().collect();
        codes.sort();
        codes.into_iter().map(ItemCode::from).collect()
    }

    /// How necessary the data must be to whom it is given; null when the law sets no threshold.
    async fn threshold(&self) -> Option<Said<Threshold>> {
        self.part().row.threshold.map(Said)
    }

    /// Instant from which it holds, UTC, inclusive.
    async fn valid_from(&self) -> DateTime {
        self.part().row.valid_from.into()
    }

    /// Instant at which it ended, UTC, exclusive; null while it has no end.
    async fn valid_until(&self) -> Option<DateTime> {
        self.part().row.valid_until.map(DateTime::from)
    }

    /// Provisions it rests on, at most 50.
    async fn citations(&self) -> Vec<LegalBasis> {
        let bases = self.part().bases.iter().filter_map(|at| self.dossier.bases.get(*at));
        laws(&self.view, &bases.map(|basis| basis.row.legal_basis_id).collect::<Vec<_>>())
    }
}

/// Onward rule to be added. It holds from the act on, once both parties have agreed to it.
#[derive(InputObject)]
pub struct AddOnwardRuleInput {
    /// Number of the agreement.
    agreement: String,
    /// To whom.
    recipient_kind: Said<OnwardRecipientKind>,
    /// Code of a purpose of a scope.
    purpose: String,
    /// Items that may travel on, 1 to 1,000, each within a scope of that purpose.
    items: Vec<ItemCode>,
    /// How necessary the data must be; NECESSARY where its law says so, not limited when absent.
    threshold: Option<Said<Threshold>>,
    /// Bases of the agreement in the role ONWARD, 1 to 20, at least one of them adequate: citations or global identifiers.
    bases: Vec<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

impl From<AddOnwardRuleInput> for RuleInput {
    fn from(input: AddOnwardRuleInput) -> Self {
        Self {
            agreement: input.agreement,
            recipient_kind: input.recipient_kind.0,
            purpose: input.purpose,
            items: input.items.into_iter().map(String::from).collect(),
            threshold: input.threshold.map(|threshold| threshold.0),
            bases: input.bases,
        }
    }
}

/// Answer to addOnwardRule.
#[derive(SimpleObject)]
pub struct AddOnwardRulePayload {
    /// Rule as it stands now; null when the input has faults.
    rule: Option<OnwardRule>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Onward rule to be ended.
#[derive(InputObject)]
pub struct EndOnwardRuleInput {
    /// Global identifier.
    id: ID,
    /// Why, in words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to endOnwardRule.
#[derive(SimpleObject)]
pub struct EndOnwardRulePayload {
    /// Rule as it stands now; null when the act was refused.
    rule: Option<OnwardRule>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on onward rules.
#[derive(Default)]
pub struct OnwardRuleMutation;

#[Object]
impl OnwardRuleMutation {
    /// Adds a rule by which data may travel on; the discloser's officer's act. Content that was offered gets a new version
    /// for both parties to agree on, and nothing travels on by the rule before they have. The same content again answers as
    /// the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS,
    /// AGREEMENT_NOT_IN_FORCE, NO_LEGAL_BASIS, BASIS_NOT_ADEQUATE, ITEM_NOT_IN_SCOPE, PURPOSE_NOT_IN_SCOPE.
    async fn add_onward_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What may travel on, to whom and on which law.")] input: AddOnwardRuleInput,
    ) -> Result<AddOnwardRulePayload, Error> {
        let request = request(ctx, "addOnwardRule")?;
        let intent = Intent::of(input.validate_only);
        let outcome = onward_rule::add(request, input.into(), intent).await;
        let (rule, user_errors) = UserError::shown(&request.view, outcome, OnwardRule::of)?;
        Ok(AddOnwardRulePayload { rule, user_errors })
    }

    /// Ends an onward rule at once; the discloser's officer's act. Errors: FORBIDDEN. User errors: TOO_LONG, MALFORMED,
    /// NOT_FOUND, WRONG_STATUS.
    async fn end_onward_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rule.")] input: EndOnwardRuleInput,
    ) -> Result<EndOnwardRulePayload, Error> {
        let request = request(ctx, "endOnwardRule")?;
        let intent = Intent::of(input.validate_only);
        let outcome = onward_rule::end(request, EndingInput { id: input.id.0, note: input.note }, intent).await;
        let (rule, user_errors) = UserError::shown(&request.view, outcome, OnwardRule::of)?;
        Ok(EndOnwardRulePayload { rule, user_errors })
    }
}
