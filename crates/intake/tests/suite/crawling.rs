//! The crawl: every post once, nothing that a rule forbids, edits and deletions noticed, exact after a crash.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use intake::Source;
use intake::crawl::{Clock, Crawl, CrawlError, MemoryKeep, Options, Summary, system_clock};
use intake::fetch::{Fetcher, Limits, address::system_lookup};

use crate::serving::{Answer, Site};

/// A clock that a test can push forward.
fn moved_clock(by_ms: &Arc<AtomicI64>) -> Clock {
    let (by_ms, system) = (by_ms.clone(), system_clock());
    Arc::new(move || system() + by_ms.load(Ordering::SeqCst))
}

pub struct Run {
    pub keep: MemoryKeep,
    pub fetcher: Fetcher,
    pub ahead_ms: Arc<AtomicI64>,
    pub options: Options,
}

impl Run {
    pub fn new() -> Run {
        Run::with(Limits { first_byte: Duration::from_secs(5), total: Duration::from_secs(10), ..Limits::default() })
    }

    pub fn with(limits: Limits) -> Run {
        Run {
            keep: MemoryKeep::default(),
            fetcher: Fetcher::with(true, limits, system_lookup()).unwrap(),
            ahead_ms: Arc::default(),
            options: Options { patience_ms: 1_500, ..Options::default() },
        }
    }

    pub async fn once(&mut self, source: &Source) -> Summary {
        let clock = moved_clock(&self.ahead_ms);
        Crawl::new(source, &self.fetcher, &mut self.keep, clock, self.options.clone()).once().await.unwrap()
    }

    fn ids(&self) -> Vec<&str> {
        self.keep.posts.keys().map(|(_, id)| id.as_str()).collect()
    }

    fn gone(&self) -> Vec<&str> {
        self.keep.posts.iter().filter(|(_, post)| post.gone_at_ms.is_some()).map(|((_, id), _)| id.as_str()).collect()
    }

    fn versions(&self, id: &str) -> Vec<&str> {
        let post = self.keep.posts.iter().find(|((_, known), _)| known == id).map(|(_, post)| post).unwrap();
        post.versions.iter().map(String::as_str).collect()
    }
}

pub fn source(site: &Site, text: &str) -> Source {
    let params = BTreeMap::new();
    let text = text.replace("BASE", &site.base);
    Source::load(&text, "test.toml", &params).unwrap_or_else(|problems| panic!("{problems:?}"))
}

pub const CLASSIFIED: &str = r#"
id = "rao-vat"
kind = "html"
[access]
basis = "open"
[pace]
gap = "0s"
[walk]
start = "BASE/?page=1"
next = "a.next @href"
stop = "known"
recheck = "30d"
gone_after = "0s"
[list]
rows = "li"
follow = "a @href"
id = "a @href | regex(/ad/(\\d+))"
[item]
id = "^url | regex(/ad/(\\d+))"
title = "h1"
text = "p | text"
"#;

pub fn put_ads(site: &Site, pages: &[&[u32]]) {
    for (index, ids) in pages.iter().enumerate() {
        let rows: String = ids.iter().map(|id| format!("<li><a href='/ad/{id}?utm_source=x'>Tin {id}</a>")).collect();
        let next = if index + 1 < pages.len() {
            format!("<a class=next href='/?page={}'>Sau</a>", index + 2)
        } else {
            String::new()
        };
        site.html(&format!("/?page={}", index + 1), &format!("<ul>{rows}</ul>{next}"));
        for id in *ids {
            site.html(&format!("/ad/{id}"), &format!("<h1>Tin {id}</h1><p>Nội dung {id}</p>"));
        }
    }
}

#[tokio::test]
async fn a_list_is_walked_and_every_detail_fetched_once() {
    let site = Site::start().await;
    put_ads(&site, &[&[6, 5, 4], &[3, 2, 1]]);
    let source = source(&site, CLASSIFIED);
    let mut run = Run::new();
    let summary = run.once(&source).await;
    assert_eq!(run.ids(), ["1", "2", "3", "4", "5", "6"]);
    assert_eq!((summary.news, summary.problems.len()), (6, 0), "{:?}", summary.problems);
    let asked = site.taken();
    assert_eq!(asked[0], "/robots.txt");
    assert_eq!(asked.len(), 1 + 2 + 6, "{asked:?}");
    assert_eq!(run.keep.originals.len(), 9, "every answer is kept as an original, robots.txt too");
    // A new ad: the walk ends at what is known, only the new ad and the ads to be rechecked are fetched.
    put_ads(&site, &[&[7, 6, 5], &[4, 3, 2, 1]]);
    run.once(&source).await;
    assert_eq!(run.ids().len(), 7);
    assert!(!site.taken().contains(&"/?page=2".to_owned()), "stop = known");
}

