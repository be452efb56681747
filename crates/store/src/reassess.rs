//! Reassessing: a published ruleset reads the posts of the last days again, in the background, in leased parts.
//!
//! Invariants: a post is assessed once by a ruleset; what was assessed before stays as it was; an interrupted part is
//! taken up by another worker where it stands. Posts that a worker recorded by the old rules while the new ones were
//! being published are found by a last part.

use serde::Serialize;
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::lease::{self, Claim};
use crate::record::{Assessed, Recorded, Unassessed, last};
use crate::sql::Cell;
use crate::{Error, Result, Store, audit, sql};

/// Posts of one part: some seconds of work, so that progress moves and a killed worker loses little.
const PART_POSTS: i64 = 2_000;
/// Parts of one reassessment at most; a larger store has larger parts.
const PARTS: i64 = 5_000;

/// A reassessment, running or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reassessment {
    /// Its id.
    pub id: String,
    /// The ruleset that assesses.
    pub ruleset: String,
    /// Posts first seen at or after this are assessed. UTC milliseconds.
    pub since_ms: i64,
    /// Who published.
    pub began_by: String,
    /// When.
    pub began_at_ms: i64,
    /// When all of it was done, or another ruleset took its place.
    pub ended_at_ms: Option<i64>,
    /// Parts of equal length.
    pub parts: u64,
    /// Parts that are done.
    pub parts_done: u64,
    /// Posts assessed.
    pub posts: u64,
    /// Alerts and referrals raised.
    pub raised: u64,
}

/// A part of a reassessment that this worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassessPart {
    /// Its id.
    pub id: String,
    /// The whole.
    pub reassessment_id: String,
    /// The ruleset that assesses.
    pub ruleset: String,
    /// Posts first seen before this are left alone.
    pub since_ms: i64,
    /// Sequence numbers above this …
    pub after_seq: i64,
    /// … and up to this.
    pub upto_seq: i64,
    /// How often it was taken, this time included.
    pub tries: u32,
}

impl Reassessment {
    fn read(row: &AnyRow) -> Result<Reassessment> {
        Ok(Reassessment {
            id: sql::text(row, "id")?,
            ruleset: sql::text(row, "ruleset")?,
            since_ms: sql::int(row, "since_ms")?,
            began_by: sql::text(row, "began_by")?,
            began_at_ms: sql::int(row, "began_at_ms")?,
            ended_at_ms: sql::int_or_none(row, "ended_at_ms")?,
            parts: sql::natural(row, "parts")?,
            parts_done: sql::natural(row, "parts_done")?,
            posts: sql::natural(row, "posts")?,
            raised: sql::natural(row, "raised")?,
        })
    }

    /// Parts done of a hundred.
    pub fn percent(&self) -> u64 {
        (self.parts_done * 100).checked_div(self.parts).unwrap_or(100)
    }
}

/// Begins to assess the posts first seen at or after `since_ms` by a ruleset that was just put in force. One that
/// still runs ends here; what it had left is done by the new one.
pub(crate) async fn begin(
    db: &mut AnyConnection,
    by: &str,
    ruleset: &str,
    since_ms: i64,
    now_ms: i64,
) -> Result<String> {
    let mut since_ms = since_ms;
    for row in sql::rows(db, "SELECT * FROM reassessments WHERE ended_at_ms IS NULL ORDER BY id", []).await? {
        let running = Reassessment::read(&row)?;
        since_ms = since_ms.min(running.since_ms);
        end(db, &running, now_ms).await?;
    }
    let upto_seq = last(db, "posts").await?;
    let step = PART_POSTS.max(upto_seq / PARTS + 1);
    let id = sql::new_id();
    let mut cells: Vec<Cell> = Vec::new();
    let mut parts = 0_i64;
    let mut after_seq = 0;
    while after_seq < upto_seq {
        let upto = (after_seq + step).min(upto_seq);
        cells.extend([
            Cell::from(format!("{id}:{parts:05}")),
            (&id).into(),
            after_seq.into(),
            upto.into(),
            0_i64.into(),
        ]);
        parts += 1;
        after_seq = upto;
    }
    let into = "INSERT INTO reassess_parts (id, reassessment_id, after_seq, upto_seq, tries) VALUES ";
    sql::insert(db, into, "", 5, cells).await?;
    sql::run(
        db,
        "INSERT INTO reassessments (id, ruleset, since_ms, began_by, began_at_ms, ended_at_ms, parts, parts_done, \
         posts, raised) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0)",
        [
            (&id).into(),
            ruleset.into(),
            since_ms.into(),
            by.into(),
            now_ms.into(),
            (parts == 0).then_some(now_ms).into(),
            parts.into(),
        ],
    )
    .await?;
    Ok(id)
}

async fn end(db: &mut AnyConnection, whole: &Reassessment, now_ms: i64) -> Result<()> {
    sql::run(db, "UPDATE reassessments SET ended_at_ms = $2 WHERE id = $1", [(&whole.id).into(), now_ms.into()])
        .await?;
    sql::run(db, "DELETE FROM reassess_parts WHERE reassessment_id = $1", [(&whole.id).into()]).await?;
    let detail = json!({
        "ruleset": whole.ruleset, "parts": whole.parts, "parts_done": whole.parts_done, "posts": whole.posts,
        "raised": whole.raised,
    });
    audit::append(db, "reassess", "rules.reassess.end", &whole.id, &detail, now_ms).await?;
    Ok(())
}

