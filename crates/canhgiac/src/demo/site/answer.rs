//! Answers: rendered pages, validators for conditional requests, and the pages for what is not there.

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::content::http_date;

/// Media type of the pages.
pub const HTML: &str = "text/html; charset=utf-8";
/// Media type of the sitemap.
pub const XML: &str = "application/xml; charset=utf-8";
/// Media type of the feeds.
pub const RSS: &str = "application/rss+xml; charset=utf-8";
/// Media type of robots.txt.
pub const PLAIN: &str = "text/plain; charset=utf-8";

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'p> {
    heading: &'p str,
    words: &'p str,
}

/// A page without validators, as dynamic lists have none.
pub fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (StatusCode::OK, [(header::CONTENT_TYPE, HTML)], html).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A page of fixed words.
pub fn notice(status: StatusCode, heading: &str, words: &str) -> Response {
    let mut response = page(&NoticePage { heading, words });
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

/// 404.
pub fn missing() -> Response {
    notice(StatusCode::NOT_FOUND, "Không tìm thấy trang", "Địa chỉ này không có trên Chợ Xóm.")
}

/// 410: it was there and was taken down.
pub fn gone() -> Response {
    notice(StatusCode::GONE, "Tin đã bị gỡ", "Tin này không còn trên Chợ Xóm.")
}

/// A rendered page with `ETag` and `Last-Modified`, or 304.
pub fn validated_page(
    headers: &HeaderMap,
    media_type: &'static str,
    template: &impl Template,
    changed_ms: i64,
) -> Response {
    match template.render() {
        Ok(text) => validated(headers, media_type, text, changed_ms),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A text with `ETag` and `Last-Modified`, or 304 when the asker has it already (RFC 9110 §13.2.2: the tag decides
/// where both are sent).
pub fn validated(headers: &HeaderMap, media_type: &'static str, text: String, changed_ms: i64) -> Response {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let changed = http_date(changed_ms);
    let asked = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let has_it = match asked(header::IF_NONE_MATCH) {
        Some(tags) => tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag),
        None => asked(header::IF_MODIFIED_SINCE) == Some(changed.as_str()),
    };
    let validators = [(header::ETAG, tag), (header::LAST_MODIFIED, changed)];
    if has_it {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    (StatusCode::OK, [(header::CONTENT_TYPE, media_type)], validators, text).into_response()
}
