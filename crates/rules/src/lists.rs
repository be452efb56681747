//! `all`, `any` and `none`: the only logic there is, for signals, rules and urgency alike.

use crate::seen::{Occurrence, Seen};

/// Farthest `near` and `reach`, in syllables. Title and text lie farther apart than this.
pub(crate) const MAX_NEAR: u32 = 60;

/// How close together the members of a list must stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Anywhere in the post.
    #[default]
    Post,
    /// In one sentence.
    Sentence,
    /// Within so many syllables of the first member.
    Near(u32),
}

/// Lists over signals; the numbers are indices into the ruleset's signals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    /// Every one must be there.
    pub all: Vec<u16>,
    /// So many different ones as `least` must be there.
    pub any: Vec<u16>,
    /// None may be there.
    pub none: Vec<u16>,
    /// How many of `any`; 1 unless told. Without meaning when `any` is empty.
    pub least: usize,
    pub scope: Scope,
    /// The members of `all` must follow each other as listed, then one of `any`.
    pub ordered: bool,
}

impl Lists {
    /// A quick test on presence alone: necessary for every scope.
    fn possible(&self, seen: &Seen<'_>) -> bool {
        self.all.iter().all(|s| seen.has(*s))
            && (self.any.is_empty()
                || if self.least <= 1 {
                    self.any.iter().any(|s| seen.has(*s))
                } else {
                    self.any.iter().filter(|s| seen.has(**s)).count() >= self.least
                })
    }

    /// Finds the occurrences and hands each to `found`. Returns whether there is one.
    pub fn evaluate(&self, seen: &mut Seen<'_>, found: &mut Vec<Occurrence>) -> bool {
        found.clear();
        if !self.possible(seen) {
            return false;
        }
        match self.scope {
            Scope::Post => self.in_post(seen, found),
            Scope::Sentence => self.in_sentences(seen, found),
            Scope::Near(reach) => self.near(reach, seen, found),
        }
        !found.is_empty()
    }

    fn in_post(&self, seen: &Seen<'_>, found: &mut Vec<Occurrence>) {
        if self.none.iter().any(|s| seen.has(*s)) {
            return;
        }
        for signal in self.all.iter().chain(&self.any) {
            found.extend_from_slice(seen.of(*signal));
        }
    }

    fn in_sentences(&self, seen: &mut Seen<'_>, found: &mut Vec<Occurrence>) {
        let mut sentences = Vec::new();
        let firsts = match self.all.first() {
            Some(first) => std::slice::from_ref(first),
            None => &self.any[..],
        };
        for signal in firsts {
            sentences.extend(seen.of(*signal).iter().map(|o| seen.sentence(o.start)));
        }
        sentences.sort_unstable();
        sentences.dedup();
        let mut chosen = Vec::new();
        for sentence in sentences {
            chosen.clear();
            if self.choose_in(sentence, seen, &mut chosen) {
                found.push(seen.join(&chosen));
            }
        }
    }

    fn choose_in(&self, sentence: u32, seen: &Seen<'_>, chosen: &mut Vec<Occurrence>) -> bool {
        let there = |s: &u16| seen.of(*s).iter().any(|o| seen.sentence(o.start) == sentence);
        if self.none.iter().any(there) || !self.all.iter().all(there) {
            return false;
        }
        if !self.any.is_empty() && self.any.iter().filter(|s| there(s)).count() < self.least.max(1) {
            return false;
        }
        if self.ordered {
            let mut from = 0;
            for signal in &self.all {
                let next = seen.of(*signal).iter().find(|o| o.start >= from && seen.sentence(o.start) == sentence);
                let Some(next) = next else { return false };
                chosen.push(*next);
                from = next.end;
            }
            let before = chosen.len();
            for signal in &self.any {
                let next = seen.of(*signal).iter().find(|o| o.start >= from && seen.sentence(o.start) == sentence);
                chosen.extend(next);
            }
            return self.any.is_empty() || chosen.len() - before >= self.least.max(1);
        }
        for signal in self.all.iter().chain(&self.any) {
            chosen.extend(seen.of(*signal).iter().filter(|o| seen.sentence(o.start) == sentence));
        }
        true
    }

