//! From a kept capture to recorded posts: read, assess, record; and going on after an interruption.

use std::collections::BTreeMap;

use anyhow::Result;
use intake::crawl::again::{KeptPage, read_again};
use model::{Method, Post};
use rules::Ruleset;
use store::{Batch, CaptureRow, Part, ReadPost};

use crate::opening::Opened;
use crate::{bringing, crawling, importing, streaming};

/// Captures that are looked at together when going on.
const PENDING: u32 = 100;

/// Reads and assesses one post.
pub fn read_post(ruleset: &Ruleset, post: Post) -> ReadPost {
    let reading = text::read(post.title.as_deref(), &post.text, post.posted_at_ms);
    let assessment = ruleset.assess(&reading);
    ReadPost { post, assessment: Some(assessment), facts: reading.facts }
}

/// Records what an interrupted run kept but did not record: nothing that was fetched or brought is lost.
pub async fn resume(opened: &Opened) -> Result<()> {
    loop {
        let pending = opened.store.pending_captures(PENDING).await?;
        if pending.is_empty() {
            return Ok(());
        }
        for capture in pending {
            let now_ms = crate::clock::now_ms();
            let outcome = match capture.capture.method {
                Method::Import => importing::record_capture(opened, &capture, |_| {}).await.map(|_| ()),
                Method::Paste | Method::Tip => bringing::record_capture(opened, &capture, now_ms).await,
                Method::Crawl | Method::Stream => record_fetched(opened, &capture, now_ms).await,
            };
            if let Err(error) = outcome {
                opened.store.fail_capture(&capture.id, &format!("{error:#}"), now_ms).await?;
            }
        }
    }
}

/// Reads again what came from a source: a page, or frames of a stream, by the source's file as it is now.
async fn record_fetched(opened: &Opened, capture: &CaptureRow, now_ms: i64) -> Result<()> {
    let row = opened.store.source(&capture.capture.source).await?;
    let params: BTreeMap<String, String> = row.params.iter().cloned().collect();
    let source = crawling::load(&row.toml, &row.id, &params)?;
    if capture.capture.method == Method::Stream {
        return streaming::record_capture(opened, capture, &source, now_ms).await;
    }
    let body = opened.store.original(&capture.sha256).await?;
    let asked = &capture.capture.url_requested;
    let known = opened.store.address(&row.id, asked).await?;
    let is_start = source.starts.iter().any(|start| start.url.as_str() == asked);
    // An address that was never due is no page of posts: robots.txt, a stop of a redirect.
    let (kind, memo) = match known {
        Some(known) => known,
        None if is_start => ("start".to_owned(), None),
        None => ("sitemap".to_owned(), None),
    };
    let page = KeptPage {
        asked,
        answered: &capture.capture.url_final,
        kind: &kind,
        memo: memo.as_deref(),
        status: capture.capture.status.unwrap_or(200),
        fields: &capture.capture.response_headers,
        body: &body,
        fetched_at_ms: capture.capture.fetched_at_ms,
    };
    let items = read_again(&source, &page)?.items;
    let posts: Vec<ReadPost> =
        items.into_iter().map(|item| read_post(&opened.ruleset, item.into_post(&row.id))).collect();
    let upto = posts.len().max(1).try_into().unwrap_or(i64::MAX);
    let part = Part { capture_id: capture.id.clone(), upto, last: true, posts };
    let batch = Batch { actor: "crawl".into(), parts: vec![part], visits: Vec::new() };
    opened.store.record(&batch, now_ms).await?;
    Ok(())
}
