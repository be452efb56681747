//! The frontier: one visit a host, leases that expire, posts and visit in one commit.

use model::SourceState;
use store::{FetchRow, FrontierEntry, NewSource, OPERATOR, RobotsRow, Visit};

use crate::help::{Bed, DAY, HOUR, MINUTE, NOW, code, harmless};

async fn source(bed: &Bed, id: &str) {
    let new = NewSource {
        id: id.to_owned(),
        toml: "id = \"board\"".to_owned(),
        params: vec![("board".to_owned(), "viec-lam".to_owned())],
        access: "open".to_owned(),
    };
    bed.store.put_source("setup", &new, NOW).await.expect("a source");
    bed.store.move_source(OPERATOR, id, SourceState::Enabled, true, None, NOW).await.expect("enabled");
}

fn entry(source: &str, url: &str, host: &str) -> FrontierEntry {
    FrontierEntry {
        source: source.to_owned(),
        url: url.to_owned(),
        kind: "item".to_owned(),
        host: host.to_owned(),
        due_at_ms: NOW,
        depth: 1,
        memo: None,
    }
}

pub fn visit(source: &str, url: &str) -> Visit {
    Visit {
        worker: "w1".to_owned(),
        source: source.to_owned(),
        url: url.to_owned(),
        due_again_at_ms: Some(NOW + DAY),
        etag: Some("\"1\"".to_owned()),
        host_next_at_ms: NOW + 2 * MINUTE,
        gone_after_ms: DAY,
        ..Visit::default()
    }
}

