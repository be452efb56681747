//! Stage 4: letters of other scripts that are drawn like Latin ones.
//!
//! Judged word by word. A word that holds a letter without a Latin double stays as it is, so Russian, Greek and
//! Chinese text is left alone; a word wholly of doubles is mapped only when it then reads as Vietnamese and the text
//! is not otherwise in that script.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use super::chars::{self, Kind};
use super::lexicon::{lexicon, rows};
use super::soft::Cell;
use crate::reading::Evasion;

/// Look-alikes with their Latin letters, ordered.
static DOUBLES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let mut doubles: Vec<(char, char)> = Vec::new();
    for line in rows(include_str!("../../data/confusables.txt")) {
        let Some((latin, others)) = line.split_once(' ') else { continue };
        let Some(latin) = latin.chars().next() else { continue };
        doubles.extend(others.chars().filter(|c| !c.is_ascii() && c.is_alphabetic()).map(|c| (c, latin)));
    }
    // The first line that names a letter wins: a stable sort keeps it in front.
    doubles.sort_by_key(|(c, _)| *c);
    doubles.dedup_by_key(|(c, _)| *c);
    doubles
});

fn double(c: char) -> Option<char> {
    let at = DOUBLES.binary_search_by_key(&c, |(double, _)| *double).ok()?;
    Some(DOUBLES[at].1)
}

/// What a letter is to this stage.
enum Letter {
    /// Latin already, with any marks.
    Latin,
    /// Drawn like a Latin letter; of the Latin script itself (small capitals, IPA) or of another.
    Double(char, bool),
    /// No Latin double.
    Other,
}

fn judge(c: char) -> Letter {
    if c.is_ascii() || chars::is_vietnamese(chars::lower(c)) {
        return Letter::Latin;
    }
    if let Some(latin) = double(c) {
        return Letter::Double(latin, latin_script(c));
    }
    let base = std::iter::once(c).nfd().next().unwrap_or(c);
    if base.is_ascii_alphabetic() {
        return Letter::Latin;
    }
    match double(base).or_else(|| double(chars::lower(base))) {
        Some(latin) => Letter::Double(latin, latin_script(c)),
        None if latin_script(c) => Letter::Latin,
        None => Letter::Other,
    }
}

fn latin_script(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{2af}' | '\u{1d00}'..='\u{1dbf}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}'
        | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}')
}

/// Replaces look-alike letters by the letters they are drawn like.
pub(super) fn replace(cells: Vec<Cell>, evasion: &mut Evasion) -> Vec<Cell> {
    let table = chars::table();
    let strange = |c: char| match table.get(c as usize) {
        Some(entry) => entry.kind == Kind::Letter && entry.fold == 0,
        None => chars::kind_in(table, c) == Kind::Letter,
    };
    if !cells.iter().any(|cell| strange(cell.c)) {
        return cells;
    }
    // Chinese beside Vietnamese is common in these posts and says nothing about Cyrillic or Greek.
    let script = |c: char| (0x370..0x590).contains(&(c as u32));
    let foreign_text = cells.iter().any(|cell| script(cell.c) && matches!(judge(cell.c), Letter::Other));
    let mut out = Vec::with_capacity(cells.len());
    let mut at = 0;
    while at < cells.len() {
        let word = cells[at..].iter().take_while(|cell| in_word(chars::kind_in(table, cell.c))).count();
        if word == 0 {
            out.push(cells[at]);
            at += 1;
            continue;
        }
        let letters = &cells[at..at + word];
        if letters.iter().any(|cell| strange(cell.c)) && mapped(letters, foreign_text, &mut out) {
            evasion.confusable += 1;
        } else {
            out.extend_from_slice(letters);
        }
        at += word;
    }
    out
}

fn in_word(kind: Kind) -> bool {
    matches!(kind, Kind::Letter | Kind::Mark | Kind::Digit)
}

/// Writes the word with its look-alikes replaced; false, and nothing written, when it must stay.
fn mapped(letters: &[Cell], foreign_text: bool, out: &mut Vec<Cell>) -> bool {
    let start = out.len();
    let (mut latin, mut doubles) = (false, 0);
    for cell in letters {
        if chars::kind(cell.c) != Kind::Letter {
            out.push(*cell);
            continue;
        }
        match judge(cell.c) {
            Letter::Latin => {
                latin = true;
                out.push(*cell);
            }
            Letter::Double(c, same_script) => {
                latin |= same_script;
                doubles += 1;
                out.push(Cell { c, ..*cell });
                // A letter written with its mark in one code point keeps the mark.
                out.extend(std::iter::once(cell.c).nfd().skip(1).map(|c| Cell { c, ..*cell }));
            }
            Letter::Other => {
                out.truncate(start);
                return false;
            }
        }
    }
    let keep = doubles > 0 && (latin || (!foreign_text && reads_as_vietnamese(&out[start..], letters)));
    if !keep {
        out.truncate(start);
    }
    keep
}

/// Whether a word of nothing but look-alikes reads as Vietnamese, a known word or teencode.
fn reads_as_vietnamese(mapped: &[Cell], original: &[Cell]) -> bool {
    let word: String = mapped.iter().map(|cell| chars::lower(cell.c)).nfc().collect();
    if word.chars().count() == 1 {
        // A lone Greek letter is a formula; a lone Cyrillic а, е or о in Vietnamese is a disguise.
        return original.iter().all(|cell| ('\u{400}'..='\u{4ff}').contains(&cell.c));
    }
    let known = lexicon().of(&word);
    known.word || lexicon().teencode(known).is_some_and(|t| t.replace) || lexicon().canonical(&word).is_some()
}
