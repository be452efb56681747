//! The frontier: what is to be visited when, one visit at a time for each host, with leases that expire.

use crate::sources::FetchRow;
use crate::{Error, Result, Store};

/// An address that is to be visited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontierEntry {
    /// The source.
    pub source: String,
    /// Canonical address: with the source its identity.
    pub url: String,
    /// What the page is: `start`, `list`, `item`, `feed`, `sitemap`, ….
    pub kind: String,
    /// Host, with the port where it is not the default: pace is kept for it.
    pub host: String,
    /// When the visit is due.
    pub due_at_ms: i64,
    /// Links from a start.
    pub depth: u32,
    /// What the crawler wants to know when it comes back to it (JSON: cursor, page number, fields of the list row, …).
    pub memo: Option<String>,
}

/// A visit that this worker may make now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What to visit.
    pub entry: FrontierEntry,
    /// Until when; after that another worker may take it.
    pub until_ms: i64,
    /// Validator of the last answer.
    pub etag: Option<String>,
    /// Validator of the last answer.
    pub last_modified: Option<String>,
    /// SHA-256 of the last body.
    pub last_sha256: Option<String>,
    /// Failures in a row.
    pub fails: u32,
    /// When it was last visited.
    pub last_visit_at_ms: Option<i64>,
    /// When the last request to the host left.
    pub host_last_at_ms: Option<i64>,
    /// Failures in a row of the host.
    pub host_fails: u32,
    /// The source's file.
    pub toml: String,
    /// The source's parameters.
    pub params: Vec<(String, String)>,
}

/// How a visit ended. It commits with the posts that it brought.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The source.
    pub source: String,
    /// The address that was leased.
    pub url: String,
    /// When it is due again; none: never (its entry stays, so that it is not discovered anew).
    pub due_again_at_ms: Option<i64>,
    /// What the crawler wants to know next time; none keeps what is there.
    pub memo: Option<String>,
    /// Validator of this answer; none keeps the last.
    pub etag: Option<String>,
    /// Validator of this answer; none keeps the last.
    pub last_modified: Option<String>,
    /// SHA-256 of this body; none keeps the last.
    pub sha256: Option<String>,
    /// Whether it failed: counts, or clears the count.
    pub failed: bool,
    /// When the next request to the host may leave.
    pub host_next_at_ms: i64,
    /// Whether the host itself failed (connection, 5xx, 429): counts, or clears the count.
    pub host_failed: bool,
    /// Addresses found; those that are known stay as they are, but become due at once where `due_at_ms` is sooner
    /// and `recheck` is set.
    pub found: Vec<FrontierEntry>,
    /// Known addresses of `found` become due at their `due_at_ms` when that is sooner.
    pub recheck: bool,
    /// Rows of a list that were seen: `(native id, its changed key)`.
    pub seen: Vec<(String, String)>,
    /// Native ids of posts that this look found gone.
    pub gone: Vec<String>,
    /// Least time between the two looks that make a deletion.
    pub gone_after_ms: i64,
    /// The line for the log of fetches; its `id` is given by the store.
    pub fetch: Option<FetchRow>,
}

/// A robots.txt as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotsRow {
    /// Scheme, host and port.
    pub origin: String,
    /// When.
    pub fetched_at_ms: i64,
    /// Until when it holds.
    pub expires_at_ms: i64,
    /// HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// The last good text.
    pub body: Option<String>,
    /// What it means in one word, by the crawler: `rules`, `allow`, `deny`, `walled`, ….
    pub verdict: String,
}

impl Store {
    /// Adds addresses, all in one transaction; known ones stay as they are.
    ///
    /// # Errors
    /// `Database`.
    pub async fn add_to_frontier(&self, entries: &[FrontierEntry], now_ms: i64) -> Result<u64> {
        Err(Error::Unfinished)
    }

    /// Leases up to `limit` due addresses of enabled sources (or of `source` alone), at most one of each host, of hosts whose pace allows a
    /// request now and on which nobody is. Each holds its address and its host until `now_ms + lease_ms`.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lease(
        &self,
        worker: &str,
        source: Option<&str>,
        limit: u32,
        lease_ms: i64,
        now_ms: i64,
    ) -> Result<Vec<Lease>> {
        Err(Error::Unfinished)
    }

    /// When the next address of an enabled source (or of `source` alone) can be leased; none when nothing is queued.
    ///
    /// # Errors
    /// `Database`.
    pub async fn next_due_ms(&self, source: Option<&str>) -> Result<Option<i64>> {
        Err(Error::Unfinished)
    }

    /// Ends a visit that brought no posts: the same as a batch without parts.
    ///
    /// # Errors
    /// `Database`.
    pub async fn complete(&self, visit: Visit, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Gives leases of this worker back without a visit, due as before.
    ///
    /// # Errors
    /// `Database`.
    pub async fn give_back(&self, worker: &str, now_ms: i64) -> Result<u64> {
        Err(Error::Unfinished)
    }

    /// The changed keys of rows of a list that were seen before: `(native id, changed key)`.
    ///
    /// # Errors
    /// `Database`.
    pub async fn seen(&self, source: &str, native_ids: &[String]) -> Result<Vec<(String, String)>> {
        Err(Error::Unfinished)
    }

    /// Native ids and addresses of posts of a source that were read from pages with this address, are not gone, and
    /// were first seen at or after `since_ms`: for telling which rows are missing now.
    ///
    /// # Errors
    /// `Database`.
    pub async fn posts_of_page(
        &self,
        source: &str,
        page_url: &str,
        since_ms: i64,
    ) -> Result<Vec<(String, Option<String>)>> {
        Err(Error::Unfinished)
    }

    /// The robots.txt of an origin.
    ///
    /// # Errors
    /// `Database`.
    pub async fn robots(&self, origin: &str) -> Result<Option<RobotsRow>> {
        Err(Error::Unfinished)
    }

    /// Keeps a robots.txt.
    ///
    /// # Errors
    /// `Database`.
    pub async fn put_robots(&self, robots: &RobotsRow) -> Result<()> {
        Err(Error::Unfinished)
    }
}
