//! The custody log: one line per touch, each chained to the one before by the hash of its bytes.

use serde::{Deserialize, Serialize};

use crate::{rfc3339, sha256_hex};

/// One touch of the material: who, when, what, to which thing. Actors are pseudonyms such as `A-07`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// UTC milliseconds.
    pub at_ms: i64,
    /// Pseudonym of the person, or the name and version of the software.
    pub actor: String,
    /// `captured`, `assessed`, `confirmed`, `asked to escalate`, `signed`, `sealed`, …
    pub action: String,
    /// What was touched: a capture, an alert, the case.
    pub subject: String,
    /// Hash of the touched bytes, where there are any.
    pub sha256: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    seq: usize,
    at: String,
    actor: String,
    action: String,
    subject: String,
    sha256: Option<String>,
    prev: String,
}

/// What stands in `prev` of the first line.
const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Writes the log, oldest touch first.
pub(crate) fn write(touches: &[Touch]) -> Result<String, serde_json::Error> {
    let mut ordered: Vec<&Touch> = touches.iter().collect();
    ordered.sort_by_key(|touch| touch.at_ms);
    let mut log = String::new();
    let mut prev = NO_PREVIOUS.to_owned();
    for (seq, touch) in ordered.into_iter().enumerate() {
        let line = serde_json::to_string(&Line {
            seq,
            at: rfc3339(touch.at_ms),
            actor: touch.actor.clone(),
            action: touch.action.clone(),
            subject: touch.subject.clone(),
            sha256: touch.sha256.clone(),
            prev,
        })?;
        prev = sha256_hex(line.as_bytes());
        log.push_str(&line);
        log.push('\n');
    }
    Ok(log)
}

/// Walks the chain; names the first line (from 1) that does not follow from the one before.
pub(crate) fn check(log: &str) -> Result<usize, usize> {
    let mut prev = NO_PREVIOUS.to_owned();
    let mut count = 0;
    for (index, text) in log.lines().enumerate() {
        let line: Line = serde_json::from_str(text).map_err(|_| index + 1)?;
        if line.prev != prev || line.seq != index {
            return Err(index + 1);
        }
        prev = sha256_hex(text.as_bytes());
        count = index + 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_or_altered_line_is_named() {
        let touch = |at_ms, action: &str| Touch {
            at_ms,
            actor: "A-07".into(),
            action: action.into(),
            subject: "CG-2026-000001".into(),
            sha256: None,
        };
        let log = write(&[touch(3, "sealed"), touch(1, "captured"), touch(2, "confirmed")]).unwrap();
        assert_eq!(check(&log), Ok(3));
        assert!(log.lines().next().unwrap().contains("captured"));
        let without_second: String =
            log.lines().enumerate().filter(|(i, _)| *i != 1).map(|(_, l)| format!("{l}\n")).collect();
        assert_eq!(check(&without_second), Err(2));
        assert_eq!(check(&log.replace("confirmed", "dismissed")), Err(3));
    }
}
