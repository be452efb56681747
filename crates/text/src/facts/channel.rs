//! Through which service a number or name is to be reached: Zalo, Telegram and the rest, however they are spelled.
//!
//! Cues are read from the tokens, where `z.a.l.o` has been joined, and only across filler words.

use crate::reading::{Span, Token};

use super::Page;

/// The services named beside a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Channels {
    pub zalo: bool,
    pub telegram: bool,
    pub whatsapp: bool,
    pub viber: bool,
    /// A plain call: `gọi`, `sđt`, `hotline`.
    pub call: bool,
}

/// One step of reading cues: what the token at an index says.
enum Word {
    Cue(Channels, usize),
    Filler,
    Other,
}

/// How many tokens before a contact may hold its cue.
const REACH: usize = 7;

/// The services named around a contact that stands at `span`.
pub(super) fn around(page: &Page, span: Span) -> Channels {
    let tokens = &page.view.tokens;
    let first = tokens.partition_point(|token| token.span.end <= span.start);
    let after = tokens.partition_point(|token| token.span.start < span.end);
    let mut found = before(page, first, span);
    let next = following(page, after, span);
    found.zalo |= next.zalo;
    found.telegram |= next.telegram;
    found.whatsapp |= next.whatsapp;
    found.viber |= next.viber;
    found
}

fn before(page: &Page, first: usize, span: Span) -> Channels {
    let tokens = &page.view.tokens;
    let mut found = Channels::default();
    let mut at = first;
    let mut seen = false;
    let lowest = first.saturating_sub(REACH);
    while at > lowest {
        let Some(token) = tokens.get(at - 1) else { break };
        let until = tokens.get(at).map_or(span.start, |next| next.span.start.min(span.start));
        if broken(page, token.span.end, until) {
            break;
        }
        match read(page, at - 1) {
            Word::Cue(channels, length) => {
                join(&mut found, channels);
                seen = true;
                at -= length.min(at);
            }
            Word::Filler => at -= 1,
            Word::Other if seen => break,
            // A few foreign words, such as a name, may stand between cue and contact, but no other contact.
            Word::Other if first - at > 2 || page.raw(token.span).contains(|c: char| c.is_numeric() || c == '@') => {
                break;
            }
            Word::Other => at -= 1,
        }
    }
    found
}

/// `(zalo)`, `có zalo`, `zalo/viber` after a number, unless another contact follows the word.
fn following(page: &Page, after: usize, span: Span) -> Channels {
    let tokens = &page.view.tokens;
    let mut found = Channels::default();
    let mut at = after;
    let mut end = span.end;
    while at < after + 4 {
        let Some(token) = tokens.get(at) else { break };
        if broken(page, end, token.span.start) {
            break;
        }
        end = token.span.end;
        match fold(page, token) {
            "zalo" | "zl" | "dalo" => found.zalo = true,
            "telegram" | "tele" => found.telegram = true,
            "whatsapp" => found.whatsapp = true,
            "viber" => found.viber = true,
            "co" | "ca" | "dung" | "ket" | "ban" | "va" | "la" | "luon" | "hoac" | "qua" | "so" | "nay" | "goi" => {}
            _ => break,
        }
        at += 1;
    }
    if found == Channels::default() {
        return found;
    }
    let contact_follows = (at..at + 3).map_while(|at| tokens.get(at)).any(|token| {
        page.raw(token.span).bytes().any(|byte| byte.is_ascii_digit() || byte == b'@')
            || page.view.raw.as_bytes().get((token.span.start as usize).wrapping_sub(1)) == Some(&b'@')
    });
    if contact_follows { Channels::default() } else { found }
}

/// The most bytes between a cue and the next token.
const LONGEST_GAP: u32 = 24;

/// A line break or the end of a sentence stands in this stretch of the original.
fn broken(page: &Page, from: u32, until: u32) -> bool {
    // A long gap is a break, and is not searched: a number may be one token of a whole page.
    if until.saturating_sub(from) > LONGEST_GAP {
        return true;
    }
    let gap = page.view.raw.get(from as usize..until.max(from) as usize).unwrap_or("");
    gap.contains(['\n', ';', '!', '?']) || gap.contains(". ")
}

