//! The log as C2SP tlog-tiles: checkpoint, tiles, entry bundles.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path};
use tlog::layout::Resource;
use tlog::tile::FULL_WIDTH;
use tracing::error;

use crate::error::{ApiError, Fault};
use crate::state::Board;

/// Bytes under these names never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file of an event's log: `checkpoint`, `tile/<level>/<index>`, `tile/entries/<index>`, as C2SP tlog-tiles names them. Tiles
/// and bundles never change.
#[utoipa::path(method(get, head), path = "/{event}/{path}", tag = "log", params(
    ("event" = String, Path, description = "Id of the event, 64 hexadecimal digits."),
    ("path" = String, Path, description = "Path below the log, such as `checkpoint` or `tile/0/000.p/7`."),
), responses(
    (status = 200, description = "A checkpoint (signed note) or the bytes of a tile or bundle.", content((String = "text/plain"), (Vec<u8> = "application/octet-stream"))),
    (status = 404, description = "`unknown-event`; `not-found`: the published log has no such file.", body = ApiError),
    (status = 500, description = "`internal`", body = ApiError),
))]
pub(crate) async fn resource(board: Data<Board>, path: Path<(String, String)>) -> Result<HttpResponse, Fault> {
    let (event, path) = path.into_inner();
    let event = board.event(&event)?;
    let resource = Resource::from_path(&path).map_err(|_| Fault::NotFound)?;
    let bytes = match resource {
        Resource::Checkpoint => event.view.checkpoint().ok_or(Fault::NotFound)?.into_bytes(),
        Resource::Tile(tile) => event.view.tile(tile).ok_or(Fault::NotFound)?,
        Resource::Entries(bundle) => {
            let first = bundle.index().checked_mul(u64::from(FULL_WIDTH)).ok_or(Fault::NotFound)?;
            let found = web::block(move || event.view.bundle(first, bundle.width())).await;
            let found = found.map_err(|_| Fault::Internal)?.map_err(|fault| {
                error!(%fault, "a bundle could not be read");
                Fault::Internal
            })?;
            found.ok_or(Fault::NotFound)?
        }
    };
    let cache = if resource.is_immutable() { FOR_EVER } else { "no-cache" };
    Ok(HttpResponse::Ok()
        .content_type(resource.media_type())
        .insert_header(("Cache-Control", cache))
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .body(bytes))
}
