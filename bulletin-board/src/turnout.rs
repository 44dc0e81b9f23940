//! The live turnout of an event as server-sent events: only what is published, at most once a second.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use utoipa::ToSchema;

use crate::metrics::Counted;
use crate::view::View;

/// How often the published state is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often a line is sent although nothing has changed: proxies keep the connection, and a listener that went without a word
/// is noticed, at the second line that it does not take.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Turnout of the open round, or of the last one that was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Turnout {
    /// Position of the round in the event; none before the first one has started.
    pub(crate) round: Option<u32>,
    /// Ballots of this round on the log, replaced ones included.
    pub(crate) ballots: u64,
    /// Credentials that have cast in this round.
    pub(crate) turnout: u64,
    /// Entries on the published log.
    pub(crate) size: u64,
}

/// One listener's stream.
pub(crate) struct Stream {
    view: Arc<View>,
    look: Interval,
    shown: Option<Turnout>,
    sent: Instant,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
    _counted: Counted,
}

impl Stream {
    /// A stream of this event that ends when the service stops.
    pub(crate) fn new(
        view: Arc<View>,
        stopping: watch::Receiver<bool>,
        place: OwnedSemaphorePermit,
        counted: Counted,
    ) -> Self {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { view, look, shown: None, sent: Instant::now(), stopping, _place: place, _counted: counted }
    }

    /// What is to be sent now, if anything.
    fn next(&mut self) -> Option<String> {
        let now = self.view.turnout();
        if self.shown != Some(now) {
            self.shown = Some(now);
            // Numbers only: it can't fail.
            return Some(format!("event: turnout\ndata: {}\n\n", serde_json::to_string(&now).unwrap_or_default()));
        }
        (self.sent.elapsed() >= HEARTBEAT).then(|| ": still here\n\n".to_owned())
    }
}

impl MessageBody for Stream {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        loop {
            if *self.stopping.borrow() {
                return Poll::Ready(None);
            }
            // The stop is seen at the next look, a second later at most.
            if self.look.poll_tick(context).is_pending() {
                return Poll::Pending;
            }
            if let Some(text) = self.next() {
                self.sent = Instant::now();
                return Poll::Ready(Some(Ok(Bytes::from(text))));
            }
        }
    }
}
