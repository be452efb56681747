//! One unit of work whole: the item, its post, why it was raised, what is known around it, what was decided.

use model::Verdict;
use rules::Assessment;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use text::Fact;

use crate::captures::{CaptureRow, capture};
use crate::contacts::{ContactHistory, contacts_of};
use crate::posts::{PostRow, Version, post, versions};
use crate::queue::{QueueRow, SELECT, item, read_all};
use crate::sql::Sql;
use crate::{Error, Result, Store, sql};

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
    /// The posts of its thread, itself among them, in the order they were written; at most 40 around it.
    pub thread: Vec<PostRow>,
    /// Captures of the pictures that came with it.
    pub pictures: Vec<String>,
}

/// Items of a campaign and decisions about them that one unit shows at most.
const CAMPAIGN_ITEMS: i64 = 50;
const CAMPAIGN_DECISIONS: i64 = 20;

/// Columns of a [`DecisionRow`]; `d` is the decision.
pub(crate) const SELECT_DECISION: &str =
    "SELECT d.*, u.name AS by_name FROM decisions d JOIN users u ON u.id = d.by_user ";

impl DecisionRow {
    pub(crate) fn read(row: &AnyRow) -> Result<DecisionRow> {
        Ok(DecisionRow {
            id: sql::text(row, "id")?,
            group_id: sql::text(row, "group_id")?,
            alert_id: sql::text(row, "alert_id")?,
            verdict: sql::id_of(row, "verdict")?,
            reason: sql::text(row, "reason")?,
            note: sql::text_or_none(row, "note")?,
            from_state: sql::text(row, "from_state")?,
            to_state: sql::text(row, "to_state")?,
            by: sql::text(row, "by_user")?,
            by_name: sql::text(row, "by_name")?,
            at_ms: sql::int(row, "at_ms")?,
            undoes: sql::text_or_none(row, "undoes")?,
            undone: sql::text_or_none(row, "undone_by")?.is_some(),
            case_id: sql::text_or_none(row, "case_id")?,
        })
    }
}

/// The last assessment of a post at or before a version, or a certain one.
async fn assessment(
    db: &mut AnyConnection,
    id: Option<&str>,
    post_id: &str,
) -> Result<Option<(Assessment, Vec<Fact>)>> {
    let mut select = Sql::new("SELECT body, facts FROM assessments WHERE ", []);
    match id {
        Some(id) => select.push("id = ").bind(id),
        None => select.push("post_id = ").bind(post_id).push(" ORDER BY id DESC LIMIT 1"),
    };
    let row = select.row(db).await?;
    row.map(|row| Ok((sql::json(&row, "body")?, sql::json(&row, "facts")?))).transpose()
}

/// Posts of a thread that one unit shows at most, on each side of its own.
const THREAD_POSTS: usize = 20;
/// Posts of a thread that are looked at.
const THREAD_LOOKED_AT: i64 = 2_000;

/// The posts around one: what "ib em" answers. None where it stands alone.
async fn thread(db: &mut AnyConnection, post: &PostRow) -> Result<Vec<PostRow>> {
    let root = post.thread.as_ref().or(post.parent.as_ref()).unwrap_or(&post.native_id);
    // Two selections, each with an index of its own: SQLite answers an OR of both by reading the whole source.
    let mut select = Sql::new(
        "SELECT * FROM posts WHERE id IN (SELECT id FROM posts WHERE source = $1 AND thread = $2 \
         UNION SELECT id FROM posts WHERE source = $1 AND native_id IN ($2, $3)) LIMIT $4",
        [(&post.source).into(), root.into(), post.parent.as_ref().unwrap_or(root).into(), THREAD_LOOKED_AT.into()],
    );
    let mut posts = select.rows(db).await?.iter().map(PostRow::read).collect::<Result<Vec<_>>>()?;
    posts.sort_by_key(|it| (it.native_id != *root, it.posted_at_ms.unwrap_or(it.first_seen_at_ms), it.id.clone()));
    let Some(own) = posts.iter().position(|it| it.id == post.id).filter(|_| posts.len() > 1) else {
        return Ok(Vec::new());
    };
    // The opening post is kept, whatever lies between: it says what the thread is about.
    let from = own.saturating_sub(THREAD_POSTS);
    let keep = |n: usize| n == 0 || (n >= from && n <= own + THREAD_POSTS);
    Ok(posts.into_iter().enumerate().filter(|(n, _)| keep(*n)).map(|(_, it)| it).collect())
}

