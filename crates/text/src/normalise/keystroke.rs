//! The rest of stage 0: lines typed with an input method switched off, `vieecj nhej` (Telex), `vie65c nhe5` (VNI keys),
//! `vie^.c nhe.` (VIQR).
//!
//! Judged line by line and only accepted when at least three words become marked syllables and nearly all of the
//! line's unknown words do, so that English, brand names and abbreviations are safe.

use super::chars::{self, Kind};
use super::lexicon::lexicon;
use super::soft::Cell;
use super::syllable::{self, with_tone};
use crate::reading::Evasion;

/// A way to type marks on a plain keyboard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Telex,
    Vni,
    Viqr,
}

/// Fewest words of a line that must decode.
const WORDS: usize = 3;

/// Decodes the lines that were typed raw.
pub(super) fn decode(cells: Vec<Cell>, evasion: &mut Evasion) -> Vec<Cell> {
    let mut out = Vec::new();
    let mut kept = 0;
    let mut at = 0;
    for line in cells.split_inclusive(|cell| cell.c == '\n') {
        if let Some(new) = line_decoded(line, evasion) {
            out.extend_from_slice(&cells[kept..at]);
            out.extend(new);
            kept = at + line.len();
        }
        at += line.len();
    }
    if kept == 0 {
        return cells;
    }
    out.extend_from_slice(&cells[kept..]);
    out
}

fn line_decoded(line: &[Cell], evasion: &mut Evasion) -> Option<Vec<Cell>> {
    let words = || line.split_inclusive(|cell| cell.c == ' ');
    for keys in [Keys::Telex, Keys::Vni, Keys::Viqr] {
        let (mut unknown, mut good) = (0, 0);
        for word in words() {
            let core = core(word, keys);
            if core.is_empty() || !core[0].c.is_ascii_alphabetic() || core.iter().any(|cell| !cell.c.is_ascii()) {
                continue;
            }
            let text: String = core.iter().map(|cell| cell.c).collect();
            let known = lexicon().of(&text);
            if text.len() < 2 || known.syllable || known.word || known.teencode > 0 {
                continue;
            }
            unknown += 1;
            good += usize::from(typed(&text, keys).is_some());
        }
        if good >= WORDS && good * 100 >= unknown * 85 {
            let mut out = Vec::with_capacity(line.len());
            for word in words() {
                let core = core(word, keys);
                let text: String = core.iter().map(|cell| cell.c).collect();
                match typed(&text, keys).filter(|_| !lexicon().of(&text).syllable) {
                    Some(new) => {
                        evasion.legacy += 1;
                        let (start, end) = (core[0].start, core[core.len() - 1].end);
                        out.extend(new.chars().map(|c| Cell { c, start, end }));
                        out.extend_from_slice(&word[core.len()..]);
                    }
                    None => out.extend_from_slice(word),
                }
            }
            return Some(out);
        }
    }
    None
}

/// The front of a word that a scheme could have typed; signs that end it are left out.
fn core(word: &[Cell], keys: Keys) -> &[Cell] {
    let inside = |cell: &Cell| {
        cell.c.is_ascii_alphabetic()
            || match keys {
                Keys::Telex => false,
                Keys::Vni => cell.c.is_ascii_digit(),
                Keys::Viqr => matches!(cell.c, '\'' | '`' | '?' | '~' | '.' | '^' | '(' | '+' | '*'),
            }
    };
    let mut len = word.iter().take_while(|cell| inside(cell)).count();
    // A word that goes on with other letters or signs inside was not typed so.
    if word[len..].iter().any(|cell| matches!(chars::kind(cell.c), Kind::Letter | Kind::Digit)) {
        len = 0;
    }
    &word[..len]
}

