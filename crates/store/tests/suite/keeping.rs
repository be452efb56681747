//! Retention, legal hold, pseudonyms and erasure, down to the files on the disk.

use std::path::{Path, PathBuf};

use model::{Capture, Method, Queue, Verdict};
use store::{Batch, NewDecision, Part, QueueFilter, ReadPost, Settled};

use crate::help::{Bed, DAY, HOUR, NOW, People, code, harmless, is_postgres, lure, with_phone};

/// A word that stands in erased texts and nowhere else.
const SECRET: &str = "bimatkhongconlai";
/// A word that must stay.
const STAYS: &str = "chuvanconlaiday";

async fn approve_and_do(bed: &Bed, people: &People, proposal: &str, now_ms: i64) {
    bed.store.approve(&people.admin, proposal, now_ms).await.expect("approved by another");
    carry_out(bed, now_ms).await;
}

async fn carry_out(bed: &Bed, now_ms: i64) -> Settled {
    for proposal in bed.store.approved_erasures().await.expect("approved") {
        let mut errand = bed.store.errand(&proposal).await.expect("an errand");
        while errand.step(now_ms).await.expect("a step").is_some() {}
    }
    bed.store.settle_originals(now_ms).await.expect("settled")
}

/// Dismisses the open alert of a post.
async fn decide(bed: &Bed, by: &str, native_id: &str, verdict: Verdict, now_ms: i64) -> Option<String> {
    let filter = QueueFilter { every_post: true, ..QueueFilter::open(Queue::Alert) };
    let rows = bed.store.queue(&filter, None, 100, now_ms).await.expect("the queue").rows;
    let alert_id = rows.into_iter().find(|row| row.native_id == native_id).expect("an open alert").id;
    let decision = NewDecision {
        alert_id,
        verdict,
        reason: "other".to_owned(),
        note: Some(format!("ghi chú {SECRET}")),
        case_id: None,
        into: None,
        whole_campaign: false,
    };
    bed.store.decide(by, &decision, now_ms).await.expect("decided").case_id
}

fn by_author(mut read: ReadPost, author: &str) -> ReadPost {
    read.post.author = Some(author.to_owned());
    read.post.author_id = Some(format!("id-{author}"));
    read
}

#[tokio::test]
async fn rules_say_what_is_due_and_only_what_two_people_approved_goes() {
    let bed = Bed::new().await;
    let people = bed.people().await;
    let posts = vec![
        by_author(harmless("cũ", "quán phở"), "Người Một"),
        lure("loại", "Tuyển người đi xa, việc nhẹ lương cao", 2),
        lure("mở", "Tuyển người đi xa nữa, bao ăn ở", 2),
    ];
    bed.import(posts, NOW).await;
    bed.import(vec![by_author(harmless("mới", "bán xe"), "Người Một")], NOW + 399 * DAY).await;
    decide(&bed, &people.analyst, "loại", Verdict::Dismiss, NOW + HOUR).await;
    let now_ms = NOW + 400 * DAY;
    let due = |counts: &[store::RetentionCount]| -> Vec<(String, u64)> {
        counts.iter().filter(|it| it.due > 0).map(|it| (it.rule.id.clone(), it.due)).collect()
    };
    let preview = bed.store.retention_preview(now_ms).await.expect("a preview");
    let expected = [("tac-gia", 1), ("bai-khong-canh-bao", 1), ("canh-bao-da-loai", 1)];
    assert_eq!(due(&preview), expected.map(|(rule, n)| (rule.to_owned(), n)));
    assert_eq!(code(bed.store.propose_retention(&people.analyst, "dọn", now_ms).await), "role");
    let proposal = bed.store.propose_retention(&people.lead, "dọn theo hạn", now_ms).await.expect("proposed");
    assert_eq!(code(bed.store.approve(&people.lead, &proposal, now_ms).await), "second_person");
    assert_eq!(code(bed.store.errand(&proposal).await.map(|_| ())), "second_person");
    // What becomes due later is not part of what was approved.
    bed.import(vec![harmless("muộn", "bán hoa")], NOW + 300 * DAY).await;
    approve_and_do(&bed, &people, &proposal, now_ms).await;
    let left = bed.store.export_posts(None, 10).await.expect("posts").rows;
    let mut ids: Vec<&str> = left.iter().map(|post| post.native_id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["muộn", "mới", "mở"]);
    assert!(due(&bed.store.retention_preview(now_ms).await.expect("a preview")).is_empty());
    assert_eq!(bed.store.erasures_after(0, 10).await.expect("the list").len(), 2);
    let unit = bed.alerts(now_ms).await;
    assert_eq!(unit.len(), 1, "the open alert is untouched");
    assert!(matches!(bed.store.audit_verify().await.expect("verified"), store::AuditVerdict::Whole { .. }));
    assert!(bed.store.approved_erasures().await.expect("approved").is_empty());
}

