//! Post text is inert: escaped, without links, and absent where it is withheld.

use axum::http::StatusCode;
use model::{Family, Queue, Stance};

use crate::bench::{Bench, raised};

const SCRIPT: &str = "<script>alert(1)</script> <img src=x onerror=alert(2)> \"'><a href=\"http://evil.example/\">bấm</a> \
                      https://evil.example/x Cần người sang Cam";

#[tokio::test]
async fn a_post_never_becomes_markup_or_a_link() {
    let post = raised("1", Family::ScamCompoundJob, Stance::Offer, 1, SCRIPT, SCRIPT, "sang Cam");
    let seeker = raised("2", Family::ScamCompoundJob, Stance::Seeker, 2, SCRIPT, SCRIPT, "sang Cam");
    let bench = Bench::new(vec![post, seeker]).await;
    let session = bench.log_in("an").await;
    let alert = bench.open(Queue::Alert).await[0].id.clone();
    for path in [format!("/queue/{alert}"), "/support".to_owned()] {
        let page = bench.get(&session, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("&#60;script&#62;alert(1)"), "{path}: the text is shown, escaped");
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img"), "{path}");
        for href in page.body.split("href=\"").skip(1) {
            let href = href.split('"').next().unwrap();
            assert!(href.starts_with('/') || href.starts_with('#'), "{path} links to {href}");
            assert!(!href.contains("evil.example") && !href.contains("mau.example"), "{path} links to {href}");
        }
        assert!(page.body.contains("http://mau.example/tin/"), "{path}: the address stands there as text");
    }
}

#[tokio::test]
async fn harmful_text_is_not_in_any_answer_before_it_is_revealed_step_by_step() {
    let text = "Mẫu che: câu mở đầu riêng tư. Cụm đánh dấu bí mật. Câu kết riêng tư.";
    let phrase = "Cụm đánh dấu bí mật";
    for family in [Family::ChildSale, Family::SexualExploitationRecruitment, Family::OrganTrade] {
        let post = raised("1", family, Stance::Offer, 1, "Tiêu đề riêng tư", text, phrase);
        let bench = Bench::new(vec![post]).await;
        let session = bench.log_in("an").await;
        let alert = bench.open(Queue::Alert).await[0].id.clone();
        let page = format!("/queue/{alert}");
        for path in ["/queue", page.as_str(), "/support", "/search?q=ri%C3%AAng", "/queue?view=all"] {
            let body = bench.get(&session, path).await.body;
            for secret in ["riêng tư", "bí mật"] {
                assert!(!body.contains(secret), "{family} {path} shows {secret}");
            }
        }
        let first = bench.post(&session, &format!("/alerts/{alert}/reveal"), "step=1").await;
        let shown = bench.get(&session, first.location()).await.body;
        assert!(shown.contains("bí mật") && !shown.contains("riêng tư"), "{family}: only the marked phrase");
        let second = bench.post(&session, &format!("/alerts/{alert}/reveal"), "step=2").await;
        assert!(bench.get(&session, second.location()).await.body.contains("câu mở đầu riêng tư"), "{family}");
        let other = bench.log_in("binh").await;
        let body = bench.get(&other, second.location()).await.body;
        assert!(!body.contains("bí mật") && !body.contains("riêng tư"), "{family}: the address reveals to nobody else");
        let filter = store::AuditFilter { action: Some("post.reveal".into()), ..Default::default() };
        let rows = bench.store.audit_rows(&filter, None, 10).await.unwrap().rows;
        assert_eq!(rows.len(), 2, "{family}: both steps are in the chain");
        assert!(rows.iter().all(|row| row.subject == alert && !row.detail.contains("riêng")), "{family}");
    }
}

#[tokio::test]
async fn other_families_are_shown_with_their_marks_and_the_line_in_the_list_quotes_nothing() {
    let text = "Tuyển người sang Cam trực trang, bao vé, lương 30 triệu, ib 0901 000 123.";
    let post = raised("1", Family::ScamCompoundJob, Stance::Offer, 2, "Việc nhẹ", text, "sang Cam");
    let bench = Bench::new(vec![post]).await;
    let session = bench.log_in("an").await;
    let body = bench.get(&session, "/queue").await.body;
    assert!(body.contains(">sang Cam</mark>"));
    let row = body.split("class=\"row ").nth(1).unwrap().split("</a>").next().unwrap();
    assert!(row.contains("Dấu hiệu mẫu của bài kiểm thử"), "{row}");
    for words in ["trực trang", "30 triệu", "Việc nhẹ"] {
        assert!(!row.contains(words), "the line quotes the post: {words}");
    }
}
