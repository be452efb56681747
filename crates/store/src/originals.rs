//! Originals: bytes as they came, under their SHA-256, compressed, never changed; in a folder or in S3-compatible
//! storage. What is read is hashed again. Only retention and erasure remove one.

mod bucket;
mod folder;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::{Error, Result};
use bucket::Bucket;
use folder::Folder;

/// The quickest level still halves a page; a better one costs more than the disk.
const ZSTD_LEVEL: i32 = 1;

/// Where originals are kept.
#[derive(Clone, PartialEq, Eq)]
pub enum OriginalsPlace {
    /// A folder, perhaps one that several machines mount.
    Folder(PathBuf),
    /// S3-compatible storage.
    Bucket {
        /// `s3://bucket/prefix`.
        url: String,
        /// Address and credentials under the names that every S3 tool reads: `AWS_ENDPOINT_URL`, `AWS_REGION`,
        /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and their like.
        settings: BTreeMap<String, String>,
    },
}

impl OriginalsPlace {
    /// The place that a configuration names: `s3://…` with the `AWS_…` variables of the environment, or a folder.
    pub fn of(place: &str, env: impl Iterator<Item = (String, String)>) -> OriginalsPlace {
        if !place.starts_with("s3://") {
            return OriginalsPlace::Folder(place.into());
        }
        let settings = env.filter(|(name, _)| name.starts_with("AWS_")).collect();
        OriginalsPlace::Bucket { url: place.to_owned(), settings }
    }
}

impl From<&Path> for OriginalsPlace {
    fn from(place: &Path) -> Self {
        OriginalsPlace::Folder(place.to_owned())
    }
}

impl From<&PathBuf> for OriginalsPlace {
    fn from(place: &PathBuf) -> Self {
        OriginalsPlace::Folder(place.clone())
    }
}

/// The originals of one store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Originals {
    place: Arc<Kind>,
}

enum Kind {
    Folder(Folder),
    Bucket(Bucket),
}

/// An original that is there.
pub(crate) struct Stored {
    pub sha256: String,
    pub changed_at_ms: i64,
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

/// A hash from a row or a request names a path only when it is a hash.
fn check(sha256: &str) -> Result<()> {
    if sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err(Error::missing("bản gốc", sha256))
}

impl Originals {
    /// For reading; nothing is made.
    pub(crate) fn at(place: &OriginalsPlace) -> Result<Self> {
        let place = match place {
            OriginalsPlace::Folder(folder) => Kind::Folder(Folder::at(folder)),
            OriginalsPlace::Bucket { url, settings } => Kind::Bucket(Bucket::at(url, settings)?),
        };
        Ok(Originals { place: Arc::new(place) })
    }

    /// For keeping.
    pub(crate) fn open(place: &OriginalsPlace) -> Result<Self> {
        let originals = Originals::at(place)?;
        if let Kind::Folder(folder) = &*originals.place {
            folder.make()?;
        }
        Ok(originals)
    }

    /// Removes what a killed process left half written. Only for a folder that nobody else writes to.
    pub(crate) fn sweep(&self) -> Result<()> {
        match &*self.place {
            Kind::Folder(folder) => folder.sweep(),
            Kind::Bucket(_) => Ok(()),
        }
    }

    /// Whether it is there. Blocks.
    pub(crate) fn has(&self, sha256: &str) -> Result<bool> {
        check(sha256)?;
        match &*self.place {
            Kind::Folder(folder) => Ok(folder.path(sha256).is_file()),
            Kind::Bucket(bucket) => bucket.has(sha256),
        }
    }

    /// Keeps bytes. Blocks.
    pub(crate) fn keep(&self, bytes: &[u8]) -> Result<Kept> {
        let sha256 = sha256_hex(bytes);
        if !self.has(&sha256)? {
            let packed = zstd::encode_all(bytes, ZSTD_LEVEL).map_err(|error| Error::io(Path::new(&sha256), error))?;
            self.put(&sha256, packed)?;
        }
        Ok(Kept { sha256, bytes: bytes.len() as u64 })
    }

    fn put(&self, sha256: &str, packed: Vec<u8>) -> Result<()> {
        match &*self.place {
            Kind::Folder(folder) => folder.put(sha256, &packed),
            Kind::Bucket(bucket) => bucket.put(sha256, packed),
        }
    }

    /// Keeps what a reader gives, whatever its length. Blocks.
    pub(crate) fn keep_from(&self, from: impl Read) -> Result<Kept> {
        let aside = match &*self.place {
            Kind::Folder(folder) => folder.aside(),
            Kind::Bucket(_) => PathBuf::from("s3"),
        };
        let io = |error| Error::io(&aside, error);
        let file = match &*self.place {
            Kind::Folder(_) => File::create(&aside).map_err(io)?,
            Kind::Bucket(_) => bucket::aside_file().map_err(io)?,
        };
        let (file, kept) = pack(from, file).map_err(io)?;
        file.sync_all().map_err(io)?;
        match &*self.place {
            Kind::Folder(folder) => folder.settle(&kept.sha256, &aside)?,
            Kind::Bucket(bucket) if bucket.has(&kept.sha256)? => {}
            Kind::Bucket(bucket) => bucket.put_file(&kept.sha256, file)?,
        }
        Ok(kept)
    }

