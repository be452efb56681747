//! The queues: alerts and referrals in the order in which they should be read, and one unit of work whole.

use model::{AlertState, Family, PriorityReason, Queue, ReferralState, Stance, Verdict};
use rules::Assessment;
use serde::Serialize;
use text::Fact;

use crate::captures::CaptureRow;
use crate::posts::{PostRow, Version};
use crate::{Error, Page, Result, Store};

/// Which items a list shows.
#[derive(Clone, Debug)]
pub struct QueueFilter {
    /// Which queue.
    pub queue: Queue,
    /// State id of the queue's items; none for all. [`QueueFilter::open`] is what a person works on.
    pub state: Option<String>,
    /// Only this family.
    pub family: Option<Family>,
    /// Only this priority.
    pub priority: Option<u8>,
    /// Only this source.
    pub source: Option<String>,
    /// Only items that this user claimed.
    pub claimed_by: Option<String>,
    /// Only items that nobody but this user has claimed, without those that they skipped in the last 8 hours.
    pub free_for: Option<String>,
    /// With the other posts of a campaign; otherwise one item stands for the campaign.
    pub every_post: bool,
}

impl QueueFilter {
    /// The open items of a queue, one for each campaign.
    pub fn open(queue: Queue) -> Self {
        QueueFilter {
            queue,
            state: Some("open".to_owned()),
            family: None,
            priority: None,
            source: None,
            claimed_by: None,
            free_for: None,
            every_post: false,
        }
    }
}

/// State of an item of either queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// Of an alert.
    Alert(AlertState),
    /// Of a referral.
    Referral(ReferralState),
}

impl ItemState {
    /// The stable id.
    pub fn id(self) -> &'static str {
        match self {
            ItemState::Alert(state) => state.id(),
            ItemState::Referral(state) => state.id(),
        }
    }

    /// The Vietnamese name shown.
    pub fn title(self) -> &'static str {
        match self {
            ItemState::Alert(state) => state.title(),
            ItemState::Referral(state) => state.title(),
        }
    }

    /// Whether it waits for a decision.
    pub fn is_open(self) -> bool {
        matches!(self, ItemState::Alert(AlertState::Open) | ItemState::Referral(ReferralState::Open))
    }
}

/// One line of a queue. It holds no post text.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueRow {
    /// Its id.
    pub id: String,
    /// Sequence number of its last change; the live queue follows it.
    pub seq: i64,
    /// Which queue.
    pub queue: Queue,
    /// Where it stands.
    pub state: ItemState,
    /// 1 to 4, as it counts now.
    pub priority: u8,
    /// Why it is not what the post alone would give.
    pub priority_reasons: Vec<PriorityReason>,
    /// Families, strongest first.
    pub families: Vec<Family>,
    /// Who speaks in the post.
    pub stance: Stance,
    /// Points of the first family.
    pub points: i64,
    /// Calibrated probability.
    pub probability: f64,
    /// The post.
    pub post_id: String,
    /// Its source.
    pub source: String,
    /// Its id there.
    pub native_id: String,
    /// When it was posted.
    pub posted_at_ms: Option<i64>,
    /// When the alert was raised.
    pub raised_at_ms: i64,
    /// User who raised it by hand; none for the rules.
    pub raised_by: Option<String>,
    /// Until when it should be looked at.
    pub due_at_ms: i64,
    /// Its campaign.
    pub campaign_id: Option<String>,
    /// Open items of the campaign that this one stands for, itself included.
    pub campaign_items: u32,
    /// Its case, once confirmed.
    pub case_id: Option<String>,
    /// User who has it open, while the claim holds.
    pub claimed_by: Option<String>,
    /// Until when the claim holds.
    pub claimed_until_ms: Option<i64>,
}

/// Numbers of open items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueCounts {
    /// Open alerts by priority 1 to 4, one for each campaign.
    pub alerts: [u64; 4],
    /// Open referrals by priority 1 to 4.
    pub referrals: [u64; 4],
    /// Open alerts past their due time.
    pub overdue: u64,
    /// Last sequence number of queue changes: when it has grown, something changed.
    pub seq: i64,
}

/// A contact of a post with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactHistory {
    /// Id of the contact.
    pub id: String,
    /// Kind, as in facts: `phone`, `zalo`, ….
    pub kind: String,
    /// Canonical value.
    pub value: String,
    /// Stored posts that carry it.
    pub posts: u64,
    /// When the first of them was seen.
    pub first_seen_at_ms: i64,
    /// When the last of them was seen.
    pub last_seen_at_ms: i64,
    /// Only posts of people at risk carry it: never a reported account.
    pub only_at_risk: bool,
    /// Numbers of the cases that it appears in, with their ids: `(id, number)`.
    pub cases: Vec<(String, String)>,
}

