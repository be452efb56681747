//! Decisions: once, by the right person, taken back in time.

use model::{Family, Queue, Verdict};
use store::{NewDecision, QueueFilter};

use crate::help::{Bed, HOUR, MINUTE, NOW, code, harmless, lure, post, read};

pub fn decision(alert_id: &str, verdict: Verdict) -> NewDecision {
    NewDecision {
        alert_id: alert_id.to_owned(),
        verdict,
        reason: "đúng mẫu".to_owned(),
        note: None,
        case_id: None,
        into: None,
        whole_campaign: false,
    }
}

#[tokio::test]
async fn the_second_decision_is_refused() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![lure("1", "Tuyển người", 2)], NOW).await;
    let id = bed.alerts(NOW).await[0].id.clone();
    bed.store.decide(&who.analyst, &decision(&id, Verdict::Dismiss), NOW).await.expect("decided");
    assert_eq!(code(bed.store.decide(&who.second, &decision(&id, Verdict::Confirm), NOW).await), "state");
    assert!(bed.alerts(NOW).await.is_empty());
}

#[tokio::test]
async fn of_many_at_once_one_decides() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![lure("1", "Tuyển người", 2)], NOW).await;
    let id = bed.alerts(NOW).await[0].id.clone();
    let tries = (0..8).map(|n| {
        let (store, id) = (bed.store.clone(), id.clone());
        let by = if n % 2 == 0 { who.analyst.clone() } else { who.second.clone() };
        tokio::spawn(async move { store.decide(&by, &decision(&id, Verdict::Confirm), NOW).await.is_ok() })
    });
    let mut decided = 0;
    for one in tries.collect::<Vec<_>>() {
        decided += u32::from(one.await.expect("no panic"));
    }
    assert_eq!(decided, 1);
    assert_eq!(bed.store.cases(&store::CaseFilter::default(), None, 10).await.expect("cases").rows.len(), 1);
}

#[tokio::test]
async fn a_claim_keeps_others_away_for_ten_minutes() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![lure("1", "Tuyển người", 2)], NOW).await;
    let id = bed.alerts(NOW).await[0].id.clone();
    bed.store.claim(&who.analyst, &id, NOW).await.expect("claimed");
    assert_eq!(code(bed.store.claim(&who.second, &id, NOW + MINUTE).await), "claimed");
    assert_eq!(code(bed.store.decide(&who.second, &decision(&id, Verdict::Dismiss), NOW + MINUTE).await), "claimed");
    let mut free = QueueFilter::open(Queue::Alert);
    free.free_for = Some(who.second.clone());
    assert!(bed.store.queue(&free, None, 10, NOW + MINUTE).await.expect("a page").rows.is_empty());
    assert_eq!(bed.store.queue(&free, None, 10, NOW + 11 * MINUTE).await.expect("a page").rows.len(), 1);
    bed.store.claim(&who.second, &id, NOW + 11 * MINUTE).await.expect("claimed when the first ran out");
    bed.store.release(&who.second, &id).await.expect("released");
    bed.store.claim(&who.analyst, &id, NOW + 11 * MINUTE).await.expect("claimed");
}

#[tokio::test]
async fn a_skipped_item_is_not_offered_again_to_the_same_person() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![lure("1", "Tuyển người", 2)], NOW).await;
    let id = bed.alerts(NOW).await[0].id.clone();
    bed.store.decide(&who.analyst, &decision(&id, Verdict::Skip), NOW).await.expect("skipped");
    for (user, left) in [(&who.analyst, 0), (&who.second, 1)] {
        let mut free = QueueFilter::open(Queue::Alert);
        free.free_for = Some(user.clone());
        assert_eq!(bed.store.queue(&free, None, 10, NOW + MINUTE).await.expect("a page").rows.len(), left);
    }
}

#[tokio::test]
async fn an_undo_is_a_new_decision_by_the_same_person_within_ten_minutes() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![lure("1", "Tuyển người", 2)], NOW).await;
    let id = bed.alerts(NOW).await[0].id.clone();
    let done = bed.store.decide(&who.analyst, &decision(&id, Verdict::Confirm), NOW).await.expect("decided");
    assert_eq!(code(bed.store.undo(&who.second, &done.decision_id, NOW + MINUTE).await), "second_person");
    assert_eq!(code(bed.store.undo(&who.analyst, &done.decision_id, NOW + 11 * MINUTE).await), "undo_window");
    let offered = bed.store.last_undoable(&who.analyst, NOW + MINUTE).await.expect("read").expect("one");
    assert_eq!(offered.id, done.decision_id);
    bed.store.undo(&who.analyst, &done.decision_id, NOW + MINUTE).await.expect("undone");
    assert_eq!(code(bed.store.undo(&who.analyst, &done.decision_id, NOW + MINUTE).await), "state");
    assert!(bed.store.last_undoable(&who.analyst, NOW + MINUTE).await.expect("read").is_none());
    let unit = bed.store.unit(&id, NOW).await.expect("the unit");
    assert!(unit.row.state.is_open() && unit.row.case_id.is_none());
    let verdicts: Vec<Verdict> = unit.decisions.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Verdict::Confirm, Verdict::Undo]);
    let case = bed.store.case(done.case_id.as_deref().expect("a case"), NOW).await.expect("the case");
    assert_eq!(case.row.state, model::CaseState::Closed);
    bed.store.decide(&who.second, &decision(&id, Verdict::Confirm), NOW + MINUTE).await.expect("decided anew");
}

