//! What the learned part sees of a post: exact and folded one- and two-syllable n-grams, with everything that names
//! somebody or some place masked, and which signals occur.
//!
//! Masked: places, contacts, money, dates, ages, numbers, addresses, and runs of two or more capitalised words. So the
//! weights cannot speak of a province, a person or an account.

use text::{FactKind, Field, Reading, Token, TokenKind, View, syllable_id};

/// One n-gram of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gram {
    /// Never 0.
    pub key: u64,
    /// Of the folded forms; else of the exact ones.
    pub folded: bool,
    pub field: Field,
    /// First token.
    pub start: u32,
    /// 1 or 2 tokens.
    pub len: u32,
}

/// The key of an n-gram from its syllables' ids.
pub(crate) fn key(folded: bool, first: u64, second: Option<u64>) -> u64 {
    let salt = u64::from(folded) << 1 | u64::from(second.is_some());
    let mixed = first.wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29) ^ second.unwrap_or(0) ^ salt << 62;
    (mixed ^ salt).wrapping_mul(0xc4ce_b9fe_1a85_ec53).max(1)
}

/// What stands in place of a masked token.
fn mask_of(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Place => "<place>",
        FactKind::Money => "<money>",
        FactKind::Age => "<age>",
        FactKind::Date | FactKind::Time => "<date>",
        FactKind::IdNumber | FactKind::TaxCode => "<number>",
        _ => "<contact>",
    }
}

/// (exact, folded) ids of a field's tokens after masking.
fn masked(view: &View, field: Field, reading: &Reading) -> Vec<(u64, u64)> {
    let mut ids: Vec<(u64, u64)> = view
        .tokens
        .iter()
        .map(|token| match token.kind {
            TokenKind::Word => (token.exact, token.folded),
            TokenKind::Number => twice("<number>"),
            TokenKind::Atom => twice("<contact>"),
        })
        .collect();
    mask_names(view, &mut ids);
    for fact in reading.facts.iter().filter(|f| f.field == field) {
        let mask = mask_of(fact.kind);
        let first = view.tokens.partition_point(|t| t.span.end <= fact.span.start);
        let last = view.tokens.partition_point(|t| t.span.start < fact.span.end);
        for id in ids.get_mut(first..last).into_iter().flatten() {
            *id = twice(mask);
        }
    }
    ids
}

fn twice(mask: &str) -> (u64, u64) {
    let id = syllable_id(mask);
    (id, id)
}

/// Masks runs of two or more words that start with one capital, unless the run opens a sentence and is only that.
fn mask_names(view: &View, ids: &mut [(u64, u64)]) {
    let capital = |token: &Token| {
        let mut letters = view.raw.get(token.span.range()).unwrap_or("").chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
    };
    let mut start = 0;
    while start < view.tokens.len() {
        let run = view.tokens.iter().skip(start).take_while(|t| capital(t)).count();
        let opens = start == 0
            || view.tokens.get(start).map(|t| t.sentence) != view.tokens.get(start.wrapping_sub(1)).map(|t| t.sentence);
        // The first word of a sentence is capitalised whatever it is.
        let from = start + usize::from(opens && run > 0);
        if start + run >= from + 2 {
            for id in ids.iter_mut().take(start + run).skip(from) {
                *id = twice("<name>");
            }
        }
        start += run.max(1);
    }
}

/// Every n-gram of a post, in order; repeated ones stand repeatedly. `bare` reads the post as if it had been typed
/// without marks. Returns the number of tokens too.
pub(crate) fn grams(reading: &Reading, bare: bool, found: &mut Vec<Gram>) -> usize {
    found.clear();
    let mut tokens = 0;
    let fields = reading.title.iter().map(|v| (Field::Title, v)).chain(std::iter::once((Field::Text, &reading.text)));
    for (field, view) in fields {
        let ids = masked(view, field, reading);
        tokens += ids.len();
        for (start, &(exact, folded)) in ids.iter().enumerate() {
            let next = ids.get(start + 1).copied();
            let exact_of = |id: (u64, u64)| if bare { id.1 } else { id.0 };
            let mut push = |folded, first, second: Option<u64>| {
                let len = 1 + u32::from(second.is_some());
                found.push(Gram { key: key(folded, first, second), folded, field, start: start as u32, len });
            };
            push(false, exact_of((exact, folded)), None);
            push(true, folded, None);
            if let Some(next) = next {
                push(false, exact_of((exact, folded)), Some(exact_of(next)));
                push(true, folded, Some(next.1));
            }
        }
    }
    tokens
}

const MASKS: [&str; 7] = ["<place>", "<money>", "<age>", "<date>", "<number>", "<contact>", "<name>"];

/// Words of n-grams as they are shown and stored, masks included: `e:việc nhẹ`, `f:viec nhe`, `f:<place>`.
pub(crate) fn names(reading: &Reading, grams: &[Gram], bare: bool) -> Vec<String> {
    let title_ids = reading.title.as_ref().map_or(Vec::new(), |title| masked(title, Field::Title, reading));
    let text_ids = masked(&reading.text, Field::Text, reading);
    let name = |gram: &Gram| {
        let (view, ids) = match (gram.field, &reading.title) {
            (Field::Title, Some(title)) => (title, &title_ids),
            _ => (&reading.text, &text_ids),
        };
        let word = |index: u32| {
            let (token, id) = (view.tokens.get(index as usize)?, ids.get(index as usize)?);
            let mask = MASKS.iter().find(|m| syllable_id(m) == id.0);
            let word = if gram.folded || bare { view.fold_of(token) } else { view.canon_of(token) };
            Some(mask.copied().unwrap_or(word))
        };
        let words: Vec<&str> = (gram.start..gram.start + gram.len).filter_map(word).collect();
        format!("{}:{}", if gram.folded { 'f' } else { 'e' }, words.join(" "))
    };
    grams.iter().map(name).collect()
}

/// The key that a stored name stands for.
pub(crate) fn key_of_name(name: &str) -> Option<u64> {
    let (form, words) = name.split_once(':')?;
    let folded = match form {
        "e" => false,
        "f" => true,
        _ => return None,
    };
    let mut ids = words.split(' ').map(syllable_id);
    let first = ids.next()?;
    Some(key(folded, first, ids.next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_give_back_their_keys() {
        let reading = text::read(None, "tuyển người đi làm, nhắn chị Nguyễn Thị Mẫu", None);
        let mut found = Vec::new();
        for bare in [false, true] {
            grams(&reading, bare, &mut found);
            assert!(!found.is_empty());
            for (gram, name) in found.iter().zip(names(&reading, &found, bare)) {
                assert_eq!(key_of_name(&name), Some(gram.key), "{name}");
            }
        }
    }

    #[test]
    fn names_are_masked() {
        let reading = text::read(None, "nhắn chị Nguyễn Thị Mẫu nha", None);
        let mut found = Vec::new();
        grams(&reading, false, &mut found);
        let names = names(&reading, &found, false);
        assert!(names.contains(&"e:<name>".to_owned()) && !names.iter().any(|n| n.contains("mẫu")), "{names:?}");
    }
}
