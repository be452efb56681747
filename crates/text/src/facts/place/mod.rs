//! Places, from an open gazetteer: countries, Vietnam's provinces of both eras with their old districts and communes,
//! border gates, compound towns, cities of the world; slang names only behind a word of motion or place.
//!
//! Places are found in the tokens, so that `c.a.m.p.u.c.h.i.a` is one. A name typed without marks counts only when it
//! has two syllables and a cue, unless it is known to mean nothing else: `can tho ho` is "cần thợ hồ".

mod cue;
mod gazetteer;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Fact, FactKind, Page};
use crate::reading::{Span, Token, TokenKind};
use cue::Cue;
use gazetteer::{GAZETTEER, Gazetteer, Need, Term};

/// A name that lacks a cue so far: a place that follows in the same list makes it one.
struct Pending<'g> {
    from: usize,
    end: usize,
    term: &'g Term,
}

/// Finds the places of a page.
pub(super) fn extract(page: &mut Page) {
    let gazetteer = &*GAZETTEER;
    let view = page.view;
    // One past the last token of the place before, for lists: `Kon Tum, Gia Lai`.
    let mut last: Option<usize> = None;
    let mut pending: Vec<Pending> = Vec::new();
    let mut flags: Vec<Flag> = Vec::new();
    let mut at = 0;
    while let Some(token) = view.tokens.get(at) {
        if token.kind == TokenKind::Atom {
            at += 1;
            continue;
        }
        if is_flag(page, token) {
            let flag = flag(page, gazetteer, at);
            at += view.tokens[at..].iter().take_while(|next| next.span == token.span).count();
            if cue::before(page, flag.from, None) == Cue::Strong {
                flag.add(page);
            } else {
                flags.push(flag);
            }
            last = Some(at);
            continue;
        }
        match best(page, gazetteer, at, last) {
            Some((term, end, true)) => {
                for name in connected(page, &mut pending, at) {
                    add(page, name.from, name.end, &name.term.code, &name.term.name);
                }
                add(page, at, end, &term.code, &term.name);
                last = Some(end);
                at = end;
            }
            Some((term, end, false)) => {
                if !pending.last().is_some_and(|name| joins(page, name.end, at)) {
                    pending.clear();
                }
                pending.push(Pending { from: at, end, term });
                at += 1;
            }
            None => match numbered_district(page, at) {
                Some(end) => {
                    last = Some(end);
                    at = end;
                }
                None => {
                    hashtag(page, gazetteer, token);
                    at += 1;
                }
            },
        }
    }
    add_unnamed(page, &flags);
}

/// Adds the flags of countries that no word of the post names, each country once. The flag of Vietnam decorates.
fn add_unnamed(page: &mut Page, flags: &[Flag]) {
    let country = |fact: &Fact| fact.value.split('/').next().unwrap_or("").to_owned();
    let places = page.facts.iter().filter(|fact| fact.kind == FactKind::Place);
    let mut named: BTreeSet<String> = places.map(country).collect();
    named.insert("VN".to_owned());
    for flag in flags {
        if flag.country.is_some_and(|term| named.insert(term.code.to_string())) {
            flag.add(page);
        }
    }
}

/// The names directly before token `at` that a list joins to it.
fn connected<'g>(page: &Page, pending: &mut Vec<Pending<'g>>, at: usize) -> Vec<Pending<'g>> {
    let names = std::mem::take(pending);
    if names.last().is_some_and(|name| joins(page, name.end, at)) { names } else { Vec::new() }
}

/// Only a list mark or blanks stand between the token before `end` and the token `at`.
fn joins(page: &Page, end: usize, at: usize) -> bool {
    let tokens = &page.view.tokens;
    let (Some(before), Some(after)) = (end.checked_sub(1).and_then(|at| tokens.get(at)), tokens.get(at)) else {
        return false;
    };
    end == at
        && page
            .view
            .raw
            .get(before.span.end as usize..after.span.start as usize)
            .is_some_and(|gap| gap.chars().all(|c| matches!(c, ' ' | '-' | '–' | '—' | ',' | '/' | '→')))
}

