//! Stages 0 to 5: raw text to the soft view, with the map back to the original.
//!
//! Clean text takes one pass. Anything else is cut into cells, one character each with the graphemes it came from;
//! every stage turns a list of cells into another and so carries the map along.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::chars::{self, Kind};
use super::lexicon::{lexicon, rows};
use super::syllable::{LONGEST, Tone, is_vowel, with_tone};
use super::{confusable, keystroke, legacy};
use crate::reading::{Evasion, Mapped, Run};

/// One character and the whole graphemes of the original that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub c: char,
    pub start: u32,
    pub end: u32,
}

/// Most marks kept on a letter of another script.
const MARKS_KEPT: usize = 8;

/// Builds the soft view when the text is clean: no character that any stage would touch.
///
/// The text is copied in stretches; only capitals outside ASCII, blanks of other kinds and emoji interrupt them.
pub(super) fn clean(raw: &str) -> Option<Mapped> {
    let table = chars::table();
    let bytes = raw.as_bytes();
    let mut soft = Mapped { text: String::with_capacity(raw.len()), runs: Vec::with_capacity(1) };
    // Start of the stretch not yet copied, and of the run of exact bytes it belongs to.
    let (mut copied, mut exact) = (0, 0);
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        if matches!(first, b' '..=b'~' | b'\n') {
            at += 1;
            continue;
        }
        let c = raw[at..].chars().next()?;
        let width = c.len_utf8();
        match table.get(c as usize) {
            Some(entry) if entry.plain => {
                if entry.lower != c {
                    soft.text.push_str(&raw[copied..at]);
                    soft.text.push(entry.lower);
                    copied = at + width;
                }
                at += width;
                continue;
            }
            None if lone_symbol(c) => {
                let modifiers = |c: &char| matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
                let more: usize = raw[at + width..].chars().take_while(modifiers).map(char::len_utf8).sum();
                if more > 0 {
                    finish(&mut soft, raw, &mut copied, &mut exact, at);
                    soft.runs.push(Run {
                        at: soft.text.len() as u32,
                        src: at as u32,
                        src_len: (width + more) as u32,
                        exact: false,
                    });
                    soft.text.extend(raw[at..at + width + more].chars().filter(|c| *c != '\u{fe0f}'));
                    (copied, exact) = (at + width + more, at + width + more);
                }
                at += width + more;
            }
            _ => {
                let (len, written) = match c {
                    '\u{a0}' if !raw[..at].ends_with('Ã') => (width, ' '),
                    '\t' => (width, ' '),
                    '\r' => (1 + usize::from(bytes.get(at + 1) == Some(&b'\n')), '\n'),
                    _ => return None,
                };
                finish(&mut soft, raw, &mut copied, &mut exact, at);
                soft.runs.push(Run { at: soft.text.len() as u32, src: at as u32, src_len: len as u32, exact: false });
                soft.text.push(written);
                at += len;
                (copied, exact) = (at, at);
            }
        }
    }
    finish(&mut soft, raw, &mut copied, &mut exact, at);
    soft.text.make_ascii_lowercase();
    Some(soft)
}

/// Copies what stands before `at` and closes its run.
fn finish(soft: &mut Mapped, raw: &str, copied: &mut usize, exact: &mut usize, at: usize) {
    soft.text.push_str(&raw[*copied..at]);
    *copied = at;
    if at > *exact {
        let len = (at - *exact) as u32;
        soft.runs.push(Run { at: soft.text.len() as u32 - len, src: *exact as u32, src_len: len, exact: true });
        *exact = at;
    }
}

/// A pictograph or sign that is a grapheme of its own unless a joiner follows.
fn lone_symbol(c: char) -> bool {
    matches!(c,
        '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{2500}'..='\u{2775}' | '\u{2794}'..='\u{27bf}'
        | '\u{2b00}'..='\u{2bff}' | '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f7e0}'..='\u{1f7ff}' | '\u{1f900}'..='\u{1f9ff}' | '\u{1fa70}'..='\u{1faff}')
        && c != '\u{1f51f}'
}

