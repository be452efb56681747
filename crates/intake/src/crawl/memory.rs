//! A keep in memory: for previews of a source, and for tests of the crawl itself.

use std::collections::BTreeMap;
use std::convert::Infallible;

use model::Cause;

use super::keep::{Alarm, Due, Entry, Keep, Missing, Request, Trouble, Verdict, Visited};
use crate::extract::{Item, PageProblem};
use crate::fetch::Fetched;
use crate::robots::RobotsCopy;

/// Everything a crawl keeps, in maps.
#[derive(Clone, Debug, Default)]
pub struct MemoryKeep {
    /// The frontier by source and address.
    pub frontier: BTreeMap<(String, String), Frontier>,
    /// Hosts by name.
    pub hosts: BTreeMap<String, Host>,
    /// Posts by source and native id.
    pub posts: BTreeMap<(String, String), Kept>,
    /// Originals in the order they came: the address asked for, the answer.
    pub originals: Vec<(String, Fetched)>,
    /// Every request, in order.
    pub log: Vec<Request>,
    /// What was missing on pages: address, problem.
    pub problems: Vec<(String, PageProblem)>,
    /// Alarms that are open.
    pub alarms: BTreeMap<Cause, Trouble>,
    /// Every alarm in the order it was raised or ended: cause, whether it was raised.
    pub alarm_log: Vec<(Cause, bool)>,
    /// Pages with posts that could not be read whole, with their number.
    pub quarantine: BTreeMap<String, u64>,
    seen: BTreeMap<(String, String), String>,
    robots: BTreeMap<String, RobotsCopy>,
}

/// An address of the frontier.
#[derive(Clone, Debug)]
pub struct Frontier {
    entry: Entry,
    due_at_ms: Option<i64>,
    etag: Option<String>,
    last_modified: Option<String>,
    fails: u32,
    is_known: bool,
}

/// A host and its pace.
#[derive(Clone, Debug, Default)]
pub struct Host {
    next_at_ms: i64,
    last_at_ms: Option<i64>,
    fails: u32,
}

/// A post with its versions.
#[derive(Clone, Debug)]
pub struct Kept {
    /// As it was read last.
    pub item: Item,
    /// Every text in the order seen.
    pub versions: Vec<String>,
    /// When a look first missed it.
    pub missing_since_ms: Option<i64>,
    /// When it was found gone.
    pub gone_at_ms: Option<i64>,
    page: String,
}

impl MemoryKeep {
    /// A keep that knows nothing but when hosts were asked last and what their robots.txt says: what one trial must
    /// hand to the next.
    pub fn manners(&self) -> MemoryKeep {
        MemoryKeep { hosts: self.hosts.clone(), robots: self.robots.clone(), ..MemoryKeep::default() }
    }

    /// What the crawl remembers of a page: `start`, `detail` or `sitemap`, and its memo.
    pub fn page(&self, source: &str, url: &str) -> Option<(&'static str, Option<&str>)> {
        let known = self.frontier.get(&(source.to_owned(), url.to_owned()))?;
        Some((known.entry.kind, known.entry.memo.as_deref()))
    }

    fn put(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.hosts.entry(entry.host.clone()).or_default();
            let key = (entry.source.clone(), entry.url.clone());
            match self.frontier.get_mut(&key) {
                Some(known) => {
                    if known.due_at_ms.is_none_or(|due| due > entry.due_at_ms) {
                        known.due_at_ms = Some(entry.due_at_ms);
                        known.entry.memo = entry.memo.or(known.entry.memo.take());
                    }
                }
                None => {
                    let due_at_ms = Some(entry.due_at_ms);
                    self.frontier.insert(
                        key,
                        Frontier { entry, due_at_ms, etag: None, last_modified: None, fails: 0, is_known: false },
                    );
                }
            }
        }
    }

    /// The copy of an origin's robots.txt.
    pub fn robots_of(&self, origin: &str) -> Option<&RobotsCopy> {
        self.robots.get(origin)
    }

    fn raise(&mut self, raised: Vec<Trouble>) {
        for trouble in raised {
            if self.alarms.insert(trouble.cause, trouble.clone()).is_none() {
                self.alarm_log.push((trouble.cause, true));
            }
        }
    }

    fn clear(&mut self, cleared: Vec<Cause>) {
        for cause in cleared {
            if self.alarms.remove(&cause).is_some() {
                self.alarm_log.push((cause, false));
            }
        }
    }

    fn put_seen(&mut self, source: &str, seen: Vec<(String, String)>) {
        self.seen.extend(seen.into_iter().map(|(key, value)| ((source.to_owned(), key), value)));
    }
}

impl Keep for MemoryKeep {
    type Error = Infallible;

    async fn add(&mut self, entries: Vec<Entry>) -> Result<(), Infallible> {
        self.put(entries);
        Ok(())
    }

    async fn due(&mut self, source: &str, now_ms: i64) -> Result<Option<Due>, Infallible> {
        let first = self
            .frontier
            .values()
            .filter(|known| known.entry.source == source && known.due_at_ms.is_some_and(|due| due <= now_ms))
            .filter(|known| self.hosts.get(&known.entry.host).is_none_or(|host| host.next_at_ms <= now_ms))
            .min_by_key(|known| (known.due_at_ms, known.entry.depth, known.entry.url.clone()));
        Ok(first.map(|known| {
            let host = self.hosts.get(&known.entry.host).cloned().unwrap_or_default();
            Due {
                url: known.entry.url.clone(),
                kind: known.entry.kind.to_owned(),
                depth: known.entry.depth,
                memo: known.entry.memo.clone(),
                etag: known.etag.clone(),
                last_modified: known.last_modified.clone(),
                fails: known.fails,
                host_last_at_ms: host.last_at_ms,
                host_fails: host.fails,
                is_known: known.is_known,
            }
        }))
    }

