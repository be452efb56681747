//! Any text keeps the laws of the facts.
#![no_main]

#[path = "../../crates/text/tests/law/mod.rs"]
#[allow(dead_code)]
mod law;

libfuzzer_sys::fuzz_target!(|raw: &str| {
    assert_eq!(law::broken_by_facts(raw), None);
});
