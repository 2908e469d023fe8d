//! How simulations are asked for and said.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use entity::{
    agreement,
    vocabulary::{
        AgreementId, BusinessId as OwnBusinessId, Citation as OwnCitation, ContactTopic, Day, ItemCode as OwnItemCode,
        Operation, OrganisationId, ProtectionStatementId, ScopeId,
    },
};

use super::{
    CHANGES_MAX, Counted, Decided, Effect, Looked, Narrowing, Simulated, Supposed, Supposition, Window, is_seen,
};
use crate::{
    Error, FaultCode,
    access_decision::graphql::AccessDecision,
    agreement::graphql::Agreement,
    auth::policy,
    checks::Checks,
    contact::graphql::Contact,
    context::View,
    disclosure::Recorder,
    graphql::{
        connections::{Connection, Page},
        long::Long,
        request::{beside, request, within},
        said::Said,
        scalars::{BusinessId, Citation, Date, DateTime, ItemCode},
    },
    organisation::graphql::Organisation,
    register::graphql::Purpose,
    scope::graphql::Scope,
};

/// Items a scope may be supposed without.
const ITEMS_MAX: usize = 100;

/// Decisions told of one agreement.
const DECISIONS_TOLD_MAX: usize = 200;

/// Changes to be supposed, and when to look.
#[derive(InputObject)]
pub struct SimulationInput {
    /// Changes, 1 to 20, each on what the one before leaves. Each is judged by the rule of the act that would do it.
    changes: Vec<SimulatedChangeInput>,
    /// Instant to look at, UTC; when absent, the first at which all of them show.
    at: Option<DateTime>,
    /// Time whose disclosures are judged as if the changes had been made at its beginning, or as soon after as they could
    /// have been; none when absent.
    window: Option<SimulationWindowInput>,
}

/// Time whose disclosures are judged.
#[derive(InputObject)]
pub struct SimulationWindowInput {
    /// Its first instant, UTC, past.
    from: DateTime,
    /// Its end, UTC, exclusive; now when absent.
    until: Option<DateTime>,
}

/// One change that is supposed.
#[derive(OneofObject)]
pub enum SimulatedChangeInput {
    /// A provision is repealed.
    Repeal(SimulatedRepealInput),
    /// An agreement is suspended.
    Suspend(SimulatedSuspensionInput),
    /// An agreement ends.
    End(SimulatedEndInput),
    /// A protection statement lapses.
    Lapse(SimulatedLapseInput),
    /// A scope holds less.
    Narrow(SimulatedNarrowingInput),
    /// Organisations become one.
    Merge(SimulatedMergerInput),
}

/// Provision that is supposed to be repealed.
#[derive(InputObject)]
pub struct SimulatedRepealInput {
    /// The provision, in force now.
    legal_basis: Citation,
    /// Instant from which it is no longer in force, UTC, not before now; now when absent.
    from: Option<DateTime>,
    /// Provision in force that takes its place; none when absent.
    successor: Option<Citation>,
}

/// Agreement that is supposed to be suspended.
#[derive(InputObject)]
pub struct SimulatedSuspensionInput {
    /// Its number.
    agreement: String,
}

/// Agreement that is supposed to end.
#[derive(InputObject)]
pub struct SimulatedEndInput {
    /// Its number.
    agreement: String,
    /// Its last day, included; at once when absent.
    on: Option<Date>,
}

/// Protection statement that is supposed to lapse.
#[derive(InputObject)]
pub struct SimulatedLapseInput {
    /// Its global identifier.
    statement: ID,
    /// Instant from which it no longer speaks, UTC; now when absent.
    from: Option<DateTime>,
}

/// Scope that is supposed to hold less.
#[derive(InputObject)]
pub struct SimulatedNarrowingInput {
    /// Its global identifier.
    scope: ID,
    /// Items it no longer holds, 1 to 100; a code takes what the scope holds below it with it.
    without_items: Vec<ItemCode>,
}

/// Organisations that are supposed to become one.
#[derive(InputObject)]
pub struct SimulatedMergerInput {
    /// Business ID of the one that ceases.
    organisation: BusinessId,
    /// Business ID of the one that takes its place.
    into: BusinessId,
}

/// What supposed changes come to.
pub struct Simulation(Simulated);

/// What supposed changes come to, as far as the viewer may know it: nothing was written.
#[Object]
impl Simulation {
    /// Instant looked at, UTC.
    async fn at(&self) -> DateTime {
        self.0.before.at.into()
    }

    /// Journal position of the facts the changes were supposed on.
    async fn facts_seq(&self) -> Long {
        self.0.before.facts.seq.into()
    }

