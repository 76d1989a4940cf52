//! The workloads W1 to W7.
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};

use crate::http::Conn;
use crate::measure::{Run, Sample};
use crate::options::Opt;
use crate::process::{own_cpu, proc_tree};
use crate::requests::*;

pub struct Dir {
    pub ids: Vec<String>,
    pub names: Vec<String>,
    pub active: Vec<bool>,
}

pub fn note(o: &Opt, w: &str, size: usize, text: String) {
    println!(
        "{}",
        json!({"server": o.label, "workload": w, "size": size, "note": text})
    );
}

pub async fn seed(run: &Run, dir: &Rc<RefCell<Dir>>, tag: &str, goal: usize) -> bool {
    let have = dir.borrow().ids.len();
    if have >= goal {
        return true;
    }
    let p0 = run.pid.map(proc_tree).unwrap_or_default();
    let c0 = own_cpu();
    let (d, t) = (dir.clone(), tag.to_string());
    let (mut s, wall) = run
        .drive(run.o.seed_conc, goal - have, run.o.seed_secs, move |i, mut c| {
            let (d, n) = (d.clone(), have + i);
            let name = format!("user{n}.{t}@example.com");
            async move {
                let r = create_user(&mut c, &name, n).await;
                let r = r.map(|id| {
                    let mut d = d.borrow_mut();
                    d.ids.push(id);
                    d.names.push(name);
                    d.active.push(true);
                });
                (c, r)
            }
        })
        .await;
    run.emit(
        "W1 create user",
        run.o.seed_conc,
        0,
        &mut s,
        wall,
        p0,
        c0,
        json!({"from": have, "to": dir.borrow().ids.len()}),
    );
    let done = dir.borrow().ids.len();
    if done < goal {
        note(
            &run.o,
            "W1 create user",
            run.size,
            format!("reached {done} of {goal} users in the time given"),
        );
    }
    done >= goal
}

pub fn spread(i: usize, n: usize) -> usize {
    (i.wrapping_mul(2654435761) ^ (i >> 7)) % n
}

