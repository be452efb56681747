//! The crawl: what is due is visited, one request a host at a time, and every visit is kept as one.
//!
//! A run (`Crawl::once`) does all that is due, then ends. It is exact after a crash because nothing is remembered but
//! through the `Keep`: the pages behind a page are kept together with its posts. Invariants: robots.txt and scope are
//! asked before every request; an original is kept before it is parsed; one run looks at a page once.

mod absorb;
pub mod again;
mod budget;
mod gone;
pub mod keep;
mod memo;
mod memory;
pub mod pace;
mod request;
mod trap;
mod visit;
mod watch;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use model::Cause;
use url::Url;

use crate::canonical;
use crate::extract::{PageProblem, Role};
use crate::fetch::Fetcher;
use crate::source::{Source, Start};
use budget::Budget;
use keep::{Due, Entry, Keep};
use memo::{Memo, kind_of};
pub use memory::MemoryKeep;
use request::Asker;
use watch::{Fill, Watch};

/// Reads the time, UTC milliseconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A visited address is not due again within its own run; the run's end says when it is.
const HOLD_MS: i64 = 3_600_000;
/// How often a failing address is tried before it is given up.
const FAILS_MAX: u32 = 8;

/// How a run behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether a person asked for this one run: what declares no interval is then due at once.
    pub once: bool,
    /// The longest wait for the next due address, in milliseconds; beyond it the run ends. At most half an hour.
    pub patience_ms: i64,
    /// The global stop switch.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Options { once: true, patience_ms: 120_000, stop: Arc::default() }
    }
}

/// What happens during a run, for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A page was read: its address, how many posts, how many of them new or changed.
    Read(String, usize, usize),
    /// A request was refused by a rule: the address, the reason.
    Refused(String, String),
    /// A page lacked something, or failed: the address, what.
    Problem(String, PageProblem),
    /// Nothing may leave for so many milliseconds.
    Waiting(i64),
    /// An alarm was raised, or seen again: the cause, one sentence.
    Alarm(Cause, String),
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Requests that left.
    pub requests: u64,
    /// Posts read that were new or changed.
    pub news: u64,
    /// Posts read, those known included.
    pub posts: u64,
    /// Posts that this run looked for and did not find.
    pub missing: u64,
    /// Problems by address.
    pub problems: Vec<(String, PageProblem)>,
    /// When the next address is due, if any is.
    pub next_due_ms: Option<i64>,
    /// Why it ended before all was done, if it did.
    pub cut_short: Option<String>,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError<E> {
    /// The source may not start; what is missing.
    #[error("{0}")]
    Barrier(String),
    /// The keep failed.
    #[error("không lưu được: {0}")]
    Keep(E),
}

/// The system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64))
}

/// One walk of the run: a start or a detail page with the pages behind it.
#[derive(Debug, Default)]
struct Walk {
    role: Option<Role>,
    /// The memo of the first page, if this run visited it.
    first: Option<Memo>,
    /// Pages that answered with rows.
    pages: Vec<String>,
    /// Times of the rows, in order.
    times: Vec<i64>,
    /// Where the rows stood in earlier walks: walk, place.
    places: Vec<(i64, u64)>,
    youngest_ms: Option<i64>,
    is_complete: bool,
    is_broken: bool,
    barren: u32,
}

/// A run over one source.
pub struct Crawl<'c, K: Keep> {
    source: Arc<Source>,
    keep: &'c mut K,
    asker: Asker<'c>,
    options: Options,
    on_event: Box<dyn FnMut(&Event) + Send + Sync + 'c>,
    run_ms: i64,
    visited: HashSet<String>,
    shown: HashSet<String>,
    walks: BTreeMap<String, Walk>,
    missing: Vec<String>,
    again: BTreeMap<String, Entry>,
    today: (String, u64),
    budget: Budget,
    watch: Watch,
    summary: Summary,
}

