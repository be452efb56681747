//! Numbers for the pages of health and figures.

use model::Family;
use serde::Serialize;

use crate::record::last;
use crate::{Result, Store, sql};

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
    /// Confirmed, those merged into another one included.
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
        let mut db = self.read().await?;
        let row = sql::row(
            &mut db,
            "SELECT (SELECT COUNT(*) FROM posts) AS posts, (SELECT COUNT(*) FROM captures) AS captures, \
             (SELECT COUNT(*) FROM captures WHERE state = 'kept') AS pending_captures, \
             (SELECT COUNT(*) FROM posts WHERE ruleset IS NULL) AS unassessed, \
             (SELECT COUNT(*) FROM frontier WHERE due_at_ms <= $1) AS due, \
             (SELECT COUNT(*) FROM sources WHERE state = 'enabled') AS enabled_sources, \
             (SELECT COUNT(*) FROM alerts WHERE queue = 'alert' AND state = 'open') AS open_alerts, \
             (SELECT COUNT(*) FROM alerts WHERE queue = 'referral' AND state = 'open') AS open_referrals, \
             (SELECT COUNT(*) FROM cases WHERE state <> 'closed') AS open_cases",
            [now_ms.into()],
        )
        .await?;
        let Some(row) = row else { return Ok(Health::default()) };
        Ok(Health {
            posts: sql::natural(&row, "posts")?,
            captures: sql::natural(&row, "captures")?,
            pending_captures: sql::natural(&row, "pending_captures")?,
            unassessed: sql::natural(&row, "unassessed")?,
            seq: last(&mut db, "posts").await?,
            audit_rows: u64::try_from(last(&mut db, "audit").await? + 1).unwrap_or(0),
            due: sql::natural(&row, "due")?,
            enabled_sources: sql::natural(&row, "enabled_sources")?,
            open_alerts: sql::natural(&row, "open_alerts")?,
            open_referrals: sql::natural(&row, "open_referrals")?,
            open_cases: sql::natural(&row, "open_cases")?,
        })
    }

    /// Alerts raised in a period by family. An alert of several families counts in each.
    ///
    /// # Errors
    /// `Database`.
    pub async fn family_figures(&self, from_ms: i64, to_ms: i64) -> Result<Vec<FamilyFigures>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT families, state, COUNT(*) AS n FROM alerts WHERE queue = 'alert' AND raised_at_ms >= $1 \
             AND raised_at_ms < $2 GROUP BY families, state",
            [from_ms.into(), to_ms.into()],
        )
        .await?;
        let mut figures: Vec<FamilyFigures> = Family::ALL
            .iter()
            .map(|family| FamilyFigures {
                family: family.id().to_owned(),
                raised: 0,
                confirmed: 0,
                dismissed: 0,
                open: 0,
            })
            .collect();
        for row in &rows {
            let (families, state) = (sql::text(row, "families")?, sql::text(row, "state")?);
            let count: u64 = sql::natural(row, "n")?;
            for figure in figures.iter_mut().filter(|it| families.contains(&format!("|{}|", it.family))) {
                figure.raised += count;
                match state.as_str() {
                    "open" => figure.open += count,
                    "dismissed" => figure.dismissed += count,
                    _ => figure.confirmed += count,
                }
            }
        }
        Ok(figures)
    }
}
