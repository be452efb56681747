//! Backups: made while the store is written to, restored whole or not at all, into either database.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{Queue, Verdict};
use store::{AuditVerdict, BackupKey, BackupLock, Error, NewDecision, OriginalsPlace, QueueFilter, Store};

use crate::help::{Bed, HOUR, NOW, harmless, lure, with_phone};

async fn filled() -> Bed {
    let bed = Bed::new().await;
    let people = bed.people().await;
    let posts = (0..150)
        .map(|n| match n % 3 {
            0 => with_phone(lure(&format!("{n}"), &format!("Tuyển người đi xa số {n} 😀 \u{1}"), 2), "+84901000777"),
            _ => harmless(&format!("{n}"), &format!("Quán phở số {n}, \"ngon\" \\ rẻ")),
        })
        .collect();
    bed.import(posts, NOW).await;
    bed.import(vec![harmless("1", "Quán phở số 1 dời đi")], NOW + HOUR).await;
    let alert = bed.alerts(NOW).await.remove(0);
    let decision = NewDecision {
        alert_id: alert.id,
        verdict: Verdict::Confirm,
        reason: "other".to_owned(),
        note: None,
        case_id: None,
        into: None,
        whole_campaign: false,
    };
    let case = bed.store.decide(&people.analyst, &decision, NOW).await.expect("decided").case_id.expect("a case");
    bed.store.note(&people.analyst, &case, "ghi chú", NOW).await.expect("noted");
    let rules = [("rules/a.toml".to_owned(), b"a".to_vec())];
    bed.store.record_ruleset("setup", "rules-1", &rules, NOW).await.expect("recorded");
    bed
}

/// Everything that the store answers, for comparison.
async fn answers(store: &Store) -> Vec<String> {
    let mut all = vec![format!("{:?}", store.audit_head().await.expect("the head"))];
    let posts = store.export_posts(None, 1_000).await.expect("posts").rows;
    for post in &posts {
        all.push(serde_json::to_string(post).expect("JSON"));
    }
    for queue in [Queue::Alert, Queue::Referral] {
        let filter = QueueFilter { state: None, every_post: true, ..QueueFilter::open(queue) };
        let rows = store.queue(&filter, None, 1_000, NOW).await.expect("the queue").rows;
        all.extend(rows.iter().map(|row| format!("{row:?}")));
    }
    let cases = store.cases(&store::CaseFilter::default(), None, 100).await.expect("cases").rows;
    for case in cases {
        all.push(format!("{:?}", store.case(&case.id, NOW).await.expect("the case")));
    }
    for post in store.posts_after(0, 1_000).await.expect("posts") {
        let capture = store.capture(&post.capture_id).await.expect("its capture");
        all.push(format!("{post:?} {capture:?} {}", store.original(&capture.sha256).await.expect("its bytes").len()));
        all.push(format!("{:?}", store.assessment_of_post(&post.id).await.expect("its assessment")));
    }
    all.push(format!("{:?}", store.ruleset_files("rules-1").await.expect("its files")));
    all.push(format!("{:?}", store.users().await.expect("users")));
    all
}

/// Restores into a target of the other test beds' kind: a new folder, and on PostgreSQL a new database too.
async fn restored(bed: &Bed, file: &Path, key: &BackupKey) -> Vec<(Bed, Store)> {
    let mut stores = Vec::new();
    for target in Bed::empty_targets(bed).await {
        let originals = OriginalsPlace::from(&target.folder.0.join("originals-restored"));
        let done = store::restore(file, key, &target.data, Some(&originals), &mut |_, _| {}).await.expect("restored");
        assert_eq!(done.made_at_ms, NOW);
        assert_eq!(done.node, [("signing_key".to_owned(), b"khoa".to_vec())]);
        let store = Store::open_with_originals(&target.data, originals, NOW).await.expect("the restored store");
        stores.push((target, store));
    }
    stores
}

fn node() -> Vec<(String, Vec<u8>)> {
    vec![("signing_key".to_owned(), b"khoa".to_vec())]
}

