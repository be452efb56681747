//! Cases: lists, one case whole, notes.

use model::{CaseMove, CaseStanding, CaseState, Person, Refusal};
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use text::{Fact, FactKind};

use crate::contacts::{ContactHistory, contacts_of};
use crate::escalation::{Asking, log, step};
use crate::packets::{PacketRow, year};
use crate::people::person;
use crate::queue::{QueueRow, SELECT as SELECT_ITEM};
use crate::record::take;
use crate::sql::Sql;
use crate::unit::{DecisionRow, SELECT_DECISION};
use crate::{Error, Page, Result, Store, audit, packets, sql, timeline};

/// One line of the list of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Its id.
    pub id: String,
    /// Its number: `VV-2026-000123`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub state: CaseState,
    /// Whether it came back because the unit needs more.
    pub returned: bool,
    /// The most urgent priority of its alerts.
    pub priority: u8,
    /// Confirmed alerts in it.
    pub alerts: u32,
    /// Who opened it.
    pub opened_by: String,
    /// Their name.
    pub opened_by_name: String,
    /// When.
    pub opened_at_ms: i64,
    /// Last change.
    pub updated_at_ms: i64,
    /// The escalation that waits for the second signature or has been signed.
    pub asking: Option<Asking>,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: String,
    /// Words.
    pub text: String,
    /// Who.
    pub by: String,
    /// Their name.
    pub by_name: String,
    /// When.
    pub at_ms: i64,
}

/// One event of a case, for the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseEvent {
    /// When.
    pub at_ms: i64,
    /// Who; `rules` and the like for the program.
    pub by: String,
    /// Their name.
    pub by_name: String,
    /// Stable id of what happened: `opened`, `joined`, `left`, `note`, `asked`, `declined`, `signed`, `sealed`,
    /// `downloaded`, `acknowledged`, `answered`, `returned`, `closed`.
    pub event: String,
    /// Words to it.
    pub detail: String,
}

/// A case, whole.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// Its line.
    pub row: CaseRow,
    /// What the legality of the next step depends on.
    pub standing: CaseStanding,
    /// Confirmed alerts, oldest first.
    pub alerts: Vec<QueueRow>,
    /// Ids of their posts, in the same order.
    pub post_ids: Vec<String>,
    /// Contacts of the posts.
    pub contacts: Vec<ContactHistory>,
    /// Places named in the posts.
    pub places: Vec<Fact>,
    /// Notes, oldest first.
    pub notes: Vec<Note>,
    /// Decisions about its alerts, oldest first.
    pub decisions: Vec<DecisionRow>,
    /// Everything that happened, oldest first.
    pub timeline: Vec<CaseEvent>,
    /// Packets that left, newest first.
    pub packets: Vec<PacketRow>,
}

/// Which cases a list shows.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Only this state.
    pub state: Option<CaseState>,
    /// Only those that wait for a second signature.
    pub to_sign: bool,
    /// Only those opened by this user.
    pub opened_by: Option<String>,
}

/// Columns of a [`CaseRow`]; `c` is the case, `k` its running escalation.
pub(crate) const SELECT: &str = "SELECT c.*, u.name AS opened_by_name, \
     (SELECT COUNT(*) FROM alerts a WHERE a.case_id = c.id AND a.state = 'confirmed') AS alerts, \
     (SELECT MIN(a.priority) FROM alerts a WHERE a.case_id = c.id) AS priority, \
     k.id AS asking_id, k.unit_id AS unit_id, un.name AS unit_name, k.asked_by AS asked_by, ka.name AS asked_by_name, \
     k.asked_at_ms AS asked_at_ms, k.reason AS asked_reason, k.signed_by AS signed_by, ks.name AS signed_by_name, \
     k.signed_at_ms AS signed_at_ms, k.packet_id AS packet_id \
     FROM cases c JOIN users u ON u.id = c.opened_by \
     LEFT JOIN askings k ON k.case_id = c.id AND k.ended_at_ms IS NULL LEFT JOIN units un ON un.id = k.unit_id \
     LEFT JOIN users ka ON ka.id = k.asked_by LEFT JOIN users ks ON ks.id = k.signed_by ";

impl CaseRow {
    pub(crate) fn read(row: &AnyRow) -> Result<CaseRow> {
        let state: CaseState = sql::id_of(row, "state")?;
        Ok(CaseRow {
            id: sql::text(row, "id")?,
            number: sql::text(row, "number")?,
            title: sql::text(row, "title")?,
            state,
            returned: state == CaseState::Open && sql::int_or_none(row, "returned_at_ms")?.is_some(),
            priority: sql::int_or_none(row, "priority")?.and_then(|it| it.try_into().ok()).unwrap_or(4),
            alerts: sql::natural(row, "alerts")?,
            opened_by: sql::text(row, "opened_by")?,
            opened_by_name: sql::text(row, "opened_by_name")?,
            opened_at_ms: sql::int(row, "opened_at_ms")?,
            updated_at_ms: sql::int(row, "updated_at_ms")?,
            asking: sql::text_or_none(row, "asking_id")?.map(|id| Asking::read(row, id)).transpose()?,
        })
    }

