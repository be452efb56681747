//! Times as pages write them: ISO, epoch numbers, a declared format read forgivingly, Vietnamese phrases.
//!
//! A time without a zone of its own is read in the zone that `zone(Z)` declares; without one, ISO and formats are
//! UTC and Vietnamese phrases are +07:00, because nothing else would be reproducible.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// A point in time and how finely the page stated it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// UTC milliseconds.
    pub at_ms: i64,
    /// The unit to which it was stated.
    pub precision: Precision,
}

/// The unit to which a time was stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// To the second or finer.
    Second,
    /// To the minute.
    Minute,
    /// To the hour ("2 giờ trước").
    Hour,
    /// To the day.
    Day,
    /// To the month.
    Month,
    /// To the year.
    Year,
}

impl Moment {
    /// A moment known to the second.
    pub fn exact(at_ms: i64) -> Moment {
        Moment { at_ms, precision: Precision::Second }
    }

    /// RFC 3339 with milliseconds.
    pub fn rfc3339(&self) -> String {
        rfc3339(self.at_ms)
    }
}

/// RFC 3339 with milliseconds, in UTC.
pub fn rfc3339(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map(|at| format!("{at:.3}")).unwrap_or_default()
}

/// A zone by offset (`+07:00`, `+7`, `Z`) or IANA name.
pub fn zone(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("gmt") {
        return Some(TimeZone::UTC);
    }
    if let Some(seconds) = offset_seconds(text) {
        return Offset::from_seconds(seconds).ok().map(TimeZone::fixed);
    }
    TimeZone::get(text).ok()
}

/// Vietnam's own zone, which has no summer time.
pub fn vietnam() -> TimeZone {
    Offset::from_hours(7).map(TimeZone::fixed).unwrap_or(TimeZone::UTC)
}

fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, digits) = match text.chars().next()? {
        '+' => (1, &text[1..]),
        '-' => (-1, &text[1..]),
        '−' => (-1, &text['−'.len_utf8()..]),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Epoch seconds, fractions allowed.
pub fn epoch_seconds(text: &str) -> Option<Moment> {
    let seconds: f64 = text.trim().parse().ok()?;
    plausible((seconds * 1000.0).round() as i64)
}

/// Epoch milliseconds.
pub fn epoch_millis(text: &str) -> Option<Moment> {
    let millis: f64 = text.trim().parse().ok()?;
    plausible(millis as i64)
}

/// Zero and the far future are what broken pages say, not times.
fn plausible(at_ms: i64) -> Option<Moment> {
    (at_ms > 0 && at_ms < 253_402_300_800_000).then_some(Moment::exact(at_ms))
}

/// ISO 8601 / RFC 3339 in its common spellings, or RFC 2822 as feeds use it.
pub fn iso(text: &str, zone: Option<&TimeZone>) -> Option<Moment> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Moment { at_ms: at.as_millisecond(), precision: precision_of(text) });
    }
    let zone = zone.cloned().unwrap_or(TimeZone::UTC);
    for format in ISO_FORMATS {
        if let Some(moment) = format_with(text, format, &zone) {
            return Some(moment);
        }
    }
    if let Ok(at) = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text) {
        return Some(Moment::exact(at.as_millisecond()));
    }
    None
}

const ISO_FORMATS: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%d %H:%M%z",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y%m%dT%H%M%S%z",
    "%Y%m%dT%H%M%S",
    "%Y-%m",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
];

fn precision_of(text: &str) -> Precision {
    let clock = text.split(['T', 't', ' ']).nth(1).unwrap_or_default();
    let clock = clock.split(['+', '-', 'Z', 'z']).next().unwrap_or_default();
    if clock.matches(':').count() >= 2 || clock.len() >= 6 { Precision::Second } else { Precision::Minute }
}

/// A time in a strftime format, read forgivingly.
///
/// Letter case, a dot after an abbreviation, full names for short ones and the reverse, `Sept`, `a.m.`, `noon`,
/// `midnight` and minutes left out on the hour are all read.
pub fn formatted(text: &str, format: &str, zone: Option<&TimeZone>) -> Option<Moment> {
    format_with(text.trim(), format, zone.unwrap_or(&TimeZone::UTC))
}

