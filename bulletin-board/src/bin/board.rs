//! The program `board`: arguments only.
#![deny(clippy::indexing_slicing)]

use std::path::PathBuf;
use std::process::ExitCode;

use board::StartError;
use board::config::Settings;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// The bulletin board of verifiable elections.
///
/// It takes ballots and the entries of officials and trustees, checks each by the public rules, orders them in one signed
/// log for each event, and serves the logs to everybody. It holds the logs' signing keys and no other secret.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Examples:\n  board serve --data /var/lib/urna --listen 127.0.0.1:8080 --host votes.example.org\n  URNA_DATA=/var/lib/urna board serve --config /etc/urna/board.toml"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until it is interrupted.
    ///
    /// Prints one line, `listening on http://...`, when it is ready. Logs go to stderr. Every event is folded again from
    /// its journal at the start, which takes a while for large ones.
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Configuration file (TOML). Environment and flags take precedence.
    #[arg(long, env = "URNA_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of journals, keys and index. Back up `keys` and `events`.
    #[arg(long, env = "URNA_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one. Put a reverse proxy with TLS in front of it.
    #[arg(long, env = "URNA_LISTEN", value_name = "ADDR")]
    listen: Option<String>,
    /// Public host name, the first part of the origin of every log; the real address and port if it is not given.
    #[arg(long, env = "URNA_HOST", value_name = "NAME")]
    host: Option<String>,
    /// Base of public URLs, such as https://votes.example.org.
    #[arg(long, env = "URNA_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Public key of an administrator who may reserve events (repeat, or separate by commas); everybody if none is given.
    #[arg(long = "administrator", env = "URNA_ADMINISTRATORS", value_name = "KEY", value_delimiter = ',')]
    administrators: Option<Vec<String>>,
    /// Form of the log on stderr.
    #[arg(long, env = "URNA_LOG_FORMAT", value_enum, default_value = "json")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

fn start_logging(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("URNA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,actix_server=warn"));
    let logging = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => logging.json().flatten_event(true).init(),
        LogFormat::Text => logging.init(),
    }
}

fn serve(arguments: Serve) -> Result<(), StartError> {
    let Serve { config, data, listen, host, public_url, administrators, log_format } = arguments;
    start_logging(log_format);
    let file = config.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
    let given = Settings { data, listen, host, public_url, administrators, ..Settings::default() };
    let config = given.over(file).check()?;
    let handle = board::run(config)?;
    {
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        // Whoever started this process may have closed the pipe; the service goes on.
        let _ = writeln!(out, "listening on {}", handle.url()).and_then(|()| out.flush());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waited = runtime.and_then(|runtime| runtime.block_on(interrupted()));
    handle.stop();
    waited.map_err(|error| StartError::Internal(error.to_string()))
}

/// Waits for SIGINT or SIGTERM.
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        received = tokio::signal::ctrl_c() => received,
        _ = terminate.recv() => Ok(()),
    }
}

fn main() -> ExitCode {
    let Command::Serve(arguments) = Arguments::parse().command;
    match serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error[{}]: {error}", error.code());
            ExitCode::from(2)
        }
    }
}
