//! The audit chain: append-only, each row holds the hash of the one before.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use tokio::sync::oneshot;

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

/// A row of the chain as it was known at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditPoint {
    /// Its place.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
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
    /// Rows were written anew, with hashes that fit each other but not what was known elsewhere.
    Rewritten {
        /// The last row that is known to be what it was; −1 when none is.
        after: i64,
        /// The row that is known to be another one; the first altered row lies between.
        upto: i64,
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

/// What is to be written down.
#[derive(Clone, Debug)]
struct Event {
    actor: String,
    action: String,
    subject: String,
    detail: String,
    at_ms: i64,
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
    let event = Event {
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: sql::to_json(detail)?,
        at_ms: now_ms,
    };
    append_all(db, std::slice::from_ref(&event)).await
}

/// Adds rows in this order inside a transaction; the place of the first.
async fn append_all(db: &mut AnyConnection, events: &[Event]) -> Result<i64> {
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let head = sql::row(db, "UPDATE heads SET seq = seq + $1 WHERE name = 'audit' RETURNING seq, hash", [count.into()])
        .await?;
    let head = head.ok_or_else(|| Error::corrupt("nhật ký", "heads", "mất đầu chuỗi"))?;
    let first = sql::int(&head, "seq")? - count + 1;
    let (mut prev, mut seq) = (sql::text(&head, "hash")?, first);
    let mut cells = Vec::with_capacity(events.len() * 8);
    for event in events {
        let mut row = AuditRow {
            seq,
            at_ms: event.at_ms,
            actor: event.actor.clone(),
            action: event.action.clone(),
            subject: event.subject.clone(),
            detail: event.detail.clone(),
            prev,
            hash: String::new(),
        };
        row.hash = row.computed_hash()?;
        prev = row.hash.clone();
        seq += 1;
        cells.extend([
            row.seq.into(),
            row.at_ms.into(),
            row.actor.into(),
            row.action.into(),
            row.subject.into(),
            row.detail.into(),
            row.prev.into(),
            row.hash.into(),
        ]);
    }
    let into = "INSERT INTO audit (seq, at_ms, actor, action, subject, detail, prev, hash) VALUES ";
    sql::insert(db, into, "", 8, cells).await?;
    sql::run(db, "UPDATE heads SET hash = $1 WHERE name = 'audit'", [prev.into()]).await?;
    Ok(first)
}

/// Events of reading that wait to be written together. Whoever comes while a commit is under way joins the next one,
/// so a hundred people who read at once cost a few commits and not a hundred; each is answered after its own commit,
/// and the order of the chain is the order of the commits.
#[derive(Default)]
pub(crate) struct Waiting {
    events: Mutex<Vec<(Event, oneshot::Sender<Result<i64>>)>>,
    writing: tokio::sync::Mutex<()>,
}

/// Events that one transaction writes at most.
const TOGETHER: usize = 256;

impl Waiting {
    fn join(&self, event: Event) -> oneshot::Receiver<Result<i64>> {
        let (answer, answered) = oneshot::channel();
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push((event, answer));
        answered
    }

    fn take(&self) -> Vec<(Event, oneshot::Sender<Result<i64>>)> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let upto = events.len().min(TOGETHER);
        events.drain(..upto).collect()
    }
}

impl Store {
    /// Writes one event of reading: `case.read`, `search`, `post.reveal`, `export`. Events of change are written by
    /// the methods that change. `detail` must hold neither post text nor contacts.
    ///
    /// # Errors
    /// `Database`. Show nothing when this fails.
    pub async fn audit(&self, actor: &str, action: &str, subject: &str, detail: &Value, now_ms: i64) -> Result<i64> {
        let answered = self.waiting().join(Event {
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: sql::to_json(detail)?,
            at_ms: now_ms,
        });
        // A task of its own: a visitor who goes away must not take the events of others along.
        let store = self.clone();
        tokio::spawn(async move { store.write_waiting().await });
        answered.await.unwrap_or_else(|_| Err(Error::corrupt("nhật ký", action, "chưa ghi được")))
    }

    /// Writes one event while another process may hold the store: what the command line does beside a running system
    /// must stand in the chain too.
    ///
    /// # Errors
    /// As [`Store::open_to_read`]; `Database`.
    pub async fn audit_beside(
        data: &str,
        actor: &str,
        action: &str,
        subject: &str,
        detail: &Value,
        now_ms: i64,
    ) -> Result<()> {
        let target = crate::open::Target::existing(data).await?;
        let mut tx = target.begin().await?;
        append(&mut tx, actor, action, subject, detail, now_ms).await?;
        tx.commit().await?;
        target.close().await;
        Ok(())
    }

    /// Writes what waits, in one transaction where that succeeds.
    async fn write_waiting(&self) {
        let _writing = self.waiting().writing.lock().await;
        let waiting = self.waiting().take();
        let events: Vec<Event> = waiting.iter().map(|(event, _)| event.clone()).collect();
        match self.write_events(&events).await {
            Ok(first) => {
                for (seq, (_, answer)) in (first..).zip(waiting) {
                    // Whoever asked may have gone; the event stands.
                    let _ = answer.send(Ok(seq));
                }
            }
            // One by one, so that each gets its own error.
            Err(_) => {
                for (event, answer) in waiting {
                    let _ = answer.send(self.write_events(std::slice::from_ref(&event)).await);
                }
            }
        }
    }

    async fn write_events(&self, events: &[Event]) -> Result<i64> {
        if events.is_empty() {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let first = append_all(&mut tx, events).await?;
        tx.commit().await?;
        Ok(first)
    }

    /// The last row of the chain: what a checkpoint signs.
    ///
    /// # Errors
    /// `Database`.
    pub async fn audit_head(&self) -> Result<AuditPoint> {
        let head = sql::row(&mut *self.read().await?, "SELECT seq, hash FROM heads WHERE name = 'audit'", []).await?;
        let head = head.ok_or_else(|| Error::corrupt("nhật ký", "heads", "mất đầu chuỗi"))?;
        Ok(AuditPoint { seq: sql::int(&head, "seq")?, hash: sql::text(&head, "hash")? })
    }

    /// Walks the whole chain and compares it with points that were written down elsewhere; names the first bad row.
    /// Only such points find a chain that was rewritten whole, or its tail cut off together with its head.
    ///
    /// # Errors
    /// `Database`.
    pub async fn audit_verify_against(&self, points: &[AuditPoint]) -> Result<AuditVerdict> {
        let verdict = self.audit_verify().await?;
        let mut points: Vec<&AuditPoint> = points.iter().collect();
        points.sort_by_key(|point| point.seq);
        let mut db = self.read().await?;
        let mut agreed = -1;
        for point in points {
            let row = sql::row(&mut db, "SELECT hash FROM audit WHERE seq = $1", [point.seq.into()]).await?;
            let hash = row.map(|row| sql::text(&row, "hash")).transpose()?;
            if hash.as_ref() == Some(&point.hash) {
                agreed = point.seq;
                continue;
            }
            // The walk names the row where it can; a point only says that it lies after the last one that agrees.
            if let AuditVerdict::Altered { seq } | AuditVerdict::Missing { seq } | AuditVerdict::Reordered { seq } =
                verdict
                && seq <= point.seq
            {
                return Ok(verdict);
            }
            if hash.is_some() {
                return Ok(AuditVerdict::Rewritten { after: agreed, upto: point.seq });
            }
            if let AuditVerdict::Whole { rows, .. } = verdict {
                return Ok(AuditVerdict::Missing { seq: i64::try_from(rows).unwrap_or(i64::MAX) });
            }
        }
        Ok(verdict)
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
