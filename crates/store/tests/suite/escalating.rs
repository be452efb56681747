//! The way out: two signatures, a sealed packet, the unit's answer.

use model::{Answer, CaseState, ReceiptKind, TakedownState, Verdict};
use store::{CaseFilter, NewPacket};

use crate::deciding::decision;
use crate::help::{Bed, DAY, HOUR, MINUTE, NOW, People, code, harmless, lure, with_phone};

/// A case with one confirmed alert.
pub async fn case(bed: &Bed, who: &People) -> String {
    bed.import(vec![with_phone(lure("1", "Tuyển người", 2), "+84901000123")], NOW).await;
    let id = bed.alerts(NOW).await[0].id.clone();
    let done = bed.store.decide(&who.analyst, &decision(&id, Verdict::Confirm), NOW).await.expect("confirmed");
    done.case_id.expect("a case")
}

/// How many packets wait; each is free again afterwards.
async fn to_seal(bed: &Bed) -> usize {
    let waiting = bed.store.lease_packets("w", None, MINUTE, NOW).await.expect("asked").len();
    bed.store.give_back("w", NOW).await.expect("given back");
    waiting
}

/// Asks, signs and seals; the number of the packet.
async fn sealed(bed: &Bed, who: &People, case: &str, now_ms: i64) -> String {
    let asking = bed.store.ask_escalation(&who.analyst, case, "pc02", "khẩn", now_ms).await.expect("asked");
    bed.store.sign_escalation(&who.lead, case, now_ms).await.expect("signed");
    assert_eq!(to_seal(bed).await, 1);
    let packet = NewPacket {
        id: bed.store.next_packet_number(now_ms).await.expect("a number"),
        asking_id: asking,
        sums_sha256: "ab".repeat(32),
        supersedes: None,
    };
    let row = bed.store.seal(&packet, format!("zip {now_ms}").as_bytes(), now_ms).await.expect("sealed");
    assert_eq!(bed.store.seal(&packet, format!("zip {now_ms}").as_bytes(), now_ms).await.expect("again"), row);
    assert_eq!(code(bed.store.seal(&packet, b"another zip", now_ms).await), "state");
    assert_eq!(to_seal(bed).await, 0);
    row.id
}

#[tokio::test]
async fn the_second_signature_needs_a_second_person_with_the_right() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let case = case(&bed, &who).await;
    assert_eq!(code(bed.store.sign_escalation(&who.lead, &case, NOW).await), "state");
    bed.store.ask_escalation(&who.lead, &case, "pc02", "khẩn", NOW).await.expect("asked");
    assert_eq!(code(bed.store.ask_escalation(&who.analyst, &case, "pc02", "khẩn", NOW).await), "state");
    assert_eq!(code(bed.store.sign_escalation(&who.lead, &case, NOW).await), "second_person");
    assert_eq!(code(bed.store.sign_escalation(&who.analyst, &case, NOW).await), "role");
    let waiting = CaseFilter { to_sign: true, ..CaseFilter::default() };
    assert_eq!(bed.store.cases(&waiting, None, 10).await.expect("cases").rows.len(), 1);
    bed.store.decline_escalation(&who.lead, &case, "chưa đủ", NOW).await.expect("declined");
    assert!(bed.store.cases(&waiting, None, 10).await.expect("cases").rows.is_empty());
    assert_eq!(bed.store.case(&case, NOW).await.expect("the case").row.state, CaseState::Open);
}

#[tokio::test]
async fn nothing_is_sealed_without_two_people() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let case = case(&bed, &who).await;
    let asking = bed.store.ask_escalation(&who.analyst, &case, "pc02", "khẩn", NOW).await.expect("asked");
    let packet = NewPacket {
        id: "CG-2026-000001".to_owned(),
        asking_id: asking,
        sums_sha256: "ab".repeat(32),
        supersedes: None,
    };
    assert_eq!(code(bed.store.seal(&packet, b"zip", NOW).await), "second_person");
    // Not even behind the store's back: the table refuses it as well.
    bed.tamper(&format!("UPDATE askings SET signed_by = '{}'", who.analyst)).await;
    assert_eq!(code(bed.store.seal(&packet, b"zip", NOW).await), "second_person");
    assert!(bed.store.packets(None, None, 10).await.expect("packets").rows.is_empty());
}

