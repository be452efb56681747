//! Ages and years of birth, and whether they are those of a minor.
//!
//! An age is stated by `tuổi` or `t`, by a year of birth (`2k8`, `sinh năm 2009`), or by a bare number or range where
//! the words before speak of people. A minor is a person under 18 (Penal Code art. 150 and 151 split at 16 and 18).

mod birth;
mod near;

use serde_json::{Map, Value};

use super::lex::key;
use super::{FactKind, Page, number};
use birth::{birth_years, infant};
use near::{is_self, measured, near_people};

/// The age of majority.
const MAJORITY: u32 = 18;

const TUOI: u64 = key("tuoi");
const T: u64 = key("t");
const DUOI: u64 = key("duoi");
const TREN: u64 = key("tren");
const TU: u64 = key("tu");
const DU: u64 = key("du");
const QUA: u64 = key("qua");
const DA: u64 = key("da");
const THIEU: u64 = key("thieu");
const NHAT: u64 = key("nhat");
const CHUA: u64 = key("chua");
const DEN: u64 = key("den");
const TOI: u64 = key("toi");
const TRO: u64 = key("tro");
const LEN: u64 = key("len");
const XUONG: u64 = key("xuong");
const SN: u64 = key("sn");
const DO: u64 = key("do");
const HOAC: u64 = key("hoac");
const HAY: u64 = key("hay");
const VA: u64 = key("va");
const TO: u64 = key("to");
const AGE: u64 = key("age");
const NOI: u64 = key("noi");
const KHAI: u64 = key("khai");
const CON: u64 = key("con");
const BE_CHILD: u64 = key("be");
const CHAU: u64 = key("chau");

/// Tries an age at a digit run.
pub(super) fn at(page: &mut Page, at: usize) -> bool {
    if page.glued(at) && at > 0 && page.word(at - 1) != 0 && page.word(at - 1) != SN {
        return false;
    }
    if page.continues_number(at, &['.', ',', ':']) && !list_continues(page, at) {
        return false;
    }
    birth_years(page, at) || infant(page, at) || stated(page, at) || bare(page, at)
}

/// Tries an age that starts with a word: spelled out, or a cue glued to nothing.
pub(super) fn at_word(page: &mut Page, at: usize) -> bool {
    if !number::may_be_digit(page.word(at)) {
        return false;
    }
    let Some((age, end)) = number::spoken(page, at).filter(|spoken| (1..=99).contains(&spoken.0)) else {
        return false;
    };
    let age = age as u32;
    if page.word(end) == TUOI && matches!(page.str(end), "tuổi" | "tuoi") {
        let (from, sign) = bound_before(page, at);
        add_range(page, age, age, sign, from, end + 1);
        return true;
    }
    // `Em mười bốn hả`, `nói mười tám ai biết`: tens only, else every "một" would be an age.
    let teens = (12..=40).contains(&age) && end - at >= 2;
    let said = is_self(page, at) || matches!(page.word_before(at, 1), NOI | KHAI);
    if teens && said && !measured(page, end) {
        add_range(page, age, age, "", at, end);
        return true;
    }
    false
}

/// A comma glued between two ages, as in `16,17 tuổi`, is no decimal mark.
fn list_continues(page: &Page, at: usize) -> bool {
    page.mark(at - 1) == Some(',') && ends_in_age(page, at + 1)
}

fn ends_in_age(page: &Page, at: usize) -> bool {
    match page.word(at) {
        TUOI => matches!(page.str(at), "tuổi" | "tuoi"),
        T => page.str(at) == "t" && page.glued(at),
        _ => false,
    }
}

/// Ages before `tuổi` or `t`: one, a list, a range.
fn stated(page: &mut Page, at: usize) -> bool {
    let Some(first) = age(page, at) else { return false };
    if page.continues_number(at, &['/']) {
        return false;
    }
    let (mut low, mut high, mut end, mut many) = (first, first, at + 1, false);
    while !ends_in_age(page, end) {
        // Both halves may have a unit: `18t - 25t`.
        let next = match (page.mark(end), page.word(end)) {
            (Some(',' | '-' | '–' | '—' | '~' | '−' | '/' | '‑'), _) => end + 1,
            (_, DEN | TOI | HOAC | HAY | VA | TO) => end + 1,
            _ => return false,
        };
        let next = next + usize::from(page.word(next) == TOI || page.word(next) == DEN);
        let Some(age) = age(page, next) else { return false };
        (low, high, end, many) = (low.min(age), high.max(age), next + 1, true);
        if end - at > 12 {
            return false;
        }
    }
    let letter = page.word(end) == T;
    if letter && !letter_means_age(page, at, end, low) {
        return false;
    }
    end += 1;
    // `18t - 25t`, `18 tuổi đến 25 tuổi`.
    if !many {
        let next = match (page.mark(end), page.word(end)) {
            (Some('-' | '–' | '—' | '~'), _) | (_, DEN | TOI) => end + 1,
            _ => end,
        };
        if next > end
            && let Some(age) = age(page, next).filter(|&age| age > high && ends_in_age(page, next + 1))
        {
            (high, end, many) = (age, next + 2, true);
        }
    }
    if many {
        add_range(page, low, high, "", at, end);
        return true;
    }
    let (from, sign) = bound_before(page, at);
    let (end, sign) = if sign.is_empty() { bound_after(page, end) } else { (end, sign) };
    add_range(page, low, high, sign, from, end);
    true
}

/// An age in digits.
fn age(page: &Page, at: usize) -> Option<u32> {
    page.digits(at).filter(|digits| digits.len() <= 2).and_then(|_| page.small(at)).filter(|&age| age >= 1)
}

