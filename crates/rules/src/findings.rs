//! The listed parts of each family's score, which add up to it exactly.

use model::Family;
use text::{Field, Reading, Span};

use crate::assess::{FAMILIES, Total};
use crate::assessment::{FamilyScore, Finding, FindingKind};
use crate::learned::{Contribution, Sighting, Weights, span_of};
use crate::ruleset::Ruleset;
use crate::scores::MAX_GROUPS;
use crate::seen::Seen;

impl Ruleset {
    pub(crate) fn findings(
        &self,
        seen: &mut Seen<'_>,
        fired: &[usize],
        families: &[FamilyScore],
        totals: &[Option<Total>; FAMILIES],
        minor: bool,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut found = Vec::new();
        // Where each rule fired, once, however many families it adds to.
        let mut places: Vec<(Field, Vec<Span>, String)> = Vec::new();
        if !families.is_empty() {
            for rule in fired.iter().filter_map(|i| self.rules.get(*i)) {
                rule.lists.evaluate(seen, &mut found);
                let (field, spans) = seen.spans(&found);
                let text = seen.quote(field, &spans);
                places.push((field, spans, text));
            }
        }
        for score in families {
            let index = score.family as usize;
            let Some(total) = totals[index] else { continue };
            let part = |kind, rule: &str, title: String, points, group: &str| Finding {
                kind,
                rule: rule.to_owned(),
                family: score.family,
                title,
                points,
                group: group.to_owned(),
                field: Field::Text,
                spans: Vec::new(),
                text: String::new(),
            };
            if total.base != 0 {
                findings.push(part(FindingKind::Base, "base", "Điểm nền".to_owned(), total.base, "base"));
            }
            let first_rule = findings.len();
            let mut sums = [0; MAX_GROUPS];
            for (rule, (field, spans, text)) in fired.iter().filter_map(|i| self.rules.get(*i)).zip(&places) {
                if rule.trial || !total.ruled || rule.family.is_some_and(|f| f != score.family) {
                    continue;
                }
                sums[rule.group as usize] += rule.points;
                let group = self.scores.groups.get(rule.group as usize).map_or("", |g| g.name.as_str());
                findings.push(Finding {
                    field: *field,
                    spans: spans.clone(),
                    text: text.clone(),
                    ..part(FindingKind::Rule, &rule.id, rule.title.clone(), rule.points, group)
                });
            }
            if let Some(rules) = findings.get_mut(first_rule..) {
                rules.sort_by_key(|f| std::cmp::Reverse(f.points));
            }
            for (group, sum) in self.scores.groups.iter().zip(sums) {
                let capped = if group.cap < 0 { sum.max(group.cap) } else { sum.min(group.cap) };
                if capped != sum {
                    let title = format!("Nhóm «{}» chạm trần {} điểm", group.title, group.cap);
                    findings.push(part(FindingKind::Cap, &group.name, title, capped - sum, &group.name));
                }
            }
            if self.shields(index, minor) && total.calming != 0 {
                let title = "Không giảm điểm vì có trẻ em hoặc người dưới 18 tuổi".to_owned();
                findings.push(part(FindingKind::Cap, "shield", title, -total.calming, "minor"));
            }
        }
        findings
    }

    #[expect(clippy::too_many_arguments, reason = "one step of assess, with all that it has found so far")]
    pub(crate) fn word_findings(
        &self,
        weights: &Weights,
        sighting: &Sighting,
        seen: &Seen<'_>,
        reading: &Reading,
        families: &[FamilyScore],
        totals: &[Option<Total>; FAMILIES],
        findings: &mut Vec<Finding>,
    ) {
        let lure = sighting.lure_points(self.scores.learned_cap);
        let own = sighting.family_points();
        for score in families {
            let Some(total) = totals[score.family as usize] else { continue };
            let whole = lure + own.get(score.family as usize).copied().unwrap_or(0);
            let mut word = |rule: String, title: &str, points, field, spans: Vec<Span>| {
                let text = seen.quote(field, &spans);
                let (kind, group, title) = (FindingKind::Word, "word".to_owned(), title.to_owned());
                findings.push(Finding { kind, rule, family: score.family, title, points, group, field, spans, text });
            };
            for (part, points) in weights.contributions(sighting, score.family, whole) {
                let side = if points > 0 { "hay gặp trong lời rủ rê" } else { "hay gặp trong bài vô hại" };
                match part {
                    Contribution::Word(name, gram) => {
                        let spans = span_of(reading, gram).into_iter().collect();
                        word(name.to_owned(), &format!("Học từ bài mẫu: {side}"), points, gram.field, spans);
                    }
                    Contribution::Signal(number) => {
                        let Some(signal) = self.signals.get(number as usize) else { continue };
                        let (field, spans) = seen.spans(seen.of(number));
                        let title = match &signal.title {
                            Some(title) => format!("Học từ bài mẫu, {title}: {side}"),
                            None => format!("Học từ bài mẫu: {side}"),
                        };
                        word(format!("s:{}", signal.name), &title, points, field, spans);
                    }
                    Contribution::Rest => {
                        let title = "Học từ bài mẫu: các từ ngữ khác cộng lại";
                        word("rest".to_owned(), title, points, Field::Text, Vec::new());
                    }
                }
            }
            if whole != total.learned {
                let title = "Không giảm điểm vì có trẻ em hoặc người dưới 18 tuổi";
                word("shield".to_owned(), title, total.learned - whole, Field::Text, Vec::new());
            }
        }
    }

    /// Rules on trial are recorded without points, whatever else the post says.
    pub(crate) fn trial_findings(&self, seen: &mut Seen<'_>, fired: &[usize], findings: &mut Vec<Finding>) {
        let mut found = Vec::new();
        for rule in fired.iter().filter_map(|i| self.rules.get(*i)).filter(|r| r.trial) {
            rule.lists.evaluate(seen, &mut found);
            let (field, spans) = seen.spans(&found);
            findings.push(Finding {
                kind: FindingKind::Rule,
                rule: rule.id.clone(),
                family: rule.family.unwrap_or(Family::Unclassified),
                title: rule.title.clone(),
                points: 0,
                group: self.scores.groups.get(rule.group as usize).map_or(String::new(), |g| g.name.clone()),
                field,
                text: seen.quote(field, &spans),
                spans,
            });
        }
    }
}
