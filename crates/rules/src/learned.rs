//! The learned part: integer weights of n-grams and signals in `rules/learned.json`.
//!
//! One head says how much a post reads like a lure at all, one a family says which, one a stance says who speaks. A
//! head's sum is `bias + Σ signals + Σ words / √tokens`, in hundredths of a point, rounded to points. The first head is
//! bounded by `[learned] cap`, a stance's by `stance_cap`; the families' count by how far they lie behind the best.
//! Every part of a family's points is listed, so the sum stays exact. It speaks of families that no rule raised too:
//! what nobody wrote a rule for is seen by it alone.

use std::collections::BTreeMap;

use model::{Family, Stance};
use serde::{Deserialize, Serialize};
use text::{Field, Reading, Span};

use crate::features::{Gram, grams, key_of_name};
use crate::seen::Seen;
use crate::table::Table;

/// Fewest tokens that a sum of words is divided by.
const MIN_TOKENS: usize = 16;

/// What the family gets that the families' heads like best; the others get less, by how far they lie behind. So these
/// heads tell families apart, and say nothing of whether it is a lure.
pub(crate) const BEST_FAMILY: i32 = 20;
const FAMILY_AT_LEAST: i32 = -200;

/// How many contributions are listed by themselves; the others are summed up in one.
const LISTED: usize = 6;

/// Weights of one question, in hundredths of a point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of every post.
    pub bias: i32,
    /// By signal name; signals that no longer exist are passed over.
    pub signals: BTreeMap<String, i32>,
    /// By n-gram: `e:` exact, `f:` folded.
    pub words: BTreeMap<String, i32>,
}

/// `rules/learned.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// Whether it is a lure at all.
    pub any: Head,
    /// Which family, given that it is one.
    #[serde(default)]
    pub families: BTreeMap<Family, Head>,
    /// Who speaks.
    #[serde(default)]
    pub stances: BTreeMap<Stance, Head>,
}

impl Learned {
    /// The bytes of `rules/learned.json`.
    pub fn to_json(&self) -> Vec<u8> {
        // Maps of strings and numbers cannot fail to be written.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

/// [`Learned`], ready for lookups.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    table: Table,
    /// For each word, from 1: its name and its (head, weight) pairs.
    words: Vec<(String, Vec<(u8, i32)>)>,
    /// For each signal, (head, weight) pairs.
    signals: Vec<(u16, Vec<(u8, i32)>)>,
    /// By head.
    bias: Vec<i32>,
}

/// Number of the head `any`; families and stances follow.
const ANY: u8 = 0;
const HEADS: usize = 1 + Family::ALL.len() + Stance::ALL.len();

fn family_head(family: Family) -> u8 {
    1 + family as u8
}

fn stance_head(stance: Stance) -> u8 {
    1 + Family::ALL.len() as u8 + stance as u8
}

/// One part of a head's sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Contribution<'a> {
    Word(&'a str, &'a Gram),
    Signal(u16),
    /// All that is not listed by itself.
    Rest,
}

/// Which weighted words and signals a post has, and what they come to.
pub(crate) struct Sighting {
    /// (word, place of its first occurrence), each word once.
    words: Vec<(u32, Gram)>,
    /// Indices into `Weights::signals`.
    signals: Vec<usize>,
    /// What a weight of a word is multiplied by.
    scale: f64,
    /// By head, in hundredths of a point, the bias included.
    sums: [f64; HEADS],
}

/// What a sum of words is multiplied by.
pub(crate) fn word_value(tokens: usize) -> f64 {
    1.0 / (tokens.max(MIN_TOKENS) as f64).sqrt()
}

impl Weights {
    pub fn new(learned: &Learned, signal_number: impl Fn(&str) -> Option<u16>) -> Weights {
        let mut words: BTreeMap<&str, Vec<(u8, i32)>> = BTreeMap::new();
        let mut signals: BTreeMap<u16, Vec<(u8, i32)>> = BTreeMap::new();
        let mut bias = vec![0; HEADS];
        let families = learned.families.iter().map(|(family, head)| (family_head(*family), head));
        let stances = learned.stances.iter().map(|(stance, head)| (stance_head(*stance), head));
        for (number, head) in std::iter::once((ANY, &learned.any)).chain(families).chain(stances) {
            if let Some(slot) = bias.get_mut(number as usize) {
                *slot = head.bias;
            }
            for (name, weight) in &head.words {
                words.entry(name).or_default().push((number, *weight));
            }
            for (name, weight) in &head.signals {
                if let Some(signal) = signal_number(name) {
                    signals.entry(signal).or_default().push((number, *weight));
                }
            }
        }
        let words: Vec<(String, Vec<(u8, i32)>)> = words.into_iter().map(|(n, w)| (n.to_owned(), w)).collect();
        let keys: BTreeMap<u64, u32> = words
            .iter()
            .enumerate()
            .filter_map(|(index, (name, _))| Some((key_of_name(name)?, index as u32 + 1)))
            .collect();
        Weights { table: Table::new(&keys), words, signals: signals.into_iter().collect(), bias }
    }

