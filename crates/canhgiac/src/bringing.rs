//! What people bring through the console: a pasted post, a citizen's tip, the picture beside it. The words as they were
//! typed are the original, kept before they are read; a picture is an original of its own.

use anyhow::Result;
use model::{Capture, Method, Post};
use store::{Batch, CaptureRow, Part};
use web::Brought;

use crate::opening::Opened;
use crate::reading::read_post;

/// Keeps and records what a person brought.
pub async fn take_in(opened: &Opened, brought: Brought, now_ms: i64) -> Result<()> {
    let Brought { method, collector, actor, post, picture } = brought;
    let mut capture = Capture::of_file(&post.source, method, &post.native_id, &collector, now_ms);
    capture.content_type = Some("application/json".into());
    if let Some(url) = &post.url {
        capture.url_final.clone_from(url);
    }
    let original = serde_json::to_vec_pretty(&post)?;
    let kept = opened.store.keep(&capture, &original, now_ms).await?;
    let mut parts = vec![part_of(opened, &kept, Some(post))];
    if let Some((bytes, kind)) = picture {
        let mut capture = Capture::of_file(&capture.source, method, &capture.url_requested, &collector, now_ms);
        capture.content_type = Some(kind.media_type().into());
        let picture = opened.store.keep(&capture, &bytes, now_ms).await?;
        opened.store.put_picture(&kept.id, &picture.id).await?;
        parts.push(part_of(opened, &picture, None));
    }
    opened.store.record(&Batch { actor, parts, visits: Vec::new() }, now_ms).await?;
    Ok(())
}

/// Records what an interrupted run kept but did not record.
pub async fn record_capture(opened: &Opened, capture: &CaptureRow, now_ms: i64) -> Result<()> {
    let is_picture = capture.capture.content_type.as_deref().is_some_and(|kind| kind.starts_with("image/"));
    let post: Option<Post> = match is_picture {
        true => None,
        false => Some(serde_json::from_slice(&opened.store.original(&capture.sha256).await?)?),
    };
    let actor = if capture.capture.method == Method::Tip { "tip" } else { "paste" };
    let parts = vec![part_of(opened, capture, post)];
    opened.store.record(&Batch { actor: actor.into(), parts, visits: Vec::new() }, now_ms).await?;
    Ok(())
}

fn part_of(opened: &Opened, capture: &CaptureRow, post: Option<Post>) -> Part {
    let ruleset = opened.rules.current();
    let posts = post.into_iter().map(|post| read_post(&ruleset, post)).collect();
    Part { capture_id: capture.id.clone(), upto: 1, last: true, posts }
}
