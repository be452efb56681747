//! Captures: bytes are hashed and kept before anything parses them, and a kept capture waits until it is recorded.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use model::{Capture, CaptureState, Method};
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::lease::{self, Claim};
use crate::originals::{Kept, sha256_hex};
use crate::sql::Sql;
use crate::{Error, Result, Store, audit, erasure, sql};

/// A capture in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureRow {
    /// Its id.
    pub id: String,
    /// SHA-256 of the bytes, lower-case hexadecimal: also the name of the original.
    pub sha256: String,
    /// Length of the bytes.
    pub bytes: u64,
    /// How they came.
    pub capture: Capture,
    /// How far it has come.
    pub state: CaptureState,
    /// How much of it is recorded, in the unit of the reader that records it (posts or bytes); 0 at first.
    pub recorded_upto: i64,
    /// When it was kept.
    pub kept_at_ms: i64,
    /// Why it cannot be read, when it failed.
    pub problem: Option<String>,
    /// SHA-256 of what is kept now, where stretches of the original were blanked when a post in it was erased.
    pub kept_sha256: Option<String>,
    /// When its original went for good.
    pub gone_at_ms: Option<i64>,
    /// How often it was taken up after the one who kept it was gone.
    pub tries: u32,
}

impl CaptureRow {
    pub(crate) fn read(row: &AnyRow) -> Result<CaptureRow> {
        Ok(CaptureRow {
            id: sql::text(row, "id")?,
            sha256: sql::text(row, "sha256")?,
            bytes: sql::natural(row, "bytes")?,
            capture: sql::json(row, "story")?,
            state: sql::id_of(row, "state")?,
            recorded_upto: sql::int(row, "recorded_upto")?,
            kept_at_ms: sql::int(row, "kept_at_ms")?,
            problem: sql::text_or_none(row, "problem")?,
            kept_sha256: sql::text_or_none(row, "kept_sha256")?,
            gone_at_ms: sql::int_or_none(row, "gone_at_ms")?,
            tries: sql::natural(row, "tries")?,
        })
    }
}

/// What makes two captures the same one.
fn identity(capture: &Capture, sha256: &str) -> Result<String> {
    let came_with_time = matches!(capture.method, Method::Crawl | Method::Stream);
    let at_ms = came_with_time.then_some(capture.fetched_at_ms);
    let url = came_with_time.then_some(&capture.url_final);
    let parts = (&capture.source, capture.method, url, at_ms, sha256);
    Ok(sha256_hex(sql::to_json(&parts)?.as_bytes()))
}

pub(crate) async fn capture(db: &mut AnyConnection, id: &str) -> Result<CaptureRow> {
    let row = sql::row(db, "SELECT * FROM captures WHERE id = $1", [id.into()]).await?;
    CaptureRow::read(&row.ok_or_else(|| Error::missing("bản thu", id))?)
}

impl Store {
    /// Keeps bytes and the story of how they came. The original is on disk, synced, before its row is committed.
    ///
    /// The same bytes from the same address at the same time (for a file, paste or tip: the same bytes of the same
    /// source) are one capture: keeping them again returns the row that is there, as far as it has come.
    ///
    /// # Errors
    /// `Io` and `Database`; then nothing is kept but perhaps an original that no row names.
    pub async fn keep(&self, capture: &Capture, bytes: &[u8], now_ms: i64) -> Result<CaptureRow> {
        let kept = self.keep_original(bytes).await?;
        let row = self.keep_row(capture, kept.clone(), now_ms).await?;
        // The same bytes may have been given up by an erasure between the two steps.
        if row.gone_at_ms.is_none() && row.kept_sha256.is_none() {
            let (originals, bytes) = (self.originals().clone(), bytes.to_vec());
            blocking(move || if originals.has(&kept.sha256)? { Ok(()) } else { originals.keep(&bytes).map(|_| ()) })
                .await?;
        }
        Ok(row)
    }

    /// Keeps a file of any size without holding it in memory.
    ///
    /// # Errors
    /// As [`Store::keep`].
    pub async fn keep_file(&self, capture: &Capture, path: &Path, now_ms: i64) -> Result<CaptureRow> {
        let originals = self.originals().clone();
        let path = path.to_owned();
        let kept = blocking(move || {
            let file = File::open(&path).map_err(|error| Error::io(&path, error))?;
            originals.keep_from(file)
        })
        .await?;
        self.keep_row(capture, kept, now_ms).await
    }

    /// Keeps bytes as an original.
    pub(crate) async fn keep_original(&self, bytes: &[u8]) -> Result<Kept> {
        let originals = self.originals().clone();
        let bytes = bytes.to_vec();
        blocking(move || originals.keep(&bytes)).await
    }

