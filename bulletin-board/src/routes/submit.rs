//! Submission of entries and of orders to close. The body is the signed bytes themselves.

use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use tlog::tile::MAX_ENTRY;

use super::body;
use crate::admit;
use crate::error::{Fault, WITNESS_SECONDS};
use crate::sequencer::{Accepted, Work};
use crate::state::Board;

/// Longest order to close in bytes.
const MAX_ORDER: usize = 1_024;

/// `POST /api/events/<event>/entries`.
pub(super) async fn entry(
    request: HttpRequest,
    payload: Payload,
    board: Data<Board>,
    event: Path<String>,
) -> Result<HttpResponse, Fault> {
    let event = board.event(&event)?;
    let bytes = body(&request, payload, MAX_ENTRY).await?;
    admit::stateless(&event.view.manifest, &bytes)?;
    let accepted = event.sequencer.submit(Work::Entry(bytes.to_vec())).await?;
    let mut response = match &accepted {
        Accepted::Standing { .. } => HttpResponse::Ok(),
        // Durable, but too few witnesses have seen it: the same bytes sent again get the receipt.
        Accepted::Promised(_) => HttpResponse::Accepted(),
    };
    response.content_type("text/plain; charset=utf-8").insert_header(("Cache-Control", "no-store"));
    Ok(match accepted {
        Accepted::Standing { index, receipt } => {
            response.insert_header(("X-Urna-Index", index.to_string())).body(receipt)
        }
        Accepted::Promised(promise) => response.insert_header((RETRY_AFTER, WITNESS_SECONDS)).body(promise),
    })
}

/// `POST /api/events/<event>/close`.
pub(super) async fn close(
    request: HttpRequest,
    payload: Payload,
    board: Data<Board>,
    event: Path<String>,
) -> Result<HttpResponse, Fault> {
    let event = board.event(&event)?;
    let bytes = body(&request, payload, MAX_ORDER).await?;
    admit::close_order(&event.view.manifest, &bytes)?;
    match event.sequencer.submit(Work::Close(bytes.to_vec())).await? {
        Accepted::Standing { index, .. } => {
            Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({ "index": index })))
        }
        // The same order again gets the index.
        Accepted::Promised(_) => Err(event.view.refusal()),
    }
}
