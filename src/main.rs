//! The program: reads what is asked for and has it done. What that means stands in the library.

use std::future::Future;
use std::io::stdin;
use std::process::ExitCode;

use rollcall::cli::{self, Action, Cli, CliError, dispatch, logging};
use rollcall::clock::Clock;
use rollcall::config::{self, LogFormat};
use tracing::Level;

fn main() -> ExitCode {
    run(Cli::from_args()).unwrap_or_else(|error| cli::fail(&error))
}

fn run(asked: Cli) -> Result<ExitCode, CliError> {
    let env = config::environment()?;
    let action = asked.action(&env, &mut stdin().lock())?;
    match &action {
        Action::Serve(config) => logging::start(config.log_format, config.log_level),
        _ => logging::start(LogFormat::Text, Level::WARN),
    }
    match action {
        Action::Serve(config) => on_runtime(cli::serve(*config))?.map(|()| ExitCode::SUCCESS),
        Action::Demo(args) => {
            on_runtime(rollcall::demo::run(args))?.map_err(|error| CliError::Refused(format!("{error:#}")))
        }
        Action::Hub(dir, plan) => Ok(dispatch::run(&dir, &plan, |locked, command| {
            let done = on_runtime(cli::offline(locked, command, &env));
            done.map_err(|error| error.to_string())?
        })),
        Action::Restore(asked) => {
            let locked = dispatch::alone(&asked.data_dir)?;
            let done = cli::restore(&locked, &asked.file, &Clock::system())?;
            Ok(dispatch::restored(&done, asked.json))
        }
        Action::Renew { data_dir, json } => {
            let locked = dispatch::alone_with(&data_dir)?;
            let done = on_runtime(cli::renew(&locked, &env))??;
            Ok(dispatch::renewed(&done, json))
        }
        Action::Version { json } => Ok(dispatch::version(json)),
    }
}

/// Runs it to its end; what is then still under way off the async threads is not waited for.
fn on_runtime<T>(work: impl Future<Output = T>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| CliError::Refused(format!("Threads cannot be started: {error}.")))?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}
