//! Opening a store: folder or database URL, lock, migrations, and what each connection is told.

use crate::{Error, Result};

/// All that Cảnh Giác remembers. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens the store for reading and writing and brings it to this version; a new one begins its audit chain.
    /// `data` is a folder (made when it is not there) or a `postgres://` URL; then originals go to `originals` of the
    /// working folder unless [`Store::open_with_originals`] names another one.
    ///
    /// # Errors
    /// `Locked` while another process writes to the folder, `Newer` for a store of a newer program, `Io`, `Database`.
    pub async fn open(data: &str, now_ms: i64) -> Result<Store> {
        Err(Error::Unfinished)
    }

    /// As [`Store::open`], with the folder of originals named.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with_originals(data: &str, originals: &std::path::Path, now_ms: i64) -> Result<Store> {
        Err(Error::Unfinished)
    }

    /// Opens the store for reading only, also while another process writes to it. Methods that write fail.
    ///
    /// # Errors
    /// `Absent` when there is none, `Newer`, `Database`.
    pub async fn open_to_read(data: &str) -> Result<Store> {
        Err(Error::Unfinished)
    }

    /// Closes the connections and gives the folder free.
    pub async fn close(self) {}
}
