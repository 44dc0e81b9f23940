//! The HTTP interface: parse, call, respond.

mod events;
mod health;
mod read;
mod submit;

use std::time::Duration;

use actix_web::web::{self, Bytes, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::error::Fault;
use crate::state::Board;

/// Bytes beyond a limit that are still read, so that the refusal reaches the client instead of a broken connection.
const DRAIN: usize = 256 * 1024;
/// Longest time for a body to arrive.
const BODY_TIME: Duration = Duration::from_secs(60);

/// All routes.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/api/health").route(web::get().to(health::health)))
        .service(web::resource("/api/reserve").route(web::post().to(events::reserve)))
        .service(web::resource("/api/events").route(web::get().to(events::list)).route(web::post().to(events::found)))
        .service(web::resource("/api/events/{event}").route(web::get().to(events::state)))
        .service(web::resource("/api/events/{event}/entries").route(web::post().to(submit::entry)))
        .service(web::resource("/api/events/{event}/close").route(web::post().to(submit::close)))
        .service(
            web::resource("/api/events/{event}/labels")
                .route(web::get().to(events::labels))
                .route(web::post().to(events::deposit_labels)),
        )
        .service(
            web::resource("/{event:[0-9a-f]{64}}/{path:.*}")
                .route(web::get().to(read::resource))
                .route(web::head().to(read::resource)),
        )
        .default_service(web::to(nothing));
}

async fn nothing() -> Result<HttpResponse, Fault> {
    Err(Fault::NotFound)
}

/// Reads a body of at most `limit` bytes.
async fn body(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, Fault> {
    let declared = request.headers().get(actix_web::http::header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit + DRAIN) {
        return Err(Fault::TooLarge(limit));
    }
    let read = tokio::time::timeout(BODY_TIME, payload.to_bytes_limited(limit + DRAIN)).await;
    match read {
        Err(_) => Err(Fault::TooSlow),
        Ok(Err(_)) => Err(Fault::TooLarge(limit)),
        Ok(Ok(Err(_))) => Err(Fault::Malformed("the body could not be read".into())),
        Ok(Ok(Ok(bytes))) if bytes.len() > limit => Err(Fault::TooLarge(limit)),
        Ok(Ok(Ok(bytes))) => Ok(bytes),
    }
}

/// Runs what reads or writes files away from the threads that serve HTTP.
async fn blocking<T: Send + 'static>(
    board: Data<Board>,
    work: impl FnOnce(&Board) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    web::block(move || work(&board)).await.unwrap_or(Err(Fault::Internal))
}
