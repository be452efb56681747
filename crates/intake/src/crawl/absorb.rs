//! What a page means for the crawl: which posts are news, which pages come next, when to come back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use model::Cause;
use url::Url;

use super::keep::{Due, Keep, Visited};
use super::memo::{Memo, Seen, mark_of, post_key, row_key};
use super::{Crawl, CrawlError, Event, pace, trap};
use crate::extract::{self, Page, PageProblem, PageResult, Role};
use crate::fetch::Fetched;
use crate::source::{Paging, Stop};

/// Rows without any text that tell of a changed page.
const EMPTY_ROWS_MIN: usize = 3;

/// Problems after which the page tells nothing.
const FATAL: &[&str] =
    &["expect-page", "expect-present", "no-rows", "no-follow", "bad-json", "bad-feed", "bad-sitemap", "too-deep"];

impl<K: Keep> Crawl<'_, K> {
    /// Reads an answer that was kept, and puts into `visited` what follows from it.
    #[allow(clippy::too_many_arguments)]
    pub(super) async fn absorb(
        &mut self,
        due: &Due,
        url: &Url,
        at: &Url,
        fetched: Fetched,
        role: Role,
        mut memo: Memo,
        visited: &mut Visited,
    ) -> Result<(), CrawlError<K::Error>> {
        visited.sha256 = Some(fetched.sha256.clone());
        let text = match fetched.text(self.asker.fetcher.caps()) {
            Ok(decoded) => decoded.text,
            Err(error) => {
                self.break_walk_when_given_up(due, &memo);
                visited.failed = true;
                visited.due_again_at_ms =
                    (due.fails < super::FAILS_MAX).then(|| self.now_ms() + pace::backoff_ms(due.fails));
                self.problem(visited, PageProblem::new("bad-body", format!("Nội dung không giải mã được ({error}).")));
                return Ok(());
            }
        };
        if role == Role::Detail && memo.lastmod_ms.is_none() {
            memo.lastmod_ms = self.lastmod_ms(&due.url).await?;
        }
        let is_wall = crate::robots::is_challenge_page(&text);
        let mut result = self.read(url, at, &fetched, text, role, &memo).await;
        let is_named = role == Role::Sitemap || role == Role::Start && self.source.list.is_some();
        if !is_named && fetched.media_type().contains("html") && fetched.robots_say("nofollow") {
            result.forbid_following();
        }
        if result.nofollow {
            // What stands behind those links may well be there.
            self.break_walk(&memo, &due.url);
            self.tell(Event::Refused(due.url.clone(), "nofollow".into()));
        }
        for problem in &result.problems {
            // A log-in or challenge page that answers 200 is no change of the site's looks.
            match is_wall && FATAL.contains(&problem.code) {
                true => self.problem_of(visited, problem.clone(), Cause::Wall),
                false => self.problem(visited, problem.clone()),
            }
        }
        visited.quarantined = result.quarantined;
        if result.gone {
            return self.absorb_gone(due, url, role, memo, visited).await;
        }
        memo.gone_since_ms = None;
        self.warn_of_empty_rows(&result, visited);
        let is_fatal = result.problems.iter().any(|problem| FATAL.contains(&problem.code));
        if is_fatal {
            self.break_walk(&memo, &due.url);
            memo.fingerprint = String::new();
        } else {
            memo.fingerprint = self.source.fingerprint.clone();
            visited.etag = fetched.validators().etag;
            visited.last_modified = fetched.validators().last_modified;
        }
        if result.noindex {
            // What may not be stored was there all the same; it is not missing.
            self.break_walk(&memo, &due.url);
            self.tell(Event::Refused(due.url.clone(), "noindex".into()));
        }
        memo.next = result.next.clone();
        let rows = result.rows;
        let (news, stops) = match role {
            Role::Sitemap => (self.take_entries(due, &result, visited).await?, true),
            Role::Start if self.source.list.is_some() => self.take_rows(due, &memo, &result, visited).await?,
            _ => self.take_items(due, role, &mut memo, result, visited).await?,
        };
        self.go_on(due, role, &memo, stops || is_fatal, rows, visited);
        visited.is_success = !is_fatal;
        visited.news = if visited.posts.is_empty() { 0 } else { news as u64 };
        self.come_back(due, url, role, memo, news > 0, is_fatal, visited);
        self.tell(Event::Read(due.url.clone(), visited.posts.len(), news));
        Ok(())
    }

    /// Rows that have neither text nor title are passed over one by one; all of them together are a changed page.
    fn warn_of_empty_rows(&mut self, result: &PageResult, visited: &mut Visited) {
        let brought = result.items.len() + result.follow.len() + result.entries.len() + result.gone_ids.len();
        let skips =
            self.source.item.skip.is_some() || self.source.list.as_ref().is_some_and(|list| list.skip.is_some());
        let is_empty =
            !skips && result.rows >= EMPTY_ROWS_MIN && brought == 0 && result.quarantined == 0 && !result.noindex;
        if is_empty && result.problems.is_empty() {
            self.problem(
                visited,
                PageProblem::new(
                    "empty-rows",
                    format!("{} hàng đều không có chữ: bộ chọn `text` đã sai hoặc trang giấu nội dung.", result.rows),
                ),
            );
        }
    }

    async fn read(&self, url: &Url, at: &Url, fetched: &Fetched, text: String, role: Role, memo: &Memo) -> PageResult {
        let source = Arc::clone(&self.source);
        let root = Url::parse(&memo.root).unwrap_or_else(|_| url.clone());
        // A redirect of the first page is still the first page.
        let root = if memo.page == 0 { at.clone() } else { root };
        let (at, memo) = (at.clone(), memo.clone());
        let (media_type, noindex, fetched_at_ms) =
            (fetched.media_type(), fetched.robots_say("noindex"), fetched.requested_at_ms);
        let reading = tokio::task::spawn_blocking(move || {
            let page = Page {
                url: &at,
                text: &text,
                media_type: &media_type,
                role,
                root: &root,
                fetched_at_ms,
                first_seen_ms: memo.first_seen_ms,
                lastmod_ms: memo.lastmod_ms,
                thread: memo.thread.as_deref(),
                noindex,
            };
            extract::extract(&source, &page)
        });
        reading.await.unwrap_or_else(|_| PageResult {
            problems: vec![PageProblem::new("too-deep", "Trang làm bộ đọc hỏng: bản gốc được giữ để xem lại.")],
            ..PageResult::default()
        })
    }

    async fn lastmod_ms(&mut self, url: &str) -> Result<Option<i64>, CrawlError<K::Error>> {
        let key = format!("lastmod {url}");
        let known = self.keep.seen(&self.source.name, &[key]).await.map_err(CrawlError::Keep)?;
        Ok(known.first().and_then(|(_, text)| Seen::read(text).changed.parse().ok()))
    }

    async fn known(&mut self, keys: &[String]) -> Result<HashMap<String, Seen>, CrawlError<K::Error>> {
        let known = self.keep.seen(&self.source.name, keys).await.map_err(CrawlError::Keep)?;
        Ok(known.into_iter().map(|(key, text)| (key, Seen::read(&text))).collect())
    }

    /// The entries of a sitemap: detail pages that are new or changed, and further sitemaps.
    async fn take_entries(
        &mut self,
        due: &Due,
        result: &PageResult,
        visited: &mut Visited,
    ) -> Result<usize, CrawlError<K::Error>> {
        let keys: Vec<String> = result.entries.iter().map(|entry| format!("lastmod {}", entry.url)).collect();
        let known = self.known(&keys).await?;
        let mut news = 0;
        for (entry, key) in result.entries.iter().zip(keys) {
            let Ok(url) = Url::parse(&entry.url) else { continue };
            let changed = entry.lastmod_ms.map(|at| at.to_string()).unwrap_or_default();
            let before = known.get(&key);
            if entry.is_sitemap {
                if due.depth < 3 && !self.visited.contains(&entry.url) && self.is_ours(&url) {
                    visited.found.push(self.entry(&url, Role::Sitemap, due.depth + 1, None));
                }
                continue;
            }
            if before.is_some_and(|before| before.changed == changed)
                || self.visited.contains(&entry.url)
                || !self.is_ours(&url)
            {
                continue;
            }
            news += 1;
            let memo = Memo { lastmod_ms: entry.lastmod_ms, first_seen_ms: self.run_ms, ..Memo::default() };
            visited.found.push(self.entry(&url, Role::Detail, due.depth + 1, Some(&memo)));
            let first_ms = before.map_or(self.run_ms, |before| before.first_ms);
            visited.seen.push((key, Seen { first_ms, walk_ms: self.run_ms, changed, ..Seen::default() }.written()));
        }
        Ok(news)
    }

    /// Whether an address belongs to the source and is no trap. Refusals are told with their reason.
    fn is_ours(&mut self, url: &Url) -> bool {
        let verdict = self.source.scope.verdict(url);
        let refusal =
            if verdict.allowed { trap::trap(url).map(str::to_owned) } else { Some(format!("scope: {}", verdict.rule)) };
        match refusal {
            None => true,
            Some(reason) => {
                self.tell(Event::Refused(url.to_string(), reason));
                false
            }
        }
    }

    /// The rows of a list: detail pages that are new or changed. Gives how many, and whether the walk stops here.
    async fn take_rows(
        &mut self,
        due: &Due,
        memo: &Memo,
        result: &PageResult,
        visited: &mut Visited,
    ) -> Result<(usize, bool), CrawlError<K::Error>> {
        let rows: Vec<_> = result.follow.iter().take(trap::LINKS_MAX).collect();
        let keys: Vec<String> = rows.iter().map(|row| row_key(row.id.as_deref(), &row.url)).collect();
        let post_keys = rows.iter().filter_map(|row| row.id.as_deref()).map(post_key);
        let known = self.known(&keys.iter().cloned().chain(post_keys).collect::<Vec<_>>()).await?;
        // A page of many posts can have grown, and only `changed` could tell that it has not.
        let grows = self.source.item.rows.is_some() && !matches!(self.source.walk.stop, Stop::Known);
        let (mut news, mut stops, mut fresh) = (0, false, 0);
        for (row, key) in rows.into_iter().zip(keys) {
            let before = known.get(&key);
            if before.is_some_and(|before| before.walk_ms == memo.walk_ms) {
                continue;
            }
            fresh += 1;
            let Ok(url) = Url::parse(&row.url) else { continue };
            let post = row.id.as_deref().and_then(|id| known.get(&post_key(id)));
            let is_known = before.or(post).is_some_and(|seen| seen.first_ms < memo.walk_ms);
            let is_changed = match (&row.changed, before) {
                (Some(value), Some(before)) => before.changed != *value,
                (Some(_), None) => true,
                (None, _) => grows,
            };
            let is_same = is_known && !is_changed;
            stops |= match self.source.walk.stop {
                Stop::Known => is_same,
                Stop::Unchanged => is_same && row.changed.is_some(),
                Stop::Age(age_ms) => row
                    .changed
                    .as_deref()
                    .and_then(|at| crate::filter::time::iso(at, None))
                    .is_some_and(|at| at.at_ms < self.run_ms - age_ms),
                Stop::Never | Stop::Pages(_) => false,
            };
            if !is_same && self.is_ours(&url) {
                news += 1;
                if !self.visited.contains(&row.url) {
                    let memo = (!is_known).then(|| Memo { first_seen_ms: self.run_ms, ..Memo::default() });
                    visited.found.push(self.entry(&url, Role::Detail, due.depth + 1, memo.as_ref()));
                }
            }
            let seen = Seen {
                first_ms: before.map_or(self.run_ms, |before| before.first_ms),
                walk_ms: memo.walk_ms,
                changed: row.changed.clone().unwrap_or_default(),
                ..Seen::default()
            };
            visited.seen.push((key, seen.written()));
        }
        stops |= self.is_barren(due, memo, fresh, result.rows);
        Ok((news, stops))
    }

    /// The posts of a page. Gives how many are new or changed, and whether the walk stops here.
    async fn take_items(
        &mut self,
        due: &Due,
        role: Role,
        memo: &mut Memo,
        result: PageResult,
        visited: &mut Visited,
    ) -> Result<(usize, bool), CrawlError<K::Error>> {
        let keys: Vec<String> = result.items.iter().map(|item| post_key(&item.id)).collect();
        let known = self.known(&keys).await?;
        let recheck_ms = self.source.walk.recheck_ms;
        let now_ms = self.now_ms();
        let (mut news, mut fresh, mut is_young) = (0, 0, false);
        let (mut met_known, mut met_same, mut met_old) = (false, false, false);
        if memo.thread.is_none() {
            memo.thread = result.items.iter().find(|item| !item.is_reply).map(|item| item.id.clone());
        }
        self.shown.extend(result.quarantined_ids);
        self.missing.extend(result.gone_ids);
        let mut met = HashSet::new();
        for (index, (item, key)) in result.items.into_iter().zip(keys).enumerate() {
            self.shown.insert(item.id.clone());
            if !met.insert(item.id.clone()) {
                continue;
            }
            let before = known.get(&key);
            if before.is_some_and(|before| before.walk_ms == memo.walk_ms) {
                continue;
            }
            fresh += 1;
            let mark = mark_of(&item);
            let is_known = before.is_some_and(|before| before.first_ms < memo.walk_ms);
            let is_same = before.is_some_and(|before| before.changed == mark);
            let first_ms = before.map_or(self.run_ms, |before| before.first_ms);
            let posted_ms = item.time.map(|time| time.at_ms);
            let age_from_ms = posted_ms.unwrap_or(first_ms);
            news += usize::from(!is_same);
            met_known |= is_known;
            met_same |= is_known && is_same;
            if let Stop::Age(age_ms) = self.source.walk.stop {
                met_old |= age_from_ms < now_ms - age_ms;
            }
            is_young |= recheck_ms.is_some_and(|recheck| now_ms - age_from_ms <= recheck);
            memo.youngest_ms = memo.youngest_ms.max(Some(age_from_ms));
            let walk = self.walk(memo, &due.url);
            walk.youngest_ms = walk.youngest_ms.max(Some(age_from_ms));
            walk.times.extend(posted_ms);
            walk.places.extend(before.map(|before| (before.walk_ms, before.place)));
            let place = u64::from(memo.page) * 100_000 + index as u64;
            visited.seen.push((
                key,
                Seen { first_ms, walk_ms: memo.walk_ms, place, posted_ms, changed: mark, missing: false }.written(),
            ));
            visited.posts.push(item);
        }
        self.summary.posts += visited.posts.len() as u64;
        self.summary.news += news as u64;
        let stops = role == Role::Start
            && match self.source.walk.stop {
                Stop::Known => met_known && !is_young,
                Stop::Unchanged => met_same && !is_young,
                Stop::Age(_) => met_old,
                Stop::Never | Stop::Pages(_) => false,
            };
        let is_barren = self.is_barren(due, memo, fresh, result.rows);
        Ok((news, stops || is_barren))
    }

    /// A page of a walk that shows only what the walk has shown already leads in a circle: at once where pages are
    /// counted, because some software answers every number with its last page; after three where a link says so.
    fn is_barren(&mut self, due: &Due, memo: &Memo, fresh: usize, rows: usize) -> bool {
        let is_counted = matches!(self.source.walk.paging, Some(Paging::Counted { .. }));
        let walk = self.walk(memo, &due.url);
        if fresh > 0 || rows == 0 {
            walk.barren = 0;
            return false;
        }
        walk.barren += 1;
        is_counted || walk.barren >= 3
    }

    /// Puts the next page of the walk into the frontier, or ends the walk.
    fn go_on(&mut self, due: &Due, role: Role, memo: &Memo, stops: bool, rows: usize, visited: &mut Visited) {
        let root = if memo.root.is_empty() { due.url.clone() } else { memo.root.clone() };
        let most = match (role, self.source.walk.stop) {
            (Role::Start, Stop::Pages(pages)) => pages,
            _ => trap::PAGES_MAX,
        };
        let next = memo.next.as_deref().and_then(|next| Url::parse(next).ok());
        let leads_on = next.filter(|next| !self.visited.contains(next.as_str()));
        let is_first = memo.root.is_empty();
        let walk = self.walk(memo, &due.url);
        walk.role = Some(role);
        if is_first {
            walk.first = Some(memo.clone());
        }
        // A page without rows is the end of a walk at best, never a page from which rows have gone.
        match rows {
            0 => walk.is_broken |= is_first,
            _ => walk.pages.push(due.url.clone()),
        }
        if stops {
            return;
        }
        let Some(next) = leads_on else {
            walk.is_complete = true;
            return;
        };
        if memo.page + 1 >= most || !self.is_ours(&next) {
            return;
        }
        let memo = Memo {
            root,
            walk_ms: memo.walk_ms,
            page: memo.page + 1,
            thread: memo.thread.clone(),
            lastmod_ms: memo.lastmod_ms,
            first_seen_ms: self.run_ms,
            ..Memo::default()
        };
        visited.found.push(self.entry(&next, role, due.depth, Some(&memo)));
    }

    /// Plans the next visit of the page.
    #[allow(clippy::too_many_arguments)]
    fn come_back(
        &mut self,
        due: &Due,
        url: &Url,
        role: Role,
        mut memo: Memo,
        had_news: bool,
        is_fatal: bool,
        visited: &mut Visited,
    ) {
        let now_ms = self.now_ms();
        memo.interval_ms = pace::interval_ms(memo.interval_ms, had_news, self.every_ms());
        visited.memo = Some(memo.written());
        if !memo.root.is_empty() {
            // Pages behind the first are visited with it.
            visited.due_again_at_ms = None;
            return;
        }
        // What could not be read may be whole the next time: its list names it only once.
        let is_unread = is_fatal || (visited.quarantined > 0 && visited.posts.is_empty());
        if is_unread && role == Role::Detail {
            visited.failed = true;
            visited.due_again_at_ms =
                (due.fails < super::FAILS_MAX).then(|| now_ms + pace::backoff_ms(due.fails + pace::TRIES));
            return;
        }
        if role == Role::Detail && self.source.walk.recheck_ms.is_none() {
            visited.due_again_at_ms = None;
            return;
        }
        let planned_ms = now_ms + memo.interval_ms;
        let held = self.hold(url, role, due.depth, planned_ms, &memo);
        // The pages behind this one may hold younger posts; the run's end knows.
        let is_young =
            memo.youngest_ms.zip(self.source.walk.recheck_ms).is_some_and(|(youngest, age)| now_ms - youngest <= age);
        visited.due_again_at_ms = held.filter(|_| role != Role::Detail || is_young);
    }

    /// Nothing has changed: what the page showed it still shows.
    pub(super) async fn absorb_unchanged(
        &mut self,
        due: &Due,
        url: &Url,
        role: Role,
        mut memo: Memo,
        visited: &mut Visited,
    ) -> Result<(), CrawlError<K::Error>> {
        let ids = self.keep.posts_of_page(&self.source.name, &due.url).await.map_err(CrawlError::Keep)?;
        let keys: Vec<String> = ids.iter().map(|id| post_key(id)).collect();
        let known: BTreeMap<String, Seen> = self.known(&keys).await?.into_iter().collect();
        for (key, mut seen) in known {
            memo.youngest_ms = memo.youngest_ms.max(seen.posted_ms.or(Some(seen.first_ms)));
            seen.walk_ms = memo.walk_ms;
            visited.seen.push((key, seen.written()));
        }
        self.shown.extend(ids);
        visited.is_success = true;
        memo.gone_since_ms = None;
        let youngest_ms = memo.youngest_ms;
        let walk = self.walk(&memo, &due.url);
        walk.youngest_ms = walk.youngest_ms.max(youngest_ms);
        let stops = role == Role::Start
            && matches!(self.source.walk.stop, Stop::Known | Stop::Unchanged)
            && self.source.walk.recheck_ms.is_none();
        self.go_on(due, role, &memo, stops, 1, visited);
        self.come_back(due, url, role, memo, false, false, visited);
        self.tell(Event::Read(due.url.clone(), 0, 0));
        Ok(())
    }
}