#[tokio::test]
async fn edits_make_versions_and_deletions_need_two_looks() {
    let site = Site::start().await;
    put_ads(&site, &[&[3, 2, 1]]);
    let source = source(&site, CLASSIFIED);
    let mut run = Run::new();
    run.once(&source).await;
    site.html("/ad/2", "<h1>Tin 2</h1><p>Nội dung 2 đã sửa</p>");
    site.status("/ad/1", 410, "");
    run.once(&source).await;
    assert_eq!(run.versions("2"), ["Nội dung 2", "Nội dung 2 đã sửa"]);
    assert_eq!(run.versions("3").len(), 1);
    assert!(run.gone().is_empty(), "one look is not enough");
    run.once(&source).await;
    assert_eq!(run.gone(), ["1"]);
    // A deleted page is not asked for again.
    site.taken();
    run.once(&source).await;
    assert!(!site.taken().contains(&"/ad/1".to_owned()));
}

const THREADS: &str = r#"
id = "dien-dan"
kind = "html"
[access]
basis = "open"
[pace]
gap = "0s"
[walk]
start = "BASE/board"
stop = "unchanged"
gone_after = "0s"
[list]
rows = "li"
follow = "a @href"
changed = "@data-last"
[item]
rows = "article"
next = "a.next @href"
id = "@id"
text = "p | text"
author = "@data-author"
title = "^h1"
"#;

fn put_thread(site: &Site, name: &str, last: u32, pages: &[&[u32]]) -> String {
    for (index, ids) in pages.iter().enumerate() {
        let rows: String =
            ids.iter().map(|id| format!("<article id=p{id} data-author=a{id}><p>Bài {id}</p></article>")).collect();
        let next = if index + 1 < pages.len() {
            format!("<a class=next href='/t/{name}?p={}'>Sau</a>", index + 2)
        } else {
            String::new()
        };
        let path = if index == 0 { format!("/t/{name}") } else { format!("/t/{name}?p={}", index + 1) };
        site.html(&path, &format!("<h1>Chủ đề {name}</h1>{rows}{next}"));
    }
    format!("<li data-last={last}><a href='/t/{name}'>{name}</a>")
}

#[tokio::test]
async fn threads_are_read_again_only_when_changed_and_rows_that_vanish_are_gone() {
    let site = Site::start().await;
    let (a, b) = (put_thread(&site, "a", 1, &[&[1, 2], &[3, 4]]), put_thread(&site, "b", 1, &[&[9]]));
    site.html("/board", &format!("{a}{b}"));
    let source = source(&site, THREADS);
    let mut run = Run::new();
    run.once(&source).await;
    assert_eq!(run.ids(), ["p1", "p2", "p3", "p4", "p9"]);
    // A post of the middle is removed, what follows moves up, a new one comes: one row vanished, none other.
    let a = put_thread(&site, "a", 2, &[&[1, 3], &[4, 5]]);
    site.html("/board", &format!("{a}{b}"));
    site.taken();
    run.once(&source).await;
    assert!(!site.taken().contains(&"/t/b".to_owned()), "b has not changed");
    assert!(run.gone().is_empty());
    let a = put_thread(&site, "a", 3, &[&[1, 3], &[4, 5, 6]]);
    site.html("/board", &format!("{a}{b}"));
    run.once(&source).await;
    assert_eq!(run.gone(), ["p2"]);
    assert_eq!(run.ids().len(), 7);
    // A page without any row is an error, never a deletion.
    site.html("/t/a", "<h1>Chủ đề a</h1><p>Bảo trì");
    site.html("/board", &format!("{}{b}", a.replace("data-last=3", "data-last=4")));
    let summary = run.once(&source).await;
    assert!(summary.problems.iter().any(|(_, problem)| problem.code == "no-rows"));
    assert_eq!(run.gone(), ["p2"]);
}

const ROWS: &str = r#"
id = "hang"
kind = "json"
[access]
basis = "open"
[pace]
gap = "0s"
[walk]
start = "BASE/api?limit=2"
page = { param = "o", step = 2, total = "total" }
stop = "known"
gone_after = "0s"
[item]
rows = "ads"
id = "id"
text = "body"
time = "at | time(s)"
[keep]
only = ["id", "text", "time"]
"#;

