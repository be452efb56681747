//! What a newcomer sees: the demo fills the queue with the lures of its site and leaves the rest alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Folder, canhgiac, objects, stdout, top};

/// Goals of the demo site: at least 95 of 100 lures in the queue, at most 3 of 100 others.
const RECALL: f64 = 0.95;
const FALSE_ALARMS: f64 = 0.03;

#[test]
fn the_queue_holds_the_lures_of_the_demo_site() {
    let folder = Folder::new("demo");
    let data = folder.join("data");
    let data = data.to_str().expect("path");
    let output = canhgiac()
        .args(["demo", "--once", "--listen", "127.0.0.1:0", "--data", data])
        .env("CANHGIAC_LOG", "trace")
        .output()
        .expect("the demo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let site = std::fs::read_to_string(top().join("crates/canhgiac/demo/posts.jsonl")).expect("the site's posts");
    let labels: BTreeMap<String, bool> = objects(&site)
        .iter()
        .map(|post| (post["text"].as_str().expect("text").trim().to_owned(), post["label"] == "lure"))
        .collect();
    let posts = objects(&stdout(&["posts", "--data", data], ""));
    let alerted: BTreeSet<(String, String)> = objects(&stdout(&["alerts", "--data", data], ""))
        .iter()
        .filter(|alert| alert["kind"] == "alert")
        .map(|alert| (alert["source"].to_string(), alert["native_id"].to_string()))
        .collect();
    let (mut lures, mut found, mut others, mut false_alarms) = (0, 0, 0, 0);
    let mut errors = Vec::new();
    for post in &posts {
        let Some(lure) = labels.get(post["text"].as_str().expect("text").trim()) else { continue };
        let alert = alerted.contains(&(post["source"].to_string(), post["native_id"].to_string()));
        if *lure {
            lures += 1;
            found += usize::from(alert);
        } else {
            others += 1;
            false_alarms += usize::from(alert);
        }
        if *lure != alert {
            errors.push(format!("{} {}", if *lure { "missed" } else { "false alarm" }, post["native_id"]));
        }
    }
    assert!(lures >= 95 && others >= 95, "{lures} lures and {others} others were collected");
    let (recall, rate) =
        (f64::from(found as u32) / f64::from(lures), f64::from(false_alarms as u32) / f64::from(others));
    assert!(
        recall >= RECALL && rate <= FALSE_ALARMS,
        "{found} of {lures} lures, {false_alarms} of {others} others: {errors:#?}"
    );

    // The text of no post appears in any log, at any level.
    let printed = [String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout)].concat();
    for text in labels.keys() {
        let piece: String = text.chars().take(40).collect();
        assert!(piece.chars().count() < 15 || !printed.contains(&piece), "a post's text is in the log");
    }
    assert!(!printed.contains("0901 000") && !printed.contains("0901000"), "a contact is in the log");
}
