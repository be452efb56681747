//! Numbers as people write them: spoken numerals, grouped thousands, decimals.

use super::Page;
use super::lex::key;

/// Millionths, the unit in which amounts are counted so that `0,04` stays exact.
pub(super) const MICRO: u64 = 1_000_000;

/// The digit that a word names, with or without its marks. A marked word must be the right one: `từ` is not `tư`.
pub(super) fn digit(word: &str) -> Option<u8> {
    Some(match word {
        "không" | "khong" | "ko" | "hông" | "zero" => 0,
        "một" | "mốt" | "mot" => 1,
        "hai" => 2,
        "ba" => 3,
        "bốn" | "tư" | "bon" | "tu" => 4,
        "năm" | "lăm" | "nhăm" | "nam" | "lam" => 5,
        "sáu" | "sau" => 6,
        "bảy" | "bẩy" | "bay" => 7,
        "tám" | "tam" => 8,
        "chín" | "chin" => 9,
        _ => return None,
    })
}

/// Words that may start a spoken numeral.
pub(super) const STARTS: [u64; 17] =
    [KHONG, KO, HONG, ZERO, MOT, HAI, BA, BON, TU, NAM, LAM, NHAM, SAU, BAY, TAM, CHIN, MUOI];

/// Whether a word key may start a spoken numeral: a cheap test before [`digit`].
pub(super) fn may_be_digit(word: u64) -> bool {
    STARTS.contains(&word)
}

const KHONG: u64 = key("khong");
const KO: u64 = key("ko");
const HONG: u64 = key("hong");
const ZERO: u64 = key("zero");
const MOT: u64 = key("mot");
const HAI: u64 = key("hai");
const BA: u64 = key("ba");
const BON: u64 = key("bon");
const TU: u64 = key("tu");
const NAM: u64 = key("nam");
const LAM: u64 = key("lam");
const NHAM: u64 = key("nham");
const SAU: u64 = key("sau");
const BAY: u64 = key("bay");
const TAM: u64 = key("tam");
const CHIN: u64 = key("chin");
const MUOI: u64 = key("muoi");

/// Reads a spoken numeral below 1000 (`mười bốn`, `hai mươi bảy`, `ba trăm rưỡi`, `năm chục`); its value and end.
pub(super) fn spoken(page: &Page, at: usize) -> Option<(u64, usize)> {
    let ones = |at: usize| digit(page.str(at)).filter(|_| page.word(at) != 0).map(u64::from).filter(|&d| d > 0);
    if page.word(at) == MUOI && matches!(page.str(at), "mười" | "muoi") {
        return Some(match ones(at + 1).filter(|_| !starts_next_number(page, at + 1)) {
            Some(one) => (10 + one, at + 2),
            None => (10, at + 1),
        });
    }
    let first = ones(at)?;
    match page.word(at + 1) {
        MUOI | CHUC => Some(match ones(at + 2).filter(|_| !starts_next_number(page, at + 2)) {
            Some(one) => (first * 10 + one, at + 3),
            None => (first * 10, at + 2),
        }),
        TRAM if matches!(page.str(at + 1), "trăm" | "tram") => {
            let hundreds = first * 100;
            match page.word(at + 2) {
                RUOI => Some((hundreds + 50, at + 3)),
                LINH | LE => Some(ones(at + 3).map_or((hundreds, at + 2), |one| (hundreds + one, at + 4))),
                _ => match tens(page, at + 2) {
                    Some((rest, end)) => Some((hundreds + rest, end)),
                    None => Some((hundreds, at + 2)),
                },
            }
        }
        _ => Some((first, at + 1)),
    }
}

const CHUC: u64 = key("chuc");
const TRAM: u64 = key("tram");
const LINH: u64 = key("linh");
const LE: u64 = key("le");
pub(super) const RUOI: u64 = key("ruoi");

/// A spoken numeral from 10 to 99.
fn tens(page: &Page, at: usize) -> Option<(u64, usize)> {
    if page.word(at) == MUOI || matches!(page.word(at + 1), MUOI) {
        return spoken(page, at);
    }
    None
}

/// The digit word at `at` belongs to a number of its own, as in `mười hai trăm`.
fn starts_next_number(page: &Page, at: usize) -> bool {
    matches!(page.word(at + 1), MUOI | TRAM)
}

/// A number in digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Its value in millionths.
    pub micro: u64,
    /// One past its last piece.
    pub end: usize,
    /// How many groups of three digits follow a thousands mark.
    pub groups: u32,
}

/// Reads a number in digits: `.` or `,` is a thousands mark before three digits, else a decimal mark.
///
/// `None` when the number has more than fifteen digits or is part of a longer dotted row.
pub(super) fn written(page: &Page, at: usize) -> Option<Written> {
    let first = page.digits(at)?;
    if first.len() > 15 || page.continues_number(at, &['.', ',']) {
        return None;
    }
    let mut whole: u64 = first.parse().ok()?;
    let mut end = at + 1;
    let mut groups = 0;
    let mut fraction = 0;
    // `15 000 000`: groups set off by single blanks, two of them at least, so that no list of numbers is one.
    let spaced = |at: usize| {
        let apart = page.piece(at).zip(page.piece(at - 1)).is_some_and(|(next, last)| next.start == last.end + 1);
        page.digits(at).filter(|group| group.len() == 3 && apart)
    };
    if first.len() <= 3 && !first.starts_with('0') && spaced(end).is_some() && spaced(end + 1).is_some() {
        while let Some(group) = spaced(end) {
            whole = whole.checked_mul(1000)?.checked_add(group.parse().ok()?)?;
            groups += 1;
            end += 1;
        }
        return Some(Written { micro: whole.checked_mul(MICRO)?, end, groups });
    }
    while let (Some(mark @ ('.' | ',')), Some(next)) = (page.mark(end), page.digits(end + 1)) {
        if !page.glued(end) || !page.glued(end + 1) {
            break;
        }
        let thousands = next.len() == 3 && (groups > 0 || (first.len() <= 3 && first != "0"));
        if thousands {
            whole = whole.checked_mul(1000)?.checked_add(next.parse().ok()?)?;
            groups += 1;
            end += 2;
            continue;
        }
        if next.len() > 6 || (groups > 0 && page.mark(end - 2) == Some(mark)) {
            break;
        }
        fraction = next.parse::<u64>().ok()? * 10u64.pow(6 - next.len() as u32);
        end += 2;
        if page.glued(end) && page.mark(end) == Some(mark) && page.glued(end + 1) && page.digits(end + 1).is_some() {
            return None;
        }
        break;
    }
    Some(Written { micro: whole.checked_mul(MICRO)?.checked_add(fraction)?, end, groups })
}
