//! Fits how points become probabilities (Platt 1999): one slope, an intercept a family, and for any family by itself a
//! slope, an intercept and an offset a stance. Intercepts and offsets are shrunk, for families have few posts.

use std::fmt::Write as _;

use model::{Family, Stance};

use crate::assessment::Assessment;
use crate::labelled::LabelledPost;
use crate::logistic::{Example, fit};
use crate::scores::Calibration;

/// Points are divided by this before the fit, so that one penalty suits slopes and offsets.
const UNIT: f64 = 10.0;
/// L2 weight: an offset of 1 must be worth half a logit of likelihood.
const PENALTY: f64 = 1.0;

/// Fits a calibration to what was said of labelled posts. For an honest fit the assessments are out of fold.
pub fn calibrate(posts: &[LabelledPost], assessments: &[Assessment]) -> Calibration {
    let mut rows = Vec::new();
    let mut any_rows = Vec::new();
    for (post, a) in posts.iter().zip(assessments) {
        for family in &a.families {
            let row = vec![(0, f64::from(family.points) / UNIT), (1 + family.family as u32, 1.0)];
            rows.push((row, post.is_lure() && post.families.contains(&family.family)));
        }
        if let Some(margin) = a.families.iter().map(|f| f.points - f.threshold).max() {
            let row = vec![(0, f64::from(margin) / UNIT), (1 + a.stance as u32, 1.0)];
            any_rows.push((row, post.is_lure()));
        }
    }
    let fitted = |rows: &[(Vec<(u32, f64)>, bool)], features: usize| {
        let examples: Vec<Example<'_>> =
            rows.iter().map(|(row, positive)| Example { features: row, positive: *positive, weight: 1.0 }).collect();
        fit(&examples, features, PENALTY, 200)
    };
    let own = fitted(&rows, 1 + Family::ALL.len());
    let any = fitted(&any_rows, 1 + Stance::ALL.len());
    let (slope, offsets) = own.weights.split_first().unwrap_or((&0.0, &[]));
    let (any_slope, stances) = any.weights.split_first().unwrap_or((&0.0, &[]));
    let offer = stances.get(Stance::Offer as usize).copied().unwrap_or(0.0);
    Calibration {
        slope: slope / UNIT,
        intercept: offsets.iter().map(|offset| own.bias + offset).collect(),
        any_slope: any_slope / UNIT,
        any_intercept: any.bias + offer,
        stance: stances.iter().map(|s| s - offer).collect(),
    }
}

impl Calibration {
    /// As it stands in `rules/scores.toml`.
    pub fn to_toml(&self) -> String {
        let mut out = String::from("[calibration]\n");
        let _ = writeln!(out, "slope = {:.3}", self.slope);
        let _ = writeln!(out, "any_slope = {:.3}\nany_intercept = {:.2}", self.any_slope, self.any_intercept);
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
}
