//! The program `witness`: arguments only.
#![deny(clippy::indexing_slicing)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use witness::config::Settings;
use witness::error::{STORAGE_FAILED, StartError};
use witness::key::Key;
use witness::watched::Added;

/// A witness server of transparency logs.
///
/// A log, such as the public record of an election, asks its witnesses to cosign each new state of itself. A witness signs
/// only if the new state extends the one that it signed before. So a log that shows different records to different people
/// gets no cosignatures for one of them, and readers who insist on cosignatures notice.
///
/// A witness reads no entries and judges no contents. It needs a few kilobytes for each log, and a disk that keeps what it
/// was given: a witness that forgets what it cosigned is worth nothing, and must get a new key.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Setting one up:\n  witness key new --name witness.example/w1 --out /etc/witness/key\n  \
                  cat > /etc/witness/witness.toml <<END\n  \
                  data = \"/var/lib/witness\"\n  key = \"/etc/witness/key\"\n  watched = \"/etc/witness/logs\"\n  END\n  \
                  witness log add --config /etc/witness/witness.toml 'votes.example.org/..+..+..'\n  \
                  witness serve --config /etc/witness/witness.toml\n\n\
                  Exit codes: 0 stopped in order, 2 did not start, 70 storage failed"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The key of this witness.
    #[command(subcommand)]
    Key(KeyCommand),
    /// The logs that this witness cosigns.
    #[command(subcommand)]
    Log(LogCommand),
    /// Serves until it is interrupted.
    ///
    /// Prints one line, `listening on http://...`, when it is ready; this URL is what logs and policies call the
    /// submission prefix. Logs go to stderr. Put a reverse proxy with TLS in front of it.
    Serve(Serve),
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Draws a new key and writes it to a new file, readable by its owner only; prints the public key.
    ///
    /// Give the printed line to those who name this witness in a policy. The file is all that the witness needs to sign:
    /// who has it can cosign in the name of this witness. One key belongs to one data folder.
    New {
        /// Name of the witness: a host name that you control and a path, without scheme, such as witness.example/w1.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The file to write. It is never overwritten.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Prints the public key of a key file.
    Show {
        /// The file that `witness key new` wrote.
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum LogCommand {
    /// Adds a log to the watched list in one step; a running witness takes it within about a second.
    ///
    /// Check the key with the log's operator first: a witness vouches for whatever log it watches. The list is a text
    /// file with lines `log <vkey>` or `log <vkey> <origin>`, and comments after #; you may edit it by hand. A log whose
    /// line you remove gets no more cosignatures; what was cosigned stays recorded, and can't get another key.
    Add {
        #[command(flatten)]
        settings: Given,
        /// The log's verifier key, such as votes.example.org/1+530d903a+AekyeRrm...
        vkey: String,
        /// Origin of the log (the first line of its checkpoint), if it is not the name of the key.
        #[arg(long, value_name = "TEXT")]
        origin: Option<String>,
        /// A comment for the line.
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
}

#[derive(Args)]
struct Given {
    /// Configuration file (TOML) with any of data, key, watched, listen, prefix, workers. Environment and flags win.
    /// Paths count from the working directory.
    #[arg(long, env = "URNA_WITNESS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of what was cosigned; made at the first start. Never restore it from a backup: see docs/operating.md.
    #[arg(long, env = "URNA_WITNESS_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Key file, from `witness key new`.
    #[arg(long, env = "URNA_WITNESS_KEY", value_name = "FILE")]
    key: Option<PathBuf>,
    /// The watched list. One that is not there counts as empty.
    #[arg(long, env = "URNA_WITNESS_WATCHED", value_name = "FILE")]
    watched: Option<PathBuf>,
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    settings: Given,
    /// Address to listen on; port 0 takes a free one. [default: 127.0.0.1:8090]
    #[arg(long, env = "URNA_WITNESS_LISTEN", value_name = "ADDR")]
    listen: Option<String>,
    /// What stands before every path, such as /w1, where several services share a host name.
    #[arg(long, env = "URNA_WITNESS_PREFIX", value_name = "PATH")]
    prefix: Option<String>,
    /// Threads that serve HTTP. [default: 2]
    #[arg(long, env = "URNA_WITNESS_WORKERS", value_name = "NUMBER")]
    workers: Option<usize>,
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

impl Given {
    fn settings(self) -> Result<Settings, StartError> {
        let Self { config, data, key, watched } = self;
        let file = config.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
        Ok(Settings { data, key, watched, ..Settings::default() }.over(file))
    }
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

/// Prints a line to stdout at once. Whoever started this process may have closed the pipe; that is no fault.
fn print(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn serve(arguments: Serve) -> Result<ExitCode, StartError> {
    let Serve { settings, listen, prefix, workers, log_format } = arguments;
    start_logging(log_format);
    let given = Settings { listen, prefix, workers, ..Settings::default() };
    let handle = witness::run(given.over(settings.settings()?).check()?)?;
    print(format_args!("listening on {}", handle.url()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waited = runtime.and_then(|runtime| {
        runtime.block_on(async {
            tokio::select! {
                interrupted = interrupted() => interrupted,
                () = handle.failed() => Ok(()),
            }
        })
    });
    let failed = handle.has_failed();
    handle.stop();
    waited.map_err(|error| StartError::Internal(error.to_string()))?;
    if failed {
        eprintln!(
            "error[storage-failed]: a record could not be stored: mend the disk and start the witness again; nothing that was \
             cosigned is lost"
        );
        return Ok(ExitCode::from(STORAGE_FAILED));
    }
    Ok(ExitCode::SUCCESS)
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

fn run(command: Command) -> Result<ExitCode, StartError> {
    match command {
        Command::Serve(arguments) => return serve(arguments),
        Command::Key(KeyCommand::New { name, out }) => {
            print(Key::make(&name, &out)?);
            eprintln!(
                "the key is in {}; keep it to yourself and give the printed line to logs and readers",
                out.display()
            );
        }
        Command::Key(KeyCommand::Show { file }) => print(Key::read(&file)?.verifier()),
        Command::Log(LogCommand::Add { settings, vkey, origin, comment }) => {
            let settings = settings.settings()?;
            let list = settings.watched_list()?.to_owned();
            let done = witness::add_log(&settings, &vkey, origin.as_deref(), comment.as_deref())?;
            match done {
                Added::Written => {
                    eprintln!("added to {}; a running witness takes it within about a second", list.display())
                }
                Added::AlreadyThere => eprintln!("{} has this log already", list.display()),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error[{}]: {error}", error.code());
            ExitCode::from(2)
        }
    }
}
