//! Cases: what people work on, and how one leaves as a packet with two signatures.

use crate::id::ids;
use crate::{Act, Person, Refusal};

ids! {
    /// State of a case.
    CaseState {
        /// People work on it.
        Open = "open",
        /// Two people signed; a packet goes to the receiving unit.
        Escalated = "escalated",
        /// The unit gave a receipt.
        Acknowledged = "acknowledged",
        /// Nothing more to do.
        Closed = "closed",
    }
}

ids! {
    /// A step that a person takes with a case.
    CaseMove {
        /// A confirmed alert joins.
        Join = "join",
        /// First signature: ask to escalate to a unit.
        Ask = "ask",
        /// The second person says no; the asking falls.
        Decline = "decline",
        /// Second signature.
        Sign = "sign",
        /// The packet is sealed.
        Seal = "seal",
        /// The unit received it.
        Acknowledge = "acknowledge",
        /// The unit needs more: back to open.
        Return = "return",
        /// Nothing more to do.
        Close = "close",
    }
}

impl CaseState {
    /// The Vietnamese name shown.
    pub fn title(self) -> &'static str {
        match self {
            CaseState::Open => "đang làm",
            CaseState::Escalated => "đã chuyển",
            CaseState::Acknowledged => "đã tiếp nhận",
            CaseState::Closed => "đã đóng",
        }
    }
}

/// All that the legality of a step depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseStanding {
    /// Where it stands.
    pub state: CaseState,
    /// Confirmed alerts in it.
    pub alerts: u32,
    /// Who asked to escalate, while that asking or the packet that came of it stands.
    pub asked_by: Option<String>,
    /// Who signed second.
    pub signed_by: Option<String>,
    /// Whether the packet of this escalation is sealed.
    pub sealed: bool,
}

impl CaseStanding {
    /// A new case without alerts.
    pub fn opened() -> Self {
        CaseStanding { state: CaseState::Open, alerts: 0, asked_by: None, signed_by: None, sealed: false }
    }

    /// The standing after a step by this person.
    ///
    /// # Errors
    /// `role`, `state`, `empty` (no confirmed alert), `second_person`. Nothing changes then.
    pub fn after(&self, step: CaseMove, by: &Person) -> Result<CaseStanding, Refusal> {
        let mut next = self.clone();
        match step {
            CaseMove::Join => {
                by.must(Act::WorkCase)?;
                self.must_be(&[CaseState::Open])?;
                next.alerts += 1;
            }
            CaseMove::Ask => {
                by.must(Act::AskEscalation)?;
                self.must_be(&[CaseState::Open])?;
                if self.alerts == 0 {
                    return Err(Refusal::new(
                        "empty",
                        "Vụ việc chưa có cảnh báo nào được xác nhận nên chưa chuyển được.",
                    ));
                }
                if self.asked_by.is_some() {
                    return Err(Refusal::new("state", "Vụ việc đã có đề nghị chuyển đang chờ ký."));
                }
                next.asked_by = Some(by.id.clone());
            }
            CaseMove::Decline => {
                by.must(Act::SignEscalation)?;
                self.must_be(&[CaseState::Open])?;
                self.asked()?;
                next.asked_by = None;
            }
            CaseMove::Sign => {
                by.must(Act::SignEscalation)?;
                self.must_be(&[CaseState::Open])?;
                by.must_differ_from(self.asked()?)?;
                if self.alerts == 0 {
                    return Err(Refusal::new(
                        "empty",
                        "Vụ việc không còn cảnh báo nào được xác nhận nên không ký được.",
                    ));
                }
                next.signed_by = Some(by.id.clone());
                next.state = CaseState::Escalated;
            }
            CaseMove::Seal => {
                self.must_be(&[CaseState::Escalated])?;
                if self.sealed {
                    return Err(Refusal::new("state", "Hồ sơ của lần chuyển này đã niêm phong."));
                }
                two_people(self.asked_by.as_deref(), self.signed_by.as_deref())?;
                next.sealed = true;
            }
            CaseMove::Acknowledge => {
                by.must(Act::Answer)?;
                self.must_be(&[CaseState::Escalated])?;
                self.must_be_sealed()?;
                next.state = CaseState::Acknowledged;
            }
            CaseMove::Return => {
                by.must(Act::Answer)?;
                self.must_be(&[CaseState::Escalated, CaseState::Acknowledged])?;
                self.must_be_sealed()?;
                next = CaseStanding { alerts: self.alerts, ..CaseStanding::opened() };
            }
            CaseMove::Close => {
                if !by.role.may(Act::Answer) {
                    by.must(Act::WorkCase)?;
                }
                self.must_be(&[CaseState::Open, CaseState::Acknowledged])?;
                if self.state == CaseState::Open && self.asked_by.is_some() {
                    return Err(Refusal::new(
                        "state",
                        "Đề nghị chuyển đang chờ ký; hãy ký hoặc từ chối trước khi đóng.",
                    ));
                }
                if self.state == CaseState::Open && !by.role.may(Act::WorkCase) {
                    return Err(Refusal::new("role", "Vụ việc chưa chuyển đến đơn vị nên đơn vị không đóng được."));
                }
                next.state = CaseState::Closed;
            }
        }
        Ok(next)
    }

    fn must_be(&self, allowed: &[CaseState]) -> Result<(), Refusal> {
        if allowed.contains(&self.state) {
            return Ok(());
        }
        Err(Refusal::new("state", format!("Vụ việc {} nên không làm được bước này.", self.state.title())))
    }

    fn must_be_sealed(&self) -> Result<(), Refusal> {
        if self.sealed {
            return Ok(());
        }
        Err(Refusal::new("state", "Hồ sơ chưa niêm phong xong; hãy thử lại sau ít phút."))
    }

    fn asked(&self) -> Result<&str, Refusal> {
        self.asked_by.as_deref().ok_or_else(|| Refusal::new("state", "Chưa có đề nghị chuyển nào để ký."))
    }
}

/// Checks that a packet rests on decisions by two named people.
///
/// # Errors
/// `second_person` when one is missing or both are the same.
pub fn two_people(first: Option<&str>, second: Option<&str>) -> Result<(), Refusal> {
    match (first, second) {
        (Some(first), Some(second)) if first != second && !first.is_empty() && !second.is_empty() => Ok(()),
        _ => Err(Refusal::new("second_person", "Không niêm phong hồ sơ khi chưa có quyết định của hai người có tên.")),
    }
}
