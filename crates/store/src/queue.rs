//! The queues: alerts and referrals in the order in which they should be read.

use model::{AlertState, Family, PriorityReason, Queue, ReferralState, Stance};
use serde::Serialize;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::record::{families_of, last};
use crate::sql::Sql;
use crate::{Error, Page, Result, Store, sql};

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

/// A skipped item comes back to the one who skipped it after so long.
const SKIPPED_FOR_MS: i64 = 8 * 60 * 60 * 1000;

/// Columns of a [`QueueRow`]; `a` is the item, `p` its post. A claim that has run out is none.
pub(crate) const SELECT: &str = "SELECT a.*, p.source AS source, p.native_id AS native_id, \
     p.posted_at_ms AS posted_at_ms, (SELECT COUNT(*) FROM alerts f WHERE f.leader_id = a.id AND f.state = 'open') \
     AS followers FROM alerts a JOIN posts p ON p.id = a.post_id ";

impl QueueRow {
    pub(crate) fn read(row: &AnyRow, now_ms: i64) -> Result<QueueRow> {
        let queue = sql::id_of(row, "queue")?;
        let families = sql::text(row, "families")?;
        let claimed_until_ms = sql::int_or_none(row, "claimed_until_ms")?.filter(|until| *until > now_ms);
        let followers: u32 = sql::natural(row, "followers")?;
        Ok(QueueRow {
            id: sql::text(row, "id")?,
            seq: sql::int(row, "seq")?,
            queue,
            state: match queue {
                Queue::Alert => ItemState::Alert(sql::id_of(row, "state")?),
                Queue::Referral => ItemState::Referral(sql::id_of(row, "state")?),
            },
            priority: sql::natural(row, "priority")?,
            priority_reasons: sql::json(row, "priority_reasons")?,
            families: families_of(&families).iter().filter_map(|id| id.parse().ok()).collect(),
            stance: sql::id_of(row, "stance")?,
            points: sql::int(row, "points")?,
            probability: sql::real(row, "probability")?,
            post_id: sql::text(row, "post_id")?,
            source: sql::text(row, "source")?,
            native_id: sql::text(row, "native_id")?,
            posted_at_ms: sql::int_or_none(row, "posted_at_ms")?,
            raised_at_ms: sql::int(row, "raised_at_ms")?,
            raised_by: sql::text_or_none(row, "raised_by")?,
            due_at_ms: sql::int(row, "due_at_ms")?,
            campaign_id: sql::text_or_none(row, "campaign_id")?,
            campaign_items: followers + 1,
            case_id: sql::text_or_none(row, "case_id")?,
            claimed_by: sql::text_or_none(row, "claimed_by")?.filter(|_| claimed_until_ms.is_some()),
            claimed_until_ms,
        })
    }

    fn key(&self) -> String {
        format!("{}:{}:{}", self.priority, self.due_at_ms, self.id)
    }
}

/// Priority, due time and id of a key.
fn place(key: &str) -> Option<(i64, i64, &str)> {
    let (priority, rest) = key.split_once(':')?;
    let (due_at_ms, id) = rest.split_once(':')?;
    Some((priority.parse().ok()?, due_at_ms.parse().ok()?, id))
}

pub(crate) fn read_all(rows: &[AnyRow], now_ms: i64) -> Result<Vec<QueueRow>> {
    rows.iter().map(|row| QueueRow::read(row, now_ms)).collect()
}

