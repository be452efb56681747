//! Sources: where posts come from, and when one may be read.

use crate::id::ids;
use crate::{Act, Person, Refusal};

ids! {
    /// State of a source.
    SourceState {
        /// Written, not tried.
        Draft = "draft",
        /// A person saw what it would bring.
        Previewed = "previewed",
        /// It is read as due.
        Enabled = "enabled",
        /// A person stopped it.
        Paused = "paused",
        /// The site or its rules refuse us.
        Blocked = "blocked",
        /// It will not be read again.
        Retired = "retired",
    }
}

ids! {
    /// What keeps a source from bringing posts. Words for people stand with the pages that show them.
    Cause {
        /// The site wants a log-in or a test that we do not pass.
        Wall = "wall",
        /// A rule of robots.txt forbids the address.
        RobotsForbid = "robots_forbid",
        /// robots.txt itself stands behind a wall.
        RobotsWalled = "robots_walled",
        /// robots.txt could not be reached, so nothing may be fetched.
        RobotsUnreachable = "robots_unreachable",
        /// The source's own scope leaves out where it leads.
        Scope = "scope",
        /// The address leads into a network of somebody's own.
        Address = "address",
        /// The site asks to be left alone for a while.
        Throttled = "throttled",
        /// The site does not answer, or fails.
        Unreachable = "unreachable",
        /// The answer cannot be taken: too large, cut off, a bomb, of a strange kind.
        Body = "body",
        /// What the source starts from is no longer there, or leads in a circle.
        Moved = "moved",
        /// The page no longer looks as the source file says.
        Drift = "drift",
        /// Pages are read as ever, but far fewer new posts come than before.
        Silence = "silence",
    }
}

ids! {
    /// Where a cause was seen.
    Part {
        /// A list, a feed, a sitemap: what the source starts from.
        Start = "start",
        /// A page of one post or one thread.
        Detail = "detail",
    }
}

/// Days over which a source's yield is compared.
pub const YIELD_DAYS: i64 = 28;

/// How many new posts a source would have brought in `quiet_ms` at its own pace, from its counts by day (the day of
/// today included); 0 where there is too little past to say.
pub fn expected_news(news_by_day: &[u64], quiet_ms: i64) -> f64 {
    // A week with posts on at least three days is the least that tells a pace.
    if news_by_day.len() < 7 || news_by_day.iter().filter(|news| **news > 0).count() < 3 {
        return 0.0;
    }
    let a_day = news_by_day.iter().sum::<u64>() as f64 / news_by_day.len() as f64;
    a_day * quiet_ms.max(0) as f64 / 86_400_000.0
}

/// Whether a quiet source is quieter than its own past explains: two days without a post where ten would have come.
pub fn is_silent(news_by_day: &[u64], quiet_ms: i64) -> bool {
    quiet_ms >= 2 * 86_400_000 && expected_news(news_by_day, quiet_ms) >= 10.0
}

impl SourceState {
    /// The Vietnamese name shown.
    pub fn title(self) -> &'static str {
        match self {
            SourceState::Draft => "nháp",
            SourceState::Previewed => "đã xem thử",
            SourceState::Enabled => "đang thu thập",
            SourceState::Paused => "tạm dừng",
            SourceState::Blocked => "bị chặn",
            SourceState::Retired => "đã thôi dùng",
        }
    }

    /// The state after a person moves it to `to`. `access_satisfied` says whether its access basis holds.
    ///
    /// # Errors
    /// `role` without the right; `access` when it would start without a basis; `state` when the path is none.
    pub fn after(self, to: SourceState, access_satisfied: bool, by: &Person) -> Result<SourceState, Refusal> {
        by.must(Act::WorkSources)?;
        self.moved(to, access_satisfied)
    }

    /// As [`SourceState::after`], for the operator of the machine at the command line.
    ///
    /// # Errors
    /// `access` and `state`.
    pub fn moved(self, to: SourceState, access_satisfied: bool) -> Result<SourceState, Refusal> {
        use SourceState::*;
        let legal = match (self, to) {
            (Retired, _) => false,
            (Draft, Previewed | Enabled | Retired) => true,
            (Previewed, Draft | Enabled | Retired) => true,
            (Enabled, Paused | Blocked | Retired) => true,
            (Paused | Blocked, Previewed | Enabled | Retired) => true,
            _ => false,
        };
        if !legal {
            return Err(Refusal::new(
                "state",
                format!("Nguồn {} không chuyển sang {} được.", self.title(), to.title()),
            ));
        }
        if to == Enabled && !access_satisfied {
            return Err(Refusal::new(
                "access",
                "Nguồn chưa có căn cứ được phép đọc (mục [access]) nên không bật được.",
            ));
        }
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_measured_by_the_source_itself() {
        const DAY: i64 = 86_400_000;
        let busy = [20; 14];
        assert!(is_silent(&busy, 2 * DAY));
        assert!(!is_silent(&busy, DAY), "a quiet day is no alarm");
        let slow = [0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0];
        assert!(!is_silent(&slow, 20 * DAY));
        assert!(is_silent(&slow, 40 * DAY));
        assert!(!is_silent(&[50, 0, 0], 9 * DAY), "too little past");
        assert!(!is_silent(&[0; 28], 28 * DAY), "a source that never brought anything");
    }
}
