//! Reassessing: the parts of a running reassessment are leased, read and assessed on all cores, and recorded.

use std::time::Duration;

use anyhow::{Result, bail};
use rules::Ruleset;
use store::{Assessed, LONGEST_MS, ReassessPart, Unassessed};

use crate::clock;
use crate::opening::Opened;

/// Posts of one transaction.
const BATCH: u32 = 500;
/// A part that ended every process that took it up would do so for ever.
const TRIES: u32 = 5;

/// Does parts of the running reassessment for about `for_long`; whether some may be left.
pub async fn step(opened: &Opened, for_long: Duration) -> Result<bool> {
    let began = std::time::Instant::now();
    while began.elapsed() < for_long {
        let parts = opened.store.lease_parts(&opened.worker, 1, LONGEST_MS, clock::now_ms()).await?;
        let Some(part) = parts.into_iter().next() else { return Ok(false) };
        one(opened, &part).await?;
    }
    Ok(true)
}

async fn one(opened: &Opened, part: &ReassessPart) -> Result<()> {
    let ruleset = opened.rules.current();
    if ruleset.id() != part.ruleset {
        // Another ruleset is in force by now: its own reassessment covers these posts. This one was ended with it,
        // or this process has not heard of it yet and takes it up in a moment.
        opened.store.give_back(&opened.worker, clock::now_ms()).await?;
        opened.rules.refresh().await?;
        return Ok(());
    }
    if part.tries > TRIES {
        bail!("part {} of the reassessment was begun {} times and never ended", part.id, part.tries - 1);
    }
    let mut after_seq = part.after_seq;
    loop {
        let posts = opened.store.to_reassess(part, after_seq, BATCH).await?;
        after_seq = posts.last().map_or(after_seq, |post| post.seq);
        let done = posts.len() < BATCH as usize;
        let rules = ruleset.clone();
        let assessed = tokio::task::spawn_blocking(move || assess(&rules, posts)).await?;
        opened.store.record_part(part, &assessed, done, clock::now_ms()).await?;
        if done {
            return Ok(());
        }
    }
}

/// Reads and assesses posts on all cores, in their order.
pub fn assess(ruleset: &Ruleset, posts: Vec<Unassessed>) -> Vec<Assessed> {
    crate::cores::each(posts, |post| {
        let reading = text::read(post.title.as_deref(), &post.text, post.posted_at_ms);
        let assessment = ruleset.assess(&reading);
        Assessed { post_id: post.post_id, version: post.version, assessment, facts: reading.facts }
    })
}
