//! Events: reserve, found, list, state, turnout, labels.

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use tlog::tile::MAX_ENTRY;
use utoipa::ToSchema;
use voting_core::labels::MAX_FILE;

use super::{blocking, body};
use crate::error::{ApiError, Fault};
use crate::state::Board;
use crate::turnout::{Stream, Turnout};

/// Bytes that a signed request takes beside its payload, at most.
const REQUEST: usize = 1_024;
/// Label files up to this size wait for no place: an idle sender holds little memory.
const SMALL_LABELS: usize = MAX_ENTRY + REQUEST;
/// Everybody may read, from any page, without credentials.
const PUBLIC: (&str, &str) = ("Access-Control-Allow-Origin", "*");
const FRESH: (&str, &str) = ("Cache-Control", "no-cache");

/// A reserved event.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reserved {
    /// Public key of the event's log, 64 hexadecimal digits: it goes into the manifest.
    log_key: String,
}

/// An event of this board.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventAddress {
    /// Its id, the SHA-256 of the manifest: 64 hexadecimal digits.
    event: String,
    /// Address of its log.
    url: String,
}

/// The events of this board.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventList {
    /// Ascending by id.
    events: Vec<EventAddress>,
}

/// Labels were deposited.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deposited {
    /// The event.
    event: String,
}

/// Reserves an event: makes the key of its log. The body is a request signed by an administrator (`reserve`); the same
/// request again gets the same key.
#[utoipa::path(post, path = "/api/reserve", tag = "events", request_body(content = Vec<u8>, content_type = "application/cbor"), responses(
    (status = 200, description = "Reserved.", body = Reserved),
    (status = 400, description = "`malformed-entry`", body = ApiError),
    (status = 403, description = "`not-authorised`: no administrator of this board, another host, or a clock that is wrong.", body = ApiError),
    (status = 408, description = "`too-slow`", body = ApiError),
    (status = 413, description = "`too-large`", body = ApiError),
    (status = 422, description = "`invalid-signature`", body = ApiError),
    (status = 429, description = "`too-many-requests`, with Retry-After; only where the operator limits addresses.", body = ApiError),
    (status = 500, description = "`internal`", body = ApiError),
    (status = 503, description = "`busy`, `disk-full`, `stopping`, with Retry-After.", body = ApiError),
))]
pub(crate) async fn reserve(request: HttpRequest, payload: Payload, board: Data<Board>) -> Result<HttpResponse, Fault> {
    board.is_open()?;
    let held = body(&board, &request, payload, REQUEST).await?;
    let key = blocking(board, move |board| board.reserve(&held.bytes)).await?;
    Ok(HttpResponse::Ok().json(Reserved { log_key: key.to_string() }))
}

/// Founds an event. The body is a request with the manifest, signed by the administrator whom it names (`found`); the same
/// manifest again changes nothing.
#[utoipa::path(post, path = "/api/events", tag = "events", request_body(content = Vec<u8>, content_type = "application/cbor"), responses(
    (status = 200, description = "Founded, and shown.", body = EventAddress),
    (status = 400, description = "`malformed-entry`, `manifest-invalid`", body = ApiError),
    (status = 403, description = "`not-authorised`", body = ApiError),
    (status = 408, description = "`too-slow`", body = ApiError),
    (status = 413, description = "`too-large`", body = ApiError),
    (status = 422, description = "`invalid-signature`", body = ApiError),
    (status = 429, description = "`too-many-requests`, with Retry-After; only where the operator limits addresses.", body = ApiError),
    (status = 500, description = "`internal`", body = ApiError),
    (status = 503, description = "`busy`, `disk-full`, `stopping`; `witnesses-missing`: it is founded for good and shown once enough witnesses have cosigned it. With Retry-After.", body = ApiError),
))]
pub(crate) async fn found(request: HttpRequest, payload: Payload, board: Data<Board>) -> Result<HttpResponse, Fault> {
    board.is_open()?;
    let held = body(&board, &request, payload, MAX_ENTRY + REQUEST).await?;
    let event = blocking(board.clone(), move |board| board.found(&held.bytes)).await?;
    if event.view.checkpoint().is_none() {
        // Founded for good, and shown once enough witnesses have cosigned it. The same request again says so.
        return Err(event.view.refusal());
    }
    let id = event.view.event();
    Ok(HttpResponse::Ok().json(EventAddress { event: id.to_string(), url: board.log_url(&id) }))
}

/// All events of this board.
#[utoipa::path(get, path = "/api/events", tag = "events", responses((status = 200, description = "The events.", body = EventList)))]
pub(crate) async fn list(board: Data<Board>) -> HttpResponse {
    let address = |id| EventAddress { event: format!("{id}"), url: board.log_url(&id) };
    let events = board.events().iter().map(|event| address(event.view.event())).collect();
    HttpResponse::Ok().insert_header(PUBLIC).insert_header(FRESH).json(EventList { events })
}

