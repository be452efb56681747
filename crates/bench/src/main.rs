//! Figures of each hot path beside what a user would pick instead, in one run on one corpus: the ratio is what counts.
//!
//! ```text
//! cargo run --release -p bench -- assess        reading and assessing, beside keyword lists, YARA-X and Python
//! cargo run --release -p bench -- end-to-end    import, assess, record, index by the built binary
//! cargo run --release -p bench -- crawl         fetch, extract, keep the original, beside Scrapy
//! ```
//! CPU time is the thread's own (`/proc/thread-self/schedstat`), median of interleaved rounds: wall time on a shared
//! machine is noise. Deliberately absent: accuracy, which `canhgiac eval` measures.

// A benchmark speaks on standard output.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod assess;
mod corpus;
mod cpu;
mod crawl;
mod end_to_end;
mod peers;

use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("assess") => assess::run(),
        Some("end-to-end") => end_to_end::run(),
        Some("crawl") => crawl::run(),
        Some("serve-pages") => crawl::serve(),
        _ => Err("which one? assess | end-to-end | crawl".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("bench: {reason}");
            ExitCode::from(2)
        }
    }
}
