//! Links and e-mail addresses, also defanged ones (`hxxp`, `[.]`, `chấm com`, `(at)`), and what profile links stand for.
//!
//! Hosts are in lower case, paths as written; parameters that only track (`utm_*`, `fbclid`, …) are left out.

use serde_json::{Map, Value};

use super::lex::Kind;
use super::{FactKind, Page, handle, phone};

/// The longest link that is read, in pieces.
const MOST_PIECES: usize = 400;

/// Endings that make a domain without a scheme or path.
const ENDINGS: [&str; 44] = [
    "com", "net", "org", "vn", "info", "xyz", "online", "site", "top", "shop", "club", "vip", "example", "app", "io",
    "dev", "edu", "gov", "biz", "cc", "asia", "tech", "store", "live", "link", "pro", "work", "jobs", "page", "win",
    "bet", "kh", "cn", "jp", "kr", "tw", "hk", "sg", "my", "th", "ph", "us", "uk", "eu",
];
/// Endings that are also words; they need a path.
const WORDY_ENDINGS: [&str; 12] = ["me", "ly", "co", "la", "gl", "to", "tv", "ai", "id", "gy", "ee", "gd"];

const SHORTENERS: [&str; 20] = [
    "bit.ly",
    "tinyurl.com",
    "goo.gl",
    "cutt.ly",
    "is.gd",
    "t.co",
    "s.id",
    "shorturl.at",
    "rb.gy",
    "ow.ly",
    "rebrand.ly",
    "tiny.cc",
    "lnkd.in",
    "shope.ee",
    "by.com.vn",
    "bom.so",
    "v.gd",
    "t.ly",
    "short.gy",
    "linktr.ee",
];

