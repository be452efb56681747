//! Faults that sites really have: the right alarm within one cycle, the right pace, no request that a rule forbids, and
//! an end of the alarm by itself.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use intake::crawl::{Crawl, MemoryKeep, Options, system_clock};
use intake::fetch::{Fetcher, Limits};
use model::Cause;

use crate::crawling::{CLASSIFIED, Run, put_ads, source};
use crate::serving::{Answer, Site};

const EXPECTING: &str = "[expect]\npage = \"body\"\npresent = \"li, h1\"\nfields = [\"id\", \"text\"]\n[list]";
/// Longer than every wait that a fault here asks for.
const LATER_MS: i64 = 26 * 3_600_000;

struct Fault {
    name: &'static str,
    /// Breaks the site.
    breaks: fn(&Site),
    cause: Cause,
    /// Pages that may be asked for while it is broken, robots.txt left out.
    asked_at_most: usize,
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "an empty page",
        breaks: |site| site.html("/?page=1", "<body><p>Không có gì</p>"),
        cause: Cause::Drift,
        asked_at_most: 1,
    },
    Fault {
        name: "a log-in wall that answers 200",
        breaks: |site| site.html("/?page=1", "<body><form><input type=password></form>"),
        cause: Cause::Wall,
        asked_at_most: 1,
    },
    Fault {
        name: "a log-in wall that redirects",
        breaks: |site| {
            site.status("/?page=1", 302, "Location: /login\r\n");
            site.html("/login", "<body><form><input type=\"password\"></form>");
        },
        cause: Cause::Wall,
        asked_at_most: 2,
    },
    Fault { name: "a block", breaks: |site| site.status("/?page=1", 403, ""), cause: Cause::Wall, asked_at_most: 1 },
    Fault {
        name: "a renamed field",
        breaks: |site| {
            put_ads(site, &[&[6, 5, 4]]);
            for id in 4..=6 {
                site.html(&format!("/ad/{id}"), &format!("<body><h1>Tin {id}</h1><div>Nội dung {id}</div>"));
            }
        },
        cause: Cause::Drift,
        asked_at_most: 4,
    },
    Fault {
        name: "429 with Retry-After",
        breaks: |site| site.status("/?page=1", 429, "Retry-After: 7200\r\n"),
        cause: Cause::Throttled,
        asked_at_most: 1,
    },
    Fault { name: "503", breaks: |site| site.status("/?page=1", 503, ""), cause: Cause::Throttled, asked_at_most: 1 },
    Fault { name: "500", breaks: |site| site.status("/?page=1", 500, ""), cause: Cause::Unreachable, asked_at_most: 3 },
    Fault {
        name: "a slow loris",
        breaks: |site| site.put("/?page=1", Answer::Slow(vec![b'x'; 500], Duration::from_millis(100))),
        cause: Cause::Unreachable,
        asked_at_most: 3,
    },
    Fault {
        name: "a body without end",
        breaks: |site| site.put("/?page=1", Answer::Endless(vec![b'x'; 1 << 16])),
        cause: Cause::Body,
        asked_at_most: 1,
    },
    Fault {
        name: "gzip that is cut off",
        breaks: |site| {
            let body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xed\xc1".to_vec();
            let head = "Content-Type: text/html\r\nContent-Encoding: gzip\r\n";
            site.put("/?page=1", Answer::Page(200, head.into(), body));
        },
        cause: Cause::Body,
        asked_at_most: 3,
    },
    Fault {
        name: "redirects in a circle",
        breaks: |site| site.status("/?page=1", 302, "Location: /?page=1\r\n"),
        cause: Cause::Moved,
        asked_at_most: 6,
    },
    Fault {
        name: "a redirect into a private network",
        breaks: |site| site.status("/?page=1", 302, "Location: http://10.0.0.1/\r\n"),
        cause: Cause::Address,
        asked_at_most: 1,
    },
    Fault {
        name: "a start that is gone",
        breaks: |site| site.remove("/?page=1"),
        cause: Cause::Moved,
        asked_at_most: 1,
    },
    Fault {
        name: "robots.txt that fails",
        breaks: |site| site.status("/robots.txt", 500, ""),
        cause: Cause::RobotsUnreachable,
        asked_at_most: 0,
    },
    Fault {
        name: "robots.txt behind a wall",
        breaks: |site| site.status("/robots.txt", 403, ""),
        cause: Cause::RobotsWalled,
        asked_at_most: 0,
    },
    Fault {
        name: "robots.txt that forbids",
        breaks: |site| {
            let text = b"User-agent: *\nDisallow: /\n".to_vec();
            site.put("/robots.txt", Answer::Page(200, "Content-Type: text/plain\r\n".into(), text));
        },
        cause: Cause::RobotsForbid,
        asked_at_most: 0,
    },
];

