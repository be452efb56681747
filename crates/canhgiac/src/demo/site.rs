//! The bundled demo site: a Vietnamese classified-ad board, a forum and a news feed on loopback.
//!
//! Its posts stand in `demo/posts.jsonl` with the labels that a perfect reader would give them; every person, company
//! and phone number is fictitious. What the site shows depends only on the posts, on its zero (a moment from which
//! all posting times are counted) and on the time since: some posts appear late, one is edited, one is taken down.
//! So a demo that is started again with the same zero shows the same site, only later.
//!
//! Two posts must never be collected: robots.txt closes the path of one, `noindex` the text of the other.
//! Deliberately absent: log-in, search, and anything that a crawler would need script for.

mod ads;
mod answer;
mod content;
mod forum;
mod news;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock;
use answer::{PLAIN, XML};
use content::{Content, Place};

/// The posts of the site, one JSON object a line, with the labels that a test measures by.
pub const POSTS: &str = include_str!("../../demo/posts.jsonl");

const ROBOTS_CLOSED: [&str; 5] = ["/rao-vat/noi-bo/", "/dien-dan/tra-loi", "/thanh-vien/", "/dang-nhap", "/tim"];
const STYLE: &str = include_str!("../../demo/static/cho-xom.css");

/// How long `stop` waits for answers that are under way.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// The running demo site.
pub struct DemoSite {
    address: SocketAddr,
    #[cfg(test)]
    site: Arc<Site>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl DemoSite {
    /// Starts the site on a free port of 127.0.0.1. `zero_ms`, UTC milliseconds, is the moment from which the posts'
    /// times are counted: now at the first start, the kept first start when a demo goes on.
    ///
    /// # Errors
    /// When no port can be bound or the bundled posts cannot be read.
    pub async fn start(zero_ms: i64) -> io::Result<DemoSite> {
        DemoSite::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), zero_ms).await
    }

    /// Starts the site on an address of its own, so that a kept demo finds its pages where they were.
    ///
    /// # Errors
    /// When the address is taken or the bundled posts cannot be read.
    pub async fn start_on(address: SocketAddr, zero_ms: i64) -> io::Result<DemoSite> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let site = Arc::new(Site {
            base: format!("http://{address}"),
            content: Content::read(POSTS, zero_ms)?,
            zero_ms,
            ahead_s: AtomicU64::new(0),
            answers: AtomicU64::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let pages = router(site.clone());
        let task = tokio::spawn(async move {
            let until = async move {
                let _ = stopped.await;
            };
            // A listener on loopback fails only with the process; the demo then shows the crawler's own message.
            let _ = axum::serve(listener, pages).with_graceful_shutdown(until).await;
        });
        #[cfg(not(test))]
        drop(site);
        Ok(DemoSite {
            address,
            #[cfg(test)]
            site,
            stop,
            task,
        })
    }

    /// Where it listens.
    pub fn socket(&self) -> SocketAddr {
        self.address
    }

    /// Its address as the parameter `base` of the demo sources takes it, such as `http://127.0.0.1:40123`.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening and waits shortly for answers that are under way.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let mut task = self.task;
        if tokio::time::timeout(STOP_WITHIN, &mut task).await.is_err() {
            task.abort();
        }
    }

    /// Lets so many seconds pass at once.
    #[cfg(test)]
    fn advance(&self, seconds: u64) {
        self.site.ahead_s.fetch_add(seconds, Ordering::Relaxed);
    }
}

struct Site {
    base: String,
    content: Content,
    zero_ms: i64,
    ahead_s: AtomicU64,
    answers: AtomicU64,
}

impl Site {
    /// Seconds since the zero.
    fn elapsed_s(&self) -> u64 {
        let passed = (clock::now_ms() - self.zero_ms).max(0) / 1000;
        passed.unsigned_abs() + self.ahead_s.load(Ordering::Relaxed)
    }

    /// The present moment of the site, UTC milliseconds.
    fn now_ms(&self) -> i64 {
        self.zero_ms.saturating_add_unsigned(self.elapsed_s() * 1000)
    }

    /// A number that differs on every page, as the form keys of much forum software do.
    fn form_key(&self) -> u64 {
        self.answers.fetch_add(1, Ordering::Relaxed)
    }
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
        .route("/static/cho-xom.css", get(style))
        .merge(ads::routes())
        .merge(forum::routes())
        .merge(news::routes())
        .fallback(async || answer::missing())
        .with_state(site)
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    ads: usize,
    replies: usize,
    articles: usize,
}

async fn home(State(site): State<Arc<Site>>) -> Response {
    let elapsed = site.elapsed_s();
    let count = |place| site.content.shown(place, elapsed).len();
    answer::page(&HomePage { ads: count(Place::Board), replies: count(Place::Forum), articles: count(Place::Feed) })
}

async fn robots(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let closed: String = ROBOTS_CLOSED.iter().map(|path| format!("Disallow: {path}\n")).collect();
    let text = format!("User-agent: *\n{closed}\nSitemap: {}/sitemap.xml\n", site.base);
    answer::validated(&headers, PLAIN, text, site.zero_ms)
}

async fn style() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

struct SitemapEntry {
    path: String,
    changed: String,
}

#[derive(Template)]
#[template(path = "sitemap.xml")]
struct SitemapPage<'p> {
    base: &'p str,
    entries: Vec<SitemapEntry>,
}

/// Lists ads, threads and articles, the closed ad too: the sitemap of a careless webmaster, whom robots.txt corrects.
async fn sitemap(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let elapsed = site.elapsed_s();
    let mut entries = Vec::new();
    let mut latest_ms = site.zero_ms;
    let (ads, forum, feed) = (Place::Board, Place::Forum, Place::Feed);
    for place in [ads, forum, feed] {
        for shown in site.content.shown(place, elapsed) {
            let path = match place {
                Place::Board => ads::path(shown.post),
                Place::Forum if shown.post.title.is_some() => forum::thread_path(shown.post.thread_id(), 1),
                Place::Feed if shown.post.thread.is_none() => news::path(&shown.post.id),
                Place::Forum | Place::Feed => continue,
            };
            latest_ms = latest_ms.max(shown.changed_ms());
            entries.push(SitemapEntry { path, changed: content::Stamp::new(shown.changed_ms(), site.now_ms()).iso });
        }
    }
    answer::validated_page(&headers, XML, &SitemapPage { base: &site.base, entries }, latest_ms)
}
