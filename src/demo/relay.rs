//! A relay in front of a SCIM app: it forwards HTTP/1.1 requests (RFC 9112) to one address and can treat any of them
//! badly on the way, as networks and apps do. The demo stages its outage with it; tests lose answers with it.
//!
//! Not a proxy for anybody's use: one target, plain http, whole messages held in memory and capped. The `Host` header
//! goes on as the caller sent it, so that the target's `Location`s lead back through the relay.

mod http;
mod lie;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use http::{Broken, Message};
pub use lie::Lie;

/// Callers served at once; more wait to be accepted.
const CONNECTIONS: usize = 256;
/// Requests remembered.
const REMEMBERED: usize = 10_000;
/// A caller that sends nothing is let go after this.
const IDLE: Duration = Duration::from_secs(60);
/// Longest wait for the target's whole answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// What `Treatment::Html` answers with.
const PAGE: &str =
    "<!doctype html><html><title>Sign in</title><body><form>Please sign in</form></body></html>";

/// A request on its way, whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, such as `PATCH`.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// Body without its framing; at most 8 MB.
    pub body: Vec<u8>,
    /// Requests under way at this moment, this one among them.
    pub together: usize,
}

/// What becomes of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Treatment {
    /// Forwarded, and answered with the target's answer.
    Pass,
    /// Answered here; the target does not see it.
    Answer {
        /// HTTP status, 200 or more.
        status: u16,
        /// Headers beside `Content-Length`.
        headers: Vec<(String, String)>,
        /// Body.
        body: String,
    },
    /// The connection is closed; the target does not see the request.
    Cut,
    /// Forwarded and carried out, but the connection is closed instead of the answer.
    PassAndCut,
    /// Forwarded, but the answer breaks off in the middle of its body.
    Truncate,
    /// Forwarded and carried out at once, but the answer comes only after this long.
    Late(Duration),
    /// Forwarded, but the list in the answer says something else than the target did.
    Retold(Lie),
    /// Answered here with a web page and status 200.
    Html,
}

impl Treatment {
    /// Answers with this status and a SCIM error that says `detail` (RFC 7644 §3.12).
    #[must_use]
    pub fn scim_error(status: u16, detail: &str) -> Self {
        let body = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.to_string(),
            "detail": detail,
        });
        let media = ("Content-Type".to_owned(), "application/scim+json".to_owned());
        Self::Answer {
            status,
            headers: vec![media],
            body: body.to_string(),
        }
    }
}

/// A request that was treated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Status of the answer, the target's or the relay's; none: there was no answer.
    pub status: Option<u16>,
    /// What became of it.
    pub treatment: Treatment,
}

type Hook = Arc<dyn Fn(&Request) -> Treatment + Send + Sync>;

/// A running relay. Its port is free again, and its connections closed, when it is dropped.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    target: SocketAddr,
    hook: RwLock<Hook>,
    log: Mutex<VecDeque<Entry>>,
    under_way: AtomicUsize,
}

/// A request under way, until it is dropped.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    /// Counts it; how many there are with it.
    fn begin(all: &'a AtomicUsize) -> (Self, usize) {
        (Self(all), all.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn remember(&self, entry: Entry) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == REMEMBERED {
            log.pop_front();
        }
        log.push_back(entry);
    }
}

impl Relay {
    /// Starts on a free loopback port in front of `target`; everything passes until `treat` says otherwise.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(target: SocketAddr) -> std::io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), target).await
    }

    /// Starts on `listen`: a relay that was dropped comes back at its old address.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start_at(listen: SocketAddr, target: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target,
            hook: RwLock::new(Arc::new(|_| Treatment::Pass)),
            log: Mutex::new(VecDeque::new()),
            under_way: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            accepting,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on each request is treated as `hook` says; requests under way are not touched. The hook is called once
    /// for each request, from several tasks.
    pub fn treat(&self, hook: impl Fn(&Request) -> Treatment + Send + Sync + 'static) {
        *self.shared.hook.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(hook);
    }

    /// From now on everything passes.
    pub fn pass(&self) {
        self.treat(|_| Treatment::Pass);
    }

    /// The last 10,000 requests, oldest first; each is there before its answer leaves.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.shared
            .log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.shared
            .log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Its connections are in a set that this task owns: they end with it.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut callers = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        while callers.try_join_next().is_some() {}
        let Ok((caller, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: spinning would not free one.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let shared = Arc::clone(&shared);
        callers.spawn(async move {
            serve(caller, &shared).await;
            drop(permit);
        });
    }
}

