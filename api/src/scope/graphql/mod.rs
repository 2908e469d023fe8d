//! How scopes, and the conditions that fail, are said.

mod mutation;
mod progress;
mod standing;

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{
    scope_item, status_entry,
    vocabulary::{
        Admission, AgreementAction, Channel, ClosedEnum, DecisionReasonCode, EffectiveState, Language, LegalBasisId,
        NecessityCheck, Operation, Population, Regularity, ScopeStatus, StatusSubject,
    },
};

pub use mutation::ScopeMutation;
pub use progress::ScopeProgressMutation;
pub use standing::ScopeStandingMutation;

use crate::{
    Error,
    access_grant::graphql::{AccessGrant, grants_of},
    auth::{Sight, policy},
    context::View,
    decision::{self, About, Reason, Standing},
    document::graphql::Document,
    facts::{Dossier, ItemPart, ScopePart, global_id},
    graphql::{
        connections::Connection,
        request::named,
        said::Said,
        scalars::{Date, DateTime, ItemCode},
    },
    legal_basis::graphql::LegalBasis,
    mandate::graphql::MandateTheme,
    register::graphql::Purpose,
    status,
};

/// Condition that fails, with what it rests on.
pub struct DecisionReason {
    /// What is seen.
    pub view: View,
    /// The condition.
    pub reason: Reason,
}

impl DecisionReason {
    /// Reasons as the viewer may see them.
    pub fn all(view: &View, reasons: impl IntoIterator<Item = Reason>) -> Vec<Self> {
        reasons.into_iter().map(|reason| Self { view: view.clone(), reason }).collect()
    }

    /// The condition in words, in the language of the request.
    pub fn words(&self) -> String {
        let said = decision::reason_message(self.reason.code, self.view.language);
        match about(&self.view, &self.reason) {
            Some(about) => format!("{said}: {about}"),
            None => said.to_owned(),
        }
    }
}

/// Condition that fails. Codes are stable; messages are free to change.
#[Object]
impl DecisionReason {
    /// Which condition.
    async fn code(&self) -> Said<DecisionReasonCode> {
        self.reason.code.into()
    }

    /// Condition in words, in the language of the request.
    async fn message(&self) -> String {
        self.words()
    }

    /// Item it concerns, as asked; null when it concerns everything.
    async fn item(&self) -> Option<ItemCode> {
        self.reason.item.as_ref().map(ItemCode::from)
    }

    /// Provisions it rests on, at most 50; empty where no single provision is at stake.
    async fn citations(&self) -> Vec<LegalBasis> {
        laws(&self.view, &self.reason.bases)
    }
}

/// Provisions of ids, without repetition.
pub fn laws(view: &View, ids: &[LegalBasisId]) -> Vec<LegalBasis> {
    let mut seen = Vec::new();
    ids.iter()
        .filter(|id| {
            !seen.contains(id) && {
                seen.push(id);
                true
            }
        })
        .filter_map(|id| view.facts.legal_basis.get(*id))
        .map(|row| LegalBasis { view: view.clone(), row: Arc::clone(row) })
        .collect()
}

/// What a reason names beyond its item, as far as the viewer may know it.
fn about(view: &View, reason: &Reason) -> Option<String> {
    match &reason.about {
        About::Nothing => None,
        About::MandateTheme(id) => view.facts.mandate_theme.get(*id).map(|theme| theme.code.clone()),
        About::Item(code) => Some(code.to_string()),
        About::Agreement(id) => {
            let row = view.facts.agreement.get(*id)?;
            policy::sight(view.present(), &view.viewer, row)?;
            Some(row.number.clone())
        }
    }
}

/// What an agreement or scope amounts to now.
pub struct EffectiveStatus {
    /// What is seen.
    pub view: View,
    /// The computed standing.
    pub standing: Standing,
    /// Whether the viewer may know why.
    pub is_explained: bool,
}

