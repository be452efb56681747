//! Decisions about alerts and referrals: raise by hand, claim, decide, undo. Every one is a new row.

use model::{
    AlertState, CLAIM_MS, CaseMove, CaseState, Family, Person, PriorityReason, Queue, Refusal, Stance, UNDO_WINDOW_MS,
    Verdict, may_undo, review_within_ms,
};
use serde_json::json;
use sqlx::AnyConnection;

use crate::cases::{open_case, standing, touch};
use crate::people::person;
use crate::queue::{ItemState, QueueRow, SELECT, item};
use crate::record::{families_text, take};
use crate::sql::{Cell, Sql};
use crate::unit::{DecisionRow, SELECT_DECISION};
use crate::{Error, Result, Store, audit, posts, sql};

/// A decision that a person takes.
#[derive(Clone, Debug)]
pub struct NewDecision {
    /// Alert or referral.
    pub alert_id: String,
    /// What.
    pub verdict: Verdict,
    /// Reason id or words; compulsory but for a skip.
    pub reason: String,
    /// Free text.
    pub note: Option<String>,
    /// For a confirmation: the open case to join; none opens a new one.
    pub case_id: Option<String>,
    /// For a merge: the alert to join.
    pub into: Option<String>,
    /// Decides all open items of the campaign that this one stands for as well.
    pub whole_campaign: bool,
}

/// What a decision did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Id of the decision; give it to [`Store::undo`].
    pub decision_id: String,
    /// Items decided.
    pub items: u32,
    /// The case, for a confirmation.
    pub case_id: Option<String>,
    /// Until when it can be taken back.
    pub undo_until_ms: i64,
}

/// Refuses while another person has the item open.
fn must_be_free(item: &QueueRow, by: &Person) -> Result<()> {
    match &item.claimed_by {
        Some(user) if *user != by.id => {
            Err(Refusal::new("claimed", "Người khác đang xem mục này; hãy chọn mục khác hoặc đợi vài phút.").into())
        }
        _ => Ok(()),
    }
}

/// The state of an item after a verdict.
fn state_after(state: ItemState, verdict: Verdict, by: &Person) -> Result<ItemState> {
    Ok(match state {
        ItemState::Alert(state) => ItemState::Alert(state.after(verdict, by)?),
        ItemState::Referral(state) => ItemState::Referral(state.after(verdict, by)?),
    })
}

/// The open items that an item stands for.
async fn followers(db: &mut AnyConnection, leader_id: &str, now_ms: i64) -> Result<Vec<QueueRow>> {
    let mut select = Sql::new(SELECT, []);
    select
        .push("WHERE a.leader_id = ")
        .bind(leader_id)
        .push(" AND a.state = 'open' ORDER BY a.priority, a.due_at_ms, a.id");
    select.rows(db).await?.iter().map(|row| QueueRow::read(row, now_ms)).collect()
}

/// The first of the items that a decided item stood for stands for the others from now on.
async fn pass_leadership(db: &mut AnyConnection, from: &str, seq: i64, now_ms: i64) -> Result<()> {
    let Some(first) = followers(db, from, now_ms).await?.into_iter().next() else { return Ok(()) };
    sql::run(
        db,
        "UPDATE alerts SET leader_id = $2 WHERE leader_id = $1 AND state = 'open' AND id <> $2",
        [from.into(), (&first.id).into()],
    )
    .await?;
    sql::run(db, "UPDATE alerts SET leader_id = NULL, seq = $2 WHERE id = $1", [(&first.id).into(), seq.into()])
        .await?;
    Ok(())
}

/// Where an item goes with its decision.
struct Target {
    state: ItemState,
    case_id: Option<String>,
    merged_into: Option<String>,
}

async fn write_state(db: &mut AnyConnection, id: &str, seq: i64, target: &Target) -> Result<()> {
    sql::run(
        db,
        "UPDATE alerts SET seq = $2, state = $3, case_id = $4, merged_into = $5, claimed_by = NULL, \
         claimed_until_ms = NULL WHERE id = $1",
        [id.into(), seq.into(), target.state.id().into(), (&target.case_id).into(), (&target.merged_into).into()],
    )
    .await?;
    Ok(())
}

async fn write_decision(db: &mut AnyConnection, row: &DecisionRow) -> Result<()> {
    sql::run(
        db,
        "INSERT INTO decisions (id, group_id, alert_id, verdict, reason, note, from_state, to_state, by_user, at_ms, \
         undoes, case_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        [
            (&row.id).into(),
            (&row.group_id).into(),
            (&row.alert_id).into(),
            row.verdict.id().into(),
            (&row.reason).into(),
            (&row.note).into(),
            (&row.from_state).into(),
            (&row.to_state).into(),
            (&row.by).into(),
            row.at_ms.into(),
            (&row.undoes).into(),
            (&row.case_id).into(),
        ],
    )
    .await?;
    Ok(())
}

