//! The way out of a case: ask, decline, sign; each step under the lock of the case.

use model::{CaseMove, CaseStanding, Person};
use serde_json::{Value, json};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::cases::{CaseRow, case_row, lock, standing_of};
use crate::lease::{self, Claim};
use crate::people::person;
use crate::sql::Sql;
use crate::{Error, Result, Store, audit, sql};

/// An escalation that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Id of the escalation.
    pub id: String,
    /// Receiving unit.
    pub unit_id: String,
    /// Its name.
    pub unit_name: String,
    /// Who asked: the first signature.
    pub asked_by: String,
    /// Their name.
    pub asked_by_name: String,
    /// When.
    pub asked_at_ms: i64,
    /// What they wrote.
    pub reason: String,
    /// Who signed second.
    pub signed_by: Option<String>,
    /// Their name.
    pub signed_by_name: Option<String>,
    /// When.
    pub signed_at_ms: Option<i64>,
    /// The packet, once sealed.
    pub packet_id: Option<String>,
}

impl Asking {
    pub(crate) fn read(row: &AnyRow, id: String) -> Result<Asking> {
        Ok(Asking {
            id,
            unit_id: sql::text(row, "unit_id")?,
            unit_name: sql::text(row, "unit_name")?,
            asked_by: sql::text(row, "asked_by")?,
            asked_by_name: sql::text(row, "asked_by_name")?,
            asked_at_ms: sql::int(row, "asked_at_ms")?,
            reason: sql::text(row, "asked_reason")?,
            signed_by: sql::text_or_none(row, "signed_by")?,
            signed_by_name: sql::text_or_none(row, "signed_by_name")?,
            signed_at_ms: sql::int_or_none(row, "signed_at_ms")?,
            packet_id: sql::text_or_none(row, "packet_id")?,
        })
    }
}

/// A step of a case that is being taken: the person, the case and its standing afterwards.
pub(crate) struct Step {
    pub by: Person,
    pub case: CaseRow,
    pub after: CaseStanding,
}

/// Checks a step under the lock of the case and writes its new state.
pub(crate) async fn step(db: &mut AnyConnection, by: &str, case_id: &str, step: CaseMove, now_ms: i64) -> Result<Step> {
    lock(db, case_id).await?;
    let by = person(db, by).await?;
    let case = case_row(db, case_id).await?;
    let after = standing_of(&case).after(step, &by)?;
    let returned_at_ms = (step == CaseMove::Return).then_some(now_ms);
    sql::run(
        db,
        "UPDATE cases SET state = $2, updated_at_ms = $3, returned_at_ms = COALESCE($4, returned_at_ms) WHERE id = $1",
        [(&case.id).into(), after.state.id().into(), now_ms.into(), returned_at_ms.into()],
    )
    .await?;
    Ok(Step { by, case, after })
}

pub(crate) async fn log(db: &mut AnyConnection, step: &Step, action: &str, detail: &Value, now_ms: i64) -> Result<()> {
    audit::append(db, &step.by.id, action, &step.case.id, detail, now_ms).await?;
    Ok(())
}

impl Store {
    /// First signature: asks to escalate to a unit. Returns the id of the escalation.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn ask_escalation(
        &self,
        by: &str,
        case_id: &str,
        unit_id: &str,
        reason: &str,
        now_ms: i64,
    ) -> Result<String> {
        let mut tx = self.write().await?;
        let step = step(&mut tx, by, case_id, CaseMove::Ask, now_ms).await?;
        let units = sql::count(&mut tx, "SELECT COUNT(*) AS n FROM units WHERE id = $1", [unit_id.into()]).await?;
        if units == 0 {
            return Err(Error::missing("đơn vị", unit_id));
        }
        let id = sql::new_id();
        sql::run(
            &mut tx,
            "INSERT INTO askings (id, case_id, unit_id, reason, asked_by, asked_at_ms) VALUES ($1, $2, $3, $4, $5, $6)",
            [
                (&id).into(),
                (&step.case.id).into(),
                unit_id.into(),
                reason.replace('\0', " ").into(),
                by.into(),
                now_ms.into(),
            ],
        )
        .await?;
        log(&mut tx, &step, "case.ask", &json!({ "asking": id, "unit": unit_id }), now_ms).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The second person says no; the case stays open.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn decline_escalation(&self, by: &str, case_id: &str, reason: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let step = step(&mut tx, by, case_id, CaseMove::Decline, now_ms).await?;
        sql::run(
            &mut tx,
            "UPDATE askings SET declined_by = $2, ended_at_ms = $3, ended_reason = $4 \
             WHERE case_id = $1 AND ended_at_ms IS NULL",
            [(&step.case.id).into(), by.into(), now_ms.into(), reason.replace('\0', " ").into()],
        )
        .await?;
        log(&mut tx, &step, "case.decline", &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Second signature. The case is escalated; its packet is then to be built and sealed.
    ///
    /// # Errors
    /// `Missing`, `Refused` with `second_person` when it is the one who asked.
    pub async fn sign_escalation(&self, by: &str, case_id: &str, now_ms: i64) -> Result<Asking> {
        let mut tx = self.write().await?;
        let step = step(&mut tx, by, case_id, CaseMove::Sign, now_ms).await?;
        sql::run(
            &mut tx,
            "UPDATE askings SET signed_by = $2, signed_at_ms = $3 WHERE case_id = $1 AND ended_at_ms IS NULL",
            [(&step.case.id).into(), by.into(), now_ms.into()],
        )
        .await?;
        let asking = case_row(&mut tx, &step.case.id).await?.asking;
        let asking = asking.ok_or_else(|| Error::missing("đề nghị chuyển", case_id))?;
        let detail = json!({ "asking": asking.id, "asked_by": step.after.asked_by, "unit": asking.unit_id });
        log(&mut tx, &step, "case.sign", &detail, now_ms).await?;
        tx.commit().await?;
        Ok(asking)
    }

    /// Leases signed escalations whose packet is not sealed and is being built by nobody, of one case or of all: what
    /// was just signed, and what an interrupted run left, oldest first. `(case id, escalation id)`.
    ///
    /// # Errors
    /// `Missing` for an unknown case, `Database`.
    pub async fn lease_packets(
        &self,
        worker: &str,
        case_id: Option<&str>,
        lease_ms: i64,
        now_ms: i64,
    ) -> Result<Vec<(String, String)>> {
        let mut db = self.read().await?;
        let mut waiting = Sql::new("SELECT id FROM askings WHERE ", []);
        waiting.push(lease::PACKETS.waits);
        if let Some(case_id) = case_id {
            waiting.push(" AND case_id = ").bind(case_row(&mut db, case_id).await?.id);
        }
        let waiting = waiting.push(" ORDER BY id").rows(&mut db).await?;
        drop(db);
        let mut leased = Vec::new();
        for row in &waiting {
            let id = sql::text(row, "id")?;
            let mut tx = self.write_again().await?;
            let claim = Claim { worker, only: Some(&id), limit: 1, lease_ms, now_ms };
            for row in lease::take(&mut tx, self.dialect(), &lease::PACKETS, claim).await? {
                leased.push((sql::text(&row, "case_id")?, id.clone()));
            }
            tx.commit().await?;
        }
        Ok(leased)
    }
}
