//! HTTP/1.1 messages (RFC 9112) as the relay needs them: read whole and capped, written with a `Content-Length`
//! whatever framing they came with. Headers of the connection itself (RFC 9110 §7.6.1) end here.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Largest start line and headers together, in bytes.
const HEAD: u64 = 64 * 1024;
/// Largest body, in bytes.
const BODY: usize = 8 * 1024 * 1024;
/// Longest line that announces a chunk.
const CHUNK_LINE: u64 = 1024;

/// Headers that say something about one connection only.
const OF_CONNECTION: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Why a message could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Broken {
    /// The other side closed the connection, or it failed.
    Gone,
    /// What came is not HTTP, or too large; the status that says so to a caller.
    Message(u16),
}

/// A request or an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Message {
    /// The three parts of the start line.
    start: (String, String, String),
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The body is announced, not sent: an answer to HEAD.
    pub(super) bare: bool,
}

impl Message {
    /// An answer made here. Headers that could not be sent are left out.
    pub(super) fn answer(status: u16, headers: &[(String, String)], body: &[u8]) -> Self {
        let fits =
            |h: &&(String, String)| is_token(&h.0) && !h.1.contains(['\r', '\n', '\0']) && passes_on(&h.0);
        Self {
            start: (
                "HTTP/1.1".into(),
                status.clamp(200, 999).to_string(),
                reason(status).into(),
            ),
            headers: headers.iter().filter(fits).cloned().collect(),
            body: body.to_vec(),
            bare: false,
        }
    }

    /// Of a request.
    pub(super) fn method_and_path(&self) -> (&str, &str) {
        (&self.start.0, &self.start.1)
    }

    /// Of an answer.
    pub(super) fn status(&self) -> u16 {
        self.start.1.parse().unwrap_or(502)
    }

    /// Whether the caller wants to send another request (RFC 9112 §9.3).
    pub(super) fn keep_alive(&self) -> bool {
        let says = |word: &str| listed(&self.headers, "connection").any(|w| w.eq_ignore_ascii_case(word));
        if self.start.2 == "HTTP/1.0" {
            says("keep-alive")
        } else {
            !says("close")
        }
    }

