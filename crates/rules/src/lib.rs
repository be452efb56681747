//! Lexicons, signals, rules and learned weights compiled into an immutable [`Ruleset`] that assesses a reading.
//!
//! Invariants: an [`Assessment`] is a function of (title, text, posted_at, ruleset id); points are integers, and for
//! each family the points of its findings add up to the family's points exactly.
//! Deliberately absent: I/O (files come in as bytes), clocks, an expression language.

mod assessment;

pub use assessment::{Assessment, FamilyScore, Finding, FindingKind, UrgencyReason};
