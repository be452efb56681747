//! How urgent an alert is, until when it must be looked at, and what raises or lowers it when it is recorded.

use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A contact seen in so many raised posts is known.
pub const KNOWN_CONTACT_POSTS: u32 = 3;
/// A campaign of so many posts is large.
pub const LARGE_CAMPAIGN_POSTS: u32 = 10;
/// A post older than this, without a case behind it, is old. Days.
pub const OLD_POST_DAYS: i64 = 90;
/// A departure announced longer ago than this is past. Days.
pub const DEPARTURE_PAST_DAYS: i64 = 7;

/// How long an alert of this priority may wait, in milliseconds: 15 minutes, 2, 24 and 72 hours.
pub fn review_within_ms(priority: u8) -> i64 {
    match priority {
        0 | 1 => 15 * MINUTE_MS,
        2 => 2 * HOUR_MS,
        3 => 24 * HOUR_MS,
        _ => 72 * HOUR_MS,
    }
}

/// What is known around a post when it is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The largest number of raised posts, before this one, that share one contact with it.
    pub contact_posts: u32,
    /// Number of an open or escalated case that has a contact of this post.
    pub open_case: Option<String>,
    /// Posts in its campaign, this one included.
    pub campaign_posts: u32,
    /// A departure is the only thing that makes it urgent.
    pub only_departure: bool,
    /// When it was posted. UTC milliseconds.
    pub posted_at_ms: Option<i64>,
}

/// One listed reason of a change of priority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorityReason {
    /// Stable id: `open_case`, `known_contact`, `large_campaign`, `departure_past`, `old_post`, `by_hand`, `campaign`.
    pub id: String,
    /// One Vietnamese line.
    pub title: String,
    /// Levels: negative is more urgent.
    pub change: i8,
}

/// The priority at recording and the reasons of each change.
///
/// Known people and cases raise by one level together, and never to 1: that level is for danger at hand, which only
/// the post itself can tell. A past departure lowers; age lowers, but neither what is known nor a priority of 1.
pub fn adjust(from_post: u8, around: &Circumstances, now_ms: i64) -> (u8, Vec<PriorityReason>) {
    let mut reasons = Vec::new();
    let base = from_post.clamp(1, 4);
    let age_ms = around.posted_at_ms.map(|at| now_ms.saturating_sub(at));
    let raise = |id: &str, title: String| PriorityReason { id: id.to_owned(), title, change: -1 };
    let lower = |id: &str, title: &str| PriorityReason { id: id.to_owned(), title: title.to_owned(), change: 1 };
    if base > 2 {
        if let Some(case) = &around.open_case {
            reasons.push(raise("open_case", format!("Có liên hệ trùng với vụ việc đang làm {case}")));
        } else if around.contact_posts >= KNOWN_CONTACT_POSTS {
            let posts = around.contact_posts;
            reasons.push(raise("known_contact", format!("Liên hệ đã gặp trong {posts} bài bị cảnh báo trước đó")));
        } else if around.campaign_posts >= LARGE_CAMPAIGN_POSTS {
            let posts = around.campaign_posts;
            reasons.push(raise("large_campaign", format!("Cùng nội dung với {posts} bài trong một chiến dịch")));
        }
    }
    if around.only_departure && base < 4 && age_ms.is_some_and(|age| age > DEPARTURE_PAST_DAYS * DAY_MS) {
        reasons.push(lower("departure_past", "Ngày khởi hành trong bài đã qua"));
    } else if reasons.is_empty() && (2..4).contains(&base) && age_ms.is_some_and(|age| age > OLD_POST_DAYS * DAY_MS) {
        reasons.push(lower("old_post", "Bài đăng đã hơn 90 ngày"));
    }
    let change: i16 = reasons.iter().map(|reason| i16::from(reason.change)).sum();
    let adjusted = (i16::from(base) + change).clamp(1, 4);
    (u8::try_from(adjusted).unwrap_or(base), reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(reasons: &[PriorityReason]) -> Vec<&str> {
        reasons.iter().map(|reason| reason.id.as_str()).collect()
    }

    #[test]
    fn what_is_known_raises_one_level_and_never_to_the_first() {
        let around = Circumstances {
            contact_posts: 5,
            open_case: Some("VV-2026-000001".to_owned()),
            campaign_posts: 50,
            ..Circumstances::default()
        };
        for (base, expected) in [(1, 1), (2, 2), (3, 2), (4, 3)] {
            assert_eq!(adjust(base, &around, 0).0, expected);
        }
        assert_eq!(ids(&adjust(3, &around, 0).1), ["open_case"]);
    }

    #[test]
    fn a_past_departure_lowers_and_age_lowers_neither_the_first_level_nor_what_is_known() {
        let now_ms = 200 * DAY_MS;
        let old = Circumstances { posted_at_ms: Some(now_ms - 100 * DAY_MS), ..Circumstances::default() };
        assert_eq!(adjust(1, &old, now_ms), (1, Vec::new()));
        assert_eq!(ids(&adjust(2, &old, now_ms).1), ["old_post"]);
        let known = Circumstances { contact_posts: KNOWN_CONTACT_POSTS, ..old.clone() };
        assert_eq!(adjust(3, &known, now_ms).0, 2);
        let past = Circumstances { only_departure: true, posted_at_ms: Some(now_ms - 8 * DAY_MS), ..old };
        assert_eq!(ids(&adjust(1, &past, now_ms).1), ["departure_past"]);
        assert_eq!(adjust(1, &past, now_ms).0, 2);
    }

    #[test]
    fn the_more_urgent_the_sooner() {
        let waits: Vec<i64> = (1..=4).map(review_within_ms).collect();
        assert_eq!(waits, [15 * MINUTE_MS, 2 * HOUR_MS, DAY_MS, 3 * DAY_MS]);
    }
}
