//! Words around a number that make it a phone, or the number of something else.

use crate::facts::Page;
use crate::facts::lex::{Kind, key};

const SO: u64 = key("so");

/// Words before a number that make it an order, document or device number.
pub(in crate::facts) fn names_code(page: &Page, at: usize) -> bool {
    let mut back = 1;
    let mut words = 0;
    while words < 4 && back <= 7 {
        let Some(index) = at.checked_sub(back) else { return false };
        let Some(piece) = page.piece(index) else { return false };
        match piece.kind {
            Kind::Break => return false,
            Kind::Digits => return false,
            Kind::Mark if matches!(page.mark(index), Some('.' | ';' | ',' | '!' | '?')) => return false,
            Kind::Mark => {}
            Kind::Word => {
                words += 1;
                let previous = page.word_before(index, 1);
                if is_contact_word(piece.key) && piece.key != SO {
                    return false;
                }
                let single = matches!(
                    piece.key,
                    MST | CCCD
                        | CMND
                        | CMT
                        | CMTND
                        | IMEI
                        | SERIAL
                        | SERI
                        | ORDER
                        | INVOICE
                        | TRACKING
                        | BILL
                        | OTP
                        | VOUCHER
                        | BARCODE
                        | ISBN
                        | CIF
                );
                let pair = matches!(
                    (previous, piece.key),
                    (MA, DON | SO | VAN | KHACH | GD | HANG | TRA | HO | GIAO | VACH | VE | TOUR | LO | SP)
                        | (DON, HANG)
                        | (VAN, DON)
                        | (HOA, DON)
                        | (HOP, DONG)
                        | (QUYET, DINH)
                        | (BIEN, SO | LAI)
                        | (THUE, SO)
                        | (HO, CHIEU | SO)
                        | (CAN, CUOC)
                        | (GIAO, DICH)
                        | (SO, LO | KHUNG | MAY | SERI | HIEU | HD)
                        | (NGHI, DINH)
                        | (GIAY, PHEP)
                );
                if single || pair {
                    return true;
                }
            }
        }
        back += 1;
    }
    false
}

const MA: u64 = key("ma");
const DON: u64 = key("don");
const VAN: u64 = key("van");
const KHACH: u64 = key("khach");
const GD: u64 = key("gd");
const HANG: u64 = key("hang");
const TRA: u64 = key("tra");
const HO: u64 = key("ho");
const GIAO: u64 = key("giao");
const VACH: u64 = key("vach");
const VE: u64 = key("ve");
const TOUR: u64 = key("tour");
const LO: u64 = key("lo");
const SP: u64 = key("sp");
const HOA: u64 = key("hoa");
const HOP: u64 = key("hop");
const DONG: u64 = key("dong");
const QUYET: u64 = key("quyet");
const DINH: u64 = key("dinh");
const BIEN: u64 = key("bien");
const LAI: u64 = key("lai");
const THUE: u64 = key("thue");
const CHIEU: u64 = key("chieu");
const CAN: u64 = key("can");
const CUOC: u64 = key("cuoc");
const DICH: u64 = key("dich");
const KHUNG: u64 = key("khung");
const MAY: u64 = key("may");
const HIEU: u64 = key("hieu");
const HD: u64 = key("hd");
const NGHI: u64 = key("nghi");
const GIAY: u64 = key("giay");
const PHEP: u64 = key("phep");
const MST: u64 = key("mst");
const CCCD: u64 = key("cccd");
const CMND: u64 = key("cmnd");
const CMT: u64 = key("cmt");
const CMTND: u64 = key("cmtnd");
const IMEI: u64 = key("imei");
const SERIAL: u64 = key("serial");
const SERI: u64 = key("seri");
const ORDER: u64 = key("order");
const INVOICE: u64 = key("invoice");
const TRACKING: u64 = key("tracking");
const BILL: u64 = key("bill");
const OTP: u64 = key("otp");
const VOUCHER: u64 = key("voucher");
const BARCODE: u64 = key("barcode");
const ISBN: u64 = key("isbn");
const CIF: u64 = key("cif");

/// Words that are glued to or stand before a phone.
pub(in crate::facts) fn is_contact_word(word: u64) -> bool {
    const WORDS: [u64; 26] = [
        key("zalo"),
        key("zl"),
        key("sdt"),
        key("dt"),
        key("tel"),
        key("phone"),
        key("call"),
        key("goi"),
        key("alo"),
        key("lh"),
        key("hotline"),
        key("ib"),
        key("inbox"),
        key("tele"),
        key("telegram"),
        key("viber"),
        key("whatsapp"),
        key("mobile"),
        key("mob"),
        key("fone"),
        key("dtdd"),
        key("sms"),
        key("nt"),
        key("lienhe"),
        key("momo"),
        key("so"),
    ];
    WORDS.contains(&word)
}
