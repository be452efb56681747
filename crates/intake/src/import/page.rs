//! A saved HTML page as one post: what it says of itself in JSON-LD and meta tags, and the text of its main part.
//!
//! This is the fallback for pages that no source file describes.

use std::io::{BufRead, Read};

use model::Post;
use scraper::{ElementRef, Html, Selector};

use super::{BadRecord, ImportError, RECORD_BYTES_MAX, Record, Take, clean};
use crate::fetch::{charset, sha256_hex};
use crate::filter::block_text::block_text;
use crate::filter::time;

/// Reads one saved page.
pub fn read(source: &str, input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    let mut bytes = Vec::new();
    input.take(RECORD_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let bad = |reason: &str| BadRecord { line: 1, reason: reason.to_owned() };
    let post = if bytes.len() > RECORD_BYTES_MAX {
        Err(bad("trang quá lớn"))
    } else {
        let text = charset::decode(&bytes, None, "text/html").text;
        post(source, None, &text).map_err(|reason| bad(&reason))
    };
    take(Record { end: bytes.len() as u64, post });
    Ok(())
}

/// A page as a post. Its id is its address, or the hash of its text where it names none.
pub fn post(source: &str, url: Option<&str>, text: &str) -> Result<Post, String> {
    if crate::extract::is_too_deep(text) {
        return Err("trang lồng thẻ quá sâu".into());
    }
    let page = Html::parse_document(text);
    let root = page.root_element();
    let meta = |names: &[&str]| {
        names.iter().find_map(|name| {
            attribute(
                root,
                &format!("meta[property='{name}'], meta[name='{name}'], meta[itemprop='{name}']"),
                "content",
            )
        })
    };
    let url = url
        .map(str::to_owned)
        .or_else(|| saved_from(text))
        .or_else(|| attribute(root, "link[rel=canonical]", "href"))
        .or_else(|| meta(&["og:url"]));
    let main = ["article", "main", "[role=main]", "body"].iter().find_map(|selector| {
        let found = first(root, selector)?;
        let words = block_text(found, &[]);
        (words.chars().count() >= 24 || *selector == "body").then_some(words)
    });
    let words = clean(&main.unwrap_or_default())?;
    if words.trim().is_empty() {
        return Err("trang không có chữ nào".into());
    }
    let posted = meta(&["article:published_time", "datePublished", "date"])
        .or_else(|| attribute(root, "time[datetime]", "datetime"));
    Ok(Post {
        source: source.to_owned(),
        native_id: url.clone().unwrap_or_else(|| sha256_hex(words.as_bytes())),
        url,
        title: meta(&["og:title"])
            .or_else(|| first(root, "title").map(|title| title.text().collect::<String>().trim().to_owned()))
            .filter(|title| !title.is_empty()),
        text: words,
        author: meta(&["author", "article:author"]),
        posted_at_ms: posted.and_then(|at| time::iso(&at, None)).map(|at| at.at_ms),
        ..Post::default()
    })
}

fn first<'p>(root: ElementRef<'p>, selector: &str) -> Option<ElementRef<'p>> {
    root.select(&Selector::parse(selector).ok()?).next()
}

fn attribute(root: ElementRef<'_>, selector: &str, name: &str) -> Option<String> {
    first(root, selector)?.attr(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Browsers and SingleFile write where a page was saved from into a comment.
fn saved_from(text: &str) -> Option<String> {
    let head: String = text.chars().take(4_096).collect();
    let after = head.split("saved from url=(").nth(1).and_then(|rest| rest.split_once(')')).map(|(_, rest)| rest);
    let after =
        after.or_else(|| head.split("Page saved with SingleFile").nth(1).and_then(|rest| rest.split("url:").nth(1)));
    let url: String = after?.trim_start().chars().take_while(|c| !c.is_whitespace() && *c != '>').collect();
    let url = url.trim_end_matches("--").to_owned();
    url.starts_with("http").then_some(url)
}
