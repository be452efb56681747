//! A console over a throw-away store with one person of each role and a few assessed posts.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use model::{Capture, Family, Method, Post, Queue, Role, Stance};
use rules::{Assessment, FamilyScore, Finding, FindingKind};
use store::{Batch, NewPacket, NewUser, Part, QueueFilter, QueueRow, ReadPost, Store, Unit};
use text::{Field, Span};
use tokio::sync::watch;
use tower::ServiceExt;

pub const PASSWORD: &str = "mat-khau-de-thu-01";
static HASH: LazyLock<String> = LazyLock::new(|| web::hash_password(PASSWORD).unwrap());
static FOLDERS: AtomicU64 = AtomicU64::new(0);

/// Log-in names, one for each role, and a second lead.
pub const PEOPLE: [(&str, Role); 7] = [
    ("an", Role::Analyst),
    ("binh", Role::Lead),
    ("chi", Role::Lead),
    ("cuong", Role::Officer),
    ("dung", Role::Support),
    ("giang", Role::Admin),
    ("ha", Role::Auditor),
];

pub struct Bench {
    pub router: Router,
    pub store: Arc<Store>,
    folder: PathBuf,
    _rules: watch::Sender<Arc<web::RulesInForce>>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Where it sends to.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A post that a rule raised because of one phrase in it.
pub fn raised(
    id: &str,
    family: Family,
    stance: Stance,
    priority: u8,
    title: &str,
    text: &str,
    phrase: &str,
) -> ReadPost {
    let start = text.find(phrase).expect("the phrase stands in the text") as u32;
    let finding = Finding {
        kind: FindingKind::Rule,
        rule: "mau-1".into(),
        family,
        title: "Dấu hiệu mẫu của bài kiểm thử".into(),
        points: 70,
        group: "offer".into(),
        field: Field::Text,
        spans: vec![Span { start, end: start + phrase.len() as u32 }],
        text: phrase.into(),
    };
    let assessment = Assessment {
        ruleset: "ab".repeat(32),
        stance,
        alert: matches!(stance, Stance::Offer | Stance::SelfOffer),
        referral: matches!(stance, Stance::SelfOffer | Stance::Seeker),
        priority: Some(priority),
        points: 70,
        probability: 0.9,
        families: vec![FamilyScore { family, probability: 0.9, points: 70, threshold: 50 }],
        findings: vec![finding],
        urgency: Vec::new(),
        ..empty()
    };
    let facts = text::read(Some(title), text, Some(now_ms())).facts;
    let post = Post {
        source: "mau".into(),
        native_id: id.into(),
        url: Some(format!("http://mau.example/tin/{id}")),
        title: Some(title.into()),
        text: text.into(),
        author: Some("Người đăng mẫu".into()),
        posted_at_ms: Some(now_ms()),
        ..Post::default()
    };
    ReadPost { post, assessment: Some(assessment), facts }
}

/// What an assessment holds beside what a test sets, whatever parts it gains.
fn empty() -> Assessment {
    serde_json::from_value(serde_json::json!({
        "ruleset": "", "stance": "other", "alert": false, "referral": false, "priority": null, "points": 0,
        "probability": 0.0, "families": [], "findings": [], "urgency": [], "stance_reasons": []
    }))
    .expect("an assessment without findings")
}

/// Doors that keep what is brought as the binary does, and whose trials bring what the test's file says.
fn doors(store: Arc<Store>, folder: &std::path::Path) -> web::Doors {
    web::Doors {
        take_in: Arc::new(move |brought, now_ms| {
            let store = store.clone();
            Box::pin(async move { take_in(&store, brought, now_ms).await.map_err(|error| error.to_string()) })
        }),
        trial: Arc::new(|asked| {
            Box::pin(async move {
                let toml = match asked {
                    web::TrialOf::Link(link) => TRIED.replace("LINK", &link),
                    web::TrialOf::File(toml) => toml,
                };
                let line = |n: usize| intake::trial::Line {
                    id: n.to_string(),
                    time: String::new(),
                    author: "Người đăng mẫu".into(),
                    title: String::new(),
                    text: format!("Bài thứ {n}"),
                };
                let posts: Vec<_> = (1..=if toml.contains("article") { 3 } else { 1 }).map(line).collect();
                Ok(web::SourceTrial {
                    is_ready: posts.len() >= intake::trial::READY_POSTS,
                    because: "trang mang dấu của phần mềm này".into(),
                    barrier: None,
                    problems: Vec::new(),
                    posts,
                    toml,
                })
            })
        }),
        contacts: Arc::new(intake::tip::ContactKey::open(&folder.join("contact_key")).unwrap()),
    }
}

/// The file that a link is answered with.
pub const TRIED: &str = "id = \"mau\"\nkind = \"html\"\n[access]\nbasis = \"open\"\n[walk]\nstart = \"LINK\"\n[item]\nrows = \"article\"\nid = \"@id\"\ntext = \"| text\"\n";

async fn take_in(store: &Store, brought: web::Brought, now_ms: i64) -> store::Result<()> {
    let mut capture =
        Capture::of_file(&brought.post.source, brought.method, &brought.post.native_id, &brought.collector, now_ms);
    let kept = store.keep(&capture, &serde_json::to_vec(&brought.post).unwrap(), now_ms).await?;
    let facts = text::read(None, &brought.post.text, Some(now_ms)).facts;
    let posts = vec![ReadPost { post: brought.post, assessment: None, facts }];
    let mut parts = vec![Part { capture_id: kept.id.clone(), upto: 1, last: true, posts }];
    if let Some((bytes, kind)) = brought.picture {
        capture.content_type = Some(kind.media_type().into());
        let picture = store.keep(&capture, &bytes, now_ms).await?;
        store.put_picture(&kept.id, &picture.id).await?;
        parts.push(Part { capture_id: picture.id, upto: 1, last: true, posts: Vec::new() });
    }
    store.record(&Batch { actor: brought.actor, parts, visits: Vec::new() }, now_ms).await.map(|_| ())
}

impl Bench {
    pub async fn new(posts: Vec<ReadPost>) -> Bench {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("canhgiac-web-{}-{number}", std::process::id()));
        let store = Store::open(folder.to_str().unwrap(), now_ms()).await.unwrap();
        let unit = Unit { id: "pa-mau".into(), name: "Công an mẫu".into(), contact: None };
        store.put_unit("setup", &unit, now_ms()).await.unwrap();
        for (login, role) in PEOPLE {
            let user = NewUser {
                login: login.into(),
                name: format!("Người mẫu {login}"),
                role,
                unit_id: (role == Role::Officer).then(|| unit.id.clone()),
                password_hash: HASH.clone(),
            };
            store.add_user("setup", &user, now_ms()).await.unwrap();
        }
        let (keep, rules) = watch::channel(Arc::new(web::RulesInForce::default()));
        let sealing = store.clone();
        let store = Arc::new(store);
        let app = web::App {
            store: store.clone(),
            index: Arc::new(index::Index::in_memory().unwrap()),
            seal: Arc::new(move |case, now_ms| {
                let store = sealing.clone();
                Box::pin(async move { seal(&store, &case, now_ms).await.map_err(|error| error.to_string()) })
            }),
            doors: doors(store.clone(), &folder),
            rules,
            desk: web::Desk::default(),
            settings: web::Settings {
                organisation: "Tổ giám sát mẫu".into(),
                contact: "0901 000 999".into(),
                secure_cookies: false,
                key_fingerprint: "SHA256:mau".into(),
            },
        };
        let bench = Bench { router: web::router(app), store, folder, _rules: keep };
        bench.record("đầu", posts).await;
        bench
    }

