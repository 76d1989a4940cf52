//! The log: on standard error, one subscriber for the process. Our own lines at the level that was asked for, those of
//! libraries from warnings up: at lower levels some of them write headers, and so tokens.

use std::io::{IsTerminal, stderr};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Starts logging; a second call changes nothing.
pub fn start(format: LogFormat, level: Level) {
    let filter = Targets::new()
        .with_target(env!("CARGO_PKG_NAME"), level)
        .with_default(LevelFilter::WARN.min(level.into()));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.with_ansi(false).json().flatten_event(true).boxed(),
    };
    // Whoever came first decides.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init();
}