/// What an agreement or scope amounts to now; computed at every reading, never stored.
#[Object]
impl EffectiveStatus {
    /// State. Who may not know more sees IN_FORCE, or NOT_IN_FORCE for every other state.
    async fn state(&self) -> Said<EffectiveState> {
        let state = self.standing.state;
        let in_force = matches!(state, EffectiveState::InForce | EffectiveState::PartlyInForce);
        match (self.is_explained, in_force) {
            (true, _) => state.into(),
            (false, true) => EffectiveState::InForce.into(),
            (false, false) => EffectiveState::NotInForce.into(),
        }
    }

    /// Instant from which the state holds, UTC; null where it is not recorded or not for the viewer to know.
    async fn since(&self) -> Option<DateTime> {
        self.standing.since.filter(|_| self.is_explained).map(DateTime::from)
    }

    /// Next instant at which it may change by time alone, UTC; null when none is known, or not for the viewer to know.
    async fn until(&self) -> Option<DateTime> {
        self.standing.until.filter(|_| self.is_explained).map(DateTime::from)
    }

    /// Conditions that fail; empty when nothing does, and for viewers who may not know them.
    async fn blockers(&self) -> Vec<DecisionReason> {
        let blockers = if self.is_explained { self.standing.blockers.clone() } else { Vec::new() };
        DecisionReason::all(&self.view, blockers)
    }
}

/// Scope within its agreement.
pub struct Scope {
    /// What is seen.
    pub view: View,
    /// Its agreement.
    pub dossier: Arc<Dossier>,
    /// Position in the agreement's scopes.
    pub position: usize,
}

impl Scope {
    /// Scopes of an agreement, by channel and version.
    pub fn all(view: &View, dossier: &Arc<Dossier>) -> Vec<Self> {
        (0..dossier.scopes.len())
            .map(|position| Self { view: view.clone(), dossier: Arc::clone(dossier), position })
            .collect()
    }

    /// Scope of a row; null when the viewer is no party of its agreement.
    pub fn of(view: &View, row: &entity::scope::Model) -> Option<Self> {
        let dossier = view.facts.dossier(row.agreement_id)?;
        let sight = policy::sight(view.present(), &view.viewer, &dossier.row)?;
        let position = dossier.scopes.iter().position(|part| part.row.id == row.id)?;
        (sight >= Sight::Party).then(|| Self { view: view.clone(), dossier: Arc::clone(dossier), position })
    }

    /// Scope of an id, under the same condition.
    pub fn of_id(view: &View, id: entity::vocabulary::ScopeId) -> Option<Self> {
        Self::of(view, view.facts.scope.get(id)?)
    }

    /// Whether it is open at the instant of the view.
    pub fn is_open(&self) -> bool {
        self.part().status.at(self.view.at) == Some(ScopeStatus::Open)
    }

    fn part(&self) -> &ScopePart {
        &self.dossier.scopes[self.position]
    }
}

