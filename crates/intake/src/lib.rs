//! The doors through which posts come in: crawl, import, paste, tip.
//!
//! `source` is the language in which a site is described, `extract` reads a page by it, `fetch` opens addresses, and
//! only this crate does so; `crawl` decides what is fetched when; `stream` follows what is sent to us;
//! `import` reads what analysts captured elsewhere, `tip` is what citizens send; `trial` shows what a source would bring.
//! Bytes are handed over for keeping before anything parses them. Deliberately absent: SQL, and opinions about posts.

mod canonical;
pub mod crawl;
pub mod extract;
pub mod fetch;
pub mod filter;
pub mod import;
mod problem;
pub mod robots;
pub mod source;
pub mod stream;
pub mod tip;
pub mod trial;

pub use canonical::{canonical as canonical_url, canonical_text as canonical_address};
pub use problem::{Problem, nearest};
pub use source::Source;
