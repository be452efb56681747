//! An assessment in words.

use std::fmt::Write as _;

use crate::assessment::Assessment;

/// The whole assessment, a line a part, in the order in which it adds up.
pub fn to_text(a: &Assessment) -> String {
    let mut out = String::new();
    let alert = if a.alert { "BÁO ĐỘNG" } else { "không báo động" };
    let _ = writeln!(out, "  {alert}; lập trường {}; xác suất {:.2}; ưu tiên {:?}", a.stance, a.probability, a.priority);
    for reason in &a.stance_reasons {
        let _ = writeln!(out, "    {:10} {:+4} {}", reason.stance.id(), reason.weight, reason.signal);
    }
    for family in &a.families {
        let _ = writeln!(out, "  {} {}/{} điểm (p = {:.2})", family.family, family.points, family.threshold, family.probability);
        for finding in a.findings.iter().filter(|f| f.family == family.family) {
            let _ = writeln!(out, "    {:+4} {} [{}] {} «{}»", finding.points, finding.rule, finding.group, finding.title, finding.text);
        }
    }
    for urgency in &a.urgency {
        let _ = writeln!(out, "  ! {} {}", urgency.id, urgency.title);
    }
    out
}