impl<'c, K: Keep> Crawl<'c, K> {
    /// A run of `source` through `fetcher`, kept in `keep`.
    pub fn new(
        source: &'c Source,
        fetcher: &'c Fetcher,
        keep: &'c mut K,
        clock: Clock,
        options: Options,
    ) -> Crawl<'c, K> {
        let run_ms = clock();
        Crawl {
            source: Arc::new(source.clone()),
            keep,
            asker: Asker::new(source, fetcher, clock),
            options,
            on_event: Box::new(|_| {}),
            run_ms,
            visited: HashSet::new(),
            shown: HashSet::new(),
            walks: BTreeMap::new(),
            missing: Vec::new(),
            again: BTreeMap::new(),
            today: (String::new(), 0),
            budget: Budget::default(),
            watch: Watch::default(),
            summary: Summary::default(),
        }
    }

    /// Tells `watch` what happens.
    pub fn watched(mut self, watch: impl FnMut(&Event) + Send + Sync + 'c) -> Crawl<'c, K> {
        self.on_event = Box::new(watch);
        self
    }

    /// Does all that is due, then ends.
    ///
    /// # Errors
    /// `Barrier` when the source may not start, `Keep` when keeping fails; what was kept before stays whole.
    pub async fn once(mut self) -> Result<Summary, CrawlError<K::Error>> {
        if let Some(barrier) = &self.source.barrier {
            return Err(CrawlError::Barrier(barrier.clone()));
        }
        self.refuse_zero_gap()?;
        self.watch = Watch::of(self.keep.alarms(&self.source.name).await.map_err(CrawlError::Keep)?);
        self.seed().await?;
        loop {
            if self.options.stop.load(Ordering::Relaxed) {
                self.summary.cut_short = Some("đã bấm dừng".into());
                break;
            }
            let now_ms = self.now_ms();
            if let Some(reason) = self.pause(now_ms).await? {
                self.summary.cut_short = Some(reason);
                break;
            }
            match self.keep.due(&self.source.name, now_ms).await.map_err(CrawlError::Keep)? {
                Some(due) => self.visit(due).await?,
                None => {
                    let next = self.keep.next_due_ms(&self.source.name).await.map_err(CrawlError::Keep)?;
                    let wait_ms = next.map(|at| (at - now_ms).max(20));
                    match wait_ms.filter(|wait| *wait <= self.options.patience_ms.min(HOLD_MS / 2)) {
                        Some(wait_ms) => {
                            self.tell(Event::Waiting(wait_ms));
                            tokio::time::sleep(Duration::from_millis(wait_ms as u64)).await;
                        }
                        None => break,
                    }
                }
            }
        }
        self.count_missing().await?;
        self.conclude().await?;
        self.plan_again().await?;
        self.summary.next_due_ms = self.keep.next_due_ms(&self.source.name).await.map_err(CrawlError::Keep)?;
        Ok(self.summary)
    }

    fn now_ms(&self) -> i64 {
        (self.asker.clock)()
    }

    fn tell(&mut self, event: Event) {
        if let Event::Problem(url, problem) = &event {
            self.summary.problems.push((url.clone(), problem.clone()));
        }
        (self.on_event)(&event);
    }

    fn refuse_zero_gap(&self) -> Result<(), CrawlError<K::Error>> {
        let is_local = |start: &Start| self.asker.fetcher.guard().is_allowed_loopback(&start.url);
        if self.source.pace.gap_ms == Some(0) && !self.source.starts.iter().all(is_local) {
            return Err(CrawlError::Barrier(
                "`gap = \"0s\"` chỉ được dùng với máy chủ loopback khi chạy với --allow-loopback.".into(),
            ));
        }
        Ok(())
    }

    /// Puts the starts into the frontier: once, or at every run where no interval is declared.
    async fn seed(&mut self) -> Result<(), CrawlError<K::Error>> {
        let key = |start: &Start| format!("start {}", start.url);
        let keys: Vec<String> = self.source.starts.iter().map(key).collect();
        let known = self.keep.seen(&self.source.name, &keys).await.map_err(CrawlError::Keep)?;
        let is_due_at_once = self.options.once && self.source.pace.every_ms.is_none_or(|(least, _)| least == 0);
        let entries = self
            .source
            .starts
            .iter()
            .filter(|start| is_due_at_once || !known.iter().any(|(known, _)| *known == key(start)))
            .map(|start| self.entry(&start.url, if start.is_sitemap { Role::Sitemap } else { Role::Start }, 0, None))
            .collect();
        self.keep.add(entries).await.map_err(CrawlError::Keep)
    }

    /// Sitemaps come first, so that what they say is known when the pages are read.
    fn entry(&self, url: &Url, role: Role, depth: u32, memo: Option<&Memo>) -> Entry {
        Entry {
            source: self.source.name.clone(),
            url: url.to_string(),
            kind: kind_of(role),
            host: canonical::host_of(url),
            due_at_ms: self.run_ms - i64::from(role == Role::Sitemap),
            depth,
            memo: memo.map(Memo::written),
        }
    }

    /// Quiet hours and the day's cap.
    async fn pause(&mut self, now_ms: i64) -> Result<Option<String>, CrawlError<K::Error>> {
        let local = now_ms + 7 * 3_600_000;
        let minute = (local.rem_euclid(86_400_000) / 60_000) as u16;
        if pace::is_quiet(self.source.pace.quiet, minute) {
            return Ok(Some("đang trong giờ nghỉ của nguồn (pace.quiet)".into()));
        }
        let Some(per_day) = self.source.pace.per_day else { return Ok(None) };
        let day = format!("day {}", local.div_euclid(86_400_000));
        if self.today.0 != day {
            let known =
                self.keep.seen(&self.source.name, std::slice::from_ref(&day)).await.map_err(CrawlError::Keep)?;
            self.today = (day, known.first().and_then(|(_, count)| count.parse().ok()).unwrap_or(0));
        }
        Ok((self.today.1 >= u64::from(per_day)).then(|| format!("đã đủ {per_day} yêu cầu trong ngày (pace.per_day)")))
    }

    /// What the run as a whole says of the source's health.
    async fn conclude(&mut self) -> Result<(), CrawlError<K::Error>> {
        const FILL: &str = "fill";
        if self.summary.requests == 0 {
            return Ok(());
        }
        let known = self.keep.seen(&self.source.name, &[FILL.to_owned()]).await.map_err(CrawlError::Keep)?;
        let past: Fill = known.first().and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default();
        let verdict = self.watch.end(&past);
        for trouble in &verdict.raised {
            self.tell(Event::Alarm(trouble.cause, trouble.detail.clone()));
        }
        let after = self.watch.past_after(past);
        let seen = vec![(FILL.to_owned(), serde_json::to_string(&after).unwrap_or_default())];
        let now_ms = self.now_ms();
        self.keep.conclude(&self.source.name, verdict, seen, now_ms).await.map_err(CrawlError::Keep)
    }

    fn walk(&mut self, memo: &Memo, url: &str) -> &mut Walk {
        let root = if memo.root.is_empty() { url } else { &memo.root };
        self.walks.entry(root.to_owned()).or_default()
    }

    fn break_walk(&mut self, memo: &Memo, url: &str) {
        self.walk(memo, url).is_broken = true;
    }

    /// A page that is tried again may still mend its walk.
    fn break_walk_when_given_up(&mut self, due: &Due, memo: &Memo) {
        if due.fails + 1 >= pace::TRIES {
            self.break_walk(memo, &due.url);
        }
    }

    /// The bounds of the interval between visits.
    fn every_ms(&self) -> (i64, i64) {
        self.source.pace.every_ms.unwrap_or(if self.options.once { (0, 0) } else { (900_000, 86_400_000) })
    }

    /// Holds an address until the run's end, which makes it due at `planned_ms`.
    fn hold(&mut self, url: &Url, role: Role, depth: u32, planned_ms: i64, memo: &Memo) -> Option<i64> {
        let mut entry = self.entry(url, role, depth, Some(memo));
        entry.due_at_ms = planned_ms;
        self.again.insert(entry.url.clone(), entry);
        Some(planned_ms.max(self.now_ms() + HOLD_MS) + 1)
    }

    /// Makes held addresses due as planned.
    async fn plan_again(&mut self) -> Result<(), CrawlError<K::Error>> {
        let now_ms = self.now_ms();
        let mut entries = Vec::new();
        for (url, mut entry) in std::mem::take(&mut self.again) {
            let mut memo = Memo::read(entry.memo.as_deref());
            if let Some(walk) = self.walks.get(&url) {
                if walk.is_complete && !walk.is_broken {
                    memo.pages = walk.pages.iter().take(500).cloned().collect();
                }
                memo.youngest_ms = memo.youngest_ms.max(walk.youngest_ms);
                entry.memo = Some(memo.written());
            }
            let is_young = memo
                .youngest_ms
                .zip(self.source.walk.recheck_ms)
                .is_some_and(|(youngest, age)| now_ms - youngest <= age);
            if entry.kind != kind_of(Role::Detail) || is_young || memo.gone_since_ms.is_some() {
                entries.push(entry);
            }
        }
        self.keep.add(entries).await.map_err(CrawlError::Keep)
    }
}
