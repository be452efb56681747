//! Serves the console over a throw-away store filled with the demo site's posts, to look at pages while changing
//! them: `cargo run -p web --example preview -- 127.0.0.1:8790`. Every log-in has the password `xem-thu-giao-dien`.

use std::sync::Arc;

use index::{Entry, Index};
use model::{Capture, Method, Post, Role, SourceState};
use serde::Deserialize;
use store::{Batch, NewPacket, NewSource, NewUser, Part, ReadPost, Store, Unit};
use tokio::sync::watch;

const POSTS: &str = include_str!("../../canhgiac/demo/posts.jsonl");
const PASSWORD: &str = "xem-thu-giao-dien";
const MINUTE_MS: i64 = 60_000;

#[derive(Deserialize)]
struct Line {
    id: String,
    place: String,
    section: Option<String>,
    author: Option<String>,
    title: Option<String>,
    text: String,
    posted_minutes_ago: Option<i64>,
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8790".into());
    let folder = std::env::temp_dir().join(format!("canhgiac-preview-{}", std::process::id()));
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let store = Store::open(folder.to_str().unwrap_or_default(), now_ms).await?;
    people(&store, now_ms).await?;
    let ruleset = rules::Ruleset::shipped().map_err(|problems| format!("{problems:?}"))?;
    posts(&store, ruleset, now_ms).await?;
    let index = Arc::new(Index::in_memory()?);
    follow(&store, &index).await?;
    let thresholds = model::Family::ALL.iter().map(|family| (*family, ruleset.threshold(*family))).collect();
    let rules = web::RulesInForce { id: ruleset.id().to_owned(), thresholds, rules: Vec::new() };
    let (_keep, rules) = watch::channel(Arc::new(rules));
    let sealing = store.clone();
    let app = web::App {
        store: Arc::new(store),
        index,
        seal: Arc::new(move |case_id, now_ms| {
            let store = sealing.clone();
            Box::pin(async move { seal(&store, &case_id, now_ms).await.map_err(|error| error.to_string()) })
        }),
        doors: web::Doors {
            take_in: Arc::new(|_, _| Box::pin(async { Err("trang xem thử không giữ gì".to_owned()) })),
            trial: Arc::new(|_| Box::pin(async { Err("trang xem thử không mở địa chỉ nào".to_owned()) })),
            contacts: Arc::new(intake::tip::ContactKey::open(&folder.join("contact_key"))?),
        },
        rules,
        desk: web::Desk::default(),
        settings: web::Settings {
            organisation: "Tổ giám sát mẫu, tỉnh Mẫu".into(),
            contact: "Trực ban 0901 000 999".into(),
            secure_cookies: false,
            key_fingerprint: "SHA256:mau0000000000000000000000000000000000000000".into(),
        },
    };
    let listener = tokio::net::TcpListener::bind(&listen).await?;
    web::serve(listener, app, async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

async fn people(store: &Store, now_ms: i64) -> Result<(), Failure> {
    let unit = Unit { id: "pa-mau".into(), name: "Công an tỉnh Mẫu, phòng 02".into(), contact: None };
    store.put_unit("setup", &unit, now_ms).await?;
    let hash = web::hash_password(PASSWORD).map_err(|error| error.to_string())?;
    for (login, name, role) in [
        ("chuyenvien", "Lê Mẫu An", Role::Analyst),
        ("truongnhom", "Trần Mẫu Bình", Role::Lead),
        ("congan", "Phạm Mẫu Cường", Role::Officer),
        ("hotro", "Đỗ Mẫu Dung", Role::Support),
        ("quantri", "Vũ Mẫu Giang", Role::Admin),
        ("thanhtra", "Ngô Mẫu Hà", Role::Auditor),
    ] {
        let user = NewUser {
            login: login.into(),
            name: name.into(),
            role,
            unit_id: (role == Role::Officer).then(|| "pa-mau".into()),
            password_hash: hash.clone(),
        };
        store.add_user("setup", &user, now_ms).await?;
    }
    let source = NewSource {
        id: "rao-vat-mau".into(),
        toml: String::new(),
        params: Vec::new(),
        access: "trang công khai, robots.txt cho phép".into(),
    };
    store.put_source("setup", &source, now_ms).await?;
    let admin = store.user_by_login("quantri").await?.ok_or("no administrator")?;
    store.move_source(&admin.id, "rao-vat-mau", SourceState::Enabled, true, None, now_ms).await?;
    Ok(())
}

async fn posts(store: &Store, ruleset: &rules::Ruleset, now_ms: i64) -> Result<(), Failure> {
    let capture = Capture::of_file("rao-vat-mau", Method::Import, "posts.jsonl", "preview", now_ms);
    let kept = store.keep(&capture, POSTS.as_bytes(), now_ms).await?;
    let mut read = Vec::new();
    for line in POSTS.lines() {
        let line: Line = serde_json::from_str(line)?;
        let posted_at_ms = line.posted_minutes_ago.map(|minutes| now_ms - minutes * MINUTE_MS);
        let reading = text::read(line.title.as_deref(), &line.text, posted_at_ms);
        let post = Post {
            source: format!("{}-mau", line.place),
            url: Some(format!("http://{}.example/{}/{}", line.place, line.section.unwrap_or_default(), line.id)),
            native_id: line.id,
            title: line.title,
            text: line.text,
            author: line.author,
            posted_at_ms,
            ..Post::default()
        };
        read.push(ReadPost { post, assessment: Some(ruleset.assess(&reading)), facts: reading.facts });
    }
    let part = Part { capture_id: kept.id, upto: i64::try_from(read.len())?, last: true, posts: read };
    store.record(&Batch { actor: "import".into(), parts: vec![part], visits: Vec::new() }, now_ms).await?;
    Ok(())
}

async fn follow(store: &Store, index: &Index) -> Result<(), Failure> {
    let posts = store.posts_after(0, 10_000).await?;
    let readings: Vec<_> =
        posts.iter().map(|post| text::read(post.title.as_deref(), &post.text, post.posted_at_ms)).collect();
    let entries = posts.iter().zip(&readings).map(|(post, reading)| Entry {
        post_id: &post.id,
        source: &post.source,
        posted_at_ms: post.posted_at_ms.unwrap_or(post.first_seen_at_ms),
        points: post.points,
        families: &post.families,
        reading,
    });
    index.follow(entries, posts.last().map_or(0, |post| post.seq))?;
    Ok(())
}

/// Stands in for the evidence crate: the pages need a sealed row, not a real packet.
async fn seal(store: &Store, case_id: &str, now_ms: i64) -> store::Result<store::PacketRow> {
    let case = store.case(case_id, now_ms).await?;
    let packet = NewPacket {
        id: store.next_packet_number(now_ms).await?,
        asking_id: case.row.asking.map(|asking| asking.id).unwrap_or_default(),
        sums_sha256: "5f".repeat(32),
        supersedes: None,
    };
    store.seal(&packet, b"a packet for looking at pages", now_ms).await
}
