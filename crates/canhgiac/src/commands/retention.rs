//! `canhgiac retention preview | apply | rules`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use store::{RetentionCount, Store};

use crate::commands::user::user_id;
use crate::config::Config;
use crate::keeping::Keeper;
use crate::opening::Opened;
use crate::progress::Progress;

/// Prints what each rule would do now.
pub async fn preview(store: &Store, now_ms: i64) -> Result<()> {
    print(&store.retention_preview(now_ms).await?)
}

fn print(counts: &[RetentionCount]) -> Result<()> {
    writeln!(std::io::stdout(), "due\theld\trule\ttitle")?;
    for RetentionCount { rule, due, held } in counts {
        writeln!(std::io::stdout(), "{due}\t{held}\t{}\t{}", rule.id, rule.title)?;
    }
    Ok(())
}

/// Proposes to do it.
pub async fn propose(store: &Store, actor: &str, reason: &str, now_ms: i64) -> Result<()> {
    let by = user_id(store, actor).await?;
    let id = store.propose_retention(&by, reason, now_ms).await?;
    print(&store.retention_preview(now_ms).await?)?;
    writeln!(
        std::io::stdout(),
        "proposed ({id}); another person approves it in the console, or with\n  \
         canhgiac retention apply --as USER --approve {id}"
    )?;
    Ok(())
}

/// Approves what another proposed, and does it.
pub async fn approve(opened: &Opened, actor: &str, proposal: &str, config: &Config, now_ms: i64) -> Result<()> {
    let by = user_id(&opened.store, actor).await?;
    opened.store.approve(&by, proposal, now_ms).await?;
    let mut progress = Progress::new("xóa", 0);
    let done = Keeper::new(opened, config).carry_out(now_ms, |erased| progress.at(erased)).await?;
    progress.end();
    writeln!(
        std::io::stdout(),
        "done: {} erased or made anonymous; originals: {} gone, {} blanked in part, {} wait for running work or a hold",
        done.erased,
        done.originals.removed,
        done.originals.blanked,
        done.originals.waiting
    )?;
    Ok(())
}

/// Prints the rules in force.
pub async fn rules(store: &Store) -> Result<()> {
    write!(std::io::stdout(), "{}", store.retention_text().await?)?;
    Ok(())
}

/// Puts other rules in force.
pub async fn set_rules(store: &Store, file: &Path, actor: Option<&str>, now_ms: i64) -> Result<()> {
    let Some(actor) = actor else { bail!("name who changes the rules with --as") };
    let by = user_id(store, actor).await?;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    store.set_retention_rules(&by, &text, now_ms).await?;
    writeln!(std::io::stdout(), "in force; nothing goes before a second person approves")?;
    Ok(())
}
