//! Why a move is not allowed, in words for the person who tried it.

/// A move that the state, the role or the rule of the second person forbids. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Stable id for scripts and tests: `role`, `state`, `second_person`, `undo_window`, `claimed`, `empty`, …
    pub code: &'static str,
    /// One Vietnamese sentence: what was refused and what to do instead.
    pub reason: String,
}

impl Refusal {
    /// Builds a refusal from its id and its sentence.
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Refusal { code, reason: reason.into() }
    }
}
