//! Recording: once, in versions, in order.

use model::{Queue, Stance};
use store::{Assessed, QueueFilter};

use crate::help::{Bed, HOUR, MINUTE, NOW, harmless, lure, post, read, with_phone};

#[tokio::test]
async fn recording_the_same_capture_twice_changes_nothing() {
    let bed = Bed::new().await;
    let posts = vec![lure("1", "Tuyển người sang Cam", 2), harmless("2", "Bán xe đạp cũ")];
    let batch = bed.batch(posts, NOW).await;
    let first = bed.store.record(&batch, NOW).await.expect("recorded");
    assert_eq!((first.new_posts, first.raised.len()), (2, 1));
    let before = bed.store.health(NOW).await.expect("health");
    let again = bed.store.record(&batch, NOW + HOUR).await.expect("recorded again");
    assert_eq!((again.new_posts, again.new_versions, again.seen_again, again.raised.len()), (0, 0, 0, 0));
    assert_eq!(bed.store.health(NOW).await.expect("health").audit_rows, before.audit_rows);
    assert_eq!(bed.store.export_posts(None, 10).await.expect("export").rows.len(), 2);
}

#[tokio::test]
async fn another_text_is_a_version_and_the_same_text_is_seen_again() {
    let bed = Bed::new().await;
    bed.import(vec![harmless("1", "Cho thuê phòng"), harmless("2", "Bán xe")], NOW).await;
    let second = bed.import(vec![harmless("1", "Cho thuê phòng gấp"), harmless("2", "Bán xe")], NOW + HOUR).await;
    assert_eq!((second.new_posts, second.new_versions, second.seen_again), (0, 1, 1));
    let exported = bed.store.export_posts(None, 10).await.expect("export").rows;
    let texts: Vec<&str> = exported[0].versions.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(texts, ["Cho thuê phòng", "Cho thuê phòng gấp"]);
    assert_eq!(exported[0].text, "Cho thuê phòng gấp");
    assert_eq!(exported[1].versions.len(), 1);
    let line = serde_json::to_string(&exported[1]).expect("JSON");
    let keys: Vec<String> = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&line)
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    let contract = [
        "source",
        "native_id",
        "url",
        "title",
        "text",
        "author",
        "posted_at",
        "collected_at",
        "sha256",
        "gone_at",
        "versions",
        "thread",
        "parent",
    ];
    assert_eq!(keys, contract);
    assert_eq!(exported[1].collected_at, "2026-11-24T01:00:00.000Z");
}

#[tokio::test]
async fn a_post_that_stands_twice_in_a_batch_has_two_versions() {
    let bed = Bed::new().await;
    let done = bed.import(vec![harmless("1", "một"), harmless("1", "hai"), harmless("1", "hai")], NOW).await;
    assert_eq!((done.new_posts, done.new_versions, done.seen_again), (1, 1, 1));
}

#[tokio::test]
async fn followers_skip_nothing_and_meet_changed_posts_again() {
    let bed = Bed::new().await;
    bed.import((0..150).map(|n| harmless(&n.to_string(), "Bán xe")).collect(), NOW).await;
    let mut seen = Vec::new();
    let mut seq = 0;
    loop {
        let page = bed.store.posts_after(seq, 40).await.expect("posts");
        let Some(last) = page.last() else { break };
        seq = last.seq;
        seen.extend(page.into_iter().map(|post| post.native_id));
    }
    assert_eq!(seen.len(), 150);
    bed.import(vec![harmless("7", "Bán xe máy")], NOW + HOUR).await;
    let changed = bed.store.posts_after(seq, 40).await.expect("posts");
    assert_eq!(changed.iter().map(|post| post.native_id.as_str()).collect::<Vec<_>>(), ["7"]);
    assert_eq!(bed.store.last_seq().await.expect("seq"), changed[0].seq);
}

