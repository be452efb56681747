//! Cases: lists, one case whole, notes, and the way out with two signatures.

use model::{CaseStanding, CaseState};
use text::Fact;

use crate::packets::PacketRow;
use crate::queue::{ContactHistory, DecisionRow, QueueRow};
use crate::{Error, Page, Result, Store};

/// One line of the list of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Its id.
    pub id: String,
    /// Its number: `VV-2026-000123`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub state: CaseState,
    /// Whether it came back because the unit needs more.
    pub returned: bool,
    /// The most urgent priority of its alerts.
    pub priority: u8,
    /// Confirmed alerts in it.
    pub alerts: u32,
    /// Who opened it.
    pub opened_by: String,
    /// Their name.
    pub opened_by_name: String,
    /// When.
    pub opened_at_ms: i64,
    /// Last change.
    pub updated_at_ms: i64,
    /// The escalation that waits for the second signature or has been signed.
    pub asking: Option<Asking>,
}

/// An escalation that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Id of the escalation.
    pub id: String,
    /// Receiving unit.
    pub unit_id: String,
    /// Its name.
    pub unit_name: String,
    /// Who asked: the first signature.
    pub asked_by: String,
    /// Their name.
    pub asked_by_name: String,
    /// When.
    pub asked_at_ms: i64,
    /// What they wrote.
    pub reason: String,
    /// Who signed second.
    pub signed_by: Option<String>,
    /// Their name.
    pub signed_by_name: Option<String>,
    /// When.
    pub signed_at_ms: Option<i64>,
    /// The packet, once sealed.
    pub packet_id: Option<String>,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: String,
    /// Words.
    pub text: String,
    /// Who.
    pub by: String,
    /// Their name.
    pub by_name: String,
    /// When.
    pub at_ms: i64,
}

/// One event of a case, for the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseEvent {
    /// When.
    pub at_ms: i64,
    /// Who; `rules` and the like for the program.
    pub by: String,
    /// Their name.
    pub by_name: String,
    /// Stable id of what happened: `opened`, `joined`, `left`, `note`, `asked`, `declined`, `signed`, `sealed`,
    /// `downloaded`, `acknowledged`, `answered`, `returned`, `closed`.
    pub event: String,
    /// Words to it.
    pub detail: String,
}

/// A case, whole.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// Its line.
    pub row: CaseRow,
    /// What the legality of the next step depends on.
    pub standing: CaseStanding,
    /// Confirmed alerts, oldest first.
    pub alerts: Vec<QueueRow>,
    /// Ids of their posts, in the same order.
    pub post_ids: Vec<String>,
    /// Contacts of the posts.
    pub contacts: Vec<ContactHistory>,
    /// Places named in the posts.
    pub places: Vec<Fact>,
    /// Notes, oldest first.
    pub notes: Vec<Note>,
    /// Decisions about its alerts, oldest first.
    pub decisions: Vec<DecisionRow>,
    /// Everything that happened, oldest first.
    pub timeline: Vec<CaseEvent>,
    /// Packets that left, newest first.
    pub packets: Vec<PacketRow>,
}

/// Which cases a list shows.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Only this state.
    pub state: Option<CaseState>,
    /// Only those that wait for a second signature.
    pub to_sign: bool,
    /// Only those opened by this user.
    pub opened_by: Option<String>,
}

impl Store {
    /// A page of cases, last changed first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn cases(&self, filter: &CaseFilter, after: Option<&str>, limit: u32) -> Result<Page<CaseRow>> {
        Err(Error::Unfinished)
    }

    /// One case by id or number. Reading it writes no audit row: call [`Store::audit`] with `case.read`.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn case(&self, id: &str, now_ms: i64) -> Result<CaseFile> {
        Err(Error::Unfinished)
    }

    /// Writes a note.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn note(&self, by: &str, case_id: &str, text: &str, now_ms: i64) -> Result<String> {
        Err(Error::Unfinished)
    }

    /// Renames a case.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn rename_case(&self, by: &str, case_id: &str, title: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// First signature: asks to escalate to a unit. Returns the id of the escalation.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn ask_escalation(
        &self,
        by: &str,
        case_id: &str,
        unit_id: &str,
        reason: &str,
        now_ms: i64,
    ) -> Result<String> {
        Err(Error::Unfinished)
    }

    /// The second person says no; the case stays open.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn decline_escalation(&self, by: &str, case_id: &str, reason: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Second signature. The case is escalated; its packet is then to be built and sealed.
    ///
    /// # Errors
    /// `Missing`, `Refused` with `second_person` when it is the one who asked.
    pub async fn sign_escalation(&self, by: &str, case_id: &str, now_ms: i64) -> Result<Asking> {
        Err(Error::Unfinished)
    }

    /// Signed escalations whose packet is not sealed: what an interrupted run left, oldest first. `(case id, asking)`.
    ///
    /// # Errors
    /// `Database`.
    pub async fn to_seal(&self) -> Result<Vec<(String, Asking)>> {
        Err(Error::Unfinished)
    }

    /// Closes a case.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn close_case(&self, by: &str, case_id: &str, reason: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }
}
