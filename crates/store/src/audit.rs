//! The audit chain: append-only, each row holds the hash of the one before.

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::originals::sha256_hex;
use crate::sql::{self, Sql};
use crate::{Error, Page, Result, Store};

/// One row of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Its place, from 0; without gaps.
    pub seq: i64,
    /// When. UTC milliseconds.
    pub at_ms: i64,
    /// Who: a user id, or `setup`, `crawl`, `import` and the like for the program.
    pub actor: String,
    /// What, as `noun.verb`: `alert.confirm`, `case.read`, `search`, `post.reveal`.
    pub action: String,
    /// Id of what it was done to.
    pub subject: String,
    /// Particulars as JSON text. Never post text or contacts.
    pub detail: String,
    /// Hash of the row before.
    pub prev: String,
    /// SHA-256 of this row's canonical JSON (keys sorted, no spaces, `hash` left out), hexadecimal.
    pub hash: String,
}

/// Which rows a list shows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only actions that start with this.
    pub action: Option<String>,
    /// Only about this.
    pub subject: Option<String>,
    /// Not before.
    pub from_ms: Option<i64>,
    /// Before.
    pub to_ms: Option<i64>,
}

/// What a verification of the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditVerdict {
    /// Every row is what it was, none is missing.
    Whole {
        /// Number of rows.
        rows: u64,
        /// Hash of the last.
        head: String,
    },
    /// This row's content does not match its hash.
    Altered {
        /// Its place.
        seq: i64,
    },
    /// This row is not there.
    Missing {
        /// Its place.
        seq: i64,
    },
    /// This row stands in another's place.
    Reordered {
        /// The place where the order breaks.
        seq: i64,
    },
}

/// `prev` of the first row.
const BEFORE_THE_FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Rows that are read at a time when the chain is walked.
const WALK: i64 = 5_000;

impl AuditRow {
    /// The hash that this row should have: SHA-256 of its canonical JSON (RFC 8785: keys sorted, no spaces) without
    /// `hash`.
    fn computed_hash(&self) -> Result<String> {
        #[derive(Serialize)]
        struct Canonical<'a> {
            action: &'a str,
            actor: &'a str,
            at_ms: i64,
            detail: &'a str,
            prev: &'a str,
            seq: i64,
            subject: &'a str,
        }
        let canonical = sql::to_json(&Canonical {
            action: &self.action,
            actor: &self.actor,
            at_ms: self.at_ms,
            detail: &self.detail,
            prev: &self.prev,
            seq: self.seq,
            subject: &self.subject,
        })?;
        Ok(sha256_hex(canonical.as_bytes()))
    }

    fn read(row: &AnyRow) -> Result<AuditRow> {
        Ok(AuditRow {
            seq: sql::int(row, "seq")?,
            at_ms: sql::int(row, "at_ms")?,
            actor: sql::text(row, "actor")?,
            action: sql::text(row, "action")?,
            subject: sql::text(row, "subject")?,
            detail: sql::text(row, "detail")?,
            prev: sql::text(row, "prev")?,
            hash: sql::text(row, "hash")?,
        })
    }
}

/// Writes the first row of a new store.
pub(crate) async fn begin_chain(db: &mut AnyConnection, now_ms: i64) -> Result<()> {
    let new = sql::run(
        db,
        "INSERT INTO heads (name, seq, hash) VALUES ('audit', -1, $1) ON CONFLICT (name) DO NOTHING",
        [BEFORE_THE_FIRST.into()],
    )
    .await?;
    if new == 1 {
        append(db, "setup", "store.create", "", &json!({}), now_ms).await?;
    }
    Ok(())
}

/// Adds a row inside a transaction. The head of the chain stays locked until its commit, so take it last.
pub(crate) async fn append(
    db: &mut AnyConnection,
    actor: &str,
    action: &str,
    subject: &str,
    detail: &Value,
    now_ms: i64,
) -> Result<i64> {
    let head = sql::row(db, "UPDATE heads SET seq = seq + 1 WHERE name = 'audit' RETURNING seq, hash", []).await?;
    let head = head.ok_or_else(|| Error::corrupt("nhật ký", "heads", "mất đầu chuỗi"))?;
    let mut row = AuditRow {
        seq: sql::int(&head, "seq")?,
        at_ms: now_ms,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: sql::to_json(detail)?,
        prev: sql::text(&head, "hash")?,
        hash: String::new(),
    };
    row.hash = row.computed_hash()?;
    sql::run(
        db,
        "INSERT INTO audit (seq, at_ms, actor, action, subject, detail, prev, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            row.seq.into(),
            row.at_ms.into(),
            (&row.actor).into(),
            (&row.action).into(),
            (&row.subject).into(),
            (&row.detail).into(),
            (&row.prev).into(),
            (&row.hash).into(),
        ],
    )
    .await?;
    sql::run(db, "UPDATE heads SET hash = $1 WHERE name = 'audit'", [(&row.hash).into()]).await?;
    Ok(row.seq)
}

