//! One visit's requests: robots.txt before anything else, the gap before each, redirects checked like new addresses.

use std::collections::HashMap;
use std::time::Duration;

use url::Url;

use super::keep::{Keep, Request};
use super::{Clock, CrawlError, pace};
use crate::canonical;
use crate::extract::Role;
use crate::fetch::address::AdmitError;
use crate::fetch::{Fetched, Fetcher, Validators};
use crate::robots::{RobotsCopy, Verdict, robots_url};
use crate::source::{Redirect, Source};

/// The most redirects of one visit.
const REDIRECTS_MAX: usize = 5;
/// The longest wait inside a visit; a site that asks for more is visited again later.
const WAIT_MAX_MS: i64 = 10 * 60_000;

/// What a visit's requests came to.
pub enum Reply {
    /// A page, from this address.
    Answer(Box<Fetched>, Url),
    /// Nothing has changed since the last visit.
    Unchanged,
    /// The page is not there; the answer, where there was one.
    Gone(Option<Box<Fetched>>),
    /// A rule forbids it; it may be asked again after so many milliseconds.
    Refused(String, i64),
    /// The site wants a log-in, or us not to come.
    Wall(u16),
    /// The host asks to be left alone for so many milliseconds.
    Throttled(i64),
    /// The site's own pace lets the next request leave only after so many milliseconds.
    Later(i64),
    /// It failed; whether the host is to blame.
    Failed(String, bool),
    /// It will fail again.
    Useless(String),
}

/// Who asks, how fast.
pub struct Asker<'a> {
    pub(super) source: &'a Source,
    pub(super) fetcher: &'a Fetcher,
    pub(super) clock: Clock,
    hosts: HashMap<String, HostPace>,
    robots: HashMap<String, RobotsCopy>,
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
        Asker { source, fetcher, clock, hosts: HashMap::new(), robots: HashMap::new(), log: Vec::new() }
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
                return Ok(Reply::Refused(format!("ngoài phạm vi: {} ({})", at, scope.rule), i64::MAX));
            }
            if let Err(AdmitError::Refused(refusal)) = self.fetcher.guard().admit(&at).await {
                return Ok(Reply::Useless(refusal.to_string()));
            }
            let verdict = match self.robots(keep, &at).await? {
                Ok(verdict) => verdict,
                Err(wait_ms) => return Ok(Reply::Later(wait_ms)),
            };
            if !verdict.may_fetch() {
                let again_ms = match verdict {
                    Verdict::Disallowed(_) => crate::robots::GOOD_FOR_MS,
                    _ => crate::robots::RETRY_AFTER_MS,
                };
                return Ok(Reply::Refused(verdict.rule(), again_ms));
            }
            let allowed_by = format!("{}; scope: {}", verdict.rule(), scope.rule);
            let asked = if hop == 0 { validators } else { &none };
            let fetched = match self.send(&at, asked, &allowed_by).await {
                Ok(fetched) => fetched,
                Err(Sent::Wait(wait_ms)) => return Ok(Reply::Later(wait_ms)),
                Err(Sent::Failed(reason, true)) => return Ok(Reply::Failed(reason, true)),
                Err(Sent::Failed(reason, false)) => return Ok(Reply::Useless(reason)),
            };
            if let Some(target) = fetched.redirect() {
                self.outcome("redirect");
                if self.source.walk.redirect == Redirect::Gone {
                    return Ok(Reply::Gone(None));
                }
                if at.scheme() == "https" && target.scheme() == "http" {
                    return Ok(Reply::Useless("chuyển hướng từ https về http".into()));
                }
                at = canonical::canonical(&target);
                continue;
            }
            return Ok(self.judge(fetched, at, role, fails));
        }
        Ok(Reply::Useless(format!("quá {REDIRECTS_MAX} lần chuyển hướng")))
    }

    fn judge(&mut self, fetched: Fetched, at: Url, role: Role, fails: u32) -> Reply {
        let status = fetched.status;
        let is_gone = match role {
            Role::Detail => self.source.item.gone_status.contains(&status),
            _ => matches!(status, 404 | 410),
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
                Reply::Failed(format!("HTTP {status}"), true)
            }
            _ => {
                self.outcome("failed");
                Reply::Useless(format!("HTTP {status}"))
            }
        }
    }

    /// The verdict of an address's robots.txt, or how long to wait before it can be asked for.
    async fn robots<K: Keep>(&mut self, keep: &mut K, url: &Url) -> Result<Result<Verdict, i64>, CrawlError<K::Error>> {
        let origin = url.origin().ascii_serialization();
        let now_ms = (self.clock)();
        let mut copy = self.robots.get(&origin).cloned();
        if copy.is_none() {
            copy = keep.robots(&origin).await.map_err(CrawlError::Keep)?;
        }
        let copy = match copy.filter(|copy| copy.is_fresh(now_ms)) {
            Some(copy) => copy,
            None => {
                let copy = match self.fetch_robots(url).await {
                    Ok(copy) => copy,
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

    async fn fetch_robots(&mut self, url: &Url) -> Result<RobotsCopy, i64> {
        let unreachable = RobotsCopy::unreachable((self.clock)());
        let Some(mut at) = robots_url(url) else { return Ok(unreachable) };
        for _ in 0..=REDIRECTS_MAX {
            let fetched = match self.send(&at, &Validators::default(), "robots.txt itself").await {
                Ok(fetched) => fetched,
                Err(Sent::Wait(wait_ms)) => return Err(wait_ms),
                Err(Sent::Failed(..)) => return Ok(unreachable),
            };
            self.outcome("robots");
            match fetched.redirect() {
                Some(target) if at.scheme() == "https" && target.scheme() == "http" => return Ok(unreachable),
                Some(target) => at = target,
                None => {
                    let is_challenge = fetched.response.field("cf-mitigated").is_some();
                    return Ok(match fetched.text(self.fetcher.caps()) {
                        Ok(decoded) => {
                            RobotsCopy::of_answer(fetched.status, &decoded.text, is_challenge, (self.clock)())
                        }
                        Err(_) => unreachable,
                    });
                }
            }
        }
        Ok(unreachable)
    }

    /// Sends one request when its host may be asked, and logs it.
    async fn send(&mut self, url: &Url, validators: &Validators, allowed_by: &str) -> Result<Fetched, Sent> {
        let host = canonical::host_of(url);
        let wait_ms = self.next_at_ms(url) - (self.clock)();
        if wait_ms > WAIT_MAX_MS {
            return Err(Sent::Wait(wait_ms));
        }
        if wait_ms > 0 {
            tokio::time::sleep(Duration::from_millis(wait_ms as u64)).await;
        }
        let at_ms = (self.clock)();
        let pace = self.hosts.entry(host).or_default();
        let gap_ms = pace.last_at_ms.map(|last| at_ms - last);
        pace.last_at_ms = Some(at_ms);
        let started = tokio::time::Instant::now();
        let result = self.fetcher.get(url, validators, at_ms).await;
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
        };
        let result = match result {
            Ok(fetched) => {
                request.status = Some(fetched.status);
                request.bytes = fetched.body.len() as u64;
                Ok(fetched)
            }
            Err(error) => {
                request.outcome = error.to_string();
                Err(Sent::Failed(error.to_string(), error.is_transient()))
            }
        };
        self.log.push(request);
        result
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
    /// It failed; whether trying again may help.
    Failed(String, bool),
}
