//! The demo site as a crawler meets it, and the posts that it shows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use intake::Source;
use intake::extract::{Item, Page, Role, extract};
use intake::robots::RobotsCopy;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::*;

const BOARD: &str = include_str!("../../../../../sources/demo-board.toml");
const FORUM: &str = include_str!("../../../../../sources/demo-forum.toml");
const FEED: &str = include_str!("../../../../../sources/demo-feed.toml");

/// Later than everything that the site does by itself.
const AT_THE_END_S: u64 = 600;

/// A zero in the future keeps the site at its first second, however slow the machine is.
fn standing_still() -> i64 {
    clock::now_ms() + 3_600_000
}

#[derive(Deserialize)]
struct Labelled {
    id: String,
    place: Place,
    thread: Option<String>,
    quotes: Option<String>,
    author: String,
    title: Option<String>,
    text: String,
    edited_text: Option<String>,
    posted_minutes_ago: i64,
    late_seconds: Option<u64>,
    deleted_seconds: Option<u64>,
    closed: Option<String>,
    label: String,
    stance: String,
    families: Vec<String>,
    priority: Option<u8>,
    minor: bool,
    departure: bool,
}

fn labelled() -> Vec<Labelled> {
    POSTS.lines().map(|line| serde_json::from_str(line).expect("a line of posts.jsonl")).collect()
}

