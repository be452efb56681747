//! One visit: asked for by every rule, judged by its reply, kept as one with what it says of the source's health.

use model::{Cause, Part};
use url::Url;

use super::budget::Keys;
use super::keep::{Due, Keep, Trouble, Verdict, Visited};
use super::memo::{Memo, role_of};
use super::request::{Refused, Reply};
use super::watch::cause_of;
use super::{Crawl, CrawlError, Event, FAILS_MAX, budget, pace};
use crate::canonical;
use crate::extract::{PageProblem, Role};
use crate::fetch::Validators;

impl<K: Keep> Crawl<'_, K> {
    pub(super) async fn visit(&mut self, due: Due) -> Result<(), CrawlError<K::Error>> {
        let Ok(url) = Url::parse(&due.url) else {
            let visited = Visited { source: self.source.name.clone(), url: due.url, ..Visited::default() };
            return self.keep.complete(visited, self.run_ms).await.map_err(CrawlError::Keep);
        };
        let role = role_of(&due.kind);
        let mut memo = Memo::read(due.memo.as_deref());
        if memo.first_seen_ms == 0 {
            memo.first_seen_ms = self.run_ms;
        }
        if memo.root.is_empty() {
            memo.walk_ms = self.run_ms;
        }
        self.asker.remember(&canonical::host_of(&url), due.host_last_at_ms);
        self.asker.log.clear();
        let mut visited = Visited { source: self.source.name.clone(), url: due.url.clone(), ..Visited::default() };
        // A start is what the source is about; everything that was found on the way has to earn its visits.
        let is_start = role != Role::Detail && memo.root.is_empty();
        let keys = (!is_start && !due.is_known).then(|| Keys::of(&url));
        if let Some(refusal) = self.over_budget(keys.as_ref()).await? {
            self.visited.insert(due.url.clone());
            let refused = Refused {
                reason: refusal.to_owned(),
                cause: Cause::Scope,
                again_ms: budget::CLOSED_MS,
                host_failed: false,
                host_wait_ms: 0,
            };
            self.break_walk(&memo, &due.url);
            self.refuse(&refused, &mut visited);
            visited.due_again_at_ms = Some(self.now_ms() + refused.again_ms);
            return self.finish(&due, &url, role, visited, None).await;
        }
        let is_same_mapping = memo.fingerprint == self.source.fingerprint;
        let validators = Validators { etag: due.etag.clone(), last_modified: due.last_modified.clone() };
        let validators = if is_same_mapping { validators } else { Validators::default() };
        self.visited.insert(due.url.clone());
        let reply = self.asker.ask(self.keep, &url, &validators, role, due.host_fails).await?;
        self.judge(&due, &url, role, memo, reply, &mut visited).await?;
        self.finish(&due, &url, role, visited, keys).await
    }

    async fn over_budget(&mut self, keys: Option<&Keys>) -> Result<Option<&'static str>, CrawlError<K::Error>> {
        let Some(keys) = keys else { return Ok(None) };
        if !self.budget.knows(keys) {
            let known = self.keep.seen(&self.source.name, &keys.all()).await.map_err(CrawlError::Keep)?;
            self.budget.learn(keys, &known);
        }
        let now_ms = self.now_ms();
        Ok(self.budget.refusal(keys, now_ms))
    }

    /// What a reply means for the address.
    async fn judge(
        &mut self,
        due: &Due,
        url: &Url,
        role: Role,
        memo: Memo,
        reply: Reply,
        visited: &mut Visited,
    ) -> Result<(), CrawlError<K::Error>> {
        match reply {
            Reply::Answer(fetched, at) => {
                visited.capture = self.asker.capture();
                self.absorb(due, url, &at, *fetched, role, memo, visited).await?;
            }
            Reply::Unchanged => self.absorb_unchanged(due, url, role, memo, visited).await?,
            Reply::Gone(fetched) => {
                visited.capture = fetched.and_then(|_| self.asker.capture());
                self.absorb_gone(due, url, role, memo, visited).await?;
            }
            Reply::Refused(refused) => {
                self.break_walk(&memo, &due.url);
                // A start is asked again in any case: what refuses it may be mended.
                let again_ms = if role == Role::Detail {
                    refused.again_ms
                } else {
                    refused.again_ms.min(crate::robots::GOOD_FOR_MS)
                };
                visited.due_again_at_ms = (again_ms != i64::MAX).then(|| self.now_ms() + again_ms);
                self.refuse(&refused, visited);
                let is_of_host = !matches!(refused.cause, Cause::RobotsForbid | Cause::Scope);
                if memo.root.is_empty() && (role != Role::Detail || is_of_host) {
                    self.problem_of(
                        visited,
                        PageProblem::new("refused", format!("Không được phép thu thập: {}.", refused.reason)),
                        refused.cause,
                    );
                }
                if refused.host_failed {
                    visited.host_failed = true;
                    self.open_circuit(due, visited);
                }
            }
            Reply::Wall(status) => {
                self.break_walk(&memo, &due.url);
                visited.failed = true;
                visited.due_again_at_ms = (role != Role::Detail || due.fails < pace::TRIES)
                    .then(|| self.now_ms() + crate::robots::GOOD_FOR_MS);
                self.problem(visited, PageProblem::new("wall", format!("Trang chặn hoặc đòi đăng nhập (HTTP {status}): không vượt qua, xin phép chủ trang hoặc tạm dừng nguồn.")));
            }
            Reply::Throttled(wait_ms) => {
                let again_ms = self.now_ms() + wait_ms;
                visited.failed = true;
                visited.host_failed = true;
                visited.due_again_at_ms = Some(again_ms);
                visited.host_next_at_ms = again_ms;
                self.problem(
                    visited,
                    PageProblem::new("throttled", format!("Máy chủ xin chậm lại: nghỉ {} giây.", wait_ms / 1000)),
                );
            }
            Reply::Later(wait_ms) => {
                visited.due_again_at_ms = Some(self.now_ms() + wait_ms);
                visited.host_next_at_ms = self.now_ms() + wait_ms;
                self.tell(Event::Waiting(wait_ms));
            }
            Reply::Failed(reason) => {
                self.break_walk_when_given_up(due, &memo);
                visited.failed = true;
                visited.host_failed = true;
                visited.due_again_at_ms = (due.fails < FAILS_MAX || role != Role::Detail)
                    .then(|| self.now_ms() + pace::backoff_ms(due.fails));
                self.open_circuit(due, visited);
                self.problem(
                    visited,
                    PageProblem::new("failed", format!("Không tải được trang ({reason}): sẽ thử lại.")),
                );
            }
            Reply::Useless(reason, cause) => {
                self.break_walk(&memo, &due.url);
                visited.failed = true;
                visited.due_again_at_ms = (role != Role::Detail || due.fails < pace::TRIES)
                    .then(|| self.now_ms() + crate::robots::GOOD_FOR_MS);
                self.problem_of(
                    visited,
                    PageProblem::new("failed", format!("Không tải được trang ({reason}).")),
                    cause,
                );
            }
        }
        Ok(())
    }

    fn open_circuit(&self, due: &Due, visited: &mut Visited) {
        if let Some(open_ms) = pace::circuit_ms(due.host_fails + 1) {
            visited.host_next_at_ms = self.now_ms() + open_ms;
        }
    }

    fn refuse(&mut self, refused: &Refused, visited: &mut Visited) {
        visited.refused = Some(refused.reason.clone());
        visited.host_next_at_ms = if refused.host_wait_ms > 0 { self.now_ms() + refused.host_wait_ms } else { 0 };
        self.tell(Event::Refused(visited.url.clone(), refused.reason.clone()));
    }

    /// Adds pace, log, budget and health, and keeps the visit.
    async fn finish(
        &mut self,
        due: &Due,
        url: &Url,
        role: Role,
        mut visited: Visited,
        keys: Option<Keys>,
    ) -> Result<(), CrawlError<K::Error>> {
        visited.host_next_at_ms = visited.host_next_at_ms.max(self.asker.next_at_ms(url));
        visited.log = std::mem::take(&mut self.asker.log);
        self.summary.requests += visited.log.len() as u64;
        if self.source.starts.iter().any(|start| start.url == *url) {
            visited.seen.push((format!("start {url}"), "1".into()));
        }
        if self.source.pace.per_day.is_some() {
            self.today.1 += visited.log.len() as u64;
            visited.seen.push((self.today.0.clone(), self.today.1.to_string()));
        }
        let now_ms = self.now_ms();
        // A request that failed says nothing about the kind of its address.
        if let Some(keys) = keys.filter(|_| visited.is_success) {
            let has_news = visited.news > 0 || !visited.found.is_empty();
            visited.seen.extend(self.budget.pay(&keys, has_news, now_ms));
        }
        self.report(due, role, &mut visited);
        self.keep.complete(visited, now_ms).await.map_err(CrawlError::Keep)
    }

    /// What the visit says of the source's health.
    fn report(&mut self, due: &Due, role: Role, visited: &mut Visited) {
        let part = if role == Role::Detail { Part::Detail } else { Part::Start };
        let verdict = match (&visited.trouble, visited.problems.first()) {
            (Some(cause), Some(problem)) => {
                let is_passing = *cause == Cause::Unreachable && visited.failed && due.fails + 1 < pace::TRIES;
                let trouble =
                    Trouble { cause: *cause, part, detail: problem.message.clone(), url: Some(visited.url.clone()) };
                self.watch.trouble(trouble, is_passing)
            }
            _ if visited.is_success => {
                self.watch.fields(&visited.posts);
                self.watch.well(part)
            }
            _ => Verdict::default(),
        };
        for trouble in &verdict.raised {
            self.tell(Event::Alarm(trouble.cause, trouble.detail.clone()));
        }
        visited.raised = verdict.raised;
        visited.cleared = verdict.cleared;
    }

    /// A problem with the cause that its code tells.
    pub(super) fn problem(&mut self, visited: &mut Visited, problem: PageProblem) {
        match cause_of(problem.code) {
            Some(cause) => self.problem_of(visited, problem, cause),
            None => {
                visited.problems.push(problem.clone());
                self.tell(Event::Problem(visited.url.clone(), problem));
            }
        }
    }

    /// A problem with its cause; the first cause of a visit is the one that counts.
    pub(super) fn problem_of(&mut self, visited: &mut Visited, problem: PageProblem, cause: Cause) {
        visited.trouble = visited.trouble.or(Some(cause));
        visited.problems.push(problem.clone());
        self.tell(Event::Problem(visited.url.clone(), problem));
    }
}
