//! From a kept capture to recorded posts: read, assess, record; and going on after an interruption.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use intake::crawl::again::{KeptPage, read_again};
use model::{Method, Post};
use rules::Ruleset;
use store::{Batch, CaptureRow, LONGEST_MS, Part, ReadPost};

use crate::opening::Opened;
use crate::{bringing, crawling, importing, streaming};

/// Captures that are taken up together: few, so that others find work and a lease outlasts them.
const WAITING: u32 = 20;
/// A capture that ended every process that took it up would do so for ever.
const TRIES: u32 = 5;

/// Reads and assesses one post.
pub fn read_post(ruleset: &Ruleset, post: Post) -> ReadPost {
    let reading = text::read(post.title.as_deref(), &post.text, post.posted_at_ms);
    let assessment = ruleset.assess(&reading);
    ReadPost { post, assessment: Some(assessment), facts: reading.facts }
}

/// Records what an interrupted run kept but did not record. Nothing that was fetched or brought is lost.
pub async fn resume(opened: &Opened) -> Result<()> {
    loop {
        let waiting = opened.store.lease_captures(&opened.worker, WAITING, LONGEST_MS, crate::clock::now_ms()).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        for capture in waiting {
            let now_ms = crate::clock::now_ms();
            let outcome = match capture.capture.method {
                _ if capture.tries > TRIES => Err(anyhow!("đã thử đọc {TRIES} lần, lần nào cũng phải dừng giữa chừng")),
                Method::Import => importing::record_capture(opened, &capture, |_| {}).await.map(|_| ()),
                Method::Paste | Method::Tip => bringing::record_capture(opened, &capture, now_ms).await,
                Method::Crawl | Method::Stream => record_fetched(opened, &capture, now_ms).await,
            };
            if let Err(error) = outcome {
                if is_store_away(&error) {
                    opened.store.give_back(&opened.worker, crate::clock::now_ms()).await?;
                    return Err(error);
                }
                opened.store.fail_capture(&capture.id, &format!("{error:#}"), now_ms).await?;
            }
        }
    }
}

/// Whether the store, not the capture, was the trouble: then the capture is read again later.
fn is_store_away(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<store::Error>().is_some_and(store::Error::may_pass))
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
    let ruleset = opened.rules.current();
    let items = read_again(&source, &page)?.items;
    let posts: Vec<ReadPost> = items.into_iter().map(|item| read_post(&ruleset, item.into_post(&row.id))).collect();
    let upto = posts.len().max(1).try_into().unwrap_or(i64::MAX);
    let part = Part { capture_id: capture.id.clone(), upto, last: true, posts };
    let batch = Batch { actor: "crawl".into(), parts: vec![part], visits: Vec::new() };
    opened.store.record(&batch, now_ms).await?;
    Ok(())
}
