//! Numbers for the pages of health and figures.

use serde::Serialize;

use crate::{Error, Result, Store};

/// How full the store is and how far its followers must go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Stored posts.
    pub posts: u64,
    /// Stored captures.
    pub captures: u64,
    /// Captures kept but not recorded.
    pub pending_captures: u64,
    /// Posts that were never assessed.
    pub unassessed: u64,
    /// Last sequence number of posts.
    pub seq: i64,
    /// Rows of the audit chain.
    pub audit_rows: u64,
    /// Addresses in the frontier that are due.
    pub due: u64,
    /// Enabled sources.
    pub enabled_sources: u64,
    /// Open alerts.
    pub open_alerts: u64,
    /// Open referrals.
    pub open_referrals: u64,
    /// Open cases.
    pub open_cases: u64,
}

/// Counts of decisions of one period and family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FamilyFigures {
    /// Family id.
    pub family: String,
    /// Alerts raised.
    pub raised: u64,
    /// Confirmed.
    pub confirmed: u64,
    /// Dismissed.
    pub dismissed: u64,
    /// Open.
    pub open: u64,
}

impl Store {
    /// Numbers for the page of health.
    ///
    /// # Errors
    /// `Database`.
    pub async fn health(&self, now_ms: i64) -> Result<Health> {
        Err(Error::Unfinished)
    }

    /// Alerts raised in a period by family. An alert of several families counts in each.
    ///
    /// # Errors
    /// `Database`.
    pub async fn family_figures(&self, from_ms: i64, to_ms: i64) -> Result<Vec<FamilyFigures>> {
        Err(Error::Unfinished)
    }
}