fn format_with(text: &str, format: &str, zone: &TimeZone) -> Option<Moment> {
    let mut reader = Reader { rest: text, parts: Parts::default() };
    let format: Vec<char> = format.chars().collect();
    reader.read(&format)?;
    reader.skip_filler();
    reader.rest.is_empty().then_some(())?;
    reader.parts.moment(zone)
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    pub(super) hour: Option<i8>,
    pub(super) minute: Option<i8>,
    second: Option<i8>,
    millis: i32,
    afternoon: Option<bool>,
    offset: Option<i32>,
    epoch: Option<i64>,
    day_of_year: Option<i16>,
    zone: Option<TimeZone>,
}

impl Parts {
    pub(super) fn on((year, month, day): (i16, i8, i8)) -> Parts {
        Parts { year: Some(year), month: Some(month), day: Some(day), ..Parts::default() }
    }

    pub(super) fn moment(self, zone: &TimeZone) -> Option<Moment> {
        if let Some(seconds) = self.epoch {
            return plausible(seconds * 1000);
        }
        let hour = match (self.hour, self.afternoon) {
            (Some(12), Some(false)) => Some(0),
            (Some(hour), Some(true)) if hour < 12 => Some(hour + 12),
            (hour, _) => hour,
        };
        let precision = match (
            self.month.or(self.day_of_year.map(|_| 1)),
            self.day.or(self.day_of_year.map(|_| 1)),
            hour,
            self.minute,
            self.second,
        ) {
            (None, ..) => Precision::Year,
            (_, None, ..) => Precision::Month,
            (_, _, None, ..) => Precision::Day,
            (_, _, _, _, None) => Precision::Minute,
            _ => Precision::Second,
        };
        let mut date = Date::new(self.year?, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok()?;
        if let Some(day) = self.day_of_year {
            date = date.with().day_of_year(day).build().ok()?;
        }
        let time = Time::new(hour.unwrap_or(0), self.minute.unwrap_or(0), self.second.unwrap_or(0).min(59), 0).ok()?;
        let zone = match self.offset {
            Some(seconds) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
            None => self.zone.unwrap_or_else(|| zone.clone()),
        };
        let at = zone.to_timestamp(DateTime::from_parts(date, time)).ok()?;
        Some(Moment { at_ms: at.as_millisecond() + i64::from(self.millis), precision })
    }
}

struct Reader<'t> {
    rest: &'t str,
    parts: Parts,
}

