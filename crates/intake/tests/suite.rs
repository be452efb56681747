//! The suite of the doors: what users rely on, in one binary.

mod extraction;
mod language;
