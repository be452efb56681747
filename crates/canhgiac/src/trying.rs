//! Trying a link or a source file: for the command line, and for administrators in the console.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use intake::Source;
use intake::crawl::MemoryKeep;
use intake::fetch::Fetcher;
use intake::trial::{self, Candidate, Trial};
use url::Url;

use crate::commands::source::SHIPPED;
use crate::config::Config;
use crate::crawling;

/// Files that are tried for one link at most.
const FILES_MAX: usize = 4;

/// What a link or a file would bring.
pub struct Tried {
    /// The source file, parameters written in.
    pub toml: String,
    /// The source as it would run.
    pub source: Source,
    /// Why this file, where it was guessed.
    pub because: String,
    /// The first posts; none where something keeps the source from starting.
    pub trial: Trial,
}

/// The shipped source files, and those of the configured folder.
pub fn library(config: &Config) -> Vec<(String, String)> {
    let is_toml = |path: &std::path::Path| path.extension().is_some_and(|end| end == "toml");
    let name = |path: &std::path::Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let own = config.sources.iter().flat_map(std::fs::read_dir).flatten().flatten().map(|entry| entry.path());
    let own =
        own.filter(|path| is_toml(path)).filter_map(|path| Some((name(&path)?, std::fs::read_to_string(&path).ok()?)));
    let shipped = SHIPPED.files().filter(|file| is_toml(file.path()));
    own.chain(shipped.filter_map(|file| Some((name(file.path())?, file.contents_utf8()?.to_owned())))).collect()
}

/// Finds the source file for a link and reads the first posts by it.
///
/// # Errors
/// A sentence that says what keeps the link from being looked at.
pub async fn link(url: &str, library: &[(String, String)], fetcher: &Fetcher) -> Result<Tried> {
    let url = Url::parse(url.trim()).map_err(|error| anyhow!("`{url}` không phải một địa chỉ: {error}"))?;
    let mut manners = MemoryKeep::default();
    let mut candidates = trial::candidates(&url, None, library);
    if candidates.is_empty() {
        let page = trial::look(&url, fetcher, &mut manners).await.map_err(|reason| anyhow!(reason))?;
        candidates = trial::candidates(&url, Some(&page), library);
    }
    let mut best: Option<Tried> = None;
    for Candidate { toml, params, because } in candidates.into_iter().take(FILES_MAX) {
        let toml = trial::with_defaults(&toml, &params);
        let Ok(mut tried) = file(&toml, &BTreeMap::new(), fetcher, &mut manners).await else { continue };
        tried.because = because;
        let is_clear = tried.source.barrier.is_some() || tried.trial.is_ready();
        if best.as_ref().is_none_or(|best| best.trial.posts.len() < tried.trial.posts.len()) {
            best = Some(tried);
        }
        if is_clear {
            break;
        }
    }
    best.ok_or_else(|| anyhow!("không nhận ra phần mềm, nguồn tin, JSON-LD hay hàng lặp nào ở địa chỉ này"))
}

/// Reads the first posts by a source file.
///
/// # Errors
/// The mistakes of the file, or what keeps it from being read.
pub async fn file(
    toml: &str,
    params: &BTreeMap<String, String>,
    fetcher: &Fetcher,
    manners: &mut MemoryKeep,
) -> Result<Tried> {
    let source = crawling::load(toml, "source.toml", params)?;
    let trial = match &source.barrier {
        Some(_) => Trial::default(),
        None => trial::run(&source, fetcher, manners).await.map_err(|reason| anyhow!(reason))?,
    };
    Ok(Tried { toml: toml.to_owned(), source, because: String::new(), trial })
}
