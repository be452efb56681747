//! `canhgiac alerts`: both queues, one JSON object a line.

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use store::Store;

const PAGE: u32 = 500;

/// Prints all alerts and referrals, oldest first.
pub async fn run(store: &Store) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut after: Option<String> = None;
    loop {
        let page = store.export_alerts(after.as_deref(), PAGE).await?;
        for alert in &page.rows {
            serde_json::to_writer(&mut out, alert)?;
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
