//! A mistake in a source file, told so that its author can mend it.

use std::fmt;

/// One mistake: where it stands, what is wrong, and what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// A stable name of the kind of mistake, such as `unknown-key`.
    pub code: &'static str,
    /// The file as the caller named it.
    pub file: String,
    /// The line, counted from 1; 0 when the mistake has no line of its own.
    pub line: usize,
    /// One Vietnamese sentence.
    pub message: String,
    /// What was probably meant, if something comes near.
    pub suggestion: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.file, self.line, self.message, self.code)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " Có phải ý bạn là `{suggestion}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// The name among `known` that a slip of the keyboard turns into `given`, if one is near enough.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&given, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(2))
        .min()
        .map(|(_, name)| name.to_owned())
}

/// The line of a byte offset, counted from 1.
pub fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_noise_finds_none() {
        assert_eq!(nearest("folow", ["follow", "rows", "id"]).as_deref(), Some("follow"));
        assert_eq!(nearest("zzzzzzzz", ["follow", "rows"]), None);
    }
}