/// Builds the soft view of any text. `suspected`: its words make one think of an old font or of raw typing, although
/// its letters do not.
pub(super) fn unmask(raw: &str, suspected: bool, evasion: &mut Evasion) -> Mapped {
    let mut cells = cut(raw);
    if suspected || cells.iter().any(|cell| legacy::telling(cell.c)) {
        legacy::repair(&mut cells, evasion);
    }
    let cells = plain_forms(&cells, evasion);
    let cells = confusable::replace(cells, evasion);
    let cells = compose(&cells, evasion);
    let cells = if suspected { keystroke::decode(cells, evasion) } else { cells };
    write(raw, &cells)
}

/// Cuts the original into cells, each grapheme in NFC.
fn cut(raw: &str) -> Vec<Cell> {
    let table = chars::table();
    let plain = |c: char| table.get(c as usize).is_some_and(|entry| entry.plain);
    let mut cells = Vec::with_capacity(raw.len());
    let mut at = 0;
    let mut rest = raw.chars();
    while let Some(c) = rest.next() {
        let start = at as u32;
        if plain(c) && rest.clone().next().is_none_or(plain) {
            at += c.len_utf8();
            cells.push(Cell { c, start, end: at as u32 });
            continue;
        }
        let cluster = raw[at..].graphemes(true).next().unwrap_or_default();
        at += cluster.len().max(c.len_utf8());
        let end = at as u32;
        if cluster.len() == c.len_utf8() && (!chars::decomposes(c)) {
            cells.push(Cell { c, start, end });
        } else {
            cells.extend(cluster.nfc().map(|c| Cell { c, start, end }));
        }
        rest = raw[at..].chars();
    }
    cells
}

/// Counts at most one place a word.
pub(super) struct PerWord {
    counted: bool,
}

impl PerWord {
    pub(super) fn new() -> Self {
        PerWord { counted: false }
    }

    pub(super) fn pass(&mut self, c: char) {
        if c.is_whitespace() {
            self.counted = false;
        }
    }

    pub(super) fn count(&mut self, counter: &mut u32) {
        if !self.counted {
            self.counted = true;
            *counter += 1;
        }
    }
}

/// Stages 1 to 3: flags and keycaps, what is invisible, compatibility forms, blanks and line ends of every kind.
fn plain_forms(cells: &[Cell], evasion: &mut Evasion) -> Vec<Cell> {
    let table = chars::table();
    let mut out = Vec::with_capacity(cells.len());
    let mut form = Vec::new();
    let (mut hidden, mut dressed) = (PerWord::new(), PerWord::new());
    let mut at = 0;
    while let Some(&cell) = cells.get(at) {
        at += 1;
        let c = cell.c;
        hidden.pass(c);
        dressed.pass(c);
        if table.get(c as usize).is_some_and(|entry| entry.plain) {
            out.push(cell);
            continue;
        }
        if let Some(first) = regional(c) {
            let second = cells.get(at).filter(|next| next.start == cell.start).and_then(|next| regional(next.c));
            if let Some(name) = second.and_then(|second| country(first, second)) {
                at += 1;
                evasion.flag += 1;
                out.push(Cell { c: ' ', ..cell });
                out.extend(name.chars().map(|c| Cell { c, ..cell }));
                out.push(Cell { c: ' ', ..cell });
            } else {
                dressed.count(&mut evasion.compatibility);
                out.push(Cell { c: first, ..cell });
            }
            continue;
        }
        if c == '\u{20e3}' && out.last().is_some_and(|last: &Cell| last.c.is_ascii_digit()) {
            evasion.flag += 1;
            continue;
        }
        if chars::invisible(c) || chars::overlay(c) {
            let letter = |cell: Option<&Cell>| cell.is_some_and(|cell| chars::kind_in(table, cell.c) == Kind::Letter);
            let inside = letter(out.last()) && (chars::overlay(c) || letter(cells.get(at)));
            if inside && !matches!(c, '\u{fe00}'..='\u{fe0f}') {
                hidden.count(&mut evasion.invisible);
            }
            if c == '\u{85}' {
                out.push(Cell { c: '\n', ..cell });
            }
            continue;
        }
        match chars::kind_in(table, c) {
            Kind::Newline => out.push(Cell { c: '\n', ..cell }),
            Kind::Space if c == '\r' => {
                // `\r\n` is one grapheme; the line feed follows with the same source.
                if cells.get(at).is_none_or(|next| next.start != cell.start) {
                    out.push(Cell { c: '\n', ..cell });
                }
            }
            Kind::Space => out.push(Cell { c: ' ', ..cell }),
            _ => {
                form.clear();
                chars::compatible(c, &mut form);
                if form.is_empty() {
                    out.push(cell);
                } else {
                    if c.is_alphanumeric() && form.iter().any(|c| c.is_alphanumeric()) {
                        dressed.count(&mut evasion.compatibility);
                    }
                    out.extend(form.iter().map(|c| Cell { c: *c, ..cell }));
                }
            }
        }
    }
    out
}