    /// Agreements that would come to something else, with their scopes and decisions: of those the viewer is a side of or
    /// audits, by number.
    async fn agreements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on; it holds in a simulation of the same changes.")] after: Option<
            String,
        >,
    ) -> Result<Connection<SimulatedAgreement>, Error> {
        let Simulated { before, after: supposed, effects, .. } = &self.0;
        let page = Page::of("simulation agreements", first, after.as_deref(), within(ctx)?.page_size_max())?;
        let keyed = effects.iter().map(|effect| (number(before, effect.agreement), effect));
        let node = |effect: &Effect| SimulatedAgreement {
            before: before.clone(),
            after: supposed.clone(),
            effect: effect.clone(),
        };
        Ok(page.connection(keyed, node).of_total(effects.len()))
    }

    /// Organisations to tell, the parties of those agreements, by business ID.
    async fn notify(&self) -> Result<Vec<SimulatedNotice>, Error> {
        let Simulated { before, effects, .. } = &self.0;
        let mut told: BTreeMap<OrganisationId, Vec<String>> = BTreeMap::new();
        for row in effects.iter().filter_map(|effect| before.facts.agreement.get(effect.agreement)) {
            for party in [row.discloser_id, row.recipient_id] {
                told.entry(party).or_default().push(row.number.clone());
            }
        }
        let mut told: Vec<_> = told.into_iter().collect();
        told.sort_by_key(|(id, _)| before.facts.organisation.get(*id).and_then(|row| row.business_id));
        told.into_iter().map(|(party, agreements)| SimulatedNotice::of(before, party, agreements)).collect()
    }

    /// Disclosures of the window; null when none was asked about.
    async fn window(&self) -> Option<SimulatedWindow> {
        let Looked { window, agreements, is_complete } = self.0.window.as_ref()?;
        let sum = |of: fn(&Counted) -> i64| Long(agreements.iter().map(|(_, counted)| of(counted)).sum());
        Some(SimulatedWindow {
            from: window.from.into(),
            until: window.until.into(),
            examined: sum(|counted| counted.examined),
            not_permitted: sum(|counted| counted.not_permitted),
            is_complete: *is_complete,
            agreements: agreements.iter().filter_map(|(id, counted)| self.counted(*id, *counted)).collect(),
        })
    }
}

impl Simulation {
    fn counted(&self, id: AgreementId, counted: Counted) -> Option<SimulatedDisclosures> {
        Some(SimulatedDisclosures {
            agreement: Agreement::of(&self.0.before, id)?,
            examined: Long(counted.examined),
            not_permitted: Long(counted.not_permitted),
        })
    }
}

fn number(view: &View, id: AgreementId) -> String {
    view.facts.agreement.get(id).map(|row| row.number.clone()).unwrap_or_default()
}

/// Agreement that would come to something else.
pub struct SimulatedAgreement {
    before: View,
    after: View,
    effect: Effect,
}

/// Agreement that would come to something else.
#[Object]
impl SimulatedAgreement {
    /// As it is, at the instant looked at.
    async fn before(&self) -> Result<Agreement, Error> {
        of(&self.before, self.effect.agreement)
    }

    /// As it would be.
    async fn after(&self) -> Result<Agreement, Error> {
        of(&self.after, self.effect.agreement)
    }

    /// Decisions on the items of its open scopes that would come out another way, for whoever brings the mandates, the
    /// access grant and the case reference a scope asks for; at most 200, by scope and item.
    async fn decisions(&self) -> Vec<SimulatedDecision> {
        let told = self.effect.decisions.iter().take(DECISIONS_TOLD_MAX);
        let said = |decided: &Decided| SimulatedDecision {
            before: self.before.clone(),
            after: self.after.clone(),
            decided: decided.clone(),
        };
        told.map(said).collect()
    }

    /// How many such decisions there are.
    async fn decision_count(&self) -> usize {
        self.effect.decisions.len()
    }
}

fn of(view: &View, id: AgreementId) -> Result<Agreement, Error> {
    Agreement::of(view, id).ok_or_else(|| Error::internal("a simulated agreement is not seen"))
}

/// Decision that would come out another way.
pub struct SimulatedDecision {
    before: View,
    after: View,
    decided: Decided,
}

/// Decision that would come out another way.
#[Object]
impl SimulatedDecision {
    /// Scope that holds the item, as it is.
    async fn scope(&self) -> Result<Scope, Error> {
        Scope::of_id(&self.before, self.decided.scope).ok_or_else(|| Error::internal("a simulated scope is not seen"))
    }

    /// Code of the item.
    async fn item(&self) -> ItemCode {
        (&self.decided.item).into()
    }

    /// What is done with it.
    async fn operation(&self) -> Said<Operation> {
        self.decided.operation.into()
    }

    /// What for.
    async fn purpose(&self) -> Result<Purpose, Error> {
        let row = self.before.facts.purpose.get(self.decided.purpose).cloned();
        let row = row.ok_or_else(|| Error::internal("a simulated purpose is not there"))?;
        Ok(Purpose { view: self.before.clone(), row })
    }

