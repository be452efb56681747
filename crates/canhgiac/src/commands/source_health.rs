//! `canhgiac source health`, `source warc`, `source stop` and `source resume`.

use std::io::Write;

use anyhow::{Context, Result};
use model::SourceState;
use store::{OPERATOR, Store};

use crate::crawling::COLLECTOR;

/// Says how a source stands and what to do; `false` while an alarm is open.
pub async fn health(store: &Store, id: &str, now_ms: i64) -> Result<bool> {
    let source = store.source(id).await.with_context(|| format!("no source {id}"))?;
    let health = store.source_health(id, now_ms).await?;
    let words = web::Language::Vi.words();
    let mut out = std::io::stdout().lock();
    let at = |at_ms: Option<i64>| at_ms.map_or("-".into(), crate::clock::rfc3339);
    writeln!(out, "{id}\t{}", source.state.title())?;
    let standing = web::standing(source.state, &health, store.is_crawling_stopped().await?);
    writeln!(out, "{}", words.of("standing", standing))?;
    writeln!(out, "đọc được lần cuối\t{}", at(health.last_success_at_ms))?;
    writeln!(out, "bài mới lần cuối\t{}", at(health.last_news_at_ms))?;
    writeln!(out, "lần tới\t{}", at(health.next_visit_at_ms))?;
    for host in &health.hosts {
        writeln!(out, "máy chủ\t{}\trobots.txt: {}", host.host, host.robots.as_deref().unwrap_or("-"))?;
    }
    let open: Vec<_> = health.alarms.iter().filter(|alarm| alarm.cleared_at_ms.is_none()).collect();
    for alarm in &open {
        let cause = alarm.trouble.cause.id();
        writeln!(out, "báo động\t{cause}\t{}\t{}", alarm.trouble.detail, alarm.trouble.url.as_deref().unwrap_or("-"))?;
        writeln!(out, "cần làm\t{}", words.of("advice", cause))?;
    }
    for page in &health.quarantine {
        writeln!(out, "giữ riêng\t{} bài\t{}\t{}", page.posts, page.url, page.problem)?;
    }
    Ok(open.is_empty() || source.state != SourceState::Enabled)
}

/// Writes everything that was fetched for a source as one WARC 1.1 file.
pub async fn warc(store: &Store, id: &str, now_ms: i64, out: &mut impl Write) -> Result<()> {
    store.source(id).await.with_context(|| format!("no source {id}"))?;
    evidence::warc::write_info(out, COLLECTOR, now_ms)?;
    let mut after: Option<String> = None;
    loop {
        let page = store.captures_of(id, after.as_deref(), 200).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for row in &page {
            let body = store.original(&row.sha256).await?;
            evidence::warc::write_capture(out, &row.capture, &row.id, &body)?;
        }
    }
    Ok(out.flush()?)
}

/// Stops or resumes all crawling, in every process on this store.
pub async fn stop(store: &Store, stop: bool, now_ms: i64) -> Result<()> {
    store.stop_crawling(OPERATOR, stop, now_ms).await?;
    let said = if stop { "đã dừng mọi thu thập" } else { "thu thập lại như cũ" };
    writeln!(std::io::stdout(), "{said}")?;
    Ok(())
}
