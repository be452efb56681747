//! Keyset paging: a page names the place where the next one starts, so that new rows never shift old ones.

use serde::Serialize;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page<T> {
    /// The rows, in order.
    pub rows: Vec<T>,
    /// Give this back to get the rows after them; none at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of rows that were read with this limit; `key` names the place of a row.
    pub(crate) fn of(rows: Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Self {
        let is_full = u32::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
        let next = rows.last().filter(|_| is_full).map(key);
        Page { rows, next }
    }
}
