//! `canhgiac audit verify | checkpoint`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use evidence::{Checkpoint, Signer};
use store::{AuditPoint, AuditVerdict};

use crate::config::Config;
use crate::keeping::{self, CHECKPOINTS};
use crate::{clock, opening};

/// Walks the chain, alone and against checkpoints: those named, or those that the node itself wrote. Whether it is whole.
pub async fn verify(data: &str, against: &[PathBuf], signers: Option<&Path>, config: &Config) -> Result<bool> {
    let store = opening::read(data, config).await?;
    let folder = opening::node_folder(data);
    let own = [Some(folder.clone()), config.elsewhere.clone()];
    let files: Vec<PathBuf> = match against {
        [] => own.into_iter().flatten().map(|folder| folder.join(CHECKPOINTS)).filter(|path| path.exists()).collect(),
        named => named.to_vec(),
    };
    let mut points = Vec::new();
    if !files.is_empty() {
        let trusted = match signers {
            Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
            None => signer(&folder, config)?.allowed_signers()?,
        };
        for file in &files {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            match Checkpoint::read(&text, &trusted) {
                Ok(checkpoints) => {
                    points.extend(checkpoints.into_iter().map(|it| AuditPoint { seq: it.seq, hash: it.hash }))
                }
                Err(error) => {
                    writeln!(std::io::stdout(), "CHECKPOINT: {}: {error}", file.display())?;
                    return Ok(false);
                }
            }
        }
    }
    let verdict = store.audit_verify_against(&points).await?;
    let whole = matches!(verdict, AuditVerdict::Whole { .. });
    match verdict {
        AuditVerdict::Whole { rows, head } => {
            writeln!(std::io::stdout(), "whole: {rows} rows, head {head}, {} checkpoints agree", points.len())?;
        }
        AuditVerdict::Altered { seq } => {
            writeln!(std::io::stdout(), "ALTERED: row {seq} is not what it was when it was written")?
        }
        AuditVerdict::Missing { seq } => writeln!(std::io::stdout(), "MISSING: row {seq} is not there")?,
        AuditVerdict::Reordered { seq } => {
            writeln!(std::io::stdout(), "REORDERED: row {seq} does not follow from the one before it")?
        }
        AuditVerdict::Rewritten { after, upto } => writeln!(
            std::io::stdout(),
            "REWRITTEN: the rows after {after} up to {upto} are not those that a checkpoint knew"
        )?,
    }
    Ok(whole)
}

/// Signs the last row into a file.
pub async fn checkpoint(data: &str, to: Option<&Path>, config: &Config) -> Result<()> {
    let store = opening::read(data, config).await?;
    let folder = opening::node_folder(data);
    let signer = signer(&folder, config)?;
    let head = store.audit_head().await?;
    let path = to.map_or_else(|| folder.join(CHECKPOINTS), Path::to_owned);
    keeping::append(&path, &Checkpoint::sign(head.seq, &head.hash, clock::now_ms(), &signer)?)?;
    writeln!(std::io::stdout(), "{}: row {} signed by {}", path.display(), head.seq, signer.fingerprint())?;
    Ok(())
}

fn signer(folder: &Path, config: &Config) -> Result<Signer> {
    let path = folder.join("signing_key");
    if !path.exists() {
        bail!("there is no signing key {}; name the trusted keys with --signers", path.display());
    }
    Ok(Signer::open(&path, &config.organisation)?)
}
