//! Acts on scopes.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{Admission, Channel, ModeJustification, NecessityCheck, Operation, Population, Regularity};

use super::Scope;
use crate::{
    Error,
    context::Intent,
    graphql::{
        errors::UserError,
        request::request,
        said::Said,
        scalars::{Date, ItemCode},
    },
    scope::{self, DefinitionInput, ItemInput},
};

/// Item of a scope to be defined.
#[derive(InputObject)]
pub struct ScopeItemInput {
    /// Code of an item of the register that stands now. A node means everything below it but identity codes, which are
    /// named by themselves.
    item: ItemCode,
    /// What is done with it; READ when absent. Never LIST over a viewing connection.
    operation: Option<Said<Operation>>,
    /// How far back data may be given, in days from 1; not limited when absent.
    look_back_days: Option<i32>,
    /// Whose data.
    population: Said<Population>,
    /// Bases of the agreement it rests on, 1 to 20: a citation names each right the agreement has by that provision, a
    /// global identifier one basis.
    bases: Vec<String>,
    /// Mandate themes the end user must hold one mandate each of: codes or URIs; at most 20 in the whole scope.
    mandates: Option<Vec<String>>,
}

impl From<ScopeItemInput> for ItemInput {
    fn from(input: ScopeItemInput) -> Self {
        Self {
            item: input.item.into(),
            operation: input.operation.map_or(Operation::Read, |operation| operation.0),
            look_back_days: input.look_back_days,
            population: input.population.0,
            bases: input.bases,
            mandates: input.mandates.unwrap_or_default(),
        }
    }
}

/// Scope to be defined.
#[derive(InputObject)]
pub struct DefineScopeInput {
    /// Number of the agreement.
    agreement: String,
    /// Channel, one over which the register is offered.
    channel: Said<Channel>,
    /// Whether disclosures recur with fixed content.
    regularity: Said<Regularity>,
    /// Codes of the purposes, 1 to 20, each of which an item's law serves.
    purposes: Vec<String>,
    /// Items, 1 to 1,000, each with an operation once.
    items: Vec<ScopeItemInput>,
    /// How case-by-case need is ensured (906/2019 22 § 2 mom).
    necessity_check: Said<NecessityCheck>,
    /// Why another means than the interface; needed for what recurs between authorities (906/2019 22 § 1 mom).
    mode_justification: Option<Said<ModeJustification>>,
    /// The same in words, at most 4,000 characters; stands with it or not at all. Never personal data.
    mode_justification_text: Option<String>,
    /// What admits an end user; NONE when absent. MANDATE, or GRANT beside it, where items require mandates.
    admission: Option<Said<Admission>>,
    /// Day on which opening is planned, today or later.
    planned_on: Option<Date>,
    /// Days after which the recipient deletes the data, from 1; not limited when absent.
    retention_days: Option<i32>,
    /// Global identifier of the open scope it narrows, which it takes the place of at once with its evidence and its end
    /// users. Without it the open one stays until the new one is agreed, implemented, tested and opened.
    replaces: Option<ID>,
    /// Number the scope is to have in its channel, from 1: one more than the newest its definer has seen, so that of two who
    /// define at once one is told CONFLICT. Null: the next one, whatever was defined meanwhile.
    version: Option<i32>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

impl From<DefineScopeInput> for DefinitionInput {
    fn from(input: DefineScopeInput) -> Self {
        Self {
            agreement: input.agreement,
            channel: input.channel.0,
            regularity: input.regularity.0,
            purposes: input.purposes,
            items: input.items.into_iter().map(Into::into).collect(),
            necessity_check: input.necessity_check.0,
            mode_justification: input.mode_justification.map(|justification| justification.0),
            mode_justification_text: input.mode_justification_text,
            admission: input.admission.map_or(Admission::None, |admission| admission.0),
            planned_on: input.planned_on.map(String::from),
            retention_days: input.retention_days,
            replaces: input.replaces.map(|id| id.0),
            version: input.version,
        }
    }
}

/// Answer to defineScope.
#[derive(SimpleObject)]
pub struct DefineScopePayload {
    /// Scope as it stands now; null when the input has faults.
    scope: Option<Scope>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on scopes.
#[derive(Default)]
pub struct ScopeMutation;

#[Object]
impl ScopeMutation {
    /// Defines what may be disclosed over a channel, as its next version; the discloser's officer's act. Versions that were
    /// never opened give way; content that was offered gets a new version for both parties to agree on. The same content
    /// again answers as the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED,
    /// NOT_FOUND, CONFLICT, WRONG_STATUS, AGREEMENT_NOT_IN_FORCE, NO_LEGAL_BASIS, BASIS_REPEALED, BASIS_NOT_ADEQUATE,
    /// ELECTRONIC_NOT_ALLOWED, SECRECY_NOT_OVERRIDDEN, NOT_ENTITLED, PROCESSING_RIGHT_MISSING, MODE_NOT_JUSTIFIED,
    /// LIST_BY_VIEWING, CONTENT_NOT_AGREED. Source: 906/2019 22–24 §.
    async fn define_scope(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What may be disclosed, and how.")] input: DefineScopeInput,
    ) -> Result<DefineScopePayload, Error> {
        let request = request(ctx, "defineScope")?;
        let intent = Intent::of(input.validate_only);
        let outcome = scope::define(request, input.into(), intent).await;
        let (scope, user_errors) = UserError::shown(&request.view, outcome, Scope::of_id)?;
        Ok(DefineScopePayload { scope, user_errors })
    }
}
