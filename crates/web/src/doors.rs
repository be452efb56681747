//! What the console hands to the machine at its doors: things that people bring, and sources to be tried. The binary
//! gives the work; the pages only know its shape.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use intake::tip::{ContactKey, Picture};
use intake::trial::Line;
use model::{Method, Post};

/// Something that is done elsewhere. Its error is a sentence for the person, without anything of a post in it.
pub type Doing<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;

/// What a person brought: a pasted post or a tip.
#[derive(Clone, Debug)]
pub struct Brought {
    /// Pasted, or a tip.
    pub method: Method,
    /// Software, and the pseudonym of the person where one is known.
    pub collector: String,
    /// Who, for the audit chain.
    pub actor: String,
    /// The post as it was typed.
    pub post: Post,
    /// The picture beside it.
    pub picture: Option<(Vec<u8>, Picture)>,
}

/// What is to be tried.
#[derive(Clone, Debug)]
pub enum TrialOf {
    /// A link, for which a source file is to be found.
    Link(String),
    /// The text of a source file.
    File(String),
}

/// What a source would bring.
#[derive(Clone, Debug)]
pub struct SourceTrial {
    /// The text of the source file.
    pub toml: String,
    /// Why this file, where it was guessed.
    pub because: String,
    /// What keeps it from starting.
    pub barrier: Option<String>,
    /// Whether enough posts came whole.
    pub is_ready: bool,
    /// The first posts.
    pub posts: Vec<Line>,
    /// What was missing: address, sentence.
    pub problems: Vec<(String, String)>,
}

/// Keeps and records what a person brought.
pub type TakeIn = Arc<dyn Fn(Brought, i64) -> Doing<()> + Send + Sync>;
/// Tries a link or a source file.
pub type Try = Arc<dyn Fn(TrialOf) -> Doing<SourceTrial> + Send + Sync>;

/// The doors.
#[derive(Clone)]
pub struct Doors {
    /// Keeps and records what a person brought.
    pub take_in: TakeIn,
    /// Tries a link or a source file.
    pub trial: Try,
    /// Seals the contacts of tips.
    pub contacts: Arc<ContactKey>,
}
