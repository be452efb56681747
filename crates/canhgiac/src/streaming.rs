//! Following streams: each batch is kept as it came, and its posts, deletions and cursor are recorded in one
//! transaction. A process that is killed goes on from the last cursor; what comes again is known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use intake::Source;
use intake::fetch::Fetcher;
use intake::source::Kind;
use intake::stream::jetstream::{self, Change};
use intake::stream::{self, Server, Stream, StreamError};
use model::{Capture, Method, Post, SourceState};
use rules::Ruleset;
use store::{Batch, CaptureRow, FetchRow, Part, SourceRow, Store, Visit};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::now_ms;
use crate::crawling::{COLLECTOR, load};
use crate::in_force::InForce;
use crate::opening::Opened;
use crate::reading::read_post;

/// Changes of one transaction.
const BATCH_CHANGES: usize = 200;
/// How long a batch is gathered.
const BATCH_FOR: Duration = Duration::from_secs(2);
/// A run that a person asked for ends when nothing has come for so long.
const ONCE_PATIENCE: Duration = Duration::from_secs(4);
/// The cursor moves at least this often while nothing concerns us, in milliseconds.
const CURSOR_EVERY_MS: i64 = 10_000;
/// How often the list of enabled streams is looked at.
const PAUSE: Duration = Duration::from_secs(2);
/// Under this key the cursor stands among what a source has seen.
const CURSOR: &str = "cursor";

/// What following a stream came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Followed {
    /// Connections opened.
    pub connections: u64,
    /// Posts that were new or changed.
    pub news: u64,
    /// Posts that are now known to be gone.
    pub gone: u64,
}

/// Follows the enabled streams until `stop`.
pub async fn run_until(opened: Arc<Opened>, fetcher: Arc<Fetcher>, mut stop: watch::Receiver<bool>) -> Result<()> {
    let mut running: HashMap<String, JoinHandle<()>> = HashMap::new();
    while !*stop.borrow() {
        for row in opened.store.sources().await?.into_iter().filter(|row| row.state == SourceState::Enabled) {
            let Some(source) = stream_of(&row) else { continue };
            if running.get(&row.id).is_none_or(JoinHandle::is_finished) {
                let (opened, fetcher, stop) = (opened.clone(), fetcher.clone(), stop.clone());
                let follow = async move {
                    if let Err(error) = follow(&opened, &fetcher, &source, false, stop).await {
                        tracing::warn!(source = %source.id, error = %error, "the stream could not be followed");
                    }
                };
                running.insert(row.id, tokio::spawn(follow));
            }
        }
        let _ = tokio::time::timeout(PAUSE, stop.wait_for(|stopped| *stopped)).await;
    }
    for follower in running.into_values() {
        let _ = tokio::time::timeout(Duration::from_secs(3), follower).await;
    }
    Ok(())
}

fn stream_of(row: &SourceRow) -> Option<Source> {
    let params: BTreeMap<String, String> = row.params.iter().cloned().collect();
    load(&row.toml, &row.id, &params).ok().filter(|source| source.kind == Kind::Jetstream && source.barrier.is_none())
}

/// Follows one stream until `stop`, until it is no longer enabled, or with `once` until it is caught up.
pub async fn follow(
    opened: &Opened,
    fetcher: &Fetcher,
    source: &Source,
    once: bool,
    mut stop: watch::Receiver<bool>,
) -> Result<Followed> {
    if let Some(barrier) = &source.barrier {
        return Err(anyhow!("nguồn {} không được bắt đầu: {barrier}", source.id));
    }
    let store = &opened.store;
    let mut followed = Followed::default();
    let mut fails = 0;
    while !*stop.borrow() && is_enabled(store, source).await? {
        let reading = Reading { store, rules: &opened.rules, source, once };
        let (stood, connections) = (cursor(store, source).await?, followed.connections);
        let ended = tokio::select! {
            ended = reading.connection(fetcher, &mut followed, &mut fails) => ended?,
            () = stopped(&mut stop) => break,
        };
        let Some(error) = ended else { break };
        let brought_nothing = followed.connections > connections && cursor(store, source).await? == stood;
        if once && (brought_nothing || matches!(error, StreamError::Silent)) {
            break;
        }
        let problem = format!("Luồng bị ngắt ({error}): tự nối lại từ chỗ đã đọc.");
        store.source_problem(&source.name, Some(&problem), false, now_ms()).await?;
        if once && fails > 3 {
            return Err(anyhow!("{error}"));
        }
        let wait = Duration::from_millis(stream::back_off_ms(fails).unsigned_abs());
        fails += 1;
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stopped(&mut stop) => break,
        }
    }
    Ok(followed)
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// Where the stream stands, UTC microseconds.
async fn cursor(store: &Store, source: &Source) -> Result<Option<i64>> {
    let cursor = store.seen(&source.name, &[CURSOR.to_owned()]).await?;
    Ok(cursor.first().and_then(|(_, at)| at.parse().ok()))
}

