//! The families of lures and the stances of a speaker: ids that never change.

use crate::id::ids;

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
