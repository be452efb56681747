//! Places, from an open gazetteer: countries, Vietnam's provinces of both eras with their old districts and communes,
//! border gates, compound towns, cities of the world; slang names only behind a word of motion or place.
//!
//! Places are found in the tokens, so that `c.a.m.p.u.c.h.i.a` is one. A name typed without marks counts only when it
//! has two syllables and a cue, unless it is known to mean nothing else: `can tho ho` is "cần thợ hồ".

mod cue;
mod gazetteer;

use serde_json::{Map, Value};

use super::{FactKind, Page};
use crate::reading::{Span, Token, TokenKind};
use cue::Cue;
use gazetteer::{GAZETTEER, Gazetteer, Need, Term};

/// Where the last place ended, for lists: `Kon Tum, Gia Lai`.
#[derive(Clone, Copy)]
struct Last {
    /// One past its last token.
    end: usize,
}

/// Finds the places of a page.
pub(super) fn extract(page: &mut Page) {
    let gazetteer = &*GAZETTEER;
    let view = page.view;
    let mut last: Option<Last> = None;
    let mut at = 0;
    while let Some(token) = view.tokens.get(at) {
        if token.kind == TokenKind::Atom || is_flag(page, token) {
            at += 1;
            continue;
        }
        if let Some((term, end)) = best(page, gazetteer, at, last) {
            add(page, at, end, &term.code, &term.name);
            last = Some(Last { end });
            at = end;
            continue;
        }
        if let Some(end) = numbered_district(page, at) {
            last = Some(Last { end });
            at = end;
            continue;
        }
        if !hashtag(page, gazetteer, token) && token.kind == TokenKind::Number {
            // Numbers never join two places.
            last = last.filter(|last| last.end + 1 < at);
        }
        at += 1;
    }
}

/// The longest acceptable place that starts at token `at`; of equally long ones the one written exactly so.
fn best<'g>(page: &Page, gazetteer: &'g Gazetteer, at: usize, last: Option<Last>) -> Option<(&'g Term, usize)> {
    let tokens = &page.view.tokens;
    let token = tokens.get(at)?;
    let pair = tokens.get(at + 1).map_or(&[][..], |next| gazetteer.pairs(token.folded, next.folded));
    let single = gazetteer.singles(token.folded);
    if pair.is_empty() && single.is_empty() {
        return None;
    }
    let mut found: Option<(usize, bool, &Term)> = None;
    let mut cue = None;
    for &index in pair.iter().chain(single) {
        let Some(term) = gazetteer.term(index) else { continue };
        let length = term.folded.len();
        if found.is_some_and(|(longest, exact, _)| longest > length || longest == length && exact) {
            continue;
        }
        let Some(written) = written(page, at, term) else { continue };
        let cue = *cue.get_or_insert_with(|| cue::before(page, at, last.map(|last| last.end)));
        if !written.free_of_words_around(page, at, term) || !accepted(page, at, term, written, cue) {
            continue;
        }
        if found.is_none_or(|(longest, _, _)| length > longest || written.exact) {
            found = Some((length, written.exact, term));
        }
    }
    found.map(|(length, _, term)| (term, at + length))
}

/// How a name stands in the text.
#[derive(Clone, Copy)]
struct Written {
    /// Every syllable carries its marks.
    exact: bool,
    /// Some syllable carries its marks.
    marked: bool,
    /// Every syllable starts with a capital.
    capitals: bool,
    /// Every letter is a capital, and so are those of the words around.
    shouted: bool,
}

/// Compares the tokens from `at` on with a term.
fn written(page: &Page, at: usize, term: &Term) -> Option<Written> {
    let tokens = page.view.tokens.get(at..at + term.folded.len())?;
    let mut exact = true;
    let mut marked = false;
    for (token, (&folded, &marks)) in tokens.iter().zip(term.folded.iter().zip(&*term.exact)) {
        if token.exact == marks {
            marked |= token.exact != token.folded;
        } else if token.exact == token.folded && token.folded == folded {
            exact = false;
        } else {
            return None;
        }
    }
    for pair in tokens.windows(2) {
        let gap = page.view.raw.get(pair[0].span.end as usize..pair[1].span.start as usize).unwrap_or("");
        if gap.contains([',', '\n', '/', ';', '!', '?', '(', ')', '|']) || gap.contains(". ") {
            return None;
        }
    }
    let first = |token: &Token| page.raw(token.span).chars().find(|c| c.is_alphabetic());
    let capitals = tokens.iter().all(|token| first(token).is_some_and(char::is_uppercase));
    let shouted = capitals && tokens.iter().all(|token| is_shouted(page, token)) && {
        let before = at.checked_sub(1).and_then(|at| page.view.tokens.get(at));
        let after = page.view.tokens.get(at + term.folded.len());
        let mut around = before.into_iter().chain(after).filter(|token| page.raw(token.span).chars().count() > 1);
        around.next().is_some_and(|token| is_shouted(page, token)) || around.any(|token| is_shouted(page, token))
    };
    Some(Written { exact, marked, capitals, shouted })
}

