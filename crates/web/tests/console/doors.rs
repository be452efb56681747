//! What people bring, and sources on trial.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use model::{Family, Queue, SourceState, Stance};

use crate::bench::{Answer, Bench, raised};

pub const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\nanh mau";

/// A form with a picture, as a browser sends it.
pub async fn upload(bench: &Bench, session: &str, path: &str, fields: &[(&str, &str)], picture: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--mau\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes(),
        );
    }
    body.extend_from_slice(b"--mau\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n");
    body.extend_from_slice(picture);
    body.extend_from_slice(b"\r\n--mau--\r\n");
    let request = Request::post(path)
        .header(header::COOKIE, session)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=mau");
    bench.send(request.body(Body::from(body)).unwrap()).await
}

fn code_of(page: &str) -> String {
    page.split("class=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_tip_goes_from_the_public_form_to_its_readers_and_an_answer_comes_back() {
    let bench = Bench::new(Vec::new()).await;
    for (language, words) in [("vi", "Chuyện gì đã xảy ra"), ("en", "What happened")] {
        let form = bench.get("", &format!("/tip?language={language}")).await;
        assert_eq!(form.status, StatusCode::OK);
        let (hotline, first_field) = (form.body.find("tel:113").unwrap(), form.body.find("<form").unwrap());
        assert!(form.body.find("tel:111").unwrap() < first_field && hotline < first_field, "hotlines come first");
        assert!(form.body.contains(words) && !form.body.contains("<script"), "{language}");
    }
    let told = "Em gái tôi bị rủ sang Campuchia, giờ không liên lạc được";
    let fields = [("text", told), ("contact", "0901 000 123"), ("danger", "1"), ("url", "https://mau.example/bai/1")];
    let sent = upload(&bench, "", "/tip", &fields, PICTURE).await;
    assert_eq!(sent.status, StatusCode::OK);
    assert!(sent.body.contains("113") && sent.body.contains("đang gặp nguy") && !sent.body.contains(told));
    let code = code_of(&sent.body);

    let analyst = bench.log_in("an").await;
    let list = bench.get(&analyst, "/tips").await.body;
    assert!(
        list.contains(told) && list.contains("có người đang gặp nguy") && list.contains("https://mau.example/bai/1")
    );
    assert!(!list.contains("0901 000 123") && !list.contains("<img"), "contact and picture are not shown unasked");
    assert!(!list.contains("href=\"https://mau.example"), "an address is never a link");
    let tip = bench.store.tips(10).await.unwrap().remove(0);
    let sealed = bench.store.tip_contact(&user(&bench, "an").await, &tip.id, crate::bench::now_ms()).await.unwrap();
    assert!(!sealed.contains("0901"));

    let shown = bench.post(&analyst, &format!("/tips/{}/contact", tip.id), "").await;
    assert!(shown.body.contains("0901 000 123"));
    let picture = list.split("/pictures/").nth(1).unwrap().split('"').next().unwrap();
    let picture_path = format!("/pictures/{picture}");
    let picture = bench.get(&analyst, &picture_path).await;
    assert_eq!(picture.headers.get(header::CONTENT_TYPE).unwrap(), "image/png");
    assert!(picture.headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap().contains("sandbox"));
    let admin = bench.log_in("giang").await;
    assert_eq!(bench.get(&admin, &picture_path).await.status, StatusCode::FORBIDDEN);
    let auditor = bench.log_in("ha").await;
    let audit = bench.get(&auditor, "/audit").await.body;
    for action in ["tip.receive", "tip.contact", "picture.reveal", "tip.list"] {
        assert!(audit.contains(action), "{action}");
    }
    assert!(!audit.contains("0901") && !audit.contains("Em gái"));

    bench.post(&analyst, &format!("/tips/{}/read", tip.id), "").await;
    bench.post(&analyst, &format!("/tips/{}/answer", tip.id), "text=Da+chuyen+cong+an").await;
    let form = format!("code={}&text=Them+so+cua+nguoi+ru", code.to_uppercase());
    let standing = bench.post("", "/tip/code", &form).await;
    assert!(standing.body.contains("Da chuyen cong an") && standing.body.contains("đã có người đọc"));
    assert!(!standing.body.contains(told), "a code never shows the tip");
    assert!(bench.get(&analyst, "/tips").await.body.contains("Them so cua nguoi ru"));
    assert_eq!(bench.post("", "/tip/code", "code=aaaa-bbbb-cccc").await.status, StatusCode::NOT_FOUND);

    let raised = bench.post(&analyst, &format!("/tips/{}/raise", tip.id), "").await;
    assert!(raised.location().starts_with("/queue/"));
    assert!(bench.get(&analyst, raised.location()).await.body.contains("/pictures/"), "the unit names its picture");
}

async fn user(bench: &Bench, login: &str) -> String {
    bench.store.user_by_login(login).await.unwrap().unwrap().id
}

#[tokio::test]
async fn flawed_and_frequent_tips_are_refused_and_nothing_typed_is_lost() {
    let bench = Bench::new(Vec::new()).await;
    let big = vec![b'x'; intake::tip::PICTURE_BYTES_MAX + 1];
    for (fields, picture, status) in [
        (vec![("text", " ")], &b""[..], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![("text", "Chữ đã gõ"), ("website", "http://bot.example")], b"", StatusCode::UNPROCESSABLE_ENTITY),
        (vec![("text", "Chữ đã gõ")], b"<svg onload=alert(1)>", StatusCode::UNPROCESSABLE_ENTITY),
        (vec![("text", "Chữ đã gõ")], &big, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = upload(&bench, "", "/tip", &fields, picture).await;
        assert_eq!(answer.status, status, "{fields:?}");
        assert!(answer.body.contains("role=\"alert\"") && answer.body.contains("113"));
        assert_eq!(answer.body.contains("Chữ đã gõ"), fields[0].1 != " ", "what was typed stays");
    }
    assert!(bench.store.tips(10).await.unwrap().is_empty(), "nothing of them is kept");
    let huge = vec![b'x'; intake::tip::PICTURE_BYTES_MAX * 2];
    let answer = upload(&bench, "", "/tip", &[("text", "a")], &huge).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    let mut taken = 0;
    for n in 0..8 {
        let answer = upload(&bench, "", "/tip", &[("text", &format!("Tin thứ {n}"))], b"").await;
        taken += usize::from(answer.status == StatusCode::OK);
        if answer.status != StatusCode::OK {
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
            assert!(answer.body.contains("113") && answer.body.contains(&format!("Tin thứ {n}")));
        }
    }
    assert_eq!(taken, 5);
}

#[tokio::test]
async fn a_pasted_post_is_a_post_like_any_other() {
    let bench = Bench::new(Vec::new()).await;
    let analyst = bench.log_in("an").await;
    let fields = |text| {
        [("url", "https://facebook.example/p/1"), ("author", "Người mẫu"), ("time", "2026-11-20T08:30"), ("text", text)]
    };
    let answer = upload(&bench, &analyst, "/paste", &fields("Tuyển người đi làm xa"), PICTURE).await;
    assert_eq!(answer.location(), "/paste?said=pasted");
    upload(&bench, &analyst, "/paste", &fields("Tuyển người đi làm xa, lương cao"), b"").await;
    let post = bench.store.post_by_native_id("paste", "https://facebook.example/p/1").await.unwrap().unwrap();
    assert_eq!((post.version, post.text.as_str()), (2, "Tuyển người đi làm xa, lương cao"));
    assert_eq!(post.posted_at_ms, Some(1_795_138_200_000), "+07:00");
    let first = &bench.store.versions(&post.id).await.unwrap()[0];
    let capture = bench.store.capture(&first.capture_id).await.unwrap();
    assert_eq!(capture.capture.method, model::Method::Paste);
    assert!(capture.capture.collector.contains(&bench.store.user(&user(&bench, "an").await).await.unwrap().pseudonym));
    assert_eq!(bench.store.pictures_of(&capture.id).await.unwrap().len(), 1);
    let refused = upload(&bench, &analyst, "/paste", &fields(" "), b"").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("https://facebook.example/p/1"));
}

#[tokio::test]
async fn a_source_runs_only_after_somebody_saw_what_it_brings() {
    let bench = Bench::new(Vec::new()).await;
    let admin = bench.log_in("giang").await;
    let tried = bench.post(&admin, "/sources/try", "link=https://dien-dan.example/muc/").await;
    assert!(tried.body.contains("Bài thứ 3") && tried.body.contains("Lưu và bật"), "{}", tried.body);
    let proof = tried.body.split("name=\"proof\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let toml = crate::bench::TRIED.replace("LINK", "https://dien-dan.example/muc/");
    let encoded = |toml: &str| toml.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let save = |toml: &str, proof: &str, enable: &str| format!("toml={}&proof={proof}&enable={enable}", encoded(toml));

    let unseen = toml.replace("\"| text\"", "\"p | text\"");
    let refused = bench.post(&admin, "/sources/save", &save(&unseen, &proof, "1")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "the proof is for another text");
    assert_eq!(bench.post(&admin, "/sources/save", &save(&toml, "", "")).await.location(), "/sources?said=saved");
    assert_eq!(bench.store.source("mau").await.unwrap().state, SourceState::Draft);
    let to_enabled = bench.post(&admin, "/sources/move", "id=mau&to=enabled").await;
    assert_eq!(to_enabled.status, StatusCode::CONFLICT);
    let saved = bench.post(&admin, "/sources/save", &save(&toml, &proof, "1")).await;
    assert_eq!(saved.location(), "/sources?said=enabled");
    assert_eq!(bench.store.source("mau").await.unwrap().state, SourceState::Enabled);
    assert_eq!(bench.post(&admin, "/sources/save", &save(&unseen, "", "")).await.status, StatusCode::CONFLICT);

    let thin = toml.replace("article", "div");
    let tried = bench.post(&admin, "/sources/try", &format!("toml={}", encoded(&thin))).await;
    assert!(!tried.body.contains("name=\"proof\"") && tried.body.contains("ít nhất ba bài"));
    for to in ["paused", "enabled", "paused", "retired"] {
        assert_eq!(
            bench.post(&admin, "/sources/move", &format!("id=mau&to={to}")).await.location(),
            "/sources?said=moved"
        );
    }
    assert_eq!(bench.post(&admin, "/sources/move", "id=mau&to=enabled").await.status, StatusCode::CONFLICT);
    let analyst = bench.log_in("an").await;
    assert!(!bench.get(&analyst, "/sources").await.body.contains("/sources/try"));
    assert_eq!(bench.post(&analyst, "/sources/try", "link=https://a.example/").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_page_of_a_post_shows_the_words_around_it() {
    let in_thread = |id: &str, family, text: &str, parent: Option<&str>, thread: &str| {
        let mut read = raised(id, family, Stance::Offer, 2, "Việc làm", text, "ib");
        read.post.thread = Some(thread.into());
        read.post.parent = parent.map(str::to_owned);
        read
    };
    let bench = Bench::new(vec![
        in_thread("t1", Family::ScamCompoundJob, "Ai muốn sang Campuchia làm việc nhẹ thì ib anh", None, "t1"),
        in_thread("t2", Family::ScamCompoundJob, "ib em với ạ", Some("t1"), "t1"),
        in_thread("u1", Family::OrganTrade, "Ai cần bán thận thì ib chị nhé", None, "u1"),
        in_thread("u2", Family::OrganTrade, "chị ơi ib em", Some("u1"), "u1"),
    ])
    .await;
    let analyst = bench.log_in("an").await;
    let open = bench.open(Queue::Alert).await;
    let page_of = |id: &str| format!("/queue/{}", open.iter().find(|row| row.native_id == id).unwrap().id);
    let page = bench.get(&analyst, &page_of("t2")).await.body;
    assert!(page.contains("sang Campuchia làm việc nhẹ thì ib anh"), "the post that it answers is readable");
    assert!(page.contains("được bài này trả lời") && page.contains("Các bài quanh bài này (2)"));
    let withheld = bench.get(&analyst, &page_of("u2")).await.body;
    assert!(!withheld.contains("bán thận thì ib chị"), "what is withheld is withheld with its thread");
}
