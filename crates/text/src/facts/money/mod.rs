//! Amounts of money: written, spoken, in slang, as ranges, in foreign currency, with the period that they are paid for.
//!
//! A number is money when a unit of money follows (`tr`, `triệu đồng`, `đô`), when slang follows and the words before
//! speak of money (`cọc 5 lít`), or when it is grouped in thousands and the words before speak of money.

mod context;
mod period;
mod unit;

use serde_json::{Map, Value};

use super::lex::{Kind, key};
use super::number::{self, MICRO, RUOI};
use super::{FactKind, Page};
use context::{bare_money, is_money};
pub(super) use unit::unit_follows;
use unit::{MILLION, Unit, UnitKind};

/// An amount: its value in millionths of `currency`.
#[derive(Clone, Copy)]
struct Amount {
    micro: u64,
    unit: Option<Unit>,
    end: usize,
    vague: Option<(u64, u64)>,
    groups: u32,
}

const DEN: u64 = key("den");
const TOI: u64 = key("toi");
const TO: u64 = key("to");
const BA: u64 = key("ba");
const VAI: u64 = key("vai");
const MAY: u64 = key("may");
const NUA: u64 = key("nua");
const MOT: u64 = key("mot");
const TRIEU: u64 = key("trieu");
const CHUC: u64 = key("chuc");
const TRAM: u64 = key("tram");

/// Words that may start an amount, besides spoken numerals.
pub(super) const STARTS: [u64; 4] = [VAI, MAY, NUA, TRIEU];

/// Tries an amount at a digit run.
pub(super) fn at(page: &mut Page, at: usize) -> bool {
    if glued_to_word(page, at) || page.continues_number(at, &['/', ':', '.', ',']) {
        return false;
    }
    let Some(first) = written_amount(page, at) else { return false };
    complete(page, at, first)
}

/// Tries an amount that starts with a word: `mười bốn triệu`, `vài nghìn đô`, `nửa triệu`.
pub(super) fn at_word(page: &mut Page, at: usize) -> bool {
    if page.glued(at) && page.piece(at.wrapping_sub(1)).is_some_and(|piece| piece.kind != Kind::Mark) {
        return false;
    }
    match page.word(at) {
        VAI | MAY => vague(page, at),
        NUA => {
            let Some(unit) = unit::unit(page, at + 1).filter(|unit| unit.kind == UnitKind::Scale && unit.times >= 1000)
            else {
                return false;
            };
            let amount =
                Amount { micro: unit.times * MICRO / 2, unit: Some(unit), end: unit.end, vague: None, groups: 0 };
            complete(page, at, amount)
        }
        TRIEU if matches!(page.word(at + 1), RUOI) && page.word_before(at, 1) != MOT => {
            let unit = Unit { times: MILLION, currency: None, kind: UnitKind::Scale, end: at + 2 };
            let amount = Amount { micro: 1_500_000 * MICRO, unit: Some(unit), end: at + 2, vague: None, groups: 0 };
            complete(page, at, amount)
        }
        word if number::may_be_digit(word) => {
            let Some(first) = spoken_amount(page, at) else { return false };
            complete(page, at, first)
        }
        _ => false,
    }
}

/// Tries an amount at a currency sign.
pub(super) fn at_mark(page: &mut Page, at: usize) -> bool {
    let currency = match page.mark(at) {
        Some('$') => "USD",
        Some('€') => "EUR",
        Some('£') => "GBP",
        Some('¥') => "CNY",
        Some('₩') => "KRW",
        Some('฿') => "THB",
        Some('₫') => "VND",
        _ => return false,
    };
    let Some(written) = number::written(page, at + 1).filter(|_| page.glued(at + 1)) else { return false };
    let mut end = written.end;
    let mut times = 1;
    if let Some(scale) = unit::unit(page, end).filter(|unit| unit.kind == UnitKind::Scale && page.glued(end)) {
        times = scale.times;
        end = scale.end;
    }
    let unit = Unit { times, currency: Some(currency), kind: UnitKind::Currency, end };
    let Some(micro) = written.micro.checked_mul(times) else { return false };
    complete(page, at, Amount { micro, unit: Some(unit), end, vague: None, groups: written.groups })
}

