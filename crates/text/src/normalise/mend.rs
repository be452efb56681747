//! Stages 8 to 11 on a single piece: digits and signs used as letters, stretched letters, words run together, teencode
//! and phonetic spellings.

use std::ops::Range;

use super::canon::Reader;
use super::chars::{self, Kind};
use super::cut::{self, Rules};
use super::lexicon::Lexicon;
use super::syllable::split_tone;
use crate::reading::{Alternate, TokenKind};

/// Longest piece, in letters, that the slow stages look at.
const LONGEST: usize = 128;

/// Fewest letters without marks that are cut as words run together.
const STICKY: usize = 7;

impl Reader<'_> {
    /// Adds the token or tokens of one piece of letters and digits.
    pub(super) fn mend(&mut self, range: Range<usize>, hashtag: bool) {
        let soft = self.soft;
        let piece = &soft.text[range.clone()];
        let known = self.lexicon.of(piece);
        if let Some(entry) = self.lexicon.teencode(known) {
            if entry.replace && self.out.tokens.last().is_some_and(|last| entry.kept_after.contains(&last.exact)) {
                self.emit_soft(range, TokenKind::Word);
                return;
            }
            if entry.replace {
                let reading = &entry.readings[0];
                for syllable in reading {
                    self.emit(syllable, range.clone(), TokenKind::Word);
                }
                return;
            }
            let digits = piece.starts_with(|c: char| c.is_ascii_digit());
            self.emit_soft(range, if digits { TokenKind::Number } else { TokenKind::Word });
            let token = self.out.tokens.len() as u32 - 1;
            let alternates = entry.ids.iter().map(|ids| Alternate { token, syllables: ids.clone() });
            self.out.alternates.extend(alternates);
            return;
        }
        if known.syllable || known.word {
            self.emit_soft(range, TokenKind::Word);
            return;
        }
        let length = piece.chars().count();
        if length > LONGEST {
            let digits = piece.starts_with(|c: char| c.is_ascii_digit());
            self.emit_soft(range, if digits { TokenKind::Number } else { TokenKind::Word });
            return;
        }
        if let Some(form) = self.lexicon.canonical(piece) {
            self.emit(&form, range.clone(), TokenKind::Word);
            self.out.patches.push((range, form));
            return;
        }
        if piece.bytes().any(|b| b.is_ascii_digit()) {
            self.mend_number(range, piece);
            return;
        }
        if let Some(form) = unstretched(piece, self.lexicon) {
            self.evasion.elongated += 1;
            self.replaced(&form, range);
            return;
        }
        if let Some(form) = respelled(piece, self.lexicon) {
            self.replaced(&form, range);
            return;
        }
        if let Some(ends) = sticky(piece, hashtag, self.lexicon) {
            if !hashtag {
                self.evasion.sticky += 1;
            }
            self.emit_parts(range.start, piece, &ends);
            return;
        }
        if length > 2 && piece.chars().any(|c| chars::kind_in(self.table, c) == Kind::Letter) {
            if piece.is_ascii() { self.out.odd_bare += 1 } else { self.out.odd_marked += 1 }
        }
        self.emit_soft(range, TokenKind::Word);
    }

    /// Adds a mended form; when it is teencode itself, its reading.
    pub(super) fn replaced(&mut self, form: &str, range: Range<usize>) {
        self.out.again = true;
        let lexicon = self.lexicon;
        match lexicon.teencode(lexicon.of(form)).filter(|entry| entry.replace) {
            Some(entry) => {
                for syllable in &entry.readings[0] {
                    self.emit(syllable, range.clone(), TokenKind::Word);
                }
            }
            None => self.emit(form, range, TokenKind::Word),
        }
    }

    /// Adds the parts of a piece that was cut; `ends` counts letters.
    fn emit_parts(&mut self, start: usize, piece: &str, ends: &[usize]) {
        self.out.again = true;
        let mut at = 0;
        let mut letters = piece.char_indices().map(|(at, _)| at).chain(std::iter::once(piece.len()));
        let mut previous = 0;
        for end in ends {
            let stop = letters.nth(end - previous - usize::from(previous > 0)).unwrap_or(piece.len());
            let stop =
                if previous == 0 { piece.char_indices().nth(*end).map_or(piece.len(), |(at, _)| at) } else { stop };
            previous = *end;
            self.emit_soft(start + at..start + stop, TokenKind::Word);
            at = stop;
        }
    }

    /// A piece with digits: a number with `O` for zero, a number and a word run together, or letters in disguise.
    fn mend_number(&mut self, range: Range<usize>, piece: &str) {
        let starts_with_digit = piece.starts_with(|c: char| c.is_ascii_digit());
        if let Some(form) = zeros(piece) {
            self.evasion.leet += 1;
            self.emit(&form, range.clone(), TokenKind::Number);
            self.out.patches.push((range, form));
            return;
        }
        if let Some(form) = unleeted(piece, self.lexicon) {
            self.evasion.leet += 1;
            self.replaced(&form, range);
            return;
        }
        if let Some(at) = seam(piece, self.lexicon) {
            self.out.again = true;
            self.mend(range.start..range.start + at, false);
            self.mend(range.start + at..range.end, false);
            return;
        }
        self.out.odd_bare += u32::from(!starts_with_digit && piece.len() > 2);
        self.emit_soft(range, if starts_with_digit { TokenKind::Number } else { TokenKind::Word });
    }
}

