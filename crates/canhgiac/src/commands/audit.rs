//! `canhgiac audit verify`.

use std::io::Write;

use anyhow::Result;
use store::{AuditVerdict, Store};

/// Walks the chain; whether it is whole.
pub async fn verify(store: &Store) -> Result<bool> {
    let verdict = store.audit_verify().await?;
    let whole = matches!(verdict, AuditVerdict::Whole { .. });
    match verdict {
        AuditVerdict::Whole { rows, head } => writeln!(std::io::stdout(), "whole: {rows} rows, head {head}")?,
        AuditVerdict::Altered { seq } => {
            writeln!(std::io::stdout(), "ALTERED: row {seq} is not what it was when it was written")?
        }
        AuditVerdict::Missing { seq } => writeln!(std::io::stdout(), "MISSING: row {seq} is not there")?,
        AuditVerdict::Reordered { seq } => {
            writeln!(std::io::stdout(), "REORDERED: row {seq} does not follow from the one before it")?
        }
    }
    Ok(whole)
}
