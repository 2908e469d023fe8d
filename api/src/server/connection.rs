//! One connection: requests are read, handed to the doors and answered, until either side has had enough.

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{
        HeaderValue, Request, Response, StatusCode, Version,
        header::{CONNECTION, HOST, STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING, UPGRADE},
    },
};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::OwnedSemaphorePermit,
    time::timeout,
};
use tower::Service;

use super::{
    House,
    body::Timed,
    linger::Watched,
    watch::{Alarm, Doing, LEAVING_TIME_MAX, Times, Traffic, Watch},
};
use crate::config::Serving;

/// Smallest buffer hyper reads into.
const BUFFER_BYTES_MIN: usize = 8 * 1024;

/// Answer to a client whose header was not whole in time. No door was reached, so it has none's form.
const HEADER_TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How clients are met.
pub(super) struct Manners {
    router: Router,
    http: http1::Builder,
    times: Times,
    header_time_max: Duration,
    body_time_max: Duration,
    transport_security: Option<HeaderValue>,
}

impl Manners {
    pub(super) fn new(router: Router, serving: &Serving, transport_security: Option<HeaderValue>) -> Self {
        let mut http = http1::Builder::new();
        let header_bytes_max = serving.header_bytes_max.max(BUFFER_BYTES_MIN);
        http.timer(TokioTimer::new())
            .header_read_timeout(None)
            // Whoever has asked all it wants may close its side and still hear the answer; queries end by themselves.
            .half_close(true)
            .max_headers(serving.header_fields_max)
            .max_header_size(header_bytes_max)
            .max_buf_size(header_bytes_max);
        Self {
            router,
            http,
            times: Times::of(serving),
            header_time_max: serving.header_time_max,
            body_time_max: serving.body_time_max,
            transport_security,
        }
    }

    /// How long a handshake may take.
    pub(super) fn handshake_time_max(&self) -> Duration {
        self.header_time_max
    }

    /// Answer of the doors to one request.
    async fn answer(&self, request: Request<Incoming>, visit: &Visit<'_>) -> Response<Answer> {
        visit.watch.asked();
        let answered = Answered(visit.watch.clone());
        let mut response = if names_one_host(&request) && is_framed_plainly(&request) {
            let mut request = request.map(|body| Body::new(Timed::new(body, self.body_time_max)));
            request.extensions_mut().insert(ConnectInfo(visit.peer));
            if request.headers().contains_key(UPGRADE) {
                request.extensions_mut().insert(Traffic::of(&visit.watch));
            }
            let Ok(response) = self.router.clone().call(request).await;
            response
        } else {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            response
        };
        if response.status() == StatusCode::REQUEST_TIMEOUT || visit.house.stopping.has_begun() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(transport_security) = &self.transport_security {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, transport_security.clone());
        }
        response.map(|body| Answer { body, _answered: answered })
    }
}

/// One client while it is here.
struct Visit<'a> {
    house: &'a House,
    watch: Watch,
    peer: SocketAddr,
}

/// Serves a connection until it ends, is told to end, or takes too long for what it does.
pub(super) async fn converse<S>(house: &House, stream: S, peer: SocketAddr, place: OwnedSemaphorePermit, number: usize)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (manners, watch) = (&house.manners, Watch::new());
    let visit = &Visit { house, watch: watch.clone(), peer };
    let served = service_fn(move |request| async move { Ok::<_, Infallible>(manners.answer(request, visit).await) });
    let io = TokioIo::new(Watched::new(stream, watch.clone(), place));
    let mut talk = manners.http.serve_connection(io, served).with_upgrades();
    let (mut stopping, mut cutting) = (house.stopping.clone(), house.stopping.clone());
    let (mut begun, mut cut) = (pin!(stopping.begun()), pin!(cutting.is_cut()));
    let (mut alarm, mut is_told) = (Alarm::new(manners.times), false);
    loop {
        let overdue = tokio::select! {
            biased;
            // A fault is the client's: it went away, or spoke no HTTP and has been told.
            _ = &mut talk => return,
            overdue = poll_fn(|cx| alarm.poll(&watch, cx)) => overdue,
            () = begun.as_mut(), if !is_told => {
                is_told = true;
                Pin::new(&mut talk).graceful_shutdown();
                continue;
            }
            () = cut.as_mut(), if is_told => return,
            () = house.room.asks_for(number, || watch.waits()) => Doing::Idle,
        };
        match overdue {
            // Closed as after an answer; it has until then to take that.
            Doing::Idle => {
                watch.leaves();
                Pin::new(&mut talk).graceful_shutdown();
            }
            Doing::Asking => {
                let stream = talk.into_parts().map(|parts| parts.io.into_inner());
                return drop(timeout(LEAVING_TIME_MAX, refused(stream)).await);
            }
            Doing::Silent | Doing::Leaving | Doing::Served | Doing::Stuck => return,
        }
    }
}

/// Whether a request says whom it is for as RFC 9112, 3.2 has it: once, and from HTTP/1.1 on always.
fn names_one_host(request: &Request<Incoming>) -> bool {
    match request.headers().get_all(HOST).iter().count() {
        0 => request.version() < Version::HTTP_11,
        1 => true,
        _ => false,
    }
}

/// Whether a body comes in chunks and nothing else, where it has a coding: hyper looks at the last alone, and who looks at the
/// first would see another end.
fn is_framed_plainly(request: &Request<Incoming>) -> bool {
    let mut codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    codings.next().is_none_or(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
        && codings.next().is_none()
}

/// Tells a client that its header took too long.
async fn refused<S: AsyncWrite + Unpin>(stream: Option<S>) {
    if let Some(mut stream) = stream
        && stream.write_all(HEADER_TOO_SLOW).await.is_ok()
    {
        // Whoever has gone hears nothing.
        drop(stream.shutdown().await);
    }
}

/// Notes that an answer is made, or given up.
struct Answered(Watch);

impl Drop for Answered {
    fn drop(&mut self) {
        self.0.answered();
    }
}

/// Body of an answer.
struct Answer {
    body: Body,
    _answered: Answered,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
