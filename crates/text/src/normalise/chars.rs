//! What a single character is: its lower case, its folded form, its kind, and whether clean text may hold it.
//!
//! Characters of Vietnamese text come from a table; the rest is computed. Nothing here looks at neighbours.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::syllable::{Tone, split_tone};

/// What a character does in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A blank that does not end a line.
    Space,
    /// A line end.
    Newline,
    /// Ends a sentence outside a number: `. ! ? … ;`.
    Stop,
    /// Other punctuation, signs, emoji.
    Symbol,
    /// `0` to `9`.
    Digit,
    /// A letter of any script.
    Letter,
    /// A combining mark; part of the word that it follows.
    Mark,
}

/// What the table holds of a character.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Simple lower case.
    pub lower: char,
    /// The folded letter when it is one ASCII letter or digit, else 0.
    pub fold: u8,
    /// The lower-case letter without its tone.
    pub toneless: char,
    /// Its tone.
    pub tone: Tone,
    /// Its kind.
    pub kind: Kind,
    /// Clean text may hold it: a grapheme of its own whose soft form is its lower case, of the same length in bytes.
    pub plain: bool,
}

/// First character beyond the table.
const TABLE_END: u32 = 0x2100;

static TABLE: LazyLock<Vec<Entry>> =
    LazyLock::new(|| (0..TABLE_END).map(|code| compute(char::from_u32(code).unwrap_or('\u{fffd}'))).collect());

/// The table, to be fetched once before a loop.
pub(super) fn table() -> &'static [Entry] {
    &TABLE
}

/// The entry of a character.
pub(super) fn entry(table: &[Entry], c: char) -> Entry {
    match table.get(c as usize) {
        Some(entry) => *entry,
        None => compute(c),
    }
}

/// The kind of a character.
pub(super) fn kind_in(table: &[Entry], c: char) -> Kind {
    match table.get(c as usize) {
        Some(entry) => entry.kind,
        None => kind_of(c),
    }
}

/// The kind of a character, for the odd place.
pub(super) fn kind(c: char) -> Kind {
    kind_in(&TABLE, c)
}

fn compute(c: char) -> Entry {
    let kind = kind_of(c);
    let lower = if kind == Kind::Letter { lower(c) } else { c };
    let fold = match kind {
        Kind::Digit => c as u8,
        Kind::Letter => ascii_fold(lower),
        _ => 0,
    };
    let (toneless, tone) = split_tone(lower);
    Entry { lower, fold, toneless, tone, kind, plain: plain(c, kind) }
}

fn kind_of(c: char) -> Kind {
    match c {
        '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => Kind::Newline,
        '.' | '!' | '?' | '…' | ';' | '。' | '！' | '？' => Kind::Stop,
        '0'..='9' => Kind::Digit,
        // Arrows, dingbats and most emoji, before the look-ups that they would make long.
        '\u{2190}'..='\u{245f}' | '\u{2500}'..='\u{2bff}' | '\u{1f300}'..='\u{1faff}' => Kind::Symbol,
        '\u{1d400}'..='\u{1d7cb}' => Kind::Letter,
        _ if c.is_whitespace() => Kind::Space,
        _ if c.is_ascii() => {
            if c.is_ascii_alphabetic() {
                Kind::Letter
            } else {
                Kind::Symbol
            }
        }
        _ if is_combining_mark(c) => Kind::Mark,
        _ if c.is_alphanumeric() => Kind::Letter,
        _ => Kind::Symbol,
    }
}

/// Lower case by one character; the few letters whose lower case is longer keep their first character.
pub(super) fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The ASCII letter under a Vietnamese letter, or 0.
fn ascii_fold(lower: char) -> u8 {
    if lower.is_ascii_alphanumeric() {
        return lower as u8;
    }
    if lower == 'đ' {
        return b'd';
    }
    if is_vietnamese(lower) {
        let base = std::iter::once(lower).nfd().next().unwrap_or(lower);
        if base.is_ascii_alphabetic() {
            return base as u8;
        }
    }
    0
}

/// Whether a lower-case letter is one of the Vietnamese letters outside ASCII.
pub(super) fn is_vietnamese(lower: char) -> bool {
    matches!(
        lower,
        'à' | 'á'
            | 'â'
            | 'ã'
            | 'è'
            | 'é'
            | 'ê'
            | 'ì'
            | 'í'
            | 'ò'
            | 'ó'
            | 'ô'
            | 'õ'
            | 'ù'
            | 'ú'
            | 'ý'
            | 'ă'
            | 'đ'
            | 'ĩ'
            | 'ũ'
            | 'ơ'
            | 'ư'
    ) || (('\u{1ea1}'..='\u{1ef9}').contains(&lower) && lower as u32 % 2 == 1)
}

fn plain(c: char, kind: Kind) -> bool {
    match c {
        '\n' | ' '..='~' => true,
        // Dashes, quotation marks, bullet, ellipsis; emoji that stand alone are judged with their neighbour.
        '\u{2013}' | '\u{2014}' | '\u{2018}'..='\u{201f}' | '\u{2022}' | '\u{2026}' => true,
        _ if kind == Kind::Letter => is_vietnamese(lower(c)) && lower(c).len_utf8() == c.len_utf8(),
        _ => false,
    }
}

