//! Posts: one with its versions, many for followers, search hits and exports.

use model::Stance;
use serde::Serialize;

use crate::{Error, Page, Result, Store};

/// A post in the store, with its current text.
#[derive(Clone, Debug, PartialEq)]
pub struct PostRow {
    /// Its id.
    pub id: String,
    /// Sequence number of its last change; grows in the order of commits.
    pub seq: i64,
    /// Source with identity parameters.
    pub source: String,
    /// The id that the site gives it.
    pub native_id: String,
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// Author as shown.
    pub author: Option<String>,
    /// Author's id.
    pub author_id: Option<String>,
    /// When it was posted.
    pub posted_at_ms: Option<i64>,
    /// When the site says it was edited.
    pub edited_at_ms: Option<i64>,
    /// First post of its thread.
    pub thread: Option<String>,
    /// Post that it answers.
    pub parent: Option<String>,
    /// Place field of the site.
    pub place: Option<String>,
    /// Price field of the site.
    pub price: Option<String>,
    /// Addresses that it links to.
    pub links: Vec<String>,
    /// Capture of the current version.
    pub capture_id: String,
    /// Byte range in that capture.
    pub bytes: Option<(u64, u64)>,
    /// When it was first seen.
    pub first_seen_at_ms: i64,
    /// When it was last seen.
    pub last_seen_at_ms: i64,
    /// When it was found gone.
    pub gone_at_ms: Option<i64>,
    /// Number of the current version, from 1.
    pub version: u32,
    /// Stance of the last assessment.
    pub stance: Option<Stance>,
    /// Ruleset of the last assessment.
    pub ruleset: Option<String>,
    /// Points of the last assessment.
    pub points: i64,
    /// Families at or above their threshold in the last assessment, strongest first.
    pub families: Vec<String>,
    /// Its campaign, when it has findings.
    pub campaign_id: Option<String>,
}

/// A text that a post had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// Title then.
    pub title: Option<String>,
    /// Text then.
    pub text: String,
    /// When it was first seen.
    pub seen_at_ms: i64,
    /// The capture that holds it.
    pub capture_id: String,
}

/// A stored post as `canhgiac posts` prints it; field names and order are the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedPost {
    /// Source with identity parameters.
    pub source: String,
    /// The id that the site gives it.
    pub native_id: String,
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// Author as shown.
    pub author: Option<String>,
    /// RFC 3339 with milliseconds, UTC.
    pub posted_at: Option<String>,
    /// When the capture of the current version was fetched.
    pub collected_at: String,
    /// SHA-256 of the capture.
    pub sha256: String,
    /// When it was found gone.
    pub gone_at: Option<String>,
    /// Every text in the order seen, the first included.
    pub versions: Vec<ExportedVersion>,
    /// First post of its thread.
    pub thread: Option<String>,
    /// Post that it answers.
    pub parent: Option<String>,
}

/// One text of an [`ExportedPost`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedVersion {
    /// The text.
    pub text: String,
    /// When it was first seen, RFC 3339.
    pub seen_at: String,
}

impl Store {
    /// One post.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn post(&self, id: &str) -> Result<PostRow> {
        Err(Error::Unfinished)
    }

    /// All texts of a post in the order seen, the current one last.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn versions(&self, post_id: &str) -> Result<Vec<Version>> {
        Err(Error::Unfinished)
    }

    /// Posts by id, in the order of the ids; unknown ids are left out.
    ///
    /// # Errors
    /// `Database`.
    pub async fn posts_by_id(&self, ids: &[String]) -> Result<Vec<PostRow>> {
        Err(Error::Unfinished)
    }

    /// Posts changed after a sequence number, in order: what the index follows. None is skipped, because the
    /// numbers grow in the order of commits.
    ///
    /// # Errors
    /// `Database`.
    pub async fn posts_after(&self, seq: i64, limit: u32) -> Result<Vec<PostRow>> {
        Err(Error::Unfinished)
    }

    /// The last sequence number of posts; 0 in an empty store.
    ///
    /// # Errors
    /// `Database`.
    pub async fn last_seq(&self) -> Result<i64> {
        Err(Error::Unfinished)
    }

    /// Every post for export, oldest first, a page at a time.
    ///
    /// # Errors
    /// `Database`.
    pub async fn export_posts(&self, after: Option<&str>, limit: u32) -> Result<Page<ExportedPost>> {
        Err(Error::Unfinished)
    }
}
