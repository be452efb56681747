//! Dates: written ones, and words such as `mai` or `chủ nhật này`, which only the time of the post resolves.
//!
//! A written date without a year takes the year that lies nearest to the post; without the time of the post it stays
//! `--MM-DD`. `detail.in_days` tells how many days after the post a day or the first day of an interval lies, negative
//! for one before it. Words such as `mai` and `tối nay` tell it even when the time of the post is unknown; their value
//! is then the ISO 8601 duration (`P1D`).

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value};

use super::lex::{Kind, key};
use super::{FactKind, Page};

/// The day in Vietnam at a time.
pub(super) fn day_in_vietnam(posted_at_ms: i64) -> Option<Date> {
    let offset = jiff::tz::Offset::constant(7);
    Timestamp::from_millisecond(posted_at_ms).ok().map(|time| offset.to_datetime(time).date())
}

const NGAY: u64 = key("ngay");
const THANG: u64 = key("thang");
const NAM: u64 = key("nam");
const MAI: u64 = key("mai");
const NAY: u64 = key("nay");
const HOM: u64 = key("hom");
const MOT: u64 = key("mot");
const THU: u64 = key("thu");
const CHU: u64 = key("chu");
const NHAT: u64 = key("nhat");
const CN: u64 = key("cn");
const TUAN: u64 = key("tuan");
const SAU: u64 = key("sau");
const TOI: u64 = key("toi");
const DEN: u64 = key("den");
const CUOI: u64 = key("cuoi");
const SANG: u64 = key("sang");
const TRUA: u64 = key("trua");
const CHIEU: u64 = key("chieu");
const DEM: u64 = key("dem");

/// Words that may start a date.
pub(super) const STARTS: [u64; 13] = [THANG, MAI, NGAY, HOM, SANG, TRUA, CHIEU, TOI, DEM, THU, CHU, CN, CUOI];

/// A day and month, with the year where it is given.
#[derive(Clone, Copy)]
struct Day {
    year: Option<i16>,
    month: i8,
    day: i8,
}

/// Tries a written date at a digit run: `8–9/10`, `03/09/2025`, `5 tháng 12`.
pub(super) fn at(page: &mut Page, at: usize) -> bool {
    if page.glued(at) && at > 0 && (page.word(at - 1) != 0 || page.digits(at - 1).is_some()) {
        return false;
    }
    if page.continues_number(at, &['/', '-', '.', ',', ':']) {
        return false;
    }
    let Some((days, end)) = written(page, at) else { return false };
    let (first, last) = days;
    let first = Day { year: first.year.or(last.and_then(|last| last.year)), ..first };
    let value = match last {
        None => show(page, first),
        Some(last) => format!("{}/{}", show(page, first), show(page, last)),
    };
    let detail = in_days(page, resolved(page, first));
    page.add(FactKind::Date, value, at, end, detail);
    true
}

/// How many days after the post a day lies, where both are known.
fn in_days(page: &Page, day: Option<Date>) -> Map<String, Value> {
    match (page.posted, day) {
        (Some(posted), Some(day)) => days_ahead(i64::from(posted.until(day).map_or(0, |span| span.get_days()))),
        _ => Map::new(),
    }
}

fn days_ahead(days: i64) -> Map<String, Value> {
    Map::from_iter([("in_days".to_owned(), Value::from(days))])
}

/// Reads a date or an interval of two.
fn written(page: &Page, at: usize) -> Option<((Day, Option<Day>), usize)> {
    let two = |at: usize| page.digits(at).filter(|digits| digits.len() <= 2).and_then(|_| page.small(at));
    let first = two(at)?;
    // `8–9/10`: two days of one month.
    if matches!(page.mark(at + 1), Some('-' | '–' | '—' | '~'))
        && let Some((day, end)) = day_month(page, at + 2)
    {
        let start = Day { day: first as i8, ..day };
        if (1..=31).contains(&first) && i32::from(start.day) < i32::from(day.day) {
            return Some(((start, Some(day)), end));
        }
    }
    let (day, end) = day_month(page, at)?;
    // `3/9 - 5/9`, `3/9 đến 5/9`.
    let joined = matches!(page.mark(end), Some('-' | '–' | '—' | '~'))
        || matches!(page.str(end), "đến" | "den" | "tới") && matches!(page.word(end), DEN | TOI);
    if joined && let Some((last, after)) = day_month(page, end + 1) {
        return Some(((day, Some(last)), after));
    }
    Some(((day, None), end))
}