#[tokio::test]
async fn authors_of_posts_that_raised_nothing_get_one_name_each_that_nobody_can_turn_back() {
    let bed = Bed::new().await;
    let people = bed.people().await;
    let posts = vec![
        by_author(harmless("1", "quán phở"), "Người Một"),
        by_author(harmless("2", "quán chè"), "Người Một"),
        by_author(harmless("3", "quán bún"), "Người Hai"),
        by_author(lure("4", "Tuyển người đi xa", 2), "Người Ba"),
    ];
    bed.import(posts, NOW).await;
    let now_ms = NOW + 31 * DAY;
    let proposal = bed.store.propose_retention(&people.lead, "hạn", now_ms).await.expect("proposed");
    approve_and_do(&bed, &people, &proposal, now_ms).await;
    let author = async |id: &str| {
        let post = bed.store.post_by_native_id("board", id).await.expect("read").expect("there");
        (post.author.unwrap_or_default(), post.author_id.unwrap_or_default())
    };
    let (one, two, three) = (author("1").await, author("2").await, author("3").await);
    assert_eq!(one, two, "the same person keeps one name");
    assert_ne!(one, three);
    assert!(one.0.starts_with("ẩn danh ") && !one.0.contains("Một") && !one.1.contains("Một"), "{one:?}");
    assert_eq!(author("4").await.0, "Người Ba", "a post that raised an alert keeps its author");
}

#[tokio::test]
async fn a_hold_wins_over_rules_and_requests_until_it_is_lifted() {
    let bed = Bed::new().await;
    let people = bed.people().await;
    bed.import(vec![lure("1", "Tuyển người đi xa, việc nhẹ", 2)], NOW).await;
    let case = decide(&bed, &people.analyst, "1", Verdict::Confirm, NOW).await.expect("a case");
    bed.store.close_case(&people.lead, &case, "xong", NOW).await.expect("closed");
    assert_eq!(code(bed.store.set_hold(&people.lead, &case, " ", NOW).await), "reason");
    assert_eq!(code(bed.store.set_hold(&people.analyst, &case, "toà yêu cầu", NOW).await), "role");
    let hold = bed.store.set_hold(&people.lead, &case, "toà yêu cầu", NOW).await.expect("held");
    assert_eq!(code(bed.store.set_hold(&people.lead, &case, "lần nữa", NOW).await), "state");
    let now_ms = NOW + 3000 * DAY;
    let preview = bed.store.retention_preview(now_ms).await.expect("a preview");
    let of_cases = preview.iter().find(|it| it.rule.id == "vu-viec-da-dong").expect("the rule");
    assert_eq!((of_cases.due, of_cases.held), (0, 1));
    assert_eq!(code(bed.store.propose_retention(&people.lead, "hạn", now_ms).await), "nothing");
    let asked = bed.store.propose_erasing_case(&people.lead, &case, "người dân yêu cầu", now_ms).await.expect("asked");
    bed.store.approve(&people.admin, &asked, now_ms).await.expect("approved");
    let mut errand = bed.store.errand(&asked).await.expect("an errand");
    assert_eq!(code(errand.step(now_ms).await), "hold");
    bed.store.lift_hold(&people.admin, &hold, "toà đã xử", now_ms).await.expect("lifted");
    assert!(errand.step(now_ms).await.expect("erased").is_some());
    let post = bed.store.post_by_native_id("board", "1").await.expect("read").expect("its row stays");
    assert!(post.erased_at_ms.is_some() && post.text.is_empty());
    let holds = bed.store.holds(Some(&case)).await.expect("holds");
    assert_eq!((holds.len(), holds[0].lift_reason.as_deref()), (1, Some("toà đã xử")));
}

