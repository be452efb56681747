//! The news part: an index, articles with comments, and two RSS feeds, one of articles and one of comments.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use super::Site;
use super::answer::{self, HTML, RSS};
use super::content::{Place, Shown, Stamp};

const ARTICLES_FEED: &str = "/tin-tuc/rss.xml";
const COMMENTS_FEED: &str = "/tin-tuc/binh-luan.xml";

/// The routes of the news part.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/tin-tuc/", get(index))
        .route(ARTICLES_FEED, get(articles_feed))
        .route(COMMENTS_FEED, get(comments_feed))
        .route("/tin-tuc/{file}", get(article))
}

/// The path of an article's page.
pub fn path(article: &str) -> String {
    format!("/tin-tuc/{article}.html")
}

struct EntryView<'c> {
    id: &'c str,
    path: String,
    title: &'c str,
    author: &'c str,
    posted: Stamp,
    teaser: String,
    lines: Vec<&'c str>,
    html: String,
}

impl<'c> EntryView<'c> {
    fn new(shown: &Shown<'c>, now_ms: i64) -> EntryView<'c> {
        let post = shown.post;
        let path = match &post.thread {
            Some(article) => format!("{}#{}", path(article), post.id),
            None => path(&post.id),
        };
        let lines = shown.lines();
        let paragraphs = lines.iter().filter(|line| !line.is_empty());
        let html = paragraphs.map(|line| format!("<p>{}</p>", line.replace('&', "&amp;").replace('<', "&lt;")));
        EntryView {
            id: &post.id,
            path,
            title: shown.title(),
            author: &post.author,
            posted: Stamp::new(shown.posted_at_ms, now_ms),
            teaser: shown.teaser(),
            html: html.collect(),
            lines,
        }
    }
}

/// Articles, or comments: newest first.
fn entries(site: &Site, are_comments: bool) -> Vec<Shown<'_>> {
    let mut entries = site.content.shown(Place::Feed, site.elapsed_s());
    entries.retain(|shown| shown.post.thread.is_some() == are_comments);
    entries.reverse();
    entries
}

#[derive(Template)]
#[template(path = "news.html")]
struct IndexPage<'p> {
    articles: Vec<EntryView<'p>>,
}

async fn index(State(site): State<Arc<Site>>) -> Response {
    let now_ms = site.now_ms();
    let articles = entries(&site, false);
    answer::page(&IndexPage { articles: articles.iter().map(|shown| EntryView::new(shown, now_ms)).collect() })
}

#[derive(Template)]
#[template(path = "article.html")]
struct ArticlePage<'p> {
    base: &'p str,
    article: EntryView<'p>,
    comments: Vec<EntryView<'p>>,
}

async fn article(State(site): State<Arc<Site>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let articles = entries(&site, false);
    let id = file.strip_suffix(".html").unwrap_or_default();
    let Some(article) = articles.iter().find(|shown| shown.post.id == id) else { return answer::missing() };
    let now_ms = site.now_ms();
    let mut comments = entries(&site, true);
    comments.retain(|shown| shown.post.thread_id() == id);
    let changed_ms = comments.iter().map(Shown::changed_ms).fold(article.changed_ms(), i64::max);
    let page = ArticlePage {
        base: &site.base,
        article: EntryView::new(article, now_ms),
        comments: comments.iter().rev().map(|shown| EntryView::new(shown, now_ms)).collect(),
    };
    answer::validated_page(&headers, HTML, &page, changed_ms)
}

#[derive(Template)]
#[template(path = "rss.xml")]
struct Feed<'p> {
    base: &'p str,
    path: &'static str,
    title: &'static str,
    words: &'static str,
    entries: Vec<EntryView<'p>>,
}

async fn articles_feed(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let words = "Tin tức và cảnh báo của Chợ Xóm";
    feed(&site, &headers, ARTICLES_FEED, "Tin Chợ Xóm", words, &entries(&site, false))
}

async fn comments_feed(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let words = "Bình luận dưới các bài của Chợ Xóm";
    feed(&site, &headers, COMMENTS_FEED, "Bình luận Chợ Xóm", words, &entries(&site, true))
}

fn feed(
    site: &Site,
    headers: &HeaderMap,
    path: &'static str,
    title: &'static str,
    words: &'static str,
    entries: &[Shown<'_>],
) -> Response {
    let now_ms = site.now_ms();
    let changed_ms = entries.iter().map(Shown::changed_ms).max().unwrap_or(site.zero_ms);
    let views = entries.iter().map(|shown| EntryView::new(shown, now_ms)).collect();
    let feed = Feed { base: &site.base, path, title, words, entries: views };
    answer::validated_page(headers, RSS, &feed, changed_ms)
}
