//! Who may do what. The whole table stands in [`Role::may`].

use crate::Refusal;
use crate::id::ids;

ids! {
    /// What a person is here for. Each person has one.
    Role {
        /// Chuyên viên: reads the queue and decides.
        Analyst = "analyst",
        /// Trưởng nhóm: second signature, workload, quality.
        Lead = "lead",
        /// Cán bộ công an: receives the packets of their unit and answers.
        Officer = "officer",
        /// Cán bộ hỗ trợ: people at risk, apart from suspects.
        Support = "support",
        /// Quản trị viên: words, rules, sources, people.
        Admin = "admin",
        /// Thanh tra: who saw, searched, changed and exported what.
        Auditor = "auditor",
    }
}

ids! {
    /// Something that needs a right.
    Act {
        /// See the queue of alerts and one unit of it.
        ReadQueue = "read_queue",
        /// Confirm, dismiss, merge, skip, undo.
        Decide = "decide",
        /// Raise an alert by hand.
        Raise = "raise",
        /// See withheld text, one step at a time.
        Reveal = "reveal",
        /// Search posts.
        Search = "search",
        /// See the support queue.
        ReadSupport = "read_support",
        /// Hand a referral over or close it.
        HandOver = "hand_over",
        /// See a case.
        ReadCase = "read_case",
        /// Write notes in a case, move alerts into it, close it.
        WorkCase = "work_case",
        /// Ask to escalate: the first signature.
        AskEscalation = "ask_escalation",
        /// Escalate: the second signature.
        SignEscalation = "sign_escalation",
        /// See the packets sent to the own unit.
        ReadPackets = "read_packets",
        /// Give a receipt and an answer for a packet of the own unit.
        Answer = "answer",
        /// Ask a platform to take a post down.
        TakeDown = "take_down",
        /// See sources and their log.
        ReadSources = "read_sources",
        /// Enable, pause and edit sources.
        WorkSources = "work_sources",
        /// See words and rules.
        ReadRules = "read_rules",
        /// Propose to publish or roll back a ruleset.
        ProposeRules = "propose_rules",
        /// Approve what another proposed: rules, export, erasure, a role.
        Approve = "approve",
        /// Propose people, roles and units.
        ProposePeople = "propose_people",
        /// Propose an export.
        ProposeExport = "propose_export",
        /// See and edit the retention rules, propose to carry them out or to erase.
        ProposeErasure = "propose_erasure",
        /// Set and lift the legal hold on a case.
        Hold = "hold",
        /// See figures.
        ReadFigures = "read_figures",
        /// See the audit chain.
        ReadAudit = "read_audit",
    }
}

impl Role {
    /// The Vietnamese name shown.
    pub fn title(self) -> &'static str {
        match self {
            Role::Analyst => "chuyên viên",
            Role::Lead => "trưởng nhóm",
            Role::Officer => "cán bộ công an",
            Role::Support => "cán bộ hỗ trợ",
            Role::Admin => "quản trị viên",
            Role::Auditor => "thanh tra",
        }
    }

    /// Whether this role has the right. Administrators see no case: they run the machine, not the work.
    pub fn may(self, act: Act) -> bool {
        use Act::*;
        match self {
            Role::Analyst => matches!(
                act,
                ReadQueue
                    | Decide
                    | Raise
                    | Reveal
                    | Search
                    | ReadSupport
                    | HandOver
                    | ReadCase
                    | WorkCase
                    | AskEscalation
                    | TakeDown
                    | ReadSources
                    | ReadRules
                    | ProposeRules
                    | ProposeExport
                    | ReadFigures
            ),
            Role::Lead => matches!(
                act,
                ReadQueue
                    | Decide
                    | Raise
                    | Reveal
                    | Search
                    | ReadSupport
                    | HandOver
                    | ReadCase
                    | WorkCase
                    | AskEscalation
                    | SignEscalation
                    | TakeDown
                    | ReadSources
                    | WorkSources
                    | ReadRules
                    | ProposeRules
                    | Approve
                    | ProposeExport
                    | ProposeErasure
                    | Hold
                    | ReadFigures
            ),
            Role::Officer => matches!(act, ReadPackets | Answer),
            Role::Support => matches!(act, ReadSupport | HandOver | Reveal),
            Role::Admin => matches!(
                act,
                ReadSources
                    | WorkSources
                    | ReadRules
                    | ProposeRules
                    | Approve
                    | ProposePeople
                    | ProposeErasure
                    | Hold
                    | ReadFigures
            ),
            Role::Auditor => matches!(act, ReadAudit | ReadFigures | ReadRules | ReadSources),
        }
    }
}

/// A named person, as a move sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Id of the user.
    pub id: String,
    /// Name shown, as in "Nguyễn Thị A".
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Id of the receiving unit that an officer belongs to.
    pub unit: Option<String>,
}

impl Person {
    /// Checks a right.
    ///
    /// # Errors
    /// `role` when the person's role lacks it.
    pub fn must(&self, act: Act) -> Result<(), Refusal> {
        if self.role.may(act) {
            return Ok(());
        }
        Err(Refusal::new("role", format!("Vai trò {} không có quyền làm việc này.", self.role.title())))
    }

    /// Checks that this is not the person who made the first step.
    ///
    /// # Errors
    /// `second_person` when both are the same.
    pub fn must_differ_from(&self, first: &str) -> Result<(), Refusal> {
        if self.id != first {
            return Ok(());
        }
        Err(Refusal::new(
            "second_person",
            "Bước này cần một người thứ hai: người đã đề nghị không được tự ký duyệt. Hãy nhờ người khác có quyền ký.",
        ))
    }
}
