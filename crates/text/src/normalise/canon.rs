//! Stages 6 to 12: the soft text cut into canon tokens with their folded forms, ids and spans.
//!
//! Words of clean text pass in one loop with one look-up each. The first word that the lexicon does not pass hands its
//! chunk (all up to the next blank) to [`super::join`], which reads on as far as it needs to.

use std::ops::Range;

use super::chars::{self, Entry, Kind};
use super::lexicon::{FOLD, Lexicon, lexicon};
use crate::reading::{Alternate, Evasion, Mapped, Span, Token, TokenKind, syllable_id};

/// Where [`syllable_id`] starts.
pub(super) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
/// Longest word, in letters, that the quick way takes.
const LONGEST: usize = 48;

const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// One step of [`syllable_id`].
#[inline]
pub(super) fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
}

/// The code point of a character of two or three bytes, and its width.
fn decode(bytes: &[u8]) -> Option<(usize, usize)> {
    let low = |at: usize| bytes.get(at).map(|byte| usize::from(byte & 0x3f));
    match bytes.first()? {
        first @ 0xc0..=0xdf => Some((usize::from(first & 0x1f) << 6 | low(1)?, 2)),
        first @ 0xe0..=0xef => Some((usize::from(first & 0x0f) << 12 | low(1)? << 6 | low(2)?, 3)),
        _ => None,
    }
}

/// What the canon stages make of a soft text.
#[derive(Default)]
pub(super) struct Output {
    pub canon: String,
    /// The folded tokens, as bytes because nearly all are ASCII and checked once at the end.
    pub fold: Vec<u8>,
    pub tokens: Vec<Token>,
    pub alternates: Vec<Alternate>,
    /// Replacements for the soft text, in order: tones placed, `O` read as zero.
    pub patches: Vec<(Range<usize>, String)>,
    /// Whether letters were joined, mapped, cut or expanded, or a sign kept letters apart: a second look may differ.
    pub again: bool,
    /// Words with marks that are no syllables.
    pub odd_marked: u32,
    /// Words without marks that nothing knows.
    pub odd_bare: u32,
}

/// The reader of one soft text.
pub(super) struct Reader<'a> {
    pub soft: &'a Mapped,
    /// The original, where capitals can still be seen; absent on a second look.
    pub raw: Option<&'a str>,
    pub lexicon: &'static Lexicon,
    pub table: &'static [Entry],
    pub out: Output,
    pub evasion: Evasion,
    sentence: u32,
    /// A sentence ended since the last token.
    pub ended: bool,
    /// The run in which the last token started; tokens come in order.
    run: usize,
    scratch: String,
}

/// Cuts a soft text into canon tokens.
pub(super) fn tokenise(soft: &Mapped, raw: Option<&str>) -> (Output, Evasion) {
    let len = soft.text.len();
    let mut reader = Reader {
        soft,
        raw,
        lexicon: lexicon(),
        table: chars::table(),
        out: Output {
            canon: String::with_capacity(len),
            fold: Vec::with_capacity(len + FOLD),
            tokens: Vec::with_capacity(len / 5 + 1),
            ..Output::default()
        },
        evasion: Evasion::default(),
        sentence: 0,
        ended: false,
        run: 0,
        scratch: String::new(),
    };
    let bytes = soft.text.as_bytes();
    let mut at = 0;
    while at < len {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        if bytes[at].is_ascii_lowercase() {
            at = reader.familiar(at).or_else(|| reader.word(at)).unwrap_or_else(|| reader.chunk(at));
            continue;
        }
        let Some(c) = soft.text[at..].chars().next() else { break };
        at = match chars::kind_in(reader.table, c) {
            Kind::Letter => reader.familiar(at).or_else(|| reader.word(at)).unwrap_or_else(|| reader.chunk(at)),
            Kind::Digit => reader.number(at).unwrap_or_else(|| reader.chunk(at)),
            Kind::Symbol
                if matches!(c, '@' | '$') && matches!(reader.kind_at(at + 1), Some(Kind::Letter | Kind::Digit)) =>
            {
                reader.chunk(at)
            }
            Kind::Newline | Kind::Stop => {
                reader.ended = true;
                at + c.len_utf8()
            }
            _ => at + c.len_utf8(),
        };
    }
    (reader.out, reader.evasion)
}

