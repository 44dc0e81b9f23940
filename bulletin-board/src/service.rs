//! What the requests of a board share beside its events: measurements, places, and whether it is being stopped.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use utoipa::ToSchema;

use crate::config::Limits;
use crate::error::Fault;
use crate::limits::{Pace, Room, line_of};
use crate::metrics::Metrics;

/// Shared by all requests.
pub(crate) struct Service {
    pub(crate) metrics: Metrics,
    pub(crate) room: Room,
    addresses: Pace<IpAddr>,
    listeners: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Service {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            metrics: Metrics::default(),
            room: Room::new(limits.body_bytes),
            addresses: Pace::new(limits.requests_per_address_minute),
            listeners: Arc::new(Semaphore::new(limits.turnout_listeners.min(Semaphore::MAX_PERMITS))),
            stopping: watch::Sender::new(false),
        }
    }

    /// Counts a request of this address.
    ///
    /// # Errors
    /// [`Fault::TooManyRequests`].
    pub(crate) fn request_of(&self, address: IpAddr) -> Result<(), Fault> {
        self.addresses.take(line_of(address), Instant::now()).map_err(Fault::TooManyRequests)
    }

    /// A place for one listener to the turnout.
    ///
    /// # Errors
    /// [`Fault::Busy`].
    pub(crate) fn listener(&self) -> Result<OwnedSemaphorePermit, Fault> {
        Arc::clone(&self.listeners).try_acquire_owned().map_err(|_| Fault::Busy)
    }

    /// Nothing new is taken from now on, and streams end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Tells when the service stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}

/// Why the service is not ready.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reason {
    /// `stopping`, `disk-full`, `witnesses-missing` or `event-stopped`.
    pub(crate) code: &'static str,
    /// The event, if it is about one.
    pub(crate) event: Option<String>,
    /// In words.
    pub(crate) message: String,
}
