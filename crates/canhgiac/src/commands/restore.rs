//! `canhgiac restore`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::json;
use store::{BackupKey, Erasure, OPERATOR};

use crate::commands::backup::passphrase;
use crate::commands::index;
use crate::config::Config;
use crate::keeping::{ERASURES, Keeper};
use crate::progress::Progress;
use crate::{clock, opening};

/// What opens the file, by the options.
pub fn key(identity: Option<PathBuf>, passphrase_file: Option<&Path>) -> Result<BackupKey> {
    Ok(match (identity, passphrase_file) {
        (Some(identity), _) => BackupKey::Identities(identity),
        (None, Some(file)) => BackupKey::passphrase(&passphrase(file)?),
        (None, None) => BackupKey::None,
    })
}

/// Where the erasure list is.
pub struct List {
    /// Named.
    pub file: Option<PathBuf>,
    /// Nothing was erased since.
    pub none: bool,
}

impl List {
    /// The list itself; without one, the operator must say that there is none, lest what was erased comes back unseen.
    fn read(&self, config: &Config) -> Result<Vec<Erasure>> {
        if self.none {
            return Ok(Vec::new());
        }
        let kept = config.elsewhere.as_ref().map(|folder| folder.join(ERASURES)).filter(|path| path.exists());
        let Some(path) = self.file.clone().or(kept) else {
            bail!(
                "name the erasure list that was kept elsewhere with --erasures {ERASURES}, so that what was erased since \
                 the backup does not come back; or say --without-erasures when nothing was"
            );
        };
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let line = |(n, line): (usize, &str)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}:{}: no line of an erasure list", path.display(), n + 1))
        };
        text.lines().enumerate().map(line).collect()
    }
}

/// Restores, writes the files of the node, does the erasure list again, builds the index and verifies the audit chain.
pub async fn run(file: &Path, key: &BackupKey, list: &List, data: &str, config: &Config) -> Result<()> {
    let erasures = list.read(config)?;
    let originals = opening::originals(config);
    let mut progress = Progress::new("khôi phục", 0);
    let restored =
        store::restore(file, key, data, originals.as_ref(), &mut |done, total| progress.of(done, total)).await?;
    progress.end();
    let folder = opening::node_folder(data);
    for (path, bytes) in &restored.node {
        write_node_file(&folder.join(path), bytes)?;
    }
    let opened = opening::open(data, config).await?;
    let now_ms = clock::now_ms();
    let detail = json!({ "made_at_ms": restored.made_at_ms, "rows": restored.rows, "originals": restored.originals });
    opened.store.audit(OPERATOR, "store.restore", "", &detail, now_ms).await?;
    let erased = opened.store.erase_by_list(&erasures, now_ms).await?;
    if erased > 0 {
        opened.store.settle_originals(now_ms).await?;
        opened.store.scrub(now_ms).await?;
    }
    Keeper::new(&opened, config).write_list().await?;
    index::rebuild(&opened).await?;
    let verdict = opened.store.audit_verify().await?;
    writeln!(
        std::io::stdout(),
        "restored {} rows and {} originals; {erased} erased again by the list; audit: {}",
        restored.rows,
        restored.originals,
        match verdict {
            store::AuditVerdict::Whole { rows, .. } => format!("whole, {rows} rows"),
            other => bail!("the audit chain of the backup is not whole: {other:?}"),
        }
    )?;
    Ok(())
}

fn write_node_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = std::fs::File::options();
        options.write(true).create(true).truncate(true);
        // Among them is the signing key.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
