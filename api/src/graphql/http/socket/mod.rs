//! `/graphql/ws`: operations and subscriptions over a WebSocket, by the protocol graphql-transport-ws.
//!
//! The library's own helper bounds neither the time of the greeting, the operations of a connection nor its life beyond
//! its token, so the protocol is kept here. Every document passes the same gate, and every operation is of the caller as
//! its token says at that moment: a token is looked at again before each operation and each event.

mod message;
mod operation;
mod session;

use std::{sync::Arc, time::Duration};

use async_graphql::{ObjectType, SubscriptionType};
use axum::{
    extract::{
        Extension, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, HOST, ORIGIN, UPGRADE},
        request::Parts,
    },
    response::Response,
};
use uuid::Uuid;

use super::{
    Doors, RequestId,
    answer::{Media, Refusal},
    envelope::malformed,
};
use crate::{Error, auth::Credentials, config::Origins};
use session::{Session, Shown};

/// The one protocol spoken.
const PROTOCOL: &str = "graphql-transport-ws";

/// Bytes of each of the two buffers of a socket, which it holds as long as it is open.
const BUFFER_BYTES: usize = 8 * 1024;

/// Bounds of one socket. Each has the name of its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketLimits {
    /// `SOCKET_INIT_SECONDS_MAX`: time until the client has said who it is.
    pub greeting_time_max: Duration,
    /// `SOCKET_SILENCE_SECONDS_MAX`: time without a word from the client, who is pinged twice in it.
    pub silence_max: Duration,
    /// `BODY_SECONDS_MAX`: time of one message.
    pub message_time_max: Duration,
    /// `SUBSCRIPTIONS_MAX`: subscriptions and other operations under way at once.
    pub operations: usize,
}

pub(super) async fn open<Q, M, S, C>(
    State(doors): State<Arc<Doors<Q, M, S, C>>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    parts: Parts,
) -> Response
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    if !is_welcome(&parts.headers, &doors.cors_origins) {
        return Refusal::from(Error::Forbidden).answer(Media::Json, request_id);
    }
    let Ok(upgrade) = upgrade else { return upgrade_required(request_id) };
    // A token that comes with the request is judged before anything is opened.
    if parts.headers.contains_key(AUTHORIZATION)
        && let Err(error) = (doors.authenticate)(Credentials::from(&parts)).await
    {
        return Refusal::from(error).answer(Media::Json, request_id);
    }
    let seat = match (doors.knock)(Credentials::from(&parts)).and_then(|place| place.seat()) {
        Ok(seat) => seat,
        Err(error) => return Refusal::from(error).answer(Media::Json, request_id),
    };
    let (shown, traffic) = (Shown::of(&parts), parts.extensions.get().cloned().unwrap_or_default());
    let bytes_max = doors.bodies.bytes_max;
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(bytes_max)
        .max_frame_size(bytes_max)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .on_upgrade(move |socket| Session::new(doors, shown, seat, traffic).kept(socket))
}

fn upgrade_required(request_id: Uuid) -> Response {
    let error = malformed("upgrade", "is a WebSocket here; queries and mutations are served at /graphql too");
    let mut response = Refusal { status: StatusCode::UPGRADE_REQUIRED, error }.answer(Media::Json, request_id);
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    response
}

/// Whether a page may open a socket: one of our own, or of a listed origin. A browser lets any page try, and always says
/// which; who says nothing is no browser.
fn is_welcome(headers: &HeaderMap, origins: &Origins) -> bool {
    let mut given = headers.get_all(ORIGIN).iter();
    let Some(origin) = given.next() else { return true };
    let (Ok(origin), None) = (origin.to_str(), given.next()) else { return false };
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| own == Some(authority));
    is_own || origins.holds(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_of_another_origin_is_not_welcome_unless_listed() {
        let config = crate::config::Config::load(&crate::config::Flags::default(), |name| {
            (name == "CORS_ORIGINS").then(|| "https://front.example".to_owned())
        });
        let origins = config.unwrap().cors_origins;
        for (given, is_expected) in [
            (&[][..], true),
            (&["http://gateway.example:8080"], true),
            (&["https://gateway.example:8080"], true),
            (&["https://front.example"], true),
            (&["https://gateway.example"], false),
            (&["https://gateway.example:8080.evil"], false),
            (&["https://front.example:8443"], false),
            (&["https://evil.example"], false),
            (&["null"], false),
            (&[""], false),
            (&["https://front.example", "https://evil.example"], false),
        ] {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("gateway.example:8080"))]);
            for origin in given {
                headers.append(ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_welcome(&headers, &origins), is_expected, "{given:?}");
        }
    }
}