/// What may be disclosed over one channel, in one version of an agreement.
#[Object]
impl Scope {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.part().row.id).into()
    }

    /// Channel.
    async fn channel(&self) -> Said<Channel> {
        self.part().row.channel.into()
    }

    /// Version within agreement and channel, from 1.
    async fn version(&self) -> i32 {
        self.part().row.version
    }

    /// Stored status.
    async fn status(&self) -> Said<ScopeStatus> {
        self.part().status.at(self.view.at).unwrap_or(self.part().row.status).into()
    }

    /// What it amounts to now.
    async fn effective_status(&self) -> EffectiveStatus {
        let standing = decision::of_scope(&self.view.facts, &self.dossier, self.part(), self.view.at);
        EffectiveStatus { view: self.view.clone(), standing, is_explained: true }
    }

    /// Whether disclosures recur with fixed content.
    async fn regularity(&self) -> Said<Regularity> {
        self.part().row.regularity.into()
    }

    /// How case-by-case need is ensured.
    async fn necessity_check(&self) -> Said<NecessityCheck> {
        self.part().row.necessity_check.into()
    }

    /// What admits an end user.
    async fn admission(&self) -> Said<Admission> {
        self.part().row.admission.into()
    }

    /// Days after which the recipient deletes the data; null when not limited.
    async fn retention_days(&self) -> Option<i32> {
        self.part().row.retention_days
    }

    /// Version of the register's structure description it is implemented by (906/2019 22 § 3 mom); null until then.
    async fn structure_version(&self) -> Option<&str> {
        self.part().row.structure_version.as_deref()
    }

    /// Why another channel than the technical interface, in words; null where no justification is recorded.
    async fn mode_justification(&self) -> Option<String> {
        self.part().row.mode_justification_text.as_deref().map(Into::into)
    }

    /// Day on which the content was defined; a node covers what existed at the instant of it, and what came to be later that
    /// day is covered by its own code alone, also in a later version of the same day.
    async fn defined_on(&self) -> Date {
        self.part().row.defined_on.into()
    }

    /// Day on which opening is planned; null when not agreed.
    async fn planned_on(&self) -> Option<Date> {
        self.part().row.planned_on.map(Date::from)
    }

    /// Statuses it has had, the first first, each with its evidence.
    async fn history(&self) -> Vec<ScopeStatusEntry> {
        let rows = status::entries(&self.view.facts, (StatusSubject::Scope, self.part().row.id.0));
        let sight = policy::sight(self.view.present(), &self.view.viewer, &self.dossier.row);
        rows.into_iter().filter_map(|row| ScopeStatusEntry::of(&self.view, row, sight)).collect()
    }

    /// Acts the viewer may do to it, or will be able to; empty for those who may do none.
    async fn allowed_actions(&self) -> Vec<AllowedAction> {
        let (view, row) = (&self.view, &self.dossier.row);
        let Some(side) = view.offered_side(row) else { return Vec::new() };
        let actions = decision::scope_actions(&view.facts, &self.dossier, self.part(), side, view.at);
        actions.into_iter().map(|action| AllowedAction { view: view.clone(), action }).collect()
    }

    /// Items, by code, at most 1,000.
    async fn items(&self) -> Vec<ScopeItem> {
        let items = 0..self.part().items.len();
        let scope = |item| ScopeItem {
            view: self.view.clone(),
            dossier: Arc::clone(&self.dossier),
            scope: self.position,
            item,
        };
        items.map(scope).collect()
    }

    /// Purposes, at most 20.
    async fn purposes(&self) -> Vec<Purpose> {
        let purposes = self.part().purposes.iter().filter_map(|id| self.view.facts.purpose.get(*id));
        purposes.map(|row| Purpose { view: self.view.clone(), row: Arc::clone(row) }).collect()
    }

    /// Mandate themes its items require, without repetition, at most 20.
    async fn mandates(&self) -> Vec<MandateTheme> {
        let mut themes: Vec<_> = self.part().items.iter().flat_map(|item| item.mandates.iter().copied()).collect();
        themes.sort_unstable();
        themes.dedup();
        let rows = themes.into_iter().filter_map(|id| self.view.facts.mandate_theme.get(id));
        rows.map(|row| MandateTheme { view: self.view.clone(), row: Arc::clone(row) }).collect()
    }

    /// Access granted to end users, oldest first; null for all but the officers of both sides and their auditors. Errors:
    /// INVALID_INPUT, UNAVAILABLE.
    async fn grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this user of the recipient, in the clear; at most 200 characters.")]
        end_user: Option<String>,
        #[graphql(desc = "Only those that are, or are not, in force.")] is_in_force: Option<bool>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Option<Connection<AccessGrant>>, Error> {
        let asked = (end_user.as_deref(), is_in_force);
        grants_of(ctx, (&self.view, self.part().row.id), asked, (first, after.as_deref()))
    }
}

