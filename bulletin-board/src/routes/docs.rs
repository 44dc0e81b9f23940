//! The description of the interface, and a viewer of it that loads nothing from elsewhere.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Path;
use tracing::error;
use utoipa_swagger_ui::Config;

use crate::error::Fault;
use crate::openapi;

/// For the viewer alone: its own scripts and styles, its pictures in the style sheet, this board's answers.
const VIEWER: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// This description (OpenAPI 3.1).
#[utoipa::path(get, path = "/api/openapi.json", tag = "service", responses(
    (status = 200, description = "The description.", content_type = "application/json", body = Object),
))]
pub(crate) async fn document() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Access-Control-Allow-Origin", "*")).json(openapi::document())
}

/// A viewer of this description for people, at `/api/docs/`. It loads nothing from other hosts and sends no requests but
/// for the description.
#[utoipa::path(get, path = "/api/docs/{file}", tag = "service", params(("file" = String, Path, description = "A file of the viewer; its page if empty.")), responses(
    (status = 200, description = "A file of the viewer.", content_type = "text/html", body = String),
    (status = 404, description = "`not-found`", body = crate::error::ApiError),
))]
pub(crate) async fn viewer(file: Path<String>) -> Result<HttpResponse, Fault> {
    let none: [&str; 0] = [];
    let config = Config::from("../openapi.json").validator_url("none").supported_submit_methods(none);
    let file = utoipa_swagger_ui::serve(&file, Arc::new(config)).map_err(|fault| {
        error!(%fault, "the viewer of the description failed");
        Fault::Internal
    })?;
    let file = file.ok_or(Fault::NotFound)?;
    let mut response = HttpResponse::Ok();
    response.content_type(file.content_type).insert_header(("Content-Security-Policy", VIEWER));
    Ok(response.body(file.bytes.into_owned()))
}
