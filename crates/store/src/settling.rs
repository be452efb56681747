//! After an erasure: originals that held the text, and what is left of it in the files of the database.
//!
//! An original goes when no text that is still there was read from it. Where one capture brought several posts with
//! their byte ranges (an imported file), the erased stretches are blanked and the rest stays. A page cannot be blanked:
//! it goes with the first of its posts that is erased, unless another one is open, in a running case or under a hold;
//! then it waits.

use std::collections::HashMap;
use std::io::{self, Read};

use sqlx::AnyConnection;

use crate::captures::{blocking, capture};
use crate::dialect::Dialect;
use crate::erasure::{doom, give_up};
use crate::originals::{Originals, Verifying};
use crate::retention::AT_WORK;
use crate::sql::Sql;
use crate::{Error, Result, Store, sql};

/// What became of originals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Originals that are gone.
    pub removed: u64,
    /// Originals of which stretches were blanked.
    pub blanked: u64,
    /// Originals that wait, because work or a hold needs them.
    pub waiting: u64,
}

/// Erasures that are looked at together.
const CHUNK: i64 = 200;

/// An original without a row is only swept when it is older: a younger one may be on its way to its row.
const STRAY_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// What happens to the original of a capture.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Gone,
    Blanked,
    Waits,
    Settled,
}

impl Store {
    /// Lets the originals follow the erasures, then removes every file that no row needs. Goes on where it was cut
    /// short; what waits is looked at again each time.
    ///
    /// # Errors
    /// `Io`, `Database`.
    pub async fn settle_originals(&self, now_ms: i64) -> Result<Settled> {
        let mut settled = Settled::default();
        let mut fates: HashMap<String, Fate> = HashMap::new();
        let mut after = 0;
        loop {
            let rows = sql::rows(
                &mut *self.read().await?,
                "SELECT seq, id FROM erasures WHERE settled_at_ms IS NULL AND seq > $1 ORDER BY seq LIMIT $2",
                [after.into(), CHUNK.into()],
            )
            .await?;
            let Some(last) = rows.last() else { break };
            after = sql::int(last, "seq")?;
            let mut done = Vec::new();
            for row in &rows {
                let id = sql::text(row, "id")?;
                let mut waits = false;
                for capture_id in self.captures_of_post(&id).await? {
                    let fate = match fates.get(&capture_id) {
                        Some(fate) => *fate,
                        None => {
                            let fate = self.settle_capture(&capture_id, now_ms).await?;
                            match fate {
                                Fate::Gone => settled.removed += 1,
                                Fate::Blanked => settled.blanked += 1,
                                Fate::Waits => settled.waiting += 1,
                                Fate::Settled => {}
                            }
                            fates.insert(capture_id, fate);
                            fate
                        }
                    };
                    waits |= fate == Fate::Waits;
                }
                if !waits {
                    done.push(id);
                }
            }
            let mut tx = self.write().await?;
            for id in done {
                let statement = "UPDATE erasures SET settled_at_ms = $2 WHERE id = $1";
                sql::run(&mut tx, statement, [id.into(), now_ms.into()]).await?;
            }
            tx.commit().await?;
        }
        self.remove_doomed().await?;
        Ok(settled)
    }

    /// Captures with an original in which an erased post stood.
    async fn captures_of_post(&self, post_id: &str) -> Result<Vec<String>> {
        let rows = sql::rows(
            &mut *self.read().await?,
            "SELECT c.id AS id FROM captures c WHERE c.gone_at_ms IS NULL AND c.id IN ( \
             SELECT capture_id FROM posts WHERE id = $1 UNION SELECT seen_capture_id FROM posts WHERE id = $1 \
             UNION SELECT capture_id FROM sightings WHERE post_id = $1)",
            [post_id.into()],
        )
        .await?;
        rows.iter().map(|row| sql::text(row, "id")).collect()
    }

    async fn settle_capture(&self, capture_id: &str, now_ms: i64) -> Result<Fate> {
        let mut tx = self.write().await?;
        // The lock of every recording and hold: what is read here stays true until the commit.
        crate::record::take(&mut tx, "posts", 0).await?;
        let row = capture(&mut tx, capture_id).await?;
        if row.gone_at_ms.is_some() {
            return Ok(Fate::Gone);
        }
        if row.state == model::CaptureState::Kept {
            return Ok(Fate::Waits);
        }
        let neighbours = neighbours(&mut tx, capture_id).await?;
        if neighbours.living == 0 {
            give_up(&mut tx, capture_id, now_ms).await?;
            tx.commit().await?;
            return Ok(Fate::Gone);
        }
        let Some(ranges) = erased_ranges(&mut tx, capture_id).await? else {
            if neighbours.needed > 0 {
                return Ok(Fate::Waits);
            }
            give_up(&mut tx, capture_id, now_ms).await?;
            tx.commit().await?;
            return Ok(Fate::Gone);
        };
        tx.commit().await?;
        let before = row.kept_sha256.clone().unwrap_or_else(|| row.sha256.clone());
        let (originals, from) = (self.originals().clone(), before.clone());
        let kept = blocking(move || blank(&originals, &from, ranges)).await?;
        if kept == before {
            return Ok(Fate::Settled);
        }
        let mut tx = self.write().await?;
        sql::run(
            &mut tx,
            "UPDATE captures SET kept_sha256 = $2 WHERE id = $1 AND gone_at_ms IS NULL",
            [capture_id.into(), (&kept).into()],
        )
        .await?;
        doom(&mut tx, &before, now_ms).await?;
        tx.commit().await?;
        Ok(Fate::Blanked)
    }

