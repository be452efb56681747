//! Rulesets as they were, for ever; and saved settings.

use crate::{Error, Result, Store};

/// A recorded ruleset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesetRow {
    /// SHA-256 of its files, as the rules name it.
    pub id: String,
    /// When it was recorded.
    pub recorded_at_ms: i64,
    /// Who recorded it.
    pub recorded_by: String,
    /// When it was published last.
    pub published_at_ms: Option<i64>,
    /// Whether it is in force.
    pub current: bool,
    /// Its files: path and SHA-256, by path.
    pub files: Vec<(String, String)>,
}

impl Store {
    /// Records a ruleset with its files (path, bytes), each kept by hash. Recording it again changes nothing.
    ///
    /// # Errors
    /// `Io`, `Database`.
    pub async fn record_ruleset(&self, by: &str, id: &str, files: &[(String, Vec<u8>)], now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Puts a recorded ruleset in force without a second person: only for the shipped one at the first start.
    ///
    /// # Errors
    /// `Missing`; `Refused` when another is in force already.
    pub async fn publish_first_ruleset(&self, id: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// The ruleset in force.
    ///
    /// # Errors
    /// `Database`.
    pub async fn current_ruleset(&self) -> Result<Option<RulesetRow>> {
        Err(Error::Unfinished)
    }

    /// All recorded rulesets, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn rulesets(&self) -> Result<Vec<RulesetRow>> {
        Err(Error::Unfinished)
    }

    /// The files of a recorded ruleset (path, bytes), by path.
    ///
    /// # Errors
    /// `Missing`, `AlteredOriginal`.
    pub async fn ruleset_files(&self, id: &str) -> Result<Vec<(String, Vec<u8>)>> {
        Err(Error::Unfinished)
    }

    /// A saved setting.
    ///
    /// # Errors
    /// `Database`.
    pub async fn setting(&self, name: &str) -> Result<Option<String>> {
        Err(Error::Unfinished)
    }

    /// Saves a setting. Personal ones are named `user:<id>:<name>`.
    ///
    /// # Errors
    /// `Database`.
    pub async fn set_setting(&self, by: &str, name: &str, value: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }
}
