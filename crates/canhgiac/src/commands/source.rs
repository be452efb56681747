//! `canhgiac source`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};
use intake::crawl::{Crawl, MemoryKeep, Options, system_clock};
use intake::fetch::Fetcher;
use intake::source::check as checking;
use model::SourceState;

use super::{crawl, source_health};
use crate::cli::SourceCommand;
use crate::config::Config;
use crate::{crawling, opening};

/// The shipped sources.
pub static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sources");

/// Posts that a preview shows.
const PREVIEW_POSTS: usize = 5;

/// Does one of the subcommands; `false` when a check failed.
pub async fn run(command: SourceCommand, config: &Config, now_ms: i64) -> Result<bool> {
    let place = |given: &crate::cli::DataArg| opening::place(given.data.as_deref(), config);
    match command {
        SourceCommand::List { data } => {
            for row in opening::read(&place(&data), config).await?.sources().await? {
                let due = row.due_at_ms.map_or("-".into(), crate::clock::rfc3339);
                let note = row.problem.unwrap_or_default();
                writeln!(std::io::stdout(), "{}\t{}\t{} posts\tdue {due}\t{note}", row.id, row.state, row.posts)?;
            }
        }
        SourceCommand::Preview { file, params, allow_loopback } => {
            return preview(&file, &params, allow_loopback).await;
        }
        SourceCommand::Enable { id, data } => {
            let opened = opening::open(&place(&data), config).await?;
            let row = opened.store.source(&id).await.with_context(|| format!("no source {id}"))?;
            let source = crawling::load(&row.toml, &row.id, &row.params.into_iter().collect())?;
            if let Some(barrier) = source.barrier {
                anyhow::bail!("{id} cannot start: {barrier}");
            }
            opened.store.move_source("command line", &id, SourceState::Enabled, true, None, now_ms).await?;
            writeln!(std::io::stdout(), "{id} enabled")?;
        }
        SourceCommand::Pause { id, data } => {
            let opened = opening::open(&place(&data), config).await?;
            opened.store.move_source("command line", &id, SourceState::Paused, true, None, now_ms).await?;
            writeln!(std::io::stdout(), "{id} paused")?;
        }
        SourceCommand::Log { id, data } => log(&opening::read(&place(&data), config).await?, &id).await?,
        SourceCommand::Health { id, data } => {
            return source_health::health(&opening::read(&place(&data), config).await?, &id, now_ms).await;
        }
        SourceCommand::Warc { id, out, data } => {
            let file = std::fs::File::create(&out).with_context(|| format!("cannot write {}", out.display()))?;
            let mut file = std::io::BufWriter::new(file);
            source_health::warc(&opening::read(&place(&data), config).await?, &id, now_ms, &mut file).await?;
        }
        SourceCommand::Stop { data } => {
            source_health::stop(&opening::open(&place(&data), config).await?.store, true, now_ms).await?;
        }
        SourceCommand::Resume { data } => {
            source_health::stop(&opening::open(&place(&data), config).await?.store, false, now_ms).await?;
        }
        SourceCommand::Check { files } => return check(&files, config),
    }
    Ok(true)
}

/// Checks files, folders, or the shipped sources; prints every problem.
pub fn check(files: &[PathBuf], config: &Config) -> Result<bool> {
    let mut checked = 0;
    let mut problems = 0;
    let mut one = |text: &str, name: &str, folder: &Path| {
        checked += 1;
        let found = match checking::check(text, name) {
            Ok(source) => checking::check_fixtures(&source, folder),
            Err(found) => found,
        };
        problems += found.len();
        for problem in &found {
            let _ = writeln!(std::io::stdout(), "{problem}");
        }
    };
    let mut waiting: Vec<PathBuf> = match (files.is_empty(), &config.sources) {
        (false, _) => files.to_vec(),
        (true, Some(folder)) => vec![folder.clone()],
        (true, None) => Vec::new(),
    };
    if waiting.is_empty() {
        let pages = Path::new("tests/pages");
        for file in SHIPPED.files().filter(|file| file.path().extension().is_some_and(|end| end == "toml")) {
            one(file.contents_utf8().unwrap_or_default(), &format!("sources/{}", file.path().display()), pages);
        }
    }
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))?;
            waiting
                .extend(entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|end| end == "toml")));
            continue;
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        one(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new(".")));
    }
    writeln!(std::io::stdout(), "{checked} tệp nguồn, {problems} lỗi")?;
    Ok(problems == 0)
}

/// Reads the first pages of a source into memory and shows what it would bring; nothing is kept.
async fn preview(file: &Path, params: &[String], allow_loopback: bool) -> Result<bool> {
    let toml = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut source = crawling::load(&toml, &file.display().to_string(), &crawl::params(params)?)?;
    source.walk.stop = intake::source::Stop::Pages(1);
    let fetcher = Fetcher::new(allow_loopback)?;
    let mut keep = MemoryKeep::default();
    let options = Options { patience_ms: 10_000, ..Options::default() };
    let summary = Crawl::new(&source, &fetcher, &mut keep, system_clock(), options)
        .once()
        .await
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    for post in keep.posts.values().take(PREVIEW_POSTS) {
        let shown: String = post.item.text.chars().take(200).collect();
        writeln!(
            std::io::stdout(),
            "{}\t{}\t{}",
            post.item.id,
            post.item.title.as_deref().unwrap_or("-"),
            shown.replace('\n', " ")
        )?;
    }
    writeln!(std::io::stdout(), "{} bài, {} yêu cầu", keep.posts.len(), summary.requests)?;
    for (url, problem) in &summary.problems {
        writeln!(std::io::stdout(), "{url}: {}", problem.message)?;
    }
    Ok(summary.problems.is_empty() && !keep.posts.is_empty())
}

async fn log(store: &store::Store, id: &str) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut after: Option<String> = None;
    loop {
        let page = store.fetch_log(id, after.as_deref(), 500).await?;
        for fetch in &page.rows {
            let gap = fetch.gap_ms.map_or("-".into(), |gap| format!("{gap} ms"));
            let status = fetch.status.map_or("-".into(), |status| status.to_string());
            let at = crate::clock::rfc3339(fetch.at_ms);
            writeln!(out, "{at}\tgap {gap}\t{status}\t{}\t{}\t{}", fetch.outcome, fetch.allowed_by, fetch.url)?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    out.flush()?;
    Ok(())
}
