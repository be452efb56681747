//! Names and addresses at which somebody can be reached: e-mail, `@name`, `wechat: name`, links to profiles.
//!
//! Runs before all other extractors, so that digits inside an address are not read as phones or money. Links are
//! classified by [`url`](super::url).

use serde_json::Map;

use super::lex::{Kind, key};
use super::{FactKind, Page, detail, url};

/// The longest name or host label row that is read, in pieces; longer ones are noise.
const MOST_PIECES: usize = 64;

/// Finds all addresses of a page.
pub(super) fn extract(page: &mut Page) {
    let mut next = 0;
    for at in std::mem::take(&mut page.joints) {
        let at = at as usize;
        if at < next {
            continue;
        }
        next = match page.pieces[at].kind {
            Kind::Mark => mark(page, at),
            Kind::Word => word(page, at),
            Kind::Digits => url::starting_at(page, at),
            Kind::Break => None,
        }
        .unwrap_or(at + 1);
    }
}

const CHAM: u64 = key("cham");
const DOT: u64 = key("dot");
const CONG: u64 = key("cong");
const TE: u64 = key("te");
const LE: u64 = key("le");

fn mark(page: &mut Page, at: usize) -> Option<usize> {
    match page.mark(at)? {
        '@' => name(page, at),
        '.' | ',' | '[' | '(' | '{' | '<' => url::defanged_at(page, at),
        _ => None,
    }
}

/// Words that join a disguised address or introduce a name.
pub(super) const JOINING: [u64; 4 + SERVICES.len()] = {
    let mut words = [CHAM; 4 + SERVICES.len()];
    (words[1], words[2], words[3]) = (DOT, CONG, LE);
    let mut at = 0;
    while at < SERVICES.len() {
        words[4 + at] = SERVICES[at].0;
        at += 1;
    }
    words
};

fn word(page: &mut Page, at: usize) -> Option<usize> {
    let word = page.pieces[at].key;
    match word {
        CHAM | DOT => url::defanged_at(page, at),
        CONG if page.word_before(at, 1) == key("a") => url::defanged_at(page, at - 1),
        // `tê lê: hr_kh88`
        LE if page.word_before(at, 1) == TE => introduced(page, at, key("telegram")),
        _ => url::starting_at(page, at).or_else(|| introduced(page, at, word)),
    }
}

/// One past the last piece of the name that starts at `at`: ASCII letters, digits, `_`, and `.` and `-` inside.
pub(super) fn name_end(page: &Page, at: usize) -> usize {
    let mut end = at;
    while end < at + MOST_PIECES && (end == at || page.glued(end)) {
        let fits = match page.piece(end).map(|piece| piece.kind) {
            Some(Kind::Digits) => true,
            Some(Kind::Word) => page.str(end).is_ascii(),
            Some(Kind::Mark) => match page.mark(end) {
                Some('_') => true,
                Some('.' | '-') => {
                    let next = page.piece(end + 1).map(|piece| piece.kind);
                    end > at && page.glued(end + 1) && matches!(next, Some(Kind::Word | Kind::Digits))
                        || end > at && page.mark(end + 1) == Some('_') && page.glued(end + 1)
                }
                _ => false,
            },
            _ => false,
        };
        if !fits {
            break;
        }
        end += 1;
    }
    end
}

