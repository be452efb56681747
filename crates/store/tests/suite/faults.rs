//! What happens when things go wrong.

use model::{Capture, CaptureState, Method};
use serde_json::json;
use store::{AuditFilter, AuditVerdict, Batch, Error, Part, Store};

use crate::help::{Bed, DAY, HOUR, NOW, harmless, is_postgres, lure};

async fn chain(bed: &Bed) -> i64 {
    for n in 0..5 {
        bed.store.audit("an", "case.read", &format!("case-{n}"), &json!({ "n": n }), NOW).await.expect("written");
    }
    let AuditVerdict::Whole { rows, .. } = bed.store.audit_verify().await.expect("verified") else {
        panic!("a new chain is whole");
    };
    i64::try_from(rows).expect("few rows") - 1
}

#[tokio::test]
async fn the_chain_names_the_row_that_was_altered() {
    for column in ["actor = 'x'", "subject = ''", "detail = '{}'", "at_ms = 1", "action = 'x'", "hash = 'x'"] {
        let bed = Bed::new().await;
        let last = chain(&bed).await;
        bed.tamper(&format!("UPDATE audit SET {column} WHERE seq = {}", last - 2)).await;
        assert_eq!(bed.store.audit_verify().await.expect("verified"), AuditVerdict::Altered { seq: last - 2 });
    }
}

#[tokio::test]
async fn the_chain_names_the_row_that_is_missing_and_rows_that_were_exchanged() {
    let bed = Bed::new().await;
    let last = chain(&bed).await;
    bed.tamper(&format!("DELETE FROM audit WHERE seq = {}", last - 2)).await;
    assert_eq!(bed.store.audit_verify().await.expect("verified"), AuditVerdict::Missing { seq: last - 2 });

    let bed = Bed::new().await;
    let last = chain(&bed).await;
    bed.tamper(&format!("DELETE FROM audit WHERE seq = {last}")).await;
    assert_eq!(bed.store.audit_verify().await.expect("verified"), AuditVerdict::Missing { seq: last });

    let bed = Bed::new().await;
    let last = chain(&bed).await;
    for (from, to) in [(last - 2, -7), (last - 1, last - 2), (-7, last - 1)] {
        bed.tamper(&format!("UPDATE audit SET seq = {to} WHERE seq = {from}")).await;
    }
    assert_eq!(bed.store.audit_verify().await.expect("verified"), AuditVerdict::Reordered { seq: last - 2 });
}

#[tokio::test]
async fn the_chain_is_listed_with_filters_newest_first() {
    let bed = Bed::new().await;
    chain(&bed).await;
    bed.store.audit("binh", "search", "", &json!({}), NOW + HOUR).await.expect("written");
    let filter = AuditFilter { action: Some("case.".to_owned()), ..AuditFilter::default() };
    let page = bed.store.audit_rows(&filter, None, 3).await.expect("rows");
    assert_eq!(page.rows[0].subject, "case-4");
    let rest = bed.store.audit_rows(&filter, page.next.as_deref(), 10).await.expect("rows");
    assert_eq!(rest.rows.len(), 2);
    let filter = AuditFilter { actor: Some("binh".to_owned()), from_ms: Some(NOW + HOUR), ..AuditFilter::default() };
    assert_eq!(bed.store.audit_rows(&filter, None, 10).await.expect("rows").rows.len(), 1);
}

#[tokio::test]
async fn a_capture_that_was_kept_but_not_recorded_waits_after_a_restart() {
    let bed = Bed::new().await;
    let story = Capture::of_file("import:tin", Method::Import, "tin.jsonl", "import", NOW);
    let kept = bed.store.keep(&story, b"mot\nhai\nba", NOW).await.expect("kept");
    let part = |upto: i64, last: bool, ids: &[&str]| Part {
        capture_id: kept.id.clone(),
        upto,
        last,
        posts: ids.iter().map(|id| harmless(id, &format!("tin {id}"))).collect(),
    };
    let batch = |part: Part| Batch { actor: "import".to_owned(), parts: vec![part], visits: Vec::new() };
    bed.store.record(&batch(part(2, false, &["1", "2"])), NOW).await.expect("the first stretch");
    // Here the process is killed.
    let bed = bed.again().await;
    let pending = bed.store.lease_captures("w", 10, HOUR, NOW + HOUR).await.expect("pending");
    assert_eq!((pending.len(), pending[0].recorded_upto, pending[0].state), (1, 2, CaptureState::Kept));
    assert_eq!(bed.store.original(&pending[0].sha256).await.expect("its bytes"), b"mot\nhai\nba");
    bed.store.record(&batch(part(2, false, &["1", "2"])), NOW).await.expect("again");
    bed.store.record(&batch(part(3, true, &["3"])), NOW).await.expect("the rest");
    assert!(bed.store.lease_captures("w", 10, HOUR, NOW + DAY).await.expect("pending").is_empty());
    assert_eq!(bed.store.health(NOW).await.expect("health").posts, 3);
    let again = bed.store.keep(&story, b"mot\nhai\nba", NOW + HOUR).await.expect("kept");
    assert_eq!((again.id, again.state), (kept.id, CaptureState::Recorded), "the same file is the same capture");
}

#[tokio::test]
async fn an_empty_page_and_a_page_that_cannot_be_read_do_not_wait() {
    let bed = Bed::new().await;
    let empty = bed.batch(Vec::new(), NOW).await;
    bed.store.record(&empty, NOW).await.expect("recorded");
    let story = Capture::of_file("import:x", Method::Import, "x", "import", NOW);
    let kept = bed.store.keep(&story, b"?", NOW).await.expect("kept");
    bed.store.fail_capture(&kept.id, "không đọc được", NOW).await.expect("failed");
    assert!(bed.store.lease_captures("w", 10, HOUR, NOW + DAY).await.expect("pending").is_empty());
}

