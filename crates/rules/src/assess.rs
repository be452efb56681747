//! A reading in, an [`Assessment`] out.
//!
//! The order: where each signal occurs; which rules hold; raising points; who speaks; calming points; the whole.
//! A post in which nothing occurs leaves at once. Findings are built only for families that end above zero, so that
//! a harmless post costs no strings.

use model::{Family, Stance};
use text::{Reading, View};

use crate::assessment::{Assessment, FamilyScore, StanceReason, UrgencyReason};
use crate::learned::{Sighting, Weights};
use crate::lists::Lists;
use crate::phrases::Hit;
use crate::ruleset::{Ruleset, Source};
use crate::scores::MAX_GROUPS;
use crate::seen::{Occurrence, Seen};

pub(crate) const FAMILIES: usize = Family::ALL.len();
const UNCLASSIFIED: usize = Family::Unclassified as usize;

/// Below every sum of a stance.
const LEAST: i32 = i32::MIN / 4;

/// Points by family and group before caps, and what follows from them.
struct Tally {
    /// By family, then group.
    sums: [[i32; MAX_GROUPS]; FAMILIES],
    /// Of rules for any family, by group.
    any: [i32; MAX_GROUPS],
    /// Which families a raising rule of their own raised.
    raised: [bool; FAMILIES],
    any_raised: bool,
}

/// One family's total, taken apart.
#[derive(Clone, Copy, Default)]
pub(crate) struct Total {
    pub base: i32,
    raising: i32,
    pub calming: i32,
    pub learned: i32,
    /// Whether a rule of its own raised it; otherwise only what was learned speaks of it.
    pub ruled: bool,
}

impl Total {
    /// Points before calming.
    fn raised(self) -> i32 {
        self.base + self.raising + self.learned
    }

    fn sum(self, shielded: bool) -> i32 {
        self.raised() + if shielded { 0 } else { self.calming }
    }
}

impl Ruleset {
    /// Assesses one post. Deterministic: the same reading gives the same assessment on every machine.
    pub fn assess(&self, reading: &Reading) -> Assessment {
        self.assess_without(reading, self.learned.as_ref(), None)
    }

    /// Assesses with other learned weights, or none: for training.
    pub(crate) fn assess_with(&self, reading: &Reading, weights: Option<&Weights>) -> Assessment {
        self.assess_without(reading, weights, None)
    }

