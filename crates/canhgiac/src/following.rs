//! The index follows the store by sequence.

use std::sync::Arc;

use anyhow::Result;
use index::{Entry, Index};
use store::{PostRow, Store};

use crate::opening::Opened;

/// Posts that are read and committed to the index together.
const BATCH: u32 = 1_000;

/// Brings the index up to the store, batch by batch.
pub struct Follower {
    store: Store,
    index: Arc<Index>,
}

impl Follower {
    /// A follower of an opened store.
    pub fn new(opened: &Opened) -> Follower {
        Follower { store: opened.store.clone(), index: opened.index.clone() }
    }

    /// One batch; the sequence reached, or none when there was nothing to do.
    pub async fn step(&self) -> Result<Option<i64>> {
        let watermark = self.index.watermark()?;
        let posts = self.store.posts_after(watermark, BATCH).await?;
        let Some(last) = posts.last().map(|post| post.seq) else { return Ok(None) };
        let index = self.index.clone();
        tokio::task::spawn_blocking(move || add(&index, &posts, last)).await??;
        Ok(Some(last))
    }

    /// Until nothing is left.
    pub async fn catch_up(&self) -> Result<()> {
        while self.step().await?.is_some() {}
        Ok(())
    }
}

fn add(index: &Index, posts: &[PostRow], watermark: i64) -> Result<()> {
    let (erased, posts): (Vec<&PostRow>, Vec<&PostRow>) = posts.iter().partition(|post| post.erased_at_ms.is_some());
    // Before the watermark moves: an erasure that was cut short is done again.
    if !erased.is_empty() {
        index.erase(erased.iter().map(|post| post.id.as_str()))?;
    }
    let readings: Vec<_> =
        posts.iter().map(|post| text::read(post.title.as_deref(), &post.text, post.posted_at_ms)).collect();
    let entries = posts.iter().zip(&readings).map(|(post, reading)| Entry {
        post_id: &post.id,
        source: &post.source,
        posted_at_ms: post.posted_at_ms.unwrap_or(post.first_seen_at_ms),
        points: post.points,
        families: &post.families,
        reading,
    });
    index.follow(entries, watermark)?;
    Ok(())
}
