//! Captures: bytes are hashed and kept before anything parses them, and a kept capture waits until it is recorded.

use std::path::Path;

use model::{Capture, CaptureState};

use crate::{Error, Result, Store};

/// A capture in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureRow {
    /// Its id.
    pub id: String,
    /// SHA-256 of the bytes, lower-case hexadecimal: also the name of the original.
    pub sha256: String,
    /// Length of the bytes.
    pub bytes: u64,
    /// How they came.
    pub capture: Capture,
    /// How far it has come.
    pub state: CaptureState,
    /// How much of it is recorded, in the unit of the reader that records it (posts or bytes); 0 at first.
    pub recorded_upto: i64,
    /// When it was kept.
    pub kept_at_ms: i64,
    /// Why it cannot be read, when it failed.
    pub problem: Option<String>,
}

impl Store {
    /// Keeps bytes and the story of how they came. The original is on disk, synced, before its row is committed.
    ///
    /// The same bytes from the same address at the same time (for a file, paste or tip: the same bytes of the same
    /// source) are one capture: keeping them again returns the row that is there, as far as it has come.
    ///
    /// # Errors
    /// `Io` and `Database`; then nothing is kept but perhaps an original that no row names.
    pub async fn keep(&self, capture: &Capture, bytes: &[u8], now_ms: i64) -> Result<CaptureRow> {
        Err(Error::Unfinished)
    }

    /// Keeps a file of any size without holding it in memory.
    ///
    /// # Errors
    /// As [`Store::keep`].
    pub async fn keep_file(&self, capture: &Capture, path: &Path, now_ms: i64) -> Result<CaptureRow> {
        Err(Error::Unfinished)
    }

    /// One capture.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn capture(&self, id: &str) -> Result<CaptureRow> {
        Err(Error::Unfinished)
    }

    /// Captures that are kept but not wholly recorded, oldest first. At the start of the program these are what an
    /// interrupted run left: read each again from its original, from `recorded_upto` on.
    ///
    /// # Errors
    /// `Database`.
    pub async fn pending_captures(&self, limit: u32) -> Result<Vec<CaptureRow>> {
        Err(Error::Unfinished)
    }

    /// Writes down that a capture cannot be read. It does not come up as pending again; its original stays.
    ///
    /// # Errors
    /// `Missing`, `Database`.
    pub async fn fail_capture(&self, id: &str, problem: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// The bytes of an original, verified against their hash.
    ///
    /// # Errors
    /// `Io` when it is not there, `AlteredOriginal` when it is not what it was.
    pub async fn original(&self, sha256: &str) -> Result<Vec<u8>> {
        Err(Error::Unfinished)
    }

    /// A reader over the bytes of an original. It fails at the end when they are not what their hash says.
    ///
    /// # Errors
    /// `Io` when it is not there.
    pub fn open_original(&self, sha256: &str) -> Result<Box<dyn std::io::Read + Send>> {
        Err(Error::Unfinished)
    }
}
