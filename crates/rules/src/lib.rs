//! Lexicons, signals, rules and learned weights compiled into an immutable [`Ruleset`] that assesses a reading.
//!
//! The two nouns are [`Ruleset`] (compiled once, shared, never changed) and [`Assessment`] (what it says of one post).
//! `docs/rules.md` describes the data files for the people who edit them.
//!
//! Invariants: an [`Assessment`] is a function of (title, text, posted_at, ruleset id); points are integers, and for
//! each family the points of its findings add up to the family's points exactly.
//! Deliberately absent: I/O (files come in as bytes), clocks, an expression language.

mod assess;
mod assessment;
pub mod baselines;
mod calibrate;
mod comparison;
mod compile;
mod definitions;
mod document;
mod eval;
pub mod explain;
mod fact_test;
mod features;
mod findings;
mod labelled;
mod learned;
mod lexicon;
mod lists;
mod logistic;
mod phrases;
mod polarity;
mod problem;
mod ruleset;
mod scores;
mod seen;
pub mod statistics;
mod table;
mod train;

pub use assessment::{Assessment, FamilyScore, Finding, FindingKind, StanceReason, UrgencyReason};
pub use calibrate::{Calibration, calibrate};
pub use comparison::{Comparison, Gain, Judged, TrainReport};
pub use eval::{EvalError, Figure, Report, evaluate};
pub use labelled::{Label, LabelledPost};
pub use learned::{Head, Learned};
pub use lexicon::MAX_TERM_SYLLABLES;
pub use polarity::Polarity;
pub use problem::{Code, Problem};
pub use ruleset::{RuleEntry, RuleFile, Ruleset, is_rule_file};
pub use train::{learn_quickly, leave_family_out, train};
