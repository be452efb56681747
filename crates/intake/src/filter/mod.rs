//! The filters of the source language: what stands behind a ` | `.
//!
//! A filter gets one value and gives one value or nothing; nothing lets the next alternative of the field be tried.

pub mod block_text;
pub mod number;
pub mod time;
pub mod vietnamese_time;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use regex::Regex;

use crate::source::css::Css;
use crate::source::template::{self, Template, Undeclared};

/// One filter with its argument.
#[derive(Clone, Debug)]
pub enum Filter {
    /// The text as a reader sees it.
    Text,
    /// The inner HTML.
    Html,
    /// Without the elements that match.
    Drop(Css),
    /// What stands behind the words.
    After(String),
    /// What stands before the words.
    Before(String),
    /// The first group of a regular expression, or its whole match.
    Regex(Regex),
    /// Made absolute against the page.
    Url,
    /// Put into a text, where `{}` is the value.
    Fmt(Template),
    /// The first number.
    Number,
    /// A price in đồng.
    Vnd,
    /// A shortened count.
    ShortNumber,
    /// A time.
    Time(TimeForm, Option<TimeZone>),
    /// Lower case.
    Lower,
    /// Unicode NFC.
    Nfc,
    /// Only when the words are in it.
    Contains(String),
    /// All values, put together with this between them.
    Join(String),
    /// All values.
    All,
    /// The target of a redirecting link: the value of this query parameter.
    Unwrap(String),
}

/// How a time is written.
#[derive(Clone, Debug)]
pub enum TimeForm {
    /// ISO 8601, RFC 3339, RFC 2822.
    Iso,
    /// Epoch seconds.
    Seconds,
    /// Epoch milliseconds.
    Millis,
    /// Vietnamese words.
    Vietnamese,
    /// A strftime format.
    Format(String),
}

/// The names of the filters.
pub const NAMES: &[&str] = &[
    "text",
    "html",
    "drop",
    "after",
    "before",
    "regex",
    "url",
    "fmt",
    "number",
    "vnd",
    "short_number",
    "time",
    "zone",
    "lower",
    "nfc",
    "contains",
    "join",
    "all",
    "unwrap",
];

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// No filter has this name.
    Unknown(String),
    /// It stands without the argument it needs, or with one it does not take.
    Argument(String),
    /// A `{name}` that nothing declares.
    Undeclared(String),
}

impl From<Undeclared> for FilterError {
    fn from(Undeclared(name): Undeclared) -> Self {
        FilterError::Undeclared(name)
    }
}

/// Whether a text begins like a filter: a known name, then `(`, a bar or the end.
pub fn begins_like_filter(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(text.len());
    NAMES.contains(&&text[..end]) && (text[end..].trim_start().is_empty() || text[end..].starts_with(['(', ' ']))
}

/// Reads the filters of one path, in order. A `zone` belongs to the time before it.
pub fn parse_chain(
    texts: &[&str],
    params: &BTreeMap<String, String>,
    fields: &[&str],
) -> Result<Vec<Filter>, FilterError> {
    let mut chain: Vec<Filter> = Vec::new();
    for text in texts {
        let text = text.trim();
        let (name, argument) = match text.split_once('(') {
            Some((name, rest)) => match rest.rfind(')') {
                Some(end) if rest[end + 1..].trim().is_empty() => (name.trim(), Some(&rest[..end])),
                _ => return Err(FilterError::Argument(format!("`{text}` thiếu `)` ở cuối"))),
            },
            None => (text, None),
        };
        if name == "zone" {
            let declared = argument.unwrap_or_default();
            let zone = time::zone(&template::insert(declared, params)?)
                .ok_or_else(|| FilterError::Argument(format!("`{declared}` không phải múi giờ")))?;
            match chain.iter_mut().rev().find_map(|filter| match filter {
                Filter::Time(_, slot) => Some(slot),
                _ => None,
            }) {
                Some(slot) => *slot = Some(zone),
                None => return Err(FilterError::Argument("`zone` phải đứng sau `time`".into())),
            }
            continue;
        }
        chain.push(parse_one(name, argument, params, fields)?);
    }
    Ok(chain)
}

