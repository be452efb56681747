//! Originals in a folder: `aa/bb/<sha256>.zst`. A file is written aside, synced and renamed, so that what stands under
//! a hash is whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Stored;
use crate::{Error, Result};

/// The folder.
pub(super) struct Folder {
    folder: PathBuf,
}

impl Folder {
    /// For reading; nothing is made.
    pub fn at(folder: &Path) -> Self {
        Folder { folder: folder.to_owned() }
    }

    /// For keeping.
    pub fn make(&self) -> Result<()> {
        let aside = self.folder.join("aside");
        fs::create_dir_all(&aside).map_err(|error| Error::io(&aside, error))
    }

    /// Removes what a killed process left half written. Only where nobody else writes.
    pub fn sweep(&self) -> Result<()> {
        let aside = self.folder.join("aside");
        let io = |error| Error::io(&aside, error);
        for left in fs::read_dir(&aside).map_err(io)? {
            fs::remove_file(left.map_err(io)?.path()).map_err(io)?;
        }
        Ok(())
    }

    pub fn path(&self, sha256: &str) -> PathBuf {
        let part = |from: usize| sha256.get(from..from + 2).unwrap_or_default();
        self.folder.join(part(0)).join(part(2)).join(format!("{sha256}.zst"))
    }

    /// A new file aside.
    pub fn aside(&self) -> PathBuf {
        self.folder.join("aside").join(uuid::Uuid::now_v7().to_string())
    }

    pub fn put(&self, sha256: &str, packed: &[u8]) -> Result<()> {
        let aside = self.aside();
        let io = |error| Error::io(&aside, error);
        let mut file = File::create(&aside).map_err(io)?;
        file.write_all(packed).map_err(io)?;
        file.sync_all().map_err(io)?;
        self.settle(sha256, &aside)
    }

    /// Puts a synced file aside in its place.
    pub fn settle(&self, sha256: &str, aside: &Path) -> Result<()> {
        let path = self.path(sha256);
        let io = |error| Error::io(&path, error);
        if path.is_file() {
            return fs::remove_file(aside).map_err(io);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        let is_new_folder = !folder.is_dir();
        fs::create_dir_all(folder).map_err(io)?;
        fs::rename(aside, &path).map_err(io)?;
        sync_folder(folder).map_err(io)?;
        if is_new_folder {
            // The entries of the new folders must be on the disk as well.
            folder.parent().map_or(Ok(()), sync_folder).map_err(io)?;
            sync_folder(&self.folder).map_err(io)?;
        }
        Ok(())
    }

    pub fn open(&self, sha256: &str) -> Result<File> {
        let path = self.path(sha256);
        File::open(&path).map_err(|error| Error::io(&path, error))
    }

    /// Removes a file; nothing when it is not there.
    pub fn remove(&self, sha256: &str) -> Result<()> {
        let path = self.path(sha256);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(&path, error)),
            _ => Ok(()),
        }
    }

    /// Tells each original that is there.
    pub fn each(&self, tell: &mut dyn FnMut(Stored) -> Result<()>) -> Result<()> {
        for outer in entries(&self.folder)? {
            if outer.file_name().is_none_or(|name| name.len() != 2) {
                continue;
            }
            for inner in entries(&outer)? {
                for path in entries(&inner)? {
                    let io = |error| Error::io(&path, error);
                    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                    let changed = fs::metadata(&path).and_then(|about| about.modified()).map_err(io)?;
                    let since = changed.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                    let changed_at_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
                    tell(Stored { sha256: name, changed_at_ms })?;
                }
            }
        }
        Ok(())
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |error| Error::io(folder, error);
    fs::read_dir(folder).map_err(io)?.map(|entry| Ok(entry.map_err(io)?.path())).collect()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
