//! One connection.
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::options::Opt;

pub struct Conn {
    pub o: Rc<Opt>,
    pub tx: Option<http1::SendRequest<Full<Bytes>>>,
    pub reconnects: u64,
}

impl Conn {
    pub fn new(o: &Rc<Opt>) -> Self {
        Conn {
            o: o.clone(),
            tx: None,
            reconnects: 0,
        }
    }

    pub async fn ready(&mut self) -> Result<(), String> {
        if let Some(tx) = &mut self.tx {
            if tx.ready().await.is_ok() {
                return Ok(());
            }
        }
        let s = TcpStream::connect((self.o.host.as_str(), self.o.port))
            .await
            .map_err(|e| e.to_string())?;
        s.set_nodelay(true).ok();
        let (tx, conn) = http1::handshake(TokioIo::new(s))
            .await
            .map_err(|e| e.to_string())?;
        tokio::task::spawn_local(async move {
            let _ = conn.await;
        });
        self.tx = Some(tx);
        self.reconnects += 1;
        Ok(())
    }

    pub async fn send(&mut self, m: &Method, path: &str, body: Option<&str>) -> Result<(u16, Bytes), String> {
        // A server may close an idle connection under our feet: one retry, for GET only, on a fresh one.
        for attempt in 0..2 {
            self.ready().await?;
            let mut rq = Request::builder()
                .method(m)
                .uri(format!("{}{}", self.o.prefix, path))
                .header("Host", format!("{}:{}", self.o.host, self.o.port))
                .header("Accept", "application/scim+json");
            if let Some(a) = &self.o.auth {
                rq = rq.header("Authorization", a);
            }
            if body.is_some() {
                rq = rq.header("Content-Type", "application/scim+json");
            }
            let rq = rq
                .body(Full::new(Bytes::from(body.unwrap_or("").to_owned())))
                .map_err(|e| e.to_string())?;
            let tx = self.tx.as_mut().ok_or("no connection")?;
            let got = tokio::time::timeout(Duration::from_secs(60), async {
                let r = tx.send_request(rq).await.map_err(|e| e.to_string())?;
                let st = r.status().as_u16();
                let b = r
                    .into_body()
                    .collect()
                    .await
                    .map_err(|e| e.to_string())?
                    .to_bytes();
                Ok::<_, String>((st, b))
            })
            .await
            .unwrap_or_else(|_| Err("timeout after 60 s".into()));
            match got {
                Ok(x) => return Ok(x),
                Err(e) => {
                    self.tx = None;
                    if attempt == 1 || m != Method::GET {
                        return Err(e);
                    }
                }
            }
        }
        unreachable!()
    }

    pub async fn json(&mut self, m: Method, path: &str, body: Option<&str>) -> Result<(u16, Value), String> {
        let (st, b) = self.send(&m, path, body).await?;
        if b.is_empty() {
            return Ok((st, Value::Null));
        }
        serde_json::from_slice(&b)
            .map(|v| (st, v))
            .map_err(|e| format!("{st}: not JSON: {e}"))
    }
}
