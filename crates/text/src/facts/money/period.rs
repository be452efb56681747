//! What an amount is paid for: an hour, a day, a week, a month, a trip, a person, a head brought.

use crate::facts::lex::{Kind, key};
use crate::facts::{Page, number};

/// The period that a word names.
fn period(page: &Page, at: usize) -> Option<&'static str> {
    const PEOPLE: [u64; 14] = [
        key("nguoi"),
        key("ban"),
        key("dua"),
        key("person"),
        key("bn"),
        key("ng"),
        key("pax"),
        key("ngta"),
        key("em"),
        key("co"),
        key("khach"),
        key("be"),
        key("dau"),
        key("head"),
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

/// Money for each person brought is `head`, money for each person who works or pays is `person`.
fn people(page: &Page, at: usize) -> &'static str {
    const HEADS: [u64; 6] = [key("dau"), key("head"), key("co"), key("em"), key("be"), key("khach")];
    let brought = page.any_before(at, 14, |word| BRINGS.contains(&word));
    if HEADS.contains(&page.word(at)) || brought { "head" } else { "person" }
}

/// Verbs of bringing people.
const BRINGS: [u64; 12] = [
    key("dan"),
    key("dat"),
    key("gioi"),
    key("ru"),
    key("keo"),
    key("ref"),
    key("moi"),
    key("tim"),
    key("dua"),
    key("thieu"),
    key("referral"),
    key("lua"),
];

/// `/tháng`, `một tháng`, `tháng` behind an amount.
pub(super) fn after(page: &Page, end: usize) -> Option<&'static str> {
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

/// `lương tháng`, `một tuần kiếm được hơn`, `mỗi cô dẫn tới được` before an amount.
pub(super) fn before(page: &Page, at: usize) -> Option<&'static str> {
    const BETWEEN: [u64; 44] = [
        key("kiem"),
        key("duoc"),
        key("dc"),
        key("luong"),
        key("nhan"),
        key("tra"),
        key("thu"),
        key("nhap"),
        key("la"),
        key("hon"),
        key("tam"),
        key("khoang"),
        key("co"),
        key("vai"),
        key("cung"),
        key("gui"),
        key("ve"),
        key("chi"),
        key("cho"),
        key("cong"),
        key("tu"),
        key("toi"),
        key("len"),
        key("den"),
        key("lam"),
        key("tren"),
        key("gan"),
        key("bo"),
        key("tui"),
        key("phi"),
        key("tien"),
        key("se"),
        key("chac"),
        key("lai"),
        key("lanh"),
        key("dan"),
        key("it"),
        key("nhat"),
        key("ra"),
        key("an"),
        key("nop"),
        key("hoa"),
        key("hong"),
        key("thuong"),
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

fn people_before(page: &Page, index: usize, at: usize) -> &'static str {
    let brought = page.any_before(at, at - index + 4, |word| BRINGS.contains(&word));
    if brought { "head" } else { "person" }
}

const TOI: u64 = key("toi");
const MOT: u64 = key("mot");
const LUONG: u64 = key("luong");
const THANG: u64 = key("thang");
const TUAN: u64 = key("tuan");
const NGAY: u64 = key("ngay");
const GIO: u64 = key("gio");
const CONG: u64 = key("cong");
const MOI: u64 = key("moi");
const HANG: u64 = key("hang");
const PER: u64 = key("per");
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
const DAU: u64 = key("dau");
const NAY: u64 = key("nay");
const SAU: u64 = key("sau");
const TRUOC: u64 = key("truoc");
const THU: u64 = key("thu");
const CUOI: u64 = key("cuoi");
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
