//! `canhgiac eval`: measures on labelled posts.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rules::{LabelledPost, Ruleset, baselines};

use crate::lines;

/// Labelled posts of some files, and how many lines could not be read.
pub fn read(files: &[PathBuf]) -> Result<(Vec<LabelledPost>, usize)> {
    let (mut posts, mut bad) = (Vec::new(), 0);
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match LabelledPost::parse(line) {
                Ok(post) => posts.push(post),
                Err(error) => {
                    bad += 1;
                    lines::complain(file, index + 1, &lines::json_reason(&error));
                }
            }
        }
    }
    Ok((posts, bad))
}

/// What `eval` was asked for.
pub struct Asked<'a> {
    /// The labelled files.
    pub files: &'a [PathBuf],
    /// Least F1.
    pub min: Option<f64>,
    /// With every error.
    pub errors: bool,
    /// JSON instead of tables.
    pub json: bool,
}

/// Prints the report; whether all lines could be read and F1 is at least `min`.
pub fn run(ruleset: &Ruleset, asked: &Asked) -> Result<bool> {
    let (posts, bad) = read(asked.files)?;
    let report = rules::evaluate(ruleset, &posts);
    if asked.json {
        writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(std::io::stdout(), "{}", report.to_text())?;
        writeln!(std::io::stdout(), "{}", baselines::to_text(&baselines::baselines(ruleset, &posts)))?;
        if asked.errors {
            writeln!(std::io::stdout(), "{}", report.errors_to_text())?;
        }
    }
    let good = asked.min.is_none_or(|min| report.f1.value >= min);
    Ok(bad == 0 && good)
}
