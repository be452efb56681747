//! What must hold for every post and every bundle.

use proptest::prelude::*;
use rules::{Polarity, RuleFile, Ruleset};

use crate::tiny::{compile, tiny};

/// Pieces of posts: terms of the tiny bundle, halves of them, and filler.
const PIECES: &[&str] = &[
    "tuyển người",
    "cần người",
    "ib mình",
    "nhắn mình",
    "sang Cam",
    "qua Lào",
    "bao vé",
    "lo chi phí",
    "công an cảnh báo",
    "đừng",
    "không nên",
    "bán bé trai",
    "bé sơ sinh",
    "đi ngay",
    "tối nay",
    ".",
    "\n",
    "hôm nay",
    "trời đẹp",
    "tuyen nguoi",
    "bao ve",
    "sang",
    "người",
    "làm",
    "xe",
    "chạy",
    "🙂",
    "T.u.y.ể.n",
];

fn post() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 1..14).prop_map(|pieces| pieces.join(" "))
}

/// The tiny bundle with one more term in one lexicon.
fn with_term(lexicon: &str, term: &str) -> Vec<RuleFile> {
    let mut files = tiny();
    for file in files.iter_mut().filter(|f| f.path == lexicon) {
        file.bytes.extend(format!("{term},no\n").bytes());
    }
    files
}

fn lexicons() -> impl Strategy<Value = String> {
    let paths: Vec<String> = tiny().into_iter().map(|f| f.path).filter(|p| p.starts_with("lexicons/")).collect();
    prop::sample::select(paths)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn points_of_findings_add_up(title in proptest::option::of(post()), text in post()) {
        let assessment = compile(&tiny()).assess(&text::read(title.as_deref(), &text, None));
        for family in &assessment.families {
            let sum: i32 = assessment.findings.iter().filter(|f| f.family == family.family).map(|f| f.points).sum();
            prop_assert_eq!(sum, family.points);
        }
        for finding in &assessment.findings {
            let raw = if finding.field == text::Field::Text { text.as_str() } else { title.as_deref().unwrap_or("") };
            for span in &finding.spans {
                prop_assert!(raw.get(span.range()).is_some_and(|t| !t.is_empty()));
            }
        }
    }

    #[test]
    fn one_more_term_never_works_against_its_signal(
        lexicon in lexicons(),
        term in prop::sample::select(&["hôm nay", "trời đẹp", "làm xe", "chạy sang", "người làm"][..]),
        text in post(),
    ) {
        let before = compile(&tiny());
        // Examples are not checked: a new term may well break one, and that is a problem of its own.
        let after = Ruleset::compile_unchecked(&with_term(&lexicon, term)).unwrap();
        let name = lexicon.trim_start_matches("lexicons/").trim_end_matches(".csv");
        let reading = text::read(None, &text, None);
        let (was, is) = (before.assess(&reading).alert, after.assess(&reading).alert);
        match before.polarity(name) {
            Polarity::Raising => prop_assert!(!was || is, "{name} + {term} quieted {text}"),
            Polarity::Calming => prop_assert!(was || !is, "{name} + {term} raised {text}"),
            Polarity::Unused => prop_assert_eq!(was, is),
            Polarity::Mixed => {}
        }
    }

    #[test]
    fn no_bytes_make_compile_panic(
        which in 0usize..12,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut files = tiny();
        let count = files.len();
        if let Some(file) = files.get_mut(which % count) {
            let at = at.index(file.bytes.len());
            let end = at + cut.index((file.bytes.len() - at).max(1));
            file.bytes.splice(at..end, bytes);
        }
        if let Ok(ruleset) = Ruleset::compile(&files) {
            ruleset.assess(&text::read(None, "tuyển người sang Cam, ib mình", None));
        }
    }

    #[test]
    fn no_words_make_compile_panic(
        which in 0usize..12,
        piece in prop::sample::select(&["[", "]", "\"", "=", "\n", "[[rule]]\n", "near = 61\n", "any = []\n", "least = 9\n", "ordered = true\n", "scope = \"sentence\"\n", "fact = \"age\"\n", "none = [\"warns\"]\n", "-1", "9999999999999999999", "null", "ế", ",yes,"][..]),
        at in any::<prop::sample::Index>(),
    ) {
        let mut files = tiny();
        let count = files.len();
        if let Some(file) = files.get_mut(which % count) {
            let lines: Vec<usize> = file.bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1).collect();
            let at = lines[at.index(lines.len())];
            file.bytes.splice(at..at, piece.bytes());
        }
        if let Ok(ruleset) = Ruleset::compile(&files) {
            ruleset.assess(&text::read(None, "bán bé trai. tuyển người sang Cam, ib mình", None));
        }
    }
}
