//! Lexicons: one concept a CSV file, `term,bare,status,note,source`; the file's stem is the name of its signal.

use std::collections::BTreeMap;

use crate::problem::{Code, Problem, nearest};

/// Longest term, in syllables.
pub const MAX_TERM_SYLLABLES: usize = 24;

/// Whether something counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Counts.
    Active,
    /// Seen and recorded, without points. A trial term matches nothing that raises points: it is left out.
    Trial,
    /// Kept for its id.
    Retired,
}

impl Status {
    pub const NAMES: &'static [&'static str] = &["active", "trial", "retired"];

    pub fn parse(text: &str) -> Option<Status> {
        match text {
            "active" => Some(Status::Active),
            "trial" => Some(Status::Trial),
            "retired" => Some(Status::Retired),
            _ => None,
        }
    }
}

/// One term, as syllable ids of the normalised text, so that terms are read exactly as posts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// (exact, folded) ids of its syllables.
    pub syllables: Vec<(u64, u64)>,
    /// Whether a syllable typed without marks fits too.
    pub bare: bool,
}

/// One lexicon.
#[derive(Clone, Debug)]
pub(crate) struct Lexicon {
    pub name: String,
    pub path: String,
    pub terms: Vec<Term>,
}

/// Reads one lexicon; `name` is the file's stem.
pub(crate) fn parse(path: &str, name: &str, source: &str, problems: &mut Vec<Problem>) -> Lexicon {
    let mut lexicon = Lexicon { name: name.to_owned(), path: path.to_owned(), terms: Vec::new() };
    let mut problem = |code, line, message: String, suggestion| {
        problems.push(Problem { code, file: path.to_owned(), line, message, suggestion });
    };
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(source.as_bytes());
    const COLUMNS: [&str; 5] = ["term", "bare", "status", "note", "source"];
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            problem(Code::Syntax, 1, format!("Không đọc được dòng tiêu đề: {error}."), None);
            return lexicon;
        }
    };
    for header in headers.iter().filter(|h| !COLUMNS.contains(h)) {
        problem(Code::UnknownKey, 1, format!("Không có cột `{header}`."), nearest(header, COLUMNS));
    }
    let column = |name: &str| headers.iter().position(|h| h == name);
    let Some(term_column) = column("term") else {
        let suggestion = Some("dòng đầu: term,bare,status,note,source".to_owned());
        problem(Code::MissingKey, 1, "Thiếu cột `term`.".to_owned(), suggestion);
        return lexicon;
    };
    let (bare_column, status_column) = (column("bare"), column("status"));
    let mut seen = BTreeMap::new();
    // `ib em` and `inbox em` are read alike: people may write both, and one term remains.
    let mut terms: BTreeMap<Vec<(u64, u64)>, bool> = BTreeMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |p| p.line() as u32);
                problem(Code::Syntax, line, format!("Không đọc được dòng này: {error}."), None);
                continue;
            }
        };
        let line = record.position().map_or(0, |p| p.line() as u32);
        let cell = |column: Option<usize>| column.and_then(|c| record.get(c)).unwrap_or("");
        let text = cell(Some(term_column));
        if text.is_empty() && record.iter().all(str::is_empty) {
            continue;
        }
        let bare = match cell(bare_column) {
            "yes" => true,
            "" | "no" => false,
            other => {
                let suggestion = Some("yes hoặc no".to_owned());
                problem(Code::UnknownWord, line, format!("Cột `bare` không nhận `{other}`."), suggestion);
                continue;
            }
        };
        let status = match cell(status_column) {
            "" => Status::Active,
            other => match Status::parse(other) {
                Some(status) => status,
                None => {
                    let suggestion = nearest(other, Status::NAMES.iter().copied());
                    problem(Code::UnknownWord, line, format!("Không có trạng thái `{other}`."), suggestion);
                    continue;
                }
            },
        };
        let reading = text::read(None, text, None);
        let syllables: Vec<(u64, u64)> = reading.text.tokens.iter().map(|t| (t.exact, t.folded)).collect();
        if syllables.is_empty() || syllables.len() > MAX_TERM_SYLLABLES {
            let message = format!("Cụm từ `{text}` phải có từ 1 đến {MAX_TERM_SYLLABLES} âm tiết.");
            problem(Code::BadTerm, line, message, None);
            continue;
        }
        if bare && syllables.len() == 1 {
            let message = format!("`{text}` chỉ có một âm tiết nên không được khớp chữ không dấu.");
            problem(Code::BareSyllable, line, message, Some("bare = no, hoặc thêm một âm tiết".to_owned()));
            continue;
        }
        if let Some(first) = seen.insert(text.to_lowercase(), line) {
            let message = format!("Cụm từ `{text}` đã có ở dòng {first}.");
            problem(Code::DuplicateTerm, line, message, None);
            continue;
        }
        if status == Status::Active {
            *terms.entry(syllables).or_insert(bare) |= bare;
        }
    }
    lexicon.terms = terms.into_iter().map(|(syllables, bare)| Term { syllables, bare }).collect();
    lexicon
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(source: &str) -> Vec<(&'static str, u32)> {
        let mut problems = Vec::new();
        parse("lexicons/x.csv", "x", source, &mut problems);
        problems.iter().map(|p| (&p.code.id()[..5], p.line)).collect()
    }

    #[test]
    fn every_mistake_has_its_line() {
        let source = "term,bare,status,note,sorce\nviệc nhẹ,yes,active,,\nthận,yes,active,,\nx y,maybe,,,\n\
                      việc nhẹ,no,,,\n!!!,no,,,\nđi xa,no,activ,,\n";
        assert_eq!(codes(source), [("CG105", 1), ("CG201", 3), ("CG106", 4), ("CG203", 5), ("CG202", 6), ("CG106", 7)]);
    }

    #[test]
    fn retired_terms_match_nothing() {
        let mut problems = Vec::new();
        let lexicon = parse("lexicons/x.csv", "x", "term,bare,status\nviệc nhẹ,yes,retired\n", &mut problems);
        assert!(problems.is_empty() && lexicon.terms.is_empty());
    }
}
