//! The two axes of time: at which instant it is asked what holds, and what was known by then.

use std::time::Duration;

use async_graphql::InputObject;
use entity::vocabulary::Instant;

use super::{long::Long, scalars::DateTime};
use crate::{Error, Fault, FaultCode, checks::Checks, context::Context};

/// Patience with a position that another process has reached and this one has not.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a question stands in time. What an answer shows is what was so, who may see it is judged by what is so today.
#[derive(InputObject, Debug, Clone)]
pub struct AsOf {
    /// Instant it is asked what holds at, UTC, past or to come; that of `knownAt` when absent, and now when that is absent
    /// too.
    valid_at: Option<DateTime>,
    /// Instant by which it was known, UTC, not after now: everything the registry had recorded then, and nothing recorded
    /// later. What is known now when absent.
    known_at: Option<DateTime>,
    /// The same by a position of the journal, as answers give it in `factsSeq`; not together with `knownAt`.
    facts_seq: Option<Long>,
}

/// Request as it stands in time: the same viewer before the picture and the instant asked for.
///
/// # Errors
/// Unauthenticated without a token; invalid with every fault; unavailable when the database does not answer.
pub async fn in_time(request: &Context, given: Option<&AsOf>) -> Result<Context, Error> {
    let Some(given) = given else { return Ok(request.clone()) };
    if request.view.viewer.subject.is_none() {
        return Err(Error::without_token("another time needs a token"));
    }
    Box::pin(before(request, given)).await
}

async fn before(request: &Context, given: &AsOf) -> Result<Context, Error> {
    follow(request, given).await;
    let Place { valid_at, known } = place(request, given)?;
    let seq = match known {
        Known::Now => None,
        Known::At(instant) => Some(request.gateway().journal.position_at(instant).await?),
        Known::Seq(seq) => Some(seq),
    };
    let view = &request.view;
    let facts = match seq {
        Some(seq) => request.gateway().journal.as_of(seq).await?,
        None => view.facts.clone(),
    };
    Ok(request.before(facts, valid_at))
}

/// Waits for a position another process may have told of; one that never comes is a fault.
async fn follow(request: &Context, given: &AsOf) {
    let journal = &request.gateway().journal;
    if let Some(Long(seq)) = given.facts_seq
        && seq > journal.facts().seq
    {
        // What it did not reach is said with every other fault.
        drop(journal.wait_for(seq, PATIENCE).await);
    }
}

/// Where a question stands once every fault of it is known.
struct Place {
    valid_at: Instant,
    known: Known,
}

enum Known {
    Now,
    At(Instant),
    Seq(i64),
}

fn place(request: &Context, given: &AsOf) -> Result<Place, Error> {
    let mut checks = Checks::default();
    let valid_at = given.valid_at.as_ref().and_then(|at| checks.instant("asOf.validAt", at.as_str()));
    let known_at = given.known_at.as_ref().and_then(|at| checks.instant("asOf.knownAt", at.as_str()));
    if known_at.is_some_and(|at| at > request.now) {
        checks.fault(FaultCode::Malformed, "asOf.knownAt", "what will be known is not known yet");
    }
    if given.known_at.is_some() && given.facts_seq.is_some() {
        checks.fault(FaultCode::Malformed, "asOf.factsSeq", "give `knownAt` or `factsSeq`, not both");
    }
    let newest = request.gateway().journal.facts().seq;
    if given.facts_seq.is_some_and(|Long(seq)| seq < 0 || seq > newest) {
        checks.fault(
            FaultCode::Malformed,
            "asOf.factsSeq",
            format!("not a position of the journal from 0 to {newest}"),
        );
    }
    checks
        .done(|| {
            let known = match (known_at, given.facts_seq) {
                (Some(instant), _) => Known::At(instant),
                (None, Some(Long(seq))) => Known::Seq(seq),
                (None, None) => Known::Now,
            };
            Some(Place { valid_at: valid_at.or(known_at).unwrap_or(request.view.at), known })
        })
        .map_err(Error::Invalid)
}

/// Refuses an instant of the question beside one of `asOf`.
///
/// # Errors
/// Invalid where both are given.
pub fn one_instant(at: Option<&DateTime>, as_of: Option<&AsOf>, path: &str) -> Result<(), Error> {
    if at.is_some() && as_of.is_some_and(|given| given.valid_at.is_some()) {
        let why = "give `at` or `asOf.validAt`, not both";
        return Err(Error::Invalid(vec![Fault::new(FaultCode::Malformed, path, why)]));
    }
    Ok(())
}