/// Counts what was done into the whole; with `done` the part is finished, and with the last one the whole is.
async fn count(
    db: &mut AnyConnection,
    part: &ReassessPart,
    recorded: &Recorded,
    posts: usize,
    done: bool,
    now_ms: i64,
) -> Result<()> {
    let finished = done
        && sql::run(
            db,
            "UPDATE reassess_parts SET done_at_ms = $2, lease_by = NULL, lease_until_ms = NULL \
             WHERE id = $1 AND done_at_ms IS NULL",
            [(&part.id).into(), now_ms.into()],
        )
        .await?
            == 1;
    let row = sql::row(
        db,
        "UPDATE reassessments SET posts = posts + $2, raised = raised + $3, parts_done = parts_done + $4 \
         WHERE id = $1 AND ended_at_ms IS NULL RETURNING *",
        [
            (&part.reassessment_id).into(),
            i64::try_from(posts).unwrap_or(i64::MAX).into(),
            i64::try_from(recorded.raised.len()).unwrap_or(i64::MAX).into(),
            i64::from(finished).into(),
        ],
    )
    .await?;
    let Some(row) = row else { return Ok(()) };
    let whole = Reassessment::read(&row)?;
    if !finished || whole.parts_done < whole.parts {
        return Ok(());
    }
    let upto_seq = last(db, "posts").await?;
    let tail = sql::run(
        db,
        "INSERT INTO reassess_parts (id, reassessment_id, after_seq, upto_seq, tries) \
         SELECT $1, $2, MAX(upto_seq), $3, 0 FROM reassess_parts WHERE reassessment_id = $2 \
         ON CONFLICT (id) DO NOTHING",
        [format!("{}:last", whole.id).into(), (&whole.id).into(), upto_seq.into()],
    )
    .await?;
    if tail == 0 {
        return end(db, &whole, now_ms).await;
    }
    sql::run(db, "UPDATE reassessments SET parts = parts + 1 WHERE id = $1", [(&whole.id).into()]).await?;
    Ok(())
}

impl Store {
    /// Reassessments, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn reassessments(&self, limit: u32) -> Result<Vec<Reassessment>> {
        let mut db = self.read().await?;
        let rows = sql::rows(&mut db, "SELECT * FROM reassessments ORDER BY id DESC LIMIT $1", [limit.into()]).await?;
        rows.iter().map(Reassessment::read).collect()
    }

    /// Leases parts of the running reassessment that nobody holds.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lease_parts(&self, worker: &str, limit: u32, lease_ms: i64, now_ms: i64) -> Result<Vec<ReassessPart>> {
        let waiting = "SELECT COUNT(*) AS n FROM reassessments WHERE ended_at_ms IS NULL";
        if sql::count(&mut *self.read().await?, waiting, []).await? == 0 {
            return Ok(Vec::new());
        }
        let mut tx = self.write_again().await?;
        let claim = Claim { worker, only: None, limit, lease_ms, now_ms };
        let mut parts = Vec::new();
        for row in lease::take(&mut tx, self.dialect(), &lease::PARTS, claim).await? {
            let reassessment_id = sql::text(&row, "reassessment_id")?;
            let whole =
                sql::row(&mut tx, "SELECT * FROM reassessments WHERE id = $1", [(&reassessment_id).into()]).await?;
            let whole =
                Reassessment::read(&whole.ok_or_else(|| Error::missing("lần đánh giá lại", &reassessment_id))?)?;
            parts.push(ReassessPart {
                id: sql::text(&row, "id")?,
                reassessment_id,
                ruleset: whole.ruleset,
                since_ms: whole.since_ms,
                after_seq: sql::int(&row, "after_seq")?,
                upto_seq: sql::int(&row, "upto_seq")?,
                tries: sql::natural(&row, "tries")?,
            });
        }
        tx.commit().await?;
        Ok(parts)
    }

    /// Posts of a part that its ruleset has not assessed, after a sequence number, in order.
    ///
    /// # Errors
    /// `Database`.
    pub async fn to_reassess(&self, part: &ReassessPart, after_seq: i64, limit: u32) -> Result<Vec<Unassessed>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT id, seq, version, title, text, posted_at_ms FROM posts WHERE seq > $1 AND seq <= $2 \
             AND first_seen_at_ms >= $3 AND erased_at_ms IS NULL AND (ruleset IS NULL OR ruleset <> $4) ORDER BY seq LIMIT $5",
            [
                after_seq.max(part.after_seq).into(),
                part.upto_seq.into(),
                part.since_ms.into(),
                (&part.ruleset).into(),
                limit.into(),
            ],
        )
        .await?;
        rows.iter().map(Unassessed::read).collect()
    }

    /// Records what a part came to so far, and raises what it raises; with `done` the part is finished. Posts that
    /// were assessed by this ruleset meanwhile, or have another version now, are dropped: doing a part twice changes
    /// nothing.
    ///
    /// # Errors
    /// `Database`.
    pub async fn record_part(
        &self,
        part: &ReassessPart,
        assessed: &[Assessed],
        done: bool,
        now_ms: i64,
    ) -> Result<Recorded> {
        let mut tx = self.write_again().await?;
        let (recorded, posts) = crate::record::record_assessed(&mut tx, "reassess", assessed, now_ms).await?;
        count(&mut tx, part, &recorded, posts, done, now_ms).await?;
        if !done {
            sql::run(
                &mut tx,
                "UPDATE reassess_parts SET lease_until_ms = $2 WHERE id = $1 AND lease_by IS NOT NULL",
                [(&part.id).into(), lease::until(lease::LONGEST_MS, now_ms).into()],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(recorded)
    }
}
