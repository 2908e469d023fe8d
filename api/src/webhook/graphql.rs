//! How webhooks are said.

use std::{cmp::Reverse, sync::Arc};

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    vocabulary::{EventTopic, WebhookFault, WebhookId, WebhookPause, WebhookStatus},
    webhook, webhook_delivery,
};
use uuid::Uuid;

use super::{EndingInput, Kept, WebhookInput};
use crate::{
    Error,
    auth::policy,
    context::{Intent, View},
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        errors::UserError,
        long::Long,
        request::{request, within},
        said::Said,
        scalars::DateTime,
    },
    organisation::graphql::Organisation,
};

/// Webhook.
pub struct Webhook {
    view: View,
    row: Arc<webhook::Model>,
}

impl Webhook {
    /// Webhook of an id; null when there is none the viewer may know of.
    pub fn of(view: &View, id: WebhookId) -> Option<Self> {
        let row = view.facts.webhook.get(id).filter(|row| policy::sees_webhook(view.present(), &view.viewer, row))?;
        Some(Self { view: view.clone(), row: Arc::clone(row) })
    }
}

/// Address of an organisation to which events are sent as they happen (`docs/events.md`): those `changes` would tell its
/// officers, each as a CloudEvent, signed by Standard Webhooks, in order and at least once.
#[Object]
impl Webhook {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Organisation that is told.
    async fn organisation(&self) -> Result<Organisation, Error> {
        Organisation::of(&self.view, self.row.organisation_id)
            .ok_or_else(|| Error::internal("a webhook without its organisation"))
    }

    /// Address events are sent to; null for administrators, for it may be a secret of its receiver.
    async fn url(&self) -> Option<&str> {
        policy::sees_address(&self.view.facts, &self.view.viewer, &self.row).then_some(&self.row.url)
    }

    /// What it is told about; null where that is everything.
    async fn topics(&self) -> Option<Vec<Said<EventTopic>>> {
        let topics = &self.row.topics.0;
        (!topics.is_empty()).then(|| topics.iter().map(|topic| Said(*topic)).collect())
    }

    /// Where it stands.
    async fn status(&self) -> Said<WebhookStatus> {
        self.row.status.into()
    }

    /// Why it is paused; null while it is not.
    async fn pause(&self) -> Option<Said<WebhookPause>> {
        self.row.pause.map(Said)
    }

    /// Instant since which it stands so, UTC.
    async fn status_at(&self) -> DateTime {
        self.row.status_at.into()
    }

    /// Instant of registration, UTC; what was recorded before is not told.
    async fn registered_at(&self) -> DateTime {
        self.row.registered_at.into()
    }

    /// Instant its secret was last changed, UTC; for 24 hours after that the one before signs too. Null where it never was.
    async fn rotated_at(&self) -> Option<DateTime> {
        self.row.rotated_at.map(DateTime::from)
    }

    /// Attempts to deliver events to it, newest first: the last 1,000 of 30 days. Errors: INVALID_INPUT, LIMIT_EXCEEDED,
    /// UNAVAILABLE.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<WebhookDelivery>, Error> {
        let request = within(ctx)?;
        let page: Page<Reverse<Uuid>> = Page::of("deliveries", first, after.as_deref(), request.page_size_max())?;
        let before = page.after.map(|Reverse(id)| id);
        let db = request.gateway().database.primary();
        let rows = Box::pin(super::cursor::deliveries(db, self.row.id, before, page.fetch())).await?;
        let entries = rows.into_iter().map(|row| (Reverse(row.id.0), row));
        Ok(page.connection(entries, WebhookDelivery::from))
    }
}