/// A decision, as it stands in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// Its id.
    pub id: String,
    /// Decisions that were taken in one step share it.
    pub group_id: String,
    /// Alert or referral that it is about.
    pub alert_id: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Reason id or words.
    pub reason: String,
    /// Free text.
    pub note: Option<String>,
    /// State before.
    pub from_state: String,
    /// State after.
    pub to_state: String,
    /// Who.
    pub by: String,
    /// Their name.
    pub by_name: String,
    /// When.
    pub at_ms: i64,
    /// The decision that this one takes back.
    pub undoes: Option<String>,
    /// Whether it has been taken back.
    pub undone: bool,
    /// Case that it fed.
    pub case_id: Option<String>,
}

/// One unit of work, whole: what the page of an alert shows.
#[derive(Clone, Debug)]
pub struct WorkUnit {
    /// Its line in the queue.
    pub row: QueueRow,
    /// The post as it is now.
    pub post: PostRow,
    /// All its texts.
    pub versions: Vec<Version>,
    /// Version that was assessed; spans point into that text.
    pub version: u32,
    /// What the rules said when it was raised; none when a person raised it from a post without assessment.
    pub assessment: Option<Assessment>,
    /// What was extracted then.
    pub facts: Vec<Fact>,
    /// The capture that holds that text.
    pub capture: CaptureRow,
    /// Contacts of the post.
    pub contacts: Vec<ContactHistory>,
    /// Decisions about it, oldest first.
    pub decisions: Vec<DecisionRow>,
    /// Other items of its campaign, newest first, at most 50.
    pub campaign: Vec<QueueRow>,
    /// Decisions about those, newest first, at most 20.
    pub campaign_decisions: Vec<DecisionRow>,
}

/// An item as `canhgiac alerts` prints it; field names and order are the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedAlert {
    /// Its id.
    pub id: String,
    /// `alert` or `referral`.
    pub kind: Queue,
    /// Source of the post.
    pub source: String,
    /// Its id there.
    pub native_id: String,
    /// 1 to 4.
    pub priority: u8,
    /// Families, strongest first.
    pub families: Vec<Family>,
    /// State id.
    pub state: String,
    /// Campaign id.
    pub campaign: Option<String>,
    /// Case number.
    pub case: Option<String>,
}

impl Store {
    /// A page of a queue: priority first, then due time, then age. `now_ms` tells which claims hold.
    ///
    /// # Errors
    /// `Database`.
    pub async fn queue(
        &self,
        filter: &QueueFilter,
        after: Option<&str>,
        limit: u32,
        now_ms: i64,
    ) -> Result<Page<QueueRow>> {
        Err(Error::Unfinished)
    }

    /// Items changed after a sequence number, in order: what an open page follows.
    ///
    /// # Errors
    /// `Database`.
    pub async fn queue_after(&self, queue: Queue, seq: i64, limit: u32, now_ms: i64) -> Result<Vec<QueueRow>> {
        Err(Error::Unfinished)
    }

    /// Numbers of open items.
    ///
    /// # Errors
    /// `Database`.
    pub async fn queue_counts(&self, now_ms: i64) -> Result<QueueCounts> {
        Err(Error::Unfinished)
    }

    /// One unit of work. Reading it writes no audit row: call [`Store::audit`] with `alert.read`.
    ///
    /// # Errors
    /// `Missing`, `Corrupt`.
    pub async fn unit(&self, alert_id: &str, now_ms: i64) -> Result<WorkUnit> {
        Err(Error::Unfinished)
    }

    /// Items about a post, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn alerts_of_post(&self, post_id: &str, now_ms: i64) -> Result<Vec<QueueRow>> {
        Err(Error::Unfinished)
    }

    /// The last assessment and facts of a post, when it has one.
    ///
    /// # Errors
    /// `Corrupt`.
    pub async fn assessment_of_post(&self, post_id: &str) -> Result<Option<(Assessment, Vec<Fact>)>> {
        Err(Error::Unfinished)
    }

    /// Every item of both queues for export, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn export_alerts(&self, after: Option<&str>, limit: u32) -> Result<Page<ExportedAlert>> {
        Err(Error::Unfinished)
    }
}