#[tokio::test]
async fn one_visit_a_host_at_its_pace_and_no_address_twice() {
    let bed = Bed::new().await;
    source(&bed, "board").await;
    let entries = [entry("board", "a/1", "a"), entry("board", "a/2", "a"), entry("board", "b/1", "b")];
    assert_eq!(bed.store.add_to_frontier(&entries, false).await.expect("added"), 3);
    assert_eq!(bed.store.add_to_frontier(&entries, false).await.expect("added"), 0);
    let first = bed.store.lease("w1", None, 10, MINUTE, NOW).await.expect("leased");
    assert_eq!(first.iter().map(|it| it.entry.url.as_str()).collect::<Vec<_>>(), ["a/1", "b/1"]);
    assert_eq!(first[0].params, [("board".to_owned(), "viec-lam".to_owned())]);
    assert!(bed.store.lease("w2", None, 10, MINUTE, NOW).await.expect("leased").is_empty());
    bed.store.complete(visit("board", "a/1"), NOW).await.expect("completed");
    assert!(bed.store.lease("w2", None, 10, MINUTE, NOW + 1).await.expect("leased").is_empty(), "the pace of the host");
    assert_eq!(bed.store.next_due_ms(None).await.expect("due"), Some(NOW + MINUTE));
    let later = bed.store.lease("w2", None, 10, MINUTE, NOW + 2 * MINUTE).await.expect("leased");
    assert_eq!(
        later.iter().map(|it| it.entry.url.as_str()).collect::<Vec<_>>(),
        ["b/1", "a/2"],
        "an expired lease too"
    );
    bed.store.give_back("w2", NOW).await.expect("given back");
    bed.store.move_source(OPERATOR, "board", SourceState::Paused, true, None, NOW).await.expect("paused");
    assert!(bed.store.lease("w2", None, 10, MINUTE, NOW + DAY).await.expect("leased").is_empty());
    let refused = bed.store.move_source(OPERATOR, "board", SourceState::Enabled, false, None, NOW).await;
    assert_eq!(code(refused), "access");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_workers_take_each_address_once() {
    let bed = Bed::new().await;
    source(&bed, "board").await;
    let hosts: Vec<FrontierEntry> =
        (0..200).map(|n| entry("board", &format!("https://h{n}/"), &format!("h{n}"))).collect();
    bed.store.add_to_frontier(&hosts, false).await.expect("added");
    let workers = (0..8).map(|n| {
        let store = bed.store.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            loop {
                let leases = store.lease(&format!("w{n}"), None, 5, HOUR, NOW).await.expect("leased");
                if leases.is_empty() {
                    return taken;
                }
                taken.extend(leases.into_iter().map(|lease| lease.entry.url));
            }
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.expect("no panic"));
    }
    let taken = all.len();
    all.sort();
    all.dedup();
    assert_eq!((taken, all.len()), (200, 200));
}

#[tokio::test]
async fn posts_and_the_end_of_their_visit_commit_together() {
    let bed = Bed::new().await;
    source(&bed, "board").await;
    bed.store
        .add_to_frontier(&[entry("board", "https://cho.example/list", "cho.example")], false)
        .await
        .expect("added");
    let mut batch = bed.batch(vec![harmless("1", "Bán xe")], NOW).await;
    let mut end = visit("board", "https://cho.example/list");
    end.found = vec![entry("board", "https://cho.example/2", "cho.example")];
    end.seen = vec![("1".to_owned(), "v1".to_owned()), ("1".to_owned(), "v1".to_owned())];
    end.fetches = vec![FetchRow {
        id: String::new(),
        source: "board".to_owned(),
        url: "https://cho.example/list".to_owned(),
        at_ms: NOW,
        allowed_by: "robots: allow".to_owned(),
        gap_ms: None,
        took_ms: 12,
        status: Some(200),
        outcome: "new".to_owned(),
        bytes: 10,
        capture_id: None,
    }];
    batch.visits = vec![end];
    let mut broken = batch.clone();
    broken.parts[0].capture_id = "nothing".to_owned();
    assert!(matches!(bed.store.record(&broken, NOW).await, Err(store::Error::Missing { .. })));
    assert!(bed.store.fetch_log("board", None, 10).await.expect("log").rows.is_empty());
    bed.store.record(&batch, NOW).await.expect("recorded");
    assert_eq!(bed.store.fetch_log("board", None, 10).await.expect("log").rows.len(), 1);
    assert_eq!(bed.store.seen("board", &["1".to_owned(), "2".to_owned()]).await.expect("seen").len(), 1);
    let row = bed.store.source("board").await.expect("the source");
    assert_eq!((row.posts, row.last_visit_at_ms, row.due_at_ms), (1, Some(NOW), Some(NOW)));
    let page = bed.store.posts_of_page("board", "https://cho.example/list", 0).await.expect("posts");
    assert_eq!(page.len(), 1);
}

#[tokio::test]
async fn a_post_is_gone_after_two_looks_far_enough_apart_and_may_come_back() {
    let bed = Bed::new().await;
    source(&bed, "board").await;
    bed.import(vec![harmless("1", "Bán xe")], NOW).await;
    let mut end = visit("board", "x");
    end.gone = vec!["1".to_owned()];
    let gone = async |at_ms: i64| {
        bed.store.complete(end.clone(), at_ms).await.expect("completed");
        bed.store.post_by_native_id("board", "1").await.expect("read").expect("the post").gone_at_ms
    };
    assert_eq!(gone(NOW + HOUR).await, None);
    assert_eq!(gone(NOW + 2 * HOUR).await, None);
    let seq = bed.store.last_seq().await.expect("seq");
    assert_eq!(gone(NOW + HOUR + DAY).await, Some(NOW + HOUR + DAY));
    assert_eq!(bed.store.posts_after(seq, 10).await.expect("posts").len(), 1, "followers learn of it");
    bed.import(vec![harmless("1", "Bán xe")], NOW + 2 * DAY).await;
    assert_eq!(bed.store.post_by_native_id("board", "1").await.expect("read").expect("the post").gone_at_ms, None);
}

#[tokio::test]
async fn a_robots_txt_is_kept_by_origin() {
    let bed = Bed::new().await;
    let robots = RobotsRow {
        origin: "https://cho.example".to_owned(),
        fetched_at_ms: NOW,
        expires_at_ms: NOW + DAY,
        status: Some(200),
        body: Some("User-agent: *\nDisallow: /rieng".to_owned()),
        good_at_ms: Some(NOW),
        verdict: "rules".to_owned(),
    };
    bed.store.put_robots(&robots).await.expect("kept");
    bed.store.put_robots(&robots).await.expect("kept again");
    assert_eq!(bed.store.robots("https://cho.example").await.expect("read"), Some(robots));
    assert_eq!(bed.store.robots("http://cho.example").await.expect("read"), None);
}
