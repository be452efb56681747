//! Originals in S3-compatible storage: `s3://bucket/prefix/aa/bb/<sha256>.zst`.
//!
//! The store's disk work blocks and stands apart from the
//! async threads; this does the same over the network, with a runtime of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::runtime::Runtime;

use super::Stored;
use crate::{Error, Result};

/// Pieces of a large upload.
const PIECE_BYTES: usize = 8 << 20;

/// Pieces under way at a time.
const PIECES: usize = 4;

/// The bucket.
pub(super) struct Bucket {
    url: String,
    prefix: String,
    storage: AmazonS3,
    /// Taken when the bucket is dropped: a runtime must not end by waiting inside another one.
    runtime: Option<Runtime>,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Bucket {
    /// Connects when it is first used.
    pub fn at(url: &str, settings: &BTreeMap<String, String>) -> Result<Self> {
        // Another part of the program may have chosen the same provider before; then this changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let place = PathBuf::from(url);
        let other = |error: object_store::Error| Error::io(&place, io::Error::other(error));
        let rest = url.strip_prefix("s3://").unwrap_or_default();
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
        for (name, value) in settings {
            // Variables of other tools begin alike.
            if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                builder = builder.with_config(key, value);
            }
        }
        // Whoever names an address without TLS means it: storage on the own machine or network.
        let plain = settings.iter().any(|(name, value)| name.contains("ENDPOINT") && value.starts_with("http://"));
        let storage = builder.with_allow_http(plain).build().map_err(other)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("originals")
            .enable_all()
            .build()
            .map_err(|error| Error::io(&place, error))?;
        Ok(Bucket { url: url.to_owned(), prefix: prefix.trim_matches('/').to_owned(), storage, runtime: Some(runtime) })
    }

    fn io(&self, sha256: &str, source: io::Error) -> Error {
        Error::io(&PathBuf::from(format!("{}/{sha256}", self.url.trim_end_matches('/'))), source)
    }

    fn key(&self, sha256: &str) -> Path {
        let part = |from: usize| sha256.get(from..from + 2).unwrap_or_default();
        Path::from(format!("{}/{}/{}/{sha256}.zst", self.prefix, part(0), part(2)))
    }

    /// Runs network work on the own runtime and blocks for it; legal on every thread.
    fn wait<T: Send + 'static>(
        &self,
        sha256: &str,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T> {
        let (send, receive) = std::sync::mpsc::channel();
        if let Some(runtime) = &self.runtime {
            runtime.spawn(async move {
                let _ = send.send(work.await);
            });
        }
        match receive.recv() {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error @ object_store::Error::NotFound { .. })) => {
                Err(self.io(sha256, io::Error::new(io::ErrorKind::NotFound, error)))
            }
            Ok(Err(error)) => Err(self.io(sha256, io::Error::other(error))),
            Err(_) => Err(self.io(sha256, io::Error::other("the storage thread ended"))),
        }
    }

    pub fn has(&self, sha256: &str) -> Result<bool> {
        let (storage, key) = (self.storage.clone(), self.key(sha256));
        match self.wait(sha256, async move { storage.head(&key).await }) {
            Ok(_) => Ok(true),
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub fn put(&self, sha256: &str, packed: Vec<u8>) -> Result<()> {
        let (storage, key) = (self.storage.clone(), self.key(sha256));
        self.wait(sha256, async move { storage.put(&key, packed.into()).await }).map(|_| ())
    }

    /// Uploads a packed file in pieces.
    pub fn put_file(&self, sha256: &str, mut packed: File) -> Result<()> {
        packed.rewind().map_err(|error| self.io(sha256, error))?;
        let (storage, key) = (self.storage.clone(), self.key(sha256));
        self.wait(sha256, async move {
            let mut upload = WriteMultipart::new_with_chunk_size(storage.put_multipart(&key).await?, PIECE_BYTES);
            let mut piece = vec![0; PIECE_BYTES];
            loop {
                match packed.read(&mut piece) {
                    Ok(0) => break,
                    Ok(got) => upload.write(piece.get(..got).unwrap_or_default()),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => {
                        upload.abort().await?;
                        return Err(object_store::Error::Generic { store: "S3", source: Box::new(error) });
                    }
                }
                upload.wait_for_capacity(PIECES).await?;
            }
            upload.finish().await
        })
        .map(|_| ())
    }

    /// Fetches an original into a file that nobody else sees.
    pub fn open(&self, sha256: &str) -> Result<File> {
        let (storage, key) = (self.storage.clone(), self.key(sha256));
        let mut file = aside_file().map_err(|error| self.io(sha256, error))?;
        let mut copy = file.try_clone().map_err(|error| self.io(sha256, error))?;
        self.wait(sha256, async move {
            let mut stream = storage.get(&key).await?.into_stream();
            while let Some(piece) = stream.try_next().await? {
                let wrote = copy.write_all(&piece);
                wrote.map_err(|error| object_store::Error::Generic { store: "S3", source: Box::new(error) })?;
            }
            Ok(())
        })?;
        file.rewind().map_err(|error| self.io(sha256, error))?;
        Ok(file)
    }

    /// Removes an original; nothing when it is not there.
    pub fn remove(&self, sha256: &str) -> Result<()> {
        let (storage, key) = (self.storage.clone(), self.key(sha256));
        match self.wait(sha256, async move { storage.delete(&key).await }) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Tells each original that is there.
    pub fn each(&self, tell: &mut dyn FnMut(Stored) -> Result<()>) -> Result<()> {
        let prefix = (!self.prefix.is_empty()).then(|| Path::from(self.prefix.clone()));
        let storage = self.storage.clone();
        let found: Vec<Stored> = self.wait("", async move {
            let stored = storage.list(prefix.as_ref()).try_filter_map(|object| async move {
                let name = object.location.filename().and_then(|name| name.strip_suffix(".zst"));
                let changed_at_ms = object.last_modified.timestamp_millis();
                Ok(name.map(|name| Stored { sha256: name.to_owned(), changed_at_ms }))
            });
            stored.try_collect().await
        })?;
        found.into_iter().try_for_each(tell)
    }
}

/// A file in the system's folder for such, which goes with its last handle.
pub(super) fn aside_file() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("canhgiac-{}", uuid::Uuid::now_v7()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
