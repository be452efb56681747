//! Crawls a source into memory and prints its posts, once for every line on standard input.
//!
//! `cargo run -p intake --example preview -- FILE.toml name=value…` with loopback allowed.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::io::BufRead;

use intake::Source;
use intake::crawl::{Crawl, MemoryKeep, Options, system_clock};
use intake::fetch::Fetcher;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("which source file?")?;
    let params: BTreeMap<String, String> = arguments
        .filter_map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    let source = Source::load(&std::fs::read_to_string(&file)?, &file, &params)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let fetcher = Fetcher::new(true)?;
    let mut keep = MemoryKeep::default();
    for _ in std::io::stdin().lock().lines() {
        keep.log.clear();
        let crawl = Crawl::new(&source, &fetcher, &mut keep, system_clock(), Options::default());
        let summary = crawl.watched(|event| eprintln!("{event:?}")).once().await?;
        println!(
            "{} requests, {} posts read, {} new or changed, {} missing",
            summary.requests, summary.posts, summary.news, summary.missing
        );
        for ((source, id), post) in &keep.posts {
            let time = post.item.time.map(|time| time.rfc3339());
            println!(
                "{source} | {id} | {time:?} | {:?} | {:?} | {} version(s) | gone {:?}",
                post.item.author,
                post.item.title,
                post.versions.len(),
                post.gone_at_ms
            );
            println!("    {}", post.item.text.replace('\n', "\n    "));
        }
    }
    Ok(())
}
