//! The rules engine, from data files to assessments.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod behaviour;
mod mistakes;
mod properties;
mod tiny;