/// The longest name that starts at token `at` and its end, and whether it counts as it stands; of equally long ones the
/// one written exactly so. A name that counts goes before one that waits for a cue.
fn best<'g>(page: &Page, gazetteer: &'g Gazetteer, at: usize, last: Option<usize>) -> Option<(&'g Term, usize, bool)> {
    let tokens = &page.view.tokens;
    let token = tokens.get(at)?;
    let first = page.view.raw.as_bytes().get(token.span.start as usize);
    let small = first.is_some_and(u8::is_ascii_lowercase);
    if !gazetteer.may_start(token.exact, !small) {
        return None;
    }
    let pair = tokens.get(at + 1).map_or(&[][..], |next| gazetteer.pairs(token.exact, next.exact));
    let single = gazetteer.singles(token.exact);
    if pair.is_empty() && single.is_empty() {
        return None;
    }
    let mut found: Option<(usize, bool, &Term)> = None;
    let mut waiting: Option<&Term> = None;
    let mut cue = None;
    for &index in pair.iter().chain(single) {
        let Some(term) = gazetteer.term(index) else { continue };
        let length = term.folded.len();
        if found.is_some_and(|(longest, exact, _)| longest > length || longest == length && exact) {
            continue;
        }
        let Some(written) = written(page, at, term) else { continue };
        let cue = *cue.get_or_insert_with(|| cue::before(page, at, last));
        // `di cam lam` is "đi Cam làm", not the district.
        let ambiguous = !written.exact && cue::is_slang_and_verb(&term.short);
        if ambiguous || !free_of_words_around(page, at, term) {
            continue;
        }
        if !accepted(page, at, term, written, cue) {
            let named = matches!(term.need, Need::Free | Need::Case | Need::District) && term.vietnamese || term.marked;
            if length == 2 && named && term.need != Need::Commune {
                waiting = Some(term);
            }
            continue;
        }
        if found.is_none_or(|(longest, _, _)| length > longest || written.exact) {
            found = Some((length, written.exact, term));
        }
    }
    let waiting = waiting.map(|term| (term, at + term.folded.len(), false));
    found.map(|(length, _, term)| (term, at + length, true)).or(waiting)
}

/// How a name stands in the text.
#[derive(Clone, Copy)]
struct Written {
    /// Every syllable carries its marks; else none does.
    exact: bool,
    /// Every syllable starts with a capital.
    capitals: bool,
    /// Every letter is a capital, and so are those of the words around.
    shouted: bool,
}

/// Compares the tokens from `at` on with a term.
fn written(page: &Page, at: usize, term: &Term) -> Option<Written> {
    let tokens = page.view.tokens.get(at..at + term.folded.len())?;
    let exact = tokens.iter().zip(&*term.exact).all(|(token, &id)| token.exact == id);
    let bare = || tokens.iter().zip(&*term.folded).all(|(token, &id)| token.exact == id);
    if !exact && !bare() {
        return None;
    }
    for pair in tokens.windows(2) {
        let gap = page.view.raw.get(pair[0].span.end as usize..pair[1].span.start as usize).unwrap_or("");
        if gap.contains([',', '\n', '/', ';', '!', '?', '(', ')', '|']) || gap.contains(". ") {
            return None;
        }
    }
    let capital = |token: &Token| {
        let raw = page.raw(token.span);
        // Most words start with a small letter of ASCII.
        let small = raw.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        !small && raw.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase)
    };
    let capitals = tokens.iter().all(capital);
    let shouted = capitals && tokens.iter().all(|token| is_shouted(page, token)) && {
        let before = at.checked_sub(1).and_then(|at| page.view.tokens.get(at));
        let after = page.view.tokens.get(at + term.folded.len());
        let mut around = before.into_iter().chain(after).filter(|token| page.raw(token.span).chars().count() > 1);
        around.next().is_some_and(|token| is_shouted(page, token)) || around.any(|token| is_shouted(page, token))
    };
    Some(Written { exact, capitals, shouted })
}

fn is_shouted(page: &Page, token: &Token) -> bool {
    let mut letters = page.raw(token.span).chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.all(|c| !c.is_lowercase())
}

/// No word around turns the name into something else: `tiếng Hàn`, `cam kết`, `thái độ`.
fn free_of_words_around(page: &Page, at: usize, term: &Term) -> bool {
    let tokens = &page.view.tokens;
    let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map_or("", |token| page.view.canon_of(token));
    if matches!(before, "tiếng" | "chữ" | "tieng") {
        return false;
    }
    let next = tokens.get(at + term.folded.len());
    let touching = next.is_some_and(|next| {
        let end = tokens[at + term.folded.len() - 1].span.end as usize;
        page.view.raw.get(end..next.span.start as usize).is_some_and(|gap| gap.chars().all(char::is_whitespace))
    });
    let after = next.filter(|_| touching).map_or("", |token| page.view.fold_of(token));
    !(term.need == Need::Slang && cue::makes_other_word(&term.short, before, after))
}
/// Whether a name written so, with this cue, is the place.
fn accepted(page: &Page, at: usize, term: &Term, written: Written, cue: Cue) -> bool {
    let syllables = term.folded.len();
    let cued = cue != Cue::None;
    let strong = matches!(cue, Cue::Strong | Cue::List);
    let proper = written.capitals && !written.shouted;
    // Marks of two syllables leave little doubt; a spelling without any may be ordinary words.
    let sure = written.exact && term.marked && syllables >= 2;
    let spoken_of = syllables >= 2 && (term.alone || cued || proper);
    let abbreviated = !term.marked && written.capitals && is_shouted(page, &page.view.tokens[at]);
    match term.need {
        Need::Slang => {
            let capital = written.capitals || !cue::needs_capital(&term.short);
            written.exact && capital && cue::goes_to_slang(page, at, cue, proper)
        }
        Need::Free if term.vietnamese => {
            let one = syllables == 1 && (strong || abbreviated || proper && written.exact);
            sure || spoken_of || one || written.capitals && written.exact && syllables >= 2
        }
        Need::Free if term.marked => sure || spoken_of || strong || written.exact,
        Need::Free => syllables >= 2 || term.short.len() >= 5 || strong || proper || abbreviated,
        Need::Case => proper || (written.exact && cued) || (strong && syllables >= 2),
        Need::Cue => strong && (written.exact || syllables >= 2),
        Need::District => {
            let named = written.exact && written.capitals && (proper || term.marked || cued);
            named || syllables >= 2 && (strong || term.alone || proper && cued)
        }
        Need::Commune => written.exact && written.capitals && strong,
        Need::City => {
            let going = cue == Cue::Strong && term.short.len() >= 5;
            proper && term.short.len() >= 4 || going || cue == Cue::List && written.capitals
        }
    }
}