impl Reader<'_> {
    /// The kind of the character at a byte of the soft text; `None` at its end.
    pub fn kind_at(&self, at: usize) -> Option<Kind> {
        let c = self.soft.text.get(at..)?.chars().next()?;
        Some(chars::kind_in(self.table, c))
    }

    /// Whether a chunk that reached `end` goes no further: a blank, or signs up to a blank.
    #[inline]
    fn chunk_ends(&self, end: usize) -> bool {
        let bytes = self.soft.text.as_bytes();
        let blank = |at: usize| matches!(bytes.get(at), None | Some(b' ' | b'\n'));
        let sign = |at: usize| matches!(bytes[at], b',' | b'.' | b':' | b'!' | b'?' | b')' | b'"' | b';');
        blank(end) || (sign(end) && blank(end + 1)) || self.chunk_ends_in_signs(end)
    }

    /// The rest of [`Self::chunk_ends`].
    fn chunk_ends_in_signs(&self, end: usize) -> bool {
        let mut rest = self.soft.text[end..].chars();
        match rest.next().map(|c| chars::kind_in(self.table, c)) {
            None | Some(Kind::Space | Kind::Newline) => true,
            Some(Kind::Symbol | Kind::Stop) => !rest
                .next()
                .is_some_and(|c| matches!(chars::kind_in(self.table, c), Kind::Letter | Kind::Digit | Kind::Mark)),
            Some(_) => false,
        }
    }

    /// Passes a word that is often met and stands alone; the end of it.
    fn familiar(&mut self, start: usize) -> Option<usize> {
        let text = &self.soft.text;
        let mut exact = FNV_START;
        let mut at = start;
        // Signs outside ASCII count as letters here; no word with one is familiar.
        for byte in &text.as_bytes()[start..] {
            if !byte.is_ascii_lowercase() && byte.is_ascii() {
                break;
            }
            exact = step(exact, *byte);
            at += 1;
        }
        let familiar = self.lexicon.familiar(exact)?;
        if !self.chunk_ends(at) {
            return None;
        }
        if !self.out.canon.is_empty() {
            self.out.canon.push(' ');
            self.out.fold.push(b' ');
        }
        let (canon, fold) = (self.out.canon.len() as u32, self.out.fold.len() as u32);
        self.out.canon.push_str(&text[start..at]);
        // A copy of fixed size and a cut are quicker than a copy of unknown size.
        self.out.fold.extend_from_slice(familiar.padded_fold());
        self.out.fold.truncate(fold as usize + familiar.fold_len());
        self.token(canon, fold, exact, familiar.folded, start..at, TokenKind::Word);
        Some(at)
    }

    /// Passes a word that the lexicon knows and that stands alone; the end of it.
    fn word(&mut self, start: usize) -> Option<usize> {
        let bytes = self.soft.text.as_bytes();
        let (mut exact, mut folded) = (FNV_START, FNV_START);
        let mut fold = [0u8; LONGEST];
        let mut letters = 0;
        let mut at = start;
        while let Some(&first) = bytes.get(at) {
            let slot = fold.get_mut(letters)?;
            if first.is_ascii_lowercase() {
                *slot = first;
                exact = step(exact, first);
                folded = step(folded, first);
                at += 1;
            } else if first.is_ascii() {
                break;
            } else {
                let Some((code, width)) = decode(&bytes[at..]) else { break };
                let Some(entry) = self.table.get(code) else { break };
                if entry.kind != Kind::Letter {
                    break;
                }
                if entry.fold == 0 {
                    return None;
                }
                *slot = entry.fold;
                for byte in &bytes[at..at + width] {
                    exact = step(exact, *byte);
                }
                folded = step(folded, entry.fold);
                at += width;
            }
            letters += 1;
        }
        let passes = self.chunk_ends(at)
            && (letters > 1 || !self.single_follows(at))
            && self.lexicon.get(exact).is_some_and(|known| known.teencode == 0 && (known.syllable || known.word));
        if !passes {
            return None;
        }
        if !self.out.canon.is_empty() {
            self.out.canon.push(' ');
            self.out.fold.push(b' ');
        }
        let (canon_start, fold_start) = (self.out.canon.len() as u32, self.out.fold.len() as u32);
        self.out.canon.push_str(&self.soft.text[start..at]);
        self.out.fold.extend_from_slice(&fold[..letters]);
        self.token(canon_start, fold_start, exact, folded, start..at, TokenKind::Word);
        Some(at)
    }

    /// Whether the next word is a single letter, so that spaced letters may have begun.
    fn single_follows(&self, at: usize) -> bool {
        let rest = self.soft.text[at..]
            .trim_start_matches(|c| !matches!(chars::kind_in(self.table, c), Kind::Letter | Kind::Digit | Kind::Mark));
        let mut chars = rest.chars().map(|c| chars::kind_in(self.table, c));
        chars.next() == Some(Kind::Letter) && !matches!(chars.next(), Some(Kind::Letter | Kind::Digit | Kind::Mark))
    }

    /// Passes a plain number, with a unit where it has a common one; the end of it.
    fn number(&mut self, start: usize) -> Option<usize> {
        const UNITS: [&str; 12] = ["tr", "k", "h", "t", "đ", "kg", "cm", "usd", "vnd", "p", "km", "vnđ"];
        let bytes = self.soft.text.as_bytes();
        let mut at = start;
        while at < bytes.len() {
            let inside = matches!(bytes[at], b'.' | b',') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            if !bytes[at].is_ascii_digit() && !inside {
                break;
            }
            at += 1;
        }
        if self.kind_at(at) == Some(Kind::Letter) {
            let unit =
                self.soft.text[at..].chars().take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum::<usize>();
            if !UNITS.contains(&&self.soft.text[at..at + unit]) {
                return None;
            }
            at += unit;
        }
        if !self.chunk_ends(at) {
            return None;
        }
        self.emit_soft(start..at, TokenKind::Number);
        Some(at)
    }

    /// Adds a token whose canon form is the soft text itself.
    pub fn emit_soft(&mut self, range: Range<usize>, kind: TokenKind) {
        let soft = self.soft;
        self.emit(&soft.text[range.clone()], range, kind);
    }

    /// Adds a token.
    pub fn emit(&mut self, form: &str, soft: Range<usize>, kind: TokenKind) {
        if !self.out.canon.is_empty() {
            self.out.canon.push(' ');
            self.out.fold.push(b' ');
        }
        let (canon, fold) = (self.out.canon.len(), self.out.fold.len());
        self.out.canon.push_str(form);
        for c in form.chars() {
            match self.table.get(c as usize).map_or(0, |entry| entry.fold) {
                0 => {
                    self.scratch.clear();
                    chars::fold_into(c, &mut self.scratch);
                    self.out.fold.extend_from_slice(self.scratch.as_bytes());
                }
                byte => self.out.fold.push(byte),
            }
        }
        let exact = syllable_id(form);
        let folded = self.out.fold[fold..].iter().fold(FNV_START, |hash, byte| step(hash, *byte));
        self.token(canon as u32, fold as u32, exact, folded, soft, kind);
    }

    /// Records a token whose forms have just been written from `canon` and `fold` on.
    fn token(&mut self, canon: u32, fold: u32, exact: u64, folded: u64, soft: Range<usize>, kind: TokenKind) {
        if self.ended {
            self.ended = false;
            self.sentence += u32::from(!self.out.tokens.is_empty());
        }
        let span = self.span(soft);
        self.out.tokens.push(Token {
            canon: (canon, self.out.canon.len() as u32),
            fold: (fold, self.out.fold.len() as u32),
            exact,
            folded,
            span,
            sentence: self.sentence,
            kind,
        });
    }

    /// The original of a stretch of soft text; the same as [`Mapped::span_of`], found from the last token on.
    fn span(&mut self, soft: Range<usize>) -> Span {
        let runs = &self.soft.runs;
        let within = |index: usize, at: usize| runs.get(index + 1).is_none_or(|next| at < next.at as usize);
        while !within(self.run, soft.start) {
            self.run += 1;
        }
        match runs.get(self.run) {
            Some(run) if run.exact && run.at as usize <= soft.start && within(self.run, soft.end - 1) => {
                let start = run.src + (soft.start as u32 - run.at);
                Span { start, end: start + (soft.end - soft.start) as u32 }
            }
            _ => self.soft.span_of(soft),
        }
    }

    /// Whether the original of a soft position is a capital; unknown counts as not.
    pub fn capital(&self, at: usize) -> bool {
        let Some(raw) = self.raw else { return false };
        let start = self.soft.span_of(at..at + 1).start as usize;
        raw.get(start..).and_then(|rest| rest.chars().next()).is_some_and(char::is_uppercase)
    }
}
