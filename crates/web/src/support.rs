//! The support queue: people at risk or asking for help, apart from suspects, with 111 and 113 at hand.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, Redirect};
use model::{Act, Queue, Stance, Verdict};
use serde::Deserialize;
use store::{NewDecision, QueueFilter, QueueRow, WorkUnit};
use text::FactKind;

use crate::access::{Actor, may};
use crate::families;
use crate::frame::{Frame, Here};
use crate::locale::Words;
use crate::show;
use crate::trouble::{Result, Sent, Trouble};
use crate::{Shared, now_ms};

/// People on one page.
const PEOPLE: u32 = 25;

struct PersonView {
    id: String,
    source: String,
    when: String,
    due: String,
    url: Option<String>,
    kind: String,
    priority: u8,
    urgency: Vec<String>,
    family: Option<String>,
    withheld: bool,
    title: Option<String>,
    text: String,
    contacts: String,
}

#[derive(Template)]
#[template(path = "support.html")]
struct SupportPage {
    page: Frame,
    said: Option<String>,
    people: Vec<PersonView>,
    may_decide: bool,
    more: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    after: String,
    #[serde(default)]
    said: String,
    /// The referral whose withheld text was revealed, and the proof.
    #[serde(default)]
    id: String,
    #[serde(default)]
    shown: String,
}

/// The queue, a page at a time. Reading it is written down.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadSupport>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let (store, now_ms) = (&console.app.store, now_ms());
    let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
    let found = store.queue(&QueueFilter::open(Queue::Referral), after, PEOPLE, now_ms).await?;
    let detail = serde_json::json!({ "rows": found.rows.len() });
    store.audit(actor.id(), "referral.read", "", &detail, now_ms).await?;
    let page = actor.frame(&console, Here::Support).await?;
    let mut people = Vec::with_capacity(found.rows.len());
    for row in &found.rows {
        let step = if asked.id == row.id { actor.shown_step(&row.id, &asked.shown) } else { 0 };
        let work = store.unit(&row.id, now_ms).await?;
        people.push(person(page.words(), row, &work, step, now_ms));
    }
    let said = asked.said.parse::<Verdict>().ok().map(|verdict| page.of("did", verdict.id()));
    let may_decide = actor.person.role.may(Act::HandOver);
    let more = found.next.map(|next| format!("/support?after={}", crate::guard::encode(&next)));
    Ok(Html(SupportPage { page, said, people, may_decide, more }.render()?))
}

fn person(words: &Words, row: &QueueRow, work: &WorkUnit, step: u8, now_ms: i64) -> PersonView {
    let withheld = step == 0 && row.families.iter().any(|family| families::is_withheld(*family));
    let reach = |kind| matches!(kind, FactKind::Phone | FactKind::Zalo | FactKind::Telegram | FactKind::Facebook);
    let mut contacts: Vec<String> =
        work.facts.iter().filter(|fact| reach(fact.kind)).map(|fact| show::fact(words, fact)).collect();
    contacts.dedup();
    let at = row.posted_at_ms.unwrap_or(row.raised_at_ms);
    PersonView {
        id: row.id.clone(),
        source: format!("{} · {}", row.source, row.native_id),
        when: show::exact_time(at),
        due: show::due(words, row.due_at_ms, now_ms),
        url: work.post.url.clone(),
        kind: words.of("stance", row.stance.id()),
        priority: row.priority,
        urgency: work.assessment.iter().flat_map(|it| &it.urgency).map(|reason| reason.title.clone()).collect(),
        family: row.families.first().filter(|_| row.stance == Stance::SelfOffer).map(|it| words.of("family", it.id())),
        withheld,
        title: work.post.title.clone().filter(|_| !withheld),
        text: if withheld { String::new() } else { work.post.text.clone() },
        contacts: contacts.join(" · "),
    }
}

#[derive(Deserialize)]
pub struct DecideForm {
    verdict: String,
    #[serde(default)]
    note: String,
}

/// Hands a person over to those who help, or closes the referral.
pub async fn decide(
    State(console): State<Shared>,
    actor: Actor<may::HandOver>,
    Path(referral): Path<String>,
    Sent(form): Sent<DecideForm>,
) -> Result<Redirect> {
    let (verdict, reason) = match form.verdict.parse() {
        Ok(Verdict::HandOver) => (Verdict::HandOver, "handed_over"),
        Ok(Verdict::Close) => (Verdict::Close, "closed"),
        _ => return Err(Trouble::BadForm),
    };
    let note = form.note.trim();
    let decision = NewDecision {
        alert_id: referral,
        verdict,
        reason: reason.to_owned(),
        note: (!note.is_empty()).then(|| note.to_owned()),
        case_id: None,
        into: None,
        whole_campaign: false,
    };
    console.app.store.decide(actor.id(), &decision, now_ms()).await?;
    Ok(Redirect::to(&format!("/support?said={}", verdict.id())))
}

/// Shows a withheld text to this session, and writes that down first.
pub async fn reveal(
    State(console): State<Shared>,
    actor: Actor<may::Reveal>,
    Path(referral): Path<String>,
) -> Result<Redirect> {
    let store = &console.app.store;
    store.unit(&referral, now_ms()).await?;
    store.audit(actor.id(), "post.reveal", &referral, &serde_json::json!({ "step": 2 }), now_ms()).await?;
    let shown = actor.shown(&referral, 2);
    Ok(Redirect::to(&format!("/support?id={referral}&shown={shown}#r-{referral}")))
}
