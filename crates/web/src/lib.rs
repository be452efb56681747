//! The console: server-rendered pages for the people who work with Cảnh Giác.
//!
//! Purpose: name the actor, check the form, one call of the store, one page. Every page works without script.
//! Invariants: no handler is reachable without a right in its signature ([`routes`] lists them, a test walks them);
//! post text is only ever written by an escaping template, never as a link or an image, and text of harmful families
//! is not in a response before the person asked for it and the audit chain knows; nothing from a post is logged.
//! Deliberately absent: SQL, scoring, inline script and style, external assets.

mod access;
mod assets;
mod audit;
mod cases;
mod decide;
mod desk;
mod door;
mod doors;
mod events;
mod families;
mod frame;
mod guard;
mod limits;
mod locale;
mod marks;
mod numbers;
mod packets;
mod password;
mod paste;
mod people;
mod queue;
mod retention;
mod routes;
mod rules_page;
mod search;
mod show;
mod source_health;
mod source_trial;
mod sources;
mod summary;
mod support;
mod tip;
mod tips;
mod trouble;
mod unit;
mod upload;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use model::Family;
use store::{PacketRow, Store};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

pub use desk::{BeforeAfter, Changed, Desk, Draft, Later, Preview, Trying};
pub use doors::{Brought, Doing, Doors, SourceTrial, TakeIn, TrialOf, Try};
pub use locale::{Language, Words};
pub use password::hash as hash_password;
pub use routes::{ROUTES, Route};
pub use source_health::standing;

/// What the pages say about the organisation that runs this console, and how cookies are sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the organisation, shown on every page.
    pub organisation: String,
    /// Whom to call when something does not work: one line.
    pub contact: String,
    /// Whether the console is reached over HTTPS only; cookies are then never sent without it.
    pub secure_cookies: bool,
    /// Fingerprint of the key that signs packets, as `SHA256:…`, which officers compare with their paper copy.
    pub key_fingerprint: String,
}

/// One line of the list of rules.
#[derive(Clone, Debug)]
pub struct RuleLine {
    /// Stable id.
    pub id: String,
    /// Its family.
    pub family: Family,
    /// One Vietnamese line.
    pub title: String,
    /// `trial`, `active` or `retired`.
    pub status: String,
    /// Points when it fires.
    pub points: i32,
}

/// The ruleset in force, as the page of rules shows it.
#[derive(Clone, Debug, Default)]
pub struct RulesInForce {
    /// SHA-256 of its files.
    pub id: String,
    /// Points from which each family raises an alert.
    pub thresholds: Vec<(Family, i32)>,
    /// Its rules.
    pub rules: Vec<RuleLine>,
}

/// The work of building, signing and sealing a packet, given by the binary: `(case id, now)` to the sealed packet.
/// Its error is shown to the person as it is, so it holds no post text.
pub type Seal =
    Arc<dyn Fn(String, i64) -> Pin<Box<dyn Future<Output = Result<PacketRow, String>> + Send>> + Send + Sync>;

/// Everything the console works with.
#[derive(Clone)]
pub struct App {
    /// The store.
    pub store: Arc<Store>,
    /// The search index.
    pub index: Arc<index::Index>,
    /// Builds and seals the packet of a signed escalation.
    pub seal: Seal,
    /// Takes in what people bring, and tries sources.
    pub doors: Doors,
    /// The rules in force; a new value shows from the next request on.
    pub rules: watch::Receiver<Arc<RulesInForce>>,
    /// The draft of the rules and its preview.
    pub desk: Desk,
    /// What the pages say and how cookies are sent.
    pub settings: Settings,
}

/// An [`App`] with what only the console itself holds.
pub(crate) struct Console {
    pub app: App,
    pub summaries: summary::Summaries,
    pub limits: limits::Limits,
    /// Hashing a password takes 19 MiB and half a core: two at a time, so that log-ins never starve the queue.
    pub hashing: Semaphore,
    pub ended: watch::Receiver<bool>,
    end: watch::Sender<bool>,
}

pub(crate) type Shared = Arc<Console>;

/// UTC milliseconds now.
pub(crate) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn console(app: App) -> Shared {
    let (end, ended) = watch::channel(false);
    Arc::new(Console {
        app,
        summaries: summary::Summaries::default(),
        limits: limits::Limits::default(),
        hashing: Semaphore::new(2),
        ended,
        end,
    })
}

/// The whole console as a service.
pub fn router(app: App) -> Router {
    routes::router(console(app))
}

/// Serves the console until `shutdown` is ready, then lets running requests end. Open event streams are closed.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let console = console(app);
    let router = routes::router(console.clone());
    let shutdown = async move {
        shutdown.await;
        console.end.send_replace(true);
    };
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(shutdown)
        .await
}
