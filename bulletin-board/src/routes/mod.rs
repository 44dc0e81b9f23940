//! The HTTP interface: parse, call, respond.

pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod read;
pub(crate) mod submit;
mod watch;

use std::future::poll_fn;
use std::pin::Pin;

use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_core::Stream;

pub(crate) use watch::watch;

use crate::error::Fault;
use crate::limits::Held;
use crate::state::Board;

/// Bytes beyond a limit that are still read, so that the refusal reaches the client instead of a broken connection.
const DRAIN: usize = 256 * 1024;

/// Declares the routes once, for the server and for the test that compares them with their description.
macro_rules! routes {
    ($($pattern:literal: $($method:ident $handler:path),+;)+) => {
        /// All routes by pattern and method.
        #[cfg(test)]
        pub(crate) const ROUTES: &[(&str, &str)] = &[$($(($pattern, stringify!($method)),)+)+];

        /// All routes.
        pub(crate) fn routes(config: &mut ServiceConfig) {
            config
                $(.service(web::resource($pattern)$(.route(web::$method().to($handler)))+))+
                .default_service(web::to(nothing));
        }
    };
}

routes! {
    "/api/health": get health::health;
    "/api/ready": get health::ready;
    "/api/openapi.json": get docs::document;
    "/api/docs/{file:.*}": get docs::viewer;
    "/api/reserve": post events::reserve;
    "/api/events": get events::list, post events::found;
    "/api/events/{event}": get events::state;
    "/api/events/{event}/turnout": get events::turnout;
    "/api/events/{event}/entries": post submit::entry;
    "/api/events/{event}/close": post submit::close;
    "/api/events/{event}/labels": get events::labels, post events::deposit_labels;
    "/{event:[0-9a-f]{64}}/{path:.*}": get read::resource, head read::resource;
}

async fn nothing() -> Result<HttpResponse, Fault> {
    Err(Fault::NotFound)
}

/// Reads a body of at most `limit` bytes, into the room that all bodies share.
async fn body(board: &Board, request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Held, Fault> {
    let declared = request.headers().get(actix_web::http::header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit + DRAIN) {
        return Err(Fault::TooLarge(limit));
    }
    let read = async {
        let mut held = Held::default();
        let mut length = 0_usize;
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut payload).poll_next(context)).await {
            let chunk = chunk.map_err(|_| Fault::Malformed("the body could not be read".into()))?;
            length = length.saturating_add(chunk.len());
            if length > limit + DRAIN {
                break;
            }
            if length <= limit {
                board.service.room.put(&mut held, &chunk)?;
            }
        }
        if length > limit { Err(Fault::TooLarge(limit)) } else { Ok(held) }
    };
    tokio::time::timeout(board.limits().body_time, read).await.unwrap_or(Err(Fault::TooSlow))
}

/// Runs what reads or writes files away from the threads that serve HTTP.
async fn blocking<T: Send + 'static>(
    board: Data<Board>,
    work: impl FnOnce(&Board) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    web::block(move || work(&board)).await.unwrap_or(Err(Fault::Internal))
}
