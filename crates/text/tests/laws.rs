//! The laws of the unmasked view, on any text: spans are whole graphemes in order, reading twice changes nothing, and
//! NFC and NFD give the same.

mod law;

use std::path::Path;

use law::{broken, broken_by_facts};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

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

/// One letter or word in one of the disguises that posts use.
fn dressed(word: &str, disguise: u8, seed: u8) -> String {
    let joined = |mark: &str| word.chars().map(String::from).collect::<Vec<_>>().join(mark);
    let each = |dress: &dyn Fn(char) -> String| word.chars().map(dress).collect::<String>();
    let latin = |c: char, first: u32| match c {
        'a'..='z' => char::from_u32(first + c as u32 - 'a' as u32).unwrap_or(c).to_string(),
        _ => c.to_string(),
    };
    let swapped = |from: &str, to: &str| {
        each(&|c| match from.chars().position(|other| other == c) {
            Some(at) => to.chars().nth(at).unwrap_or(c).to_string(),
            None => c.to_string(),
        })
    };
    match disguise {
        0 => word.nfd().collect(),
        1 => joined(["", ".", "-", "*", " ", "  ", "_", "/", "🔥", " 🌟 ", "…"][usize::from(seed % 11)]),
        2 => joined(["\u{200b}", "\u{ad}", "\u{2060}", "\u{200d}", "\u{feff}"][usize::from(seed % 5)]),
        3 => each(&|c| format!("{c}{}", ["\u{336}", "\u{20dd}", "\u{489}", "\u{301}\u{323}"][usize::from(seed % 4)])),
        4 => each(&|c| latin(c, [0x1d41a, 0xff41, 0x24d0, 0x1d5ee, 0x1d68a][usize::from(seed % 5)])),
        5 => swapped("aceopxyi", "асеорхуі"),
        6 => swapped("aeios", "43105"),
        7 => format!("{word}{}", word.chars().next_back().map_or(String::new(), |c| c.to_string().repeat(3))),
        8 => word.to_uppercase(),
        9 => word.encode_utf16().flat_map(|unit| char::from_u32(u32::from(unit) & 0xff)).collect(),
        10 => word.bytes().map(char::from).collect(),
        11 => each(&|c| if c.is_ascii_digit() { format!("{c}\u{fe0f}\u{20e3}") } else { c.to_string() }),
        12 => format!("#{word}"),
        _ => word.to_owned(),
    }
}

/// Posts in which every word wears one or two disguises, cut and glued at random.
fn nasty() -> impl Strategy<Value = String> {
    const WORDS: [&str; 28] = [
        "việc",
        "nhẹ",
        "lương",
        "cao",
        "tuyển",
        "thận",
        "campuchia",
        "không",
        "người",
        "zalo",
        "0901000123",
        "20tr",
        "15-20 triệu",
        "t.me/hr_mau",
        "hr@mau.example",
        "16 tuổi",
        "2k8",
        "mai",
        "sang Cam",
        "🇰🇭",
        "🫘",
        "stk 0123456789",
        "MB Bank",
        "ngày 5/12",
        "khoẻ",
        "nguời",
        "viecnheluongcao",
        "mùng 5",
    ];
    const BETWEEN: [&str; 12] = [" ", "", "  ", "\n", ", ", ". ", "/", " - ", "\u{a0}", "!", "\r\n", "👉"];
    let part = (prop::sample::select(&WORDS[..]), 0..15u8, 0..15u8, any::<u8>(), prop::sample::select(&BETWEEN[..]));
    prop::collection::vec(part, 1..9).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(word, first, second, seed, between)| {
                format!("{}{between}", dressed(&dressed(word, first, seed), second, seed.rotate_left(3)))
            })
            .collect()
    })
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
    fn hold_for_mixed_disguises(raw in nasty()) {
        prop_assert_eq!(broken(&raw), None);
        prop_assert_eq!(broken_by_facts(&raw), None);
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

#[test]
fn hold_for_the_seeds_of_the_fuzz_targets() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let mut count = 0;
    for target in ["normalise", "facts"] {
        for entry in std::fs::read_dir(seeds.join(target)).expect("the folder of seeds").flatten() {
            let bytes = std::fs::read(entry.path()).expect("a seed");
            let raw = String::from_utf8_lossy(&bytes);
            assert_eq!(broken(&raw).or_else(|| broken_by_facts(&raw)), None, "{}", entry.path().display());
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} seeds");
}
