//! Opening addresses: what a hostile server tries, and what comes back whole.

use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use intake::fetch::address::{AdmitError, Lookup};
use intake::fetch::content::ContentError;
use intake::fetch::{FetchError, Fetched, Fetcher, Limits, Validators};
use url::Url;

use crate::serving::{Answer, Site};

fn hasty() -> Fetcher {
    let limits = Limits { first_byte: Duration::from_secs(2), total: Duration::from_secs(4), ..Limits::default() };
    Fetcher::with(true, limits, intake::fetch::address::system_lookup()).unwrap()
}

async fn get(site: &Site, path: &str) -> Result<Fetched, FetchError> {
    let url = Url::parse(&format!("{}{path}", site.base)).unwrap();
    Fetcher::new(true).unwrap().get(&url, &Validators::default(), 0).await
}

async fn get_in_haste(site: &Site, path: &str) -> Result<Fetched, FetchError> {
    let url = Url::parse(&format!("{}{path}", site.base)).unwrap();
    hasty().get(&url, &Validators::default(), 0).await
}

#[tokio::test]
async fn the_raw_body_and_both_heads_are_handed_over() {
    let site = Site::start().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all("Tuyển lao động".as_bytes()).unwrap();
    let wire = encoder.finish().unwrap();
    let lines =
        "Content-Type: text/html; charset=UTF-8\r\nContent-Encoding: gzip\r\nETag: \"v1\"\r\nX-Robots-Tag: noindex\r\n";
    site.put("/a?b=1", Answer::Page(200, lines.into(), wire.clone()));
    let fetched = get(&site, "/a?b=1").await.unwrap();
    assert_eq!(fetched.body, wire);
    assert_eq!(fetched.sha256, intake::fetch::sha256_hex(&wire));
    assert_eq!(fetched.text(&Limits::default().caps).unwrap().text, "Tuyển lao động");
    assert_eq!(fetched.request.line, "GET /a?b=1 HTTP/1.1");
    assert!(fetched.response.line.starts_with("HTTP/1.1 200"));
    assert_eq!(fetched.response.field("content-encoding"), Some("gzip"));
    assert_eq!(fetched.validators().etag.as_deref(), Some("\"v1\""));
    assert!(fetched.robots_say("noindex"));
    assert_eq!(fetched.server.map(|server| server.to_string()), Some(site.base.replace("http://", "")));
    let asked = site.taken_whole().remove(0).head.to_lowercase();
    assert!(
        asked.contains("user-agent: canhgiac/")
            && asked.contains("(+https://canhgiac.example/bot)")
            && !asked.contains("cookie")
    );
}

#[tokio::test]
async fn endless_slow_and_silent_answers_end() {
    let site = Site::start().await;
    site.put("/endless", Answer::Endless(vec![b'x'; 1 << 16]));
    site.put("/slow", Answer::Slow(vec![b'x'; 1_000], Duration::from_millis(300)));
    site.put("/silence", Answer::Silence);
    let started = Instant::now();
    let endless = get_in_haste(&site, "/endless").await;
    assert!(matches!(endless, Err(FetchError::TooLarge(_) | FetchError::Timeout("total"))), "{endless:?}");
    assert!(matches!(get_in_haste(&site, "/slow").await, Err(FetchError::Timeout("total"))));
    assert!(matches!(get_in_haste(&site, "/silence").await, Err(FetchError::Timeout("first byte"))));
    assert!(started.elapsed() < Duration::from_secs(30));
    site.put("/film", Answer::Page(200, "Content-Type: video/mp4\r\n".into(), vec![0; 10]));
    assert!(matches!(get(&site, "/film").await, Err(FetchError::MediaType(_))));
}

#[tokio::test]
async fn ten_gigabytes_are_refused_by_their_head() {
    let site = Site::start().await;
    site.put("/big", Answer::Page(200, "Content-Type: text/html\r\n".into(), vec![b'x'; (8 << 20) + 1]));
    assert!(matches!(get(&site, "/big").await, Err(FetchError::TooLarge(_))));
}

#[tokio::test]
async fn a_bomb_stays_small() {
    let site = Site::start().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b'a'; 32 << 20]).unwrap();
    site.put(
        "/bomb",
        Answer::Page(200, "Content-Type: text/html\r\nContent-Encoding: gzip\r\n".into(), encoder.finish().unwrap()),
    );
    let fetched = get(&site, "/bomb").await.unwrap();
    assert!(fetched.body.len() < 100_000);
    assert!(matches!(fetched.text(&Limits::default().caps), Err(ContentError::Bomb(_))));
}

#[tokio::test]
async fn loopback_and_inner_addresses_stay_closed_without_the_flag() {
    let site = Site::start().await;
    site.html("/", "x");
    let closed = Fetcher::new(false).unwrap();
    for url in [
        site.base.clone(),
        site.base.replace("127.0.0.1", "localhost"),
        site.base.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
        "http://169.254.169.254/latest/".into(),
    ] {
        let result = closed.get(&Url::parse(&url).unwrap(), &Validators::default(), 0).await;
        assert!(matches!(result, Err(FetchError::Admit(AdmitError::Refused(_)))), "{url}: {result:?}");
    }
    assert!(site.taken().is_empty());
}

/// A name that answers a public address to the check and loopback to the connection would open the door.
#[tokio::test]
async fn a_name_is_asked_once_and_the_connection_uses_that_answer() {
    let site = Site::start().await;
    site.html("/", "nội bộ");
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let rebinding: Lookup = Arc::new(move |_| {
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        let address: IpAddr = if first { "203.0.114.1" } else { "127.0.0.1" }.parse().unwrap();
        Box::pin(async move { Ok(vec![address]) })
    });
    let limits =
        Limits { connect: Duration::from_millis(300), first_byte: Duration::from_millis(400), ..Limits::default() };
    let fetcher = Fetcher::with(false, limits, rebinding).unwrap();
    let url = Url::parse("http://rebinding.example/").unwrap();
    // Whatever answers at the public address, it is not the site on loopback.
    let _ = fetcher.get(&url, &Validators::default(), 0).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // The second look-up tells the inner address and is refused before any connection.
    assert!(matches!(
        fetcher.get(&url, &Validators::default(), 0).await,
        Err(FetchError::Admit(AdmitError::Refused(_)))
    ));
    assert!(site.taken().is_empty());
}
