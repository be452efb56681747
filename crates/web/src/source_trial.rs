//! Sources on trial: pasting a link, seeing what its source file brings, correcting the file, letting it run.
//!
//! Invariant: a text runs only after a person has seen what it brings. The page of a trial carries a proof for exactly
//! that text, which only the server can make, and saving asks for it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, Redirect};
use intake::Source;
use intake::trial::Line as Post;
use model::SourceState;
use serde::Deserialize;
use store::{NewSource, SourceRow};

use crate::access::{Actor, may};
use crate::doors::TrialOf;
use crate::frame::{Frame, Here};
use crate::trouble::{Result, Sent, Trouble};
use crate::{Shared, now_ms};

/// The longest source file, in bytes.
const TOML_BYTES_MAX: usize = 48 << 10;

#[derive(Template)]
#[template(path = "source_trial.html")]
struct SourcePage {
    page: Frame,
    heading: String,
    toml: String,
    because: String,
    trouble: Vec<String>,
    tried: bool,
    posts: Vec<Post>,
    proof: Option<String>,
    moves: Vec<(String, String)>,
    id: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    id: String,
}

/// The file of one source, to be corrected, and the moves that are open to it.
pub async fn edit(
    State(console): State<Shared>,
    actor: Actor<may::WorkSources>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let row = console.app.store.source(&asked.id).await?;
    let page = actor.frame(&console, Here::Sources).await?;
    let is_previewed = fingerprint_of(&row).is_some_and(|it| row.previewed.as_deref() == Some(it.as_str()));
    let steps = [SourceState::Enabled, SourceState::Paused, SourceState::Retired];
    let moves = steps
        .into_iter()
        .filter(|to| row.state.moved(*to, true).is_ok() && *to != row.state)
        .filter(|to| *to != SourceState::Enabled || is_previewed || row.state == SourceState::Paused)
        .map(|to| (to.id().to_owned(), page.of("source_move", to.id())))
        .collect();
    let params: BTreeMap<String, String> = row.params.iter().cloned().collect();
    let view = SourcePage {
        heading: format!("{} · {}", row.id, page.of("source_state", row.state.id())),
        toml: intake::trial::with_defaults(&row.toml, &params),
        because: String::new(),
        trouble: row.problem.into_iter().collect(),
        tried: false,
        posts: Vec::new(),
        proof: None,
        moves,
        id: Some(row.id),
        page,
    };
    Ok(Html(view.render()?))
}

fn fingerprint_of(row: &SourceRow) -> Option<String> {
    let params: BTreeMap<String, String> = row.params.iter().cloned().collect();
    Some(Source::load(&row.toml, &row.id, &params).ok()?.fingerprint)
}

#[derive(Deserialize)]
pub struct TryForm {
    #[serde(default)]
    link: String,
    #[serde(default)]
    toml: String,
}

/// Tries a link, or a file as it was corrected, and shows the first posts.
pub async fn try_out(
    State(console): State<Shared>,
    actor: Actor<may::WorkSources>,
    Sent(form): Sent<TryForm>,
) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Sources).await?;
    let toml = form.toml.replace("\r\n", "\n");
    if toml.len() > TOML_BYTES_MAX || (toml.trim().is_empty() && form.link.trim().is_empty()) {
        return Err(Trouble::BadForm);
    }
    let asked =
        if toml.trim().is_empty() { TrialOf::Link(form.link.trim().to_owned()) } else { TrialOf::File(toml.clone()) };
    let mut view = SourcePage {
        heading: page.t("source_trial").to_owned(),
        toml,
        because: String::new(),
        trouble: Vec::new(),
        tried: true,
        posts: Vec::new(),
        proof: None,
        moves: Vec::new(),
        id: None,
        page,
    };
    match (console.app.doors.trial)(asked).await {
        Err(sentence) => view.trouble = sentence.lines().map(str::to_owned).collect(),
        Ok(trial) => {
            view.trouble = trial.barrier.iter().cloned().collect();
            view.trouble.extend(trial.problems.iter().map(|(url, sentence)| format!("{url}: {sentence}")));
            let loaded = Source::load(&trial.toml, "source.toml", &BTreeMap::new());
            let is_ready = trial.is_ready && trial.barrier.is_none();
            view.proof = loaded.ok().filter(|_| is_ready).map(|source| actor.shown(&source.fingerprint, 1));
            view.because = trial.because;
            view.posts = trial.posts;
            view.toml = trial.toml;
        }
    }
    Ok(Html(view.render()?))
}

