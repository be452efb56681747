//! What is wrong with a data file, in words that the person who edited it understands.

use serde::Serialize;

/// Stable codes of problems. The number never changes its meaning; the name is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Code {
    /// The file is not UTF-8.
    NotUtf8,
    /// The file is not valid TOML, CSV or JSON.
    Syntax,
    /// The file has a place or a name that the bundle does not know.
    UnknownFile,
    /// A file that every bundle needs is missing.
    MissingFile,
    /// A list names a signal that nobody defines.
    UnknownSignal,
    /// A family id that does not exist.
    UnknownFamily,
    /// A group without a cap in `rules/scores.toml`.
    UnknownGroup,
    /// A kind of fact that the reader does not extract.
    UnknownFact,
    /// A key that this table does not have.
    UnknownKey,
    /// A status, stance, stage or other word outside its list.
    UnknownWord,
    /// A value of the wrong type.
    WrongType,
    /// A number outside its range, or keys that do not go together.
    BadValue,
    /// A key that this table must have.
    MissingKey,
    /// The same id or name defined twice.
    DuplicateId,
    /// Signals that need each other.
    Cycle,
    /// A term of one syllable that would match text without marks.
    BareSyllable,
    /// A term without any syllable, or longer than [`crate::MAX_TERM_SYLLABLES`].
    BadTerm,
    /// The same term twice in one lexicon.
    DuplicateTerm,
    /// Points for a rule that does not exist.
    UnknownRule,
    /// A rule, family or group without its number in `rules/scores.toml`.
    MissingScore,
    /// Points whose sign does not fit the group's cap.
    WrongSign,
    /// A rule without examples.
    MissingExample,
    /// A lure example that does not fire its rule.
    LureDoesNotFire,
    /// A lure example that raises no alert.
    LureRaisesNothing,
    /// A benign example that raises an alert.
    BenignRaises,
}

impl Code {
    /// Every code, in order.
    pub const ALL: &'static [Code] = &[
        Code::NotUtf8,
        Code::Syntax,
        Code::UnknownFile,
        Code::MissingFile,
        Code::UnknownSignal,
        Code::UnknownFamily,
        Code::UnknownGroup,
        Code::UnknownFact,
        Code::UnknownKey,
        Code::UnknownWord,
        Code::WrongType,
        Code::BadValue,
        Code::MissingKey,
        Code::DuplicateId,
        Code::Cycle,
        Code::BareSyllable,
        Code::BadTerm,
        Code::DuplicateTerm,
        Code::UnknownRule,
        Code::MissingScore,
        Code::WrongSign,
        Code::MissingExample,
        Code::LureDoesNotFire,
        Code::LureRaisesNothing,
        Code::BenignRaises,
    ];

    /// Number and name, e.g. `CG101 unknown_signal`.
    pub fn id(self) -> &'static str {
        match self {
            Code::NotUtf8 => "CG001 not_utf8",
            Code::Syntax => "CG002 syntax",
            Code::UnknownFile => "CG003 unknown_file",
            Code::MissingFile => "CG004 missing_file",
            Code::UnknownSignal => "CG101 unknown_signal",
            Code::UnknownFamily => "CG102 unknown_family",
            Code::UnknownGroup => "CG103 unknown_group",
            Code::UnknownFact => "CG104 unknown_fact",
            Code::UnknownKey => "CG105 unknown_key",
            Code::UnknownWord => "CG106 unknown_word",
            Code::WrongType => "CG107 wrong_type",
            Code::BadValue => "CG108 bad_value",
            Code::MissingKey => "CG109 missing_key",
            Code::DuplicateId => "CG110 duplicate_id",
            Code::Cycle => "CG111 cycle",
            Code::BareSyllable => "CG201 bare_syllable",
            Code::BadTerm => "CG202 bad_term",
            Code::DuplicateTerm => "CG203 duplicate_term",
            Code::UnknownRule => "CG301 unknown_rule",
            Code::MissingScore => "CG302 missing_score",
            Code::WrongSign => "CG303 wrong_sign",
            Code::MissingExample => "CG401 missing_example",
            Code::LureDoesNotFire => "CG402 lure_does_not_fire",
            Code::LureRaisesNothing => "CG403 lure_raises_nothing",
            Code::BenignRaises => "CG404 benign_raises",
        }
    }
}

/// One mistake in a data file. While there is any, the last good bundle stays in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable code.
    pub code: Code,
    /// Path of the file inside the bundle.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// One Vietnamese sentence.
    pub message: String,
    /// What to write instead, when that can be guessed.
    pub suggestion: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.code.id(), self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " ({suggestion})"),
            None => Ok(()),
        }
    }
}

/// The known name nearest to what was written, when it is near enough to be meant.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let (name, similarity) = known
        .into_iter()
        .map(|name| (name, strsim::jaro_winkler(written, name)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(a.0)))?;
    let near = similarity >= 0.8 || (written.len() >= 4 && strsim::osa_distance(written, name) <= 2);
    near.then(|| format!("có phải là `{name}`?"))
}
