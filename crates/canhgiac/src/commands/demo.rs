//! `canhgiac demo`: the whole path of a post on one machine, on a bundled site.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use intake::crawl::{Event, Options};
use model::Role;
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};
use store::{NewUser, Store, Unit};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{serve, source};
use crate::clock;
use crate::config::Config;
use crate::crawling::Crawler;
use crate::demo::site::DemoSite;
use crate::following::Follower;
use crate::opening::{self, Opened};
use crate::reading;

/// The demo's people: log-in, name shown, role.
const PEOPLE: &[(&str, &str, Role)] = &[
    ("chuyenvien", "Chuyên viên Mẫu", Role::Analyst),
    ("truongnhom", "Trưởng nhóm Mẫu", Role::Lead),
    ("congan", "Cán bộ công an Mẫu", Role::Officer),
    ("hotro", "Cán bộ hỗ trợ Mẫu", Role::Support),
    ("quantri", "Quản trị viên Mẫu", Role::Admin),
    ("thanhtra", "Thanh tra Mẫu", Role::Auditor),
];

const UNIT: &str = "pc02-mau";
const SOURCES: [&str; 3] = ["demo-board.toml", "demo-forum.toml", "demo-feed.toml"];

/// What a kept demo must remember so that a second start goes on.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The moment from which the site counts its posts' times.
    zero_ms: i64,
    /// Where the site listens.
    site: std::net::SocketAddr,
    /// The log-ins, which are fictitious like everything here.
    passwords: BTreeMap<String, String>,
}

/// A throw-away folder that goes away with the demo.
struct Place {
    folder: PathBuf,
    throw_away: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.throw_away {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Runs the demo until Ctrl-C; with `once` until the queue is filled.
pub async fn run(data: Option<String>, listen: &str, once: bool, config: &Config) -> Result<()> {
    let stop = serve::on_signal();
    let throw_away = data.is_none();
    let folder =
        data.map_or_else(|| std::env::temp_dir().join(format!("canhgiac-demo-{}", std::process::id())), PathBuf::from);
    let place = Place { folder, throw_away };
    let config = Config { organisation: "Trung tâm Mẫu (bản thử)".into(), ..config.clone() };
    let opened = Arc::new(opening::open(&place.folder.to_string_lossy(), &config).await?);
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}; another program does? Choose another with --listen"))?;
    let (site, kept) = start_site(&place.folder).await?;
    add_people(&opened.store, &kept).await?;
    greet(&place, &listener, &site, &kept)?;

    let crawler = Crawler::new(&opened, true)?;
    let mut serving = None;
    if !once {
        let (opened, config, stop) = (opened.clone(), config.clone(), stop.clone());
        let task = async move { serve::serve_and_work(opened, listener, &config, stop, true).await };
        serving = Some(tokio::spawn(task));
    }
    fill(&opened, &crawler, &site, stop.clone()).await?;
    if let Some(serving) = serving {
        println!("Hàng chờ đã có bài. Mở địa chỉ trên trong trình duyệt; Ctrl-C để dừng.");
        crawler.run_until(stop).await?;
        serving.await??;
    }
    site.stop().await;
    println!("Đã dừng.");
    Ok(())
}

/// Starts the site where a kept demo had it, or anywhere.
async fn start_site(folder: &Path) -> Result<(DemoSite, Kept)> {
    let file = folder.join("demo.toml");
    if let Ok(text) = std::fs::read_to_string(&file) {
        let kept: Kept = toml::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))?;
        let site = DemoSite::start_on(kept.site, kept.zero_ms)
            .await
            .with_context(|| format!("the demo site cannot listen on {} as before", kept.site))?;
        return Ok((site, kept));
    }
    let zero_ms = clock::now_ms();
    let site = DemoSite::start(zero_ms).await?;
    let passwords = PEOPLE
        .iter()
        .map(|(login, _, _)| ((*login).to_owned(), Alphanumeric.sample_string(&mut rand::rng(), 12)))
        .collect();
    let kept = Kept { zero_ms, site: site.socket(), passwords };
    std::fs::write(&file, toml::to_string(&kept)?)?;
    Ok((site, kept))
}