    /// Records posts as an import would.
    pub async fn record(&self, name: &str, posts: Vec<ReadPost>) {
        self.record_at(name, posts, now_ms()).await;
    }

    /// Records posts that were brought at this time.
    pub async fn record_at(&self, name: &str, posts: Vec<ReadPost>, at_ms: i64) {
        let capture = Capture::of_file("mau", Method::Import, name, "thử", at_ms);
        let kept = self.store.keep(&capture, name.as_bytes(), now_ms()).await.unwrap();
        let part = Part { capture_id: kept.id, upto: posts.len() as i64 + 1, last: true, posts };
        let batch = Batch { actor: "import".into(), parts: vec![part], visits: Vec::new() };
        self.store.record(&batch, now_ms()).await.unwrap();
    }

    /// The open items of a queue.
    pub async fn open(&self, queue: Queue) -> Vec<QueueRow> {
        self.store.queue(&QueueFilter::open(queue), None, 100, now_ms()).await.unwrap().rows
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 4 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub async fn get(&self, session: &str, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, session);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A form as a browser sends it from a page of the console.
    pub async fn post(&self, session: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, session)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Logs in; the cookie to send with every request.
    pub async fn log_in(&self, login: &str) -> String {
        let answer = self.post("", "/login", &format!("name={login}&password={PASSWORD}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}: {}", answer.body);
        let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

async fn seal(store: &Store, case_id: &str, now_ms: i64) -> store::Result<store::PacketRow> {
    let case = store.case(case_id, now_ms).await?;
    let packet = NewPacket {
        id: store.next_packet_number(now_ms).await?,
        asking_id: case.row.asking.map(|asking| asking.id).unwrap_or_default(),
        sums_sha256: "5f".repeat(32),
        supersedes: None,
    };
    store.seal(&packet, b"zip", now_ms).await
}
