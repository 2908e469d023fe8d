//! How organisations are said.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::{
    organisation,
    vocabulary::{
        AuthorityStatus, ClosedEnum, ContactTopic, IdentifierSource, Language, OrganisationId, OrganisationKind,
        OvtCode,
    },
};

use super::{OrganisationInput, keys::graphql::OrganisationKey};
use crate::{
    Error,
    checks::Checks,
    contact::graphql::Contact,
    context::{Intent, View},
    decision,
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        errors::UserError,
        names::{LocalisedTextInput, is_named},
        plain::PlainList,
        request::{named, one_of, request},
        said::Said,
        scalars::{BusinessId, Date},
    },
};

/// Organisation at the instant of a view.
pub struct Organisation {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<organisation::Model>,
}

impl Organisation {
    /// Organisation of an id; null when there is none.
    pub fn of(view: &View, id: OrganisationId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(view.facts.organisation.get(id)?) })
    }
}

/// Authority, public-task body or private body that discloses or receives register data.
#[Object]
impl Organisation {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Business ID; null for a body outside the Finnish business register.
    async fn business_id(&self) -> Option<BusinessId> {
        self.row.business_id.map(BusinessId::from)
    }

    /// OVT code (ISO 6523 0037), its address in electronic data interchange; null when none is known.
    async fn ovt_code(&self) -> Option<&str> {
        self.row.ovt_code.as_ref().map(OvtCode::as_str)
    }

    /// Object identifier in social and health care or education, in dotted decimals; null when it has none.
    async fn oid(&self) -> Option<String> {
        self.row.oid.as_ref().map(ToString::to_string)
    }

    /// Name.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        named(&self.view, language, &self.row.name_fi, self.row.name_sv.as_ref(), self.row.name_en.as_ref())
    }

    /// What sort of body it is; entitlements are given by kind.
    async fn kind(&self) -> Said<OrganisationKind> {
        self.row.kind.into()
    }

    /// How 906/2019 treats it; decides between 22–23 § and 24 §.
    async fn authority_status(&self) -> Said<AuthorityStatus> {
        self.row.authority_status.into()
    }

    /// Country of its seat, two letters in capitals (ISO 3166-1).
    async fn country(&self) -> &str {
        &self.row.country
    }

    /// Municipality number, three digits; null unless it is a municipality.
    async fn municipality_code(&self) -> Option<String> {
        self.row.municipality_code.map(|code| code.to_string())
    }

    /// Wellbeing services county, two digits; null unless it organises social and health care.
    async fn county_code(&self) -> Option<String> {
        self.row.county_code.map(|code| code.to_string())
    }

    /// Where its business ID was taken from.
    async fn identifier_source(&self) -> Said<IdentifierSource> {
        self.row.identifier_source.into()
    }

    /// Last day of its existence, included; null while none is set.
    async fn dissolved_on(&self) -> Option<Date> {
        self.row.dissolved_on.map(Date::from)
    }

    /// Body to which its rights and duties passed; null while it exists, and where nobody succeeded it.
    async fn successor(&self) -> Option<Organisation> {
        Self::of(&self.view, self.row.successor_id?)
    }

    /// Its subsystems on the data exchange layer, as `INSTANCE/CLASS/MEMBER/SUBSYSTEM`, at most 100.
    async fn xroad_ids(&self) -> Vec<String> {
        self.view.facts.organisation_xroad.of(self.row.id).map(|row| row.xroad_id.to_string()).collect()
    }

    /// Public keys it signs agreements with, in the order they were proposed, at most 100: proposed and revoked ones too, each
    /// marked by its status.
    async fn keys(&self) -> Vec<OrganisationKey> {
        let rows = self.view.facts.organisation_key.of(self.row.id);
        rows.map(|row| OrganisationKey { view: self.view.clone(), row: Arc::clone(row) }).collect()
    }

    /// Its role mailboxes for all matters, in the order in which to ask them; technical support before others
    /// on technical matters, security and data protection. Retired ones are left out. Those that are not public are for
    /// its own people and for those on the other side of an agreement with it.
    async fn contacts(
        &self,
        #[graphql(desc = "Topic they answer; any when absent.")] topic: Option<Said<ContactTopic>>,
    ) -> PlainList<Contact> {
        PlainList(Contact::of_organisation(&self.view, self.row.id, topic.map(|topic| topic.0)))
    }
}

