//! The nouns of Cảnh Giác and their legal moves, as pure functions.
//!
//! Purpose: every change of state that a person or the program makes is asked of this crate first, and a move that
//! is not legal comes back as a [`Refusal`] with a Vietnamese reason.
//! Invariants: no sequence of legal moves seals a packet without decisions by two named people with the right to
//! make them; a decided alert is never decided again; an undo is a new decision.
//! Deliberately absent: I/O, clocks, SQL, HTTP. `now` is always an argument.

mod alert;
mod capture;
mod case;
mod family;
mod id;
mod packet;
mod priority;
mod refusal;
mod role;
mod source;

pub use alert::{AlertState, CLAIM_MS, Queue, ReferralState, UNDO_WINDOW_MS, Verdict, may_undo};
pub use capture::{Capture, CaptureState, Method, Post};
pub use case::{CaseMove, CaseStanding, CaseState, two_people};
pub use family::{Family, Stance};
pub use id::UnknownId;
pub use packet::{Answer, PacketState, ReceiptKind, TakedownState};
pub use priority::{
    Circumstances, DEPARTURE_PAST_DAYS, KNOWN_CONTACT_POSTS, LARGE_CAMPAIGN_POSTS, OLD_POST_DAYS, PriorityReason,
    adjust, review_within_ms,
};
pub use refusal::Refusal;
pub use role::{Act, Person, Role};
pub use source::{Cause, Part, SourceState, YIELD_DAYS, expected_news, is_silent};
