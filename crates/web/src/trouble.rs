//! What goes wrong in a request, and the one page that says so.
//!
//! Handlers return [`Trouble`] with `?`; it travels as an extension of an empty response, and one layer renders it in
//! the person's language. A failure of ours is logged once, here, without anything that came from a post or a form.

use askama::Template;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::de::DeserializeOwned;

use crate::Shared;
use crate::frame::Frame;

/// Why a request got no page.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// Nobody is logged in; after the log-in the person comes back to this local address.
    LogIn(String),
    /// The role lacks the right.
    NoRight,
    /// There is no such page or thing.
    Missing,
    /// The form was not as the page sent it.
    BadForm,
    /// What was sent is larger than it may be.
    TooLarge,
    /// The request came from another site.
    Foreign,
    /// A legal rule forbids it; the sentence says which and what to do.
    Refused(String),
    /// It is our fault; the number is also in the log.
    Ours(String),
}

pub type Result<T> = std::result::Result<T, Trouble>;

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Refused(refusal) if refusal.code == "role" => Trouble::NoRight,
            store::Error::Refused(refusal) => Trouble::Refused(refusal.reason),
            store::Error::Missing { .. } => Trouble::Missing,
            error => Trouble::ours(&error),
        }
    }
}

impl From<askama::Error> for Trouble {
    fn from(error: askama::Error) -> Self {
        Trouble::ours(&error)
    }
}

impl Trouble {
    /// A failure of ours. Errors of the store name ids and places, never post text.
    pub fn ours(error: &dyn std::error::Error) -> Self {
        let number = uuid::Uuid::now_v7().simple().to_string();
        tracing::error!(number, %error, "a request failed");
        Trouble::Ours(number)
    }

    fn status(&self) -> StatusCode {
        match self {
            Trouble::LogIn(_) => StatusCode::SEE_OTHER,
            Trouble::NoRight | Trouble::Foreign => StatusCode::FORBIDDEN,
            Trouble::Missing => StatusCode::NOT_FOUND,
            Trouble::BadForm => StatusCode::BAD_REQUEST,
            Trouble::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Trouble::Refused(_) => StatusCode::CONFLICT,
            Trouble::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        if let Trouble::LogIn(next) = &self {
            return Redirect::to(&format!("/login?next={}", crate::guard::encode(next))).into_response();
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    page: &'a Frame,
    title: &'a str,
    what: String,
}

/// The layer that turns a [`Trouble`] into its page.
pub async fn render(State(console): State<Shared>, request: Request, next: Next) -> Response {
    let page = Frame::of_visitor(&console, request.headers(), request.uri());
    let response = next.run(request).await;
    let Some(trouble) = response.extensions().get::<Trouble>() else { return response };
    let (name, what) = match trouble {
        Trouble::LogIn(_) => return response,
        Trouble::NoRight => ("no_right", None),
        Trouble::Missing => ("missing", None),
        Trouble::BadForm => ("bad_form", None),
        Trouble::TooLarge => ("too_large", None),
        Trouble::Foreign => ("foreign", None),
        Trouble::Refused(reason) => ("refused", Some(reason.clone())),
        Trouble::Ours(number) => ("ours", Some(page.with("trouble_ours_what", number))),
    };
    let title = format!("trouble_{name}");
    let what = what.unwrap_or_else(|| page.t(&format!("trouble_{name}_what")).to_owned());
    let body = TroublePage { page: &page, title: page.t(&title), what }.render().unwrap_or_default();
    (trouble.status(), [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

/// A form that a page sent. One that does not fit is a [`Trouble::BadForm`].
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Sent<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &Shared) -> Result<Self> {
        let axum::Form(form) = axum::Form::<T>::from_request(request, state).await.map_err(|_| Trouble::BadForm)?;
        Ok(Sent(form))
    }
}

/// The answer for an address that names nothing.
pub async fn no_page() -> Trouble {
    Trouble::Missing
}
