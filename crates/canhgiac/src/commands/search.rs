//! `canhgiac search`.

use std::io::{self, BufWriter, Write};

use anyhow::{Result, anyhow};
use index::{Order, Query};
use serde::Serialize;
use text::Span;

use crate::following::Follower;
use crate::opening::Opened;

#[derive(Serialize)]
struct Found<'a> {
    source: &'a str,
    native_id: &'a str,
    url: Option<&'a str>,
    title: Option<&'a str>,
    posted_at: Option<String>,
    points: i64,
    text: &'a str,
    spans: Vec<Span>,
}

/// Prints the best matches, one JSON object a line.
pub async fn run(opened: &Opened, query: &str, limit: usize, now_ms: i64) -> Result<()> {
    let query = Query::parse(query, false).map_err(|error| anyhow!("the query cannot be read: {error}"))?;
    Follower::new(opened).catch_up().await?;
    let page = opened.index.search(&query, Order::Relevance, limit)?;
    let detail = serde_json::json!({"hits": page.total});
    opened.store.audit("command line", "search", "posts", &detail, now_ms).await?;
    let ids: Vec<String> = page.hits.into_iter().map(|hit| hit.post_id).collect();
    let posts = opened.store.posts_by_id(&ids).await?;
    let mut out = BufWriter::new(io::stdout().lock());
    for post in &posts {
        let reading = text::read(post.title.as_deref(), &post.text, post.posted_at_ms);
        let spans = query.spans(&reading).into_iter().filter(|(field, _)| *field == text::Field::Text);
        let found = Found {
            source: &post.source,
            native_id: &post.native_id,
            url: post.url.as_deref(),
            title: post.title.as_deref(),
            posted_at: post.posted_at_ms.map(crate::clock::rfc3339),
            points: post.points,
            text: &post.text,
            spans: spans.map(|(_, span)| span).collect(),
        };
        serde_json::to_writer(&mut out, &found)?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(())
}
