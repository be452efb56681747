//! Amounts of money: written, spoken, in slang, as ranges, in foreign currency, with the period that they are paid for.
//!
//! A number is money when a unit of money follows (`tr`, `triệu đồng`, `đô`), when slang follows and the words before
//! speak of money (`cọc 5 lít`), or when it is grouped in thousands and the words before speak of money.

use serde_json::{Map, Value};

use super::lex::{Kind, key};
use super::number::{self, MICRO, RUOI};
use super::{FactKind, Page};

/// A unit of money: what it multiplies, and the currency that it names, if any.
#[derive(Clone, Copy)]
struct Unit {
    times: u64,
    currency: Option<&'static str>,
    kind: UnitKind,
    /// One past its last piece.
    end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum UnitKind {
    /// `đồng`, `đô`, `yên`: nothing else can be meant.
    Currency,
    /// `triệu`, `nghìn`, `tỷ`: also counts other things.
    Scale,
    /// `củ`, `chai`, `lít`, `tỏi`: also a tuber, a bottle, a litre, garlic.
    Slang,
}

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
            let Some(unit) = unit(page, at + 1).filter(|unit| unit.kind == UnitKind::Scale && unit.times >= 1000) else {
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
    if let Some(scale) = unit(page, end).filter(|unit| unit.kind == UnitKind::Scale && page.glued(end)) {
        times = scale.times;
        end = scale.end;
    }
    let unit = Unit { times, currency: Some(currency), kind: UnitKind::Currency, end };
    let Some(micro) = written.micro.checked_mul(times) else { return false };
    complete(page, at, Amount { micro, unit: Some(unit), end, vague: None, groups: written.groups })
}

const MILLION: u64 = 1_000_000;
const BA: u64 = key("ba");
const VAI: u64 = key("vai");
const MAY: u64 = key("may");
const NUA: u64 = key("nua");
const MOT: u64 = key("mot");
const TRIEU: u64 = key("trieu");
const CHUC: u64 = key("chuc");
const TRAM: u64 = key("tram");

fn glued_to_word(page: &Page, at: usize) -> bool {
    page.glued(at) && at > 0 && page.word(at - 1) != 0
}

/// A number in digits with its unit, if one follows.
fn written_amount(page: &Page, at: usize) -> Option<Amount> {
    let written = number::written(page, at)?;
    let (mut micro, mut end) = (written.micro, written.end);
    // `2x triệu` is twenty-odd million.
    if page.str(end) == "x" && page.glued(end) && page.small(at).is_some_and(|tens| tens < 10) && end == at + 1 {
        let unit = unit(page, end + 1).filter(|unit| unit.kind != UnitKind::Currency)?;
        let low = micro.checked_mul(10)?.checked_mul(unit.times)?;
        let high = low.checked_add(9u64.checked_mul(MICRO)?.checked_mul(unit.times)?)?;
        return Some(Amount { micro: low, unit: Some(unit), end: unit.end, vague: Some((low, high)), groups: 0 });
    }
    // `2Otr`: the letter O for zero.
    let mut found = unit(page, end);
    if found.is_none() && page.glued(end) {
        if let Some((zeros, unit)) = zeros_and_unit(page, end) {
            micro = micro.checked_mul(10u64.pow(zeros))?;
            found = Some(unit);
        }
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
        // `1 tỷ 950` but not `3 triệu 1 tháng`.
        let alone = follows == 0 && page.mark(end + 1).is_none_or(|mark| matches!(mark, ',' | '.' | ';' | ')' | '!'));
        if unit.times < MILLION || digits.len() != 3 || !alone {
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
    if unit.currency.is_none() && unit.kind == UnitKind::Scale {
        if let Some(currency) = self::unit(page, end).filter(|next| next.kind == UnitKind::Currency && next.times == 1) {
            return (Unit { kind: UnitKind::Currency, currency: currency.currency, ..unit }, currency.end);
        }
    }
    (unit, end)
}

/// A spoken number with its unit: `mười bốn triệu`, `hai triệu rưỡi`, `ba trăm nghìn`.
fn spoken_amount(page: &Page, at: usize) -> Option<Amount> {
    let (value, end) = number::spoken(page, at)?;
    let Some(unit) = unit(page, end).filter(|unit| unit.kind != UnitKind::Slang || value <= 999) else {
        // The first half of a range shares the unit of the second.
        let joined = matches!(page.word(end), DEN | TOI) || matches!(page.mark(end), Some('-' | '–' | '—'));
        return joined.then_some(Amount { micro: value * MICRO, unit: None, end, vague: None, groups: 0 });
    };
    // `k` after a word is "không", `m` a name.
    if page.str(end).len() == 1 && unit.currency.is_none() {
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
            let smaller = self::unit(page, next).filter(|smaller| smaller.times < unit.times && smaller.times >= 1000)?;
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
    let Some(scale) = unit(page, end).filter(|unit| unit.kind != UnitKind::Slang || tens > 1) else { return false };
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
    let period = period_after(page, last.end).or_else(|| period_before(page, at));
    if let Some(unit) = last.unit {
        if !is_money(page, at, &last, unit, period.is_some()) {
            return false;
        }
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

/// A number without a unit is money when it is grouped like money and the words before speak of money.
fn bare_money(page: &Page, at: usize, amount: &Amount) -> bool {
    if page.mark(amount.end) == Some('%') || page.glued(amount.end) && page.word(amount.end) != 0 {
        return false;
    }
    if is_counted(page, amount.end) || page.mark(amount.end) == Some('/') && page.digits(amount.end + 1).is_some() {
        return false;
    }
    let decimal = amount.micro % MICRO != 0;
    match amount.groups {
        0 => {
            let round = amount.micro % (1000 * MICRO) == 0 && amount.micro >= 100_000 * MICRO;
            round && !decimal && speaks_of_money(page, at, 4)
        }
        1 => amount.micro >= 10_000 * MICRO && !decimal && speaks_of_money(page, at, 4),
        _ => !decimal && (amount.micro % (1000 * MICRO) == 0 || speaks_of_money(page, at, 4)),
    }
}

/// Whether a number with this unit is money here.
fn is_money(page: &Page, at: usize, amount: &Amount, unit: Unit, has_period: bool) -> bool {
    match unit.kind {
        UnitKind::Currency => true,
        UnitKind::Scale => {
            let short = page.str(amount.end - 1) == "k" || page.str(amount.end - 1) == "m";
            if short && !page.glued(amount.end - 1) && !speaks_of_money(page, at, 5) {
                return false;
            }
            !is_counted(page, amount.end)
        }
        UnitKind::Slang => {
            const THINGS: [u64; 32] = [
                key("khoai"), key("hanh"), key("san"), key("cai"), key("gung"), key("nghe"), key("sen"), key("ca"),
                key("su"), key("dau"), key("lac"), key("nuoc"), key("bia"), key("ruou"), key("mam"), key("xang"),
                key("sua"), key("dua"), key("sam"), key("rieng"), key("thuoc"), key("xi"), key("tuong"), key("den"),
                key("nhot"), key("dung"), key("xot"), key("coca"), key("pepsi"), key("may"), key("kieu"), key("oxy"),
            ];
            if THINGS.contains(&page.word(amount.end)) {
                return false;
            }
            has_period || speaks_of_money(page, at, 6)
        }
    }
}

/// Words before the number, on its line, that speak of money.
fn speaks_of_money(page: &Page, at: usize, reach: usize) -> bool {
    const MONEY: [u64; 56] = [
        key("luong"), key("nhap"), key("phi"), key("coc"), key("gia"), key("tra"), key("tien"), key("thuong"),
        key("hong"), key("nhan"), key("ung"), key("cong"), key("no"), key("vay"), key("muon"), key("chuyen"),
        key("nap"), key("lai"), key("phat"), key("duong"), key("lao"), key("salary"), key("mua"), key("ban"),
        key("pass"), key("thue"), key("kiem"), key("gui"), key("cho"), key("von"), key("tang"), key("chuoc"),
        key("gop"), key("thu"), key("lay"), key("dong"), key("chi"), key("ck"), key("hh"), key("price"), key("fee"),
        key("bonus"), key("ho"), key("tro"), key("cap"), key("cuoi"), key("le"), key("xin"), key("duoc"), key("dc"),
        key("huong"), key("hoa"), key("tong"), key("ngan"), key("sach"), key("bo"),
    ];
    page.any_before(at, reach, |word| MONEY.contains(&word))
}

/// A noun that is counted follows: people, views, products.
fn is_counted(page: &Page, at: usize) -> bool {
    const COUNTED: [u64; 44] = [
        key("thanh"), key("luot"), key("view"), key("views"), key("like"), key("likes"), key("follow"), key("follower"),
        key("followers"), key("sub"), key("subs"), key("tin"), key("cay"), key("con"), key("ha"), key("tan"),
        key("km"), key("bai"), key("don"), key("member"), key("members"), key("viec"), key("khach"), key("hoc"),
        key("cong"), key("lao"), key("phu"), key("nguoi"), key("ket"), key("san"), key("chiec"), key("bo"), key("tu"),
        key("doanh"), key("ho"), key("ban"), key("dan"), key("tre"), key("nu"), key("met"), key("mem"), key("user"),
        key("mu"), key("share"),
    ];
    let word = page.word(at);
    // A line break or mark between number and noun separates them.
    word != 0 && COUNTED.contains(&word) && !matches!(page.str(at), "bỏ" | "học" | "còn" | "tin" | "bộ" | "ho" | "hỗ" | "cộng" | "nữ" | "tự" | "tư")
}

/// Reads a unit of money at `at`.
fn unit(page: &Page, at: usize) -> Option<Unit> {
    let scale = |times| Some(Unit { times, currency: None, kind: UnitKind::Scale, end: at + 1 });
    let slang = |times| Some(Unit { times, currency: None, kind: UnitKind::Slang, end: at + 1 });
    let named = |currency, words| {
        Some(Unit { times: 1, currency: Some(currency), kind: UnitKind::Currency, end: at + words })
    };
    if let Some(mark) = page.mark(at) {
        return match mark {
            '$' => named("USD", 1),
            '€' => named("EUR", 1),
            '£' => named("GBP", 1),
            '¥' => named("JPY", 1),
            '₩' => named("KRW", 1),
            '฿' => named("THB", 1),
            '₫' => named("VND", 1),
            _ => None,
        };
    }
    let next = page.word(at + 1);
    let text = page.str(at);
    match page.word(at) {
        TR | TRIEU => scale(MILLION),
        NGHIN | NGAN | NGIN => matches!(text, "nghìn" | "ngàn" | "ngìn" | "nghin" | "ngan").then(|| scale(1000))?,
        K => (text == "k").then(|| scale(1000))?,
        TY | TI => matches!(text, "tỷ" | "tỉ" | "ty" | "ti").then(|| scale(1000 * MILLION))?,
        M => {
            let capital = page.glued(at) && page.raw(page.span(at, at + 1)) == "M";
            capital.then(|| slang(MILLION))?
        }
        CU => matches!(text, "củ" | "cu").then(|| slang(MILLION))?,
        CHAI => (text == "chai").then(|| slang(MILLION))?,
        TREO => (text == "trẹo").then(|| slang(MILLION))?,
        LIT => matches!(text, "lít" | "lit").then(|| slang(100_000))?,
        XI => (text == "xị").then(|| slang(100_000))?,
        TOI => (text == "tỏi").then(|| slang(1000 * MILLION))?,
        DONG => matches!(text, "đồng" | "dong").then(|| named("VND", 1))?,
        VND | VN => (text != "vn").then(|| named("VND", 1))?,
        D => matches!(text, "đ" | "d" if page.glued(at) || text == "đ").then(|| named("VND", 1))?,
        DO => {
            if !matches!(text, "đô" | "do" | "đo") {
                return None;
            }
            match next {
                LA => named("USD", 2),
                UC => named("AUD", 2),
                SING => named("SGD", 2),
                CAN => named("CAD", 2),
                // `do` without marks is also `độ`, `đó`.
                _ if text == "do" && !is_amount_end(page, at + 1) => None,
                _ => named("USD", 1),
            }
        }
        USD | USDS | DOLLAR | DOLLARS | DOLA => named("USD", 1),
        USDT => named("USDT", 1),
        EURO | EUR | EUROS => named("EUR", 1),
        TE => match text {
            "tệ" => named("CNY", 1),
            "te" => is_amount_end(page, at + 1).then(|| named("CNY", 1))?,
            _ => None,
        },
        NHAN if next == DAN && page.word(at + 2) == TE => named("CNY", 3),
        RMB | CNY | NDT => named("CNY", 1),
        DAI if next == TE => named("TWD", 2),
        TWD | NTD => named("TWD", 1),
        YEN => matches!(text, "yên" | "yen").then(|| named("JPY", 1))?,
        JPY => named("JPY", 1),
        MAN if next == YEN => {
            Some(Unit { times: 10_000, currency: Some("JPY"), kind: UnitKind::Currency, end: at + 2 })
        }
        MAN => {
            let wage = page.any_before(at, 8, |word| matches!(word, LUONG | NHAT | JAPAN | YEN));
            (wage && text == "man").then_some(Unit {
                times: 10_000,
                currency: Some("JPY"),
                kind: UnitKind::Currency,
                end: at + 1,
            })
        }
        WON | KRW => named("KRW", 1),
        BANG => match text {
            "bảng" => named("GBP", 1 + usize::from(next == ANH)),
            "bang" if next == ANH => named("GBP", 2),
            _ => None,
        },
        GBP => named("GBP", 1),
        BAHT | BATH | THB => named("THB", 1),
        BAT => (text == "bạt").then(|| named("THB", 1))?,
        RIYAL | RIAL | SAR => named("SAR", 1),
        RIEL | RIELS | KHR => named("KHR", 1),
        KIP => matches!(text, "kíp" | "kip").then(|| named("LAK", 1))?,
        LAK => named("LAK", 1),
        RINGGIT | RM | MYR => named("MYR", 1),
        PESO | PHP => named("PHP", 1),
        SGD => named("SGD", 1),
        AUD => named("AUD", 1),
        CAD => named("CAD", 1),
        HKD => named("HKD", 1),
        RUP | RUB => matches!(text, "rúp" | "rup" | "rub").then(|| named("RUB", 1))?,
        AED | DIRHAM => named("AED", 1),
        _ => None,
    }
}

/// After a currency word without marks the amount must end or go on like an amount.
fn is_amount_end(page: &Page, at: usize) -> bool {
    match page.piece(at).map(|piece| piece.kind) {
        None | Some(Kind::Break | Kind::Mark) => true,
        Some(Kind::Digits) => matches!(page.word(at + 1), THANG | TUAN | NGAY),
        Some(Kind::Word) => matches!(page.word(at), MOT | MOI | THANG | TUAN | NGAY | GIO | CHUA | BAO | TRO | CONG),
    }
}

const TR: u64 = key("tr");
const NGHIN: u64 = key("nghin");
const NGAN: u64 = key("ngan");
const NGIN: u64 = key("ngin");
const K: u64 = key("k");
const TY: u64 = key("ty");
const TI: u64 = key("ti");
const M: u64 = key("m");
const CU: u64 = key("cu");
const CHAI: u64 = key("chai");
const TREO: u64 = key("treo");
const LIT: u64 = key("lit");
const XI: u64 = key("xi");
const DONG: u64 = key("dong");
const VND: u64 = key("vnd");
const VN: u64 = key("vn");
const D: u64 = key("d");
const DO: u64 = key("do");
const LA: u64 = key("la");
const UC: u64 = key("uc");
const SING: u64 = key("sing");
const CAN: u64 = key("can");
const USD: u64 = key("usd");
const USDS: u64 = key("usds");
const DOLLAR: u64 = key("dollar");
const DOLLARS: u64 = key("dollars");
const DOLA: u64 = key("dola");
const USDT: u64 = key("usdt");
const EURO: u64 = key("euro");
const EUR: u64 = key("eur");
const EUROS: u64 = key("euros");
const TE: u64 = key("te");
const NHAN: u64 = key("nhan");
const DAN: u64 = key("dan");
const RMB: u64 = key("rmb");
const CNY: u64 = key("cny");
const NDT: u64 = key("ndt");
const DAI: u64 = key("dai");
const TWD: u64 = key("twd");
const NTD: u64 = key("ntd");
const YEN: u64 = key("yen");
const JPY: u64 = key("jpy");
const MAN: u64 = key("man");
const LUONG: u64 = key("luong");
const NHAT: u64 = key("nhat");
const JAPAN: u64 = key("japan");
const WON: u64 = key("won");
const KRW: u64 = key("krw");
const BANG: u64 = key("bang");
const ANH: u64 = key("anh");
const GBP: u64 = key("gbp");
const BAHT: u64 = key("baht");
const BATH: u64 = key("bath");
const BAT: u64 = key("bat");
const THB: u64 = key("thb");
const RIYAL: u64 = key("riyal");
const RIAL: u64 = key("rial");
const SAR: u64 = key("sar");
const RIEL: u64 = key("riel");
const RIELS: u64 = key("riels");
const KHR: u64 = key("khr");
const KIP: u64 = key("kip");
const LAK: u64 = key("lak");
const RINGGIT: u64 = key("ringgit");
const RM: u64 = key("rm");
const MYR: u64 = key("myr");
const PESO: u64 = key("peso");
const PHP: u64 = key("php");
const SGD: u64 = key("sgd");
const AUD: u64 = key("aud");
const CAD: u64 = key("cad");
const HKD: u64 = key("hkd");
const RUP: u64 = key("rup");
const RUB: u64 = key("rub");
const AED: u64 = key("aed");
const DIRHAM: u64 = key("dirham");
const THANG: u64 = key("thang");
const TUAN: u64 = key("tuan");
const NGAY: u64 = key("ngay");
const GIO: u64 = key("gio");
const CHUA: u64 = key("chua");
const BAO: u64 = key("bao");
const TRO: u64 = key("tro");
const CONG: u64 = key("cong");
const MOI: u64 = key("moi");
const HANG: u64 = key("hang");
const PER: u64 = key("per");

/// The period that a word names.
fn period(page: &Page, at: usize) -> Option<&'static str> {
    const PEOPLE: [u64; 14] = [
        key("nguoi"), key("ban"), key("dua"), key("person"), key("bn"), key("ng"), key("pax"), key("ngta"), key("em"),
        key("co"), key("khach"), key("be"), key("dau"), key("head"),
    ];
    Some(match page.word(at) {
        THANG | TH | THG | MONTH | THAG => "month",
        NGAY | DAY | NG | DEM => "day",
        TUAN | WEEK => "week",
        GIO | H | TIENG | HOUR | HR => "hour",
        CHUYEN | TRIP | CUOC => "trip",
        word if PEOPLE.contains(&word) => return Some(people(page, at)),
        _ => return None,
    })
}

const TH: u64 = key("th");
const THG: u64 = key("thg");
const THAG: u64 = key("thag");
const MONTH: u64 = key("month");
const DAY: u64 = key("day");
const NG: u64 = key("ng");
const DEM: u64 = key("dem");
const WEEK: u64 = key("week");
const H: u64 = key("h");
const TIENG: u64 = key("tieng");
const HOUR: u64 = key("hour");
const HR: u64 = key("hr");
const CHUYEN: u64 = key("chuyen");
const TRIP: u64 = key("trip");
const CUOC: u64 = key("cuoc");
const NGUOI: u64 = key("nguoi");

/// Money for each person brought is `head`, money for each person who works or pays is `person`.
fn people(page: &Page, at: usize) -> &'static str {
    const HEADS: [u64; 6] = [key("dau"), key("head"), key("co"), key("em"), key("be"), key("khach")];
    let brought = page.any_before(at, 14, |word| BRINGS.contains(&word));
    if HEADS.contains(&page.word(at)) || brought { "head" } else { "person" }
}

/// Verbs of bringing people.
const BRINGS: [u64; 12] = [
    key("dan"), key("dat"), key("gioi"), key("ru"), key("keo"), key("ref"), key("moi"), key("tim"), key("dua"),
    key("thieu"), key("referral"), key("lua"),
];

/// `/tháng`, `một tháng`, `tháng` behind an amount.
fn period_after(page: &Page, end: usize) -> Option<&'static str> {
    let mut at = end;
    let mut explicit = false;
    match (page.mark(at), page.word(at)) {
        (Some('/' | '\\'), _) => {
            at += 1;
            explicit = true;
        }
        (_, MOT | MOI | HANG | PER) => {
            at += 1;
            explicit = true;
        }
        _ => {}
    }
    if page.small(at) == Some(1) {
        at += 1;
        explicit = true;
    } else if explicit && page.word(at) == MOT {
        at += 1;
    }
    if page.glued(at) && at == end {
        return None;
    }
    let found = period(page, at)?;
    if explicit {
        return Some(found);
    }
    // `18 triệu tháng` is a month's pay, `18 triệu tháng đầu` the first month's.
    let next = page.word(at + 1);
    let number_follows = page.digits(at + 1).is_some() || number::may_be_digit(next);
    let ordinal = matches!(next, DAU | NAY | SAU | TRUOC | TOI | THU | CUOI);
    (matches!(page.word(at), THANG | TUAN | NGAY) && !number_follows && !ordinal).then_some(found)
}

const DAU: u64 = key("dau");
const NAY: u64 = key("nay");
const SAU: u64 = key("sau");
const TRUOC: u64 = key("truoc");
const THU: u64 = key("thu");
const CUOI: u64 = key("cuoi");

/// `lương tháng`, `một tuần kiếm được hơn`, `mỗi cô dẫn tới được` before an amount.
fn period_before(page: &Page, at: usize) -> Option<&'static str> {
    const BETWEEN: [u64; 44] = [
        key("kiem"), key("duoc"), key("dc"), key("luong"), key("nhan"), key("tra"), key("thu"), key("nhap"), key("la"),
        key("hon"), key("tam"), key("khoang"), key("co"), key("vai"), key("cung"), key("gui"), key("ve"), key("chi"),
        key("cho"), key("cong"), key("tu"), key("toi"), key("len"), key("den"), key("lam"), key("tren"), key("gan"),
        key("bo"), key("tui"), key("phi"), key("tien"), key("se"), key("chac"), key("lai"), key("lanh"), key("dan"),
        key("it"), key("nhat"), key("ra"), key("an"), key("nop"), key("hoa"), key("hong"), key("thuong"),
    ];
    let mut back = 1;
    while back <= 7 {
        let index = at.checked_sub(back)?;
        let piece = page.piece(index)?;
        match piece.kind {
            Kind::Break | Kind::Digits => return None,
            Kind::Mark if matches!(page.mark(index), Some(':' | '~' | '>' | '+' | '≈')) => {}
            Kind::Mark => return None,
            Kind::Word => {
                let each = matches!(page.word_before(index, 1), MOI | MOT | HANG)
                    || page.digits(index.wrapping_sub(1)) == Some("1");
                let found = match piece.key {
                    THANG if matches!(page.str(index), "tháng" | "thang") => Some("month"),
                    TUAN if matches!(page.str(index), "tuần" | "tuan") => Some("week"),
                    NGAY if matches!(page.str(index), "ngày" | "ngay") => Some("day"),
                    GIO if matches!(page.str(index), "giờ" | "gio") => Some("hour"),
                    CHUYEN if each => Some("trip"),
                    CO | EM | NGUOI | BAN_WORD | DUA | KHACH | BE if each => Some(people_before(page, index, at)),
                    _ => None,
                };
                if let Some(found) = found {
                    let numbered = !each && index > 0 && page.digits(index - 1).is_some();
                    let spoken = !each && number::may_be_digit(page.word_before(index, 1));
                    let wage = each
                        || back > 1
                        || matches!(page.word_before(index, 1), 0 | LUONG | CONG | TRA | NHAP | THEO | GUI);
                    return (!numbered && !spoken && wage).then_some(found);
                }
                if !BETWEEN.contains(&piece.key) {
                    return None;
                }
            }
        }
        back += 1;
    }
    None
}

const CO: u64 = key("co");
const EM: u64 = key("em");
const BAN_WORD: u64 = key("ban");
const DUA: u64 = key("dua");
const KHACH: u64 = key("khach");
const BE: u64 = key("be");
const TRA: u64 = key("tra");
const NHAP: u64 = key("nhap");
const THEO: u64 = key("theo");
const GUI: u64 = key("gui");

fn people_before(page: &Page, index: usize, at: usize) -> &'static str {
    let brought = page.any_before(at, at - index + 4, |word| BRINGS.contains(&word));
    if brought { "head" } else { "person" }
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

/// Whether a unit of money stands at `at`: the number before it is no age, account or time.
pub(super) fn unit_follows(page: &Page, at: usize) -> bool {
    unit(page, at).is_some_and(|unit| unit.kind != UnitKind::Slang || !matches!(page.word(at), M | LIT))
}
