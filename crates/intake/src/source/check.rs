//! Every mistake of a source file, told with its line and what was probably meant.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{SourceFile, schema};
use super::{Source, compile};
use crate::problem::{Problem, line_at, nearest};

/// Finds the line of a key.
pub struct Lines {
    file: String,
    by_path: BTreeMap<String, usize>,
}

impl Lines {
    /// A problem at the line of `path` (dotted), or of the nearest enclosing key.
    pub fn problem(&self, path: &str, code: &'static str, message: String, suggestion: Option<String>) -> Problem {
        let mut at = path;
        let line = loop {
            if let Some(line) = self.by_path.get(at) {
                break *line;
            }
            match at.rfind('.') {
                Some(end) => at = &at[..end],
                None => break 1,
            }
        };
        Problem { code, file: self.file.clone(), line, message, suggestion }
    }
}

/// Reads the TOML and tells every unknown key before anything else.
pub fn read(text: &str, file: &str) -> Result<(SourceFile, Lines), Vec<Problem>> {
    let problem =
        |line, code, message: String, suggestion| Problem { code, file: file.to_owned(), line, message, suggestion };
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        vec![problem(line, "bad-toml", format!("TOML không đọc được: {}.", error.message().trim()), None)]
    })?;
    let mut lines = Lines { file: file.to_owned(), by_path: BTreeMap::new() };
    let mut problems = Vec::new();
    let root = schema();
    visit(table.get_ref(), &root, &root, "", text, &mut lines, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let shape: SourceFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        vec![problem(line, "bad-value", format!("Giá trị không hợp lệ: {}.", error.message().trim()), None)]
    })?;
    Ok((shape, lines))
}

/// Checks a file as it stands, with stand-ins for the parameters that have no value yet.
pub fn check(text: &str, file: &str) -> Result<Source, Vec<Problem>> {
    let (shape, lines) = read(text, file)?;
    let params = stand_ins(&shape);
    compile::compile(&shape, text, &params, &lines)
}

/// A value for every parameter that its pattern accepts, for checks that need some value.
pub fn stand_ins(shape: &SourceFile) -> BTreeMap<String, String> {
    const CANDIDATES: &[&str] =
        &["https://www.example.org", "https://www.example.org/", "www.example.org", "example", "1", "vi", "2026-01-01"];
    shape
        .params
        .iter()
        .map(|(name, param)| {
            let fits = |value: &&str| match &param.pattern {
                Some(pattern) => regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(value)),
                None => true,
            };
            let value = param
                .default
                .clone()
                .or_else(|| param.example.clone())
                .or_else(|| CANDIDATES.iter().copied().find(fits).map(str::to_owned));
            (name.clone(), value.unwrap_or_else(|| "x".to_owned()))
        })
        .collect()
}

/// The values of parameters that a pasted link gives away.
pub fn params_from_url(shape: &SourceFile, url: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, param) in &shape.params {
        let value = param.from_url.iter().filter_map(|pattern| regex::Regex::new(pattern).ok()).find_map(|pattern| {
            let captures = pattern.captures(url)?;
            captures.name(name).or_else(|| captures.get(1)).map(|value| value.as_str().to_owned())
        });
        found.extend(value.map(|value| (name.clone(), value)));
    }
    found
}

/// Runs the fixtures of a source against the pages saved under `root`, and tells each difference.
pub fn check_fixtures(source: &Source, root: &Path) -> Vec<Problem> {
    crate::extract::fixture::check(source, root)
}

fn visit(
    table: &DeTable<'_>,
    schema: &Value,
    root: &Value,
    path: &str,
    text: &str,
    lines: &mut Lines,
    problems: &mut Vec<Problem>,
) {
    let schema = resolve(schema, root);
    let known = schema.get("properties").and_then(Value::as_object);
    for (key, value) in table {
        let name: &str = key.get_ref();
        let here = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let line = line_at(text, key.span().start);
        lines.by_path.insert(here.clone(), line);
        let inner = match known.and_then(|known| known.get(name)) {
            Some(inner) => inner,
            None => match schema.get("additionalProperties") {
                Some(inner @ Value::Object(_)) => inner,
                _ => {
                    let names = known.into_iter().flat_map(|known| known.keys()).map(String::as_str);
                    problems.push(Problem {
                        code: "unknown-key",
                        file: lines.file.clone(),
                        line,
                        message: format!("Không có khóa `{here}`."),
                        suggestion: nearest(name, names),
                    });
                    continue;
                }
            },
        };
        visit_value(value, inner, root, &here, text, lines, problems);
    }
}

fn visit_value(
    value: &Spanned<DeValue<'_>>,
    schema: &Value,
    root: &Value,
    path: &str,
    text: &str,
    lines: &mut Lines,
    problems: &mut Vec<Problem>,
) {
    if let DeValue::Table(table) = value.get_ref() {
        let schema = resolve(schema, root);
        if schema.get("properties").is_some() || schema.get("additionalProperties").is_some() {
            visit(table, schema, root, path, text, lines, problems);
        }
    }
}

/// Follows `$ref`, and the one table shape of an `anyOf` with null.
fn resolve<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
    let mut schema = schema;
    for _ in 0..8 {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/")) {
            match root.get("$defs").and_then(|defs| defs.get(name)) {
                Some(target) => schema = target,
                None => return schema,
            }
            continue;
        }
        let choices = schema.get("anyOf").or_else(|| schema.get("allOf")).and_then(Value::as_array);
        match choices.and_then(|choices| choices.iter().find(|choice| choice.get("$ref").is_some())) {
            Some(choice) => schema = choice,
            None => return schema,
        }
    }
    schema
}