fn is_shouted(page: &Page, token: &Token) -> bool {
    let mut letters = page.raw(token.span).chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.all(|c| !c.is_lowercase())
}

impl Written {
    /// No word around turns the name into something else: `tiếng Hàn`, `cam kết`, `thái độ`.
    fn free_of_words_around(&self, page: &Page, at: usize, term: &Term) -> bool {
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
}

/// Whether a name written so, with this cue, is the place.
fn accepted(page: &Page, at: usize, term: &Term, written: Written, cue: Cue) -> bool {
    let syllables = term.folded.len();
    let cued = cue != Cue::None;
    let strong = matches!(cue, Cue::Strong | Cue::List);
    let proper = written.capitals && !written.shouted;
    // Marks in the text that the term has too leave little doubt.
    let sure = written.marked && syllables >= 2;
    match term.need {
        Need::Slang => {
            let capital = written.capitals || !cue::needs_capital(&term.short);
            written.exact && capital && cue::goes_to_slang(page, at, cue, proper)
        }
        Need::Free if term.vietnamese => {
            sure || (written.capitals && written.exact && syllables >= 2)
                || (syllables >= 2 && (term.alone || cued || proper))
                || (syllables == 1 && (strong || proper && written.exact))
        }
        Need::Free if term.marked => sure || (syllables >= 2 && (term.alone || cued || proper)) || strong || written.exact,
        Need::Free => {
            let long = syllables >= 2 || term.short.len() >= 5;
            long || strong || written.capitals && is_shouted(page, &page.view.tokens[at])
        }
        Need::Case => proper || (written.exact && cued) || (strong && syllables >= 2),
        Need::Cue => strong && (written.exact || syllables >= 2),
        Need::District => {
            let exact = written.exact || sure;
            (exact && written.capitals && (proper || term.marked || cued)) || (syllables >= 2 && strong)
        }
        Need::Commune => written.exact && written.capitals && strong,
        Need::City => proper && term.short.len() >= 4 || strong && term.short.len() >= 5,
    }
}

/// `Quận 3`: a numbered district of Ho Chi Minh City.
fn numbered_district(page: &mut Page, at: usize) -> Option<usize> {
    let view = page.view;
    let token = view.tokens.get(at)?;
    if !matches!(view.canon_of(token), "quận" | "q") {
        return None;
    }
    let number: u32 = view.tokens.get(at + 1).and_then(|next| view.canon_of(next).parse().ok())?;
    if !(1..=12).contains(&number) {
        return None;
    }
    add(page, at, at + 2, &format!("vn34:79/quan-{number}"), &format!("Quận {number}"));
    Some(at + 2)
}

/// A place run together with other words in a hashtag: `#vieclambavet`.
fn hashtag(page: &mut Page, gazetteer: &Gazetteer, token: &Token) -> bool {
    const LONGEST: usize = 48;
    const SHORTEST: usize = 5;
    let raw = page.view.raw.as_bytes();
    if (token.span.start as usize).checked_sub(1).and_then(|at| raw.get(at)) != Some(&b'#') {
        return false;
    }
    let text = page.view.fold_of(token);
    let same_length = text.len() == (token.span.end - token.span.start) as usize;
    if !same_length || !text.is_ascii() || text.len() > LONGEST {
        return false;
    }
    for start in 0..text.len().saturating_sub(SHORTEST - 1) {
        let Some(term) = gazetteer.joined(&text[start..]) else { continue };
        let span = Span { start: token.span.start + start as u32, end: token.span.end };
        let mut detail = Map::new();
        detail.insert("name".into(), Value::from(&*term.name));
        page.add_at(FactKind::Place, term.code.to_string(), span, detail);
        return true;
    }
    false
}

/// A flag was read as the name of its country; it decorates more than it states.
fn is_flag(page: &Page, token: &Token) -> bool {
    page.raw(token.span).chars().next().is_some_and(|c| ('\u{1f1e6}'..='\u{1f1ff}').contains(&c))
}

/// Adds the place of the tokens from `from` up to `until`, unless an address claims their characters.
fn add(page: &mut Page, from: usize, until: usize, code: &str, name: &str) {
    let tokens = &page.view.tokens;
    let (Some(first), Some(last)) = (tokens.get(from), tokens.get(until - 1)) else { return };
    let span = Span { start: first.span.start, end: last.span.end };
    let claimed = page.facts.iter().any(|fact| {
        fact.kind < FactKind::BankAccount && fact.span.start < span.end && span.start < fact.span.end
    });
    if claimed {
        return;
    }
    let mut detail = Map::new();
    detail.insert("name".into(), Value::from(name));
    page.add_at(FactKind::Place, code.to_owned(), span, detail);
}