#[tokio::test]
async fn each_fault_raises_its_alarm_once_within_one_cycle_and_ends_it_by_itself() {
    let each = FAULTS.iter().map(|fault| async move {
        let site = Site::start().await;
        put_ads(&site, &[&[3, 2, 1]]);
        let text = CLASSIFIED.replace("[list]", &format!("[scope]\nrules = [\"+ *\"]\n{EXPECTING}"));
        let source = source(&site, &text);
        let mut run = Run::with(Limits { total: Duration::from_millis(900), ..Limits::default() });
        run.options.patience_ms = 7_000;
        run.once(&source).await;
        assert!(run.keep.alarms.is_empty(), "{}: {:?}", fault.name, run.keep.alarms);

        // A day later robots.txt is asked for again, so that a fault in it shows.
        (fault.breaks)(&site);
        site.taken();
        run.ahead_ms.fetch_add(LATER_MS, Ordering::SeqCst);
        run.once(&source).await;
        let asked: Vec<String> = site.taken().into_iter().filter(|path| path != "/robots.txt").collect();
        let causes: Vec<Cause> = run.keep.alarms.keys().copied().collect();
        assert_eq!(causes, [fault.cause], "{}: {:?}", fault.name, run.keep.alarms);
        // The three ads that are known are looked at again, unless robots.txt lets nothing through.
        let details = if fault.asked_at_most == 0 { 0 } else { 3 };
        assert!(asked.len() <= fault.asked_at_most + details, "{}: {asked:?}", fault.name);
        assert!(run.keep.alarms[&fault.cause].detail.chars().count() > 10, "{}", fault.name);
        assert_eq!(run.keep.posts.len(), 3, "{}: nothing was lost or made up", fault.name);

        // Still broken: no second alarm. Mended: the alarm ends.
        run.ahead_ms.fetch_add(LATER_MS, Ordering::SeqCst);
        run.once(&source).await;
        site.remove("/robots.txt");
        put_ads(&site, &[&[6, 5, 4, 3, 2, 1]]);
        run.ahead_ms.fetch_add(LATER_MS, Ordering::SeqCst);
        run.once(&source).await;
        assert_eq!(run.keep.alarm_log, [(fault.cause, true), (fault.cause, false)], "{}", fault.name);
        assert!(run.keep.quarantine.is_empty(), "{}", fault.name);
    });
    futures_util::future::join_all(each).await;
}

#[tokio::test]
async fn incomplete_posts_are_kept_apart_with_their_originals() {
    let site = Site::start().await;
    put_ads(&site, &[&[3, 2, 1]]);
    for id in 1..=3 {
        site.html(&format!("/ad/{id}"), &format!("<body><h1>Tin {id}</h1><div>Nội dung {id}</div>"));
    }
    let mut run = Run::new();
    run.once(&source(&site, &CLASSIFIED.replace("[list]", EXPECTING))).await;
    assert!(run.keep.posts.is_empty());
    assert_eq!(run.keep.quarantine.values().sum::<u64>(), 3);
    assert!(run.keep.log.iter().all(|request| request.capture.is_some()), "every answer was kept");
}

