//! Alerts and referrals: their states and the moves between them.

use crate::id::ids;
use crate::{Act, Person, Refusal};

/// How long a decision can be taken back, in milliseconds: ten minutes.
pub const UNDO_WINDOW_MS: i64 = 10 * 60 * 1000;

/// How long a claimed unit stays locked for others, in milliseconds: ten minutes.
pub const CLAIM_MS: i64 = 10 * 60 * 1000;

ids! {
    /// Which queue an item stands in. A self-offer stands in both.
    Queue {
        /// What a person must look at.
        Alert = "alert",
        /// A person at risk or asking for help: never among suspects.
        Referral = "referral",
    }
}

ids! {
    /// State of an alert.
    AlertState {
        /// Waits for a decision.
        Open = "open",
        /// A person confirmed it; it belongs to a case.
        Confirmed = "confirmed",
        /// A person found nothing in it.
        Dismissed = "dismissed",
        /// A person joined it to another alert.
        Merged = "merged",
    }
}

ids! {
    /// State of a referral.
    ReferralState {
        /// Waits for the support worker.
        Open = "open",
        /// Handed over to those who help.
        HandedOver = "handed over",
        /// Nothing more to do.
        Closed = "closed",
    }
}

ids! {
    /// What a person decides about an alert or a referral.
    Verdict {
        /// It is what it looks like; it goes into a case.
        Confirm = "confirm",
        /// It is not.
        Dismiss = "dismiss",
        /// It belongs to another alert.
        Merge = "merge",
        /// Somebody else, or later; the state stays.
        Skip = "skip",
        /// A referral goes to those who help.
        HandOver = "hand_over",
        /// A referral needs nothing more.
        Close = "close",
        /// Takes an earlier decision back.
        Undo = "undo",
    }
}

fn decided(state: &str) -> Refusal {
    Refusal::new("state", format!("Mục này đã được quyết định ({state}). Hãy tải lại để xem quyết định đó."))
}

impl AlertState {
    /// The Vietnamese name shown.
    pub fn title(self) -> &'static str {
        match self {
            AlertState::Open => "đang chờ",
            AlertState::Confirmed => "đã xác nhận",
            AlertState::Dismissed => "đã loại bỏ",
            AlertState::Merged => "đã gộp",
        }
    }

    /// The state after a verdict by this person.
    ///
    /// # Errors
    /// `role` without the right; `state` when it is already decided or the verdict is none for alerts.
    pub fn after(self, verdict: Verdict, by: &Person) -> Result<AlertState, Refusal> {
        by.must(Act::Decide)?;
        if self != AlertState::Open {
            return Err(decided(self.title()));
        }
        match verdict {
            Verdict::Confirm => Ok(AlertState::Confirmed),
            Verdict::Dismiss => Ok(AlertState::Dismissed),
            Verdict::Merge => Ok(AlertState::Merged),
            Verdict::Skip => Ok(AlertState::Open),
            Verdict::HandOver | Verdict::Close | Verdict::Undo => {
                Err(Refusal::new("state", "Quyết định này không dùng cho cảnh báo."))
            }
        }
    }
}

impl ReferralState {
    /// The Vietnamese name shown.
    pub fn title(self) -> &'static str {
        match self {
            ReferralState::Open => "đang chờ",
            ReferralState::HandedOver => "đã chuyển",
            ReferralState::Closed => "đã đóng",
        }
    }

    /// The state after a verdict by this person.
    ///
    /// # Errors
    /// `role` without the right; `state` when it is already decided or the verdict is none for referrals.
    pub fn after(self, verdict: Verdict, by: &Person) -> Result<ReferralState, Refusal> {
        by.must(Act::HandOver)?;
        if self != ReferralState::Open {
            return Err(decided(self.title()));
        }
        match verdict {
            Verdict::HandOver => Ok(ReferralState::HandedOver),
            Verdict::Close => Ok(ReferralState::Closed),
            Verdict::Skip => Ok(ReferralState::Open),
            Verdict::Confirm | Verdict::Dismiss | Verdict::Merge | Verdict::Undo => {
                Err(Refusal::new("state", "Quyết định này không dùng cho người cần hỗ trợ."))
            }
        }
    }
}

/// Checks that a decision may be taken back: by the person who took it, within the window, once, and only while
/// the case that it fed has not been sent out.
///
/// # Errors
/// `second_person` when another person took it, `undo_window` when it is too late, `state` when it was already
/// undone or its case has gone out.
pub fn may_undo(
    by: &Person,
    decided_by: &str,
    decided_at_ms: i64,
    already_undone: bool,
    case_is_out: bool,
    now_ms: i64,
) -> Result<(), Refusal> {
    if by.id != decided_by {
        return Err(Refusal::new("second_person", "Chỉ người đã quyết định mới hoàn tác được quyết định của mình."));
    }
    if already_undone {
        return Err(Refusal::new("state", "Quyết định này đã được hoàn tác."));
    }
    if case_is_out {
        return Err(Refusal::new("state", "Vụ việc đã chuyển đi nên không hoàn tác được quyết định này."));
    }
    if now_ms.saturating_sub(decided_at_ms) > UNDO_WINDOW_MS {
        return Err(Refusal::new("undo_window", "Đã quá mười phút nên không hoàn tác được; hãy ghi chú vào vụ việc."));
    }
    Ok(())
}
