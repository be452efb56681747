//! Tips as the people who read them see them: those with somebody in danger first, contacts and pictures only when
//! asked for, and written down.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use model::Family;
use serde::Deserialize;
use store::TipRow;

use crate::access::{Actor, may};
use crate::frame::{Frame, Here};
use crate::show;
use crate::trouble::{Result, Sent, Trouble};
use crate::{Shared, now_ms};

/// Tips of one page.
const TIPS: u32 = 50;
/// The longest answer, in characters.
const ANSWER_CHARS_MAX: usize = 2_000;
/// A tip that a person raises is urgent until it is judged.
const RAISED_PRIORITY: u8 = 2;

struct TipView {
    tip: TipRow,
    when: String,
    pictures: Vec<String>,
    contact: Option<String>,
    added: Vec<(String, String)>,
    answers: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "tips.html")]
struct TipsPage {
    page: Frame,
    said: Option<String>,
    tips: Vec<TipView>,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    said: String,
}

/// The list.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadQueue>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Tips).await?;
    list(&console, &actor, page, &asked.said, None).await
}

async fn list<R>(
    console: &Shared,
    actor: &Actor<R>,
    page: Frame,
    said: &str,
    shown: Option<(String, String)>,
) -> Result<Html<String>> {
    let store = &console.app.store;
    let rows = store.tips(TIPS).await?;
    store.audit(actor.id(), "tip.list", "", &serde_json::json!({ "rows": rows.len() }), now_ms()).await?;
    let mut tips = Vec::with_capacity(rows.len());
    for mut tip in rows {
        let timed = |all: Vec<(i64, String)>| all.into_iter().map(|(at, it)| (show::exact_time(at), it)).collect();
        let answers = tip.answers.iter().map(|it| (it.at_ms, it.text.clone())).collect();
        tips.push(TipView {
            when: show::exact_time(tip.received_at_ms),
            pictures: store.pictures_of(&tip.capture_id).await?,
            contact: shown.as_ref().filter(|(id, _)| *id == tip.id).map(|(_, contact)| contact.clone()),
            added: timed(std::mem::take(&mut tip.added)),
            answers: timed(answers),
            tip,
        });
    }
    let key = format!("said_{said}");
    let said = page.words().has(&key).then(|| page.t(&key).to_owned());
    Ok(Html(TipsPage { page, said, tips }.render()?))
}

/// Writes down that the tip was read.
pub async fn read(
    State(console): State<Shared>,
    actor: Actor<may::ReadQueue>,
    Path(tip): Path<String>,
) -> Result<Redirect> {
    console.app.store.read_tip(actor.id(), &tip, now_ms()).await?;
    Ok(Redirect::to("/tips?said=tip_read"))
}

#[derive(Deserialize)]
pub struct AnswerForm {
    text: String,
}

/// Answers the sender.
pub async fn answer(
    State(console): State<Shared>,
    actor: Actor<may::ReadQueue>,
    Path(tip): Path<String>,
    Sent(form): Sent<AnswerForm>,
) -> Result<Redirect> {
    let text = form.text.trim();
    if text.is_empty() || text.chars().nth(ANSWER_CHARS_MAX).is_some() {
        return Err(Trouble::BadForm);
    }
    console.app.store.answer_tip(actor.id(), &tip, text, now_ms()).await?;
    Ok(Redirect::to("/tips?said=tip_answered"))
}

/// Shows the contact once; the audit chain knows first.
pub async fn contact(
    State(console): State<Shared>,
    actor: Actor<may::Reveal>,
    Path(tip): Path<String>,
) -> Result<Html<String>> {
    let sealed = console.app.store.tip_contact(actor.id(), &tip, now_ms()).await?;
    let contact = console.app.doors.contacts.open_contact(&tip, &sealed).map_err(|error| Trouble::ours(&error))?;
    let page = actor.frame(&console, Here::Tips).await?;
    list(&console, &actor, page, "", Some((tip, contact))).await
}

/// Raises an alert from a tip by hand.
pub async fn raise(
    State(console): State<Shared>,
    actor: Actor<may::Raise>,
    Path(tip): Path<String>,
) -> Result<Redirect> {
    let store = &console.app.store;
    let post = store.post_by_native_id(store::TIPS, &tip).await?.ok_or(Trouble::Missing)?;
    let reason = "tin báo của người dân";
    let alert = store.raise(actor.id(), &post.id, Family::Unclassified, RAISED_PRIORITY, reason, now_ms()).await?;
    Ok(Redirect::to(&format!("/queue/{alert}")))
}

/// A picture that somebody brought, to whoever asked for it. It is shown by itself, and nothing in it can run.
pub async fn picture(
    State(console): State<Shared>,
    actor: Actor<may::Reveal>,
    Path(picture): Path<String>,
) -> Result<Response> {
    let (row, bytes) = console.app.store.picture(actor.id(), &picture, now_ms()).await?;
    let kind = intake::tip::Picture::of(&bytes).ok_or(Trouble::Missing)?;
    let name = format!("inline; filename=\"{}\"", &row.sha256[..16]);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind.media_type())),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(|error| Trouble::ours(&error))?),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    Ok((headers, bytes).into_response())
}
