//! Emergency and service numbers, which are phones only where the words around ask to call.

use super::detail;
use crate::facts::lex::{Kind, key};
use crate::facts::{FactKind, Page};

/// Emergency and service numbers: 111, 113, 1900 xxxx, 1800 xxxx, only where the words around ask to call.
pub(super) fn at(page: &mut Page, at: usize) -> bool {
    let Some(digits) = page.digits(at) else { return false };
    let bare = !page.glued(at)
        || matches!(page.mark(at.wrapping_sub(1)), Some('(' | ':' | '"' | '“' | '*'))
        || page.mark(at.wrapping_sub(1)).is_some_and(|mark| !mark.is_ascii());
    if !bare {
        return false;
    }
    match digits.len() {
        3 if matches!(digits, "111" | "112" | "113" | "114" | "115") => {
            let next_glued = page.glued(at + 1)
                && (page.digits(at + 1).is_some()
                    || page.word(at + 1) != 0
                    || (matches!(page.mark(at + 1), Some('.' | ',' | '/' | '-' | '%'))
                        && page.glued(at + 2)
                        && page.digits(at + 2).is_some()));
            if next_glued || !asked_to_call(page, at) || counted(page, at + 1) {
                return false;
            }
            page.add(FactKind::Phone, digits.to_owned(), at, at + 1, detail([("kind", "short")]));
            true
        }
        4 | 8 | 10 if digits.starts_with("1900") || digits.starts_with("1800") => {
            let mut all = digits.to_owned();
            let mut end = at + 1;
            while all.len() < 8 {
                let skip = usize::from(matches!(page.mark(end), Some('.' | '-')));
                let Some(more) = page.digits(end + skip).filter(|more| more.len() <= 6) else { break };
                all.push_str(more);
                end += skip + 1;
            }
            if !matches!(all.len(), 8 | 10) || page.glued(end) && page.word(end) != 0 {
                return false;
            }
            page.add(FactKind::Phone, all, at, end, detail([("kind", "service")]));
            true
        }
        _ => false,
    }
}

/// The words before a short number ask to call or report, or another short number stands before it.
fn asked_to_call(page: &Page, at: usize) -> bool {
    const CALLS: [u64; 17] = [
        key("goi"),
        key("alo"),
        key("hotline"),
        key("dai"),
        key("call"),
        key("bao"),
        key("dt"),
        key("sdt"),
        key("giac"),
        key("thoai"),
        key("lh"),
        key("nghe"),
        key("nong"),
        key("phone"),
        key("tel"),
        key("quay"),
        key("dien"),
    ];
    let mut words = 0;
    for back in 1..=8 {
        let Some(index) = at.checked_sub(back) else { return false };
        let Some(piece) = page.piece(index) else { return false };
        match piece.kind {
            Kind::Break => return false,
            Kind::Mark if matches!(page.mark(index), Some('📞' | '☎' | '📱')) => return true,
            Kind::Mark if matches!(page.mark(index), Some('.' | ';' | '!' | '?')) => return false,
            Kind::Mark => {}
            Kind::Digits => return matches!(page.str(index), "111" | "112" | "113" | "114" | "115") && words <= 1,
            Kind::Word => {
                if CALLS.contains(&piece.key) {
                    return true;
                }
                words += 1;
                if words > 4 {
                    return false;
                }
            }
        }
    }
    false
}

/// A noun that is counted, or a unit, follows: `111 người` is no phone.
fn counted(page: &Page, at: usize) -> bool {
    const COUNTED: [u64; 16] = [
        key("nguoi"),
        key("trieu"),
        key("tr"),
        key("k"),
        key("nghin"),
        key("ngan"),
        key("ty"),
        key("kg"),
        key("km"),
        key("suat"),
        key("ban"),
        key("tuoi"),
        key("ngay"),
        key("vu"),
        key("truong"),
        key("nan"),
    ];
    COUNTED.contains(&page.word(at))
}
