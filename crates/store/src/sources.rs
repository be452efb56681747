//! Sources as this store knows them.

use model::SourceState;

use crate::{Error, Page, Result, Store};

/// A source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Id with identity parameters: what posts carry as `source`.
    pub id: String,
    /// The text of its file.
    pub toml: String,
    /// Parameters, by name.
    pub params: Vec<(String, String)>,
    /// Where it stands.
    pub state: SourceState,
    /// A line on its access basis.
    pub access: String,
    /// Why it is blocked, or the last problem.
    pub problem: Option<String>,
    /// When it was added.
    pub added_at_ms: i64,
    /// Last change.
    pub updated_at_ms: i64,
    /// Stored posts.
    pub posts: u64,
    /// When it was last visited.
    pub last_visit_at_ms: Option<i64>,
    /// When the next visit is due.
    pub due_at_ms: Option<i64>,
}

/// A source to be added or changed.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// Id with identity parameters.
    pub id: String,
    /// The text of its file.
    pub toml: String,
    /// Parameters, by name.
    pub params: Vec<(String, String)>,
    /// A line on its access basis.
    pub access: String,
}

/// One line of the log of fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRow {
    /// Its id.
    pub id: String,
    /// The source.
    pub source: String,
    /// The address.
    pub url: String,
    /// When the request left.
    pub at_ms: i64,
    /// The rule that allowed or refused it: `robots: allow /f/`, `scope`, ….
    pub allowed_by: String,
    /// Time since the request before it to the same host; none for the first.
    pub gap_ms: Option<i64>,
    /// How long it took.
    pub took_ms: i64,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What came of it: `new`, `unchanged`, `refused`, `error`, … with words.
    pub outcome: String,
    /// Length of the body.
    pub bytes: u64,
    /// The capture, when bytes were kept.
    pub capture_id: Option<String>,
}

impl Store {
    /// Adds a source or replaces its text and parameters; its state stays (a new one is a draft).
    ///
    /// # Errors
    /// `Database`.
    pub async fn put_source(&self, by: &str, source: &NewSource, now_ms: i64) -> Result<SourceRow> {
        Err(Error::Unfinished)
    }

    /// Moves a source to another state. `access_satisfied` says whether its access basis holds.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn move_source(
        &self,
        by: &str,
        id: &str,
        to: SourceState,
        access_satisfied: bool,
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// All sources by id.
    ///
    /// # Errors
    /// `Database`.
    pub async fn sources(&self) -> Result<Vec<SourceRow>> {
        Err(Error::Unfinished)
    }

    /// One source.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn source(&self, id: &str) -> Result<SourceRow> {
        Err(Error::Unfinished)
    }

    /// The log of fetches of a source, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn fetch_log(&self, source: &str, after: Option<&str>, limit: u32) -> Result<Page<FetchRow>> {
        Err(Error::Unfinished)
    }
}
