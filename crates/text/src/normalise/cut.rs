//! Cutting letters that were run together into syllables: by fewest and most familiar syllables, in linear time.

use super::canon::{FNV_START, step};
use super::chars;
use super::lexicon::Lexicon;

/// What a letter costs that belongs to no part.
const LOOSE: u32 = 40;

/// How letters may be cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Bare syllables must have been met somewhere.
    pub met: bool,
    /// Letters may stay loose at a cost.
    pub loose: bool,
}

/// The end of each part, in order; `None` when the letters cannot be cut whole.
///
/// A part is a canonical syllable of two letters or more, or a known word. With `loose`, single letters may remain.
pub(super) fn parts(letters: &[char], rules: Rules, lexicon: &Lexicon) -> Option<Vec<usize>> {
    const NEVER: u32 = u32::MAX;
    let n = letters.len();
    // Cheapest way to each position: cost, start of its last part, folded id of that part.
    let mut best: Vec<(u32, usize, u64)> = vec![(NEVER, 0, 0); n + 1];
    best[0] = (0, 0, 0);
    let table = chars::table();
    for start in 0..n {
        let (so_far, _, previous) = best[start];
        if so_far == NEVER {
            continue;
        }
        if rules.loose {
            let cost = so_far + LOOSE;
            if cost < best[start + 1].0 {
                best[start + 1] = (cost, start, 0);
            }
        }
        let mut bare = true;
        let (mut id, mut folded) = (FNV_START, FNV_START);
        for end in start + 1..=n {
            let letter = letters[end - 1];
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                id = step(id, byte);
            }
            folded = step(folded, chars::entry(table, letter).fold);
            bare &= letter.is_ascii();
            let len = end - start;
            // The running hash is the id of the letters so far; unknown letters are the front of nothing.
            let Some(known) = lexicon.get(id) else {
                if len > 1 {
                    break;
                }
                continue;
            };
            if len < 2 {
                continue;
            }
            let cost = if known.syllable && (known.met > 0 || !bare || !rules.met) {
                // A syllable costs by how rarely it is met; a pair often seen together comes cheaper.
                let rare = 10 - u32::from(known.met.min(7));
                16 + 2 * rare
            } else if known.word && len >= 3 {
                20
            } else if known.prefix {
                continue;
            } else {
                break;
            };
            let together = previous != 0 && lexicon.pair(previous, folded);
            let cost = so_far + if together { cost - 8 } else { cost };
            if cost < best[end].0 {
                best[end] = (cost, start, folded);
            }
            if !known.prefix {
                break;
            }
        }
    }
    if best[n].0 == NEVER {
        return None;
    }
    let mut ends = Vec::new();
    let mut at = n;
    while at > 0 {
        ends.push(at);
        at = best[at].1;
    }
    ends.reverse();
    Some(ends)
}
