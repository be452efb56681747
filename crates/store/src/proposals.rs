//! Proposals: steps that take effect when a second person with the right approves.

use crate::{Error, Result, Store};

/// Kinds of steps that need a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalKind {
    /// Publish a recorded ruleset: `{ruleset}`. Takes effect in the store.
    PublishRules,
    /// Give a user another role: `{user, role, unit}`. Takes effect in the store.
    ChangeRole,
    /// Add a user: `{login, name, role, unit, password_hash}`. Takes effect in the store.
    AddUser,
    /// Export data; the caller does it after approval.
    Export,
    /// Erase data; the caller does it after approval.
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
    /// Its particulars.
    pub body: serde_json::Value,
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

impl Store {
    /// Proposes a step. Returns its id.
    ///
    /// # Errors
    /// `Refused` without the right, or when the body lacks what the kind needs.
    pub async fn propose(
        &self,
        by: &str,
        kind: ProposalKind,
        body: &serde_json::Value,
        reason: &str,
        now_ms: i64,
    ) -> Result<String> {
        Err(Error::Unfinished)
    }

    /// Proposals that wait, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn waiting_proposals(&self) -> Result<Vec<Proposal>> {
        Err(Error::Unfinished)
    }

    /// One proposal.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn proposal(&self, id: &str) -> Result<Proposal> {
        Err(Error::Unfinished)
    }

    /// Approves; the step takes effect in the same transaction where the kind says so.
    ///
    /// # Errors
    /// `Missing`, `Refused` with `second_person`, `role`, `state`.
    pub async fn approve(&self, by: &str, id: &str, now_ms: i64) -> Result<Proposal> {
        Err(Error::Unfinished)
    }

    /// Declines; the one who proposed may withdraw this way.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn decline(&self, by: &str, id: &str, now_ms: i64) -> Result<Proposal> {
        Err(Error::Unfinished)
    }
}
