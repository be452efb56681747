//! The crawl of `intake` kept in the store: frontier, seen keys, pace, posts and log of a visit commit together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow};
use intake::crawl::keep::{Alarm, Due, Entry, Keep, Missing, Request, Trouble, Verdict, Visited};
use intake::crawl::{Crawl, Event, Options, Summary, system_clock};
use intake::fetch::{Fetched, Fetcher};
use intake::robots::{Outcome, RobotsCopy};
use intake::source::{Kind, Source};
use model::{Capture, Method, SourceState};
use store::{Batch, FetchRow, FrontierEntry, NewSource, Part, ReadPost, Report, RobotsRow, SourceRow, Store, Visit};
use tokio::sync::watch;

use crate::in_force::InForce;
use crate::opening::Opened;
use crate::reading::read_post;

/// How long one visit may hold its address and its host, redirects and slow answers included.
const LEASE_MS: i64 = 10 * 60_000;
/// A copy of robots.txt is asked for again after so long.
const ROBOTS_FOR_MS: i64 = 24 * 3_600_000;
/// Pause between two rounds over the enabled sources.
const PAUSE: Duration = Duration::from_secs(2);

/// What the software calls itself in captures and custody logs.
pub const COLLECTOR: &str = concat!("canhgiac ", env!("CARGO_PKG_VERSION"));

/// Visits sources and keeps what they bring.
pub struct Crawler {
    store: Store,
    rules: Arc<InForce>,
    fetcher: Arc<Fetcher>,
    worker: String,
}

impl Crawler {
    /// A crawler over an opened data place.
    pub fn new(opened: &Opened, allow_loopback: bool) -> Result<Crawler> {
        Ok(Crawler {
            store: opened.store.clone(),
            rules: opened.rules.clone(),
            fetcher: Arc::new(Fetcher::new(allow_loopback)?),
            worker: opened.worker.clone(),
        })
    }

    /// What opens addresses for this crawler.
    pub fn fetcher(&self) -> Arc<Fetcher> {
        self.fetcher.clone()
    }

    /// Puts a source file into the store and lets it run, unless its access basis forbids that.
    pub async fn take_in(
        &self,
        toml: &str,
        file: &str,
        params: &BTreeMap<String, String>,
        now_ms: i64,
    ) -> Result<Source> {
        let source = load(toml, file, params)?;
        if let Some(barrier) = &source.barrier {
            return Err(anyhow!("nguồn {} không được bắt đầu: {barrier}", source.id));
        }
        let new = NewSource {
            id: source.name.clone(),
            toml: toml.to_owned(),
            params: params.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            access: source.title.clone(),
        };
        let before = self.store.sources().await?.into_iter().find(|row| row.id == source.name);
        let row = self.store.put_source("command line", &new, now_ms).await?;
        if before.is_some_and(|before| before.toml != row.toml || before.params != row.params) {
            self.store.extract_again("command line", &row.id, now_ms).await?;
        }
        if row.state != SourceState::Enabled {
            self.store
                .move_source("command line", &row.id, SourceState::Enabled, true, Some("crawl --source"), now_ms)
                .await?;
        }
        Ok(source)
    }

    /// Does all that is due of one source, then ends.
    pub async fn once(
        &self,
        source: &Source,
        options: Options,
        watch: impl FnMut(&Event) + Send + Sync,
    ) -> Result<Summary> {
        self.rules.refresh().await?;
        let mut keep = StoreKeep {
            store: self.store.clone(),
            rules: self.rules.clone(),
            worker: format!("{}:{}", self.worker, source.name),
            captures: Vec::new(),
        };
        self.store.give_back(&keep.worker, crate::clock::now_ms()).await?;
        let crawl = Crawl::new(source, &self.fetcher, &mut keep, system_clock(), options).watched(watch);
        crawl.once().await.map_err(|error| anyhow!("{error}"))
    }

    /// Visits the enabled sources as they are due, each in its own time, until `stop`.
    pub async fn run_until(&self, mut stop: watch::Receiver<bool>) -> Result<()> {
        let halt = Arc::new(AtomicBool::new(false));
        while !stop.borrow().to_owned() {
            let enabled: Vec<SourceRow> =
                self.store.sources().await?.into_iter().filter(|row| row.state == SourceState::Enabled).collect();
            let visits = enabled.iter().map(|row| self.visit(row, halt.clone()));
            let all = futures_util::future::join_all(visits);
            tokio::pin!(all);
            let stopped_meanwhile = tokio::select! {
                _ = &mut all => false,
                () = stopped(&mut stop) => true,
            };
            if stopped_meanwhile {
                // Visits that are under way end with their page; leases of others expire by themselves.
                halt.store(true, Ordering::Relaxed);
                let _ = tokio::time::timeout(Duration::from_secs(3), all).await;
            }
            let _ = tokio::time::timeout(PAUSE, stopped(&mut stop)).await;
        }
        Ok(())
    }

