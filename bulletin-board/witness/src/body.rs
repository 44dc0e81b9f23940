//! Bodies of requests: limited in length and time, whatever their sender does.
//!
//! The web framework waits without a limit for the end of a chunked body that nobody reads any more. So a body is not let
//! go of before its answer is sent: then the connection is closed a few seconds later if there is still more to come.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BodyStream, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, HttpRequest};

use crate::error::Fault;

/// Bytes beyond the limit that are still read, so that the refusal reaches the client instead of a broken connection.
const DRAIN: usize = 64 * 1024;

/// The body of a request, until its answer is sent.
#[derive(Clone)]
struct Unread(Rc<Cell<Option<BodyStream<Payload>>>>);

/// The body of an answer, and what is left of the request's.
struct Answered<B> {
    body: Pin<Box<B>>,
    _unread: Unread,
}

impl<B: MessageBody> MessageBody for Answered<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.body.as_mut().poll_next(context)
    }
}

/// Middleware: takes the body of every request, for [`read`] or for nobody, and lets go of it when the answer is sent.
pub(crate) async fn hold<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let unread = Unread(Rc::new(Cell::new(Some(BodyStream::new(request.take_payload())))));
    request.extensions_mut().insert(unread.clone());
    let answer = next.call(request).await?;
    Ok(answer.map_body(|_, body| Answered { body: Box::pin(body), _unread: unread }))
}

/// Reads a body of at most `limit` bytes that arrives within `time`.
pub(crate) async fn read(request: &HttpRequest, limit: usize, time: Duration) -> Result<Bytes, Fault> {
    let declared = request.headers().get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit + DRAIN) {
        return Err(Fault::TooLarge(limit));
    }
    let unread = request.extensions().get::<Unread>().cloned().ok_or(Fault::Internal)?;
    let mut body = unread.0.take().ok_or(Fault::Internal)?;
    let read = tokio::time::timeout(time, collect(&mut body, limit)).await.unwrap_or(Err(Fault::TooSlow));
    unread.0.set(Some(body));
    read
}

async fn collect(body: &mut BodyStream<Payload>, limit: usize) -> Result<Bytes, Fault> {
    let mut body = pin!(body);
    let mut all = Vec::new();
    while let Some(part) = poll_fn(|context| body.as_mut().poll_next(context)).await {
        all.extend_from_slice(&part.map_err(|_| Fault::Body)?);
        if all.len() > limit + DRAIN {
            break;
        }
    }
    if all.len() > limit { Err(Fault::TooLarge(limit)) } else { Ok(all.into()) }
}
