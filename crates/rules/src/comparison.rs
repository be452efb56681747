//! How candidates of the learned part compare with the rules alone.

use std::fmt::Write as _;

use serde::Serialize;

use crate::calibrate::Calibration;
use crate::eval::{DRAWS, Figure};
use crate::statistics::{Scored, Share, average_precision, f1, paired_bootstrap};
use crate::train::Outcome;

/// Figures of one way of judging.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// F1 at the thresholds.
    pub f1: Figure,
    /// Average precision, with probabilities fitted anew.
    pub average_precision: Figure,
    /// Lures that alert and whose first family is one of their own.
    pub family_first: Share,
    /// Right stances, of annotated posts.
    pub stance: Share,
}

impl std::fmt::Display for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (f1, ap) = (self.f1, self.average_precision);
        write!(f, "F1 {f1}  AP {ap}  family first {}  stance {}", self.family_first, self.stance)
    }
}

impl Judged {
    pub(crate) fn new(outcome: &Outcome) -> Judged {
        Judged {
            f1: Figure::new(&outcome.scored, f1),
            average_precision: Figure::new(&outcome.scored, average_precision),
            family_first: outcome.family_first,
            stance: outcome.stance,
        }
    }
}

/// A difference over the same posts with its 95 % interval (bootstrap over groups).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// Learned minus rules alone.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Gain {
    pub(crate) fn new(a: &Outcome, b: &Outcome, figure: fn(&[Scored]) -> f64) -> Gain {
        let (value, low, high) = paired_bootstrap(&a.scored, &b.scored, figure, DRAWS);
        Gain { value, low, high }
    }
}

impl std::fmt::Display for Gain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:+.3} [{:+.3}, {:+.3}]", self.value, self.low, self.high)
    }
}

/// One candidate beside the rules alone, out of fold.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Which model.
    pub name: String,
    /// `[learned] cap` and `stance_cap`, the best of those tried.
    pub caps: (i32, i32),
    /// Folds by group.
    pub by_group: Judged,
    /// Gains in F1 and average precision over the rules alone, by group.
    pub group_gains: (Gain, Gain),
    /// Folds by writer.
    pub by_writer: Judged,
    /// Gains in F1 and average precision over the rules alone, by writer.
    pub writer_gains: (Gain, Gain),
    /// Average precision of the model by itself, by group and by writer.
    pub alone: (f64, f64),
}

/// What training found.
#[derive(Clone, Debug, Serialize)]
pub struct TrainReport {
    /// Posts read.
    pub posts: usize,
    /// Groups that folds keep together.
    pub groups: usize,
    /// Writers.
    pub writers: usize,
    /// The rules alone.
    pub rules: Judged,
    /// The candidates.
    pub candidates: Vec<Comparison>,
    /// Name of the best candidate.
    pub chosen: String,
    /// The bounds that it did best with: `[learned] cap` and `stance_cap` of `rules/scores.toml`.
    pub caps: (i32, i32),
    /// `[calibration]` fitted to the chosen one's out-of-fold points.
    pub calibration: Calibration,
    /// Whether the chosen one should ship: F1 or average precision gains beyond doubt by either cut, and neither
    /// loses by writer.
    pub helps: bool,
}

impl TrainReport {
    /// The report for people.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{} posts in {} groups by {} writers", self.posts, self.groups, self.writers)?;
        writeln!(out, "rules alone\n    {}", self.rules)?;
        for c in &self.candidates {
            writeln!(out, "rules + {}, cap = {}, stance_cap = {}", c.name, c.caps.0, c.caps.1)?;
            for (cut, judged, gains, alone) in
                [("group ", &c.by_group, c.group_gains, c.alone.0), ("writer", &c.by_writer, c.writer_gains, c.alone.1)]
            {
                writeln!(out, "  {cut} {judged}")?;
                writeln!(out, "         gains F1 {}  AP {}; the model alone has AP {alone:.3}", gains.0, gains.1)?;
            }
        }
        let verdict = if self.helps { "it helps" } else { "it does not help beyond doubt" };
        writeln!(out, "chosen: {} with cap = {}, stance_cap = {}; {verdict}", self.chosen, self.caps.0, self.caps.1)?;
        writeln!(out, "\nfitted to its out-of-fold points by writer, for rules/scores.toml:")?;
        out.write_str(&self.calibration.to_toml())
    }
}
