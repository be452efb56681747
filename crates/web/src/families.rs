//! Families on screen: each has a name (in the locales) and a small shape, never a colour alone.

use model::Family;

/// Families whose text is withheld until a person asks for it.
pub fn is_withheld(family: Family) -> bool {
    matches!(family, Family::ChildSale | Family::SexualExploitationRecruitment | Family::OrganTrade)
}

/// The path of a family's shape in a box of 12 by 12.
pub fn shape(family: Family) -> &'static str {
    match family {
        Family::ScamCompoundJob => "M1 1h10v10H1zM4 4v4h4V4z",
        Family::OrganTrade => "M6 1a5 5 0 1 0 0 10 2.5 2.5 0 0 0 0-5 2.5 2.5 0 0 1 0-5z",
        Family::ChildSale => "M6 1a2.2 2.2 0 1 1 0 4.4A2.2 2.2 0 0 1 6 1zM1.5 11a4.5 4.5 0 0 1 9 0z",
        Family::ForcedLabour => "M0 3h7v6H0zM2 5v2h3V5zM8 3h4v6H8V7h2V5H8z",
        Family::IllegalMigrationBroker => "M0 5h6V1.5L12 6l-6 4.5V7H0z",
        Family::SexualExploitationRecruitment => "M6 0l6 6-6 6-6-6z",
        Family::SurrogacyTrade => "M6 .5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zm0 3.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
        Family::MoneyMule => "M0 2h12v2H0zM0 5.5h12V10H0z",
        Family::MarriageBroker => "M6 11L1 6a3 3 0 0 1 5-3.5A3 3 0 0 1 11 6z",
        Family::RomanceOrDebtLure => "M0 1h12L6 11z",
        Family::RecruiterOfRecruiters => {
            "M6 0a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM2 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM10 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM5.5 4h1v1.5H11V8H10V6.5H2V8H1V5.5h4.5z"
        }
        Family::Unclassified => "M1 1h4v4H1zM7 1h4v4H7zM1 7h4v4H1zM7 7h4v4H7z",
    }
}