/// Attempt to deliver an event to a webhook. Of the answer only its status is kept.
#[derive(SimpleObject)]
pub struct WebhookDelivery {
    /// Identifier of the event, its `webhook-id`; the same at every attempt.
    event_id: String,
    /// Number of the attempt at this event, from 1; it begins anew when the webhook is resumed.
    attempt: i32,
    /// Instant it began, UTC.
    at: DateTime,
    /// Milliseconds it took.
    milliseconds: Long,
    /// Status of the answer (HTTP); the event was taken where it is 200 to 299. Null where there was no answer.
    status: Option<i32>,
    /// Why there was no answer; null where there was one.
    fault: Option<Said<WebhookFault>>,
}

impl From<webhook_delivery::Model> for WebhookDelivery {
    fn from(row: webhook_delivery::Model) -> Self {
        Self {
            event_id: row.event_id,
            attempt: row.attempt,
            at: row.at.into(),
            milliseconds: row.milliseconds.into(),
            status: row.status,
            fault: row.fault.map(Said),
        }
    }
}

/// Queries about webhooks.
#[derive(Default)]
pub struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// Webhooks of one's own organisation, for its officers and auditors; of all, without their addresses, for administrators.
    /// Oldest first. Errors: FORBIDDEN, INVALID_INPUT.
    async fn webhooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this status.")] status: Option<Said<WebhookStatus>>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Webhook>, Error> {
        let request = request(ctx, "webhooks")?;
        let view = &request.view;
        let page = Page::of("webhooks", first, after.as_deref(), request.page_size_max())?;
        let rows = super::seen(view).into_iter().filter(|row| status.is_none_or(|status| row.status == status.0));
        let rows: Vec<_> = rows.map(|row| (row.id.0, row)).collect();
        let total = rows.len();
        let node = |row: &Arc<webhook::Model>| Webhook { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows, node).of_total(total))
    }
}

/// Webhook to be registered.
#[derive(InputObject)]
pub struct RegisterWebhookInput {
    /// Address events are sent to: https, of the public internet, with neither user name nor fragment, at most 500
    /// characters. Never personal data.
    url: String,
    /// What it is told about; everything when absent.
    topics: Option<Vec<Said<EventTopic>>>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to registerWebhook.
#[derive(SimpleObject)]
pub struct RegisterWebhookPayload {
    /// Webhook as it stands now; null when the input has faults.
    webhook: Option<Webhook>,
    /// Secret that signs its events, `whsec_` and base64. Told here and never again; null where nothing was registered, also
    /// when it stood already.
    secret: Option<String>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Webhook to be paused.
#[derive(InputObject)]
pub struct PauseWebhookInput {
    /// Global identifier.
    id: ID,
    /// Why, 1 to 4,000 characters. Never personal data.
    reason: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to pauseWebhook.
#[derive(SimpleObject)]
pub struct PauseWebhookPayload {
    /// Webhook as it stands now; null when the act was refused.
    webhook: Option<Webhook>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Webhook to be resumed.
#[derive(InputObject)]
pub struct ResumeWebhookInput {
    /// Global identifier.
    id: ID,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to resumeWebhook.
#[derive(SimpleObject)]
pub struct ResumeWebhookPayload {
    /// Webhook as it stands now; null when the act was refused.
    webhook: Option<Webhook>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Webhook that gets a new secret.
#[derive(InputObject)]
pub struct RotateWebhookSecretInput {
    /// Global identifier.
    id: ID,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to rotateWebhookSecret.
#[derive(SimpleObject)]
pub struct RotateWebhookSecretPayload {
    /// Webhook as it stands now; null when the act was refused.
    webhook: Option<Webhook>,
    /// Secret that signs its events from now on, `whsec_` and base64. Told here and never again; null where none was made.
    secret: Option<String>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Webhook to be retired.
#[derive(InputObject)]
pub struct RetireWebhookInput {
    /// Global identifier.
    id: ID,
    /// Why, 1 to 4,000 characters. Never personal data.
    reason: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to retireWebhook.
#[derive(SimpleObject)]
pub struct RetireWebhookPayload {
    /// Webhook as it stands now; null when the act was refused.
    webhook: Option<Webhook>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on webhooks.
#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Registers an address of one's own organisation that is told what happens from now on; its officer's act. An
    /// organisation has at most 10 that are not retired. The same address with the same topics answers as the first time,
    /// without its secret. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, CONFLICT.
    async fn register_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to, and about what.")] input: RegisterWebhookInput,
    ) -> Result<RegisterWebhookPayload, Error> {
        let request = request(ctx, "registerWebhook")?;
        let intent = Intent::of(input.validate_only);
        let topics = input.topics.map(|topics| topics.into_iter().map(|topic| topic.0).collect());
        let input = WebhookInput { url: input.url, topics };
        let (told, user_errors) = shown(&request.view, super::register(request, input, intent).await)?;
        let (webhook, secret) = told.unzip();
        Ok(RegisterWebhookPayload { webhook, secret: secret.flatten(), user_errors })
    }

