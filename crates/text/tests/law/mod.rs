//! The laws of a reading, as functions that answer the first law that a text breaks. The fuzz targets use them too.

use text::{View, fold, read, syllable_id};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

fn view(raw: &str) -> View {
    read(None, raw, None).text
}

/// The first law of the unmasked view that a text breaks: spans are whole graphemes in order, reading twice changes
/// nothing, NFC and NFD give the same.
pub fn broken(raw: &str) -> Option<String> {
    let view = view(raw);
    let mut ends = vec![false; raw.len() + 1];
    for (at, _) in raw.grapheme_indices(true) {
        ends[at] = true;
    }
    ends[raw.len()] = true;
    let whole = |start: usize, end: usize| start < end && end <= raw.len() && ends[start] && ends[end];

    let (mut last, mut sentence) = ((0, 0), 0);
    for token in &view.tokens {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        let form = view.canon_of(token);
        if !whole(start, end) {
            return Some(format!("{form}: {start}..{end} is empty or cuts a grapheme"));
        }
        if start < last.0 || end < last.1 || token.sentence < sentence {
            return Some(format!("{form}: out of order at {start}..{end}"));
        }
        (last, sentence) = ((start, end), token.sentence);
        if form.is_empty() || token.exact != syllable_id(form) || token.folded != syllable_id(view.fold_of(token)) {
            return Some(format!("{form}: wrong id"));
        }
        if fold(form) != view.fold_of(token) {
            return Some(format!("{form}: folds to {}", view.fold_of(token)));
        }
    }
    let forms: Vec<&str> = view.tokens.iter().map(|token| view.canon_of(token)).collect();
    if forms.join(" ") != view.canon {
        return Some("the tokens are not the canon text".to_owned());
    }
    for (at, c) in view.soft.text.char_indices() {
        let span = view.soft.span_of(at..at + c.len_utf8());
        if !whole(span.start as usize, span.end as usize) {
            return Some(format!("soft {at} maps to {span:?}"));
        }
    }
    let again = self::view(&view.canon).canon;
    if again != view.canon {
        return Some(format!("read twice: {:?} becomes {again:?}", view.canon));
    }
    let (nfc, nfd) = (raw.nfc().collect::<String>(), raw.nfd().collect::<String>());
    let forms = [self::view(&nfc).canon, self::view(&nfd).canon];
    if forms.iter().any(|form| *form != view.canon) {
        return Some(format!("NFC and NFD differ: {forms:?} and {:?}", view.canon));
    }
    None
}

/// The first law of facts that a text breaks: each stands where it says, in order, on whole graphemes, with a value.
pub fn broken_by_facts(raw: &str) -> Option<String> {
    let mut ends: Vec<usize> = raw.grapheme_indices(true).map(|(at, _)| at).collect();
    ends.push(raw.len());
    let whole = |at: u32| ends.binary_search(&(at as usize)).is_ok();
    let facts = read(None, raw, Some(1_763_960_400_000)).facts;
    for fact in &facts {
        if raw.get(fact.span.range()) != Some(fact.text.as_str()) || fact.text.is_empty() || fact.value.is_empty() {
            return Some(format!("{fact:?} does not stand where it says"));
        }
        if !whole(fact.span.start) || !whole(fact.span.end) {
            return Some(format!("{fact:?} cuts a grapheme"));
        }
    }
    let places: Vec<_> = facts.iter().map(|fact| (fact.span.start, fact.span.end, fact.kind)).collect();
    (!places.is_sorted()).then(|| format!("facts out of order: {places:?}"))
}
