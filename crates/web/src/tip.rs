//! The public form for tips: no log-in, no script, Vietnamese and English, the hotlines before everything else.
//!
//! Invariants: no address of a sender is kept or logged (limits hold a salted hash of it in memory, for minutes); a
//! contact is sealed before it reaches the store; the page of a receipt code shows answers, never the tip. Deliberately
//! absent: opening the address that a tip names.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use intake::tip::{self, Flaw, Picture};
use model::{Method, Post};
use serde::Deserialize;
use store::{NewTip, TIPS};

use crate::doors::Brought;
use crate::frame::Frame;
use crate::limits::Limit;
use crate::show;
use crate::trouble::{Result, Sent, Trouble};
use crate::upload::Upload;
use crate::{Shared, now_ms};

/// What this software calls itself in the captures of tips.
const COLLECTOR: &str = concat!("canhgiac ", env!("CARGO_PKG_VERSION"));

#[derive(Template)]
#[template(path = "tip.html")]
struct TipPage {
    page: Frame,
    trouble: Option<String>,
    url: String,
    text: String,
    contact: String,
    in_danger: bool,
}

#[derive(Template)]
#[template(path = "tip_code.html")]
struct CodePage {
    page: Frame,
    /// The code, once, right after the tip.
    code: Option<String>,
    in_danger: bool,
    trouble: Option<String>,
    said: Option<String>,
    standing: Option<Standing>,
}

struct Standing {
    received: String,
    state: String,
    answers: Vec<(String, String)>,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    language: Option<String>,
}

fn frame(console: &Shared, headers: &HeaderMap, uri: &Uri, language: Option<&str>) -> Frame {
    Frame::of_visitor(console, headers, uri).in_language(language)
}

/// The empty form.
pub async fn page(
    State(console): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let page = frame(&console, &headers, &uri, asked.language.as_deref());
    let (url, text, contact) = (String::new(), String::new(), String::new());
    Ok(Html(TipPage { page, trouble: None, url, text, contact, in_danger: false }.render()?))
}

/// Who asks, as far as limits need it: the peer, or what a proxy on this machine says of it.
pub struct Peer(String);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _state: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let forwarded = parts.headers.get("x-forwarded-for").and_then(|it| it.to_str().ok());
        let named = forwarded.filter(|_| peer.is_none_or(|ip| ip.is_loopback())).and_then(|it| it.rsplit(',').next());
        Ok(Peer(named.map(|it| it.trim().to_owned()).or(peer.map(|ip| ip.to_string())).unwrap_or_default()))
    }
}

/// Takes a tip in.
pub async fn send(
    State(console): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
    Query(asked): Query<Asked>,
    peer: Peer,
    request: Request,
) -> Result<Response> {
    let page = frame(&console, &headers, &uri, asked.language.as_deref());
    let form = match Upload::from_request(request, &console).await {
        Ok(form) => form,
        Err(Trouble::TooLarge) => return again(page, None, "tip_flaw_picture", StatusCode::PAYLOAD_TOO_LARGE),
        Err(trouble) => return Err(trouble),
    };
    let now_ms = now_ms();
    let (url, text, contact) = (form.field("url"), form.field("text"), form.field("contact"));
    if let Err(flaw) = tip::check(&url, &text, &contact, &form.field("website"), &form.picture) {
        let key = match flaw {
            Flaw::Empty => "tip_flaw_empty",
            Flaw::TooLong => "tip_flaw_long",
            Flaw::Picture => "tip_flaw_picture",
            Flaw::Honeypot => "tip_flaw_website",
        };
        return again(page, Some(form), key, StatusCode::UNPROCESSABLE_ENTITY);
    }
    if !console.limits.allows(Limit::Tip, &peer.0, now_ms) {
        return again(page, Some(form), "tip_flaw_often", StatusCode::TOO_MANY_REQUESTS);
    }
    let in_danger = form.field("danger") == "1";
    let id = uuid::Uuid::now_v7().to_string();
    let code = tip::new_code();
    let sealed_contact = match contact.trim() {
        "" => None,
        contact => Some(console.app.doors.contacts.seal(&id, contact).map_err(|error| Trouble::ours(&error))?),
    };
    let picture = Picture::of(&form.picture).map(|kind| (form.picture.clone(), kind));
    take_in(&console, post_of(id.clone(), id.clone(), &url, &text, now_ms), picture, now_ms).await?;
    let code_sha256 = tip::code_sha256(&code).unwrap_or_default();
    let tip = NewTip { id, code_sha256, in_danger, sealed_contact };
    console.app.store.put_tip(&tip, now_ms).await?;
    let view = CodePage { page, code: Some(code), in_danger, trouble: None, said: None, standing: None };
    Ok(Html(view.render()?).into_response())
}