    pub fn look(&self, reading: &Reading, seen: &Seen<'_>) -> Sighting {
        let mut all = Vec::new();
        let tokens = grams(reading, false, &mut all);
        let mut words: Vec<(u32, Gram)> =
            all.into_iter().map(|gram| (self.table.get(gram.key), gram)).filter(|(word, _)| *word != 0).collect();
        words.sort_by_key(|(word, gram)| (*word, gram.field, gram.start));
        words.dedup_by_key(|(word, _)| *word);
        let signals: Vec<usize> =
            self.signals.iter().enumerate().filter(|(_, (s, _))| seen.has(*s)).map(|(i, _)| i).collect();
        let mut sums = [0.0; HEADS];
        for (sum, bias) in sums.iter_mut().zip(&self.bias) {
            *sum = f64::from(*bias);
        }
        let mut add = |pairs: &[(u8, i32)], scale: f64| {
            for (head, weight) in pairs {
                if let Some(sum) = sums.get_mut(*head as usize) {
                    *sum += f64::from(*weight) * scale;
                }
            }
        };
        for (_, pairs) in signals.iter().filter_map(|index| self.signals.get(*index)) {
            add(pairs, 1.0);
        }
        let scale = word_value(tokens);
        for (_, pairs) in words.iter().filter_map(|(word, _)| self.word(*word)) {
            add(pairs, scale);
        }
        Sighting { words, signals, scale, sums }
    }

    /// A word's name and its (head, weight) pairs.
    fn word(&self, number: u32) -> Option<&(String, Vec<(u8, i32)>)> {
        self.words.get((number as usize).wrapping_sub(1))
    }

    /// The parts of a family's points, which are `whole`: the strongest one by one, the rest as one; they add up exactly.
    pub fn contributions<'a>(
        &'a self,
        sighting: &'a Sighting,
        family: Family,
        whole: i32,
    ) -> Vec<(Contribution<'a>, i32)> {
        let heads = [ANY, family_head(family)];
        let of = |pairs: &[(u8, i32)]| {
            f64::from(pairs.iter().filter(|(head, _)| heads.contains(head)).map(|(_, weight)| weight).sum::<i32>())
        };
        let points = |hundredths: f64| (hundredths / 100.0).round() as i32;
        let signals = sighting.signals.iter().filter_map(|index| self.signals.get(*index));
        let signals = signals.map(|(signal, pairs)| (Contribution::Signal(*signal), points(of(pairs))));
        let words = sighting.words.iter().filter_map(|(word, gram)| Some((self.word(*word)?, gram)));
        let words =
            words.map(|((name, pairs), gram)| (Contribution::Word(name, gram), points(of(pairs) * sighting.scale)));
        let mut parts: Vec<(Contribution<'a>, i32)> = signals.chain(words).filter(|(_, points)| *points != 0).collect();
        parts.sort_by_key(|(_, points)| std::cmp::Reverse(points.abs()));
        parts.truncate(LISTED);
        let rest = whole - parts.iter().map(|(_, points)| points).sum::<i32>();
        if rest != 0 {
            parts.push((Contribution::Rest, rest));
        }
        parts
    }
}

impl Sighting {
    /// How much it reads like a lure, bounded.
    pub fn lure_points(&self, cap: i32) -> i32 {
        self.whole(ANY).clamp(-cap, cap)
    }

    /// What the families' own heads add to [`Sighting::lure_points`], by [`Family::ALL`]; nothing for `unclassified`.
    pub fn family_points(&self) -> [i32; Family::ALL.len()] {
        let mut points = [0; Family::ALL.len()];
        let named = Family::ALL.iter().filter(|f| **f != Family::Unclassified);
        let best = named.clone().map(|f| self.whole(family_head(*f))).max().unwrap_or(0);
        for family in named {
            let behind = self.whole(family_head(*family)) - best;
            if let Some(slot) = points.get_mut(*family as usize) {
                *slot = (BEST_FAMILY + behind).max(FAMILY_AT_LEAST);
            }
        }
        points
    }

    /// What it adds to a stance, bounded.
    pub fn stance_points(&self, stance: Stance, cap: i32) -> i32 {
        self.whole(stance_head(stance)).clamp(-cap, cap)
    }

    /// A head's sum in points, not bounded.
    fn whole(&self, head: u8) -> i32 {
        (self.sums.get(head as usize).copied().unwrap_or(0.0) / 100.0).round() as i32
    }
}

/// Where an n-gram stands in the original.
pub(crate) fn span_of(reading: &Reading, gram: &Gram) -> Option<Span> {
    let view = match gram.field {
        Field::Title => reading.title.as_ref()?,
        Field::Text => &reading.text,
    };
    let first = view.tokens.get(gram.start as usize)?;
    let last = view.tokens.get((gram.start + gram.len) as usize - 1)?;
    Some(Span { start: first.span.start, end: last.span.end })
}
