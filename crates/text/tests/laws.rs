//! The laws of the unmasked view, on any text: spans are whole graphemes in order, reading twice changes nothing, and
//! NFC and NFD give the same.

use proptest::prelude::*;
use text::{View, fold, read, syllable_id};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

fn view(raw: &str) -> View {
    read(None, raw, None).text
}

/// The first law that a text breaks.
fn broken(raw: &str) -> Option<String> {
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

/// Texts made of what the stages react to.
fn disguised() -> impl Strategy<Value = String> {
    const PARTS: [&str; 88] = [
        "việc",
        "nhẹ",
        "lương",
        "cao",
        "tuyển",
        "th",
        "ận",
        "k",
        "ko",
        "cty",
        "15tr",
        "2Otr",
        "c4o",
        "v1ệc",
        "caoooo",
        "campuchia",
        "z",
        "a",
        "b",
        "c",
        "h",
        "o",
        "i",
        "n",
        "e",
        "ng",
        "uyển",
        "ĐI",
        "H",
        "An",
        "viecnheluongcao",
        "t.me/abc",
        "@abcd",
        "a@b.vn",
        "https://x.vn/",
        "🇰🇭",
        "🇰",
        "🔥",
        "✈\u{fe0f}",
        "0️⃣",
        "\u{200b}",
        "\u{300}",
        "\u{323}",
        "\u{336}",
        "с",
        "а",
        "ᴛ",
        "𝗩",
        "ⓐ",
        "Vieäc",
        "nheï",
        "löông",
        "ViÖc",
        "nhÑ",
        "viá»‡c",
        "vieecj",
        "nhej",
        "luowng",
        "vie65c",
        "lu7o7ng",
        "tp",
        "hcm",
        "gi",
        "ươi",
        "ja",
        "w",
        "f",
        "\u{ad}",
        "ñ",
        "ö",
        "é",
        "ngày",
        "hoà",
        "cuả",
        "1",
        "4",
        "0",
        "9",
        "đ",
        "Đ",
        "Ð",
        "ệ",
        "e\u{302}\u{323}",
        "한",
        "漢",
        "м",
        "ß",
        "İ",
    ];
    const BETWEEN: [&str; 20] =
        ["", " ", "  ", ".", "-", "*", "_", "/", ", ", ". ", "|", "\n", "\r\n", "!", "…", "~", "+", "@", "#", "\u{a0}"];
    let part = (prop::sample::select(&PARTS[..]), prop::sample::select(&BETWEEN[..]));
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.into_iter().map(|(a, b)| format!("{a}{b}")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hold_for_any_text(raw in any::<String>()) {
        prop_assert_eq!(broken(&raw), None);
    }

    #[test]
    fn hold_for_disguises(raw in disguised()) {
        prop_assert_eq!(broken(&raw), None);
    }

    #[test]
    fn hold_for_short_letters(raw in "[a-eghnoêệưạ0-4@ .\\-*]{0,14}") {
        prop_assert_eq!(broken(&raw), None);
    }

    #[test]
    fn hold_for_latin_1(raw in "[ -~\u{a0}-\u{ff}]{0,14}") {
        prop_assert_eq!(broken(&raw), None);
    }
}

#[test]
fn hold_for_every_single_character() {
    let broken: Vec<String> = (0..=0x2fff_u32)
        .filter_map(char::from_u32)
        .filter_map(|c| broken(&format!("vi{c}ệc {c}")).map(|law| format!("U+{:04X}: {law}", c as u32)))
        .collect();
    assert!(broken.is_empty(), "{} characters, first {:?}", broken.len(), &broken[..broken.len().min(10)]);
}
