//! Legal hold on a case: while it lasts, nothing of the case is erased, whatever a rule or a person says.

use model::{Act, Refusal};
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::cases::case_row;
use crate::people::person;
use crate::record::take;
use crate::{Error, Result, Store, audit, sql};

/// A legal hold, running or lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: String,
    /// The case.
    pub case_id: String,
    /// Number of the case.
    pub case_number: String,
    /// Why it was set.
    pub reason: String,
    /// Name of who set it.
    pub set_by_name: String,
    /// When.
    pub set_at_ms: i64,
    /// Name of who lifted it.
    pub lifted_by_name: Option<String>,
    /// When.
    pub lifted_at_ms: Option<i64>,
    /// Why it was lifted.
    pub lift_reason: Option<String>,
}

impl Hold {
    fn read(row: &AnyRow) -> Result<Hold> {
        Ok(Hold {
            id: sql::text(row, "id")?,
            case_id: sql::text(row, "case_id")?,
            case_number: sql::text(row, "case_number")?,
            reason: sql::text(row, "reason")?,
            set_by_name: sql::text(row, "set_by_name")?,
            set_at_ms: sql::int(row, "set_at_ms")?,
            lifted_by_name: sql::text_or_none(row, "lifted_by_name")?,
            lifted_at_ms: sql::int_or_none(row, "lifted_at_ms")?,
            lift_reason: sql::text_or_none(row, "lift_reason")?,
        })
    }
}

fn must_have_reason(reason: &str) -> Result<String> {
    if reason.trim().is_empty() {
        return Err(Refusal::new("reason", "Lệnh giữ cần một lý do.").into());
    }
    Ok(reason.trim().replace('\0', " "))
}

/// Whether a case is under a running hold.
pub(crate) async fn is_held(db: &mut AnyConnection, case_id: &str) -> Result<bool> {
    let running = "SELECT COUNT(*) AS n FROM holds WHERE case_id = $1 AND lifted_at_ms IS NULL";
    Ok(sql::count(db, running, [case_id.into()]).await? > 0)
}

impl Store {
    /// Sets a legal hold on a case, by id or number. Returns its id.
    ///
    /// # Errors
    /// `Missing`; `Refused` without the right or a reason, when the case is held already, or was erased.
    pub async fn set_hold(&self, by: &str, case: &str, reason: &str, now_ms: i64) -> Result<String> {
        let reason = must_have_reason(reason)?;
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(Act::Hold)?;
        // The lock that every erasure takes first: a hold and an erasure never pass each other unseen.
        take(&mut tx, "posts", 0).await?;
        let case = case_row(&mut tx, case).await?;
        let erased = "SELECT COUNT(*) AS n FROM cases WHERE id = $1 AND erased_at_ms IS NOT NULL";
        if sql::count(&mut tx, erased, [(&case.id).into()]).await? > 0 {
            return Err(Refusal::new("state", "Vụ việc này đã bị xóa theo thời hạn lưu giữ.").into());
        }
        if is_held(&mut tx, &case.id).await? {
            return Err(Refusal::new("state", "Vụ việc này đang có lệnh giữ.").into());
        }
        let id = sql::new_id();
        sql::run(
            &mut tx,
            "INSERT INTO holds (id, case_id, reason, set_by, set_at_ms) VALUES ($1, $2, $3, $4, $5)",
            [(&id).into(), (&case.id).into(), reason.into(), by.into(), now_ms.into()],
        )
        .await?;
        audit::append(&mut tx, by, "hold.set", &case.id, &json!({ "hold": id }), now_ms).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Lifts a legal hold.
    ///
    /// # Errors
    /// `Missing` when there is no such running hold; `Refused` without the right or a reason.
    pub async fn lift_hold(&self, by: &str, hold_id: &str, reason: &str, now_ms: i64) -> Result<()> {
        let reason = must_have_reason(reason)?;
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(Act::Hold)?;
        let row = sql::row(
            &mut tx,
            "UPDATE holds SET lifted_by = $2, lifted_at_ms = $3, lift_reason = $4 \
             WHERE id = $1 AND lifted_at_ms IS NULL RETURNING case_id",
            [hold_id.into(), by.into(), now_ms.into(), reason.into()],
        )
        .await?;
        let case_id = sql::text(&row.ok_or_else(|| Error::missing("lệnh giữ", hold_id))?, "case_id")?;
        audit::append(&mut tx, by, "hold.lift", &case_id, &json!({ "hold": hold_id }), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Legal holds, running ones first, then the newest; of one case or of all.
    ///
    /// # Errors
    /// `Database`.
    pub async fn holds(&self, case_id: Option<&str>) -> Result<Vec<Hold>> {
        let mut list = sql::Sql::new(
            "SELECT h.*, c.number AS case_number, a.name AS set_by_name, b.name AS lifted_by_name FROM holds h \
             JOIN cases c ON c.id = h.case_id JOIN users a ON a.id = h.set_by LEFT JOIN users b ON b.id = h.lifted_by \
             WHERE 1 = 1",
            [],
        );
        list.when(" AND h.case_id = ", case_id);
        list.push(" ORDER BY CASE WHEN h.lifted_at_ms IS NULL THEN 0 ELSE 1 END, h.id DESC");
        list.rows(&mut *self.read().await?).await?.iter().map(Hold::read).collect()
    }
}
