//! `GET /export/statistics`: the question of `disclosureStatistics`, asked in the query of the URL and answered whole, as
//! CSV. Who may ask, how much they see and how long it may take are the same.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Extension, Query, RawQuery, State, rejection::QueryRejection},
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, VARY},
        request::Parts,
    },
    response::Response,
    routing::get,
};
use futures::{FutureExt, stream};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};

use crate::{
    Error, Fault, FaultCode,
    auth::{Caller, policy},
    context::Context,
    graphql::http::{Arrival, Authenticate, Enter, FACTS_SEQ, Media, Refusal, RequestId, preferred_language, too_slow},
    server::Place,
    statistics::{Asked, Sight, Sources, StatisticsQuestion, asking, csv::Csv},
};

/// Exports under way at once in this process: each holds a connection for as long as its reader takes, and other reads
/// need the rest.
pub const STATISTICS_EXPORTS_MAX: usize = 2;

/// Seconds after which an export refused for others may find room.
const RETRY_SECONDS: u32 = 5;

/// What the door needs.
pub(super) struct Door {
    /// Who asks.
    pub authenticate: Authenticate,
    /// Context of a request.
    pub enter: Enter<Context>,
    /// What statistics are made of.
    pub sources: Sources,
    /// How long each piece may take to be made, and to be taken.
    pub operation_time_max: Duration,
}

struct Open {
    door: Door,
    room: Arc<Semaphore>,
}

/// Route of the door.
pub(super) fn door(door: Door) -> Router {
    let open = Open { door, room: Arc::new(Semaphore::new(STATISTICS_EXPORTS_MAX)) };
    Router::new().route("/export/statistics", get(exported)).with_state(Arc::new(open))
}

async fn exported(
    State(open): State<Arc<Open>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    parts: Parts,
    RawQuery(query): RawQuery,
    parameters: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    let arrived = async {
        let Caller { viewer, place, .. } = (open.door.authenticate)((&parts).into()).await?;
        let arrival = Arrival { viewer, language: preferred_language(&parts.headers), min_seq: None, request_id };
        let entered = (open.door.enter)(arrival).await?;
        let Query(parameters) = parameters.map_err(|_| unreadable())?;
        let export = Export::of(&open, (entered.context, place), query.unwrap_or_default(), parameters)?;
        let body = export.started().await?;
        Ok::<_, Refusal>((body, entered.facts_seq))
    };
    match arrived.await {
        Ok((body, facts_seq)) => {
            let mut response = Response::new(body);
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
            let name = HeaderValue::from_static("attachment; filename=\"disclosure-statistics.csv\"");
            headers.insert(CONTENT_DISPOSITION, name);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(VARY, HeaderValue::from_static("authorization, accept-language"));
            headers.insert(FACTS_SEQ, facts_seq.into());
            response
        }
        Err(refusal) => refusal.answer(Media::Json, request_id),
    }
}

fn unreadable() -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::Malformed, "", "the query is no list of names and values")])
}

/// Export of one request, before it has begun.
struct Export {
    context: Context,
    question: StatisticsQuestion,
    sight: Sight,
    sources: Sources,
    asked_as: String,
    time_max: Duration,
    /// Given back when the export ends.
    place: (OwnedSemaphorePermit, Arc<Place>),
}

impl Export {
    fn of(
        open: &Open,
        (context, place): (Context, Arc<Place>),
        asked_as: String,
        parameters: Vec<(String, String)>,
    ) -> Result<Self, Error> {
        let (facts, viewer) = (&context.view.facts, &context.view.viewer);
        policy::admit(viewer, "disclosureStatistics")?;
        let sight = Sight::of(facts, viewer).ok_or(Error::Forbidden)?;
        let question = asking::of_parameters(facts, |row| policy::sight(facts, viewer, row).is_some(), parameters);
        let question = question.map_err(Error::Invalid)?;
        let room = Arc::clone(&open.room).try_acquire_owned().map_err(|_| Error::LimitExceeded {
            limit: "STATISTICS_EXPORTS_MAX",
            allowed: STATISTICS_EXPORTS_MAX as u64,
            retry_after_seconds: Some(RETRY_SECONDS),
        })?;
        let (sources, time_max) = (open.door.sources.clone(), open.door.operation_time_max);
        Ok(Self { context, question, sight, sources, asked_as, time_max, place: (room, place) })
    }

    /// Body of the answer, once its first piece is there: until then whatever stops it is told as an error. Later the
    /// connection is cut, and the last lines are missing.
    async fn started(self) -> Result<Body, Error> {
        let (pieces, mut taken) = mpsc::channel(1);
        tokio::spawn(async move {
            let request_id = self.context.request_id;
            // Whoever reads must not take what was written before a panic for the whole.
            let written = AssertUnwindSafe(self.write(&pieces)).catch_unwind().await.unwrap_or_else(|_| {
                crate::metrics::panicked();
                Err(Error::internal("an export of statistics panicked"))
            });
            drop(self.place);
            if let Err(error) = written {
                tracing::warn!(%request_id, error = ?error, "an export of statistics ended early");
                drop(pieces.send(Err(error)).await);
            }
        });
        let first = taken.recv().await.ok_or_else(|| Error::internal("an export without a beginning"))??;
        let rest = stream::unfold(taken, |mut taken| async { taken.recv().await.map(|piece| (piece, taken)) });
        Ok(Body::from_stream(stream::StreamExt::chain(stream::iter([Ok(first)]), rest)))
    }

    /// Makes and hands over piece after piece, of one state of the log. A reader that takes too long is left.
    async fn write(&self, pieces: &mpsc::Sender<Result<String, Error>>) -> Result<(), Error> {
        let Self { context, question, sight, sources, asked_as, time_max, .. } = self;
        let slow = |_| too_slow(*time_max);
        let asked = Asked { facts: &context.view.facts, question, sight: *sight, now: context.now };
        let snapshot = context.gateway().database.read_snapshot().await?;
        let start = Csv::start(&snapshot, sources, asked, context.view.language, asked_as.clone());
        let mut csv = timeout(*time_max, start).await.map_err(slow)??;
        while let Some(piece) = timeout(*time_max, csv.next()).await.map_err(slow)?? {
            if timeout(*time_max, pieces.send(Ok(piece))).await.map_err(slow)?.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}
