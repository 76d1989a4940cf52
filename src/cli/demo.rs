//! `rollcall demo`: its flags. What it shows stands in `demo`.

use std::net::SocketAddr;

use clap::Args;

/// Flags of `demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// End after so many seconds; exit with 0 only if both sides are equal
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: Option<u32>,
    /// Print counts for scripts at the end
    #[arg(long)]
    pub json: bool,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
}
