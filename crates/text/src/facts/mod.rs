//! Facts: what can be extracted from a post and used to reach, link or locate somebody.
//!
//! All extractors read the soft view, cut once into pieces ([`lex`]); places and channel names read the tokens, which
//! have disguises undone. Where two kinds claim the same characters, the order of [`extract`] decides: addresses,
//! then bank accounts, identity numbers, phones, money, ages, dates.
//!
//! Invariants: facts are ordered by field, start, end and kind; every span is a range of the original; the time taken
//! is linear in the length of the text. Deliberately absent: network look-ups, and checks whether a number exists.

mod age;
mod bank;
mod channel;
mod clock;
mod date;
mod handle;
mod id_number;
mod lex;
mod money;
mod number;
mod phone;
mod place;
mod url;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::reading::{Field, Span, View};
use lex::{Cut, Heads, Kind, Piece};

/// The kind of a fact; the spelling in JSON is the contract of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// E.164, or a short or service number as dialled.
    Phone,
    /// Digits with `?` for hidden ones.
    PhoneMasked,
    /// E.164; `group:ID`; `qr:ID`.
    Zalo,
    /// `@name` in lower case; `invite:HASH` as written; E.164 when only a number is given.
    Telegram,
    /// E.164.
    Whatsapp,
    /// `user:NAME`, `id:NUMBER`, `group:ID`.
    Facebook,
    /// `@name`.
    Tiktok,
    /// `line:NAME`, `wechat:NAME` and the like.
    Handle,
    /// Canonical, defanged restored.
    Url,
    /// Canonical.
    Email,
    /// `BIN:NUMBER`, `?:NUMBER` when the bank is unknown.
    BankAccount,
    /// `momo:+84…`.
    Wallet,
    /// `N CUR` or `A-B CUR`, with a period when stated.
    Money,
    /// `24`, `18-35`, `16+`, `35-`, `yob:2008`, `5d`.
    Age,
    /// A gazetteer code.
    Place,
    /// ISO date, month or interval; `--MM-DD` when neither the text nor the time of the post gives the year; `P1D` for
    /// a word such as `mai` when the time of the post is unknown. `detail.in_days` counts days from the post.
    Date,
    /// A time of day, `HH:MM`, or an interval of two.
    Time,
    /// The kind of document only; the number stays masked.
    IdNumber,
    /// The kind only.
    TaxCode,
}

/// One extracted fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: FactKind,
    /// The canonical value.
    pub value: String,
    /// The original text at `span`.
    pub text: String,
    /// Which field it stands in.
    pub field: Field,
    /// Where it stands.
    pub span: Span,
    /// What more is known: `minor`, `name`, `legacy`, `obf`, `conf`, `cue`, `op`, …
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub detail: Map<String, Value>,
}

/// Words with which a fact may start.
static HEADS: Heads = Heads::of_lists(
    &[&phone::STARTS, &number::STARTS, &money::STARTS, &id_number::STARTS, &date::STARTS],
    &[&handle::JOINING],
);

/// Extracts the facts of one field.
pub(crate) fn extract(view: &View, field: Field, posted_at_ms: Option<i64>) -> Vec<Fact> {
    let mut page = Page::new(view, field, posted_at_ms);
    handle::extract(&mut page);
    page.addresses = page.facts.iter().map(|fact| fact.span).collect();
    page.addresses.sort();
    for at in std::mem::take(&mut page.starts) {
        let at = at as usize;
        if page.taken[at] {
            continue;
        }
        match page.pieces[at].kind {
            Kind::Digits => {
                let _ = bank::at(&mut page, at)
                    || id_number::at(&mut page, at)
                    || phone::at(&mut page, at)
                    || age::at(&mut page, at)
                    || money::at(&mut page, at)
                    || clock::at(&mut page, at)
                    || date::at(&mut page, at);
            }
            Kind::Word => {
                let _ = phone::at_word(&mut page, at)
                    || age::at_word(&mut page, at)
                    || money::at_word(&mut page, at)
                    || id_number::at_word(&mut page, at)
                    || date::at_word(&mut page, at);
            }
            Kind::Mark => {
                let _ = phone::at_mark(&mut page, at) || money::at_mark(&mut page, at);
            }
            Kind::Break => {}
        }
    }
    place::extract(&mut page);
    let mut facts = page.facts;
    facts.sort_by(|a, b| {
        (a.span.start, a.span.end, a.kind, &a.value).cmp(&(b.span.start, b.span.end, b.kind, &b.value))
    });
    facts.dedup_by(|a, b| a.kind == b.kind && a.span == b.span && a.value == b.value);
    facts
}