/// `24/11`, `24/11/2025`, `24-11-2025`, `24 tháng 11 năm 2025`.
fn day_month(page: &Page, at: usize) -> Option<(Day, usize)> {
    let two = |at: usize| page.digits(at).filter(|digits| digits.len() <= 2).and_then(|_| page.small(at));
    let day = two(at).filter(|day| (1..=31).contains(day))? as i8;
    if page.word(at + 1) == THANG && matches!(page.str(at + 1), "tháng" | "thang") {
        let month = two(at + 2).filter(|month| (1..=12).contains(month))? as i8;
        // `2 tháng 5 ngày` and `3 tháng 1 lần` are durations.
        if matches!(page.word(at + 3), NGAY | LAN | TUOI | TUAN) {
            return None;
        }
        let told = page.word_before(at, 1) == NGAY || page.word(at + 3) == NAM || day > 12;
        let (year, end) = match year(page, at + 4) {
            Some(year) if matches!(page.word(at + 3), NAM) => (Some(year), at + 5),
            _ => match (page.mark(at + 3), year(page, at + 4)) {
                (Some('/' | '-'), Some(year)) => (Some(year), at + 5),
                _ => (None, at + 3),
            },
        };
        return (told || year.is_some()).then_some((Day { year, month, day }, end));
    }
    let mark = page.mark(at + 1).filter(|mark| matches!(mark, '/' | '-' | '.'))?;
    if !page.glued(at + 1) || !page.glued(at + 2) {
        return None;
    }
    let month = two(at + 2).filter(|month| (1..=12).contains(month))? as i8;
    let again = page.mark(at + 3) == Some(mark) && page.glued(at + 3) && page.glued(at + 4);
    if again && page.digits(at + 4).is_some() {
        let year = year(page, at + 4).or_else(|| {
            let short = page.digits(at + 4).filter(|digits| digits.len() == 2).and_then(|_| page.small(at + 4));
            short.filter(|year| (15..=40).contains(year)).map(|year| 2000 + year as i16)
        })?;
        let longer = page.glued(at + 5) && page.mark(at + 5) == Some(mark) && page.digits(at + 6).is_some();
        return (!longer).then_some((Day { year: Some(year), month, day }, at + 5));
    }
    // Without a year only `/` makes a date, or the word before, and `1/2 tháng`, `24/7` are none.
    let said = page.word_before(at, 1) == NGAY && matches!(page.str(at - 1), "ngày" | "ngay");
    if (mark != '/' && !said) || (day, month) == (24, 7) {
        return None;
    }
    let next = page.word(at + 3);
    let fraction = i32::from(day) < 10
        && i32::from(month) < 10
        && page.digits(at).is_some_and(|digits| digits.len() == 1)
        && page.digits(at + 2).is_some_and(|digits| digits.len() == 1);
    if page.glued(at + 3) && (next != 0 || page.digits(at + 3).is_some() || page.mark(at + 3) == Some('/')) {
        return None;
    }
    const CUES: [u64; 24] = [
        key("ngay"),
        key("hom"),
        key("sang"),
        key("trua"),
        key("chieu"),
        key("toi"),
        key("dem"),
        key("tu"),
        key("den"),
        key("han"),
        key("nhat"),
        key("slot"),
        key("truoc"),
        key("sau"),
        key("bay"),
        key("khoi"),
        key("vao"),
        key("luc"),
        key("deadline"),
        key("thu"),
        key("cn"),
        key("le"),
        key("lich"),
        key("het"),
    ];
    // `điểm 9/10`, `tỷ lệ 3/4`, `hẻm 12/5`: marks, shares and addresses.
    const OTHERS: [&str; 18] = [
        "điểm", "lệ", "hẻm", "ngõ", "ngách", "kiệt", "nhà", "phòng", "căn", "lô", "tổ", "lớp", "số", "đạt", "phần",
        "size", "khoảng", "câu",
    ];
    if at.checked_sub(1).is_some_and(|before| OTHERS.contains(&page.str(before))) {
        return None;
    }
    let cued = page.any_before(at, 4, |word| CUES.contains(&word));
    if fraction && (!cued || matches!(next, THANG | NGAY | LUONG | NAM | SUAT | GIA | DIEN | QUY)) {
        return None;
    }
    Some((Day { year: None, month, day }, at + 3))
}

