//! A published ruleset reads the last days again: in parts, once each, with progress.

use serde_json::json;
use store::{Assessed, LONGEST_MS, ProposalKind, ReassessPart, Unassessed};

use crate::help::{Bed, DAY, HOUR, MINUTE, NOW, People, code, harmless, lure};

/// Records a ruleset, proposes it and lets another person approve.
async fn publish(bed: &Bed, who: &People, id: &str, days: i64, now_ms: i64) {
    bed.store.record_ruleset(&who.admin, id, &[("rules/a.toml".to_owned(), id.into())], now_ms).await.expect("kept");
    let body = json!({ "ruleset": id, "days": days });
    let reason = "bớt báo nhầm";
    let proposal =
        bed.store.propose(&who.admin, ProposalKind::PublishRules, &body, reason, now_ms).await.expect("proposed");
    assert_eq!(code(bed.store.approve(&who.admin, &proposal, now_ms).await), "second_person");
    bed.store.approve(&who.lead, &proposal, now_ms).await.expect("approved");
}

/// What `rules-2` says of a post: an alert.
fn assessed(post: &Unassessed) -> Assessed {
    let mut assessment = lure("x", "x", 1).assessment.expect("an assessment");
    "rules-2".clone_into(&mut assessment.ruleset);
    Assessed { post_id: post.post_id.clone(), version: post.version, assessment, facts: Vec::new() }
}

async fn one_part(bed: &Bed, worker: &str, now_ms: i64) -> ReassessPart {
    bed.store.lease_parts(worker, 1, MINUTE, now_ms).await.expect("leased").remove(0)
}

#[tokio::test]
async fn an_old_assessment_never_changes_and_a_new_one_freshens_the_open_alert() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![lure("1", "Tuyển người", 3), harmless("2", "Bán xe")], NOW).await;
    bed.import(vec![harmless("3", "Bán xe từ lâu")], NOW - 40 * DAY).await;
    let alert = bed.alerts(NOW).await.remove(0);
    let before = bed.store.unit(&alert.id, NOW).await.expect("the unit").assessment.expect("an assessment");
    assert!(bed.store.lease_parts("w1", 1, MINUTE, NOW).await.expect("leased").is_empty(), "nothing was published");
    publish(&bed, &who, "rules-2", 30, NOW).await;
    let part = one_part(&bed, "w1", NOW).await;
    assert!(bed.store.lease_parts("w2", 1, MINUTE, NOW).await.expect("leased").is_empty(), "w1 holds it");
    let posts = bed.store.to_reassess(&part, 0, 10).await.expect("posts");
    assert_eq!(posts.len(), 2, "the one of 40 days ago is left alone");
    let newer: Vec<Assessed> = posts.iter().map(assessed).collect();
    let done = bed.store.record_part(&part, &newer, true, NOW + HOUR).await.expect("reassessed");
    assert_eq!(done.raised.len(), 1, "only the post that had none gets a new alert");
    let rows = bed.alerts(NOW).await;
    assert_eq!(rows.len(), 2);
    let fresh = rows.iter().find(|row| row.id == alert.id).expect("the same alert");
    assert_eq!((fresh.priority, before.ruleset.as_str()), (1, "rules-1"));
    // Another worker that did the same part comes late.
    let late = bed.store.record_part(&part, &newer, true, NOW + HOUR).await.expect("nothing new");
    assert!(late.raised.is_empty());

    let running = bed.store.reassessments(10).await.expect("one").remove(0);
    assert_eq!((running.posts, running.raised, running.ended_at_ms, running.percent()), (2, 1, None, 50));
    // A worker that had not heard of the new rules recorded one more post by the old ones.
    bed.import(vec![harmless("4", "Bán xe mới")], NOW).await;
    let last = one_part(&bed, "w1", NOW + HOUR).await;
    let posts = bed.store.to_reassess(&last, 0, 10).await.expect("posts");
    // The store keeps only what the last part covers: it was cut when the others were done.
    assert_eq!(posts.len(), 0);
    bed.store.record_part(&last, &[], true, NOW + HOUR).await.expect("done");
    let ended = bed.store.reassessments(10).await.expect("one").remove(0);
    assert_eq!((ended.ended_at_ms, ended.percent()), (Some(NOW + HOUR), 100));
    assert!(bed.store.lease_parts("w1", 1, MINUTE, NOW + DAY).await.expect("leased").is_empty());
}

#[tokio::test]
async fn posts_recorded_by_the_old_rules_while_the_new_ones_came_are_read_again() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![harmless("1", "Bán xe")], NOW).await;
    publish(&bed, &who, "rules-2", 30, NOW).await;
    bed.import(vec![harmless("2", "Bán nhà")], NOW).await;
    let part = one_part(&bed, "w1", NOW).await;
    let posts = bed.store.to_reassess(&part, 0, 10).await.expect("posts");
    assert_eq!(posts.len(), 1);
    let newer: Vec<Assessed> = posts.iter().map(assessed).collect();
    bed.store.record_part(&part, &newer, true, NOW).await.expect("done");
    let last = one_part(&bed, "w1", NOW).await;
    let posts = bed.store.to_reassess(&last, 0, 10).await.expect("posts");
    assert_eq!(posts.iter().map(|post| post.text.as_str()).collect::<Vec<_>>(), ["Bán nhà"]);
}

#[tokio::test]
async fn a_part_whose_worker_is_gone_goes_on_where_it_stood() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import((0..10).map(|n| harmless(&n.to_string(), "Bán xe")).collect(), NOW).await;
    publish(&bed, &who, "rules-2", 30, NOW).await;
    let part = one_part(&bed, "w1", NOW).await;
    let half: Vec<Assessed> = bed.store.to_reassess(&part, 0, 4).await.expect("posts").iter().map(assessed).collect();
    bed.store.record_part(&part, &half, false, NOW).await.expect("half of it");
    assert!(bed.store.lease_parts("w2", 1, MINUTE, NOW + MINUTE).await.expect("leased").is_empty(), "renewed");
    let part = one_part(&bed, "w2", NOW + LONGEST_MS).await;
    assert_eq!(part.tries, 2);
    assert_eq!(bed.store.to_reassess(&part, 0, 100).await.expect("posts").len(), 6);
}

#[tokio::test]
async fn a_roll_back_takes_the_place_of_what_still_runs_and_reaches_as_far() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![harmless("1", "Bán xe")], NOW - 20 * DAY).await;
    publish(&bed, &who, "rules-2", 30, NOW).await;
    publish(&bed, &who, "rules-1", 7, NOW + HOUR).await;
    let both = bed.store.reassessments(10).await.expect("two");
    assert_eq!((both.len(), both[1].ended_at_ms, both[0].ended_at_ms), (2, Some(NOW + HOUR), None));
    assert_eq!((both[0].ruleset.as_str(), both[0].since_ms), ("rules-1", NOW - 30 * DAY));
    assert_eq!(one_part(&bed, "w1", NOW + HOUR).await.ruleset, "rules-1");
    assert_eq!(bed.store.current_ruleset().await.expect("read").expect("one").id, "rules-1");
    let body = json!({ "ruleset": "rules-1", "days": -1 });
    assert_eq!(code(bed.store.propose(&who.admin, ProposalKind::PublishRules, &body, "", NOW).await), "body");
}

#[tokio::test]
async fn in_an_empty_store_there_is_nothing_to_read_again() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    publish(&bed, &who, "rules-2", 30, NOW).await;
    let ended = bed.store.reassessments(10).await.expect("one").remove(0);
    assert_eq!((ended.ended_at_ms, ended.percent()), (Some(NOW), 100));
}
