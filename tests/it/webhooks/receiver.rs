//! A receiver of events that behaves as it is told, at the worst moments too.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, sleep},
};

/// Longest that an event is waited for: a lease left behind by a dead process included.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the receiver does with the next event.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    /// Answers with a status.
    Answer(u16),
    /// Answers 503 and asks for time, in seconds.
    Busy(u32),
    /// Breaks the connection in the middle of the answer's first line.
    BreakOff,
    /// Reads it and never answers.
    Hang,
}

/// Event as it came in.
#[derive(Debug, Clone)]
pub struct Heard {
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
    /// Whether the answer was 2xx.
    pub taken: bool,
}

impl Heard {
    pub fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }
}

#[derive(Default)]
struct State {
    heard: Vec<Heard>,
    next: VecDeque<Behaviour>,
}

/// Receiver on a port of its own; takes every event but those it was told something else of.
pub struct Receiver {
    pub url: String,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let own = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&own)));
            }
        });
        Self { url, state, server }
    }

    /// Behaves so with the next events, one after another.
    pub fn behave(&self, next: &[Behaviour]) {
        self.state.lock().unwrap().next.extend(next);
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.state.lock().unwrap().heard.clone()
    }

    /// Ids of the events taken, in order.
    pub fn taken(&self) -> Vec<String> {
        self.heard().iter().filter(|heard| heard.taken).map(|heard| heard.id().to_owned()).collect()
    }

    /// Waits until so many events came in, taken or not.
    pub async fn heard_of(&self, count: usize) -> Vec<Heard> {
        let waited = Instant::now();
        loop {
            let heard = self.heard();
            if heard.len() >= count {
                return heard;
            }
            let ids: Vec<_> = heard.iter().map(Heard::id).collect();
            assert!(waited.elapsed() < PATIENCE, "{count} were to be heard of, and {ids:?} were");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some((headers, text)) = request(&mut stream).await else { return };
    let behaviour = {
        let mut state = state.lock().unwrap();
        let behaviour = state.next.pop_front().unwrap_or(Behaviour::Answer(204));
        let taken = matches!(behaviour, Behaviour::Answer(200..=299));
        let body = serde_json::from_str(&text).unwrap();
        state.heard.push(Heard { headers, text, body, taken });
        behaviour
    };
    let answer = match behaviour {
        Behaviour::Answer(status) => {
            format!("HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Behaviour::Busy(seconds) => {
            format!("HTTP/1.1 503 Busy\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Behaviour::BreakOff => "HTTP/1.1 20".to_owned(),
        Behaviour::Hang => return sleep(Duration::from_mins(2)).await,
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Head and body of a request.
async fn request(stream: &mut TcpStream) -> Option<(HeaderMap, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
            let headers: HeaderMap = lines
                .map(|(name, value)| {
                    let name = HeaderName::from_bytes(name.to_lowercase().as_bytes()).unwrap();
                    (name, HeaderValue::from_str(value.trim()).unwrap())
                })
                .collect();
            let length: usize = headers["content-length"].to_str().unwrap().parse().unwrap();
            if body.len() >= length {
                return Some((headers, body.to_owned()));
            }
        }
        let mut chunk = [0; 4_096];
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}
