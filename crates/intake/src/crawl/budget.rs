//! The budget of a kind of address: what brings new text earns more visits, what brings none is closed for a while.
//!
//! Addresses that differ only in numbers, dates and slugs are of one shape. A shape begins with a small budget, earns
//! more with every page that brings something new, and closes after ten pages in a row that bring nothing: calendars,
//! print views, session ids and facets end there, wherever they come from. Only first visits count; a page that is
//! looked at again costs nothing. A visit that the budget refuses stays in the frontier and is tried again later.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use url::Url;

/// Visits with which a shape begins.
const START: u32 = 50;
/// Visits with which a shape begins that holds a date: calendars are the deepest traps.
const START_DATED: u32 = 16;
/// Visits that a page with something new earns.
const EARNED: u32 = 4;
/// Pages in a row without anything new that close a shape.
const BARREN_MAX: u32 = 10;
/// Visits with which a host begins, and how many of them it has before its first page with something new.
const HOST_START: u32 = 500;
const HOST_UNPROVEN: u32 = 30;
/// Different sets of query keys that one path may have.
const FACETS_MAX: usize = 24;
/// How long a refusal lasts; then a closed shape gets ten more visits.
pub const CLOSED_MS: i64 = 7 * 24 * 3_600_000;

/// What is known of a shape, or of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// First visits made.
    pub spent: u32,
    /// Visits it may still make.
    pub left: u32,
    /// Pages in a row without anything new.
    pub barren: u32,
    /// Pages that brought something new.
    pub kept: u32,
    /// When it closed, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at_ms: Option<i64>,
}

impl Account {
    fn new(left: u32) -> Account {
        Account { left, ..Account::default() }
    }

    /// Why no visit may be made now, if none may. A refusal that has lasted is lifted for ten more visits.
    fn refusal(&mut self, unproven: u32, now_ms: i64) -> Option<&'static str> {
        if let Some(closed) = self.closed_at_ms {
            if now_ms - closed < CLOSED_MS {
                return Some("budget: its kind of address brings nothing new");
            }
            *self = Account { left: BARREN_MAX, kept: self.kept, spent: self.spent, ..Account::default() };
        }
        if self.left == 0 || (self.kept == 0 && self.spent >= unproven) {
            self.closed_at_ms = Some(now_ms);
            return Some("budget: spent");
        }
        None
    }

    fn pay(&mut self, has_news: bool, barren_max: u32, now_ms: i64) {
        self.spent += 1;
        self.left = self.left.saturating_sub(1);
        if has_news {
            self.kept += 1;
            self.left += EARNED;
            self.barren = 0;
        } else {
            self.barren += 1;
            if self.barren >= barren_max {
                self.closed_at_ms = Some(now_ms);
            }
        }
    }
}

/// The keys under which the accounts of an address are remembered: its shape, its host, the facets of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    shape: String,
    host: String,
    facets: String,
    query: String,
    is_dated: bool,
}

impl Keys {
    /// Of an address.
    pub fn of(url: &Url) -> Keys {
        let host = crate::canonical::host_of(url);
        let path: Vec<String> = url.path_segments().into_iter().flatten().map(segment_shape).collect();
        let path = path.join("/");
        let query: BTreeSet<String> = url.query_pairs().map(|(key, _)| segment_shape(&key)).collect();
        let query = query.into_iter().collect::<Vec<_>>().join("&");
        let values = url.query().unwrap_or_default();
        let is_dated = url.path_segments().into_iter().flatten().chain(values.split(['&', '='])).any(is_date)
            || path.contains("#Y/#M");
        Keys {
            shape: format!("budget {host}/{path}?{query}"),
            host: format!("budget {host}"),
            facets: format!("facets {host}/{path}"),
            query,
            is_dated,
        }
    }

    /// All of them, for looking them up together.
    pub fn all(&self) -> [String; 3] {
        [self.shape.clone(), self.host.clone(), self.facets.clone()]
    }
}

/// The accounts of a run, as far as it needed them.
#[derive(Debug, Default)]
pub struct Budget {
    accounts: BTreeMap<String, Account>,
    facets: BTreeMap<String, BTreeSet<String>>,
}

