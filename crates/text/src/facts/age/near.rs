//! Words around a bare number that make it an age, or the count or measure of something else.

use crate::facts::lex::{Kind, key};
use crate::facts::{Page, money};

const T: u64 = key("t");
const NAY: u64 = key("nay");
const MOI: u64 = key("moi");

/// A speaker or child directly before a number: `em 17`, `mình 24`.
pub(super) fn is_self(page: &Page, at: usize) -> bool {
    const SELVES: [u64; 13] = [
        key("em"),
        key("e"),
        key("minh"),
        key("mik"),
        key("mk"),
        key("toi"),
        key("tui"),
        key("chau"),
        key("con"),
        key("tao"),
        key("tu"),
        key("be"),
        key("t"),
    ];
    let back = usize::from(page.word_before(at, 1) == NAY || page.word_before(at, 1) == MOI) + 1;
    let word = page.word_before(at, back);
    let text = at.checked_sub(back).map_or("", |at| page.str(at));
    SELVES.contains(&word)
        && !matches!(text, "tới" | "tối" | "tư" | "từ" | "tu" | "con" | "bể" | "bê" | "còn" | "bé" | "tôi")
        || text == "tôi"
        || word == key("nu")
        || word == key("nam") && matches!(text, "nam")
}

/// Words of people, or of age, among the few pieces before.
pub(super) fn near_people(page: &Page, at: usize) -> bool {
    const PEOPLE: [u64; 46] = [
        key("nu"),
        key("nam"),
        key("ban"),
        key("bn"),
        key("em"),
        key("chi"),
        key("anh"),
        key("nguoi"),
        key("tuoi"),
        key("age"),
        key("re"),
        key("dau"),
        key("dong"),
        key("gai"),
        key("trai"),
        key("tien"),
        key("be"),
        key("e"),
        key("minh"),
        key("mik"),
        key("mk"),
        key("me"),
        key("vo"),
        key("chong"),
        key("ae"),
        key("nhan"),
        key("cong"),
        key("female"),
        key("male"),
        key("girl"),
        key("girls"),
        key("ng"),
        key("dua"),
        key("con"),
        key("chau"),
        key("vien"),
        key("nv"),
        key("carrier"),
        key("donor"),
        key("nhanh"),
        key("ca"),
        key("co"),
        key("tre"),
        key("tuyen"),
        key("cau"),
        key("ctv"),
    ];
    let start = at.saturating_sub(9);
    let mut words = 0;
    for index in (start..at).rev() {
        let Some(piece) = page.piece(index) else { continue };
        match piece.kind {
            Kind::Break => return false,
            Kind::Word => {
                words += 1;
                if PEOPLE.contains(&piece.key) {
                    return true;
                }
                if words > 5 {
                    return false;
                }
            }
            Kind::Mark => {
                if matches!(page.mark(index), Some('🎂' | '👩' | '👰' | '👧' | '👦' | '👨' | '🙋')) {
                    return true;
                }
            }
            Kind::Digits => {}
        }
    }
    // The first words of a line are often the ages of those wanted.
    false
}

/// A unit, a clock, a share or a noun follows: the number counts or measures something.
pub(super) fn measured(page: &Page, at: usize) -> bool {
    const UNITS: [u64; 64] = [
        key("h"),
        key("gio"),
        key("tieng"),
        key("phut"),
        key("p"),
        key("s"),
        key("kg"),
        key("km"),
        key("m"),
        key("cm"),
        key("mm"),
        key("m2"),
        key("met"),
        key("can"),
        key("ki"),
        key("ky"),
        key("ngay"),
        key("tuan"),
        key("thang"),
        key("nam"),
        key("lan"),
        key("nguoi"),
        key("ban"),
        key("bn"),
        key("em"),
        key("dua"),
        key("suat"),
        key("buoi"),
        key("ca"),
        key("vien"),
        key("cai"),
        key("chiec"),
        key("con"),
        key("bo"),
        key("sao"),
        key("phong"),
        key("cho"),
        key("bai"),
        key("nu"),
        key("chi"),
        key("anh"),
        key("chau"),
        key("khach"),
        key("don"),
        key("xe"),
        key("tan"),
        key("goi"),
        key("hop"),
        key("chuyen"),
        key("diem"),
        key("inch"),
        key("gb"),
        key("tang"),
        key("mon"),
        key("muc"),
        key("slot"),
        key("tien"),
        key("loai"),
        key("ho"),
        key("vong"),
        key("thung"),
        key("ly"),
        key("tho"),
        key("co"),
    ];
    if money::unit_follows(page, at) {
        return true;
    }
    match page.piece(at).map(|piece| piece.kind) {
        Some(Kind::Mark) => {
            let glued = page.glued(at);
            match page.mark(at) {
                Some('%' | '°' | '$' | '/' | '′' | '"') => true,
                Some(':' | '.' | ',') => glued && page.glued(at + 1) && page.digits(at + 1).is_some(),
                Some('-' | '–') => page.digits(at + 1).is_some(),
                Some('x' | '×') => true,
                _ => false,
            }
        }
        Some(Kind::Digits) => true,
        Some(Kind::Word) => {
            let word = page.word(at);
            page.glued(at) && word != T
                || UNITS.contains(&word)
                    && !matches!(
                        page.str(at),
                        "nữ" | "hỏi"
                            | "còn"
                            | "có"
                            | "họ"
                            | "hồ"
                            | "bỏ"
                            | "năm nữ"
                            | "cần"
                            | "chỉ"
                            | "nam"
                            | "bị"
                    )
        }
        _ => false,
    }
}
