//! Messages of the protocol, and the codes a socket is closed with.

use std::borrow::Cow;

use async_graphql::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::answer::Said;

/// Bytes of an identifier a client gives an operation: it is said back with every event.
const ID_BYTES_MAX: usize = 100;

/// Why a socket is closed: its code and a reason, which holds nothing of what the client said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close(pub u16, pub &'static str);

impl Close {
    pub(super) const STOPPING: Self = Self(1001, "the gateway is stopping");
    pub(super) const SILENT: Self = Self(1001, "nothing was heard for SOCKET_SILENCE_SECONDS_MAX");
    pub(super) const UNREADABLE: Self = Self(1009, "a message is above BODY_BYTES_MAX or is no message");
    pub(super) const TOO_SLOW: Self = Self(1008, "a message took longer than BODY_SECONDS_MAX");
    pub(super) const PANICKED: Self = Self(1011, "something went wrong here");
    pub(super) const BUSY: Self = Self(1013, "the caller asks too much just now; try again");
    pub(super) const MALFORMED: Self = Self(4400, "no message of the protocol");
    pub(super) const UNAUTHORISED: Self = Self(4401, "connection_init with a token comes first");
    pub(super) const FORBIDDEN: Self = Self(4403, "the token is not valid");
    pub(super) const EXPIRED: Self = Self(4403, "the token has expired");
    pub(super) const NO_PROTOCOL: Self = Self(4406, "the protocol is graphql-transport-ws");
    pub(super) const NOT_GREETED: Self = Self(4408, "no connection_init within SOCKET_INIT_SECONDS_MAX");
    pub(super) const IN_USE: Self = Self(4409, "an operation of this id is under way");
    pub(super) const GREETED_TWICE: Self = Self(4429, "connection_init comes once");
    pub(super) const UNAVAILABLE: Self = Self(1013, "tokens cannot be verified now; try again");
}

/// Message of a client.
#[derive(Debug)]
pub(super) enum Received<'a> {
    /// Says who it is.
    Init(Option<&'a RawValue>),
    /// Asks for an operation.
    Subscribe(String, &'a RawValue),
    /// Wants no more of an operation.
    Complete(String),
    /// Wants to hear something.
    Ping,
    /// Lives.
    Pong,
}

#[derive(Deserialize)]
struct Form<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl<'a> Received<'a> {
    /// Reads a message; none where it is no message of the protocol.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let Form { kind, id, payload } = serde_json::from_str(text).ok()?;
        let id = id.filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.contains('\0'));
        Some(match &*kind {
            "connection_init" => Self::Init(payload.filter(|payload| payload.get() != "null")),
            "subscribe" => Self::Subscribe(id?, payload?),
            "complete" => Self::Complete(id?),
            "ping" => Self::Ping,
            "pong" => Self::Pong,
            _ => return None,
        })
    }
}

/// Message to a client.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Sent<'a> {
    /// The client is known.
    ConnectionAck,
    /// Lives.
    Pong,
    /// Answer, or event.
    Next { id: &'a str, payload: Said<'a> },
    /// An operation was not begun.
    Error { id: &'a str, payload: &'a [ServerError] },
    /// An operation is over.
    Complete { id: &'a str },
}

impl Sent<'_> {
    /// The message as it is sent.
    pub(super) fn text(&self) -> String {
        // Nothing of it can fail to be written as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_protocol_are_read_and_others_are_not() {
        for (text, is_read) in [
            (r#"{"type":"connection_init"}"#, true),
            (r#"{"type":"connection_init","payload":null,"x":[[]]}"#, true),
            (r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#, true),
            (r#"{"id":"1","type":"complete"}"#, true),
            (r#"{"type":"p\u0069ng","payload":{"a":1}}"#, true),
            (r#"{"type":"pong"}"#, true),
            (r#"{"type":"subscribe","payload":{"query":"{a}"}}"#, false),
            (r#"{"type":"subscribe","id":"","payload":{}}"#, false),
            (r#"{"type":"subscribe","id":1,"payload":{}}"#, false),
            (r#"{"type":"subscribe","id":"1"}"#, false),
            (r#"{"type":"subscribe","id":"1","id":"2","payload":{}}"#, false),
            (r#"{"type":"complete"}"#, false),
            (r#"{"type":"start","id":"1","payload":{}}"#, false),
            (r#"{"type":"next","id":"1","payload":{}}"#, false),
            ("{}", false),
            ("[]", false),
            ("", false),
            ("ping", false),
        ] {
            assert_eq!(Received::of(text).is_some(), is_read, "{text}");
        }
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(ID_BYTES_MAX + 1));
        assert!(Received::of(&long).is_none());
        assert!(Received::of(&format!(r#"{{"type":{}"#, "[".repeat(100_000))).is_none());
    }

    #[test]
    fn messages_are_sent_as_the_protocol_has_them() {
        assert_eq!(Sent::ConnectionAck.text(), r#"{"type":"connection_ack"}"#);
        assert_eq!(Sent::Complete { id: "a\"" }.text(), r#"{"type":"complete","id":"a\""}"#);
        assert_eq!(Sent::Error { id: "1", payload: &[] }.text(), r#"{"type":"error","id":"1","payload":[]}"#);
    }
}
