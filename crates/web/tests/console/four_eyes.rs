//! What needs a second person needs another person; and an officer sees only their unit's packets.

use axum::http::{StatusCode, header};
use model::{Family, Queue, Stance};

use crate::bench::{Bench, now_ms, raised};

async fn case_of(bench: &Bench, session: &str) -> String {
    let alert = bench.open(Queue::Alert).await[0].id.clone();
    bench.post(session, &format!("/alerts/{alert}/decide"), "verdict=confirm&reason=minor").await;
    bench.store.unit(&alert, now_ms()).await.unwrap().row.case_id.unwrap()
}

fn post() -> Vec<store::ReadPost> {
    let text = "Cần người sang bên kia làm việc nhẹ, xe đón tối nay, gọi 0901 000 401.";
    vec![raised("1", Family::ScamCompoundJob, Stance::Offer, 1, "Tuyển", text, "xe đón tối nay")]
}

#[tokio::test]
async fn a_packet_leaves_with_two_signatures_of_two_people_and_comes_to_the_officer() {
    let bench = Bench::new(post()).await;
    let lead = bench.log_in("binh").await;
    let case = case_of(&bench, &lead).await;
    let asked = bench.post(&lead, &format!("/cases/{case}/ask"), "unit=pa-mau&reason=gap").await;
    assert!(asked.location().ends_with("said=asked"), "{} {}", asked.status, asked.body);
    let page = bench.get(&lead, &format!("/cases/{case}")).await.body;
    assert!(page.contains("Bạn đã ký lần thứ nhất") && !page.contains(&format!("/cases/{case}/sign")));
    let same = bench.post(&lead, &format!("/cases/{case}/sign"), "").await;
    assert_eq!(same.status, StatusCode::CONFLICT);
    assert!(same.body.contains("người đã đề nghị không được tự ký duyệt"), "{}", same.body);
    let analyst = bench.log_in("an").await;
    assert_eq!(bench.post(&analyst, &format!("/cases/{case}/sign"), "").await.status, StatusCode::FORBIDDEN);
    let other = bench.log_in("chi").await;
    let signed = bench.post(&other, &format!("/cases/{case}/sign"), "").await;
    assert!(signed.location().ends_with("said=sealed"), "{} {}", signed.status, signed.body);

    let officer = bench.log_in("cuong").await;
    let list = bench.get(&officer, "/packets").await.body;
    let packet = list.split("href=\"/packets/").nth(1).expect("the packet is in the list").split('"').next().unwrap();
    let zip = bench.get(&officer, &format!("/packets/{packet}/zip")).await;
    assert_eq!((zip.status, zip.body.as_str()), (StatusCode::OK, "zip"));
    assert!(zip.headers.get(header::CONTENT_DISPOSITION).unwrap().to_str().unwrap().starts_with("attachment"));
    let sums = "5f".repeat(32);
    let wrong = bench.post(&officer, &format!("/packets/{packet}/receipt"), "sums=00").await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "a receipt names the hash that is held");
    let receipt = bench.post(&officer, &format!("/packets/{packet}/receipt"), &format!("sums={sums}")).await;
    assert!(receipt.location().ends_with("said=receipt"), "{} {}", receipt.status, receipt.body);
    let answer = bench.post(&officer, &format!("/packets/{packet}/answer"), "answer=opened_case&note=da+nhan").await;
    assert!(answer.location().ends_with("said=answer"), "{} {}", answer.status, answer.body);
    assert!(bench.get(&lead, &format!("/cases/{case}")).await.body.contains("đã mở vụ việc"));
}

#[tokio::test]
async fn another_units_packet_does_not_exist_for_an_officer() {
    let bench = Bench::new(post()).await;
    let unit = store::Unit { id: "pa-khac".into(), name: "Công an khác".into(), contact: None };
    bench.store.put_unit("setup", &unit, now_ms()).await.unwrap();
    let (lead, other, officer) = (bench.log_in("binh").await, bench.log_in("chi").await, bench.log_in("cuong").await);
    let case = case_of(&bench, &lead).await;
    bench.post(&lead, &format!("/cases/{case}/ask"), "unit=pa-khac&reason=gap").await;
    bench.post(&other, &format!("/cases/{case}/sign"), "").await;
    let packet = bench.store.packets(None, None, 1).await.unwrap().rows[0].id.clone();
    assert!(!bench.get(&officer, "/packets").await.body.contains(&packet));
    for path in [format!("/packets/{packet}"), format!("/packets/{packet}/zip")] {
        let answer = bench.get(&officer, &path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.body.contains("Công an khác"), "{path}");
    }
    let forms = [("receipt", format!("sums={}", "5f".repeat(32))), ("answer", "answer=closed".to_owned())];
    for (step, form) in forms {
        let answer = bench.post(&officer, &format!("/packets/{packet}/{step}"), &form).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{step}");
    }
}

#[tokio::test]
async fn a_new_user_needs_another_persons_approval() {
    let bench = Bench::new(Vec::new()).await;
    let (admin, lead) = (bench.log_in("giang").await, bench.log_in("binh").await);
    let form = "login=moi&name=Nguoi+Moi&role=analyst&unit=&password=mat-khau-ban-dau&reason=can+nguoi";
    assert_eq!(bench.post(&admin, "/people", form).await.location(), "/people?said=proposed");
    let proposal = bench.store.waiting_proposals().await.unwrap()[0].id.clone();
    let page = bench.get(&lead, "/proposals").await.body;
    assert!(page.contains("moi") && !page.contains("argon2"), "the hash of the password is not shown");
    let own = bench.post(&admin, &format!("/proposals/{proposal}/approve"), "").await;
    assert_eq!(own.status, StatusCode::CONFLICT);
    assert!(bench.store.user_by_login("moi").await.unwrap().is_none());
    let other = bench.post(&lead, &format!("/proposals/{proposal}/approve"), "").await;
    assert_eq!(other.location(), "/proposals?said=approved", "{}", other.body);
    let answer = bench.post("", "/login", "name=moi&password=mat-khau-ban-dau").await;
    assert_eq!(answer.location(), "/queue");
}
