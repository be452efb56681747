//! Everything that happened to a case, in order.

use model::{Answer, ReceiptKind, Verdict};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::cases::{CaseEvent, CaseRow, Note};
use crate::unit::DecisionRow;
use crate::{Result, sql};

/// The events of a case, oldest first.
pub(crate) async fn of_case(
    db: &mut AnyConnection,
    case: &CaseRow,
    decisions: &[DecisionRow],
    notes: &[Note],
) -> Result<Vec<CaseEvent>> {
    let mut events = vec![CaseEvent {
        at_ms: case.opened_at_ms,
        by: case.opened_by.clone(),
        by_name: case.opened_by_name.clone(),
        event: "opened".to_owned(),
        detail: case.number.clone(),
    }];
    events.extend(decisions.iter().map(|row| CaseEvent {
        at_ms: row.at_ms,
        by: row.by.clone(),
        by_name: row.by_name.clone(),
        event: if row.verdict == Verdict::Undo { "left" } else { "joined" }.to_owned(),
        detail: row.reason.clone(),
    }));
    events.extend(notes.iter().map(|note| CaseEvent {
        at_ms: note.at_ms,
        by: note.by.clone(),
        by_name: note.by_name.clone(),
        event: "note".to_owned(),
        detail: note.text.clone(),
    }));
    for row in askings(db, &case.id).await? {
        escalation(&row, &mut events)?;
    }
    for row in receipts(db, &case.id).await? {
        events.push(receipt(&row)?);
    }
    // The sort is stable: what happened in the same millisecond stays in the order of its cause.
    events.sort_by_key(|event| event.at_ms);
    Ok(events)
}

async fn askings(db: &mut AnyConnection, case_id: &str) -> Result<Vec<AnyRow>> {
    sql::rows(
        db,
        "SELECT k.*, un.name AS unit_name, a.name AS asked_by_name, s.name AS signed_by_name, d.name AS declined_by_name, \
         p.sealed_at_ms AS sealed_at_ms FROM askings k JOIN units un ON un.id = k.unit_id \
         JOIN users a ON a.id = k.asked_by LEFT JOIN users s ON s.id = k.signed_by \
         LEFT JOIN users d ON d.id = k.declined_by LEFT JOIN packets p ON p.id = k.packet_id \
         WHERE k.case_id = $1 ORDER BY k.id",
        [case_id.into()],
    )
    .await
}

fn escalation(row: &AnyRow, events: &mut Vec<CaseEvent>) -> Result<()> {
    let unit = sql::text(row, "unit_name")?;
    events.push(CaseEvent {
        at_ms: sql::int(row, "asked_at_ms")?,
        by: sql::text(row, "asked_by")?,
        by_name: sql::text(row, "asked_by_name")?,
        event: "asked".to_owned(),
        detail: format!("{unit}: {}", sql::text(row, "reason")?),
    });
    if let (Some(by), Some(at_ms)) = (sql::text_or_none(row, "declined_by")?, sql::int_or_none(row, "ended_at_ms")?) {
        events.push(CaseEvent {
            at_ms,
            by,
            by_name: sql::text_or_none(row, "declined_by_name")?.unwrap_or_default(),
            event: "declined".to_owned(),
            detail: sql::text_or_none(row, "ended_reason")?.unwrap_or_default(),
        });
    }
    let Some(by) = sql::text_or_none(row, "signed_by")? else { return Ok(()) };
    let by_name = sql::text_or_none(row, "signed_by_name")?.unwrap_or_default();
    if let Some(at_ms) = sql::int_or_none(row, "signed_at_ms")? {
        events.push(CaseEvent { at_ms, by, by_name, event: "signed".to_owned(), detail: unit });
    }
    if let (Some(packet_id), Some(at_ms)) =
        (sql::text_or_none(row, "packet_id")?, sql::int_or_none(row, "sealed_at_ms")?)
    {
        events.push(CaseEvent {
            at_ms,
            by: "seal".to_owned(),
            by_name: "Cảnh Giác".to_owned(),
            event: "sealed".to_owned(),
            detail: packet_id,
        });
    }
    Ok(())
}

async fn receipts(db: &mut AnyConnection, case_id: &str) -> Result<Vec<AnyRow>> {
    sql::rows(
        db,
        "SELECT r.*, u.name AS by_name FROM receipts r JOIN packets p ON p.id = r.packet_id \
         JOIN users u ON u.id = r.by_user WHERE p.case_id = $1 ORDER BY r.id",
        [case_id.into()],
    )
    .await
}

fn receipt(row: &AnyRow) -> Result<CaseEvent> {
    let kind: ReceiptKind = sql::id_of(row, "kind")?;
    let answer = sql::text_or_none(row, "answer")?;
    let event = match kind {
        ReceiptKind::Download => "downloaded",
        ReceiptKind::Receipt => "acknowledged",
        ReceiptKind::Answer if answer.as_deref() == Some(Answer::NeedsMore.id()) => "returned",
        ReceiptKind::Answer => "answered",
    };
    let words = sql::text_or_none(row, "note")?.unwrap_or_default();
    Ok(CaseEvent {
        at_ms: sql::int(row, "at_ms")?,
        by: sql::text(row, "by_user")?,
        by_name: sql::text(row, "by_name")?,
        event: event.to_owned(),
        detail: answer.map_or(words.clone(), |answer| format!("{answer}: {words}").trim_end_matches(": ").to_owned()),
    })
}
