//! Deletions: a post is looked for where it was read from, and one look is never enough.

use std::collections::BTreeSet;

use url::Url;

use super::keep::{Due, Keep, Missing, Visited};
use super::memo::{Memo, Seen, post_key};
use super::{Crawl, CrawlError, Walk};
use crate::extract::{PageProblem, Role};
use crate::source::Kind;

impl<K: Keep> Crawl<'_, K> {
    /// The page is not there. For a detail page that is one look that found its posts gone.
    pub(super) async fn absorb_gone(
        &mut self,
        due: &Due,
        url: &Url,
        role: Role,
        mut memo: Memo,
        visited: &mut Visited,
    ) -> Result<(), CrawlError<K::Error>> {
        if role != Role::Detail {
            let is_counted_end = memo.page > 0 && self.source.walk.paging.is_some();
            if is_counted_end {
                self.walk(&memo, &due.url).is_complete = true;
                visited.is_success = true;
                return Ok(());
            }
            self.break_walk(&memo, &due.url);
            let planned_ms = self.now_ms() + self.every_ms().0.max(super::HOLD_MS);
            visited.failed = true;
            visited.due_again_at_ms =
                if memo.root.is_empty() { self.hold(url, role, due.depth, planned_ms, &memo) } else { None };
            self.problem(
                visited,
                PageProblem::new(
                    "start-gone",
                    "Trang bắt đầu không còn hoặc bị chuyển hướng: kiểm tra lại địa chỉ của nguồn.",
                ),
            );
            return Ok(());
        }
        visited.is_success = true;
        let pages: BTreeSet<String> = memo.pages.iter().cloned().chain([due.url.clone()]).collect();
        let mut had_posts = false;
        for page in pages {
            let ids = self.keep.posts_of_page(&self.source.name, &page).await.map_err(CrawlError::Keep)?;
            had_posts |= !ids.is_empty();
            self.missing.extend(ids);
        }
        self.break_walk(&memo, &due.url);
        let now_ms = self.now_ms();
        let gone_after_ms = self.source.walk.gone_after_ms;
        let is_second_look = memo.gone_since_ms.is_some_and(|since| now_ms - since >= gone_after_ms);
        memo.gone_since_ms = memo.gone_since_ms.or(Some(now_ms));
        memo.fingerprint = String::new();
        visited.memo = Some(memo.written());
        visited.due_again_at_ms = None;
        if had_posts && !is_second_look {
            let planned_ms = now_ms + gone_after_ms.max(self.every_ms().0);
            visited.due_again_at_ms = self.hold(url, role, due.depth, planned_ms, &memo);
        }
        Ok(())
    }

    /// At the run's end: posts whose page answered with other rows and that no page of the run showed.
    pub(super) async fn count_missing(&mut self) -> Result<(), CrawlError<K::Error>> {
        let mut missing: BTreeSet<String> =
            std::mem::take(&mut self.missing).into_iter().filter(|id| !self.shown.contains(id)).collect();
        let mut marks = Vec::new();
        let walks = std::mem::take(&mut self.walks);
        for walk in walks.values() {
            if !self.has_rows(walk) {
                continue;
            }
            for id in self.unshown(walk).await? {
                let key = post_key(&id);
                let known =
                    self.keep.seen(&self.source.name, std::slice::from_ref(&key)).await.map_err(CrawlError::Keep)?;
                let Some(mut seen) = known.first().map(|(_, text)| Seen::read(text)) else { continue };
                if covers(walk, &seen) {
                    seen.missing = true;
                    marks.push((key, seen.written()));
                    missing.insert(id);
                }
            }
        }
        self.walks = walks;
        if missing.is_empty() {
            return Ok(());
        }
        self.summary.missing = missing.len() as u64;
        let missing = Missing {
            source: self.source.name.clone(),
            native_ids: missing.into_iter().collect(),
            seen: marks,
            gone_after_ms: self.source.walk.gone_after_ms,
        };
        let now_ms = self.now_ms();
        self.keep.lose(missing, now_ms).await.map_err(CrawlError::Keep)
    }

    /// A feed is a window, and a page that is one post has no other rows: absence proves nothing there.
    fn has_rows(&self, walk: &Walk) -> bool {
        let reads_posts =
            walk.role == Some(Role::Detail) || (walk.role == Some(Role::Start) && self.source.list.is_none());
        let is_rowed = self.source.item.rows.is_some() || self.source.replies.is_some();
        reads_posts && is_rowed && self.source.kind != Kind::Feed
    }

    /// Posts of the walk's pages that the run did not show.
    async fn unshown(&mut self, walk: &Walk) -> Result<Vec<String>, CrawlError<K::Error>> {
        let mut pages: BTreeSet<&String> = walk.pages.iter().collect();
        if walk.is_complete && !walk.is_broken {
            pages.extend(walk.first.iter().flat_map(|memo| &memo.pages));
        }
        let mut ids = Vec::new();
        for page in pages {
            ids.extend(self.keep.posts_of_page(&self.source.name, page).await.map_err(CrawlError::Keep)?);
        }
        ids.retain(|id| !self.shown.contains(id));
        Ok(ids)
    }
}

/// Whether the walk went past the place where the post would stand.
///
/// New posts push older ones to pages that were not fetched, so a page alone proves nothing: either the whole walk was
/// read, or rows from both sides of the post were, by time or by their places in the walk that last showed it, or an
/// earlier look missed it already.
fn covers(walk: &Walk, post: &Seen) -> bool {
    if (walk.is_complete && !walk.is_broken && walk.first.is_some()) || post.missing {
        return true;
    }
    let is_newest_first = walk.times.first().zip(walk.times.last()).is_some_and(|(first, last)| first >= last);
    let by_time = post.posted_ms.is_some_and(|posted| {
        walk.times.len() > 1
            && walk.times.iter().any(|time| if is_newest_first { *time < posted } else { *time > posted })
    });
    let by_place = walk.places.iter().any(|(walk_ms, place)| *walk_ms == post.walk_ms && *place > post.place);
    by_time || by_place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_passed_counts_as_missed() {
        let post = Seen { walk_ms: 1, place: 5, posted_ms: Some(500), ..Seen::default() };
        let walk = |times: &[i64], places: &[(i64, u64)]| Walk {
            times: times.to_vec(),
            places: places.to_vec(),
            ..Walk::default()
        };
        assert!(covers(&walk(&[900, 400], &[]), &post));
        assert!(!covers(&walk(&[900, 600], &[]), &post));
        assert!(covers(&walk(&[100, 600], &[]), &post));
        assert!(!covers(&walk(&[100, 200], &[]), &post));
        assert!(covers(&walk(&[], &[(1, 6)]), &post));
        assert!(!covers(&walk(&[], &[(1, 4), (2, 9)]), &post));
        let whole = Walk { is_complete: true, first: Some(Memo::default()), ..Walk::default() };
        assert!(covers(&whole, &post));
        assert!(!covers(&Walk { is_broken: true, ..whole }, &post));
    }
}
