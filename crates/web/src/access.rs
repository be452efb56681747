//! Who asks: from the session cookie to an [`Actor`] whose right stands in the handler's signature.
//!
//! The cookie holds a random token of 256 bits; the store knows only its SHA-256. A handler that takes
//! `Actor<may::Decide>` cannot run for a person without that right.

use std::fmt::Write;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use model::{Act, Person};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

use crate::frame::{Frame, Here};
use crate::trouble::{Result, Trouble};
use crate::{Shared, now_ms};

/// A right as a type.
pub trait Right: Send + Sync {
    /// The act that it stands for.
    const ACT: Act;
}

/// The rights that handlers ask for. A function cannot declare a type.
macro_rules! rights {
    ($($right:ident),* $(,)?) => {
        /// Rights as types, named as the acts of the model.
        pub mod may {
            $(
                #[doc = concat!("The right of [`model::Act::", stringify!($right), "`].")]
                pub struct $right;
                impl super::Right for $right {
                    const ACT: model::Act = model::Act::$right;
                }
            )*
        }
    };
}

rights!(
    Answer,
    Approve,
    AskEscalation,
    Decide,
    HandOver,
    Hold,
    ProposeErasure,
    ProposePeople,
    ReadAudit,
    ReadCase,
    ReadFigures,
    ReadPackets,
    ReadQueue,
    ReadRules,
    ReadSources,
    ReadSupport,
    Raise,
    Reveal,
    Search,
    SignEscalation,
    WorkCase,
    WorkSources,
);

/// A logged-in person.
pub struct Visitor {
    /// As the model sees them.
    pub person: Person,
    /// When they logged in.
    pub since_ms: i64,
    token: String,
    headers: HeaderMap,
    uri: Uri,
}

/// A logged-in person who has the right `R`.
pub struct Actor<R> {
    visitor: Visitor,
    right: PhantomData<R>,
}

impl<R> std::ops::Deref for Actor<R> {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

impl Visitor {
    /// The id, as every change is written down under.
    pub fn id(&self) -> &str {
        &self.person.id
    }

    /// What every page of this person shows around its content.
    pub async fn frame(&self, console: &Shared, here: Here) -> Result<Frame> {
        let mut frame = Frame::of_visitor(console, &self.headers, &self.uri);
        frame.enter(self.person.clone(), here);
        if self.person.role.may(Act::ReadQueue) || self.person.role.may(Act::ReadSupport) {
            frame.counts = Some(console.app.store.queue_counts(now_ms()).await?);
        }
        Ok(frame)
    }

    /// Proof that this session was shown step `step` of what is withheld of a thing. Only the server can make it,
    /// because only the cookie holds the token; it ends with the session, and nobody else can use it.
    pub fn shown(&self, thing: &str, step: u8) -> String {
        let proof = sha256(&format!("{}\n{thing}\n{step}", self.token));
        format!("{step}-{}", &proof[..24])
    }

    /// The last step whose proof this is; 0 for none.
    pub fn shown_step(&self, thing: &str, proof: &str) -> u8 {
        [2, 1].into_iter().find(|step| self.shown(thing, *step) == proof).unwrap_or(0)
    }

    /// SHA-256 of the session's token.
    pub fn token_sha256(&self) -> String {
        sha256(&self.token)
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Shared) -> Result<Self> {
        let back = if parts.method == Method::GET { parts.uri.to_string() } else { "/".to_owned() };
        let Some(token) = cookie(&parts.headers, SESSION) else { return Err(Trouble::LogIn(back)) };
        let session = console.app.store.session(&sha256(&token), now_ms()).await?;
        let Some(session) = session else { return Err(Trouble::LogIn(back)) };
        Ok(Visitor {
            person: session.user.person(),
            since_ms: session.created_at_ms,
            token,
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
        })
    }
}

impl<R: Right> FromRequestParts<Shared> for Actor<R> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Shared) -> Result<Self> {
        let visitor = Visitor::from_request_parts(parts, console).await?;
        if !visitor.person.role.may(R::ACT) {
            return Err(Trouble::NoRight);
        }
        Ok(Actor { visitor, right: PhantomData })
    }
}

/// Name of the cookie that holds the session's token.
pub const SESSION: &str = "session";

/// A cookie's value.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// A `Set-Cookie` value that scripts cannot read and other sites cannot use.
pub fn set_cookie(name: &str, value: &str, max_age_s: i64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}")
}

/// A new random token of 256 bits, in hexadecimal.
pub fn new_token() -> Result<String> {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Trouble::ours(&error))?;
    Ok(hex(&bytes))
}

/// SHA-256 in hexadecimal.
pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