/// Folds one lower-case character that the table does not fold: decomposed, without marks.
pub(super) fn fold_into(c: char, out: &mut String) {
    out.extend(std::iter::once(c).nfd().filter(|c| !is_combining_mark(*c)));
}

/// Characters that a reader does not see and that carry no word: format controls, joiners, fillers, variation
/// selectors, tags, controls other than line ends and tabs.
pub(super) fn invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether NFC may change a lone character: never below U+0300, nor in the blocks of look-alikes, letters in dress and
/// emoji that these posts use.
pub(super) fn decomposes(c: char) -> bool {
    !matches!(c, '\0'..='\u{2ff}' | '\u{400}'..='\u{482}' | '\u{1d00}'..='\u{1dbf}' | '\u{1ea0}'..='\u{1ef9}'
        | '\u{200b}'..='\u{2064}' | '\u{2460}'..='\u{27bf}' | '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}'
        | '\u{1f100}'..='\u{1faff}')
}

/// Marks laid over or around a letter; they make no other letter of it.
pub(super) fn overlay(c: char) -> bool {
    matches!(c, '\u{334}'..='\u{338}' | '\u{489}' | '\u{20d0}'..='\u{20f0}')
}

/// The compatibility form of a character, when a plain one stands behind it: maths, full-width, circled, squared and
/// raised letters, digits of other scripts, and blanks. Nothing is written when the character stands for itself.
pub(super) fn compatible(c: char, out: &mut Vec<char>) {
    let push_letter = |out: &mut Vec<char>, first: u32| out.push(char::from(b'a' + (c as u32 - first) as u8));
    let letter = |code: u32, first: u32| char::from(b'a' + ((code - first) % 26) as u8);
    match c {
        // Thirteen mathematical alphabets of capitals and small letters, and five sets of digits.
        '\u{1d400}'..='\u{1d6a3}' => out.push(letter(c as u32, 0x1d400)),
        '\u{1d7ce}'..='\u{1d7ff}' => out.push(char::from(b'0' + ((c as u32 - 0x1d7ce) % 10) as u8)),
        '\u{ff21}'..='\u{ff3a}' => out.push(letter(c as u32, 0xff21)),
        '\u{ff41}'..='\u{ff5a}' => out.push(letter(c as u32, 0xff41)),
        '\u{24b6}'..='\u{24e9}' => out.push(letter(c as u32, 0x24b6)),
        '\u{1f110}'..='\u{1f129}' => push_letter(out, 0x1f110),
        '\u{1f130}'..='\u{1f149}' => push_letter(out, 0x1f130),
        '\u{1f150}'..='\u{1f169}' => push_letter(out, 0x1f150),
        '\u{1f170}'..='\u{1f189}' => push_letter(out, 0x1f170),
        '\u{249c}'..='\u{24b5}' => push_letter(out, 0x249c),
        '\u{1f18e}' => out.extend(['a', 'b']),
        '\u{1f197}' => out.extend(['o', 'k']),
        '\u{1f193}' => out.extend(['f', 'r', 'e', 'e']),
        '\u{1f195}' => out.extend(['n', 'e', 'w']),
        '\u{1f199}' => out.extend(['u', 'p']),
        '\u{1f198}' => out.extend(['s', 'o', 's']),
        '\u{1f51f}' => out.extend(['1', '0']),
        '\u{24ea}' | '\u{24ff}' => out.push('0'),
        '\u{2776}'..='\u{277f}' => number(c as u32 - 0x2775, out),
        '\u{2780}'..='\u{2789}' => number(c as u32 - 0x277f, out),
        '\u{278a}'..='\u{2793}' => number(c as u32 - 0x2789, out),
        '\u{24eb}'..='\u{24f4}' => number(c as u32 - 0x24eb + 11, out),
        '\u{24f5}'..='\u{24fe}' => number(c as u32 - 0x24f4, out),
        '\u{2474}'..='\u{2487}' => number(c as u32 - 0x2473, out),
        '\u{2488}'..='\u{249b}' => number(c as u32 - 0x2487, out),
        '\u{2800}' => out.push(' '),
        // Signs whose compatibility form would glue letters or digits to the word before.
        '™' | '℠' | '©' | '®' | '…' | '½' | '¼' | '¾' | '¨' | '¯' | '´' | '¸' | '‗' => {}
        _ if (c as u32) < 0xa0 => {}
        _ => match script_digit(c) {
            Some(digit) => out.push(digit),
            None => {
                let start = out.len();
                out.extend(std::iter::once(c).nfkc());
                let own = out.len() == start + 1 && out[start] == c;
                // Han and Hangul compatibility forms and the like stay when they give no letter or digit.
                if own || !out[start..].iter().any(|c| c.is_alphanumeric() || c.is_ascii()) {
                    out.truncate(start);
                }
            }
        },
    }
}

fn number(value: u32, out: &mut Vec<char>) {
    out.extend(value.to_string().chars());
}

/// A decimal digit of another script.
fn script_digit(c: char) -> Option<char> {
    const ZEROS: [u32; 13] =
        [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10];
    let code = c as u32;
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}
