//! Saving a page of a trial as a fixture: the page, and beside it what was read from it.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::TriedPage;
use crate::extract::fixture::told;
use crate::extract::{Page, Role, extract};
use crate::source::Source;

/// Saves the page and its expectation into `folder`; gives the page's path. Files that are there are not overwritten.
///
/// # Errors
/// When the files cannot be written, or are there already.
pub fn save(source: &Source, page: &TriedPage, folder: &Path) -> io::Result<PathBuf> {
    let kept = page.kept();
    let text = kept.text().map_err(io::Error::other)?;
    let media_type = kept.media_type();
    let (ending, beside) = if media_type.ends_with("json") {
        ("json", "expected.json")
    } else if media_type.ends_with("xml") && !media_type.contains("xhtml") {
        ("xml", "json")
    } else {
        ("html", "json")
    };
    let expected = kept
        .with_page(|page| {
            // A fixture is read as if its page were seen for the first time.
            let page = &Page { first_seen_ms: page.fetched_at_ms, ..*page };
            let mut expected = told(&extract(source, page));
            let role = match page.role {
                Role::Detail => "detail",
                Role::Start => "start",
                Role::Sitemap => "sitemap",
            };
            expected["url"] = json!(page.url.as_str());
            expected["role"] = json!(role);
            expected["thread"] = json!(page.thread);
            expected["fetched_at"] = json!(rfc3339(page.fetched_at_ms));
            expected
        })
        .map_err(io::Error::other)?
        .ok_or_else(|| io::Error::other("trang không có địa chỉ"))?;
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("page.{ending}"));
    // A mark of UTF-8 outweighs whatever charset the page declares: the text was decoded already.
    let is_utf8 = std::str::from_utf8(kept.body).is_ok_and(|body| body == text);
    let bytes = if is_utf8 { text.into_bytes() } else { [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat() };
    write_new(&path, &bytes)?;
    let mut expected = serde_json::to_vec_pretty(&expected)?;
    expected.push(b'\n');
    write_new(&path.with_extension(beside), &expected)?;
    Ok(path)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
