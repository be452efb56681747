//! How values are written for people: money, phones, ages, dates, durations, hashes.
//!
//! Numbers as the language writes them, times at +07:00. A value in a form that is not known is shown as it is:
//! nothing that was found is ever hidden because it could not be made pretty.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use text::{Fact, FactKind};

use crate::locale::{Language, Words};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A whole number in groups of three: `18.000.000` in Vietnamese, `18,000,000` in English.
pub fn number(words: &Words, value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let separator = if words.language == Language::Vi { '.' } else { ',' };
    let mut text = String::from(if value < 0 { "−" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// A probability with two digits: `0,97`.
pub fn probability(words: &Words, value: f64) -> String {
    let text = format!("{:.2}", value.clamp(0.0, 1.0));
    if words.language == Language::Vi { text.replace('.', ",") } else { text }
}

/// Points with their sign where they lower: `60`, `−15`.
pub fn points(value: i32) -> String {
    if value < 0 { format!("−{}", value.unsigned_abs()) } else { value.to_string() }
}

fn in_local_time(at_ms: i64) -> Option<jiff::ZonedDateTime> {
    let zone = TimeZone::fixed(Offset::constant(7));
    Timestamp::from_millisecond(at_ms).ok().map(|at| at.to_zoned_datetime(zone))
}

/// `24/11/2026 07:42 (+07:00)`.
pub fn exact_time(at_ms: i64) -> String {
    in_local_time(at_ms).map_or_else(String::new, |at| at.strftime("%d/%m/%Y %H:%M (+07:00)").to_string())
}

/// `24/11/2026 07:42:31`, for the audit page and custody, where seconds matter.
pub fn exact_seconds(at_ms: i64) -> String {
    in_local_time(at_ms).map_or_else(String::new, |at| at.strftime("%d/%m/%Y %H:%M:%S").to_string())
}

/// `24/11` of days since 1970-01-01.
pub fn day(day: i64) -> String {
    Timestamp::from_second(day.saturating_mul(86_400))
        .map_or_else(|_| String::new(), |at| at.strftime("%d/%m").to_string())
}

/// RFC 3339 in UTC, for the `datetime` of a `time` element.
pub fn machine_time(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}

/// How long ago: `12 phút trước`; beyond a week the day.
pub fn ago(words: &Words, at_ms: i64, now_ms: i64) -> String {
    let past_ms = now_ms.saturating_sub(at_ms);
    match past_ms {
        _ if past_ms < MINUTE_MS => words.t("time_now").to_owned(),
        _ if past_ms < HOUR_MS => words.with("time_minutes_ago", past_ms / MINUTE_MS),
        _ if past_ms < DAY_MS => words.with("time_hours_ago", past_ms / HOUR_MS),
        _ if past_ms < 7 * DAY_MS => words.with("time_days_ago", past_ms / DAY_MS),
        _ => in_local_time(at_ms).map_or_else(String::new, |at| at.strftime("%d/%m/%Y").to_string()),
    }
}

/// How long is left until a due time, or by how much it is over.
pub fn due(words: &Words, due_at_ms: i64, now_ms: i64) -> String {
    let left_ms = due_at_ms.saturating_sub(now_ms);
    let (key, span_ms) = if left_ms < 0 { ("late", -left_ms) } else { ("left", left_ms) };
    match span_ms {
        ..HOUR_MS => words.with(&format!("time_{key}_minutes"), (span_ms / MINUTE_MS).max(1)),
        _ if span_ms < 2 * DAY_MS => words.with(&format!("time_{key}_hours"), span_ms / HOUR_MS),
        _ => words.with(&format!("time_{key}_days"), span_ms / DAY_MS),
    }
}

/// The first and last four digits of a hash.
pub fn short_hash(hash: &str) -> String {
    match (hash.get(..4), hash.len().checked_sub(4).and_then(|from| hash.get(from..))) {
        (Some(first), Some(last)) if hash.len() > 12 => format!("{first}…{last}"),
        _ => hash.to_owned(),
    }
}

/// `+84901000123` as `0901 000 123`; other countries keep their prefix.
pub fn phone(value: &str) -> String {
    let Some(rest) = value.strip_prefix("+84") else { return value.to_owned() };
    let national = format!("0{rest}");
    match (national.get(..4), national.get(4..7), national.get(7..)) {
        (Some(first), Some(second), Some(third)) if national.len() == 10 => format!("{first} {second} {third}"),
        _ => national,
    }
}

/// `18000000 VND/month` as `18.000.000 ₫ mỗi tháng`.
pub fn money(words: &Words, value: &str) -> String {
    let (amount, period) =
        value.split_once('/').map_or((value, None), |(amount, period)| (amount.trim(), Some(period)));
    let Some((figures, currency)) = amount.rsplit_once(' ') else { return value.to_owned() };
    let written: Option<Vec<String>> =
        figures.split('-').map(|figure| figure.parse().ok().map(|figure| number(words, figure))).collect();
    let figures = written.map_or_else(|| figures.to_owned(), |parts| parts.join("–"));
    let currency = match currency {
        "VND" => "₫",
        other => other,
    };
    match period {
        Some(period) => format!("{figures} {currency} {}", words.of("per", period.trim())),
        None => format!("{figures} {currency}"),
    }
}

/// `16-17`, `16+`, `35-`, `yob:2008`, `5d` in words.
pub fn age(words: &Words, value: &str) -> String {
    if let Some(year) = value.strip_prefix("yob:") {
        return words.with("age_born", year);
    }
    if let Some(days) = value.strip_suffix('d') {
        return words.with("age_days", days);
    }
    if let Some(from) = value.strip_suffix('+') {
        return words.with("age_from", from);
    }
    if let Some(to) = value.strip_suffix('-') {
        return words.with("age_to", to);
    }
    words.with("age_years", value.replace('-', "–"))
}

/// `2026-11-24` as `24/11/2026`, `2026-11` as `11/2026`, intervals with a dash.
pub fn date(value: &str) -> String {
    let one = |part: &str| part.split('-').rev().collect::<Vec<_>>().join("/");
    value.split('/').map(one).collect::<Vec<_>>().join(" – ")
}

/// A fact's value in words. Addresses come out as text; no template makes a link of them.
pub fn fact(words: &Words, fact: &Fact) -> String {
    match fact.kind {
        FactKind::Phone | FactKind::Whatsapp | FactKind::Zalo => phone(&fact.value),
        FactKind::Money => money(words, &fact.value),
        FactKind::Age => age(words, &fact.value),
        FactKind::Date => date(&fact.value),
        FactKind::Place => match fact.detail.get("name").and_then(|name| name.as_str()) {
            Some(name) => name.to_owned(),
            None => fact.value.clone(),
        },
        FactKind::IdNumber | FactKind::TaxCode => words.of("document", &fact.value),
        _ => fact.value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_vietnamese_write_them() {
        let words = Language::Vi.words();
        let cases = [
            (money(words, "18000000 VND/month"), "18.000.000 ₫ mỗi tháng"),
            (money(words, "800-1000 USD"), "800–1.000 USD"),
            (money(words, "nhiều"), "nhiều"),
            (phone("+84901000123"), "0901 000 123"),
            (phone("+85512000111"), "+85512000111"),
            (phone("111"), "111"),
            (age(words, "16-17"), "16–17 tuổi"),
            (age(words, "16+"), "từ 16 tuổi"),
            (age(words, "yob:2008"), "sinh năm 2008"),
            (date("2026-11-24"), "24/11/2026"),
            (date("2026-11-24/2026-11-26"), "24/11/2026 – 26/11/2026"),
            (number(words, -1234567), "−1.234.567"),
            (probability(words, 0.974), "0,97"),
            (exact_time(1_795_480_920_000), "24/11/2026 07:42 (+07:00)"),
            (due(words, 12 * MINUTE_MS, 0), "còn 12 phút"),
            (due(words, 0, 3 * HOUR_MS), "quá hạn 3 giờ"),
            (short_hash(&"ab".repeat(32)), "abab…abab"),
        ];
        for (shown, wanted) in cases {
            assert_eq!(shown, wanted);
        }
        assert_eq!(number(Language::En.words(), 18_000_000), "18,000,000");
    }
}
