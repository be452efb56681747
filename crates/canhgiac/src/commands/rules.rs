//! `canhgiac rules check`.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use rules::Ruleset;

use crate::bundle;

/// Prints every problem; whether there is none.
pub fn check(folder: Option<&Path>) -> Result<bool> {
    let files = match folder {
        Some(folder) => bundle::read(folder)?,
        None => Ruleset::shipped_files(),
    };
    match Ruleset::compile(&files) {
        Ok(ruleset) => {
            writeln!(
                std::io::stdout(),
                "{} tệp, {} quy tắc, bộ {}",
                files.len(),
                ruleset.rules().count(),
                ruleset.id()
            )?;
            Ok(true)
        }
        Err(problems) => {
            for problem in &problems {
                writeln!(std::io::stdout(), "{problem}")?;
            }
            writeln!(std::io::stdout(), "{} lỗi", problems.len())?;
            Ok(false)
        }
    }
}
