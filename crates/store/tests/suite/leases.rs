//! Leases: 8 workers, 10,000 captures, each recorded exactly once, whatever is killed, restarted or set back.
//!
//! On PostgreSQL each worker is a process. A SQLite folder has one writing process, so there the 8 workers are tasks of
//! one process, which is killed whole.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use model::{Capture, Method};
use store::{Batch, LONGEST_MS, Part, Store};

use crate::help::{Bed, DAY, HOUR, MINUTE, NOW, Server, harmless, is_postgres};

const JOBS: usize = 10_000;
const WORKERS: usize = 8;
/// A killed worker's captures are free again after this.
const LEASE_MS: i64 = 1_000;

#[tokio::test]
async fn eight_workers_do_ten_thousand_jobs_once_each_whatever_is_killed() {
    let server = is_postgres().then(Server::start);
    let bed = match &server {
        Some(server) => Bed::on(Some(server.url())).await,
        None => Bed::on(None).await,
    };
    keep_many(&bed).await;
    let Bed { store, data, folder } = bed;
    store.close().await;
    // The clock of all workers: so many milliseconds beside the machine's.
    let set = |offset_ms: i64| std::fs::write(folder.0.join("clock"), offset_ms.to_string()).expect("a clock");
    set(0);
    let (processes, tasks) = if server.is_some() { (WORKERS, 1) } else { (1, WORKERS) };
    let start = |n: usize| worker(&data, &folder.0, &format!("w{n}"), tasks);
    let mut workers: Vec<Child> = (0..processes).map(start).collect();

    let reader = Store::open_to_read(&data).await.expect("a reader beside the workers");
    let (mut seen, mut seq) = (Vec::new(), 0);
    let began = Instant::now();
    let mut kills = 0;
    while seen.len() < JOBS {
        assert!(began.elapsed() < Duration::from_secs(200), "{} of {JOBS} after 200 s", seen.len());
        // While the server restarts there is nothing to read.
        for post in reader.posts_after(seq, 2_000).await.unwrap_or_default() {
            seq = post.seq;
            seen.push(post.native_id);
        }
        if seen.len() > (kills + 1) * JOBS / 8 && kills < 6 {
            let victim = kills % processes;
            workers[victim].kill().expect("SIGKILL");
            workers[victim].wait().expect("its end");
            if kills == 2 {
                set(-DAY);
            }
            if let (3, Some(server)) = (kills, &server) {
                server.restart();
            }
            workers[victim] = start(100 + kills);
            kills += 1;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for worker in &mut workers {
        assert!(worker.wait().expect("its end").success(), "a worker ends by itself when all is done");
    }
    assert_eq!(kills, 6);
    seen.sort();
    let met = seen.len();
    seen.dedup();
    assert_eq!((met, seen.len()), (JOBS, JOBS), "a follower meets each post once and skips none");
    reader.close().await;

    let store = Store::open_with_originals(&data, &folder.0.join("originals"), NOW).await.expect("the store");
    let health = store.health(NOW).await.expect("health");
    assert_eq!((health.posts, health.pending_captures), (JOBS as u64, 0));
    let (mut new, mut again) = (0, 0);
    let filter = store::AuditFilter { action: Some("posts.record".to_owned()), ..store::AuditFilter::default() };
    let mut next = None;
    loop {
        let page = store.audit_rows(&filter, next.as_deref(), 1_000).await.expect("rows");
        for row in &page.rows {
            let detail: serde_json::Value = serde_json::from_str(&row.detail).expect("JSON");
            new += detail["new"].as_u64().expect("a number");
            again += detail["seen_again"].as_u64().expect("a number");
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!((new, again), (JOBS as u64, 0), "done once each, none twice");
    assert!(matches!(store.audit_verify().await.expect("verified"), store::AuditVerdict::Whole { .. }));
}

/// Keeps one capture and copies its row: 10,000 captures wait.
async fn keep_many(bed: &Bed) {
    let story = Capture::of_file("paste", Method::Paste, "paste", "test", NOW);
    let kept = bed.store.keep(&story, b"x", NOW).await.expect("kept");
    bed.tamper(&format!(
        "INSERT INTO captures (id, identity, sha256, bytes, source, method, url, story, fetched_at_ms, kept_at_ms, \
         state, recorded_upto) WITH RECURSIVE k (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {JOBS}) \
         SELECT id || ':' || (100000 + n), identity || n, sha256, bytes, source, method, url, story, fetched_at_ms, \
         kept_at_ms, state, recorded_upto FROM captures, k; DELETE FROM captures WHERE id = '{}'",
        kept.id
    ))
    .await;
}

fn worker(data: &str, folder: &Path, name: &str, tasks: usize) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "leases::worker_process", "--ignored", "--quiet"])
        .env("WORKER_DATA", data)
        .env("WORKER_FOLDER", folder)
        .env("WORKER_NAME", name)
        .env("WORKER_TASKS", tasks.to_string())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("a worker")
}

/// A worker: until nothing waits, it leases captures and records them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of other tests"]
async fn worker_process() {
    let Ok(data) = std::env::var("WORKER_DATA") else { return };
    let var = |name: &str| std::env::var(name).expect("given by the test");
    let folder = std::path::PathBuf::from(var("WORKER_FOLDER"));
    let store = Store::open_with_originals(&data, &folder.join("originals"), NOW).await.expect("the store");
    let tasks = (0..var("WORKER_TASKS").parse().expect("a number")).map(|task: usize| {
        let (store, folder, name) = (store.clone(), folder.clone(), format!("{}:{task}", var("WORKER_NAME")));
        tokio::spawn(async move {
            loop {
                let offset_ms: i64 =
                    std::fs::read_to_string(folder.join("clock")).ok().and_then(|it| it.parse().ok()).unwrap_or(0);
                let since_1970 = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_millis();
                let now_ms = i64::try_from(since_1970).expect("a date") + offset_ms;
                match work(&store, &name, now_ms).await {
                    Ok(0) if matches!(store.health(NOW).await, Ok(it) if it.pending_captures == 0) => return,
                    Ok(0) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                    Ok(_) => {}
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no panic");
    }
}

/// One batch; its length.
async fn work(store: &Store, name: &str, now_ms: i64) -> store::Result<usize> {
    let captures = store.lease_captures(name, 50, LEASE_MS, now_ms).await?;
    let part = |capture: &store::CaptureRow| Part {
        capture_id: capture.id.clone(),
        upto: 1,
        last: true,
        posts: vec![harmless(&capture.id, "Bán xe đạp cũ")],
    };
    let batch = Batch { actor: name.to_owned(), parts: captures.iter().map(part).collect(), visits: Vec::new() };
    store.record(&batch, now_ms).await?;
    Ok(captures.len())
}

#[tokio::test]
async fn a_capture_is_its_keepers_at_first_and_anothers_when_the_keeper_is_gone() {
    let bed = Bed::new().await;
    let crawled = bed.batch(vec![harmless("1", "Bán xe")], NOW).await;
    let pasted = Capture::of_file("paste", Method::Paste, "paste", "an", NOW);
    let pasted = bed.store.keep(&pasted, b"dan vao", NOW).await.expect("kept");
    assert!(bed.store.lease_captures("w1", 10, HOUR, NOW + MINUTE).await.expect("leased").is_empty());
    assert_eq!(bed.store.give_back("an", NOW).await.expect("given back"), 1);
    let leased = bed.store.lease_captures("w1", 10, HOUR, NOW + MINUTE).await.expect("leased");
    assert_eq!(leased.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), [pasted.id.as_str()]);
    assert!(bed.store.lease_captures("w2", 10, HOUR, NOW + MINUTE).await.expect("leased").is_empty());
    assert_eq!(bed.store.give_back("w1", NOW).await.expect("given back"), 1);
    let later = bed.store.lease_captures("w2", 10, MINUTE, NOW + LONGEST_MS).await.expect("leased");
    assert_eq!(later.len(), 2);
    // The keeper was only slow: what it records now is recorded once.
    let done = bed.store.record(&crawled, NOW + LONGEST_MS).await.expect("recorded");
    assert_eq!(done.new_posts, 1);
    let again = bed.store.record(&crawled, NOW + LONGEST_MS).await.expect("recorded");
    assert_eq!((again.new_posts, again.seen_again), (0, 0));
}

#[tokio::test]
async fn a_lease_of_a_clock_that_was_ahead_does_not_hold() {
    let bed = Bed::new().await;
    let pasted = Capture::of_file("paste", Method::Paste, "paste", "an", NOW);
    bed.store.keep(&pasted, b"dan vao", NOW).await.expect("kept");
    bed.store.give_back("an", NOW).await.expect("given back");
    assert_eq!(bed.store.lease_captures("w1", 1, MINUTE, NOW + DAY).await.expect("leased").len(), 1);
    assert_eq!(bed.store.lease_captures("w2", 1, MINUTE, NOW + DAY - 5 * MINUTE).await.expect("leased").len(), 0);
    assert_eq!(bed.store.lease_captures("w2", 1, MINUTE, NOW).await.expect("leased").len(), 1);
}

#[tokio::test]
async fn one_worker_follows_into_an_index_until_it_is_gone() {
    let bed = Bed::new().await;
    let follow = async |worker: &str, now_ms| bed.store.follow("index", worker, MINUTE, now_ms).await.expect("asked");
    assert!(follow("w1", NOW).await);
    assert!(!follow("w2", NOW + MINUTE - 1).await);
    assert!(follow("w1", NOW + MINUTE - 1).await, "renewed");
    assert!(!follow("w2", NOW + MINUTE).await);
    assert!(follow("w2", NOW + 2 * MINUTE).await);
    bed.store.give_back("w2", NOW).await.expect("given back");
    assert!(follow("w3", NOW).await);
    assert!(bed.store.follow("another index", "w1", MINUTE, NOW).await.expect("asked"));
}

#[tokio::test]
async fn a_packet_is_built_by_one_worker() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let case = crate::escalating::case(&bed, &who).await;
    bed.store.ask_escalation(&who.analyst, &case, "pc02", "khẩn", NOW).await.expect("asked");
    let lease = async |worker: &str, now_ms| {
        bed.store.lease_packets(worker, Some(&case), MINUTE, now_ms).await.expect("asked").len()
    };
    assert_eq!(lease("w1", NOW).await, 0, "not signed");
    bed.store.sign_escalation(&who.lead, &case, NOW).await.expect("signed");
    assert_eq!(lease("w1", NOW).await, 1);
    assert_eq!(lease("w2", NOW).await, 0);
    assert_eq!(lease("w2", NOW + MINUTE).await, 1, "the first one is gone");
    assert!(matches!(
        bed.store.lease_packets("w1", Some("nothing"), MINUTE, NOW).await,
        Err(store::Error::Missing { .. })
    ));
}
