//! People: who works here, and proposals that take effect when a second person approves.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, Redirect};
use model::Role;
use serde::Deserialize;
use store::{Proposal, ProposalKind, Unit};

use crate::access::{Actor, may};
use crate::frame::{Choice, Frame, Here};
use crate::locale::Words;
use crate::show;
use crate::trouble::{Result, Sent, Trouble};
use crate::{Shared, now_ms, password};

struct UserLine {
    login: String,
    name: String,
    role: String,
    unit: String,
    state: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Frame,
    said: Option<String>,
    users: Vec<UserLine>,
    roles: Vec<Choice>,
    units: Vec<Unit>,
}

/// What a form that was sent came to.
#[derive(Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    pub said: String,
}

/// The sentence that answers a form.
pub fn said(words: &Words, said: &str) -> Option<String> {
    Some(format!("said_{said}")).filter(|key| words.has(key)).map(|key| words.t(&key).to_owned())
}

/// The list of people and the form that proposes a new one.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ProposePeople>,
    Query(asked): Query<Said>,
) -> Result<Html<String>> {
    let store = &console.app.store;
    let page = actor.frame(&console, Here::People).await?;
    let (words, now_ms, units) = (page.words(), now_ms(), store.units().await?);
    let line = |user: store::UserRow| UserLine {
        unit: user
            .unit_id
            .and_then(|id| units.iter().find(|unit| unit.id == id))
            .map_or_else(String::new, |it| it.name.clone()),
        state: match (user.disabled_at_ms, user.locked_until_ms) {
            (Some(_), _) => words.t("user_disabled").to_owned(),
            (None, Some(until)) if until > now_ms => words.t("user_locked").to_owned(),
            _ => words.t("user_works").to_owned(),
        },
        role: words.of("role", user.role.id()),
        login: user.login,
        name: user.name,
    };
    let roles =
        Role::ALL.iter().map(|role| Choice { id: role.id().into(), words: words.of("role", role.id()), here: false });
    let users = store.users().await?.into_iter().map(line).collect();
    let view = PeoplePage { said: said(words, &asked.said), users, roles: roles.collect(), units, page };
    Ok(Html(view.render()?))
}

#[derive(Deserialize)]
pub struct UserForm {
    login: String,
    name: String,
    role: String,
    #[serde(default)]
    unit: String,
    password: String,
    reason: String,
}

/// Shortest password that is taken, in characters.
const PASSWORD_CHARS: usize = 12;

/// Proposes a new user; another person must approve. The password is hashed here, so the proposal never holds it.
pub async fn propose(
    State(console): State<Shared>,
    actor: Actor<may::ProposePeople>,
    Sent(form): Sent<UserForm>,
) -> Result<Redirect> {
    let role: Role = form.role.parse().map_err(|_| Trouble::BadForm)?;
    if form.password.chars().count() < PASSWORD_CHARS {
        return Ok(Redirect::to("/people?said=short_password"));
    }
    let hash = password::hash_apart(&console.hashing, form.password).await.ok_or(Trouble::BadForm)?;
    let unit = Some(form.unit.trim()).filter(|unit| !unit.is_empty());
    let body = serde_json::json!({
        "login": form.login.trim().to_lowercase(),
        "name": form.name.trim(),
        "role": role.id(),
        "unit": unit,
        "password_hash": hash,
    });
    console.app.store.propose(actor.id(), ProposalKind::AddUser, &body, form.reason.trim(), now_ms()).await?;
    Ok(Redirect::to("/people?said=proposed"))
}

struct ProposalLine {
    id: String,
    words: String,
    reason: String,
    who: String,
    when: String,
    mine: bool,
}

#[derive(Template)]
#[template(path = "proposals.html")]
struct ProposalsPage {
    page: Frame,
    said: Option<String>,
    proposals: Vec<ProposalLine>,
}

/// Proposals that wait for a second person.
pub async fn proposals(
    State(console): State<Shared>,
    actor: Actor<may::Approve>,
    Query(asked): Query<Said>,
) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Proposals).await?;
    let words = page.words();
    let waiting = console.app.store.waiting_proposals().await?;
    let line = |proposal: Proposal| ProposalLine {
        words: in_words(words, &proposal),
        mine: proposal.proposed_by == actor.person.id,
        when: show::exact_time(proposal.proposed_at_ms),
        id: proposal.id,
        reason: proposal.reason,
        who: proposal.proposed_by_name,
    };
    let proposals = waiting.into_iter().map(line).collect();
    Ok(Html(ProposalsPage { said: said(words, &asked.said), proposals, page }.render()?))
}

/// What a proposal would do; of its particulars only those that are fit to be read.
fn in_words(words: &Words, proposal: &Proposal) -> String {
    let text = |key: &str| proposal.body.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    let what = words.of("proposal", proposal.kind.id());
    let particulars = match proposal.kind {
        ProposalKind::AddUser => format!("{} · {} · {}", text("login"), text("name"), words.of("role", text("role"))),
        ProposalKind::ChangeRole => words.of("role", text("role")),
        ProposalKind::PublishRules => {
            let days = proposal.body.get("days").and_then(serde_json::Value::as_i64).unwrap_or_default();
            format!("{} · {}", show::short_hash(text("ruleset")), words.with("reassess_days", days))
        }
        ProposalKind::Export => String::new(),
        ProposalKind::Erase => erasure_in_words(words, proposal),
    };
    if particulars.is_empty() { what } else { format!("{what}: {particulars}") }
}

/// How much of each rule would go, or which case; a post is not named here.
fn erasure_in_words(words: &Words, proposal: &Proposal) -> String {
    if let Some(case) = proposal.body.get("case").and_then(|case| case.as_str()) {
        return case.to_owned();
    }
    let counts = proposal.body.get("counts").and_then(|counts| counts.as_array());
    let Some(counts) = counts else { return words.t("proposal_erase_post").to_owned() };
    let line = |count: &serde_json::Value| {
        let due = count.get("due")?.as_i64().filter(|due| *due > 0)?;
        Some(format!("{} ({})", count.get("rule")?.as_str()?, show::number(words, due)))
    };
    counts.iter().filter_map(line).collect::<Vec<_>>().join(" · ")
}

/// Approves what another proposed.
pub async fn approve(
    State(console): State<Shared>,
    actor: Actor<may::Approve>,
    Path(proposal): Path<String>,
) -> Result<Redirect> {
    console.app.store.approve(actor.id(), &proposal, now_ms()).await?;
    Ok(Redirect::to("/proposals?said=approved"))
}

/// Declines, or withdraws an own proposal.
pub async fn decline(
    State(console): State<Shared>,
    actor: Actor<may::Approve>,
    Path(proposal): Path<String>,
) -> Result<Redirect> {
    console.app.store.decline(actor.id(), &proposal, now_ms()).await?;
    Ok(Redirect::to("/proposals?said=proposal_declined"))
}
