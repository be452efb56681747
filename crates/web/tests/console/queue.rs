//! Deciding: once, with a reason, by one person, and back again.

use axum::http::StatusCode;
use model::{AlertState, Family, Queue, Stance};
use store::ItemState;

use crate::bench::{Bench, now_ms, raised};

fn two() -> Vec<store::ReadPost> {
    let one = "Cần gấp năm bạn đi làm nhà hàng bên kia cửa khẩu, xe đón tận nơi, gọi 0901 000 201.";
    let other = "Thu mua lại thẻ và tài khoản, trả tiền ngay trong ngày, nhắn 0901 000 302 để được báo giá.";
    vec![
        raised("1", Family::ScamCompoundJob, Stance::Offer, 1, "Đi làm", one, "xe đón tận nơi"),
        raised("2", Family::MoneyMule, Stance::Offer, 3, "Thẻ", other, "Thu mua lại thẻ"),
    ]
}

#[tokio::test]
async fn the_most_urgent_comes_first_and_a_decision_moves_on_to_the_next() {
    let bench = Bench::new(two()).await;
    let session = bench.log_in("an").await;
    let rows = bench.open(Queue::Alert).await;
    let list = bench.get(&session, "/queue").await.body;
    let at = |id: &str| list.find(&format!("data-id=\"{id}\"")).unwrap();
    assert!(rows[0].priority == 1 && at(&rows[0].id) < at(&rows[1].id));
    let decided =
        bench.post(&session, &format!("/alerts/{}/decide", rows[0].id), "verdict=confirm&reason=clear_offer").await;
    assert_eq!(decided.location(), format!("/queue/{}", rows[1].id));
    let unit = bench.store.unit(&rows[0].id, now_ms()).await.unwrap();
    assert_eq!(unit.row.state, ItemState::Alert(AlertState::Confirmed));
    let case = unit.row.case_id.expect("a confirmed alert belongs to a case");
    assert_eq!(bench.get(&session, &format!("/cases/{case}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_decision_can_be_taken_back_by_the_one_who_took_it() {
    let bench = Bench::new(two()).await;
    let (session, lead) = (bench.log_in("an").await, bench.log_in("binh").await);
    let alert = bench.open(Queue::Alert).await[0].id.clone();
    bench.post(&session, &format!("/alerts/{alert}/decide"), "verdict=dismiss&reason=news").await;
    let page = bench.get(&session, "/queue").await.body;
    let undo = page.split("action=\"/decisions/").nth(1).expect("an undo line").split('/').next().unwrap().to_owned();
    let foreign = bench.post(&lead, &format!("/decisions/{undo}/undo"), "").await;
    assert_eq!(foreign.status, StatusCode::CONFLICT);
    assert!(foreign.body.contains("Chỉ người đã quyết định"));
    let back = bench.post(&session, &format!("/decisions/{undo}/undo"), "").await;
    assert_eq!(back.location(), format!("/queue/{alert}"));
    assert!(bench.store.unit(&alert, now_ms()).await.unwrap().row.state.is_open());
}

#[tokio::test]
async fn nothing_is_decided_twice_or_without_a_reason_that_the_page_offers() {
    let bench = Bench::new(two()).await;
    let session = bench.log_in("an").await;
    let alert = bench.open(Queue::Alert).await[0].id.clone();
    for form in ["verdict=confirm", "verdict=dismiss&reason=vi+thich", "verdict=close&reason=news", "verdict=", ""] {
        let answer = bench.post(&session, &format!("/alerts/{alert}/decide"), form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}");
    }
    assert!(bench.store.unit(&alert, now_ms()).await.unwrap().row.state.is_open());
    let path = format!("/alerts/{alert}/decide");
    assert_eq!(bench.post(&session, &path, "verdict=confirm&reason=minor").await.status, StatusCode::SEE_OTHER);
    let again = bench.post(&session, &path, "verdict=dismiss&reason=news").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("đã được quyết định"), "{}", again.body);
}

#[tokio::test]
async fn while_one_reads_a_unit_another_sees_that_and_cannot_decide_it() {
    let bench = Bench::new(two()).await;
    let (first, second) = (bench.log_in("an").await, bench.log_in("binh").await);
    let alert = bench.open(Queue::Alert).await[0].id.clone();
    bench.get(&first, &format!("/queue/{alert}")).await;
    let seen = bench.get(&second, &format!("/queue/{alert}")).await.body;
    assert!(seen.contains("Một người khác đang đọc mục này") && !seen.contains("value=\"confirm\""));
    let answer = bench.post(&second, &format!("/alerts/{alert}/decide"), "verdict=confirm&reason=minor").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let free = bench.get(&second, "/queue").await.body;
    assert!(!free.contains(&format!("data-id=\"{alert}\"")), "what another holds is not among what is free to read");
}

#[tokio::test]
async fn self_offers_and_seekers_stand_in_the_support_queue_with_the_hotlines() {
    let cry = "Em bị giữ giấy tờ ở nơi làm, muốn về nhà mà không biết hỏi ai, xin giúp em với.";
    let post = raised("9", Family::ForcedLabour, Stance::Seeker, 1, "Xin giúp", cry, "bị giữ giấy tờ");
    let bench = Bench::new(vec![post]).await;
    let session = bench.log_in("dung").await;
    let page = bench.get(&session, "/support").await.body;
    assert!(page.contains("111") && page.contains("113") && page.contains("bị giữ giấy tờ"));
    let referral = bench.open(Queue::Referral).await[0].id.clone();
    let path = format!("/referrals/{referral}/decide");
    assert_eq!(bench.post(&session, &path, "verdict=confirm").await.status, StatusCode::BAD_REQUEST);
    let answer = bench.post(&session, &path, "verdict=hand_over&note=da+goi+111").await;
    assert!(answer.location().starts_with("/support?said="), "{} {}", answer.status, answer.body);
    assert!(bench.open(Queue::Referral).await.is_empty());
}
