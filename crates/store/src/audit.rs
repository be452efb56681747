//! The audit chain: append-only, each row holds the hash of the one before.

use serde::Serialize;

use crate::{Error, Page, Result, Store};

/// One row of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Its place, from 0; without gaps.
    pub seq: i64,
    /// When. UTC milliseconds.
    pub at_ms: i64,
    /// Who: a user id, or `setup`, `crawl`, `import` and the like for the program.
    pub actor: String,
    /// What, as `noun.verb`: `alert.confirm`, `case.read`, `search`, `post.reveal`.
    pub action: String,
    /// Id of what it was done to.
    pub subject: String,
    /// Particulars as JSON text. Never post text or contacts.
    pub detail: String,
    /// Hash of the row before.
    pub prev: String,
    /// SHA-256 of this row's canonical JSON (keys sorted, no spaces, `hash` left out), hexadecimal.
    pub hash: String,
}

/// Which rows a list shows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only actions that start with this.
    pub action: Option<String>,
    /// Only about this.
    pub subject: Option<String>,
    /// Not before.
    pub from_ms: Option<i64>,
    /// Before.
    pub to_ms: Option<i64>,
}

/// What a verification of the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditVerdict {
    /// Every row is what it was, none is missing.
    Whole {
        /// Number of rows.
        rows: u64,
        /// Hash of the last.
        head: String,
    },
    /// This row's content does not match its hash.
    Altered {
        /// Its place.
        seq: i64,
    },
    /// This row is not there.
    Missing {
        /// Its place.
        seq: i64,
    },
    /// This row stands in another's place.
    Reordered {
        /// The place where the order breaks.
        seq: i64,
    },
}

impl Store {
    /// Writes one event of reading: `case.read`, `search`, `post.reveal`, `export`. Events of change are written by
    /// the methods that change. `detail` must hold neither post text nor contacts.
    ///
    /// # Errors
    /// `Database`. Show nothing when this fails.
    pub async fn audit(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
        detail: &serde_json::Value,
        now_ms: i64,
    ) -> Result<i64> {
        Err(Error::Unfinished)
    }

    /// Walks the whole chain and names the first bad row.
    ///
    /// # Errors
    /// `Database`.
    pub async fn audit_verify(&self) -> Result<AuditVerdict> {
        Err(Error::Unfinished)
    }

    /// A page of the chain, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn audit_rows(&self, filter: &AuditFilter, after: Option<&str>, limit: u32) -> Result<Page<AuditRow>> {
        Err(Error::Unfinished)
    }
}
