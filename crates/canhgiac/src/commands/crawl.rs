//! `canhgiac crawl`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use intake::crawl::{Event, Options, Summary};
use intake::source::Kind;
use model::SourceState;

use super::serve;
use crate::config::Config;
use crate::crawling::{self, Crawler};
use crate::following::Follower;
use crate::{clock, opening, reading, streaming};

/// What `crawl` was asked for.
pub struct Asked {
    /// Does all that is due, then ends.
    pub once: bool,
    /// A source file.
    pub source: Option<PathBuf>,
    /// Parameters, `name=value`.
    pub params: Vec<String>,
    /// Lets loopback through the guard.
    pub allow_loopback: bool,
}

/// Visits; `false` when a page lacked what its source expects.
pub async fn run(data: &str, asked: Asked, config: &Config) -> Result<bool> {
    let opened = Arc::new(opening::open(data, config).await?);
    reading::resume(&opened).await?;
    let crawler = Crawler::new(&opened, asked.allow_loopback)?;
    let now_ms = clock::now_ms();
    let mut sources = Vec::new();
    if let Some(path) = &asked.source {
        let toml = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let params = params(&asked.params)?;
        sources.push(crawler.take_in(&toml, &path.display().to_string(), &params, now_ms).await?);
        // A corrected mapping reads what is kept before anything is fetched.
        reading::resume(&opened).await?;
    } else if asked.once {
        for row in opened.store.sources().await?.into_iter().filter(|row| row.state == SourceState::Enabled) {
            let params: BTreeMap<String, String> = row.params.into_iter().collect();
            sources.push(crawling::load(&row.toml, &row.id, &params)?);
        }
        if sources.is_empty() {
            bail!("no source is enabled; name one with --source, or enable one: canhgiac source list");
        }
    }
    let fetcher = crawler.fetcher();
    if !asked.once {
        let stop = serve::on_signal();
        let streams = tokio::spawn(streaming::run_until(opened.clone(), fetcher, stop.clone()));
        crawler.run_until(stop).await?;
        streams.await??;
        return Ok(true);
    }
    let mut whole = true;
    for source in &sources {
        if source.kind == Kind::Jetstream {
            let followed = streaming::follow(&opened, &fetcher, source, true, serve::on_signal()).await?;
            println!(
                "{}: {} connections, {} new or changed, {} gone",
                source.name, followed.connections, followed.news, followed.gone
            );
            continue;
        }
        let summary = crawler.once(source, Options::default(), tell).await?;
        whole &= report(&source.name, &summary);
    }
    Follower::new(&opened).catch_up().await?;
    Ok(whole)
}

/// `name=value` pairs.
pub fn params(given: &[String]) -> Result<BTreeMap<String, String>> {
    given
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
            None => bail!("--param takes name=value, not `{pair}`"),
        })
        .collect()
}

/// One line an event on standard error, for a person who watches.
fn tell(event: &Event) {
    use std::io::IsTerminal;
    if !std::io::stderr().is_terminal() {
        return;
    }
    match event {
        Event::Read(url, posts, news) => eprintln!("{url}: {posts} bài, {news} mới"),
        Event::Refused(url, reason) => eprintln!("{url}: không tải, {reason}"),
        Event::Problem(url, problem) => eprintln!("{url}: {}", problem.message),
        Event::Waiting(wait_ms) if *wait_ms > 5_000 => eprintln!("chờ {} giây", wait_ms / 1000),
        Event::Waiting(_) => {}
        Event::Alarm(cause, detail) => eprintln!("báo động {cause}: {detail}"),
    }
}

/// Prints what a run came to; whether every page was as its source expects.
fn report(source: &str, summary: &Summary) -> bool {
    println!(
        "{source}: {} requests, {} posts, {} new or changed, {} missing",
        summary.requests, summary.posts, summary.news, summary.missing
    );
    for (url, problem) in &summary.problems {
        eprintln!("{url}: {}: {}", problem.code, problem.message);
    }
    if let Some(reason) = &summary.cut_short {
        eprintln!("{source}: {reason}");
    }
    summary.problems.is_empty()
}
