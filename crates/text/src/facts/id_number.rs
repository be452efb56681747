//! Identity and tax numbers. The value names the kind of document only; the number stays in the post.
//!
//! A citizen's number (CCCD, Circular 59/2021/TT-BCA) has twelve digits: three of the province of birth registration,
//! one of century and sex, two of the year of birth, six of its own.

use serde_json::{Map, Value};

use super::lex::key;
use super::{FactKind, Page, detail};

/// Letters that passports start with.
pub(super) const STARTS: [u64; 8] = [key("b"), key("c"), key("n"), key("p"), key("e"), key("k"), key("q"), key("s")];

/// Tries an identity or tax number at a digit run.
pub(super) fn at(page: &mut Page, at: usize) -> bool {
    let Some(digits) = page.digits(at) else { return false };
    if page.glued(at) && at > 0 && page.word(at - 1) != 0 || page.continues_number(at, &['.', ',', '-', '/']) {
        return false;
    }
    match digits.len() {
        12 => citizen(page, at, digits),
        9 if told(page, at, &[key("cmnd"), key("cmt"), key("cmtnd"), key("minh")]) => {
            page.add(FactKind::IdNumber, "cmnd".into(), at, at + 1, detail([("kind", "cmnd")]));
            true
        }
        10 | 13 if told(page, at, &[key("mst"), key("thue")]) => {
            let branch = page.mark(at + 1) == Some('-') && page.digits(at + 2).is_some_and(|d| d.len() == 3);
            let end = if branch { at + 3 } else { at + 1 };
            page.add(FactKind::TaxCode, "mst".into(), at, end, detail([("kind", "mst")]));
            true
        }
        3 => spaced_citizen(page, at),
        _ => false,
    }
}

/// Tries a passport number, a capital letter and seven or eight digits, beside a word that names it.
pub(super) fn at_word(page: &mut Page, at: usize) -> bool {
    let letter = page.str(at).len() == 1 && page.glued(at + 1) && !page.glued(at);
    if !letter || !page.digits(at + 1).is_some_and(|digits| matches!(digits.len(), 7 | 8)) {
        return false;
    }
    if !told(page, at, &[key("chieu"), key("passport"), key("pp"), key("hc")]) {
        return false;
    }
    page.add(FactKind::IdNumber, "passport".into(), at, at + 2, detail([("kind", "passport")]));
    true
}

const CITIZEN_WORDS: [u64; 8] =
    [key("cccd"), key("cmnd"), key("cmt"), key("cuoc"), key("cc"), key("dinhdanh"), key("danh"), key("cancuoc")];

fn told(page: &Page, at: usize, words: &[u64]) -> bool {
    page.any_before(at, 6, |word| words.contains(&word))
}

fn citizen(page: &mut Page, at: usize, digits: &str) -> bool {
    let Some((province, born)) = read(digits) else { return false };
    let told = told(page, at, &CITIZEN_WORDS);
    add(page, at, at + 1, province, born, told);
    true
}

/// `001 203 000 123`, only beside a word that names it.
fn spaced_citizen(page: &mut Page, at: usize) -> bool {
    if !told(page, at, &CITIZEN_WORDS) {
        return false;
    }
    let groups: Vec<&str> = (at..at + 4).filter_map(|at| page.digits(at)).filter(|group| group.len() == 3).collect();
    let Some((province, born)) = (groups.len() == 4).then(|| groups.concat()).and_then(|digits| read(&digits)) else {
        return false;
    };
    add(page, at, at + 4, province, born, true);
    true
}

fn add(page: &mut Page, from: usize, until: usize, province: String, born: u32, told: bool) {
    let mut detail = Map::new();
    detail.insert("kind".into(), Value::from("cccd"));
    detail.insert("birth_year".into(), Value::from(born));
    detail.insert("province".into(), Value::from(format!("vn63cccd:{province}")));
    if !told {
        detail.insert("conf".into(), Value::from("low"));
    }
    page.add(FactKind::IdNumber, "cccd".into(), from, until, detail);
}

/// Province code and year of birth of a well-formed number.
fn read(digits: &str) -> Option<(String, u32)> {
    let province = digits.get(..3)?;
    let code: u32 = province.parse().ok().filter(|code| (1..=96).contains(code))?;
    let century: u32 = digits.get(3..4)?.parse().ok().filter(|&century| century <= 3)?;
    let year: u32 = digits.get(4..6)?.parse().ok()?;
    let born = 1900 + 100 * (century / 2) + year;
    (code > 0 && (1920..=2030).contains(&born)).then(|| (province.to_owned(), born))
}
