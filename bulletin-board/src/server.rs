//! Starting and stopping the service.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tracing::{info, warn};

use crate::config::Config;
use crate::error::StartError;
use crate::routes::routes;
use crate::state::Board;
use crate::store::{Disk, Folder, Index, IndexError, SledIndex};

/// Longest time for the head of a request to arrive.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection stays open without a request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Longest time for a client to take the end of an answer.
const DISCONNECT_TIME: Duration = Duration::from_secs(5);
/// Seconds that answers under way have when the board stops.
const SHUTDOWN_SECONDS: u64 = 10;
/// Most connections of one serving thread.
const CONNECTIONS: usize = 4_096;

/// A running board. Dropping it stops the board without waiting for answers under way.
#[derive(Debug)]
pub struct Handle {
    url: String,
    server: ServerHandle,
    runtime: tokio::runtime::Runtime,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// The base URL at which the board listens, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops: no new connection, answers under way are finished, everything taken is committed.
    pub fn stop(mut self) {
        self.end(true);
    }

    fn end(&mut self, graceful: bool) {
        let Some(thread) = self.thread.take() else { return };
        self.runtime.block_on(self.server.stop(graceful));
        let _ = thread.join();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// Starts a board and returns when it serves.
///
/// # Errors
/// [`StartError`]; nothing is served then.
pub fn run(config: Config) -> Result<Handle, StartError> {
    let (folder, listener) = prepare(&config)?;
    let index = open_index(&folder.index())?;
    start(config, folder, listener, Arc::new(index))
}

/// As [`run`], with an index of the caller's.
///
/// # Errors
/// As [`run`].
pub fn run_with_index(config: Config, index: Arc<dyn Index>) -> Result<Handle, StartError> {
    let (folder, listener) = prepare(&config)?;
    start(config, folder, listener, index)
}

/// As [`run`], with an index of the caller's and all other files on a disk of the caller's.
///
/// # Errors
/// As [`run`].
pub fn run_on(config: Config, index: Arc<dyn Index>, disk: Arc<dyn Disk>) -> Result<Handle, StartError> {
    let folder = Folder::open_on(disk, &config.data)?;
    let listener = bind(&config)?;
    start(config, folder, listener, index)
}

fn prepare(config: &Config) -> Result<(Folder, TcpListener), StartError> {
    Ok((Folder::open(&config.data)?, bind(config)?))
}

fn bind(config: &Config) -> Result<TcpListener, StartError> {
    TcpListener::bind(config.listen).map_err(|error| StartError::Listen { address: config.listen.to_string(), error })
}

/// Opens the index; one that cannot be read is moved aside, and rebuilt from the journals.
fn open_index(folder: &Path) -> Result<SledIndex, StartError> {
    SledIndex::open(folder).or_else(|IndexError(fault)| {
        // Somebody else has it open: it is not damaged.
        if fault.contains("acquire lock") {
            return Err(StartError::Locked(folder.to_owned()));
        }
        let aside = (1..).map(|number| folder.with_extension(format!("unreadable-{number}")));
        let aside =
            aside.into_iter().find(|path| !path.exists()).unwrap_or_else(|| folder.with_extension("unreadable"));
        warn!(fault, aside = %aside.display(), "the index cannot be read: it is moved aside and rebuilt");
        std::fs::rename(folder, &aside).map_err(StartError::io(folder))?;
        Ok(SledIndex::open(folder)?)
    })
}

fn start(config: Config, folder: Folder, listener: TcpListener, index: Arc<dyn Index>) -> Result<Handle, StartError> {
    let internal = |error: std::io::Error| StartError::Internal(error.to_string());
    let address = listener.local_addr().map_err(internal)?;
    let host = config.host.clone().unwrap_or_else(|| address.to_string());
    let url = format!("http://{address}");
    let public_url = config.public_url.clone().unwrap_or_else(|| url.clone());
    let workers = config.workers;
    let board = Data::new(Board::open(config, host, public_url, folder, index)?);
    let (ready, started) = mpsc::channel();
    let serve = move || {
        let served = Data::clone(&board);
        let ended = actix_web::rt::System::new().block_on(async move {
            let app = move || App::new().app_data(Data::clone(&served)).wrap(security_headers()).configure(routes);
            let server = HttpServer::new(app)
                .workers(workers)
                .max_connections(CONNECTIONS)
                .client_request_timeout(HEAD_TIME)
                .client_disconnect_timeout(DISCONNECT_TIME)
                .keep_alive(KEEP_ALIVE)
                .shutdown_timeout(SHUTDOWN_SECONDS)
                .disable_signals()
                .listen(listener)?
                .run();
            let _ = ready.send(server.handle());
            server.await
        });
        if let Err(error) = ended {
            warn!(%error, "the web server ended");
        }
        end(&board);
    };
    let thread = std::thread::Builder::new().name("board".into()).spawn(serve).map_err(internal)?;
    let server = started.recv().map_err(|_| StartError::Internal("the web server did not start".into()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(internal)?;
    info!(url, "serving");
    Ok(Handle { url, server, runtime, thread: Some(thread) })
}

/// Ends the threads of all events, then waits for the serving threads to let go of the board, so that journals, index and
/// lock are free when the caller goes on.
fn end(board: &Data<Board>) {
    board.stop();
    let deadline = Instant::now() + Duration::from_secs(SHUTDOWN_SECONDS);
    while Arc::strong_count(board) > 1 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Headers of every answer: what is served is data, never a page.
fn security_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"))
        .add(("Referrer-Policy", "no-referrer"))
        .add(("X-Frame-Options", "DENY"))
        .add(("Cross-Origin-Resource-Policy", "cross-origin"))
}
