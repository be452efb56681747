//! `canhgiac rules check`.

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
            println!("{} tệp, {} quy tắc, bộ {}", files.len(), ruleset.rules().count(), ruleset.id());
            Ok(true)
        }
        Err(problems) => {
            for problem in &problems {
                println!("{problem}");
            }
            println!("{} lỗi", problems.len());
            Ok(false)
        }
    }
}