/// Conditions an organisation must meet to be listed; all that are given.
#[derive(InputObject, Default)]
pub struct OrganisationFilter {
    /// Kind.
    kind: Option<Said<OrganisationKind>>,
    /// How 906/2019 treats it.
    authority_status: Option<Said<AuthorityStatus>>,
    /// Part of its name in any language, without regard to case.
    name: Option<String>,
    /// Whether it exists, or else has been dissolved.
    is_active: Option<bool>,
}

impl OrganisationFilter {
    fn admits(&self, view: &View, row: &organisation::Model) -> bool {
        self.kind.is_none_or(|kind| kind.0 == row.kind)
            && self.authority_status.is_none_or(|status| status.0 == row.authority_status)
            && self.is_active.is_none_or(|active| active == decision::exists(row, view.at))
            && self
                .name
                .as_ref()
                .is_none_or(|part| is_named(part, &row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref()))
    }
}

/// What organisations are ordered by. May grow.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OrganisationOrder {
    /// By name in the language of the request.
    Name,
    /// By business ID, those without one last.
    BusinessId,
}

impl OrganisationOrder {
    /// Name of the list in this order, for its cursors; names differ by language.
    fn list(self, language: Language) -> String {
        match self {
            Self::Name => format!("organisations NAME {}", language.code()),
            Self::BusinessId => "organisations BUSINESS_ID".to_owned(),
        }
    }

    fn key(self, view: &View, row: &organisation::Model) -> (bool, String, OrganisationId) {
        match self {
            Self::Name => {
                let name = named(view, None, &row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref());
                (false, name.to_lowercase(), row.id)
            }
            Self::BusinessId => {
                let business_id = row.business_id.map(|id| id.to_string());
                (business_id.is_none(), business_id.unwrap_or_default(), row.id)
            }
        }
    }
}

/// Queries about organisations.
#[derive(Default)]
pub struct OrganisationQuery;

#[Object]
impl OrganisationQuery {
    /// Organisation of an id or a business ID; give exactly one. Null, with NOT_FOUND, when there is none. Errors:
    /// NOT_FOUND, INVALID_INPUT.
    async fn organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global identifier.")] id: Option<ID>,
        #[graphql(desc = "Business ID.")] business_id: Option<BusinessId>,
    ) -> Option<Result<Organisation, Error>> {
        let found =
            request(ctx, "organisation").and_then(|request| find(&request.view, id.as_ref(), business_id.as_ref()));
        Some(found)
    }

    /// Organisations the gateway knows. Errors: INVALID_INPUT, LIMIT_EXCEEDED.
    async fn organisations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions; every organisation when absent.")] filter: Option<OrganisationFilter>,
        #[graphql(desc = "Order; by name when absent. Ties by id.")] order_by: Option<OrganisationOrder>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Organisation>, Error> {
        let request = request(ctx, "organisations")?;
        let view = &request.view;
        let order = order_by.unwrap_or(OrganisationOrder::Name);
        let page = Page::of(order.list(view.language), first, after.as_deref(), request.page_size_max())?;
        let filter = filter.unwrap_or_default();
        let listed = view.facts.organisation.all().filter(|row| filter.admits(view, row));
        let mut entries: Vec<_> = listed.map(|row| (order.key(view, row), row)).collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let total = entries.len();
        let node = |row: &Arc<organisation::Model>| Organisation { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(entries, node).of_total(total))
    }
}

fn find(view: &View, id: Option<&ID>, business_id: Option<&BusinessId>) -> Result<Organisation, Error> {
    one_of(&[("id", id.is_some()), ("businessId", business_id.is_some())])?;
    let mut checks = Checks::default();
    let by_id = id.and_then(|id| checks.parsed("id", id));
    let by_business_id: Option<entity::vocabulary::BusinessId> =
        business_id.and_then(|id| checks.parsed("businessId", id.as_str()));
    checks.done(|| Some(())).map_err(Error::Invalid)?;
    let found = by_id.or_else(|| view.facts.organisation_of(by_business_id?.as_str()).map(|row| row.id));
    found.and_then(|id| Organisation::of(view, id)).ok_or(Error::NotFound("organisation"))
}

/// Content of an organisation.
#[derive(InputObject)]
pub struct OrganisationContentInput {
    /// Business ID; needed in Finland.
    business_id: Option<BusinessId>,
    /// OVT code, 0037 and 8 to 13 characters.
    ovt_code: Option<String>,
    /// Object identifier in dotted decimals.
    oid: Option<String>,
    /// Name.
    name: LocalisedTextInput,
    /// Kind.
    kind: Said<OrganisationKind>,
    /// How 906/2019 treats it.
    authority_status: Said<AuthorityStatus>,
    /// Country of its seat, two letters in capitals; FI when absent.
    country: Option<String>,
    /// Municipality number, three digits; needed for a municipality.
    municipality_code: Option<String>,
    /// Wellbeing services county, two digits; needed for a county.
    county_code: Option<String>,
}

