//! Packets: sealed for ever, who fetched them, what the unit answered.

use model::{Act, Answer, CaseMove, PacketState, Person, ReceiptKind, Refusal, two_people};
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::escalation::step;
use crate::people::person;
use crate::record::take;
use crate::sql::Sql;
use crate::{Error, Page, Result, Store, audit, sql};

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

/// Columns of a [`PacketRow`]; `p` is the packet.
const SELECT: &str = "SELECT p.*, c.number AS case_number, c.title AS case_title, un.name AS unit_name, \
     a.name AS asked_by_name, s.name AS signed_by_name, \
     (SELECT MIN(r.at_ms) FROM receipts r WHERE r.packet_id = p.id AND r.kind = 'receipt') AS receipt_at_ms, \
     (SELECT r.answer FROM receipts r WHERE r.packet_id = p.id AND r.kind = 'answer' ORDER BY r.id DESC LIMIT 1) AS answer \
     FROM packets p JOIN cases c ON c.id = p.case_id JOIN units un ON un.id = p.unit_id \
     JOIN users a ON a.id = p.asked_by JOIN users s ON s.id = p.signed_by ";

impl PacketRow {
    fn read(row: &AnyRow) -> Result<PacketRow> {
        Ok(PacketRow {
            id: sql::text(row, "id")?,
            state: sql::id_of(row, "state")?,
            case_id: sql::text(row, "case_id")?,
            case_number: sql::text(row, "case_number")?,
            case_title: sql::text(row, "case_title")?,
            priority: sql::natural(row, "priority")?,
            unit_id: sql::text(row, "unit_id")?,
            unit_name: sql::text(row, "unit_name")?,
            asked_by: sql::text(row, "asked_by")?,
            asked_by_name: sql::text(row, "asked_by_name")?,
            signed_by: sql::text(row, "signed_by")?,
            signed_by_name: sql::text(row, "signed_by_name")?,
            sealed_at_ms: sql::int(row, "sealed_at_ms")?,
            sums_sha256: sql::text(row, "sums_sha256")?,
            file_sha256: sql::text(row, "file_sha256")?,
            bytes: sql::natural(row, "bytes")?,
            supersedes: sql::text_or_none(row, "supersedes")?,
            receipt_at_ms: sql::int_or_none(row, "receipt_at_ms")?,
            answer: match sql::text_or_none(row, "answer")? {
                Some(_) => Some(sql::id_of(row, "answer")?),
                None => None,
            },
        })
    }
}

/// The year in Vietnam.
pub(crate) fn year(now_ms: i64) -> i16 {
    let at = jiff::Timestamp::from_millisecond(now_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::Offset::constant(7).to_datetime(at).year()
}

async fn packet(db: &mut AnyConnection, id: &str, unit_id: Option<&str>) -> Result<PacketRow> {
    let mut select = Sql::new(SELECT, []);
    select.push("WHERE p.id = ").bind(id).when(" AND p.unit_id = ", unit_id);
    PacketRow::read(&select.row(db).await?.ok_or_else(|| Error::missing("hồ sơ", id))?)
}

/// Packets of a case, newest first.
pub(crate) async fn of_case(db: &mut AnyConnection, case_id: &str) -> Result<Vec<PacketRow>> {
    let mut select = Sql::new(SELECT, []);
    select.push("WHERE p.case_id = ").bind(case_id).push(" ORDER BY p.id DESC");
    select.rows(db).await?.iter().map(PacketRow::read).collect()
}

/// A packet as this officer may see it: one of their unit.
async fn for_officer(db: &mut AnyConnection, by: &Person, packet_id: &str) -> Result<PacketRow> {
    by.must(Act::Answer)?;
    packet(db, packet_id, Some(by.unit.as_deref().unwrap_or_default())).await
}

async fn write_receipt(db: &mut AnyConnection, row: &ReceiptRow) -> Result<()> {
    sql::run(
        db,
        "INSERT INTO receipts (id, packet_id, kind, by_user, at_ms, sums_sha256, answer, note) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (&row.id).into(),
            (&row.packet_id).into(),
            row.kind.id().into(),
            (&row.by).into(),
            row.at_ms.into(),
            (&row.sums_sha256).into(),
            row.answer.map(Answer::id).into(),
            row.note.as_ref().map(|note| note.replace('\0', " ")).into(),
        ],
    )
    .await?;
    let detail = json!({ "answer": row.answer.map(Answer::id) });
    audit::append(db, &row.by, &format!("packet.{}", row.kind.id()), &row.packet_id, &detail, row.at_ms).await?;
    Ok(())
}

