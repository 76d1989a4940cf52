//! The floor: a bare actix-web and SQLite server that speaks enough SCIM for `scimload`. No authentication, no schema, no
//! checks; one writer thread with group commit. What a durable server on this machine can be held against.
//!
//! floor [--port N] [--workers N] [--db FILE] [--sync FULL|NORMAL] [--group N] [--secs N]
mod user;

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use r2d2_sqlite::rusqlite::{self, Connection, OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};

use user::{User, make_id, meta};

fn arg(name: &str) -> Option<String> {
    let a: Vec<String> = std::env::args().collect();
    a.iter()
        .position(|x| x == name)
        .and_then(|i| a.get(i + 1).cloned())
}

fn num(name: &str, d: u64) -> u64 {
    arg(name).and_then(|v| v.parse().ok()).unwrap_or(d)
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS users(rowid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, username TEXT NOT NULL COLLATE NOCASE UNIQUE, active INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS grps(id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS members(gid TEXT NOT NULL, uid TEXT NOT NULL, PRIMARY KEY(gid, uid)) WITHOUT ROWID;";

fn open(path: &str, sync: &str) -> Connection {
    let c = Connection::open(path).expect("open");
    c.execute_batch(&format!("PRAGMA journal_mode=WAL; PRAGMA synchronous={sync}; PRAGMA busy_timeout=5000; PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456;")).expect("pragma");
    c
}

type Job = (
    Box<dyn FnOnce(&Connection) -> rusqlite::Result<()> + Send>,
    tokio::sync::oneshot::Sender<bool>,
);

struct Floor {
    db: String,
    next: AtomicU64,
    tx: mpsc::Sender<Job>,
}

thread_local! { static READ: RefCell<Option<Connection>> = const { RefCell::new(None) }; }

impl Floor {
    fn read<T>(&self, f: impl FnOnce(&Connection) -> T) -> T {
        READ.with(|r| {
            let mut r = r.borrow_mut();
            f(r.get_or_insert_with(|| open(&self.db, "NORMAL")))
        })
    }
    /// Resolves after the commit that holds the job.
    async fn write(&self, f: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static) -> bool {
        let (done, wait) = tokio::sync::oneshot::channel();
        self.tx.send((Box::new(f), done)).ok();
        wait.await.unwrap_or(false)
    }
}

fn writer(db: String, sync: String, group: usize) -> mpsc::Sender<Job> {
    let (tx, rx) = mpsc::channel::<Job>();
    std::thread::spawn(move || {
        let c = open(&db, &sync);
        while let Ok(first) = rx.recv() {
            let mut jobs = vec![first];
            while jobs.len() < group {
                match rx.try_recv() {
                    Ok(j) => jobs.push(j),
                    Err(_) => break,
                }
            }
            c.execute_batch("BEGIN IMMEDIATE").expect("begin");
            let acks: Vec<_> = jobs.into_iter().map(|(f, d)| (f(&c).is_ok(), d)).collect();
            let ok = c.execute_batch("COMMIT").is_ok();
            for (good, d) in acks {
                d.send(good && ok).ok();
            }
        }
    });
    tx
}

fn scim(st: u16, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(actix_web::http::StatusCode::from_u16(st).unwrap())
        .content_type("application/scim+json")
        .body(body)
}
fn fail(st: u16) -> HttpResponse {
    scim(
        st,
        format!("{{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"{st}\"}}")
            .into_bytes(),
    )
}
fn list(total: usize, start: usize, bodies: &[String]) -> HttpResponse {
    let mut o = format!(
        "{{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"totalResults\":{total},\"startIndex\":{start},\"itemsPerPage\":{},\"Resources\":[",
        bodies.len()
    );
    o.push_str(&bodies.join(","));
    o.push_str("]}");
    scim(200, o.into_bytes())
}

async fn create(f: web::Data<Floor>, b: web::Bytes) -> HttpResponse {
    let Ok(mut u) = serde_json::from_slice::<User>(&b) else {
        return fail(400);
    };
    let id = make_id(f.next.fetch_add(1, Ordering::Relaxed) + (std::process::id() as u64) * 100_000_000);
    u.id = Some(id.clone());
    u.meta = Some(meta(&id));
    let text = serde_json::to_string(&u).unwrap();
    let (t, name) = (text.clone(), u.user_name);
    let ok = f
        .write(move |c| {
            c.prepare_cached("INSERT INTO users(id,username,active,body) VALUES(?1,?2,1,?3)")?
                .execute(params![id, name, t])
                .map(|_| ())
        })
        .await;
    if !ok {
        return fail(409);
    }
    scim(201, text.into_bytes())
}

async fn get_user(f: web::Data<Floor>, p: web::Path<String>) -> HttpResponse {
    let id = p.into_inner();
    match f.read(|c| {
        c.prepare_cached("SELECT body FROM users WHERE id=?1")
            .unwrap()
            .query_row([id], |r| r.get::<_, String>(0))
            .optional()
    }) {
        Ok(Some(b)) => scim(200, b.into_bytes()),
        _ => fail(404),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    filter: Option<String>,
    start_index: Option<usize>,
    count: Option<usize>,
}

async fn list_users(f: web::Data<Floor>, q: web::Query<Query>) -> HttpResponse {
    if let Some(name) = q.filter.as_ref().and_then(|s| s.split('"').nth(1)) {
        let b = f.read(|c| {
            c.prepare_cached("SELECT body FROM users WHERE username=?1")
                .unwrap()
                .query_row([name], |r| r.get::<_, String>(0))
                .optional()
                .unwrap()
        });
        let b: Vec<String> = b.into_iter().collect();
        return list(b.len(), 1, &b);
    }
    let (start, count) = (
        q.start_index.unwrap_or(1).max(1),
        q.count.unwrap_or(100).min(1000),
    );
    let (total, rows) = f.read(|c| {
        let total: i64 = c
            .prepare_cached("SELECT count(*) FROM users")
            .unwrap()
            .query_row([], |r| r.get(0))
            .unwrap();
        let mut s = c
            .prepare_cached("SELECT body FROM users ORDER BY rowid LIMIT ?1 OFFSET ?2")
            .unwrap();
        let rows: Vec<String> = s
            .query_map([count as i64, start as i64 - 1], |r| r.get(0))
            .unwrap()
            .map(|x| x.unwrap())
            .collect();
        (total, rows)
    });
    list(total as usize, start, &rows)
}

async fn patch_user(f: web::Data<Floor>, p: web::Path<String>, b: web::Bytes) -> HttpResponse {
    let Ok(v) = serde_json::from_slice::<Value>(&b) else {
        return fail(400);
    };
    let x = &v["Operations"][0]["value"];
    let on = x.as_bool().unwrap_or_else(|| x.as_str() == Some("True"));
    let id = p.into_inner();
    let mut u = match f.read(|c| {
        c.prepare_cached("SELECT body FROM users WHERE id=?1")
            .unwrap()
            .query_row([&id], |r| r.get::<_, String>(0))
            .optional()
    }) {
        Ok(Some(t)) => serde_json::from_str::<User>(&t).unwrap(),
        _ => return fail(404),
    };
    u.active = on;
    let text = serde_json::to_string(&u).unwrap();
    let t = text.clone();
    if !f
        .write(move |c| {
            c.prepare_cached("UPDATE users SET active=?2, body=?3 WHERE id=?1")?
                .execute(params![id, on, t])
                .map(|_| ())
        })
        .await
    {
        return fail(500);
    }
    scim(200, text.into_bytes())
}

fn member_ids(v: &Value) -> Vec<String> {
    v.as_array()
        .map(|a| {
            a.iter()
                .filter_map(|m| m["value"].as_str().map(str::to_string))
                .collect()
        })
        .unwrap_or_default()
}

fn add_all(c: &Connection, gid: &str, ids: &[String]) -> rusqlite::Result<()> {
    let mut s =
        c.prepare_cached("INSERT OR IGNORE INTO members(gid,uid) SELECT ?1, id FROM users WHERE id=?2")?;
    for u in ids {
        s.execute(params![gid, u])?;
    }
    Ok(())
}

async fn make_group(f: web::Data<Floor>, b: web::Bytes) -> HttpResponse {
    let Ok(v) = serde_json::from_slice::<Value>(&b) else {
        return fail(400);
    };
    let id = make_id(f.next.fetch_add(1, Ordering::Relaxed) + (std::process::id() as u64) * 100_000_000);
    let name = v["displayName"].as_str().unwrap_or("").to_string();
    let out = json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":id,"displayName":name});
    let ids = member_ids(&v["members"]);
    if !f
        .write(move |c| {
            c.execute("INSERT INTO grps VALUES(?1,?2)", params![id, name])?;
            add_all(c, &id, &ids)
        })
        .await
    {
        return fail(500);
    }
    scim(201, serde_json::to_vec(&out).unwrap())
}

async fn patch_group(f: web::Data<Floor>, p: web::Path<String>, b: web::Bytes) -> HttpResponse {
    let Ok(v) = serde_json::from_slice::<Value>(&b) else {
        return fail(400);
    };
    let (gid, ids) = (p.into_inner(), member_ids(&v["Operations"][0]["value"]));
    if !f.write(move |c| add_all(c, &gid, &ids)).await {
        return fail(500);
    }
    HttpResponse::NoContent().finish()
}

async fn get_group(f: web::Data<Floor>, p: web::Path<String>, _r: HttpRequest) -> HttpResponse {
    let gid = p.into_inner();
    let ids: Vec<String> = f.read(|c| {
        c.prepare_cached("SELECT uid FROM members WHERE gid=?1")
            .unwrap()
            .query_map([&gid], |r| r.get(0))
            .unwrap()
            .map(|x| x.unwrap())
            .collect()
    });
    let m: Vec<Value> = ids.into_iter().map(|i| json!({"value": i})).collect();
    scim(200, serde_json::to_vec(&json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":gid,"displayName":"g","members":m})).unwrap())
}

async fn serve() -> std::io::Result<()> {
    let port = num("--port", 18999) as u16;
    let workers = num("--workers", 2).clamp(1, 64) as usize;
    let secs = num("--secs", 1800).min(3600);
    let db = arg("--db").unwrap_or_else(|| "floor.db".into());
    open(&db, "NORMAL").execute_batch(SCHEMA).expect("schema");
    let tx = writer(
        db.clone(),
        arg("--sync").unwrap_or_else(|| "FULL".into()),
        num("--group", 64).max(1) as usize,
    );
    // A start value that no earlier run used.
    let t = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        << 24;
    let data = web::Data::from(Arc::new(Floor {
        db,
        next: AtomicU64::new(t),
        tx,
    }));
    let srv = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(8 << 20))
            .route("/Users", web::post().to(create))
            .route("/Users", web::get().to(list_users))
            .route("/Users/{id}", web::get().to(get_user))
            .route("/Users/{id}", web::patch().to(patch_user))
            .route("/Groups", web::post().to(make_group))
            .route("/Groups/{id}", web::get().to(get_group))
            .route("/Groups/{id}", web::patch().to(patch_group))
    })
    .workers(workers)
    .shutdown_timeout(1)
    .bind(("127.0.0.1", port))?
    .run();
    let h = srv.handle();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(secs)).await;
        h.stop(false).await;
    });
    srv.await
}

fn main() -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(serve())
}
