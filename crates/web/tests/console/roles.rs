//! Every route is guarded, and the table of routes tells the truth about each.

use axum::http::StatusCode;

use crate::bench::{Bench, PEOPLE};

/// A path with every parameter filled by an id that names nothing.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "khong-co" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn nobody_passes_any_route_without_a_log_in() {
    let bench = Bench::new(Vec::new()).await;
    for route in web::ROUTES {
        for session in ["", "session=0000", &format!("session={}", "0".repeat(64))] {
            let path = filled(route.path);
            let answer = match route.method {
                "GET" => bench.get(session, &path).await,
                _ => bench.post(session, &path, "").await,
            };
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{} {path}", route.method);
            assert!(answer.location().starts_with("/login"), "{} {path}", route.method);
            assert!(answer.body.is_empty(), "{} {path}", route.method);
        }
    }
}

#[tokio::test]
async fn each_role_gets_what_the_table_says_and_a_clear_page_for_the_rest() {
    let bench = Bench::new(Vec::new()).await;
    let mut refused = 0;
    for (login, role) in PEOPLE {
        let session = bench.log_in(login).await;
        for route in web::ROUTES.iter().filter(|route| route.path != "/logout" && route.path != "/events") {
            let path = filled(route.path);
            let answer = match route.method {
                "GET" => bench.get(&session, &path).await,
                _ => bench.post(&session, &path, "").await,
            };
            let may = route.act.is_none_or(|act| role.may(act));
            assert_eq!(
                answer.status == StatusCode::FORBIDDEN,
                !may,
                "{role} {} {path}: {}",
                route.method,
                answer.status
            );
            if !may {
                refused += 1;
                assert!(answer.body.contains("Bạn không có quyền xem trang này"), "{role} {path}");
            }
            assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{role} {} {path}", route.method);
        }
        let events = bench.router.clone();
        let request = axum::http::Request::get("/events").header("cookie", &session);
        let answer =
            tower::ServiceExt::oneshot(events, request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        let may = role.may(model::Act::ReadQueue);
        assert_eq!(answer.status(), if may { StatusCode::OK } else { StatusCode::FORBIDDEN }, "{role} /events");
    }
    assert!(refused > 80, "only {refused} refusals were tried");
}

#[tokio::test]
async fn the_rail_shows_only_what_the_role_may_use() {
    let bench = Bench::new(Vec::new()).await;
    for (login, inside, outside) in [
        ("an", vec!["/queue", "/support", "/cases", "/search"], vec!["/audit", "/people", "/packets"]),
        ("cuong", vec!["/packets"], vec!["/queue", "/cases", "/search", "/audit", "/support"]),
        ("dung", vec!["/support"], vec!["/queue", "/cases", "/search"]),
        ("ha", vec!["/audit", "/numbers"], vec!["/queue", "/cases", "/packets", "/people"]),
    ] {
        let session = bench.log_in(login).await;
        let start = bench.get(&session, "/").await;
        let page = bench.get(&session, start.location()).await;
        assert_eq!(page.status, StatusCode::OK, "{login} {}", start.location());
        for href in inside {
            assert!(page.body.contains(&format!("<a href=\"{href}\"")), "{login} lacks {href}");
        }
        for href in outside {
            assert!(!page.body.contains(&format!("<a href=\"{href}\"")), "{login} has {href}");
        }
    }
}
