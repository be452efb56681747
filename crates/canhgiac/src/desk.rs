//! What the console's page of rules can do with the draft of this node: check it, try it on the past, keep it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use rules::{RuleFile, Ruleset};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::{Desk, Draft, Later, Trying};

use crate::opening::Opened;
use crate::{bundle, clock, in_force, previewing};

/// The desk over an opened data place.
pub fn desk(opened: &Arc<Opened>) -> Desk {
    let (show, trying) = watch::channel(Trying::Nothing);
    let running: Arc<Mutex<Option<JoinHandle<()>>>> = Arc::default();
    let (reader, keeper, previewer) = (opened.clone(), opened.clone(), opened.clone());
    Desk {
        draft: Arc::new(move || {
            let opened = reader.clone();
            told(async move { apart(move || checked(&opened.folder)).await })
        }),
        record: Arc::new(move |user| {
            let opened = keeper.clone();
            told(async move {
                let folder = opened.folder.clone();
                let (ruleset, files) = apart(move || compiled(&folder)).await?;
                in_force::record(&opened.store, &user, &ruleset, &files).await?;
                Ok(ruleset.id().to_owned())
            })
        }),
        preview: Arc::new(move |days| {
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(before) = running.take() {
                before.abort();
                show.send_replace(Trying::Nothing);
            }
            if days > 0 {
                show.send_replace(Trying::Running(0));
                *running = Some(tokio::spawn(run(previewer.clone(), days, show.clone())));
            }
        }),
        trying,
    }
}

async fn run(opened: Arc<Opened>, days: u32, show: watch::Sender<Trying>) {
    let outcome = async {
        let folder = opened.folder.clone();
        let (draft, _) = apart(move || compiled(&folder)).await?;
        let since_ms = clock::now_ms() - i64::from(days) * 86_400_000;
        previewing::preview(&opened.store, &opened.rules.current(), &Arc::new(draft), since_ms, |done, total| {
            show.send_replace(Trying::Running((done * 100).checked_div(total).unwrap_or(0)));
            true
        })
        .await
    }
    .await;
    show.send_replace(match outcome {
        Ok(Some(preview)) => Trying::Ended(days, Box::new(preview)),
        Ok(None) => Trying::Nothing,
        Err(error) => Trying::Failed(format!("{error:#}")),
    });
}

fn checked(folder: &Path) -> Result<Draft> {
    let files = bundle::of_data(folder)?;
    Ok(match Ruleset::compile(&files) {
        Ok(ruleset) => Draft { ruleset: Some(ruleset.id().to_owned()), problems: Vec::new() },
        Err(problems) => Draft { ruleset: None, problems: problems.iter().map(ToString::to_string).collect() },
    })
}

fn compiled(folder: &Path) -> Result<(Ruleset, Vec<RuleFile>)> {
    let files = bundle::of_data(folder)?;
    Ok((bundle::compile(&files)?, files))
}

/// Compiling takes a while; it is done away from the async threads.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

fn told<T>(work: impl Future<Output = Result<T>> + Send + 'static) -> Later<Result<T, String>> {
    Box::pin(async move { work.await.map_err(|error| format!("{error:#}")) })
}
