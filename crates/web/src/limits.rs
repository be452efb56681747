//! How often the public forms may be used. Senders are told apart by a hash of their address, salted anew at every
//! start and forgotten within the hour; nothing of it leaves memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// A form with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Sending a tip.
    Tip,
    /// Asking with a receipt code.
    Code,
}

/// Uses by one sender and by all together within the window, each at most.
const fn most(limit: Limit) -> (usize, usize) {
    match limit {
        Limit::Tip => (5, 300),
        Limit::Code => (20, 1_000),
    }
}

/// The window, in milliseconds.
const WINDOW_MS: i64 = 10 * 60_000;

/// Uses of the public forms within the window.
#[derive(Default)]
pub struct Limits {
    salt: RandomState,
    used: Mutex<HashMap<Limit, Vec<(i64, u64)>>>,
}

impl Limits {
    /// Whether the form may be used once more now; counts the use if so.
    pub fn allows(&self, limit: Limit, sender: &str, now_ms: i64) -> bool {
        let who = self.salt.hash_one(sender);
        let (by_one, by_all) = most(limit);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let uses = used.entry(limit).or_default();
        uses.retain(|(at_ms, _)| now_ms - at_ms < WINDOW_MS);
        let own = uses.iter().filter(|(_, sender)| *sender == who).count();
        let is_allowed = own < by_one && uses.len() < by_all;
        if is_allowed {
            uses.push((now_ms, who));
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sender_and_all_together_are_limited_and_time_frees_them() {
        let limits = Limits::default();
        let tries = |sender: &str, at_ms| (0..10).filter(|_| limits.allows(Limit::Tip, sender, at_ms)).count();
        assert_eq!(tries("192.0.2.1", 0), 5);
        assert_eq!(tries("192.0.2.2", 0), 5);
        assert_eq!(tries("192.0.2.1", WINDOW_MS - 1), 0);
        assert_eq!(tries("192.0.2.1", WINDOW_MS), 5);
        let all: usize = (0..200).map(|n| tries(&format!("198.51.100.{n}"), 2 * WINDOW_MS)).sum();
        assert_eq!(all, 300);
    }
}
