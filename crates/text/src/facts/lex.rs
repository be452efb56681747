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

/// The key of an unmarked lower-case word, for comparing with [`Piece::key`].
pub(super) const fn key(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let mut packed = 0u64;
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut at = 0;
    while at < bytes.len() {
        packed = packed << 8 | bytes[at] as u64;
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
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

/// Classes of ASCII bytes: 1 letter, 2 digit, 3 blank, 4 line break, 0 mark.
const CLASS: [u8; 128] = {
    let mut table = [0u8; 128];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        table[byte] = match c {
            b'a'..=b'z' | b'A'..=b'Z' => 1,
            b'0'..=b'9' => 2,
            b' ' | b'\t' | 0x0b | 0x0c => 3,
            b'\n' | b'\r' => 4,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Cuts `text` into pieces.
pub(super) fn cut(text: &str) -> Vec<Piece> {
    let folded = FOLDED.as_slice();
    let bytes = text.as_bytes();
    let mut pieces = Vec::with_capacity(text.len() / 4 + 4);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let (class, length) = class_at(text, at);
        match class {
            1 => {
                let (end, key) = word(text, at, folded);
                at = end;
                pieces.push(Piece { start: start as u32, end: at as u32, key, kind: Kind::Word });
            }
            2 => {
                while at < bytes.len() && bytes[at].is_ascii_digit() {
                    at += 1;
                }
                pieces.push(Piece {
                    start: start as u32,
                    end: at as u32,
                    key: (at - start) as u64,
                    kind: Kind::Digits,
                });
            }
            3 => at += length,
            4 => {
                at += length;
                pieces.push(Piece { start: start as u32, end: at as u32, key: 0, kind: Kind::Break });
            }
            _ => {
                at += length;
                let code = text[start..at].chars().next().map_or(0, u64::from);
                pieces.push(Piece { start: start as u32, end: at as u32, key: code, kind: Kind::Mark });
            }
        }
    }
    pieces
}

/// Class and length in bytes of the character at `at`.
fn class_at(text: &str, at: usize) -> (u8, usize) {
    let byte = text.as_bytes()[at];
    if byte < 128 {
        return (CLASS[byte as usize], 1);
    }
    let Some(c) = text[at..].chars().next() else { return (0, 1) };
    let class = match c {
        '\u{85}' | '\u{2028}' | '\u{2029}' => 4,
        c if c.is_alphabetic() => 1,
        c if c.is_whitespace() => 3,
        _ => 0,
    };
    (class, c.len_utf8())
}

/// End and key of the word that starts at `start`.
fn word(text: &str, start: usize, folded: &[u8]) -> (usize, u64) {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut packed = 0u64;
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut letters = 0usize;
    // A letter outside the Latin script never makes a cue.
    let mut foreign = false;
    let mut add = |letter: u64| {
        packed = packed << 8 | (letter & 0xff);
        hash = (hash ^ letter).wrapping_mul(0x0000_0100_0000_01b3);
        letters += 1;
    };
    while at < bytes.len() {
        let byte = bytes[at];
        if byte < 128 {
            if CLASS[byte as usize] != 1 {
                break;
            }
            add(u64::from(byte.to_ascii_lowercase()));
            at += 1;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        let code = c as u32;
        let letter = if code < FOLDED_TO { folded[code as usize] } else { 0 };
        if letter != 0 {
            add(u64::from(letter));
        } else if c.is_alphabetic() {
            add(u64::from(code));
            foreign = true;
        } else {
            break;
        }
        at += c.len_utf8();
    }
    (at, if letters <= PACKED && !foreign { packed } else { hash | HASHED })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_key_of_their_bare_form() {
        let pieces = cut("Triệu đồng,\n0912🔥 nguyễnnghiêng");
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
        assert_ne!(cut("мa")[0].key, key("ma"));
        assert_ne!(cut("мa")[0].key, key("a"));
    }
}
