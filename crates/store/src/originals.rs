//! Originals: bytes as they came, under their SHA-256, compressed, never changed.
//!
//! `originals/aa/bb/<sha256>.zst`. A file is written aside, synced and renamed, so that what stands under a hash is
//! whole; what is read is hashed again.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The quickest level still halves a page; a better one costs more than the disk.
const ZSTD_LEVEL: i32 = 1;

/// The folder of originals.
#[derive(Clone)]
pub(crate) struct Originals {
    folder: PathBuf,
}

/// Hash and length of what was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub sha256: String,
    pub bytes: u64,
}

/// Lower-case hexadecimal SHA-256.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Originals {
    /// Opens the folder for reading; nothing is made.
    pub(crate) fn at(folder: &Path) -> Self {
        Originals { folder: folder.to_owned() }
    }

    /// Opens the folder for keeping.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let aside = folder.join("aside");
        fs::create_dir_all(&aside).map_err(|error| Error::io(&aside, error))?;
        Ok(Originals::at(folder))
    }

    /// Removes what a killed process left half written. Only for a folder that nobody else writes to.
    pub(crate) fn sweep(&self) -> Result<()> {
        let aside = self.folder.join("aside");
        let io = |error| Error::io(&aside, error);
        for left in fs::read_dir(&aside).map_err(io)? {
            fs::remove_file(left.map_err(io)?.path()).map_err(io)?;
        }
        Ok(())
    }

    fn path(&self, sha256: &str) -> Result<PathBuf> {
        if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Error::missing("bản gốc", sha256));
        }
        Ok(self.folder.join(&sha256[..2]).join(&sha256[2..4]).join(format!("{sha256}.zst")))
    }

    /// Keeps bytes. Blocks.
    pub(crate) fn keep(&self, bytes: &[u8]) -> Result<Kept> {
        let sha256 = sha256_hex(bytes);
        let path = self.path(&sha256)?;
        if !path.is_file() {
            let aside = self.aside();
            let io = |error| Error::io(&aside, error);
            let packed = zstd::encode_all(bytes, ZSTD_LEVEL).map_err(io)?;
            let mut file = File::create(&aside).map_err(io)?;
            file.write_all(&packed).map_err(io)?;
            file.sync_all().map_err(io)?;
            self.settle(&aside, &path)?;
        }
        Ok(Kept { sha256, bytes: bytes.len() as u64 })
    }

    /// Keeps what a reader gives, whatever its length. Blocks.
    pub(crate) fn keep_from(&self, mut from: impl Read) -> Result<Kept> {
        let aside = self.aside();
        let io = |error| Error::io(&aside, error);
        let mut packer = zstd::Encoder::new(File::create(&aside).map_err(io)?, ZSTD_LEVEL).map_err(io)?;
        let mut hash = Sha256::new();
        let mut bytes = 0;
        let mut buffer = vec![0; 1 << 18];
        loop {
            let got = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(io(error)),
            };
            let chunk = buffer.get(..got).unwrap_or_default();
            hash.update(chunk);
            packer.write_all(chunk).map_err(io)?;
            bytes += got as u64;
        }
        packer.finish().map_err(io)?.sync_all().map_err(io)?;
        let sha256 = hex(&hash.finalize());
        let path = self.path(&sha256)?;
        if path.is_file() {
            fs::remove_file(&aside).map_err(io)?;
        } else {
            self.settle(&aside, &path)?;
        }
        Ok(Kept { sha256, bytes })
    }

    /// The bytes, verified. Blocks.
    pub(crate) fn read(&self, sha256: &str) -> Result<Vec<u8>> {
        let path = self.path(sha256)?;
        let packed = fs::read(&path).map_err(|error| Error::io(&path, error))?;
        let altered = || Error::AlteredOriginal { sha256: sha256.to_owned() };
        let bytes = zstd::decode_all(packed.as_slice()).map_err(|_| altered())?;
        if sha256_hex(&bytes) == sha256 { Ok(bytes) } else { Err(altered()) }
    }

    /// A reader over the bytes that fails at their end when they are not what the hash says.
    pub(crate) fn reader(&self, sha256: &str) -> Result<Verifying> {
        let path = self.path(sha256)?;
        let io = |error| Error::io(&path, error);
        let unpacker = zstd::Decoder::new(File::open(&path).map_err(io)?).map_err(io)?;
        Ok(Verifying { unpacker, hash: Sha256::new(), expected: sha256.to_owned() })
    }

    fn aside(&self) -> PathBuf {
        self.folder.join("aside").join(uuid::Uuid::now_v7().to_string())
    }

    fn settle(&self, aside: &Path, path: &Path) -> Result<()> {
        let io = |error| Error::io(path, error);
        let folder = path.parent().unwrap_or(&self.folder);
        let is_new_folder = !folder.is_dir();
        fs::create_dir_all(folder).map_err(io)?;
        fs::rename(aside, path).map_err(io)?;
        sync_folder(folder).map_err(io)?;
        if is_new_folder {
            // The entries of the new folders must be on the disk as well.
            folder.parent().map_or(Ok(()), sync_folder).map_err(io)?;
            sync_folder(&self.folder).map_err(io)?;
        }
        Ok(())
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Reads an original and checks its hash at the end.
pub(crate) struct Verifying {
    unpacker: zstd::Decoder<'static, BufReader<File>>,
    hash: Sha256,
    expected: String,
}

impl Read for Verifying {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.unpacker.read(buffer)?;
        if got > 0 {
            self.hash.update(buffer.get(..got).unwrap_or_default());
        } else if !buffer.is_empty() && hex(&self.hash.clone().finalize()) != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "bản gốc đã bị thay đổi trên đĩa"));
        }
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("canhgiac-originals-{}", uuid::Uuid::now_v7()))
    }

    #[test]
    fn what_is_kept_comes_back_and_what_was_altered_does_not() -> Result<()> {
        let folder = folder();
        let originals = Originals::open(&folder)?;
        let kept = originals.keep("một bài đăng".as_bytes())?;
        assert_eq!(originals.keep_from("một bài đăng".as_bytes())?, kept);
        assert_eq!(originals.read(&kept.sha256)?, "một bài đăng".as_bytes());
        let other = zstd::encode_all(&b"khac"[..], 1).map_err(|error| Error::io(&folder, error))?;
        let path = originals.path(&kept.sha256)?;
        fs::write(&path, other).map_err(|error| Error::io(&path, error))?;
        assert!(matches!(originals.read(&kept.sha256), Err(Error::AlteredOriginal { .. })));
        let mut sink = Vec::new();
        assert!(originals.reader(&kept.sha256)?.read_to_end(&mut sink).is_err());
        assert!(matches!(originals.read("../../etc/passwd"), Err(Error::Missing { .. })));
        fs::remove_dir_all(&folder).map_err(|error| Error::io(&folder, error))
    }
}
