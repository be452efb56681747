//! A saved HTML page as one post: what it says of itself in JSON-LD and meta tags, and the text of its main part.
//!
//! A page of a known source is read by that source's file instead, so that a saved page and a crawled page give the
//! same posts.

use std::io::{BufRead, Read};

use model::Post;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::{BadRecord, ImportError, Origin, RECORD_BYTES_MAX, Record, Take, clean};
use crate::canonical;
use crate::extract::{Page, Role, extract};
use crate::fetch::{charset, sha256_hex};
use crate::filter::block_text::block_text;
use crate::filter::time;
use crate::source::{Kind, Source};

/// Posts that one page may give.
const POSTS_MAX: u64 = 10_000;

/// Reads one saved page.
pub fn read(origin: Origin<'_>, input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    let mut bytes = Vec::new();
    input.take(RECORD_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let bad = |reason: &str| BadRecord { line: 1, reason: reason.to_owned() };
    let posts = if bytes.len() > RECORD_BYTES_MAX {
        Err(bad("trang quá lớn"))
    } else {
        let text = charset::decode(&bytes, None, "text/html").text;
        posts(origin, None, &text).map_err(|reason| bad(&reason))
    };
    tell(0, posts, take);
    Ok(())
}

/// Tells the posts of the page that comes as number `page`, each with an end of its own; whether to go on.
pub fn tell(page: u64, posts: Result<Vec<Post>, BadRecord>, take: Take<'_>) -> bool {
    let end = |n: u64| page * POSTS_MAX + n + 1;
    match posts {
        Err(bad) => take(Record { end: end(0), post: Err(bad) }),
        Ok(posts) => (0..POSTS_MAX - 1).zip(posts).all(|(n, post)| take(Record { end: end(n), post: Ok(post) })),
    }
}

/// The posts of a page: as a crawl would read them where a known source describes it, else the page as one post.
///
/// # Errors
/// Why nothing can be read, without anything of the page in it.
pub fn posts(origin: Origin<'_>, url: Option<&str>, text: &str) -> Result<Vec<Post>, String> {
    let named = url.map(str::to_owned).or_else(|| saved_from(text));
    let of_source = named.as_deref().and_then(|url| Url::parse(url).ok()).and_then(|url| {
        let url = canonical::canonical(&url);
        origin.known.iter().map(|source| posts_of(source, &url, text)).find(|posts| !posts.is_empty())
    });
    match of_source {
        Some(posts) => Ok(posts),
        None => post(origin.source, named.as_deref(), text).map(|post| vec![post]),
    }
}

/// What a source reads from a page that stands in its scope; nothing where it does not.
fn posts_of(source: &Source, url: &Url, text: &str) -> Vec<Post> {
    let is_page = matches!(source.kind, Kind::Html | Kind::Jsonld | Kind::Sitemap);
    let is_list = source.list.is_some() && source.starts.iter().any(|start| start.url == *url);
    if !is_page || is_list || !source.scope.verdict(url).allowed {
        return Vec::new();
    }
    let role = if source.list.is_some() || source.kind == Kind::Sitemap { Role::Detail } else { Role::Start };
    let page = Page {
        url,
        text,
        media_type: "text/html",
        role,
        root: url,
        fetched_at_ms: 0,
        first_seen_ms: 0,
        lastmod_ms: None,
        thread: None,
        noindex: false,
    };
    extract(source, &page).items.into_iter().map(|item| item.into_post(&source.name)).collect()
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
