//! Recording: posts, assessments, contacts, campaigns, alerts and frontier of a batch in one transaction.

use model::{Post, Queue};
use rules::Assessment;
use text::Fact;

use crate::frontier::Visit;
use crate::{Error, Result, Store};

/// What one transaction records. A few hundred posts are a good size.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Who records, for the audit: `crawl`, `import`, or the id of a user.
    pub actor: String,
    /// Posts, by the capture that they came from.
    pub parts: Vec<Part>,
    /// Visits that end with this batch: their frontier, pace and log commit together with the posts.
    pub visits: Vec<Visit>,
}

/// The posts of one capture, or of a stretch of a large one.
#[derive(Clone, Debug)]
pub struct Part {
    /// The capture.
    pub capture_id: String,
    /// How far the capture is recorded once this is in, in the reader's unit. A part that does not reach beyond what
    /// is recorded changes nothing: that makes recording idempotent.
    pub upto: i64,
    /// Whether this is the last part; the capture is then recorded.
    pub last: bool,
    /// The posts, in order.
    pub posts: Vec<ReadPost>,
}

/// One post with what was read in it.
#[derive(Clone, Debug)]
pub struct ReadPost {
    /// The post.
    pub post: Post,
    /// Its assessment; none when it is to be assessed later (see [`Store::unassessed`]).
    pub assessment: Option<Assessment>,
    /// Its facts.
    pub facts: Vec<Fact>,
}

/// What a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Posts that were not known.
    pub new_posts: u64,
    /// Known posts with another text.
    pub new_versions: u64,
    /// Known posts with the same text.
    pub seen_again: u64,
    /// Posts now known to be gone.
    pub gone: u64,
    /// Alerts and referrals raised.
    pub raised: Vec<Raised>,
    /// The last sequence number given; followers read up to it.
    pub seq: i64,
}

/// An alert or referral that was just raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Its id.
    pub id: String,
    /// Which queue.
    pub queue: Queue,
    /// 1 to 4.
    pub priority: u8,
    /// The post.
    pub post_id: String,
}

/// A post that waits for an assessment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unassessed {
    /// The post.
    pub post_id: String,
    /// Its version.
    pub version: u32,
    /// Title of that version.
    pub title: Option<String>,
    /// Text of that version.
    pub text: String,
    /// When it was posted.
    pub posted_at_ms: Option<i64>,
}

/// An assessment made later than its post.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The post.
    pub post_id: String,
    /// The version that was assessed.
    pub version: u32,
    /// What the ruleset says.
    pub assessment: Assessment,
    /// Its facts.
    pub facts: Vec<Fact>,
}

impl Store {
    /// Records a batch in one transaction, with one audit row that holds the root hash of its posts.
    ///
    /// The same id with another text is a new version, with the same text it is seen again. A post without any
    /// finding takes the short path: one row. Posts with a contact of an open case raise an alert whatever they say.
    ///
    /// # Errors
    /// `Missing` for an unknown capture, `Database`. Nothing of the batch is recorded then.
    pub async fn record(&self, batch: &Batch, now_ms: i64) -> Result<Recorded> {
        Err(Error::Unfinished)
    }

    /// Posts whose current version was never assessed, in order of their sequence.
    ///
    /// # Errors
    /// `Database`.
    pub async fn unassessed(&self, limit: u32) -> Result<Vec<Unassessed>> {
        Err(Error::Unfinished)
    }

    /// Posts last assessed by another ruleset than `ruleset` and first seen at or after `since_ms`, after `seq`.
    ///
    /// # Errors
    /// `Database`.
    pub async fn to_reassess(
        &self,
        ruleset: &str,
        since_ms: i64,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<Unassessed>> {
        Err(Error::Unfinished)
    }

    /// Records assessments of posts that are in the store; raises what they raise. An assessment of a version that
    /// is no longer the current one is dropped. Older assessments stay as they are.
    ///
    /// # Errors
    /// `Database`.
    pub async fn record_assessments(&self, actor: &str, assessed: &[Assessed], now_ms: i64) -> Result<Recorded> {
        Err(Error::Unfinished)
    }
}
