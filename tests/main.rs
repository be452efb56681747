//! The one test binary of the project: what users rely on, from the command line to the browser.
//!
//! `tidy` holds the rules that a compiler cannot; `golden`, `laws`, `attacks`, `minimal_pairs` and `fuzz_seeds` the
//! reading and assessing; `collection`, `commands`, `crash`, `demo`, `keeping`, `site_software`, `stream` and `trying` the
//! built binary; `browser` the console in Chromium.

mod attacks;
mod browser;
mod collection;
mod commands;
mod crash;
mod demo;
mod fuzz_seeds;
mod golden;
mod harness;
mod keeping;
mod laws;
mod minimal_pairs;
mod site_software;
mod stream;
mod tidy;
mod trying;
