//! Sources with their state and the reason for it. Changed on the command line, where a source can be tried first.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use model::SourceState;

use crate::access::{Actor, may};
use crate::frame::{Frame, Here};
use crate::show;
use crate::trouble::Result;
use crate::{Shared, now_ms};

struct Line {
    id: String,
    state: String,
    trouble: bool,
    reason: String,
    posts: String,
    last: String,
}

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesPage {
    page: Frame,
    sources: Vec<Line>,
}

/// The list.
pub async fn page(State(console): State<Shared>, actor: Actor<may::ReadSources>) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Sources).await?;
    let (words, now_ms) = (page.words(), now_ms());
    let line = |source: store::SourceRow| Line {
        state: words.of("source_state", source.state.id()),
        trouble: source.state == SourceState::Blocked || source.problem.is_some(),
        reason: source.problem.unwrap_or(source.access),
        posts: show::number(words, i64::try_from(source.posts).unwrap_or(i64::MAX)),
        last: source.last_visit_at_ms.map_or_else(|| words.t("never").to_owned(), |at| show::ago(words, at, now_ms)),
        id: source.id,
    };
    let sources = console.app.store.sources().await?.into_iter().map(line).collect();
    Ok(Html(SourcesPage { page, sources }.render()?))
}