#[tokio::test]
async fn the_queue_is_ordered_by_priority_then_due_time_and_pages_without_gaps() {
    let bed = Bed::new().await;
    bed.import(vec![lure("a", "một", 3), lure("b", "hai", 1)], NOW).await;
    bed.import(vec![lure("c", "ba", 2), lure("d", "bốn", 1)], NOW + MINUTE).await;
    let order = |rows: &[store::QueueRow]| rows.iter().map(|row| row.native_id.clone()).collect::<Vec<_>>();
    assert_eq!(order(&bed.alerts(NOW).await), ["b", "d", "c", "a"]);
    let filter = QueueFilter::open(Queue::Alert);
    let mut met = Vec::new();
    let mut next = None;
    loop {
        let page = bed.store.queue(&filter, next.as_deref(), 3, NOW).await.expect("a page");
        met.extend(order(&page.rows));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(met, ["b", "d", "c", "a"]);
    let counts = bed.store.queue_counts(NOW + 20 * MINUTE).await.expect("counts");
    assert_eq!((counts.alerts, counts.overdue), ([2, 1, 1, 0], 2));
}

#[tokio::test]
async fn a_self_offer_stands_in_both_queues_and_a_seeker_in_one() {
    let bed = Bed::new().await;
    let own = read(post("1", "Em cần bán thận"), "self_offer", Some(2), &["organ_trade"]);
    let seeker = read(post("2", "Có ai biết chỗ này không, em sợ"), "seeker", Some(3), &[]);
    bed.import(vec![own, seeker], NOW).await;
    let referrals = bed.store.queue(&QueueFilter::open(Queue::Referral), None, 10, NOW).await.expect("referrals").rows;
    assert_eq!(referrals.len(), 2);
    let alerts = bed.alerts(NOW).await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].stance, Stance::SelfOffer);
}

const AD: &str = "Tuyển gấp lao động phổ thông sang Campuchia làm việc nhẹ lương cao, bao ăn ở, không cần bằng cấp, liên hệ ngay 0901 000 111";

#[tokio::test]
async fn copies_of_one_text_stand_in_the_queue_as_one_with_the_most_urgent_priority() {
    let bed = Bed::new().await;
    let copy = AD.replace("0901 000 111", "0901 000 222");
    bed.import(vec![lure("1", AD, 3), lure("2", &copy, 3)], NOW).await;
    bed.import(vec![lure("3", AD, 1)], NOW + HOUR).await;
    let rows = bed.alerts(NOW + HOUR).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].campaign_items, rows[0].priority), (3, 1));
    assert!(rows[0].priority_reasons.iter().any(|reason| reason.id == "campaign"));
    let unit = bed.store.unit(&rows[0].id, NOW).await.expect("the unit");
    assert_eq!(unit.campaign.len(), 2);
}

#[tokio::test]
async fn a_known_contact_raises_the_priority_and_says_why_and_hotlines_link_nothing() {
    let bed = Bed::new().await;
    let known = |n: u32| with_phone(lure(&n.to_string(), &format!("tin {n}"), 3), "+84901000123");
    bed.import((0..3).map(known).collect(), NOW).await;
    bed.import(vec![known(3)], NOW + HOUR).await;
    let rows = bed.alerts(NOW + HOUR).await;
    assert_eq!((rows[0].native_id.as_str(), rows[0].priority), ("3", 2));
    assert_eq!(rows[0].priority_reasons[0].id, "known_contact");
    let unit = bed.store.unit(&rows[0].id, NOW).await.expect("the unit");
    assert_eq!((unit.contacts.len(), unit.contacts[0].posts), (1, 4));
    bed.import((10..14).map(|n| with_phone(lure(&n.to_string(), &format!("tin {n}"), 3), "111")).collect(), NOW).await;
    let hotline = bed.alerts(NOW).await.into_iter().find(|row| row.native_id == "13").expect("its alert");
    assert!(hotline.priority_reasons.is_empty());
    assert!(bed.store.unit(&hotline.id, NOW).await.expect("the unit").contacts.is_empty());
}

#[tokio::test]
async fn a_post_that_was_never_assessed_waits_for_it() {
    let bed = Bed::new().await;
    let mut later = harmless("1", "Tuyển người");
    later.assessment = None;
    bed.import(vec![later], NOW).await;
    let waiting = bed.store.unassessed(10).await.expect("waiting");
    assert_eq!(waiting.len(), 1);
    let assessment = lure("1", "x", 2).assessment.expect("an assessment");
    let assessed = Assessed { post_id: waiting[0].post_id.clone(), version: 1, assessment, facts: Vec::new() };
    let done = bed.store.record_assessments("work", &[assessed], NOW).await.expect("assessed");
    assert_eq!(done.raised.len(), 1);
    assert!(bed.store.unassessed(10).await.expect("waiting").is_empty());
}

#[tokio::test]
async fn a_zero_character_keeps_its_place_as_a_space() {
    let bed = Bed::new().await;
    bed.import(vec![lure("1", "a\0b", 2)], NOW).await;
    let again = bed.import(vec![lure("1", "a\0b", 2)], NOW + HOUR).await;
    assert_eq!((again.new_versions, again.seen_again), (0, 1));
    assert_eq!(bed.store.export_posts(None, 10).await.expect("export").rows[0].text, "a b");
}
