//! Why nothing came: which cause a problem has, when it is worth an alarm, and when it is over.
//!
//! A start (list, feed, sitemap) is a source's only door, so one look is enough. A single post may always be odd, so
//! its page raises an alarm only together with others: three of them and a fifth of the run, or all that the run saw.
//! What an alarm says is over when the same part of the source is read well again: a start at once, single posts when
//! the run is over, as a post that is read well says nothing of the next one.

use std::collections::{BTreeMap, BTreeSet};

use model::{Cause, Part};
use serde::{Deserialize, Serialize};

use super::keep::{Alarm, Trouble, Verdict};
use crate::extract::Item;

/// Detail pages with one cause, and their share of a run in percent, that make an alarm.
const DETAILS_MIN: u32 = 3;
const DETAILS_PERCENT: u32 = 20;
/// Posts of the past and of a run between which a field's absence is judged, and how often it must have been there.
const FILL_PAST_MIN: u32 = 20;
const FILL_RUN_MIN: u32 = 5;
const FILL_PERCENT: u32 = 90;
/// The past forgets by halves from here on.
const FILL_PAST_MAX: u32 = 1_000;

/// The cause of a problem, by its code. What is not a trouble of the source has none.
pub fn cause_of(code: &str) -> Option<Cause> {
    Some(match code {
        "wall" => Cause::Wall,
        "throttled" => Cause::Throttled,
        "failed" => Cause::Unreachable,
        "bad-body" => Cause::Body,
        "start-gone" => Cause::Moved,
        "min-rows" => return None,
        _ => Cause::Drift,
    })
}

/// What a run has seen.
#[derive(Debug, Default)]
pub struct Watch {
    /// Alarms that are open.
    open: Vec<Alarm>,
    details: u32,
    well: u32,
    troubled: BTreeMap<Cause, (u32, Trouble)>,
    raised: BTreeSet<Cause>,
    fill: Fill,
}

impl Watch {
    /// Knows the alarms that are open.
    pub fn of(open: Vec<Alarm>) -> Watch {
        Watch { open, ..Watch::default() }
    }

    /// A visit met trouble. A passing one (that will be tried again at once) says nothing yet.
    pub fn trouble(&mut self, trouble: Trouble, is_passing: bool) -> Verdict {
        if is_passing {
            return Verdict::default();
        }
        let is_due = match trouble.part {
            Part::Start => true,
            Part::Detail => {
                self.details += 1;
                let (count, _) = self.troubled.entry(trouble.cause).or_insert((0, trouble.clone()));
                *count += 1;
                *count >= DETAILS_MIN && *count * 100 >= self.details * DETAILS_PERCENT
            }
        };
        if !is_due {
            return Verdict::default();
        }
        self.raised.insert(trouble.cause);
        Verdict { raised: vec![trouble], cleared: Vec::new() }
    }

    /// A page was read well, or had not changed.
    pub fn well(&mut self, part: Part) -> Verdict {
        if part == Part::Detail {
            self.details += 1;
            self.well += 1;
            return Verdict::default();
        }
        let is_over = |alarm: &Alarm| {
            let is_of_host = matches!(
                alarm.cause,
                Cause::RobotsForbid
                    | Cause::RobotsWalled
                    | Cause::RobotsUnreachable
                    | Cause::Throttled
                    | Cause::Unreachable
            );
            (alarm.part == Part::Start || is_of_host) && alarm.cause != Cause::Silence
        };
        Verdict { raised: Vec::new(), cleared: self.clear(is_over) }
    }

    /// Takes the open alarms that are over out of the list, unless this run raised their cause itself.
    fn clear(&mut self, is_over: impl Fn(&Alarm) -> bool) -> Vec<Cause> {
        let is_over = |alarm: &Alarm| !self.raised.contains(&alarm.cause) && is_over(alarm);
        let cleared: Vec<Cause> = self.open.iter().filter(|alarm| is_over(alarm)).map(|alarm| alarm.cause).collect();
        self.open.retain(|alarm| !cleared.contains(&alarm.cause));
        cleared
    }

    /// Counts the fields of posts that were read.
    pub fn fields(&mut self, items: &[Item]) {
        self.fill.count(items);
    }

    /// What the run as a whole says: every detail page of it had one cause, or a field has gone from all posts; or its
    /// detail pages are well again.
    pub fn end(&mut self, past: &Fill) -> Verdict {
        let mut raised = Vec::new();
        for (cause, (_, trouble)) in &self.troubled {
            if self.well == 0 && !self.raised.contains(cause) {
                raised.push(trouble.clone());
            }
        }
        let gone = self.fill.gone_since(past);
        if !gone.is_empty() {
            raised.push(Trouble {
                cause: Cause::Drift,
                part: Part::Detail,
                detail: format!(
                    "Các trường {} xưa nay vẫn có, nay trống ở cả {} bài vừa đọc.",
                    gone.join(", "),
                    self.fill.posts
                ),
                url: None,
            });
        }
        self.raised.extend(raised.iter().map(|trouble| trouble.cause));
        let (details, well) = (self.details, self.well);
        let counts: BTreeMap<Cause, u32> = self.troubled.iter().map(|(cause, (count, _))| (*cause, *count)).collect();
        let cleared = self.clear(|alarm| {
            let count = counts.get(&alarm.cause).copied().unwrap_or(0);
            alarm.part == Part::Detail
                && alarm.cause != Cause::Silence
                && well > 0
                && count * 100 < details * DETAILS_PERCENT
        });
        Verdict { raised, cleared }
    }

