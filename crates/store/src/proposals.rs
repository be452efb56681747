//! Proposals: steps that take effect when a second person with the right approves.

use model::{Act, Refusal, Role};
use serde_json::{Value, json};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::people::{NewUser, person};
use crate::retention::Task;
use crate::sql::Sql;
use crate::{Error, Result, Store, audit, people, reassess, rulesets, sql};

/// Kinds of steps that need a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalKind {
    /// Publish a recorded ruleset, a new one or an earlier one: `{ruleset, days}`. Takes effect in the store; with
    /// `days` the posts of so many days are assessed again.
    PublishRules,
    /// Give a user another role: `{user, role, unit}`. Takes effect in the store.
    ChangeRole,
    /// Add a user: `{login, name, role, unit, password_hash}`. Takes effect in the store.
    AddUser,
    /// Export data; the caller does it after approval.
    Export,
    /// Erase: `{task}`, made by [`Store::propose_retention`] and its like; [`Store::errand`] does it after approval.
    Erase,
}

impl ProposalKind {
    /// The stable id.
    pub fn id(self) -> &'static str {
        match self {
            ProposalKind::PublishRules => "publish_rules",
            ProposalKind::ChangeRole => "change_role",
            ProposalKind::AddUser => "add_user",
            ProposalKind::Export => "export",
            ProposalKind::Erase => "erase",
        }
    }

    /// The kind of an id.
    pub fn of(id: &str) -> Option<ProposalKind> {
        ProposalKind::ALL.iter().copied().find(|kind| kind.id() == id)
    }

    /// All kinds.
    pub const ALL: &'static [ProposalKind] = &[
        ProposalKind::PublishRules,
        ProposalKind::ChangeRole,
        ProposalKind::AddUser,
        ProposalKind::Export,
        ProposalKind::Erase,
    ];
}

/// A proposal.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Its id.
    pub id: String,
    /// What is proposed.
    pub kind: ProposalKind,
    /// Its particulars, without a password hash.
    pub body: Value,
    /// Why.
    pub reason: String,
    /// Who proposed.
    pub proposed_by: String,
    /// Their name.
    pub proposed_by_name: String,
    /// When.
    pub proposed_at_ms: i64,
    /// Who approved or declined.
    pub decided_by: Option<String>,
    /// Their name.
    pub decided_by_name: Option<String>,
    /// When.
    pub decided_at_ms: Option<i64>,
    /// Whether it was approved; none while it waits.
    pub approved: Option<bool>,
}

impl Proposal {
    fn read(row: &AnyRow) -> Result<Proposal> {
        let kind = sql::text(row, "kind")?;
        let decided_at_ms = sql::int_or_none(row, "decided_at_ms")?;
        let approved_at_ms = sql::int_or_none(row, "approved_at_ms")?;
        Ok(Proposal {
            id: sql::text(row, "id")?,
            kind: ProposalKind::of(&kind).ok_or_else(|| Error::corrupt("đề nghị", &kind, "loại lạ"))?,
            body: sql::json(row, "body")?,
            reason: sql::text(row, "reason")?,
            proposed_by: sql::text(row, "proposed_by")?,
            proposed_by_name: sql::text(row, "proposed_by_name")?,
            proposed_at_ms: sql::int(row, "proposed_at_ms")?,
            decided_by: sql::text_or_none(row, "decided_by")?,
            decided_by_name: sql::text_or_none(row, "decided_by_name")?,
            decided_at_ms,
            approved: decided_at_ms.map(|_| approved_at_ms.is_some()),
        })
    }

    /// Without what only the effect needs: nobody reads a password hash in a list.
    fn shown(mut self) -> Self {
        if let Some(body) = self.body.as_object_mut() {
            body.remove("password_hash");
        }
        self
    }

    fn must_wait(&self) -> Result<()> {
        if self.decided_at_ms.is_none() {
            return Ok(());
        }
        Err(Refusal::new("state", "Đề nghị này đã được quyết định.").into())
    }
}

/// What an approved proposal does in the store.
enum Effect {
    Publish { ruleset: String, days: i64 },
    Role { user: String, role: Role, unit: Option<String> },
    Add(NewUser),
    Nothing,
}

/// Days whose posts are assessed again: ten years at most.
fn days(body: &Value) -> Result<i64> {
    let days = body.get("days").map_or(Some(0), Value::as_i64).filter(|days| (0..=3_660).contains(days));
    days.ok_or_else(|| Refusal::new("body", "Số ngày đánh giá lại phải từ 0 đến 3660.").into())
}

const DAY_MS: i64 = 86_400_000;

fn effect(kind: ProposalKind, body: &Value) -> Result<Effect> {
    let field = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let must = |name: &str| {
        field(name).ok_or_else(|| Error::from(Refusal::new("body", format!("Đề nghị thiếu mục `{name}`."))))
    };
    let role = || {
        let role = must("role")?;
        role.parse::<Role>().map_err(|_| Error::from(Refusal::new("body", format!("Không có vai trò `{role}`."))))
    };
    Ok(match kind {
        ProposalKind::PublishRules => Effect::Publish { ruleset: must("ruleset")?, days: days(body)? },
        ProposalKind::ChangeRole => Effect::Role { user: must("user")?, role: role()?, unit: field("unit") },
        ProposalKind::AddUser => Effect::Add(NewUser {
            login: must("login")?,
            name: must("name")?,
            role: role()?,
            unit_id: field("unit"),
            password_hash: must("password_hash")?,
        }),
        ProposalKind::Export => Effect::Nothing,
        ProposalKind::Erase => {
            Task::of(body)?;
            Effect::Nothing
        }
    })
}