impl From<OrganisationContentInput> for OrganisationInput {
    fn from(content: OrganisationContentInput) -> Self {
        Self {
            business_id: content.business_id.map(String::from),
            ovt_code: content.ovt_code,
            oid: content.oid,
            name: content.name.into(),
            kind: content.kind.0,
            authority_status: content.authority_status.0,
            country: content.country,
            municipality_code: content.municipality_code,
            county_code: content.county_code,
        }
    }
}

/// Organisation to be registered.
#[derive(InputObject)]
pub struct RegisterOrganisationInput {
    /// Content.
    #[graphql(flatten)]
    content: OrganisationContentInput,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to registerOrganisation.
#[derive(SimpleObject)]
pub struct RegisterOrganisationPayload {
    /// Organisation; null when the input has faults.
    organisation: Option<Organisation>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Organisation to be amended.
#[derive(InputObject)]
pub struct AmendOrganisationInput {
    /// Global identifier.
    id: ID,
    /// Content, the whole of it.
    #[graphql(flatten)]
    content: OrganisationContentInput,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to amendOrganisation.
#[derive(SimpleObject)]
pub struct AmendOrganisationPayload {
    /// Organisation as it stands now; null when the act was refused.
    organisation: Option<Organisation>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Organisation to be dissolved.
#[derive(InputObject)]
pub struct DissolveOrganisationInput {
    /// Global identifier.
    id: ID,
    /// Last day of its existence, included; today or earlier, for who succeeds acts at once.
    dissolved_on: Date,
    /// Business ID of the body its rights and duties pass to; needed while agreements run.
    successor: Option<BusinessId>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to dissolveOrganisation.
#[derive(SimpleObject)]
pub struct DissolveOrganisationPayload {
    /// Organisation as it stands now; null when the act was refused.
    organisation: Option<Organisation>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on organisations.
#[derive(Default)]
pub struct OrganisationMutation;

#[Object]
impl OrganisationMutation {
    /// Registers an organisation; the administrator's act. The same business ID with the same content answers as the first
    /// time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, CONFLICT.
    async fn register_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register.")] input: RegisterOrganisationInput,
    ) -> Result<RegisterOrganisationPayload, Error> {
        let request = request(ctx, "registerOrganisation")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::register(request, input.content.into(), intent).await;
        let (organisation, user_errors) = UserError::shown(&request.view, outcome, Organisation::of)?;
        Ok(RegisterOrganisationPayload { organisation, user_errors })
    }

    /// Amends what is known of an organisation; the administrator's act. A business ID may be added but never changes: a new
    /// one is a new body, to be registered and named the successor. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG,
    /// MALFORMED, NOT_FOUND, CONFLICT.
    async fn amend_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation, and its content.")] input: AmendOrganisationInput,
    ) -> Result<AmendOrganisationPayload, Error> {
        let request = request(ctx, "amendOrganisation")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::amend(request, input.id.0, input.content.into(), intent).await;
        let (organisation, user_errors) = UserError::shown(&request.view, outcome, Organisation::of)?;
        Ok(AmendOrganisationPayload { organisation, user_errors })
    }

    /// Dissolves an organisation on its last day or later; the administrator's act. Its agreements go on with the successor,
    /// which has by them what the law gives to such a body. Errors: FORBIDDEN. User errors: MALFORMED, NOT_FOUND, CONFLICT,
    /// WRONG_STATUS, PERIOD_REVERSED, and PARTY_NOT_ACTIVE for a successor that has ceased.
    async fn dissolve_organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation, when, and who succeeds it.")] input: DissolveOrganisationInput,
    ) -> Result<DissolveOrganisationPayload, Error> {
        let request = request(ctx, "dissolveOrganisation")?;
        let intent = Intent::of(input.validate_only);
        let successor = input.successor.map(String::from);
        let outcome = super::dissolve(request, input.id.0, input.dissolved_on.into(), successor, intent).await;
        let (organisation, user_errors) = UserError::shown(&request.view, outcome, Organisation::of)?;
        Ok(DissolveOrganisationPayload { organisation, user_errors })
    }
}
