//! The soft view cut into words, digit runs and marks, once, for all extractors.
//!
//! A word carries a `key`: its letters without Vietnamese marks, packed into an integer, so that a cue is found by
//! comparing integers. Words of up to eight letters have distinct keys; longer ones have a hash with the top bit set.
//! Blanks leave no piece: two pieces touch when one ends where the next starts.

use std::sync::LazyLock;

/// What a piece is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run of letters.
    Word,
    /// A run of ASCII digits.
    Digits,
    /// One character that is neither letter, digit nor blank.
    Mark,
    /// A line break.
    Break,
}

/// One piece of the soft text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// First byte in the soft text.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// [`key`] of a word, the code point of a mark, the number of digits of a digit run.
    pub key: u64,
    /// What it is made of.
    pub kind: Kind,
}

const PACKED: usize = 8;
const HASHED: u64 = 1 << 63;
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// One step of FNV-1a.
const fn fnv(hash: u64, letter: u64) -> u64 {
    (hash ^ letter).wrapping_mul(0x0000_0100_0000_01b3)
}

/// The key of an unmarked lower-case word, for comparing with [`Piece::key`].
pub(super) const fn key(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let mut packed = 0u64;
    let mut hash = FNV_OFFSET;
    let mut at = 0;
    while at < bytes.len() {
        packed = packed << 8 | bytes[at] as u64;
        hash = fnv(hash, bytes[at] as u64);
        at += 1;
    }
    if bytes.len() <= PACKED { packed } else { hash | HASHED }
}

const FOLDED_TO: u32 = 0x1f00;

/// For each code point below U+1F00 the ASCII letter that it folds to, or 0.
static FOLDED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut table = vec![0u8; FOLDED_TO as usize];
    for code in 0..FOLDED_TO {
        let Some(letter) = char::from_u32(code) else { continue };
        let mut folded = crate::reading::fold(letter.encode_utf8(&mut [0; 4])).bytes().collect::<Vec<_>>();
        if letter.is_alphabetic() && folded.len() == 1 && folded[0].is_ascii_lowercase() {
            table[code as usize] = folded.remove(0);
        }
    }
    table
});

const MARK: u8 = 0;
const WORD: u8 = 1;
const DIGIT: u8 = 2;
const BLANK: u8 = 3;
const BREAK: u8 = 4;

/// Classes of ASCII bytes.
const CLASS: [u8; 128] = {
    let mut table = [0u8; 128];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        table[byte] = match c {
            b'a'..=b'z' | b'A'..=b'Z' => WORD,
            b'0'..=b'9' => DIGIT,
            b' ' | b'\t' | 0x0b | 0x0c => BLANK,
            b'\n' | b'\r' => BREAK,
            _ => MARK,
        };
        byte += 1;
    }
    table
};

/// The pieces of a text, and where extractors need to look at all: most words start nothing.
#[derive(Default)]
pub(super) struct Cut {
    /// All pieces, in order.
    pub pieces: Vec<Piece>,
    /// Pieces with which a number, amount, age or date may start.
    pub starts: Vec<u32>,
    /// Pieces with which an address may start, or that join the parts of one.
    pub joints: Vec<u32>,
}

/// Cuts `text` into pieces.
pub(super) fn cut(text: &str, heads: &Heads) -> Cut {
    let folded = FOLDED.as_slice();
    let bytes = text.as_bytes();
    let mut cut = Cut { pieces: Vec::with_capacity(text.len() / 4 + 8), ..Cut::default() };
    let Cut { pieces, starts, joints } = &mut cut;
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let (class, length) = class_at(bytes, at, folded);
        let index = pieces.len() as u32;
        // Words and blanks first: they are most of the text.
        if class == WORD {
            let (end, key) = word(bytes, at, folded);
            at = end;
            pieces.push(Piece { start: start as u32, end: at as u32, key, kind: Kind::Word });
            let head = heads.of(key);
            if head & START != 0 {
                starts.push(index);
            }
            if head & JOINT != 0 || matches!(bytes.get(at), Some(b'.' | b':' | b'@' | b'_' | b'-')) {
                joints.push(index);
            }
            continue;
        }
        at += length;
        if class == BLANK {
            continue;
        }
        let (key, kind) = match class {
            DIGIT => {
                while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                    at += 1;
                }
                starts.push(index);
                if !matches!(bytes.get(at), None | Some(b' ' | b'\n' | b',')) {
                    joints.push(index);
                }
                ((at - start) as u64, Kind::Digits)
            }
            BREAK => (0, Kind::Break),
            _ => {
                let mark = decode(bytes, start).0;
                match char::from_u32(mark) {
                    Some('+' | '$' | '€' | '£' | '¥' | '₩' | '฿' | '₫') => starts.push(index),
                    Some('@' | '.' | ',' | '[' | '{' | '<') => joints.push(index),
                    Some('(') => {
                        starts.push(index);
                        joints.push(index);
                    }
                    _ => {}
                }
                (u64::from(mark), Kind::Mark)
            }
        };
        pieces.push(Piece { start: start as u32, end: at as u32, key, kind });
    }
    cut
}

