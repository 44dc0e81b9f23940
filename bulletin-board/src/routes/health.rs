//! Whether the service lives, and whether it takes entries.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::metrics::{EVENTS, OfEvent, TEXT};
use crate::service::Reason;
use crate::state::Board;

/// Reasons that are shown, at most.
const REASONS: usize = 20;
const NOW: (&str, &str) = ("Cache-Control", "no-store");

/// The service lives.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    /// Version of the program.
    version: &'static str,
    /// Number of events.
    events: usize,
}

/// Whether the service is ready.
#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// Whether entries are taken for every event.
    ready: bool,
    /// Why not: the first of them.
    reasons: Vec<Reason>,
}

/// Whether the service lives. It does if it answers.
#[utoipa::path(get, path = "/api/health", tag = "service", responses((status = 200, description = "It lives.", body = Health)))]
pub(crate) async fn health(board: Data<Board>) -> HttpResponse {
    let body = Health { status: "ok", version: env!("CARGO_PKG_VERSION"), events: board.events().len() };
    HttpResponse::Ok().insert_header(NOW).json(body)
}

/// Whether entries are taken for every event, and if not, why. Reading may work all the same.
#[utoipa::path(get, path = "/api/ready", tag = "service", responses(
    (status = 200, description = "Ready.", body = Readiness),
    (status = 503, description = "Not ready: the board is being stopped, its disk is nearly full, an event waits for its witnesses or has stopped.", body = Readiness),
))]
pub(crate) async fn ready(board: Data<Board>) -> HttpResponse {
    let reasons = board.hindrances(REASONS);
    let mut response = if reasons.is_empty() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header(NOW).json(Readiness { ready: reasons.is_empty(), reasons })
}

/// What is measured, at the separate address.
pub(crate) async fn metrics(board: Data<Board>) -> HttpResponse {
    let events = board.events();
    let shown: Vec<_> = events
        .iter()
        .take(EVENTS)
        .map(|event| OfEvent {
            id: event.view.event().to_string(),
            entries: event.view.size(),
            waiting: event.view.waiting().is_some(),
            measured: &event.view.desk.measured,
        })
        .collect();
    let page = board.service.metrics.page(&shown, events.len() - shown.len());
    HttpResponse::Ok().insert_header(NOW).content_type(TEXT).body(page)
}
