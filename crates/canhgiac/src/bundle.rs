//! Where rules come from: the shipped bundle, a folder that people edit, or the copy in the data folder.

use std::path::Path;

use anyhow::{Context, Result, bail};
use rules::{Problem, RuleFile, Ruleset, is_rule_file};

/// Compiles the bundle of a folder, or the shipped one.
pub fn load(folder: Option<&Path>) -> Result<Ruleset> {
    match folder {
        Some(folder) => compile(&read(folder)?),
        None => compile(&Ruleset::shipped_files()),
    }
}

/// Compiles, or lists every problem by file and line.
pub fn compile(files: &[RuleFile]) -> Result<Ruleset> {
    Ruleset::compile(files).map_err(problems)
}

/// Problems as one error, a line each.
pub fn problems(found: Vec<Problem>) -> anyhow::Error {
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{} problem(s) in the rules:\n{}", found.len(), lines.join("\n"))
}

/// Reads `lexicons/` and `rules/` of a folder.
pub fn read(folder: &Path) -> Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    for part in ["lexicons", "rules"] {
        let place = folder.join(part);
        let entries = std::fs::read_dir(&place)
            .with_context(|| format!("a rules folder holds `lexicons` and `rules`; cannot read {}", place.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = format!("{part}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_file() && is_rule_file(&path) {
                files.push(RuleFile { path, bytes: std::fs::read(entry.path())? });
            }
        }
    }
    if files.is_empty() {
        bail!("no rule files in {}", folder.display());
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The bundle of a data folder: a copy of the shipped one is taken at the first start and used from then on.
pub fn of_data(data: &Path) -> Result<Vec<RuleFile>> {
    let folder = data.join("bundle");
    if !folder.exists() {
        let coming = data.join("bundle.new");
        for file in Ruleset::shipped_files() {
            let path = coming.join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap_or(&coming))?;
            std::fs::write(path, &file.bytes)?;
        }
        std::fs::rename(&coming, &folder).with_context(|| format!("cannot put the rules into {}", folder.display()))?;
    }
    read(&folder)
}
