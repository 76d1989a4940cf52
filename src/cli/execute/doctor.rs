//! `doctor`: looks at everything that can be out of order with the hub itself, and at what its instances say. It mends
//! nothing, and each finding is a sentence.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::backup::LAST_BACKUP;
use super::{instance, sentence};
use crate::app::Hub;
use crate::cli::answer::{Check, InstanceRow};
use crate::model::{Health, Time};
use crate::secret::{KEY_FILE, KeyState};
use crate::store::check::{durability, integrity, miscounts};
use crate::store::{Lane, Rx, StoreError, access, events, settings};

/// A clock before this (2025-01-01) was never set.
const CLOCK_FLOOR: Time = Time(1_735_689_600_000);
/// Events may be so far ahead of a clock that was set right in the meantime.
const CLOCK_SLACK: Duration = Duration::from_secs(300);

pub(super) async fn look(hub: &Hub) -> Result<Vec<Check>, String> {
    let rows = instance::list(hub).await;
    let mut found = vec![
        database(hub).await,
        counts(hub).await,
        writes(hub).await,
        key_file(hub),
        files(hub).await,
        clock(hub).await,
        admins(hub).await,
        last_backup(hub).await,
    ];
    match rows {
        Ok(rows) => found.extend(instances(&rows)),
        Err(why) => found.push(wrong("instances", why)),
    }
    Ok(found)
}

fn check(name: &str, ok: bool, detail: impl Into<String>) -> Check {
    Check {
        name: name.into(),
        ok,
        detail: detail.into(),
    }
}

fn fine(name: &str, detail: impl Into<String>) -> Check {
    check(name, true, detail)
}

fn wrong(name: &str, detail: impl Into<String>) -> Check {
    check(name, false, detail)
}

async fn database(hub: &Hub) -> Check {
    match hub.store.read(integrity).await {
        Ok(problems) if problems.is_empty() => {
            fine("database", format!("{} is intact.", hub.store.path().display()))
        }
        Ok(problems) => wrong(
            "database",
            format!(
                "It is damaged; restore a backup. SQLite says: {}.",
                problems.join("; ")
            ),
        ),
        Err(error) => wrong("database", sentence(error)),
    }
}

async fn counts(hub: &Hub) -> Check {
    match hub.store.read(miscounts).await {
        Ok(0) => fine("counts", "Lists say how many users and groups there are."),
        Ok(wrong_ones) => wrong(
            "counts",
            format!(
                "{wrong_ones} differ from what is stored, so lists give wrong totals. Make a backup and restore it: that counts anew."
            ),
        ),
        Err(error) => wrong("counts", sentence(error)),
    }
}

async fn writes(hub: &Hub) -> Check {
    let asked = hub.store.write(Lane::Front, None, durability);
    match asked.await {
        Ok(how) if how.journal_mode == "wal" && how.synchronous == 2 => {
            fine("writes", "Each is on the disk before it is acknowledged.")
        }
        Ok(how) => wrong(
            "writes",
            format!(
                "journal_mode is {} and synchronous is {}, not wal and 2.",
                how.journal_mode, how.synchronous
            ),
        ),
        Err(error) => wrong("writes", sentence(error)),
    }
}

fn key_file(hub: &Hub) -> Check {
    let path = hub.config.data_dir.join(KEY_FILE);
    let path = path.display();
    match hub.keys.as_ref() {
        KeyState::Ready(_) => fine(
            "key file",
            format!("{path} opens what is sealed. Keep a copy apart from the backups."),
        ),
        KeyState::Missing => wrong(
            "key file",
            format!(
                "{path} is missing: stored tokens cannot be opened. Put it back, or make a new one: `rollcall secret renew`."
            ),
        ),
        KeyState::Foreign => wrong(
            "key file",
            format!(
                "{path} is not the one that sealed the stored tokens. Put that back, or make a new one: `rollcall secret renew`."
            ),
        ),
    }
}

