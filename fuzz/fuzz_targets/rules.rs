//! Any bundle of rule files is either compiled or refused with problems; what was compiled assesses any post.
#![no_main]

#[path = "../bundle.rs"]
mod bundle;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(ruleset) = rules::Ruleset::compile(&bundle::files(text)) {
        let _ = ruleset.assess(&text::read(None, text, None));
    }
});
