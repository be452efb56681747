//! Emoji that stand for words: `bán 🫘`, `cho 👶`, `✈️ ngay`.
//!
//! A pictograph decorates more often than it speaks, so the text never changes: each reading is only an alternate of a
//! word beside it, which then reads as itself followed (or led) by the emoji's word. Flags are no part of this; they
//! always name a country. Deliberately absent: readings that depend on more than the emoji.

use std::sync::LazyLock;

use super::lexicon::rows;
use crate::reading::{Alternate, View, fold, syllable_id};

/// The syllables (exact id, folded id) of one reading.
type Syllables = Vec<(u64, u64)>;

/// Emoji with a reading, ordered.
static READINGS: LazyLock<Vec<(char, Syllables)>> = LazyLock::new(|| {
    let reading = |line: &str| {
        let (emoji, reading) = line.split_once(',')?;
        let ids = |syllable: &str| (syllable_id(syllable), syllable_id(&fold(syllable)));
        Some((emoji.chars().next()?, reading.split(' ').map(ids).collect()))
    };
    let mut readings: Vec<_> = rows(include_str!("../../data/emoji.csv")).skip(1).filter_map(reading).collect();
    readings.sort();
    readings
});

/// Adds the readings of the emoji of a view to the alternates of the words beside them.
pub(super) fn add_alternates(view: &mut View) {
    let bytes = view.soft.text.as_bytes();
    // Vietnamese letters start with a lower byte than any emoji.
    if view.tokens.is_empty() || !bytes.iter().any(|byte| *byte > 0xe1) {
        return;
    }
    let first_new = view.alternates.len();
    // The emoji already read in this gap between two words, and the word behind the gap.
    let (mut seen, mut gap) = (Vec::new(), usize::MAX);
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte > 0xe1) {
        at += found;
        let Some(c) = view.soft.text[at..].chars().next() else { break };
        let readings = readings(c);
        if !readings.is_empty() {
            let place = view.soft.span_of(at..at + c.len_utf8()).start;
            let next = view.tokens.partition_point(|token| token.span.start < place);
            if next != gap {
                seen.clear();
                gap = next;
            }
            let again = seen.contains(&c);
            seen.extend((!again).then_some(c));
            for (_, syllables) in readings.iter().filter(|_| !again) {
                let ids = |token: usize| view.tokens.get(token).map(|token| (token.exact, token.folded));
                // Both words beside it, or one at an end of the text. A term of the emoji alone reads it for the
                // word before.
                for (token, before, after) in [(next.wrapping_sub(1), true, false), (next, false, true)] {
                    let Some(word) = ids(token) else { continue };
                    let whole = before.then_some(word).into_iter().chain(syllables.iter().copied());
                    let whole = whole.chain(after.then_some(word)).collect();
                    view.alternates.push(Alternate { token: token as u32, syllables: whole });
                }
                let beside = next.saturating_sub(1) as u32;
                view.alternates.push(Alternate { token: beside, syllables: syllables.clone() });
            }
        }
        at += c.len_utf8();
    }
    if view.alternates.len() > first_new {
        view.alternates.sort_by(|a, b| (a.token, &a.syllables).cmp(&(b.token, &b.syllables)));
        view.alternates.dedup();
    }
}

fn readings(c: char) -> &'static [(char, Syllables)] {
    let from = READINGS.partition_point(|(emoji, _)| *emoji < c);
    let count = READINGS[from..].iter().take_while(|(emoji, _)| *emoji == c).count();
    &READINGS[from..from + count]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(post: &str, token: u32, words: &str) -> bool {
        let view = super::super::view(post);
        let wanted: Syllables = words.split(' ').map(|word| (syllable_id(word), syllable_id(&fold(word)))).collect();
        view.alternates.iter().any(|alternate| alternate.token == token && alternate.syllables == wanted)
    }

    #[test]
    fn an_emoji_reads_as_a_word_beside_its_neighbours() {
        assert!(reads("cần bán 🫘 gấp", 1, "bán thận"));
        assert!(reads("cần bán 🫘 gấp", 2, "thận gấp"));
        assert!(reads("🤰 không mong muốn", 0, "mang thai không"));
        assert!(reads("tìm nhà cho 👶🏻", 2, "cho em bé"));
        assert!(reads("✈\u{fe0f} ngay", 0, "bay ngay"));
        assert!(reads("đi 🍊 làm", 0, "đi campuchia"));
        assert!(super::super::view("việc 🔥 nhẹ").alternates.is_empty());
        assert_eq!(super::super::view("cần bán 🫘 gấp").canon, "cần bán gấp");
    }

    #[test]
    fn many_emoji_add_few_alternates() {
        let view = super::super::view(&format!("bán {} gấp", "🫘🥚👶".repeat(5_000)));
        assert!(view.alternates.len() < 20, "{}", view.alternates.len());
    }
}
