//! Why nothing came: alarms open once a cause and end, yields by day, quarantine, the global stop.

use model::{Cause, Part, SourceState};
use store::{FrontierEntry, NewSource, OPERATOR, Report, Trouble, Visit, day_of};

use crate::help::{Bed, DAY, HOUR, MINUTE, NOW};

async fn bed() -> Bed {
    let bed = Bed::new().await;
    let new =
        NewSource { id: "board".into(), toml: "id = \"board\"".into(), params: Vec::new(), access: "open".into() };
    bed.store.put_source("setup", &new, NOW).await.expect("a source");
    bed.store.move_source(OPERATOR, "board", SourceState::Enabled, true, None, NOW).await.expect("enabled");
    let entry = FrontierEntry {
        source: "board".into(),
        url: "https://cho.example/list".into(),
        kind: "start".into(),
        host: "cho.example".into(),
        due_at_ms: NOW,
        depth: 0,
        memo: None,
    };
    bed.store.add_to_frontier(&[entry], false).await.expect("added");
    bed
}

async fn visit(bed: &Bed, report: Report, now_ms: i64) {
    let visit = Visit {
        worker: "w".into(),
        source: "board".into(),
        url: "https://cho.example/list".into(),
        due_again_at_ms: Some(now_ms + HOUR),
        host_next_at_ms: now_ms,
        report,
        ..Visit::default()
    };
    bed.store.complete(visit, now_ms).await.expect("completed");
}

fn trouble() -> Report {
    let trouble = Trouble {
        cause: Cause::Drift,
        part: Part::Start,
        detail: "Trang có 0 hàng.".into(),
        url: Some("https://cho.example/list".into()),
    };
    Report {
        problem: Some("Trang có 0 hàng.".into()),
        quarantined: 2,
        capture_id: Some("c1".into()),
        raised: vec![trouble],
        ..Report::default()
    }
}

fn well(news: u64) -> Report {
    Report {
        is_success: true,
        posts: 5,
        news,
        capture_id: Some("c2".into()),
        cleared: vec![Cause::Drift],
        ..Report::default()
    }
}

#[tokio::test]
async fn an_alarm_opens_once_a_cause_is_told_once_and_ends() {
    let bed = bed().await;
    visit(&bed, trouble(), NOW).await;
    visit(&bed, trouble(), NOW + HOUR).await;
    let health = bed.store.source_health("board", NOW + HOUR).await.expect("health");
    assert_eq!((health.alarms.len(), health.alarms[0].times), (1, 2));
    assert_eq!((health.quarantine.len(), health.quarantine[0].posts), (1, 2));
    assert_eq!(health.troubled[0].problem, "Trang có 0 hàng.");
    assert_eq!(health.last_success_at_ms, None);
    assert_eq!(health.next_visit_at_ms, Some(NOW + 2 * HOUR));

    let untold = bed.store.untold_alarms(DAY, NOW + HOUR).await.expect("untold");
    assert_eq!(untold.len(), 1);
    bed.store.alarm_told(&untold[0], NOW + HOUR).await.expect("told");
    assert!(bed.store.untold_alarms(DAY, NOW + HOUR).await.expect("untold").is_empty());

    visit(&bed, well(3), NOW + 2 * HOUR).await;
    let health = bed.store.source_health("board", NOW + 2 * HOUR).await.expect("health");
    assert_eq!(health.alarms[0].cleared_at_ms, Some(NOW + 2 * HOUR));
    assert!(health.quarantine.is_empty() && health.troubled.is_empty());
    assert_eq!(health.last_news_at_ms, Some(NOW + 2 * HOUR));
    let ended = bed.store.untold_alarms(DAY, NOW + 2 * HOUR).await.expect("untold");
    assert!(ended[0].cleared_at_ms.is_some());
    bed.store.alarm_told(&ended[0], NOW + 2 * HOUR).await.expect("told");

    // It comes back within the day: a new alarm on the page, told only when the day is over.
    visit(&bed, trouble(), NOW + 3 * HOUR).await;
    assert_eq!(bed.store.open_alarms("board").await.expect("open").len(), 1);
    assert!(bed.store.untold_alarms(DAY, NOW + 3 * HOUR).await.expect("untold").is_empty());
    assert_eq!(bed.store.untold_alarms(DAY, NOW + 2 * DAY).await.expect("untold").len(), 1);
    bed.store.move_source(OPERATOR, "board", SourceState::Paused, true, None, NOW).await.expect("paused");
    assert!(bed.store.all_open_alarms().await.expect("open").is_empty(), "nobody waits for a paused source");
}

#[tokio::test]
async fn yields_are_counted_by_day_of_viet_nam() {
    let bed = bed().await;
    visit(&bed, well(3), NOW).await;
    visit(&bed, well(4), NOW + MINUTE).await;
    visit(&bed, well(1), NOW + 3 * DAY).await;
    let days = bed.store.source_health("board", NOW + 4 * DAY).await.expect("health").days;
    let news: Vec<u64> = days.iter().map(|day| day.news).collect();
    assert_eq!(news, [7, 0, 0, 1, 0]);
    assert_eq!((days[0].day, days[0].pages, days[0].posts), (day_of(NOW), 2, 10));
}

#[tokio::test]
async fn the_global_stop_leases_nothing_to_anybody() {
    let bed = bed().await;
    bed.store.stop_crawling(OPERATOR, true, NOW).await.expect("stopped");
    assert!(bed.store.is_crawling_stopped().await.expect("read"));
    assert!(bed.store.lease("w1", None, 5, MINUTE, NOW).await.expect("leased").is_empty());
    bed.store.stop_crawling(OPERATOR, false, NOW).await.expect("resumed");
    assert_eq!(bed.store.lease("w1", None, 5, MINUTE, NOW).await.expect("leased").len(), 1);
}