/// When a frame was sent, UTC microseconds; the end of time where it does not say.
fn time_us(line: &str) -> i64 {
    let frame: Option<serde_json::Value> = serde_json::from_str(line).ok();
    frame.and_then(|frame| frame.get("time_us")?.as_i64()).unwrap_or(i64::MAX)
}

async fn is_enabled(store: &Store, source: &Source) -> Result<bool> {
    Ok(store.source(&source.name).await?.state == SourceState::Enabled)
}

struct Reading<'r> {
    store: &'r Store,
    rules: &'r InForce,
    source: &'r Source,
    once: bool,
}

impl Reading<'_> {
    /// Reads one connection to its end; nothing when the reading is done.
    async fn connection(
        &self,
        fetcher: &Fetcher,
        followed: &mut Followed,
        fails: &mut u32,
    ) -> Result<Option<StreamError>> {
        let name = &self.source.name;
        let cursor = cursor(self.store, self.source).await?;
        let started_ms = now_ms();
        let mut stream = match Stream::connect(self.source, fetcher.guard(), cursor).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Some(error)),
        };
        followed.connections += 1;
        self.log(&stream.server, started_ms).await?;
        let patience = if self.once { ONCE_PATIENCE } else { stream::SILENCE };
        let (mut cursor_ms, mut stood) = (now_ms(), cursor);
        loop {
            let batch = match stream.batch(BATCH_CHANGES, BATCH_FOR, patience).await {
                Ok(batch) => batch,
                Err(error) => return Ok(Some(error)),
            };
            *fails = 0;
            let now = now_ms();
            let problem = batch.gap_until_us.map(|_| {
                "Luồng nối lại muộn hơn chỗ đã đọc: các bài trong khoảng bị mất không còn lấy lại được từ luồng."
                    .to_owned()
            });
            let problem = problem.or_else(|| {
                (batch.unreadable > 0).then(|| format!("{} khung của luồng không đúng khuôn.", batch.unreadable))
            });
            if problem.is_some() || cursor_ms == 0 {
                self.store.source_problem(name, problem.as_deref(), false, now).await?;
            }
            let (cursor_us, changes) = (batch.cursor_us, self.known(batch.changes, stood).await?);
            // Later batches hold nothing that is read twice.
            stood = stood.filter(|at| *at >= cursor_us);
            if !changes.is_empty() || now - cursor_ms >= CURSOR_EVERY_MS || self.once {
                self.record(&stream.server, changes, cursor_us, now, followed).await?;
                cursor_ms = now;
            }
            if self.once && cursor_us / 1_000 >= started_ms {
                return Ok(None);
            }
            if !is_enabled(self.store, self.source).await? {
                return Ok(None);
            }
        }
    }

    /// Leaves out deletions and lost accounts of which nothing is stored: what other people deleted is not our concern.
    /// Of the frames up to `stood`, which are read twice, leaves out the texts that are recorded: an edit that is read
    /// again must not stand after the edit that followed it.
    async fn known(&self, changes: Vec<(Change, String)>, stood: Option<i64>) -> Result<Vec<(Change, String)>> {
        let written: HashSet<(String, String)> = changes
            .iter()
            .filter_map(|(change, _)| match change {
                Change::Post(post) => Some((post.native_id.clone(), post.author_id.clone().unwrap_or_default())),
                _ => None,
            })
            .collect();
        let mut known = Vec::with_capacity(changes.len());
        for (change, line) in changes {
            let is_known = match &change {
                Change::Post(post) => stood.is_none_or(|at| at < time_us(&line)) || !self.is_recorded(post).await?,
                Change::Deleted(id) => {
                    written.iter().any(|(native_id, _)| native_id == id)
                        || self.store.has_post(&self.source.name, id).await?
                }
                Change::AccountGone(did) => {
                    written.iter().any(|(_, author)| author == did)
                        || self.store.has_author(&self.source.name, did).await?
                }
            };
            if is_known {
                known.push((change, line));
            }
        }
        Ok(known)
    }

    /// Whether the post was recorded with this text, now or in an earlier version.
    async fn is_recorded(&self, post: &Post) -> Result<bool> {
        let Some(row) = self.store.post_by_native_id(&self.source.name, &post.native_id).await? else {
            return Ok(false);
        };
        let versions = self.store.versions(&row.id).await?;
        Ok(versions.iter().any(|version| version.text == post.text && version.title == post.title))
    }

    async fn record(
        &self,
        server: &Server,
        changes: Vec<(Change, String)>,
        cursor_us: i64,
        now: i64,
        followed: &mut Followed,
    ) -> Result<()> {
        let mut visit = Visit { source: self.source.name.clone(), ..Visit::default() };
        visit.seen.push((CURSOR.to_owned(), cursor_us.to_string()));
        if changes.is_empty() {
            return Ok(self.store.complete(visit, now).await?);
        }
        let original: String = changes.iter().flat_map(|(_, line)| [line.as_str(), "\n"]).collect();
        let kept = self.store.keep(&capture_of(self.source, server, now), original.as_bytes(), now).await?;
        let part = part_of(
            &self.rules.current(),
            &kept,
            changes.into_iter().map(|(change, line)| (change, line.len())),
            &mut visit,
        );
        let batch = Batch { actor: "stream".into(), parts: vec![part], visits: vec![visit] };
        let recorded = self.store.record(&batch, now).await?;
        followed.news += recorded.new_posts + recorded.new_versions;
        followed.gone += recorded.gone;
        Ok(())
    }

    async fn log(&self, server: &Server, started_ms: i64) -> Result<()> {
        let mut visit = Visit { source: self.source.name.clone(), ..Visit::default() };
        visit.fetches.push(FetchRow {
            id: String::new(),
            source: self.source.name.clone(),
            url: server.url.clone(),
            at_ms: started_ms,
            allowed_by: "access: open; the service offers this stream".into(),
            gap_ms: None,
            took_ms: now_ms() - started_ms,
            status: Some(101),
            outcome: "stream".into(),
            bytes: 0,
            capture_id: None,
        });
        Ok(self.store.complete(visit, now_ms()).await?)
    }
}