#[derive(Deserialize)]
pub struct SaveForm {
    toml: String,
    #[serde(default)]
    proof: String,
    #[serde(default)]
    enable: String,
}

/// Keeps a file: as a draft, or with the proof of its trial as previewed, and lets it run where that was asked for.
/// Where a mapping was corrected, the kept pages are extracted again.
pub async fn save(
    State(console): State<Shared>,
    actor: Actor<may::WorkSources>,
    Sent(form): Sent<SaveForm>,
) -> Result<Redirect> {
    let (store, now_ms) = (&console.app.store, now_ms());
    let toml = form.toml.replace("\r\n", "\n");
    let source = Source::load(&toml, "source.toml", &BTreeMap::new()).map_err(|problems| {
        Trouble::Refused(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" · "))
    })?;
    let is_seen = actor.shown_step(&source.fingerprint, &form.proof) == 1;
    let before = store.sources().await?.into_iter().find(|row| row.id == source.name);
    let is_working =
        before.as_ref().is_some_and(|row| !matches!(row.state, SourceState::Draft | SourceState::Previewed));
    if !is_seen && (is_working || !form.enable.is_empty()) {
        return Err(Trouble::Refused("Hãy xem thử lại: chưa ai thấy tệp này đem về bài nào.".into()));
    }
    let new = NewSource { id: source.name.clone(), toml, params: Vec::new(), access: source.title.clone() };
    let row = store.put_source(actor.id(), &new, now_ms).await?;
    if is_seen {
        store.preview_source(actor.id(), &row.id, &source.fingerprint, now_ms).await?;
    }
    if before.is_some_and(|before| before.toml != row.toml && before.posts > 0 || before.state == SourceState::Blocked)
    {
        store.extract_again(actor.id(), &row.id, now_ms).await?;
    }
    if !form.enable.is_empty() {
        store.move_source(actor.id(), &row.id, SourceState::Enabled, source.barrier.is_none(), None, now_ms).await?;
    }
    Ok(Redirect::to(if form.enable.is_empty() { "/sources?said=saved" } else { "/sources?said=enabled" }))
}

#[derive(Deserialize)]
pub struct MoveForm {
    id: String,
    to: String,
}

/// Lets a source run, pauses or retires it.
pub async fn shift(
    State(console): State<Shared>,
    actor: Actor<may::WorkSources>,
    Sent(form): Sent<MoveForm>,
) -> Result<Redirect> {
    let store = &console.app.store;
    let to: SourceState = form.to.parse().map_err(|_| Trouble::BadForm)?;
    let row = store.source(&form.id).await?;
    let params: BTreeMap<String, String> = row.params.iter().cloned().collect();
    let source = Source::load(&row.toml, &row.id, &params).ok();
    let is_clear = source.as_ref().is_some_and(|source| source.barrier.is_none());
    let is_seen = source.is_some_and(|source| row.previewed.as_deref() == Some(source.fingerprint.as_str()));
    if to == SourceState::Enabled && !is_seen && !matches!(row.state, SourceState::Paused | SourceState::Blocked) {
        return Err(Trouble::Refused("Hãy xem thử trước: chưa ai thấy tệp này đem về bài nào.".into()));
    }
    store.move_source(actor.id(), &row.id, to, is_clear, None, now_ms()).await?;
    Ok(Redirect::to("/sources?said=moved"))
}
