//! A request byte for byte, where a client that means well would tidy it up.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends one request, headers without body; status and the whole answer.
pub async fn get(to: SocketAddr, target: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut text = format!("GET {target} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.get(9..12).and_then(|code| code.parse().ok());
    (status.expect("a status line"), answer)
}
