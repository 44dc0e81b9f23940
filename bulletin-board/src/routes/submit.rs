//! Submission of entries and of orders to close. The body is the signed bytes themselves.

use std::sync::Arc;

use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{self, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use tlog::hash::leaf_hash;
use tlog::tile::MAX_ENTRY;
use tracing::error;
use utoipa::ToSchema;
use voting_core::entry::Entry;

use super::body;
use crate::admit;
use crate::error::{ApiError, Fault, WITNESS_SECONDS};
use crate::sequencer::{Accepted, Work};
use crate::state::Board;
use crate::view::View;

/// Longest order to close in bytes.
const MAX_ORDER: usize = 1_024;

/// The round is closed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Closed {
    /// Where the closing entry stands.
    index: u64,
}

/// Whether exactly these bytes stand on the log already, so that they get their receipt again whatever the state is now.
async fn is_known(view: &Arc<View>, bytes: &[u8]) -> Result<bool, Fault> {
    let (view, leaf) = (Arc::clone(view), leaf_hash(bytes));
    let found = web::block(move || view.index().find(&view.event(), &leaf)).await.map_err(|_| Fault::Internal)?;
    found.map(|position| position.is_some()).map_err(|fault| {
        error!(%fault, "the index can't be read");
        Fault::Internal
    })
}

/// Submits an entry: a ballot, or a signed entry of an official or a trustee. The answer comes when the entry is durable and
/// under a signed checkpoint with the cosignatures that the manifest asks for. Identical bytes get the same receipt again.
#[utoipa::path(post, path = "/api/events/{event}/entries", tag = "entries", params(("event" = String, Path, description = "Id of the event, 64 hexadecimal digits.")), request_body(content = Vec<u8>, content_type = "application/cbor"), responses(
    (status = 200, description = "Accepted. The body is the receipt, a C2SP tlog-proof.", content_type = "text/plain", body = String, headers(("X-Urna-Index" = u64, description = "Where the entry stands."))),
    (status = 202, description = "Durable, but cosignatures are late. The body is a signed promise with a deadline; the same bytes sent again get the receipt. With Retry-After.", content_type = "text/plain", body = String),
    (status = 400, description = "`malformed-entry`, `wrong-contests`", body = ApiError),
    (status = 403, description = "`unknown-credential`, `not-authorised`", body = ApiError),
    (status = 404, description = "`unknown-event`", body = ApiError),
    (status = 408, description = "`too-slow`", body = ApiError),
    (status = 409, description = "`other-event`, `other-round`, `round-closed`, `stale-predecessor` (with `latest`), `parts-out-of-order`, `repeated-ciphertext`, `illegal-entry`", body = ApiError),
    (status = 413, description = "`too-large`", body = ApiError),
    (status = 422, description = "`invalid-proof`, `invalid-signature`", body = ApiError),
    (status = 429, description = "`too-many-ballots`: this credential has cast as many ballots as it may in a minute; `too-many-requests`, only where the operator limits addresses. With Retry-After.", body = ApiError),
    (status = 500, description = "`internal`: send the same bytes again later.", body = ApiError),
    (status = 503, description = "`busy`, `disk-full`, `witnesses-missing`, `stopping`, with Retry-After.", body = ApiError),
))]
pub(crate) async fn entry(
    request: HttpRequest,
    payload: Payload,
    board: Data<Board>,
    event: Path<String>,
) -> Result<HttpResponse, Fault> {
    board.is_open()?;
    let event = board.event(&event)?;
    let mut held = body(&board, &request, payload, MAX_ENTRY).await?;
    if let Entry::Ballot(ballot) = admit::stateless(&event.view.manifest, &held.bytes)?
        && let Err(fault) = event.view.desk.look(&ballot)
        && !is_known(&event.view, &held.bytes).await?
    {
        return Err(fault);
    }
    // Its room stays taken until the answer.
    let accepted = event.sequencer.submit(Work::Entry(std::mem::take(&mut held.bytes))).await?;
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

/// Closes the open round on an order signed by the administrator of the event. The same order again names the same entry.
#[utoipa::path(post, path = "/api/events/{event}/close", tag = "entries", params(("event" = String, Path, description = "Id of the event, 64 hexadecimal digits.")), request_body(content = Vec<u8>, content_type = "application/cbor"), responses(
    (status = 200, description = "Closed.", body = Closed),
    (status = 400, description = "`malformed-entry`", body = ApiError),
    (status = 404, description = "`unknown-event`", body = ApiError),
    (status = 408, description = "`too-slow`", body = ApiError),
    (status = 409, description = "`illegal-entry`", body = ApiError),
    (status = 413, description = "`too-large`", body = ApiError),
    (status = 422, description = "`invalid-signature`", body = ApiError),
    (status = 429, description = "`too-many-requests`, with Retry-After; only where the operator limits addresses.", body = ApiError),
    (status = 500, description = "`internal`", body = ApiError),
    (status = 503, description = "`busy`, `disk-full`, `witnesses-missing`, `stopping`, with Retry-After.", body = ApiError),
))]
pub(crate) async fn close(
    request: HttpRequest,
    payload: Payload,
    board: Data<Board>,
    event: Path<String>,
) -> Result<HttpResponse, Fault> {
    board.is_open()?;
    let event = board.event(&event)?;
    let held = body(&board, &request, payload, MAX_ORDER).await?;
    admit::close_order(&event.view.manifest, &held.bytes)?;
    match event.sequencer.submit(Work::Close(held.bytes.clone())).await? {
        Accepted::Standing { index, .. } => {
            Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Closed { index }))
        }
        // The same order again gets the index.
        Accepted::Promised(_) => Err(event.view.refusal()),
    }
}
