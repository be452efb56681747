//! What the doors beside the crawler need: deletions that a platform tells, pages that are read again, tips.

use model::{Capture, CaptureState, Method, SourceState};
use store::{Batch, NewSource, NewTip, OPERATOR, Part};

use crate::frontier::visit;
use crate::help::{Bed, MINUTE, NOW, code, harmless};

async fn page(bed: &Bed, source: &str, url: &str, body: &str, at_ms: i64) -> String {
    let mut capture = Capture::of_file(source, Method::Crawl, url, "test", at_ms);
    capture.status = Some(200);
    bed.store.keep(&capture, body.as_bytes(), at_ms).await.expect("kept").id
}

async fn record(bed: &Bed, capture_id: &str, texts: &[(&str, &str)], now_ms: i64) {
    let posts = texts
        .iter()
        .map(|(id, text)| {
            let mut read = harmless(id, text);
            read.post.source = "board".into();
            read.post.author_id = Some(format!("author of {id}"));
            read
        })
        .collect::<Vec<_>>();
    let part = Part { capture_id: capture_id.into(), upto: posts.len() as i64, last: true, posts };
    bed.store
        .record(&Batch { actor: "crawl".into(), parts: vec![part], visits: Vec::new() }, now_ms)
        .await
        .expect("recorded");
}

async fn source(bed: &Bed, toml: &str) {
    let new = NewSource { id: "board".into(), toml: toml.into(), params: Vec::new(), access: "open".into() };
    bed.store.put_source(OPERATOR, &new, NOW).await.expect("put");
}

#[tokio::test]
async fn what_a_platform_says_is_deleted_is_gone_at_once() {
    let bed = Bed::new().await;
    source(&bed, "a").await;
    let capture = page(&bed, "board", "u", "1", NOW).await;
    record(&bed, &capture, &[("a", "một"), ("b", "hai"), ("c", "ba")], NOW).await;
    let mut ended = visit("board", "");
    (ended.deleted, ended.accounts_gone) =
        (vec!["a".into(), "unknown".into()], vec!["author of c".into(), "nobody".into()]);
    bed.store.complete(ended.clone(), NOW + MINUTE).await.expect("completed");
    let gone =
        async |id: &str| bed.store.post_by_native_id("board", id).await.expect("read").expect("there").gone_at_ms;
    assert_eq!((gone("a").await, gone("b").await, gone("c").await), (Some(NOW + MINUTE), None, Some(NOW + MINUTE)));
    bed.store.complete(ended, NOW + 2 * MINUTE).await.expect("completed");
    assert_eq!(gone("a").await, Some(NOW + MINUTE), "the first word counts");
    assert!(bed.store.has_author("board", "author of b").await.expect("read"));
    assert!(!bed.store.has_author("board", "author of c").await.expect("read"));
}

#[tokio::test]
async fn the_last_page_of_each_address_is_read_again_and_brings_nobody_back() {
    let bed = Bed::new().await;
    source(&bed, "a").await;
    let old = page(&bed, "board", "u", "1", NOW).await;
    record(&bed, &old, &[("a", "sai")], NOW).await;
    let last = page(&bed, "board", "u", "2", NOW + MINUTE).await;
    record(&bed, &last, &[("a", "sai"), ("b", "sai nữa")], NOW + MINUTE).await;
    let mut ended = visit("board", "");
    ended.deleted = vec!["b".into()];
    bed.store.complete(ended, NOW + 2 * MINUTE).await.expect("completed");
    assert_eq!(bed.store.extract_again(OPERATOR, "board", NOW + 3 * MINUTE).await.expect("waits"), 1);
    let pending = bed.store.lease_captures("w", 10, MINUTE, NOW + 3 * MINUTE).await.expect("read");
    assert_eq!(pending.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), [last.as_str()]);
    record(&bed, &last, &[("a", "đúng"), ("b", "đúng nữa")], NOW + 4 * MINUTE).await;
    let read = async |id: &str| bed.store.post_by_native_id("board", id).await.expect("read").expect("there");
    assert_eq!((read("a").await.text.as_str(), read("a").await.gone_at_ms), ("đúng", None));
    assert_eq!(read("b").await.gone_at_ms, Some(NOW + 2 * MINUTE), "an old page is no news of it");
    assert_eq!(bed.store.capture(&last).await.expect("read").state, CaptureState::Recorded);
}

#[tokio::test]
async fn a_preview_is_of_one_text() {
    let bed = Bed::new().await;
    source(&bed, "a").await;
    let state = async || bed.store.source("board").await.expect("read").state;
    bed.store.preview_source(OPERATOR, "board", "f1", NOW).await.expect("previewed");
    assert_eq!(state().await, SourceState::Previewed);
    source(&bed, "a").await;
    assert_eq!(state().await, SourceState::Previewed, "the same text");
    source(&bed, "b").await;
    assert_eq!(state().await, SourceState::Draft, "nobody has seen what this one brings");
}

#[tokio::test]
async fn a_tip_is_read_answered_and_its_contact_stands_apart() {
    let bed = Bed::new().await;
    let people = bed.people().await;
    let mut read = harmless("t1", "Có người rủ đi xa");
    (read.post.source, read.post.thread) = (store::TIPS.into(), Some("t1".into()));
    let mut added = harmless("t1/2", "Thêm số của họ");
    (added.post.source, added.post.thread) = (store::TIPS.into(), Some("t1".into()));
    bed.import(vec![read, added], NOW).await;
    let tip =
        NewTip { id: "t1".into(), code_sha256: "c0de".into(), in_danger: true, sealed_contact: Some("5ea1ed".into()) };
    bed.store.put_tip(&tip, NOW).await.expect("put");
    assert_eq!(bed.store.unread_tips().await.expect("counted"), 1);
    let rows = bed.store.tips(10).await.expect("read");
    assert_eq!((rows.len(), rows[0].in_danger, rows[0].has_contact, rows[0].added.len()), (1, true, true, 1));
    bed.store.read_tip(&people.analyst, "t1", NOW + MINUTE).await.expect("read");
    bed.store.answer_tip(&people.analyst, "t1", "Đã chuyển", NOW + MINUTE).await.expect("answered");
    let standing = bed.store.tip_by_code("c0de").await.expect("read").expect("there");
    assert_eq!((standing.read_at_ms, standing.answers[0].text.as_str()), (Some(NOW + MINUTE), "Đã chuyển"));
    assert_eq!(bed.store.tip_by_code("none").await.expect("read"), None);
    assert_eq!(bed.store.tip_contact(&people.analyst, "t1", NOW).await.expect("shown"), "5ea1ed");
    assert_eq!(code(bed.store.tip_contact(&people.admin, "t1", NOW).await), "role");
    assert_eq!(code(bed.store.read_tip(&people.officer, "t1", NOW).await), "role");
}