#[tokio::test]
async fn a_packet_goes_to_its_unit_which_answers() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let case = case(&bed, &who).await;
    let packet = sealed(&bed, &who, &case, NOW).await;
    assert_eq!(packet, "CG-2026-000001");
    assert!(matches!(bed.store.download(&who.stranger, &packet, NOW).await, Err(store::Error::Missing { .. })));
    assert_eq!(code(bed.store.download(&who.admin, &packet, NOW).await), "role");
    assert_eq!(bed.store.packets(Some("a05"), None, 10).await.expect("packets").rows.len(), 0);
    let zip = bed.store.download(&who.officer, &packet, NOW).await.expect("the zip");
    assert_eq!(zip, format!("zip {NOW}").as_bytes());
    assert_eq!(code(bed.store.answer(&who.officer, &packet, Answer::OpenedCase, None, NOW).await), "state");
    assert_eq!(code(bed.store.receipt(&who.officer, &packet, &"cd".repeat(32), None, NOW).await), "hash");
    let sums = "ab".repeat(32);
    bed.store.receipt(&who.officer, &packet, &sums, None, NOW + HOUR).await.expect("a receipt");
    let file = bed.store.case(&case, NOW).await.expect("the case");
    assert_eq!(file.row.state, CaseState::Acknowledged);
    let post = file.post_ids[0].clone();
    let asked =
        bed.store.ask_takedown(&who.analyst, &case, &post, "cho.example", None, NOW + HOUR).await.expect("asked");
    bed.store.answer_takedown(&who.analyst, &asked, TakedownState::Removed, None, NOW + DAY).await.expect("removed");
    let back = bed.store.answer_takedown(&who.analyst, &asked, TakedownState::Acknowledged, None, NOW + DAY).await;
    assert_eq!(code(back), "state");
    bed.store.answer(&who.officer, &packet, Answer::NeedsMore, Some("thiếu ảnh"), NOW + DAY).await.expect("answered");
    let file = bed.store.case(&case, NOW).await.expect("the case");
    assert_eq!((file.row.state, file.row.returned), (CaseState::Open, true));
    let kinds: Vec<ReceiptKind> =
        bed.store.receipts(&packet).await.expect("receipts").iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [ReceiptKind::Download, ReceiptKind::Receipt, ReceiptKind::Answer]);
    let second = sealed(&bed, &who, &case, NOW + 2 * DAY).await;
    assert_eq!(second, "CG-2026-000002");
    let file = bed.store.case(&case, NOW).await.expect("the case");
    assert_eq!(file.packets.len(), 2);
    let events: Vec<&str> = file.timeline.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(
        events,
        [
            "opened",
            "joined",
            "asked",
            "signed",
            "sealed",
            "downloaded",
            "acknowledged",
            "returned",
            "asked",
            "signed",
            "sealed"
        ]
    );
    assert!(matches!(bed.store.audit_verify().await.expect("verified"), store::AuditVerdict::Whole { .. }));
}

#[tokio::test]
async fn a_decision_of_a_case_that_went_out_is_not_taken_back() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let case = case(&bed, &who).await;
    let decision = bed.store.last_undoable(&who.analyst, NOW).await.expect("read").expect("one").id;
    bed.store.ask_escalation(&who.analyst, &case, "pc02", "khẩn", NOW).await.expect("asked");
    assert_eq!(code(bed.store.undo(&who.analyst, &decision, NOW + MINUTE).await), "state");
}

#[tokio::test]
async fn a_harmless_post_with_a_contact_of_an_open_case_raises_an_alert() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let case = case(&bed, &who).await;
    let number = bed.store.case(&case, NOW).await.expect("the case").row.number;
    let done = bed.import(vec![with_phone(harmless("2", "Bán xe"), "+84901000123")], NOW + HOUR).await;
    assert_eq!(done.raised.len(), 1);
    let row = bed.alerts(NOW).await.remove(0);
    assert_eq!(row.priority_reasons[0].id, "open_case");
    assert!(row.priority_reasons[0].title.contains(&number));
    let unit = bed.store.unit(&row.id, NOW).await.expect("the unit");
    assert_eq!(unit.contacts[0].cases[0].1, number);
    bed.store.close_case(&who.lead, &case, "trùng", NOW + HOUR).await.expect("closed");
    let done = bed.import(vec![with_phone(harmless("3", "Bán xe nữa"), "+84901000123")], NOW + DAY).await;
    assert!(done.raised.is_empty());
}