/// The marked syllable that a raw word spells.
fn typed(word: &str, keys: Keys) -> Option<String> {
    if word.len() > 12 {
        return None;
    }
    let mut letters: Vec<char> = Vec::with_capacity(word.len());
    let mut tone = 0;
    let mut marked = false;
    for c in word.chars() {
        let vowel = letters.iter().any(|letter| syllable::is_vowel(*letter));
        let new_tone = match (keys, c) {
            (Keys::Telex, 's') | (Keys::Vni, '1') | (Keys::Viqr, '\'') => 4,
            (Keys::Telex, 'f') | (Keys::Vni, '2') | (Keys::Viqr, '`') => 1,
            (Keys::Telex, 'r') | (Keys::Vni, '3') | (Keys::Viqr, '?') => 2,
            (Keys::Telex, 'x') | (Keys::Vni, '4') | (Keys::Viqr, '~') => 3,
            (Keys::Telex, 'j') | (Keys::Vni, '5') | (Keys::Viqr, '.') => 5,
            _ => 0,
        };
        if new_tone > 0 && vowel && tone == 0 {
            tone = new_tone;
            marked = true;
            continue;
        }
        if shape(&mut letters, keys, c) {
            marked = true;
            continue;
        }
        if !c.is_ascii_lowercase() {
            return None;
        }
        letters.push(c);
    }
    if !marked {
        return None;
    }
    let seat = letters.iter().rposition(|letter| syllable::is_vowel(*letter))?;
    letters[seat] = with_tone(letters[seat], tone);
    lexicon().canonical(&letters.iter().collect::<String>())
}

/// Applies a key that changes the shape of a letter before it; false when it is no such key.
fn shape(letters: &mut [char], keys: Keys, c: char) -> bool {
    let last = |letters: &mut [char], from: &[char], to: &[char]| {
        let Some(at) = letters.iter().rposition(|letter| from.contains(letter)) else { return false };
        let Some(index) = from.iter().position(|letter| *letter == letters[at]) else { return false };
        letters[at] = to[index];
        // One key puts both horns of ươ.
        if letters[at] == 'ơ' && at > 0 && letters[at - 1] == 'u' && (at < 2 || letters[at - 2] != 'q') {
            letters[at - 1] = 'ư';
        }
        true
    };
    match (keys, c) {
        (Keys::Telex, 'a') if letters.last() == Some(&'a') => last(letters, &['a'], &['â']),
        (Keys::Telex, 'e') if letters.last() == Some(&'e') => last(letters, &['e'], &['ê']),
        (Keys::Telex, 'o') if letters.last() == Some(&'o') => last(letters, &['o'], &['ô']),
        (Keys::Telex | Keys::Viqr, 'd') if letters == ['d'] => last(letters, &['d'], &['đ']),
        (Keys::Telex, 'w') => last(letters, &['o', 'u', 'a'], &['ơ', 'ư', 'ă']),
        (Keys::Vni, '6') | (Keys::Viqr, '^') => last(letters, &['a', 'e', 'o'], &['â', 'ê', 'ô']),
        (Keys::Vni, '7') | (Keys::Viqr, '+' | '*') => last(letters, &['o', 'u'], &['ơ', 'ư']),
        (Keys::Vni, '8') | (Keys::Viqr, '(') => last(letters, &['a'], &['ă']),
        (Keys::Vni, '9') => last(letters, &['d'], &['đ']),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_typing_is_read() {
        for (keys, raw, marked) in [
            (Keys::Telex, "vieecj", "việc"),
            (Keys::Telex, "nhej", "nhẹ"),
            (Keys::Telex, "luowng", "lương"),
            (Keys::Telex, "ddi", "đi"),
            (Keys::Telex, "cuar", "của"),
            (Keys::Telex, "tuyeenr", "tuyển"),
            (Keys::Vni, "vie65c", "việc"),
            (Keys::Vni, "lu7o7ng", "lương"),
            (Keys::Vni, "d9i", "đi"),
            (Keys::Viqr, "vie^.c", "việc"),
            (Keys::Viqr, "lu+o+ng", "lương"),
            (Keys::Viqr, "nhe.", "nhẹ"),
        ] {
            assert_eq!(typed(raw, keys).as_deref(), Some(marked), "{raw}");
        }
    }
}