    async fn next_due_ms(&mut self, source: &str) -> Result<Option<i64>, Infallible> {
        let next = |known: &Frontier| {
            Some(known.due_at_ms?.max(self.hosts.get(&known.entry.host).map_or(0, |host| host.next_at_ms)))
        };
        Ok(self.frontier.values().filter(|known| known.entry.source == source).filter_map(next).min())
    }

    async fn original(&mut self, _source: &str, fetched: &Fetched, asked_url: &str) -> Result<String, Infallible> {
        self.originals.push((asked_url.to_owned(), fetched.clone()));
        Ok(self.originals.len().to_string())
    }

    async fn seen(&mut self, source: &str, keys: &[String]) -> Result<Vec<(String, String)>, Infallible> {
        Ok(keys
            .iter()
            .filter_map(|key| Some((key.clone(), self.seen.get(&(source.to_owned(), key.clone()))?.clone())))
            .collect())
    }

    async fn alarms(&mut self, _source: &str) -> Result<Vec<Alarm>, Infallible> {
        Ok(self.alarms.values().map(|trouble| Alarm { cause: trouble.cause, part: trouble.part }).collect())
    }

    async fn posts_of_page(&mut self, source: &str, url: &str) -> Result<Vec<String>, Infallible> {
        let on_page =
            self.posts.iter().filter(|((of, _), post)| of == source && post.page == url && post.gone_at_ms.is_none());
        Ok(on_page.map(|((_, id), _)| id.clone()).collect())
    }

    async fn robots(&mut self, origin: &str) -> Result<Option<RobotsCopy>, Infallible> {
        Ok(self.robots.get(origin).cloned())
    }

    async fn put_robots(&mut self, origin: &str, copy: &RobotsCopy) -> Result<(), Infallible> {
        self.robots.insert(origin.to_owned(), copy.clone());
        Ok(())
    }

    async fn complete(&mut self, visited: Visited, _now_ms: i64) -> Result<(), Infallible> {
        if let Some(known) = self.frontier.get_mut(&(visited.source.clone(), visited.url.clone())) {
            known.due_at_ms = visited.due_again_at_ms;
            known.entry.memo = visited.memo.or(known.entry.memo.take());
            known.etag = visited.etag.or(known.etag.take());
            known.last_modified = visited.last_modified.or(known.last_modified.take());
            known.is_known |= visited.sha256.is_some();
            known.fails = if visited.failed { known.fails + 1 } else { 0 };
            let host = self.hosts.entry(known.entry.host.clone()).or_default();
            host.next_at_ms = visited.host_next_at_ms;
            host.fails = if visited.host_failed { host.fails + 1 } else { 0 };
            host.last_at_ms = visited.log.last().map(|request| request.at_ms).or(host.last_at_ms);
        }
        for item in visited.posts {
            let key = (visited.source.clone(), item.id.clone());
            match self.posts.get_mut(&key) {
                Some(kept) => {
                    if kept.versions.last() != Some(&item.text) {
                        kept.versions.push(item.text.clone());
                    }
                    *kept = Kept {
                        item,
                        page: visited.url.clone(),
                        missing_since_ms: None,
                        gone_at_ms: None,
                        versions: std::mem::take(&mut kept.versions),
                    };
                }
                None => {
                    let kept = Kept {
                        versions: vec![item.text.clone()],
                        item,
                        page: visited.url.clone(),
                        missing_since_ms: None,
                        gone_at_ms: None,
                    };
                    self.posts.insert(key, kept);
                }
            }
        }
        match visited.quarantined {
            0 if visited.is_success => {
                self.quarantine.remove(&visited.url);
            }
            0 => {}
            posts => {
                self.quarantine.insert(visited.url.clone(), posts);
            }
        }
        self.raise(visited.raised);
        self.clear(visited.cleared);
        self.put(visited.found);
        self.put_seen(&visited.source, visited.seen);
        self.problems.extend(visited.problems.into_iter().map(|problem| (visited.url.clone(), problem)));
        self.log.extend(visited.log);
        Ok(())
    }

    async fn conclude(
        &mut self,
        source: &str,
        verdict: Verdict,
        seen: Vec<(String, String)>,
        _now_ms: i64,
    ) -> Result<(), Infallible> {
        self.raise(verdict.raised);
        self.clear(verdict.cleared);
        self.put_seen(source, seen);
        Ok(())
    }

    async fn lose(&mut self, missing: Missing, now_ms: i64) -> Result<(), Infallible> {
        for id in missing.native_ids {
            if let Some(post) = self.posts.get_mut(&(missing.source.clone(), id)) {
                match post.missing_since_ms {
                    Some(since) if now_ms - since >= missing.gone_after_ms => {
                        post.gone_at_ms = post.gone_at_ms.or(Some(now_ms))
                    }
                    Some(_) => {}
                    None => post.missing_since_ms = Some(now_ms),
                }
            }
        }
        self.put_seen(&missing.source, missing.seen);
        Ok(())
    }
}
