//! A store to try things on, and posts to put into it.

use std::path::PathBuf;

use model::{Capture, Method, Post, Role};
use rules::Assessment;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor};
use store::{Batch, NewUser, Part, ReadPost, Recorded, Store, Unit};
use text::Fact;

/// 24 November 2026, 08:00 in Vietnam.
pub const NOW: i64 = 1_795_482_000_000;
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// A store of its own.
pub struct Bed {
    pub store: Store,
    pub data: String,
    pub folder: Folder,
}

/// A throw-away folder; it goes when it is dropped.
pub struct Folder(pub PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays of a throw-away folder hurts nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Bed {
    /// An empty store.
    pub async fn new() -> Bed {
        let name = format!("canhgiac_{}", uuid::Uuid::now_v7().simple());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).expect("temporary folder");
        let data = match server() {
            None => folder.to_string_lossy().into_owned(),
            Some(server) => {
                run_on(&server, &format!("CREATE DATABASE {name}")).await;
                let (base, _) = server.rsplit_once('/').expect("a database in the URL");
                format!("{base}/{name}")
            }
        };
        let store = open(&data, &folder).await.expect("a new store");
        Bed { store, data, folder: Folder(folder) }
    }

    /// Targets for a restore: a folder that is not there, and on PostgreSQL an empty database too; only their places
    /// are of use.
    pub async fn empty_targets(of: &Bed) -> Vec<Bed> {
        let mut targets = Vec::new();
        for server in [None, server()].into_iter().take(if is_postgres() { 2 } else { 1 }) {
            let name = format!("canhgiac_{}", uuid::Uuid::now_v7().simple());
            let folder = std::env::temp_dir().join(&name);
            let data = match server {
                None => folder.join("data").to_string_lossy().into_owned(),
                Some(server) => {
                    run_on(&server, &format!("CREATE DATABASE {name}")).await;
                    let (base, _) = server.rsplit_once('/').expect("a database in the URL");
                    format!("{base}/{name}")
                }
            };
            std::fs::create_dir_all(&folder).expect("temporary folder");
            targets.push(Bed { store: of.store.clone(), data, folder: Folder(folder) });
        }
        targets
    }

    /// The same store, opened again as after an end of the process.
    pub async fn again(self) -> Bed {
        let Bed { store, data, folder } = self;
        store.close().await;
        let store = open(&data, &folder.0).await.expect("the same store");
        Bed { store, data, folder }
    }

    /// Runs SQL behind the store's back.
    pub async fn tamper(&self, sql: &str) {
        let url = if is_postgres() { self.data.clone() } else { format!("sqlite://{}/canhgiac.sqlite", self.data) };
        run_on(&url, sql).await;
    }

    /// The first column of what a query behind the store's back gives, as text.
    pub async fn ask(&self, sql: &str) -> Vec<String> {
        sqlx::any::install_default_drivers();
        let mut db = sqlx::AnyConnection::connect(&self.data).await.expect("a connection");
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut db).await.expect("rows");
        rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
    }

    /// People of every role and two receiving units.
    pub async fn people(&self) -> People {
        for unit in ["pc02", "a05"] {
            let unit = Unit { id: unit.to_owned(), name: format!("Phòng {unit}"), contact: None };
            self.store.put_unit("setup", &unit, NOW).await.expect("a unit");
        }
        People {
            analyst: self.person("an", Role::Analyst, None).await,
            second: self.person("binh", Role::Analyst, None).await,
            lead: self.person("chi", Role::Lead, None).await,
            officer: self.person("dung", Role::Officer, Some("pc02")).await,
            stranger: self.person("em", Role::Officer, Some("a05")).await,
            support: self.person("giang", Role::Support, None).await,
            admin: self.person("ha", Role::Admin, None).await,
        }
    }

    async fn person(&self, login: &str, role: Role, unit: Option<&str>) -> String {
        let user = NewUser {
            login: login.to_owned(),
            name: format!("Người {login}"),
            role,
            unit_id: unit.map(str::to_owned),
            password_hash: "$argon2id$none".to_owned(),
        };
        self.store.add_user("setup", &user, NOW).await.expect("a user").id
    }

    /// Records posts as one file.
    pub async fn import(&self, posts: Vec<ReadPost>, now_ms: i64) -> Recorded {
        let batch = self.batch(posts, now_ms).await;
        self.store.record(&batch, now_ms).await.expect("recorded")
    }

    /// A batch of posts of one kept page.
    pub async fn batch(&self, posts: Vec<ReadPost>, now_ms: i64) -> Batch {
        let bytes = posts.iter().map(|read| read.post.text.as_str()).collect::<Vec<_>>().join("\n");
        let mut story = Capture::of_file("board", Method::Crawl, "https://cho.example/list", "test", now_ms);
        story.fetched_at_ms = now_ms;
        let capture = self.store.keep(&story, bytes.as_bytes(), now_ms).await.expect("kept");
        let upto = i64::try_from(posts.len()).expect("a small number");
        let part = Part { capture_id: capture.id, upto, last: true, posts };
        Batch { actor: "test".to_owned(), parts: vec![part], visits: Vec::new() }
    }

    /// The open alerts, in order.
    pub async fn alerts(&self, now_ms: i64) -> Vec<store::QueueRow> {
        let filter = store::QueueFilter::open(model::Queue::Alert);
        self.store.queue(&filter, None, 100, now_ms).await.expect("the queue").rows
    }
}

