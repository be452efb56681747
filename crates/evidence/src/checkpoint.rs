//! Checkpoints of the audit chain: signed lines that are kept elsewhere, so that a chain that was rewritten whole or
//! cut at its end is found.
//!
//! One checkpoint is one line of JSON, and a file only grows. The signature is an SSHSIG in a namespace of its own over
//! the four lines of [`Checkpoint::message`]; `ssh-keygen -Y check-novalidate -n canh-giac-audit` reads it.

use serde::{Deserialize, Serialize};

use crate::key::{self, KeyError};
use crate::{Signer, rfc3339, verify};

/// The namespace of the signature: a checkpoint cannot be mistaken for a packet.
pub const NAMESPACE: &str = "canh-giac-audit";

/// A row of the audit chain as it was at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Place of the row.
    pub seq: i64,
    /// Hash of the row.
    pub hash: String,
    /// When it was signed: RFC 3339 with milliseconds, UTC.
    pub at: String,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    #[serde(flatten)]
    checkpoint: Checkpoint,
    signature: String,
}

/// A line of a file of checkpoints that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("dòng {line}: {reason}")]
pub struct CheckpointError {
    /// Number of the line, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

impl Checkpoint {
    /// What the signature is over.
    pub fn message(&self) -> String {
        format!("canh-giac audit checkpoint 1\nseq {}\nhash {}\nat {}\n", self.seq, self.hash, self.at)
    }

    /// Signs a row of the chain: one line, with its end.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(seq: i64, hash: &str, now_ms: i64, signer: &Signer) -> Result<String, KeyError> {
        let checkpoint = Checkpoint { seq, hash: hash.to_owned(), at: rfc3339(now_ms) };
        let signature = signer.sign(NAMESPACE, checkpoint.message().as_bytes())?;
        let line = serde_json::to_string(&Signed { checkpoint, signature });
        Ok(line.map_err(std::io::Error::other)? + "\n")
    }

    /// Reads a file of checkpoints. Every line must be signed by a key of `trusted`, the text of an `allowed_signers`
    /// file.
    ///
    /// # Errors
    /// The first line that is not a checkpoint or whose signature proves nothing. A last line without its end is one
    /// that was cut while it was written, and counts as not there.
    pub fn read(text: &str, trusted: &str) -> Result<Vec<Checkpoint>, CheckpointError> {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut checkpoints = Vec::new();
        for (n, line) in whole.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |reason: String| CheckpointError { line: n + 1, reason };
            let signed: Signed =
                serde_json::from_str(line).map_err(|error| wrong(format!("không phải điểm kiểm: {error}")))?;
            let message = signed.checkpoint.message();
            let key = key::check(NAMESPACE, message.as_bytes(), &signed.signature)
                .map_err(|error| wrong(format!("chữ ký không khớp: {error}")))?;
            if !verify::trusts(trusted, &key) {
                return Err(wrong("khóa ký không có trong danh sách khóa tin cậy".to_owned()));
            }
            checkpoints.push(signed.checkpoint);
        }
        Ok(checkpoints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_believed_from_its_key_only_and_only_as_it_was_signed() -> Result<(), Box<dyn std::error::Error>>
    {
        let (ours, other) = (Signer::ephemeral("a")?, Signer::ephemeral("b")?);
        let line = Checkpoint::sign(7, &"ab".repeat(32), 1_795_482_000_000, &ours)?;
        let trusted = ours.allowed_signers()?;
        let read = Checkpoint::read(&line, &trusted)?;
        assert_eq!((read.len(), read[0].seq, read[0].at.as_str()), (1, 7, "2026-11-24T01:00:00.000Z"));
        assert!(Checkpoint::read(&line, &other.allowed_signers()?).is_err());
        for (from, to) in [("\"seq\":7", "\"seq\":8"), ("abab", "abba"), ("2026", "2025")] {
            let told = Checkpoint::read(&format!("{line}{}", line.replacen(from, to, 1)), &trusted);
            assert_eq!(told.err().map(|error| error.line), Some(2), "{from}");
        }
        assert_eq!(Checkpoint::read(&format!("{line}{{\"seq\":"), &trusted)?.len(), 1, "a cut line is not there yet");
        Ok(())
    }
}
