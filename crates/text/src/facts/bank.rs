//! Bank accounts and e-wallets. An account number is known only by its neighbours: the name of a bank within forty
//! characters, or a word that asks for a transfer. A number that is also a valid phone yields both.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::lex::{self, Kind, key};
use super::{FactKind, Page, detail, money, phone};

/// Names of banks by the key of their first word, longest first, with their BIN at NAPAS.
struct Banks {
    names: HashMap<u64, Vec<(Vec<u64>, String)>>,
}

static BANKS: LazyLock<Banks> = LazyLock::new(|| {
    let mut names: HashMap<u64, Vec<(Vec<u64>, String)>> = HashMap::new();
    let mut reader = csv::ReaderBuilder::new().from_reader(include_str!("../../data/banks.csv").as_bytes());
    for row in reader.records().flatten() {
        let bin = row.get(0).unwrap_or("");
        for name in row.get(2).unwrap_or("").split('|').filter(|name| !name.is_empty()) {
            let lower = name.to_lowercase();
            let words = lex::cut(&lower, &super::HEADS).pieces.into_iter().filter(|piece| piece.kind == Kind::Word);
            let keys: Vec<u64> = words.map(|piece| piece.key).collect();
            if let Some(&first) = keys.first() {
                let entry = names.entry(first).or_default();
                let at = entry.partition_point(|(other, _)| other.len() >= keys.len());
                entry.insert(at, (keys, bin.to_owned()));
            }
        }
    }
    Banks { names }
});

/// The bank whose name starts at `at`: its BIN and the end of the name.
fn bank(page: &Page, at: usize) -> Option<(&'static str, usize)> {
    let word = page.word(at);
    if word == 0 {
        return None;
    }
    let entry = BANKS.names.get(&word)?;
    'names: for (keys, bin) in entry {
        let mut end = at;
        for key in keys {
            while matches!(page.mark(end), Some('&' | '-')) && end > at {
                end += 1;
            }
            if page.word(end) != *key {
                continue 'names;
            }
            end += 1;
        }
        return Some((bin, end));
    }
    None
}

const STK: u64 = key("stk");
const TK: u64 = key("tk");
const SO: u64 = key("so");
const TAI: u64 = key("tai");
const KHOAN: u64 = key("khoan");
const CK: u64 = key("ck");
const CHUYEN: u64 = key("chuyen");
const COC: u64 = key("coc");
const NGAN: u64 = key("ngan");
const HANG: u64 = key("hang");
const NH: u64 = key("nh");
const BANK: u64 = key("bank");
const BANKING: u64 = key("banking");
const MOMO: u64 = key("momo");
const CHU: u64 = key("chu");
const CTK: u64 = key("ctk");
const LA: u64 = key("la");
const TEN: u64 = key("ten");

/// The shortest and longest account numbers.
const LENGTHS: std::ops::RangeInclusive<usize> = 6..=19;
/// How far a bank's name may stand from the number, in bytes of soft text.
const REACH: u32 = 48;

/// What the words before a number say.
#[derive(Default)]
struct Before {
    bank: Option<&'static str>,
    /// `stk`, `số tài khoản`.
    account: bool,
    /// `chuyển khoản`, `cọc qua`.
    transfer: bool,
    wallet: Option<&'static str>,
}

/// Tries an account number or wallet at a digit run.
pub(super) fn at(page: &mut Page, at: usize) -> bool {
    let Some(first) = page.digits(at) else { return false };
    if first.len() < 3
        || page.glued(at) && at > 0 && page.word(at - 1) != 0
        || page.continues_number(at, &['.', ',', '/'])
    {
        return false;
    }
    let found = number(page, at);
    // A wallet's number may be written with dots, which accounts are not.
    if found.is_none() && !first.starts_with('0') {
        return false;
    }
    let before = before(page, at);
    if let Some(wallet) = before.wallet {
        return self::wallet(page, at, wallet);
    }
    let Some((number, end)) = found else { return false };
    let after = after(page, end);
    let bank = before.bank.or(after.map(|(bin, _)| bin));
    // Six or seven digits are an account only where the cue stands directly before them.
    let asked = number.len() >= 8 || bank.is_some() || cue_beside(page, at);
    let told = before.account && asked || bank.is_some() && (before.transfer || number.len() >= 8);
    let transferred = before.transfer && number.len() >= 9;
    if !told && !transferred || money::unit_follows(page, end) || phone::names_code(page, at) {
        return false;
    }
    let phone = phone::national(&number).filter(|_| number.starts_with('0') && number.len() == 10);
    if phone.is_some() && !before.account && before.bank.is_none() {
        return false;
    }
    let mut detail = Map::new();
    if bank.is_none() {
        detail.insert("conf".into(), Value::from("low"));
    }
    if let Some(holder) = holder(page, after.map_or(end, |(_, end)| end)) {
        detail.insert("holder".into(), Value::from(holder));
    }
    if let Some(phone) = phone {
        let span = page.span(at, end);
        page.add_at(FactKind::Phone, phone, span, super::detail([("conf", "low"), ("cue", "bank")]));
    }
    page.add(FactKind::BankAccount, format!("{}:{number}", bank.unwrap_or("?")), at, end, detail);
    true
}

/// Whether `stk`, `tài khoản` or the like stands before `at` with at most marks and `số`, `là` between.
fn cue_beside(page: &Page, at: usize) -> bool {
    let mut back = at;
    while back > 0 && at - back < 4 {
        back -= 1;
        match page.word(back) {
            STK | TK | KHOAN | HANG => return true,
            SO | LA => {}
            _ if page.mark(back).is_some() => {}
            _ => return false,
        }
    }
    false
}