/// Ids of people.
pub struct People {
    pub analyst: String,
    pub second: String,
    pub lead: String,
    pub officer: String,
    pub stranger: String,
    pub support: String,
    pub admin: String,
}

pub fn is_postgres() -> bool {
    server().is_some()
}

fn server() -> Option<String> {
    std::env::var("CANHGIAC_TEST_DATABASE").ok()
}

async fn open(data: &str, folder: &std::path::Path) -> store::Result<Store> {
    Store::open_with_originals(data, &folder.join("originals"), NOW).await
}

async fn run_on(url: &str, sql: &str) {
    sqlx::any::install_default_drivers();
    let mut db = sqlx::AnyConnection::connect(url).await.expect("a connection");
    db.execute(AssertSqlSafe(sql.to_owned())).await.expect("a statement");
    db.close().await.expect("closed");
}

/// A post of the board with this text.
pub fn post(native_id: &str, text: &str) -> Post {
    Post {
        source: "board".to_owned(),
        native_id: native_id.to_owned(),
        url: Some(format!("https://cho.example/{native_id}")),
        text: text.to_owned(),
        posted_at_ms: Some(NOW - HOUR),
        ..Post::default()
    }
}

/// A lure of this priority.
pub fn lure(native_id: &str, text: &str, priority: u8) -> ReadPost {
    read(post(native_id, text), "offer", Some(priority), &["scam_compound_job"])
}

/// A post without any finding.
pub fn harmless(native_id: &str, text: &str) -> ReadPost {
    read(post(native_id, text), "other", None, &[])
}

/// A post that was read; with families it raises what its stance raises.
pub fn read(post: Post, stance: &str, priority: Option<u8>, families: &[&str]) -> ReadPost {
    let findings: Vec<Value> = families
        .iter()
        .map(|family| {
            json!({ "kind": "rule", "rule": "r1", "family": family, "title": "Rủ đi làm xa", "points": 60,
                    "group": "offer", "field": "text", "spans": [[0, 3]], "text": "x" })
        })
        .collect();
    let scores: Vec<Value> = families
        .iter()
        .map(|family| json!({ "family": family, "probability": 0.9, "points": 60, "threshold": 50 }))
        .collect();
    let assessment: Assessment = serde_json::from_value(json!({
        "ruleset": "rules-1", "stance": stance, "alert": priority.is_some() && stance != "seeker",
        "referral": priority.is_some() && stance != "offer", "priority": priority, "points": 60, "probability": 0.9,
        "families": scores, "findings": findings, "urgency": [], "stance_reasons": [],
    }))
    .expect("an assessment");
    ReadPost { post, assessment: Some(assessment), facts: Vec::new() }
}

/// Adds a telephone to what was read.
pub fn with_phone(mut read: ReadPost, number: &str) -> ReadPost {
    let fact: Fact = serde_json::from_value(json!({
        "type": "phone", "value": number, "text": number, "field": "text", "span": [0, 3],
    }))
    .expect("a fact");
    read.facts.push(fact);
    read
}

/// The code of a refusal.
pub fn code<T: std::fmt::Debug>(result: store::Result<T>) -> &'static str {
    match result {
        Err(store::Error::Refused(refusal)) => refusal.code,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}