/// Reads what a person typed into a search box as one contact, in whatever disguise: a phone, handle, address or link.
///
/// Answers the fact that covers most of the query; `None` when the query is no contact.
pub fn contact_query(query: &str) -> Option<Fact> {
    let view = crate::normalise::view(query);
    let is_contact = |kind: FactKind| kind < FactKind::Money;
    let best = |facts: Vec<Fact>| {
        facts
            .into_iter()
            .filter(|fact| is_contact(fact.kind))
            .max_by_key(|fact| (fact.span.end - fact.span.start, std::cmp::Reverse(fact.kind)))
    };
    let found = best(extract(&view, Field::Text, None));
    if found.is_some() {
        return found;
    }
    // A bare nine-digit number is a phone only because it was asked for.
    let digits: String = view.soft.text.chars().filter(char::is_ascii_digit).collect();
    let rest = view.soft.text.chars().filter(|c| !c.is_ascii_digit()).all(|c| " .-_()".contains(c));
    let value = rest.then(|| phone::national(&digits)).flatten()?;
    Some(Fact {
        kind: FactKind::Phone,
        value,
        text: query.to_owned(),
        field: Field::Text,
        span: Span { start: 0, end: query.len() as u32 },
        detail: detail([("conf", "low")]),
    })
}

/// Builds a detail of texts.
fn detail<const N: usize>(entries: [(&str, &str); N]) -> Map<String, Value> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
}

/// One field while its facts are read.
struct Page<'a> {
    view: &'a View,
    field: Field,
    /// The day of the post in Vietnam.
    posted: Option<jiff::civil::Date>,
    /// The soft text.
    text: &'a str,
    pieces: Vec<Piece>,
    /// Pieces with which a number, amount, age or date may start, until they are read.
    starts: Vec<u32>,
    /// Pieces with which an address may start, until they are read.
    joints: Vec<u32>,
    /// No link starts before this piece: they would all end in a row of labels that has been looked at.
    no_link_before: usize,
    /// Pieces that a fact has claimed.
    taken: Vec<bool>,
    /// Where addresses stand in the original, in order.
    addresses: Vec<Span>,
    facts: Vec<Fact>,
}

impl<'a> Page<'a> {
    fn new(view: &'a View, field: Field, posted_at_ms: Option<i64>) -> Self {
        let Cut { pieces, starts, joints } = lex::cut(&view.soft.text, &HEADS);
        let taken = vec![false; pieces.len()];
        let posted = posted_at_ms.and_then(date::day_in_vietnam);
        let text = &view.soft.text;
        Page {
            view,
            field,
            posted,
            text,
            pieces,
            starts,
            joints,
            no_link_before: 0,
            taken,
            addresses: Vec::new(),
            facts: Vec::new(),
        }
    }

    fn piece(&self, at: usize) -> Option<&Piece> {
        self.pieces.get(at)
    }