fn put_rows(site: &Site, ids: &[u32]) {
    let ads = |ids: &[u32]| {
        ids.iter()
            .map(
                |id| serde_json::json!({"id": id, "body": format!("Tin {id}"), "at": 1_700_000_000 + id, "phone": "x"}),
            )
            .collect::<Vec<_>>()
    };
    for (index, chunk) in ids.chunks(2).enumerate() {
        let path = if index == 0 { "/api?limit=2".to_owned() } else { format!("/api?limit=2&o={}", index * 2) };
        site.json(&path, &serde_json::json!({"ads": ads(chunk), "total": ids.len()}));
    }
}

#[tokio::test]
async fn rows_that_new_ones_push_away_are_not_gone_but_removed_ones_are() {
    let site = Site::start().await;
    put_rows(&site, &[6, 5, 4, 3, 2, 1]);
    let source = source(&site, ROWS);
    let mut run = Run::new();
    run.once(&source).await;
    assert_eq!(run.ids().len(), 6);
    assert_eq!(site.taken().len(), 1 + 3, "the total ends the count");
    put_rows(&site, &[8, 7, 6, 5, 4, 3, 2, 1]);
    for _ in 0..3 {
        run.once(&source).await;
    }
    assert_eq!(run.ids().len(), 8);
    assert!(run.gone().is_empty(), "5 stands on the second page now: {:?}", run.gone());
    put_rows(&site, &[8, 6, 5, 4, 3, 2, 1]);
    run.once(&source).await;
    run.once(&source).await;
    assert_eq!(run.gone(), ["7"]);
    let post = run.keep.posts.values().next().unwrap();
    assert!(post.item.links.is_empty());
}

#[tokio::test]
async fn software_that_answers_every_page_number_does_not_hold_us() {
    let site = Site::start().await;
    let text = ROWS.replace("step = 2, total = \"total\"", "step = 2").replace("stop = \"known\"", "stop = \"never\"");
    let page = serde_json::json!({"ads": [{"id": 1, "body": "a", "at": 5}, {"id": 2, "body": "b", "at": 4}]});
    site.json("/api?limit=2", &page);
    site.json("/api?limit=2&o=2", &page);
    site.json("/api?limit=2&o=4", &page);
    let source = source(&site, &text);
    let mut run = Run::new();
    let summary = run.once(&source).await;
    assert_eq!(site.taken().len(), 3);
    assert!(summary.problems.is_empty());
    // A 404 behind the first page ends the count and is no error.
    site.remove("/api?limit=2&o=2");
    assert!(run.once(&source).await.problems.is_empty());
}

#[tokio::test]
async fn robots_and_scope_forbid_and_no_forbidden_request_leaves() {
    let site = Site::start().await;
    put_ads(&site, &[&[3, 2, 1]]);
    site.put(
        "/robots.txt",
        Answer::Page(200, "Content-Type: text/plain\r\n".into(), b"User-agent: canhgiac\nDisallow: /ad/2\n".to_vec()),
    );
    let source = source(&site, &CLASSIFIED.replace("[list]", "[scope]\nrules = [\"- */ad/3*\"]\n[list]"));
    let mut run = Run::new();
    run.once(&source).await;
    assert_eq!(run.ids(), ["1"]);
    assert_eq!(site.taken(), ["/robots.txt", "/?page=1", "/ad/1"]);
    assert!(run.keep.log.iter().all(|request| request.allowed_by.contains("robots.txt")));
}

#[tokio::test]
async fn a_robots_file_that_fails_or_is_walled_lets_nothing_through() {
    for (status, code) in [(500, "refused"), (503, "refused"), (401, "refused"), (403, "refused"), (429, "refused")] {
        let site = Site::start().await;
        put_ads(&site, &[&[1]]);
        site.status("/robots.txt", status, "");
        let mut run = Run::new();
        let summary = run.once(&source(&site, CLASSIFIED)).await;
        assert_eq!(site.taken(), ["/robots.txt"], "{status}");
        assert!(summary.problems.iter().any(|(_, problem)| problem.code == code), "{status} {:?}", summary.problems);
    }
}

