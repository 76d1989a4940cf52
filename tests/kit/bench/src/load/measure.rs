//! Running something many times, and what came out as a line of JSON.
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use serde_json::{Value, json};

use crate::http::Conn;
use crate::options::Opt;
use crate::process::{Proc, own_cpu, proc_tree};

#[derive(Default)]
pub struct Sample {
    pub lat_us: Vec<u32>,
    pub errors: u64,
    pub first_error: Option<String>,
}

pub struct Run {
    pub o: Rc<Opt>,
    pub pid: Option<u32>,
    pub size: usize,
}

impl Run {
    pub fn emit(
        &self,
        w: &str,
        conc: usize,
        rep: usize,
        s: &mut Sample,
        wall: f64,
        p0: Proc,
        c0: f64,
        extra: Value,
    ) {
        s.lat_us.sort_unstable();
        let n = s.lat_us.len();
        let q = |p: f64| {
            if n == 0 {
                0.0
            } else {
                s.lat_us[((n - 1) as f64 * p).round() as usize] as f64 / 1000.0
            }
        };
        let p1 = self.pid.map(proc_tree).unwrap_or_default();
        let r3 = |x: f64| (x * 1000.0).round() / 1000.0;
        let mut v = json!({
            "server": self.o.label, "workload": w, "size": self.size, "conc": conc, "rep": rep,
            "ops": n, "errors": s.errors, "secs": r3(wall), "per_s": r3(n as f64 / wall.max(1e-9)),
            "p50_ms": r3(q(0.50)), "p99_ms": r3(q(0.99)), "max_ms": r3(q(1.0)),
            "rss_mib": r3(p1.rss_mib), "peak_mib": r3(p1.peak_mib),
            "server_cpu_s": r3(p1.cpu - p0.cpu), "client_cpu_s": r3(own_cpu() - c0), "other_cpu_s": r3(((p1.busy - p0.busy) - (p1.cpu - p0.cpu) - (own_cpu() - c0)).max(0.0)), "disk_write_mib": r3(p1.wrote_mib - p0.wrote_mib),
        });
        if let Some(e) = &s.first_error {
            v["first_error"] = json!(e.chars().take(300).collect::<String>());
        }
        if let Value::Object(m) = extra {
            for (k, x) in m {
                v[k] = x;
            }
        }
        println!("{v}");
    }

    /// Runs `f` at a concurrency until the count or the time is used up; only verified answers are counted.
    pub async fn drive<F, Fut>(&self, conc: usize, ops: usize, secs: f64, f: F) -> (Sample, f64)
    where
        F: Fn(usize, Conn) -> Fut + 'static,
        Fut: std::future::Future<Output = (Conn, Result<(), String>)> + 'static,
    {
        let next = Rc::new(Cell::new(0usize));
        let all = Rc::new(RefCell::new(Sample::default()));
        let f = Rc::new(f);
        let t0 = Instant::now();
        let mut tasks = Vec::new();
        for _ in 0..conc {
            let (next, all, f, o) = (next.clone(), all.clone(), f.clone(), self.o.clone());
            tasks.push(tokio::task::spawn_local(async move {
                let mut c = Conn::new(&o);
                let mut streak = 0;
                loop {
                    let i = next.get();
                    if i >= ops || t0.elapsed().as_secs_f64() >= secs || streak >= 200 {
                        break;
                    }
                    next.set(i + 1);
                    let t = Instant::now();
                    let (back, r) = f(i, c).await;
                    c = back;
                    let us = t.elapsed().as_micros().min(u32::MAX as u128) as u32;
                    let mut a = all.borrow_mut();
                    match r {
                        Ok(()) => {
                            a.lat_us.push(us);
                            streak = 0;
                        }
                        Err(e) => {
                            streak += 1;
                            a.errors += 1;
                            a.first_error.get_or_insert(e);
                        }
                    }
                }
            }));
        }
        for t in tasks {
            let _ = t.await;
        }
        let wall = t0.elapsed().as_secs_f64();
        let s = std::mem::take(&mut *all.borrow_mut());
        (s, wall)
    }
}
