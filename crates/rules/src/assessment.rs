//! What a ruleset says of one post.

use model::{Family, Stance};
use serde::{Deserialize, Serialize};
use text::{Field, Span};

/// Where points come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingKind {
    /// A rule of `rules/*.toml` fired.
    Rule,
    /// A learned weight.
    Word,
    /// What a group's cap took away (or a floor gave back).
    Cap,
    /// The family's base points.
    Base,
}

/// One listed part of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Where the points come from.
    pub kind: FindingKind,
    /// Stable id of the rule, learned feature or group.
    pub rule: String,
    /// The family whose points it is part of.
    pub family: Family,
    /// One Vietnamese line for the analyst, copied in so that an old finding explains itself for ever.
    pub title: String,
    /// Whole points, negative where it calms.
    pub points: i32,
    /// The signal group it belongs to (`offer`, `destination`, `lure`, `contact`, `report`, …), for tint and legend.
    pub group: String,
    /// The field its spans point into.
    pub field: Field,
    /// What it saw, in the original text.
    pub spans: Vec<Span>,
    /// The original text of the spans, joined by ` … `.
    pub text: String,
}

/// One family's part of an assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FamilyScore {
    /// The family.
    pub family: Family,
    /// Calibrated, 0 to 1.
    pub probability: f64,
    /// Sum of the points of its findings.
    pub points: i32,
    /// Points from which it raises an alert.
    pub threshold: i32,
}

/// Why a post is urgent, in one Vietnamese line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UrgencyReason {
    /// Stable id: `minor`, `departure`, `held`, `ransom`, `operation_date`, `at_border`, `birth`, …
    pub id: String,
    /// The line shown.
    pub title: String,
    /// The field its spans point into.
    pub field: Field,
    /// What it saw.
    pub spans: Vec<Span>,
}

/// One signal's say in who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StanceReason {
    /// The stance that it speaks for (or against, when negative).
    pub stance: Stance,
    /// Title of the signal or group.
    pub signal: String,
    /// Its weight.
    pub weight: i32,
}

/// A function of (title, text, posted_at, ruleset id).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// SHA-256 of the ruleset's files.
    pub ruleset: String,
    /// Who speaks.
    pub stance: Stance,
    /// Stance `offer` or `self_offer` and some family at or above its threshold.
    pub alert: bool,
    /// How far the stronger of `offer` and `self_offer` lies above the strongest other stance.
    #[serde(default)]
    pub stance_margin: i32,
    /// What decided the stance; empty where no family has points and nobody needs help.
    #[serde(default)]
    pub stance_reasons: Vec<StanceReason>,
    /// A person at risk: self-offers and seekers.
    pub referral: bool,
    /// 1 (now) to 4; null when neither alert nor referral.
    pub priority: Option<u8>,
    /// Points of the first family.
    pub points: i32,
    /// Calibrated probability that any family applies.
    pub probability: f64,
    /// Families with points, strongest first.
    pub families: Vec<FamilyScore>,
    /// Every part of every score.
    pub findings: Vec<Finding>,
    /// What makes it urgent.
    pub urgency: Vec<UrgencyReason>,
}

impl Assessment {
    /// How far the family that comes nearest to its threshold lies above it; absent when no family has points.
    pub fn margin(&self) -> Option<i32> {
        self.families.iter().map(|f| f.points - f.threshold).max()
    }
}
