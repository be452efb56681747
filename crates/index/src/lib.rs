//! Finding posts again: the search index, its query language and its highlighter.
//!
//! The store is the truth. The index holds only what a query needs (token streams, fast fields, the post's id); it
//! follows the store by sequence and commits its watermark together with the data, so that after a crash it goes on
//! from where it stood, and a rebuild answers every query alike.
//! Queries are parsed by our own [`query`] language and highlighted by [`Query::spans`], the same evaluator that
//! decides whether a single post matches. Deliberately absent: dictionary segmentation, stored post text, SQL.

mod entry;
mod matching;
pub mod query;
mod search;

pub use entry::Entry;
pub use query::{Query, QueryError};
pub use search::{Hit, Index, IndexError, Order, Page};
