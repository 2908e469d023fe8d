//! How contacts are said: whom to ask, in which order.

use std::{iter, sync::Arc};

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    contact,
    vocabulary::{
        AgreementId, AgreementSide, ContactId, ContactRole, ContactTopic, Language, OrganisationId, Publicity,
        helsinki_day,
    },
};

use super::{ContactInput, rules};
use crate::{
    Error,
    auth::policy,
    context::{Intent, View},
    facts::{self, global_id},
    graphql::{
        errors::UserError,
        names::LocalisedTextInput,
        request::{named, request},
        said::Said,
        scalars::Date,
    },
};

/// Most contacts of one list.
const CONTACTS_MAX: usize = 100;

/// Contact as the viewer may see it.
pub struct Contact {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<contact::Model>,
    /// Side it is on, where it is seen within an agreement.
    pub side: Option<AgreementSide>,
}

impl Contact {
    /// Contacts of an organisation for all matters, in the order in which to ask them.
    pub fn of_organisation(view: &View, organisation: OrganisationId, topic: Option<ContactTopic>) -> Vec<Self> {
        Self::serving(view, organisation, None, topic, None)
    }

    /// Contacts of one side of an agreement, in the order in which to ask them; of the successor where the party itself
    /// has none left.
    pub fn of_side(
        view: &View,
        organisation: OrganisationId,
        agreement: AgreementId,
        side: AgreementSide,
    ) -> Vec<Self> {
        iter::once(organisation)
            .chain(facts::successors(view.facts.tables(), organisation))
            .map(|party| Self::serving(view, party, Some(agreement), None, Some(side)))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn serving(
        view: &View,
        organisation: OrganisationId,
        agreement: Option<AgreementId>,
        topic: Option<ContactTopic>,
        side: Option<AgreementSide>,
    ) -> Vec<Self> {
        rules::serving(&view.facts, organisation, agreement, topic, helsinki_day(view.at))
            .into_iter()
            .filter(|row| policy::sees_contact(view.present(), &view.viewer, row))
            .take(CONTACTS_MAX)
            .map(|row| Self { view: view.clone(), row, side })
            .collect()
    }

    fn of(view: &View, id: ContactId) -> Option<Self> {
        let row = view.facts.contact.get(id).filter(|row| policy::sees_contact(view.present(), &view.viewer, row))?;
        Some(Self { view: view.clone(), row: Arc::clone(row), side: None })
    }
}

/// Role mailbox of an organisation. It never belongs to a named person.
#[Object]
impl Contact {
    /// Global identifier.
    async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Side it is on; null outside an agreement.
    async fn side(&self) -> Option<Said<AgreementSide>> {
        self.side.map(Said)
    }

    /// Role.
    async fn role(&self) -> Said<ContactRole> {
        self.row.role.into()
    }

    /// Topics it answers, at most 7.
    async fn topics(&self) -> Vec<Said<ContactTopic>> {
        rules::topics(&self.view.facts, self.row.id).into_iter().map(Said).collect()
    }

    /// Name of the mailbox.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        named(&self.view, language, &self.row.name_fi, self.row.name_sv.as_ref(), self.row.name_en.as_ref())
    }

    /// E-mail address; null when it is reached by telephone only.
    async fn email(&self) -> Option<&str> {
        self.row.email.as_deref()
    }

    /// Telephone number in international form; null when it is reached by e-mail only.
    async fn phone(&self) -> Option<&str> {
        self.row.phone.as_deref()
    }

    /// Languages of service, at most 3.
    async fn languages(&self) -> Vec<Said<Language>> {
        self.row.languages.0.iter().copied().map(Said).collect()
    }

    /// Order within a topic, 1 to 9, first to last.
    async fn priority(&self) -> i32 {
        self.row.priority
    }

    /// Contact that takes matters on; null when none does, when it has been retired, and when the viewer may not see it.
    async fn escalates_to(&self) -> Option<Contact> {
        let next = Self::of(&self.view, self.row.escalates_to_id?)?;
        rules::in_use(&next.row, helsinki_day(self.view.at)).then_some(next)
    }

    /// Who may see it.
    async fn publicity(&self) -> Said<Publicity> {
        self.row.publicity.into()
    }

    /// Day on which it was last confirmed; null when it never was.
    async fn confirmed_on(&self) -> Option<Date> {
        self.row.confirmed_on.map(Date::from)
    }

    /// Last day of service, included; null while none is set.
    async fn retired_on(&self) -> Option<Date> {
        self.row.retired_on.map(Date::from)
    }
}