#[tokio::test]
async fn a_robots_file_may_move_and_its_rules_hold_for_the_first_host() {
    let site = Site::start().await;
    put_ads(&site, &[&[1]]);
    site.status("/robots.txt", 301, "Location: /moved.txt\r\n");
    site.put(
        "/moved.txt",
        Answer::Page(200, "Content-Type: text/plain\r\n".into(), b"User-agent: *\nDisallow: /".to_vec()),
    );
    let mut run = Run::new();
    run.once(&source(&site, CLASSIFIED)).await;
    assert_eq!(site.taken(), ["/robots.txt", "/moved.txt"]);
}

#[tokio::test]
async fn redirects_are_checked_like_new_addresses() {
    let site = Site::start().await;
    put_ads(&site, &[&[5, 4, 3, 2, 1]]);
    site.status("/ad/1", 302, "Location: http://169.254.169.254/latest/meta-data/\r\n");
    site.status("/ad/2", 302, "Location: /ad/2\r\n");
    site.status("/ad/3", 301, "Location: /ad/30\r\n");
    site.html("/ad/30", "<h1>Ba mươi</h1><p>Nội dung 30</p>");
    site.status("/ad/4", 302, "Location: http://10.0.0.1/\r\n");
    let source = source(&site, &CLASSIFIED.replace("[list]", "[scope]\nrules = [\"+ *\"]\n[list]"));
    let mut run = Run::new();
    let summary = run.once(&source).await;
    assert_eq!(run.ids(), ["30", "5"]);
    assert!(summary.problems.iter().any(|(url, _)| url.ends_with("/ad/1")));
    assert_eq!(site.taken().iter().filter(|path| *path == "/ad/2").count(), 6, "five redirects, then no more");
}

#[tokio::test]
async fn the_gap_holds_between_all_requests_and_retry_after_holds_the_host() {
    let site = Site::start().await;
    put_ads(&site, &[&[2, 1]]);
    let mut run = Run::new();
    run.once(&source(&site, &CLASSIFIED.replace("\"0s\"\n[walk]", "\"300ms\"\n[walk]"))).await;
    let asked = site.taken_whole();
    assert_eq!(asked.len(), 4);
    for pair in asked.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(295), "{:?}", pair[1].at - pair[0].at);
    }
    assert!(run.keep.log.iter().skip(1).all(|request| request.gap_ms.is_some_and(|gap| gap >= 300)));

    let site = Site::start().await;
    put_ads(&site, &[&[2, 1]]);
    site.status("/ad/1", 429, "Retry-After: 1\r\n");
    let mut run = Run::new();
    let throttled = source(&site, CLASSIFIED);
    let waiting = run.once(&throttled);
    let mending = async {
        site.until_asked("/ad/1").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        site.html("/ad/1", "<h1>Tin 1</h1><p>Nội dung 1</p>");
    };
    tokio::join!(waiting, mending);
    let asked = site.taken_whole();
    assert_eq!(run.ids(), ["1", "2"]);
    let first = asked.iter().position(|asked| asked.path == "/ad/1").unwrap();
    assert!(asked[first + 1].at - asked[first].at >= Duration::from_millis(990), "the whole host waits");
}

#[tokio::test]
async fn a_long_retry_after_ends_the_run_and_the_next_run_goes_on() {
    let site = Site::start().await;
    put_ads(&site, &[&[2, 1]]);
    site.status("/ad/1", 503, "Retry-After: 3600\r\n");
    let source = source(&site, CLASSIFIED);
    let mut run = Run::new();
    let summary = run.once(&source).await;
    assert!(summary.problems.iter().any(|(_, problem)| problem.code == "throttled"));
    assert!(summary.next_due_ms.is_some());
    let before = site.taken().len();
    assert!(before <= 4);
    run.once(&source).await;
    assert!(site.taken().is_empty(), "the host is left alone");
    site.html("/ad/1", "<h1>Tin 1</h1><p>Nội dung 1</p>");
    run.ahead_ms.store(3_700_000, Ordering::SeqCst);
    run.once(&source).await;
    assert_eq!(run.ids(), ["1", "2"]);
}

#[tokio::test]
async fn a_crawl_delay_is_obeyed_even_when_it_is_hours() {
    let site = Site::start().await;
    put_ads(&site, &[&[1]]);
    site.put(
        "/robots.txt",
        Answer::Page(200, "Content-Type: text/plain\r\n".into(), b"User-agent: *\nCrawl-delay: 7200".to_vec()),
    );
    let source = source(&site, CLASSIFIED);
    let mut run = Run::new();
    run.once(&source).await;
    assert_eq!(site.taken(), ["/robots.txt"]);
    run.ahead_ms.store(7_300_000, Ordering::SeqCst);
    run.once(&source).await;
    assert_eq!(site.taken(), ["/?page=1"]);
}

