//! Sources with their state and the reason for it. Trying and correcting one is in `source_trial`.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use model::{Act, SourceState};
use serde::Deserialize;

use crate::access::{Actor, may};
use crate::frame::{Frame, Here};
use crate::guard::encode;
use crate::trouble::Result;
use crate::{Shared, now_ms};
use crate::{show, source_health};

struct Line {
    id: String,
    address: String,
    edit: String,
    alarms: String,
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
    said: Option<String>,
    sources: Vec<Line>,
    is_stopped: bool,
    may_stop: bool,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    said: String,
}

/// The list.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadSources>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Sources).await?;
    let (words, now_ms) = (page.words(), now_ms());
    let store = &console.app.store;
    let open = store.all_open_alarms().await?;
    let causes = |id: &str| -> String {
        let causes = open.iter().filter(|alarm| alarm.source == id);
        causes.map(|alarm| words.of("cause", alarm.trouble.cause.id())).collect::<Vec<_>>().join("; ")
    };
    let line = |source: store::SourceRow| Line {
        address: source_health::address(&source.id),
        edit: format!("/sources/edit?id={}", encode(&source.id)),
        alarms: causes(&source.id),
        state: words.of("source_state", source.state.id()),
        trouble: source.state == SourceState::Blocked
            || source.problem.is_some()
            || open.iter().any(|alarm| alarm.source == source.id),
        reason: source.problem.unwrap_or(source.access),
        posts: show::number(words, i64::try_from(source.posts).unwrap_or(i64::MAX)),
        last: source.last_visit_at_ms.map_or_else(|| words.t("never").to_owned(), |at| show::ago(words, at, now_ms)),
        id: source.id,
    };
    let sources = store.sources().await?.into_iter().map(line).collect();
    let is_stopped = store.is_crawling_stopped().await?;
    let may_stop = actor.person.role.may(Act::WorkSources);
    let key = format!("said_source_{}", asked.said);
    let said = words.has(&key).then(|| words.t(&key).to_owned());
    Ok(Html(SourcesPage { page, said, sources, is_stopped, may_stop }.render()?))
}
