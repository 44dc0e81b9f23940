//! Starting and stopping the service.

use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tlog::note::VerifierKey;
use tracing::{info, warn};

use crate::body;
use crate::config::Config;
use crate::error::StartError;
use crate::routes::{BodyTime, routes};
use crate::service::Witness;

/// Longest time for the head of a request to arrive.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a connection stays open without a request; logs ask again and again.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Longest time for a client to take the end of an answer, or to stop sending after it.
const DISCONNECT_TIME: Duration = Duration::from_secs(2);
/// Seconds that answers under way have when the witness stops.
const SHUTDOWN_SECONDS: u64 = 10;
/// Most connections of one serving thread. Each may hold one body of 260 KiB.
const CONNECTIONS: usize = 256;
/// Threads of each serving thread that check, store and sign.
const BLOCKING: usize = 16;

/// A running witness. Dropping it stops the witness without waiting for answers under way.
#[derive(Debug)]
pub struct Handle {
    url: String,
    witness: Arc<Witness>,
    server: ServerHandle,
    runtime: tokio::runtime::Runtime,
    thread: Option<JoinHandle<()>>,
    looking: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

impl Handle {
    /// The submission prefix, such as `http://127.0.0.1:8090` or `http://127.0.0.1:8090/w1`. It is the monitoring prefix
    /// as well.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The public key of the witness, as policies name it.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.witness.verifier()
    }

    /// Whether storage failed, so that nothing is cosigned any more and the process should end.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.witness.has_failed()
    }

    /// Returns when storage has failed.
    pub async fn failed(&self) {
        while !self.has_failed() {
            self.witness.failure.notified().await;
        }
    }

    /// Stops: no new connection, answers under way are finished.
    pub fn stop(mut self) {
        self.end(true);
    }

    fn end(&mut self, graceful: bool) {
        if let Some((stop, thread)) = self.looking.take() {
            drop(stop);
            let _ = thread.join();
        }
        let Some(thread) = self.thread.take() else { return };
        self.runtime.block_on(self.server.stop(graceful));
        let _ = thread.join();
        // The serving threads let go of the witness, so that the lock of the folder is free when the caller goes on.
        let deadline = Instant::now() + Duration::from_secs(SHUTDOWN_SECONDS);
        while Arc::strong_count(&self.witness) > 1 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// Starts a witness and returns when it serves.
///
/// # Errors
/// [`StartError`]; nothing is served then.
pub fn run(config: Config) -> Result<Handle, StartError> {
    let internal = |error: std::io::Error| StartError::Internal(error.to_string());
    let witness = Arc::new(Witness::open(&config)?);
    let listener = TcpListener::bind(config.listen)
        .map_err(|error| StartError::Listen { address: config.listen.to_string(), error })?;
    let address = listener.local_addr().map_err(internal)?;
    let url = format!("http://{address}{}", config.prefix);
    let (ready, started) = mpsc::channel();
    let served = Data::from(Arc::clone(&witness));
    let Config { prefix, workers, body_time, look_every, .. } = config;
    let serve = move || {
        let ended = actix_web::rt::System::new().block_on(async move {
            let app = move || {
                App::new()
                    .app_data(Data::clone(&served))
                    .app_data(Data::new(BodyTime(body_time)))
                    .wrap(from_fn(body::hold))
                    .wrap(security_headers())
                    .configure(|config| routes(config, &prefix))
            };
            let server = HttpServer::new(app)
                .workers(workers)
                .worker_max_blocking_threads(BLOCKING)
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
    };
    let thread = std::thread::Builder::new().name("witness".into()).spawn(serve).map_err(internal)?;
    let server = started.recv().map_err(|_| StartError::Internal("the web server did not start".into()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(internal)?;
    let (stop, stopped) = mpsc::channel();
    let looked = Arc::clone(&witness);
    let look = move || {
        while stopped.recv_timeout(look_every) == Err(mpsc::RecvTimeoutError::Timeout) {
            looked.look();
        }
    };
    let looking = std::thread::Builder::new().name("watched".into()).spawn(look).map_err(internal)?;
    info!(url, witness = %witness.verifier(), watched = witness.watched(), "cosigning");
    Ok(Handle { url, witness, server, runtime, thread: Some(thread), looking: Some((stop, looking)) })
}

/// Headers of every answer: what is served is data, never a page.
fn security_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"))
        .add(("Referrer-Policy", "no-referrer"))
        .add(("X-Frame-Options", "DENY"))
}
