//! A proxy before PostgreSQL that cuts a chosen call of a chosen transaction: before it arrives, or after it was done and
//! before anybody hears of it.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::JoinHandle,
};

/// When the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server never sees the call.
    BeforeCall,
    /// The server has done what it was told; the client never hears of it.
    BeforeAnswer,
}

/// What a batch of the recorder says first where others may be writing: the registry's lock, shared.
pub const RECORDING: &str = "pg_advisory_xact_lock_shared(";

/// What the one statement says that is a batch of whoever is alone.
pub const RECORDING_ALONE: &str = "with as_left as (";

/// What an act of the registry says first: the same lock, by its number, for itself alone.
pub const ACT: &str = "pg_advisory_xact_lock(4920555616387158853)";

/// What the signer of the log says first: its own lock.
pub const SIGNING: &str = "pg_advisory_xact_lock(4920555616504203086)";

/// What is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Words in a statement of the transaction that is meant.
    pub mark: &'static str,
    /// Which call of the transaction, from 1, its BEGIN or the statement that is one by itself.
    pub call: usize,
    pub cut: Cut,
}

/// Orders, shared by all connections.
type Orders = Arc<Mutex<Option<Order>>>;

/// Running proxy; ends when it is dropped.
pub struct Proxy {
    pub port: u16,
    orders: Orders,
    /// Where new connections lead.
    socket: Arc<Mutex<PathBuf>>,
    /// How often it has fallen silent, as when packets are dropped: a connection older than the last time carries nothing.
    silences: watch::Sender<u32>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Listens on 127.0.0.1 before the server of a Unix socket.
    pub async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let orders = Orders::default();
        let shared = Arc::clone(&orders);
        let socket = Arc::new(Mutex::new(socket));
        let (silences, heard) = watch::channel(0);
        let leads = Arc::clone(&socket);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (socket, orders) = (leads.lock().unwrap().clone(), Arc::clone(&shared));
                let mut silences = heard.clone();
                let born = *silences.borrow();
                tokio::spawn(async move {
                    client.set_nodelay(true)?;
                    let mut carried = Box::pin(async {
                        let server = UnixStream::connect(socket).await?;
                        Connection::new(client, server, orders).serve().await
                    });
                    tokio::select! {
                        biased;
                        // Both ends stay open and neither hears of the other again.
                        _ = silences.wait_for(|silences| *silences != born) => {}
                        carried = &mut carried => return carried,
                    }
                    std::future::pending::<io::Result<()>>().await
                });
            }
        });
        Self { port, orders, socket, silences, task }
    }

    /// The address comes to lead to another server. Connections made before carry nothing any more, and nobody tells them.
    pub fn move_silently(&self, socket: PathBuf) {
        *self.socket.lock().unwrap() = socket;
        self.silences.send_modify(|silences| *silences += 1);
    }

    /// New connections come to lead to another server; those made before go on as they are.
    pub fn move_for_new(&self, socket: PathBuf) {
        *self.socket.lock().unwrap() = socket;
    }

    /// Cuts once, as ordered.
    pub fn cut(&self, order: Order) {
        *self.orders.lock().unwrap() = Some(order);
    }

    /// Takes the order back; whether it had been carried out.
    pub fn has_cut(&self) -> bool {
        self.orders.lock().unwrap().take().is_none()
    }
}

/// One side of a connection, read message by message.
struct Side<S> {
    stream: S,
    read: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Side<S> {
    /// Next message with its kind; none at the end. What has been read is kept when nobody waits any more. The first
    /// message of a client has no kind, so its length stands first.
    async fn message(&mut self, length_at: usize) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(length) = self.read.get(length_at..length_at + 4) {
                let whole = length_at + u32::from_be_bytes(length.try_into().unwrap()) as usize;
                if self.read.len() >= whole {
                    let rest = self.read.split_off(whole);
                    return Ok(Some(std::mem::replace(&mut self.read, rest)));
                }
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Ok(None);
            }
        }
    }
}