/// `@name`: Telegram, unless the word before names another service.
fn name(page: &mut Page, at: usize) -> Option<usize> {
    let after_letters = page.glued(at) && at > 0 && page.piece(at - 1).is_some_and(|p| p.kind != Kind::Mark);
    if after_letters || !page.glued(at + 1) {
        return None;
    }
    let end = name_end(page, at + 1);
    let name = page.slice(at + 1, end);
    let crowd = matches!(name, "everyone" | "all" | "here" | "channel" | "admin" | "mod" | "highlight" | "theo");
    if name.len() < 3 || crowd || !name.contains(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let service = service_before(page, at);
    let dotted = name.contains(['.', '-']);
    let (kind, value, known) = match service {
        Some(Service::Tiktok) => (FactKind::Tiktok, format!("@{name}"), true),
        Some(Service::Facebook) => (FactKind::Facebook, format!("user:{name}"), true),
        Some(Service::Other(service)) => (FactKind::Handle, format!("{service}:{name}"), true),
        // Telegram names have no dots; the name may end where a sentence does.
        _ if dotted => return None,
        other => (FactKind::Telegram, format!("@{name}"), other.is_some()),
    };
    let detail = if known { Map::new() } else { detail([("conf", "medium")]) };
    page.add(kind, value, at, end, detail);
    Some(end)
}

/// A service that hands out names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Telegram,
    Tiktok,
    Facebook,
    Other(&'static str),
}

const SERVICES: [(u64, Service); 25] = [
    (key("telegram"), Service::Telegram),
    (key("tele"), Service::Telegram),
    (key("tlg"), Service::Telegram),
    (key("tiktok"), Service::Tiktok),
    (key("toptop"), Service::Tiktok),
    (key("facebook"), Service::Facebook),
    (key("fb"), Service::Facebook),
    (key("face"), Service::Facebook),
    (key("wechat"), Service::Other("wechat")),
    (key("weixin"), Service::Other("wechat")),
    (key("wechatid"), Service::Other("wechat")),
    (key("line"), Service::Other("line")),
    (key("kakao"), Service::Other("kakao")),
    (key("kakaotalk"), Service::Other("kakao")),
    (key("viber"), Service::Other("viber")),
    (key("skype"), Service::Other("skype")),
    (key("instagram"), Service::Other("instagram")),
    (key("insta"), Service::Other("instagram")),
    (key("ig"), Service::Other("instagram")),
    (key("signal"), Service::Other("signal")),
    (key("discord"), Service::Other("discord")),
    (key("threads"), Service::Other("threads")),
    (key("twitter"), Service::Other("twitter")),
    (key("potato"), Service::Other("potato")),
    (key("qq"), Service::Other("qq")),
];

fn service(word: u64) -> Option<Service> {
    SERVICES.iter().find(|service| service.0 == word).map(|service| service.1)
}

/// The service named within three pieces before `at`.
fn service_before(page: &Page, at: usize) -> Option<Service> {
    for back in 1..=3 {
        let index = at.checked_sub(back)?;
        if page.piece(index)?.kind == Kind::Break {
            return None;
        }
        if let Some(service) = service(page.word(index)) {
            return Some(service);
        }
    }
    None
}

const ID: u64 = key("id");
const LA: u64 = key("la");
const NICK: u64 = key("nick");

/// `wechat: hr_kh2024`, `tele hr_kh88`: a name behind the word that introduces it. Plain words are no names.
fn introduced(page: &mut Page, at: usize, word: u64) -> Option<usize> {
    let service = service(word)?;
    let mut start = at + 1;
    while start <= at + 4 {
        let skip =
            matches!(page.word(start), ID | LA | NICK) || matches!(page.mark(start), Some(':' | '=' | '-' | '–'));
        if !skip {
            break;
        }
        start += 1;
    }
    if page.glued(start) && page.word(start - 1) != 0 {
        return None;
    }
    let end = name_end(page, start);
    let name = page.slice(start, end);
    let named = name.contains(|c: char| c.is_ascii_digit()) || name.contains('_') || name.contains('.');
    let letters = name.bytes().filter(u8::is_ascii_lowercase).count();
    let starts = page.piece(start).is_some_and(|piece| piece.kind == Kind::Word);
    if !named || !starts || letters < 2 || name.len() < 4 || url::is_host(name) || page.mark(end) == Some('@') {
        return None;
    }
    // A unit behind a number, as in `line 2 25tr`, or a phone with letters in it, is no name.
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let phone_like = digits >= 5 && name.bytes().all(|b| b.is_ascii_digit() || b"oli_.-".contains(&b));
    if phone_like || name.starts_with("2k") {
        return None;
    }
    let (kind, value) = match service {
        Service::Telegram if name.contains(['.', '-']) => return None,
        Service::Telegram => (FactKind::Telegram, format!("@{name}")),
        Service::Tiktok => (FactKind::Tiktok, format!("@{name}")),
        Service::Facebook => (FactKind::Facebook, format!("user:{name}")),
        Service::Other(service) => (FactKind::Handle, format!("{service}:{name}")),
    };
    page.add(kind, value, start, end, detail([("conf", "medium")]));
    Some(end)
}
