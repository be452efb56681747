//! Phone numbers: of Vietnam in every disguise, of its neighbours, short and service numbers, masked ones.
//!
//! A run is collected piece by piece, over separators, letters that look like digits, and spoken digits. It is a phone
//! only when some boundary of the run makes a number that the numbering plan knows (mobile prefixes in force since
//! 2018, area codes since 2017) and its grouping is one that people use for phones.

mod plan;
mod short_number;
mod words;

use serde_json::{Map, Value};

use super::lex::{Kind, key};
use super::{FactKind, Page, channel, detail, number};
pub(super) use plan::national;
use plan::{National, is_mobile, region, vietnamese};
pub(super) use words::{is_contact_word, names_code};

/// The longest run of digits that can become a phone: `0084` and a landline.
const MOST_DIGITS: usize = 15;
/// The most marks between two groups; one emoji may be several characters.
const MOST_MARKS: usize = 6;

/// A run of digits as it is collected.
#[derive(Default)]
struct Run {
    digits: String,
    /// Length of each group, and the mark before it (`\0` for none or blanks only).
    groups: Vec<(usize, char)>,
    letters: bool,
    words: bool,
    hidden: usize,
    plus: bool,
}

/// Words that may start a phone.
pub(super) const STARTS: [u64; 8] = [O, key("oo"), key("ooo"), key("oooo"), KHONG, KO, ZERO, CONG];

/// Tries a phone at a digit run.
pub(super) fn at(page: &mut Page, at: usize) -> bool {
    let Some(first) = page.digits(at) else { return false };
    let starts = match first.as_bytes() {
        [b'0', ..] | [b'8', b'4', ..] => true,
        [b'1', ..] => return short_number::at(page, at),
        rest => rest.len() == 9,
    };
    starts && !coded(page, at) && collect(page, at, at)
}

/// Tries a phone that starts with a letter in place of zero, or is spelled out.
pub(super) fn at_word(page: &mut Page, at: usize) -> bool {
    let word = page.str(at);
    let starts = match page.word(at) {
        O => {
            let next = page.piece(at + 1).map(|piece| piece.kind);
            matches!(next, Some(Kind::Digits))
                || matches!(next, Some(Kind::Mark)) && looks_dotted(page, at + 1)
                || number::digit(page.str(at + 1)).is_some() && number::digit(page.str(at + 2)).is_some()
        }
        KHONG | KO | ZERO => {
            number::digit(page.str(at + 1)).is_some() || page.digits(at + 1).is_some_and(|digits| digits.len() < 10)
        }
        CONG => page.word(at + 1) == TAM && matches!(page.word(at + 2), BON | TU),
        _ => word.len() > 1 && word.len() < 8 && word.bytes().all(|b| b == b'o') && page.digits(at + 1).is_some(),
    };
    starts && !page.glued(at) && collect(page, at, at)
}

/// Tries a phone at `+` or `(`.
pub(super) fn at_mark(page: &mut Page, at: usize) -> bool {
    match page.mark(at) {
        Some('+') if page.glued(at + 1) => page.digits(at + 1).is_some() && collect(page, at, at + 1),
        Some('(') => match page.mark(at + 1) {
            Some('+') => page.digits(at + 2).is_some() && collect(page, at, at + 2),
            _ => page.digits(at + 1).is_some_and(|digits| digits.starts_with('0')) && collect(page, at, at + 1),
        },
        _ => false,
    }
}

const O: u64 = key("o");
const KHONG: u64 = key("khong");
const KO: u64 = key("ko");
const ZERO: u64 = key("zero");
const CONG: u64 = key("cong");
const TAM: u64 = key("tam");
const BON: u64 = key("bon");
const TU: u64 = key("tu");
const SO: u64 = key("so");
const CON: u64 = key("con");
const X: u64 = key("x");

/// A mark and then a digit or a letter that stands for one.
fn looks_dotted(page: &Page, at: usize) -> bool {
    page.glued(at) && page.glued(at + 1) && (page.digits(at + 1).is_some() || look_alike(page.str(at + 1)).is_some())
}

/// The digits that a word of `o`, `l` and `i` stands for.
fn look_alike(word: &str) -> Option<String> {
    let digit = |c| match c {
        'o' => Some('0'),
        'l' | 'i' => Some('1'),
        _ => None,
    };
    (!word.is_empty() && word.len() < 10).then(|| word.chars().map(digit).collect::<Option<String>>()).flatten()
}

