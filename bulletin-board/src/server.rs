//! Starting and stopping the service.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Condition, DefaultHeaders, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use tracing::{info, warn};

use crate::config::Config;
use crate::error::StartError;
use crate::routes::{health, routes, watch};
use crate::state::Board;
use crate::store::{Disk, Folder, Index, IndexError, SledIndex};
use crate::tls::Certificate;

/// Longest time for a client to take the end of an answer.
const DISCONNECT_TIME: Duration = Duration::from_secs(5);
/// Seconds that answers under way have when the board stops.
const SHUTDOWN_SECONDS: u64 = 10;
/// Connections that the system keeps waiting: a whole meeting may come at once.
const BACKLOG: i32 = 4_096;

/// The way to the board for whoever stops it; it does not keep the board.
struct Stopping(Weak<Board>);

impl std::fmt::Debug for Stopping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stopping")
    }
}

/// A running board. Dropping it stops the board without waiting for answers under way.
#[derive(Debug)]
pub struct Handle {
    url: String,
    metrics: Option<SocketAddr>,
    certificate: Option<Arc<Certificate>>,
    stopping: Stopping,
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

    /// The address of the page of measurements, if there is one.
    #[must_use]
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Reads certificate and key again; new connections get the new one. Does nothing without TLS.
    ///
    /// # Errors
    /// [`StartError`]; the certificate in use stays.
    pub fn reload(&self) -> Result<(), StartError> {
        self.certificate.as_ref().map_or(Ok(()), |certificate| certificate.reload())
    }

    /// Stops: no new connection, answers under way are finished, everything taken is committed.
    pub fn stop(mut self) {
        self.end(true);
    }

    fn end(&mut self, graceful: bool) {
        let Some(thread) = self.thread.take() else { return };
        if let Some(board) = self.stopping.0.upgrade() {
            board.service.stop();
        }
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
    let listener = bind(config.listen)?;
    start(config, folder, listener, index)
}

fn prepare(config: &Config) -> Result<(Folder, TcpListener), StartError> {
    Ok((Folder::open(&config.data)?, bind(config.listen)?))
}

fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    let failed = |error| StartError::Listen { address: address.to_string(), error };
    let listener = TcpListener::bind(address).map_err(failed)?;
    // The standard library lets few wait.
    rustix::net::listen(&listener, BACKLOG).map_err(|error| failed(error.into()))?;
    Ok(listener)
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
    let certificate = config.tls.clone().map(Certificate::open).transpose()?;
    let tls = certificate.as_ref().map(Certificate::server).transpose()?;
    let secure = tls.is_some();
    let url = format!("{}://{address}", if secure { "https" } else { "http" });
    let measured = config.metrics_listen.map(bind).transpose()?;
    let metrics = measured.as_ref().map(TcpListener::local_addr).transpose().map_err(internal)?;
    let limits = config.limits.clone();
    let public_url = config.public_url.clone().unwrap_or_else(|| url.clone());
    let workers = config.workers;
    let board = Data::new(Board::open(config, host, public_url, folder, index)?);
    let stopping = Stopping(Arc::downgrade(&board.clone().into_inner()));
    let (ready, started) = mpsc::channel();
    let serve = move || {
        let served = Data::clone(&board);
        let ended = actix_web::rt::System::new().block_on(async move {
            let page = match measured {
                None => None,
                Some(listener) => {
                    let served = Data::clone(&served);
                    let app = move || {
                        let page = web::resource("/metrics").route(web::get().to(health::metrics));
                        App::new().app_data(Data::clone(&served)).wrap(security_headers()).service(page)
                    };
                    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run();
                    let handle = server.handle();
                    actix_web::rt::spawn(server);
                    Some(handle)
                }
            };
            let counted = Data::clone(&served);
            let app = move || {
                App::new()
                    .app_data(Data::clone(&served))
                    .wrap(from_fn(watch))
                    .wrap(security_headers())
                    .wrap(Condition::new(secure, strict_transport()))
                    .configure(routes)
            };
            let server = HttpServer::new(app)
                .workers(workers)
                .max_connections(limits.connections.div_ceil(workers))
                .client_request_timeout(limits.head_time)
                .client_disconnect_timeout(DISCONNECT_TIME)
                .keep_alive(limits.keep_alive)
                .shutdown_timeout(SHUTDOWN_SECONDS)
                .on_connect(move |_, connection| {
                    connection.insert(counted.service.metrics.connection());
                })
                .disable_signals();
            let server = match tls {
                Some(tls) => server.listen_rustls_0_23(listener, tls)?,
                None => server.listen(listener)?,
            };
            let server = server.run();
            let _ = ready.send(server.handle());
            let ended = server.await;
            if let Some(page) = page {
                page.stop(false).await;
            }
            ended
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
    Ok(Handle { url, metrics, certificate, stopping, server, runtime, thread: Some(thread) })
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

/// Where the board itself speaks TLS, browsers come back by TLS only.
fn strict_transport() -> DefaultHeaders {
    DefaultHeaders::new().add(("Strict-Transport-Security", "max-age=31536000"))
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
