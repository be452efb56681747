//! From a kept capture to recorded posts: read, assess, record; and going on after an interruption.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use intake::extract::{Item, Page, Role, extract};
use intake::fetch::{charset, content};
use intake::source::Source;
use model::{Method, Post};
use rules::Ruleset;
use store::{Batch, CaptureRow, LONGEST_MS, Part, ReadPost};
use url::Url;

use crate::importing;
use crate::opening::Opened;

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

/// A post of a page as the store knows posts.
pub fn post_of(source: &str, item: Item) -> Post {
    Post {
        source: source.to_owned(),
        native_id: item.id,
        url: item.url,
        title: item.title,
        text: item.text,
        author: item.author,
        author_id: item.author_id,
        posted_at_ms: item.time.map(|moment| moment.at_ms),
        edited_at_ms: item.edited.map(|moment| moment.at_ms),
        thread: item.thread,
        parent: item.reply_to,
        place: item.place,
        price: item.price,
        links: item.links,
        bytes: None,
    }
}

/// Records what waits: captures that people sent, and what an interrupted run kept but did not record. Nothing that
/// was fetched or brought is lost.
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
                _ => record_page(opened, &capture, now_ms).await,
            };
            if let Err(error) = outcome {
                if is_store_away(&error) {
                    opened.store.give_back(&opened.worker).await?;
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

/// Extracts a kept page again from its original, by the file of its source.
async fn record_page(opened: &Opened, capture: &CaptureRow, now_ms: i64) -> Result<()> {
    let source = opened.store.source(&capture.capture.source).await?;
    let params: BTreeMap<String, String> = source.params.iter().cloned().collect();
    let posts = match Source::load(&source.toml, &source.id, &params) {
        Ok(rules) => {
            let bytes = opened.store.original(&capture.sha256).await?;
            items_of(&rules, capture, &bytes)?
        }
        Err(problems) => anyhow::bail!("the source file has {} problem(s)", problems.len()),
    };
    let ruleset = opened.rules.current();
    let posts: Vec<ReadPost> = posts.into_iter().map(|item| read_post(&ruleset, post_of(&source.id, item))).collect();
    let upto = posts.len().max(1).try_into().unwrap_or(i64::MAX);
    let part = Part { capture_id: capture.id.clone(), upto, last: true, posts };
    let batch = Batch { actor: "crawl".into(), parts: vec![part], visits: Vec::new() };
    opened.store.record(&batch, now_ms).await?;
    Ok(())
}

/// The page's role is not kept with the bytes; posts stand on a detail page or, without `[list]`, on a start page.
fn items_of(source: &Source, capture: &CaptureRow, bytes: &[u8]) -> Result<Vec<Item>> {
    let head = &capture.capture.response_headers;
    let header = |name: &str| head.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
    let body = content::decode(bytes, header("content-encoding"), &content::Caps::default())?;
    let declared = capture.capture.content_type.as_deref().unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim().to_lowercase();
    let decoded = charset::decode(&body, Some(declared), &media_type);
    let url = Url::parse(&capture.capture.url_final)?;
    let root = Url::parse(&capture.capture.url_requested)?;
    let noindex = header("x-robots-tag").is_some_and(|value| value.to_lowercase().contains("noindex"));
    for role in [Role::Detail, Role::Start] {
        let page = Page {
            url: &url,
            text: &decoded.text,
            media_type: &media_type,
            role,
            root: &root,
            fetched_at_ms: capture.capture.fetched_at_ms,
            first_seen_ms: capture.capture.fetched_at_ms,
            lastmod_ms: None,
            thread: None,
            noindex,
        };
        let result = extract(source, &page);
        if !result.items.is_empty() && !result.noindex {
            return Ok(result.items);
        }
    }
    Ok(Vec::new())
}
