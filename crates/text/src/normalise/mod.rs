//! The staged normaliser.

mod soft;

use unicode_normalization::UnicodeNormalization;

use crate::reading::{Span, Token, TokenKind, View, fold, syllable_id};

/// Builds the unmasked view of one field.
pub(crate) fn view(raw: &str) -> View {
    let mut view = View { raw: raw.to_owned(), ..View::default() };
    for (start, word) in raw.split_whitespace().map(|w| (w.as_ptr() as usize - raw.as_ptr() as usize, w)) {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        if core.is_empty() {
            continue;
        }
        let start = start + (core.as_ptr() as usize - word.as_ptr() as usize);
        let canon: String = core.nfc().flat_map(char::to_lowercase).collect();
        let folded = fold(&canon);
        let push = |buffer: &mut String, text: &str| {
            if !buffer.is_empty() {
                buffer.push(' ');
            }
            let at = buffer.len() as u32;
            buffer.push_str(text);
            (at, buffer.len() as u32)
        };
        let token = Token {
            canon: push(&mut view.canon, &canon),
            fold: push(&mut view.fold, &folded),
            exact: syllable_id(&canon),
            folded: syllable_id(&folded),
            span: Span { start: start as u32, end: (start + core.len()) as u32 },
            sentence: 0,
            kind: TokenKind::Word,
        };
        view.tokens.push(token);
    }
    view.soft = soft::unmask(raw);
    view
}
