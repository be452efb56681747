//! Where each signal occurs in one post.
//!
//! Title and text share one line of token positions: the title's tokens first, then a gap wider than any `near`,
//! then the text's, so that lists need not know of fields.

use text::{Field, Reading, Span, Token};

use crate::lists::MAX_NEAR;

/// Most occurrences of one signal in one post; more say nothing new and would cost quadratic time.
pub(crate) const MAX_OCCURRENCES: usize = 200;

/// Most spans of one finding.
const MAX_SPANS: usize = 16;

/// One occurrence: a half-open range of positions, and the ranges inside it that were matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub start: u32,
    pub end: u32,
    /// Range of `Seen::parts`; empty when the whole occurrence is the one part.
    parts: (u32, u32),
}

impl Occurrence {
    /// Syllables between the two; 0 when they touch or overlap.
    pub fn gap(&self, other: &Occurrence) -> u32 {
        self.start.saturating_sub(other.end).max(other.start.saturating_sub(self.end))
    }
}

/// The occurrences of every signal in one post.
pub(crate) struct Seen<'a> {
    reading: &'a Reading,
    title: &'a [Token],
    text: &'a [Token],
    /// Position of the text's first token.
    text_at: u32,
    /// Added to the text's sentence numbers.
    text_sentence: u32,
    occurrences: Vec<Occurrence>,
    /// For each signal, its range of `occurrences`.
    ranges: Vec<(u32, u32)>,
    parts: Vec<(u32, u32)>,
}

impl<'a> Seen<'a> {
    pub fn new(reading: &'a Reading, signals: usize) -> Seen<'a> {
        let title = reading.title.as_ref().map_or(&[][..], |v| &v.tokens);
        let text_at = if title.is_empty() { 0 } else { title.len() as u32 + 2 * MAX_NEAR };
        let text_sentence = title.last().map_or(0, |t| t.sentence + 1);
        Seen {
            reading,
            title,
            text: &reading.text.tokens,
            text_at,
            text_sentence,
            occurrences: Vec::with_capacity(64),
            ranges: vec![(0, 0); signals],
            parts: Vec::new(),
        }
    }

    /// Position of the text's first token.
    pub fn text_at(&self) -> u32 {
        self.text_at
    }

    /// Whether a signal occurs.
    #[inline]
    pub fn has(&self, signal: u16) -> bool {
        self.ranges.get(signal as usize).is_some_and(|r| r.0 != r.1)
    }

    /// The occurrences of a signal, by start.
    #[inline]
    pub fn of(&self, signal: u16) -> &[Occurrence] {
        self.ranges
            .get(signal as usize)
            .and_then(|&(start, end)| self.occurrences.get(start as usize..end as usize))
            .unwrap_or(&[])
    }

    /// Whether nothing occurs at all.
    pub fn is_empty(&self) -> bool {
        self.occurrences.is_empty()
    }

    /// Records all occurrences of one signal; called once for each signal that occurs.
    pub fn record(&mut self, signal: u16, found: impl IntoIterator<Item = Occurrence>) {
        let start = self.occurrences.len();
        self.occurrences.extend(found.into_iter().take(MAX_OCCURRENCES));
        if let Some(range) = self.ranges.get_mut(signal as usize) {
            *range = (start as u32, self.occurrences.len() as u32);
        }
    }

    /// An occurrence of plain tokens.
    pub fn plain(start: u32, end: u32) -> Occurrence {
        Occurrence { start, end, parts: (0, 0) }
    }

    /// One occurrence made of several: their hull, with their parts.
    pub fn join(&mut self, chosen: &[Occurrence]) -> Occurrence {
        if let [one] = chosen {
            return *one;
        }
        let first = self.parts.len() as u32;
        for o in chosen {
            if o.parts.0 == o.parts.1 {
                self.parts.push((o.start, o.end));
            } else {
                for i in o.parts.0..o.parts.1 {
                    let Some(part) = self.parts.get(i as usize).copied() else { break };
                    self.parts.push(part);
                }
            }
        }
        Occurrence {
            start: chosen.iter().map(|o| o.start).min().unwrap_or(0),
            end: chosen.iter().map(|o| o.end).max().unwrap_or(0),
            parts: (first, self.parts.len() as u32),
        }
    }

    fn token(&self, position: u32) -> Option<&'a Token> {
        match position.checked_sub(self.text_at) {
            Some(index) => self.text.get(index as usize),
            None => self.title.get(position as usize),
        }
    }

    /// Sentence number of a position, counted through title and text.
    pub fn sentence(&self, position: u32) -> u32 {
        let in_text = position >= self.text_at;
        self.token(position).map_or(u32::MAX, |t| t.sentence + if in_text { self.text_sentence } else { 0 })
    }

    /// The positions that a span of a field touches.
    pub fn positions(&self, field: Field, span: Span) -> Option<(u32, u32)> {
        let (tokens, at) = match field {
            Field::Title => (self.title, 0),
            Field::Text => (self.text, self.text_at),
        };
        let first = tokens.partition_point(|t| t.span.end <= span.start);
        let last = tokens.partition_point(|t| t.span.start < span.end);
        (first < last).then(|| (first as u32 + at, last as u32 + at))
    }

    /// The spans of some occurrences in one field: the text when any of them stands there, else the title.
    pub fn spans(&self, found: &[Occurrence]) -> (Field, Vec<Span>) {
        let field = if found.iter().any(|o| o.end > self.text_at) { Field::Text } else { Field::Title };
        let mut ranges: Vec<(u32, u32)> = Vec::with_capacity(found.len());
        for o in found {
            if o.parts.0 == o.parts.1 {
                ranges.push((o.start, o.end));
            } else {
                ranges.extend(self.parts.get(o.parts.0 as usize..o.parts.1 as usize).unwrap_or(&[]));
            }
        }
        ranges.retain(|r| r.0 < r.1 && (r.0 >= self.text_at) == (field == Field::Text));
        ranges.sort_unstable();
        let mut spans: Vec<Span> = Vec::new();
        let mut reached = 0;
        for (start, end) in ranges {
            let (Some(first), Some(last)) = (self.token(start), self.token(end.saturating_sub(1))) else { continue };
            let span = Span { start: first.span.start, end: last.span.end };
            let room = spans.len() < MAX_SPANS;
            match spans.last_mut() {
                Some(before) if start <= reached => before.end = before.end.max(span.end),
                _ if room => spans.push(span),
                _ => break,
            }
            reached = reached.max(end);
        }
        (field, spans)
    }

    /// The original text of spans, joined by ` … `.
    pub fn quote(&self, field: Field, spans: &[Span]) -> String {
        let raw = match field {
            Field::Title => self.reading.title.as_ref().map_or("", |v| v.raw.as_str()),
            Field::Text => self.reading.text.raw.as_str(),
        };
        let mut quoted = String::new();
        for span in spans {
            if !quoted.is_empty() {
                quoted.push_str(" … ");
            }
            quoted.push_str(raw.get(span.range()).unwrap_or(""));
        }
        quoted
    }
}