const LAN: u64 = key("lan");
const TUOI: u64 = key("tuoi");
const LUONG: u64 = key("luong");
const SUAT: u64 = key("suat");
const GIA: u64 = key("gia");
const DIEN: u64 = key("dien");
const QUY: u64 = key("quy");

fn year(page: &Page, at: usize) -> Option<i16> {
    let digits = page.digits(at).filter(|digits| digits.len() == 4)?;
    digits.parse().ok().filter(|year| (1900..=2100).contains(year))
}

/// ISO form, with the year nearest to the post where none is given.
fn show(page: &Page, day: Day) -> String {
    match (resolved(page, day), day.year) {
        (Some(date), _) => date.to_string(),
        (None, Some(year)) => format!("{year:04}-{:02}-{:02}", day.month, day.day),
        (None, None) => format!("--{:02}-{:02}", day.month, day.day),
    }
}

/// The day itself, in the year nearest to the post where none is given.
fn resolved(page: &Page, day: Day) -> Option<Date> {
    if let Some(year) = day.year {
        return Date::new(year, day.month, day.day).ok();
    }
    let posted = page.posted?;
    let distance =
        |year: i16| Date::new(year, day.month, day.day).ok().map(|date| (date.duration_since(posted).abs(), date));
    (posted.year() - 1..=posted.year() + 1).filter_map(distance).min().map(|(_, date)| date)
}

/// Tries a date that starts with a word: `tháng 4/2019`, `mai`, `chủ nhật này`.
pub(super) fn at_word(page: &mut Page, at: usize) -> bool {
    match page.word(at) {
        THANG => month(page, at),
        MAI | NGAY | HOM | SANG | TRUA | CHIEU | TOI | DEM | MOT => relative(page, at),
        THU | CHU | CN => weekday(page, at),
        CUOI if page.word(at + 1) == TUAN && page.word(at + 2) == NAY => {
            let Some(posted) = page.posted else { return false };
            let saturday = on_or_after(posted, Weekday::Saturday);
            let Ok(sunday) = saturday.checked_add(1.day()) else { return false };
            let detail = in_days(page, Some(saturday));
            page.add(FactKind::Date, format!("{saturday}/{sunday}"), at, at + 3, detail);
            true
        }
        _ => false,
    }
}

