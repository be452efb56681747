//! Sources: where posts come from, and when one may be read.

use crate::id::ids;
use crate::{Act, Person, Refusal};

ids! {
    /// State of a source.
    SourceState {
        /// Written, not tried.
        Draft = "draft",
        /// A person saw what it would bring.
        Previewed = "previewed",
        /// It is read as due.
        Enabled = "enabled",
        /// A person stopped it.
        Paused = "paused",
        /// The site or its rules refuse us.
        Blocked = "blocked",
        /// It will not be read again.
        Retired = "retired",
    }
}

impl SourceState {
    /// The Vietnamese name shown.
    pub fn title(self) -> &'static str {
        match self {
            SourceState::Draft => "nháp",
            SourceState::Previewed => "đã xem thử",
            SourceState::Enabled => "đang thu thập",
            SourceState::Paused => "tạm dừng",
            SourceState::Blocked => "bị chặn",
            SourceState::Retired => "đã thôi dùng",
        }
    }

    /// The state after a person moves it to `to`. `access_satisfied` says whether its access basis holds.
    ///
    /// # Errors
    /// `role` without the right; `access` when it would start without a basis; `state` when the path is none.
    pub fn after(self, to: SourceState, access_satisfied: bool, by: &Person) -> Result<SourceState, Refusal> {
        by.must(Act::WorkSources)?;
        self.moved(to, access_satisfied)
    }

    /// As [`SourceState::after`], for the operator of the machine at the command line.
    ///
    /// # Errors
    /// `access` and `state`.
    pub fn moved(self, to: SourceState, access_satisfied: bool) -> Result<SourceState, Refusal> {
        use SourceState::*;
        let legal = match (self, to) {
            (Retired, _) => false,
            (Draft, Previewed | Enabled | Retired) => true,
            (Previewed, Draft | Enabled | Retired) => true,
            (Enabled, Paused | Blocked | Retired) => true,
            (Paused | Blocked, Previewed | Enabled | Retired) => true,
            _ => false,
        };
        if !legal {
            return Err(Refusal::new(
                "state",
                format!("Nguồn {} không chuyển sang {} được.", self.title(), to.title()),
            ));
        }
        if to == Enabled && !access_satisfied {
            return Err(Refusal::new(
                "access",
                "Nguồn chưa có căn cứ được phép đọc (mục [access]) nên không bật được.",
            ));
        }
        Ok(to)
    }
}