impl Reader<'_> {
    fn read(&mut self, format: &[char]) -> Option<()> {
        let mut at = 0;
        while let Some(&c) = format.get(at) {
            at += 1;
            if c != '%' {
                self.literal(c)?;
                continue;
            }
            let mut directive = *format.get(at)?;
            at += 1;
            if matches!(directive, '-' | '_' | '0' | '^' | '#') {
                directive = *format.get(at)?;
                at += 1;
            }
            at += self.directive(directive, &format[at..])?;
        }
        Some(())
    }

    /// Reads one directive; the answer is how much of the format behind it is done with as well.
    fn directive(&mut self, directive: char, behind: &[char]) -> Option<usize> {
        if !matches!(directive, 'n' | 't' | '%') {
            self.skip_filler();
        }
        match directive {
            'Y' => self.parts.year = Some(self.digits(4)? as i16),
            'y' => {
                let year = self.digits(2)? as i16;
                self.parts.year = Some(if year < 69 { 2000 + year } else { 1900 + year });
            }
            'm' => self.parts.month = Some(self.digits(2)? as i8),
            'd' | 'e' => {
                self.parts.day = Some(self.digits(2)? as i8);
                self.take_any(&["st", "nd", "rd", "th"]);
            }
            'j' => self.parts.day_of_year = Some(self.digits(3)? as i16),
            'b' | 'B' | 'h' => self.parts.month = Some(self.name(MONTHS)? as i8),
            'a' | 'A' => {
                self.name(WEEKDAYS)?;
            }
            'H' | 'k' => {
                self.parts.hour = Some(self.digits(2)? as i8);
                return Some(self.minutes_left_out(behind));
            }
            'I' | 'l' => {
                if let Some(noon) = self.take_any(&["noon", "midnight", "trưa", "nửa đêm"]) {
                    self.parts.hour = Some(if noon % 2 == 0 { 12 } else { 0 });
                    self.parts.minute = Some(0);
                    let end = behind.windows(2).position(|pair| pair[0] == '%' && matches!(pair[1], 'p' | 'P'));
                    return Some(end.map_or(0, |end| end + 2));
                }
                self.parts.hour = Some(self.digits(2)? as i8);
                return Some(self.minutes_left_out(behind));
            }
            'M' => self.parts.minute = Some(self.digits(2)? as i8),
            'S' => {
                self.parts.second = Some(self.digits(2)? as i8);
                if let Some(fraction) = self.rest.strip_prefix(['.', ',']) {
                    let length = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
                    if length > 0 {
                        let digits: String = fraction[..length].chars().chain("000".chars()).take(3).collect();
                        self.parts.millis = digits.parse().ok()?;
                        self.rest = &fraction[length..];
                    }
                }
            }
            'f' => {
                let length = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
                let digits: String = self.rest[..length].chars().chain("000".chars()).take(3).collect();
                self.parts.millis = digits.parse().ok()?;
                self.rest = &self.rest[length..];
            }
            'p' | 'P' => {
                let half = self.take_any(&[
                    "a.m.", "p.m.", "am", "pm", "a.m", "p.m", "sáng", "chiều", "sa", "ch", "trưa", "tối",
                ])?;
                self.parts.afternoon = Some(half % 2 == 1 || half == 10);
            }
            's' => {
                let length = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
                self.parts.epoch = Some(self.rest[..length].parse().ok()?);
                self.rest = &self.rest[length..];
            }
            'z' | ':' => {
                if let Some(rest) = self.rest.strip_prefix(['Z', 'z']) {
                    self.rest = rest;
                    self.parts.offset = Some(0);
                } else {
                    let length = self
                        .rest
                        .char_indices()
                        .skip(1)
                        .find(|(_, c)| !c.is_ascii_digit() && *c != ':')
                        .map_or(self.rest.len(), |(at, _)| at);
                    self.parts.offset = Some(offset_seconds(&self.rest[..length])?);
                    self.rest = &self.rest[length..];
                }
                return Some(usize::from(directive == ':'));
            }
            'Z' => {
                let length = self
                    .rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '+' | '-' | ':')))
                    .unwrap_or(self.rest.len());
                let name = &self.rest[..length];
                self.parts.zone = Some(zone(name).or_else(|| named_zone(name))?);
                self.rest = &self.rest[length..];
            }
            'T' => self.read(&['%', 'H', ':', '%', 'M', ':', '%', 'S'])?,
            'R' => self.read(&['%', 'H', ':', '%', 'M'])?,
            'F' => self.read(&['%', 'Y', '-', '%', 'm', '-', '%', 'd'])?,
            'D' => self.read(&['%', 'm', '/', '%', 'd', '/', '%', 'y'])?,
            'n' | 't' => self.rest = self.rest.trim_start(),
            '%' => self.literal('%')?,
            _ => return None,
        }
        Some(0)
    }

    /// When the text has no minutes where the format asks for them, the hour is full: `9 a.m.` for `%I:%M %p`.
    fn minutes_left_out(&mut self, behind: &[char]) -> usize {
        let asks = behind.iter().collect::<String>();
        let Some(skipped) = [":%M:%S", ":%M", ".%M", "h%M"].iter().find(|form| asks.starts_with(**form)) else {
            return 0;
        };
        let mark = skipped.chars().next().unwrap_or(':');
        let has_minutes =
            self.rest.strip_prefix(mark).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if has_minutes {
            return 0;
        }
        self.parts.minute = Some(0);
        skipped.chars().count()
    }

    fn literal(&mut self, expected: char) -> Option<()> {
        if expected.is_whitespace() {
            self.rest = self.rest.trim_start();
            return Some(());
        }
        let trimmed = self.rest.trim_start();
        let found = trimmed.chars().next();
        if found.is_some_and(|found| found.to_lowercase().eq(expected.to_lowercase())) {
            self.rest = &trimmed[found.map_or(0, char::len_utf8)..];
            return Some(());
        }
        // Dots and commas come and go with abbreviations.
        if matches!(expected, '.' | ',') {
            return Some(());
        }
        if let Some(rest) = trimmed.strip_prefix(['.', ',']) {
            self.rest = rest;
            return self.literal(expected);
        }
        None
    }

    fn skip_filler(&mut self) {
        self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ','));
    }

    fn digits(&mut self, most: usize) -> Option<i32> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let value = self.rest.get(..length)?.parse().ok()?;
        self.rest = &self.rest[length..];
        Some(value)
    }

    /// The index of the first of `names` that stands here, compared without case.
    fn take_any(&mut self, names: &[&str]) -> Option<usize> {
        names.iter().position(|name| match strip_prefix_ignoring_case(self.rest, name) {
            Some(rest) if !rest.starts_with(char::is_alphabetic) => {
                self.rest = rest;
                true
            }
            _ => false,
        })
    }

    /// The number of the longest name that stands here.
    fn name(&mut self, names: &[(&str, u8)]) -> Option<u8> {
        let (length, number) = names
            .iter()
            .filter_map(|(name, number)| {
                Some((self.rest.len() - strip_prefix_ignoring_case(self.rest, name)?.len(), *number))
            })
            .max_by_key(|(length, _)| *length)?;
        let rest = &self.rest[length..];
        if rest.starts_with(|c: char| c.is_alphanumeric()) {
            return None;
        }
        self.rest = rest.strip_prefix('.').unwrap_or(rest);
        Some(number)
    }
}