#[tokio::test]
async fn what_was_erased_is_not_taken_in_again() {
    let bed = Bed::new().await;
    let people = bed.people().await;
    bed.import(vec![harmless("1", &format!("bán xe {SECRET}")), harmless("2", STAYS)], NOW).await;
    let post = bed.store.post_by_native_id("board", "1").await.expect("read").expect("there");
    let asked = bed.store.propose_erasing_post(&people.lead, &post.id, "yêu cầu", NOW).await.expect("asked");
    approve_and_do(&bed, &people, &asked, NOW).await;
    let seq = bed.store.last_seq().await.expect("seq");
    bed.import(vec![harmless("1", &format!("bán xe {SECRET} lần nữa"))], NOW + DAY).await;
    let again = bed.store.post_by_native_id("board", "1").await.expect("read").expect("there");
    assert_eq!((again.text.as_str(), again.erased_at_ms), ("", Some(NOW)));
    assert!(
        bed.store.posts_after(0, 10).await.expect("posts").iter().any(|it| it.erased_at_ms.is_some() && it.seq <= seq)
    );
    // The capture that brought it again lived from this post alone, so its original goes.
    let settled = carry_out(&bed, NOW + DAY).await;
    assert_eq!((settled.removed, settled.waiting), (1, 0));
    assert_eq!(bed.store.export_posts(None, 10).await.expect("posts").rows.len(), 1);
}

#[tokio::test]
async fn an_imported_file_is_blanked_where_the_post_stood_and_a_page_waits_for_its_open_neighbour() {
    let bed = Bed::new().await;
    let people = bed.people().await;
    let line = |text: &str| format!("{{\"text\":\"{text}\"}}\n");
    let (one, two) = (line(SECRET), line(STAYS));
    let bytes = format!("{one}{two}");
    let story = Capture::of_file("board", Method::Import, "tin.jsonl", "import", NOW);
    let kept = bed.store.keep(&story, bytes.as_bytes(), NOW).await.expect("kept");
    let mut posts = vec![harmless("1", SECRET), harmless("2", STAYS)];
    posts[0].post.bytes = Some((0, one.len() as u64));
    posts[1].post.bytes = Some((one.len() as u64, bytes.len() as u64));
    let part = Part { capture_id: kept.id.clone(), upto: 2, last: true, posts };
    bed.store.record(&Batch { actor: "import".to_owned(), parts: vec![part], visits: vec![] }, NOW).await.expect("in");
    // A page with a post that is to go and one that somebody works on.
    bed.import(vec![harmless("3", &format!("trang {SECRET}")), lure("4", "Tuyển người đi xa", 2)], NOW).await;
    for id in ["1", "3"] {
        let post = bed.store.post_by_native_id("board", id).await.expect("read").expect("there");
        let asked = bed.store.propose_erasing_post(&people.lead, &post.id, "yêu cầu", NOW).await.expect("asked");
        bed.store.approve(&people.admin, &asked, NOW).await.expect("approved");
    }
    let settled = carry_out(&bed, NOW).await;
    assert_eq!(settled, Settled { removed: 0, blanked: 1, waiting: 1 });
    assert!(bed.store.original(&kept.sha256).await.is_err(), "the bytes as they came are gone");
    let row = bed.store.capture(&kept.id).await.expect("the capture");
    let now = bed.store.original(&row.kept_sha256.expect("a blanked copy")).await.expect("verified");
    assert_eq!(now.len(), bytes.len(), "every other byte keeps its place");
    assert_eq!(&now[one.len()..], two.as_bytes());
    assert!(now[..one.len()].iter().all(|byte| *byte == b' '));
    decide(&bed, &people.analyst, "4", Verdict::Dismiss, NOW).await;
    assert_eq!(carry_out(&bed, NOW).await, Settled { removed: 1, blanked: 0, waiting: 0 });
    // The same file again: it is the same capture, and its bytes do not come back by this door.
    bed.store.keep(&story, bytes.as_bytes(), NOW + DAY).await.expect("kept");
    carry_out(&bed, NOW + DAY).await;
    assert!(bed.store.original(&kept.sha256).await.is_err());
}

