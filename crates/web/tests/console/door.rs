//! Log-in, lock-out, sessions, foreign forms, headers.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::bench::{Bench, PASSWORD};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same_and_lock() {
    let bench = Bench::new(Vec::new()).await;
    let wrong = bench.post("", "/login", "name=an&password=sai").await;
    let unknown = bench.post("", "/login", "name=khongco&password=sai").await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(wrong.body.replace("value=\"an\"", ""), unknown.body.replace("value=\"khongco\"", ""));
    assert!(wrong.body.contains("Tên đăng nhập hoặc mật khẩu không đúng."));
    assert!(wrong.headers.get(header::SET_COOKIE).is_none());
    for _ in 1..store::LOGIN_TRIES {
        bench.post("", "/login", "name=an&password=sai").await;
    }
    let locked = bench.post("", "/login", &format!("name=an&password={PASSWORD}")).await;
    assert_eq!(locked.status, StatusCode::UNAUTHORIZED, "the right password does not open a locked account");
    assert!(locked.body.contains("15 phút"));
}

#[tokio::test]
async fn a_session_lives_from_log_in_to_log_out_in_a_cookie_that_scripts_cannot_read() {
    let bench = Bench::new(Vec::new()).await;
    let answer = bench.post("", "/login", &format!("name=An&password={PASSWORD}&next=//evil.example/")).await;
    assert_eq!(answer.location(), "/queue", "nobody is sent to another site");
    let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    assert_eq!(session.len(), "session=".len() + 64, "256 bits");
    assert_eq!(bench.get(session, "/queue").await.status, StatusCode::OK);
    assert_eq!(bench.post(session, "/logout", "").await.location(), "/login");
    assert!(bench.get(session, "/queue").await.location().starts_with("/login?next=%2Fqueue"));
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_before_anything_happens() {
    let bench = Bench::new(Vec::new()).await;
    let session = bench.log_in("an").await;
    let foreign = [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "http://evil.example"), ("host", "console.example")],
        vec![("origin", "null"), ("host", "console.example")],
    ];
    for path in ["/logout", "/login", "/alerts/x/decide", "/preferences"] {
        for headers in &foreign {
            let mut request = Request::post(path).header(header::COOKIE, &session);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = bench.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(answer.body.contains("Yêu cầu này được gửi từ một trang khác"), "{path}");
        }
    }
    assert_eq!(bench.get(&session, "/queue").await.status, StatusCode::OK, "still logged in");
    let own = Request::post("/logout")
        .header(header::COOKIE, &session)
        .header(header::ORIGIN, "http://console.example")
        .header(header::HOST, "console.example");
    let answer = bench.send(own.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.location(), "/login", "a browser without Sec-Fetch-Site is told by its origin");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_tie_a_browsers_hands() {
    let bench = Bench::new(Vec::new()).await;
    let session = bench.log_in("an").await;
    for path in ["/login", "/queue", "/nowhere", "/audit", "/static/console.css", "/static/nothing.css"] {
        let answer = bench.get(&session, path).await;
        let policy = answer.headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.headers.get("x-content-type-options").unwrap(), "nosniff", "{path}");
        assert!(answer.headers.contains_key(header::REFERRER_POLICY), "{path}");
        for inline in ["<style", "style=", "onclick=", "javascript:", "<img", "http-equiv"] {
            assert!(!answer.body.contains(inline) || path.ends_with(".css"), "{path} holds {inline}");
        }
        assert!(!answer.body.contains("<script>"), "{path}");
    }
    let page = bench.get(&session, "/queue").await;
    assert_eq!(page.headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
}

#[tokio::test]
async fn assets_are_kept_by_their_hash() {
    let bench = Bench::new(Vec::new()).await;
    let first = bench.get("", "/static/console.css").await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(!first.body.contains("http:") && !first.body.contains("https:"), "no external asset");
    let etag = first.headers.get(header::ETAG).unwrap();
    let again = Request::get("/static/console.css").header(header::IF_NONE_MATCH, etag);
    assert_eq!(bench.send(again.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);
    for outside in ["/static/../Cargo.toml", "/static/fonts", "/static/%2e%2e/lib.rs"] {
        assert_eq!(bench.get("", outside).await.status, StatusCode::NOT_FOUND, "{outside}");
    }
    assert_eq!(bench.get("", "/static/fonts/be-vietnam-pro-400.woff2").await.status, StatusCode::OK);
}

#[tokio::test]
async fn language_and_theme_follow_the_browser() {
    let bench = Bench::new(Vec::new()).await;
    let session = bench.log_in("an").await;
    let set = bench.post(&session, "/preferences", "language=en&back=/queue").await;
    assert_eq!(set.location(), "/queue");
    let english = bench.get(&format!("{session}; language=en; theme=dark"), "/queue").await.body;
    assert!(english.contains("Review queue") && english.contains("<html lang=\"en\" data-theme=\"dark\">"));
    assert!(bench.get(&session, "/queue").await.body.contains("Hàng chờ duyệt"));
    assert_eq!(bench.post(&session, "/preferences", "theme=neon").await.status, StatusCode::BAD_REQUEST);
}
