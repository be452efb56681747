//! `canhgiac posts`: every stored post, one JSON object a line.

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use store::Store;

const PAGE: u32 = 500;

/// Prints all posts, oldest first.
pub async fn run(store: &Store) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut after: Option<String> = None;
    loop {
        let page = store.export_posts(after.as_deref(), PAGE).await?;
        for post in &page.rows {
            serde_json::to_writer(&mut out, post)?;
            writeln!(out)?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    out.flush()?;
    Ok(())
}
