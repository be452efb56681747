//! Sources as this store knows them.

use model::{Act, SourceState};
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::people::may_run;
use crate::sql::Sql;
use crate::{Error, Page, Result, Store, audit, sql};

/// A source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Id with identity parameters: what posts carry as `source`.
    pub id: String,
    /// The text of its file.
    pub toml: String,
    /// Parameters, by name.
    pub params: Vec<(String, String)>,
    /// Where it stands.
    pub state: SourceState,
    /// A line on its access basis.
    pub access: String,
    /// Why it is blocked, or the last problem.
    pub problem: Option<String>,
    /// Fingerprint of the text and parameters that a person has seen posts of.
    pub previewed: Option<String>,
    /// When it was added.
    pub added_at_ms: i64,
    /// Last change.
    pub updated_at_ms: i64,
    /// Stored posts.
    pub posts: u64,
    /// When it was last visited.
    pub last_visit_at_ms: Option<i64>,
    /// When the next visit is due.
    pub due_at_ms: Option<i64>,
}

/// A source to be added or changed.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// Id with identity parameters.
    pub id: String,
    /// The text of its file.
    pub toml: String,
    /// Parameters, by name.
    pub params: Vec<(String, String)>,
    /// A line on its access basis.
    pub access: String,
}

/// One line of the log of fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRow {
    /// Its id.
    pub id: String,
    /// The source.
    pub source: String,
    /// The address.
    pub url: String,
    /// When the request left.
    pub at_ms: i64,
    /// The rule that allowed or refused it: `robots: allow /f/`, `scope`, ….
    pub allowed_by: String,
    /// Time since the request before it to the same host; none for the first.
    pub gap_ms: Option<i64>,
    /// How long it took.
    pub took_ms: i64,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What came of it: `new`, `unchanged`, `refused`, `error`, … with words.
    pub outcome: String,
    /// Length of the body.
    pub bytes: u64,
    /// The capture, when bytes were kept.
    pub capture_id: Option<String>,
}

impl SourceRow {
    fn read(row: &AnyRow) -> Result<SourceRow> {
        Ok(SourceRow {
            id: sql::text(row, "id")?,
            toml: sql::text(row, "toml")?,
            params: sql::json(row, "params")?,
            state: sql::id_of(row, "state")?,
            access: sql::text(row, "access")?,
            problem: sql::text_or_none(row, "problem")?,
            previewed: sql::text_or_none(row, "previewed")?,
            added_at_ms: sql::int(row, "added_at_ms")?,
            updated_at_ms: sql::int(row, "updated_at_ms")?,
            posts: sql::natural(row, "posts")?,
            last_visit_at_ms: sql::int_or_none(row, "last_visit_at_ms")?,
            due_at_ms: sql::int_or_none(row, "due_at_ms")?,
        })
    }
}

const SELECT: &str = "SELECT s.*, (SELECT MIN(f.due_at_ms) FROM frontier f WHERE f.source = s.id) AS due_at_ms \
     FROM sources s ";

async fn source(db: &mut AnyConnection, id: &str) -> Result<SourceRow> {
    let row = Sql::new(SELECT, []).push("WHERE s.id = ").bind(id).row(db).await?;
    SourceRow::read(&row.ok_or_else(|| Error::missing("nguồn", id))?)
}

impl FetchRow {
    fn read(row: &AnyRow) -> Result<FetchRow> {
        Ok(FetchRow {
            id: sql::text(row, "id")?,
            source: sql::text(row, "source")?,
            url: sql::text(row, "url")?,
            at_ms: sql::int(row, "at_ms")?,
            allowed_by: sql::text(row, "allowed_by")?,
            gap_ms: sql::int_or_none(row, "gap_ms")?,
            took_ms: sql::int(row, "took_ms")?,
            status: sql::int_or_none(row, "status")?.and_then(|status| status.try_into().ok()),
            outcome: sql::text(row, "outcome")?,
            bytes: sql::natural(row, "bytes")?,
            capture_id: sql::text_or_none(row, "capture_id")?,
        })
    }
}