/// Status a scope has had from an instant on.
#[derive(SimpleObject)]
pub struct ScopeStatusEntry {
    /// Status.
    status: Said<ScopeStatus>,
    /// Instant from which it held, UTC.
    valid_from: DateTime,
    /// Reason given; null when none was.
    reason: Option<String>,
    /// Document that bears it out; null when none was named, and for all but the officers of both sides and their auditors.
    evidence: Option<Document>,
}

impl ScopeStatusEntry {
    fn of(view: &View, row: &status_entry::Model, sight: Option<Sight>) -> Option<Self> {
        let status = ScopeStatus::from_code(&row.status)?;
        let document = row.document_id.filter(|_| sight >= Some(Sight::Office));
        let document = document.and_then(|id| view.facts.document.get(id));
        let evidence = document.map(|row| Document { row: Arc::clone(row) });
        Some(Self {
            status: status.into(),
            valid_from: row.from_at.into(),
            reason: row.reason.as_deref().map(Into::into),
            evidence,
        })
    }
}

/// Act offered.
pub struct AllowedAction {
    /// What is seen.
    pub view: View,
    /// The act.
    pub action: decision::AllowedAction,
}

/// Act the viewer may do, now or once what stands in its way is cleared.
#[Object]
impl AllowedAction {
    /// Which act.
    async fn code(&self) -> Said<AgreementAction> {
        self.action.code.into()
    }

    /// Conditions that fail; empty when it can be done now.
    async fn blocked_by(&self) -> Vec<DecisionReason> {
        DecisionReason::all(&self.view, self.action.blocked_by.clone())
    }
}

/// Item of a scope.
pub struct ScopeItem {
    view: View,
    dossier: Arc<Dossier>,
    scope: usize,
    item: usize,
}

impl ScopeItem {
    fn part(&self) -> &ItemPart {
        &self.dossier.scopes[self.scope].items[self.item]
    }

    fn row(&self) -> &scope_item::Model {
        &self.part().row
    }
}

/// Item of a scope: a node of the register's content and everything below it that existed when the scope was defined.
#[Object]
impl ScopeItem {
    /// Code, with a qualifier where the right is narrower.
    async fn code(&self) -> ItemCode {
        (&self.row().item_code).into()
    }

    /// Name of the node.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        let code = &self.row().item_code;
        let catalogue = self.view.facts.catalogue(self.dossier.row.register_id);
        let item = catalogue.and_then(|catalogue| catalogue.item(code));
        item.map_or_else(
            || code.to_string(),
            |item| named(&self.view, language, &item.name_fi, item.name_sv.as_ref(), item.name_en.as_ref()),
        )
    }

    /// Operation.
    async fn operation(&self) -> Said<Operation> {
        self.row().operation.into()
    }

    /// How far back data may be given, in days; null when not limited.
    async fn look_back_days(&self) -> Option<i32> {
        self.row().look_back_days
    }

    /// Whose data.
    async fn population(&self) -> Said<Population> {
        self.row().population.into()
    }

    /// Mandate themes the end user must hold one mandate each of, at most 20.
    async fn mandates(&self) -> Vec<MandateTheme> {
        let rows = self.part().mandates.iter().filter_map(|id| self.view.facts.mandate_theme.get(*id));
        rows.map(|row| MandateTheme { view: self.view.clone(), row: Arc::clone(row) }).collect()
    }

    /// Provisions it rests on, at most 20.
    async fn citations(&self) -> Vec<LegalBasis> {
        let bases = self.part().bases.iter().filter_map(|at| self.dossier.bases.get(*at));
        laws(&self.view, &bases.map(|basis| basis.row.legal_basis_id).collect::<Vec<_>>())
    }

    /// Why it may not be disclosed for any purpose of the scope now; empty when it may.
    async fn blockers(&self) -> Vec<DecisionReason> {
        let scope = &self.dossier.scopes[self.scope];
        let mut horizon = decision::Horizon::new(self.view.at);
        let reasons = decision::item_reasons(&self.view.facts, &self.dossier, scope, self.part(), &mut horizon);
        DecisionReason::all(&self.view, reasons)
    }
}
