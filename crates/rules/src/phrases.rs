//! The automaton that finds lexicon terms among the tokens of a post.
//!
//! One trie over folded syllable ids holds every term; a walk starts at every token. At the end of a walk each term
//! that ends there is checked as a whole: it fits when all its marks are equal, or, for a `bare` term, when all of it
//! was typed without marks. So `thận` never fits `thân`, `chở bé` never fits `cho bé`, and terms with and without marks
//! share their paths. A bare term of which only one syllable carries marks (`chờ em`, bare `cho em`) is too common a
//! reading of marked text: it fits only where the words around it carry no marks either.
//! A token's folded id is turned into a small symbol once; a second table maps (node, symbol) to the next node.
//!
//! Overlapping hits are all kept. Deliberately absent: edit distance (an attested syllable has eleven neighbours at
//! distance one), word segmentation.

use std::collections::BTreeMap;

use text::{Alternate, Token, View};

use crate::lexicon::{MAX_TERM_SYLLABLES, Term};
use crate::table::Table;

/// One term found: the number of its lexicon and the tokens that it covers (half-open).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub lexicon: u16,
    pub start: u32,
    pub end: u32,
}

/// A term at the end of its path.
#[derive(Clone, Debug)]
struct Ending {
    lexicon: u16,
    bare: bool,
    /// Whether bare text around it is needed too.
    fragile: bool,
    /// Exact ids of the syllables.
    exact: Box<[u64]>,
}

/// All terms of all lexicons.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phrases {
    /// Folded id to symbol, from 1. An id of 0 (FNV gives it to no known syllable) is stored as 1 is.
    symbols: Table,
    /// Node reached from the root by a symbol; index 0 is unused.
    roots: Vec<u32>,
    /// (node << 32 | symbol) to node. Nodes count from 1; the root is 0 and stands in `roots`.
    edges: Table,
    /// For each node, its endings in `endings`.
    ends_at: Vec<(u32, u32)>,
    endings: Vec<Ending>,
    longest: usize,
}

/// A syllable as a walk saw it.
type Syllable = (u64, u64);

