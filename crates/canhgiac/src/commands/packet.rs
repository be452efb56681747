//! `canhgiac packet`: building for a signed case, verifying anywhere.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use evidence::Outcome;

use crate::opening::Opened;

/// Writes the ZIP of a case's newest packet; seals it first when its escalation has been signed and it is not sealed.
pub async fn build(opened: &Opened, case: &str, out: Option<&Path>, now_ms: i64) -> Result<()> {
    let file = opened.store.case(case, now_ms).await.with_context(|| format!("no case {case}"))?;
    let waits =
        file.row.asking.as_ref().is_some_and(|asking| asking.signed_at_ms.is_some() && asking.packet_id.is_none());
    let packet = if waits {
        opened.handover.seal(&file.row.id, now_ms).await?
    } else {
        match file.packets.into_iter().next() {
            Some(packet) => packet,
            None => bail!(
                "case {case} has no packet: one person must ask to escalate and another must sign, in the console"
            ),
        }
    };
    let zip = opened.store.original(&packet.file_sha256).await?;
    let path = out.unwrap_or(Path::new(".")).join(format!("{}.zip", packet.id));
    std::fs::write(&path, zip).with_context(|| format!("cannot write {}", path.display()))?;
    opened.store.audit("command line", "export", &packet.id, &serde_json::json!({"what": "packet"}), now_ms).await?;
    writeln!(std::io::stdout(), "{}", path.display())?;
    Ok(())
}

/// Prints the table of checks; whether the packet is valid.
pub fn verify(file: &Path, signers: Option<&Path>) -> Result<bool> {
    let trusted = match signers {
        Some(path) => Some(std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => None,
    };
    let verification = evidence::verify(file, trusted.as_deref());
    for check in &verification.checks {
        match &check.outcome {
            Outcome::Right => writeln!(std::io::stdout(), "đúng     {}", check.what)?,
            Outcome::Wrong(reason) => writeln!(std::io::stdout(), "SAI      {}: {reason}", check.what)?,
            Outcome::Remark(remark) => writeln!(std::io::stdout(), "lưu ý    {}: {remark}", check.what)?,
        }
    }
    if let Some(sums) = &verification.sums_sha256 {
        writeln!(std::io::stdout(), "SHA-256 của SHA256SUMS (so với biên nhận): {sums}")?;
    }
    let valid = verification.valid();
    writeln!(
        std::io::stdout(),
        "{}",
        if valid {
            "valid: gói nguyên vẹn, chữ ký đúng"
        } else {
            "INVALID: gói không còn như lúc niêm phong"
        }
    )?;
    Ok(valid)
}
