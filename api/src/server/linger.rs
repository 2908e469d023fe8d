//! The stream of a connection: notes what goes over it, and is closed so that the last answer arrives.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
};

use super::watch::Watch;

/// Bytes of a client that still sends, read and forgotten before its connection is closed.
const FORGOTTEN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Stream that tells its watch. It holds the connection's place, so that an upgraded one still counts.
pub(super) struct Watched<S> {
    stream: S,
    watch: Watch,
    closing: Closing,
    _place: OwnedSemaphorePermit,
}

enum Closing {
    No,
    /// The other side has been told; what it still sends is forgotten.
    Told {
        forgotten: usize,
    },
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, watch: Watch, place: OwnedSemaphorePermit) -> Self {
        Self { stream, watch, closing: Closing::No, _place: place }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = buffer.filled().len() - before;
        if came > 0 && !self.watch.received(came) {
            return Poll::Ready(Err(io::Error::other("more came in than may")));
        }
        read
    }
}

impl<S> Watched<S> {
    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => self.watch.sent(*bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.watch.blocked(),
        }
        written
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        match &flushed {
            Poll::Ready(_) => self.watch.sent_all(),
            Poll::Pending => self.watch.blocked(),
        }
        flushed
    }

    /// Says that nothing more follows, then waits for the other side to say the same; the watch ends that.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch.leaves();
        let mut forgotten = match self.closing {
            Closing::Told { forgotten } => forgotten,
            Closing::No => {
                ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
                0
            }
        };
        let mut bytes = [0; 4 * 1024];
        while forgotten < FORGOTTEN_BYTES_MAX {
            self.closing = Closing::Told { forgotten };
            let mut buffer = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            match buffer.filled().len() {
                0 => break,
                read => forgotten += read,
            }
        }
        Poll::Ready(Ok(()))
    }
}