#[tokio::test]
async fn a_name_that_changes_its_address_reaches_nothing_inside() {
    let site = Site::start().await;
    put_ads(&site, &[&[4, 3, 2, 1]]);
    let (asked, port) = (Arc::new(AtomicUsize::new(0)), site.base.rsplit_once(':').unwrap().1.to_owned());
    let counting = asked.clone();
    // The first look-ups give the honest address, all later ones one of a private network.
    let lookup = Arc::new(move |_: String| -> intake::fetch::address::LookupAnswer {
        let turn = counting.fetch_add(1, Ordering::SeqCst);
        let address = if turn < 5 { IpAddr::from([127, 0, 0, 1]) } else { IpAddr::from([10, 0, 0, 1]) };
        Box::pin(async move { Ok(vec![address]) })
    });
    let limits = Limits { connect: Duration::from_secs(1), ..Limits::default() };
    let fetcher = Fetcher::with(true, limits, lookup).unwrap();
    let text = CLASSIFIED
        .replace("BASE", &format!("http://doi-ten.example:{port}"))
        .replace("\"0s\"\n[walk]", "\"1ms\"\n[walk]");
    let source = intake::Source::load(&text, "test.toml", &Default::default()).unwrap();
    let mut keep = MemoryKeep::default();
    let options = Options { patience_ms: 3_000, ..Options::default() };
    Crawl::new(&source, &fetcher, &mut keep, system_clock(), options).once().await.unwrap();
    assert!(asked.load(Ordering::SeqCst) > 5);
    assert!(keep.alarms.contains_key(&Cause::Address), "{:?}", keep.alarms);
    assert!(keep.posts.len() < 3, "what came after the change was not fetched");
    assert!(keep.log.iter().all(|request| request.status.is_some()), "no request left for the inner address");
}

#[tokio::test]
async fn the_last_good_robots_file_outlives_one_that_fails() {
    let site = Site::start().await;
    put_ads(&site, &[&[1]]);
    let text = b"User-agent: *\nCrawl-delay: 1\n".to_vec();
    site.put("/robots.txt", Answer::Page(200, "Content-Type: text/plain\r\n".into(), text));
    let source = source(&site, CLASSIFIED);
    let mut run = Run::new();
    run.options.patience_ms = 5_000;
    run.once(&source).await;
    site.status("/robots.txt", 503, "Retry-After: 1800\r\n");
    run.ahead_ms.store(LATER_MS, Ordering::SeqCst);
    site.taken();
    run.once(&source).await;
    assert_eq!(site.taken(), ["/robots.txt"], "nothing is fetched while it fails");
    let copy = run.keep.robots_of(&site.base).unwrap();
    assert!(copy.good_at_ms.is_some() && copy.crawl_delay_ms() == Some(1_000));
    run.ahead_ms.fetch_add(1_700_000, Ordering::SeqCst);
    run.once(&source).await;
    assert!(site.taken().is_empty(), "its Retry-After holds the host");
    run.ahead_ms.fetch_add(200_000, Ordering::SeqCst);
    site.remove("/robots.txt");
    run.once(&source).await;
    assert!(site.taken().len() > 1);
}

#[tokio::test]
async fn addresses_that_bring_nothing_new_are_closed_and_stay_in_the_frontier() {
    let site = Site::start().await;
    let pages: Vec<Vec<u32>> = (0..10).map(|page| (0..10).map(|n| 1_000 + page * 10 + n).collect()).collect();
    let pages: Vec<&[u32]> = pages.iter().map(Vec::as_slice).collect();
    put_ads(&site, &pages);
    // Only the first ad has a text of its own; all others are print views of it.
    for id in 1_000..1_100 {
        site.html(&format!("/ad/{id}"), "<h1>Tin</h1><p>Một tin duy nhất</p><i>1000</i>");
    }
    let text = CLASSIFIED.replace("id = \"^url | regex(/ad/(\\\\d+))\"", "id = \"i | text\"");
    assert!(text.contains("i | text"));
    let source = source(&site, &text);
    let mut run = Run::new();
    run.once(&source).await;
    let asked = site.taken().into_iter().filter(|path| path.starts_with("/ad/")).count();
    assert_eq!(asked, 11, "one that is new, ten that are not");
    assert!(run.keep.alarms.is_empty(), "a closed kind of address is no alarm");
    run.ahead_ms.store(8 * 24 * 3_600_000, Ordering::SeqCst);
    run.once(&source).await;
    let again = site.taken().into_iter().filter(|path| path.starts_with("/ad/")).count();
    assert!((10..=20).contains(&again), "after a week ten more are tried: {again}");
}
