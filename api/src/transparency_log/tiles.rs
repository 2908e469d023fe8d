//! The log for strangers, without a token: checkpoint, tiles and verifier key (C2SP tlog-tiles). Nothing of it tells what
//! was disclosed or whom it concerns; what it tells is how much is recorded, and when.

use axum::{
    Router,
    extract::{OriginalUri, Path, State},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    TransparencyLog, entries,
    rules::{Place, Wanted, wanted},
    store,
};
use crate::{Error, database::Reader};

/// Entries never change either, but may be dropped when their time is over: no cache keeps them much longer.
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
/// A tile of hashes never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A checkpoint is soon followed by the next.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// Nothing that failed is to be remembered.
const NEVER: HeaderValue = HeaderValue::from_static("no-store");

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Status of an error over HTTP, as every door has it.
type StatusOf = fn(&Error) -> StatusCode;

/// What the doors know.
#[derive(Clone)]
struct Door {
    log: TransparencyLog,
    status_of: StatusOf,
}

impl Door {
    fn refused(&self, error: &Error) -> Response {
        if let Error::Internal { detail } = error {
            tracing::error!(detail, "the log cannot be shown");
        }
        ((self.status_of)(error), headers(TEXT, NEVER), format!("{error}\n")).into_response()
    }
}

/// Doors below `/log`.
pub fn router(log: TransparencyLog, status_of: StatusOf) -> Router {
    Router::new()
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/vkey", get(verifier_key))
        .route("/log/tile/{*path}", get(tile))
        .with_state(Door { log, status_of })
}

async fn checkpoint(State(door): State<Door>) -> Response {
    match door.log.checkpoint() {
        Ok(checkpoint) => (headers(TEXT, ASK_AGAIN), checkpoint.note.clone()).into_response(),
        Err(error) => door.refused(&error),
    }
}

async fn verifier_key(State(door): State<Door>) -> Response {
    (headers(TEXT, ASK_AGAIN), format!("{}\n", door.log.publisher().verifier_key())).into_response()
}

async fn tile(State(door): State<Door>, OriginalUri(uri): OriginalUri, Path(path): Path<String>) -> Response {
    // One tile has one address: an escape would be a second way to write it.
    let written = wanted(&path).filter(|_| !uri.path().contains('%'));
    let Some(wanted) = written else { return said(StatusCode::NOT_FOUND, "no tile is written so") };
    match door.log.tile(wanted).await {
        Ok(Found::Bytes(bytes)) => {
            let caching = match wanted {
                Wanted::Hashes(_) => FOR_EVER,
                Wanted::Entries(_) => FOR_A_DAY,
            };
            (headers(BYTES, caching), bytes).into_response()
        }
        Ok(Found::Beyond) => said(StatusCode::NOT_FOUND, "no such tile in the tree of the checkpoint"),
        Ok(Found::Gone) => said(StatusCode::GONE, "entries of this tile are no longer kept; their leaf hashes are"),
        Err(error) => door.refused(&error),
    }
}

/// What was found of a tile.
enum Found {
    Bytes(Vec<u8>),
    /// Not in the tree of the last checkpoint.
    Beyond,
    /// Its entries were dropped.
    Gone,
}

impl TransparencyLog {
    async fn tile(&self, wanted: Wanted) -> Result<Found, Error> {
        let size = self.checkpoint()?.size;
        let place = match wanted {
            Wanted::Hashes(place) | Wanted::Entries(place) => place,
        };
        if !place.is_within(size) {
            return Ok(Found::Beyond);
        }
        match wanted {
            Wanted::Hashes(place) => self.hashes(place).await,
            Wanted::Entries(place) => self.entries(place).await,
        }
    }

    /// Entries from where reads go, so that strangers never take the connections of whoever writes. A replica that is behind
    /// is passed over.
    async fn entries(&self, place: Place) -> Result<Found, Error> {
        let _place = self.0.strangers.try_acquire().map_err(|_| Error::Unavailable("too many read entries at once"))?;
        let database = &self.0.database;
        let txn = database.read_for(Reader::Log).await?;
        let read = entries::bundle(&txn, place.tile, place.width).await?;
        txn.commit().await?;
        let bundle = match read {
            None => {
                let txn = database.primary_for(Reader::Log).await?;
                let bundle = entries::bundle(&txn, place.tile, place.width).await?;
                txn.commit().await?;
                bundle
            }
            bundle => bundle,
        };
        Ok(bundle.map_or(Found::Gone, Found::Bytes))
    }

    /// Hashes from where reads go, in turn; a replica that is behind is passed over.
    async fn hashes(&self, place: Place) -> Result<Found, Error> {
        let _place = self.0.hashes_read.acquire().await.map_err(|_| Error::internal("hashes are read no more"))?;
        let found = match store::hashes(self.0.database.read(), place).await? {
            Some(hashes) => Some(hashes),
            None => store::hashes(self.0.database.primary(), place).await?,
        };
        found.map(Found::Bytes).ok_or_else(|| Error::internal("the tree lacks a tile"))
    }
}

fn headers(form: HeaderValue, caching: HeaderValue) -> [(HeaderName, HeaderValue); 2] {
    [(CONTENT_TYPE, form), (CACHE_CONTROL, caching)]
}

fn said(status: StatusCode, why: &str) -> Response {
    (status, headers(TEXT, NEVER), format!("{why}\n")).into_response()
}