/// The code point at `at` of well-formed UTF-8, and its length in bytes.
#[inline]
fn decode(bytes: &[u8], at: usize) -> (u32, usize) {
    let lead = u32::from(bytes[at]);
    let tail = |n: usize| u32::from(bytes.get(at + n).copied().unwrap_or(0)) & 0x3f;
    match lead {
        0..0x80 => (lead, 1),
        0x80..0xe0 => ((lead & 0x1f) << 6 | tail(1), 2),
        0xe0..0xf0 => ((lead & 0x0f) << 12 | tail(1) << 6 | tail(2), 3),
        _ => ((lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4),
    }
}

/// Class and length in bytes of the character at `at`.
fn class_at(bytes: &[u8], at: usize, folded: &[u8]) -> (u8, usize) {
    let byte = bytes[at];
    if byte < 128 {
        return (CLASS[byte as usize], 1);
    }
    let (code, length) = decode(bytes, at);
    if folded.get(code as usize).is_some_and(|&letter| letter != 0) {
        return (WORD, length);
    }
    let class = match char::from_u32(code) {
        Some('\u{85}' | '\u{2028}' | '\u{2029}') => BREAK,
        Some(c) if c.is_alphabetic() => WORD,
        Some(c) if c.is_whitespace() => BLANK,
        _ => MARK,
    };
    (class, length)
}

/// End and key of the word that starts at `start`.
fn word(bytes: &[u8], start: usize, folded: &[u8]) -> (usize, u64) {
    let mut at = start;
    let mut packed = 0u64;
    let mut letters = 0usize;
    // A letter outside the Latin script never makes a cue.
    let mut foreign = false;
    while let Some(&byte) = bytes.get(at) {
        let letter = if byte < 128 {
            if CLASS[byte as usize] != WORD {
                break;
            }
            at += 1;
            byte | 0x20
        } else {
            let (code, length) = decode(bytes, at);
            let letter = folded.get(code as usize).copied().unwrap_or(0);
            if letter == 0 {
                if !char::from_u32(code).is_some_and(char::is_alphabetic) {
                    break;
                }
                foreign = true;
            }
            at += length;
            letter
        };
        packed = packed << 8 | u64::from(letter);
        letters += 1;
    }
    if letters <= PACKED && !foreign {
        return (at, packed);
    }
    let mut hash = FNV_OFFSET;
    let mut next = start;
    while next < at {
        let (code, length) = decode(bytes, next);
        let letter = if code < 128 { code as u8 | 0x20 } else { folded.get(code as usize).copied().unwrap_or(0) };
        hash = fnv(hash, if letter == 0 { u64::from(code) } else { u64::from(letter) });
        next += length;
    }
    (at, hash | HASHED)
}

/// The word may start a number, amount, age or date.
const START: u8 = 1;
/// The word may introduce an address or join the parts of one.
const JOINT: u8 = 2;

/// What words may start, by their keys: a first, cheap test. What it refuses starts nothing.
pub(super) struct Heads([u8; SLOTS]);

const SLOTS: usize = 4096;

impl Heads {
    /// The words of these lists of keys.
    pub(super) const fn of_lists(starts: &[&[u64]], joints: &[&[u64]]) -> Self {
        let mut heads = [0; SLOTS];
        let lists = [starts, joints];
        let mut side = 0;
        while side < lists.len() {
            let mut list = 0;
            while list < lists[side].len() {
                let mut at = 0;
                while at < lists[side][list].len() {
                    heads[slot(lists[side][list][at])] |= if side == 0 { START } else { JOINT };
                    at += 1;
                }
                list += 1;
            }
            side += 1;
        }
        Heads(heads)
    }

    fn of(&self, key: u64) -> u8 {
        self.0[slot(key)]
    }
}

const fn slot(key: u64) -> usize {
    ((key ^ key >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    static NONE: Heads = Heads::of_lists(&[], &[]);

    #[test]
    fn words_have_the_key_of_their_bare_form() {
        let pieces = cut("Triệu đồng,\n0912🔥 nguyễnnghiêng", &NONE).pieces;
        assert_eq!(pieces[0].key, key("trieu"));
        assert_eq!(pieces[1].key, key("dong"));
        assert_eq!(pieces[2].key, u64::from(','));
        assert_eq!(pieces[3].kind, Kind::Break);
        assert_eq!((pieces[4].kind, pieces[4].key), (Kind::Digits, 4));
        assert_eq!(pieces[5].kind, Kind::Mark);
        assert_eq!(pieces[6].key, key("nguyennghieng"));
    }

    #[test]
    fn a_word_of_another_script_is_no_cue() {
        assert_ne!(cut("мa", &NONE).pieces[0].key, key("ma"));
        assert_ne!(cut("мa", &NONE).pieces[0].key, key("a"));
    }
}
