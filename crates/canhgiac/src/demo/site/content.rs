//! The bundled posts and what of them the site shows at a moment.

use std::io;

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use serde::Deserialize;

const MINUTE_MS: i64 = 60 * 1000;
const TEASER_CHARS: usize = 110;

/// The three parts of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Classified ads.
    Board,
    /// Threads.
    Forum,
    /// Articles, and comments on them.
    Feed,
}

/// What keeps a post from being collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Closed {
    /// robots.txt closes its path.
    Robots,
    /// Its page says `noindex`.
    Noindex,
}

/// A post of the site. The labels beside it in the file are for tests and are not read here.
#[derive(Debug, Deserialize)]
pub struct DemoPost {
    /// Its native id, unique within its place.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// Section of an ad, or board of the post that opens a thread.
    #[serde(default)]
    pub section: String,
    /// The thread of a forum post; the article of a comment.
    pub thread: Option<String>,
    /// The forum post that it quotes.
    pub quotes: Option<String>,
    /// Its author's fictitious name.
    pub author: String,
    /// Title of an ad, an article, or of the thread that it opens.
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// Price or pay as the board shows it.
    #[serde(default)]
    pub price: String,
    /// Area as the board shows it.
    #[serde(default)]
    pub area: String,
    /// Minutes between its posting and the zero of the site.
    pub posted_minutes_ago: i64,
    /// Seconds after the zero when it appears.
    pub late_seconds: Option<u64>,
    /// Seconds after the zero when its text changes.
    pub edited_seconds: Option<u64>,
    /// The changed text.
    pub edited_text: Option<String>,
    /// Seconds after the zero when it is taken down.
    pub deleted_seconds: Option<u64>,
    /// Why it must never be collected.
    pub closed: Option<Closed>,
}

impl DemoPost {
    /// The thread of a forum post; empty for others.
    pub fn thread_id(&self) -> &str {
        self.thread.as_deref().unwrap_or_default()
    }
}

/// A post as it stands at a moment.
#[derive(Clone, Debug)]
pub struct Shown<'c> {
    /// The post.
    pub post: &'c DemoPost,
    /// Its text at that moment.
    pub text: &'c str,
    /// When it was posted, UTC milliseconds.
    pub posted_at_ms: i64,
    /// When it was edited, UTC milliseconds.
    pub edited_at_ms: Option<i64>,
}

impl<'c> Shown<'c> {
    /// When it last changed, UTC milliseconds.
    pub fn changed_ms(&self) -> i64 {
        self.edited_at_ms.unwrap_or(self.posted_at_ms)
    }

    /// Its title; empty where it has none.
    pub fn title(&self) -> &'c str {
        self.post.title.as_deref().unwrap_or_default()
    }

    /// Its text, line by line.
    pub fn lines(&self) -> Vec<&'c str> {
        self.text.lines().collect()
    }

    /// The beginning of its text on one line.
    pub fn teaser(&self) -> String {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth(TEASER_CHARS) {
            Some((end, _)) => format!("{}…", line[..end].trim_end()),
            None => line,
        }
    }
}

/// The bundled posts.
pub struct Content {
    posts: Vec<DemoPost>,
    zero_ms: i64,
}

impl Content {
    /// Reads posts from JSON lines.
    ///
    /// # Errors
    /// When a line cannot be read; the message names it.
    pub fn read(jsonl: &str, zero_ms: i64) -> io::Result<Content> {
        let read_line = |(index, line)| {
            serde_json::from_str::<DemoPost>(line).map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidData, format!("demo/posts.jsonl line {}: {error}", index + 1))
            })
        };
        let posts = jsonl.lines().enumerate().filter(|(_, line)| !line.is_empty()).map(read_line);
        Ok(Content { posts: posts.collect::<io::Result<_>>()?, zero_ms })
    }

    /// The posts of a place so many seconds after the zero, oldest first.
    pub fn shown(&self, place: Place, elapsed_s: u64) -> Vec<Shown<'_>> {
        let here = self.posts.iter().filter(|post| post.place == place);
        let there = here.filter(|post| post.late_seconds.is_none_or(|after| elapsed_s >= after));
        let left = there.filter(|post| !self.is_deleted(post, elapsed_s));
        let mut shown: Vec<Shown<'_>> = left.map(|post| self.at(post, elapsed_s)).collect();
        shown.sort_by_key(|shown| shown.posted_at_ms);
        shown
    }

    /// Whether an ad was there and has been taken down.
    pub fn was_deleted(&self, place: Place, id: &str, elapsed_s: u64) -> bool {
        self.posts.iter().any(|post| post.place == place && post.id == id && self.is_deleted(post, elapsed_s))
    }

    fn is_deleted(&self, post: &DemoPost, elapsed_s: u64) -> bool {
        post.deleted_seconds.is_some_and(|after| elapsed_s >= after)
    }

    fn at<'c>(&'c self, post: &'c DemoPost, elapsed_s: u64) -> Shown<'c> {
        let after_zero = |seconds: u64| self.zero_ms.saturating_add_unsigned(seconds.saturating_mul(1000));
        let posted_at_ms = after_zero(post.late_seconds.unwrap_or(0)) - post.posted_minutes_ago * MINUTE_MS;
        let edit = post.edited_seconds.zip(post.edited_text.as_deref()).filter(|(after, _)| elapsed_s >= *after);
        Shown {
            post,
            text: edit.map_or(post.text.as_str(), |(_, text)| text),
            posted_at_ms,
            edited_at_ms: edit.map(|(after, _)| after_zero(after)),
        }
    }
}

/// A moment in the forms in which pages tell it, at +07:00.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// `2026-11-24T20:05:00+07:00`
    pub iso: String,
    /// `20:05 24/11/2026`
    pub plain: String,
    /// `2 giờ trước`
    pub ago: String,
    /// `Tue, 24 Nov 2026 20:05:00 +0700`, for feeds.
    pub rfc2822: String,
}

impl Stamp {
    /// Writes a moment as seen at `now_ms`, both UTC milliseconds.
    pub fn new(at_ms: i64, now_ms: i64) -> Stamp {
        let here = zoned(at_ms, TimeZone::fixed(offset(7)));
        let minutes = ((now_ms - at_ms) / MINUTE_MS).max(0);
        let ago = match minutes {
            0 => "vừa xong".to_owned(),
            1..60 => format!("{minutes} phút trước"),
            60..1440 => format!("{} giờ trước", minutes / 60),
            _ => format!("{} ngày trước", minutes / 1440),
        };
        Stamp {
            iso: here.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            plain: here.strftime("%H:%M %d/%m/%Y").to_string(),
            ago,
            rfc2822: here.strftime("%a, %d %b %Y %H:%M:%S %z").to_string(),
        }
    }
}

/// A moment as HTTP headers tell it (RFC 9110 §5.6.7).
pub fn http_date(at_ms: i64) -> String {
    zoned(at_ms, TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn zoned(at_ms: i64, zone: TimeZone) -> jiff::ZonedDateTime {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(zone)
}