/// The letter of a regional indicator.
fn regional(c: char) -> Option<char> {
    let index = (c as u32).checked_sub(0x1f1e6).filter(|index| *index < 26)?;
    Some(char::from(b'a' + index as u8))
}

/// The Vietnamese name of the country whose flag two regional indicators make.
fn country(first: char, second: char) -> Option<&'static str> {
    static FLAGS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let mut flags: Vec<_> =
            rows(include_str!("../../data/flags.csv")).skip(1).filter_map(|line| line.split_once(',')).collect();
        flags.sort();
        flags
    });
    let code = String::from_iter([first.to_ascii_uppercase(), second.to_ascii_uppercase()]);
    let at = FLAGS.binary_search_by(|(known, _)| (*known).cmp(code.as_str())).ok()?;
    Some(FLAGS[at].1)
}

/// Stage 5 and the marks of stage 2: each Latin letter with at most one shape and one tone, in lower-case NFC.
fn compose(cells: &[Cell], evasion: &mut Evasion) -> Vec<Cell> {
    let table = chars::table();
    let mut out: Vec<Cell> = Vec::with_capacity(cells.len());
    let mut stacked = PerWord::new();
    let mut carried = None;
    let mut at = 0;
    while let Some(&cell) = cells.get(at) {
        at += 1;
        stacked.pass(cell.c);
        let entry = chars::entry(table, cell.c);
        if entry.kind != Kind::Letter && entry.kind != Kind::Mark {
            carry(&mut out, carried.take());
        }
        let marked = cells.get(at).is_some_and(|next| chars::kind_in(table, next.c) == Kind::Mark);
        if entry.plain && !marked {
            out.push(Cell { c: entry.lower, ..cell });
            continue;
        }
        if entry.kind == Kind::Mark {
            // No letter to sit on.
            continue;
        }
        let mut marks = 0;
        while cells.get(at + marks).is_some_and(|next| chars::kind_in(table, next.c) == Kind::Mark) {
            marks += 1;
        }
        let following = &cells[at..at + marks];
        at += marks;
        let end = following.last().map_or(cell.end, |last| last.end);
        if entry.kind != Kind::Letter {
            out.push(Cell { end, ..cell });
            continue;
        }
        let mut own = std::iter::once(cell.c).nfd();
        let base = own.next().unwrap_or(cell.c);
        if base.is_ascii_alphabetic() || matches!(base, 'đ' | 'Đ') {
            let base = chars::lower(base);
            let all = own.chain(following.iter().map(|cell| cell.c));
            let (c, dropped) = latin(base, all.clone());
            if c == base
                && !is_vowel(base)
                && let Some(tone) = all.clone().find_map(tone_of)
            {
                carried = Some(tone);
            }
            if dropped && marks > 0 {
                stacked.count(&mut evasion.invisible);
            }
            out.push(Cell { c, start: cell.start, end });
        } else {
            out.extend(cell.c.to_lowercase().map(|c| Cell { c, start: cell.start, end }));
            out.extend(following.iter().take(MARKS_KEPT).map(|mark| Cell { c: mark.c, start: cell.start, end }));
        }
    }
    carry(&mut out, carried);
    out
}

