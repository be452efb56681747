//! Everything that is remembered: posts, alerts, decisions, cases, packets, people, audit. All SQL is here.
//!
//! Purpose: one store over SQLite (one folder, one writing process) or PostgreSQL (many), with one SQL text and one
//! folder of migrations. Every method is one transaction; every method that changes something writes its row of the
//! audit chain in the same transaction. The person in `by` is read from the store inside it, so nobody can pass
//! themselves off with another role. Ids are UUIDv7 made here; times are UTC milliseconds and `now_ms` is always an
//! argument.
//!
//! Invariants: bytes are kept and synced before a row names them; sequence numbers grow in the order of commits, so
//! followers skip nothing; recording the same capture twice changes nothing; an old assessment never changes.
//! Deliberately absent: an ORM, an expression language, clocks, HTTP.

mod audit;
mod backup;
mod captures;
mod cases;
mod contacts;
mod decide;
mod dialect;
mod erasure;
mod error;
mod escalation;
mod figures;
mod frontier;
mod holds;
mod lease;
mod open;
mod originals;
mod packets;
mod page;
mod past;
mod people;
mod posts;
mod proposals;
mod queue;
mod raising;
mod reassess;
mod record;
mod retention;
mod rulesets;
mod settling;
mod source_health;
mod sources;
mod sql;
mod takedowns;
mod timeline;
mod tips;
mod unit;
mod visit;
mod writing;

pub use audit::{AuditFilter, AuditPoint, AuditRow, AuditVerdict};
pub use backup::{BackedUp, BackupKey, BackupLock, Restored, restore};
pub use captures::CaptureRow;
pub use cases::{CaseEvent, CaseFile, CaseFilter, CaseRow, Note};
pub use contacts::ContactHistory;
pub use decide::{Decided, NewDecision};
pub use erasure::Erasure;
pub use error::{Error, Result};
pub use escalation::Asking;
pub use figures::{FamilyFigures, Health};
pub use frontier::{FrontierEntry, Lease, RobotsRow, Visit};
pub use holds::Hold;
pub use lease::LONGEST_MS;
pub use open::Store;
pub use originals::OriginalsPlace;
pub use packets::{NewPacket, PacketRow, ReceiptRow};
pub use page::Page;
pub use past::PastPost;
pub use people::{
    LOGIN_LOCK_MS, LOGIN_TRIES, NewUser, OPERATOR, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS, SETUP, Session, Unit, UserRow,
};
pub use posts::{ExportedPost, ExportedVersion, PostRow, Version};
pub use proposals::{Proposal, ProposalKind};
pub use queue::{ExportedAlert, ItemState, QueueCounts, QueueFilter, QueueRow};
pub use reassess::{ReassessPart, Reassessment};
pub use record::{Assessed, Batch, Part, Raised, ReadPost, Recorded, Unassessed};
pub use retention::{Errand, RetentionAction, RetentionCount, RetentionRule, RetentionWhat};
pub use rulesets::RulesetRow;
pub use settling::Settled;
pub use source_health::{
    AlarmRow, HostRow, QuarantineRow, Report, SourceHealth, Trouble, TroubledRow, YieldRow, day_of,
};
pub use sources::{FetchRow, NewSource, SourceRow};
pub use takedowns::TakedownRow;
pub use tips::{NewTip, TIPS, TipAnswer, TipRow, TipStanding};
pub use unit::{DecisionRow, WorkUnit};
