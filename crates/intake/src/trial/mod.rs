//! Trying an address before anything is kept: which source file fits it, and what that file would bring.
//!
//! A trial is a crawl into memory that ends after a few posts, so scope, robots.txt, pace and the address guard hold in
//! it as in every crawl. `guess` finds source files for an address, `siblings` describes a page of no known software,
//! `fixture` saves a page with what was read from it. Deliberately absent: the store.

pub mod fixture;
mod guess;
mod siblings;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;
use url::Url;

use crate::crawl::again::KeptPage;
use crate::crawl::{Crawl, Event, MemoryKeep, Options, system_clock};
use crate::extract::{Item, PageProblem};
use crate::fetch::{Fetched, Fetcher};
use crate::filter::time::Moment;
use crate::source::{Kind, Source, Stop, check};
use crate::stream::jetstream::Change;
use crate::stream::{Stream, StreamError};
pub use guess::{Candidate, Library, candidates, with_defaults, with_fixture};

/// So many different posts, read whole, make a source ready to be enabled.
pub const READY_POSTS: usize = 3;
/// A trial ends after so many posts…
const ENOUGH_POSTS: usize = 5;
/// …or after so many pages.
const ENOUGH_PAGES: usize = 8;
/// How long a stream is listened to.
const STREAM_FOR: Duration = Duration::from_secs(10);
/// The longest wait for a host's turn, in milliseconds.
const PATIENCE_MS: i64 = 30_000;

/// What a source would bring.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// The first posts, the newest first.
    pub posts: Vec<Item>,
    /// What was missing: address, problem.
    pub problems: Vec<(String, PageProblem)>,
    /// Requests that left.
    pub requests: u64,
    /// The page that gave posts, as it came.
    pub page: Option<TriedPage>,
}

/// A page of a trial, with what the crawl remembers of it.
#[derive(Clone, Debug)]
pub struct TriedPage {
    asked: String,
    kind: &'static str,
    memo: Option<String>,
    answer: Fetched,
}

impl TriedPage {
    /// As a kept page.
    pub fn kept(&self) -> KeptPage<'_> {
        KeptPage {
            asked: &self.asked,
            answered: self.answer.url.as_str(),
            kind: self.kind,
            memo: self.memo.as_deref(),
            status: self.answer.status,
            fields: &self.answer.response.fields,
            body: &self.answer.body,
            fetched_at_ms: self.answer.requested_at_ms,
        }
    }
}

impl Trial {
    /// Whether a person has seen enough to let the source run.
    pub fn is_ready(&self) -> bool {
        self.posts.len() >= READY_POSTS
    }
}

/// A post as a line of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Native id.
    pub id: String,
    /// When it was posted, RFC 3339.
    pub time: String,
    /// Author.
    pub author: String,
    /// Title.
    pub title: String,
    /// Text.
    pub text: String,
}

impl Line {
    /// The line of a post.
    pub fn of(item: &Item) -> Line {
        Line {
            id: item.id.clone(),
            time: item.time.map(|at| at.rfc3339()).unwrap_or_default(),
            author: item.author.clone().unwrap_or_default(),
            title: item.title.clone().unwrap_or_default(),
            text: item.text.clone(),
        }
    }
}

