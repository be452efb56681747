//! `canhgiac backup`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use store::{BackupLock, OPERATOR, Store};

use crate::config::Config;
use crate::keeping::CHECKPOINTS;
use crate::progress::Progress;
use crate::{clock, opening};

/// The lock that the options name.
pub fn lock(recipients: &[String], passphrase_file: Option<&Path>) -> Result<BackupLock> {
    match passphrase_file {
        Some(file) => Ok(BackupLock::with_passphrase(&passphrase(file)?)),
        None if recipients.is_empty() => Ok(BackupLock::Open),
        None => Ok(BackupLock::for_recipients(recipients)?),
    }
}

/// The first line of a file. A passphrase on the command line could be read by others.
pub fn passphrase(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let line = text.lines().next().unwrap_or_default();
    anyhow::ensure!(line.chars().count() >= 12, "{}: a passphrase needs at least 12 characters", file.display());
    Ok(line.to_owned())
}

/// Writes the backup. That it was made stands in the audit chain, and in the backup itself.
pub async fn run(file: &Path, lock: &BackupLock, data: &str, config: &Config) -> Result<()> {
    let store = opening::read(data, config).await?;
    let now_ms = clock::now_ms();
    let locked = !matches!(lock, BackupLock::Open);
    let detail = json!({ "what": "backup", "locked": locked });
    Store::audit_beside(data, OPERATOR, "export", "", &detail, now_ms).await?;
    let mut progress = Progress::new("sao lưu", 0);
    let node = node_files(&opening::node_folder(data))?;
    let done = store.backup(file, lock, node, now_ms, &mut |done, total| progress.of(done, total)).await?;
    progress.end();
    writeln!(
        std::io::stdout(),
        "{}: {} rows, {} originals, audit chain up to row {}{}",
        file.display(),
        done.rows,
        done.originals,
        done.audit.seq,
        if locked { ", encrypted" } else { ", NOT encrypted: keep it where only few can read it" }
    )?;
    Ok(())
}

/// What belongs to the node and cannot be made again: its key, its rules and what it signed.
fn node_files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for name in ["signing_key", CHECKPOINTS, "rules", "lexicons"] {
        collect(&folder.join(name), name.into(), &mut found)?;
    }
    Ok(found)
}

fn collect(path: &Path, name: PathBuf, found: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    if path.is_dir() {
        let mut entries = std::fs::read_dir(path)?.collect::<std::io::Result<Vec<_>>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            collect(&entry.path(), name.join(entry.file_name()), found)?;
        }
    } else if path.is_file() {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        found.push((name.to_string_lossy().into_owned(), bytes));
    }
    Ok(())
}
