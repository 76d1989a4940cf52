//! `rollcall demo`: a hub at work, with everything real but its two ends. The identity provider is simulated (`idp`); the
//! app is a second, receive-only instance of the same hub, reached through a `relay` that can play an outage.
//!
//! Not a mode of the hub: it starts the same server on a temporary directory and speaks to it from outside, over SCIM
//! (RFC 7644). What happens when stands in `story`.

mod cast;
mod compare;
mod data;
mod endpoint;
mod error;
mod idp;
pub mod relay;
mod stage;
mod story;
mod voice;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::{Server, Tuning};
use crate::cli::{DemoArgs, LockedDir};
use crate::clock::Clock;
use crate::config::{Config, Limits, LogFormat};
use crate::model::{Role, Time};
use crate::secret::{hash_password, random_password};
use crate::store::{Lane, access};
use data::TemporaryDir;
use error::DemoError;
use stage::{ADMIN, Stage};
use voice::Voice;

/// Small, so that the app's own Retry-After alone says when it is tried again: the outage ends within two seconds.
const RETRY_BASE: Duration = Duration::from_millis(50);

/// Runs the demo; with an end, success means that both sides were equal then.
///
/// # Errors
/// It could not be set up, or one of its parts failed.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    Ok(perform(&args).await?)
}

async fn perform(args: &DemoArgs) -> Result<ExitCode, DemoError> {
    // From here on a signal ends the demo in order, so that its data goes with it.
    let mut signals = Signals::listen()?;
    let voice = Voice::new(args.json);
    let clock = Clock::system();
    let start = clock.now();
    let dir = TemporaryDir::make(&clock)?;
    let lock = LockedDir::take(dir.path())?;
    let tuning = Tuning {
        clock,
        retry_base: RETRY_BASE,
        ..Tuning::default()
    };
    let server = Server::start(config(args, &dir), tuning).await?;
    let shown = show(&server, voice, start, args, &mut signals).await;
    server.stop().await;
    drop(lock);
    shown
}

async fn show(
    server: &Server,
    voice: Voice,
    start: Time,
    args: &DemoArgs,
    signals: &mut Signals,
) -> Result<ExitCode, DemoError> {
    greet(server, &voice, args.seconds).await?;
    let stage = tokio::select! {
        stage = Stage::set(server, voice) => Arc::new(stage?),
        () = signals.any() => return Ok(ExitCode::from(u8::from(args.seconds.is_some() || args.json))),
    };
    stage.voice.happened("40 people and 6 groups are here: Healthy");
    let pages = |slug: &str| format!("{}/instances/{slug}/users", stage.origin);
    stage.voice.say(&format!(
        "         Side by side: {}  {}",
        pages(&stage.hub.slug),
        pages(&stage.app.slug)
    ));
    let ended = tokio::select! {
        played = story::play(&stage, start, args.seconds) => played.map(|()| true)?,
        () = signals.any() => false,
    };
    if !ended && args.seconds.is_none() && !args.json {
        stage.voice.say("\nThe demo's data is gone.");
        return Ok(ExitCode::SUCCESS);
    }
    let (hub, app) = stage.both(ended).await?;
    let equal = hub == app;
    for line in hub.differences(&app) {
        stage.voice.say(&line);
    }
    let (people, groups) = (hub.people.len(), hub.groups.len());
    stage.voice.say(&if equal {
        format!("\nBoth sides are equal: {people} people, {groups} groups. The demo's data is gone.")
    } else {
        "\nThe two sides differ. The demo's data is gone.".to_owned()
    });
    let counts = stage
        .voice
        .tally()
        .to_json(stage.voice.elapsed().as_secs(), &hub, &app);
    stage.voice.result(&counts);
    Ok(if equal {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Makes the admin, and says how to come in and what will be seen.
async fn greet(server: &Server, voice: &Voice, end: Option<u32>) -> Result<(), DemoError> {
    let password = random_password();
    let to_hash = password.clone();
    let hashed = tokio::task::spawn_blocking(move || hash_password(&to_hash));
    let hash = hashed.await.map_err(|_| DemoError::Ended)??;
    let insert = move |tx: &crate::store::Tx<'_>| access::insert_admin(tx, ADMIN, Role::Owner, &hash);
    server.hub().store.write(Lane::Front, None, insert).await?;
    server.setup().used();
    voice.say("A hub at work: real but for its two ends, on data that is thrown away.\n");
    voice.say(&format!(
        "  Open      http://{}",
        stage::reachable(server.address())
    ));
    voice.say(&format!("  E-mail    {ADMIN}"));
    voice.say(&format!("  Password  {}\n", password.expose()));
    for line in story::programme(end) {
        voice.say(&format!("  {line}"));
    }
    voice.say(match end {
        Some(_) => "",
        None => "  Ctrl-C ends it.\n",
    });
    Ok(())
}

fn config(args: &DemoArgs, dir: &TemporaryDir) -> Config {
    Config {
        data_dir: dir.path().to_owned(),
        listen: args.listen,
        public_url: None,
        tls: None,
        trusted_proxies: Vec::new(),
        allow_private_targets: true,
        allow_insecure_sign_in: false,
        extra_ca_file: None,
        log_format: LogFormat::Text,
        log_level: tracing::Level::WARN,
        workers: None,
        limits: Limits::default(),
    }
}

/// What ends a demo from outside.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Self, DemoError> {
        let on = |kind| signal(kind).map_err(|e| DemoError::System("signals cannot be heard", e));
        Ok(Self([
            on(SignalKind::interrupt())?,
            on(SignalKind::terminate())?,
            on(SignalKind::hangup())?,
        ]))
    }

    async fn any(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
