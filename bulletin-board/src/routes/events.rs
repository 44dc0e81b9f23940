//! Events: reserve, found, list, state, labels.

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use tlog::tile::MAX_ENTRY;
use voting_core::labels::MAX_FILE;

use super::{blocking, body};
use crate::error::Fault;
use crate::state::Board;

/// Bytes that a signed request takes beside its payload, at most.
const REQUEST: usize = 1_024;
/// Label files up to this size wait for no place: an idle sender holds little memory.
const SMALL_LABELS: usize = MAX_ENTRY + REQUEST;
/// Everybody may read, from any page, without credentials.
const PUBLIC: (&str, &str) = ("Access-Control-Allow-Origin", "*");
const FRESH: (&str, &str) = ("Cache-Control", "no-cache");

/// `POST /api/reserve`.
pub(super) async fn reserve(request: HttpRequest, payload: Payload, board: Data<Board>) -> Result<HttpResponse, Fault> {
    let bytes = body(&request, payload, REQUEST).await?;
    let key = blocking(board, move |board| board.reserve(&bytes)).await?;
    Ok(HttpResponse::Ok().json(json!({ "log_key": key })))
}

/// `POST /api/events`.
pub(super) async fn found(request: HttpRequest, payload: Payload, board: Data<Board>) -> Result<HttpResponse, Fault> {
    let bytes = body(&request, payload, MAX_ENTRY + REQUEST).await?;
    let event = blocking(board.clone(), move |board| board.found(&bytes)).await?;
    if event.view.checkpoint().is_none() {
        // Founded for good, and shown once enough witnesses have cosigned it. The same request again says so.
        return Err(event.view.refusal());
    }
    let id = event.view.event();
    Ok(HttpResponse::Ok().json(json!({ "event": id, "url": board.log_url(&id) })))
}

/// `GET /api/events`.
pub(super) async fn list(board: Data<Board>) -> HttpResponse {
    let summary = |id| json!({ "event": id, "url": board.log_url(&id) });
    let events: Vec<_> = board.events().iter().map(|event| summary(event.view.event())).collect();
    HttpResponse::Ok().insert_header(PUBLIC).insert_header(FRESH).json(json!({ "events": events }))
}

/// `GET /api/events/<event>`.
pub(super) async fn state(board: Data<Board>, event: Path<String>) -> Result<HttpResponse, Fault> {
    let event = board.event(&event)?;
    Ok(HttpResponse::Ok().insert_header(PUBLIC).insert_header(FRESH).json(event.view.state()))
}

/// `POST /api/events/<event>/labels`.
pub(super) async fn deposit_labels(
    request: HttpRequest,
    payload: Payload,
    board: Data<Board>,
    event: Path<String>,
) -> Result<HttpResponse, Fault> {
    let event = board.event(&event)?;
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let small = declared.is_some_and(|length| length <= SMALL_LABELS);
    let _leave = if small { None } else { Some(board.label_upload()?) };
    let id = event.view.event();
    let bytes = body(&request, payload, MAX_FILE + REQUEST).await?;
    blocking(board.clone(), move |board| board.deposit_labels(&event, &bytes)).await?;
    Ok(HttpResponse::Ok().json(json!({ "event": id })))
}

/// `GET /api/events/<event>/labels`.
pub(super) async fn labels(board: Data<Board>, event: Path<String>) -> Result<HttpResponse, Fault> {
    let event = board.event(&event)?;
    let bytes = blocking(board, move |board| board.labels(&event)).await?;
    let response =
        HttpResponse::Ok().content_type("application/cbor").insert_header(PUBLIC).insert_header(FRESH).body(bytes);
    Ok(response)
}