impl Budget {
    /// Whether the accounts of these keys were looked up already.
    pub fn knows(&self, keys: &Keys) -> bool {
        self.accounts.contains_key(&keys.shape) && self.facets.contains_key(&keys.facets)
    }

    /// Takes in what is remembered.
    pub fn learn(&mut self, keys: &Keys, known: &[(String, String)]) {
        let text = |key: &str| known.iter().find(|(name, _)| name == key).map(|(_, text)| text.as_str());
        let account = |key: &str, left: u32| {
            text(key).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| Account::new(left))
        };
        let left = if keys.is_dated { START_DATED } else { START };
        let shape = account(&keys.shape, left);
        self.accounts.entry(keys.shape.clone()).or_insert(shape);
        let host = account(&keys.host, HOST_START);
        self.accounts.entry(keys.host.clone()).or_insert(host);
        let facets = text(&keys.facets).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        self.facets.entry(keys.facets.clone()).or_insert(facets);
    }

    /// Why a first visit may not be made now, if it may not.
    pub fn refusal(&mut self, keys: &Keys, now_ms: i64) -> Option<&'static str> {
        let facets = self.facets.entry(keys.facets.clone()).or_default();
        if !facets.contains(&keys.query) && facets.len() >= FACETS_MAX {
            return Some("budget: too many facets of one path");
        }
        let host = self.accounts.entry(keys.host.clone()).or_insert_with(|| Account::new(HOST_START));
        if let Some(refusal) = host.refusal(HOST_UNPROVEN, now_ms) {
            return Some(refusal);
        }
        self.accounts.entry(keys.shape.clone()).or_insert_with(|| Account::new(START)).refusal(u32::MAX, now_ms)
    }

    /// Counts a first visit; what is to be remembered of it.
    pub fn pay(&mut self, keys: &Keys, has_news: bool, now_ms: i64) -> Vec<(String, String)> {
        let mut written = Vec::new();
        let facets = self.facets.entry(keys.facets.clone()).or_default();
        if facets.insert(keys.query.clone()) {
            written.push((keys.facets.clone(), serde_json::to_string(facets).unwrap_or_default()));
        }
        for (key, barren_max) in [(&keys.shape, BARREN_MAX), (&keys.host, u32::MAX)] {
            let account = self.accounts.entry(key.clone()).or_default();
            account.pay(has_news, barren_max, now_ms);
            written.push((key.clone(), serde_json::to_string(account).unwrap_or_default()));
        }
        written
    }
}

/// A segment of a path, with what differs from page to page generalised.
fn segment_shape(segment: &str) -> String {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(segment) {
        return match (segment.len(), segment.parse::<u32>()) {
            (4, Ok(1990..=2100)) => "#Y".into(),
            (1 | 2, Ok(1..=31)) => "#M".into(),
            _ => "#".into(),
        };
    }
    if is_date(segment) {
        return "#date".into();
    }
    // A slug: words joined by dashes, or a word with digits in it.
    let dashes = segment.matches(['-', '_', '.', '%', '+', ',']).count();
    if dashes >= 2 || segment.len() > 24 || segment.bytes().any(|byte| byte.is_ascii_digit()) {
        let end = segment.rsplit_once('.').map_or("", |(_, end)| end);
        let is_kind = matches!(end, "html" | "htm" | "php" | "aspx" | "chn" | "tpo" | "json" | "xml");
        return if is_kind { format!("*.{end}") } else { "*".into() };
    }
    segment.to_ascii_lowercase()
}

