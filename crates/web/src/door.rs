//! In and out: log-in, log-out, the start page, language and theme.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::access::{self, SESSION, Visitor, set_cookie};
use crate::frame::{Frame, LANGUAGE, THEME, start_of};
use crate::trouble::{Result, Sent, Trouble};
use crate::{Shared, guard, now_ms, password};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Frame,
    trouble: Option<String>,
    name: String,
    next: String,
}

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct LoginForm {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// The log-in page.
pub async fn page(
    State(console): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
    Query(Next { next }): Query<Next>,
) -> Result<Html<String>> {
    let page = Frame::of_visitor(&console, &headers, &uri);
    let next = guard::local(&next).to_owned();
    Ok(Html(LoginPage { page, trouble: None, name: String::new(), next }.render()?))
}

/// Checks the password. A wrong name, a wrong password and a disabled account look the same; a locked account is
/// told apart only to whoever has tried it often enough to lock it.
pub async fn log_in(
    State(console): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
    Sent(form): Sent<LoginForm>,
) -> Result<Response> {
    let store = &console.app.store;
    let now_ms = now_ms();
    let login = form.name.trim().to_lowercase();
    let user = store.user_by_login(&login).await?;
    let locked = user.as_ref().is_some_and(|user| user.locked_until_ms.is_some_and(|until| until > now_ms));
    let hash = user.as_ref().filter(|user| user.disabled_at_ms.is_none()).map(|user| user.password_hash.clone());
    let fits = !locked && password::fits(&console.hashing, form.password, hash).await;
    let (Some(user), true) = (user, fits) else {
        let until = if locked { Some(now_ms) } else { store.login_failed(&login, now_ms).await? };
        let page = Frame::of_visitor(&console, &headers, &uri);
        let key = if until.is_some() { "log_in_locked" } else { "log_in_wrong" };
        let trouble = Some(page.t(key).to_owned());
        let next = guard::local(&form.next).to_owned();
        let status = axum::http::StatusCode::UNAUTHORIZED;
        return Ok((status, Html(LoginPage { page, trouble, name: login, next }.render()?)).into_response());
    };
    let token = access::new_token()?;
    let session = store.open_session(&user.id, &access::sha256(&token), now_ms).await?;
    let lasts_s = (session.expires_at_ms - now_ms) / 1000;
    let cookie = set_cookie(SESSION, &token, lasts_s, console.app.settings.secure_cookies);
    let next = match guard::local(&form.next) {
        "/" => start_of(&session.user.person()),
        next => next,
    };
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
}

/// Ends the session.
pub async fn log_out(State(console): State<Shared>, visitor: Visitor) -> Result<Response> {
    console.app.store.close_session(&visitor.token_sha256(), now_ms()).await?;
    let cookie = set_cookie(SESSION, "", 0, console.app.settings.secure_cookies);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

/// Sends each person to the place where their work begins.
pub async fn start(visitor: Visitor) -> Redirect {
    Redirect::to(start_of(&visitor.person))
}

#[derive(Deserialize)]
pub struct Preferences {
    theme: Option<String>,
    language: Option<String>,
    #[serde(default)]
    back: String,
}

/// Keeps theme and language in cookies of the browser, which is where they matter.
pub async fn prefer(
    State(console): State<Shared>,
    _visitor: Visitor,
    Sent(form): Sent<Preferences>,
) -> Result<Response> {
    const YEAR_S: i64 = 365 * 24 * 60 * 60;
    let (name, value) = match (form.theme.as_deref(), form.language.as_deref()) {
        (Some(theme @ ("auto" | "light" | "dark")), None) => (THEME, theme),
        (None, Some(language @ ("vi" | "en"))) => (LANGUAGE, language),
        _ => return Err(Trouble::BadForm),
    };
    let cookie = set_cookie(name, value, YEAR_S, console.app.settings.secure_cookies);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(guard::local(&form.back))).into_response())
}
