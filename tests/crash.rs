//! `kill -9` while crawling and assessing: after a restart nothing is lost and nothing doubled.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::harness::{Folder, Running, canhgiac, objects, run, stdout};

/// Kills land at these moments after the crawl has begun.
const KILL_AFTER_MS: [u64; 4] = [150, 400, 900, 1_700];

#[test]
fn killed_while_crawling_nothing_is_lost_or_doubled() {
    let folder = Folder::new("crash");
    let data = folder.join("data");
    let data_arg = data.to_str().expect("path");
    for after_ms in KILL_AFTER_MS {
        let mut demo =
            Running::start(canhgiac().args(["demo", "--once", "--listen", "127.0.0.1:0", "--data", data_arg]));
        demo.wait_for(|line| line.starts_with("Bảng điều khiển"), Duration::from_secs(60)).expect("the demo starts");
        std::thread::sleep(Duration::from_millis(after_ms));
        demo.signal("KILL");
        demo.rest();
    }
    let output = run(&["demo", "--once", "--listen", "127.0.0.1:0", "--data", data_arg], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let killed = posts(data_arg);
    let whole_folder = Folder::new("crash-whole");
    let whole_data = whole_folder.join("data");
    let whole_arg = whole_data.to_str().expect("path");
    stdout(&["demo", "--once", "--listen", "127.0.0.1:0", "--data", whole_arg], "");
    let whole = posts(whole_arg);
    let missing: Vec<&String> = whole.keys().filter(|key| !killed.contains_key(*key)).collect();
    assert!(missing.is_empty(), "lost by the kills: {missing:?}");
    let doubled: Vec<(&String, &usize)> = killed.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "doubled by the kills: {doubled:?}");

    let alerts = objects(&stdout(&["alerts", "--data", data_arg], ""));
    let mut seen = BTreeMap::new();
    for alert in &alerts {
        let key = (alert["kind"].to_string(), alert["source"].to_string(), alert["native_id"].to_string());
        *seen.entry(key).or_insert(0) += 1;
    }
    assert!(seen.values().all(|count| *count == 1), "one alert a post and queue");
    assert!(stdout(&["audit", "verify", "--data", data_arg], "").starts_with("whole: "));
}

/// How often each post is there.
fn posts(data: &str) -> BTreeMap<String, usize> {
    let mut posts = BTreeMap::new();
    for post in objects(&stdout(&["posts", "--data", data], "")) {
        *posts.entry(format!("{} {}", post["source"], post["native_id"])).or_insert(0) += 1;
    }
    posts
}
