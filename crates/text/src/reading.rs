//! The nouns of a reading: what a post looks like once it has been unmasked.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::facts::{self, Fact};
use crate::normalise;

/// A half-open range of UTF-8 bytes in the original text of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "[u32; 2]", from = "[u32; 2]")]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl From<Span> for [u32; 2] {
    fn from(span: Span) -> Self {
        [span.start, span.end]
    }
}

impl From<[u32; 2]> for Span {
    fn from([start, end]: [u32; 2]) -> Self {
        Span { start, end }
    }
}

impl Span {
    /// The range as `usize`, for slicing the original text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Which text of a post a span points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// The title or subject line.
    Title,
    /// The body.
    Text,
}

/// A derived string that remembers where in the original each of its bytes came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// The derived text.
    pub text: String,
    /// Runs in order of `at`; clean text costs one run.
    pub runs: Vec<Run>,
}

/// One stretch of a [`Mapped`] string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where the run starts in the derived text.
    pub at: u32,
    /// Where its source starts in the original.
    pub src: u32,
    /// Length of its source in the original.
    pub src_len: u32,
    /// The bytes correspond one to one and every character is a grapheme of its own. Otherwise the whole run maps
    /// to the whole source.
    pub exact: bool,
}

impl Mapped {
    /// Where a byte range of the derived text stands in the original, widened to whole graphemes.
    ///
    /// The range may be any; it is clamped to the text, and its ends must be character boundaries of the derived
    /// text for the answer to be on character boundaries of the original. An empty range gives an empty span.
    pub fn span_of(&self, range: Range<usize>) -> Span {
        let end = range.end.min(self.text.len());
        let start = range.start.min(end);
        if self.runs.is_empty() {
            return Span { start: 0, end: 0 };
        }
        let first = self.run_at(start);
        let from = self.runs[first];
        let into = start as u32 - from.at;
        let source_start = if from.exact { from.src + into } else { from.src };
        if start == end {
            return Span { start: source_start, end: source_start };
        }
        let until = self.runs[self.run_at(end - 1)];
        let source_end = if until.exact { until.src + (end as u32 - until.at) } else { until.src + until.src_len };
        Span { start: source_start, end: source_end.max(source_start) }
    }

    /// Index of the run that holds the byte at `at`; the last run for the end of the text.
    fn run_at(&self, at: usize) -> usize {
        self.runs.partition_point(|run| run.at as usize <= at).saturating_sub(1)
    }
}

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// A syllable or a foreign word.
    Word,
    /// Digits, possibly with `.` or `,` between them, or digits with a unit such as `15tr`.
    Number,
    /// A URL, e-mail address or @handle, kept whole.
    Atom,
}

/// One syllable (or number, or atom) of the unmasked text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Byte range in [`View::canon`].
    pub canon: (u32, u32),
    /// Byte range in [`View::fold`].
    pub fold: (u32, u32),
    /// [`syllable_id`] of the canon form.
    pub exact: u64,
    /// [`syllable_id`] of the folded form; equal to `exact` when the syllable carries no mark.
    pub folded: u64,
    /// Where it stands in the original.
    pub span: Span,
    /// Number of the sentence it belongs to, from 0. Line breaks and `.!?…;` outside numbers end a sentence.
    pub sentence: u32,
    /// What it is made of.
    pub kind: TokenKind,
}

/// A second reading of a token: ambiguous teencode such as `k` = "không", `ck` = "chồng" or "chuyển khoản"; or the
/// token with the word of an emoji beside it, such as `bán 🫘` = "bán thận".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternate {
    /// Index of the first token that it may replace (it replaces exactly one).
    pub token: u32,
    /// [`syllable_id`]s (exact, folded) of the replacement's syllables, in order.
    pub syllables: Vec<(u64, u64)>,
}

/// How often each stage of the normaliser had to undo a disguise. Counts of places, not of characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evasion {
    /// Legacy encodings and mojibake repaired (TCVN3, VNI, cp1252).
    pub legacy: u32,
    /// Flags and keycaps read as words and digits.
    pub flag: u32,
    /// Invisible characters and stacked marks inside words.
    pub invisible: u32,
    /// Maths letters, full width, circled and squared letters.
    pub compatibility: u32,
    /// Look-alike letters of other scripts.
    pub confusable: u32,
    /// Letters spaced, dotted or split by symbols and joined again.
    pub joined: u32,
    /// Digits and symbols used as letters.
    pub leet: u32,
    /// Stretched letters.
    pub elongated: u32,
    /// Words run together and split again.
    pub sticky: u32,
    /// Phone numbers and addresses written to escape a filter.
    pub contact: u32,
}

/// One field of a post, unmasked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The original, untouched.
    pub raw: String,
    /// Repaired and unmasked, lower case, NFC, tone placed; layout and punctuation kept. Facts are read from it.
    pub soft: Mapped,
    /// The canon tokens joined by single spaces.
    pub canon: String,
    /// The canon tokens without marks, joined by single spaces.
    pub fold: String,
    /// The tokens, in order.
    pub tokens: Vec<Token>,
    /// Other readings of single tokens, ordered by token.
    pub alternates: Vec<Alternate>,
    /// What had to be undone.
    pub evasion: Evasion,
}

impl View {
    /// Canon form of a token of this view.
    pub fn canon_of(&self, token: &Token) -> &str {
        &self.canon[token.canon.0 as usize..token.canon.1 as usize]
    }

    /// Folded form of a token of this view.
    pub fn fold_of(&self, token: &Token) -> &str {
        &self.fold[token.fold.0 as usize..token.fold.1 as usize]
    }
}

/// Everything that was read from one post.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The title, when the post has one.
    pub title: Option<View>,
    /// The body.
    pub text: View,
    /// Facts of both fields, ordered by field, then start, then kind.
    pub facts: Vec<Fact>,
}

/// Reads one post. `posted_at_ms` (UTC milliseconds) resolves relative dates; without it they stay unresolved.
///
/// Never fails; linear in the length of the input.
pub fn read(title: Option<&str>, text: &str, posted_at_ms: Option<i64>) -> Reading {
    let title = title.map(normalise::view);
    let text = normalise::view(text);
    let mut found = Vec::new();
    if let Some(view) = &title {
        found.extend(facts::extract(view, Field::Title, posted_at_ms));
    }
    found.extend(facts::extract(&text, Field::Text, posted_at_ms));
    Reading { title, text, facts: found }
}

/// The stable 64-bit id of a canon or folded syllable (FNV-1a), the same on every machine and in every version.
pub fn syllable_id(syllable: &str) -> u64 {
    syllable
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Removes Vietnamese marks and lower-cases: `Đắk Lắk` becomes `dak lak`. For short strings such as lexicon terms.
pub fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect()
}
