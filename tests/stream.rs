//! A stream followed by the built binary: a local server speaks the documented Jetstream, is cut off, and goes on; the
//! process is killed in the middle and loses and doubles nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::harness::{Folder, Running, canhgiac, eventually, objects, run, stdout};

/// A Jetstream of a fixed past: every connection gets what lies behind its cursor, a few frames at a time.
struct Jetstream {
    url: String,
    /// The cursors that were asked for; -1 for none.
    asked: Arc<Mutex<Vec<i64>>>,
    _runtime: tokio::runtime::Runtime,
}

const START_US: i64 = 1_795_480_000_000_000;
const SECOND_US: i64 = 1_000_000;

impl Jetstream {
    /// Serves frames; each connection is cut after `cut_after` frames.
    fn serve(frames: Vec<(i64, Value)>, pause: Duration, cut_after: usize) -> Jetstream {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("ws://{}/subscribe", listener.local_addr().expect("address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (frames, log) = (Arc::new(frames), asked.clone());
        runtime.spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (frames, log) = (frames.clone(), log.clone());
                tokio::spawn(async move {
                    let mut cursor = -1;
                    #[allow(clippy::result_large_err)] // the shape of the answer is the library's
                    let opened = tokio_tungstenite::accept_hdr_async(tcp, |request: &Request, answer: Response| {
                        let query = request.uri().query().unwrap_or_default();
                        assert!(query.contains("wantedCollections=app.bsky.feed.post"), "{query}");
                        let given = query.split('&').find_map(|pair| pair.strip_prefix("cursor="));
                        cursor = given.map_or(-1, |at| at.parse().expect("a number"));
                        Ok(answer)
                    });
                    let Ok(mut socket) = opened.await else { return };
                    log.lock().expect("log").push(cursor);
                    let behind = frames.iter().filter(|(at, _)| *at >= cursor);
                    for (_, frame) in behind.take(cut_after) {
                        if socket.send(Message::text(frame.to_string())).await.is_err() {
                            return;
                        }
                        tokio::time::sleep(pause).await;
                    }
                    if frames.len() > cut_after {
                        // An end without a farewell, as networks have it.
                        return;
                    }
                    while let Some(Ok(_)) = socket.next().await {}
                });
            }
        });
        Jetstream { url, asked, _runtime: runtime }
    }

    fn source(&self, folder: &Folder) -> String {
        let text =
            std::fs::read_to_string(crate::harness::top().join("sources/bluesky-jetstream.toml")).expect("source");
        let text = text.replace("wss://jetstream2.us-east.bsky.network/subscribe", &self.url);
        folder.write("jetstream.toml", &text).display().to_string()
    }
}

fn commit(n: i64, operation: &str, did: &str, rkey: &str, text: &str, langs: &[&str]) -> (i64, Value) {
    let at = START_US + n * SECOND_US;
    let mut frame = json!({"did": did, "time_us": at, "kind": "commit", "commit": {
        "rev": format!("r{n}"), "operation": operation, "collection": "app.bsky.feed.post", "rkey": rkey}});
    if operation != "delete" {
        frame["commit"]["cid"] = json!(format!("c{n}"));
        frame["commit"]["record"] = json!({"$type": "app.bsky.feed.post", "text": text, "langs": langs,
            "createdAt": "2026-11-24T00:26:40Z"});
    }
    (at, frame)
}

fn account(n: i64, did: &str) -> (i64, Value) {
    let at = START_US + n * SECOND_US;
    (
        at,
        json!({"did": did, "time_us": at, "kind": "account",
        "account": {"active": false, "did": did, "seq": n, "status": "takendown", "time": "2026-11-24T00:30:00Z"}}),
    )
}

fn posts(data: &str) -> BTreeMap<String, Value> {
    let posts = objects(&stdout(&["posts", "--data", data], ""));
    let count = posts.len();
    let by_id: BTreeMap<String, Value> =
        posts.into_iter().map(|post| (post["native_id"].as_str().expect("id").to_owned(), post)).collect();
    assert_eq!(by_id.len(), count, "no post twice");
    by_id
}

fn at(did: &str, rkey: &str) -> String {
    format!("at://{did}/app.bsky.feed.post/{rkey}")
}