const SELECT: &str = "SELECT p.*, a.name AS proposed_by_name, b.name AS decided_by_name FROM proposals p \
     JOIN users a ON a.id = p.proposed_by LEFT JOIN users b ON b.id = p.decided_by ";

async fn proposal(db: &mut AnyConnection, id: &str) -> Result<Proposal> {
    let row = Sql::new(SELECT, []).push("WHERE p.id = ").bind(id).row(db).await?;
    Proposal::read(&row.ok_or_else(|| Error::missing("đề nghị", id))?)
}

impl Store {
    /// Proposes a step. Returns its id.
    ///
    /// # Errors
    /// `Refused` without the right, or when the body lacks what the kind needs.
    pub async fn propose(
        &self,
        by: &str,
        kind: ProposalKind,
        body: &Value,
        reason: &str,
        now_ms: i64,
    ) -> Result<String> {
        effect(kind, body)?;
        let mut tx = self.write().await?;
        let proposer = person(&mut tx, by).await?;
        proposer.must(match kind {
            ProposalKind::PublishRules => Act::ProposeRules,
            ProposalKind::ChangeRole | ProposalKind::AddUser => Act::ProposePeople,
            ProposalKind::Export => Act::ProposeExport,
            ProposalKind::Erase => Act::ProposeErasure,
        })?;
        let id = sql::new_id();
        sql::run(
            &mut tx,
            "INSERT INTO proposals (id, kind, body, reason, proposed_by, proposed_at_ms) VALUES ($1, $2, $3, $4, $5, $6)",
            [
                (&id).into(),
                kind.id().into(),
                sql::to_json(body)?.into(),
                reason.into(),
                by.into(),
                now_ms.into(),
            ],
        )
        .await?;
        audit::append(&mut tx, by, "proposal.make", &id, &json!({ "kind": kind.id() }), now_ms).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Proposals that wait, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn waiting_proposals(&self) -> Result<Vec<Proposal>> {
        let mut db = self.read().await?;
        let rows = Sql::new(SELECT, []).push("WHERE p.decided_at_ms IS NULL ORDER BY p.id").rows(&mut db).await?;
        rows.iter().map(|row| Ok(Proposal::read(row)?.shown())).collect()
    }

    /// One proposal.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn proposal(&self, id: &str) -> Result<Proposal> {
        Ok(proposal(&mut *self.read().await?, id).await?.shown())
    }

    /// Approves; the step takes effect in the same transaction where the kind says so.
    ///
    /// # Errors
    /// `Missing`, `Refused` with `second_person`, `role`, `state`.
    pub async fn approve(&self, by: &str, id: &str, now_ms: i64) -> Result<Proposal> {
        let mut tx = self.write().await?;
        let signer = person(&mut tx, by).await?;
        signer.must(Act::Approve)?;
        // The row is taken before it is read, so that two people cannot approve it both.
        let taken = sql::run(
            &mut tx,
            "UPDATE proposals SET decided_by = $2, decided_at_ms = $3, approved_at_ms = $3 \
             WHERE id = $1 AND decided_at_ms IS NULL",
            [id.into(), by.into(), now_ms.into()],
        )
        .await?;
        let approved = proposal(&mut tx, id).await?;
        if taken == 0 {
            approved.must_wait()?;
        }
        signer.must_differ_from(&approved.proposed_by)?;
        match effect(approved.kind, &approved.body)? {
            Effect::Publish { ruleset, days } => {
                rulesets::publish(&mut tx, by, &ruleset, now_ms).await?;
                if days > 0 {
                    reassess::begin(&mut tx, by, &ruleset, now_ms - days * DAY_MS, now_ms).await?;
                }
            }
            Effect::Role { user, role, unit } => {
                people::change_role(&mut tx, by, &user, role, unit.as_deref(), now_ms).await?;
            }
            Effect::Add(user) => {
                people::add(&mut tx, by, &user, now_ms).await?;
            }
            Effect::Nothing => {}
        }
        let detail = json!({ "kind": approved.kind.id(), "proposed_by": approved.proposed_by });
        audit::append(&mut tx, by, "proposal.approve", id, &detail, now_ms).await?;
        tx.commit().await?;
        Ok(approved.shown())
    }

    /// Declines; the one who proposed may withdraw this way.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn decline(&self, by: &str, id: &str, now_ms: i64) -> Result<Proposal> {
        let mut tx = self.write().await?;
        let who = person(&mut tx, by).await?;
        let before = proposal(&mut tx, id).await?;
        if before.proposed_by != who.id {
            who.must(Act::Approve)?;
        }
        let taken = sql::run(
            &mut tx,
            "UPDATE proposals SET decided_by = $2, decided_at_ms = $3 WHERE id = $1 AND decided_at_ms IS NULL",
            [id.into(), by.into(), now_ms.into()],
        )
        .await?;
        let declined = proposal(&mut tx, id).await?;
        if taken == 0 {
            declined.must_wait()?;
        }
        let detail = json!({ "kind": declined.kind.id(), "proposed_by": declined.proposed_by });
        audit::append(&mut tx, by, "proposal.decline", id, &detail, now_ms).await?;
        tx.commit().await?;
        Ok(declined.shown())
    }
}