    /// The file of an original as it is kept: packed, not verified. For a backup. Blocks.
    pub(crate) fn packed(&self, sha256: &str) -> Result<File> {
        check(sha256)?;
        match &*self.place {
            Kind::Folder(folder) => folder.open(sha256),
            Kind::Bucket(bucket) => bucket.open(sha256),
        }
    }

    /// Keeps a packed original of a backup after verifying it; an altered one is refused. Blocks.
    pub(crate) fn keep_packed(&self, sha256: &str, packed: impl Read) -> Result<()> {
        check(sha256)?;
        let altered = || Error::AlteredOriginal { sha256: sha256.to_owned() };
        let kept = self.keep_from(zstd::Decoder::new(packed).map_err(|_| altered())?).map_err(|_| altered())?;
        if kept.sha256 != sha256 {
            self.remove(&kept.sha256)?;
            return Err(altered());
        }
        Ok(())
    }

    /// The bytes, verified. Blocks.
    pub(crate) fn read(&self, sha256: &str) -> Result<Vec<u8>> {
        let packed = self.packed(sha256)?;
        let altered = || Error::AlteredOriginal { sha256: sha256.to_owned() };
        let bytes = zstd::decode_all(BufReader::new(packed)).map_err(|_| altered())?;
        if sha256_hex(&bytes) == sha256 { Ok(bytes) } else { Err(altered()) }
    }

    /// A reader over the bytes that fails at their end when they are not what the hash says.
    pub(crate) fn reader(&self, sha256: &str) -> Result<Verifying> {
        let packed = self.packed(sha256)?;
        let unpacker = zstd::Decoder::new(packed).map_err(|error| Error::io(Path::new(sha256), error))?;
        Ok(Verifying { unpacker, hash: Sha256::new(), expected: sha256.to_owned() })
    }

    /// Removes an original; nothing when it is not there. Blocks.
    pub(crate) fn remove(&self, sha256: &str) -> Result<()> {
        check(sha256)?;
        match &*self.place {
            Kind::Folder(folder) => folder.remove(sha256),
            Kind::Bucket(bucket) => bucket.remove(sha256),
        }
    }

    /// Tells each original that is there, in no order. Blocks.
    pub(crate) fn each(&self, tell: &mut dyn FnMut(Stored) -> Result<()>) -> Result<()> {
        match &*self.place {
            Kind::Folder(folder) => folder.each(tell),
            Kind::Bucket(bucket) => bucket.each(tell),
        }
    }
}

/// Packs what a reader gives into a file and hashes it on the way.
fn pack(mut from: impl Read, file: File) -> io::Result<(File, Kept)> {
    let mut packer = zstd::Encoder::new(file, ZSTD_LEVEL)?;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 18];
    loop {
        let got = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let chunk = buffer.get(..got).unwrap_or_default();
        hash.update(chunk);
        io::Write::write_all(&mut packer, chunk)?;
        bytes += got as u64;
    }
    let file = packer.finish()?;
    Ok((file, Kept { sha256: hex(&hash.finalize()), bytes }))
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
    use std::fs;

    use super::*;

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("canhgiac-originals-{}", uuid::Uuid::now_v7()))
    }

    #[test]
    fn what_is_kept_comes_back_and_what_was_altered_does_not() -> Result<()> {
        let folder = folder();
        let originals = Originals::open(&folder.as_path().into())?;
        let kept = originals.keep("một bài đăng".as_bytes())?;
        assert_eq!(originals.keep_from("một bài đăng".as_bytes())?, kept);
        assert_eq!(originals.read(&kept.sha256)?, "một bài đăng".as_bytes());
        let other = zstd::encode_all(&b"khac"[..], 1).map_err(|error| Error::io(&folder, error))?;
        let path = folder.join(&kept.sha256[..2]).join(&kept.sha256[2..4]).join(format!("{}.zst", kept.sha256));
        fs::write(&path, other).map_err(|error| Error::io(&path, error))?;
        assert!(matches!(originals.read(&kept.sha256), Err(Error::AlteredOriginal { .. })));
        let mut sink = Vec::new();
        assert!(originals.reader(&kept.sha256)?.read_to_end(&mut sink).is_err());
        assert!(matches!(originals.read("../../etc/passwd"), Err(Error::Missing { .. })));
        fs::remove_dir_all(&folder).map_err(|error| Error::io(&folder, error))
    }
}