struct Got {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

async fn get_with(url: &str, header: &str) -> Got {
    let url = Url::parse(url).expect("an address");
    let address = url.socket_addrs(|| None).expect("a socket address")[0];
    let mut stream = TcpStream::connect(address).await.expect("the site listens");
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let asked = format!("GET {}{query} HTTP/1.1\r\nHost: {address}\r\n{header}Connection: close\r\n\r\n", url.path());
    stream.write_all(asked.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8(answer).expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Got { status: status.expect("a status"), headers: headers.collect(), body: body.to_owned() }
}

async fn get_page(url: &str) -> Got {
    get_with(url, "").await
}

/// Walks a source with intake's extraction and keeps what a crawler may keep: scope and robots.txt decide.
async fn collect(toml: &str, site: &DemoSite) -> Vec<Item> {
    let params = BTreeMap::from([("base".to_owned(), site.address())]);
    let source = Source::load(toml, "demo.toml", &params).expect("the source file is right");
    let robots = get_page(&format!("{}/robots.txt", site.address())).await.body;
    let robots = RobotsCopy::of_answer(200, &robots, false, clock::now_ms());
    let mut queue: VecDeque<(Url, Url, Role)> = VecDeque::new();
    for start in &source.starts {
        let role = if start.is_sitemap { Role::Sitemap } else { Role::Start };
        queue.push_back((start.url.clone(), start.url.clone(), role));
    }
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    while let Some((url, root, role)) = queue.pop_front() {
        if !robots.verdict(&url).may_fetch() || !source.scope.verdict(&url).allowed || !seen.insert(url.clone()) {
            continue;
        }
        let got = get_page(url.as_str()).await;
        assert_eq!(got.status, 200, "{url}");
        let media_type = got.headers["content-type"].split(';').next().unwrap_or_default().to_owned();
        let now_ms = clock::now_ms();
        let page = Page {
            url: &url,
            text: &got.body,
            media_type: &media_type,
            role,
            root: &root,
            fetched_at_ms: now_ms,
            first_seen_ms: now_ms,
            lastmod_ms: None,
            thread: None,
            noindex: false,
        };
        let result = extract(&source, &page);
        assert!(result.problems.is_empty(), "{url}: {:?}", result.problems);
        items.extend(result.items);
        let parse = |text: &str| Url::parse(text).expect("a canonical address");
        queue.extend(result.next.iter().map(|next| (parse(next), root.clone(), role)));
        queue.extend(result.follow.iter().map(|follow| (parse(&follow.url), parse(&follow.url), Role::Detail)));
        queue.extend(result.entries.iter().map(|entry| (parse(&entry.url), parse(&entry.url), Role::Detail)));
    }
    items
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_public_post_is_collected_once_and_a_closed_one_never() {
    let zero_ms = standing_still();
    let site = DemoSite::start(zero_ms).await.expect("the site starts");
    site.advance(AT_THE_END_S);
    for (place, toml) in [(Place::Board, BOARD), (Place::Forum, FORUM), (Place::Feed, FEED)] {
        let mut collected = collect(toml, &site).await;
        collected.sort_by(|one, other| one.id.cmp(&other.id));
        let mut expected = labelled();
        expected.retain(|post| post.place == place && post.closed.is_none() && post.deleted_seconds.is_none());
        expected.sort_by(|one, other| one.id.cmp(&other.id));
        let ids = |items: Vec<&str>| items.join(" ");
        assert_eq!(
            ids(collected.iter().map(|item| item.id.as_str()).collect()),
            ids(expected.iter().map(|post| post.id.as_str()).collect())
        );
        for (item, post) in collected.iter().zip(&expected) {
            assert_eq!(one_line(&item.text), one_line(post.edited_text.as_ref().unwrap_or(&post.text)), "{}", post.id);
            assert_eq!(item.title.as_deref().map(one_line), post.title.as_deref().map(one_line), "{}", post.id);
            assert_eq!(item.author.as_deref(), Some(post.author.as_str()), "{}", post.id);
            let late_ms = i64::try_from(post.late_seconds.unwrap_or(0)).expect("few seconds") * 1000;
            let posted_ms = zero_ms + late_ms - post.posted_minutes_ago * 60_000;
            assert_eq!(item.time.map(|time| time.at_ms), Some(posted_ms / 1000 * 1000), "{}", post.id);
            if place == Place::Forum {
                assert_eq!((&item.thread, &item.reply_to), (&post.thread, &post.quotes), "{}", post.id);
            }
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn posts_appear_change_and_go_as_time_passes() {
    let site = DemoSite::start(standing_still()).await.expect("the site starts");
    let posts = labelled();
    let first = collect(BOARD, &site).await;
    site.advance(AT_THE_END_S);
    let last = collect(BOARD, &site).await;
    let text = |items: &[Item], id: &str| items.iter().find(|item| item.id == id).map(|item| one_line(&item.text));
    let on_board = |post: &&Labelled| post.place == Place::Board;
    for post in posts.iter().filter(on_board).filter(|post| post.late_seconds.is_some()) {
        assert_eq!((text(&first, &post.id), text(&last, &post.id).is_some()), (None, true));
    }
    let edited = posts.iter().find(|post| post.edited_text.is_some()).expect("an edited post");
    assert_eq!(text(&first, &edited.id), Some(one_line(&edited.text)));
    assert_ne!(text(&last, &edited.id), text(&first, &edited.id));
    let deleted = posts.iter().find(|post| post.deleted_seconds.is_some()).expect("a deleted post");
    assert_eq!((text(&first, &deleted.id).is_some(), text(&last, &deleted.id)), (true, None));
    let page = first.iter().find(|item| item.id == deleted.id).and_then(|item| item.url.clone()).expect("its address");
    assert_eq!(get_page(&page).await.status, 410);
    assert_eq!(get_page(&format!("{}/rao-vat/viec-lam-1.html", site.address())).await.status, 404);
    site.stop().await;
}

#[tokio::test]
async fn a_page_that_is_known_is_not_sent_again() {
    let site = DemoSite::start(standing_still()).await.expect("the site starts");
    let feed = format!("{}/tin-tuc/rss.xml", site.address());
    let first = get_page(&feed).await;
    let by_tag = get_with(&feed, &format!("If-None-Match: {}\r\n", first.headers["etag"])).await;
    let by_time = get_with(&feed, &format!("If-Modified-Since: {}\r\n", first.headers["last-modified"])).await;
    assert_eq!((first.status, by_tag.status, by_time.status), (200, 304, 304));
    assert!(by_tag.body.is_empty());
    site.advance(AT_THE_END_S);
    let changed = get_with(&feed, &format!("If-None-Match: {}\r\n", first.headers["etag"])).await;
    assert_eq!(changed.status, 200);
    site.stop().await;
}

#[test]
fn the_posts_suffice_for_a_measurement_and_name_nobody() {
    let posts = labelled();
    let open = || posts.iter().filter(|post| post.closed.is_none());
    let lures = || open().filter(|post| post.label == "lure");
    assert!(lures().count() >= 100 && open().count() - lures().count() >= 100);
    assert!(lures().filter(|post| post.stance == "self_offer").count() >= 10);
    let families: BTreeSet<&str> = lures().flat_map(|post| post.families.iter().map(String::as_str)).collect();
    assert_eq!(families.len(), 12, "eleven families and unclassified: {families:?}");
    for post in &posts {
        let is_lure = ["offer", "self_offer"].contains(&post.stance.as_str());
        assert_eq!(post.label == "lure", is_lure, "{}", post.id);
        assert_eq!(post.priority.is_some(), is_lure || post.stance == "seeker", "{}", post.id);
        assert!(post.priority.is_some() || !(post.minor || post.departure), "{}", post.id);
    }
    assert!(
        open()
            .any(|post| post.priority == Some(1) && post.late_seconds.is_some_and(|after| (30..=60).contains(&after)))
    );
    for post in &posts {
        let packed: Vec<char> = post.text.chars().filter(|c| ![' ', '.'].contains(c)).collect();
        for number in packed.windows(10).filter(|run| run[0] == '0' && run.iter().all(char::is_ascii_digit)) {
            let number: String = number.iter().collect();
            assert!(["0900", "0901000"].iter().any(|fictitious| number.starts_with(fictitious)), "{}", post.id);
        }
    }
}