/// Records a kept batch that an interrupted run did not record. Its cursor did not move, so its frames come again.
pub async fn record_capture(opened: &Opened, capture: &CaptureRow, source: &Source, now: i64) -> Result<()> {
    let original = opened.store.original(&capture.sha256).await?;
    let text = String::from_utf8_lossy(&original);
    let changes = text.lines().filter_map(|line| {
        let frame = jetstream::read(line, &source.name, &source.stream.languages).ok()?;
        Some((frame.change?, line.len()))
    });
    let mut visit = Visit { source: source.name.clone(), ..Visit::default() };
    let part = part_of(&opened.rules.current(), capture, changes, &mut visit);
    let batch = Batch { actor: "stream".into(), parts: vec![part], visits: vec![visit] };
    opened.store.record(&batch, now).await?;
    Ok(())
}

/// The posts of a batch with the place of each in its original; deletions go into the visit.
fn part_of(
    ruleset: &Ruleset,
    capture: &CaptureRow,
    changes: impl Iterator<Item = (Change, usize)>,
    visit: &mut Visit,
) -> Part {
    let (mut posts, mut at) = (Vec::new(), 0_u64);
    for (change, length) in changes {
        let end = at + length as u64;
        match change {
            Change::Post(post) => posts.push(read_post(ruleset, Post { bytes: Some((at, end)), ..*post })),
            Change::Deleted(id) => visit.deleted.push(id),
            Change::AccountGone(did) => visit.accounts_gone.push(did),
        }
        at = end + 1;
    }
    let upto = posts.len().max(1).try_into().unwrap_or(i64::MAX);
    Part { capture_id: capture.id.clone(), upto, last: true, posts }
}

fn capture_of(source: &Source, server: &Server, now: i64) -> Capture {
    let mut capture = Capture::of_file(&source.name, Method::Stream, &server.url, COLLECTOR, now);
    capture.content_type = Some("application/x-ndjson".into());
    capture.server_ip = Some(server.ip.clone());
    capture.tls_cert_sha256 = server.certificate_sha256.clone();
    capture
}