fn glued_to_word(page: &Page, at: usize) -> bool {
    page.glued(at) && at > 0 && page.word(at - 1) != 0
}

/// A number in digits with its unit, if one follows.
fn written_amount(page: &Page, at: usize) -> Option<Amount> {
    let written = number::written(page, at)?;
    let (mut micro, mut end) = (written.micro, written.end);
    // `2x triệu` is twenty-odd million.
    if page.str(end) == "x" && page.glued(end) && page.small(at).is_some_and(|tens| tens < 10) && end == at + 1 {
        let unit = unit::unit(page, end + 1).filter(|unit| unit.kind != UnitKind::Currency)?;
        let low = micro.checked_mul(10)?.checked_mul(unit.times)?;
        let high = low.checked_add(9u64.checked_mul(MICRO)?.checked_mul(unit.times)?)?;
        return Some(Amount { micro: low, unit: Some(unit), end: unit.end, vague: Some((low, high)), groups: 0 });
    }
    // `2Otr`: the letter O for zero.
    let mut found = unit::unit(page, end);
    if found.is_none()
        && page.glued(end)
        && let Some((zeros, unit)) = zeros_and_unit(page, end)
    {
        micro = micro.checked_mul(10u64.pow(zeros))?;
        found = Some(unit);
    }
    let Some(unit) = found else {
        return Some(Amount { micro, unit: None, end, vague: None, groups: written.groups });
    };
    micro = micro.checked_mul(unit.times)?;
    end = unit.end;
    let (more, end) = rest_of_unit(page, end, &unit);
    micro = micro.checked_add(more)?;
    let (unit, end) = with_currency(page, unit, end);
    Some(Amount { micro, unit: Some(unit), end, vague: None, groups: written.groups })
}

/// `otr`: zeros typed as letters in front of a unit.
fn zeros_and_unit(page: &Page, at: usize) -> Option<(u32, Unit)> {
    let word = page.str(at);
    let rest = word.trim_start_matches('o');
    let zeros = word.len() - rest.len();
    if zeros == 0 || zeros > 3 {
        return None;
    }
    let times = match rest {
        "tr" | "trieu" | "triệu" => MILLION,
        "k" if zeros >= 2 => 1000,
        _ => return None,
    };
    Some((zeros as u32, Unit { times, currency: None, kind: UnitKind::Scale, end: at + 1 }))
}

/// What stands behind a unit and belongs to the amount: `3tr5`, `1 tỷ 950`, `3 triệu rưỡi`.
fn rest_of_unit(page: &Page, end: usize, unit: &Unit) -> (u64, usize) {
    if unit.times < 1000 || unit.currency.is_some() {
        return (0, end);
    }
    if page.word(end) == RUOI && matches!(page.str(end), "rưỡi" | "ruoi" | "rưởi") {
        return (unit.times * MICRO / 2, end + 1);
    }
    let Some(digits) = page.digits(end).filter(|digits| digits.len() <= 3) else { return (0, end) };
    let Ok(value) = digits.parse::<u64>() else { return (0, end) };
    let glued = page.glued(end);
    let follows = page.word(end + 1);
    if !glued {
        // `3 triệu 500 nghìn`
        let smaller = unit::unit(page, end + 1).filter(|smaller| {
            smaller.kind == UnitKind::Scale && smaller.times < unit.times && smaller.currency.is_none()
        });
        if let Some(smaller) = smaller.filter(|_| !page.glued(end + 1) || unit.times > MILLION) {
            return (value * smaller.times * MICRO, smaller.end);
        }
        // `1 tỷ 950` but not `3 triệu 1 tháng`.
        let alone = follows == 0 && page.mark(end + 1).is_none_or(|mark| matches!(mark, ',' | '.' | ';' | ')' | '!'));
        if unit.times < MILLION || digits.len() == 2 || !alone {
            return (0, end);
        }
    }
    if glued && unit.times == 1000 && digits.len() > 2 {
        return (0, end);
    }
    (value * (unit.times * MICRO / 10u64.pow(digits.len() as u32)), end + 1)
}

