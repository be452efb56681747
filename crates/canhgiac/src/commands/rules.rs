//! `canhgiac rules`: checking, trying on the past, publishing with a second person, taking back.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rules::{RuleFile, Ruleset};
use store::{ProposalKind, Store};

use super::user::user_id;
use crate::progress::Progress;
use crate::{bundle, in_force, opening, previewing};

/// Prints every problem; whether there is none.
pub fn check(folder: Option<&Path>) -> Result<bool> {
    let files = match folder {
        Some(folder) => bundle::read(folder)?,
        None => Ruleset::shipped_files(),
    };
    match Ruleset::compile(&files) {
        Ok(ruleset) => {
            writeln!(
                std::io::stdout(),
                "{} tệp, {} quy tắc, bộ {}",
                files.len(),
                ruleset.rules().count(),
                ruleset.id()
            )?;
            Ok(true)
        }
        Err(problems) => {
            for problem in &problems {
                writeln!(std::io::stdout(), "{problem}")?;
            }
            writeln!(std::io::stdout(), "{} lỗi", problems.len())?;
            Ok(false)
        }
    }
}

/// Days whose posts a preview reads and a publication assesses again, where nothing else is said.
pub const DAYS: u32 = 30;

/// A draft: its compiled rules and its files.
struct Draft {
    ruleset: Arc<Ruleset>,
    files: Vec<RuleFile>,
}

impl Draft {
    /// The rules folder that was named, or the copy in the data folder that people edit.
    fn read(named: Option<&Path>, data: &str) -> Result<Draft> {
        let files = match named {
            Some(folder) => bundle::read(folder)?,
            None => bundle::of_data(&opening::node_folder(data))?,
        };
        Ok(Draft { ruleset: Arc::new(bundle::compile(&files)?), files })
    }
}

/// Prints what a draft would have raised of the last days; changes nothing, also beside a running console.
pub async fn preview(
    store: &Store,
    data: &str,
    folder: Option<&Path>,
    days: u32,
    json: bool,
    now_ms: i64,
) -> Result<()> {
    let draft = Draft::read(folder, data)?.ruleset;
    let published = store.current_ruleset().await?.context("no ruleset is in force in this store yet")?;
    let files = store.ruleset_files(&published.id).await?;
    let files: Vec<RuleFile> = files.into_iter().map(|(path, bytes)| RuleFile { path, bytes }).collect();
    let in_force = Arc::new(bundle::compile(&files)?);
    let mut progress: Option<Progress> = None;
    let preview = previewing::preview(store, &in_force, &draft, since(days, now_ms), |done, total| {
        progress.get_or_insert_with(|| Progress::new("xem trước", total)).at(done);
        true
    })
    .await?
    .unwrap_or_default();
    if let Some(progress) = progress {
        progress.end();
    }
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&preview)?)?;
        return Ok(());
    }
    writeln!(out, "bản nháp {}", preview.ruleset)?;
    writeln!(out, "đang dùng {}", preview.in_force)?;
    writeln!(out, "{} bài trong {days} ngày", preview.posts)?;
    writeln!(out, "{:<40} {:>10} {:>10}", "", "đang dùng", "bản nháp")?;
    writeln!(out, "{:<40} {:>10} {:>10}", "cảnh báo", preview.alerts.before, preview.alerts.after)?;
    writeln!(out, "{:<40} {:>10} {:>10}", "chuyển hỗ trợ", preview.referrals.before, preview.referrals.after)?;
    for (family, both) in &preview.families {
        writeln!(out, "  {family:<38} {:>10} {:>10}", both.before, both.after)?;
    }
    writeln!(out, "thêm {} cảnh báo, bớt {}", preview.coming, preview.going)?;
    for (sign, changed) in preview
        .coming_first
        .iter()
        .map(|changed| ("+", changed))
        .chain(preview.going_first.iter().map(|changed| ("-", changed)))
    {
        writeln!(out, "{sign} {} {} {}", changed.source, changed.native_id, changed.families.join(","))?;
    }
    Ok(())
}

/// What is to be published, by whom and why.
pub struct Publication<'a> {
    /// Who proposes or approves: a log-in name.
    pub actor: &'a str,
    /// Days whose posts are assessed again.
    pub days: u32,
    /// Why.
    pub reason: &'a str,
}

/// Keeps a draft in the store and proposes to put it in force; another person approves.
pub async fn publish(
    store: &Store,
    data: &str,
    folder: Option<&Path>,
    wanted: &Publication<'_>,
    now_ms: i64,
) -> Result<()> {
    let draft = Draft::read(folder, data)?;
    let by = user_id(store, wanted.actor).await?;
    in_force::record(store, &by, &draft.ruleset, &draft.files).await?;
    propose(store, &by, draft.ruleset.id(), wanted, now_ms).await
}

/// Proposes to put a ruleset in force that was in force before: the one before this one, or the one named.
pub async fn roll_back(store: &Store, to: Option<&str>, wanted: &Publication<'_>, now_ms: i64) -> Result<()> {
    let by = user_id(store, wanted.actor).await?;
    let mut earlier: Vec<_> =
        store.rulesets().await?.into_iter().filter(|it| !it.current && it.published_at_ms.is_some()).collect();
    earlier.sort_by_key(|it| std::cmp::Reverse(it.published_at_ms));
    let found = earlier.into_iter().find(|it| to.is_none_or(|to| it.id.starts_with(to)));
    let Some(found) = found else {
        bail!("no other ruleset was ever in force here{}", to.map_or("", |_| " under that name"))
    };
    propose(store, &by, &found.id, wanted, now_ms).await
}

async fn propose(store: &Store, by: &str, ruleset: &str, wanted: &Publication<'_>, now_ms: i64) -> Result<()> {
    let body = serde_json::json!({ "ruleset": ruleset, "days": wanted.days });
    let id = store.propose(by, ProposalKind::PublishRules, &body, wanted.reason, now_ms).await?;
    writeln!(std::io::stdout(), "proposed {id}: ruleset {ruleset}")?;
    writeln!(
        std::io::stdout(),
        "another person approves it in the console under Chờ duyệt, or: canhgiac rules publish --approve {id} --as USER"
    )?;
    Ok(())
}

/// Approves what another person proposed: the rules are in force, and every running process takes them up.
pub async fn approve(store: &Store, proposal: &str, actor: &str, now_ms: i64) -> Result<()> {
    let by = user_id(store, actor).await?;
    let waiting = store.proposal(proposal).await?;
    if waiting.kind != ProposalKind::PublishRules {
        bail!("proposal {proposal} is not about rules");
    }
    store.approve(&by, proposal, now_ms).await?;
    let ruleset = waiting.body.get("ruleset").and_then(|id| id.as_str()).unwrap_or_default();
    writeln!(std::io::stdout(), "in force: {ruleset}")?;
    Ok(())
}

fn since(days: u32, now_ms: i64) -> i64 {
    now_ms - i64::from(days) * 86_400_000
}