impl Store {
    /// Writes one event of reading: `case.read`, `search`, `post.reveal`, `export`. Events of change are written by
    /// the methods that change. `detail` must hold neither post text nor contacts.
    ///
    /// # Errors
    /// `Database`. Show nothing when this fails.
    pub async fn audit(&self, actor: &str, action: &str, subject: &str, detail: &Value, now_ms: i64) -> Result<i64> {
        let mut tx = self.write().await?;
        let seq = append(&mut tx, actor, action, subject, detail, now_ms).await?;
        tx.commit().await?;
        Ok(seq)
    }

    /// Walks the whole chain and names the first bad row.
    ///
    /// # Errors
    /// `Database`.
    pub async fn audit_verify(&self) -> Result<AuditVerdict> {
        let mut db = self.read().await?;
        let (mut expected, mut prev) = (0, BEFORE_THE_FIRST.to_owned());
        loop {
            let rows = sql::rows(
                &mut db,
                "SELECT seq, at_ms, actor, action, subject, detail, prev, hash FROM audit \
                 WHERE seq >= $1 ORDER BY seq LIMIT $2",
                [expected.into(), WALK.into()],
            )
            .await?;
            let rows_read = rows.len();
            for row in &rows {
                let row = AuditRow::read(row)?;
                if row.seq == expected && row.prev == prev && row.computed_hash()? == row.hash {
                    expected += 1;
                    prev = row.hash;
                    continue;
                }
                return break_at(&mut db, expected, &prev, &row).await;
            }
            if rows_read < usize::try_from(WALK).unwrap_or(usize::MAX) {
                break;
            }
        }
        // The last rows may have been cut off: the head remembers where the chain ended.
        let head = sql::row(&mut db, "SELECT seq, hash FROM heads WHERE name = 'audit'", []).await?;
        let head = head.ok_or_else(|| Error::corrupt("nhật ký", "heads", "mất đầu chuỗi"))?;
        let (last, hash) = (sql::int(&head, "seq")?, sql::text(&head, "hash")?);
        if last >= expected {
            return Ok(AuditVerdict::Missing { seq: expected });
        }
        if hash != prev {
            return Ok(AuditVerdict::Altered { seq: expected - 1 });
        }
        Ok(AuditVerdict::Whole { rows: u64::try_from(expected).unwrap_or(0), head: prev })
    }

    /// A page of the chain, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn audit_rows(&self, filter: &AuditFilter, after: Option<&str>, limit: u32) -> Result<Page<AuditRow>> {
        let mut db = self.read().await?;
        let mut list =
            Sql::new("SELECT seq, at_ms, actor, action, subject, detail, prev, hash FROM audit WHERE 1 = 1", []);
        list.when(" AND actor = ", filter.actor.as_deref());
        list.when(" AND action LIKE ", filter.action.as_ref().map(|action| format!("{action}%")));
        list.when(" AND subject = ", filter.subject.as_deref());
        list.when(" AND at_ms >= ", filter.from_ms);
        list.when(" AND at_ms < ", filter.to_ms);
        list.when(" AND seq < ", after.and_then(|seq| seq.parse::<i64>().ok()));
        list.push(" ORDER BY seq DESC LIMIT ").bind(limit);
        let rows = list.rows(&mut db).await?.iter().map(AuditRow::read).collect::<Result<Vec<_>>>()?;
        Ok(Page::of(rows, limit, |row| row.seq.to_string()))
    }
}

/// Says what happened at the first row that does not follow from the one before.
async fn break_at(db: &mut AnyConnection, expected: i64, prev: &str, found: &AuditRow) -> Result<AuditVerdict> {
    let successor = sql::row(
        db,
        "SELECT seq, at_ms, actor, action, subject, detail, prev, hash FROM audit WHERE prev = $1 ORDER BY seq LIMIT 1",
        [prev.into()],
    )
    .await?;
    let Some(successor) = successor else {
        // Nothing follows the last good row any more: it was taken out, or its link was rewritten.
        let whole = found.computed_hash()? == found.hash;
        let missing = found.seq > expected || whole;
        return Ok(if missing {
            AuditVerdict::Missing { seq: expected }
        } else {
            AuditVerdict::Altered { seq: expected }
        });
    };
    let mut successor = AuditRow::read(&successor)?;
    if successor.seq == expected {
        return Ok(AuditVerdict::Altered { seq: expected });
    }
    // It stands elsewhere. In its right place it would be whole: then rows were exchanged.
    successor.seq = expected;
    Ok(if successor.computed_hash()? == successor.hash {
        AuditVerdict::Reordered { seq: expected }
    } else {
        AuditVerdict::Missing { seq: expected }
    })
}