fn post_of(native_id: String, thread: String, url: &str, text: &str, now_ms: i64) -> Post {
    let (url, text) = (url.trim(), text.trim());
    Post {
        source: TIPS.to_owned(),
        native_id,
        url: (!url.is_empty()).then(|| url.to_owned()),
        text: if text.is_empty() { url.to_owned() } else { text.to_owned() },
        posted_at_ms: Some(now_ms),
        thread: Some(thread),
        ..Post::default()
    }
}

async fn take_in(console: &Shared, post: Post, picture: Option<(Vec<u8>, Picture)>, now_ms: i64) -> Result<()> {
    let brought = Brought { method: Method::Tip, collector: COLLECTOR.into(), actor: "tip".into(), post, picture };
    let taken = (console.app.doors.take_in)(brought, now_ms).await;
    taken.map_err(|error| Trouble::ours(&*Box::<dyn std::error::Error>::from(error)))
}

/// The form once more, with what was typed and what to change.
fn again(page: Frame, form: Option<Upload>, key: &str, status: StatusCode) -> Result<Response> {
    let trouble = Some(page.t(key).to_owned());
    let field = |name| form.as_ref().map(|form: &Upload| form.field(name)).unwrap_or_default();
    let in_danger = field("danger") == "1";
    let view = TipPage { trouble, url: field("url"), text: field("text"), contact: field("contact"), in_danger, page };
    Ok((status, Html(view.render()?)).into_response())
}

/// Asks for a receipt code.
pub async fn code_page(
    State(console): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let page = frame(&console, &headers, &uri, asked.language.as_deref());
    let view = CodePage { page, code: None, in_danger: false, trouble: None, said: None, standing: None };
    Ok(Html(view.render()?))
}

#[derive(Deserialize)]
pub struct CodeForm {
    code: String,
    #[serde(default)]
    text: String,
}

/// Shows what was answered, and takes in what the sender adds.
pub async fn code(
    State(console): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
    Query(asked): Query<Asked>,
    peer: Peer,
    Sent(form): Sent<CodeForm>,
) -> Result<Response> {
    let page = frame(&console, &headers, &uri, asked.language.as_deref());
    let now_ms = now_ms();
    let mut view = CodePage { page, code: None, in_danger: false, trouble: None, said: None, standing: None };
    if !console.limits.allows(Limit::Code, &peer.0, now_ms) {
        view.trouble = Some(view.page.t("tip_flaw_often").to_owned());
        return Ok((StatusCode::TOO_MANY_REQUESTS, Html(view.render()?)).into_response());
    }
    let found = match tip::code_sha256(&form.code) {
        Some(sha256) => console.app.store.tip_by_code(&sha256).await?,
        None => None,
    };
    let Some(found) = found else {
        view.trouble = Some(view.page.t("tip_code_unknown").to_owned());
        return Ok((StatusCode::NOT_FOUND, Html(view.render()?)).into_response());
    };
    if !form.text.trim().is_empty() {
        if tip::check("", &form.text, "", "", b"").is_err() {
            view.trouble = Some(view.page.t("tip_flaw_long").to_owned());
        } else {
            let id = format!("{}/{}", found.id, uuid::Uuid::now_v7());
            take_in(&console, post_of(id, found.id.clone(), "", &form.text, now_ms), None, now_ms).await?;
            view.said = Some(view.page.t("tip_added").to_owned());
        }
    }
    let state = if found.read_at_ms.is_some() { "tip_state_read" } else { "tip_state_waits" };
    view.standing = Some(Standing {
        received: show::exact_time(found.received_at_ms),
        state: view.page.t(state).to_owned(),
        answers: found.answers.into_iter().map(|it| (show::exact_time(it.at_ms), it.text)).collect(),
    });
    Ok(Html(view.render()?).into_response())
}
