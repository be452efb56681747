//! `canhgiac source`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};
use intake::crawl::MemoryKeep;
use intake::fetch::Fetcher;
use intake::source::check as checking;
use intake::trial::Line;
use model::SourceState;

use super::{crawl, source_health};
use crate::cli::SourceCommand;
use crate::config::Config;
use crate::trying::Tried;
use crate::{crawling, opening, trying};

/// The shipped sources.
pub static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sources");

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
        SourceCommand::Try { url, out, allow_loopback } => return try_link(&url, &out, allow_loopback, config).await,
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

/// Shows what a source file would bring; nothing is kept.
async fn preview(file: &Path, params: &[String], allow_loopback: bool) -> Result<bool> {
    let toml = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let tried =
        trying::file(&toml, &crawl::params(params)?, &Fetcher::new(allow_loopback)?, &mut MemoryKeep::default())
            .await?;
    show(&tried)?;
    Ok(tried.trial.problems.is_empty() && !tried.trial.posts.is_empty())
}

/// Finds the source file for a link; writes it and its fixture where it brings posts.
async fn try_link(url: &str, out: &Path, allow_loopback: bool, config: &Config) -> Result<bool> {
    let tried = trying::link(url, &trying::library(config), &Fetcher::new(allow_loopback)?).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}: {}", tried.source.id, tried.because)?;
    show(&tried)?;
    let name = (1..1_000)
        .map(|n| if n == 1 { tried.source.id.clone() } else { format!("{}-{n}", tried.source.id) })
        .find(|name| !out.join(format!("{name}.toml")).exists() && !out.join(name).exists())
        .context("too many files of this name")?;
    std::fs::create_dir_all(out).with_context(|| format!("cannot use the folder {}", out.display()))?;
    let mut toml = tried.toml.clone();
    if let Some(page) = &tried.trial.page {
        let fixture = intake::trial::fixture::save(&tried.source, page, &out.join(&name))
            .with_context(|| format!("cannot save a fixture in {}", out.join(&name).display()))?;
        let file = fixture.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
        toml = intake::trial::with_fixture(&toml, &format!("{name}/{file}"));
        writeln!(stdout, "trang mẫu: {}", fixture.display())?;
    }
    let path = out.join(format!("{name}.toml"));
    std::fs::write(&path, toml).with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(stdout, "tệp nguồn: {}", path.display())?;
    Ok(!tried.trial.posts.is_empty())
}

/// The first posts as a table, and what was missing.
fn show(tried: &Tried) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if let Some(barrier) = &tried.source.barrier {
        writeln!(out, "{barrier}")?;
    }
    let lines: Vec<[String; 4]> = tried
        .trial
        .posts
        .iter()
        .map(Line::of)
        .map(|line| {
            let words = if line.title.is_empty() { line.text } else { format!("{} · {}", line.title, line.text) };
            [cut(&line.id, 24), cut(&line.time, 20), cut(&line.author, 20), cut(&words, 90)]
        })
        .collect();
    let heads = ["id", "thời điểm", "tác giả", "bài"].map(str::to_owned);
    let width = |column: usize| {
        let all = lines.iter().chain([&heads]).filter_map(|line| line.get(column));
        all.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    for line in [&heads].into_iter().chain(&lines).filter(|_| !lines.is_empty()) {
        for (cell, width) in line.iter().zip(widths) {
            let room = width - cell.chars().count();
            write!(out, "{cell}{}  ", " ".repeat(room))?;
        }
        writeln!(out, "{}", line[3])?;
    }
    writeln!(out, "{} bài, {} yêu cầu", tried.trial.posts.len(), tried.trial.requests)?;
    for (url, problem) in &tried.trial.problems {
        writeln!(out, "{url}: {}", problem.message)?;
    }
    out.flush()?;
    Ok(())
}

/// One line of at most so many characters.
fn cut(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().nth(most).is_none() { line } else { line.chars().take(most - 1).chain(['…']).collect() }
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
