//! `canhgiac train`: labelled posts in, learned weights and their honest comparison out.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use rules::Ruleset;

use crate::bundle;
use crate::commands::eval;

/// Posts that are only for measuring; training never reads them.
const ONLY_FOR_MEASURING: [&str; 5] =
    ["locked.jsonl", "stream.jsonl", "unseen.jsonl", "untouched.jsonl", "fresh.jsonl"];

/// Trains from the labelled files of `corpus`; writes to `out` where one is given. `false` when lines could not be read.
pub fn run(corpus: &Path, out: Option<&Path>, rules: Option<&Path>) -> Result<bool> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(corpus)
        .with_context(|| format!("cannot read {}", corpus.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .filter(|path| !ONLY_FOR_MEASURING.iter().any(|name| path.ends_with(name)))
        .collect();
    files.sort();
    if files.is_empty() {
        bail!("no labelled .jsonl files in {}", corpus.display());
    }
    let (posts, bad) = eval::read(&files)?;
    // What was learned before plays no part, and examples that need the new weights are checked with them.
    let mut files = rules.map_or_else(|| Ok(Ruleset::shipped_files()), bundle::read)?;
    files.retain(|file| file.path != "rules/learned.json");
    let ruleset = Ruleset::compile_unchecked(&files).map_err(bundle::problems)?;
    let (learned, report) = rules::train(&ruleset, &posts);
    writeln!(std::io::stdout(), "{}", report.to_text())?;
    if let Some(out) = out {
        std::fs::write(out, learned.to_json()).with_context(|| format!("cannot write {}", out.display()))?;
        writeln!(std::io::stdout(), "{}", out.display())?;
    }
    Ok(bad == 0)
}