impl Phrases {
    /// Builds the automaton; the number of a lexicon is its index.
    pub fn new<'a>(lexicons: impl IntoIterator<Item = &'a [Term]>) -> Phrases {
        let mut symbols: BTreeMap<u64, u32> = BTreeMap::new();
        let mut edges: BTreeMap<u64, u32> = BTreeMap::new();
        let mut endings: Vec<Vec<Ending>> = vec![Vec::new()];
        let mut longest = 0;
        for (lexicon, terms) in lexicons.into_iter().enumerate() {
            for term in terms {
                let mut node = 0u32;
                for &(_, folded) in &term.syllables {
                    let next = symbols.len() as u32 + 1;
                    let symbol = *symbols.entry(folded.max(1)).or_insert(next);
                    let fresh = endings.len() as u32;
                    let child = *edges.entry(u64::from(node) << 32 | u64::from(symbol)).or_insert(fresh);
                    if child == fresh {
                        endings.push(Vec::new());
                    }
                    node = child;
                }
                longest = longest.max(term.syllables.len());
                let exact = term.syllables.iter().map(|s| s.0).collect();
                let fragile = term.syllables.iter().filter(|s| s.0 != s.1).count() == 1;
                if let Some(list) = endings.get_mut(node as usize) {
                    list.push(Ending { lexicon: lexicon as u16, bare: term.bare, fragile, exact });
                }
            }
        }
        let mut roots = vec![0; symbols.len() + 1];
        for (&key, &child) in edges.range(..=u64::from(u32::MAX)) {
            if let Some(root) = roots.get_mut(key as usize) {
                *root = child;
            }
        }
        let inner: BTreeMap<u64, u32> = edges.range(u64::from(u32::MAX) + 1..).map(|(k, v)| (*k, *v)).collect();
        let mut ends_at = Vec::with_capacity(endings.len());
        let mut flat = Vec::new();
        for list in endings {
            let start = flat.len() as u32;
            flat.extend(list);
            ends_at.push((start, flat.len() as u32));
        }
        Phrases { symbols: Table::new(&symbols), roots, edges: Table::new(&inner), ends_at, endings: flat, longest }
    }

    /// Appends every hit in the view; `offset` is added to the token numbers.
    pub fn find(&self, view: &View, offset: u32, symbols: &mut Vec<u32>, hits: &mut Vec<Hit>) {
        if self.longest == 0 {
            return;
        }
        let tokens = &view.tokens;
        symbols.clear();
        symbols.extend(tokens.iter().map(|t| self.symbols.get(t.folded.max(1))));
        for start in 0..tokens.len() {
            let Some(&symbol) = symbols.get(start) else { break };
            let mut node = self.roots.get(symbol as usize).copied().unwrap_or(0);
            let mut end = start + 1;
            while node != 0 {
                for ending in self.endings_of(node) {
                    let run = tokens.get(start..end).unwrap_or(&[]).iter().map(|t| (t.exact, t.folded));
                    if ending.fits(run, tokens, start, end) {
                        let (start, end) = (start as u32 + offset, end as u32 + offset);
                        hits.push(Hit { lexicon: ending.lexicon, start, end });
                    }
                }
                node = match symbols.get(end) {
                    None | Some(0) => 0,
                    Some(&symbol) => self.edges.get(u64::from(node) << 32 | u64::from(symbol)),
                };
                end += 1;
            }
        }
        if !view.alternates.is_empty() {
            self.find_alternates(tokens, &view.alternates, offset, hits);
        }
    }

    fn endings_of(&self, node: u32) -> &[Ending] {
        self.ends_at
            .get(node as usize)
            .and_then(|&(start, end)| self.endings.get(start as usize..end as usize))
            .unwrap_or(&[])
    }

    fn next(&self, node: u32, folded: u64) -> u32 {
        let symbol = self.symbols.get(folded.max(1));
        match (symbol, node) {
            (0, _) => 0,
            (_, 0) => self.roots.get(symbol as usize).copied().unwrap_or(0),
            _ => self.edges.get(u64::from(node) << 32 | u64::from(symbol)),
        }
    }

    /// Walks that use at least one alternate. Each starts no further than the longest term before an alternate.
    fn find_alternates(&self, tokens: &[Token], alternates: &[Alternate], offset: u32, hits: &mut Vec<Hit>) {
        let first_hit = hits.len();
        let mut path: Vec<Syllable> = Vec::with_capacity(MAX_TERM_SYLLABLES);
        let mut next_start = 0;
        for alternate in alternates {
            let at = alternate.token as usize;
            // Each start is walked once, whatever the number of alternates after it.
            for start in next_start.max((at + 1).saturating_sub(self.longest))..=at {
                path.clear();
                let mut walk =
                    Walk { phrases: self, tokens, alternates, start, offset, path: &mut path, steps: 256, hits };
                walk.from(0, start, false);
            }
            next_start = next_start.max(at + 1);
        }
        // Two alternates of one token may spell the same term.
        let fresh = hits.split_off(first_hit);
        let mut fresh = fresh;
        fresh.sort_unstable();
        fresh.dedup();
        hits.extend(fresh);
    }
}

/// How many tokens on either side must be bare for a fragile term to fit.
const AROUND: usize = 3;

impl Ending {
    /// Whether the syllables of a path, which stand for the tokens from `start` to `end`, spell this term. Their folded
    /// forms are known to agree.
    #[inline]
    fn fits(&self, path: impl Iterator<Item = Syllable> + Clone, tokens: &[Token], start: usize, end: usize) -> bool {
        if path.clone().zip(&*self.exact).all(|(syllable, exact)| syllable.0 == *exact) {
            return true;
        }
        let bare = |token: &Token| token.exact == token.folded;
        self.bare
            && path.clone().all(|syllable| syllable.0 == syllable.1)
            && (!self.fragile
                || (tokens.iter().take(start).skip(start.saturating_sub(AROUND)).all(bare)
                    && tokens.iter().skip(end).take(AROUND).all(bare)))
    }
}