    /// Pauses a webhook: events wait, and none is lost; the act of an officer of its organisation. One that is paused already
    /// stays as it is. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn pause_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which webhook, and why.")] input: PauseWebhookInput,
    ) -> Result<PauseWebhookPayload, Error> {
        let request = request(ctx, "pauseWebhook")?;
        let intent = Intent::of(input.validate_only);
        let input = EndingInput { id: input.id.0, reason: input.reason };
        let (told, user_errors) = shown(&request.view, super::pause(request, input, intent).await)?;
        Ok(PauseWebhookPayload { webhook: told.map(|(webhook, _)| webhook), user_errors })
    }

    /// Resumes a paused webhook: what waited is delivered, from where it stood; the act of an officer of its organisation. One
    /// that is active already stays as it is. Errors: FORBIDDEN. User errors: MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn resume_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which webhook.")] input: ResumeWebhookInput,
    ) -> Result<ResumeWebhookPayload, Error> {
        let request = request(ctx, "resumeWebhook")?;
        let intent = Intent::of(input.validate_only);
        let (told, user_errors) = shown(&request.view, super::resume(request, input.id.0, intent).await)?;
        Ok(ResumeWebhookPayload { webhook: told.map(|(webhook, _)| webhook), user_errors })
    }

    /// Gives a webhook a new secret; the act of an officer of its organisation. For 24 hours events are signed by the one
    /// before too, and no longer by any older. Each call makes another. Errors: FORBIDDEN, UNAVAILABLE. User errors:
    /// MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which webhook.")] input: RotateWebhookSecretInput,
    ) -> Result<RotateWebhookSecretPayload, Error> {
        let request = request(ctx, "rotateWebhookSecret")?;
        let intent = Intent::of(input.validate_only);
        let (told, user_errors) = shown(&request.view, super::rotate(request, input.id.0, intent).await)?;
        let (webhook, secret) = told.unzip();
        Ok(RotateWebhookSecretPayload { webhook, secret: secret.flatten(), user_errors })
    }

    /// Ends a webhook for good; what waits is not delivered any more. The act of an officer of its organisation. One that has
    /// ended already stays as it is. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND.
    async fn retire_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which webhook, and why.")] input: RetireWebhookInput,
    ) -> Result<RetireWebhookPayload, Error> {
        let request = request(ctx, "retireWebhook")?;
        let intent = Intent::of(input.validate_only);
        let input = EndingInput { id: input.id.0, reason: input.reason };
        let (told, user_errors) = shown(&request.view, super::retire(request, input, intent).await)?;
        Ok(RetireWebhookPayload { webhook: told.map(|(webhook, _)| webhook), user_errors })
    }
}

/// What an act came to: the webhook and its secret where one was made, or the refusals.
type Shown = (Option<(Webhook, Option<String>)>, Vec<UserError>);

fn shown(view: &View, kept: Result<Kept, Error>) -> Result<Shown, Error> {
    UserError::shown(view, kept, |view, (id, secret)| Some((Webhook::of(view, id)?, secret)))
}
