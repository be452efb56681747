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
    /// An empty store on the backend that is tried.
    pub async fn new() -> Bed {
        Bed::on(server()).await
    }

    /// An empty store in a new database of this server, or in a folder.
    pub async fn on(server: Option<String>) -> Bed {
        let (data, folder) = place(server).await;
        let store = open(&data, &folder.0).await.expect("a new store");
        Bed { store, data, folder }
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
        let url = if self.data.contains("://") {
            self.data.clone()
        } else {
            format!("sqlite://{}/canhgiac.sqlite", self.data)
        };
        run_on(&url, sql).await;
    }

    /// The first column of what a query behind the store's back gives, as text.
    pub async fn ask(&self, sql: &str) -> Vec<String> {
        sqlx::any::install_default_drivers();
        let mut db = sqlx::AnyConnection::connect(&self.data).await.expect("a connection");
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut db).await.expect("rows");
        rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
    }

    /// The file of a PostgreSQL table, below the server's data folder.
    pub async fn file_of(&self, table: &str) -> String {
        sqlx::any::install_default_drivers();
        let mut db = sqlx::AnyConnection::connect(&self.data).await.expect("a connection");
        let file = sqlx::query_scalar("SELECT pg_relation_filepath($1::regclass)::text").bind(table.to_owned());
        let file: String = file.fetch_one(&mut db).await.expect("its path");
        db.close().await.expect("closed");
        file
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

/// A PostgreSQL of one test's own, which may be stopped and started.
pub struct Server {
    folder: Folder,
    bin: PathBuf,
    port: u16,
}

impl Server {
    pub fn start() -> Server {
        let name = format!("canhgiac_pg_{}", uuid::Uuid::now_v7().simple());
        let folder = Folder(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).expect("a folder");
        let installed = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
        let newest = installed.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).max().expect("a version");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its address").port();
        let server = Server { folder, bin: newest, port };
        let data = server.data();
        if is_root() {
            assert!(run("chown", &["postgres", &server.folder.0.to_string_lossy()]), "chown");
        }
        server.as_postgres("initdb", &["-D", &data, "-U", "canhgiac", "-A", "trust", "-E", "UTF8"]);
        drop(free);
        server.up();
        server
    }

    pub fn url(&self) -> String {
        format!("postgres://canhgiac@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it.
    pub fn up(&self) {
        let (data, log) = (self.data(), self.folder.0.join("log"));
        let how = format!("-h 127.0.0.1 -p {} -k {}", self.port, self.folder.0.display());
        self.as_postgres("pg_ctl", &["-D", &data, "-w", "-l", &log.to_string_lossy(), "-o", &how, "start"]);
    }

    /// Stops it as a power cut would: nothing is written any more.
    pub fn down(&self) {
        self.as_postgres("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }

    /// Stops it in good order: everything is in its files.
    pub fn stop(&self) {
        self.as_postgres("pg_ctl", &["-D", &self.data(), "-m", "fast", "stop"]);
    }

    /// A file below the data folder.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.0.join("data").join(file)
    }

    pub fn restart(&self) {
        self.down();
        self.up();
    }

    fn data(&self) -> String {
        self.folder.0.join("data").to_string_lossy().into_owned()
    }

    fn as_postgres(&self, program: &str, args: &[&str]) {
        assert!(self.try_as_postgres(program, args), "{program} {args:?}");
    }

    fn try_as_postgres(&self, program: &str, args: &[&str]) -> bool {
        let program = self.bin.join(program).to_string_lossy().into_owned();
        if is_root() {
            // A server refuses to be root.
            let args: Vec<&str> = ["-u", "postgres", "--", &program].into_iter().chain(args.iter().copied()).collect();
            run("runuser", &args)
        } else {
            run(&program, args)
        }
    }
}

fn run(program: &str, args: &[&str]) -> bool {
    let mut command = std::process::Command::new(program);
    command.args(args).current_dir("/").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.status().expect("it runs").success()
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that was down already is what is wanted.
        self.try_as_postgres("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
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

/// The backend that is tried, with nothing in it: a new database of the server, or a folder.
pub async fn nowhere() -> (String, Folder) {
    place(server()).await
}

async fn place(server: Option<String>) -> (String, Folder) {
    let name = format!("canhgiac_{}", uuid::Uuid::now_v7().simple());
    let folder = std::env::temp_dir().join(&name);
    std::fs::create_dir_all(&folder).expect("temporary folder");
    let data = match server {
        None => folder.to_string_lossy().into_owned(),
        Some(server) => {
            run_on(&server, &format!("CREATE DATABASE {name}")).await;
            let (base, _) = server.rsplit_once('/').expect("a database in the URL");
            format!("{base}/{name}")
        }
    };
    (data, Folder(folder))
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