/// `2026-11-24`, `20261124`, `2026-11`.
fn is_date(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let has_only = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    let year = digits.get(..4).and_then(|year| year.parse::<u32>().ok());
    let month = digits.get(4..6).and_then(|month| month.parse::<u32>().ok());
    has_only
        && matches!(digits.len(), 6 | 8)
        && (digits.len() == 8 || text.len() == 7)
        && year.is_some_and(|year| (1990..=2100).contains(&year))
        && month.is_some_and(|month| (1..=12).contains(&month))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(url: &str) -> Keys {
        Keys::of(&Url::parse(url).unwrap())
    }

    #[test]
    fn pages_of_one_kind_have_one_shape() {
        for (one, other, same) in [
            ("https://a.vn/t/tuyen-nguoi-di-lam.118432/", "https://a.vn/t/ban-xe-may-cu.99/", true),
            ("https://a.vn/tin/123", "https://a.vn/tin/98765", true),
            ("https://a.vn/2026/11/bai-viet-moi.html", "https://a.vn/2025/01/mot-bai-khac.html", true),
            ("https://a.vn/?page=2", "https://a.vn/?page=3", true),
            ("https://a.vn/?page=2", "https://a.vn/?page=3&order=x", false),
            ("https://a.vn/tin/123", "https://a.vn/anh/123", false),
            ("https://a.vn/tin/1234567", "https://b.vn/tin/1234567", false),
        ] {
            assert_eq!(keys(one).shape == keys(other).shape, same, "{one} {other}");
        }
        assert!(keys("https://a.vn/lich/2026/11").is_dated && keys("https://a.vn/lich?ngay=2026-11-24").is_dated);
        assert!(!keys("https://a.vn/tin/20123").is_dated);
    }

    #[test]
    fn what_brings_news_goes_on_and_what_does_not_is_closed_and_opened_again() {
        let mut budget = Budget::default();
        let visit = |budget: &mut Budget, url: &str, news: bool, now_ms: i64| {
            let keys = keys(url);
            let refusal = budget.refusal(&keys, now_ms);
            if refusal.is_none() {
                budget.pay(&keys, news, now_ms);
            }
            refusal.is_none()
        };
        for n in 0..5_000 {
            assert!(visit(&mut budget, &format!("https://a.vn/tin/{n}00000"), true, 0));
        }
        let barren = (0..100).filter(|n| visit(&mut budget, &format!("https://a.vn/in/{n}00000"), false, 0)).count();
        assert_eq!(barren, BARREN_MAX as usize);
        assert!(visit(&mut budget, "https://a.vn/tin/9999999", true, 0), "another shape is open");
        assert!(!visit(&mut budget, "https://a.vn/in/700000", true, CLOSED_MS - 1));
        assert!(visit(&mut budget, "https://a.vn/in/700000", true, CLOSED_MS));
        // A slow trickle of news does not keep a trap open: five pages for each one that brings something.
        let every = |n: u32| n.is_multiple_of(9);
        let trickle =
            (0..10_000).filter(|n| visit(&mut budget, &format!("https://a.vn/lich/{n}00000"), every(*n), 0)).count();
        assert!(trickle < 200, "{trickle}");
    }

    #[test]
    fn a_host_that_brings_nothing_is_left_and_facets_are_few() {
        let mut budget = Budget::default();
        let kinds = (0..200).filter(|n| {
            let keys = keys(&format!("https://trong.vn/{}/1000", "x".repeat(*n % 20 + 1)));
            let open = budget.refusal(&keys, 0).is_none();
            if open {
                budget.pay(&keys, false, 0);
            }
            open
        });
        assert_eq!(kinds.count(), HOST_UNPROVEN as usize);
        let mut budget = Budget::default();
        let facets = (0..100_u32).filter(|n| {
            let query: Vec<String> =
                (0..7).filter(|bit| n >> bit & 1 == 1).map(|bit| format!("f{}=1", (b'a' + bit) as char)).collect();
            let keys = keys(&format!("https://loc.vn/hang?{}", query.join("&")));
            let open = budget.refusal(&keys, 0).is_none();
            if open {
                budget.pay(&keys, true, 0);
            }
            open
        });
        assert_eq!(facets.count(), FACETS_MAX);
    }

    #[test]
    fn what_is_remembered_is_learned_again() {
        let mut budget = Budget::default();
        let keys = keys("https://a.vn/in/1000");
        let mut known = Vec::new();
        for _ in 0..BARREN_MAX {
            known = budget.pay(&keys, false, 5);
        }
        let mut again = Budget::default();
        assert!(!again.knows(&keys));
        again.learn(&keys, &known);
        assert!(again.knows(&keys) && again.refusal(&keys, 6).is_some());
    }
}
