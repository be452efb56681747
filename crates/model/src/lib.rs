//! The nouns of Cảnh Giác and their legal moves, as pure functions.
//!
//! Deliberately absent: I/O, clocks, SQL, HTTP. `now` is always an argument.

mod family;

pub use family::{Family, Stance};
