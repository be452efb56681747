//! The desk of whoever changes the rules: the draft, and what it would have raised of the last days, as the binary
//! provides them to the page of rules.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;

/// How many stood and how many would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BeforeAfter {
    /// By the rules in force.
    pub before: u64,
    /// By the draft.
    pub after: u64,
}

/// A post whose alert comes or goes. Its text stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Source with identity parameters.
    pub source: String,
    /// The id that the site gives it.
    pub native_id: String,
    /// Ids of its families: by the draft where its alert comes, by the rules in force where it goes.
    pub families: Vec<String>,
}

/// What a draft would have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The draft's id.
    pub ruleset: String,
    /// The id of the rules in force.
    pub in_force: String,
    /// Posts read.
    pub posts: u64,
    /// Posts with an alert.
    pub alerts: BeforeAfter,
    /// Posts with a referral.
    pub referrals: BeforeAfter,
    /// Posts with an alert, by id of the family.
    pub families: Vec<(String, BeforeAfter)>,
    /// Alerts that would come.
    pub coming: u64,
    /// Alerts that would go.
    pub going: u64,
    /// The first of those that would come.
    pub coming_first: Vec<Changed>,
    /// The first of those that would go.
    pub going_first: Vec<Changed>,
}

/// The draft as it lies in its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its id; none while it has problems.
    pub ruleset: Option<String>,
    /// What is wrong with it, one sentence each with file and line.
    pub problems: Vec<String>,
}

/// How far a preview is.
#[derive(Clone, Debug, Default)]
pub enum Trying {
    /// None was begun.
    #[default]
    Nothing,
    /// It reads: percent of the posts.
    Running(u64),
    /// It ended: days read and what it found.
    Ended(u32, Box<Preview>),
    /// It could not be done; the reason.
    Failed(String),
}

/// What comes later.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the binary does for the desk. Errors are shown as they are, so they hold no post text.
#[derive(Clone)]
pub struct Desk {
    /// Reads and checks the draft.
    pub draft: Arc<dyn Fn() -> Later<Result<Draft, String>> + Send + Sync>,
    /// Keeps the draft in the store under this user's name; the id of its ruleset.
    pub record: Arc<dyn Fn(String) -> Later<Result<String, String>> + Send + Sync>,
    /// Begins a preview over so many days, in place of one that runs; 0 only stops that one.
    pub preview: Arc<dyn Fn(u32) + Send + Sync>,
    /// How far it is.
    pub trying: watch::Receiver<Trying>,
}

impl Default for Desk {
    /// A console without a folder of rules.
    fn default() -> Self {
        let none = "bảng điều khiển này không có thư mục quy tắc";
        Desk {
            draft: Arc::new(move || Box::pin(async move { Err(none.to_owned()) })),
            record: Arc::new(move |_| Box::pin(async move { Err(none.to_owned()) })),
            preview: Arc::new(|_| {}),
            trying: watch::channel(Trying::Nothing).1,
        }
    }
}
