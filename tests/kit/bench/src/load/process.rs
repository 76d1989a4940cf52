//! A server as a process: its memory and time from /proc, its start and its end.
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::Value;

use crate::http::Conn;
use crate::options::{Opt, die};
use crate::requests::snippet;

#[derive(Default, Clone, Copy)]
pub struct Proc {
    pub busy: f64,
    pub cpu: f64,
    pub rss_mib: f64,
    pub peak_mib: f64,
    pub wrote_mib: f64,
}

/// Sums memory, CPU and bytes written over a process and all of its descendants.
pub fn proc_tree(root: u32) -> Proc {
    let tick = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as f64;
    let mut kids: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut stats: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    if let Ok(rd) = std::fs::read_dir("/proc") {
        for e in rd.flatten() {
            let Some(pid) = e.file_name().to_str().and_then(|s| s.parse::<u32>().ok()) else {
                continue;
            };
            let Ok(s) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
                continue;
            };
            let Some((_, tail)) = s.rsplit_once(')') else {
                continue;
            };
            let f: Vec<&str> = tail.split_whitespace().collect();
            let n = |i: usize| f.get(i).and_then(|x| x.parse::<f64>().ok()).unwrap_or(0.0);
            kids.entry(n(1) as u32).or_default().push(pid);
            stats.insert(pid, ((n(11) + n(12)) / tick, n(21) * page / 1048576.0));
        }
    }
    // Busy time of the whole machine, to see what others took of it.
    let busy: f64 = std::fs::read_to_string("/proc/stat")
        .ok()
        .and_then(|t| {
            t.lines().next().map(|l| {
                l.split_whitespace()
                    .skip(1)
                    .map(|x| x.parse::<f64>().unwrap_or(0.0))
                    .collect::<Vec<_>>()
            })
        })
        .map(|v| v.iter().take(8).sum::<f64>() - v.get(3).unwrap_or(&0.0) - v.get(4).unwrap_or(&0.0))
        .unwrap_or(0.0)
        / tick;
    let mut out = Proc {
        busy,
        ..Proc::default()
    };
    let mut todo = vec![root];
    while let Some(p) = todo.pop() {
        if let Some((c, r)) = stats.get(&p) {
            out.cpu += c;
            out.rss_mib += r;
        }
        let field = |file: &str, key: &str| -> f64 {
            std::fs::read_to_string(format!("/proc/{p}/{file}"))
                .ok()
                .and_then(|t| {
                    t.lines()
                        .find(|l| l.starts_with(key))
                        .and_then(|l| l.split_whitespace().nth(1).and_then(|v| v.parse().ok()))
                })
                .unwrap_or(0.0)
        };
        out.peak_mib += field("status", "VmHWM:") / 1024.0;
        out.wrote_mib += field("io", "write_bytes:") / 1048576.0;
        if let Some(k) = kids.get(&p) {
            todo.extend(k);
        }
    }
    out
}

pub fn own_cpu() -> f64 {
    let mut t: libc::timespec = unsafe { std::mem::zeroed() };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}

pub struct Child(pub std::process::Child);

impl Child {
    pub fn stop(&mut self) {
        let pid = self.0.id() as i32;
        unsafe { libc::kill(-pid, libc::SIGTERM) };
        for _ in 0..100 {
            if let Ok(Some(_)) = self.0.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        unsafe { libc::kill(-pid, libc::SIGKILL) };
        let _ = self.0.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

pub fn spawn(cmd: &str) -> Child {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    let mut k = Command::new("sh");
    k.arg("-c")
        .arg(format!("exec {cmd}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0);
    if std::env::var_os("SCIMLOAD_SERVER_STDERR").is_none() {
        k.stderr(Stdio::null());
    }
    Child(
        k.spawn()
            .unwrap_or_else(|e| die(&format!("cannot start the server: {e}"))),
    )
}

/// Waits until an authenticated list request is answered with 200; gives the time since `t0`.
pub async fn up(o: &Rc<Opt>, t0: Instant, wait: f64) -> Result<(f64, Value), String> {
    let mut last = String::new();
    while t0.elapsed().as_secs_f64() < wait {
        let mut c = Conn::new(o);
        match c.json(Method::GET, "/Users?startIndex=1&count=1", None).await {
            Ok((200, v)) => return Ok((t0.elapsed().as_secs_f64() * 1000.0, v)),
            Ok((st, v)) => last = format!("{st} {}", snippet(&v)),
            Err(e) => last = e,
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Err(last)
}