    async fn keep_row(&self, story: &Capture, kept: Kept, now_ms: i64) -> Result<CaptureRow> {
        let identity = identity(story, &kept.sha256)?;
        let id = sql::new_id();
        // Who keeps a capture records it as well, so it is theirs at first; another worker takes up what they left.
        let keeper_until = lease::until(lease::LONGEST_MS, now_ms);
        let mut tx = self.write().await?;
        let new = sql::run(
            &mut tx,
            "INSERT INTO captures (id, identity, sha256, bytes, source, method, url, story, fetched_at_ms, \
             kept_at_ms, state, recorded_upto, lease_by, lease_until_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'kept', 0, $11, $12) \
             ON CONFLICT (identity) DO NOTHING",
            [
                (&id).into(),
                (&identity).into(),
                (&kept.sha256).into(),
                i64::try_from(kept.bytes).unwrap_or(i64::MAX).into(),
                (&story.source).into(),
                story.method.id().into(),
                (&story.url_requested).into(),
                sql::to_json(story)?.into(),
                story.fetched_at_ms.into(),
                now_ms.into(),
                (&story.collector).into(),
                keeper_until.into(),
            ],
        )
        .await?;
        let row = sql::row(&mut tx, "SELECT id FROM captures WHERE identity = $1", [(&identity).into()]).await?;
        let id = row.map_or(Ok(id), |row| sql::text(&row, "id"))?;
        if new == 1 && !matches!(story.method, Method::Crawl | Method::Stream) {
            // A page that a crawler keeps is in the log of fetches; what people bring is in the audit.
            let detail = json!({ "source": story.source, "sha256": kept.sha256, "bytes": kept.bytes });
            audit::append(&mut tx, &story.collector, "capture.keep", &id, &detail, now_ms).await?;
        }
        let row = capture(&mut tx, &id).await?;
        if row.gone_at_ms.is_some() || row.kept_sha256.is_some() {
            // What is brought again was erased: its bytes must not come back by this door.
            erasure::doom(&mut tx, &kept.sha256, now_ms).await?;
        }
        tx.commit().await?;
        Ok(row)
    }

    /// One capture.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn capture(&self, id: &str) -> Result<CaptureRow> {
        capture(&mut *self.read().await?, id).await
    }

    /// The captures of a source in the order they were kept, after the one with this id.
    ///
    /// # Errors
    /// `Database`.
    pub async fn captures_of(&self, source: &str, after: Option<&str>, limit: u32) -> Result<Vec<CaptureRow>> {
        let mut db = self.read().await?;
        let mut list = Sql::new("SELECT * FROM captures WHERE source = $1", [source.into()]);
        list.when(" AND id > ", after).push(" ORDER BY id LIMIT ").bind(limit);
        list.rows(&mut db).await?.iter().map(CaptureRow::read).collect()
    }

    /// Leases captures that are kept but not wholly recorded and that nobody holds, oldest first: what an
    /// interrupted run left. Read each from its original, from `recorded_upto` on; recording renews the
    /// lease and, with the last part, ends it.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lease_captures(
        &self,
        worker: &str,
        limit: u32,
        lease_ms: i64,
        now_ms: i64,
    ) -> Result<Vec<CaptureRow>> {
        let waiting = "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM captures WHERE state = 'kept' LIMIT 1) AS few";
        if sql::count(&mut *self.read().await?, waiting, []).await? == 0 {
            return Ok(Vec::new());
        }
        let mut tx = self.write_again().await?;
        let claim = Claim { worker, only: None, limit, lease_ms, now_ms };
        let rows = lease::take(&mut tx, self.dialect(), &lease::CAPTURES, claim).await?;
        let captures = rows.iter().map(CaptureRow::read).collect::<Result<Vec<_>>>()?;
        tx.commit().await?;
        Ok(captures)
    }

    /// Writes down that a capture cannot be read. It does not come up as pending again; its original stays.
    ///
    /// # Errors
    /// `Missing`, `Database`.
    pub async fn fail_capture(&self, id: &str, problem: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let changed = sql::run(
            &mut tx,
            "UPDATE captures SET state = 'failed', problem = $2 WHERE id = $1",
            [id.into(), problem.into()],
        )
        .await?;
        if changed == 0 {
            return Err(Error::missing("bản thu", id));
        }
        audit::append(&mut tx, "intake", "capture.fail", id, &json!({}), now_ms).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The bytes of an original, verified against their hash.
    ///
    /// # Errors
    /// `Io` when it is not there, `AlteredOriginal` when it is not what it was.
    pub async fn original(&self, sha256: &str) -> Result<Vec<u8>> {
        let originals = self.originals().clone();
        let sha256 = sha256.to_owned();
        blocking(move || originals.read(&sha256)).await
    }

    /// A reader over the bytes of an original. It fails at the end when they are not what their hash says.
    ///
    /// # Errors
    /// `Io` when it is not there.
    pub fn open_original(&self, sha256: &str) -> Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.originals().reader(sha256)?))
    }
}

/// Runs work that blocks on the disk away from the async threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::io(Path::new(""), std::io::Error::other(error))))
}
