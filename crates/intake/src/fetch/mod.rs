//! Opening addresses that came from a source, and no others.

pub mod charset;