    /// As it is.
    async fn before(&self) -> AccessDecision {
        AccessDecision::new(self.before.clone(), self.decided.before.clone())
    }

    /// As it would be.
    async fn after(&self) -> AccessDecision {
        AccessDecision::new(self.after.clone(), self.decided.after.clone())
    }
}

/// Organisation to tell.
#[derive(SimpleObject)]
pub struct SimulatedNotice {
    /// The organisation.
    organisation: Organisation,
    /// Numbers of its agreements that would change.
    agreements: Vec<String>,
    /// Its contacts for agreements, in the order in which to ask them, as far as the viewer may know them.
    contacts: Vec<Contact>,
}

impl SimulatedNotice {
    fn of(view: &View, party: OrganisationId, agreements: Vec<String>) -> Result<Self, Error> {
        let organisation =
            Organisation::of(view, party).ok_or_else(|| Error::internal("an agreement without its party"))?;
        let contacts = Contact::of_organisation(view, party, Some(ContactTopic::Agreement));
        Ok(Self { organisation, agreements, contacts })
    }
}

/// Disclosures of a window, judged by what is known now and by what is supposed.
#[derive(SimpleObject)]
pub struct SimulatedWindow {
    /// Its first instant, UTC.
    from: DateTime,
    /// Its end, UTC, exclusive.
    until: DateTime,
    /// Disclosures looked at: those an agreement that may change covered, of the log the viewer sees.
    examined: Long,
    /// Those of them that are permitted by what is known now, and would not have been.
    not_permitted: Long,
    /// Whether all were looked at; at most 50,000 are.
    is_complete: bool,
    /// The same by agreement, by number; those without disclosures left out.
    agreements: Vec<SimulatedDisclosures>,
}

/// Disclosures of a window under one agreement.
#[derive(SimpleObject)]
pub struct SimulatedDisclosures {
    /// The agreement, as it is.
    agreement: Agreement,
    /// Disclosures looked at.
    examined: Long,
    /// Those of them that would not have been permitted.
    not_permitted: Long,
}

/// Queries about what would be.
#[derive(Default)]
pub struct SimulationQuery;

#[Object]
impl SimulationQuery {
    /// What supposed changes would come to: which agreements and decisions change, whom to tell, and how many disclosures
    /// of a time that has passed would not have been permitted. The same rules on supposed facts; nothing is written, and
    /// nobody is told. Whoever asks need not be one who could make the changes, and sees only what is theirs to see.
    /// Errors: FORBIDDEN, INVALID_INPUT, UNAVAILABLE.
    async fn simulate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Changes to be supposed.")] input: SimulationInput,
    ) -> Result<Simulation, Error> {
        let request = request(ctx, "simulate")?;
        let sets = beside::<Recorder>(ctx)?.sets();
        let asked = read(request, &input)?;
        Box::pin(super::simulate(request, sets, &asked)).await.map(Simulation)
    }
}

fn read(request: &crate::context::Context, input: &SimulationInput) -> Result<Supposition, Error> {
    let mut checks = Checks::default();
    let count = input.changes.len();
    if count == 0 {
        checks.fault(FaultCode::Blank, "input.changes", "suppose at least one change");
    } else if count > CHANGES_MAX {
        checks.fault(FaultCode::TooLong, "input.changes", format!("more than {CHANGES_MAX} changes"));
    }
    let mut reader = Reader { view: &request.view, checks };
    let given = input.changes.iter().take(CHANGES_MAX).enumerate();
    let changes: Vec<Option<Supposed>> = given.map(|(at, change)| reader.change(at, change)).collect();
    let Reader { mut checks, .. } = reader;
    let at = input.at.as_ref().and_then(|at| checks.instant("input.at", at.as_str()));
    let window = input.window.as_ref().and_then(|window| window_of(&mut checks, window, request.now));
    let changes: Option<Vec<Supposed>> = changes.into_iter().collect();
    checks.done(|| Some(Supposition { changes: changes?, at, window })).map_err(Error::Invalid)
}

fn window_of(checks: &mut Checks, given: &SimulationWindowInput, now: entity::vocabulary::Instant) -> Option<Window> {
    let from = checks.instant("input.window.from", given.from.as_str());
    let until = match &given.until {
        None => Some(now),
        Some(until) => checks.instant("input.window.until", until.as_str()),
    };
    let (from, until) = (from?, until?);
    if from >= until {
        checks.fault(FaultCode::PeriodReversed, "input.window.until", "not after `from`");
    }
    Some(Window { from, until })
}

/// Reads changes: what they name must be there for the asker.
struct Reader<'a> {
    view: &'a View,
    checks: Checks,
}

