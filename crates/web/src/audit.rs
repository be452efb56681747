//! The audit chain for auditors: who saw, searched, changed and exported what, and whether anything was removed.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;
use store::{AuditFilter, AuditVerdict};

use crate::access::{Actor, may};
use crate::frame::{Frame, Here};
use crate::guard::encode;
use crate::locale::Words;
use crate::show;
use crate::trouble::Result;
use crate::{Shared, now_ms};

struct Row {
    seq: i64,
    when: String,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    hash: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Frame,
    verdict: Option<String>,
    broken: bool,
    actor: String,
    action: String,
    rows: Vec<Row>,
    older: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    actor: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    verify: String,
}

/// The chain, newest first; with `verify=1` it is walked whole. Reading it is itself written down.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadAudit>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let store = &console.app.store;
    let names: BTreeMap<String, String> = store.users().await?.into_iter().map(|user| (user.id, user.name)).collect();
    let who = asked.actor.trim();
    let by_name = names.iter().find(|(_, name)| name.to_lowercase() == who.to_lowercase()).map(|(id, _)| id.clone());
    let filter = AuditFilter {
        actor: Some(by_name.unwrap_or_else(|| who.to_owned())).filter(|who| !who.is_empty()),
        action: Some(asked.action.trim().to_owned()).filter(|action| !action.is_empty()),
        ..AuditFilter::default()
    };
    let detail = serde_json::json!({ "action": filter.action, "actor": filter.actor });
    store.audit(actor.id(), "audit.read", "", &detail, now_ms()).await?;
    let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
    let found = store.audit_rows(&filter, after, 100).await?;
    let page = actor.frame(&console, Here::Audit).await?;
    let words = page.words();
    let walked = if asked.verify == "1" { Some(store.audit_verify().await?) } else { None };
    let row = |row: &store::AuditRow| Row {
        seq: row.seq,
        when: show::exact_seconds(row.at_ms),
        actor: names.get(&row.actor).cloned().unwrap_or_else(|| row.actor.clone()),
        action: row.action.clone(),
        subject: row.subject.clone(),
        detail: if row.detail == "{}" { String::new() } else { row.detail.clone() },
        hash: show::short_hash(&row.hash),
    };
    let view = AuditPage {
        broken: walked.as_ref().is_some_and(|verdict| !matches!(verdict, AuditVerdict::Whole { .. })),
        verdict: walked.map(|verdict| verdict_words(words, &verdict)),
        rows: found.rows.iter().map(row).collect(),
        older: found.next.map(|next| {
            format!("/audit?actor={}&action={}&after={}", encode(who), encode(asked.action.trim()), encode(&next))
        }),
        actor: who.to_owned(),
        action: asked.action.trim().to_owned(),
        page,
    };
    Ok(Html(view.render()?))
}

fn verdict_words(words: &Words, verdict: &AuditVerdict) -> String {
    match verdict {
        AuditVerdict::Whole { rows, head } => {
            let rows = show::number(words, i64::try_from(*rows).unwrap_or(i64::MAX));
            words.with_two("audit_whole", rows, show::short_hash(head))
        }
        AuditVerdict::Altered { seq } => words.with("audit_altered", seq),
        AuditVerdict::Missing { seq } => words.with("audit_missing", seq),
        AuditVerdict::Rewritten { after, upto } => words.with_two("audit_rewritten", after, upto),
        AuditVerdict::Reordered { seq } => words.with("audit_reordered", seq),
    }
}