/// One item by id.
pub(crate) async fn item(db: &mut AnyConnection, id: &str, now_ms: i64) -> Result<QueueRow> {
    let row = Sql::new(SELECT, []).push("WHERE a.id = ").bind(id).row(db).await?;
    QueueRow::read(&row.ok_or_else(|| Error::missing("mục chờ", id))?, now_ms)
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
        let mut db = self.read().await?;
        let mut list = Sql::new(SELECT, []);
        list.push("WHERE a.queue = ").bind(filter.queue.id());
        list.when(" AND a.state = ", filter.state.as_deref());
        list.when(" AND a.priority = ", filter.priority);
        list.when(" AND p.source = ", filter.source.as_deref());
        list.when(" AND a.families LIKE ", filter.family.map(|family| format!("%|{}|%", family.id())));
        if !filter.every_post {
            list.push(" AND a.leader_id IS NULL");
        }
        if let Some(user) = &filter.claimed_by {
            list.push(" AND a.claimed_by = ").bind(user).push(" AND a.claimed_until_ms > ").bind(now_ms);
        }
        if let Some(user) = &filter.free_for {
            list.push(" AND (a.claimed_until_ms IS NULL OR a.claimed_until_ms <= ").bind(now_ms);
            list.push(" OR a.claimed_by = ").bind(user);
            list.push(") AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.alert_id = a.id AND d.verdict = 'skip' AND d.by_user = ");
            list.bind(user).push(" AND d.at_ms > ").bind(now_ms - SKIPPED_FOR_MS).push(")");
        }
        if let Some((priority, due_at_ms, id)) = after.and_then(place) {
            list.push(" AND (a.priority, a.due_at_ms, a.id) > (").bind(priority);
            list.push(", ").bind(due_at_ms).push(", ").bind(id).push(")");
        }
        list.push(" ORDER BY a.priority, a.due_at_ms, a.id LIMIT ").bind(limit);
        let rows = read_all(&list.rows(&mut db).await?, now_ms)?;
        Ok(Page::of(rows, limit, QueueRow::key))
    }

    /// Items changed after a sequence number, in order: what an open page follows.
    ///
    /// # Errors
    /// `Database`.
    pub async fn queue_after(&self, queue: Queue, seq: i64, limit: u32, now_ms: i64) -> Result<Vec<QueueRow>> {
        let mut db = self.read().await?;
        let mut list = Sql::new(SELECT, []);
        list.push("WHERE a.seq > ").bind(seq).push(" AND a.queue = ").bind(queue.id());
        list.push(" ORDER BY a.seq LIMIT ").bind(limit);
        read_all(&list.rows(&mut db).await?, now_ms)
    }

    /// Numbers of open items.
    ///
    /// # Errors
    /// `Database`.
    pub async fn queue_counts(&self, now_ms: i64) -> Result<QueueCounts> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT queue, priority, COUNT(*) AS n, CAST(SUM(CASE WHEN due_at_ms < $1 THEN 1 ELSE 0 END) AS BIGINT) \
             AS late FROM alerts WHERE state = 'open' AND leader_id IS NULL GROUP BY queue, priority",
            [now_ms.into()],
        )
        .await?;
        let mut counts = QueueCounts { seq: last(&mut db, "alerts").await?, ..QueueCounts::default() };
        for row in &rows {
            let queue: Queue = sql::id_of(row, "queue")?;
            let level: usize = sql::natural(row, "priority")?;
            let numbers = match queue {
                Queue::Alert => &mut counts.alerts,
                Queue::Referral => &mut counts.referrals,
            };
            if let Some(number) = numbers.get_mut(level.saturating_sub(1)) {
                *number += sql::natural::<u64>(row, "n")?;
            }
            if queue == Queue::Alert {
                counts.overdue += sql::natural::<u64>(row, "late")?;
            }
        }
        Ok(counts)
    }

    /// Items about a post, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn alerts_of_post(&self, post_id: &str, now_ms: i64) -> Result<Vec<QueueRow>> {
        let mut db = self.read().await?;
        let mut list = Sql::new(SELECT, []);
        list.push("WHERE a.post_id = ").bind(post_id).push(" ORDER BY a.id DESC");
        read_all(&list.rows(&mut db).await?, now_ms)
    }

    /// Every item of both queues for export, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn export_alerts(&self, after: Option<&str>, limit: u32) -> Result<Page<ExportedAlert>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT a.id AS id, a.queue AS queue, p.source AS source, p.native_id AS native_id, \
             a.priority AS priority, a.families AS families, a.state AS state, a.campaign_id AS campaign_id, \
             c.number AS case_number FROM alerts a JOIN posts p ON p.id = a.post_id \
             LEFT JOIN cases c ON c.id = a.case_id WHERE a.id > $1 ORDER BY a.id LIMIT $2",
            [after.unwrap_or_default().into(), limit.into()],
        )
        .await?;
        let exported = |row: &AnyRow| {
            Ok(ExportedAlert {
                id: sql::text(row, "id")?,
                kind: sql::id_of(row, "queue")?,
                source: sql::text(row, "source")?,
                native_id: sql::text(row, "native_id")?,
                priority: sql::natural(row, "priority")?,
                families: families_of(&sql::text(row, "families")?).iter().filter_map(|id| id.parse().ok()).collect(),
                state: sql::text(row, "state")?,
                campaign: sql::text_or_none(row, "campaign_id")?,
                case: sql::text_or_none(row, "case_number")?,
            })
        };
        let rows = rows.iter().map(exported).collect::<Result<Vec<_>>>()?;
        Ok(Page::of(rows, limit, |row| row.id.clone()))
    }
}