/// Content of a contact.
#[derive(InputObject)]
pub struct ContactContentInput {
    /// Role.
    role: Said<ContactRole>,
    /// Topics it answers, at least one.
    topics: Vec<Said<ContactTopic>>,
    /// Name of the mailbox; never a person's.
    name: LocalisedTextInput,
    /// E-mail address, at most 200 characters. An address or a telephone number is needed.
    email: Option<String>,
    /// Telephone number in international form, plus sign and 7 to 15 digits.
    phone: Option<String>,
    /// Languages of service, at least one.
    languages: Vec<Said<Language>>,
    /// Order within a topic, 1 to 9; one contact is first on each topic.
    priority: i32,
    /// Contact of the same organisation that takes matters on.
    escalates_to: Option<ID>,
    /// Who may see it; everyone when absent.
    publicity: Option<Said<Publicity>>,
}

impl From<ContactContentInput> for ContactInput {
    fn from(content: ContactContentInput) -> Self {
        Self {
            role: content.role.0,
            topics: content.topics.into_iter().map(|topic| topic.0).collect(),
            name: content.name.into(),
            email: content.email,
            phone: content.phone,
            languages: content.languages.into_iter().map(|language| language.0).collect(),
            priority: content.priority,
            escalates_to: content.escalates_to.map(|id| id.0),
            publicity: content.publicity.map_or(Publicity::Public, |publicity| publicity.0),
        }
    }
}

/// Contact to be appointed for the caller's organisation.
#[derive(InputObject)]
pub struct AppointContactInput {
    /// Number of the agreement it serves, one the caller's organisation is a side of; all matters when absent.
    agreement: Option<String>,
    /// Content.
    #[graphql(flatten)]
    content: ContactContentInput,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to appointContact.
#[derive(SimpleObject)]
pub struct AppointContactPayload {
    /// Contact; null when the input has faults.
    contact: Option<Contact>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Contact to be amended.
#[derive(InputObject)]
pub struct AmendContactInput {
    /// Global identifier.
    id: ID,
    /// Content, the whole of it.
    #[graphql(flatten)]
    content: ContactContentInput,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to amendContact.
#[derive(SimpleObject)]
pub struct AmendContactPayload {
    /// Contact as it stands now; null when the act was refused.
    contact: Option<Contact>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Contact that still holds.
#[derive(InputObject)]
pub struct ConfirmContactInput {
    /// Global identifier.
    id: ID,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to confirmContact.
#[derive(SimpleObject)]
pub struct ConfirmContactPayload {
    /// Contact as it stands now; null when the act was refused.
    contact: Option<Contact>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Contact to be retired.
#[derive(InputObject)]
pub struct RetireContactInput {
    /// Global identifier.
    id: ID,
    /// Last day of service, included; out of service at once when absent.
    retired_on: Option<Date>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to retireContact.
#[derive(SimpleObject)]
pub struct RetireContactPayload {
    /// Contact as it stands now; null when the act was refused.
    contact: Option<Contact>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on contacts.
#[derive(Default)]
pub struct ContactMutation;

#[Object]
impl ContactMutation {
    /// Appoints a contact of the caller's organisation; its officer's act. The same role and address with the same content
    /// answers as the first time. Technical support is first on technical matters, security and data protection, where
    /// there is one. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT.
    async fn appoint_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to appoint.")] input: AppointContactInput,
    ) -> Result<AppointContactPayload, Error> {
        let request = request(ctx, "appointContact")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::appoint(request, input.agreement, input.content.into(), intent).await;
        let (contact, user_errors) = UserError::shown(&request.view, outcome, Contact::of)?;
        Ok(AppointContactPayload { contact, user_errors })
    }

    /// Amends a contact; an officer's act for its own organisation. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG,
    /// MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS.
    async fn amend_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which contact, and its content.")] input: AmendContactInput,
    ) -> Result<AmendContactPayload, Error> {
        let request = request(ctx, "amendContact")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::amend(request, input.id.0, input.content.into(), intent).await;
        let (contact, user_errors) = UserError::shown(&request.view, outcome, Contact::of)?;
        Ok(AmendContactPayload { contact, user_errors })
    }

    /// Confirms that a contact still holds, as of today in Helsinki; an officer's act for its own organisation. Errors:
    /// FORBIDDEN. User errors: MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn confirm_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which contact.")] input: ConfirmContactInput,
    ) -> Result<ConfirmContactPayload, Error> {
        let request = request(ctx, "confirmContact")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::confirm(request, input.id.0, intent).await;
        let (contact, user_errors) = UserError::shown(&request.view, outcome, Contact::of)?;
        Ok(ConfirmContactPayload { contact, user_errors })
    }

    /// Retires a contact; an officer's act for its own organisation. Errors: FORBIDDEN. User errors: MALFORMED, NOT_FOUND,
    /// WRONG_STATUS.
    async fn retire_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which contact.")] input: RetireContactInput,
    ) -> Result<RetireContactPayload, Error> {
        let request = request(ctx, "retireContact")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::retire(request, input.id.0, input.retired_on.map(String::from), intent).await;
        let (contact, user_errors) = UserError::shown(&request.view, outcome, Contact::of)?;
        Ok(RetireContactPayload { contact, user_errors })
    }
}
