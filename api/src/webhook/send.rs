//! One attempt to deliver an event: to an address that was checked, once, in time, with nothing followed and nothing kept.
//!
//! A name is resolved here and nowhere else, and what it resolves to is connected to without another look: whoever answers one
//! question of DNS with a public address and the next with a private one gains nothing.

use std::{error::Error as StdError, net::SocketAddr, time::Duration};

use chrono::TimeDelta;
use entity::vocabulary::{Instant, WebhookFault};
use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};

use super::{
    address::{self, Reach},
    schedule,
};

/// Time of one attempt, from its first packet to the head of the answer.
pub const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(15);

/// How long a connection waits for the next event of its receiver.
const IDLE_TIME_MAX: Duration = Duration::from_secs(10);

/// Content type of an event.
const CLOUD_EVENT: &str = "application/cloudevents+json";

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// An answer, its status, and how long it asks to wait.
    Answered(u16, Option<TimeDelta>),
    /// None.
    Unanswered(WebhookFault),
}

impl Attempt {
    /// Whether the event was taken.
    pub fn is_taken(self) -> bool {
        matches!(self, Self::Answered(200..=299, _))
    }
}

/// Event as it goes out.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Identifier; the same at every attempt.
    pub id: &'a str,
    /// Instant of the attempt.
    pub at: Instant,
    /// Value of `webhook-signature`.
    pub signature: &'a str,
    /// Body.
    pub body: &'a [u8],
}

/// Sends events.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    reach: Reach,
}

impl Sender {
    /// Sender to addresses of a reach. No proxy of the environment is asked: it would resolve names itself.
    ///
    /// # Errors
    /// When TLS cannot be made ready.
    pub fn new(reach: Reach) -> reqwest::Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .https_only(reach == Reach::Public)
            .timeout(ATTEMPT_TIME_MAX)
            .pool_idle_timeout(IDLE_TIME_MAX)
            .user_agent("disclosure-gateway")
            .dns_resolver(Checked(reach))
            .build()?;
        Ok(Self { client, reach })
    }

    /// Sends an event once. The body of the answer is not read.
    pub async fn send(&self, url: &str, message: Message<'_>) -> Attempt {
        let Ok(url) = url.parse::<Url>() else { return Attempt::Unanswered(WebhookFault::NameUnknown) };
        // What was registered while private addresses were open stays registered; and a literal is not resolved.
        let is_refused = address::literal(&url).is_some_and(|address| !self.reach.admits(address));
        if is_refused || self.reach == Reach::Public && url.scheme() != "https" {
            return Attempt::Unanswered(WebhookFault::AddressRefused);
        }
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, CLOUD_EVENT)
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.at.timestamp())
            .header("webhook-signature", message.signature)
            .body(message.body.to_vec());
        match request.send().await {
            Ok(answer) => {
                let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let asked = asked.and_then(|text| schedule::asked(text, message.at));
                Attempt::Answered(answer.status().as_u16(), asked)
            }
            Err(error) => Attempt::Unanswered(fault(&error)),
        }
    }
}

/// Why there was no answer. Nothing of the error's text is kept: it may hold the address.
fn fault(error: &reqwest::Error) -> WebhookFault {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(known) = cause {
        match known.downcast_ref() {
            Some(Unresolved::Refused) => return WebhookFault::AddressRefused,
            Some(Unresolved::Unknown) => return WebhookFault::NameUnknown,
            None => cause = known.source(),
        }
    }
    if error.is_timeout() {
        WebhookFault::TimedOut
    } else if error.is_connect() {
        WebhookFault::Unreachable
    } else {
        WebhookFault::BrokenOff
    }
}

/// Resolves names, and refuses those that lead anywhere they may not.
struct Checked(Reach);

#[derive(Debug, thiserror::Error)]
enum Unresolved {
    #[error("the name does not resolve")]
    Unknown,
    #[error("the name leads to an address that is refused")]
    Refused,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| Unresolved::Unknown)?;
            let addresses = admitted(reach, found.collect())?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Addresses of a name: all of them, or none where any of them is refused.
