//! Packets: what leaves, what the receiving unit gives back, and requests to take posts down.

use crate::id::ids;
use crate::{Act, Person, Refusal};

ids! {
    /// State of a packet. There is one: a correction is a new packet that supersedes.
    PacketState {
        /// Sealed for ever.
        Sealed = "sealed",
    }
}

ids! {
    /// What a unit does with a packet, each a line of its record.
    ReceiptKind {
        /// A copy was fetched.
        Download = "download",
        /// The unit confirms that it holds the packet.
        Receipt = "receipt",
        /// The unit says what came of it.
        Answer = "answer",
    }
}

ids! {
    /// What came of a packet.
    Answer {
        /// Police opened a case.
        OpenedCase = "opened_case",
        /// Nothing to pursue.
        Closed = "closed",
        /// More is needed; the case goes back.
        NeedsMore = "needs_more",
    }
}

ids! {
    /// State of a request to a platform.
    TakedownState {
        /// Sent, once the police agree.
        Asked = "asked",
        /// The platform answered that it looks.
        Acknowledged = "acknowledged",
        /// The post is gone.
        Removed = "removed",
        /// The platform declined.
        Refused = "refused",
        /// Nobody answered in time.
        Lapsed = "lapsed",
    }
}

impl TakedownState {
    /// The state after the platform's answer, written down by this person.
    ///
    /// # Errors
    /// `role` without the right; `state` when the request has ended or would go backwards.
    pub fn after(self, answer: TakedownState, by: &Person) -> Result<TakedownState, Refusal> {
        use TakedownState::*;
        by.must(Act::TakeDown)?;
        match (self, answer) {
            (Asked, Acknowledged | Removed | Refused | Lapsed) | (Acknowledged, Removed | Refused | Lapsed) => {
                Ok(answer)
            }
            _ => Err(Refusal::new("state", "Yêu cầu gỡ bài đã kết thúc hoặc bước này đi ngược trình tự.")),
        }
    }
}
