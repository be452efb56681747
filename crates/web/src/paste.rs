//! The form in which an analyst pastes what cannot be crawled: text, address, time and a picture of the screen. It
//! becomes a capture like any other, with the analyst's pseudonym as its collector.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use intake::tip::{self, Picture};
use model::{Method, Post};
use serde::Deserialize;

use crate::access::{Actor, may, sha256};
use crate::doors::Brought;
use crate::frame::{Frame, Here};
use crate::trouble::{Result, Trouble};
use crate::upload::Upload;
use crate::{Shared, now_ms};

/// The source of pasted posts.
const SOURCE: &str = "paste";

#[derive(Template)]
#[template(path = "paste.html")]
struct PastePage {
    page: Frame,
    said: Option<String>,
    trouble: Option<String>,
    url: String,
    author: String,
    time: String,
    text: String,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    said: String,
}

/// The empty form.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::Raise>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Paste).await?;
    let said = (asked.said == "pasted").then(|| page.t("said_pasted").to_owned());
    let empty = String::new;
    let view = PastePage { page, said, trouble: None, url: empty(), author: empty(), time: empty(), text: empty() };
    Ok(Html(view.render()?))
}

/// Takes a pasted post in.
pub async fn send(State(console): State<Shared>, actor: Actor<may::Raise>, form: Upload) -> Result<Response> {
    let now_ms = now_ms();
    let (url, text, time) = (form.field("url"), form.field("text"), form.field("time"));
    let posted_at_ms = local_time(&time, now_ms);
    let flaw = match tip::check(&url, &text, "", "", &form.picture) {
        Err(tip::Flaw::Empty) => Some("paste_flaw_text"),
        Err(tip::Flaw::Picture) => Some("tip_flaw_picture"),
        Err(_) => Some("tip_flaw_long"),
        Ok(()) if text.trim().is_empty() => Some("paste_flaw_text"),
        Ok(()) if posted_at_ms.is_none() && !time.trim().is_empty() => Some("paste_flaw_time"),
        Ok(()) => None,
    };
    if let Some(key) = flaw {
        let page = actor.frame(&console, Here::Paste).await?;
        let trouble = Some(page.t(key).to_owned());
        let view = PastePage { page, said: None, trouble, url, author: form.field("author"), time, text };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(view.render()?)).into_response());
    }
    let (url, author) = (url.trim().to_owned(), form.field("author").trim().to_owned());
    let pseudonym = console.app.store.user(actor.id()).await?.pseudonym;
    // The same address pasted again is the same post, in a new version where its words are others.
    let native_id = if url.is_empty() { sha256(text.trim()) } else { url.clone() };
    let post = Post {
        source: SOURCE.to_owned(),
        native_id,
        url: (!url.is_empty()).then_some(url),
        author: (!author.is_empty()).then_some(author),
        posted_at_ms,
        text: text.trim().to_owned(),
        ..Post::default()
    };
    let brought = Brought {
        method: Method::Paste,
        collector: format!("canhgiac {} · {pseudonym}", env!("CARGO_PKG_VERSION")),
        actor: actor.id().to_owned(),
        post,
        picture: Picture::of(&form.picture).map(|kind| (form.picture.clone(), kind)),
    };
    let taken = (console.app.doors.take_in)(brought, now_ms).await;
    taken.map_err(|error| Trouble::ours(&*Box::<dyn std::error::Error>::from(error)))?;
    Ok(Redirect::to("/paste?said=pasted").into_response())
}

/// A time as the form's field writes it, at +07:00; not in the future.
fn local_time(typed: &str, now_ms: i64) -> Option<i64> {
    let at: jiff::civil::DateTime = typed.trim().parse().ok()?;
    let at = jiff::tz::TimeZone::fixed(jiff::tz::offset(7)).to_timestamp(at).ok()?.as_millisecond();
    (at <= now_ms).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_form_are_vietnamese_and_past() {
        assert_eq!(local_time("2026-11-24T07:42", i64::MAX), Some(1_795_480_920_000));
        assert_eq!(local_time("2026-11-24T07:42", 0), None);
        assert_eq!(local_time("hôm qua", i64::MAX), None);
    }
}
