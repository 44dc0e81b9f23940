//! The log as C2SP tlog-tiles: checkpoint, tiles, entry bundles.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path};
use tlog::layout::Resource;
use tlog::tile::FULL_WIDTH;
use tracing::error;

use crate::error::Fault;
use crate::state::Board;

/// Bytes under these names never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `GET /<event>/checkpoint`, `GET /<event>/tile/...`.
pub(super) async fn resource(board: Data<Board>, path: Path<(String, String)>) -> Result<HttpResponse, Fault> {
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
