//! The suite of the doors: what users rely on, in one binary.

mod crawling;
mod extraction;
mod faults;
mod fetching;
mod language;
mod serving;
