//! An assessment in words, and what would lower it.

use std::fmt::Write as _;

use serde::Serialize;
use text::Reading;

use crate::assessment::{Assessment, FindingKind};
use crate::ruleset::Ruleset;

/// What the first family would have without one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lowering {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What it saw.
    pub text: String,
    /// Points of the same family without it.
    pub points: i32,
    /// Whether the post would still alert.
    pub alert: bool,
}

impl Ruleset {
    /// For each rule that raised the first family: what would be left without it, the strongest first. Exact: the post
    /// is assessed again each time, so caps and stance are taken into account.
    pub fn what_lowers(&self, reading: &Reading, assessment: &Assessment) -> Vec<Lowering> {
        let Some(first) = assessment.families.first() else { return Vec::new() };
        let rules = assessment
            .findings
            .iter()
            .filter(|f| f.family == first.family && f.kind == FindingKind::Rule && f.points > 0);
        let mut lowerings: Vec<Lowering> = rules
            .map(|finding| {
                let without = self.assess_without(reading, self.learned.as_ref(), Some(&finding.rule));
                let points = without.families.iter().find(|f| f.family == first.family).map_or(0, |f| f.points);
                Lowering {
                    rule: finding.rule.clone(),
                    title: finding.title.clone(),
                    text: finding.text.clone(),
                    points,
                    alert: without.alert,
                }
            })
            .collect();
        lowerings.sort_by_key(|l| l.points);
        lowerings
    }
}

/// The whole assessment, a line a part, in the order in which it adds up.
pub fn to_text(a: &Assessment) -> String {
    let mut out = String::new();
    let alert = if a.alert { "BÁO ĐỘNG" } else { "không báo động" };
    let _ =
        writeln!(out, "  {alert}; lập trường {}; xác suất {:.2}; ưu tiên {:?}", a.stance, a.probability, a.priority);
    for reason in &a.stance_reasons {
        let _ = writeln!(out, "    {:10} {:+4} {}", reason.stance.id(), reason.weight, reason.signal);
    }
    for family in &a.families {
        let _ = writeln!(
            out,
            "  {} {}/{} điểm (p = {:.2})",
            family.family, family.points, family.threshold, family.probability
        );
        for finding in a.findings.iter().filter(|f| f.family == family.family) {
            let _ = writeln!(
                out,
                "    {:+4} {} [{}] {} «{}»",
                finding.points, finding.rule, finding.group, finding.title, finding.text
            );
        }
    }
    for urgency in &a.urgency {
        let _ = writeln!(out, "  ! {} {}", urgency.id, urgency.title);
    }
    out
}