#[tokio::test]
async fn a_large_file_is_kept_by_its_name_and_read_as_a_stream() {
    use std::io::Read;
    let bed = Bed::new().await;
    let path = bed.folder.0.join("lon.jsonl");
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(|n| (n % 251).to_le_bytes()).take(5_000_000).collect();
    std::fs::write(&path, &bytes).expect("written");
    let story = Capture::of_file("import:lon", Method::Import, "lon.jsonl", "import", NOW);
    let kept = bed.store.keep_file(&story, &path, NOW).await.expect("kept");
    assert_eq!(kept.bytes, 5_000_000);
    let mut read = Vec::new();
    bed.store.open_original(&kept.sha256).expect("open").read_to_end(&mut read).expect("read");
    assert!(read == bytes);
}

#[tokio::test]
async fn two_processes_do_not_write_to_one_folder() {
    if is_postgres() {
        return;
    }
    let bed = Bed::new().await;
    let refused = Store::open(&bed.data, NOW).await.err().expect("refused");
    assert!(matches!(refused, Error::Locked { .. }));
    assert!(refused.to_string().contains(&std::process::id().to_string()), "{refused}");
    bed.import(vec![lure("1", "Tuyển người", 2)], NOW).await;
    let reader = Store::open_to_read(&bed.data).await.expect("a reader beside the writer");
    assert_eq!(reader.export_posts(None, 10).await.expect("export").rows.len(), 1);
    assert!(reader.audit("x", "case.read", "", &json!({}), NOW).await.is_err(), "a reader writes nothing");
}

#[tokio::test]
async fn an_old_program_refuses_a_newer_store() {
    let bed = Bed::new().await;
    bed.tamper(
        "UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)",
    )
    .await;
    let Bed { store, data, folder } = bed;
    store.close().await;
    let reading = Store::open_to_read(&data).await.err().expect("refused");
    assert!(matches!(reading, Error::Newer { found: 9999, .. }), "{reading}");
    let writing = Store::open_with_originals(&data, &folder.0.join("originals"), NOW).await.err().expect("refused");
    assert!(matches!(writing, Error::Newer { found: 9999, .. }), "{writing}");
}

#[tokio::test]
async fn where_nothing_is_there_is_nothing_to_read() {
    if is_postgres() {
        return;
    }
    let missing = Store::open_to_read("/nonexistent/canhgiac").await.err().expect("refused");
    assert!(matches!(missing, Error::Absent(_)), "{missing}");
}

#[tokio::test]
async fn a_tail_that_was_cut_with_its_head_and_a_chain_that_was_rewritten_are_found_by_a_point_kept_elsewhere() {
    let bed = Bed::new().await;
    let last = chain(&bed).await;
    let early = bed.store.audit_head().await.expect("the head");
    chain_more(&bed, "binh", 4).await;
    let late = bed.store.audit_head().await.expect("the head");
    let points = [early.clone(), late.clone()];
    assert!(matches!(bed.store.audit_verify_against(&points).await.expect("verified"), AuditVerdict::Whole { .. }));
    // Somebody cuts the tail and sets the head back: the chain alone looks whole.
    bed.tamper(&format!("DELETE FROM audit WHERE seq > {last}")).await;
    bed.tamper(&format!("UPDATE heads SET seq = {last}, hash = '{}' WHERE name = 'audit'", early.hash)).await;
    assert!(matches!(bed.store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
    let verdict = bed.store.audit_verify_against(&points).await.expect("verified");
    assert_eq!(verdict, AuditVerdict::Missing { seq: last + 1 });
    // And writes other rows in their place, with hashes that fit.
    chain_more(&bed, "kẻ gian", 6).await;
    assert!(matches!(bed.store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
    let verdict = bed.store.audit_verify_against(&points).await.expect("verified");
    assert_eq!(verdict, AuditVerdict::Rewritten { after: last, upto: late.seq });
    // A row that the walk itself names is named, not the stretch.
    bed.tamper("UPDATE audit SET actor = 'x' WHERE seq = 2").await;
    let verdict = bed.store.audit_verify_against(&points).await.expect("verified");
    assert_eq!(verdict, AuditVerdict::Altered { seq: 2 });
}

async fn chain_more(bed: &Bed, actor: &str, rows: u32) {
    for n in 0..rows {
        bed.store.audit(actor, "search", "", &json!({ "again": n }), NOW + HOUR).await.expect("written");
    }
}

#[tokio::test]
async fn many_who_read_at_once_are_written_together_and_each_has_its_row() {
    let bed = Bed::new().await;
    let before = bed.store.audit_head().await.expect("the head").seq;
    let mut readers = tokio::task::JoinSet::new();
    for n in 0..300 {
        let store = bed.store.clone();
        readers.spawn(async move {
            let seq = store.audit("an", "case.read", &format!("case-{n}"), &json!({}), NOW).await.expect("written");
            (seq, format!("case-{n}"))
        });
    }
    let mut given: Vec<(i64, String)> = readers.join_all().await;
    given.sort();
    let places: Vec<i64> = given.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(places, (before + 1..=before + 300).collect::<Vec<_>>(), "no gap, none twice");
    let rows = bed.store.audit_rows(&AuditFilter::default(), None, 300).await.expect("rows").rows;
    for row in rows {
        assert!(given.contains(&(row.seq, row.subject.clone())), "each answer names its own row");
    }
    assert!(matches!(bed.store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
}