struct Connection {
    client: Side<TcpStream>,
    server: Side<UnixStream>,
    orders: Orders,
    /// What each prepared statement says.
    statements: HashMap<Vec<u8>, Vec<u8>>,
    /// What was said in the last transaction, and in the one before it.
    said: Vec<Vec<u8>>,
    said_before: Vec<Vec<u8>>,
    /// What the next call executes; nothing where it only prepares.
    executes: Option<Vec<u8>>,
    /// Calls of the transaction so far; none outside one, where each is one by itself.
    calls: Option<usize>,
    /// Calls the server has not answered.
    unanswered: usize,
}

impl Connection {
    fn new(client: TcpStream, server: UnixStream, orders: Orders) -> Self {
        let (client, server) = (Side { stream: client, read: Vec::new() }, Side { stream: server, read: Vec::new() });
        // The server is ready once before the first call.
        let unanswered = 1;
        let statements = HashMap::new();
        let (said, said_before, executes, calls) = (Vec::new(), Vec::new(), None, None);
        Self { client, server, orders, statements, said, said_before, executes, calls, unanswered }
    }

    /// Carries messages both ways until either side ends or the connection is cut.
    async fn serve(mut self) -> io::Result<()> {
        let Some(start) = self.client.message(0).await? else { return Ok(()) };
        self.server.stream.write_all(&start).await?;
        loop {
            tokio::select! {
                message = self.client.message(1) => {
                    let Some(message) = message? else { return Ok(()) };
                    if let Some(cut) = self.hear(&message) {
                        return self.end(&message, cut).await;
                    }
                    self.server.stream.write_all(&message).await?;
                }
                message = self.server.message(1) => {
                    let Some(message) = message? else { return Ok(()) };
                    self.unanswered -= usize::from(message[0] == b'Z');
                    self.client.stream.write_all(&message).await?;
                }
            }
        }
    }

    /// Takes note of a message; how to cut, if this is the call that was ordered.
    fn hear(&mut self, message: &[u8]) -> Option<Cut> {
        let body = &message[5..];
        match message[0] {
            b'P' => {
                self.statements.insert(until_zero(body), body.to_vec());
                None
            }
            b'B' => {
                // A portal's name stands before the statement's.
                let statement = self.statements.get(&until_zero(&body[until_zero(body).len()..])).cloned();
                self.said.extend(statement.clone());
                self.executes = statement;
                None
            }
            b'Q' => {
                if body.starts_with(b"BEGIN") {
                    self.said_before = std::mem::take(&mut self.said);
                    self.calls = Some(0);
                }
                self.said.push(body.to_vec());
                let cut = self.call();
                if body.starts_with(b"COMMIT") || body.starts_with(b"ROLLBACK") {
                    self.calls = None;
                }
                cut
            }
            b'S' => self.call(),
            _ => None,
        }
    }

    fn call(&mut self) -> Option<Cut> {
        self.unanswered += 1;
        let executes: Vec<_> = self.executes.take().into_iter().collect();
        let call = match &mut self.calls {
            Some(calls) => {
                *calls += 1;
                *calls
            }
            None => 1,
        };
        let mut orders = self.orders.lock().unwrap();
        let order = orders.filter(|order| order.call == call)?;
        let said = match (self.calls, call) {
            (None, _) => &executes,
            // Of a BEGIN nobody knows yet what follows; on a connection of the recorder's it is what went before.
            (Some(_), 1) => &self.said_before,
            (Some(_), _) => &self.said,
        };
        let mark = order.mark.as_bytes();
        if !said.iter().any(|words| words.windows(mark.len()).any(|words| words == mark)) {
            return None;
        }
        *orders = None;
        Some(order.cut)
    }

    /// Ends the connection, at once or when the server has done the call.
    async fn end(mut self, call: &[u8], cut: Cut) -> io::Result<()> {
        if cut == Cut::BeforeAnswer {
            self.server.stream.write_all(call).await?;
            while self.unanswered > 0 {
                let Some(message) = self.server.message(1).await? else { return Ok(()) };
                self.unanswered -= usize::from(message[0] == b'Z');
            }
        }
        Ok(())
    }
}

/// Text up to and with the zero that ends it.
fn until_zero(bytes: &[u8]) -> Vec<u8> {
    bytes.split_inclusive(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}
