//! One visit's requests: robots.txt before anything else, the gap before each, redirects checked like new addresses.

use std::collections::HashMap;
use std::time::Duration;

use model::Cause;
use url::Url;

use super::keep::{Keep, Request};
use super::{Clock, CrawlError, pace};
use crate::canonical;
use crate::extract::Role;
use crate::fetch::address::AdmitError;
use crate::fetch::{FetchError, Fetched, Fetcher, Validators};
use crate::robots::{RobotsCopy, Verdict, robots_url};
use crate::source::{KEY_PLACE, Paging, Redirect, Source};

/// The most redirects of one visit.
const REDIRECTS_MAX: usize = 5;
/// The longest wait inside a visit; a site that asks for more is visited again later.
const WAIT_MAX_MS: i64 = 10 * 60_000;

/// The rule by which robots.txt itself is asked for.
const ROBOTS_ITSELF: &str = "robots.txt itself";

/// What a visit's requests came to.
pub enum Reply {
    /// A page, from this address.
    Answer(Box<Fetched>, Url),
    /// Nothing has changed since the last visit.
    Unchanged,
    /// The page is not there; the answer, where there was one.
    Gone(Option<Box<Fetched>>),
    /// A rule forbids it.
    Refused(Refused),
    /// The site wants a log-in, or us not to come.
    Wall(u16),
    /// The host asks to be left alone for so many milliseconds.
    Throttled(i64),
    /// The site's own pace lets the next request leave only after so many milliseconds.
    Later(i64),
    /// The host failed.
    Failed(String),
    /// It will fail again.
    Useless(String, Cause),
}

/// A rule that forbids a request.
#[derive(Debug)]
pub struct Refused {
    /// The rule.
    pub reason: String,
    /// What it means for the source.
    pub cause: Cause,
    /// It may be asked again after so many milliseconds; `i64::MAX`: not before the rule changes.
    pub again_ms: i64,
    /// Whether the host failed to say what is allowed.
    pub host_failed: bool,
    /// How long the host asked to be left alone.
    pub host_wait_ms: i64,
}

/// Who asks, how fast.
pub struct Asker<'a> {
    pub(super) source: &'a Source,
    pub(super) fetcher: &'a Fetcher,
    pub(super) clock: Clock,
    hosts: HashMap<String, HostPace>,
    robots: HashMap<String, RobotsCopy>,
    /// How long the last robots.txt that could not be had asked to be left alone, in milliseconds.
    robots_wait_ms: Option<i64>,
    /// The requests of the visit under way.
    pub(super) log: Vec<Request>,
}