fn parse_one(
    name: &str,
    argument: Option<&str>,
    params: &BTreeMap<String, String>,
    fields: &[&str],
) -> Result<Filter, FilterError> {
    let needed = || argument.ok_or_else(|| FilterError::Argument(format!("`{name}` cần một đối số trong ngoặc")));
    let inserted = || needed().and_then(|argument| Ok(template::insert(argument, params)?));
    let filter = match name {
        "text" => Filter::Text,
        "html" => Filter::Html,
        "drop" => Filter::Drop(Css::parse(&inserted()?).map_err(FilterError::Argument)?),
        "after" => Filter::After(inserted()?),
        "before" => Filter::Before(inserted()?),
        "regex" => Filter::Regex(
            Regex::new(&template::insert_known(needed()?, params))
                .map_err(|error| FilterError::Argument(last_line(&error.to_string())))?,
        ),
        "url" => Filter::Url,
        "fmt" => {
            let names: Vec<&str> = fields.iter().copied().chain(["value"]).collect();
            Filter::Fmt(Template::parse(&needed()?.replace("{}", "{value}"), params, &names)?)
        }
        "number" => Filter::Number,
        "vnd" => Filter::Vnd,
        "short_number" => Filter::ShortNumber,
        "time" => Filter::Time(
            match argument {
                None | Some("" | "iso" | "ISO") => TimeForm::Iso,
                Some("s") => TimeForm::Seconds,
                Some("ms") => TimeForm::Millis,
                Some("vi") => TimeForm::Vietnamese,
                Some(format) if format.contains('%') => TimeForm::Format(format.to_owned()),
                Some(other) => {
                    return Err(FilterError::Argument(format!(
                        "`time({other})` không phải s, ms, vi hay một mẫu strftime"
                    )));
                }
            },
            None,
        ),
        "lower" => Filter::Lower,
        "nfc" => Filter::Nfc,
        "contains" => Filter::Contains(inserted()?),
        "join" => Filter::Join(needed()?.to_owned()),
        "all" => Filter::All,
        "unwrap" => Filter::Unwrap(argument.unwrap_or("u").to_owned()),
        other => return Err(FilterError::Unknown(other.to_owned())),
    };
    let takes_none = matches!(
        filter,
        Filter::Text
            | Filter::Html
            | Filter::Url
            | Filter::Number
            | Filter::Vnd
            | Filter::ShortNumber
            | Filter::Lower
            | Filter::Nfc
            | Filter::All
    );
    if takes_none && argument.is_some_and(|argument| !argument.trim().is_empty()) {
        return Err(FilterError::Argument(format!("`{name}` không nhận đối số")));
    }
    Ok(filter)
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or(text).trim().to_owned()
}

/// A text in Unicode NFC.
pub fn nfc(text: &str) -> String {
    icu_normalizer::ComposingNormalizer::new_nfc().normalize(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_read_and_mistakes_named() {
        let none = BTreeMap::new();
        assert_eq!(parse_chain(&["text", r"regex(^\s*([^·]+?)\s*·)", "lower"], &none, &[]).unwrap().len(), 3);
        assert!(matches!(parse_chain(&["tex"], &none, &[]), Err(FilterError::Unknown(name)) if name == "tex"));
        assert!(matches!(parse_chain(&["regex"], &none, &[]), Err(FilterError::Argument(_))));
        assert!(matches!(parse_chain(&["regex(()"], &none, &[]), Err(FilterError::Argument(_))));
        assert!(matches!(parse_chain(&["zone(+07:00)"], &none, &[]), Err(FilterError::Argument(_))));
        assert!(matches!(parse_chain(&["fmt(x{nope})"], &none, &[]), Err(FilterError::Undeclared(_))));
        let timed = parse_chain(&["text", "time(%d/%m/%Y)", "zone(Asia/Ho_Chi_Minh)"], &none, &[]).unwrap();
        assert!(matches!(&timed[1], Filter::Time(TimeForm::Format(_), Some(_))));
    }
}
