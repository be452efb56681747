//! Progress on long work when a person watches, nothing when output is piped.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// One line on standard error that is rewritten in place.
pub struct Progress {
    what: String,
    total: u64,
    shown: Option<Instant>,
    watched: bool,
}

impl Progress {
    /// Begins; a total of 0 is unknown.
    pub fn new(what: &str, total: u64) -> Progress {
        Progress { what: what.into(), total, shown: None, watched: stderr().is_terminal() }
    }

    /// Tells how far it is; shows it at most ten times a second.
    pub fn at(&mut self, done: u64) {
        let now = Instant::now();
        if !self.watched || self.shown.is_some_and(|shown| now - shown < Duration::from_millis(100)) {
            return;
        }
        self.shown = Some(now);
        let mut err = stderr().lock();
        let _ = match (done * 100).checked_div(self.total) {
            Some(percent) => write!(err, "\r{}: {done}/{} ({percent} %)   ", self.what, self.total),
            None => write!(err, "\r{}: {done}   ", self.what),
        };
        let _ = err.flush();
    }

    /// Tells how far it is of a total that became known later.
    pub fn of(&mut self, done: u64, total: u64) {
        self.total = total;
        self.at(done);
    }

    /// Leaves the line.
    pub fn end(self) {
        if self.watched && self.shown.is_some() {
            eprintln!();
        }
    }
}
