//! Packets: sealed for ever, who fetched them, what the unit answered; and requests to take posts down.

use model::{Answer, PacketState, ReceiptKind, TakedownState};

use crate::{Error, Page, Result, Store};

/// A packet that was built and is to be sealed in the store.
#[derive(Clone, Debug)]
pub struct NewPacket {
    /// The number that [`Store::next_packet_number`] gave.
    pub id: String,
    /// The signed escalation.
    pub asking_id: String,
    /// SHA-256 of the packet's `SHA256SUMS`.
    pub sums_sha256: String,
    /// The packet that this one replaces.
    pub supersedes: Option<String>,
}

/// A sealed packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketRow {
    /// Its number: `CG-2026-000123`.
    pub id: String,
    /// Where it stands.
    pub state: PacketState,
    /// Its case.
    pub case_id: String,
    /// Number of the case.
    pub case_number: String,
    /// Title of the case.
    pub case_title: String,
    /// Priority of the case when it was sealed.
    pub priority: u8,
    /// Receiving unit.
    pub unit_id: String,
    /// Its name.
    pub unit_name: String,
    /// First signature.
    pub asked_by: String,
    /// Their name.
    pub asked_by_name: String,
    /// Second signature.
    pub signed_by: String,
    /// Their name.
    pub signed_by_name: String,
    /// When it was sealed.
    pub sealed_at_ms: i64,
    /// SHA-256 of `SHA256SUMS`: what a receipt confirms.
    pub sums_sha256: String,
    /// SHA-256 of the ZIP; read it with [`Store::original`].
    pub file_sha256: String,
    /// Length of the ZIP.
    pub bytes: u64,
    /// The packet that it replaces.
    pub supersedes: Option<String>,
    /// When the unit gave its receipt.
    pub receipt_at_ms: Option<i64>,
    /// What the unit answered last.
    pub answer: Option<Answer>,
}

/// One line of what the unit did with a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Its id.
    pub id: String,
    /// The packet.
    pub packet_id: String,
    /// What was done.
    pub kind: ReceiptKind,
    /// Who.
    pub by: String,
    /// Their name.
    pub by_name: String,
    /// When.
    pub at_ms: i64,
    /// SHA-256 of `SHA256SUMS` that they hold.
    pub sums_sha256: String,
    /// The answer, for an answer.
    pub answer: Option<Answer>,
    /// Words.
    pub note: Option<String>,
}

/// A request to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakedownRow {
    /// Its id.
    pub id: String,
    /// The post.
    pub post_id: String,
    /// The case.
    pub case_id: String,
    /// The platform.
    pub platform: String,
    /// Where it stands.
    pub state: TakedownState,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at_ms: i64,
    /// Last change.
    pub updated_at_ms: i64,
    /// Words.
    pub note: Option<String>,
}

impl Store {
    /// A number for a packet of this year that no other packet gets. A number that is never sealed stays unused.
    ///
    /// # Errors
    /// `Database`.
    pub async fn next_packet_number(&self, now_ms: i64) -> Result<String> {
        Err(Error::Unfinished)
    }

    /// Seals a packet: keeps its ZIP as an original and writes its row. Sealing the same escalation again with the
    /// same bytes changes nothing.
    ///
    /// # Errors
    /// `Missing`, `Refused` when two named people have not signed or it is already sealed with other bytes.
    pub async fn seal(&self, packet: &NewPacket, zip: &[u8], now_ms: i64) -> Result<PacketRow> {
        Err(Error::Unfinished)
    }

    /// A page of packets, newest first; of one unit, or of all for those who sent them.
    ///
    /// # Errors
    /// `Database`.
    pub async fn packets(&self, unit_id: Option<&str>, after: Option<&str>, limit: u32) -> Result<Page<PacketRow>> {
        Err(Error::Unfinished)
    }

    /// One packet. For an officer give their unit: another unit's packet is then missing.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn packet(&self, id: &str, unit_id: Option<&str>) -> Result<PacketRow> {
        Err(Error::Unfinished)
    }

    /// What the unit did with a packet, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn receipts(&self, packet_id: &str) -> Result<Vec<ReceiptRow>> {
        Err(Error::Unfinished)
    }

    /// Fetches the ZIP for a person and writes that down: an officer of the unit, or one who may read the case.
    ///
    /// # Errors
    /// `Missing` (also for another unit's officer), `Refused`, `AlteredOriginal`.
    pub async fn download(&self, by: &str, packet_id: &str, now_ms: i64) -> Result<Vec<u8>> {
        Err(Error::Unfinished)
    }

    /// An officer of the unit confirms that they hold the packet with this `SHA256SUMS`; the case is acknowledged.
    ///
    /// # Errors
    /// `Missing`, `Refused` (`role`, `state`; `hash` when the hash is another).
    pub async fn receipt(
        &self,
        by: &str,
        packet_id: &str,
        sums_sha256: &str,
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<String> {
        Err(Error::Unfinished)
    }

    /// An officer of the unit says what came of it. `needs_more` returns the case to open, `closed` closes it.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn answer(
        &self,
        by: &str,
        packet_id: &str,
        answer: Answer,
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<String> {
        Err(Error::Unfinished)
    }

    /// Writes down a request to a platform to take a post of an acknowledged case down.
    ///
    /// # Errors
    /// `Missing`, `Refused` (`state` before the unit gave its receipt).
    pub async fn ask_takedown(
        &self,
        by: &str,
        case_id: &str,
        post_id: &str,
        platform: &str,
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<String> {
        Err(Error::Unfinished)
    }

    /// Writes down what the platform answered.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn answer_takedown(
        &self,
        by: &str,
        id: &str,
        state: TakedownState,
        note: Option<&str>,
        now_ms: i64,
    ) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Requests of a case, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn takedowns(&self, case_id: &str) -> Result<Vec<TakedownRow>> {
        Err(Error::Unfinished)
    }
}
