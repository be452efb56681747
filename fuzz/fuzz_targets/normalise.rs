//! Any text keeps the laws of the unmasked view.
#![no_main]

#[path = "../../crates/text/tests/law/mod.rs"]
#[allow(dead_code)]
mod law;

libfuzzer_sys::fuzz_target!(|raw: &str| {
    assert_eq!(law::broken(raw), None);
});