    fn key(&self) -> String {
        format!("{}:{}", self.updated_at_ms, self.id)
    }
}

/// One case by id or number.
pub(crate) async fn case_row(db: &mut AnyConnection, id: &str) -> Result<CaseRow> {
    let mut select = Sql::new(SELECT, []);
    select.push("WHERE c.id = ").bind(id).push(" OR c.number = ").bind(id);
    CaseRow::read(&select.row(db).await?.ok_or_else(|| Error::missing("vụ việc", id))?)
}

/// What the legality of the next step depends on.
pub(crate) fn standing_of(row: &CaseRow) -> CaseStanding {
    let asking = row.asking.as_ref();
    CaseStanding {
        state: row.state,
        alerts: row.alerts,
        asked_by: asking.map(|it| it.asked_by.clone()),
        signed_by: asking.and_then(|it| it.signed_by.clone()),
        sealed: asking.is_some_and(|it| it.packet_id.is_some()),
    }
}

/// The standing of a case inside a transaction, under a lock on its row.
pub(crate) async fn standing(db: &mut AnyConnection, case_id: &str) -> Result<CaseStanding> {
    lock(db, case_id).await?;
    Ok(standing_of(&case_row(db, case_id).await?))
}

/// Takes the row lock of a case, so that two people do not take the same step.
pub(crate) async fn lock(db: &mut AnyConnection, case_id: &str) -> Result<()> {
    sql::run(db, "UPDATE cases SET updated_at_ms = updated_at_ms WHERE id = $1 OR number = $1", [case_id.into()])
        .await?;
    Ok(())
}

/// Notes that a case changed.
pub(crate) async fn touch(db: &mut AnyConnection, case_id: &str, now_ms: i64) -> Result<()> {
    sql::run(db, "UPDATE cases SET updated_at_ms = $2 WHERE id = $1", [case_id.into(), now_ms.into()]).await?;
    Ok(())
}

/// Opens a case; its id. It is named by its number until somebody names it.
pub(crate) async fn open_case(db: &mut AnyConnection, by: &Person, now_ms: i64) -> Result<String> {
    let year = year(now_ms);
    let number = take(db, &format!("case:{year}"), 1).await? + 1;
    let (id, number) = (sql::new_id(), format!("VV-{year}-{number:06}"));
    sql::run(
        db,
        "INSERT INTO cases (id, number, title, state, opened_by, opened_at_ms, updated_at_ms) \
         VALUES ($1, $2, $2, 'open', $3, $4, $4)",
        [(&id).into(), (&number).into(), (&by.id).into(), now_ms.into()],
    )
    .await?;
    audit::append(db, &by.id, "case.open", &id, &json!({ "number": number }), now_ms).await?;
    Ok(id)
}