    fn near(&self, reach: u32, seen: &mut Seen<'_>, found: &mut Vec<Occurrence>) {
        let (firsts, rest) = match self.all.split_first() {
            Some((first, rest)) => (std::slice::from_ref(first), rest),
            None => (&self.any[..], &[][..]),
        };
        let mut chosen = Vec::new();
        for signal in firsts {
            let anchors = seen.of(*signal).len();
            for index in 0..anchors {
                let Some(&anchor) = seen.of(*signal).get(index) else { break };
                chosen.clear();
                chosen.push(anchor);
                if self.choose_near(anchor, rest, reach, seen, &mut chosen) {
                    found.push(seen.join(&chosen));
                }
            }
        }
        found.sort_unstable_by_key(|o| (o.start, o.end));
        found.dedup_by_key(|o| (o.start, o.end));
    }

    /// Chooses what stands near one anchor. All that is near is taken, not the nearest only: so another occurrence of
    /// a member can never make an occurrence smaller, or vanish.
    fn choose_near(
        &self,
        anchor: Occurrence,
        rest: &[u16],
        reach: u32,
        seen: &Seen<'_>,
        chosen: &mut Vec<Occurrence>,
    ) -> bool {
        let close = |o: &&Occurrence| o.gap(&anchor) <= reach;
        if self.none.iter().any(|s| seen.of(*s).iter().any(|o| close(&o))) {
            return false;
        }
        if self.ordered && !self.all.is_empty() {
            return self.follow(anchor, rest, reach, seen, chosen);
        }
        for signal in rest {
            let before = chosen.len();
            chosen.extend(seen.of(*signal).iter().filter(close));
            if chosen.len() == before {
                return false;
            }
        }
        let mut different = 0;
        for signal in &self.any {
            let before = chosen.len();
            chosen.extend(seen.of(*signal).iter().filter(close));
            different += usize::from(chosen.len() > before);
        }
        self.any.is_empty() || different >= self.least.max(1)
    }

    /// The first chain of `rest`, then `any`, in which each member follows the one before within reach.
    fn follow(
        &self,
        last: Occurrence,
        rest: &[u16],
        reach: u32,
        seen: &Seen<'_>,
        chosen: &mut Vec<Occurrence>,
    ) -> bool {
        let follows = |o: &&Occurrence| o.start >= last.end && o.start - last.end <= reach;
        let Some((next, rest)) = rest.split_first() else {
            let mut different = 0;
            for signal in &self.any {
                let before = chosen.len();
                chosen.extend(seen.of(*signal).iter().filter(follows));
                different += usize::from(chosen.len() > before);
            }
            return self.any.is_empty() || different >= self.least.max(1);
        };
        let depth = chosen.len();
        for candidate in seen.of(*next).iter().filter(follows) {
            chosen.push(*candidate);
            if self.follow(*candidate, rest, reach, seen, chosen) {
                return true;
            }
            chosen.truncate(depth);
        }
        false
    }
}

/// Signals that make an occurrence void: `đừng` before `đi Cam`, `thận trọng` around `thận`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    /// Void when one of these ends within `reach` syllables before it, in the same sentence.
    pub before: Vec<u16>,
    /// Void when one of these starts within `reach` syllables after it, in the same sentence.
    pub after: Vec<u16>,
    /// Void when one of these covers it.
    pub inside: Vec<u16>,
    pub reach: u32,
}

impl Guard {
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty() && self.inside.is_empty()
    }

    /// Whether this occurrence is void.
    pub fn voids(&self, o: &Occurrence, seen: &Seen<'_>) -> bool {
        let sentence = seen.sentence(o.start);
        let any =
            |signals: &[u16], test: &dyn Fn(&Occurrence) -> bool| signals.iter().any(|s| seen.of(*s).iter().any(test));
        any(&self.before, &|g| {
            g.start < o.start
                && g.end <= o.end
                && o.start.saturating_sub(g.end) <= self.reach
                && seen.sentence(g.start) == sentence
        }) || any(&self.after, &|g| {
            g.end > o.end
                && g.start >= o.start
                && g.start.saturating_sub(o.end) <= self.reach
                && seen.sentence(g.start) == sentence
        }) || any(&self.inside, &|g| g.start <= o.start && g.end >= o.end)
    }
}
