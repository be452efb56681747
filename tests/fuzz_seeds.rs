//! The seeds of the fuzz target `rules`, on the stable compiler. Those of the text run in `crates/text/tests/laws.rs`.

use crate::harness::top;

#[path = "../fuzz/bundle.rs"]
mod bundle;

#[test]
fn every_bundle_is_compiled_or_refused() {
    let (mut compiled, mut refused) = (0, 0);
    for entry in std::fs::read_dir(top().join("fuzz/seeds/rules")).expect("the folder of seeds").flatten() {
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).expect("a seed")).into_owned();
        match rules::Ruleset::compile(&bundle::files(&text)) {
            Ok(ruleset) => {
                let _ = ruleset.assess(&text::read(None, &text, None));
                compiled += 1;
            }
            Err(problems) => {
                assert!(!problems.is_empty(), "{}: refused without a reason", entry.path().display());
                refused += 1;
            }
        }
    }
    assert!(compiled >= 1 && refused >= 5, "{compiled} compiled, {refused} refused");
}
