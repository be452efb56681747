//! Stages 6 to 8 on a chunk and, where letters are spaced, on the chunks after it: atoms fenced, spaced and split
//! letters joined.
//!
//! Every piece is looked at a bounded number of times: a run of single letters is decided once and whole, a group of
//! split pieces has a cap on its letters. So the time stays linear.

use std::ops::Range;

use super::atom;
use super::canon::Reader;
use super::chars::{self, Kind};
use super::cut::{self, Rules};
use super::mend::{disguised, sticky, unleeted};
use super::syllable;
use crate::reading::TokenKind;

/// Most letters of a group of split pieces.
const GROUP: usize = 64;

/// What stands between a piece and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// First of its chunk, or behind an atom.
    None,
    /// One sign.
    Sign(char),
    /// Several signs, perhaps with blanks.
    Signs,
    /// One blank.
    Blank,
    /// Several blanks.
    Blanks,
    /// A line end.
    Line,
}

/// Letters and digits without a gap.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    range: Range<usize>,
    letters: usize,
    digits: usize,
    gap: Gap,
    hashtag: bool,
}

impl Piece {
    fn single(&self) -> bool {
        self.letters == 1 && self.digits == 0
    }
}

impl Reader<'_> {
    /// Reads the chunk that starts at `at`, and as many after it as belong to spaced letters; the byte behind them.
    pub(super) fn chunk(&mut self, at: usize) -> usize {
        let soft = self.soft;
        let end = chunk_end(&soft.text, at);
        let chunk = &soft.text[at..end];
        let mut atoms = Vec::new();
        if atom::possible(chunk) {
            atom::find(chunk, &mut atoms);
        }
        let mut pieces = Vec::new();
        if atoms.is_empty() {
            self.cut_pieces(at..end, Gap::None, &mut pieces);
            let end = self.read_on(end, &mut pieces);
            self.pieces(&pieces);
            self.end_of(&pieces, end);
            return end;
        }
        let mut from = at;
        for range in atoms {
            let (start, stop) = (at + range.start, at + range.end);
            pieces.clear();
            self.cut_pieces(from..start, Gap::None, &mut pieces);
            self.pieces(&pieces);
            self.emit_soft(start..stop, TokenKind::Atom);
            from = stop;
        }
        pieces.clear();
        self.cut_pieces(from..end, Gap::None, &mut pieces);
        self.pieces(&pieces);
        self.end_of(&pieces, end);
        if pieces.is_empty() {
            self.ended |= soft.text[from..end].contains(['.', '!', '?', ';', '…']);
        }
        end
    }

    /// Notes a sentence end among the signs behind the last piece.
    fn end_of(&mut self, pieces: &[Piece], end: usize) {
        let Some(last) = pieces.last() else { return };
        let behind = self.soft.text[last.range.end..end].chars();
        let stopped = behind.into_iter().any(|c| matches!(chars::kind_in(self.table, c), Kind::Stop | Kind::Newline));
        // `A. B. C.`: a dot behind a letter is a label.
        self.ended |= stopped && !last.single();
    }

    /// Cuts a stretch of soft text into pieces.
    fn cut_pieces(&self, range: Range<usize>, first: Gap, pieces: &mut Vec<Piece>) {
        let mut gap = first;
        let mut open: Option<Piece> = None;
        let mut signs = 0;
        let mut hashtag = false;
        for (offset, c) in self.soft.text[range.clone()].char_indices() {
            let at = range.start + offset;
            let kind = chars::kind_in(self.table, c);
            if matches!(kind, Kind::Letter | Kind::Digit | Kind::Mark) {
                let piece = open.get_or_insert(Piece { range: at..at, letters: 0, digits: 0, gap, hashtag });
                piece.range.end = at + c.len_utf8();
                piece.letters += usize::from(kind == Kind::Letter);
                piece.digits += usize::from(kind == Kind::Digit);
                signs = 0;
                continue;
            }
            // A dot or comma between digits belongs to the number.
            if matches!(c, '.' | ',')
                && open.as_ref().is_some_and(|piece| piece.letters == 0)
                && self.kind_at(at + 1) == Some(Kind::Digit)
                && at + 1 < range.end
            {
                continue;
            }
            if let Some(piece) = open.take() {
                pieces.push(piece);
                gap = Gap::None;
            }
            hashtag = c == '#';
            signs += 1;
            gap = match gap {
                Gap::None if signs == 1 && !pieces.is_empty() => Gap::Sign(c),
                Gap::Sign(_) | Gap::Signs => Gap::Signs,
                other if signs == 1 && pieces.is_empty() => other,
                _ => Gap::Signs,
            };
        }
        pieces.extend(open);
    }

    /// While the last piece is a single letter or a fragment, takes in the next chunk if it may continue it.
    fn read_on(&mut self, mut end: usize, pieces: &mut Vec<Piece>) -> usize {
        let soft = self.soft;
        let text = &soft.text;
        loop {
            let Some(last) = pieces.last() else { return end };
            let behind = &text[last.range.end..end];
            let word = &text[last.range.clone()];
            let fragment = last.digits == 0 && behind.is_empty() && last.letters <= 5 && self.fragment(word);
            if !last.single() && !fragment {
                return end;
            }
            let blanks = text[end..].len() - text[end..].trim_start_matches(char::is_whitespace).len();
            let start = end + blanks;
            if blanks == 0 || start == text.len() {
                return end;
            }
            let next_end = chunk_end(text, start);
            let next = &text[start..next_end];
            let letters = next.chars().take_while(|c| chars::kind_in(self.table, *c) == Kind::Letter).count();
            let whole = next
                .chars()
                .nth(letters)
                .is_none_or(|c| !matches!(chars::kind_in(self.table, c), Kind::Digit | Kind::Mark));
            let continues = whole && (letters == 1 || ((fragment || last.single()) && (1..=6).contains(&letters)));
            if continues && atom::possible(next) && !dotted(next) {
                // It may be an address; if it is none, a second look sees its letters.
                self.out.again = true;
                return end;
            }
            if !continues {
                // Signs before or behind the next letters are gone on a second look.
                self.out.again |= letters == 0 || !whole;
                return end;
            }
            // Two whole letters do not make a run; a longer word after a single letter is only taken if it could
            // be the rest of a syllable.
            if letters > 1 {
                let rest: String = next.chars().take(letters).collect();
                if !self.completes(word, &rest) {
                    return end;
                }
            }
            let gap = if !behind.is_empty() {
                Gap::Signs
            } else if text[end..start].contains('\n') {
                Gap::Line
            } else if blanks > 1 {
                Gap::Blanks
            } else {
                Gap::Blank
            };
            let first = pieces.len();
            self.cut_pieces(start..next_end, gap, pieces);
            if let Some(piece) = pieces.get_mut(first) {
                piece.gap = gap;
            }
            end = next_end;
        }
    }

    /// Adds the tokens of pieces.
    fn pieces(&mut self, pieces: &[Piece]) {
        let mut at = 0;
        // Up to here runs of single letters, and groups of pieces, have been judged as wholes.
        let (mut judged, mut grouped) = (0, 0);
        while at < pieces.len() {
            if at >= judged {
                let run = run_of_singles(&pieces[at..], &self.soft.text);
                let letters = pieces[at..at + run].iter().filter(|piece| piece.letters == 1).count();
                if letters >= 3 {
                    if self.join_run(&pieces[at..at + run]) {
                        at += run;
                        judged = at;
                        continue;
                    }
                    judged = at + run;
                }
            }
            let lone = at + 1 < judged && pieces[at].single() && pieces[at + 1].single();
            let taken = if lone { 0 } else { self.join_split(&pieces[at..], at, &mut grouped) };
            if taken > 0 {
                at += taken;
                continue;
            }
            let piece = &pieces[at];
            self.between(pieces.get(at.wrapping_sub(1)), piece);
            if piece.letters + piece.digits > 0 {
                self.mend(piece.range.clone(), piece.hashtag);
            }
            at += 1;
        }
    }

    /// Notes a sentence end between two pieces that stay apart.
    fn between(&mut self, before: Option<&Piece>, piece: &Piece) {
        let Some(before) = before else { return };
        self.ended |= match piece.gap {
            Gap::Line => true,
            Gap::Sign('.' | '!' | '?' | ';' | '…') | Gap::Signs => {
                let between = &self.soft.text[before.range.end..piece.range.start];
                before.letters > 2
                    && piece.letters + piece.digits > 1
                    && between.contains(['.', '!', '?', ';', '…', '\n'])
            }
            _ => false,
        };
        if matches!(piece.gap, Gap::Sign('^' | '(' | '+' | '~' | '`' | '\'')) {
            self.out.odd_bare += 1;
        }
        // A sign keeps two halves apart that a plain blank would not.
        if matches!(piece.gap, Gap::Sign(_) | Gap::Signs) && before.letters > 0 && piece.letters > 0 && !self.out.again
        {
            let (head, tail) = (&self.soft.text[before.range.clone()], &self.soft.text[piece.range.clone()]);
            self.out.again = before.letters + piece.letters <= 2 * syllable::LONGEST && self.completes(head, tail);
        }
    }

    /// Joins a run of single letters into syllables; false when it makes none.
    fn join_run(&mut self, run: &[Piece]) -> bool {
        let letters: Vec<char> =
            run.iter().filter_map(|piece| self.soft.text[piece.range.clone()].chars().next()).collect();
        let mut ends = Vec::new();
        if !self.grouped(run, &letters, &mut ends) && !self.whole(&letters, &mut ends) {
            return false;
        }
        self.evasion.joined += 1;
        self.out.again = true;
        let mut from = 0;
        for (end, form) in ends {
            let range = run[from].range.start..run[end - 1].range.end;
            self.replaced(&form, range);
            from = end;
        }
        true
    }

    /// The run cut where its gaps differ from the usual gap, every group being a syllable or a few of them.
    fn grouped(&self, run: &[Piece], letters: &[char], ends: &mut Vec<(usize, String)>) -> bool {
        let gaps = || run[1..].iter().map(|piece| piece.gap);
        let signs = gaps().filter(|gap| matches!(gap, Gap::Sign(_))).count();
        let usual = if signs * 2 >= run.len().saturating_sub(1) && signs > 0 {
            None
        } else if gaps().filter(|gap| *gap == Gap::Blank).count() * 2 >= run.len() - 1 {
            Some(Gap::Blank)
        } else {
            return false;
        };
        let same = |gap: Gap| usual.map_or(matches!(gap, Gap::Sign(_)), |usual| gap == usual);
        if gaps().all(same) {
            return false;
        }
        let mut from = 0;
        while from < run.len() {
            let to = from + 1 + run[from + 1..].iter().take_while(|piece| same(piece.gap)).count();
            let group: String = letters[from..to].iter().collect();
            if to - from == 1 {
                ends.push((to, group));
            } else if let Some(form) = self.stands(&group) {
                ends.push((to, form));
            } else {
                let rules = Rules { met: true, loose: false };
                let Some(parts) = cut::parts(&letters[from..to], rules, self.lexicon) else {
                    ends.clear();
                    return false;
                };
                let mut start = from;
                for part in parts {
                    ends.push((from + part, letters[start..from + part].iter().collect()));
                    start = from + part;
                }
            }
            from = to;
        }
        true
    }

    /// The run cut by its letters alone.
    fn whole(&self, letters: &[char], ends: &mut Vec<(usize, String)>) -> bool {
        ends.clear();
        if letters.len() <= 16 {
            let all: String = letters.iter().collect();
            if let Some(form) = self.stands(&all) {
                ends.push((letters.len(), form));
                return true;
            }
        }
        if letters.len() < 4 {
            return false;
        }
        let Some(parts) = cut::parts(letters, Rules { met: true, loose: true }, self.lexicon) else { return false };
        let mut from = 0;
        let (mut joined, mut long) = (0, false);
        for end in parts {
            if end - from > 1 {
                joined += end - from;
                long |= end - from > 2;
            }
            ends.push((end, letters[from..end].iter().collect()));
            from = end;
        }
        // Lists of labels (`a, b, c, d`) give at best a chance syllable.
        long && joined * 5 >= letters.len() * 4
    }

    /// The canonical form of letters when they are a familiar syllable, a known word or one-way teencode.
    fn stands(&self, word: &str) -> Option<String> {
        let form = self.lexicon.canonical(word).unwrap_or_else(|| word.to_owned());
        let known = self.lexicon.of(&form);
        let familiar = known.syllable && (known.met > 0 || !form.is_ascii());
        let teencode = self.lexicon.teencode(known).is_some_and(|entry| entry.replace);
        if familiar || known.word || teencode {
            return Some(form);
        }
        unleeted(word, self.lexicon).filter(|_| word.bytes().any(|b| b.is_ascii_digit()))
    }

    /// Joins a syllable that was split by signs or a blank; how many pieces were used. `at` is the place of the first
    /// among all pieces, `grouped` how far groups have been judged.
    fn join_split(&mut self, pieces: &[Piece], at: usize, grouped: &mut usize) -> usize {
        let Some(next) = pieces.get(1) else { return 0 };
        let same = |gap: Gap| match (next.gap, gap) {
            (Gap::Sign(a), Gap::Sign(b)) => a == b || (!disguised(a).is_empty() && !disguised(b).is_empty()),
            _ => false,
        };
        if let Gap::Sign(_) = next.gap {
            if at >= *grouped {
                let group = 1 + pieces[1..].iter().take(GROUP).take_while(|piece| same(piece.gap)).count();
                if group > 2 && self.join_group(&pieces[..group]) {
                    return group;
                }
                *grouped = at + group;
            }
            if self.join_group(&pieces[..2]) {
                return 2;
            }
            return 0;
        }
        if matches!(next.gap, Gap::Blank | Gap::Blanks | Gap::Line) && pieces[0].digits == 0 && next.digits == 0 {
            let (head, tail) = (&self.soft.text[pieces[0].range.clone()], &self.soft.text[next.range.clone()]);
            if let Some(form) = self.completed(head, tail) {
                let range = pieces[0].range.start..next.range.end;
                self.evasion.joined += 1;
                self.replaced(&form, range);
                return 2;
            }
        }
        0
    }

    /// Joins pieces with one sign between each, if some piece is no word and the whole is one.
    fn join_group(&mut self, group: &[Piece]) -> bool {
        let soft = self.soft;
        let total: usize = group.iter().map(|piece| piece.letters + piece.digits).sum();
        if total > GROUP || group.iter().any(|piece| piece.letters == 0 && piece.digits > 1) || group[0].letters == 0 {
            return false;
        }
        let text = |piece: &Piece| &soft.text[piece.range.clone()];
        let word = |piece: &Piece| {
            let known = self.lexicon.of(text(piece));
            known.word || (piece.letters > 1 && known.syllable && known.met > 0)
        };
        let Gap::Sign(sign) = group[1].gap else { return false };
        let disguise = group[1..].iter().any(|piece| matches!(piece.gap, Gap::Sign(c) if !disguised(c).is_empty()));
        if group.iter().all(word) && !disguise {
            return false;
        }
        // Initials: `X.A`, `H.An`, `P.Bến Nghé`.
        if matches!(sign, '.' | '-' | '/' | '&') && group.len() == 2 {
            let capitals = group.iter().all(|piece| self.capital(piece.range.start));
            if capitals && (group[1].letters == 1 || word(&group[1])) {
                return false;
            }
        }
        let range = group[0].range.start..group[group.len() - 1].range.end;
        if disguise {
            let dressed: String = soft.text[range.clone()].to_owned();
            if dressed.bytes().filter(|b| b.is_ascii_digit()).count() + group.len() <= 5
                && let Some(form) = unleeted(&dressed, self.lexicon)
            {
                self.evasion.leet += 1;
                self.replaced(&form, range);
                return true;
            }
            if group.iter().all(word) {
                return false;
            }
        }
        let joined: String = group.iter().map(text).collect();
        let short = |piece: &Piece| {
            let known = self.lexicon.of(text(piece));
            piece.letters > 1 && self.lexicon.teencode(known).is_some_and(|entry| entry.replace)
        };
        let form = self.stands(&joined).filter(|form| {
            // Teencode in pieces only with dots and none inside: `c.ty` but not `đ/c` or `TP.HCM`.
            let known = self.lexicon.of(form);
            known.syllable || known.word || (matches!(sign, '.' | '*') && !group.iter().any(short))
        });
        if let Some(form) = form {
            self.evasion.joined += 1;
            self.replaced(&form, range);
            return true;
        }
        let singles = group.iter().filter(|piece| piece.letters == 1).count();
        if singles == 0 && !matches!(sign, '.' | '*' | '|' | '~' | '_' | '·' | '•') {
            return false;
        }
        let Some(ends) = sticky(&joined, true, self.lexicon) else { return false };
        self.evasion.joined += 1;
        self.out.again = true;
        self.emit_group(group, &joined, &ends);
        true
    }

    /// Adds the parts of pieces joined and cut again; `ends` counts letters of the joined text.
    fn emit_group(&mut self, group: &[Piece], joined: &str, ends: &[usize]) {
        let soft = self.soft;
        let places: Vec<Range<usize>> = group
            .iter()
            .flat_map(|piece| {
                soft.text[piece.range.clone()].char_indices().map(|(at, c)| {
                    let start = piece.range.start + at;
                    start..start + c.len_utf8()
                })
            })
            .collect();
        let letters: Vec<char> = joined.chars().collect();
        let mut from = 0;
        for end in ends {
            let form: String = letters[from..*end].iter().collect();
            self.emit(&form, places[from].start..places[end - 1].end, TokenKind::Word);
            from = *end;
        }
    }

    /// Whether letters are part of a syllable but none themselves.
    fn fragment(&self, word: &str) -> bool {
        let known = self.lexicon.of(word);
        let consonants = !word.chars().any(syllable::is_vowel);
        let short = self.lexicon.teencode(known);
        !known.syllable && !known.word && short.is_none_or(|entry| consonants && !entry.replace)
    }

    /// Whether two neighbours could be one split syllable.
    fn completes(&self, head: &str, tail: &str) -> bool {
        self.completed(head, tail).is_some()
    }

    /// The syllable that a blank split: `th ận`, `v iệc`, `việ c`. Both halves must be no words of their own.
    fn completed(&self, head: &str, tail: &str) -> Option<String> {
        if !self.fragment(head) {
            return None;
        }
        let vowels = |word: &str| word.chars().any(syllable::is_vowel);
        let front = !vowels(head) && tail.chars().next().is_some_and(syllable::is_vowel) && {
            let known = self.lexicon.of(tail);
            known.met == 0 && !known.word && known.teencode == 0 && !tail.is_ascii() && tail.chars().count() > 1
        };
        let back = vowels(head) && !head.is_ascii() && matches!(tail, "c" | "m" | "n" | "t" | "p" | "ng" | "nh" | "ch");
        if !front && !back {
            return None;
        }
        let form = self.lexicon.canonical(&format!("{head}{tail}"))?;
        let known = self.lexicon.of(&form);
        (known.syllable && known.met > 0).then_some(form)
    }
}

/// The end of the chunk that holds `at`: the next blank.
fn chunk_end(text: &str, at: usize) -> usize {
    text[at..].find(char::is_whitespace).map_or(text.len(), |len| at + len)
}

/// Whether a chunk is letters with single dots between: no address.
fn dotted(chunk: &str) -> bool {
    chunk.trim_end_matches(|c: char| !c.is_alphanumeric()).split('.').all(|part| part.chars().count() == 1)
}

/// How many pieces from the first on are single letters; a digit counts between signs that join it to letters.
fn run_of_singles(pieces: &[Piece], text: &str) -> usize {
    let mut run = 0;
    while let Some(piece) = pieces.get(run) {
        let digit = piece.letters == 0
            && piece.digits == 1
            && run > 0
            && matches!(piece.gap, Gap::Sign(_))
            && pieces.get(run + 1).is_some_and(|next| next.letters == 1 && next.gap == piece.gap)
            && !disguised(text[piece.range.clone()].chars().next().unwrap_or(' ')).is_empty();
        if !piece.single() && !digit {
            break;
        }
        run += 1;
    }
    run
}
