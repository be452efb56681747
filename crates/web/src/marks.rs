//! Marks what findings saw in a post's text.
//!
//! Findings nest and overlap, so the text is cut at every edge of every span; each piece then knows all findings
//! that cover it. Pieces joined give the text again, byte for byte. Nothing here is HTML: templates escape it.

use rules::{Finding, FindingKind};
use text::{Field, Span};

/// The six ways in which a stretch of text is tinted and underlined, so that it also reads in grey; in the order of
/// the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tint {
    /// Asks or invites the reader.
    Offer,
    /// Where one would be taken.
    Destination,
    /// Pay, gifts, ease: what draws.
    Lure,
    /// How to reach somebody.
    Contact,
    /// Debt, held papers, minors, bodies, goods: the rest.
    Control,
    /// Speaks against: hatched.
    Counter,
}

impl Tint {
    /// The class in the stylesheet, which is also the end of its key in the locales.
    pub fn class(self) -> &'static str {
        match self {
            Tint::Offer => "offer",
            Tint::Destination => "destination",
            Tint::Lure => "lure",
            Tint::Contact => "contact",
            Tint::Control => "control",
            Tint::Counter => "counter",
        }
    }

    /// The tint of a finding: what calms is hatched, whatever its group.
    pub fn of(finding: &Finding) -> Tint {
        if finding.points < 0 && finding.kind != FindingKind::Cap {
            return Tint::Counter;
        }
        match finding.group.as_str() {
            "offer" | "act" => Tint::Offer,
            "destination" => Tint::Destination,
            "lure" | "head" => Tint::Lure,
            "contact" | "secrecy" | "evasion" => Tint::Contact,
            "report" | "law" | "seeker" | "licensed" | "refused" | "trade" | "joke" => Tint::Counter,
            _ => Tint::Control,
        }
    }
}

/// A stretch of the original text and who covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The original text.
    pub text: &'a str,
    /// The tint of the innermost finding; none where nothing was found.
    pub tint: Option<Tint>,
    /// Whether findings of another tint cover it as well.
    pub both: bool,
    /// Numbers of the covering findings, ascending.
    pub findings: Vec<usize>,
    /// Numbers of the findings whose first span starts here: what a jump from the reasons lands on.
    pub anchors: Vec<usize>,
}

impl Piece<'_> {
    /// The class of its mark.
    pub fn class(&self) -> &'static str {
        self.tint.map_or("", Tint::class)
    }

    /// The numbers of the covering findings, for the script that lights them up together.
    pub fn numbers(&self) -> String {
        self.findings.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// Cuts one field of a post at the edges of the findings' spans.
///
/// Spans outside the text or off a character boundary are left out: an old finding over a text that was shortened
/// since must not take the page down.
pub fn pieces<'a>(text: &'a str, field: Field, findings: &[Finding]) -> Vec<Piece<'a>> {
    let covers = covers(text, field, findings);
    let mut edges: Vec<usize> = covers.iter().flat_map(|(_, span)| [span.range().start, span.range().end]).collect();
    edges.extend([0, text.len()]);
    edges.sort_unstable();
    edges.dedup();
    let mut anchored = vec![false; findings.len()];
    edges
        .windows(2)
        .filter_map(|edge| {
            let (start, end) = (edge[0], edge[1]);
            let here: Vec<&(usize, Span)> =
                covers.iter().filter(|(_, span)| span.range().start <= start && end <= span.range().end).collect();
            let innermost = here.iter().min_by_key(|(_, span)| span.range().len()).map(|(number, _)| *number);
            let tint = innermost.map(|number| Tint::of(&findings[number]));
            let mut numbers: Vec<usize> = here.iter().map(|(number, _)| *number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let anchors = numbers.iter().copied().filter(|number| !std::mem::replace(&mut anchored[*number], true));
            let anchors: Vec<usize> = anchors.collect();
            let both = numbers.iter().any(|number| Some(Tint::of(&findings[*number])) != tint);
            Some(Piece { text: text.get(start..end)?, tint, both, findings: numbers, anchors })
        })
        .collect()
}

/// The tints that occur in a post, in the order of the legend.
pub fn legend(findings: &[Finding]) -> Vec<Tint> {
    let mut tints: Vec<Tint> = findings.iter().filter(|finding| !finding.spans.is_empty()).map(Tint::of).collect();
    tints.sort_unstable();
    tints.dedup();
    tints
}

fn covers(text: &str, field: Field, findings: &[Finding]) -> Vec<(usize, Span)> {
    let mut covers = Vec::new();
    for (number, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.field == field) {
        for span in &finding.spans {
            let range = span.range();
            if range.start < range.end && text.get(range).is_some() {
                covers.push((number, *span));
            }
        }
    }
    covers
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Family;

    fn finding(group: &str, points: i32, spans: &[(u32, u32)]) -> Finding {
        Finding {
            kind: FindingKind::Rule,
            rule: "mau".into(),
            family: Family::ScamCompoundJob,
            title: "Mẫu".into(),
            points,
            group: group.into(),
            field: Field::Text,
            spans: spans.iter().map(|(start, end)| Span { start: *start, end: *end }).collect(),
            text: String::new(),
        }
    }

    #[test]
    fn pieces_join_to_the_text_whatever_overlaps() {
        let text = "Tuyển người sang Cam, lương 30 triệu";
        let all = text.len() as u32;
        let cam = text.find("Cam").unwrap() as u32;
        let findings = [
            finding("offer", 10, &[(0, cam)]),
            finding("destination", 10, &[(cam - 5, cam + 3)]),
            finding("report", -10, &[(0, all)]),
        ];
        let pieces = pieces(text, Field::Text, &findings);
        assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), text);
        let inner = pieces.iter().find(|piece| piece.text == "Cam").unwrap();
        assert_eq!((inner.tint, inner.both), (Some(Tint::Destination), true));
        assert_eq!(inner.findings, [1, 2]);
        assert_eq!(pieces.iter().flat_map(|piece| piece.anchors.clone()).collect::<Vec<_>>().len(), 3);
    }

    #[test]
    fn spans_that_do_not_fit_the_text_are_left_out() {
        let text = "đi";
        for span in [(1, 3), (0, 99), (2, 2)] {
            let pieces = pieces(text, Field::Text, &[finding("offer", 10, &[span])]);
            assert_eq!(pieces.len(), 1, "{span:?}");
            assert_eq!((pieces[0].text, pieces[0].tint), (text, None), "{span:?}");
        }
    }

    #[test]
    fn what_calms_is_hatched_and_an_empty_text_has_no_piece() {
        assert_eq!(Tint::of(&finding("offer", -5, &[])), Tint::Counter);
        assert!(pieces("", Field::Text, &[]).is_empty());
    }
}