/// Adds the currency behind a scale: `triệu đồng`, `nghìn tệ`.
fn with_currency(page: &Page, unit: Unit, end: usize) -> (Unit, usize) {
    if unit.currency.is_none()
        && unit.kind == UnitKind::Scale
        && let Some(currency) = unit::unit(page, end).filter(|next| next.kind == UnitKind::Currency && next.times == 1)
    {
        return (Unit { kind: UnitKind::Currency, currency: currency.currency, ..unit }, currency.end);
    }
    (unit, end)
}

/// A spoken number with its unit: `mười bốn triệu`, `hai triệu rưỡi`, `ba trăm nghìn`.
fn spoken_amount(page: &Page, at: usize) -> Option<Amount> {
    let (value, end) = number::spoken(page, at)?;
    let Some(unit) = unit::unit(page, end).filter(|unit| unit.kind != UnitKind::Slang || value <= 999) else {
        // The first half of a range shares the unit of the second.
        let joined = matches!(page.word(end), DEN | TOI) || matches!(page.mark(end), Some('-' | '–' | '—'));
        return joined.then_some(Amount { micro: value * MICRO, unit: None, end, vague: None, groups: 0 });
    };
    // `k` after a word is "không", `m` a name.
    if page.str(end).len() == 1 && unit.currency.is_none() {
        return None;
    }
    // `lương ba cọc ba đồng` is a saying, `tu te` without marks is "tử tế".
    let small = unit.times == 1 && (unit.currency == Some("VND") || page.str(end).is_ascii());
    if small && value < 100 {
        return None;
    }
    let mut micro = value.checked_mul(MICRO)?.checked_mul(unit.times)?;
    let mut end = unit.end;
    if page.word(end) == RUOI && unit.times >= 1000 {
        micro += unit.times * MICRO / 2;
        end += 1;
    } else if unit.times >= MILLION && unit.currency.is_none() {
        // `một tỷ hai`, `hai triệu năm trăm nghìn`.
        if let Some(more) = number::spoken(page, end).and_then(|(value, next)| {
            let smaller =
                unit::unit(page, next).filter(|smaller| smaller.times < unit.times && smaller.times >= 1000)?;
            Some((value * MICRO * smaller.times, smaller.end))
        }) {
            micro = micro.checked_add(more.0)?;
            end = more.1;
        }
    }
    let (unit, end) = with_currency(page, unit, end);
    Some(Amount { micro, unit: Some(unit), end, vague: None, groups: 0 })
}

/// `vài nghìn đô`, `mấy chục triệu`: two to nine of what is named.
fn vague(page: &mut Page, at: usize) -> bool {
    if !matches!(page.str(at), "vài" | "mấy" | "vai" | "may") {
        return false;
    }
    let mut end = at + 1;
    if page.word(at) == VAI && page.word(end) == BA {
        end += 1;
    }
    let tens = match page.word(end) {
        CHUC => 10,
        TRAM => 100,
        _ => 1,
    };
    end += usize::from(tens > 1);
    let Some(scale) = unit::unit(page, end).filter(|unit| unit.kind != UnitKind::Slang || tens > 1) else {
        return false;
    };
    if page.str(end).len() == 1 {
        return false;
    }
    let (unit, end) = with_currency(page, scale, scale.end);
    let one = tens * scale.times * MICRO;
    let range = (2 * one, 9 * one);
    complete(page, at, Amount { micro: range.0, unit: Some(unit), end, vague: Some(range), groups: 0 })
}