fn admitted(reach: Reach, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Unresolved> {
    if found.is_empty() {
        return Err(Unresolved::Unknown);
    }
    if found.iter().all(|address| reach.admits(address.ip())) { Ok(found) } else { Err(Unresolved::Refused) }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn message() -> Message<'static> {
        Message { id: "change-1", at: Instant::UNIX_EPOCH, signature: "v1,x", body: b"{}" }
    }

    async fn attempt(reach: Reach, url: &str) -> Attempt {
        Sender::new(reach).expect("sender").send(url, message()).await
    }

    /// Answers one request with a text, and what was asked.
    async fn answering(text: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = listener.local_addr().expect("address");
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("connection");
            let mut asked = vec![0; 4_096];
            let length = stream.read(&mut asked).await.expect("request");
            stream.write_all(text.as_bytes()).await.expect("answer");
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        (format!("http://{address}/events"), served)
    }

    #[tokio::test]
    async fn what_only_this_network_can_reach_is_refused_before_a_packet_is_sent() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let port = listener.local_addr().expect("address").port();
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
            let refused = attempt(Reach::Public, &format!("https://{host}:{port}/")).await;
            assert_eq!(refused, Attempt::Unanswered(WebhookFault::AddressRefused), "{host}");
        }
        let plain = attempt(Reach::Public, &format!("http://localhost:{port}/")).await;
        assert_eq!(plain, Attempt::Unanswered(WebhookFault::AddressRefused));
        let heard = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(heard.is_err(), "somebody was connected to");
    }

    #[test]
    fn a_name_with_one_private_address_among_its_public_ones_is_refused() {
        let addresses =
            |texts: &[&str]| texts.iter().map(|text| text.parse().expect(text)).collect::<Vec<SocketAddr>>();
        let public = addresses(&["193.166.4.1:0", "[2001:708:10::1]:0"]);
        assert_eq!(admitted(Reach::Public, public.clone()).expect("public"), public);
        let mixed = addresses(&["193.166.4.1:0", "10.0.0.1:0"]);
        assert!(matches!(admitted(Reach::Public, mixed.clone()), Err(Unresolved::Refused)));
        assert!(admitted(Reach::Private, mixed).is_ok());
        assert!(matches!(admitted(Reach::Private, Vec::new()), Err(Unresolved::Unknown)));
    }

    #[tokio::test]
    async fn redirect_is_an_answer_and_not_followed() {
        let (url, _) =
            answering("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(attempt(Reach::Private, &url).await, Attempt::Answered(302, None));
    }

    #[tokio::test]
    async fn event_goes_out_with_its_headers_and_the_answer_is_not_read() {
        let (url, served) = answering("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 999999\r\n\r\nx").await;
        assert_eq!(attempt(Reach::Private, &url).await, Attempt::Answered(503, Some(TimeDelta::seconds(7))));
        let asked = served.await.expect("served");
        for line in [
            "POST /events HTTP/1.1",
            "content-type: application/cloudevents+json",
            "webhook-id: change-1",
            "webhook-timestamp: 0",
            "webhook-signature: v1,x",
        ] {
            assert!(asked.contains(line), "{line}\n{asked}");
        }
    }

    #[tokio::test]
    async fn each_way_not_to_answer_has_its_name() {
        let (url, _) = answering("HTTP/1.1 2").await;
        assert_eq!(attempt(Reach::Private, &url).await, Attempt::Unanswered(WebhookFault::BrokenOff));
        let closed = attempt(Reach::Private, "http://127.0.0.1:1/").await;
        assert_eq!(closed, Attempt::Unanswered(WebhookFault::Unreachable));
        let unknown = attempt(Reach::Public, "https://receiver.invalid/").await;
        assert_eq!(unknown, Attempt::Unanswered(WebhookFault::NameUnknown));
    }
}
