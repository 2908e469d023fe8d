//! One operation of a socket, from its request to its last event.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{ObjectType, Response as Answer, SubscriptionType, parser::types::OperationType};
use futures::{FutureExt, StreamExt};
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    super::{
        Arrival, Doors, Entered, RequestId,
        answer::{Said, is_refused},
        envelope,
        graphql::{executed, introspection, judged},
    },
    message::{Close, Sent},
    session::Shown,
};
use crate::{
    Error, ErrorCode,
    graphql::{
        documents::{Call, Introspection, Prepared},
        errors,
    },
    metrics::{self, Open},
    trail::{Told, Trail},
};

/// What an operation has for its client.
pub(super) struct Heard {
    /// Which operation, among all that this socket had.
    pub number: u64,
    /// What of it.
    pub news: News,
}

/// News of an operation.
pub(super) enum News {
    /// A message, and others may follow.
    Message(String),
    /// The last message.
    Last(String),
    /// It has begun to wait for events.
    Follows,
    /// The caller is no longer known: the socket must be closed.
    Close(Close),
}

/// Operation as a client asks for it. It is read once it is known that its caller may ask.
pub(super) struct Asked {
    pub(super) shown: Shown,
    pub(super) payload: Box<RawValue>,
}

/// Where an operation says what it has.
pub(super) struct Teller {
    pub(super) id: String,
    pub(super) number: u64,
    pub(super) to: mpsc::Sender<Heard>,
}

/// The socket is gone, so nobody wants to hear more.
struct Gone;

impl Teller {
    async fn say(&self, news: News) -> Result<(), Gone> {
        self.to.send(Heard { number: self.number, news }).await.map_err(|_| Gone)
    }

    async fn next(&self, answer: &Answer) -> Result<(), Gone> {
        self.say(News::Message(Sent::Next { id: &self.id, payload: Said::of(answer) }.text())).await
    }

    async fn complete(&self) -> Result<(), Gone> {
        self.say(News::Last(Sent::Complete { id: &self.id }.text())).await
    }

    async fn error(&self, answer: &Answer) -> Result<(), Gone> {
        self.say(News::Last(Sent::Error { id: &self.id, payload: &answer.errors }.text())).await
    }
}

/// Why a caller is not believed any more, or not now.
pub(super) fn close_of(error: &Error) -> Close {
    match error.code() {
        ErrorCode::Unavailable | ErrorCode::Internal => Close::UNAVAILABLE,
        ErrorCode::LimitExceeded => Close::BUSY,
        ErrorCode::Unauthenticated
        | ErrorCode::Forbidden
        | ErrorCode::NotFound
        | ErrorCode::InvalidInput
        | ErrorCode::Conflict
        | ErrorCode::PersistedQueryNotFound
        | ErrorCode::DocumentNotTrusted => Close::FORBIDDEN,
    }
}

/// Does an operation, whatever comes of it.
pub(super) async fn done<Q, M, S, C>(doors: Arc<Doors<Q, M, S, C>>, asked: Asked, teller: Teller)
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let Ok(RequestId(request_id)) = RequestId::fresh() else { return };
    // A client may end it at any time, and what was refused is told all the same.
    let of = Told { method: "GET", route: "/graphql/ws", status: None, peer: asked.shown.peer() };
    Arc::new(Trail::ending(request_id, of)).along(told(doors, asked, teller, request_id)).await;
}

async fn told<Q, M, S, C>(doors: Arc<Doors<Q, M, S, C>>, asked: Asked, teller: Teller, request_id: Uuid)
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let told = AssertUnwindSafe(begun(doors, asked, &teller, request_id)).catch_unwind().await;
    let error = match told {
        Ok(Ok(()) | Err(Stop::Gone)) => return,
        Ok(Err(Stop::Closed(close))) => return drop(teller.say(News::Close(close)).await),
        Ok(Err(Stop::Refused(error))) => error,
        Err(_) => {
            metrics::panicked();
            Error::internal("an operation of a socket panicked")
        }
    };
    // A client that is gone hears nothing.
    drop(teller.error(&errors::refusal(&error, request_id)).await);
}

/// Why an operation ends before its last event.
enum Stop {
    Gone,
    Closed(Close),
    Refused(Error),
}

impl From<Gone> for Stop {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

async fn begun<Q, M, S, C>(
    doors: Arc<Doors<Q, M, S, C>>,
    asked: Asked,
    teller: &Teller,
    request_id: Uuid,
) -> Result<(), Stop>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let Asked { shown, payload } = asked;
    let caller = (doors.authenticate)(shown.credentials()).await.map_err(|error| match error.code() {
        // A caller with too much under way is still who it was.
        ErrorCode::LimitExceeded => Stop::Refused(error),
        _ => Stop::Closed(close_of(&error)),
    })?;
    let (introspection, bytes) = (introspection(&caller.viewer), payload.get().len());
    let limits = doors.request_limits;
    let read = move || envelope::of_message(&payload, &limits);
    let call = doors.bodies.understood(&caller.place, bytes, read).await??;
    let judged = judged(&doors, vec![call], &caller.place, introspection).await?.pop();
    let (mut call, prepared) = judged.ok_or_else(|| Error::internal("a call was lost"))??;
    let arrival = Arrival { viewer: caller.viewer, language: shown.language, min_seq: None, request_id };
    let entered = (doors.enter)(arrival).await?;
    tracing::info!(%request_id, operation = prepared.kind_name(), "operation of a socket");
    match prepared.kind() {
        OperationType::Query | OperationType::Mutation => {
            let (left, finished) =
                (doors.bodies.time_max, move |answer| errors::finished(answer, request_id, introspection));
            let (answer, _) = executed(doors, prepared, call, entered, left, &caller.place, finished).await?;
            if is_refused(&answer) {
                return Ok(teller.error(&answer).await?);
            }
            teller.next(&answer).await?;
            Ok(teller.complete().await?)
        }
        OperationType::Subscription => {
            // How many a socket follows has a limit of its own; what it waits for is not under way.
            drop(caller.place);
            // It lasts, and with it what it was asked with.
            call.variables.retain(|name, _| prepared.declares(name));
            teller.say(News::Follows).await?;
            followed(doors, shown, Opened { prepared, call, entered, introspection, request_id }, teller).await
        }
    }
}

/// Subscription that may begin.
struct Opened<C> {
    prepared: Prepared,
    call: Call,
    entered: Entered<C>,
    introspection: Introspection,
    request_id: Uuid,
}

/// Tells event after event. Before each the token is looked at again: its key may be gone, and whom it names with it.
async fn followed<Q, M, S, C>(
    doors: Arc<Doors<Q, M, S, C>>,
    shown: Shown,
    opened: Opened<C>,
    teller: &Teller,
) -> Result<(), Stop>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let Opened { prepared, call, entered, introspection, request_id } = opened;
    metrics::subscribed();
    let _open = metrics::opened(Open::Subscription);
    let mut events = doors.schemas.subscribe(&prepared, call, entered.context);
    while let Some(answer) = events.next().await {
        let known = (doors.recognise)(shown.credentials()).await;
        known.map_err(|error| Stop::Closed(close_of(&error)))?;
        let answer = errors::finished(answer, request_id, introspection);
        // Without data nothing was begun: an event always has some.
        if answer.is_err() && answer.data == async_graphql::Value::Null {
            return Ok(teller.error(&answer).await?);
        }
        teller.next(&answer).await?;
    }
    Ok(teller.complete().await?)
}