impl Store {
    /// Adds a source or replaces its text and parameters. Its state stays, but a new one is a draft, and so is a
    /// previewed one whose text changes: nobody has seen what the new text brings.
    ///
    /// # Errors
    /// `Refused` without the right.
    pub async fn put_source(&self, by: &str, new: &NewSource, now_ms: i64) -> Result<SourceRow> {
        let mut tx = self.write().await?;
        may_run(&mut tx, by, Act::WorkSources).await?;
        sql::run(
            &mut tx,
            "INSERT INTO sources (id, toml, params, state, access, added_at_ms, updated_at_ms, posts) \
             VALUES ($1, $2, $3, 'draft', $4, $5, $5, 0) ON CONFLICT (id) DO UPDATE SET toml = excluded.toml, \
             params = excluded.params, access = excluded.access, updated_at_ms = excluded.updated_at_ms, \
             state = CASE WHEN sources.state = 'previewed' AND (sources.toml <> excluded.toml \
             OR sources.params <> excluded.params) THEN 'draft' ELSE sources.state END",
            [
                (&new.id).into(),
                (&new.toml).into(),
                sql::to_json(&new.params)?.into(),
                (&new.access).into(),
                now_ms.into(),
            ],
        )
        .await?;
        let row = source(&mut tx, &new.id).await?;
        audit::append(&mut tx, by, "source.put", &new.id, &json!({}), now_ms).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Moves a source to another state; moving it to where it is changes nothing. `by` is a user, or
    /// [`OPERATOR`](crate::OPERATOR). `access_satisfied` says whether its access basis holds.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn move_source(
        &self,
        by: &str,
        id: &str,
        to: SourceState,
        access_satisfied: bool,
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let before = source(&mut tx, id).await?;
        may_run(&mut tx, by, Act::WorkSources).await?;
        if before.state == to {
            return Ok(());
        }
        let state = before.state.moved(to, access_satisfied)?;
        sql::run(
            &mut tx,
            "UPDATE sources SET state = $2, problem = $3, updated_at_ms = $4 WHERE id = $1",
            [id.into(), state.id().into(), note.into(), now_ms.into()],
        )
        .await?;
        let detail = json!({ "from": before.state.id(), "to": state.id() });
        audit::append(&mut tx, by, "source.move", id, &detail, now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Writes down that a person has seen posts of this text with these parameters; a draft is then previewed. What is
    /// enabled, paused or blocked stays so.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn preview_source(&self, by: &str, id: &str, fingerprint: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let before = source(&mut tx, id).await?;
        may_run(&mut tx, by, Act::WorkSources).await?;
        let state = match before.state {
            SourceState::Draft => before.state.moved(SourceState::Previewed, true)?,
            state => state,
        };
        sql::run(
            &mut tx,
            "UPDATE sources SET state = $2, previewed = $3, updated_at_ms = $4 WHERE id = $1",
            [id.into(), state.id().into(), fingerprint.into(), now_ms.into()],
        )
        .await?;
        audit::append(&mut tx, by, "source.preview", id, &json!({ "fingerprint": fingerprint }), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Lets the kept pages of a source be extracted again, the last of each address: its mapping was corrected. The
    /// number of pages that now wait; older originals stay as they were read.
    ///
    /// # Errors
    /// `Database`, `Refused`.
    pub async fn extract_again(&self, by: &str, id: &str, now_ms: i64) -> Result<u64> {
        let mut tx = self.write().await?;
        may_run(&mut tx, by, Act::WorkSources).await?;
        let waiting = sql::run(
            &mut tx,
            "UPDATE captures SET state = 'kept', recorded_upto = 0, problem = NULL, lease_by = NULL, \
             lease_until_ms = NULL, tries = 0 WHERE source = $1 \
             AND method = 'crawl' AND state IN ('recorded', 'failed') AND gone_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM captures later \
             WHERE later.source = captures.source AND later.url = captures.url AND later.method = 'crawl' \
             AND later.id > captures.id)",
            [id.into()],
        )
        .await?;
        audit::append(&mut tx, by, "source.extract_again", id, &json!({ "pages": waiting }), now_ms).await?;
        tx.commit().await?;
        Ok(waiting)
    }

    /// The crawler blocks an enabled source, or writes down its last problem while it goes on.
    ///
    /// # Errors
    /// `Missing`, `Database`.
    pub async fn source_problem(&self, id: &str, problem: Option<&str>, block: bool, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let before = source(&mut tx, id).await?;
        let block = block && before.state == SourceState::Enabled;
        let state = if block { SourceState::Blocked } else { before.state };
        sql::run(
            &mut tx,
            "UPDATE sources SET state = $2, problem = $3 WHERE id = $1",
            [id.into(), state.id().into(), problem.into()],
        )
        .await?;
        if block {
            audit::append(&mut tx, "crawl", "source.move", id, &json!({ "to": state.id() }), now_ms).await?;
        }
        Ok(tx.commit().await?)
    }

    /// All sources by id.
    ///
    /// # Errors
    /// `Database`.
    pub async fn sources(&self) -> Result<Vec<SourceRow>> {
        let mut db = self.read().await?;
        let rows = Sql::new(SELECT, []).push("ORDER BY s.id").rows(&mut db).await?;
        rows.iter().map(SourceRow::read).collect()
    }

    /// One source.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn source(&self, id: &str) -> Result<SourceRow> {
        source(&mut *self.read().await?, id).await
    }

    /// The log of fetches of a source, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn fetch_log(&self, source: &str, after: Option<&str>, limit: u32) -> Result<Page<FetchRow>> {
        let mut db = self.read().await?;
        let mut list = Sql::new("SELECT * FROM fetches WHERE source = $1", [source.into()]);
        list.when(" AND id < ", after).push(" ORDER BY id DESC LIMIT ").bind(limit);
        let rows = list.rows(&mut db).await?.iter().map(FetchRow::read).collect::<Result<Vec<_>>>()?;
        Ok(Page::of(rows, limit, |row| row.id.clone()))
    }
}