async fn add_people(store: &Store, kept: &Kept) -> Result<()> {
    if !store.has_no_users().await? {
        return Ok(());
    }
    let now_ms = clock::now_ms();
    let unit = Unit {
        id: UNIT.into(),
        name: "Phòng Cảnh sát hình sự, Công an tỉnh Mẫu".into(),
        contact: Some("trực ban 0900 000 000".into()),
    };
    store.put_unit("setup", &unit, now_ms).await?;
    for (login, name, role) in PEOPLE {
        let password = kept.passwords.get(*login).cloned().unwrap_or_default();
        let password_hash = tokio::task::spawn_blocking(move || web::hash_password(&password)).await??;
        let user = NewUser {
            login: (*login).into(),
            name: (*name).into(),
            role: *role,
            unit_id: (*role == Role::Officer).then(|| UNIT.to_owned()),
            password_hash,
        };
        store.add_user("setup", &user, now_ms).await?;
    }
    Ok(())
}

fn greet(place: &Place, listener: &TcpListener, site: &DemoSite, kept: &Kept) -> Result<()> {
    println!("Cảnh Giác, bản thử: mọi người, bài viết và số điện thoại ở đây đều hư cấu.");
    println!("Trang mẫu được thu thập: {}", site.address());
    println!("Dữ liệu: {}{}", place.folder.display(), if place.throw_away { " (xóa khi dừng)" } else { "" });
    println!("Bảng điều khiển: http://{}", listener.local_addr()?);
    for (login, _, role) in PEOPLE {
        let password = kept.passwords.get(*login).map_or("", String::as_str);
        println!("  {:<16} tên {login:<12} mật khẩu {password}", role.title());
    }
    Ok(())
}

/// Crawls the three demo sources once, assesses, indexes; one progress line tells what happens.
async fn fill(opened: &Opened, crawler: &Crawler, site: &DemoSite, stop: watch::Receiver<bool>) -> Result<()> {
    reading::resume(opened).await?;
    let params = BTreeMap::from([("base".to_owned(), site.address())]);
    let mut line = Line { watched: std::io::stdout().is_terminal(), posts: 0 };
    for name in SOURCES {
        let toml = source::SHIPPED
            .get_file(name)
            .and_then(|file| file.contents_utf8())
            .with_context(|| format!("{name} is not among the shipped sources"))?;
        let source = crawler.take_in(toml, name, &params, clock::now_ms()).await?;
        let options = Options { patience_ms: 2_000, ..Options::default() };
        let halt = options.stop.clone();
        let mut stop = stop.clone();
        let watching = tokio::spawn(async move {
            let _ = stop.wait_for(|stopped| *stopped).await;
            halt.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        let summary = crawler.once(&source, options, |event| line.tell(name, event)).await?;
        watching.abort();
        line.end();
        for (url, problem) in &summary.problems {
            eprintln!("{url}: {}", problem.message);
        }
        Follower::new(opened).catch_up().await?;
        let counts = opened.store.queue_counts(clock::now_ms()).await?;
        println!(
            "{name}: {} yêu cầu, {} bài; hàng chờ {} (khẩn nhất: {}), hỗ trợ {}",
            summary.requests,
            summary.posts,
            counts.alerts.iter().sum::<u64>(),
            counts.alerts[0],
            counts.referrals.iter().sum::<u64>()
        );
    }
    Ok(())
}

/// The progress line of a crawl, rewritten in place while a person watches.
struct Line {
    watched: bool,
    posts: usize,
}

impl Line {
    fn tell(&mut self, source: &str, event: &Event) {
        if let Event::Read(_, posts, _) = event {
            self.posts += posts;
            if self.watched {
                print!("\r{source}: đã đọc {} bài   ", self.posts);
                let _ = std::io::stdout().flush();
            }
        }
    }

    fn end(&mut self) {
        if self.watched && self.posts > 0 {
            println!();
        }
        self.posts = 0;
    }
}
