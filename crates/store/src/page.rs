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
