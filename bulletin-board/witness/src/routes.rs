//! The HTTP interface (C2SP tlog-witness): parse, call, respond.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use tlog::hash::Hash;
use tlog::layout::{ADD_CHECKPOINT_PATH, CHECKPOINT_PATH, CHECKPOINT_TYPE};
use tlog::witness::MAX_REQUEST;

use crate::body;
use crate::error::Fault;
use crate::service::Witness;

/// Longest time for a body to arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTime(pub(crate) Duration);

/// All routes below the prefix, and the readiness also without it.
pub(crate) fn routes(config: &mut ServiceConfig, prefix: &str) {
    let path = |rest: &str| format!("{prefix}/{rest}");
    config
        .service(web::resource(path(ADD_CHECKPOINT_PATH)).route(web::post().to(add_checkpoint)))
        .service(
            web::resource(path(&format!("{{log:[0-9a-f]{{64}}}}/{CHECKPOINT_PATH}")))
                .route(web::get().to(checkpoint))
                .route(web::head().to(checkpoint)),
        )
        .service(web::resource([path("health"), "/health".into()]).route(web::get().to(health)))
        .service(web::resource([path(""), "/".into()]).route(web::get().to(health)))
        .default_service(web::to(nothing));
}

async fn nothing() -> Result<HttpResponse, Fault> {
    Err(Fault::NotFound)
}

/// `POST <prefix>/add-checkpoint`.
async fn add_checkpoint(
    witness: Data<Witness>,
    time: Data<BodyTime>,
    request: HttpRequest,
) -> Result<HttpResponse, Fault> {
    let body = body::read(&request, MAX_REQUEST, time.0).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| Fault::Clock)?.as_secs();
    // Signatures and syncs are kept away from the threads that serve HTTP.
    let answer = web::block(move || witness.add_checkpoint(&body, now)).await.unwrap_or(Err(Fault::Internal))?;
    Ok(HttpResponse::Ok().content_type(CHECKPOINT_TYPE).insert_header(("Cache-Control", "no-store")).body(answer))
}

/// `GET <prefix>/<hash of the origin>/checkpoint`.
async fn checkpoint(witness: Data<Witness>, name: Path<String>) -> Result<HttpResponse, Fault> {
    let name: Hash = name.parse().map_err(|_| Fault::NotFound)?;
    let note = web::block(move || witness.checkpoint(&name)).await.unwrap_or(Err(Fault::Internal))?;
    Ok(HttpResponse::Ok()
        .content_type(CHECKPOINT_TYPE)
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .body(note))
}

/// `GET /health`: whether it cosigns, and under which key.
async fn health(witness: Data<Witness>) -> HttpResponse {
    let (mut response, status) = if witness.has_failed() {
        (HttpResponse::InternalServerError(), "storage failed")
    } else {
        (HttpResponse::Ok(), "ready")
    };
    let body = json!({
        "status": status,
        "witness": witness.verifier().to_string(),
        "watched": witness.watched(),
        "protocol": "c2sp.org/tlog-witness",
        "version": env!("CARGO_PKG_VERSION"),
    });
    response.insert_header(("Cache-Control", "no-store")).json(body)
}