    /// Removes the files of originals that were given up and that no row needs.
    async fn remove_doomed(&self) -> Result<u64> {
        let rows = sql::rows(&mut *self.read().await?, "SELECT sha256 FROM doomed ORDER BY sha256", []).await?;
        let mut removed = 0;
        for row in &rows {
            let sha256 = sql::text(row, "sha256")?;
            let mut tx = self.write().await?;
            if !is_needed(&mut tx, &sha256).await? {
                let (originals, gone) = (self.originals().clone(), sha256.clone());
                blocking(move || originals.remove(&gone)).await?;
                removed += 1;
            }
            sql::run(&mut tx, "DELETE FROM doomed WHERE sha256 = $1", [(&sha256).into()]).await?;
            tx.commit().await?;
        }
        Ok(removed)
    }

    /// Takes what is left of erased text out of the files: originals without a row, then the database's own files. On
    /// SQLite the file is written anew and the write-ahead log emptied; on PostgreSQL the tables and the planner's
    /// statistics are written anew, each under a lock. What a file system or PostgreSQL's own log still holds is in
    /// `docs/keeping.md`.
    ///
    /// # Errors
    /// `Io`, `Database`; a reader that stays for half a minute keeps the log from being emptied.
    pub async fn scrub(&self, now_ms: i64) -> Result<()> {
        self.sweep_strays(now_ms).await?;
        let mut db = self.write_alone().await?;
        match self.dialect() {
            Dialect::Sqlite => {
                // The copy would otherwise be made in memory.
                sql::run(&mut db, "PRAGMA temp_store = FILE", []).await?;
                let vacuumed = sql::run(&mut db, "VACUUM", []).await;
                sql::run(&mut db, "PRAGMA temp_store = MEMORY", []).await?;
                vacuumed?;
                empty_log(&mut db).await
            }
            Dialect::Postgres => {
                for statement in VACUUM_POSTGRES {
                    sql::run(&mut db, statement, []).await?;
                }
                Ok(())
            }
        }
    }

