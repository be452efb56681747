//! `canhgiac index rebuild`.

use anyhow::Result;

use crate::following::Follower;
use crate::opening::Opened;

/// Empties the index and follows the store from its beginning.
pub async fn rebuild(opened: &Opened) -> Result<()> {
    opened.index.clear()?;
    let follower = Follower::new(opened);
    let total = opened.store.last_seq().await?;
    let mut progress = crate::progress::Progress::new("chỉ mục", total.unsigned_abs());
    while let Some(at) = follower.step().await? {
        progress.at(at.unsigned_abs());
    }
    progress.end();
    Ok(())
}
