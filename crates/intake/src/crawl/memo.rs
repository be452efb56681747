//! What a crawl remembers of an address and of a row, as the JSON that the keep holds for it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::extract::{Item, Role};

/// What is remembered of an address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memo {
    /// The first page of its walk; empty for the first page itself.
    pub root: String,
    /// When its walk began, UTC milliseconds.
    pub walk_ms: i64,
    /// Which page of its walk it is, from 0.
    pub page: u32,
    /// The native id of the item that an earlier page of the walk showed.
    pub thread: Option<String>,
    /// When the sitemap says it changed, UTC milliseconds.
    pub lastmod_ms: Option<i64>,
    /// When its address was first seen, UTC milliseconds.
    pub first_seen_ms: i64,
    /// Milliseconds until the next visit, learned.
    pub interval_ms: i64,
    /// The next page as the last visit saw it.
    pub next: Option<String>,
    /// The mapping by which it was last read; a 304 means something only while that is unchanged.
    pub fingerprint: String,
    /// The time of its youngest post, UTC milliseconds.
    pub youngest_ms: Option<i64>,
    /// At a root: the pages of the last walk.
    pub pages: Vec<String>,
    /// When a look first found the page gone, UTC milliseconds.
    pub gone_since_ms: Option<i64>,
}

impl Memo {
    /// Reads what was kept; nothing kept, or unreadable, is a memo that knows nothing.
    pub fn read(text: Option<&str>) -> Memo {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// As it is kept.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What is remembered of a post or of a row of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// When it was first seen, UTC milliseconds.
    #[serde(rename = "f")]
    pub first_ms: i64,
    /// The walk that showed it last.
    #[serde(rename = "w")]
    pub walk_ms: i64,
    /// Where in that walk it stood.
    #[serde(rename = "p")]
    pub place: u64,
    /// When it was posted, UTC milliseconds.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub posted_ms: Option<i64>,
    /// What differs when it has changed.
    #[serde(rename = "c")]
    pub changed: String,
    /// Whether the last look did not find it.
    #[serde(rename = "m", skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

impl Seen {
    /// Reads what was kept.
    pub fn read(text: &str) -> Seen {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// As it is kept.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The key of a post.
pub fn post_key(id: &str) -> String {
    format!("post {id}")
}

/// The key of a row of a list: its id where the list tells it, else its address.
pub fn row_key(id: Option<&str>, url: &str) -> String {
    format!("row {}", id.unwrap_or(url))
}

/// What differs when a post has changed: its extracted title and text, not its page's bytes.
pub fn mark_of(item: &Item) -> String {
    let mut hash = Sha256::new();
    hash.update(item.title.as_deref().unwrap_or_default());
    hash.update([0]);
    hash.update(&item.text);
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The word for a role in the frontier.
pub fn kind_of(role: Role) -> &'static str {
    match role {
        Role::Sitemap => "sitemap",
        Role::Start => "start",
        Role::Detail => "detail",
    }
}

/// The role for a word of the frontier.
pub fn role_of(kind: &str) -> Role {
    match kind {
        "sitemap" => Role::Sitemap,
        "start" => Role::Start,
        _ => Role::Detail,
    }
}
