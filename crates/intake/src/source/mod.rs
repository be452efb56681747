//! The source language: one TOML file says where posts come from and how a page becomes posts.
//!
//! `file` is the shape, `field`, `css`, `json_path`, `template` and `scope` give its strings their meaning, `check`
//! tells every mistake with its line, and `Source` is a file with its parameters, ready to extract and to walk.
//! Deliberately absent: an expression language, and code in a source file.

pub mod access;
pub mod check;
mod compile;
pub mod css;
pub mod duration;
pub mod field;
pub mod file;
pub mod json_path;
pub mod scope;
pub mod template;

use std::collections::BTreeMap;

use url::Url;

use field::Field;
pub use file::{Basis, Kind, Redirect, Status, StreamFile};
use json_path::JsonPath;
use scope::Scope;

/// The fields of an item, in the order in which they are told.
pub const ITEM_FIELDS: [&str; 15] = [
    "id",
    "url",
    "title",
    "text",
    "author",
    "author_id",
    "time",
    "first_time",
    "edited",
    "place",
    "price",
    "thread",
    "reply_to",
    "links",
    "views",
];

/// The fields whose value is a time.
pub const TIME_FIELDS: [&str; 3] = ["time", "first_time", "edited"];

/// What stands in an address where the key goes as the request leaves.
pub const KEY_PLACE: &str = "{key}";

/// A source with its parameters inserted.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's id.
    pub id: String,
    /// A name for people.
    pub title: String,
    /// What its pages are made of.
    pub kind: Kind,
    /// How far the file has come.
    pub status: Status,
    /// The source that its posts carry: the id with the identity parameters.
    pub name: String,
    /// SHA-256 of the file and the parameters: another text is another mapping.
    pub fingerprint: String,
    /// What keeps it from starting, if anything does.
    pub barrier: Option<String>,
    /// The key of its API; addresses hold [`KEY_PLACE`] instead.
    pub key: Option<String>,
    /// How slowly it is read.
    pub pace: Pace,
    /// Which addresses belong to it.
    pub scope: Scope,
    /// Where it starts.
    pub starts: Vec<Start>,
    /// How it goes on.
    pub walk: Walk,
    /// Which posts of a stream are read.
    pub stream: StreamFile,
    /// How detail pages are found.
    pub list: Option<ListRules>,
    /// How posts are read.
    pub item: ItemRules,
    /// How replies on the same page are read.
    pub replies: Option<ItemRules>,
    /// Which fields may be stored.
    pub keep: KeepRules,
    /// What must be present.
    pub expect: ExpectRules,
}

/// How slowly a source is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// The least milliseconds between two requests to a host; unset leaves the default.
    pub gap_ms: Option<i64>,
    /// The least and the most milliseconds between two visits; unset means due at every single crawl.
    pub every_ms: Option<(i64, i64)>,
    /// Minutes of the day at +07:00 between which nothing is fetched.
    pub quiet: Option<(u16, u16)>,
    /// The most requests in 24 hours.
    pub per_day: Option<u32>,
}

/// Where a source starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The canonical address.
    pub url: Url,
    /// Whether it is a sitemap, whose entries are detail pages.
    pub is_sitemap: bool,
}

/// How a source goes on.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The link to the next page.
    pub next: Option<Field>,
    /// Paging without a link.
    pub paging: Option<Paging>,
    /// When to stop going on.
    pub stop: Stop,
    /// What a redirect means.
    pub redirect: Redirect,
    /// Posts of at most this age are fetched again.
    pub recheck_ms: Option<i64>,
    /// The least time between the two looks that make a deletion.
    pub gone_after_ms: i64,
}

/// Paging without a link.
#[derive(Clone, Debug)]
pub enum Paging {
    /// The parameter counts.
    Counted {
        /// The query parameter.
        param: String,
        /// What each next page adds.
        step: u64,
        /// The last value, inclusive.
        max: Option<u64>,
        /// Where the answer says how much there is.
        total: Option<JsonPath>,
    },
    /// The answer gives the next value.
    Cursor {
        /// The query parameter.
        param: String,
        /// Where the answer gives it.
        from: Field,
    },
}

/// When a walk stops going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At a post that we have.
    Known,
    /// At a row that has not changed.
    Unchanged,
    /// At the end.
    Never,
    /// After so many pages.
    Pages(u32),
    /// At a post older than this many milliseconds.
    Age(i64),
}

/// The rows of a page.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Elements.
    Css(Vec<css::Css>),
    /// JSON values.
    Json(Vec<JsonPath>),
    /// JSON-LD objects.
    JsonLd(Vec<(String, JsonPath)>),
    /// The entries of a feed.
    Entries,
}

/// How detail pages are found on a list page.
#[derive(Clone, Debug)]
pub struct ListRules {
    /// The rows.
    pub rows: Rows,
    /// Rows to pass over.
    pub skip: Option<Field>,
    /// The link to the detail page.
    pub follow: Field,
    /// The native id.
    pub id: Option<Field>,
    /// A value that differs when the detail page has changed.
    pub changed: Option<Field>,
}

/// How posts are read from a page.
#[derive(Clone, Debug, Default)]
pub struct ItemRules {
    /// The rows; without them the page is one post.
    pub rows: Option<Rows>,
    /// Rows to pass over.
    pub skip: Option<Field>,
    /// The link to the next page of the same thread.
    pub next: Option<Field>,
    /// The fields, each after those it needs.
    pub fields: Vec<(&'static str, Field)>,
    /// HTTP statuses that say the page is gone.
    pub gone_status: Vec<u16>,
    /// Words that say the post is gone.
    pub gone_words: Vec<String>,
}

/// Which fields may be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepRules {
    only: Option<Vec<String>>,
    not: Vec<String>,
}

impl KeepRules {
    /// Whether a field may be stored. The id is what a post is known by and is always kept.
    pub fn allows(&self, field: &str) -> bool {
        field == "id"
            || (self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == field))
                && !self.not.iter().any(|name| name == field))
    }
}

/// What must be present.
#[derive(Clone, Debug, Default)]
pub struct ExpectRules {
    /// Any of these tells the software.
    pub page: Option<Field>,
    /// Any of these tells that content came.
    pub present: Option<Field>,
    /// Fields that every post has.
    pub fields: Vec<&'static str>,
    /// The least number of rows.
    pub min_rows: usize,
    /// Saved pages with the posts expected from them, as written.
    pub fixtures: Vec<String>,
}

impl Source {
    /// The address as it is asked for, with the key where the source has one.
    pub fn with_key(&self, url: &Url) -> Url {
        let Some(key) = &self.key else { return url.clone() };
        let text = url.as_str().replace(KEY_PLACE, key).replace("%7Bkey%7D", key);
        Url::parse(&text).unwrap_or_else(|_| url.clone())
    }

    /// Reads a source file and inserts its parameters.
    pub fn load(text: &str, file: &str, params: &BTreeMap<String, String>) -> Result<Source, Vec<crate::Problem>> {
        let (shape, lines) = check::read(text, file)?;
        compile::compile(&shape, text, params, &lines)
    }
}