#[tokio::test]
async fn a_campaign_is_decided_in_one_step_and_comes_back_in_one() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let ad = "Tuyển gấp lao động phổ thông sang Campuchia làm việc nhẹ lương cao, bao ăn ở, không cần bằng cấp";
    bed.import((0..5).map(|n| lure(&n.to_string(), ad, 2)).collect(), NOW).await;
    let rows = bed.alerts(NOW).await;
    assert_eq!(rows.len(), 1);
    let mut whole = decision(&rows[0].id, Verdict::Confirm);
    whole.whole_campaign = true;
    let done = bed.store.decide(&who.analyst, &whole, NOW).await.expect("decided");
    assert_eq!(done.items, 5);
    assert!(bed.alerts(NOW).await.is_empty());
    let case = bed.store.case(done.case_id.as_deref().expect("a case"), NOW).await.expect("the case");
    assert_eq!(case.alerts.len(), 5);
    bed.store.undo(&who.analyst, &done.decision_id, NOW + MINUTE).await.expect("undone");
    let rows = bed.alerts(NOW).await;
    assert_eq!((rows.len(), rows[0].campaign_items), (1, 5));
    bed.store.decide(&who.analyst, &decision(&rows[0].id, Verdict::Dismiss), NOW + MINUTE).await.expect("one alone");
    let rows = bed.alerts(NOW).await;
    assert_eq!((rows.len(), rows[0].campaign_items), (1, 4), "another item stands for the rest");
}

#[tokio::test]
async fn a_merged_alert_goes_where_the_other_goes() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![lure("1", "Tuyển người", 2), lure("2", "Tuyển thêm", 2)], NOW).await;
    let rows = bed.alerts(NOW).await;
    let mut merge = decision(&rows[1].id, Verdict::Merge);
    assert_eq!(code(bed.store.decide(&who.analyst, &merge, NOW).await), "into");
    merge.into = Some(rows[0].id.clone());
    bed.store.decide(&who.analyst, &merge, NOW).await.expect("merged");
    let done = bed.store.decide(&who.analyst, &decision(&rows[0].id, Verdict::Confirm), NOW).await.expect("confirmed");
    let case = bed.store.case(done.case_id.as_deref().expect("a case"), NOW).await.expect("the case");
    assert_eq!(case.alerts.len(), 2);
    assert_eq!(case.standing.alerts, 1);
}

#[tokio::test]
async fn roles_without_the_right_are_refused_and_the_support_queue_has_its_own() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let own = read(post("1", "Em cần bán thận"), "self_offer", Some(2), &["organ_trade"]);
    bed.import(vec![own], NOW).await;
    let alert = bed.alerts(NOW).await[0].id.clone();
    for by in [&who.officer, &who.admin, &who.support] {
        assert_eq!(code(bed.store.decide(by, &decision(&alert, Verdict::Confirm), NOW).await), "role");
    }
    let filter = QueueFilter::open(Queue::Referral);
    let referral = bed.store.queue(&filter, None, 10, NOW).await.expect("a page").rows[0].id.clone();
    assert_eq!(code(bed.store.decide(&who.support, &decision(&referral, Verdict::Confirm), NOW).await), "state");
    bed.store.decide(&who.support, &decision(&referral, Verdict::HandOver), NOW).await.expect("handed over");
    let exported = bed.store.export_alerts(None, 10).await.expect("export").rows;
    assert_eq!(exported.iter().find(|row| row.id == referral).expect("it").state, "handed over");
    bed.store.disable_user("setup", &who.support, NOW).await.expect("disabled");
    assert_eq!(code(bed.store.claim(&who.support, &referral, NOW).await), "disabled");
}

#[tokio::test]
async fn a_person_raises_a_post_by_hand_once() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.import(vec![harmless("1", "Việc nhẹ")], NOW).await;
    let post = bed.store.post_by_native_id("board", "1").await.expect("read").expect("the post");
    let raise = |by: String| {
        let (store, post) = (bed.store.clone(), post.id.clone());
        async move { store.raise(&by, &post, Family::ForcedLabour, 2, "khách báo", NOW + HOUR).await }
    };
    assert_eq!(code(raise(who.officer.clone()).await), "role");
    let id = raise(who.analyst.clone()).await.expect("raised");
    assert_eq!(code(raise(who.second.clone()).await), "state");
    let unit = bed.store.unit(&id, NOW).await.expect("the unit");
    assert_eq!(unit.row.raised_by.as_deref(), Some(who.analyst.as_str()));
    assert_eq!(unit.row.families, [Family::ForcedLabour]);
}
