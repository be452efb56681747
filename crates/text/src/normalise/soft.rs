//! Stages 0 to 5: raw text to the soft view, with the map back to the original.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::reading::{Mapped, Run};

/// Builds the soft view of a field.
pub(super) fn unmask(raw: &str) -> Mapped {
    let mut soft = Mapped { text: String::with_capacity(raw.len()), runs: Vec::new() };
    for (at, cluster) in raw.grapheme_indices(true) {
        let start = soft.text.len();
        let mut chars = cluster.chars();
        let lone = chars.next().filter(|_| chars.next().is_none());
        for c in cluster.nfc().filter(|c| !invisible(*c)) {
            soft.text.extend(c.to_lowercase());
        }
        let written = &soft.text[start..];
        let exact = lone.is_some() && written.len() == cluster.len() && written.chars().count() == 1;
        extend(&mut soft, start, at, cluster.len(), exact);
    }
    soft
}

/// Records that the text from `start` on came from `len` bytes at `src`.
fn extend(soft: &mut Mapped, start: usize, src: usize, len: usize, exact: bool) {
    if soft.text.len() == start {
        return;
    }
    if let Some(last) = soft.runs.last_mut() {
        if exact && last.exact && (last.src + last.src_len) as usize == src {
            last.src_len += len as u32;
            return;
        }
    }
    soft.runs.push(Run { at: start as u32, src: src as u32, src_len: len as u32, exact });
}

/// Characters that a reader does not see and that carry no word.
fn invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20f0}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}
