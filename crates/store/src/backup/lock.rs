//! The lock of a backup: none, age recipients, or a passphrase.

use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;

use age::secrecy::SecretString;

use crate::{Error, Result};

/// How a backup is locked.
#[derive(Clone, Default)]
pub enum BackupLock {
    /// Not at all: whoever holds the file reads everything.
    #[default]
    Open,
    /// For the holders of these age keys (`age1…`).
    Recipients(Vec<age::x25519::Recipient>),
    /// By a passphrase.
    Passphrase(SecretString),
}

/// What opens a locked backup.
#[derive(Clone, Default)]
pub enum BackupKey {
    /// Nothing.
    #[default]
    None,
    /// A file of age identities (`AGE-SECRET-KEY-…`).
    Identities(PathBuf),
    /// The passphrase.
    Passphrase(SecretString),
}

/// What every file of age begins with.
const MAGIC: &[u8] = b"age-encryption.org/v1";

impl BackupLock {
    /// For these recipients.
    ///
    /// # Errors
    /// `Backup` naming the one that is none.
    pub fn for_recipients(names: &[String]) -> Result<BackupLock> {
        let recipient = |name: &String| {
            name.trim().parse().map_err(|reason| Error::Backup(format!("`{name}` không phải khóa age: {reason}")))
        };
        Ok(BackupLock::Recipients(names.iter().map(recipient).collect::<Result<_>>()?))
    }

    /// By a passphrase.
    pub fn with_passphrase(passphrase: &str) -> BackupLock {
        BackupLock::Passphrase(SecretString::from(passphrase.to_owned()))
    }

    pub(super) fn wrap<W: Write>(&self, to: W) -> Result<Writer<W>> {
        let refused = |reason: String| Error::Backup(format!("không khoá được tệp: {reason}"));
        let encryptor = match self {
            BackupLock::Open => return Ok(Writer::Open(to)),
            BackupLock::Recipients(recipients) => {
                let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
                age::Encryptor::with_recipients(recipients).map_err(|error| refused(error.to_string()))?
            }
            BackupLock::Passphrase(passphrase) => age::Encryptor::with_user_passphrase(passphrase.clone()),
        };
        let writer = encryptor.wrap_output(to).map_err(|error| refused(error.to_string()))?;
        Ok(Writer::Locked(Box::new(writer)))
    }
}

impl BackupKey {
    /// The passphrase.
    pub fn passphrase(passphrase: &str) -> BackupKey {
        BackupKey::Passphrase(SecretString::from(passphrase.to_owned()))
    }

    /// A reader of what a backup holds, locked or not.
    pub(super) fn open(&self, from: impl Read + Send + 'static) -> Result<Box<dyn Read + Send>> {
        let refused = |reason: String| Error::Backup(format!("không mở được tệp đã khoá: {reason}"));
        let mut from = BufReader::with_capacity(1 << 20, from);
        let begins = io::BufRead::fill_buf(&mut from).map_err(|error| refused(error.to_string()))?;
        if !begins.starts_with(MAGIC) {
            return Ok(Box::new(from));
        }
        let identities: Vec<Box<dyn age::Identity + Send + Sync>> = match self {
            BackupKey::None => return Err(refused("cần --identity hoặc --passphrase-file".to_owned())),
            BackupKey::Passphrase(passphrase) => vec![Box::new(age::scrypt::Identity::new(passphrase.clone()))],
            BackupKey::Identities(path) => age::IdentityFile::from_file(path.to_string_lossy().into_owned())
                .map_err(|error| Error::io(path, error))?
                .into_identities()
                .map_err(|error| refused(error.to_string()))?,
        };
        let decryptor = age::Decryptor::new_buffered(from).map_err(|error| refused(error.to_string()))?;
        let identities = identities.iter().map(|identity| identity.as_ref() as &dyn age::Identity);
        Ok(Box::new(decryptor.decrypt(identities).map_err(|error| refused(error.to_string()))?))
    }
}

/// A file behind its lock.
pub(super) enum Writer<W: Write> {
    Open(W),
    Locked(Box<age::stream::StreamWriter<W>>),
}

impl<W: Write> Writer<W> {
    pub fn finish(self) -> io::Result<W> {
        match self {
            Writer::Open(to) => Ok(to),
            Writer::Locked(to) => to.finish(),
        }
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Writer::Open(to) => to.write(bytes),
            Writer::Locked(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Writer::Open(to) => to.flush(),
            Writer::Locked(to) => to.flush(),
        }
    }
}