    async fn visit(&self, row: &SourceRow, stop: Arc<AtomicBool>) {
        let params: BTreeMap<String, String> = row.params.iter().cloned().collect();
        let outcome = match load(&row.toml, &row.id, &params) {
            // Streams are followed, not visited.
            Ok(source) if source.kind == Kind::Jetstream => Ok(()),
            Ok(source) => {
                let options = Options { once: false, patience_ms: 5_000, stop };
                self.once(&source, options, |_| {}).await.map(|_| ())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(source = %row.id, error = %error, "the source could not be visited");
        }
    }
}

/// Waits until `stop` is true.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// Reads a source file or lists its problems.
pub fn load(toml: &str, file: &str, params: &BTreeMap<String, String>) -> Result<Source> {
    Source::load(toml, file, params).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!("{} problem(s) in the source file:\n{}", problems.len(), lines.join("\n"))
    })
}

/// What a crawl keeps, kept in the store.
struct StoreKeep {
    store: Store,
    rules: Arc<InForce>,
    worker: String,
    /// Captures kept during the visit that is under way.
    captures: Vec<String>,
}

impl StoreKeep {
    fn visit_of(&self, visited: &Visited) -> Visit {
        Visit {
            worker: self.worker.clone(),
            source: visited.source.clone(),
            url: visited.url.clone(),
            due_again_at_ms: visited.due_again_at_ms,
            memo: visited.memo.clone(),
            etag: visited.etag.clone(),
            last_modified: visited.last_modified.clone(),
            sha256: visited.sha256.clone(),
            failed: visited.failed,
            host_next_at_ms: visited.host_next_at_ms,
            host_failed: visited.host_failed,
            found: visited.found.iter().map(entry_of).collect(),
            recheck: true,
            seen: visited.seen.clone(),
            gone: Vec::new(),
            gone_after_ms: 0,
            deleted: Vec::new(),
            accounts_gone: Vec::new(),
            fetches: visited.log.iter().map(|request| fetch_of(&visited.source, request)).collect(),
            report: Report {
                problem: visited.problems.first().map(|problem| problem.message.clone()).or(visited.refused.clone()),
                is_success: visited.is_success,
                posts: visited.posts.len() as u64,
                news: visited.news,
                refused: u64::from(visited.refused.is_some()),
                quarantined: visited.quarantined,
                capture_id: visited.capture.clone(),
                raised: visited.raised.iter().map(trouble_of).collect(),
                cleared: visited.cleared.clone(),
            },
        }
    }
}

impl Keep for StoreKeep {
    type Error = store::Error;

    async fn add(&mut self, entries: Vec<Entry>) -> Result<(), store::Error> {
        let entries: Vec<FrontierEntry> = entries.iter().map(entry_of).collect();
        self.store.add_to_frontier(&entries, true).await.map(|_| ())
    }

    async fn due(&mut self, source: &str, now_ms: i64) -> Result<Option<Due>, store::Error> {
        let leased = self.store.lease(&self.worker, Some(source), 1, LEASE_MS, now_ms).await?;
        Ok(leased.into_iter().next().map(|lease| Due {
            url: lease.entry.url,
            kind: lease.entry.kind,
            depth: lease.entry.depth,
            memo: lease.entry.memo,
            etag: lease.etag,
            last_modified: lease.last_modified,
            fails: lease.fails,
            host_last_at_ms: lease.host_last_at_ms,
            host_fails: lease.host_fails,
            is_known: lease.last_sha256.is_some(),
        }))
    }

    async fn next_due_ms(&mut self, source: &str) -> Result<Option<i64>, store::Error> {
        self.store.next_due_ms(Some(source)).await
    }

    async fn original(&mut self, source: &str, fetched: &Fetched, asked_url: &str) -> Result<String, store::Error> {
        let capture = capture_of(source, fetched, asked_url);
        let row = self.store.keep(&capture, &fetched.body, crate::clock::now_ms()).await?;
        self.captures.push(row.id.clone());
        Ok(row.id)
    }

    async fn seen(&mut self, source: &str, keys: &[String]) -> Result<Vec<(String, String)>, store::Error> {
        self.store.seen(source, keys).await
    }

    async fn alarms(&mut self, source: &str) -> Result<Vec<Alarm>, store::Error> {
        let open = self.store.open_alarms(source).await?;
        Ok(open.iter().map(|alarm| Alarm { cause: alarm.trouble.cause, part: alarm.trouble.part }).collect())
    }

    async fn posts_of_page(&mut self, source: &str, url: &str) -> Result<Vec<String>, store::Error> {
        let posts = self.store.posts_of_page(source, url, 0).await?;
        Ok(posts.into_iter().map(|(native_id, _)| native_id).collect())
    }