#[tokio::test]
async fn a_restored_store_answers_alike_in_either_database_and_its_chain_is_whole() {
    let bed = filled().await;
    let file = bed.folder.0.join("sao-luu.tar.zst");
    let mut seen = (0, 0);
    let done =
        bed.store.backup(&file, &BackupLock::Open, node(), NOW, &mut |at, of| seen = (at, of)).await.expect("made");
    assert!(seen.0 == seen.1 && seen.1 == done.rows + done.originals, "{seen:?} {done:?}");
    let again = bed.store.backup(&file, &BackupLock::Open, node(), NOW, &mut |_, _| {}).await;
    assert!(matches!(again, Err(Error::Backup(_))), "a file that is there is not written over");
    let before = answers(&bed.store).await;
    for (target, store) in restored(&bed, &file, &BackupKey::None).await {
        assert_eq!(answers(&store).await, before, "{}", target.data);
        assert!(matches!(store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
        // From there into every other place: a store moves from SQLite to PostgreSQL by the same file.
        let onward = target.folder.0.join("tiep");
        store.backup(&onward, &BackupLock::Open, node(), NOW, &mut |_, _| {}).await.expect("made");
        for (target, moved) in restored(&bed, &onward, &BackupKey::None).await {
            assert_eq!(answers(&moved).await, before, "{}", target.data);
            moved.close().await;
        }
        // And it goes on working.
        store.audit("an", "search", "", &serde_json::json!({}), NOW).await.expect("written");
        assert!(matches!(store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
        store.close().await;
    }
}

#[tokio::test]
async fn a_backup_that_is_made_while_posts_come_in_holds_one_moment() {
    let bed = filled().await;
    let file = bed.folder.0.join("sao-luu");
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let batches: Vec<_> = {
        let mut batches = Vec::new();
        for n in 0..60 {
            let posts = (0..20).map(|i| harmless(&format!("m{n}-{i}"), "bài đến trong lúc sao lưu")).collect();
            batches.push(bed.batch(posts, NOW).await);
        }
        batches
    };
    let writing = tokio::spawn({
        let (store, stop) = (bed.store.clone(), stop.clone());
        async move {
            let mut recorded = 0;
            for batch in batches {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                store.record(&batch, NOW).await.expect("recorded");
                recorded += 1;
                tokio::task::yield_now().await;
            }
            recorded
        }
    });
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let done = bed.store.backup(&file, &BackupLock::Open, node(), NOW, &mut |_, _| {}).await.expect("made");
    stop.store(true, Ordering::Relaxed);
    let recorded = writing.await.expect("the writer");
    assert!(recorded > 0, "something was written meanwhile");
    for (_, store) in restored(&bed, &file, &BackupKey::None).await {
        let AuditVerdict::Whole { rows, .. } = store.audit_verify().await.expect("verified") else {
            panic!("not whole")
        };
        assert_eq!(i64::try_from(rows).expect("few") - 1, done.audit.seq);
        let posts = store.export_posts(None, 5_000).await.expect("posts").rows.len();
        assert_eq!((posts - 150) % 20, 0, "whole batches only");
        store.close().await;
    }
}

#[tokio::test]
async fn a_locked_backup_opens_with_its_key_only() {
    let bed = filled().await;
    let identity = age::x25519::Identity::generate();
    let key_file = bed.folder.0.join("khoa.txt");
    use age::secrecy::ExposeSecret;
    std::fs::write(&key_file, identity.to_string().expose_secret()).expect("written");
    let lock = BackupLock::for_recipients(&[identity.to_public().to_string()]).expect("a recipient");
    assert!(matches!(BackupLock::for_recipients(&["age1x".to_owned()]), Err(Error::Backup(_))));
    let file = bed.folder.0.join("khoa.age");
    bed.store.backup(&file, &lock, node(), NOW, &mut |_, _| {}).await.expect("made");
    let bytes = std::fs::read(&file).expect("the file");
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    let other = bed.folder.0.join("khac.txt");
    std::fs::write(&other, age::x25519::Identity::generate().to_string().expose_secret()).expect("written");
    let target = bed.folder.0.join("dich");
    let data = target.to_string_lossy().into_owned();
    for key in [BackupKey::None, BackupKey::Identities(other), BackupKey::passphrase("không phải nó")] {
        let refused = store::restore(&file, &key, &data, None, &mut |_, _| {}).await;
        assert!(matches!(refused, Err(Error::Backup(_))), "{refused:?}");
        assert!(!target.exists(), "nothing is left of a restore that failed");
    }
    for (_, store) in restored(&bed, &file, &BackupKey::Identities(key_file)).await {
        assert!(matches!(store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
        store.close().await;
    }
}

#[tokio::test]
async fn a_cut_or_altered_backup_restores_nothing() {
    let bed = filled().await;
    let file = bed.folder.0.join("sao-luu");
    bed.store.backup(&file, &BackupLock::Open, node(), NOW, &mut |_, _| {}).await.expect("made");
    let whole = std::fs::read(&file).expect("the file");
    let target = bed.folder.0.join("dich");
    let data = target.to_string_lossy().into_owned();
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    let unpacked = zstd::decode_all(whole.as_slice()).expect("packed by zstd");
    // One letter of a row is another, packed anew so that every checksum of the packing is right.
    let note = "ghi chú".as_bytes();
    let at = unpacked.windows(note.len()).position(|piece| piece == note).expect("the note is in the file");
    let mut quiet = unpacked;
    quiet[at] = b'G';
    let cases = [
        whole[..whole.len() - 40].to_vec(),
        whole[..whole.len() / 3].to_vec(),
        altered,
        zstd::encode_all(quiet.as_slice(), 1).expect("packed"),
        b"not a backup".to_vec(),
        Vec::new(),
    ];
    for (n, bytes) in cases.into_iter().enumerate() {
        std::fs::write(&file, bytes).expect("written");
        let refused = store::restore(&file, &BackupKey::None, &data, None, &mut |_, _| {}).await;
        assert!(refused.is_err(), "case {n}");
        assert!(!target.exists(), "case {n}: nothing is left");
    }
    std::fs::write(&file, whole).expect("written");
    std::fs::create_dir_all(&target).expect("a folder");
    std::fs::write(target.join("x"), "x").expect("a file");
    let refused = store::restore(&file, &BackupKey::None, &data, None, &mut |_, _| {}).await;
    assert!(matches!(refused, Err(Error::Backup(_))), "a folder that is in use is left alone");
    assert!(target.join("x").exists());
}

#[tokio::test]
async fn what_stock_tools_see_is_a_packed_archive() {
    let bed = filled().await;
    let file = bed.folder.0.join("sao-luu.tar.zst");
    bed.store.backup(&file, &BackupLock::Open, node(), NOW, &mut |_, _| {}).await.expect("made");
    let tar = bed.folder.0.join("sao-luu.tar");
    std::fs::write(&tar, zstd::decode_all(std::fs::read(&file).expect("the file").as_slice()).expect("unpacked"))
        .expect("written");
    let list = std::process::Command::new("tar").arg("tf").arg(&tar).output().expect("tar");
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let names = String::from_utf8_lossy(&list.stdout).into_owned();
    let first = names.lines().next();
    assert_eq!((first, names.lines().next_back()), (Some("backup.json"), Some("end.json")));
    assert!(names.contains("tables/posts/000001.jsonl") && names.contains("originals/"));
    assert!(!names.contains("sessions"), "who is logged in stays behind");
}