impl Store {
    /// Raises an alert by hand for a stored post.
    ///
    /// # Errors
    /// `Missing`, `Refused` (no right; the post has an open alert).
    pub async fn raise(
        &self,
        by: &str,
        post_id: &str,
        family: Family,
        priority: u8,
        reason: &str,
        now_ms: i64,
    ) -> Result<String> {
        let mut tx = self.write().await?;
        let seq = take(&mut tx, "alerts", 1).await? + 1;
        person(&mut tx, by).await?.must(model::Act::Raise)?;
        let post = posts::post(&mut tx, post_id).await?;
        let open = sql::count(
            &mut tx,
            "SELECT COUNT(*) AS n FROM alerts WHERE post_id = $1 AND queue = 'alert' AND state = 'open'",
            [post_id.into()],
        )
        .await?;
        if open > 0 {
            return Err(Refusal::new("state", "Bài này đã có cảnh báo đang chờ.").into());
        }
        let assessment = sql::row(
            &mut tx,
            "SELECT id FROM assessments WHERE post_id = $1 AND version = $2 ORDER BY id DESC LIMIT 1",
            [post_id.into(), post.version.into()],
        )
        .await?;
        let priority = priority.clamp(1, 4);
        let reasons =
            [PriorityReason { id: "by_hand".to_owned(), title: format!("Nêu bằng tay: {reason}"), change: 0 }];
        let id = sql::new_id();
        sql::run(
            &mut tx,
            "INSERT INTO alerts (id, seq, queue, state, post_id, version, assessment_id, priority, priority_reasons, \
             families, stance, points, probability, raised_at_ms, raised_by, due_at_ms, campaign_id) \
             VALUES ($1, $2, 'alert', 'open', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            [
                (&id).into(),
                seq.into(),
                post_id.into(),
                post.version.into(),
                assessment.map(|row| sql::text(&row, "id")).transpose()?.into(),
                priority.into(),
                sql::to_json(&reasons)?.into(),
                families_text(&[family]).into(),
                post.stance.unwrap_or(Stance::Other).id().into(),
                post.points.into(),
                Cell::from(0.0),
                now_ms.into(),
                by.into(),
                (now_ms + review_within_ms(priority)).into(),
                (&post.campaign_id).into(),
            ],
        )
        .await?;
        audit::append(&mut tx, by, "alert.raise", &id, &json!({ "post": post_id, "priority": priority }), now_ms)
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Claims an item for ten minutes so that two people do not read the same one; the own claim is prolonged.
    ///
    /// # Errors
    /// `Refused` with code `claimed` while another person's claim holds, `state` when it is decided.
    pub async fn claim(&self, by: &str, alert_id: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let seq = take(&mut tx, "alerts", 1).await? + 1;
        let who = person(&mut tx, by).await?;
        let item = item(&mut tx, alert_id, now_ms).await?;
        must_be_free(&item, &who)?;
        // A skip changes no state and needs the same right and the same open state as any decision.
        state_after(item.state, Verdict::Skip, &who)?;
        sql::run(
            &mut tx,
            "UPDATE alerts SET seq = $2, claimed_by = $3, claimed_until_ms = $4 WHERE id = $1",
            [alert_id.into(), seq.into(), by.into(), (now_ms + CLAIM_MS).into()],
        )
        .await?;
        let name = format!("{}.claim", item.queue.id());
        audit::append(&mut tx, by, &name, alert_id, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Gives an own claim back.
    ///
    /// # Errors
    /// `Database`.
    pub async fn release(&self, by: &str, alert_id: &str) -> Result<()> {
        let mut tx = self.write().await?;
        let seq = take(&mut tx, "alerts", 1).await? + 1;
        sql::run(
            &mut tx,
            "UPDATE alerts SET seq = $2, claimed_by = NULL, claimed_until_ms = NULL WHERE id = $1 AND claimed_by = $3",
            [alert_id.into(), seq.into(), by.into()],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// Decides. Two people cannot decide the same item: the second is refused.
    ///
    /// # Errors
    /// `Missing`, `Refused` with the codes of [`model::AlertState::after`], and `claimed`, `reason`, `into`.
    pub async fn decide(&self, by: &str, decision: &NewDecision, now_ms: i64) -> Result<Decided> {
        let mut tx = self.write().await?;
        // Taken first: on PostgreSQL this is the lock under which the states are read.
        let mut seq = take(&mut tx, "alerts", 1).await? + 1;
        let who = person(&mut tx, by).await?;
        let verdict = decision.verdict;
        let first = item(&mut tx, &decision.alert_id, now_ms).await?;
        must_be_free(&first, &who)?;
        let state = state_after(first.state, verdict, &who)?;
        if verdict != Verdict::Skip && decision.reason.trim().is_empty() {
            return Err(Refusal::new("reason", "Quyết định cần một lý do.").into());
        }
        let followers = followers(&mut tx, &first.id, now_ms).await?;
        let whole = decision.whole_campaign && verdict != Verdict::Skip;
        let mut target = Target { state, case_id: None, merged_into: None };
        if verdict == Verdict::Merge {
            target = merge_target(&mut tx, decision.into.as_deref(), &first, state, now_ms).await?;
        }
        let items: Vec<&QueueRow> = std::iter::once(&first).chain(followers.iter().filter(|_| whole)).collect();
        if verdict == Verdict::Confirm {
            let case_id = match &decision.case_id {
                Some(id) => id.clone(),
                None => open_case(&mut tx, &who, now_ms).await?,
            };
            let mut place = standing(&mut tx, &case_id).await?;
            for _ in &items {
                place = place.after(CaseMove::Join, &who)?;
            }
            touch(&mut tx, &case_id, now_ms).await?;
            target.case_id = Some(case_id);
        }
        let group_id = sql::new_id();
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                seq = take(&mut tx, "alerts", 1).await? + 1;
            }
            write_state(&mut tx, &item.id, seq, &target).await?;
            let row = DecisionRow {
                id: if n == 0 { group_id.clone() } else { sql::new_id() },
                group_id: group_id.clone(),
                alert_id: item.id.clone(),
                verdict,
                reason: decision.reason.clone(),
                note: decision.note.clone(),
                from_state: item.state.id().to_owned(),
                to_state: target.state.id().to_owned(),
                by: who.id.clone(),
                by_name: String::new(),
                at_ms: now_ms,
                undoes: None,
                undone: false,
                case_id: target.case_id.clone(),
            };
            write_decision(&mut tx, &row).await?;
        }
        if verdict == Verdict::Confirm {
            // What was joined to this alert before goes where it goes.
            sql::run(
                &mut tx,
                "UPDATE alerts SET case_id = $2 WHERE merged_into = $1 AND state = 'merged'",
                [(&first.id).into(), (&target.case_id).into()],
            )
            .await?;
        }
        if !whole && verdict != Verdict::Skip && !followers.is_empty() {
            let seq = take(&mut tx, "alerts", 1).await? + 1;
            pass_leadership(&mut tx, &first.id, seq, now_ms).await?;
        }
        let name = format!("{}.{}", first.queue.id(), verdict.id());
        let detail = json!({ "decision": group_id, "items": items.len(), "case": target.case_id });
        audit::append(&mut tx, by, &name, &first.id, &detail, now_ms).await?;
        let count = items.len();
        tx.commit().await?;
        Ok(Decided {
            decision_id: group_id,
            items: u32::try_from(count).unwrap_or(u32::MAX),
            case_id: target.case_id,
            undo_until_ms: now_ms + UNDO_WINDOW_MS,
        })
    }

    /// Takes a decision back, with all that were taken in the same step. The undo is itself a decision.
    ///
    /// # Errors
    /// `Missing`, `Refused` with the codes of [`model::may_undo`].
    pub async fn undo(&self, by: &str, decision_id: &str, now_ms: i64) -> Result<Decided> {
        let mut tx = self.write().await?;
        take(&mut tx, "alerts", 0).await?;
        let who = person(&mut tx, by).await?;
        let mut select = Sql::new(SELECT_DECISION, []);
        select.push("WHERE d.group_id = (SELECT group_id FROM decisions WHERE id = ").bind(decision_id);
        select.push(") ORDER BY d.id");
        let group = select.rows(&mut tx).await?.iter().map(DecisionRow::read).collect::<Result<Vec<_>>>()?;
        let first = group.first().ok_or_else(|| Error::missing("quyết định", decision_id))?;
        if first.verdict == Verdict::Undo {
            return Err(Refusal::new("state", "Không hoàn tác một lần hoàn tác; hãy quyết định lại.").into());
        }
        let is_out = match &first.case_id {
            Some(case_id) => {
                let place = standing(&mut tx, case_id).await?;
                place.state != CaseState::Open || place.asked_by.is_some()
            }
            None => false,
        };
        may_undo(&who, &first.by, first.at_ms, group.iter().any(|row| row.undone), is_out, now_ms)?;
        let undo_id = sql::new_id();
        for (n, row) in group.iter().enumerate() {
            let seq = take(&mut tx, "alerts", 1).await? + 1;
            let before = item(&mut tx, &row.alert_id, now_ms).await?;
            let state = match before.queue {
                Queue::Alert => ItemState::Alert(parsed(&row.from_state)?),
                Queue::Referral => ItemState::Referral(parsed(&row.from_state)?),
            };
            write_state(&mut tx, &row.alert_id, seq, &Target { state, case_id: None, merged_into: None }).await?;
            let undo = DecisionRow {
                id: if n == 0 { undo_id.clone() } else { sql::new_id() },
                group_id: undo_id.clone(),
                alert_id: row.alert_id.clone(),
                verdict: Verdict::Undo,
                reason: "undo".to_owned(),
                note: None,
                from_state: before.state.id().to_owned(),
                to_state: state.id().to_owned(),
                by: who.id.clone(),
                by_name: String::new(),
                at_ms: now_ms,
                undoes: Some(row.id.clone()),
                undone: false,
                case_id: row.case_id.clone(),
            };
            write_decision(&mut tx, &undo).await?;
            sql::run(
                &mut tx,
                "UPDATE decisions SET undone_by = $2 WHERE id = $1",
                [(&row.id).into(), (&undo.id).into()],
            )
            .await?;
            // What was joined to this alert stands with it again.
            sql::run(
                &mut tx,
                "UPDATE alerts SET case_id = NULL WHERE merged_into = $1 AND state = 'merged'",
                [(&row.alert_id).into()],
            )
            .await?;
        }
        if let Some(case_id) = &first.case_id {
            close_when_empty(&mut tx, case_id, now_ms).await?;
        }
        let detail = json!({ "decision": undo_id, "undoes": first.group_id, "items": group.len() });
        let queue = item(&mut tx, &first.alert_id, now_ms).await?.queue;
        audit::append(&mut tx, by, &format!("{}.undo", queue.id()), &first.alert_id, &detail, now_ms).await?;
        tx.commit().await?;
        Ok(Decided {
            decision_id: undo_id,
            items: u32::try_from(group.len()).unwrap_or(u32::MAX),
            case_id: None,
            undo_until_ms: now_ms,
        })
    }

    /// The last decision of this person that can still be taken back.
    ///
    /// # Errors
    /// `Database`.
    pub async fn last_undoable(&self, by: &str, now_ms: i64) -> Result<Option<DecisionRow>> {
        let mut db = self.read().await?;
        let mut select = Sql::new(SELECT_DECISION, []);
        select.push("LEFT JOIN cases c ON c.id = d.case_id WHERE d.by_user = ").bind(by);
        select.push(" AND d.verdict NOT IN ('undo', 'skip') AND d.undone_by IS NULL AND d.id = d.group_id");
        select.push(" AND (c.id IS NULL OR c.state = 'open') AND d.at_ms >= ").bind(now_ms - UNDO_WINDOW_MS);
        select.push(" ORDER BY d.id DESC LIMIT 1");
        select.row(&mut db).await?.as_ref().map(DecisionRow::read).transpose()
    }
}

fn parsed<T: std::str::FromStr<Err = model::UnknownId>>(id: &str) -> Result<T> {
    id.parse().map_err(|error| Error::corrupt("trạng thái", id, error))
}

/// Where a merged alert goes: to an alert that is open or confirmed, and into its case.
async fn merge_target(
    db: &mut AnyConnection,
    into: Option<&str>,
    from: &QueueRow,
    state: ItemState,
    now_ms: i64,
) -> Result<Target> {
    let into = into.ok_or_else(|| Refusal::new("into", "Hãy chọn cảnh báo để gộp vào."))?;
    let target = item(db, into, now_ms).await?;
    let is_fit = matches!(target.state, ItemState::Alert(AlertState::Open | AlertState::Confirmed));
    if target.id == from.id || !is_fit {
        return Err(Refusal::new("into", "Chỉ gộp được vào một cảnh báo khác đang chờ hoặc đã xác nhận.").into());
    }
    Ok(Target { state, case_id: target.case_id, merged_into: Some(target.id) })
}

/// A case that an undo left without any alert has nothing to work on.
async fn close_when_empty(db: &mut AnyConnection, case_id: &str, now_ms: i64) -> Result<()> {
    if standing(db, case_id).await?.alerts == 0 {
        sql::run(
            db,
            "UPDATE cases SET state = 'closed', updated_at_ms = $2 WHERE id = $1",
            [case_id.into(), now_ms.into()],
        )
        .await?;
    } else {
        touch(db, case_id, now_ms).await?;
    }
    Ok(())
}
