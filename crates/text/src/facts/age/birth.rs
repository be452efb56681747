//! Years of birth and the days of infants.

use serde_json::{Map, Value};

use super::MAJORITY;
use super::near::{is_self, measured, near_people};
use crate::facts::lex::key;
use crate::facts::{FactKind, Page};

const TUOI: u64 = key("tuoi");
const DEN: u64 = key("den");
const TOI: u64 = key("toi");
const NGAY: u64 = key("ngay");
const THANG: u64 = key("thang");
const TUAN: u64 = key("tuan");
const SINH: u64 = key("sinh");
const NAM: u64 = key("nam");
const SN: u64 = key("sn");
const HOAC: u64 = key("hoac");
const HAY: u64 = key("hay");
const VA: u64 = key("va");

/// Birth years from here on may be those of minors when the time of the post is unknown: the first posts that this
/// software reads are of 2025.
const POSSIBLY_MINOR_SINCE: i16 = 2007;

/// `2k8`, `2k7, 2k8`, `sinh năm 2009`, `sn 99`.
pub(super) fn birth_years(page: &mut Page, at: usize) -> bool {
    let cue = birth_cue(page, at);
    let Some((first, mut end)) = birth_year(page, at, cue.is_some()) else { return false };
    let (mut low, mut high) = (first, first);
    // Neighbouring years of a list make one range.
    loop {
        let next = match (page.mark(end), page.word(end)) {
            (Some(',' | '-' | '–' | '/' | '&' | '~' | '+'), _) => end + 1,
            (_, HOAC | HAY | VA | DEN | TOI) => end + 1,
            _ => end,
        };
        // A plain year joins only behind a cue, a short form anywhere.
        let Some((year, after)) = birth_year(page, next, cue.is_some() && next > end) else { break };
        (low, high) = (low.min(year), high.max(year));
        end = after;
    }
    let value = if low == high { format!("yob:{low}") } else { format!("yob:{low}-{high}") };
    let mut detail = Map::new();
    if let Some(minor) = minor_by_birth(page, low, high) {
        detail.insert("minor".into(), minor);
    }
    page.add(FactKind::Age, value, cue.unwrap_or(at), end, detail);
    true
}

/// Where `sinh năm` or `sn` before a year starts.
fn birth_cue(page: &Page, at: usize) -> Option<usize> {
    let back = |n: usize| page.word_before(at, n);
    match back(1) {
        SN => Some(at - 1),
        NAM if back(2) == SINH => Some(at - 2),
        SINH if back(2) == NAM => Some(at - 2),
        SINH => Some(at - 1).filter(|_| page.small(at).is_some_and(|year| (1950..=2030).contains(&year))),
        _ => None,
    }
}

fn birth_year(page: &Page, at: usize, told: bool) -> Option<(i16, usize)> {
    let digits = page.digits(at)?;
    if digits == "2" && page.str(at + 1) == "k" && page.glued(at + 1) {
        let tail = page.digits(at + 2).filter(|tail| page.glued(at + 2) && tail.len() <= 2);
        return match tail {
            Some(tail) => {
                let year: i16 = tail.parse().ok()?;
                let ends = !page.glued(at + 3) || page.word(at + 3) == 0;
                (year <= 25 && ends).then_some((2000 + year, at + 3))
            }
            // `2k` alone: born in 2000 when a person is spoken of, else two thousand đồng.
            None => {
                let alone = !page.glued(at + 2) || page.mark(at + 2).is_some();
                let person = is_self(page, at) || near_people(page, at);
                (alone && (told || person && !measured(page, at + 2))).then_some((2000, at + 2))
            }
        };
    }
    if !told {
        return None;
    }
    let year: i16 = digits.parse().ok()?;
    match digits.len() {
        4 if (1930..=2030).contains(&year) => Some((year, at + 1)),
        2 => Some((if year <= 25 { 2000 + year } else { 1900 + year }, at + 1)),
        _ => None,
    }
}

/// Whether people born in these years are minors when the post is written.
fn minor_by_birth(page: &Page, low: i16, high: i16) -> Option<Value> {
    let majority = MAJORITY as i16;
    match page.posted.map(jiff::civil::Date::year) {
        Some(year) if year - low < majority => Some(Value::from(true)),
        Some(year) if year - high <= majority => Some(Value::from("possible")),
        None if high >= POSSIBLY_MINOR_SINCE => Some(Value::from("possible")),
        _ => None,
    }
}

/// `5 ngày tuổi`, `2 tháng tuổi`.
pub(super) fn infant(page: &mut Page, at: usize) -> bool {
    if page.word(at + 2) != TUOI {
        return false;
    }
    let Some(count) = page.small(at).filter(|&count| count < 400) else { return false };
    let (unit, name, count) = match page.word(at + 1) {
        NGAY => ("d", "days", count),
        TUAN => ("d", "days", count * 7),
        THANG => ("m", "months", count),
        _ => return false,
    };
    let mut detail = Map::new();
    detail.insert(name.into(), Value::from(count));
    detail.insert("kind".into(), Value::from("infant"));
    detail.insert("minor".into(), Value::from(true));
    page.add(FactKind::Age, format!("{count}{unit}"), at, at + 3, detail);
    true
}