    /// Removes originals that no row names and that are a day old: what an interrupted run left.
    async fn sweep_strays(&self, now_ms: i64) -> Result<()> {
        let originals = self.originals().clone();
        let old = blocking(move || {
            let mut old = Vec::new();
            originals.each(&mut |stored| {
                if stored.changed_at_ms < now_ms.saturating_sub(STRAY_AFTER_MS) {
                    old.push(stored.sha256);
                }
                Ok(())
            })?;
            Ok(old)
        })
        .await?;
        for sha256 in old {
            if is_needed(&mut *self.read().await?, &sha256).await? {
                continue;
            }
            let mut tx = self.write().await?;
            if !is_needed(&mut tx, &sha256).await? {
                let originals = self.originals().clone();
                blocking(move || originals.remove(&sha256)).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Tables that hold or held words, and the statistics in which PostgreSQL keeps samples of columns.
const VACUUM_POSTGRES: [&str; 14] = [
    "VACUUM (FULL, ANALYZE) posts",
    "VACUUM (FULL, ANALYZE) versions",
    "VACUUM (FULL, ANALYZE) aliases",
    "VACUUM (FULL, ANALYZE) assessments",
    "VACUUM (FULL, ANALYZE) contacts",
    "VACUUM (FULL, ANALYZE) captures",
    "VACUUM (FULL, ANALYZE) decisions",
    "VACUUM (FULL, ANALYZE) notes",
    "VACUUM (FULL, ANALYZE) cases",
    "VACUUM (FULL, ANALYZE) askings",
    "VACUUM (FULL, ANALYZE) receipts",
    "VACUUM (FULL, ANALYZE) takedowns",
    "VACUUM (FULL, ANALYZE) frontier",
    "VACUUM (FULL) pg_catalog.pg_statistic",
];

/// Moves the log into the database and cuts it to nothing, waiting for readers of older pages.
async fn empty_log(db: &mut AnyConnection) -> Result<()> {
    for _ in 0..120 {
        let row = sql::row(db, "PRAGMA wal_checkpoint(TRUNCATE)", []).await?;
        if row.map_or(Ok(0), |row| sql::int(&row, "busy"))? == 0 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    Err(Error::corrupt("nhật ký ghi trước", "wal", "một phiên đọc lâu đang giữ nó; hãy chạy lại sau"))
}

struct Neighbours {
    /// Texts read from the capture that are still there.
    living: u64,
    /// Those of them that work or a hold needs.
    needed: u64,
}

async fn neighbours(db: &mut AnyConnection, capture_id: &str) -> Result<Neighbours> {
    let from = " FROM posts p WHERE p.erased_at_ms IS NULL AND (p.capture_id = ";
    let count = |needed: bool| {
        let mut select = Sql::new("SELECT COUNT(*) AS n", []);
        select.push(from).bind(capture_id);
        select.push(" OR EXISTS (SELECT 1 FROM versions v WHERE v.post_id = p.id AND v.capture_id = ");
        select.bind(capture_id).push("))");
        if needed {
            select.push(" AND (").push(AT_WORK);
            select.push(
                " OR EXISTS (SELECT 1 FROM alerts ha JOIN holds h ON h.case_id = ha.case_id AND h.lifted_at_ms IS NULL \
                 WHERE ha.post_id = p.id))",
            );
        }
        select
    };
    let mut found = [0_u64; 2];
    for (n, needed) in found.iter_mut().zip([false, true]) {
        *n = count(needed).row(db).await?.map_or(Ok(0), |row| sql::natural(&row, "n"))?;
    }
    let [living, needed] = found;
    Ok(Neighbours { living, needed })
}

/// The stretches of erased posts in a capture, in order; none when one of them is not known.
async fn erased_ranges(db: &mut AnyConnection, capture_id: &str) -> Result<Option<Vec<(u64, u64)>>> {
    let rows = sql::rows(
        db,
        "SELECT byte_start, byte_end FROM posts WHERE capture_id = $1 AND erased_at_ms IS NOT NULL \
         UNION SELECT s.byte_start, s.byte_end FROM sightings s JOIN posts p ON p.id = s.post_id \
         WHERE s.capture_id = $1 AND p.erased_at_ms IS NOT NULL AND p.capture_id <> $1",
        [capture_id.into()],
    )
    .await?;
    let mut ranges = Vec::with_capacity(rows.len());
    for row in &rows {
        let place = |column| sql::int_or_none(row, column).map(|at| at.and_then(|at| u64::try_from(at).ok()));
        match (place("byte_start")?, place("byte_end")?) {
            (Some(start), Some(end)) => ranges.push((start, end)),
            _ => return Ok(None),
        }
    }
    ranges.sort_unstable();
    Ok(Some(ranges))
}

/// Keeps a copy in which these stretches are spaces; its hash. Every other byte keeps its place. Blocks.
fn blank(originals: &Originals, sha256: &str, ranges: Vec<(u64, u64)>) -> Result<String> {
    let reader = Blanking { from: originals.reader(sha256)?, at: 0, ranges };
    Ok(originals.keep_from(reader)?.sha256)
}

struct Blanking {
    from: Verifying,
    at: u64,
    ranges: Vec<(u64, u64)>,
}

impl Read for Blanking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.from.read(buffer)?;
        let (begin, end) = (self.at, self.at + got as u64);
        for (start, stop) in &self.ranges {
            let from = (*start).clamp(begin, end) - begin;
            let upto = (*stop).clamp(begin, end) - begin;
            let stretch = usize::try_from(from).ok().zip(usize::try_from(upto).ok());
            if let Some(bytes) = stretch.and_then(|(from, upto)| buffer.get_mut(from..upto)) {
                bytes.fill(b' ');
            }
        }
        self.at = end;
        Ok(got)
    }
}

/// Whether a row still needs an original.
pub(crate) async fn is_needed(db: &mut AnyConnection, sha256: &str) -> Result<bool> {
    let row = sql::row(
        db,
        "SELECT (SELECT COUNT(*) FROM captures WHERE sha256 = $1 AND kept_sha256 IS NULL AND gone_at_ms IS NULL) \
         + (SELECT COUNT(*) FROM captures WHERE kept_sha256 = $1 AND gone_at_ms IS NULL) \
         + (SELECT COUNT(*) FROM packets WHERE file_sha256 = $1 AND gone_at_ms IS NULL) \
         + (SELECT COUNT(*) FROM rulesets WHERE files LIKE $2) AS n",
        [sha256.into(), format!("%{sha256}%").into()],
    )
    .await?;
    Ok(row.map_or(Ok(0), |row| sql::int(&row, "n"))? > 0)
}
