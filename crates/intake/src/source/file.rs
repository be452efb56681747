//! The shape of a source file as it is written: plain serde types, from which the JSON Schema is generated.
//!
//! Nothing is understood here beyond the TOML itself; `compile` gives the strings their meaning.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// A source file: where posts come from and how a page becomes posts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// The stable id of the source, `[a-z0-9-]+`.
    pub id: String,
    /// What its pages are made of.
    pub kind: Kind,
    /// A name for people.
    pub title: Option<String>,
    /// A remark for people.
    pub note: Option<String>,
    /// `draft` marks a file that was never run against the real software.
    #[serde(default)]
    pub status: Status,
    /// Any of these on a page of the site tells that this file fits, for `source try` (default: `[expect] page`).
    pub detect: Option<OneOrMany>,
    /// What has to be given before the source can start.
    #[serde(default)]
    pub params: BTreeMap<String, ParamFile>,
    /// On what basis we may read.
    pub access: AccessFile,
    /// How slowly we read.
    #[serde(default)]
    pub pace: PaceFile,
    /// Which addresses belong to the source.
    #[serde(default)]
    pub scope: ScopeFile,
    /// Where to start and how to go on.
    pub walk: WalkFile,
    /// Which posts of a stream are read.
    #[serde(default)]
    pub stream: StreamFile,
    /// How detail pages are found.
    pub list: Option<ListFile>,
    /// How posts are read.
    #[serde(default)]
    pub item: ItemFile,
    /// A second kind of row on the pages of `[item]`.
    pub replies: Option<ItemFile>,
    /// Which fields may be stored.
    #[serde(default)]
    pub keep: KeepFile,
    /// What must be present.
    #[serde(default)]
    pub expect: ExpectFile,
}

/// What the pages of a source are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// HTML pages, read by CSS selectors.
    Html,
    /// JSON answers, read by dotted paths.
    Json,
    /// RSS, Atom or JSON Feed.
    Feed,
    /// A sitemap whose entries are detail pages in HTML.
    Sitemap,
    /// JSON-LD objects inside HTML pages, read by dotted paths.
    Jsonld,
    /// Bluesky's Jetstream over a websocket; its shape is known, so there is no `[item]`.
    Jetstream,
}

/// How far a source file has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Written from documentation; its fixtures were constructed.
    Draft,
    /// Run against the real software.
    #[default]
    Ready,
    /// No longer of use.
    Retired,
}

/// A parameter, inserted wherever `{name}` stands.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParamFile {
    /// A regular expression that a value must match.
    pub pattern: Option<String>,
    /// Whether the value is part of the identity of the source's posts.
    #[serde(default)]
    pub identity: bool,
    /// Regular expressions with a group of the parameter's name that find the value in a pasted link.
    #[serde(default)]
    pub from_url: Vec<String>,
    /// The value when none is given.
    pub default: Option<String>,
    /// A value as it may look, for checks without one.
    pub example: Option<String>,
    /// A name for people.
    pub title: Option<String>,
}

/// On what basis a source may be read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessFile {
    /// The basis.
    pub basis: Basis,
    /// Where the owner's terms stand.
    pub terms: Option<String>,
    /// The day on which a person last read them.
    #[schemars(with = "Option<String>")]
    pub reviewed: Option<toml::value::Datetime>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// A person's written word that reading is lawful.
    pub cleared: Option<ClearedFile>,
}

/// The basis on which a source may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Open by design; robots.txt decides at run time.
    Open,
    /// Needs an official API key.
    Key,
    /// Needs the owner's permission.
    Permission,
    /// The terms forbid it; needs a written legal basis.
    Restricted,
    /// Must not be read by software.
    None,
}

/// Written by a person: who cleared the access, when, on what basis, in which document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearedFile {
    /// Who.
    pub by: String,
    /// The day.
    #[schemars(with = "String")]
    pub on: toml::value::Datetime,
    /// The legal basis.
    pub basis: String,
    /// The document that says so.
    pub document: String,
}

/// How slowly a source is read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaceFile {
    /// The least time between two requests to a host, such as `3s`.
    pub gap: Option<String>,
    /// The time between two visits, `10m..24h` (adaptive) or `1h`.
    pub every: Option<String>,
    /// Hours of +07:00 in which nothing is fetched, such as `23:00..05:00`.
    pub quiet: Option<String>,
    /// The most requests in 24 hours.
    pub per_day: Option<u32>,
}

