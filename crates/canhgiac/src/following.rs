//! The index follows the store by sequence.

use std::sync::Arc;

use anyhow::Result;
use index::{Entry, Index};
use store::{LONGEST_MS, PostRow, Store};

use crate::opening::Opened;

/// Posts that are read and committed to the index together.
const BATCH: u32 = 1_000;

/// Brings the index up to the store, batch by batch.
pub struct Follower {
    store: Store,
    index: Arc<Index>,
    /// The index under the name by which it is leased.
    name: String,
    worker: String,
}

impl Follower {
    /// A follower of an opened store.
    pub fn new(opened: &Opened) -> Follower {
        let folder = std::path::absolute(&opened.folder).unwrap_or_else(|_| opened.folder.clone());
        let machine = opened.worker.split(':').next().unwrap_or_default();
        Follower {
            store: opened.store.clone(),
            index: opened.index.clone(),
            name: format!("{machine}:{}", folder.display()),
            worker: opened.worker.clone(),
        }
    }

    /// One batch; the sequence reached, or none when there was nothing to do, or another process does it.
    pub async fn step(&self) -> Result<Option<i64>> {
        let watermark = self.index.watermark()?;
        let posts = self.store.posts_after(watermark, BATCH).await?;
        let Some(last) = posts.last().map(|post| post.seq) else { return Ok(None) };
        // After the reading: the lease makes what was read safe, so that no power cut leaves an index that is ahead.
        if !self.store.follow(&self.name, &self.worker, LONGEST_MS, crate::clock::now_ms()).await? {
            return Ok(None);
        }
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