/// `Tháng 4/2019`, `tháng 4 năm 2019`, `tháng 12` near the post, `tháng sau`.
fn month(page: &mut Page, at: usize) -> bool {
    if !matches!(page.str(at), "tháng" | "thang") {
        return false;
    }
    if let Some(month) = page.digits(at + 1).filter(|d| d.len() <= 2).and_then(|_| page.small(at + 1)) {
        // `mỗi tháng 2 triệu` counts, `tháng 13` is none.
        if !(1..=12).contains(&month) {
            return false;
        }
        let slash = matches!(page.mark(at + 2), Some('/' | '-' | '.')) && page.glued(at + 2);
        if let Some(year) = year(page, at + 3).filter(|_| slash || page.word(at + 2) == NAM) {
            page.add(FactKind::Date, format!("{year:04}-{month:02}"), at, at + 4, Map::new());
            return true;
        }
        return month_near_post(page, at, month as i8);
    }
    let shift = match page.word(at + 1) {
        SAU if matches!(page.str(at + 1), "sau") => 1,
        TOI if matches!(page.str(at + 1), "tới") => 1,
        NAY if matches!(page.str(at + 1), "này") => 0,
        _ => return false,
    };
    if page.word_before(at, 1) != 0 && matches!(page.word_before(at, 1), MOT | MOI | HANG) {
        return false;
    }
    let Some(date) = page.posted.and_then(|posted| posted.first_of_month().checked_add(shift.month()).ok()) else {
        return false;
    };
    page.add(FactKind::Date, format!("{:04}-{:02}", date.year(), date.month()), at, at + 2, Map::new());
    true
}

/// `khởi hành tháng 12,`: the twelfth month nearest to the post, where nothing is counted by the month.
fn month_near_post(page: &mut Page, at: usize, month: i8) -> bool {
    let each = matches!(page.word_before(at, 1), MOT | MOI | HANG) || at > 0 && page.digits(at - 1).is_some();
    let said = matches!(page.str(at + 2), "này" | "tới" | "sau");
    let alone = page.piece(at + 2).is_none_or(|piece| match piece.kind {
        Kind::Break => true,
        Kind::Mark => matches!(page.mark(at + 2), Some('.' | ',' | ';' | ')' | '!' | '?')),
        _ => false,
    });
    let Some(posted) = page.posted.filter(|_| !each && (said || alone)) else { return false };
    let first = |year: i16| Date::new(year, month, 1).ok();
    let nearest = (posted.year() - 1..=posted.year() + 1).filter_map(first);
    let Some(date) = nearest.min_by_key(|date| date.duration_since(posted.first_of_month()).abs()) else {
        return false;
    };
    let end = at + 2 + usize::from(said);
    page.add(FactKind::Date, format!("{:04}-{:02}", date.year(), date.month()), at, end, Map::new());
    true
}

const MOI: u64 = key("moi");
const HANG: u64 = key("hang");

/// `mai`, `ngày mai`, `hôm nay`, `tối nay`, `ngày mốt`, `hôm qua`.
fn relative(page: &mut Page, at: usize) -> bool {
    let next = page.str(at + 1);
    let (days, length) = match (page.str(at), next) {
        ("ngày" | "ngay" | "hôm" | "hom", "mai") => (1, 2),
        ("ngày" | "ngay", "mốt" | "kia") => (2, 2),
        ("hôm" | "hom", "nay") | ("ngày", "nay") => (0, 2),
        ("sáng" | "trưa" | "chiều" | "tối" | "đêm", "nay") => (0, 2),
        ("sang" | "trua" | "chieu" | "toi" | "dem", "nay") if page.word(at + 2) != NAY => (0, 2),
        ("hôm" | "hom", "qua") => (-1, 2),
        ("hôm" | "hom", "kia") => (-2, 2),
        ("sáng" | "trưa" | "chiều" | "tối" | "đêm", "mốt") => {
            return add_day(page, at + 1, at + 2, 2);
        }
        ("mai", "mốt") => return false,
        ("mai", _) if tomorrow(page, at) => (1, 1),
        _ => return false,
    };
    add_day(page, at, at + length, days)
}

