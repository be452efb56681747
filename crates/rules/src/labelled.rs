//! Labelled posts: what `eval` and `train` read.

use model::{Family, Stance};
use serde::Deserialize;

/// Whether a post must become an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Must raise an alert.
    Lure,
    /// Must not.
    Benign,
}

/// One labelled post, a line of JSON. Keys that are not named here are ignored.
#[derive(Clone, Debug, Deserialize)]
pub struct LabelledPost {
    /// Unique.
    pub id: String,
    /// The body.
    pub text: String,
    /// The title, when there is one.
    #[serde(default)]
    pub title: Option<String>,
    /// What it must become.
    pub label: Label,
    /// What it is about, the main one first; of a benign post too.
    #[serde(default)]
    pub families: Vec<Family>,
    /// The form of the text.
    #[serde(default)]
    pub kind: String,
    /// How it is disguised; `none` when it is not.
    #[serde(default)]
    pub obfuscation: Vec<String>,
    /// Where it comes from.
    #[serde(default)]
    pub source_url: Option<String>,
    /// Posts that belong together: the same source, or near-duplicates. Splits never cut a group.
    #[serde(default)]
    pub group: Option<String>,
    /// Who speaks, when annotated.
    #[serde(default)]
    pub stance: Option<Stance>,
    /// Priority, when annotated.
    #[serde(default)]
    pub priority: Option<u8>,
    /// Whether a person under 18 is spoken of or invited, when annotated.
    #[serde(default)]
    pub minor: Option<bool>,
    /// Whether departure is today or tomorrow, when annotated.
    #[serde(default)]
    pub departure: Option<bool>,
    /// UTC milliseconds, when known.
    #[serde(default)]
    pub posted_at_ms: Option<i64>,
}

impl LabelledPost {
    /// Reads one line.
    pub fn parse(line: &str) -> Result<LabelledPost, serde_json::Error> {
        serde_json::from_str(line)
    }

    /// What splits keep together: the group, else the source, else the post itself.
    pub fn split_key(&self) -> &str {
        self.group.as_deref().or(self.source_url.as_deref()).unwrap_or(&self.id)
    }

    /// Who wrote it: the part of the id before the first `-`. Posts of one writer share turns of phrase that others do
    /// not have, so only other writers' posts tell what was learned.
    pub fn writer(&self) -> &str {
        self.id.split('-').next().unwrap_or("")
    }

    /// Whether it must raise an alert.
    pub fn is_lure(&self) -> bool {
        self.label == Label::Lure
    }

    /// Whether it carries any disguise.
    pub fn is_obfuscated(&self) -> bool {
        self.obfuscation.iter().any(|o| o != "none")
    }

    /// The reading of it.
    pub fn read(&self) -> text::Reading {
        text::read(self.title.as_deref(), &self.text, self.posted_at_ms)
    }
}