/// `Quận 3`, `q10`: a numbered district of Ho Chi Minh City.
fn numbered_district(page: &mut Page, at: usize) -> Option<usize> {
    let view = page.view;
    let token = view.tokens.get(at)?;
    if view.canon.as_bytes().get(token.canon.0 as usize) != Some(&b'q') {
        return None;
    }
    let word = view.canon_of(token);
    let (number, end) = match word {
        "quận" | "q" => (view.canon_of(view.tokens.get(at + 1)?), at + 2),
        _ => (word.strip_prefix('q')?, at + 1),
    };
    let number: u32 = number.parse().ok().filter(|number| (1..=12).contains(number))?;
    add(page, at, end, &format!("vn34:79/quan-{number}"), &format!("Quận {number}"));
    Some(end)
}

/// A place run together with other words in a hashtag: `#vieclambavet`.
fn hashtag(page: &mut Page, gazetteer: &Gazetteer, token: &Token) {
    const LONGEST: usize = 48;
    const SHORTEST: usize = 5;
    let raw = page.view.raw.as_bytes();
    if (token.span.start as usize).checked_sub(1).and_then(|at| raw.get(at)) != Some(&b'#') {
        return;
    }
    let text = page.view.fold_of(token);
    let same_length = text.len() == (token.span.end - token.span.start) as usize;
    if !same_length || !text.is_ascii() || text.len() > LONGEST {
        return;
    }
    for start in 0..text.len().saturating_sub(SHORTEST - 1) {
        let Some(term) = gazetteer.joined(&text[start..]) else { continue };
        let span = Span { start: token.span.start + start as u32, end: token.span.end };
        let mut detail = Map::new();
        detail.insert("name".into(), Value::from(&*term.name));
        page.add_at(FactKind::Place, term.code.to_string(), span, detail);
        return;
    }
}

/// A flag was read as the name of its country.
fn is_flag(page: &Page, token: &Token) -> bool {
    page.raw(token.span).starts_with(|c| ('\u{1f1e6}'..='\u{1f1ff}').contains(&c))
}

/// A flag among the tokens.
struct Flag<'g> {
    from: usize,
    country: Option<&'g Term>,
}

impl Flag<'_> {
    fn add(&self, page: &mut Page) {
        if let Some(country) = self.country {
            add(page, self.from, self.from + 1, &country.code, &country.name);
        }
    }
}

/// The flag whose country's name starts at token `at`.
fn flag<'g>(page: &Page, gazetteer: &'g Gazetteer, at: usize) -> Flag<'g> {
    let tokens = &page.view.tokens;
    let letter = |c: char| char::from_u32((c as u32).wrapping_sub(0x1f1e6).wrapping_add(u32::from('A')));
    let code: String = page.raw(tokens[at].span).chars().take(2).filter_map(letter).collect();
    let first = tokens[at].exact;
    let pairs = tokens.get(at + 1).map_or(&[][..], |next| gazetteer.pairs(first, next.exact));
    let mut terms = pairs.iter().chain(gazetteer.singles(first)).filter_map(|&index| gazetteer.term(index));
    Flag { from: at, country: terms.find(|term| *term.code == *code) }
}

/// Adds the place of the tokens from `from` up to `until`, unless an address claims their characters.
fn add(page: &mut Page, from: usize, until: usize, code: &str, name: &str) {
    let tokens = &page.view.tokens;
    let (Some(first), Some(last)) = (tokens.get(from), tokens.get(until - 1)) else { return };
    let span = Span { start: first.span.start, end: last.span.end };
    if page.in_address(span) {
        return;
    }
    let mut detail = Map::new();
    detail.insert("name".into(), Value::from(name));
    page.add_at(FactKind::Place, code.to_owned(), span, detail);
}