impl ReceiptRow {
    fn new(packet: &PacketRow, kind: ReceiptKind, by: &Person, now_ms: i64) -> Self {
        ReceiptRow {
            id: sql::new_id(),
            packet_id: packet.id.clone(),
            kind,
            by: by.id.clone(),
            by_name: by.name.clone(),
            at_ms: now_ms,
            sums_sha256: packet.sums_sha256.clone(),
            answer: None,
            note: None,
        }
    }

    fn read(row: &AnyRow) -> Result<ReceiptRow> {
        Ok(ReceiptRow {
            id: sql::text(row, "id")?,
            packet_id: sql::text(row, "packet_id")?,
            kind: sql::id_of(row, "kind")?,
            by: sql::text(row, "by_user")?,
            by_name: sql::text(row, "by_name")?,
            at_ms: sql::int(row, "at_ms")?,
            sums_sha256: sql::text(row, "sums_sha256")?,
            answer: match sql::text_or_none(row, "answer")? {
                Some(_) => Some(sql::id_of(row, "answer")?),
                None => None,
            },
            note: sql::text_or_none(row, "note")?,
        })
    }
}

impl Store {
    /// A number for a packet of this year that no other packet gets. A number that is never sealed stays unused.
    ///
    /// # Errors
    /// `Database`.
    pub async fn next_packet_number(&self, now_ms: i64) -> Result<String> {
        let year = year(now_ms);
        let mut tx = self.write().await?;
        let number = take(&mut tx, &format!("packet:{year}"), 1).await? + 1;
        tx.commit().await?;
        Ok(format!("CG-{year}-{number:06}"))
    }

    /// Seals a packet: keeps its ZIP as an original and writes its row. Sealing the same escalation again with the
    /// same bytes changes nothing.
    ///
    /// # Errors
    /// `Missing`, `Refused` when two named people have not signed or it is already sealed with other bytes.
    pub async fn seal(&self, new: &NewPacket, zip: &[u8], now_ms: i64) -> Result<PacketRow> {
        let kept = self.keep_original(zip).await?;
        let mut tx = self.write().await?;
        let asking = sql::row(
            &mut tx,
            "SELECT case_id, unit_id, asked_by, signed_by, packet_id FROM askings WHERE id = $1 AND ended_at_ms IS NULL",
            [(&new.asking_id).into()],
        )
        .await?;
        let asking = asking.ok_or_else(|| Error::missing("đề nghị chuyển", &new.asking_id))?;
        if let Some(sealed) = sql::text_or_none(&asking, "packet_id")? {
            let sealed = packet(&mut tx, &sealed, None).await?;
            if sealed.file_sha256 == kept.sha256 {
                return Ok(sealed);
            }
            return Err(Refusal::new("state", "Hồ sơ của lần chuyển này đã niêm phong.").into());
        }
        let case_id = sql::text(&asking, "case_id")?;
        let asked_by = sql::text(&asking, "asked_by")?;
        let signed_by = sql::text_or_none(&asking, "signed_by")?;
        two_people(Some(&asked_by), signed_by.as_deref())?;
        let signed_by = signed_by.unwrap_or_default();
        let step = step(&mut tx, &signed_by, &case_id, CaseMove::Seal, now_ms).await?;
        sql::run(
            &mut tx,
            "INSERT INTO packets (id, state, asking_id, case_id, unit_id, priority, asked_by, signed_by, sealed_at_ms, \
             sums_sha256, file_sha256, bytes, supersedes) VALUES ($1, 'sealed', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            [
                (&new.id).into(),
                (&new.asking_id).into(),
                (&case_id).into(),
                sql::text(&asking, "unit_id")?.into(),
                step.case.priority.into(),
                (&asked_by).into(),
                (&signed_by).into(),
                now_ms.into(),
                (&new.sums_sha256).into(),
                (&kept.sha256).into(),
                i64::try_from(kept.bytes).unwrap_or(i64::MAX).into(),
                (&new.supersedes).into(),
            ],
        )
        .await?;
        sql::run(
            &mut tx,
            "UPDATE askings SET packet_id = $2 WHERE id = $1",
            [(&new.asking_id).into(), (&new.id).into()],
        )
        .await?;
        let detail = json!({
            "case": case_id, "asked_by": asked_by, "signed_by": signed_by, "sums": new.sums_sha256, "file": kept.sha256,
        });
        audit::append(&mut tx, "seal", "packet.seal", &new.id, &detail, now_ms).await?;
        let row = packet(&mut tx, &new.id, None).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A page of packets, newest first; of one unit, or of all for those who sent them.
    ///
    /// # Errors
    /// `Database`.
    pub async fn packets(&self, unit_id: Option<&str>, after: Option<&str>, limit: u32) -> Result<Page<PacketRow>> {
        let mut db = self.read().await?;
        let mut list = Sql::new(SELECT, []);
        list.push("WHERE 1 = 1").when(" AND p.unit_id = ", unit_id).when(" AND p.id < ", after);
        list.push(" ORDER BY p.id DESC LIMIT ").bind(limit);
        let rows = list.rows(&mut db).await?.iter().map(PacketRow::read).collect::<Result<Vec<_>>>()?;
        Ok(Page::of(rows, limit, |row| row.id.clone()))
    }