/// Whether a dotted name is a host rather than a user name.
pub(super) fn is_host(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// Tries a link or e-mail that starts at the letters or digits at `at`; one past its end.
pub(super) fn starting_at(page: &mut Page, at: usize) -> Option<usize> {
    if page.mark(at + 1) == Some(':') && page.mark(at + 2) == Some('/') && page.mark(at + 3) == Some('/') {
        return with_scheme(page, at);
    }
    // Cheap test first: most words have neither a dot nor an at behind them.
    let next = page.piece(at + 1)?;
    let glued = page.glued(at + 1);
    if !glued || next.kind == Kind::Break || at < page.no_link_before {
        return None;
    }
    let end = handle::name_end(page, at);
    if page.mark(end) == Some('@') && page.glued(end) {
        return email(page, at, end);
    }
    let host = page.slice(at, end);
    let Some((_, ending)) = host.rsplit_once('.') else {
        page.no_link_before = end;
        return None;
    };
    let path = page.glued(end) && matches!(page.mark(end), Some('/' | '?'));
    let known = ENDINGS.contains(&ending) || path && WORDY_ENDINGS.contains(&ending);
    if !known {
        page.no_link_before = end;
        return None;
    }
    if host.contains('_') || !host.contains(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let until = if path { link_end(page, end) } else { end };
    link(page, at, until, host, page.slice(end, until), "https", None);
    Some(until)
}

/// `https://…`, `hxxp://…`, `tg://resolve?domain=…`.
fn with_scheme(page: &mut Page, at: usize) -> Option<usize> {
    let scheme = match page.str(at) {
        "https" | "hxxps" | "htxps" | "httрs" => "https",
        "http" | "hxxp" => "http",
        "tg" => "tg",
        "zalo" | "fb" | "line" => return None,
        _ => return None,
    };
    let start = at + 4;
    let until = link_end(page, start);
    if until <= start {
        return None;
    }
    let disguise = page.str(at).contains("xx").then_some("defanged");
    if scheme == "tg" {
        let rest = page.slice(start, until);
        let rest = cased(page, page.pieces[start].start as usize, rest);
        let parameter = |name: &str| rest.split_once(name).map(|(_, value)| value.split('&').next().unwrap_or(value));
        let value = match (parameter("domain="), parameter("invite=")) {
            (Some(name), _) => format!("@{}", name.to_ascii_lowercase()),
            (None, Some(hash)) => format!("invite:{hash}"),
            // It names nobody, and nothing inside it does.
            (None, None) => return Some(until),
        };
        page.add(FactKind::Telegram, value, at, until, Map::new());
        return Some(until);
    }
    let whole = page.slice(start, until).replace("[.]", ".").replace("(.)", ".").replace("[dot]", ".");
    let split = whole.find(['/', '?', '#']).unwrap_or(whole.len());
    let (host, path) = whole.split_at(split);
    let path_start = page.pieces.get(until - 1).map_or(0, |piece| piece.end as usize).saturating_sub(path.len());
    let path = cased(page, path_start, path);
    link_parts(page, at, until, host, &path, scheme, disguise.or(whole.contains('[').then_some("defanged")));
    Some(until)
}

/// One past the last piece of a link: up to a blank or a letter that no link has, less closing punctuation.
fn link_end(page: &Page, from: usize) -> usize {
    let mut end = from;
    while end < from + MOST_PIECES && (end == from || page.glued(end)) {
        let fits = match page.piece(end).map(|piece| piece.kind) {
            Some(Kind::Word) => page.str(end).is_ascii(),
            Some(Kind::Digits) => true,
            Some(Kind::Mark) => {
                page.mark(end).is_some_and(|mark| mark.is_ascii_graphic() && !"<>\"`{}|\\^".contains(mark))
            }
            _ => false,
        };
        if !fits {
            break;
        }
        end += 1;
    }
    while end > from {
        let open = page.slice(from, end).matches('(').count();
        let close = page.slice(from, end).matches(')').count();
        match page.mark(end - 1) {
            Some('.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | ']' | '[' | '(' | '~') => end -= 1,
            Some(')') if close > open => end -= 1,
            _ => break,
        }
    }
    end
}

/// `name@host.tld`.
fn email(page: &mut Page, at: usize, sign: usize) -> Option<usize> {
    if !page.glued(sign + 1) {
        return None;
    }
    let end = handle::name_end(page, sign + 1);
    let host = page.slice(sign + 1, end);
    let (_, ending) = host.rsplit_once('.')?;
    if ending.len() < 2 || !ending.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let value = page.slice(at, end).to_owned();
    page.add(FactKind::Email, value, at, end, Map::new());
    Some(end)
}

/// What stands for a dot or an at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    Dot,
    At,
}

/// Reads a disguised dot or at at `at`: `[.]`, `(dot)`, ` chấm `, `(at)`, ` . `; what it is and its end.
fn joint(page: &Page, at: usize) -> Option<(Joint, usize)> {
    let plain = |at: usize| match page.mark(at) {
        Some('.' | ',') => Some(Joint::Dot),
        Some('@') => Some(Joint::At),
        _ => match page.str(at) {
            "dot" | "chấm" | "cham" => Some(Joint::Dot),
            "at" => Some(Joint::At),
            _ => None,
        },
    };
    match page.mark(at) {
        Some(open @ ('[' | '(' | '{' | '<')) => {
            let close = match open {
                '[' => ']',
                '(' => ')',
                '{' => '}',
                _ => '>',
            };
            (page.mark(at + 2) == Some(close)).then(|| plain(at + 1)).flatten().map(|joint| (joint, at + 3))
        }
        Some('.' | ',') => {
            // A dot with blanks around it, or a comma in a known host, not the end of a sentence.
            Some((Joint::Dot, at + 1))
        }
        Some('@') => Some((Joint::At, at + 1)),
        _ => match (page.str(at), page.str(at + 1)) {
            ("a", "còng" | "cong" | "móc") => Some((Joint::At, at + 2)),
            _ => plain(at).filter(|&joint| joint == Joint::Dot).map(|joint| (joint, at + 1)),
        },
    }
}

/// Hosts of services, as their labels, that may be written with blanks or commas.
const SPACED_HOSTS: [(&str, &str); 12] = [
    ("t", "me"),
    ("m", "me"),
    ("zalo", "me"),
    ("wa", "me"),
    ("line", "me"),
    ("fb", "com"),
    ("facebook", "com"),
    ("tiktok", "com"),
    ("zaloapp", "com"),
    ("bit", "ly"),
    ("telegram", "me"),
    ("instagram", "com"),
];

/// Tries a disguised link or e-mail around the joint at `at`; one past its end.
pub(super) fn defanged_at(page: &mut Page, at: usize) -> Option<usize> {
    let (first, after) = joint(page, at)?;
    let bare_joint = matches!(page.mark(at), Some('.' | ','));
    if bare_joint && !matches!(page.str(after), "me" | "com" | "net" | "vn" | "org" | "ly") {
        return None;
    }
    let start = label_start(page, at)?;
    if page.taken[start..at].contains(&true) {
        return None;
    }
    let mut text = page.slice(start, at).to_owned();
    let mut joints = 0;
    let (mut kind, mut next, mut end) = (first, after, at);
    let mut mail = false;
    loop {
        let label_end = handle::name_end(page, next);
        let label = page.slice(next, label_end);
        if label.is_empty() || label.starts_with(['_', '-']) || joints > 6 {
            break;
        }
        mail |= kind == Joint::At;
        text.push(if kind == Joint::At { '@' } else { '.' });
        text.push_str(label);
        joints += 1;
        end = label_end;
        match joint(page, end) {
            Some((joint, after)) if !matches!(page.mark(end), Some('.' | ',')) || page.glued(after) || mail => {
                (kind, next) = (joint, after);
            }
            _ => break,
        }
    }
    if joints == 0 {
        return None;
    }
    let host = text.rsplit('@').next().unwrap_or(&text).to_owned();
    let (name, ending) = host.rsplit_once('.')?;
    let slash = page.mark(end) == Some('/');
    let known = ENDINGS.contains(&ending) || slash && WORDY_ENDINGS.contains(&ending);
    if !known || !text.is_ascii() {
        return None;
    }
    if mail {
        let disguise = disguise(page, at);
        page.add(FactKind::Email, text, start, end, detail_of(Some(disguise)));
        return Some(end);
    }
    if bare_joint {
        let blanks = !page.glued(at) || !page.glued(at + 1);
        let service = SPACED_HOSTS.contains(&(name, ending));
        let apart = !page.glued(at) && !page.glued(at + 1) && matches!(ending, "com" | "net" | "vn" | "org");
        if !(service && slash || apart && page.mark(at) == Some('.')) || !blanks && page.mark(at) == Some('.') {
            return None;
        }
    } else if name.len() < 2 && !(slash && SPACED_HOSTS.contains(&(name, ending)))
        || ending == "com" && page.str(end - 1) != "com"
    {
        return None;
    }
    let mut until = end;
    let mut path = String::new();
    if slash {
        // Blanks may stand around the slash too.
        let rest = end + 1;
        let glued_rest = page.glued(rest) || !page.glued(end);
        let rest_end = link_end(page, rest);
        if glued_rest && rest_end > rest {
            path.push('/');
            let begins = page.pieces[rest].start as usize;
            path.push_str(&cased(page, begins, page.slice(rest, rest_end)));
            until = rest_end;
        }
    }
    let disguise = disguise(page, at);
    link_parts(page, start, until, &host, &path, "https", Some(disguise));
    Some(until)
}

/// How a joint was disguised.
fn disguise(page: &Page, at: usize) -> &'static str {
    match page.mark(at) {
        Some('.') => "spaces",
        Some(_) => "defanged",
        None => "words",
    }
}

/// Where the label before a joint starts: letters and digits glued to one another, and dotted labels before them.
fn label_start(page: &Page, joint: usize) -> Option<usize> {
    let mut start = joint;
    while start > 0 && joint - start < 40 {
        let piece = page.piece(start - 1)?;
        let fits = match piece.kind {
            Kind::Word => page.str(start - 1).is_ascii(),
            Kind::Digits => true,
            Kind::Mark => start < joint && matches!(page.mark(start - 1), Some('_' | '-' | '.')),
            Kind::Break => false,
        };
        if !fits || start < joint && !page.glued(start) {
            break;
        }
        start -= 1;
    }
    (start < joint).then_some(start)
}

/// Adds the link of a host in the soft text and a path, read in the case of the original.
fn link(page: &mut Page, at: usize, until: usize, host: &str, path: &str, scheme: &str, disguise: Option<&str>) {
    let end = page.pieces.get(until - 1).map_or(0, |piece| piece.end as usize);
    let path = cased(page, end.saturating_sub(path.len()), path);
    link_parts(page, at, until, host, &path, scheme, disguise);
}

/// The original spelling of a stretch of soft text that starts at byte `start`, when only its case differs.
fn cased(page: &Page, start: usize, soft: &str) -> String {
    let span = page.view.soft.span_of(start..start + soft.len());
    let raw: String = page.raw(span).chars().filter(|c| c.is_ascii_graphic()).collect();
    if raw.eq_ignore_ascii_case(soft) { raw } else { soft.to_owned() }
}

fn detail_of(disguise: Option<&str>) -> Map<String, Value> {
    disguise.map(|disguise| ("obf".to_owned(), Value::from(disguise))).into_iter().collect()
}

/// Adds what the link stands for: a profile, a group, a number, or the link itself.
fn link_parts(page: &mut Page, at: usize, until: usize, host: &str, path: &str, scheme: &str, disguise: Option<&str>) {
    let bare = host.trim_start_matches("www.").trim_start_matches("m.").trim_start_matches("mobile.");
    let bare = if host == "m.me" { host } else { bare };
    if let Some((kind, value)) = profile(bare, path) {
        let number = matches!(kind, FactKind::Whatsapp | FactKind::Zalo | FactKind::Telegram) && value.starts_with('+');
        if number && let Some(digits) = (at..until).rev().find(|&at| page.digits(at).is_some_and(|d| d.len() >= 8)) {
            let span = page.span(digits, digits + 1);
            page.add_at(FactKind::Phone, value.clone(), span, Map::new());
        }
        page.add(kind, value, at, until, detail_of(disguise));
        return;
    }
    let mut detail = detail_of(disguise);
    if SHORTENERS.contains(&bare) {
        detail.insert("shortener".into(), Value::from(true));
    }
    page.add(FactKind::Url, canonical(scheme, host, path), at, until, detail);
}

/// A link without tracking parameters.
fn canonical(scheme: &str, host: &str, path: &str) -> String {
    let (rest, fragment) = path.split_once('#').map_or((path, None), |(rest, fragment)| (rest, Some(fragment)));
    let (folder, query) = rest.split_once('?').map_or((rest, None), |(folder, query)| (folder, Some(query)));
    let mut link = format!("{scheme}://{host}{}", if folder == "/" { "" } else { folder });
    let kept: Vec<&str> =
        query.map(|query| query.split('&').filter(|pair| !tracks(pair)).collect()).unwrap_or_default();
    if !kept.is_empty() {
        link.push('?');
        link.push_str(&kept.join("&"));
    }
    if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
        link.push('#');
        link.push_str(fragment);
    }
    link
}

fn tracks(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or("");
    name.is_empty()
        || name.starts_with("utm_")
        || matches!(
            name,
            "fbclid" | "mibextid" | "gclid" | "igsh" | "igshid" | "ttclid" | "zarsrc" | "msclkid" | "_rdr"
        )
}

/// What a link to a known service stands for.
fn profile(host: &str, path: &str) -> Option<(FactKind, String)> {
    let (folder, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let first = parts.first().copied().unwrap_or("");
    let second = parts.get(1).copied().unwrap_or("");
    let lower = first.to_ascii_lowercase();
    let parameter = |name: &str| {
        query.split('&').find_map(|pair| pair.split_once('=').filter(|pair| pair.0 == name)).map(|pair| pair.1)
    };
    match host {
        "zalo.me" => match lower.as_str() {
            "g" if !second.is_empty() => Some((FactKind::Zalo, format!("group:{second}"))),
            number => phone::national(number.trim_start_matches('+')).map(|number| (FactKind::Zalo, number)),
        },
        "zaloapp.com" if lower == "qr" && parts.len() >= 3 => Some((FactKind::Zalo, format!("qr:{}", parts[2]))),
        "t.me" | "telegram.me" | "telegram.dog" => match lower.as_str() {
            "joinchat" if !second.is_empty() => Some((FactKind::Telegram, format!("invite:{second}"))),
            "s" if !second.is_empty() => Some((FactKind::Telegram, format!("@{}", second.to_ascii_lowercase()))),
            "c" | "proxy" | "socks" | "share" | "addstickers" | "" => None,
            hash if hash.starts_with('+') => {
                let hash = &first[1..];
                let number = hash.bytes().all(|byte| byte.is_ascii_digit());
                Some((FactKind::Telegram, if number { format!("+{hash}") } else { format!("invite:{hash}") }))
            }
            name => Some((FactKind::Telegram, format!("@{name}"))),
        },
        "wa.me" => {
            let digits = lower.trim_start_matches('+');
            (digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| (FactKind::Whatsapp, format!("+{digits}")))
        }
        "api.whatsapp.com" | "web.whatsapp.com" | "whatsapp.com" => {
            let number = parameter("phone")?.trim_start_matches('+');
            number.bytes().all(|byte| byte.is_ascii_digit()).then(|| (FactKind::Whatsapp, format!("+{number}")))
        }
        "chat.whatsapp.com" if !first.is_empty() => Some((FactKind::Whatsapp, format!("group:{first}"))),
        "tiktok.com" => lower.strip_prefix('@').map(|name| (FactKind::Tiktok, format!("@{name}"))),
        "instagram.com" if !matches!(lower.as_str(), "" | "p" | "reel" | "explore" | "stories") => {
            Some((FactKind::Handle, format!("instagram:{lower}")))
        }
        "line.me" => parts
            .last()
            .filter(|_| parts.len() >= 3)
            .map(|name| (FactKind::Handle, format!("line:{}", name.trim_start_matches(['~', '@'])))),
        "m.me" => (!lower.is_empty()).then(|| (FactKind::Facebook, format!("user:{lower}"))),
        "messenger.com" if lower == "t" && !second.is_empty() => Some((FactKind::Facebook, account(second))),
        "fb.com" | "facebook.com" | "fb.me" | "vi-vn.facebook.com" | "web.facebook.com" | "mbasic.facebook.com" => {
            match lower.as_str() {
                "groups" if !second.is_empty() => {
                    Some((FactKind::Facebook, format!("group:{}", second.to_ascii_lowercase())))
                }
                "profile.php" => parameter("id").map(|id| (FactKind::Facebook, format!("id:{id}"))),
                "people" | "pages" => parts.get(2).map(|id| (FactKind::Facebook, format!("id:{id}"))),
                "" | "watch" | "share" | "reel" | "reels" | "story.php" | "permalink.php" | "photo" | "photo.php"
                | "events" | "marketplace" | "hashtag" | "search" | "login" | "sharer" | "sharer.php" | "help"
                | "policies" | "ads" | "groups" | "stories" | "videos" => None,
                name => Some((FactKind::Facebook, account(name))),
            }
        }
        _ => None,
    }
}

/// A Facebook account by number or name.
fn account(name: &str) -> String {
    let number = name.len() >= 8 && name.bytes().all(|byte| byte.is_ascii_digit());
    if number { format!("id:{name}") } else { format!("user:{}", name.to_ascii_lowercase()) }
}
