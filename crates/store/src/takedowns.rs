//! Requests to platforms to take posts down, once the police hold the packet.

use model::{Act, CaseState, Refusal, TakedownState};
use serde_json::json;
use sqlx::any::AnyRow;

use crate::cases::case_row;
use crate::people::person;
use crate::{Error, Result, Store, audit, sql};

/// A request to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakedownRow {
    /// Its id.
    pub id: String,
    /// The post.
    pub post_id: String,
    /// The case.
    pub case_id: String,
    /// The platform.
    pub platform: String,
    /// Where it stands.
    pub state: TakedownState,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at_ms: i64,
    /// Last change.
    pub updated_at_ms: i64,
    /// Words.
    pub note: Option<String>,
}

impl Store {
    /// Writes down a request to a platform to take a post of an acknowledged case down.
    ///
    /// # Errors
    /// `Missing`, `Refused` (`state` before the unit gave its receipt).
    pub async fn ask_takedown(
        &self,
        by: &str,
        case_id: &str,
        post_id: &str,
        platform: &str,
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<String> {
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(Act::TakeDown)?;
        let case = case_row(&mut tx, case_id).await?;
        if case.state != CaseState::Acknowledged {
            let reason = "Chỉ yêu cầu gỡ bài sau khi công an đã tiếp nhận vụ việc, để không mất dấu vết.";
            return Err(Refusal::new("state", reason).into());
        }
        let inside = sql::count(
            &mut tx,
            "SELECT COUNT(*) AS n FROM alerts WHERE case_id = $1 AND post_id = $2",
            [(&case.id).into(), post_id.into()],
        )
        .await?;
        if inside == 0 {
            return Err(Error::missing("bài đăng của vụ việc", post_id));
        }
        let id = sql::new_id();
        sql::run(
            &mut tx,
            "INSERT INTO takedowns (id, post_id, case_id, platform, state, asked_by, asked_at_ms, updated_at_ms, note) \
             VALUES ($1, $2, $3, $4, 'asked', $5, $6, $6, $7)",
            [
                (&id).into(),
                post_id.into(),
                (&case.id).into(),
                platform.into(),
                by.into(),
                now_ms.into(),
                note.map(|note| note.replace('\0', " ")).into(),
            ],
        )
        .await?;
        audit::append(&mut tx, by, "takedown.ask", &id, &json!({ "case": case.id, "post": post_id }), now_ms).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Writes down what the platform answered.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn answer_takedown(
        &self,
        by: &str,
        id: &str,
        state: TakedownState,
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let who = person(&mut tx, by).await?;
        let row = sql::row(
            &mut tx,
            "UPDATE takedowns SET updated_at_ms = $2 WHERE id = $1 RETURNING state",
            [id.into(), now_ms.into()],
        )
        .await?;
        let row = row.ok_or_else(|| Error::missing("yêu cầu gỡ bài", id))?;
        let before: TakedownState = sql::id_of(&row, "state")?;
        let after = before.after(state, &who)?;
        sql::run(
            &mut tx,
            "UPDATE takedowns SET state = $2, note = COALESCE($3, note) WHERE id = $1",
            [id.into(), after.id().into(), note.map(|note| note.replace('\0', " ")).into()],
        )
        .await?;
        audit::append(&mut tx, by, "takedown.answer", id, &json!({ "state": after.id() }), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Requests of a case, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn takedowns(&self, case_id: &str) -> Result<Vec<TakedownRow>> {
        let mut db = self.read().await?;
        let rows =
            sql::rows(&mut db, "SELECT * FROM takedowns WHERE case_id = $1 ORDER BY id", [case_id.into()]).await?;
        let takedown = |row: &AnyRow| {
            Ok(TakedownRow {
                id: sql::text(row, "id")?,
                post_id: sql::text(row, "post_id")?,
                case_id: sql::text(row, "case_id")?,
                platform: sql::text(row, "platform")?,
                state: sql::id_of(row, "state")?,
                asked_by: sql::text(row, "asked_by")?,
                asked_at_ms: sql::int(row, "asked_at_ms")?,
                updated_at_ms: sql::int(row, "updated_at_ms")?,
                note: sql::text_or_none(row, "note")?,
            })
        };
        rows.iter().map(takedown).collect()
    }
}