/// `35t` is an age, `5t` a lorry's load.
fn letter_means_age(page: &Page, at: usize, letter: usize, low: u32) -> bool {
    const LOADS: [u64; 9] = [
        key("tai"),
        key("xe"),
        key("tan"),
        key("cau"),
        key("hang"),
        key("container"),
        key("dau"),
        key("cont"),
        key("nang"),
    ];
    if page.glued(letter + 1) && page.word(letter + 1) != 0 {
        return false;
    }
    let load = page.any_before(at, 3, |word| LOADS.contains(&word)) || LOADS.contains(&page.word(letter + 1));
    (12..=80).contains(&low) && !load
        || low < 12 && page.any_before(at, 3, |word| matches!(word, CON | BE_CHILD | CHAU))
}

/// `từ`, `đủ`, `trên`, `dưới`, `chưa đủ` before an age: where it starts and the sign that it gives.
fn bound_before(page: &Page, at: usize) -> (usize, &'static str) {
    let text = |back: usize| at.checked_sub(back).map_or("", |at| page.str(at));
    let word = |back: usize| page.word_before(at, back);
    match word(1) {
        DUOI if matches!(text(1), "dưới" | "duoi") => (at - 1, "-"),
        TREN if matches!(text(1), "trên" | "tren") => (at - 1, "+"),
        TU if matches!(text(1), "từ" | "tu") => (at - 1, "+"),
        QUA if matches!(text(2), "không" | "khong" | "ko") => (at - 2, "-"),
        DA if matches!(text(2), "tối" | "toi") => (at - 2, "-"),
        THIEU if matches!(text(2), "tối" | "toi") => (at - 2, "+"),
        NHAT if matches!(text(2), "ít" | "it") => (at - 2, "+"),
        DU if word(2) == CHUA => (at - 2, "-"),
        DU if word(2) == TU && matches!(text(2), "từ" | "tu") => (at - 2, "+"),
        DU if matches!(text(1), "đủ" | "du") => (at - 1, "+"),
        CHUA if matches!(text(1), "chưa" | "chua") => (at - 1, "-"),
        _ => match page.mark(at.wrapping_sub(1)) {
            Some('>' | '≥') if at > 0 => (at - 1, "+"),
            Some('<' | '≤') if at > 0 => (at - 1, "-"),
            _ => (at, ""),
        },
    }
}

/// `trở lên`, `trở xuống`, `+` behind an age.
fn bound_after(page: &Page, end: usize) -> (usize, &'static str) {
    match (page.word(end), page.word(end + 1)) {
        (TRO | DO, LEN) => (end + 2, "+"),
        (TRO | DO, XUONG) => (end + 2, "-"),
        _ if page.mark(end) == Some('+') => (end + 1, "+"),
        _ => (end, ""),
    }
}

/// A bare range or number where people are spoken of.
fn bare(page: &mut Page, at: usize) -> bool {
    let Some(first) = age(page, at) else { return false };
    if page.glued(at)
        && !matches!(page.mark(at.wrapping_sub(1)), Some('(' | ':' | '"' | '“' | '>' | '<' | '≥' | '≤' | '~'))
        && page.mark(at.wrapping_sub(1)).is_none_or(|mark| mark.is_ascii())
    {
        return false;
    }
    let range = match (page.mark(at + 1), page.word(at + 1)) {
        (Some('-' | '–' | '—' | '~' | '−' | '‑'), _) | (_, DEN | TOI | TO) => age(page, at + 2),
        _ => None,
    };
    if let Some(second) = range {
        let plausible = (10..=60).contains(&first) && first < second && second <= 75;
        let people = near_people(page, at) || page.word_before(at, 1) == TU && near_people(page, at - 1);
        if plausible && people && !measured(page, at + 3) {
            add_range(page, first, second, "", at, at + 3);
            return true;
        }
        return false;
    }
    let (from, sign) = bound_before(page, at);
    let said = from < at && page.word(from) != 0;
    if said && sign == "-" && (15..=70).contains(&first) && !measured(page, at + 1) && near_people(page, from) {
        add_range(page, first, first, sign, from, at + 1);
        return true;
    }
    if said
        && sign == "+"
        && (14..=60).contains(&first)
        && page.word_before(at, 1) != TU
        && near_people(page, from)
        && !measured(page, at + 1)
    {
        add_range(page, first, first, sign, from, at + 1);
        return true;
    }
    if (12..=60).contains(&first) && is_self(page, at) && !measured(page, at + 1) && page.digits(at + 1).is_none() {
        add_range(page, first, first, "", at, at + 1);
        return true;
    }
    // `tuổi 18`, `age: 20`.
    let mut before = at;
    while before > 0 && matches!(page.mark(before - 1), Some(':')) {
        before -= 1;
    }
    if matches!(page.word_before(before, 1), AGE | TUOI) && (10..=70).contains(&first) && !measured(page, at + 1) {
        add_range(page, first, first, "", at, at + 1);
        return true;
    }
    false
}

/// Adds an age: one number, a range, or a bound.
fn add_range(page: &mut Page, low: u32, high: u32, sign: &str, from: usize, until: usize) {
    let value = if low == high { format!("{low}{sign}") } else { format!("{low}-{high}") };
    let mut detail = Map::new();
    // An upper bound of 35 says nothing about minors, one of 18 does.
    let minor = if sign == "-" { high <= MAJORITY } else { low < MAJORITY };
    if minor {
        detail.insert("minor".into(), Value::from(true));
    }
    page.add(FactKind::Age, value, from, until, detail);
}