impl Store {
    /// One unit of work. Reading it writes no audit row: call [`Store::audit`] with `alert.read`.
    ///
    /// # Errors
    /// `Missing`, `Corrupt`.
    pub async fn unit(&self, alert_id: &str, now_ms: i64) -> Result<WorkUnit> {
        let mut db = self.read().await?;
        let raw = sql::row(
            &mut db,
            "SELECT assessment_id, version, campaign_id FROM alerts WHERE id = $1",
            [alert_id.into()],
        )
        .await?;
        let raw = raw.ok_or_else(|| Error::missing("mục chờ", alert_id))?;
        let assessment_id = sql::text_or_none(&raw, "assessment_id")?;
        let version: u32 = sql::natural(&raw, "version")?;
        let campaign_id = sql::text_or_none(&raw, "campaign_id")?;
        let row = item(&mut db, alert_id, now_ms).await?;
        let post = post(&mut db, &row.post_id).await?;
        let versions = versions(&mut db, &post).await?;
        let of_version = versions.iter().find(|it| it.number == version);
        let capture_id = of_version.map_or(post.capture_id.as_str(), |it| it.capture_id.as_str());
        let capture = capture(&mut db, capture_id).await?;
        let found = match &assessment_id {
            Some(id) => assessment(&mut db, Some(id), &post.id).await?,
            None => None,
        };
        let (assessment, facts) = found.map_or((None, Vec::new()), |(assessment, facts)| (Some(assessment), facts));
        let contacts = contacts_of(&mut db, &[post.id.as_str()]).await?;
        let mut select = Sql::new(SELECT_DECISION, []);
        select.push("WHERE d.alert_id = ").bind(alert_id).push(" ORDER BY d.id");
        let decisions = select.rows(&mut db).await?.iter().map(DecisionRow::read).collect::<Result<Vec<_>>>()?;
        let (mut campaign, mut campaign_decisions) = (Vec::new(), Vec::new());
        if let Some(campaign_id) = &campaign_id {
            let mut select = Sql::new(SELECT, []);
            select.push("WHERE a.campaign_id = ").bind(campaign_id).push(" AND a.queue = ").bind(row.queue.id());
            select.push(" AND a.id <> ").bind(alert_id).push(" ORDER BY a.id DESC LIMIT ").bind(CAMPAIGN_ITEMS);
            campaign = read_all(&select.rows(&mut db).await?, now_ms)?;
            let mut select = Sql::new(SELECT_DECISION, []);
            select.push("JOIN alerts a ON a.id = d.alert_id WHERE a.campaign_id = ").bind(campaign_id);
            select.push(" AND a.id <> ").bind(alert_id).push(" ORDER BY d.id DESC LIMIT ").bind(CAMPAIGN_DECISIONS);
            let rows = select.rows(&mut db).await?;
            campaign_decisions = rows.iter().map(DecisionRow::read).collect::<Result<Vec<_>>>()?;
        }
        let thread = thread(&mut db, &post).await?;
        let pictures = self.pictures_of(&capture.id).await?;
        Ok(WorkUnit {
            row,
            post,
            versions,
            version,
            assessment,
            facts,
            capture,
            contacts,
            decisions,
            campaign,
            campaign_decisions,
            thread,
            pictures,
        })
    }

    /// The last assessment and facts of a post, when it has one.
    ///
    /// # Errors
    /// `Corrupt`.
    pub async fn assessment_of_post(&self, post_id: &str) -> Result<Option<(Assessment, Vec<Fact>)>> {
        assessment(&mut *self.read().await?, None, post_id).await
    }
}