impl Store {
    /// A page of cases, last changed first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn cases(&self, filter: &CaseFilter, after: Option<&str>, limit: u32) -> Result<Page<CaseRow>> {
        let mut db = self.read().await?;
        let mut list = Sql::new(SELECT, []);
        list.push("WHERE 1 = 1").when(" AND c.state = ", filter.state.map(CaseState::id));
        list.when(" AND c.opened_by = ", filter.opened_by.as_deref());
        if filter.to_sign {
            list.push(" AND c.state = 'open' AND k.id IS NOT NULL AND k.signed_by IS NULL");
        }
        let place = after.and_then(|key| key.split_once(':')).and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id)));
        if let Some((updated_at_ms, id)) = place {
            list.push(" AND (c.updated_at_ms, c.id) < (").bind(updated_at_ms).push(", ").bind(id).push(")");
        }
        list.push(" ORDER BY c.updated_at_ms DESC, c.id DESC LIMIT ").bind(limit);
        let rows = list.rows(&mut db).await?.iter().map(CaseRow::read).collect::<Result<Vec<_>>>()?;
        Ok(Page::of(rows, limit, CaseRow::key))
    }

    /// One case by id or number. Reading it writes no audit row: call [`Store::audit`] with `case.read`.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn case(&self, id: &str, now_ms: i64) -> Result<CaseFile> {
        let mut db = self.read().await?;
        let row = case_row(&mut db, id).await?;
        let mut select = Sql::new(SELECT_ITEM, []);
        select.push("WHERE a.case_id = ").bind(&row.id).push(" AND a.state IN ('confirmed', 'merged') ORDER BY a.id");
        let items = select.rows(&mut db).await?;
        let alerts = items.iter().map(|item| QueueRow::read(item, now_ms)).collect::<Result<Vec<_>>>()?;
        let post_ids: Vec<String> = alerts.iter().map(|alert| alert.post_id.clone()).collect();
        let contacts = contacts_of(&mut db, &post_ids.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let mut select = Sql::new(
            "SELECT s.facts AS facts FROM alerts a JOIN assessments s ON s.id = a.assessment_id WHERE a.case_id = ",
            [],
        );
        select.bind(&row.id).push(" ORDER BY a.id");
        let mut places: Vec<Fact> = Vec::new();
        for found in select.rows(&mut db).await? {
            let facts: Vec<Fact> = sql::json(&found, "facts")?;
            for fact in facts.into_iter().filter(|fact| fact.kind == FactKind::Place) {
                if places.iter().all(|place| place.value != fact.value) {
                    places.push(fact);
                }
            }
        }
        let mut select = Sql::new(SELECT_DECISION, []);
        select.push("WHERE d.case_id = ").bind(&row.id).push(" ORDER BY d.id");
        let decisions = select.rows(&mut db).await?.iter().map(DecisionRow::read).collect::<Result<Vec<_>>>()?;
        let notes = notes(&mut db, &row.id).await?;
        let packets = packets::of_case(&mut db, &row.id).await?;
        let timeline = timeline::of_case(&mut db, &row, &decisions, &notes).await?;
        let standing = standing_of(&row);
        Ok(CaseFile { row, standing, alerts, post_ids, contacts, places, notes, decisions, timeline, packets })
    }

    /// Writes a note.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn note(&self, by: &str, case_id: &str, text: &str, now_ms: i64) -> Result<String> {
        if text.trim().is_empty() {
            return Err(Refusal::new("empty", "Ghi chú đang trống.").into());
        }
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(model::Act::WorkCase)?;
        let case = case_row(&mut tx, case_id).await?;
        let id = sql::new_id();
        sql::run(
            &mut tx,
            "INSERT INTO notes (id, case_id, text, by_user, at_ms) VALUES ($1, $2, $3, $4, $5)",
            [(&id).into(), (&case.id).into(), text.replace('\0', " ").into(), by.into(), now_ms.into()],
        )
        .await?;
        touch(&mut tx, &case.id, now_ms).await?;
        audit::append(&mut tx, by, "case.note", &case.id, &json!({ "note": id }), now_ms).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Renames a case.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn rename_case(&self, by: &str, case_id: &str, title: &str, now_ms: i64) -> Result<()> {
        if title.trim().is_empty() {
            return Err(Refusal::new("empty", "Tên vụ việc đang trống.").into());
        }
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(model::Act::WorkCase)?;
        let case = case_row(&mut tx, case_id).await?;
        sql::run(
            &mut tx,
            "UPDATE cases SET title = $2, updated_at_ms = $3 WHERE id = $1",
            [(&case.id).into(), title.replace('\0', " ").into(), now_ms.into()],
        )
        .await?;
        audit::append(&mut tx, by, "case.rename", &case.id, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Closes a case.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn close_case(&self, by: &str, case_id: &str, reason: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(model::Act::WorkCase)?;
        let step = step(&mut tx, by, case_id, CaseMove::Close, now_ms).await?;
        sql::run(
            &mut tx,
            "INSERT INTO notes (id, case_id, text, by_user, at_ms) VALUES ($1, $2, $3, $4, $5)",
            [
                sql::new_id().into(),
                (&step.case.id).into(),
                format!("Đóng vụ việc: {}", reason.replace('\0', " ")).into(),
                by.into(),
                now_ms.into(),
            ],
        )
        .await?;
        log(&mut tx, &step, "case.close", &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }
}

async fn notes(db: &mut AnyConnection, case_id: &str) -> Result<Vec<Note>> {
    let rows = sql::rows(
        db,
        "SELECT n.*, u.name AS by_name FROM notes n JOIN users u ON u.id = n.by_user WHERE n.case_id = $1 ORDER BY n.id",
        [case_id.into()],
    )
    .await?;
    let note = |row: &AnyRow| {
        Ok(Note {
            id: sql::text(row, "id")?,
            text: sql::text(row, "text")?,
            by: sql::text(row, "by_user")?,
            by_name: sql::text(row, "by_name")?,
            at_ms: sql::int(row, "at_ms")?,
        })
    };
    rows.iter().map(note).collect()
}