/// Which addresses belong to a source.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeFile {
    /// `+ pattern` allows, `- pattern` refuses, the last match wins.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// Where a source starts and how it goes on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalkFile {
    /// The first addresses; `sitemap:URL` is read first.
    pub start: OneOrMany,
    /// The link to the next page.
    pub next: Option<OneOrMany>,
    /// Paging by counting or by a cursor.
    pub page: Option<PageFile>,
    /// When to stop going on: `known`, `unchanged`, `never`, `pages(n)`, `age(30d)`.
    pub stop: Option<String>,
    /// What a redirect means: `follow` (default) or `gone`.
    pub redirect: Option<Redirect>,
    /// Posts of at most this age are fetched again.
    pub recheck: Option<String>,
    /// The least time between the two looks that make a deletion (default `24h`).
    pub gone_after: Option<String>,
}

/// Which posts of a stream are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamFile {
    /// Languages as posts declare them; with `vi`, Vietnamese letters count too. Without any, every post is read.
    #[serde(default)]
    pub languages: Vec<String>,
}

/// What a redirect means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Redirect {
    /// Go where it points, if that is allowed.
    #[default]
    Follow,
    /// The page is not there.
    Gone,
}

/// Paging by counting or by a cursor.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageFile {
    /// The query parameter.
    pub param: String,
    /// What each next page adds to it (default 1).
    pub step: Option<u64>,
    /// The last value, inclusive.
    pub max: Option<u64>,
    /// Where the answer says how much there is.
    pub total: Option<String>,
    /// Where the answer gives the next value.
    pub from: Option<String>,
}

/// How detail pages are found on a list page.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// The rows.
    pub rows: Option<OneOrMany>,
    /// The link to the detail page.
    pub follow: Option<OneOrMany>,
    /// The post's id, where the list tells it.
    pub id: Option<OneOrMany>,
    /// A value that differs when the detail page has changed.
    pub changed: Option<OneOrMany>,
    /// Rows to pass over.
    pub skip: Option<OneOrMany>,
}

/// How posts are read from a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemFile {
    /// The rows; without it the page is one post.
    pub rows: Option<OneOrMany>,
    /// Rows to pass over.
    pub skip: Option<OneOrMany>,
    /// The link to the next page of the same thread.
    pub next: Option<OneOrMany>,
    /// The native id.
    pub id: Option<OneOrMany>,
    /// The post's address.
    pub url: Option<OneOrMany>,
    /// The title.
    pub title: Option<OneOrMany>,
    /// The text.
    pub text: Option<OneOrMany>,
    /// The author's name.
    pub author: Option<OneOrMany>,
    /// The author's stable id.
    pub author_id: Option<OneOrMany>,
    /// When it was posted.
    pub time: Option<OneOrMany>,
    /// When it was first posted, if it is a repost.
    pub first_time: Option<OneOrMany>,
    /// When it was last edited.
    pub edited: Option<OneOrMany>,
    /// A place.
    pub place: Option<OneOrMany>,
    /// A price.
    pub price: Option<OneOrMany>,
    /// The native id of the thread.
    pub thread: Option<OneOrMany>,
    /// The native id of the post it answers.
    pub reply_to: Option<OneOrMany>,
    /// Links out of the post.
    pub links: Option<OneOrMany>,
    /// How often it was seen.
    pub views: Option<OneOrMany>,
    /// What says that the post is gone: a status number or `text:WORDS` (default 404 and 410).
    #[serde(default)]
    pub gone: Vec<GoneFile>,
}

/// A mark of deletion.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum GoneFile {
    /// An HTTP status.
    Status(u16),
    /// `text:WORDS`: the page, or the row, holds these words.
    Mark(String),
}

/// Which fields may be stored.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepFile {
    /// Only these.
    pub only: Option<Vec<String>>,
    /// Never these.
    #[serde(default)]
    pub not: Vec<String>,
}

/// What must be present on a page.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectFile {
    /// A selector that tells the software.
    pub page: Option<OneOrMany>,
    /// A selector that tells that content came.
    pub present: Option<OneOrMany>,
    /// Fields that every post has.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The least number of rows of a page.
    pub min_rows: Option<usize>,
    /// Saved pages with the posts expected from them.
    #[serde(default)]
    pub fixtures: Vec<String>,
}

/// One text or a list of alternatives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Alternatives; the first that is not empty wins.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The alternatives in order.
    pub fn all(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// The JSON Schema of a source file, for editors.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(SourceFile).to_value()
}