pub async fn stage(run: &Run, dir: &Rc<RefCell<Dir>>, tag: &str, end: Instant) {
    let o = run.o.clone();
    let n = dir.borrow().ids.len();
    if n == 0 {
        return;
    }
    let on = |w: &str| o.workloads.contains(w) && Instant::now() < end;
    let begin = || (run.pid.map(proc_tree).unwrap_or_default(), own_cpu());

    // W1 once more at concurrency 1: what one IdP connection sees.
    if on("W1") {
        let (p0, c0) = begin();
        let (t, sz) = (tag.to_string(), run.size);
        let (mut s, wall) = run
            .drive(1, 300, o.secs, move |i, mut c| {
                let name = format!("solo{i}.{sz}.{t}@example.com");
                async move {
                    let r = create_user(&mut c, &name, i).await.map(|_| ());
                    (c, r)
                }
            })
            .await;
        run.emit("W1 create user", 1, 0, &mut s, wall, p0, c0, json!({}));
    }
    for &conc in &o.conc {
        for rep in 0..o.repeat {
            if on("W2") {
                let (p0, c0) = begin();
                let d = dir.clone();
                let (mut s, wall) = run
                    .drive(conc, o.ops, o.secs, move |i, mut c| {
                        let id = d.borrow().ids[spread(i + rep, n)].clone();
                        async move {
                            let r = c.json(Method::GET, &format!("/Users/{}", enc(&id)), None).await;
                            let r = r
                                .and_then(|(st, v)| want(st == 200 && v["id"].as_str() == Some(&id), st, &v));
                            (c, r)
                        }
                    })
                    .await;
                run.emit("W2 get user", conc, rep, &mut s, wall, p0, c0, json!({}));
            }
            for hit in [true, false] {
                if on("W3") {
                    let (p0, c0) = begin();
                    let d = dir.clone();
                    let (mut s, wall) = run
                        .drive(conc, o.ops, o.secs, move |i, mut c| {
                            let name = if hit {
                                d.borrow().names[spread(i + rep, n)].clone()
                            } else {
                                format!("nobody{i}@example.com")
                            };
                            async move {
                                let r = find_user(&mut c, &name, hit).await;
                                (c, r)
                            }
                        })
                        .await;
                    run.emit(
                        if hit { "W3 filter hit" } else { "W3 filter miss" },
                        conc,
                        rep,
                        &mut s,
                        wall,
                        p0,
                        c0,
                        json!({}),
                    );
                }
            }
            if on("W4") {
                let (p0, c0) = begin();
                let (d, legacy) = (dir.clone(), o.legacy);
                let (mut s, wall) = run
                    .drive(conc, o.ops, o.secs, move |i, mut c| {
                        let k = (i + rep * 31) % n;
                        let (id, to) = {
                            let mut d = d.borrow_mut();
                            d.active[k] = !d.active[k];
                            (d.ids[k].clone(), d.active[k])
                        };
                        async move {
                            let r = set_active(&mut c, &id, to, legacy).await;
                            (c, r)
                        }
                    })
                    .await;
                // A 204 says nothing about the value: read some back.
                let mut c = Conn::new(&o);
                let mut wrong = 0;
                let looked = n.min(20);
                for i in 0..looked {
                    let k = spread(i, n);
                    let (id, should) = (dir.borrow().ids[k].clone(), dir.borrow().active[k]);
                    match c.json(Method::GET, &format!("/Users/{}", enc(&id)), None).await {
                        Ok((200, v)) if v["active"].as_bool() == Some(should) => {}
                        _ => wrong += 1,
                    }
                }
                run.emit(
                    "W4 patch active",
                    conc,
                    rep,
                    &mut s,
                    wall,
                    p0,
                    c0,
                    json!({"read_back": looked, "read_back_wrong": wrong}),
                );
            }
        }
    }
    if on("W6") {
        let (p0, c0) = begin();
        let mut c = Conn::new(&o);
        let (mut s, mut seen, mut total, mut got, mut at) =
            (Sample::default(), HashSet::new(), 0usize, 0usize, 1usize);
        let (t0, mut bytes) = (Instant::now(), 0usize);
        let mut order = Vec::new();
        loop {
            let t = Instant::now();
            match c
                .send(
                    &Method::GET,
                    &format!("/Users?startIndex={at}&count={}", o.page),
                    None,
                )
                .await
            {
                Ok((200, b)) => {
                    bytes += b.len();
                    let v: Value = serde_json::from_slice(&b).unwrap_or(Value::Null);
                    let us = t.elapsed().as_micros() as u32;
                    s.lat_us.push(us);
                    order.push(us);
                    total = v["totalResults"].as_u64().unwrap_or(0) as usize;
                    let r = v["Resources"].as_array().cloned().unwrap_or_default();
                    if r.is_empty() {
                        break;
                    }
                    got += r.len();
                    seen.extend(r.iter().filter_map(|u| u["id"].as_str().map(str::to_string)));
                    at += r.len();
                }
                Ok((st, b)) => {
                    s.errors += 1;
                    s.first_error.get_or_insert(format!(
                        "{st} {}",
                        String::from_utf8_lossy(&b).chars().take(200).collect::<String>()
                    ));
                    break;
                }
                Err(e) => {
                    s.errors += 1;
                    s.first_error.get_or_insert(e);
                    break;
                }
            }
            if at > total || t0.elapsed().as_secs_f64() > o.secs * 6.0 || Instant::now() > end {
                break;
            }
        }
        let wall = t0.elapsed().as_secs_f64();
        let med = |x: &[u32]| {
            let mut x = x.to_vec();
            x.sort_unstable();
            x.get(x.len() / 2).map(|v| *v as f64 / 1000.0).unwrap_or(0.0)
        };
        let tenth = (order.len() / 10).max(1);
        let extra = json!({"total_results": total, "got": got, "distinct": seen.len(), "complete": got >= total, "bytes": bytes,
            "first_tenth_p50_ms": med(&order[..tenth.min(order.len())]), "last_tenth_p50_ms": med(&order[order.len().saturating_sub(tenth)..])});
        run.emit("W6 list pages", 1, 0, &mut s, wall, p0, c0, extra);
    }
    if on("W5") {
        for &g in &o.groups {
            if g + o.adds > n || Instant::now() >= end {
                continue;
            }
            let mut c = Conn::new(&o);
            let ids = dir.borrow().ids[..g].to_vec();
            let t0 = Instant::now();
            let gid = match tokio::time::timeout(
                Duration::from_secs_f64(o.seed_secs),
                make_group(&mut c, &format!("Group {g} of {} {tag}", run.size), &ids),
            )
            .await
            {
                Ok(Ok(x)) => x,
                Ok(Err(e)) => {
                    note(
                        &o,
                        "W5 group add",
                        run.size,
                        format!("group of {g} not made: {e}"),
                    );
                    continue;
                }
                Err(_) => {
                    note(
                        &o,
                        "W5 group add",
                        run.size,
                        format!("group of {g} not made in {} s", o.seed_secs),
                    );
                    continue;
                }
            };
            let fill = t0.elapsed().as_secs_f64();
            let (p0, c0) = begin();
            let (d, gi) = (dir.clone(), gid.clone());
            let (mut s, wall) = run
                .drive(1, o.adds, o.secs * 4.0, move |i, mut c| {
                    let (id, gi) = (d.borrow().ids[g + i].clone(), gi.clone());
                    async move {
                        let r = add_members(&mut c, &gi, &[id]).await;
                        (c, r)
                    }
                })
                .await;
            let added = s.lat_us.len();
            let t1 = Instant::now();
            let count = member_count(&mut c, &gid).await;
            let read_ms = t1.elapsed().as_secs_f64() * 1000.0;
            let extra = json!({"group": g, "fill_s": fill, "members_after": count.as_ref().ok(), "members_right": count == Ok(g + added),
                "get_group_ms": read_ms});
            run.emit("W5 group add", 1, 0, &mut s, wall, p0, c0, extra);
        }
    }
    if on("W7") {
        for &conc in &o.cycle_conc {
            if Instant::now() >= end {
                break;
            }
            let mut c = Conn::new(&o);
            let first: Vec<String> = dir.borrow().ids[..10.min(n)].to_vec();
            let gid = match make_group(&mut c, &format!("Cycle {conc} of {} {tag}", run.size), &first).await {
                Ok(x) => x,
                Err(e) => {
                    note(&o, "W7 cycle", run.size, format!("group not made: {e}"));
                    break;
                }
            };
            let (p0, c0) = begin();
            let (t, sz, gi, legacy) = (tag.to_string(), run.size, gid.clone(), o.legacy);
            let (mut s, wall) = run
                .drive(conc, (o.ops / 4).max(1), o.secs, move |i, mut c| {
                    let (gi, name) = (gi.clone(), format!("cycle{i}.c{conc}.{sz}.{t}@example.com"));
                    async move {
                        let r = async {
                            find_user(&mut c, &name, false).await?;
                            let id = create_user(&mut c, &name, i).await?;
                            set_active(&mut c, &id, false, legacy).await?;
                            add_members(&mut c, &gi, &[id]).await
                        }
                        .await;
                        (c, r)
                    }
                })
                .await;
            let done = s.lat_us.len();
            let count = member_count(&mut c, &gid).await.unwrap_or(0);
            let lost = (done + first.len()).saturating_sub(count);
            run.emit("W7 cycle", conc, 0, &mut s, wall, p0, c0, json!({"requests_per_s": done as f64 * 4.0 / wall, "members_after": count, "lost_members": lost}));
        }
    }
}