    /// One packet. For an officer give their unit: another unit's packet is then missing.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn packet(&self, id: &str, unit_id: Option<&str>) -> Result<PacketRow> {
        packet(&mut *self.read().await?, id, unit_id).await
    }

    /// What the unit did with a packet, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn receipts(&self, packet_id: &str) -> Result<Vec<ReceiptRow>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT r.*, u.name AS by_name FROM receipts r JOIN users u ON u.id = r.by_user \
             WHERE r.packet_id = $1 ORDER BY r.id",
            [packet_id.into()],
        )
        .await?;
        rows.iter().map(ReceiptRow::read).collect()
    }

    /// Fetches the ZIP for a person and writes that down: an officer of the unit, or one who may read the case.
    ///
    /// # Errors
    /// `Missing` (also for another unit's officer), `Refused`, `AlteredOriginal`.
    pub async fn download(&self, by: &str, packet_id: &str, now_ms: i64) -> Result<Vec<u8>> {
        let mut tx = self.write().await?;
        let who = person(&mut tx, by).await?;
        let row = if who.role.may(Act::ReadCase) {
            packet(&mut tx, packet_id, None).await?
        } else {
            for_officer(&mut tx, &who, packet_id).await?
        };
        if sql::count(
            &mut tx,
            "SELECT COUNT(*) AS n FROM packets WHERE id = $1 AND gone_at_ms IS NOT NULL",
            [packet_id.into()],
        )
        .await?
            > 0
        {
            return Err(Refusal::new("gone", "Bản sao hồ sơ đã bị xóa theo thời hạn lưu giữ.").into());
        }
        let zip = self.original(&row.file_sha256).await?;
        write_receipt(&mut tx, &ReceiptRow::new(&row, ReceiptKind::Download, &who, now_ms)).await?;
        tx.commit().await?;
        Ok(zip)
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
        let mut tx = self.write().await?;
        let who = person(&mut tx, by).await?;
        let row = for_officer(&mut tx, &who, packet_id).await?;
        if !sums_sha256.trim().eq_ignore_ascii_case(&row.sums_sha256) {
            let reason = "Mã SHA-256 của SHA256SUMS không khớp với hồ sơ đã niêm phong; hãy tải lại và kiểm tra.";
            return Err(Refusal::new("hash", reason).into());
        }
        step(&mut tx, by, &row.case_id, CaseMove::Acknowledge, now_ms).await?;
        let mut receipt = ReceiptRow::new(&row, ReceiptKind::Receipt, &who, now_ms);
        receipt.note = note.map(str::to_owned);
        write_receipt(&mut tx, &receipt).await?;
        tx.commit().await?;
        Ok(receipt.id)
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
        let mut tx = self.write().await?;
        let who = person(&mut tx, by).await?;
        let row = for_officer(&mut tx, &who, packet_id).await?;
        if row.receipt_at_ms.is_none() {
            return Err(Refusal::new("state", "Hãy xác nhận đã nhận hồ sơ trước khi trả lời.").into());
        }
        match answer {
            Answer::OpenedCase => {}
            Answer::Closed => {
                step(&mut tx, by, &row.case_id, CaseMove::Close, now_ms).await?;
            }
            Answer::NeedsMore => {
                step(&mut tx, by, &row.case_id, CaseMove::Return, now_ms).await?;
                sql::run(
                    &mut tx,
                    "UPDATE askings SET ended_at_ms = $2, ended_reason = $3 WHERE case_id = $1 AND ended_at_ms IS NULL",
                    [(&row.case_id).into(), now_ms.into(), note.unwrap_or_default().replace('\0', " ").into()],
                )
                .await?;
            }
        }
        let mut receipt = ReceiptRow::new(&row, ReceiptKind::Answer, &who, now_ms);
        receipt.answer = Some(answer);
        receipt.note = note.map(str::to_owned);
        write_receipt(&mut tx, &receipt).await?;
        tx.commit().await?;
        Ok(receipt.id)
    }
}
