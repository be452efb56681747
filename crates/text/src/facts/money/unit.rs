//! Words and signs that make a number money: scales, slang, currencies.

use crate::facts::Page;
use crate::facts::lex::{Kind, key};

/// A million, the scale that wages are told in.
pub(super) const MILLION: u64 = 1_000_000;

/// A unit of money: what it multiplies, and the currency that it names, if any.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    /// How many units of the currency, or how many of what is counted.
    pub times: u64,
    /// ISO 4217, or `USDT`.
    pub currency: Option<&'static str>,
    /// What else the word could mean.
    pub kind: UnitKind,
    /// One past its last piece.
    pub end: usize,
}

/// How surely a word is a unit of money.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// `đồng`, `đô`, `yên`: nothing else can be meant.
    Currency,
    /// `triệu`, `nghìn`, `tỷ`: also counts other things.
    Scale,
    /// `củ`, `chai`, `lít`, `tỏi`: also a tuber, a bottle, a litre, garlic.
    Slang,
}

/// Reads a unit of money at `at`.
pub(super) fn unit(page: &Page, at: usize) -> Option<Unit> {
    let scale = |times| Some(Unit { times, currency: None, kind: UnitKind::Scale, end: at + 1 });
    let slang = |times| Some(Unit { times, currency: None, kind: UnitKind::Slang, end: at + 1 });
    let named =
        |currency, words| Some(Unit { times: 1, currency: Some(currency), kind: UnitKind::Currency, end: at + words });
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
        // `1200u`: the stablecoin that such pay is promised in.
        U if page.glued(at) && text == "u" => {
            Some(Unit { times: 1, currency: Some("USDT"), kind: UnitKind::Slang, end: at + 1 })
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
        // Ten thousand: of a currency, never of people.
        VAN if text == "vạn" => {
            let currency = unit(page, at + 1).filter(|unit| unit.kind == UnitKind::Currency && unit.times == 1)?;
            Some(Unit { times: 10_000, ..currency })
        }
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

/// Whether a unit of money stands at `at`: the number before it is no age, account or time.
pub(in crate::facts) fn unit_follows(page: &Page, at: usize) -> bool {
    unit(page, at).is_some_and(|unit| unit.kind != UnitKind::Slang || !matches!(page.word(at), M | LIT))
}

const TOI: u64 = key("toi");
const MOT: u64 = key("mot");
const TRIEU: u64 = key("trieu");
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
const U: u64 = key("u");
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
const VAN: u64 = key("van");
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