/// Whether `mai` says tomorrow: not a name, a blossom or a matchmaker.
fn tomorrow(page: &Page, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |at| page.str(at));
    let starts = at == 0 || page.piece(at - 1).is_some_and(|piece| matches!(piece.kind, Kind::Break | Kind::Mark));
    if matches!(page.str(at + 1), "mối" | "táng" | "moi" | "mỉa" | "phục" | "danh" | "linh" | "anh" | "hương" | "lan")
    {
        return false;
    }
    let named = matches!(
        before,
        "chị"
            | "cô"
            | "bà"
            | "bạn"
            | "hoa"
            | "chợ"
            | "hoàng"
            | "ngọc"
            | "tuyết"
            | "thanh"
            | "phương"
            | "quỳnh"
            | "tên"
            | "dì"
            | "hồng"
            | "xuân"
            | "chi"
            | "co"
            | "cây"
            | "bạch"
            | "gặp"
            | "là"
            | "lh"
            | "ms"
            | "trúc"
            | "nhật"
            | "thị"
    );
    let capital = page.raw(page.span(at, at + 1)).starts_with(char::is_uppercase);
    !named && (!capital || starts)
}

/// `thứ 7 này`, `chủ nhật tuần sau`, `tối thứ sáu`.
fn weekday(page: &mut Page, at: usize) -> bool {
    let Some(posted) = page.posted else { return false };
    let (day, mut end) = match page.word(at) {
        CN if page.str(at) == "cn" => (Weekday::Sunday, at + 1),
        CHU if page.word(at + 1) == NHAT && matches!(page.str(at), "chủ" | "chu") => (Weekday::Sunday, at + 2),
        THU if matches!(page.str(at), "thứ" | "thu") => {
            let number = page.small(at + 1).or_else(|| match page.str(at + 1) {
                "hai" => Some(2),
                "ba" => Some(3),
                "tư" | "tu" => Some(4),
                "năm" | "nam" => Some(5),
                "sáu" | "sau" => Some(6),
                "bảy" | "bẩy" | "bay" => Some(7),
                _ => None,
            });
            let day = match number {
                Some(2) => Weekday::Monday,
                Some(3) => Weekday::Tuesday,
                Some(4) => Weekday::Wednesday,
                Some(5) => Weekday::Thursday,
                Some(6) => Weekday::Friday,
                Some(7) => Weekday::Saturday,
                _ => return false,
            };
            (day, at + 2)
        }
        _ => return false,
    };
    let date = match (page.str(end), page.str(end + 1)) {
        ("này" | "nay", _) => {
            end += 1;
            on_or_after(posted, day)
        }
        ("tuần" | "tuan", "này" | "nay") => {
            end += 2;
            on_or_after(posted, day)
        }
        ("tuần" | "tuan", "sau" | "tới" | "toi") => {
            end += 2;
            let Ok(monday) = on_or_before(posted, Weekday::Monday).checked_add(1.week()) else { return false };
            on_or_after(monday, day)
        }
        ("tới" | "toi" | "sau", _) => {
            end += 1;
            let Ok(tomorrow) = posted.checked_add(1.day()) else { return false };
            on_or_after(tomorrow, day)
        }
        _ => {
            let part = matches!(page.word_before(at, 1), SANG | TRUA | CHIEU | TOI | DEM)
                && !matches!(at.checked_sub(1).map_or("", |at| page.str(at)), "sang" | "tới");
            if !part {
                return false;
            }
            on_or_after(posted, day)
        }
    };
    let detail = in_days(page, Some(date));
    page.add(FactKind::Date, date.to_string(), at, end, detail);
    true
}

fn on_or_after(from: Date, day: Weekday) -> Date {
    let ahead = i64::from(from.weekday().until(day));
    from.checked_add(ahead.days()).unwrap_or(from)
}

fn on_or_before(from: Date, day: Weekday) -> Date {
    let behind = i64::from(from.weekday().since(day));
    from.checked_sub(behind.days()).unwrap_or(from)
}

/// Adds a day told by its distance from the post.
fn add_day(page: &mut Page, from: usize, until: usize, days: i64) -> bool {
    let value = match page.posted.map(|posted| posted.checked_add(days.days())) {
        Some(Ok(date)) => date.to_string(),
        Some(Err(_)) => return false,
        // What is over matters only beside the time of the post.
        None if days < 0 => return false,
        None => format!("P{days}D"),
    };
    page.add(FactKind::Date, value, from, until, days_ahead(days));
    true
}