    /// As it goes over the wire.
    pub(super) fn to_bytes(&self, keep_alive: bool) -> Vec<u8> {
        let mut head = format!("{} {} {}\r\n", self.start.0, self.start.1, self.start.2);
        let named: Vec<&str> = listed(&self.headers, "connection").collect();
        for (name, value) in &self.headers {
            if passes_on(name) && !named.iter().any(|n| n.eq_ignore_ascii_case(name)) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        let empty = self.body.is_empty();
        let is_request = !self.start.0.starts_with("HTTP/");
        let silent = matches!(self.start.1.as_str(), "204" | "304");
        let asks_only = empty && is_request && matches!(self.start.0.as_str(), "GET" | "HEAD");
        if !asks_only && !silent {
            let announced = self
                .headers
                .iter()
                .find(|h| self.bare && h.0.eq_ignore_ascii_case("content-length"));
            match announced {
                Some((_, length)) => head.push_str(&format!("Content-Length: {length}\r\n")),
                None => head.push_str(&format!("Content-Length: {}\r\n", self.body.len())),
            }
        }
        head.push_str(if keep_alive {
            "Connection: keep-alive\r\n\r\n"
        } else {
            "Connection: close\r\n\r\n"
        });
        let mut bytes = head.into_bytes();
        if !self.bare && !silent {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

fn passes_on(name: &str) -> bool {
    !OF_CONNECTION.iter().any(|n| name.eq_ignore_ascii_case(n))
}

fn reason(status: u16) -> &'static str {
    match status {
        200..=299 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Other",
    }
}

/// The words of a header that may be repeated or hold a list.
fn listed<'a>(headers: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    let same = headers.iter().filter(move |h| h.0.eq_ignore_ascii_case(name));
    same.flat_map(|h| h.1.split(','))
        .map(str::trim)
        .filter(|w| !w.is_empty())
}

/// Reads a request; tells a caller that waits for leave to send its body to go on (RFC 9110 §10.1.1).
pub(super) async fn read_request<S: AsyncBufRead + AsyncWrite + Unpin>(
    from: &mut S,
) -> Result<Message, Broken> {
    let mut request = read_head(from).await?;
    let (method, path, version) = &request.start;
    if !is_token(method) || path.is_empty() || !matches!(version.as_str(), "HTTP/1.1" | "HTTP/1.0") {
        return Err(Broken::Message(400));
    }
    if listed(&request.headers, "expect").any(|w| w.eq_ignore_ascii_case("100-continue")) {
        from.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .await
            .map_err(|_| Broken::Gone)?;
    }
    request.body = match framing(&request.headers)? {
        Framing::Chunked => read_chunks(from).await?,
        Framing::Length(length) => read_exactly(from, length).await?,
        Framing::None => Vec::new(),
    };
    Ok(request)
}

/// Reads an answer, skipping interim ones; to_head: the request was HEAD, so no body follows.
pub(super) async fn read_answer<S: AsyncBufRead + Unpin>(
    from: &mut S,
    to_head: bool,
) -> Result<Message, Broken> {
    loop {
        let mut answer = read_head(from).await?;
        let status: u16 = answer.start.1.parse().map_err(|_| Broken::Message(502))?;
        if !answer.start.0.starts_with("HTTP/1.") || !(100..=999).contains(&status) {
            return Err(Broken::Message(502));
        }
        if status < 200 {
            continue;
        }
        if to_head || matches!(status, 204 | 304) {
            return Ok(answer);
        }
        answer.body = match framing(&answer.headers)? {
            Framing::Chunked => read_chunks(from).await?,
            Framing::Length(length) => read_exactly(from, length).await?,
            Framing::None => read_to_end(from).await?,
        };
        return Ok(answer);
    }
}

async fn read_head<S: AsyncBufRead + Unpin>(from: &mut S) -> Result<Message, Broken> {
    let mut room = HEAD;
    let mut start = read_line(from, &mut room, 431).await?;
    if start.is_empty() {
        // A stray line end after the last body is allowed (RFC 9112 §2.2).
        start = read_line(from, &mut room, 431).await?;
    }
    let mut parts = start.splitn(3, ' ').map(str::to_owned);
    let (Some(first), Some(second)) = (parts.next(), parts.next()) else {
        return Err(Broken::Message(400));
    };
    let start = (first, second, parts.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let line = read_line(from, &mut room, 431).await?;
        if line.is_empty() {
            return Ok(Message {
                start,
                headers,
                body: Vec::new(),
                bare: false,
            });
        }
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| is_token(name)) else {
            return Err(Broken::Message(400));
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// One line without its end; `room` is what may still be read.
async fn read_line<S: AsyncBufRead + Unpin>(
    from: &mut S,
    room: &mut u64,
    too_long: u16,
) -> Result<String, Broken> {
    let mut line = Vec::new();
    let read = from
        .take(*room)
        .read_until(b'\n', &mut line)
        .await
        .map_err(|_| Broken::Gone)?;
    *room -= read as u64;
    if line.pop() != Some(b'\n') {
        return Err(if *room == 0 {
            Broken::Message(too_long)
        } else {
            Broken::Gone
        });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    if line.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
        return Err(Broken::Message(400));
    }
    String::from_utf8(line).map_err(|_| Broken::Message(400))
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

enum Framing {
    Chunked,
    Length(usize),
    None,
}

/// RFC 9112 §6.3; both framings at once, or two lengths, are refused: the two sides could read them differently.
fn framing(headers: &[(String, String)]) -> Result<Framing, Broken> {
    let codings: Vec<&str> = listed(headers, "transfer-encoding").collect();
    let mut lengths: Vec<&str> = listed(headers, "content-length").collect();
    lengths.dedup();
    match (codings.as_slice(), lengths.as_slice()) {
        ([], []) => Ok(Framing::None),
        ([coding], []) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        ([], [length]) if length.bytes().all(|b| b.is_ascii_digit()) => {
            let length = length
                .parse()
                .ok()
                .filter(|n| *n <= BODY)
                .ok_or(Broken::Message(413))?;
            Ok(Framing::Length(length))
        }
        _ => Err(Broken::Message(400)),
    }
}

async fn read_exactly<S: AsyncBufRead + Unpin>(from: &mut S, length: usize) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    let read = from
        .take(length as u64)
        .read_to_end(&mut body)
        .await
        .map_err(|_| Broken::Gone)?;
    if read == length {
        Ok(body)
    } else {
        Err(Broken::Gone)
    }
}

async fn read_to_end<S: AsyncBufRead + Unpin>(from: &mut S) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    let read = from
        .take(BODY as u64 + 1)
        .read_to_end(&mut body)
        .await
        .map_err(|_| Broken::Gone)?;
    if read > BODY {
        Err(Broken::Message(413))
    } else {
        Ok(body)
    }
}

async fn read_chunks<S: AsyncBufRead + Unpin>(from: &mut S) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    loop {
        let mut room = CHUNK_LINE;
        let line = read_line(from, &mut room, 400).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let digits = !size.is_empty() && size.bytes().all(|b| b.is_ascii_hexdigit());
        let size = usize::from_str_radix(size, 16)
            .ok()
            .filter(|_| digits)
            .ok_or(Broken::Message(400))?;
        if size > BODY - body.len() {
            return Err(Broken::Message(413));
        }
        if size == 0 {
            break;
        }
        body.extend(read_exactly(from, size).await?);
        if !read_line(from, &mut room, 400).await?.is_empty() {
            return Err(Broken::Message(400));
        }
    }
    let mut room = HEAD;
    while !read_line(from, &mut room, 431).await?.is_empty() {}
    Ok(body)
}