/// One caller, request after request, until either side has had enough.
async fn serve(caller: TcpStream, shared: &Shared) {
    let _ = caller.set_nodelay(true);
    let mut caller = BufReader::new(caller);
    loop {
        let request = match tokio::time::timeout(IDLE, http::read_request(&mut caller)).await {
            Ok(Ok(request)) => request,
            Ok(Err(Broken::Message(status))) => {
                let refusal = Message::answer(status, &[], b"");
                let _ = caller.write_all(&refusal.to_bytes(false)).await;
                let _ = caller.shutdown().await;
                return;
            }
            Ok(Err(Broken::Gone)) | Err(_) => return,
        };
        let keep = request.keep_alive();
        let (answer, whole) = match treat(&request, shared).await {
            Reply::Whole(answer) => (answer.to_bytes(keep), true),
            Reply::Part(answer) => {
                let mut bytes = answer.to_bytes(false);
                // Half of the body, or of the head where there is none.
                let missing = if answer.body.is_empty() {
                    bytes.len()
                } else {
                    answer.body.len()
                };
                bytes.truncate(bytes.len() - missing.div_ceil(2));
                (bytes, false)
            }
            Reply::Nothing => return,
        };
        if caller.write_all(&answer).await.is_err() || !whole || !keep {
            let _ = caller.shutdown().await;
            return;
        }
    }
}

enum Reply {
    Whole(Message),
    Part(Message),
    Nothing,
}

async fn treat(request: &Message, shared: &Shared) -> Reply {
    let (method, path) = request.method_and_path();
    let (_until_answered, together) = UnderWay::begin(&shared.under_way);
    let seen = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        body: request.body.clone(),
        together,
    };
    let hook = Arc::clone(&shared.hook.read().unwrap_or_else(PoisonError::into_inner));
    let treatment = hook(&seen);
    let answer = match &treatment {
        Treatment::Pass | Treatment::PassAndCut | Treatment::Truncate | Treatment::Late(_) => {
            Some(forward(request, shared.target).await)
        }
        Treatment::Retold(lie) => {
            let mut answer = forward(request, shared.target).await;
            lie.tell(&mut answer.body);
            Some(answer)
        }
        Treatment::Answer {
            status,
            headers,
            body,
        } => Some(Message::answer(*status, headers, body.as_bytes())),
        Treatment::Html => {
            let media = ("Content-Type".to_owned(), "text/html; charset=utf-8".to_owned());
            Some(Message::answer(200, &[media], PAGE.as_bytes()))
        }
        Treatment::Cut => None,
    };
    let answer = answer.filter(|_| treatment != Treatment::PassAndCut);
    let entry = Entry {
        method: seen.method,
        path: seen.path,
        status: answer.as_ref().map(Message::status),
        treatment: treatment.clone(),
    };
    shared.remember(entry);
    if let Treatment::Late(wait) = treatment {
        tokio::time::sleep(wait).await;
    }
    match answer {
        None => Reply::Nothing,
        Some(answer) if treatment == Treatment::Truncate => Reply::Part(answer),
        Some(mut answer) => {
            answer.bare = method == "HEAD";
            Reply::Whole(answer)
        }
    }
}

/// Asks the target on a connection of its own; 502 or 504 when it has no answer.
async fn forward(request: &Message, target: SocketAddr) -> Message {
    let asked = tokio::time::timeout(PATIENCE, async {
        let mut target = BufReader::new(TcpStream::connect(target).await.map_err(|_| Broken::Gone)?);
        target
            .write_all(&request.to_bytes(false))
            .await
            .map_err(|_| Broken::Gone)?;
        http::read_answer(&mut target, request.method_and_path().0 == "HEAD").await
    });
    match asked.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Message::answer(502, &[], b""),
        Err(_) => Message::answer(504, &[], b""),
    }
}
