//! The rules in force: those that the store says are published, taken up by every process without a restart.

use std::sync::Arc;

use anyhow::{Context, Result};
use rules::{RuleFile, Ruleset};
use store::Store;
use tokio::sync::watch;

use crate::{bundle, clock};

/// The ruleset that this process assesses by.
pub struct InForce {
    store: Store,
    ruleset: watch::Sender<Arc<Ruleset>>,
}

impl InForce {
    /// The published ruleset. In a new store `first` is published, as it is the only one there.
    pub async fn open(store: &Store, first: &[RuleFile]) -> Result<InForce> {
        let ruleset = match store.current_ruleset().await? {
            Some(published) => published_ruleset(store, &published.id).await?,
            None => {
                let ruleset = bundle::compile(first)?;
                record(store, "setup", &ruleset, first).await?;
                store.publish_first_ruleset(ruleset.id(), clock::now_ms()).await?;
                ruleset
            }
        };
        Ok(InForce { store: store.clone(), ruleset: watch::Sender::new(Arc::new(ruleset)) })
    }

    /// What is in force now.
    pub fn current(&self) -> Arc<Ruleset> {
        self.ruleset.borrow().clone()
    }

    /// Tells when another one is in force.
    pub fn watch(&self) -> watch::Receiver<Arc<Ruleset>> {
        self.ruleset.subscribe()
    }

    /// Takes up a ruleset that was published meanwhile, here or by another process.
    pub async fn refresh(&self) -> Result<()> {
        let Some(published) = self.store.current_ruleset().await? else { return Ok(()) };
        if published.id != self.current().id() {
            let ruleset = published_ruleset(&self.store, &published.id).await?;
            tracing::info!(ruleset = ruleset.id(), "another ruleset is in force");
            self.ruleset.send_replace(Arc::new(ruleset));
        }
        Ok(())
    }
}

async fn published_ruleset(store: &Store, id: &str) -> Result<Ruleset> {
    let files = store.ruleset_files(id).await?;
    let files: Vec<RuleFile> = files.into_iter().map(|(path, bytes)| RuleFile { path, bytes }).collect();
    tokio::task::spawn_blocking(move || bundle::compile(&files))
        .await?
        .with_context(|| format!("the published ruleset {id} cannot be used by this version of the program"))
}

/// Keeps a ruleset with its files in the store: every assessment names its ruleset, and the name must stand for
/// something.
pub async fn record(store: &Store, by: &str, ruleset: &Ruleset, files: &[RuleFile]) -> Result<()> {
    let files: Vec<(String, Vec<u8>)> = files.iter().map(|file| (file.path.clone(), file.bytes.clone())).collect();
    store.record_ruleset(by, ruleset.id(), &files, clock::now_ms()).await?;
    Ok(())
}
