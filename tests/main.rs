//! The one test binary of the project: what users rely on, from the command line to the browser.
//!
//! `tidy` holds the rules that a compiler cannot; `golden`, `laws`, `attacks`, `minimal_pairs` and `fuzz_seeds` the
//! reading and assessing; `commands`, `crash`,
//! `demo` and `site_software` the built binary; `browser` the console in Chromium.

mod attacks;
mod browser;
mod commands;
mod crash;
mod demo;
mod fuzz_seeds;
mod golden;
mod harness;
mod laws;
mod minimal_pairs;
mod site_software;
mod tidy;
