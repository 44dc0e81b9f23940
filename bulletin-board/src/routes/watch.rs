//! What happens around every request: it is counted and measured, and connections end when the board stops.

use std::net::IpAddr;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpRequest, ResponseError};

use crate::error::{Code, Fault};
use crate::state::Board;

/// Routes that no limit concerns: they tell whether the service lives.
const FREE: [&str; 2] = ["/api/health", "/api/ready"];

/// The address that a request came from: that of the connection or, if this is a trusted proxy, the last one in
/// `X-Forwarded-For` that is none. What stands before that one can be made up by anybody.
fn sender(board: &Board, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let trusted = &board.limits().trusted_proxies;
    if !trusted.contains(&peer) {
        return Some(peer);
    }
    let named: Vec<_> = request.headers().get_all("X-Forwarded-For").filter_map(|line| line.to_str().ok()).collect();
    let named = named.iter().rev().flat_map(|line| line.rsplit(','));
    let mut named = named.map_while(|address| Some(address.trim().parse::<IpAddr>().ok()?.to_canonical()));
    Some(named.find(|address| !trusted.contains(address)).unwrap_or(peer))
}

fn admit(board: &Board, request: &HttpRequest) -> Result<(), Fault> {
    if board.limits().requests_per_address_minute == 0 || FREE.contains(&request.path()) {
        return Ok(());
    }
    sender(board, request).map_or(Ok(()), |address| board.service.request_of(address))
}

/// Goes around every request.
pub(crate) async fn watch(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let begun = Instant::now();
    let Some(board) = request.app_data::<Data<Board>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let method = request.method().clone();
    let mut response = match admit(&board, request.request()) {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(fault) => request.into_response(fault.error_response()),
    };
    if board.service.is_stopping() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let code = response.response().extensions().get::<Code>().map(|code| code.0);
    let route = response.request().match_pattern().unwrap_or_else(|| "other".into());
    board.service.metrics.answered(route, method.as_str(), response.status().as_u16(), code, begun.elapsed());
    Ok(response)
}