/// `2Otr`, `1OO`, `l5tr`: letters read as digits in an amount.
fn zeros(piece: &str) -> Option<String> {
    const UNITS: [&str; 14] =
        ["", "tr", "k", "đ", "h", "t", "usd", "vnd", "củ", "triệu", "tuổi", "ngày", "tỷ", "người"];
    let head = piece.chars().take_while(|c| c.is_ascii_digit() || matches!(c, 'o' | 'l' | 'i')).count();
    let (digits, unit) = piece.split_at(head);
    if !UNITS.contains(&unit) || !digits.contains(['o', 'l', 'i']) {
        return None;
    }
    let first_is_digit = digits.starts_with(|c: char| c.is_ascii_digit());
    let counted = digits.bytes().filter(u8::is_ascii_digit).count();
    // `l5tr` needs its unit; `o9…` may be the front of a phone number, which the facts read.
    if counted == 0 || (!first_is_digit && (unit.is_empty() || digits.starts_with('o'))) || digits.len() > 6 {
        return None;
    }
    // `1l` and `2i` alone are a litre and a label.
    if unit.is_empty() && digits.contains(['l', 'i']) {
        return None;
    }
    let plain = digits.replace('o', "0").replace(['l', 'i'], "1");
    Some(plain + unit)
}

/// The letters that a digit or sign may stand for, likeliest first.
pub(super) fn disguised(c: char) -> &'static [char] {
    match c {
        '0' => &['o', 'ô'],
        '1' => &['i', 'l'],
        '3' => &['e', 'ê'],
        '4' => &['a', 'ă'],
        '5' => &['s'],
        '6' => &['g', 'b'],
        '7' => &['t'],
        '8' => &['b'],
        '9' => &['g'],
        '@' => &['a', 'â'],
        '$' => &['s'],
        '!' => &['i'],
        '|' => &['i', 'l'],
        '€' => &['e', 'ê'],
        '£' => &['l'],
        '¢' => &['c'],
        '¥' => &['y'],
        '§' => &['s'],
        'ß' => &['b'],
        '+' => &['t'],
        _ => &[],
    }
}