#[tokio::test]
async fn failures_are_tried_again_and_then_left() {
    let site = Site::start().await;
    put_ads(&site, &[&[2, 1]]);
    site.status("/ad/1", 500, "");
    let source = source(&site, CLASSIFIED);
    let mut run = Run::new();
    run.options.patience_ms = 20_000;
    let summary = run.once(&source).await;
    assert_eq!(run.ids(), ["2"]);
    assert_eq!(site.taken().iter().filter(|path| *path == "/ad/1").count(), 3);
    assert!(summary.problems.iter().any(|(url, problem)| problem.code == "failed" && url.ends_with("/ad/1")));
}

#[tokio::test]
async fn unchanged_pages_are_asked_for_with_their_validators() {
    let site = Site::start().await;
    put_ads(&site, &[&[1]]);
    site.put(
        "/ad/1",
        Answer::Page(
            200,
            "Content-Type: text/html\r\nETag: \"v1\"\r\n".into(),
            b"<h1>Tin 1</h1><p>N\xe1\xbb\x99i dung 1</p>".to_vec(),
        ),
    );
    let source = source(&site, CLASSIFIED);
    let mut run = Run::new();
    run.once(&source).await;
    site.status("/ad/1", 304, "");
    site.taken();
    run.once(&source).await;
    let asked = site.taken_whole().into_iter().find(|asked| asked.path == "/ad/1").unwrap();
    assert!(asked.head.to_lowercase().contains("if-none-match: \"v1\""));
    assert_eq!((run.versions("1").len(), run.gone().len()), (1, 0));
}

#[tokio::test]
async fn a_wall_or_other_software_is_told_and_never_taken_for_nothing_new() {
    let site = Site::start().await;
    let text = CLASSIFIED
        .replace("[list]", "[expect]\npage = \"body#rao-vat\"\npresent = \"ul\"\nfields = [\"id\", \"text\"]\n[list]");
    let source = source(&site, &text);
    site.html("/?page=1", "<title>Đăng nhập</title><input type=password>");
    let mut run = Run::new();
    let summary = run.once(&source).await;
    assert_eq!(summary.problems[0].1.code, "expect-page");
    site.html("/?page=1", "<body id=rao-vat><p>trống");
    let codes: Vec<&str> = run.once(&source).await.problems.iter().map(|(_, problem)| problem.code).collect();
    assert_eq!(codes, ["expect-present", "no-rows"]);
    site.html("/?page=1", "<body id=rao-vat><ul><li><a href=/ad/1>x</a></ul>");
    site.html("/ad/1", "<body id=rao-vat><ul></ul><h1>Tin 1</h1><div>Nội dung nằm ở chỗ khác</div>");
    let summary = run.once(&source).await;
    assert_eq!(summary.problems[0].1.code, "expect-field");
    assert!(run.ids().is_empty());
    site.status("/?page=1", 403, "");
    assert_eq!(run.once(&source).await.problems[0].1.code, "wall");
}

#[tokio::test]
async fn noindex_forbids_storing_but_not_following() {
    let site = Site::start().await;
    put_ads(&site, &[&[2, 1]]);
    site.html(
        "/?page=1",
        "<meta name=robots content='noindex, nofollow'><ul><li><a href=/ad/1>1</a><li><a href=/ad/2>2</a></ul>",
    );
    site.html("/ad/2", "<meta name=robots content=noindex><h1>Tin 2</h1><p>Nội dung 2</p>");
    let mut run = Run::new();
    run.once(&source(&site, CLASSIFIED)).await;
    assert_eq!(run.ids(), ["1"]);
}

#[tokio::test]
async fn a_crashed_run_is_resumed_exactly() {
    let site = Site::start().await;
    put_ads(&site, &[&[6, 5, 4], &[3, 2, 1]]);
    let source = source(&site, CLASSIFIED);
    let fetcher = Run::new().fetcher;
    let mut keep = MemoryKeep::default();
    // What is kept after every single visit is a state in which a process may have died.
    let mut states = vec![keep.clone()];
    for stop_after in 1..9 {
        keep = MemoryKeep::default();
        let options = Options { patience_ms: 0, ..Options::default() };
        let stop = options.stop.clone();
        let mut reads = 0;
        let watch = |event: &intake::crawl::Event| {
            reads += usize::from(matches!(event, intake::crawl::Event::Read(..)));
            stop.store(reads >= stop_after, Ordering::SeqCst);
        };
        Crawl::new(&source, &fetcher, &mut keep, system_clock(), options).watched(watch).once().await.unwrap();
        states.push(keep.clone());
    }
    for state in states {
        let mut run = Run { keep: state, ..Run::new() };
        run.once(&source).await;
        assert_eq!(run.ids(), ["1", "2", "3", "4", "5", "6"]);
        assert!(run.keep.posts.values().all(|post| post.versions.len() == 1 && post.missing_since_ms.is_none()));
    }
}

