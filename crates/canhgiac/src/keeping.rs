//! What must be kept and what must go: carries approved erasures out, writes the erasure list and signed checkpoints of
//! the audit chain, also to a folder elsewhere.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use evidence::{Checkpoint, Signer};
use store::{Erasure, Settled, Store};

use crate::config::Config;
use crate::following::Follower;
use crate::opening::Opened;

/// File of signed checkpoints.
pub const CHECKPOINTS: &str = "audit-checkpoints.jsonl";
/// File of the erasure list.
pub const ERASURES: &str = "erasures.jsonl";

/// A checkpoint is written when the last one is this old and the chain has grown.
const CHECKPOINT_EVERY_MS: i64 = 60 * 60 * 1000;

/// Lines of the erasure list that are read together.
const LINES: u32 = 1_000;

/// What carrying out came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// Posts, cases and originals that rules or requests named.
    pub erased: u64,
    /// What became of originals.
    pub originals: Settled,
}

/// Keeps the files of a node in step with its store.
pub struct Keeper {
    store: Store,
    follower: Follower,
    signer: Arc<Signer>,
    folders: Vec<PathBuf>,
}

impl Keeper {
    /// Of an opened store.
    pub fn new(opened: &Opened, config: &Config) -> Keeper {
        Keeper {
            store: opened.store.clone(),
            follower: Follower::new(opened),
            signer: opened.signer.clone(),
            folders: std::iter::once(opened.folder.clone()).chain(config.elsewhere.clone()).collect(),
        }
    }

    /// One round: what was approved, then the files.
    pub async fn step(&self, now_ms: i64) -> Result<()> {
        if !self.store.approved_erasures().await?.is_empty() {
            self.carry_out(now_ms, |_| {}).await?;
        }
        self.checkpoint_when_due(now_ms).await
    }

    /// Carries every approved erasure out: database, index, originals, files.
    pub async fn carry_out(&self, now_ms: i64, mut progress: impl FnMut(u64)) -> Result<Done> {
        let mut done = Done::default();
        for proposal in self.store.approved_erasures().await? {
            let mut errand = self.store.errand(&proposal).await?;
            loop {
                match errand.step(now_ms).await {
                    Ok(Some(count)) => done.erased += count,
                    Ok(None) => break,
                    // A hold that was set since the approval wins.
                    Err(store::Error::Refused(refusal)) => {
                        tracing::warn!(proposal, code = refusal.code, "an approved erasure was refused");
                        errand.give_up(&refusal, now_ms).await?;
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
                progress(done.erased);
            }
        }
        self.write_list().await?;
        self.follower.catch_up().await?;
        done.originals = self.store.settle_originals(now_ms).await?;
        if done.erased > 0 || done.originals != Settled::default() {
            self.store.scrub(now_ms).await?;
        }
        Ok(done)
    }

    /// Brings the erasure list of every folder up to the store.
    pub async fn write_list(&self) -> Result<()> {
        for folder in &self.folders {
            let path = folder.join(ERASURES);
            let mut last = match last_line(&path)? {
                Some(line) => {
                    serde_json::from_str::<Erasure>(&line)
                        .with_context(|| format!("{} is not an erasure list", path.display()))?
                        .seq
                }
                None => 0,
            };
            loop {
                let erasures = self.store.erasures_after(last, LINES).await?;
                let Some(end) = erasures.last() else { break };
                last = end.seq;
                let mut lines = String::new();
                for erasure in &erasures {
                    lines.push_str(&serde_json::to_string(erasure)?);
                    lines.push('\n');
                }
                append(&path, &lines)?;
            }
        }
        Ok(())
    }

    async fn checkpoint_when_due(&self, now_ms: i64) -> Result<()> {
        let head = self.store.audit_head().await?;
        for folder in &self.folders {
            let path = folder.join(CHECKPOINTS);
            if let Some(line) = last_line(&path)? {
                let last: Checkpoint = serde_json::from_str(&line)
                    .with_context(|| format!("{} is not a file of checkpoints", path.display()))?;
                let at_ms = last.at.parse::<jiff::Timestamp>().map_or(0, |at| at.as_millisecond());
                if last.seq >= head.seq || now_ms - at_ms < CHECKPOINT_EVERY_MS {
                    continue;
                }
            }
            append(&path, &Checkpoint::sign(head.seq, &head.hash, now_ms, &self.signer)?)?;
        }
        Ok(())
    }
}

/// The last whole line of a file; none when there is none.
pub fn last_line(path: &Path) -> Result<Option<String>> {
    let whole = match read_whole(path)? {
        Some(text) => text,
        None => return Ok(None),
    };
    Ok(whole.lines().next_back().map(str::to_owned))
}

/// The end of a file up to its last whole line. Lines are short; the last 64 KiB hold several.
fn read_whole(path: &Path) -> Result<Option<String>> {
    const TAIL: u64 = 64 << 10;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes.truncate(end);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Adds whole lines to a file, synced; what a killed process left of a line is cut off first.
pub fn append(path: &Path, lines: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut end = file.metadata()?.len();
        let mut byte = [0];
        while end > 0 {
            file.seek(SeekFrom::Start(end - 1))?;
            file.read_exact(&mut byte)?;
            if byte == *b"\n" {
                break;
            }
            end -= 1;
        }
        file.set_len(end)?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_of_a_killed_process_is_cut_off() -> Result<()> {
        let path = std::env::temp_dir().join(format!("canhgiac-lines-{}", std::process::id()));
        append(&path, "một\nhai\n")?;
        fs::write(&path, "một\nhai\nb")?;
        assert_eq!(last_line(&path)?.as_deref(), Some("hai"));
        append(&path, "ba\n")?;
        assert_eq!(fs::read_to_string(&path)?, "một\nhai\nba\n");
        Ok(fs::remove_file(&path)?)
    }
}
