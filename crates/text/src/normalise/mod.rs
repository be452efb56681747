//! The staged normaliser: raw text in, an unmasked [`View`] out.
//!
//! | stage | what | where |
//! |---|---|---|
//! | 0 | mojibake, VNI and TCVN3 fonts, raw typing | [`legacy`], [`keystroke`] |
//! | 1–3 | flags and keycaps, invisible characters, compatibility forms | [`soft`], [`chars`] |
//! | 4 | look-alike letters, word by word | [`confusable`] |
//! | 5 | marks, NFC, lower case, tone placement | [`soft`], [`syllable`] |
//! | 6 | atoms fenced | [`atom`] |
//! | 7 | spaced and split letters joined | [`join`], [`cut`] |
//! | 8–11 | digits as letters, stretched letters, words run together, teencode | [`mend`] |
//! | 12 | folded forms and ids | [`canon`] |
//! | after | emoji as other readings of the words beside them | [`emoji`] |
//!
//! Invariants: never fails; linear in the length of the input; spans are whole graphemes of the original, in order;
//! reading the canon text again gives the same canon text; NFC and NFD give the same. Deliberately absent: a word
//! list of Vietnamese, restoring marks, correcting spelling beyond tones and common slips.

mod atom;
mod canon;
mod chars;
mod confusable;
mod cut;
mod emoji;
mod join;
mod keystroke;
mod legacy;
mod lexicon;
mod mend;
mod soft;
mod syllable;

pub use legacy::from_old_font;

use std::ops::Range;

use crate::reading::{Evasion, Mapped, Run, View};
use canon::Output;

/// How often a text that had been joined or cut is read again until it stays the same.
const LOOKS: usize = 4;

/// Builds the unmasked view of one field.
pub(crate) fn view(raw: &str) -> View {
    let Look { mut soft, mut output, evasion, settled } = look(raw, true);
    if !output.patches.is_empty() {
        soft = patched(&soft, &output.patches);
    }
    if !settled {
        settle(&mut output);
    }
    let Output { canon, fold, tokens, alternates, .. } = output;
    let fold = String::from_utf8(fold).unwrap_or_default();
    let mut view = View { raw: raw.to_owned(), soft, canon, fold, tokens, alternates, evasion };
    emoji::add_alternates(&mut view);
    view
}

/// One pass of all stages over a text.
struct Look {
    soft: Mapped,
    output: Output,
    evasion: Evasion,
    /// Another look at the canon text cannot differ.
    settled: bool,
}

/// Takes the text through all stages once. `cased` says whether capitals in it mean something.
fn look(raw: &str, cased: bool) -> Look {
    let shown = cased.then_some(raw);
    let mut evasion = Evasion::default();
    let (mut soft, clean) = match soft::clean(raw) {
        Some(soft) => (soft, true),
        None => (soft::unmask(raw, false, &mut evasion), false),
    };
    let (mut output, mut found) = canon::tokenise(&soft, shown);
    // Old fonts and raw typing can be made of plain letters only; unknown words betray them.
    let (marked, bare) = (output.odd_marked as usize, output.odd_bare as usize);
    let suspicious = (marked > 0 && marked * 5 >= output.tokens.len())
        || (bare > 1 && bare * 4 > output.tokens.len())
        || keystroke::viqr_possible(&soft.text);
    if suspicious {
        let mut with_legacy = Evasion::default();
        let unmasked = soft::unmask(raw, true, &mut with_legacy);
        if with_legacy.legacy > evasion.legacy {
            (soft, evasion) = (unmasked, with_legacy);
            (output, found) = canon::tokenise(&soft, shown);
        }
    }
    let settled = clean && !output.again && !suspicious;
    evasion.joined = found.joined;
    evasion.leet = found.leet;
    evasion.elongated = found.elongated;
    evasion.sticky = found.sticky;
    Look { soft, output, evasion, settled }
}

/// Reads the canon text again until it stays the same, carrying spans and sentences along.
fn settle(output: &mut Output) {
    for _ in 0..LOOKS {
        let mut after = look(&output.canon, false).output;
        if after.canon == output.canon {
            return;
        }
        let mut first = 0;
        for token in &mut after.tokens {
            // Its span points into the canon text of the look before: it covers whole tokens of it, or part of one.
            while output.tokens.get(first).is_some_and(|old| old.canon.1 <= token.span.start) {
                first += 1;
            }
            let covered = output.tokens.iter().skip(first).take_while(|old| old.canon.0 < token.span.end);
            let (mut span, mut sentence) = (None, 0);
            for old in covered {
                let joined = span.get_or_insert(old.span);
                joined.end = joined.end.max(old.span.end);
                sentence = old.sentence.max(sentence);
            }
            token.sentence = sentence;
            token.span = span.unwrap_or(token.span);
        }
        *output = after;
    }
}

/// The soft text with replacements, its runs cut to fit.
fn patched(soft: &Mapped, patches: &[(Range<usize>, String)]) -> Mapped {
    let mut out = Mapped {
        text: String::with_capacity(soft.text.len()),
        runs: Vec::with_capacity(soft.runs.len() + 2 * patches.len()),
    };
    let mut from = 0;
    for (range, form) in patches {
        copy(soft, from..range.start, &mut out);
        let span = soft.span_of(range.clone());
        let at = out.text.len();
        out.text.push_str(form);
        out.runs.push(Run { at: at as u32, src: span.start, src_len: span.end - span.start, exact: false });
        from = range.end;
    }
    copy(soft, from..soft.text.len(), &mut out);
    out
}

/// Copies a stretch of mapped text with its runs.
fn copy(soft: &Mapped, range: Range<usize>, out: &mut Mapped) {
    if range.is_empty() {
        return;
    }
    let shift = out.text.len();
    let first = soft.runs.partition_point(|run| run.at as usize <= range.start).saturating_sub(1);
    for (index, run) in soft.runs.iter().enumerate().skip(first) {
        let start = run.at as usize;
        if start >= range.end {
            break;
        }
        let end = soft.runs.get(index + 1).map_or(soft.text.len(), |next| next.at as usize);
        let (from, to) = (start.max(range.start), end.min(range.end));
        let at = (shift + from - range.start) as u32;
        if run.exact {
            out.runs.push(Run { at, src: run.src + (from - start) as u32, src_len: (to - from) as u32, exact: true });
        } else {
            out.runs.push(Run { at, ..*run });
        }
    }
    out.text.push_str(&soft.text[range]);
}