    async fn robots(&mut self, origin: &str) -> Result<Option<RobotsCopy>, store::Error> {
        let Some(row) = self.store.robots(origin).await? else { return Ok(None) };
        let Ok(outcome) = serde_json::from_value::<Outcome>(serde_json::Value::String(row.verdict)) else {
            return Ok(None);
        };
        Ok(Some(RobotsCopy {
            outcome,
            text: row.body.unwrap_or_default(),
            fetched_at_ms: row.fetched_at_ms,
            status: row.status,
            good_at_ms: row.good_at_ms,
            signals: Vec::new(),
        }))
    }

    async fn put_robots(&mut self, origin: &str, copy: &RobotsCopy) -> Result<(), store::Error> {
        let verdict = match copy.outcome {
            Outcome::Rules => "rules",
            Outcome::Absent => "absent",
            Outcome::Walled => "walled",
            Outcome::Unreachable => "unreachable",
        };
        let row = RobotsRow {
            origin: origin.to_owned(),
            fetched_at_ms: copy.fetched_at_ms,
            expires_at_ms: copy.fetched_at_ms + ROBOTS_FOR_MS,
            status: copy.status,
            body: Some(copy.text.clone()),
            good_at_ms: copy.good_at_ms,
            verdict: verdict.to_owned(),
        };
        self.store.put_robots(&row).await
    }

    async fn complete(&mut self, mut visited: Visited, now_ms: i64) -> Result<(), store::Error> {
        let visit = self.visit_of(&visited);
        let ruleset = self.rules.current();
        let posts: Vec<ReadPost> = std::mem::take(&mut visited.posts)
            .into_iter()
            .map(|item| read_post(&ruleset, item.into_post(&visited.source)))
            .collect();
        let mut posts = Some(posts);
        // Pages of lists, redirects and unchanged answers are captures without posts: recorded with none.
        let parts = std::mem::take(&mut self.captures)
            .into_iter()
            .map(|capture_id| {
                let own = visited.capture.as_deref() == Some(capture_id.as_str());
                let posts = if own { posts.take().unwrap_or_default() } else { Vec::new() };
                Part { capture_id, upto: posts.len().max(1).try_into().unwrap_or(i64::MAX), last: true, posts }
            })
            .collect();
        self.store.record(&Batch { actor: "crawl".into(), parts, visits: vec![visit] }, now_ms).await.map(|_| ())
    }

    async fn conclude(
        &mut self,
        source: &str,
        verdict: Verdict,
        seen: Vec<(String, String)>,
        now_ms: i64,
    ) -> Result<(), store::Error> {
        let raised = verdict.raised.iter().map(trouble_of).collect();
        let report = Report { raised, cleared: verdict.cleared, ..Report::default() };
        self.store.complete(Visit { seen, report, source: source.to_owned(), ..Visit::default() }, now_ms).await
    }

    async fn lose(&mut self, missing: Missing, now_ms: i64) -> Result<(), store::Error> {
        let visit = Visit {
            seen: missing.seen,
            gone: missing.native_ids,
            gone_after_ms: missing.gone_after_ms,
            source: missing.source,
            ..Visit::default()
        };
        self.store.complete(visit, now_ms).await
    }
}

fn trouble_of(trouble: &Trouble) -> store::Trouble {
    store::Trouble {
        cause: trouble.cause,
        part: trouble.part,
        detail: trouble.detail.clone(),
        url: trouble.url.clone(),
    }
}

fn entry_of(entry: &Entry) -> FrontierEntry {
    FrontierEntry {
        source: entry.source.clone(),
        url: entry.url.clone(),
        kind: entry.kind.to_owned(),
        host: entry.host.clone(),
        due_at_ms: entry.due_at_ms,
        depth: entry.depth,
        memo: entry.memo.clone(),
    }
}

fn fetch_of(source: &str, request: &Request) -> FetchRow {
    FetchRow {
        id: String::new(),
        source: source.to_owned(),
        url: request.url.clone(),
        at_ms: request.at_ms,
        allowed_by: request.allowed_by.clone(),
        gap_ms: request.gap_ms,
        took_ms: request.took_ms,
        status: request.status,
        outcome: request.outcome.clone(),
        bytes: request.bytes,
        capture_id: request.capture.clone(),
    }
}

fn capture_of(source: &str, fetched: &Fetched, asked_url: &str) -> Capture {
    let mut capture =
        Capture::of_file(source, Method::Crawl, asked_url, COLLECTOR, fetched.requested_at_ms + fetched.took_ms);
    let declared = fetched.response.field("content-type").map(str::to_owned);
    capture.url_final = fetched.url.to_string();
    capture.status = Some(fetched.status);
    capture.http_version = fetched.response.line.split(' ').next().map(str::to_owned);
    capture.request_headers = fetched.request.fields.clone();
    capture.response_headers = fetched.response.fields.clone();
    capture.charset_declared = declared.as_deref().and_then(|value| {
        value.to_lowercase().split_once("charset=").map(|(_, name)| name.trim_matches('"').to_owned())
    });
    capture.content_type = declared;
    capture.server_ip = fetched.server.map(|address| address.ip().to_string());
    capture.tls_cert_sha256 = fetched.certificate_sha256.clone();
    capture
}
