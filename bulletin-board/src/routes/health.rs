//! Whether the service answers.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::state::Board;

/// `GET /api/health`.
pub(super) async fn health(board: Data<Board>) -> HttpResponse {
    let mut body = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "events": board.events().len() });
    if board.is_without_proofs()
        && let Some(body) = body.as_object_mut()
    {
        body.insert("warning".into(), json!("TEST SETTING: proofs are not verified, forged ballots are taken"));
    }
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(body)
}
