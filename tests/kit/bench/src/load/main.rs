//! Load generator that speaks SCIM 2.0 to one server on the loopback interface.
//! Every answer is verified (status and a key field); every loop is bounded in count and in time.
//! Prints one JSON object per measurement on standard output. `scimload --help` lists the options.
mod http;
mod measure;
mod options;
mod process;
mod requests;
mod workloads;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use measure::Run;
use options::{Opt, options};
use process::{proc_tree, spawn, up};
use workloads::{Dir, note, seed, stage};

async fn main_task(o: Rc<Opt>) {
    let end = Instant::now() + Duration::from_secs(o.total_secs);
    let tag = format!(
        "{:x}",
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map(|d| d.as_millis())
            .unwrap_or(0)
    );
    let mut child = None;
    let mut pid = o.pid;
    if let Some(cmd) = &o.start {
        let t0 = Instant::now();
        let c = spawn(cmd);
        pid = Some(c.0.id());
        match up(&o, t0, 60.0).await {
            Ok((ms, v)) => {
                tokio::time::sleep(Duration::from_millis(1000)).await;
                let p = proc_tree(c.0.id());
                println!(
                    "{}",
                    json!({"server": o.label, "workload": "W8 cold start", "size": v["totalResults"], "start_ms": ms.round(), "rss_mib": p.rss_mib, "cpu_s": p.cpu})
                );
                child = Some(c);
            }
            Err(e) => {
                note(&o, "W8 cold start", 0, format!("not up in 60 s: {e}"));
                return;
            }
        }
    } else if let Err(e) = up(&o, Instant::now(), 5.0).await {
        note(&o, "start", 0, format!("no 200 from the server: {e}"));
        return;
    }
    let dir = Rc::new(RefCell::new(Dir {
        ids: vec![],
        names: vec![],
        active: vec![],
    }));
    for &size in &o.sizes {
        if Instant::now() >= end {
            note(&o, "end", size, "the time of the whole run is used up".into());
            break;
        }
        let run = Run {
            o: o.clone(),
            pid,
            size,
        };
        // Some to spare, so that a group may hold `size` members and still take adds.
        let full = seed(&run, &dir, &tag, size + o.adds).await;
        if let Some(p) = pid {
            let s = proc_tree(p);
            println!(
                "{}",
                json!({"server": o.label, "workload": "W8 memory", "size": size, "users": dir.borrow().ids.len(), "rss_mib": s.rss_mib, "peak_mib": s.peak_mib})
            );
        }
        stage(&run, &dir, &tag, end).await;
        if !full {
            break;
        }
    }
    if let (Some(mut c), Some(cmd)) = (child.take(), o.start.as_ref()) {
        c.stop();
        drop(c);
        if o.persist {
            let t0 = Instant::now();
            let c = spawn(cmd);
            match up(&o, t0, 60.0).await {
                Ok((ms, v)) => {
                    tokio::time::sleep(Duration::from_millis(1000)).await;
                    let p = proc_tree(c.0.id());
                    println!(
                        "{}",
                        json!({"server": o.label, "workload": "W8 restart", "size": v["totalResults"], "made": dir.borrow().ids.len(), "start_ms": ms.round(), "rss_mib": p.rss_mib})
                    );
                }
                Err(e) => note(&o, "W8 restart", 0, format!("not up in 60 s: {e}")),
            }
        }
    }
}

fn main() {
    let o = Rc::new(options());
    let rt = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime");
    tokio::task::LocalSet::new().block_on(&rt, main_task(o));
}
