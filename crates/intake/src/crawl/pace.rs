//! When the next request may leave, and when a page is worth another visit.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// The gap where neither the source nor the site says more.
pub const GAP_DEFAULT_MS: i64 = 2_000;
/// A slow server is asked less often: this many times its last answer.
const SLOWNESS: i64 = 5;
/// But for its slowness alone never less often than this.
const SLOWNESS_MAX_MS: i64 = 30_000;
/// The longest wait that a `Retry-After` can ask for.
pub const RETRY_AFTER_MAX_MS: i64 = 24 * 3_600_000;
/// Failures in a row that open a host's circuit.
pub const FAILURES_MAX: u32 = 5;
/// How long an open circuit first stays open.
const CIRCUIT_MS: i64 = 15 * 60_000;
/// How often an address is tried again at short notice.
pub const TRIES: u32 = 3;

/// The least time between two requests to a host.
///
/// `own_ms` is the source's, `asked_ms` the site's `Crawl-delay`; `0s` counts only on allowed loopback.
pub fn gap_ms(own_ms: Option<i64>, asked_ms: Option<i64>, last_took_ms: i64, is_loopback: bool) -> i64 {
    let own = match own_ms {
        Some(0) if is_loopback => 0,
        Some(0) | None => GAP_DEFAULT_MS,
        Some(own) => own,
    };
    let slow = if own == 0 { 0 } else { (last_took_ms * SLOWNESS).min(SLOWNESS_MAX_MS) };
    own.max(asked_ms.unwrap_or(0)).max(slow)
}

/// `Retry-After` as milliseconds from now: seconds or a date, capped at a day.
pub fn retry_after_ms(value: Option<&str>, now_ms: i64) -> Option<i64> {
    let value = value?.trim();
    let wait = match value.parse::<i64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => crate::filter::time::iso(value, None)?.at_ms - now_ms,
    };
    Some(wait.clamp(0, RETRY_AFTER_MAX_MS))
}

/// How long to wait before a failed address is tried again: full jitter, at short notice first, then from five minutes.
pub fn backoff_ms(fails: u32) -> i64 {
    let most = if fails + 1 < TRIES {
        2_000_i64 << fails
    } else {
        (300_000_i64 << (fails + 1 - TRIES).min(9)).min(RETRY_AFTER_MAX_MS)
    };
    let least = if fails + 1 < TRIES { 0 } else { most / 2 };
    least + jitter(most - least)
}

/// How long a host that says 429 or 503 without more is left alone: doubling from five minutes.
pub fn throttled_ms(host_fails: u32) -> i64 {
    (300_000_i64 << host_fails.min(9)).min(RETRY_AFTER_MAX_MS)
}

/// How long a host is left alone after so many failures in a row; nothing while its circuit is closed.
pub fn circuit_ms(host_fails: u32) -> Option<i64> {
    (host_fails >= FAILURES_MAX).then(|| (CIRCUIT_MS << (host_fails - FAILURES_MAX).min(7)).min(RETRY_AFTER_MAX_MS))
}

/// The next interval between visits: shorter after news, longer without, within the bounds, with a tenth of jitter.
pub fn interval_ms(last_ms: i64, had_news: bool, (least, most): (i64, i64)) -> i64 {
    let last = if last_ms <= 0 { least } else { last_ms };
    let next = if had_news { last * 6 / 10 } else { last * 14 / 10 };
    let next = next.clamp(least, most.max(least));
    let tenth = next / 10;
    (next - tenth + jitter(2 * tenth)).clamp(least, most.max(least))
}

/// Whether a minute of the day lies within quiet hours, which may span midnight.
pub fn is_quiet(quiet: Option<(u16, u16)>, minute: u16) -> bool {
    match quiet {
        None => false,
        Some((from, to)) if from <= to => (from..to).contains(&minute),
        Some((from, to)) => minute >= from || minute < to,
    }
}

/// A number from 0 to `most`, different each time; good enough to keep crawlers out of step.
fn jitter(most: i64) -> i64 {
    if most <= 0 {
        return 0;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let hash = Sha256::digest(now.to_le_bytes());
    let mut word = [0; 8];
    word.copy_from_slice(&hash[..8]);
    (u64::from_le_bytes(word) % (most as u64 + 1)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_all_gaps_counts() {
        assert_eq!(gap_ms(None, None, 0, false), 2_000);
        assert_eq!(gap_ms(Some(5_000), Some(3_000), 0, false), 5_000);
        assert_eq!(gap_ms(Some(3_000), Some(7_200_000), 0, false), 7_200_000);
        assert_eq!(gap_ms(None, None, 4_000, false), 20_000);
        assert_eq!(gap_ms(None, None, 60_000, false), 30_000);
        assert_eq!(gap_ms(Some(0), None, 50, true), 0);
        assert_eq!(gap_ms(Some(0), None, 50, false), 2_000);
        assert_eq!(gap_ms(Some(0), Some(1_000), 50, true), 1_000);
    }

    #[test]
    fn waits() {
        assert_eq!(retry_after_ms(Some("120"), 0), Some(120_000));
        assert_eq!(retry_after_ms(Some("Thu, 01 Jan 1970 00:00:30 GMT"), 10_000), Some(20_000));
        assert_eq!(retry_after_ms(Some("99999999"), 0), Some(RETRY_AFTER_MAX_MS));
        assert_eq!(retry_after_ms(Some("soon"), 0), None);
        assert!(backoff_ms(0) <= 2_000 && backoff_ms(1) <= 4_000);
        assert!((150_000..=300_000).contains(&backoff_ms(2)));
        assert_eq!(circuit_ms(4), None);
        assert_eq!(circuit_ms(5), Some(900_000));
        assert_eq!(circuit_ms(50), Some(RETRY_AFTER_MAX_MS));
        assert!((540..=660).contains(&interval_ms(1_000, true, (100, 10_000))));
        assert_eq!(interval_ms(5, false, (0, 0)), 0);
        assert!(is_quiet(Some((1380, 300)), 10) && !is_quiet(Some((1380, 300)), 600));
    }
}