async fn files(hub: &Hub) -> Check {
    let dir = hub.config.data_dir.clone();
    match spawn_blocking(move || open_to_others(&dir)).await {
        Ok(Ok(open)) if open.is_empty() => fine("data directory", "Nobody else can read it."),
        Ok(Ok(open)) => wrong(
            "data directory",
            format!(
                "Other users of this machine can get at {}. Take their rights away with chmod go-rwx.",
                open.join(", ")
            ),
        ),
        Ok(Err(error)) => wrong("data directory", sentence(error)),
        Err(error) => wrong("data directory", sentence(error)),
    }
}

/// Which of our files other users may read or write. In a directory of ours alone their modes do not matter.
fn open_to_others(dir: &Path) -> io::Result<Vec<String>> {
    let open = |found: &fs::Metadata| found.permissions().mode() & 0o077 != 0;
    if !open(&fs::metadata(dir)?) {
        return Ok(Vec::new());
    }
    let mut found = vec![dir.display().to_string()];
    for entry in fs::read_dir(dir)?.take(1000) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = ["rollcall.", "telemetry.", "setup-code"]
            .iter()
            .any(|start| name.starts_with(start));
        if (ours || name == KEY_FILE) && open(&entry.metadata()?) {
            found.push(name);
        }
    }
    Ok(found)
}

async fn clock(hub: &Hub) -> Check {
    let latest = hub.store.read(|rx| events::latest(rx, 1)).await;
    let now = hub.store.clock().now();
    match latest.map(|mut events| events.pop()) {
        Ok(_) if now < CLOCK_FLOOR => wrong("clock", format!("It says {now}: it was never set.")),
        Ok(Some(event)) if now.after(CLOCK_SLACK) < event.at => wrong(
            "clock",
            format!("It says {now}, but something happened at {} already.", event.at),
        ),
        Ok(_) => fine("clock", format!("It says {now}.")),
        Err(error) => wrong("clock", sentence(error)),
    }
}

async fn admins(hub: &Hub) -> Check {
    match hub.store.read(access::count_admins).await {
        Ok(0) => fine(
            "admins",
            "There is none yet: set up at /setup or with `rollcall admin create`.",
        ),
        Ok(1) => fine("admins", "There is 1."),
        Ok(count) => fine("admins", format!("There are {count}.")),
        Err(error) => wrong("admins", sentence(error)),
    }
}

async fn last_backup(hub: &Hub) -> Check {
    let known = |rx: &Rx<'_>| -> Result<Option<Time>, StoreError> {
        let text = settings::get(rx, LAST_BACKUP)?;
        Ok(text.and_then(|text| text.parse().ok()).map(Time))
    };
    match hub.store.read(known).await {
        Ok(Some(at)) => fine("backup", format!("The last `rollcall backup` was at {at}.")),
        Ok(None) => fine(
            "backup",
            "`rollcall backup` was never used here; whether copies are made otherwise is not known.",
        ),
        Err(error) => wrong("backup", sentence(error)),
    }
}

fn instances(rows: &[InstanceRow]) -> Vec<Check> {
    let mut found: Vec<Check> = rows
        .iter()
        .filter(|row| row.health == Health::Failing)
        .map(|row| {
            let reason = row.reason.clone().unwrap_or_else(|| "no reason is known".into());
            wrong(
                &format!("instance {}", row.slug),
                format!("Failing: {}", sentence(reason)),
            )
        })
        .collect();
    if found.is_empty() {
        let all_well = match rows.len() {
            0 => "There is none yet.".to_owned(),
            count => format!("None of {count} is failing."),
        };
        found.push(fine("instances", all_well));
    }
    let (pending, rejected) = rows
        .iter()
        .fold((0, 0), |sum, row| (sum.0 + row.pending, sum.1 + row.rejected));
    found.push(fine(
        "changes",
        format!("{pending} on their way to apps, {rejected} rejected by apps."),
    ));
    found
}
