//! Styles and the one script, in the binary: each under an address that changes with what it says, so that browsers keep it for ever.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::Parts;

/// The files: the first is taken from npm by `cargo xtask assets`.
const FILES: [(&str, &[u8]); 3] = [
    ("design-system.min.css", include_bytes!("../assets/design-system.min.css")),
    ("portal.css", include_bytes!("../assets/portal.css")),
    ("portal.js", include_bytes!("../assets/portal.js")),
];

/// A file as it is sent.
struct Asset {
    bytes: &'static [u8],
    compressed: Bytes,
    kind: HeaderValue,
}

/// How many letters of what a file comes to stand in its address.
const MARK: usize = 12;
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// All of them, by what stands in their address after `/s/`; and that by their name.
pub(crate) struct Assets {
    files: HashMap<String, Asset>,
    addresses: HashMap<String, String>,
}

impl Assets {
    pub(crate) fn load() -> Self {
        let (mut files, mut addresses) = (HashMap::new(), HashMap::new());
        for (name, bytes) in FILES {
            let mark: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            let address = format!("{}/{name}", mark.chars().take(MARK).collect::<String>());
            let kind =
                if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
            let asset = Asset { compressed: compressed(bytes).into(), kind: HeaderValue::from_static(kind), bytes };
            files.insert(address.clone(), asset);
            addresses.insert(name.to_owned(), format!("/s/{address}"));
        }
        Self { files, addresses }
    }

    /// Where a file is.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.addresses.get(name).map_or("", String::as_str)
    }
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Memory takes whatever is written.
    gzip.write_all(bytes).and_then(|()| gzip.finish()).unwrap_or_default()
}

/// Sends a file.
pub(crate) async fn get(State(parts): State<Arc<Parts>>, Path(address): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = parts.assets.files.get(&address) else { return StatusCode::NOT_FOUND.into_response() };
    let takes = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains("gzip"));
    let is_compressed = headers.get_all(header::ACCEPT_ENCODING).iter().any(takes);
    let body = if is_compressed { asset.compressed.clone() } else { Bytes::from_static(asset.bytes) };
    let mut response = body.into_response();
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, asset.kind.clone());
    set.insert(header::CACHE_CONTROL, FOR_EVER);
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_compressed {
        set.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_load_is_small_and_everything_has_an_address() {
        let assets = Assets::load();
        let sent: usize = assets.files.values().map(|asset| asset.compressed.len()).sum();
        assert!(sent < 45 << 10, "{sent} bytes of styles and scripts leave little for a page");
        for name in ["design-system.min.css", "portal.css", "portal.js"] {
            let path = assets.path(name).strip_prefix("/s/").unwrap();
            assert!(assets.files.contains_key(path), "{path}");
        }
    }
}