/// The state of an event, as everybody can compute it from the published log.
#[utoipa::path(get, path = "/api/events/{event}", tag = "events", params(("event" = String, Path, description = "Id of the event, 64 hexadecimal digits.")), responses(
    (status = 200, description = "Phase, size, rounds with turnout and results, and `waiting_for_witnesses`: why nothing new is taken, if nothing is.", body = Object),
    (status = 404, description = "`unknown-event`", body = ApiError),
))]
pub(crate) async fn state(board: Data<Board>, event: Path<String>) -> Result<HttpResponse, Fault> {
    let event = board.event(&event)?;
    Ok(HttpResponse::Ok().insert_header(PUBLIC).insert_header(FRESH).json(event.view.state()))
}

/// The live turnout as server-sent events: one at once, then one whenever it has changed, at most once a second; a comment
/// now and then while nothing changes. The stream ends when the board is stopped.
#[utoipa::path(get, path = "/api/events/{event}/turnout", tag = "events", params(("event" = String, Path, description = "Id of the event, 64 hexadecimal digits.")), responses(
    (status = 200, description = "Events named `turnout`; the data of each is one object.", content_type = "text/event-stream", body = Turnout),
    (status = 404, description = "`unknown-event`", body = ApiError),
    (status = 503, description = "`busy`: there are as many listeners as the board takes; `stopping`. With Retry-After.", body = ApiError),
))]
pub(crate) async fn turnout(board: Data<Board>, event: Path<String>) -> Result<HttpResponse, Fault> {
    board.is_open()?;
    let event = board.event(&event)?;
    let service = &board.service;
    let place = service.listener()?;
    let stream = Stream::new(event.view.clone(), service.stopping(), place, service.metrics.listener());
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream").insert_header(PUBLIC).insert_header(("Cache-Control", "no-store"));
    // Proxies that collect answers would hold it back.
    Ok(response.insert_header(("X-Accel-Buffering", "no")).body(stream))
}

/// Deposits the labels of an event, for everybody. The body is a request with the signed label file (`labels`), signed by the
/// administrator of the event.
#[utoipa::path(post, path = "/api/events/{event}/labels", tag = "events", params(("event" = String, Path, description = "Id of the event, 64 hexadecimal digits.")), request_body(content = Vec<u8>, content_type = "application/cbor"), responses(
    (status = 200, description = "Deposited.", body = Deposited),
    (status = 400, description = "`malformed-entry`", body = ApiError),
    (status = 403, description = "`not-authorised`", body = ApiError),
    (status = 404, description = "`unknown-event`", body = ApiError),
    (status = 408, description = "`too-slow`", body = ApiError),
    (status = 409, description = "`other-event`", body = ApiError),
    (status = 413, description = "`too-large`", body = ApiError),
    (status = 422, description = "`invalid-signature`", body = ApiError),
    (status = 429, description = "`too-many-requests`, with Retry-After; only where the operator limits addresses.", body = ApiError),
    (status = 500, description = "`internal`", body = ApiError),
    (status = 503, description = "`busy`, `disk-full`, `stopping`, with Retry-After.", body = ApiError),
))]
pub(crate) async fn deposit_labels(
    request: HttpRequest,
    payload: Payload,
    board: Data<Board>,
    event: Path<String>,
) -> Result<HttpResponse, Fault> {
    board.is_open()?;
    let event = board.event(&event)?;
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let small = declared.is_some_and(|length| length <= SMALL_LABELS);
    let _leave = if small { None } else { Some(board.label_upload()?) };
    let id = event.view.event();
    let held = body(&board, &request, payload, MAX_FILE + REQUEST).await?;
    blocking(board.clone(), move |board| board.deposit_labels(&event, &held.bytes)).await?;
    Ok(HttpResponse::Ok().json(Deposited { event: id.to_string() }))
}

/// The signed label file of an event.
#[utoipa::path(get, path = "/api/events/{event}/labels", tag = "events", params(("event" = String, Path, description = "Id of the event, 64 hexadecimal digits.")), responses(
    (status = 200, description = "The file.", content_type = "application/cbor", body = Vec<u8>),
    (status = 404, description = "`unknown-event`; `not-found`: none was deposited.", body = ApiError),
    (status = 500, description = "`internal`", body = ApiError),
))]
pub(crate) async fn labels(board: Data<Board>, event: Path<String>) -> Result<HttpResponse, Fault> {
    let event = board.event(&event)?;
    let bytes = blocking(board, move |board| board.labels(&event)).await?;
    let response =
        HttpResponse::Ok().content_type("application/cbor").insert_header(PUBLIC).insert_header(FRESH).body(bytes);
    Ok(response)
}
