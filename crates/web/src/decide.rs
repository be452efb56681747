//! What a person does with an alert: decide, take back, reveal.

use axum::extract::{Path, State};
use axum::response::Redirect;
use model::Verdict;
use serde::Deserialize;
use store::NewDecision;

use crate::access::{Actor, may};
use crate::queue::{Asked, address, is_reason};
use crate::trouble::{Result, Sent, Trouble};
use crate::{Shared, now_ms};

#[derive(Deserialize)]
pub struct DecideForm {
    verdict: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    case: String,
    #[serde(default)]
    into: String,
    #[serde(default)]
    campaign: String,
    #[serde(default)]
    list: String,
}

fn filled(value: String) -> Option<String> {
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Decides and moves on to the unit that stood below in the same list.
pub async fn decide(
    State(console): State<Shared>,
    actor: Actor<may::Decide>,
    Path(alert): Path<String>,
    Sent(form): Sent<DecideForm>,
) -> Result<Redirect> {
    let verdict = match form.verdict.parse() {
        Ok(verdict @ (Verdict::Confirm | Verdict::Dismiss | Verdict::Merge | Verdict::Skip)) => verdict,
        _ => return Err(Trouble::BadForm),
    };
    let reason = match verdict {
        Verdict::Confirm | Verdict::Dismiss if is_reason(&form.reason) => form.reason,
        Verdict::Confirm | Verdict::Dismiss => return Err(Trouble::BadForm),
        Verdict::Merge => "same_matter".to_owned(),
        _ => String::new(),
    };
    let asked = Asked::from_list(&form.list);
    let next = below(&console, actor.id(), &asked, &alert).await?;
    let decision = NewDecision {
        alert_id: alert,
        verdict,
        reason,
        note: filled(form.note),
        case_id: filled(form.case),
        into: filled(form.into),
        whole_campaign: form.campaign == "1",
    };
    console.app.store.decide(actor.id(), &decision, now_ms()).await?;
    let path = next.map_or_else(|| "/queue".to_owned(), |next| format!("/queue/{next}"));
    Ok(Redirect::to(&address(&path, &asked.list())))
}

/// The unit below this one in the person's list.
async fn below(console: &Shared, person: &str, asked: &Asked, alert: &str) -> Result<Option<String>> {
    let rows = console.app.store.queue(&asked.filter(person), None, 200, now_ms()).await?.rows;
    let at = rows.iter().position(|row| row.id == alert);
    Ok(at.and_then(|at| rows.get(at + 1)).map(|row| row.id.clone()))
}

/// Takes a decision back and shows the unit again.
pub async fn undo(
    State(console): State<Shared>,
    actor: Actor<may::Decide>,
    Path(decision): Path<String>,
) -> Result<Redirect> {
    let last = console.app.store.last_undoable(actor.id(), now_ms()).await?;
    console.app.store.undo(actor.id(), &decision, now_ms()).await?;
    let alert = last.filter(|last| last.id == decision).map(|last| last.alert_id);
    let path = alert.map_or_else(|| "/queue".to_owned(), |alert| format!("/queue/{alert}"));
    Ok(Redirect::to(&path))
}

#[derive(Deserialize)]
pub struct RevealForm {
    step: u8,
    #[serde(default)]
    list: String,
}

/// Shows one more step of a withheld text to this session, and writes that down first.
pub async fn reveal(
    State(console): State<Shared>,
    actor: Actor<may::Reveal>,
    Path(alert): Path<String>,
    Sent(form): Sent<RevealForm>,
) -> Result<Redirect> {
    let step = form.step.clamp(1, 2);
    let detail = serde_json::json!({ "step": step });
    console.app.store.unit(&alert, now_ms()).await?;
    console.app.store.audit(actor.id(), "post.reveal", &alert, &detail, now_ms()).await?;
    let list = Asked::from_list(&form.list).list();
    let shown = format!("shown={}", actor.shown(&alert, step));
    let query = if list.is_empty() { shown } else { format!("{list}&{shown}") };
    Ok(Redirect::to(&address(&format!("/queue/{alert}"), &query)))
}