    /// Assesses as if one rule did not hold.
    pub(crate) fn assess_without(
        &self,
        reading: &Reading,
        weights: Option<&Weights>,
        without: Option<&str>,
    ) -> Assessment {
        let mut seen = self.see(reading);
        if seen.is_empty() && weights.is_none() {
            return self.nothing();
        }
        let mut found = Vec::new();
        let mut fired = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if Some(rule.id.as_str()) != without && rule.lists.evaluate(&mut seen, &mut found) {
                fired.push(index);
            }
        }
        let tally = self.tally(&fired);
        let minor = self.shield_signals.iter().any(|s| seen.has(*s));
        let sighting = weights.map(|w| w.look(reading, &seen));
        let mut totals: [Option<Total>; FAMILIES] = [None; FAMILIES];
        for (family, total) in totals.iter_mut().enumerate().take(UNCLASSIFIED) {
            *total = self.total(&tally, family, false);
        }
        self.add_learned(&mut totals[..UNCLASSIFIED], sighting.as_ref(), minor);
        let named =
            (0..UNCLASSIFIED).any(|f| totals[f].is_some_and(|t| t.sum(self.shields(f, minor)) >= self.threshold_at(f)));
        if !named {
            totals[UNCLASSIFIED] = self.total(&tally, UNCLASSIFIED, true);
            if let Some(sighting) = &sighting {
                let base = self.scores.base.get(UNCLASSIFIED).copied().unwrap_or(0);
                let total = totals[UNCLASSIFIED].get_or_insert(Total { base, ..Total::default() });
                total.learned = sighting.lure_points(self.scores.learned_cap);
            }
        }
        let (stance, stance_margin, stance_reasons) = self.stance(&seen, &totals, sighting.as_ref(), minor);
        let mut families: Vec<FamilyScore> = Vec::new();
        for (family, total) in Family::ALL.iter().zip(&totals) {
            let Some(total) = total else { continue };
            let points = total.sum(self.shields(*family as usize, minor));
            if points > 0 {
                families.push(self.family_score(*family, points, stance_margin));
            }
        }
        families.sort_by_key(|f| (std::cmp::Reverse(f.points - f.threshold), f.family));
        let offers = matches!(stance, Stance::Offer | Stance::SelfOffer);
        let alert = offers && families.iter().any(|f| f.points >= f.threshold);
        let referral = matches!(stance, Stance::SelfOffer | Stance::Seeker);
        let mut findings = self.findings(&mut seen, &fired, &families, &totals, minor);
        if let Some((weights, sighting)) = weights.zip(sighting.as_ref()) {
            self.word_findings(weights, sighting, &seen, reading, &families, &totals, &mut findings);
        }
        self.trial_findings(&mut seen, &fired, &mut findings);
        let (priority, urgency) =
            if alert || referral { self.priority(&mut seen, stance, &families) } else { (None, Vec::new()) };
        let margin = families.iter().map(|f| f.points - f.threshold).max();
        Assessment {
            ruleset: self.id.clone(),
            stance,
            alert,
            referral,
            priority,
            points: families.first().map_or(0, |f| f.points),
            probability: self.any_probability(margin, stance, stance_margin),
            stance_margin,
            stance_reasons: if families.is_empty() && !referral { Vec::new() } else { stance_reasons },
            families,
            findings,
            urgency,
        }
    }

    /// The short path.
    fn nothing(&self) -> Assessment {
        Assessment {
            ruleset: self.id.clone(),
            stance: Stance::Other,
            alert: false,
            referral: false,
            priority: None,
            points: 0,
            probability: self.any_probability(None, Stance::Other, 0),
            stance_margin: 0,
            stance_reasons: Vec::new(),
            families: Vec::new(),
            findings: Vec::new(),
            urgency: Vec::new(),
        }
    }

    /// Names of the signals that occur in a reading, for explanations and for training.
    pub fn signals_in(&self, reading: &Reading) -> Vec<&str> {
        let seen = self.see(reading);
        let there = self.signals.iter().enumerate().filter(|(i, _)| seen.has(*i as u16));
        there.map(|(_, s)| s.name.as_str()).collect()
    }

    /// Where every signal occurs.
    pub(crate) fn see<'a>(&self, reading: &'a Reading) -> Seen<'a> {
        let mut seen = Seen::new(reading, self.signals.len());
        let mut hits: Vec<Hit> = Vec::with_capacity(32);
        let mut symbols = Vec::new();
        if let Some(title) = &reading.title {
            self.phrases.find(title, 0, &mut symbols, &mut hits);
        }
        self.phrases.find(&reading.text, seen.text_at(), &mut symbols, &mut hits);
        hits.sort_unstable();
        for run in hits.chunk_by(|a, b| a.lexicon == b.lexicon) {
            let Some(first) = run.first() else { continue };
            seen.record(first.lexicon, run.iter().map(|h| Seen::plain(h.start, h.end)));
        }
        let facts = self.fact_hits(reading, &seen);
        let mut found = Vec::new();
        for (number, signal) in self.signals.iter().enumerate().skip(self.lexicon_count) {
            let number = number as u16;
            match &signal.source {
                Source::Lexicon => continue,
                Source::Fact => {
                    found.clear();
                    let start = facts.partition_point(|(signal, _)| *signal < number);
                    found.extend(facts.iter().skip(start).take_while(|(s, _)| *s == number).map(|(_, o)| *o));
                }
                Source::Evasion { stages, at_least } => {
                    found.clear();
                    let count =
                        evasion(&reading.text, stages) + reading.title.as_ref().map_or(0, |t| evasion(t, stages));
                    if count >= *at_least {
                        // Counts have no place: the signal stands on the first token, with nothing to highlight.
                        found.push(Seen::plain(seen.text_at(), seen.text_at()));
                    }
                }
                Source::Lists(lists) => {
                    lists.evaluate(&mut seen, &mut found);
                }
            }
            if !signal.guard.is_empty() {
                found.retain(|o| !signal.guard.voids(o, &seen));
            }
            if !found.is_empty() {
                found.sort_unstable_by_key(|o| (o.start, o.end));
                seen.record(number, found.drain(..));
            }
        }
        seen
    }

    /// (signal, occurrence) of facts, by signal and start.
    fn fact_hits(&self, reading: &Reading, seen: &Seen<'_>) -> Vec<(u16, Occurrence)> {
        let mut hits = Vec::new();
        for fact in &reading.facts {
            let first = self.fact_tests.partition_point(|(kind, _, _)| *kind < fact.kind);
            for (_, signal, test) in self.fact_tests.iter().skip(first).take_while(|(kind, _, _)| *kind == fact.kind) {
                if test.holds(fact)
                    && let Some((start, end)) = seen.positions(fact.field, fact.span)
                {
                    hits.push((*signal, Seen::plain(start, end)));
                }
            }
        }
        hits.sort_by_key(|(signal, o)| (*signal, o.start, o.end));
        hits
    }

    fn tally(&self, fired: &[usize]) -> Tally {
        let mut tally = Tally {
            sums: [[0; MAX_GROUPS]; FAMILIES],
            any: [0; MAX_GROUPS],
            raised: [false; FAMILIES],
            any_raised: false,
        };
        for rule in fired.iter().filter_map(|i| self.rules.get(*i)) {
            let group = rule.group as usize;
            match rule.family {
                Some(family) => {
                    tally.sums[family as usize][group] += rule.points;
                    tally.raised[family as usize] |= rule.points > 0;
                }
                None => {
                    tally.any[group] += rule.points;
                    tally.any_raised |= rule.points > 0;
                }
            }
        }
        tally
    }

    /// A family's total; nothing where no rule of its own raised it (or, when `any` is enough, none at all).
    fn total(&self, tally: &Tally, family: usize, any: bool) -> Option<Total> {
        if !(tally.raised[family] || (any && tally.any_raised)) {
            return None;
        }
        let base = self.scores.base.get(family).copied().unwrap_or(0);
        let mut total = Total { base, ruled: true, ..Total::default() };
        for (group, found) in self.scores.groups.iter().enumerate() {
            let sum = tally.sums[family][group] + tally.any[group];
            if found.cap < 0 {
                total.calming += sum.max(found.cap);
            } else {
                total.raising += sum.min(found.cap);
            }
        }
        Some(total)
    }

    fn add_learned(&self, totals: &mut [Option<Total>], sighting: Option<&Sighting>, minor: bool) {
        let Some(sighting) = sighting else { return };
        let lure = sighting.lure_points(self.scores.learned_cap);
        let own_points = sighting.family_points();
        for ((family, total), own) in Family::ALL.iter().zip(totals).zip(own_points) {
            let base = self.scores.base.get(*family as usize).copied().unwrap_or(0);
            let total = total.get_or_insert(Total { base, ..Total::default() });
            // What was learned may calm, and then it is held to the rule for calming where rules raised the family.
            let held = total.ruled && self.shields(*family as usize, minor);
            total.learned = if held { (lure + own).max(0) } else { lure + own };
        }
    }

    fn threshold_at(&self, family: usize) -> i32 {
        self.scores.threshold.get(family).copied().unwrap_or(i32::MAX)
    }

    /// Whether calming has no effect on a family.
    pub(crate) fn shields(&self, family: usize, minor: bool) -> bool {
        minor || self.scores.shield_families.iter().any(|f| *f as usize == family)
    }

    fn stance(
        &self,
        seen: &Seen<'_>,
        totals: &[Option<Total>; FAMILIES],
        sighting: Option<&Sighting>,
        minor: bool,
    ) -> (Stance, i32, Vec<StanceReason>) {
        let best = totals.iter().flatten().map(|t| t.raised()).max().unwrap_or(0);
        let shielded = totals.iter().enumerate().any(|(family, total)| {
            self.shields(family, minor) && total.is_some_and(|t| t.raised() >= self.threshold_at(family))
        });
        let mut winner = Stance::Other;
        // Sums may all be negative, and the highest still tells who speaks. Only where nothing is written of `other`
        // does it stand at 0.
        let other_is_written = self.stances.iter().any(|model| model.stance == Stance::Other);
        let least = if other_is_written { LEAST } else { 0 };
        let mut most = least;
        let (mut offering, mut other) = (LEAST, least);
        let mut reasons = Vec::new();
        for model in &self.stances {
            let calming = !matches!(model.stance, Stance::Offer | Stance::SelfOffer);
            let counts = |kept: bool| !(shielded && calming) || kept;
            let share = best.clamp(-model.points_at_most, model.points_at_most) * model.percent_of_points / 100;
            let mut sum = model.base + share;
            for (signal, weight, kept) in &model.signals {
                if counts(*kept) && seen.has(*signal) {
                    sum += weight;
                    let name = self.signals.get(*signal as usize).map_or("", |s| s.title.as_deref().unwrap_or(&s.name));
                    reasons.push(StanceReason { stance: model.stance, signal: name.to_owned(), weight: *weight });
                }
            }
            for (group, weight, kept) in &model.groups {
                let there =
                    self.group_signals.get(*group as usize).is_some_and(|list| list.iter().any(|s| seen.has(*s)));
                if counts(*kept) && there {
                    sum += weight;
                    let name = self.scores.groups.get(*group as usize).map_or("", |g| g.title.as_str());
                    reasons.push(StanceReason { stance: model.stance, signal: name.to_owned(), weight: *weight });
                }
            }
            if let Some(sighting) = sighting {
                let learned = sighting.stance_points(model.stance, self.scores.stance_cap);
                sum += learned;
                if learned != 0 {
                    let signal = "Học từ bài mẫu".to_owned();
                    reasons.push(StanceReason { stance: model.stance, signal, weight: learned });
                }
            }
            let side = if calming { &mut other } else { &mut offering };
            *side = sum.max(*side);
            if sum > most {
                most = sum;
                winner = model.stance;
            }
        }
        (winner, offering - other, reasons)
    }

    fn family_score(&self, family: Family, points: i32, stance_margin: i32) -> FamilyScore {
        let probability = self.scores.calibration.family(family, points, stance_margin);
        FamilyScore { family, probability, points, threshold: self.threshold(family) }
    }

    fn any_probability(&self, margin: Option<i32>, stance: Stance, stance_margin: i32) -> f64 {
        self.scores.calibration.any(margin, stance, stance_margin, &self.scores.threshold)
    }

    fn priority(
        &self,
        seen: &mut Seen<'_>,
        stance: Stance,
        families: &[FamilyScore],
    ) -> (Option<u8>, Vec<UrgencyReason>) {
        let mut priority = 4;
        let mut reasons = Vec::new();
        let mut found = Vec::new();
        let always = Lists::default();
        for urgency in &self.urgencies {
            if !urgency.stances.is_empty() && !urgency.stances.contains(&stance) {
                continue;
            }
            if !urgency.families.is_empty() && !families.iter().any(|f| urgency.families.contains(&f.family)) {
                continue;
            }
            found.clear();
            let lists = urgency.lists.as_ref().unwrap_or(&always);
            if urgency.lists.is_some() && !lists.evaluate(seen, &mut found) {
                continue;
            }
            priority = priority.min(urgency.priority);
            let (field, spans) = seen.spans(&found);
            reasons.push(UrgencyReason { id: urgency.id.clone(), title: urgency.title.clone(), field, spans });
        }
        (Some(priority), reasons)
    }
}

fn evasion(view: &View, stages: &[usize]) -> u32 {
    let e = &view.evasion;
    // In the order of `definitions::STAGES`.
    let counts = [
        e.legacy,
        e.flag,
        e.invisible,
        e.compatibility,
        e.confusable,
        e.joined,
        e.leet,
        e.elongated,
        e.sticky,
        e.contact,
    ];
    stages.iter().filter_map(|s| counts.get(*s)).sum()
}