/// A depth-first walk through a token sequence and its alternates.
struct Walk<'a> {
    phrases: &'a Phrases,
    tokens: &'a [Token],
    alternates: &'a [Alternate],
    start: usize,
    offset: u32,
    path: &'a mut Vec<Syllable>,
    /// Steps left: a post full of alternates must not take exponential time.
    steps: u32,
    hits: &'a mut Vec<Hit>,
}

impl Walk<'_> {
    fn from(&mut self, node: u32, at: usize, used: bool) {
        if self.steps == 0 {
            return;
        }
        self.steps -= 1;
        if used && node != 0 {
            for ending in self.phrases.endings_of(node) {
                if ending.fits(self.path.iter().copied(), self.tokens, self.start, at) {
                    self.hits.push(Hit {
                        lexicon: ending.lexicon,
                        start: self.start as u32 + self.offset,
                        end: at as u32 + self.offset,
                    });
                }
            }
        }
        let Some(token) = self.tokens.get(at) else { return };
        let depth = self.path.len();
        let next = self.phrases.next(node, token.folded);
        if next != 0 {
            self.path.push((token.exact, token.folded));
            self.from(next, at + 1, used);
            self.path.truncate(depth);
        }
        let first = self.alternates.partition_point(|a| (a.token as usize) < at);
        let alternates = self.alternates;
        for alternate in alternates.iter().skip(first).take_while(|a| a.token as usize == at) {
            let mut node = node;
            for &(exact, folded) in &alternate.syllables {
                node = self.phrases.next(node, folded);
                if node == 0 {
                    break;
                }
                self.path.push((exact, folded));
            }
            if node != 0 && self.path.len() > depth {
                self.from(node, at + 1, true);
            }
            self.path.truncate(depth);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(text: &str, bare: bool) -> Term {
        let tokens = text::read(None, text, None).text.tokens;
        Term { syllables: tokens.iter().map(|t| (t.exact, t.folded)).collect(), bare }
    }

    fn find(terms: &[Term], post: &str) -> Vec<(u32, u32)> {
        let phrases = Phrases::new([terms]);
        let mut hits = Vec::new();
        phrases.find(&text::read(None, post, None).text, 0, &mut Vec::new(), &mut hits);
        hits.iter().map(|h| (h.start, h.end)).collect()
    }

    #[test]
    fn marks_decide() {
        let terms = [term("bán thận", true), term("cần thợ", false)];
        assert_eq!(find(&terms, "cần bán thận gấp"), [(1, 3)]);
        assert_eq!(find(&terms, "can ban than gap"), [(1, 3)]);
        assert!(find(&terms, "bán than củi").is_empty(), "half of its marks");
        assert!(find(&terms, "bán thân").is_empty(), "other marks");
        assert!(find(&terms, "can tho").is_empty(), "not a bare term");
    }

    #[test]
    fn a_term_with_one_mark_needs_bare_text_around_it() {
        let terms = [term("chờ em", true)];
        assert_eq!(find(&terms, "anh cho em o ben xe nha"), [(1, 3)]);
        assert!(find(&terms, "mẹ cho em bé ăn").is_empty());
        assert_eq!(find(&terms, "đang chờ em ở bến"), [(1, 3)]);
    }

    #[test]
    fn overlapping_terms_are_all_found() {
        let terms = [term("việc nhẹ lương cao", true), term("lương cao", true), term("việc nhẹ", true)];
        let mut found = find(&terms, "có việc nhẹ lương cao nha");
        found.sort_unstable();
        assert_eq!(found, [(1, 3), (1, 5), (3, 5)]);
    }

    #[test]
    fn alternates_are_tried() {
        let terms = [term("không cần bằng", true)];
        let mut view = text::read(None, "ko1 cần bằng", None).text;
        let full = term("không", false).syllables;
        view.alternates.push(Alternate { token: 0, syllables: full });
        let mut hits = Vec::new();
        Phrases::new([&terms[..]]).find(&view, 7, &mut Vec::new(), &mut hits);
        assert_eq!(hits, [Hit { lexicon: 0, start: 7, end: 10 }]);
    }
}
