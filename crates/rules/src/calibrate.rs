//! How points become probabilities (Platt 1999), and how that is fitted.
//!
//! For a family: a slope for its points, a slope for how far the offering stances lie above the others, an intercept a
//! family. For any family by itself: the same with its own slopes, the points counted from the nearest threshold, and an
//! offset a stance. Intercepts and offsets are shrunk when fitted, for families have few posts.

use std::fmt::Write as _;

use model::{Family, Stance};
use serde::Serialize;
use toml::de::DeTable;

use crate::assessment::Assessment;
use crate::definitions::{family, stance};
use crate::document::{Document, Written};
use crate::labelled::LabelledPost;
use crate::logistic::{Example, Model, fit};

/// Farther apart than this, stances say nothing more about a probability.
const MAX_STANCE_MARGIN: i32 = 100;
/// Points are divided by this before the fit, so that one penalty suits slopes and offsets.
const UNIT: f64 = 10.0;
/// L2 weight: an offset of 1 must be worth half a logit of likelihood.
const PENALTY: f64 = 1.0;

/// `[calibration]` of `rules/scores.toml`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Logit for one point of a family.
    pub slope: f64,
    /// Logit of a family for one point of [`Assessment::stance_margin`].
    pub stance_slope: f64,
    /// Logit of a family at 0 points, by [`Family::ALL`].
    pub intercept: Vec<f64>,
    /// Logit for one point above the nearest threshold, any family.
    pub any_slope: f64,
    /// Logit for one point of [`Assessment::stance_margin`], any family.
    pub any_stance_slope: f64,
    /// Logit at a threshold, any family, stance `offer`.
    pub any_intercept: f64,
    /// Added to the any-family logit, by [`Stance::ALL`].
    pub stance: Vec<f64>,
}

impl Default for Calibration {
    fn default() -> Calibration {
        Calibration {
            slope: 0.1,
            stance_slope: 0.0,
            intercept: vec![-5.0; Family::ALL.len()],
            any_slope: 0.1,
            any_stance_slope: 0.0,
            any_intercept: 0.0,
            stance: vec![0.0; Stance::ALL.len()],
        }
    }
}

/// The logistic function, rounded so that the last bits of a platform's `exp` never show.
fn probability(logit: f64) -> f64 {
    let p = 1.0 / (1.0 + (-logit.clamp(-30.0, 30.0)).exp());
    (p * 10_000.0).round() / 10_000.0
}

fn bounded(stance_margin: i32) -> f64 {
    f64::from(stance_margin.clamp(-MAX_STANCE_MARGIN, MAX_STANCE_MARGIN))
}

/// Where a post without points stands: as far below the lowest threshold as 0 is.
fn below(margin: Option<i32>, thresholds: &[i32]) -> f64 {
    f64::from(margin.unwrap_or_else(|| -thresholds.iter().min().copied().unwrap_or(0)))
}

impl Calibration {
    /// Probability that a family applies.
    pub(crate) fn family(&self, family: Family, points: i32, stance_margin: i32) -> f64 {
        let intercept = self.intercept.get(family as usize).copied().unwrap_or(0.0);
        probability(intercept + self.slope * f64::from(points) + self.stance_slope * bounded(stance_margin))
    }

    /// Probability that any family applies.
    pub(crate) fn any(&self, margin: Option<i32>, stance: Stance, stance_margin: i32, thresholds: &[i32]) -> f64 {
        let offset = self.stance.get(stance as usize).copied().unwrap_or(0.0);
        let points = self.any_slope * below(margin, thresholds);
        probability(self.any_intercept + points + self.any_stance_slope * bounded(stance_margin) + offset)
    }

    /// As it stands in `rules/scores.toml`.
    pub fn to_toml(&self) -> String {
        let mut out = String::from("[calibration]\n");
        let _ = writeln!(out, "slope = {:.3}\nstance_slope = {:.3}", self.slope, self.stance_slope);
        let _ = writeln!(out, "any_slope = {:.3}\nany_stance_slope = {:.3}", self.any_slope, self.any_stance_slope);
        let _ = writeln!(out, "any_intercept = {:.2}", self.any_intercept);
        out.push_str("[calibration.intercept]\n");
        for (family, intercept) in Family::ALL.iter().zip(&self.intercept) {
            let _ = writeln!(out, "{family} = {intercept:.2}");
        }
        out.push_str("[calibration.stance]\n");
        for (stance, offset) in Stance::ALL.iter().zip(&self.stance) {
            let _ = writeln!(out, "{stance} = {offset:.2}");
        }
        out
    }