#[tokio::test]
async fn sitemaps_come_first_and_their_dates_are_known_however_a_page_is_reached() {
    let site = Site::start().await;
    put_ads(&site, &[&[2, 1]]);
    let xml = |date: &str| {
        format!(
            "<urlset><url><loc>{0}/ad/1</loc><lastmod>{date}</lastmod></url><url><loc>{0}/ad/9</loc></url><url><loc>{0}/nhom/x/</loc></url></urlset>",
            site.base
        )
    };
    let put_map = |date: &str| {
        site.put("/sitemap.xml", Answer::Page(200, "Content-Type: application/xml\r\n".into(), xml(date).into_bytes()))
    };
    put_map("2026-09-01");
    site.html("/ad/9", "<h1>Tin 9</h1><p>Nội dung 9</p>");
    let text = CLASSIFIED
        .replace("start = \"BASE/?page=1\"", "start = [\"BASE/?page=1\", \"sitemap:BASE/sitemap.xml\"]")
        .replace("recheck = \"30d\"\n", "")
        .replace("[list]", "[scope]\nrules = [\"- BASE/nhom/*\"]\n[list]")
        .replace("title =", "time = [\"^sitemap.lastmod | time\", \"^seen\"]\ntitle =");
    let source = source(&site, &text);
    let mut run = Run::new();
    run.once(&source).await;
    assert_eq!(run.ids(), ["1", "2", "9"]);
    let asked = site.taken();
    assert_eq!(&asked[..2], ["/robots.txt", "/sitemap.xml"]);
    assert_eq!(asked.len(), 1 + 1 + 1 + 3);
    let time = |run: &Run, id: &str| {
        run.keep.posts.iter().find(|((_, known), _)| known == id).unwrap().1.item.time.unwrap().rfc3339()
    };
    assert_eq!(time(&run, "1"), "2026-09-01T00:00:00.000Z");
    put_map("2026-09-02");
    site.html("/ad/1", "<h1>Tin 1</h1><p>Nội dung 1 mới</p>");
    run.once(&source).await;
    assert_eq!(run.versions("1").len(), 2, "a newer date is a reason to look again");
}

#[tokio::test]
async fn zero_gaps_and_uncleared_sources_do_not_start() {
    let site = Site::start().await;
    let strict = Fetcher::new(false).unwrap();
    let mut keep = MemoryKeep::default();
    let zero = source(&site, CLASSIFIED);
    let result = Crawl::new(&zero, &strict, &mut keep, system_clock(), Options::default()).once().await;
    assert!(matches!(result, Err(CrawlError::Barrier(reason)) if reason.contains("gap")));
    let restricted = source(&site, &CLASSIFIED.replace("\"open\"", "\"restricted\""));
    let fetcher = Fetcher::new(true).unwrap();
    let result = Crawl::new(&restricted, &fetcher, &mut keep, system_clock(), Options::default()).once().await;
    assert!(matches!(result, Err(CrawlError::Barrier(reason)) if reason.contains("access.cleared")));
    assert!(site.taken().is_empty());
}

#[tokio::test]
async fn an_interval_that_is_not_over_lets_nothing_leave() {
    let site = Site::start().await;
    put_ads(&site, &[&[1]]);
    let source = source(&site, &CLASSIFIED.replace("[walk]", "every = \"1h..2h\"\n[walk]"));
    let mut run = Run::new();
    run.once(&source).await;
    site.taken();
    run.once(&source).await;
    assert!(site.taken().is_empty());
    run.ahead_ms.store(2 * 3_600_000 + 60_000, Ordering::SeqCst);
    run.once(&source).await;
    // Both are due; which of the two goes first is left to the jitter of their intervals.
    let mut taken = site.taken();
    taken.sort();
    assert_eq!(taken, ["/?page=1", "/ad/1"]);
}
