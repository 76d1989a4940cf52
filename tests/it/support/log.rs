//! What the hubs in this process log, kept for the canary grep. All tests share it: there is one subscriber in a process.

use std::io;
use std::sync::{Mutex, Once};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ONCE: Once = Once::new();

/// Keeps all that is logged from now on, with the filter that the product has at its most talkative.
pub fn keep() {
    ONCE.call_once(|| {
        let filter = Targets::new()
            .with_target("rollcall", Level::TRACE)
            .with_default(LevelFilter::WARN);
        tracing_subscriber::registry()
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(false)
                    .with_writer(Keeper),
            )
            .with(filter)
            .init();
    });
}

#[track_caller]
pub fn grep(secrets: &[String]) {
    let lines = LINES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for secret in secrets.iter().filter(|s| s.len() >= 8) {
        assert!(!super::canary::holds(&lines, secret), "a secret was logged");
    }
}

struct Keeper;

impl io::Write for Keeper {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = LINES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lines.extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Keeper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}
