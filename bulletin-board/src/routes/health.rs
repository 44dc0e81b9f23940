//! Whether the service answers.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::state::Board;

/// `GET /api/health`.
pub(super) async fn health(board: Data<Board>) -> HttpResponse {
    let body = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "events": board.events().len() });
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(body)
}
