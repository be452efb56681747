//! Retention for administrators and leads: the rules with what they would do, erasure on request, legal holds.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;
use store::{Hold, RetentionAction, RetentionCount, RetentionRule};

use crate::access::{Actor, may};
use crate::frame::{Frame, Here};
use crate::locale::Words;
use crate::show;
use crate::trouble::{Result, Sent, Trouble};
use crate::{Shared, now_ms};

struct RuleLine {
    title: String,
    what: String,
    action: String,
    days: String,
    due: String,
    held: String,
}

impl RuleLine {
    fn of(words: &Words, rule: &RetentionRule, count: Option<&RetentionCount>) -> RuleLine {
        let number = |n: u64| show::number(words, i64::try_from(n).unwrap_or(i64::MAX));
        let action = match rule.action {
            RetentionAction::Erase => "erase",
            RetentionAction::Pseudonymise => "pseudonymise",
        };
        RuleLine {
            title: rule.title.clone(),
            what: words.of("retention_what", id_of(&rule.what)),
            action: words.of("retention_action", action),
            days: words.with("days", rule.after_days),
            due: count.map_or_else(String::new, |count| number(count.due)),
            held: count.map_or_else(String::new, |count| number(count.held)),
        }
    }
}

fn id_of(what: &store::RetentionWhat) -> &'static str {
    match what {
        store::RetentionWhat::Post => "post",
        store::RetentionWhat::Alert => "alert",
        store::RetentionWhat::Referral => "referral",
        store::RetentionWhat::Case => "case",
        store::RetentionWhat::Original => "original",
    }
}

/// A legal hold as pages show it; the case page has the same.
pub struct HoldLine {
    pub id: String,
    pub case: String,
    pub reason: String,
    pub set: String,
    pub lifted: Option<String>,
}

impl HoldLine {
    pub fn of(hold: &Hold) -> HoldLine {
        HoldLine {
            id: hold.id.clone(),
            case: hold.case_number.clone(),
            reason: hold.reason.clone(),
            set: format!("{} · {}", hold.set_by_name, show::exact_time(hold.set_at_ms)),
            lifted: hold.lifted_at_ms.map(|at_ms| {
                let by = hold.lifted_by_name.as_deref().unwrap_or_default();
                format!("{by} · {} · {}", show::exact_time(at_ms), hold.lift_reason.as_deref().unwrap_or_default())
            }),
        }
    }
}

#[derive(Template)]
#[template(path = "retention.html")]
struct RetentionPage {
    page: Frame,
    said: Option<String>,
    rules: Vec<RuleLine>,
    counted: bool,
    due: bool,
    running: usize,
    text: String,
    holds: Vec<HoldLine>,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    said: String,
    /// Counting reads every post, so it is done when it is asked for.
    #[serde(default)]
    count: String,
}

/// Rules, holds and requests. With `count=1` also what each rule would do now.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ProposeErasure>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let store = &console.app.store;
    let counted = asked.count == "1";
    let counts = if counted { store.retention_preview(now_ms()).await? } else { Vec::new() };
    let page = actor.frame(&console, Here::Retention).await?;
    let words = page.words();
    let rules = store.retention_rules().await?;
    let line = |rule: &RetentionRule| RuleLine::of(words, rule, counts.iter().find(|it| it.rule.id == rule.id));
    let view = RetentionPage {
        said: Some(format!("said_{}", asked.said)).filter(|key| words.has(key)).map(|key| words.t(&key).to_owned()),
        rules: rules.iter().map(line).collect(),
        counted,
        due: counts.iter().any(|count| count.due > 0),
        running: store.approved_erasures().await?.len(),
        text: store.retention_text().await?,
        holds: store.holds(None).await?.iter().map(HoldLine::of).collect(),
        page,
    };
    Ok(Html(view.render()?))
}

#[derive(Deserialize)]
pub struct ReasonForm {
    reason: String,
}

/// Proposes to carry the rules out; another person must approve.
pub async fn propose(
    State(console): State<Shared>,
    actor: Actor<may::ProposeErasure>,
    Sent(form): Sent<ReasonForm>,
) -> Result<Redirect> {
    console.app.store.propose_retention(actor.id(), form.reason.trim(), now_ms()).await?;
    Ok(Redirect::to("/retention?said=proposed"))
}

#[derive(Deserialize)]
pub struct RulesForm {
    text: String,
}

/// Puts other rules in force.
pub async fn set_rules(
    State(console): State<Shared>,
    actor: Actor<may::ProposeErasure>,
    Sent(form): Sent<RulesForm>,
) -> Result<Redirect> {
    let text = form.text.replace("\r\n", "\n");
    console.app.store.set_retention_rules(actor.id(), &text, now_ms()).await?;
    Ok(Redirect::to("/retention?said=retention_rules&count=1"))
}

#[derive(Deserialize)]
pub struct EraseForm {
    #[serde(default)]
    case: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    native_id: String,
    reason: String,
}

/// Proposes to erase one post, or a closed case, because somebody asked for it.
pub async fn erase(
    State(console): State<Shared>,
    actor: Actor<may::ProposeErasure>,
    Sent(form): Sent<EraseForm>,
) -> Result<Redirect> {
    let (store, reason) = (&console.app.store, form.reason.trim());
    match form.case.trim() {
        "" => {
            let post = store.post_by_native_id(form.source.trim(), form.native_id.trim()).await?;
            let post = post.ok_or(Trouble::Missing)?;
            store.propose_erasing_post(actor.id(), &post.id, reason, now_ms()).await?;
        }
        case => {
            store.propose_erasing_case(actor.id(), case, reason, now_ms()).await?;
        }
    }
    Ok(Redirect::to("/retention?said=proposed"))
}

#[derive(Deserialize)]
pub struct HoldForm {
    case: String,
    reason: String,
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
pub struct LiftForm {
    reason: String,
    #[serde(default)]
    back: String,
}

fn back(to: &str, said: &str) -> Redirect {
    let to = crate::guard::local(to);
    let to = if to == "/" { "/retention" } else { to };
    Redirect::to(&format!("{to}?said={said}"))
}

/// Sets a legal hold on a case.
pub async fn hold(
    State(console): State<Shared>,
    actor: Actor<may::Hold>,
    Sent(form): Sent<HoldForm>,
) -> Result<Redirect> {
    console.app.store.set_hold(actor.id(), form.case.trim(), &form.reason, now_ms()).await?;
    Ok(back(&form.back, "held"))
}

/// Lifts a legal hold.
pub async fn lift(
    State(console): State<Shared>,
    actor: Actor<may::Hold>,
    Path(hold): Path<String>,
    Sent(form): Sent<LiftForm>,
) -> Result<Redirect> {
    console.app.store.lift_hold(actor.id(), &hold, &form.reason, now_ms()).await?;
    Ok(back(&form.back, "lifted"))
}
