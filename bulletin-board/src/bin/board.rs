//! The program `board`: arguments only.
#![deny(clippy::indexing_slicing)]

use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use board::config::Settings;
use board::upkeep::{self, Checked, UpkeepError};
use board::{Handle, StartError};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::{Level, Metadata, error, info};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use voting_core::ids::EventId;

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
    /// Checks a data folder or a backup without changing anything. The board must not be running on it.
    ///
    /// Reads every journal, lets every entry go through the rules again, computes the roots and checks every signed head.
    /// Ends with code 2 and names file and byte if anything is damaged.
    #[command(after_help = "Example:\n  board check --data /var/lib/urna")]
    Check {
        /// Folder of journals and keys.
        #[arg(long, env = "URNA_DATA", value_name = "DIR")]
        data: PathBuf,
    },
    /// Copies journals, keys and labels into a new folder, also while the board runs.
    ///
    /// Each journal is copied up to its last signed head and read again. `backup.json` lists all files with sizes and
    /// SHA-256; it is written last, so a backup without it is unfinished. The copy holds the logs' signing keys: keep it
    /// as safe as the data folder.
    #[command(after_help = "Example:\n  board backup --data /var/lib/urna --to /mnt/backup/urna-2026-11-24")]
    Backup {
        /// Folder of journals and keys.
        #[arg(long, env = "URNA_DATA", value_name = "DIR")]
        data: PathBuf,
        /// Folder that is made, or is empty. Nothing is ever overwritten.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Puts a backup into an empty data folder.
    ///
    /// If the board answered anything after the backup was made, do not start it on this folder yet: it would sign a second
    /// log, and members could prove it with their receipts. First put the newest journal in place, or complete the journal
    /// with `board repair` from a mirror that is as new as the last answer. Where the manifest names witness servers, the
    /// board refuses to go on while one of them has seen a larger log.
    #[command(after_help = "Example:\n  board restore --from /mnt/backup/urna-2026-11-24 --data /var/lib/urna")]
    Restore {
        /// The backup.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// Data folder that is made, or is empty.
        #[arg(long, env = "URNA_DATA", value_name = "DIR")]
        data: PathBuf,
    },
    /// Completes a journal that has lost its end from a mirror of the log.
    ///
    /// The mirror is a folder as `observer mirror` writes it. Its checkpoint must be signed by the log's key, its entries must
    /// be in the signed tree, and the journal must be their beginning; else nothing is changed. A damaged journal is not
    /// touched: move it away, and the whole journal is made from the mirror. The old journal is kept beside the new one.
    #[command(after_help = "Example:\n  board repair --data /var/lib/urna --event 3f9a.. --from mirror/")]
    Repair {
        /// Folder of journals and keys.
        #[arg(long, env = "URNA_DATA", value_name = "DIR")]
        data: PathBuf,
        /// The event, 64 hexadecimal digits.
        #[arg(long, value_name = "ID")]
        event: EventId,
        /// The mirror.
        #[arg(long, value_name = "MIRROR")]
        from: PathBuf,
    },
}

#[derive(Args)]
struct Serve {
    /// Configuration file (TOML). Environment and flags take precedence.
    #[arg(long, env = "URNA_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of journals, keys and index. `board backup` copies what cannot be made again.
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
    /// Mebibytes that must be free on the disk of the data folder, or submissions are refused; 256 if it is not given.
    #[arg(long, env = "URNA_MINIMUM_FREE_MEBIBYTES", value_name = "N")]
    minimum_free_mebibytes: Option<u64>,
    /// Certificate chain (PEM); with it the board speaks TLS itself. SIGHUP reads it and the key again.
    #[arg(long, env = "URNA_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM).
    #[arg(long, env = "URNA_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Address of the page of measurements, `/metrics`, for Prometheus; there is none if it is not given. Keep it from the public.
    #[arg(long, env = "URNA_METRICS_LISTEN", value_name = "ADDR")]
    metrics_listen: Option<String>,
    /// Ballots that one credential may cast in a minute, 0 for any number; 10 if it is not given.
    #[arg(long, env = "URNA_BALLOTS_PER_CREDENTIAL_MINUTE", value_name = "N")]
    ballots_per_credential_minute: Option<u64>,
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

/// Whether a record may be written whatever `URNA_LOG` says: finer than information only our own, since other crates write
/// bytes of requests and of stored pages, which are ballots.
fn is_harmless(metadata: &Metadata<'_>) -> bool {
    metadata.target().split("::").next() == Some("board") || *metadata.level() <= Level::INFO
}

fn start_logging(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("URNA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,actix_server=warn"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(is_harmless));
    match format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).init(),
        LogFormat::Text => registry.with(lines).init(),
    }
}