    pub(crate) fn read(document: &mut Document<'_>, table: &DeTable<'_>) -> Calibration {
        let mut read = Calibration::default();
        const NUMBERS: [&str; 5] = ["slope", "stance_slope", "any_slope", "any_stance_slope", "any_intercept"];
        document.only(table, &[&NUMBERS[..], &["intercept", "stance"]].concat());
        let slots = [
            &mut read.slope,
            &mut read.stance_slope,
            &mut read.any_slope,
            &mut read.any_stance_slope,
            &mut read.any_intercept,
        ];
        for (key, slot) in NUMBERS.into_iter().zip(slots) {
            if let Some(value) = table.get(key)
                && let Some(number) = document.number_of(key, value)
            {
                *slot = number.clamp(-1e6, 1e6);
            }
        }
        let intercepts = numbers(document, table, "intercept");
        if let Some((_, number)) = intercepts.iter().find(|(name, _)| name.text == "default") {
            read.intercept.fill(*number);
        }
        for (name, number) in intercepts.into_iter().filter(|(name, _)| name.text != "default") {
            if let Some(family) = family(document, &name)
                && let Some(slot) = read.intercept.get_mut(family as usize)
            {
                *slot = number;
            }
        }
        for (name, number) in numbers(document, table, "stance") {
            if let Some(stance) = stance(document, &name)
                && let Some(slot) = read.stance.get_mut(stance as usize)
            {
                *slot = number;
            }
        }
        read
    }
}

fn numbers(document: &mut Document<'_>, table: &DeTable<'_>, key: &str) -> Vec<(Written, f64)> {
    let Some(value) = table.get(key) else { return Vec::new() };
    let Some(inner) = document.table(key, value) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in inner {
        let written = Written { text: name.get_ref().to_string(), line: document.line(name.span().start) };
        found.extend(document.number_of(name.get_ref(), value).map(|n| (written, n.clamp(-1e6, 1e6))));
    }
    found
}

/// Fits a calibration to what was said of labelled posts. For an honest fit the assessments are out of fold.
pub fn calibrate(posts: &[LabelledPost], assessments: &[Assessment], thresholds: &[i32]) -> Calibration {
    let mut rows = Vec::new();
    let mut any_rows = Vec::new();
    for (post, a) in posts.iter().zip(assessments) {
        let speaks = bounded(a.stance_margin) / UNIT;
        for family in &a.families {
            let row = vec![(0, f64::from(family.points) / UNIT), (1, speaks), (2 + family.family as u32, 1.0)];
            rows.push((row, post.is_lure() && post.families.contains(&family.family)));
        }
        let row = vec![(0, below(a.margin(), thresholds) / UNIT), (1, speaks), (2 + a.stance as u32, 1.0)];
        any_rows.push((row, post.is_lure()));
    }
    let own = fitted(&rows, 2 + Family::ALL.len());
    let any = fitted(&any_rows, 2 + Stance::ALL.len());
    let weight = |model: &Model, column: usize| model.weights.get(column).copied().unwrap_or(0.0);
    let offsets = |model: &Model| model.weights.iter().skip(2).copied().collect::<Vec<f64>>();
    let stances = offsets(&any);
    let offer = stances.get(Stance::Offer as usize).copied().unwrap_or(0.0);
    Calibration {
        // More points must never mean a smaller probability, whatever a small sample says.
        slope: weight(&own, 0).max(0.0) / UNIT,
        stance_slope: weight(&own, 1).max(0.0) / UNIT,
        intercept: offsets(&own).iter().map(|offset| own.bias + offset).collect(),
        any_slope: weight(&any, 0).max(0.0) / UNIT,
        any_stance_slope: weight(&any, 1).max(0.0) / UNIT,
        any_intercept: any.bias + offer,
        stance: stances.iter().map(|s| s - offer).collect(),
    }
}

fn fitted(rows: &[(Vec<(u32, f64)>, bool)], features: usize) -> Model {
    let examples: Vec<Example<'_>> =
        rows.iter().map(|(row, positive)| Example { features: row, positive: *positive, weight: 1.0 }).collect();
    fit(&examples, features, PENALTY, 200)
}