pub(super) fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let mut rest = text.chars();
    for expected in prefix.chars() {
        let found = rest.next()?;
        if !found.to_lowercase().eq(expected.to_lowercase()) {
            return None;
        }
    }
    Some(rest.as_str())
}

fn named_zone(name: &str) -> Option<TimeZone> {
    let hours = match name.to_ascii_uppercase().as_str() {
        "ICT" => 7,
        "EST" => -5,
        "EDT" | "AST" => -4,
        "CST" => -6,
        "CDT" => -5,
        "MST" => -7,
        "MDT" => -6,
        "PST" => -8,
        "PDT" => -7,
        "CET" | "BST" => 1,
        "CEST" => 2,
        "JST" | "KST" => 9,
        _ => return None,
    };
    Offset::from_hours(hours).ok().map(TimeZone::fixed)
}

/// Month names, English and Vietnamese, long and short.
pub(super) const MONTHS: &[(&str, u8)] = &[
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("may", 5),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("apr", 4),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sept", 9),
    ("sep", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
    ("tháng giêng", 1),
    ("tháng một", 1),
    ("tháng hai", 2),
    ("tháng ba", 3),
    ("tháng tư", 4),
    ("tháng bốn", 4),
    ("tháng năm", 5),
    ("tháng sáu", 6),
    ("tháng bảy", 7),
    ("tháng tám", 8),
    ("tháng chín", 9),
    ("tháng mười một", 11),
    ("tháng mười hai", 12),
    ("tháng mười", 10),
    ("tháng chạp", 12),
    ("tháng 12", 12),
    ("tháng 11", 11),
    ("tháng 10", 10),
    ("tháng 1", 1),
    ("tháng 2", 2),
    ("tháng 3", 3),
    ("tháng 4", 4),
    ("tháng 5", 5),
    ("tháng 6", 6),
    ("tháng 7", 7),
    ("tháng 8", 8),
    ("tháng 9", 9),
    ("tháng 01", 1),
    ("tháng 02", 2),
    ("tháng 03", 3),
    ("tháng 04", 4),
    ("tháng 05", 5),
    ("tháng 06", 6),
    ("tháng 07", 7),
    ("tháng 08", 8),
    ("tháng 09", 9),
    ("th1", 1),
    ("th2", 2),
    ("th3", 3),
    ("th4", 4),
    ("th5", 5),
    ("th6", 6),
    ("th7", 7),
    ("th8", 8),
    ("th9", 9),
    ("th10", 10),
    ("th11", 11),
    ("th12", 12),
    ("thg 1", 1),
    ("thg 2", 2),
    ("thg 3", 3),
    ("thg 4", 4),
    ("thg 5", 5),
    ("thg 6", 6),
    ("thg 7", 7),
    ("thg 8", 8),
    ("thg 9", 9),
    ("thg 10", 10),
    ("thg 11", 11),
    ("thg 12", 12),
];

const WEEKDAYS: &[(&str, u8)] = &[
    ("monday", 1),
    ("tuesday", 2),
    ("wednesday", 3),
    ("thursday", 4),
    ("friday", 5),
    ("saturday", 6),
    ("sunday", 7),
    ("mon", 1),
    ("tues", 2),
    ("tue", 2),
    ("wed", 3),
    ("thurs", 4),
    ("thur", 4),
    ("thu", 4),
    ("fri", 5),
    ("sat", 6),
    ("sun", 7),
    ("thứ hai", 1),
    ("thứ ba", 2),
    ("thứ tư", 3),
    ("thứ năm", 4),
    ("thứ sáu", 5),
    ("thứ bảy", 6),
    ("chủ nhật", 7),
    ("t2", 1),
    ("t3", 2),
    ("t4", 3),
    ("t5", 4),
    ("t6", 5),
    ("t7", 6),
    ("cn", 7),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, format: &str) -> Option<String> {
        formatted(text, format, zone("+07:00").as_ref()).map(|moment| moment.rfc3339())
    }

    #[test]
    fn formats_are_read_forgivingly() {
        let nine = Some("2026-09-01T02:00:00.000Z".to_owned());
        let django = "%b. %d, %Y, %I:%M %p";
        assert_eq!(at("Sept. 1, 2026, 9 a.m.", django), nine);
        assert_eq!(at("September 1, 2026, 9:00 AM", django), nine);
        assert_eq!(at("sep 1, 2026, 9:00 am", django), nine);
        assert_eq!(at("Sept. 1, 2026, noon", django), Some("2026-09-01T05:00:00.000Z".into()));
        assert_eq!(at("Sept. 1, 2026, midnight", django), Some("2026-08-31T17:00:00.000Z".into()));
        assert_eq!(at("May 3, 2026, 2:05 p.m.", "%B %d, %Y, %I:%M %p"), Some("2026-05-03T07:05:00.000Z".into()));
        assert_eq!(at("Tue Sep 01, 2026 9:00 am", "%a %b %d, %Y %I:%M %p"), nine);
        assert_eq!(at("2026/09/01 09:00", "%Y/%m/%d %H:%M"), nine);
        assert_eq!(at("01/09/2026 09:00 lúc", "%d/%m/%Y %H:%M"), None);
        assert_eq!(at("31/02/2026", "%d/%m/%Y"), None);
        assert_eq!(at("1 Tháng Chín, 2026 09:00", "%d %B, %Y %H:%M"), nine);
        assert_eq!(at("2026-09-01 09:00:00 +0900", "%Y-%m-%d %H:%M:%S %z"), Some("2026-09-01T00:00:00.000Z".into()));
    }

    #[test]
    fn iso_keeps_its_own_offset_and_takes_the_declared_zone_otherwise() {
        let ict = zone("Asia/Ho_Chi_Minh").unwrap();
        let ms = |text: &str, zone: Option<&TimeZone>| iso(text, zone).map(|moment| moment.rfc3339());
        assert_eq!(ms("2026-09-01T09:00:00+07:00", None).as_deref(), Some("2026-09-01T02:00:00.000Z"));
        assert_eq!(ms("2026-09-01T09:00:00+0700", None).as_deref(), Some("2026-09-01T02:00:00.000Z"));
        assert_eq!(ms("2026-09-01T09:00:00.250Z", Some(&ict)).as_deref(), Some("2026-09-01T09:00:00.250Z"));
        assert_eq!(ms("2026-09-01 09:00", Some(&ict)).as_deref(), Some("2026-09-01T02:00:00.000Z"));
        assert_eq!(ms("2026-09-01", None).as_deref(), Some("2026-09-01T00:00:00.000Z"));
        assert_eq!(iso("2026-09-01", None).unwrap().precision, Precision::Day);
        assert_eq!(ms("Tue, 01 Sep 2026 09:00:00 +0700", None).as_deref(), Some("2026-09-01T02:00:00.000Z"));
        assert_eq!(ms("12345", None), None);
        assert_eq!(epoch_seconds("0"), None);
    }
}