    /// The soft text of a piece; empty past the end.
    fn str(&self, at: usize) -> &'a str {
        self.piece(at).map_or("", |piece| &self.text[piece.start as usize..piece.end as usize])
    }

    /// The soft text from one piece up to another, exclusive.
    fn slice(&self, from: usize, until: usize) -> &'a str {
        match (self.piece(from), until.checked_sub(1).and_then(|last| self.piece(last))) {
            (Some(first), Some(last)) if from < until => &self.text[first.start as usize..last.end as usize],
            _ => "",
        }
    }

    /// Key of the word at `at`, 0 when there is no word.
    fn word(&self, at: usize) -> u64 {
        self.piece(at).filter(|piece| piece.kind == Kind::Word).map_or(0, |piece| piece.key)
    }

    /// Key of the word `back` pieces before `at`, 0 when there is none.
    fn word_before(&self, at: usize, back: usize) -> u64 {
        at.checked_sub(back).map_or(0, |at| self.word(at))
    }

    /// The mark at `at`, if it is one.
    fn mark(&self, at: usize) -> Option<char> {
        self.piece(at).filter(|piece| piece.kind == Kind::Mark).and_then(|piece| char::from_u32(piece.key as u32))
    }

    /// The digits at `at`, if it is a digit run.
    fn digits(&self, at: usize) -> Option<&'a str> {
        self.piece(at).filter(|piece| piece.kind == Kind::Digits).map(|_| self.str(at))
    }

    /// The digits at `at` as a small number; `None` for more than nine digits.
    fn small(&self, at: usize) -> Option<u32> {
        self.digits(at).filter(|digits| digits.len() <= 9).and_then(|digits| digits.parse().ok())
    }

    /// No blank stands between `at` and the piece before it.
    fn glued(&self, at: usize) -> bool {
        match (at.checked_sub(1).and_then(|before| self.piece(before)), self.piece(at)) {
            (Some(before), Some(piece)) => before.end == piece.start && before.kind != Kind::Break,
            _ => false,
        }
    }

    /// A mark is glued to the digits at `at`, and more digits to that mark: `at` continues a number with `marks`.
    fn continues_number(&self, at: usize, marks: &[char]) -> bool {
        at >= 2
            && self.glued(at)
            && self.glued(at - 1)
            && self.mark(at - 1).is_some_and(|mark| marks.contains(&mark))
            && self.digits(at - 2).is_some()
    }

    /// Where the pieces from `from` up to `until`, exclusive, stand in the original.
    fn span(&self, from: usize, until: usize) -> Span {
        let start = self.piece(from).map_or(self.text.len(), |piece| piece.start as usize);
        let end = until.checked_sub(1).and_then(|last| self.piece(last)).map_or(start, |piece| piece.end as usize);
        self.view.soft.span_of(start..end.max(start))
    }

    /// The original text of a span.
    fn raw(&self, span: Span) -> &'a str {
        self.view.raw.get(span.range()).unwrap_or("")
    }

    /// Adds a fact over the pieces from `from` up to `until`, exclusive, and claims them.
    fn add(&mut self, kind: FactKind, value: String, from: usize, until: usize, detail: Map<String, Value>) {
        let span = self.span(from, until);
        self.add_at(kind, value, span, detail);
        for taken in &mut self.taken[from..until] {
            *taken = true;
        }
    }

    /// Adds a fact over a span of the original.
    fn add_at(&mut self, kind: FactKind, value: String, span: Span, detail: Map<String, Value>) {
        let text = self.raw(span).to_owned();
        self.facts.push(Fact { kind, value, text, field: self.field, span, detail });
    }

    /// Whether a span of the original lies in an address.
    fn in_address(&self, span: Span) -> bool {
        let after = self.addresses.partition_point(|address| address.start < span.end);
        after.checked_sub(1).and_then(|last| self.addresses.get(last)).is_some_and(|address| address.end > span.start)
    }

    /// Whether some word among the `reach` pieces before `at`, on the same line, has a key that `cue` accepts.
    fn any_before(&self, at: usize, reach: usize, cue: impl Fn(u64) -> bool) -> bool {
        self.pieces[at.saturating_sub(reach)..at]
            .iter()
            .rev()
            .take_while(|piece| piece.kind != Kind::Break)
            .any(|piece| piece.kind == Kind::Word && cue(piece.key))
    }
}