    /// The past with this run added, unless the run is not to be trusted.
    pub fn past_after(&self, past: Fill) -> Fill {
        if self.raised.contains(&Cause::Drift) { past } else { past.with(&self.fill) }
    }
}

/// How often each field was there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fill {
    /// Posts.
    pub posts: u32,
    /// By field, how many of them had it.
    pub with: BTreeMap<String, u32>,
}

impl Fill {
    fn count(&mut self, items: &[Item]) {
        for item in items.iter().filter(|item| !item.is_reply) {
            self.posts += 1;
            let has = [
                ("title", item.title.is_some()),
                ("author", item.author.is_some()),
                ("author_id", item.author_id.is_some()),
                ("time", item.time.is_some()),
                ("place", item.place.is_some()),
                ("price", item.price.is_some()),
            ];
            for (name, _) in has.iter().filter(|(_, is_there)| *is_there) {
                *self.with.entry((*name).to_owned()).or_default() += 1;
            }
        }
    }

    fn gone_since<'p>(&self, past: &'p Fill) -> Vec<&'p str> {
        if past.posts < FILL_PAST_MIN || self.posts < FILL_RUN_MIN {
            return Vec::new();
        }
        let was_there = |count: u32| u64::from(count) * 100 >= u64::from(past.posts) * u64::from(FILL_PERCENT);
        let gone = past.with.iter().filter(|(name, count)| was_there(**count) && !self.with.contains_key(*name));
        gone.map(|(name, _)| name.as_str()).collect()
    }

    fn with(mut self, run: &Fill) -> Fill {
        if self.posts >= FILL_PAST_MAX {
            self.posts /= 2;
            self.with.values_mut().for_each(|count| *count /= 2);
        }
        self.posts += run.posts;
        for (name, count) in &run.with {
            *self.with.entry(name.clone()).or_default() += count;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(cause: Cause, part: Part) -> Trouble {
        Trouble { cause, part, detail: "x".into(), url: None }
    }

    #[test]
    fn a_start_is_enough_and_a_single_post_is_not() {
        let mut watch = Watch::default();
        assert_eq!(watch.trouble(trouble(Cause::Wall, Part::Start), false).raised.len(), 1);
        assert!(watch.trouble(trouble(Cause::Unreachable, Part::Start), true).raised.is_empty());
        let mut watch = Watch::default();
        for n in 0..20 {
            watch.well(Part::Detail);
            if n % 10 == 0 {
                assert!(watch.trouble(trouble(Cause::Drift, Part::Detail), false).raised.is_empty());
            }
        }
        assert!(watch.end(&Fill::default()).raised.is_empty());
        let mut watch = Watch::default();
        let raised: Vec<usize> =
            (0..4).map(|_| watch.trouble(trouble(Cause::Drift, Part::Detail), false).raised.len()).collect();
        assert_eq!(raised, [0, 0, 1, 1]);
        let mut watch = Watch::default();
        watch.trouble(trouble(Cause::Drift, Part::Detail), false);
        assert_eq!(watch.end(&Fill::default()).raised.len(), 1, "all that the run saw");
    }

    #[test]
    fn what_is_read_well_again_is_over_where_it_was_seen() {
        let alarm = |cause, part| Alarm { cause, part };
        let mut watch = Watch::of(vec![
            alarm(Cause::Drift, Part::Detail),
            alarm(Cause::Wall, Part::Start),
            alarm(Cause::Throttled, Part::Detail),
            alarm(Cause::Silence, Part::Start),
        ]);
        assert_eq!(watch.well(Part::Start).cleared, [Cause::Wall, Cause::Throttled]);
        assert!(watch.well(Part::Detail).cleared.is_empty(), "the next post may be as bad as before");
        assert_eq!(watch.end(&Fill::default()).cleared, [Cause::Drift]);
        assert!(watch.end(&Fill::default()).cleared.is_empty(), "once");
    }

    #[test]
    fn a_field_that_vanishes_is_seen_and_the_past_stays_as_it_was() {
        let post = |has_author: bool| Item { author: has_author.then(|| "A".into()), ..Item::default() };
        let mut before = Watch::default();
        before.fields(&vec![post(true); 25]);
        let past = before.past_after(Fill::default());
        let mut after = Watch::default();
        after.fields(&vec![post(false); 5]);
        let raised = after.end(&past);
        assert!(raised.raised[0].detail.contains("author"), "{raised:?}");
        assert_eq!(after.past_after(past.clone()), past);
        let mut mixed = Watch::default();
        mixed.fields(&[post(false), post(false), post(false), post(false), post(true)]);
        assert!(mixed.end(&past).raised.is_empty());
    }
}