#[derive(Clone, Copy, Debug, Default)]
struct HostPace {
    last_at_ms: Option<i64>,
    took_ms: i64,
    asked_ms: Option<i64>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(source: &'a Source, fetcher: &'a Fetcher, clock: Clock) -> Asker<'a> {
        Asker {
            source,
            fetcher,
            clock,
            hosts: HashMap::new(),
            robots: HashMap::new(),
            robots_wait_ms: None,
            log: Vec::new(),
        }
    }

    /// Tells when a host was last asked, as the keep remembers it.
    pub(super) fn remember(&mut self, host: &str, last_at_ms: Option<i64>) {
        let pace = self.hosts.entry(host.to_owned()).or_default();
        pace.last_at_ms = pace.last_at_ms.max(last_at_ms);
    }

    /// When the next request to a host may leave.
    pub(super) fn next_at_ms(&self, url: &Url) -> i64 {
        let pace = self.hosts.get(&canonical::host_of(url)).copied().unwrap_or_default();
        pace.last_at_ms.map_or(0, |last| last + self.gap_ms(url, &pace))
    }

    fn gap_ms(&self, url: &Url, pace: &HostPace) -> i64 {
        pace::gap_ms(
            self.source.pace.gap_ms,
            pace.asked_ms,
            pace.took_ms,
            self.fetcher.guard().is_allowed_loopback(url),
        )
    }

    /// Asks for an address and follows where it leads, as far as every rule allows.
    pub(super) async fn ask<K: Keep>(
        &mut self,
        keep: &mut K,
        url: &Url,
        validators: &Validators,
        role: Role,
        fails: u32,
    ) -> Result<Reply, CrawlError<K::Error>> {
        let mut at = url.clone();
        let none = Validators::default();
        for hop in 0..=REDIRECTS_MAX {
            let scope = self.source.scope.verdict(&at);
            if !scope.allowed {
                return Ok(Reply::Refused(Refused {
                    reason: format!("ngoài phạm vi: {} ({})", at, scope.rule),
                    cause: Cause::Scope,
                    again_ms: i64::MAX,
                    host_failed: false,
                    host_wait_ms: 0,
                }));
            }
            if let Err(AdmitError::Refused(refusal)) = self.fetcher.guard().admit(&at).await {
                return Ok(Reply::Useless(refusal.to_string(), Cause::Address));
            }
            self.robots_wait_ms = None;
            let verdict = match self.robots(keep, &at).await? {
                Ok(verdict) => verdict,
                Err(wait_ms) => return Ok(Reply::Later(wait_ms)),
            };
            if !verdict.may_fetch() {
                return Ok(Reply::Refused(self.refused(&verdict, &at)));
            }
            let allowed_by = format!("{}; scope: {}", verdict.rule(), scope.rule);
            let asked = if hop == 0 { validators } else { &none };
            let fetched = match self.send(keep, &at, asked, &allowed_by, url).await? {
                Ok(fetched) => fetched,
                Err(Sent::Wait(wait_ms)) => return Ok(Reply::Later(wait_ms)),
                Err(Sent::Failed(reason, None)) => return Ok(Reply::Failed(reason)),
                Err(Sent::Failed(reason, Some(cause))) => return Ok(Reply::Useless(reason, cause)),
            };
            if let Some(target) = fetched.redirect() {
                self.outcome("redirect");
                if self.source.walk.redirect == Redirect::Gone {
                    return Ok(Reply::Gone(None));
                }
                if at.scheme() == "https" && target.scheme() == "http" {
                    return Ok(Reply::Useless("chuyển hướng từ https về http".into(), Cause::Moved));
                }
                at = canonical::canonical(&target);
                continue;
            }
            return Ok(self.judge(fetched, at, role, fails));
        }
        Ok(Reply::Useless(format!("quá {REDIRECTS_MAX} lần chuyển hướng"), Cause::Moved))
    }

    fn judge(&mut self, fetched: Fetched, at: Url, role: Role, fails: u32) -> Reply {
        let status = fetched.status;
        let is_gone = match role {
            Role::Detail => self.source.item.gone_status.contains(&status),
            // Some software answers a number beyond its last page with 400 (WordPress: rest_post_invalid_page_number).
            _ => matches!(status, 404 | 410) || (status == 400 && self.is_beyond_first(&at)),
        };
        match status {
            304 => {
                self.outcome("unchanged");
                Reply::Unchanged
            }
            _ if is_gone => {
                self.outcome("gone");
                Reply::Gone(Some(Box::new(fetched)))
            }
            200..=299 => Reply::Answer(Box::new(fetched), at),
            429 | 503 => {
                self.outcome("throttled");
                let now_ms = (self.clock)();
                let asked = pace::retry_after_ms(fetched.response.field("retry-after"), now_ms);
                Reply::Throttled(asked.unwrap_or_else(|| pace::throttled_ms(fails)))
            }
            401 | 402 | 403 | 407 | 451 => {
                self.outcome("wall");
                Reply::Wall(status)
            }
            408 | 500..=599 => {
                self.outcome("failed");
                Reply::Failed(format!("HTTP {status}"))
            }
            _ => {
                self.outcome("failed");
                Reply::Useless(format!("HTTP {status}"), Cause::Moved)
            }
        }
    }

    /// Whether an address is a counted page behind the first.
    fn is_beyond_first(&self, at: &Url) -> bool {
        matches!(self.source.walk.paging, Some(Paging::Counted { .. }))
            && !self.source.starts.iter().any(|start| start.url == *at)
    }

    /// The verdict of an address's robots.txt, or how long to wait before it can be asked for.
    async fn robots<K: Keep>(&mut self, keep: &mut K, url: &Url) -> Result<Result<Verdict, i64>, CrawlError<K::Error>> {
        let origin = url.origin().ascii_serialization();
        let now_ms = (self.clock)();
        let mut copy = self.robots.get(&origin).cloned();
        if copy.is_none() {
            copy = keep.robots(&origin).await.map_err(CrawlError::Keep)?;
        }
        let copy = match copy.as_ref().filter(|copy| copy.is_fresh(now_ms)) {
            Some(copy) => copy.clone(),
            None => {
                let last = copy;
                let copy = match self.fetch_robots(keep, url).await? {
                    Ok(copy) => copy.after(last.as_ref()),
                    Err(wait_ms) => return Ok(Err(wait_ms)),
                };
                keep.put_robots(&origin, &copy).await.map_err(CrawlError::Keep)?;
                copy
            }
        };
        let verdict = copy.verdict(url);
        self.hosts.entry(canonical::host_of(url)).or_default().asked_ms = copy.crawl_delay_ms();
        self.robots.insert(origin, copy);
        Ok(Ok(verdict))
    }

    /// A fresh copy, or how long to wait before it can be asked for.
    async fn fetch_robots<K: Keep>(
        &mut self,
        keep: &mut K,
        url: &Url,
    ) -> Result<Result<RobotsCopy, i64>, CrawlError<K::Error>> {
        let unreachable = RobotsCopy::unreachable((self.clock)());
        let Some(mut at) = robots_url(url) else { return Ok(Ok(unreachable)) };
        for _ in 0..=REDIRECTS_MAX {
            let asked_url = at.clone();
            let fetched = match self.send(keep, &at, &Validators::default(), ROBOTS_ITSELF, &asked_url).await? {
                Ok(fetched) => fetched,
                Err(Sent::Wait(wait_ms)) => return Ok(Err(wait_ms)),
                Err(Sent::Failed(..)) => return Ok(Ok(unreachable)),
            };
            self.outcome("robots");
            match fetched.redirect() {
                Some(target) if at.scheme() == "https" && target.scheme() == "http" => return Ok(Ok(unreachable)),
                Some(target) => at = target,
                None => {
                    let now_ms = (self.clock)();
                    if matches!(fetched.status, 429 | 503) {
                        self.robots_wait_ms = pace::retry_after_ms(fetched.response.field("retry-after"), now_ms);
                    }
                    let is_challenge = fetched.response.field("cf-mitigated").is_some();
                    return Ok(Ok(match fetched.text(self.fetcher.caps()) {
                        Ok(decoded) => RobotsCopy::of_answer(fetched.status, &decoded.text, is_challenge, now_ms),
                        Err(_) => unreachable,
                    }));
                }
            }
        }
        Ok(Ok(unreachable))
    }

    /// What a verdict that forbids means.
    fn refused(&self, verdict: &Verdict, url: &Url) -> Refused {
        let status = self.robots.get(&url.origin().ascii_serialization()).and_then(|copy| copy.status);
        let (cause, again_ms) = match verdict {
            Verdict::Walled => (Cause::RobotsWalled, crate::robots::RETRY_AFTER_MS),
            // A host that does not answer at all has more than its robots.txt out of order.
            Verdict::Unreachable if status.is_none() => (Cause::Unreachable, crate::robots::RETRY_AFTER_MS),
            Verdict::Unreachable => (Cause::RobotsUnreachable, crate::robots::RETRY_AFTER_MS),
            _ => (Cause::RobotsForbid, crate::robots::GOOD_FOR_MS),
        };
        let was_asked_now = self.log.iter().any(|request| request.allowed_by == ROBOTS_ITSELF);
        Refused {
            reason: verdict.rule(),
            cause,
            again_ms,
            host_failed: was_asked_now && *verdict == Verdict::Unreachable,
            host_wait_ms: self.robots_wait_ms.unwrap_or(0),
        }
    }

    /// Sends one request when its host may be asked, keeps the answer as it came, and logs it. `asked_url` is the
    /// address that led here.
    async fn send<K: Keep>(
        &mut self,
        keep: &mut K,
        url: &Url,
        validators: &Validators,
        allowed_by: &str,
        asked_url: &Url,
    ) -> Result<Result<Fetched, Sent>, CrawlError<K::Error>> {
        let host = canonical::host_of(url);
        let wait_ms = self.next_at_ms(url) - (self.clock)();
        if wait_ms > WAIT_MAX_MS {
            return Ok(Err(Sent::Wait(wait_ms)));
        }
        if wait_ms > 0 {
            tokio::time::sleep(Duration::from_millis(wait_ms as u64)).await;
        }
        let at_ms = (self.clock)();
        let pace = self.hosts.entry(host).or_default();
        let gap_ms = pace.last_at_ms.map(|last| at_ms - last);
        pace.last_at_ms = Some(at_ms);
        let started = tokio::time::Instant::now();
        let result = if allowed_by == ROBOTS_ITSELF {
            self.fetcher.get_robots(url, at_ms).await
        } else {
            self.fetcher.get(&self.source.with_key(url), validators, at_ms).await
        };
        let result = result.map(|mut fetched| {
            if let Some(key) = &self.source.key {
                fetched.request.line = fetched.request.line.replace(key.as_str(), KEY_PLACE);
                fetched.url = url.clone();
            }
            fetched
        });
        let took_ms = started.elapsed().as_millis() as i64;
        self.hosts.entry(canonical::host_of(url)).or_default().took_ms = took_ms;
        let mut request = Request {
            url: url.to_string(),
            at_ms,
            allowed_by: allowed_by.to_owned(),
            gap_ms,
            took_ms,
            status: None,
            outcome: "ok".into(),
            bytes: 0,
            capture: None,
        };
        let result = match result {
            Ok(fetched) => {
                request.status = Some(fetched.status);
                request.bytes = fetched.body.len() as u64;
                let kept = keep.original(&self.source.name, &fetched, asked_url.as_str()).await;
                request.capture = Some(kept.map_err(CrawlError::Keep)?);
                Ok(fetched)
            }
            Err(error) => {
                request.outcome = error.to_string();
                Err(Sent::Failed(error.to_string(), cause_of(&error)))
            }
        };
        self.log.push(request);
        Ok(result)
    }

    /// The capture of the last answer.
    pub(super) fn capture(&self) -> Option<String> {
        self.log.last().and_then(|request| request.capture.clone())
    }

    fn outcome(&mut self, outcome: &str) {
        if let Some(request) = self.log.last_mut() {
            request.outcome = outcome.to_owned();
        }
    }
}

/// Why a request brought nothing.
enum Sent {
    /// It may not leave for so long.
    Wait(i64),
    /// It failed; the cause, where trying again will not help.
    Failed(String, Option<Cause>),
}

/// The cause of a failure that trying again will not mend.
fn cause_of(error: &FetchError) -> Option<Cause> {
    match error {
        error if error.is_transient() => None,
        FetchError::Admit(_) | FetchError::WrongAddress(_) => Some(Cause::Address),
        FetchError::TooLarge(_) | FetchError::MediaType(_) => Some(Cause::Body),
        _ => Some(Cause::Unreachable),
    }
}
