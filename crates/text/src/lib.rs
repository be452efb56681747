//! Raw Vietnamese text in, a [`Reading`] out: unmasked views with spans back to the original, syllable ids, facts.
//!
//! A post is cut into syllables exactly once, here. Lexicon matching, fingerprints, the index and the
//! highlighter all use the tokens of this crate; nothing re-finds text.
//!
//! Invariants: [`read`] never fails and is linear in the length of its input; every span is a byte range of the
//! original field, on character boundaries, and cuts no grapheme; same input, same output on every machine.
//! Deliberately absent: I/O, clocks, tokio, network look-ups, language models.

mod facts;
mod normalise;
mod reading;

pub use facts::{Fact, FactKind, contact_query};
pub use normalise::from_old_font;
pub use reading::{Alternate, Evasion, Field, Mapped, Reading, Span, Token, TokenKind, View, fold, read, syllable_id};