#[tokio::test]
async fn no_file_holds_a_word_of_what_was_erased() {
    let bed = Bed::new().await;
    let people = bed.people().await;
    // Enough rows, with edits, that pages split and old copies lie about before anything is erased.
    for round in 0..4_i64 {
        let posts = (0..120)
            .map(|n| {
                let word = if n % 3 == 0 { SECRET } else { STAYS };
                let text = format!("Bài {n} lần {round} {word} {}", word.repeat(n % 40));
                let read = by_author(harmless(&format!("{n}"), &text), word);
                if n % 3 == 0 { with_phone(read, "+84901000777") } else { read }
            })
            .collect();
        bed.import(posts, NOW + round * HOUR).await;
    }
    bed.import(vec![lure("loại", &format!("Tuyển người {SECRET} đi xa"), 2)], NOW).await;
    decide(&bed, &people.analyst, "loại", Verdict::Dismiss, NOW).await;
    let found = find(&bed, SECRET).await;
    assert!(found.len() > 1, "the test sees the files: {found:?}");
    for n in 0..120 {
        let id = if n == 119 { "loại".to_owned() } else { format!("{n}") };
        if n % 3 != 0 && n != 119 {
            continue;
        }
        let post = bed.store.post_by_native_id("board", &id).await.expect("read").expect("there");
        let asked = bed.store.propose_erasing_post(&people.lead, &post.id, "yêu cầu", NOW).await.expect("asked");
        bed.store.approve(&people.admin, &asked, NOW).await.expect("approved");
    }
    carry_out(&bed, NOW).await;
    bed.store.scrub(NOW).await.expect("scrubbed");
    assert_eq!(find(&bed, SECRET).await, Vec::<String>::new());
    assert_eq!(find(&bed, "+84901000777").await, Vec::<String>::new(), "contacts go with their last post");
    assert!(!find(&bed, STAYS).await.is_empty(), "what was not erased is there");
    assert!(matches!(bed.store.audit_verify().await.expect("verified"), store::AuditVerdict::Whole { .. }));
    let left = bed.store.export_posts(None, 200).await.expect("posts").rows.len();
    assert_eq!(left, 80);
}

#[tokio::test]
async fn an_erasure_list_is_done_again_on_a_store_that_knows_nothing_of_it() {
    let (old, live) = (Bed::new().await, Bed::new().await);
    let people = live.people().await;
    for bed in [&old, &live] {
        bed.import(vec![harmless("1", SECRET), harmless("2", STAYS)], NOW).await;
    }
    live.import(vec![harmless("3", &format!("về sau {SECRET}"))], NOW).await;
    for id in ["1", "3"] {
        let post = live.store.post_by_native_id("board", id).await.expect("read").expect("there");
        let asked = live.store.propose_erasing_post(&people.lead, &post.id, "yêu cầu", NOW).await.expect("asked");
        approve_and_do(&live, &people, &asked, NOW).await;
    }
    let list = live.store.erasures_after(0, 10).await.expect("the list");
    assert_eq!(old.store.erase_by_list(&list, NOW).await.expect("done again"), 1);
    assert_eq!(old.store.erase_by_list(&list, NOW).await.expect("twice"), 0);
    old.store.settle_originals(NOW).await.expect("settled");
    old.store.scrub(NOW).await.expect("scrubbed");
    assert_eq!(find(&old, SECRET).await, Vec::<String>::new());
    // A post that the old backup never saw stays out as well.
    old.import(vec![harmless("3", SECRET)], NOW + DAY).await;
    old.store.settle_originals(NOW + DAY).await.expect("settled");
    old.store.scrub(NOW + DAY).await.expect("scrubbed");
    assert_eq!(find(&old, SECRET).await, Vec::<String>::new());
}

/// Every place in which a word stands: files of the folder (originals unpacked), and on PostgreSQL every table, a dump
/// and the files of the database.
async fn find(bed: &Bed, word: &str) -> Vec<String> {
    let mut places = Vec::new();
    for path in files(&bed.folder.0) {
        let mut bytes = std::fs::read(&path).expect("a file");
        if path.extension().is_some_and(|ending| ending == "zst") {
            bytes = zstd::decode_all(bytes.as_slice()).expect("a packed original");
        }
        if holds(&bytes, word) {
            places.push(path.display().to_string());
        }
    }
    if is_postgres() {
        let rows = bed.ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").await;
        for table in rows {
            let count = bed.ask(&format!("SELECT COUNT(*)::text FROM {table} t WHERE t::text LIKE '%{word}%'")).await;
            if count != ["0"] {
                places.push(format!("table {table}"));
            }
        }
        let dump = std::process::Command::new("pg_dump").arg(&bed.data).output().expect("pg_dump");
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        if holds(&dump.stdout, word) {
            places.push("dump".to_owned());
        }
        bed.ask("CHECKPOINT").await;
        let folder = bed.ask("SHOW data_directory").await;
        let number = bed.ask("SELECT oid::text FROM pg_database WHERE datname = current_database()").await;
        let base = Path::new(&folder[0]).join("base").join(&number[0]);
        let base = files(&base);
        assert!(!base.is_empty(), "the test may read the server's files");
        places.extend(
            base.iter()
                .filter(|path| holds(&std::fs::read(path).expect("a file"), word))
                .map(|path| format!("{}", path.display())),
        );
    }
    places
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|piece| piece == word.as_bytes())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