impl Reader<'_> {
    fn change(&mut self, at: usize, change: &SimulatedChangeInput) -> Option<Supposed> {
        let at = |member: &str| format!("input.changes.{at}.{member}");
        match change {
            SimulatedChangeInput::Repeal(input) => {
                let from = self.instant(&at("repeal.from"), input.from.as_ref());
                let citation = self.citation(&at("repeal.legalBasis"), &input.legal_basis);
                let successor = input.successor.as_ref().map(|text| self.citation(&at("repeal.successor"), text));
                let successor = successor.map_or(Some(None), |read| read.map(Some));
                Some(Supposed::Repeal { citation: citation?, from: from?, successor: successor? })
            }
            SimulatedChangeInput::Suspend(input) => {
                self.agreement(&at("suspend.agreement"), &input.agreement).map(Supposed::Suspend)
            }
            SimulatedChangeInput::End(input) => {
                let agreement = self.agreement(&at("end.agreement"), &input.agreement);
                let on = input.on.as_ref().map(|on| self.checks.day(&at("end.on"), on.as_str()));
                let on: Option<Option<Day>> = on.map_or(Some(None), |read| read.map(Some));
                Some(Supposed::End(agreement?, on?))
            }
            SimulatedChangeInput::Lapse(input) => {
                let from = self.instant(&at("lapse.from"), input.from.as_ref());
                let statement = self.statement(&at("lapse.statement"), &input.statement);
                Some(Supposed::Lapse(statement?, from?.unwrap_or(self.view.at)))
            }
            SimulatedChangeInput::Narrow(input) => {
                let scope = self.scope(&at("narrow.scope"), &input.scope);
                let without = self.items(&at("narrow.withoutItems"), &input.without_items);
                Some(Supposed::Narrow(Narrowing { scope: scope?, without: without? }))
            }
            SimulatedChangeInput::Merge(input) => {
                let organisation: Option<OwnBusinessId> =
                    self.checks.parsed(&at("merge.organisation"), input.organisation.as_str());
                let into: Option<OwnBusinessId> = self.checks.parsed(&at("merge.into"), input.into.as_str());
                let organisation = organisation?;
                let body = self.view.facts.organisation_of(organisation.as_str());
                let agreements = body.into_iter().flat_map(|body| self.view.facts.agreements_of(body.id));
                let is_known =
                    |row: &&Arc<agreement::Model>| policy::sight(self.view.present(), &self.view.viewer, row).is_some();
                let known = agreements.filter(is_known).map(|row| row.id).collect();
                Some(Supposed::Merge { organisation, into: into?, known })
            }
        }
    }

    /// Instant that may be absent; null where it is malformed.
    #[expect(clippy::option_option, reason = "malformed, absent, or read")]
    fn instant(&mut self, path: &str, given: Option<&DateTime>) -> Option<Option<entity::vocabulary::Instant>> {
        given.map_or(Some(None), |text| self.checks.instant(path, text.as_str()).map(Some))
    }

    fn citation(&mut self, path: &str, given: &Citation) -> Option<OwnCitation> {
        match OwnCitation::parse_normalising(given.as_str()) {
            Ok((citation, _)) => Some(citation),
            Err(fault) => {
                self.checks.fault(FaultCode::Malformed, path, fault.to_string());
                None
            }
        }
    }

    fn agreement(&mut self, path: &str, number: &str) -> Option<AgreementId> {
        let row = self.view.facts.agreement.by_key(number);
        let known = row.filter(|row| is_seen(self.view, row.id));
        self.checks.found(path, known, "agreement").map(|row| row.id)
    }

    fn statement(&mut self, path: &str, id: &ID) -> Option<ProtectionStatementId> {
        let View { facts, viewer, .. } = self.view;
        let id: ProtectionStatementId = self.checks.parsed(path, id.as_str())?;
        let row = facts.protection_statement.get(id);
        let known = row.filter(|row| policy::sees_statement(self.view.present(), viewer, row));
        self.checks.found(path, known, "protection statement").map(|row| row.id)
    }

    fn scope(&mut self, path: &str, id: &ID) -> Option<ScopeId> {
        let id: ScopeId = self.checks.parsed(path, id.as_str())?;
        let known = Scope::of_id(self.view, id);
        self.checks.found(path, known, "scope").map(|_| id)
    }

    fn items(&mut self, path: &str, given: &[ItemCode]) -> Option<Vec<OwnItemCode>> {
        if given.is_empty() {
            self.checks.fault(FaultCode::Blank, path, "name at least one item");
        } else if given.len() > ITEMS_MAX {
            self.checks.fault(FaultCode::TooLong, path, format!("more than {ITEMS_MAX} items"));
        }
        let read = given.iter().take(ITEMS_MAX).enumerate();
        let read: Vec<Option<OwnItemCode>> =
            read.map(|(at, code)| self.checks.parsed(&format!("{path}.{at}"), code.as_str())).collect();
        read.into_iter().collect()
    }
}