#[test]
fn posts_edits_deletions_and_lost_accounts_are_followed_across_cut_connections() {
    let frames = vec![
        commit(
            0,
            "create",
            "did:plc:mau",
            "a",
            "Tuyển người sang Cam trực trang, bao vé, lương 30 triệu, ib mình",
            &["vi"],
        ),
        commit(1, "create", "did:plc:khac", "b", "hello world", &["en"]),
        commit(2, "create", "did:plc:mau", "c", "Cần người đi làm xa", &["en"]),
        commit(3, "update", "did:plc:mau", "c", "Cần người đi làm xa, gấp", &["vi"]),
        commit(4, "create", "did:plc:mot", "d", "Hỏi về lương công nhân", &["vi"]),
        commit(5, "delete", "did:plc:mau", "a", "", &[]),
        commit(6, "delete", "did:plc:la", "z", "", &[]),
        account(7, "did:plc:mot"),
        (
            START_US + 8 * SECOND_US,
            json!({"did": "did:plc:mau", "time_us": START_US + 8 * SECOND_US, "kind": "identity",
            "identity": {"did": "did:plc:mau", "handle": "mau.example", "seq": 1, "time": "2026-11-24T00:30:00Z"}}),
        ),
        commit(60, "create", "did:plc:mau", "e", "Bài cuối cùng của luồng", &["vi"]),
    ];
    let server = Jetstream::serve(frames, Duration::from_millis(2), 8);
    let folder = Folder::new("stream");
    let (source, data) = (server.source(&folder), folder.join("data"));
    let data = data.to_str().expect("path");
    let crawl = ["crawl", "--once", "--source", &source, "--allow-loopback", "--data", data];
    for _ in 0..4 {
        // Each connection ends after eight frames; the next goes on where the last stood, less the seconds that are read twice.
        let _ = run(&crawl, "");
    }
    let posts = posts(data);
    assert_eq!(posts.len(), 4, "{posts:#?}");
    let edited = &posts[&at("did:plc:mau", "c")];
    assert_eq!(edited["text"], "Cần người đi làm xa, gấp");
    assert_eq!(edited["versions"].as_array().map(Vec::len), Some(2));
    assert!(edited["gone_at"].is_null());
    assert!(!posts[&at("did:plc:mau", "a")]["gone_at"].is_null(), "its author deleted it");
    assert!(!posts[&at("did:plc:mot", "d")]["gone_at"].is_null(), "its account is gone");
    assert!(posts.contains_key(&at("did:plc:mau", "e")));
    let asked = server.asked.lock().expect("log").clone();
    assert_eq!(asked[0], -1, "the first connection has no cursor");
    assert!(asked[1..].iter().all(|cursor| *cursor >= START_US - 5 * SECOND_US), "{asked:?}");
    assert!(asked.windows(2).all(|pair| pair[0] <= pair[1]), "the cursor never goes back: {asked:?}");
    let log = stdout(&["source", "log", "bluesky-jetstream", "--data", data], "");
    assert!(log.lines().count() >= asked.len(), "every connection is logged");
    assert!(stdout(&["audit", "verify", "--data", data], "").starts_with("whole: "));
}

#[test]
fn killed_while_following_nothing_is_lost_or_doubled() {
    const POSTS: i64 = 400;
    let frames: Vec<(i64, Value)> = (0..POSTS)
        .map(|n| {
            commit(
                n,
                "create",
                "did:plc:mau",
                &format!("k{n:04}"),
                &format!("Bài thứ {n} của người đăng mẫu ở đây"),
                &["vi"],
            )
        })
        .collect();
    let server = Jetstream::serve(frames, Duration::from_millis(15), usize::MAX);
    let folder = Folder::new("stream-crash");
    let (source, data) = (server.source(&folder), folder.join("data"));
    let data = data.to_str().expect("path");
    let crawl = ["crawl", "--source", &source, "--allow-loopback", "--data", data];
    for after_ms in [2_300, 2_900, 4_100] {
        let following = Running::start(canhgiac().args(crawl));
        std::thread::sleep(Duration::from_millis(after_ms));
        following.signal("KILL");
        following.rest();
    }
    let known = posts(data).len();
    assert!(known > 0 && known < POSTS as usize, "the kills came in the middle: {known}");
    let mut following = Running::start(canhgiac().args(crawl));
    eventually(Duration::from_secs(60), "the whole stream is stored", || {
        (posts(data).len() == POSTS as usize).then_some(())
    });
    following.signal("TERM");
    let _ = following.wait_for(|_| false, Duration::from_millis(200));
    let all = posts(data);
    assert!(all.values().all(|post| post["versions"].as_array().map(Vec::len) == Some(1)), "seen again is no version");
    let asked = server.asked.lock().expect("log").clone();
    assert!(asked.last().is_some_and(|cursor| *cursor > START_US), "it went on from a cursor: {asked:?}");
}