/// Digits of an account number, in groups with single blanks between them; its end.
fn number(page: &Page, at: usize) -> Option<(String, usize)> {
    let first = page.digits(at)?;
    let mut number = first.to_owned();
    let mut end = at + 1;
    // Short first groups go on: `1903 1234 5678 90`.
    while (3..=5).contains(&page.str(end - 1).len()) || end > at + 1 {
        let skip = usize::from(page.mark(end) == Some('-') && page.glued(end) && page.glued(end + 1));
        let Some(more) = page.digits(end + skip).filter(|more| (2..=5).contains(&more.len())) else { break };
        let next = page.piece(end + skip)?;
        let apart = next.start - page.piece(end + skip - 1)?.end;
        if apart > 1 || number.len() + more.len() > *LENGTHS.end() {
            break;
        }
        number.push_str(more);
        end += skip + 1;
    }
    let dotted = matches!(page.mark(end), Some('.' | ',' | '/'))
        && page.glued(end)
        && page.glued(end + 1)
        && page.digits(end + 1).is_some();
    let glued = page.glued(end) && page.word(end) != 0;
    (LENGTHS.contains(&number.len()) && !dotted && !glued).then_some((number, end))
}

/// Reads the words before a number, on its line, up to another number.
fn before(page: &Page, at: usize) -> Before {
    let mut found = Before::default();
    let Some(start) = page.piece(at).map(|piece| piece.start) else { return found };
    for index in (at.saturating_sub(12)..at).rev() {
        let Some(piece) = page.piece(index) else { break };
        if piece.kind == Kind::Break || piece.start + REACH < start {
            break;
        }
        if piece.kind == Kind::Digits {
            break;
        }
        let previous = page.word_before(index, 1);
        match piece.key {
            _ if piece.kind != Kind::Word => {}
            STK | TK => found.account = true,
            KHOAN if previous == TAI => found.account = true,
            KHOAN if previous == CHUYEN => found.transfer = true,
            CK | CHUYEN | COC | BANKING => found.transfer = true,
            HANG if previous == NGAN => found.account |= page.word_before(index, 2) == SO,
            MOMO => found.wallet = found.wallet.or(Some("momo")),
            word => {
                const WALLETS: [(u64, &str); 7] = [
                    (key("zalopay"), "zalopay"),
                    (key("viettelpay"), "viettelmoney"),
                    (key("viettelmoney"), "viettelmoney"),
                    (key("shopeepay"), "shopeepay"),
                    (key("airpay"), "shopeepay"),
                    (key("vnpay"), "vnpay"),
                    (key("vtpay"), "viettelmoney"),
                ];
                if let Some(wallet) = WALLETS.iter().find(|wallet| wallet.0 == word) {
                    found.wallet = found.wallet.or(Some(wallet.1));
                } else if phone::is_contact_word(word) && word != SO && !found.account && found.bank.is_none() {
                    // `Zalo 0912…` nearer than any bank is a phone.
                    break;
                } else if let Some((bin, _)) = bank(page, index) {
                    found.bank = found.bank.or(Some(bin));
                }
            }
        }
    }
    found
}

/// The bank named right behind a number.
fn after(page: &Page, end: usize) -> Option<(&'static str, usize)> {
    let mut at = end;
    while at < end + 5 {
        let skip = matches!(page.mark(at), Some('-' | '–' | ',' | '(' | ':' | '/' | '|' | '.'))
            || matches!(page.word(at), NGAN | HANG | NH | BANK | TAI);
        if let Some(found) = bank(page, at) {
            let end = found.1 + usize::from(page.word(found.1) == BANK);
            return Some((found.0, end));
        }
        if !skip {
            return None;
        }
        at += 1;
    }
    None
}

/// The holder in capitals behind a number and its bank.
fn holder(page: &Page, end: usize) -> Option<String> {
    let mut at = end;
    let mut told = false;
    while at < end + 6 {
        match page.word(at) {
            CTK | TEN | CHU | TK | TAI | KHOAN => told = true,
            0 if matches!(page.mark(at), Some('-' | '–' | ':' | ',' | '(' | ')' | '.')) => {}
            _ => break,
        }
        at += 1;
    }
    let start = at;
    while at < start + 5 && page.word(at) != 0 {
        let raw = page.raw(page.span(at, at + 1));
        let capitals = raw.chars().all(char::is_uppercase);
        let title = told && raw.starts_with(char::is_uppercase);
        if !capitals && !title {
            break;
        }
        at += 1;
    }
    let whole = page.raw(page.span(start, at));
    (at >= start + 2 && at <= start + 5).then(|| whole.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A wallet is a phone number beside the name of the wallet; the phone itself is read as well.
fn wallet(page: &mut Page, at: usize, wallet: &str) -> bool {
    let Some(digits) = page.digits(at) else { return false };
    let mut all = digits.to_owned();
    let mut end = at + 1;
    while all.len() < 10 {
        let skip = usize::from(matches!(page.mark(end), Some('.' | '-')));
        let Some(more) = page.digits(end + skip) else { break };
        all.push_str(more);
        end += skip + 1;
    }
    if let Some(value) = phone::national(&all) {
        let span = page.span(at, end);
        page.add_at(FactKind::Wallet, format!("{wallet}:{value}"), span, detail([]));
    }
    false
}
