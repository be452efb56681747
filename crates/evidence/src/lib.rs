//! Packets: what leaves for the police, and how anyone checks it.
//!
//! A packet is a folder in a ZIP: a Vietnamese report, the originals, the machine truth in `packet.json`, the custody
//! log, `SHA256SUMS` over all of them and an SSHSIG signature over the sums (never over the ZIP, which mail gateways
//! repack). [`seal`] is deterministic but for its inputs; [`verify`] needs no database, no network and no key of ours.
//! Invariant: no packet is sealed without decisions by two named people, and nothing in it names a person as an
//! offender. Deliberately absent: PDF, WACZ, STIX and time stamps by third parties, which come with Evidence.

mod checkpoint;
mod container;
mod custody;
mod key;
mod report;
mod seal;
mod verify;
pub mod warc;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use custody::Touch;
pub use key::{KeyError, Signer};
pub use seal::{Account, CaseFile, CaseFileError, Original, PostCopy, Sealed, SignedStep, seal};
pub use verify::{Check, Outcome, Verification, verify};

/// The namespace of the signature: it cannot be mistaken for a signature over anything else.
pub const NAMESPACE: &str = "canh-giac-packet";

/// A UTC instant as Vietnamese people read it, `24/11/2026 07:42 (+07:00)`.
pub(crate) fn shown(at_ms: i64) -> String {
    local(at_ms).map_or_else(String::new, |zoned| zoned.strftime("%d/%m/%Y %H:%M (+07:00)").to_string())
}

/// RFC 3339 with milliseconds, UTC.
pub(crate) fn rfc3339(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}

pub(crate) fn local(at_ms: i64) -> Option<jiff::ZonedDateTime> {
    let at = jiff::Timestamp::from_millisecond(at_ms).ok()?;
    Some(at.to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(7))))
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
