//! What a crawl must be able to keep, and the promises that keeping makes.

use std::future::Future;

use model::{Cause, Part};

use crate::extract::{Item, PageProblem};
use crate::fetch::Fetched;
use crate::robots::RobotsCopy;

/// An address that is to be visited. With the source it is its own identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The source's name.
    pub source: String,
    /// The canonical address.
    pub url: String,
    /// `sitemap`, `start` or `detail`.
    pub kind: &'static str,
    /// Host, with the port where it is not the default: pace is kept for it.
    pub host: String,
    /// When the visit is due, UTC milliseconds.
    pub due_at_ms: i64,
    /// Links from a start.
    pub depth: u32,
    /// What the crawl wants to know when it comes back (JSON); none leaves what is kept.
    pub memo: Option<String>,
}

/// A visit that may be made now. Nobody else is on its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What to visit.
    pub url: String,
    /// `sitemap`, `start` or `detail`.
    pub kind: String,
    /// Links from a start.
    pub depth: u32,
    /// What the last visit left.
    pub memo: Option<String>,
    /// Validator of the last answer.
    pub etag: Option<String>,
    /// Validator of the last answer.
    pub last_modified: Option<String>,
    /// Failures in a row of this address.
    pub fails: u32,
    /// When the last request to the host left.
    pub host_last_at_ms: Option<i64>,
    /// Failures in a row of the host.
    pub host_fails: u32,
    /// Whether the address has answered before.
    pub is_known: bool,
}

/// An alarm that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What it is about.
    pub cause: Cause,
    /// Where it was seen.
    pub part: Part,
}

/// What a visit or a whole run means: alarms to raise, causes that are over.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// To be raised, or seen again.
    pub raised: Vec<Trouble>,
    /// Over.
    pub cleared: Vec<Cause>,
}

/// A cause that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which.
    pub cause: Cause,
    /// Where.
    pub part: Part,
    /// One Vietnamese sentence with what was seen.
    pub detail: String,
    /// At which address.
    pub url: Option<String>,
}

/// How a visit ended. It is kept as one: posts, frontier, seen keys, pace and log, or nothing of it.
#[derive(Clone, Debug, Default)]
pub struct Visited {
    /// The source's name.
    pub source: String,
    /// The address that was due.
    pub url: String,
    /// When it is due again; none: never, but its entry stays, so that it is not discovered anew.
    pub due_again_at_ms: Option<i64>,
    /// What the crawl wants to know next time.
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
    /// Whether the host itself failed: counts, or clears the count.
    pub host_failed: bool,
    /// Addresses found. Known ones become due at their `due_at_ms` where that is sooner, and take a memo that is given.
    pub found: Vec<Entry>,
    /// Keys that were seen, with what is to be known of them.
    pub seen: Vec<(String, String)>,
    /// The capture that the posts came from, as `Keep::original` named it.
    pub capture: Option<String>,
    /// The posts, in the order of the page.
    pub posts: Vec<Item>,
    /// What was missing on the page.
    pub problems: Vec<PageProblem>,
    /// Every request of the visit, in order.
    pub log: Vec<Request>,
    /// Whether a page was read, or had not changed.
    pub is_success: bool,
    /// What the first problem means for the source.
    pub trouble: Option<Cause>,
    /// New or changed posts among `posts`.
    pub news: u64,
    /// The rule that refused the visit, if one did.
    pub refused: Option<String>,
    /// Posts on the page that could not be read whole.
    pub quarantined: u64,
    /// Alarms to raise, or to see again.
    pub raised: Vec<Trouble>,
    /// Causes that are over.
    pub cleared: Vec<Cause>,
}

/// One request, for the log that proves politeness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The address.
    pub url: String,
    /// When it left, UTC milliseconds.
    pub at_ms: i64,
    /// The rule of robots.txt and of the scope that allowed it.
    pub allowed_by: String,
    /// Milliseconds since the last request to the host.
    pub gap_ms: Option<i64>,
    /// Milliseconds until the last byte, or until it failed.
    pub took_ms: i64,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// One word or sentence: `ok`, `unchanged`, `gone`, `redirect`, `robots`, or what failed.
    pub outcome: String,
    /// Bytes of the body.
    pub bytes: u64,
    /// The capture that holds the answer, if there was one.
    pub capture: Option<String>,
}

/// Posts that a whole walk did not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// The source's name.
    pub source: String,
    /// Native ids.
    pub native_ids: Vec<String>,
    /// Keys that were seen, with what is to be known of them.
    pub seen: Vec<(String, String)>,
    /// The least time between two looks that make a deletion: a post that was missing at least this long ago is gone.
    pub gone_after_ms: i64,
}

/// Where a crawl keeps what it must not forget.
///
/// One method, one transaction. The store is one implementation; `MemoryKeep` is the other, for tests and previews.
pub trait Keep: Send {
    /// What goes wrong when keeping.
    type Error: std::fmt::Display + Send;

    /// Adds addresses. Known ones become due at their `due_at_ms` where that is sooner, and take a memo that is given.
    fn add(&mut self, entries: Vec<Entry>) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Takes the first due address of a source whose host may be asked now, and holds both until it is completed.
    fn due(&mut self, source: &str, now_ms: i64) -> impl Future<Output = Result<Option<Due>, Self::Error>> + Send;

    /// When the next address of a source may be taken.
    fn next_due_ms(&mut self, source: &str) -> impl Future<Output = Result<Option<i64>, Self::Error>> + Send;

    /// Keeps an answer as it came, before anything parses it, and names the capture.
    fn original(
        &mut self,
        source: &str,
        fetched: &Fetched,
        asked_url: &str,
    ) -> impl Future<Output = Result<String, Self::Error>> + Send;

    /// What is known of these keys.
    fn seen(
        &mut self,
        source: &str,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<(String, String)>, Self::Error>> + Send;

    /// The alarms of a source that are open.
    fn alarms(&mut self, source: &str) -> impl Future<Output = Result<Vec<Alarm>, Self::Error>> + Send;

    /// Native ids of posts that were met last on the page with this address (as it was due) and are not gone.
    fn posts_of_page(
        &mut self,
        source: &str,
        url: &str,
    ) -> impl Future<Output = Result<Vec<String>, Self::Error>> + Send;

    /// The copy of an origin's robots.txt.
    fn robots(&mut self, origin: &str) -> impl Future<Output = Result<Option<RobotsCopy>, Self::Error>> + Send;

    /// Keeps a copy of an origin's robots.txt.
    fn put_robots(&mut self, origin: &str, copy: &RobotsCopy) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Ends a visit.
    fn complete(&mut self, visited: Visited, now_ms: i64) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Raises what a run as a whole has seen, ends what it found well again, and remembers keys.
    fn conclude(
        &mut self,
        source: &str,
        verdict: Verdict,
        seen: Vec<(String, String)>,
        now_ms: i64,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Counts one look that did not find these posts.
    fn lose(&mut self, missing: Missing, now_ms: i64) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