/// Reads digits (and signs) within a word as letters, when a syllable or known word comes of it.
pub(super) fn unleeted(word: &str, lexicon: &Lexicon) -> Option<String> {
    if word.len() > 48 {
        return None;
    }
    let letters: Vec<char> = word.chars().collect();
    let count = letters.len();
    if !(3..=16).contains(&count) {
        return None;
    }
    let odd: Vec<usize> = (0..count).filter(|at| !disguised(letters[*at]).is_empty()).collect();
    if odd.is_empty() || odd.len() > 4 || odd.len() * 2 > count {
        return None;
    }
    let inside = odd.iter().all(|at| *at > 0 && *at + 1 < count);
    let last = *odd.last()? + 1 == count;
    let first = odd[0] == 0;
    // Two digits side by side are a number (`c40`), unless a letter goes on behind them.
    if odd.windows(2).any(|pair| pair[1] == pair[0] + 1) && !inside {
        return None;
    }
    let rest: String = letters.iter().filter(|c| disguised(**c).is_empty()).collect();
    let marked = !rest.is_ascii();
    let mut choice = vec![0; odd.len()];
    loop {
        let mut form = letters.clone();
        for (slot, at) in choice.iter().zip(&odd) {
            // A leading 1 is an l before it is an i.
            let options = disguised(letters[*at]);
            let index = if *at == 0 && options.len() == 2 && letters[0] == '1' { 1 - slot } else { *slot };
            form[*at] = options[index];
        }
        let form: String = form.into_iter().collect();
        if accepted(&form, &letters, inside, first, last, marked, lexicon) {
            return Some(lexicon.canonical(&form).unwrap_or(form));
        }
        // Next combination.
        let mut place = 0;
        loop {
            if place == odd.len() {
                return None;
            }
            choice[place] += 1;
            if choice[place] < disguised(letters[odd[place]]).len() {
                break;
            }
            choice[place] = 0;
            place += 1;
        }
    }
}

fn accepted(
    form: &str,
    letters: &[char],
    inside: bool,
    first: bool,
    last: bool,
    marked: bool,
    lexicon: &Lexicon,
) -> bool {
    let canonical = lexicon.canonical(form);
    let known = lexicon.of(canonical.as_deref().unwrap_or(form));
    let teencode = known.teencode > 0 && lexicon.teencode(known).is_some_and(|t| t.replace);
    if known.word && letters.len() >= 3 && (inside || letters.len() >= 4) {
        return true;
    }
    if !known.syllable && !teencode {
        // Words run together in disguise: `vi3cnh3`.
        return inside && form.len() >= STICKY + 2 && sticky(form, false, lexicon).is_some();
    }
    if teencode && !known.syllable {
        return false;
    }
    let shaped = !form.is_ascii() && !marked;
    if inside {
        return !shaped && (marked || known.met > 0);
    }
    if shaped {
        return false;
    }
    if first {
        // `1ương` but not `1em`: what follows must be no word of its own.
        let rest: String = letters[1..].iter().collect();
        return letters[0] != '0'
            && rest.chars().count() >= 2
            && known.met > 0
            && lexicon.of(&rest).met == 0
            && !lexicon.of(&rest).word;
    }
    // At the end only `0` for o, `9` for the g of ng, and any digit behind an onset that is no unit.
    let tail = letters[letters.len() - 1];
    let head: String = letters[..letters.len() - 1].iter().collect();
    last && known.met > 0
        && match tail {
            '0' => head.chars().count() >= 2,
            '9' => form.ends_with("ng"),
            '@' => true,
            _ => matches!(head.as_str(), "nh" | "ng" | "ch" | "gi" | "đ"),
        }
}

/// Where a number and a word run together come apart: `lương15tr`, `20triệu`; the byte of the seam.
fn seam(piece: &str, lexicon: &Lexicon) -> Option<usize> {
    let digit_first = piece.starts_with(|c: char| c.is_ascii_digit());
    let at = piece.find(|c: char| c.is_ascii_digit() != digit_first)?;
    let (head, tail) = piece.split_at(at);
    let (word, number) = if digit_first { (tail, head) } else { (head, tail) };
    let known = lexicon.of(word);
    if digit_first {
        // Only a marked word of three letters or more: `20tr` and `12h` stay whole.
        return (known.syllable && known.met > 0 && !word.is_ascii() && word.chars().count() >= 3).then_some(at);
    }
    let unit = number.trim_start_matches(|c: char| c.is_ascii_digit());
    let plain = number.chars().filter(|c| c.is_ascii_digit()).count() >= 1;
    let marked = known.syllable && known.met > 0 && !word.is_ascii();
    let bare = known.syllable && known.met > 0 && word.len() >= 4 && matches!(unit, "tr" | "trieu" | "k" | "h" | "cu");
    (plain && unit.chars().count() <= 5 && (marked || bare)).then_some(at)
}