/// Gives a tone typed on a consonant (`đôṇg`) to the vowel before it, when a syllable comes of that.
fn carry(cells: &mut [Cell], tone: Option<Tone>) {
    let Some(tone) = tone else { return };
    let word = cells.iter().rev().take(LONGEST + 1).take_while(|cell| chars::kind(cell.c) == Kind::Letter).count();
    let start = cells.len() - word;
    let Some(seat) = cells[start..].iter().rposition(|cell| is_vowel(cell.c)) else { return };
    let mut letters: Vec<char> = cells[start..].iter().map(|cell| cell.c).collect();
    letters[seat] = with_tone(letters[seat], tone);
    if lexicon().canonical(&letters.iter().collect::<String>()).is_some() {
        cells[start + seat].c = letters[seat];
    }
}

/// The tone of a combining mark.
fn tone_of(mark: char) -> Option<Tone> {
    match mark {
        '\u{300}' => Some(1),
        '\u{309}' => Some(2),
        '\u{303}' => Some(3),
        '\u{301}' => Some(4),
        '\u{323}' => Some(5),
        _ => None,
    }
}

/// A lower-case Latin letter with the first shape and the first tone that Vietnamese writes on it, and whether marks
/// were left out.
fn latin(base: char, marks: impl Iterator<Item = char>) -> (char, bool) {
    let (mut letter, mut tone, mut dropped) = (base, None, false);
    for mark in marks {
        let shaped = match (base, mark) {
            ('a', '\u{302}') => Some('â'),
            ('a', '\u{306}') => Some('ă'),
            ('e', '\u{302}') => Some('ê'),
            ('o', '\u{302}') => Some('ô'),
            ('o', '\u{31b}') => Some('ơ'),
            ('u', '\u{31b}') => Some('ư'),
            _ => None,
        };
        let toned = tone_of(mark);
        match (shaped, toned) {
            (Some(shape), _) if letter == base => letter = shape,
            (None, Some(number)) if tone.is_none() && with_tone(letter, number) != letter => tone = Some(number),
            _ => dropped = true,
        }
    }
    (with_tone(letter, tone.unwrap_or(0)), dropped)
}

/// Writes the cells as text with runs.
fn write(raw: &str, cells: &[Cell]) -> Mapped {
    let mut soft = Mapped { text: String::with_capacity(raw.len()), runs: Vec::new() };
    for (at, cell) in cells.iter().enumerate() {
        let source = &raw[cell.start as usize..cell.end as usize];
        let shared = cells.get(at + 1).is_some_and(|next| next.start < cell.end);
        let lone = source.chars().next().is_some_and(|c| c.len_utf8() == source.len());
        let exact = lone && !shared && source.len() == cell.c.len_utf8();
        extend(&mut soft.runs, soft.text.len(), cell.start as usize, source.len(), exact);
        soft.text.push(cell.c);
    }
    soft
}

/// Records that what is written at `at` came from `len` bytes at `src`, joining it to the last run where it can be.
pub(super) fn extend(runs: &mut Vec<Run>, at: usize, src: usize, len: usize, exact: bool) {
    if let Some(last) = runs.last_mut() {
        let (last_src, last_end) = (last.src as usize, (last.src + last.src_len) as usize);
        if exact && last.exact && last_end == src {
            last.src_len += len as u32;
            return;
        }
        if last_src == src && last_end == src + len {
            // Several characters of one source; the last of them only seemed exact because none followed.
            last.exact = false;
            return;
        }
    }
    runs.push(Run { at: at as u32, src: src as u32, src_len: len as u32, exact });
}
