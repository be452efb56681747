//! The rest of stage 0: lines typed with an input method switched off, `vieecj nhej` (Telex), `vie65c nhe5` (VNI keys),
//! `vie^.c nhe.` (VIQR).
//!
//! Judged line by line and only accepted when three words become marked syllables, or two whose keys leave no doubt, and
//! nearly all of the line's unknown words do, so that English, brand names and abbreviations are safe.

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

/// Weight of the words of a line that is enough without so many words.
const WEIGHT: usize = 4;

/// A raw word read.
struct Typed {
    syllable: String,
    /// 2 when hardly any other word is written so: digits or signs among the letters, `w`, or a shape and a tone.
    weight: usize,
}

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
    let odd = |text: &str| {
        let known = lexicon().of(text);
        !(known.syllable && known.met > 0 || known.word || known.teencode > 0)
    };
    for keys in [Keys::Telex, Keys::Vni, Keys::Viqr] {
        let (mut unknown, mut good, mut weight) = (0, 0, 0);
        for word in words() {
            let core = core(word, keys);
            if core.is_empty() || !core[0].c.is_ascii_alphabetic() || core.iter().any(|cell| !cell.c.is_ascii()) {
                continue;
            }
            let text: String = core.iter().map(|cell| cell.c).collect();
            if text.len() < 2 || !odd(&text) {
                continue;
            }
            let read = typed(&text, keys);
            // A bare syllable that is rarely met proves nothing for or against.
            unknown += usize::from(read.is_some() || !lexicon().of(&text).syllable);
            good += usize::from(read.is_some());
            weight += read.map_or(0, |read| read.weight);
        }
        if (good >= WORDS || good > 1 && weight >= WEIGHT) && good * 100 >= unknown * 85 {
            let mut out = Vec::with_capacity(line.len());
            for word in words() {
                let core = core(word, keys);
                let text: String = core.iter().map(|cell| cell.c).collect();
                match typed(&text, keys).filter(|_| odd(&text)) {
                    Some(new) => {
                        evasion.legacy += 1;
                        let (start, end) = (core[0].start, core[core.len() - 1].end);
                        out.extend(new.syllable.chars().map(|c| Cell { c, start, end }));
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
fn typed(word: &str, keys: Keys) -> Option<Typed> {
    if word.len() > 12 {
        return None;
    }
    let mut letters: Vec<char> = Vec::with_capacity(word.len());
    let mut tone = 0;
    let mut shaped = false;
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
            continue;
        }
        if shape(&mut letters, keys, c) {
            shaped = true;
            continue;
        }
        if !c.is_ascii_lowercase() {
            return None;
        }
        letters.push(c);
    }
    if !shaped && tone == 0 {
        return None;
    }
    let seat = letters.iter().rposition(|letter| syllable::is_vowel(*letter))?;
    letters[seat] = with_tone(letters[seat], tone);
    let syllable = lexicon().canonical(&letters.iter().collect::<String>())?;
    // A stop or question mark behind a plain word is more often one than a tone.
    let sure = match keys {
        Keys::Telex => shaped && (tone > 0 || word.contains('w') || word.starts_with("dd")),
        Keys::Vni => true,
        Keys::Viqr => shaped,
    };
    Some(Typed { syllable, weight: 1 + usize::from(sure) })
}

/// Whether VIQR may have been typed: a sign of a shape behind the vowel that takes it.
pub(super) fn viqr_possible(text: &str) -> bool {
    text.is_ascii()
        && text
            .as_bytes()
            .windows(2)
            .any(|pair| matches!(pair, [b'a' | b'e' | b'o', b'^'] | [b'o' | b'u', b'+'] | [b'a', b'(']))
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
            assert_eq!(typed(raw, keys).map(|typed| typed.syllable).as_deref(), Some(marked), "{raw}");
        }
    }
}