/// A stretched word at its natural length: `caoooo`, `gấpppp`.
pub(super) fn unstretched(word: &str, lexicon: &Lexicon) -> Option<String> {
    let letters: Vec<char> = word.chars().collect();
    let base = |c: char| split_tone(c).0;
    let roman = letters.iter().all(|c| matches!(c, 'i' | 'v' | 'x' | 'l' | 'c' | 'd' | 'm'));
    if roman || letters.iter().all(|c| *c == 'w') {
        return None;
    }
    let squeeze = |keep: usize, least: usize| {
        let mut out: Vec<char> = Vec::with_capacity(letters.len());
        let mut changed = false;
        let mut at = 0;
        while at < letters.len() {
            let run = letters[at..].iter().take_while(|c| base(**c) == base(letters[at])).count();
            if run >= least {
                // The tone may sit on any letter of the run.
                let toned = letters[at..at + run].iter().copied().find(|c| split_tone(*c).1 > 0);
                let kept = keep.min(run);
                out.push(toned.unwrap_or(letters[at]));
                out.extend(std::iter::repeat_n(base(letters[at]), kept - 1));
                changed = true;
            } else {
                out.extend_from_slice(&letters[at..at + run]);
            }
            at += run;
        }
        changed.then(|| out.into_iter().collect::<String>())
    };
    let stands = |form: &str| {
        let form = lexicon.canonical(form).unwrap_or_else(|| form.to_owned());
        let known = lexicon.of(&form);
        let teencode = lexicon.teencode(known).is_some_and(|t| t.replace);
        (known.syllable || known.word || teencode).then_some(form)
    };
    if let Some(single) = squeeze(1, 3) {
        let double = squeeze(2, 3).unwrap_or_default();
        if let Some(form) = stands(&single).or_else(|| stands(&double)) {
            return Some(form);
        }
        return respelled(&single, lexicon).or(Some(single));
    }
    // A doubled letter only where marks prove that the word is Vietnamese: `gấpp`.
    if word.is_ascii() {
        return None;
    }
    squeeze(1, 2).and_then(|single| stands(&single))
}

/// A marked word in a phonetic spelling: `fải`, `jấy`, `kũng`, `wên`, `đồg`, `thík`, `nghành`.
fn respelled(word: &str, lexicon: &Lexicon) -> Option<String> {
    if word.is_ascii() {
        return None;
    }
    const FRONT: [(&str, &str); 12] = [
        ("f", "ph"),
        ("j", "gi"),
        ("w", "qu"),
        ("k", "c"),
        ("ngh", "ng"),
        ("gh", "g"),
        ("c", "k"),
        ("ng", "ngh"),
        ("g", "gh"),
        ("dz", "v"),
        ("z", "v"),
        ("q", "qu"),
    ];
    const BACK: [(&str, &str); 4] = [("nk", "nh"), ("k", "ch"), ("g", "ng"), ("q", "ng")];
    let try_form = |form: String| {
        let form = lexicon.canonical(&form)?;
        let known = lexicon.of(&form);
        (known.syllable && known.met > 0).then_some(form)
    };
    for (from, to) in FRONT {
        if let Some(rest) = word.strip_prefix(from)
            && let Some(form) = try_form(format!("{to}{rest}"))
        {
            return Some(form);
        }
    }
    for (from, to) in BACK {
        if let Some(rest) = word.strip_suffix(from) {
            if let Some(form) = try_form(format!("{rest}{to}")) {
                return Some(form);
            }
            if let Some(form) = (from == "k").then(|| try_form(format!("{rest}c"))).flatten() {
                return Some(form);
            }
        }
    }
    None
}

/// Cuts a piece that is several words run together; the end of each, in letters.
pub(super) fn sticky(piece: &str, hashtag: bool, lexicon: &Lexicon) -> Option<Vec<usize>> {
    let letters: Vec<char> = piece.chars().collect();
    let marked = !piece.is_ascii();
    let least = if marked || hashtag { 5 } else { STICKY };
    if letters.len() < least {
        return None;
    }
    let ends = cut::parts(&letters, Rules { met: true, loose: false }, lexicon)?;
    if ends.len() < 2 {
        return None;
    }
    // English words fall apart into rare short syllables; words run together do not.
    let average = letters.len() * 10 / ends.len();
    (marked || average >= 27 || (average >= 24 && ends.len() > 3)).then_some(ends)
}