/// Reads the first posts of a source into memory. `manners` goes from one trial to the next, so that a host is asked no
/// faster by several than by one.
///
/// # Errors
/// A Vietnamese sentence that says what keeps the source from starting.
pub async fn run(source: &Source, fetcher: &Fetcher, manners: &mut MemoryKeep) -> Result<Trial, String> {
    if source.kind == Kind::Jetstream {
        return stream(source, fetcher).await.map_err(|error| error.to_string());
    }
    let mut source = source.clone();
    source.walk.stop = Stop::Pages(1);
    let enough = Arc::new(AtomicBool::new(false));
    let posts = AtomicUsize::new(0);
    let pages = AtomicUsize::new(0);
    let mut gave = Vec::new();
    let mut keep = manners.manners();
    let options = Options { patience_ms: PATIENCE_MS, stop: enough.clone(), ..Options::default() };
    let watch = |event: &Event| {
        let page = match event {
            Event::Read(url, read, _) => {
                if *read > 0 {
                    gave.push(url.clone());
                }
                posts.fetch_add(*read, Ordering::Relaxed);
                1
            }
            Event::Problem(..) => 1,
            Event::Refused(..) | Event::Waiting(_) | Event::Alarm(..) => 0,
        };
        let seen = pages.fetch_add(page, Ordering::Relaxed) + page;
        if posts.load(Ordering::Relaxed) >= ENOUGH_POSTS || seen >= ENOUGH_PAGES {
            enough.store(true, Ordering::Relaxed);
        }
    };
    let crawl = Crawl::new(&source, fetcher, &mut keep, system_clock(), options).watched(watch);
    let summary = crawl.once().await.map_err(|error| error.to_string())?;
    *manners = keep.manners();
    let mut posts: Vec<Item> = keep.posts.values().map(|kept| kept.item.clone()).collect();
    posts.sort_by_key(|item| std::cmp::Reverse(item.time.map(|at| at.at_ms)));
    posts.truncate(ENOUGH_POSTS);
    let page = gave.last().and_then(|url| page_of(&keep, &source.name, url));
    Ok(Trial { posts, problems: summary.problems, requests: summary.requests, page })
}

/// The first posts that a stream gives.
async fn stream(source: &Source, fetcher: &Fetcher) -> Result<Trial, StreamError> {
    let mut stream = Stream::connect(source, fetcher.guard(), None).await?;
    let batch = stream.batch(ENOUGH_POSTS, STREAM_FOR, STREAM_FOR).await?;
    let posts = batch.changes.into_iter().filter_map(|(change, _)| match change {
        Change::Post(post) => Some(Item {
            id: post.native_id,
            url: post.url,
            text: post.text,
            author: post.author,
            author_id: post.author_id,
            time: post.posted_at_ms.map(Moment::exact),
            thread: post.thread,
            reply_to: post.parent,
            links: post.links,
            ..Item::default()
        }),
        Change::Deleted(_) | Change::AccountGone(_) => None,
    });
    Ok(Trial { posts: posts.collect(), requests: 1, ..Trial::default() })
}

fn page_of(keep: &MemoryKeep, source: &str, url: &str) -> Option<TriedPage> {
    let (kind, memo) = keep.page(source, url)?;
    let (_, answer) = keep.originals.iter().rev().find(|(asked, _)| asked == url)?;
    Some(TriedPage { asked: url.to_owned(), kind, memo: memo.map(str::to_owned), answer: answer.clone() })
}

/// The page behind an address, asked for as politely as any other; nothing where it has none that may be read.
///
/// # Errors
/// A Vietnamese sentence that says why the address cannot be looked at.
pub async fn look(url: &Url, fetcher: &Fetcher, manners: &mut MemoryKeep) -> Result<TriedPage, String> {
    let probe = format!(
        "id = \"probe\"\nkind = \"html\"\n[access]\nbasis = \"open\"\n[pace]\ngap = \"2s\"\n[walk]\nstart = {}\n\
         stop = \"pages(1)\"\n[item]\nid = \"^url\"\ntext = \"title | text\"\n[expect]\nmin_rows = 0\n",
        toml::Value::String(url.to_string())
    );
    let source = check::check(&probe, "probe").map_err(|problems| {
        problems.first().map(|problem| problem.message.clone()).unwrap_or_else(|| "địa chỉ không đọc được".into())
    })?;
    let mut keep = manners.manners();
    let options = Options { patience_ms: PATIENCE_MS, ..Options::default() };
    let mut refused = None;
    let watch = |event: &Event| match event {
        Event::Refused(_, reason) if reason != "noindex" && reason != "nofollow" => refused = Some(reason.clone()),
        Event::Problem(_, problem) if refused.is_none() => refused = Some(problem.message.clone()),
        _ => {}
    };
    let crawl = Crawl::new(&source, fetcher, &mut keep, system_clock(), options).watched(watch);
    crawl.once().await.map_err(|error| error.to_string())?;
    *manners = keep.manners();
    match keep.originals.pop() {
        Some((asked, answer)) if (200..300).contains(&answer.status) => {
            Ok(TriedPage { asked, kind: "start", memo: None, answer })
        }
        _ => Err(refused.unwrap_or_else(|| "địa chỉ không trả lời trang nào đọc được".into())),
    }
}
