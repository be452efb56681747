//! What stands around every page: headers that keep a browser from doing more than we send, and the refusal of
//! forms that another site sent.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::Shared;
use crate::trouble::{self, Trouble};

/// A form is a few fields and a note.
const FORM_BYTES: usize = 64 * 1024;

/// No script and no style but our own files, nothing from elsewhere, no frames, forms only to ourselves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers of every response. The referrer policy tells other sites nothing, as `no-referrer` would; but under
/// `no-referrer` browsers send `Origin: null` with our own forms, and over plain HTTP in a local network, where they
/// send no `Sec-Fetch-Site`, an honest form could then not be told from a foreign one.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), browsing-topics=()"),
];

fn foreign(_: ProtectionError) -> Response {
    Trouble::Foreign.into_response()
}

/// Puts the guard around the pages.
pub fn around(pages: Router<Shared>, console: &Shared) -> Router<Shared> {
    let mut pages = pages
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(CsrfLayer::new().with_rejection_response(foreign))
        .layer(axum::middleware::from_fn_with_state(console.clone(), trouble::render))
        .layer(CatchPanicLayer::new())
        .layer(if_missing(header::CACHE_CONTROL, "no-store"));
    for (name, value) in HEADERS {
        pages = pages.layer(if_missing(name, value));
    }
    if console.app.settings.secure_cookies {
        pages = pages.layer(if_missing(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    pages
}

fn if_missing(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Percent-encodes everything but unreserved characters, for one value of a query.
pub fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// An address on this site that a form may send a person back to; `/` for every other.
pub fn local(address: &str) -> &str {
    let inside = address.starts_with('/')
        && !address[1..].starts_with(['/', '\\'])
        && address.bytes().all(|byte| byte > b' ' && byte != 0x7f && byte != b'\\');
    if inside { address } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for (given, kept) in [
            ("/queue?view=mine", "/queue?view=mine"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(given), kept, "{given}");
        }
        assert_eq!(encode("điện +84&x=1"), "%C4%91i%E1%BB%87n%20%2B84%26x%3D1");
    }
}
