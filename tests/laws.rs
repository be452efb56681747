//! Laws of reading and assessing that hold for any text.

use proptest::prelude::*;
use rules::Ruleset;

use crate::golden::corpus;

fn ruleset() -> &'static Ruleset {
    Ruleset::shipped().expect("the shipped rules compile")
}

/// The points of a family's findings add up to its points, and spans are pieces of the original.
fn check(text: &str) {
    let reading = text::read(None, text, None);
    let assessment = ruleset().assess(&reading);
    for score in &assessment.families {
        let sum: i32 = assessment.findings.iter().filter(|f| f.family == score.family).map(|f| f.points).sum();
        assert_eq!(sum, score.points, "{}", score.family);
    }
    for span in assessment.findings.iter().flat_map(|finding| &finding.spans) {
        assert!(text.get(span.range()).is_some_and(|piece| !piece.is_empty()), "{span:?}");
    }
    for fact in &reading.facts {
        assert_eq!(text.get(fact.span.range()), Some(fact.text.as_str()), "{:?}", fact.kind);
    }
    for token in &reading.text.tokens {
        assert!(text.get(token.span.range()).is_some_and(|piece| !piece.is_empty()), "{:?}", token.span);
    }
}

#[test]
fn findings_add_up_and_spans_are_exact_over_the_corpus() {
    for name in ["open", "constructed"] {
        for post in corpus(name) {
            check(&post.text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_read_and_assessed(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_mixture_of_vietnamese_and_disguise_is_read(
        parts in prop::collection::vec(prop::sample::select(vec![
            "tuyển ", "n.h.ẹ ", "𝗹ươ𝗻𝗴 ", "sang Cam ", "0901 000 123 ", "\u{200b}", "🇰🇭", "ib ", "t.me/x_mau ", "15tr ",
            "16 tuổi ", "(", "\u{302}\u{323}", "O9O1 ooo I23 ", "\n", "...", "việc ", "zalo: ",
        ]), 0..40)
    ) {
        check(&parts.concat());
    }
}
