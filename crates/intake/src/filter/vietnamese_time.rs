//! Times in Vietnamese words: "3 Tháng Chín, 2026", "hôm qua 14:05", "2 giờ trước", "14:05 12/11/2026".

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime};
use regex::Regex;
use std::sync::LazyLock;

use super::time::{MONTHS, Moment, Parts, Precision, iso, strip_prefix_ignoring_case};

static AGO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(\d+|một|vài)\s*(giây|phút|giờ|tiếng|ngày|tuần|tháng|năm)\s*(?:trước|qua)").ok());
static CLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(\d{1,2})\s*(?::|h|giờ)\s*(\d{2})?").ok());
static DAY_FIRST: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})(?:\s*[/.\-]\s*(\d{4}|\d{2}))?").ok());
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(\d{1,2})[,\s]*((?:tháng|thg|th).*)").ok());
static YEAR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b(\d{4})\b").ok());

/// A time in Vietnamese words, relative ones counted from `now_ms`, local ones in `zone`.
pub fn vietnamese(text: &str, zone: &TimeZone, now_ms: i64) -> Option<Moment> {
    let text = crate::filter::nfc(&text.trim().to_lowercase());
    let now = Timestamp::from_millisecond(now_ms).ok()?.to_zoned_datetime(zone.clone());
    if text.contains("vừa xong") || text.contains("vừa mới") || text.contains("mới đây") || text == "bây giờ"
    {
        return Some(Moment { at_ms: now_ms, precision: Precision::Minute });
    }
    if let Some(moment) = ago(&text, &now) {
        return Some(moment);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.get(4..5) == Some("-") {
        return iso(&text.to_uppercase(), Some(zone));
    }
    let (date, date_text) = day(&text, &now)?;
    let clock_text = date_text.map_or_else(|| text.clone(), |found| text.replacen(&found, " ", 1));
    let clock = CLOCK.as_ref()?.captures(&clock_text);
    let mut parts = Parts::on(date);
    if let Some(clock) = clock {
        let mut hour: i8 = clock[1].parse().ok()?;
        let behind = &clock_text[clock.get(0)?.end()..];
        let behind = behind.trim_start();
        if ["chiều", "tối", "ch", "pm"].iter().any(|word| behind.starts_with(word)) && hour < 12 {
            hour += 12;
        }
        if (behind.starts_with("sáng") || behind.starts_with("sa")) && hour == 12 {
            hour = 0;
        }
        parts.hour = Some(hour);
        parts.minute = Some(clock.get(2).map_or(Ok(0), |minute| minute.as_str().parse()).ok()?);
    }
    parts.moment(zone)
}

fn ago(text: &str, now: &ZonedDateTime) -> Option<Moment> {
    let found = AGO.as_ref()?.captures(text)?;
    let count: i64 = match &found[1] {
        "một" | "vài" => 1,
        digits => digits.parse().ok().filter(|count| *count < 100_000)?,
    };
    let (span, precision) = match &found[2] {
        "giây" => (Span::new().try_seconds(count), Precision::Second),
        "phút" => (Span::new().try_minutes(count), Precision::Minute),
        "giờ" | "tiếng" => (Span::new().try_hours(count), Precision::Hour),
        "ngày" => (Span::new().try_days(count), Precision::Day),
        "tuần" => (Span::new().try_weeks(count), Precision::Day),
        "tháng" => (Span::new().try_months(count), Precision::Month),
        _ => (Span::new().try_years(count), Precision::Year),
    };
    let at = now.checked_sub(span.ok()?).ok()?;
    Some(Moment { at_ms: at.timestamp().as_millisecond(), precision })
}

type Day = (i16, i8, i8);

/// The day, and the words it was read from where a clock must not be looked for in them.
fn day(text: &str, now: &ZonedDateTime) -> Option<(Day, Option<String>)> {
    let relative = [("hôm kia", 2), ("hôm qua", 1), ("hôm nay", 0), ("sáng nay", 0), ("chiều nay", 0), ("tối nay", 0)];
    if let Some((word, back)) = relative.iter().find(|(word, _)| text.contains(word)) {
        let date = now.date().checked_sub(Span::new().days(*back)).ok()?;
        return Some(((date.year(), date.month(), date.day()), Some((*word).to_owned())));
    }
    if let Some(found) = DAY_FIRST.as_ref()?.captures(text) {
        let (day, month): (i8, i8) = (found[1].parse().ok()?, found[2].parse().ok()?);
        let year = match found.get(3) {
            Some(year) if year.as_str().len() == 2 => 2000 + year.as_str().parse::<i16>().ok()?,
            Some(year) => year.as_str().parse().ok()?,
            None => this_or_last_year(day, month, now),
        };
        return Some(((year, month, day), Some(found[0].to_owned())));
    }
    let found = NAMED.as_ref()?.captures_iter(text).next()?;
    let day: i8 = found[1].parse().ok()?;
    let behind = found.get(2)?.as_str();
    let (length, month) = MONTHS
        .iter()
        .filter_map(|(name, month)| {
            Some((behind.len() - strip_prefix_ignoring_case(behind, name)?.len(), *month as i8))
        })
        .max_by_key(|(length, _)| *length)?;
    let after = &behind[length..];
    let year = YEAR.as_ref()?.find(after);
    let date = match year {
        Some(year) => year.as_str().parse().ok()?,
        None => this_or_last_year(day, month, now),
    };
    let words_end = found.get(2)?.start() + length + year.map_or(0, |year| year.end());
    Some(((date, month, day), Some(text[found.get(1)?.start()..words_end].to_owned())))
}

/// A day without its year is the latest such day that is not in the future.
fn this_or_last_year(day: i8, month: i8, now: &ZonedDateTime) -> i16 {
    if (month, day) > (now.month(), now.day()) { now.year() - 1 } else { now.year() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases() {
        let zone = crate::filter::time::vietnam();
        let now = "2026-11-24T10:00:00+07:00".parse::<Timestamp>().unwrap().as_millisecond();
        for (text, expected, precision) in [
            ("3 Tháng Chín, 2026", "2026-09-02T17:00:00.000Z", Precision::Day),
            ("Hôm qua 14:05", "2026-11-23T07:05:00.000Z", Precision::Minute),
            ("hôm nay lúc 9h", "2026-11-24T02:00:00.000Z", Precision::Minute),
            ("2 giờ trước", "2026-11-24T01:00:00.000Z", Precision::Hour),
            ("5 phút trước", "2026-11-24T02:55:00.000Z", Precision::Minute),
            ("3 ngày trước", "2026-11-21T03:00:00.000Z", Precision::Day),
            ("vừa xong", "2026-11-24T03:00:00.000Z", Precision::Minute),
            ("12/11/2026 14:05", "2026-11-12T07:05:00.000Z", Precision::Minute),
            ("14:05 12/11/2026", "2026-11-12T07:05:00.000Z", Precision::Minute),
            ("Ngày 12 tháng 11 năm 2026", "2026-11-11T17:00:00.000Z", Precision::Day),
            ("lúc 14:05, 12 thg 11, 2026", "2026-11-12T07:05:00.000Z", Precision::Minute),
            ("Thứ năm, 12 Tháng mười một 2026, 2:05 chiều", "2026-11-12T07:05:00.000Z", Precision::Minute),
            ("25/12", "2025-12-24T17:00:00.000Z", Precision::Day),
        ] {
            let moment = vietnamese(text, &zone, now).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((moment.rfc3339().as_str(), moment.precision), (expected, precision), "{text}");
        }
        assert_eq!(vietnamese("không rõ", &zone, now), None);
    }
}
