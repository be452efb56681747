//! Decisions about alerts and referrals: raise by hand, claim, decide, undo. Every one is a new row.

use model::{Family, Verdict};

use crate::{Error, Result, Store};

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
        Err(Error::Unfinished)
    }

    /// Claims an item for ten minutes so that two people do not read the same one; the own claim is prolonged.
    ///
    /// # Errors
    /// `Refused` with code `claimed` while another person's claim holds, `state` when it is decided.
    pub async fn claim(&self, by: &str, alert_id: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Gives an own claim back.
    ///
    /// # Errors
    /// `Database`.
    pub async fn release(&self, by: &str, alert_id: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Decides. Two people cannot decide the same item: the second is refused.
    ///
    /// # Errors
    /// `Missing`, `Refused` with the codes of [`model::AlertState::after`], and `claimed`, `reason`.
    pub async fn decide(&self, by: &str, decision: &NewDecision, now_ms: i64) -> Result<Decided> {
        Err(Error::Unfinished)
    }

    /// Takes a decision back, with all that were taken in the same step. The undo is itself a decision.
    ///
    /// # Errors
    /// `Missing`, `Refused` with the codes of [`model::may_undo`].
    pub async fn undo(&self, by: &str, decision_id: &str, now_ms: i64) -> Result<Decided> {
        Err(Error::Unfinished)
    }

    /// The last decision of this person that can still be taken back.
    ///
    /// # Errors
    /// `Database`.
    pub async fn last_undoable(&self, by: &str, now_ms: i64) -> Result<Option<crate::DecisionRow>> {
        Err(Error::Unfinished)
    }
}