fn serve(arguments: Serve) -> Result<(), StartError> {
    start_logging(arguments.log_format);
    let file = arguments.config.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
    let given = Settings {
        data: arguments.data,
        listen: arguments.listen,
        host: arguments.host,
        public_url: arguments.public_url,
        administrators: arguments.administrators,
        minimum_free_mebibytes: arguments.minimum_free_mebibytes,
        tls_certificate: arguments.tls_certificate,
        tls_key: arguments.tls_key,
        metrics_listen: arguments.metrics_listen,
        ballots_per_credential_minute: arguments.ballots_per_credential_minute,
        ..Settings::default()
    };
    let config = given.over(file).check()?;
    let handle = board::run(config)?;
    say(format_args!("listening on {}", handle.url()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waited = runtime.and_then(|runtime| runtime.block_on(interrupted(&handle)));
    handle.stop();
    waited.map_err(|error| StartError::Internal(error.to_string()))
}

/// Waits for SIGINT or SIGTERM. On SIGHUP the certificate is read again.
async fn interrupted(handle: &Handle) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = hang_up.recv() => match handle.reload() {
                Ok(()) => info!("certificate and key were read again"),
                Err(error) => error!(%error, "certificate and key could not be read again: the old ones stay in use"),
            },
        }
    }
}

/// Prints a line. Whoever started this process may have closed the pipe; it goes on.
fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn report(error: &impl Display, code: &str) -> ExitCode {
    eprintln!("error[{code}]: {error}");
    ExitCode::from(2)
}

fn describe(checked: &Checked) -> String {
    let Checked { entries, root, heads, head, bytes, torn } = checked;
    let Some(root) = root else {
        return "no entries: its founding was interrupted, the next start clears it away".to_owned();
    };
    let mut words = format!("{entries} entries, root {root}, {heads} heads, the newest of size {head}, {bytes} bytes");
    if head < entries {
        words.push_str("; the last batch is unsigned, the next start signs it");
    }
    if *torn > 0 {
        words.push_str(&format!("; {torn} bytes of a torn record behind it, the next start cuts them"));
    }
    words
}

fn check(data: PathBuf) -> Result<ExitCode, UpkeepError> {
    let mut code = ExitCode::SUCCESS;
    let events = upkeep::check(&data)?;
    for (event, checked) in &events {
        match checked {
            Ok(checked) => say(format_args!("{event}: good: {}", describe(checked))),
            Err(error) => {
                say(format_args!("{event}: NOT good"));
                code = report(error, error.code());
            }
        }
    }
    say(format_args!("{} events checked", events.len()));
    Ok(code)
}

fn backup(data: PathBuf, to: PathBuf) -> Result<ExitCode, UpkeepError> {
    let made = upkeep::backup(&data, &to)?;
    for saved in &made.events {
        say(format_args!("{}: {} entries, root {}", saved.event, saved.entries, saved.root));
    }
    let bytes: u64 = made.files.iter().map(|file| file.bytes).sum();
    say(format_args!("{} events, {} files, {bytes} bytes copied and read again", made.events.len(), made.files.len()));
    say("It holds the signing keys of the logs: keep it as safe as the data folder.");
    Ok(ExitCode::SUCCESS)
}

fn restore(from: PathBuf, data: PathBuf) -> Result<ExitCode, UpkeepError> {
    let restored = upkeep::restore(&from, &data)?;
    for (event, checked) in &restored.events {
        say(format_args!("{event}: {}", describe(checked)));
    }
    say(format_args!(
        "{} events restored from a backup of {} (seconds since 1970)",
        restored.events.len(),
        restored.time
    ));
    say("");
    say(
        "Before you start the board: did it answer anything after this backup was made? Then this folder lacks entries that",
    );
    say(
        "people have receipts for, and a board that goes on from here signs a second log, which they can prove. First put the",
    );
    say("newest journal in place (events/<event>/journal of the old disk), or complete it from the newest mirror:");
    say("  board repair --data DIR --event ID --from MIRROR");
    say(
        "Where the manifest names witness servers, the board refuses to go on while one of them has seen a larger log.",
    );
    Ok(ExitCode::SUCCESS)
}

fn repair(data: PathBuf, event: EventId, from: PathBuf) -> Result<ExitCode, UpkeepError> {
    let repaired = upkeep::repair(&data, &event, &from)?;
    if repaired.before >= repaired.mirror {
        let (own, mirror) = (repaired.before, repaired.mirror);
        say(format_args!(
            "{event}: nothing to repair: the journal has {own} entries, the mirror the first {mirror} of them"
        ));
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("{event}: completed from {} to {} entries", repaired.before, repaired.mirror));
    if let Some(kept) = &repaired.kept {
        say(format_args!("the old journal is kept as {}", kept.display()));
    }
    say(
        "Entries that were accepted after this mirror was made are still missing. If a newer mirror or receipt exists, repair",
    );
    say("from the newest mirror before you start the board.");
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => {
            return match serve(arguments) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => report(&error, error.code()),
            };
        }
        Command::Check { data } => check(data),
        Command::Backup { data, to } => backup(data, to),
        Command::Restore { from, data } => restore(from, data),
        Command::Repair { data, event, from } => repair(data, event, from),
    };
    done.unwrap_or_else(|error| report(&error, error.code()))
}