/// The number is the body of a code: letters or a mark that makes codes stand before it, or a word that names one.
fn coded(page: &Page, at: usize) -> bool {
    if page.glued(at) && at > 0 {
        match page.piece(at - 1).map(|piece| piece.kind) {
            Some(Kind::Word) => {
                let word = page.str(at - 1);
                if !is_contact_word(page.word(at - 1)) && (look_alike(word).is_none() || page.glued(at - 1)) {
                    return true;
                }
            }
            Some(Kind::Mark) => {
                let glued_before = page.glued(at - 1);
                match page.mark(at - 1) {
                    Some('#' | '$' | '€' | '=' | '№') => return true,
                    // Behind a phone another one may stand.
                    Some('/' | '-' | ',') if at >= 2 && page.taken[at - 2] => return false,
                    Some('.' | ',' | ':' | '/' | '-' | '_') if glued_before && at >= 2 => {
                        if page.digits(at - 2).is_some_and(|digits| digits.len() < 9) {
                            return true;
                        }
                        let code = page.word(at - 2);
                        if matches!(page.mark(at - 1), Some('-' | '_' | '/')) && code != 0 && !is_contact_word(code) {
                            return page.raw(page.span(at - 2, at - 1)).chars().all(|c| c.is_ascii_uppercase());
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    // The groups of a card number: 1044 8408 3273 7324.
    let card = page.digits(at).is_some_and(|digits| digits.len() == 4)
        && at.checked_sub(1).and_then(|at| page.digits(at)).is_some_and(|digits| digits.len() == 4);
    card || names_code(page, at) && channel::around(page, page.span(at, at + 1)) == channel::Channels::default()
}

/// Collects the run that starts at `digits_at` and adds the phone that it makes, from piece `from` on.
fn collect(page: &mut Page, from: usize, digits_at: usize) -> bool {
    let mut run = Run { plus: digits_at > 0 && page.mark(digits_at - 1) == Some('+'), ..Run::default() };
    let mut at = digits_at;
    let mut mark = '\0';
    let mut found: Option<(usize, Outcome)> = None;
    while let Some(length) = group(page, at, &mut run, mark) {
        at += length;
        if run.digits.len() > MOST_DIGITS {
            break;
        }
        if let Some(outcome) = outcome(&run).filter(|_| ends_well(page, at, &run)) {
            // A longer number of the same beginning wins only abroad, where lengths vary.
            let national = match outcome {
                Outcome::National(_) => true,
                Outcome::Masked => run.digits.len() == 10,
                Outcome::Abroad(_) => false,
            };
            found = Some((at, outcome));
            if national {
                break;
            }
        }
        match separator(page, at) {
            Some((marks, next)) => {
                mark = next;
                at += marks;
            }
            None => break,
        }
    }
    let Some((mut end, outcome)) = found else { return nine_digits(page, from, digits_at) };
    if page.mark(from) == Some('(') && page.mark(end) == Some(')') && !page.slice(from, end).contains(')') {
        end += 1;
    }
    emit(page, from, end, &run, outcome);
    true
}

/// What a run makes.
enum Outcome {
    National(National),
    Abroad(&'static str),
    Masked,
}

/// Reads the run as it stands.
fn outcome(run: &Run) -> Option<Outcome> {
    if run.hidden > 0 {
        let known = run.digits.len() - run.hidden;
        let prefix = run.digits.get(..3).unwrap_or("");
        // The press cuts the end short: `0961xxxx`.
        let cut = (8..10).contains(&run.digits.len()) && run.digits.find('?').is_some_and(|at| at == known);
        let whole = format!("{:0<10}", run.digits.replace('?', "0"));
        let plausible = !prefix.starts_with("0?") && is_mobile(&whole);
        return ((run.digits.len() == 10 || cut) && plausible && known >= 4).then_some(Outcome::Masked);
    }
    if let Some(number) = vietnamese(&run.digits, run.plus).filter(|_| well_grouped(run)) {
        return Some(Outcome::National(number));
    }
    let digits = if run.plus { run.digits.as_str() } else { run.digits.strip_prefix("00")? };
    if digits.starts_with("84") {
        return None;
    }
    region(digits).map(Outcome::Abroad)
}

/// Whether people group phones so: not as a date, a decimal or a grouped thousand.
fn well_grouped(run: &Run) -> bool {
    let lengths: Vec<usize> = run.groups.iter().map(|group| group.0).collect();
    let marks = || run.groups.iter().skip(1).map(|group| group.1);
    let Some(&first) = lengths.first() else { return false };
    if lengths.len() == 1 || run.words || run.plus {
        return true;
    }
    let rest = &lengths[1..];
    // Neither dates nor amounts are cut by emoji.
    if lengths.iter().all(|&length| length == 1) || marks().all(|mark| mark == '·') {
        return true;
    }
    if marks().any(|mark| mark == '/') {
        // `0912/2024/…` is the number of a decision.
        let year = lengths[1] == 4 && run.digits.get(first..first + 2).is_some_and(|d| d == "19" || d == "20");
        return first >= 3 && rest.iter().all(|&length| length >= 3) && !(year && run.groups[1].1 == '/');
    }
    let country = run.digits.starts_with("84") && first == 2;
    match first {
        1 => marks().all(|mark| mark == '\0') || run.letters,
        2 if !country => {
            // One mark throughout, else it is a date with a time; pairs with hyphens are drawn numbers.
            let even = marks().all(|mark| mark == run.groups[1].1 && mark != ':');
            let pairs = rest.iter().all(|&length| length == 2);
            even && (pairs && run.groups[1].1 != '-' || rest.len() <= 3 && rest.iter().all(|&length| length >= 3))
        }
        _ => !marks().any(|mark| mark == ':'),
    }
}

/// The run may end before the piece at `at`: nothing is glued to it that would make it part of something longer.
fn ends_well(page: &Page, at: usize, run: &Run) -> bool {
    if !page.glued(at) {
        return true;
    }
    match page.piece(at).map(|piece| piece.kind) {
        Some(Kind::Digits) => false,
        Some(Kind::Word) => {
            let word = page.word(at);
            is_contact_word(word) || (word == X && run.hidden > 0) || !page.str(at).is_ascii()
        }
        Some(Kind::Mark) => {
            // A tax number has a branch behind it: 0301234567-001.
            let branch = run.groups.len() == 1
                && matches!(page.mark(at), Some('-'))
                && page.glued(at + 1)
                && page.digits(at + 1).is_some_and(|digits| digits.len() == 3)
                && !page.continues_number(at + 3, &['-']);
            !branch && page.mark(at) != Some('%')
        }
        _ => true,
    }
}

/// Reads one group of digits at `at` into the run; how many pieces it took.
fn group(page: &Page, at: usize, run: &mut Run, mark: char) -> Option<usize> {
    let piece = page.piece(at)?;
    let before = run.digits.len();
    let mut end = at;
    // Glued digits and look-alike letters are one group.
    while let Some(piece) = page.piece(end) {
        if end > at && !page.glued(end) {
            break;
        }
        match piece.kind {
            Kind::Digits => run.digits.push_str(page.str(end)),
            Kind::Word if page.str(end).bytes().all(|byte| byte == b'x') && before + (end - at) > 0 => {
                let hidden = page.str(end).len().min(MOST_DIGITS);
                run.hidden += hidden;
                run.digits.extend(std::iter::repeat_n('?', hidden));
            }
            Kind::Word => {
                let Some(digits) = look_alike(page.str(end)) else { break };
                run.letters = true;
                run.digits.push_str(&digits);
            }
            Kind::Mark if page.mark(end) == Some('*') && stars(page, end) >= 2 => {
                let stars = stars(page, end);
                run.hidden += stars;
                run.digits.extend(std::iter::repeat_n('?', stars));
                end += stars - 1;
            }
            _ => break,
        }
        end += 1;
        if run.digits.len() > MOST_DIGITS {
            break;
        }
    }
    if end == at && piece.kind == Kind::Word {
        if piece.key == CONG && before == 0 {
            run.plus = true;
            run.words = true;
            return Some(1);
        }
        let digit = number::digit(page.str(at))?;
        run.words = true;
        run.digits.push(char::from(b'0' + digit));
        end = at + 1;
    }
    // `ba số 0`, `3 con 8`: that many of the digit that follows.
    let count = &run.digits[before..];
    if count.len() == 1 && matches!(page.word(end), SO | CON) {
        let repeated = page.digits(end + 1).filter(|digits| digits.len() == 1).map(str::to_owned);
        let repeated = repeated.or_else(|| number::digit(page.str(end + 1)).map(|digit| digit.to_string()));
        if let (Some(digit), Ok(times @ 2..=6)) = (repeated, count.parse::<usize>()) {
            run.digits.truncate(before);
            run.digits.push_str(&digit.repeat(times));
            run.words = true;
            end += 2;
        }
    }
    run.groups.push((run.digits.len() - before, mark));
    (end > at).then_some(end - at)
}

/// How many stars stand side by side at `at`.
fn stars(page: &Page, at: usize) -> usize {
    (at..at + MOST_DIGITS).take_while(|&at| page.mark(at) == Some('*')).count()
}

/// Skips the marks before the next group; their number and the mark that tells most.
fn separator(page: &Page, at: usize) -> Option<(usize, char)> {
    let mut telling = '\0';
    for marks in 0..=MOST_MARKS {
        let piece = page.piece(at + marks)?;
        match piece.kind {
            Kind::Digits | Kind::Word => return Some((marks, telling)),
            Kind::Break => return None,
            Kind::Mark => match page.mark(at + marks)? {
                '*' if stars(page, at + marks) >= 2 => return Some((marks, telling)),
                mark @ ('.' | '-' | '–' | '—' | '_' | '*' | '|' | '·' | '~' | '•' | ')' | '(' | '\'' | '"') => {
                    telling = if telling == '/' { telling } else { mark };
                }
                '/' => telling = '/',
                ',' if page.glued(at + marks) && page.glued(at + marks + 1) => telling = ',',
                '+' | '%' | '=' | ':' | ';' | ',' | '@' | '#' | '$' | '€' | '&' | '!' | '?' | '<' | '>' => {
                    return None;
                }
                symbol if symbol.is_ascii() => return None,
                _ => telling = if telling == '\0' { '·' } else { telling },
            },
        }
    }
    None
}

/// `zalo 912345678`: nine digits are a phone only beside a word that asks for one.
fn nine_digits(page: &mut Page, from: usize, at: usize) -> bool {
    let Some(digits) = page.digits(at).filter(|digits| digits.len() == 9) else { return false };
    if !is_mobile(&format!("0{digits}")) || !ends_well(page, at + 1, &Run::default()) {
        return false;
    }
    let channels = channel::around(page, page.span(at, at + 1));
    let cue = if channels.zalo {
        "zalo"
    } else if channels.telegram {
        "telegram"
    } else if channels.whatsapp {
        "whatsapp"
    } else if channels.call {
        "call"
    } else {
        return false;
    };
    let value = format!("+84{digits}");
    channel_facts(page, &value, at, at + 1, channels);
    page.add(FactKind::Phone, value, from, at + 1, detail([("conf", "low"), ("cue", cue)]));
    true
}

/// Adds the phone and what the words around it make of it.
fn emit(page: &mut Page, from: usize, end: usize, run: &Run, outcome: Outcome) {
    let span = page.span(from, end);
    let mut detail = Map::new();
    if let Some(disguise) = disguise(page.raw(span), run) {
        detail.insert("obf".into(), Value::from(disguise));
    }
    let value = match outcome {
        Outcome::Masked => {
            page.add(FactKind::PhoneMasked, run.digits.clone(), from, end, detail);
            return;
        }
        Outcome::National(number) => {
            if number.landline {
                detail.insert("kind".into(), Value::from("landline"));
            }
            if let Some(legacy) = number.legacy {
                detail.insert("legacy".into(), Value::from(legacy));
            }
            number.e164
        }
        Outcome::Abroad(region) => {
            detail.insert("region".into(), Value::from(region));
            format!("+{}", run.digits.strip_prefix("00").filter(|_| !run.plus).unwrap_or(&run.digits))
        }
    };
    let channels = channel::around(page, span);
    channel_facts(page, &value, from, end, channels);
    page.add(FactKind::Phone, value, from, end, detail);
}

/// A number beside the name of a service is also a contact there.
fn channel_facts(page: &mut Page, value: &str, from: usize, end: usize, channels: channel::Channels) {
    let span = page.span(from, end);
    let named = [
        (channels.zalo, FactKind::Zalo, ""),
        (channels.telegram, FactKind::Telegram, ""),
        (channels.whatsapp, FactKind::Whatsapp, ""),
        (channels.viber, FactKind::Handle, "viber:"),
    ];
    for (_, kind, prefix) in named.into_iter().filter(|named| named.0) {
        page.add_at(kind, format!("{prefix}{value}"), span, Map::new());
    }
}

/// How the number was disguised, if at all: told from the original characters.
fn disguise(raw: &str, run: &Run) -> Option<&'static str> {
    if run.words {
        return Some("words");
    }
    let has = |test: fn(char) -> bool| raw.chars().any(test);
    if has(|c| c == '\u{20e3}') {
        Some("keycap")
    } else if has(|c| ('\u{ff10}'..='\u{ff19}').contains(&c)) {
        Some("fullwidth")
    } else if has(|c| ('\u{1d7ce}'..='\u{1d7ff}').contains(&c)) {
        Some("math")
    } else if has(|c| ('\u{2460}'..='\u{24ff}').contains(&c) || ('\u{2776}'..='\u{2793}').contains(&c)) {
        Some("circled")
    } else if run.letters {
        Some("letters")
    } else if has(|c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')) {
        Some("invisible")
    } else if has(|c| !c.is_ascii() && !c.is_alphanumeric() && !"–—·•\u{a0}".contains(c)) {
        Some("emoji")
    } else {
        None
    }
}
