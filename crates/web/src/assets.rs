//! The stylesheet, the script and the fonts, out of the binary.
//!
//! Their addresses carry a hash of their content, so that a browser may keep them for ever and never shows a new
//! page with an old stylesheet. Nothing else is served: no external asset, no image.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/static");

struct Asset {
    bytes: &'static [u8],
    media_type: &'static str,
    etag: String,
}

static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    let fonts = FOLDER.get_dir("fonts").into_iter().flat_map(Dir::files);
    FOLDER
        .files()
        .chain(fonts)
        .filter_map(|file| {
            let path = file.path().to_str()?.to_owned();
            let hash: String = Sha256::digest(file.contents()).iter().take(8).map(|b| format!("{b:02x}")).collect();
            let media_type = media_type(&path)?;
            Some((path, Asset { bytes: file.contents(), media_type, etag: format!("\"{hash}\"") }))
        })
        .collect()
});

fn media_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

/// The address of an asset, with its hash.
pub fn address(path: &str) -> String {
    let hash = ASSETS.get(path).map_or("", |asset| asset.etag.trim_matches('"'));
    format!("/static/{path}?{hash}")
}

/// Serves one asset. Open to everyone: it holds nothing but form.
pub async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.get(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let known = [
        (header::ETAG, asset.etag.as_str()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::CONTENT_TYPE, asset.media_type),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|etag| etag.as_bytes() == asset.etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, known).into_response();
    }
    (known, asset.bytes).into_response()
}