fn fold<'a>(page: &Page<'a>, token: &Token) -> &'a str {
    page.view.fold.get(token.fold.0 as usize..token.fold.1 as usize).unwrap_or("")
}

fn exact<'a>(page: &Page<'a>, token: &Token) -> &'a str {
    page.view.canon.get(token.canon.0 as usize..token.canon.1 as usize).unwrap_or("")
}

/// Reads the cue that ends at token `at`.
fn read(page: &Page, at: usize) -> Word {
    let tokens = &page.view.tokens;
    let Some(token) = tokens.get(at) else { return Word::Other };
    let previous = at.checked_sub(1).and_then(|at| tokens.get(at));
    let word = fold(page, token);
    let one = |channels| Word::Cue(channels, 1);
    let zalo = Channels { zalo: true, ..Channels::default() };
    let telegram = Channels { telegram: true, ..Channels::default() };
    match word {
        "zalo" | "zl" | "dalo" | "jalo" | "zlo" | "zalu" | "zaloo" | "zaalo" => one(zalo),
        "lo" => match previous {
            // `da lô` hides the name, `đã lo` means "has taken care of".
            Some(head) if matches!(exact(page, head), "da" | "za" | "gia" | "ja" | "dza" | "ra") => {
                if matches!(exact(page, token), "lô" | "lo" | "ló" | "lồ") {
                    Word::Cue(zalo, 2)
                } else {
                    Word::Other
                }
            }
            _ => Word::Other,
        },
        "lao" => match previous {
            Some(head) if matches!(fold(page, head), "zep" | "dep" | "giep" | "zip") => Word::Cue(zalo, 2),
            _ => Word::Other,
        },
        "telegram" | "tele" | "tlg" | "teleg" | "telegam" | "tg" | "telegramm" => one(telegram),
        "gram" | "ram" | "go" | "gam" => Word::Cue(telegram, spelled_telegram(page, at)).keep(),
        "le" => match previous {
            Some(head) if fold(page, head) == "te" => Word::Cue(telegram, 2),
            _ => Word::Other,
        },
        "whatsapp" | "whatapp" | "whatsap" | "wa" | "wsapp" | "whatapps" => {
            one(Channels { whatsapp: true, ..Channels::default() })
        }
        "viber" => one(Channels { viber: true, ..Channels::default() }),
        "sdt" | "dt" | "goi" | "call" | "hotline" | "alo" | "lh" | "phone" | "tel" | "sodt" => {
            one(Channels { call: true, ..Channels::default() })
        }
        "em" | "e" | "minh" | "anh" | "a" | "chi" | "c" | "so" | "la" | "cua" | "qua" | "tu" | "van" | "dat" | "ve"
        | "cho" | "co" | "ad" | "hr" | "hoac" | "va" | "hay" | "toi" | "chu" | "ben" | "nay" | "nhe" | "nha"
        | "cung" | "ca" | "ket" | "ban" | "theo" | "luon" | "id" | "nick" | "dia" | "chinh" | "rieng" => Word::Filler,
        _ => Word::Other,
    }
}

impl Word {
    /// A cue of no tokens is no cue.
    fn keep(self) -> Word {
        match self {
            Word::Cue(_, 0) => Word::Other,
            other => other,
        }
    }
}

/// How many tokens up to and including `at` spell `tê lê (gờ) ram` or `tê lê gram`; 0 when they do not.
fn spelled_telegram(page: &Page, at: usize) -> usize {
    let tokens = &page.view.tokens;
    let word = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at)).map_or("", |token| fold(page, token));
    match (word(3), word(2), word(1), word(0)) {
        ("te", "le", "go" | "gờ", "ram" | "gam") => 4,
        (_, "te", "le", "gram" | "gam" | "ram") => 3,
        (_, _, "tele", "gram" | "gam") => 2,
        _ => 0,
    }
}

fn join(found: &mut Channels, more: Channels) {
    found.zalo |= more.zalo;
    found.telegram |= more.telegram;
    found.whatsapp |= more.whatsapp;
    found.viber |= more.viber;
    found.call |= more.call;
}
