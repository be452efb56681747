//! Words around a number that decide whether it is money: talk of pay before it, things that are counted behind it.

use super::unit::{Unit, UnitKind};
use super::{Amount, MICRO};
use crate::facts::Page;
use crate::facts::lex::key;

/// A number without a unit is money when it is grouped like money and the words before speak of money.
pub(super) fn bare_money(page: &Page, at: usize, amount: &Amount) -> bool {
    if page.mark(amount.end) == Some('%') || page.glued(amount.end) && page.word(amount.end) != 0 {
        return false;
    }
    if is_counted(page, amount.end) || page.mark(amount.end) == Some('/') && page.digits(amount.end + 1).is_some() {
        return false;
    }
    let decimal = !amount.micro.is_multiple_of(MICRO);
    match amount.groups {
        0 => {
            let round = amount.micro.is_multiple_of(1000 * MICRO) && amount.micro >= 100_000 * MICRO;
            round && !decimal && speaks_of_money(page, at, 4)
        }
        1 => amount.micro >= 10_000 * MICRO && !decimal && speaks_of_money(page, at, 4),
        _ => !decimal && (amount.micro.is_multiple_of(1000 * MICRO) || speaks_of_money(page, at, 4)),
    }
}

/// Whether a number with this unit is money here.
pub(super) fn is_money(page: &Page, at: usize, amount: &Amount, unit: Unit, has_period: bool) -> bool {
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
                key("khoai"),
                key("hanh"),
                key("san"),
                key("cai"),
                key("gung"),
                key("nghe"),
                key("sen"),
                key("ca"),
                key("su"),
                key("dau"),
                key("lac"),
                key("nuoc"),
                key("bia"),
                key("ruou"),
                key("mam"),
                key("xang"),
                key("sua"),
                key("dua"),
                key("sam"),
                key("rieng"),
                key("thuoc"),
                key("xi"),
                key("tuong"),
                key("den"),
                key("nhot"),
                key("dung"),
                key("xot"),
                key("coca"),
                key("pepsi"),
                key("may"),
                key("kieu"),
                key("oxy"),
            ];
            if THINGS.contains(&page.word(amount.end)) {
                return false;
            }
            // Nobody counts garlic or tubers in tenths.
            let tenths =
                !amount.micro.is_multiple_of(unit.times * MICRO) && matches!(page.str(amount.end - 1), "củ" | "tỏi");
            has_period || tenths || speaks_of_money(page, at, 6)
        }
    }
}

/// Words before the number, on its line, that speak of money.
fn speaks_of_money(page: &Page, at: usize, reach: usize) -> bool {
    const MONEY: [u64; 56] = [
        key("luong"),
        key("nhap"),
        key("phi"),
        key("coc"),
        key("gia"),
        key("tra"),
        key("tien"),
        key("thuong"),
        key("hong"),
        key("nhan"),
        key("ung"),
        key("cong"),
        key("no"),
        key("vay"),
        key("muon"),
        key("chuyen"),
        key("nap"),
        key("lai"),
        key("phat"),
        key("duong"),
        key("lao"),
        key("salary"),
        key("mua"),
        key("ban"),
        key("pass"),
        key("thue"),
        key("kiem"),
        key("gui"),
        key("cho"),
        key("von"),
        key("tang"),
        key("chuoc"),
        key("gop"),
        key("thu"),
        key("lay"),
        key("dong"),
        key("chi"),
        key("ck"),
        key("hh"),
        key("price"),
        key("fee"),
        key("bonus"),
        key("ho"),
        key("tro"),
        key("cap"),
        key("cuoi"),
        key("le"),
        key("xin"),
        key("duoc"),
        key("dc"),
        key("huong"),
        key("hoa"),
        key("tong"),
        key("ngan"),
        key("sach"),
        key("bo"),
    ];
    page.any_before(at, reach, |word| MONEY.contains(&word))
}

/// A noun that is counted follows: people, views, products.
fn is_counted(page: &Page, at: usize) -> bool {
    const COUNTED: [u64; 44] = [
        key("thanh"),
        key("luot"),
        key("view"),
        key("views"),
        key("like"),
        key("likes"),
        key("follow"),
        key("follower"),
        key("followers"),
        key("sub"),
        key("subs"),
        key("tin"),
        key("cay"),
        key("con"),
        key("ha"),
        key("tan"),
        key("km"),
        key("bai"),
        key("don"),
        key("member"),
        key("members"),
        key("viec"),
        key("khach"),
        key("hoc"),
        key("cong"),
        key("lao"),
        key("phu"),
        key("nguoi"),
        key("ket"),
        key("san"),
        key("chiec"),
        key("bo"),
        key("tu"),
        key("doanh"),
        key("ho"),
        key("ban"),
        key("dan"),
        key("tre"),
        key("nu"),
        key("met"),
        key("mem"),
        key("user"),
        key("mu"),
        key("share"),
    ];
    let word = page.word(at);
    // A line break or mark between number and noun separates them.
    word != 0
        && COUNTED.contains(&word)
        && !matches!(page.str(at), "bỏ" | "học" | "còn" | "tin" | "bộ" | "ho" | "hỗ" | "cộng" | "nữ" | "tự" | "tư")
}