/// Decides whether the amount is money, joins the second half of a range, and adds the fact.
fn complete(page: &mut Page, at: usize, first: Amount) -> bool {
    let mut last = first;
    let mut range = first.vague;
    if let Some((end, second)) = second_half(page, &first) {
        let unit = second.unit.or(first.unit);
        let low = match (first.unit, unit) {
            (None, Some(unit)) => first.micro.checked_mul(unit.times),
            _ => Some(first.micro),
        };
        let Some(low) = low else { return false };
        let (a, b) = (first.unit.and_then(|unit| unit.currency), unit.and_then(|unit| unit.currency));
        let same = a.is_none() || b.is_none() || a == b;
        if low < second.micro && second.micro / low.max(1) <= 100 && same {
            range = Some((low, second.micro));
            last = Amount { unit: second.unit.or(first.unit), end, groups: first.groups.max(second.groups), ..second };
        }
    }
    if last.unit.is_none() && !bare_money(page, at, &last) {
        return false;
    }
    let currency = last.unit.or(first.unit).and_then(|unit| unit.currency).unwrap_or("VND");
    let period = period::after(page, last.end).or_else(|| period::before(page, at));
    if let Some(unit) = last.unit
        && !is_money(page, at, &last, unit, period.is_some())
    {
        return false;
    }
    if first.micro == 0 {
        return false;
    }
    let amount = match range {
        Some((low, high)) => format!("{}-{} {currency}", plain(low), plain(high)),
        None => format!("{} {currency}", plain(first.micro)),
    };
    let mut detail = Map::new();
    if let Some(op) = op_before(page, at) {
        detail.insert("op".into(), Value::from(op));
    }
    if first.vague.is_some() {
        detail.insert("vague".into(), Value::from(true));
    }
    if last.unit.is_some_and(|unit| unit.kind == UnitKind::Slang) {
        detail.insert("slang".into(), Value::from(true));
    }
    let value = period.map_or_else(|| amount.clone(), |period| format!("{amount}/{period}"));
    page.add(FactKind::Money, value, at, last.end, detail);
    true
}

/// The number behind a range sign, when it has a unit.
fn second_half(page: &Page, first: &Amount) -> Option<(usize, Amount)> {
    if first.vague.is_some() {
        return None;
    }
    let mut at = first.end;
    match (page.mark(at), page.word(at)) {
        (Some('-'), _) => {
            at += 1;
            if page.mark(at) == Some('>') {
                at += 1;
            }
        }
        (Some('–' | '—' | '~' | '→' | '−' | '‑'), _) => at += 1,
        (_, DEN) if matches!(page.str(at), "đến" | "den") => at += 1,
        (_, TOI) if matches!(page.str(at), "tới" | "toi") => at += 1,
        (_, TO) if page.str(at) == "to" => at += 1,
        _ => return None,
    }
    let sign = page.mark(at) == Some('$');
    let start = at + usize::from(sign);
    let mut second = match page.piece(start)?.kind {
        Kind::Digits => written_amount(page, start)?,
        Kind::Word => spoken_amount(page, start)?,
        _ => return None,
    };
    if sign && second.unit.is_none() {
        second.unit = first.unit;
    }
    // A shared unit may stand behind the second number only, or a shared sign before the first.
    let shared_sign = first.unit.is_some_and(|unit| unit.kind == UnitKind::Currency && unit.times == 1);
    if second.unit.is_none() && !(shared_sign && first.groups > 0 && second.groups > 0) {
        return None;
    }
    Some((second.end, second))
}

/// `hơn`, `tới`, `từ`, `khoảng` before an amount.
fn op_before(page: &Page, at: usize) -> Option<&'static str> {
    let word = at.checked_sub(1).map_or("", |at| page.str(at));
    Some(match word {
        "hơn" | "trên" | "hon" | "tren" | ">" => ">",
        "dưới" | "duoi" | "<" => "<",
        "từ" | "tu" => ">=",
        "tới" | "đến" | "toi" | "den" => "<=",
        "khoảng" | "tầm" | "cỡ" | "gần" | "khoang" | "gan" | "~" | "≈" => "~",
        _ => return None,
    })
}

/// A value in millionths as people write a plain number.
fn plain(micro: u64) -> String {
    let whole = micro / MICRO;
    match micro % MICRO {
        0 => whole.to_string(),
        fraction => format!("{whole}.{}", format!("{fraction:06}").trim_end_matches('0')),
    }
}
