//! The families of lures and the stances of a speaker: ids that never change.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $id:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $id)] $variant),* }

        impl $name {
            /// All of them, in the order of the design.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The stable id.
            pub fn id(self) -> &'static str {
                match self { $($name::$variant => $id),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.id())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownId;

            fn from_str(id: &str) -> Result<Self, UnknownId> {
                Self::ALL.iter().copied().find(|it| it.id() == id).ok_or_else(|| UnknownId(id.to_owned()))
            }
        }
    };
}

/// An id that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown id `{0}`")]
pub struct UnknownId(pub String);

ids! {
    /// What a lure is about. A post may belong to several.
    Family {
        /// Work in an online-fraud compound abroad.
        ScamCompoundJob = "scam_compound_job",
        /// Trade in kidneys, livers and other organs.
        OrganTrade = "organ_trade",
        /// Sale of children, before or after birth.
        ChildSale = "child_sale",
        /// Boats, mines, farms with debt or held papers.
        ForcedLabour = "forced_labour",
        /// Paid smuggling and sham visas.
        IllegalMigrationBroker = "illegal_migration_broker",
        /// Recruitment into sexual exploitation.
        SexualExploitationRecruitment = "sexual_exploitation_recruitment",
        /// Commercial surrogacy and sale of eggs.
        SurrogacyTrade = "surrogacy_trade",
        /// Rented or sold bank accounts, cards, faces.
        MoneyMule = "money_mule",
        /// Brides moved for money.
        MarriageBroker = "marriage_broker",
        /// Courtship or debt used to move a person.
        RomanceOrDebtLure = "romance_or_debt_lure",
        /// Pay for bringing others.
        RecruiterOfRecruiters = "recruiter_of_recruiters",
        /// A strong offer that fits no family: how new schemes are seen.
        Unclassified = "unclassified",
    }
}

ids! {
    /// Who speaks, and to what end. Decided before anything is scored.
    Stance {
        /// Asks the reader to come, sell, carry, lend, or to bring others.
        Offer = "offer",
        /// Offers themselves or their own to an unlawful trade: a possible victim.
        SelfOffer = "self_offer",
        /// At risk or in need of help.
        Seeker = "seeker",
        /// Press, police, victims, warnings, quotes.
        Report = "report",
        /// Law, adoption, donation, lawful programmes.
        Advice = "advice",
        /// Ordinary work, travel, trade, chatter.
        Other = "other",
    }
}
