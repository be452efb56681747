//! Cases: the list, one case with its timeline, and the way out with two signatures.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, Redirect};
use model::{Act, CaseState};
use serde::Deserialize;
use store::{CaseEvent, CaseFile, CaseFilter, CaseRow, Unit};

use crate::access::{Actor, Visitor, may};
use crate::frame::{Frame, Here};
use crate::locale::Words;
use crate::retention::HoldLine;
use crate::show;
use crate::trouble::{Result, Sent};
use crate::unit::When;
use crate::{Shared, now_ms};

struct CaseLine {
    id: String,
    number: String,
    title: String,
    state: String,
    waits: bool,
    priority: u8,
    alerts: u32,
    when: When,
}

impl CaseLine {
    fn of(words: &Words, case: &CaseRow, now_ms: i64) -> CaseLine {
        let waits = case.state == CaseState::Open && case.asking.is_some();
        let state = match (case.state, waits, case.returned) {
            (_, true, _) => words.t("state_to_sign").to_owned(),
            (CaseState::Open, _, true) => words.t("state_returned").to_owned(),
            (state, _, _) => words.of("case_state", state.id()),
        };
        CaseLine {
            id: case.id.clone(),
            number: case.number.clone(),
            title: case.title.clone(),
            state,
            waits: waits || case.returned,
            priority: case.priority,
            alerts: case.alerts,
            when: When::of(words, case.updated_at_ms, now_ms),
        }
    }
}

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage {
    page: Frame,
    cases: Vec<CaseLine>,
    more: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    after: String,
}

/// The list, last changed first.
pub async fn list(
    State(console): State<Shared>,
    actor: Actor<may::ReadCase>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
    let found = console.app.store.cases(&CaseFilter::default(), after, 50).await?;
    let page = actor.frame(&console, Here::Cases).await?;
    let cases = found.rows.iter().map(|case| CaseLine::of(page.words(), case, now_ms())).collect();
    let more = found.next.map(|next| format!("/cases?after={}", crate::guard::encode(&next)));
    Ok(Html(CasesPage { page, cases, more }.render()?))
}

struct ContactLine {
    value: String,
    kind: String,
    posts: u64,
}

struct AlertLine {
    id: String,
    summary: String,
    source: String,
    posted: String,
    points: i64,
}

/// One thing that happened.
pub struct EventLine {
    pub when: When,
    pub what: String,
    pub who: String,
    pub note: String,
}

struct Step {
    words: String,
    who: String,
    done: bool,
}

struct AskingView {
    unit: String,
    reason: String,
    who: String,
    mine: bool,
}

struct PacketLine {
    number: String,
    when: String,
    unit: String,
    sums: String,
    state: String,
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    page: Frame,
    case: CaseLine,
    said: Option<String>,
    contacts: Vec<ContactLine>,
    at_risk: Vec<ContactLine>,
    places: Vec<String>,
    alerts: Vec<AlertLine>,
    events: Vec<EventLine>,
    steps: Vec<Step>,
    units: Vec<Unit>,
    asking: Option<AskingView>,
    packets: Vec<PacketLine>,
    holds: Vec<HoldLine>,
    held: bool,
    may_hold: bool,
    may_work: bool,
    may_ask: bool,
    may_sign: bool,
    may_seal: bool,
    may_close: bool,
}

#[derive(Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    said: String,
}

/// One case. Reading it is written down before anything is shown.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadCase>,
    Path(id): Path<String>,
    Query(Said { said }): Query<Said>,
) -> Result<Html<String>> {
    let (store, now_ms) = (&console.app.store, now_ms());
    let file = store.case(&id, now_ms).await?;
    store.audit(actor.id(), "case.read", &file.row.id, &serde_json::json!({}), now_ms).await?;
    let page = actor.frame(&console, Here::Cases).await?;
    let words = page.words();
    let mut alerts = Vec::with_capacity(file.alerts.len());
    for row in &file.alerts {
        alerts.push(AlertLine {
            id: row.id.clone(),
            summary: console.summaries.of_row(store, words, row).await?,
            source: row.source.clone(),
            posted: row.posted_at_ms.map_or_else(String::new, show::exact_time),
            points: row.points,
        });
    }
    let holds: Vec<HoldLine> = store.holds(Some(&file.row.id)).await?.iter().map(HoldLine::of).collect();
    let role = actor.person.role;
    let open = file.row.state == CaseState::Open;
    let asked = file.row.asking.as_ref();
    let mine = asked.is_some_and(|asking| asking.asked_by == actor.person.id);
    let signed = file.standing.signed_by.is_some();
    let may_close = role.may(Act::WorkCase) && (file.row.state == CaseState::Acknowledged || (open && asked.is_none()));
    let page = CasePage {
        said: Some(format!("said_{said}")).filter(|key| words.has(key)).map(|key| words.t(&key).to_owned()),
        contacts: contacts(words, &file, false),
        at_risk: contacts(words, &file, true),
        places: places(words, &file),
        alerts,
        events: file.timeline.iter().map(|event| event_line(words, event, now_ms)).collect(),
        steps: steps(words, &file),
        units: store.units().await?,
        asking: asked.filter(|_| open).map(|asking| AskingView {
            unit: asking.unit_name.clone(),
            reason: asking.reason.clone(),
            who: format!("{} · {}", asking.asked_by_name, show::exact_time(asking.asked_at_ms)),
            mine,
        }),
        packets: packets(words, &file),
        held: holds.iter().any(|hold| hold.lifted.is_none()),
        holds,
        may_hold: role.may(Act::Hold),
        may_work: role.may(Act::WorkCase) && file.row.state != CaseState::Closed,
        may_ask: role.may(Act::AskEscalation) && open && asked.is_none() && file.standing.alerts > 0,
        may_sign: role.may(Act::SignEscalation) && open && asked.is_some() && !mine,
        may_seal: role.may(Act::SignEscalation) && signed && !file.standing.sealed,
        may_close,
        case: CaseLine::of(words, &file.row, now_ms),
        page,
    };
    Ok(Html(page.render()?))
}

/// Contacts of a case; those that only people at risk carry stand apart, never among reported accounts.
fn contacts(words: &Words, file: &CaseFile, at_risk: bool) -> Vec<ContactLine> {
    let line = |contact: &store::ContactHistory| ContactLine {
        value: match contact.value.starts_with("+84") {
            true => show::phone(&contact.value),
            false => contact.value.clone(),
        },
        kind: words.of("fact", &contact.kind),
        posts: contact.posts,
    };
    file.contacts.iter().filter(|contact| contact.only_at_risk == at_risk).map(line).collect()
}

fn places(words: &Words, file: &CaseFile) -> Vec<String> {
    let mut places: Vec<String> = file.places.iter().map(|fact| show::fact(words, fact)).collect();
    places.sort();
    places.dedup();
    places
}

/// One event in words; its particulars as the store keeps them.
pub fn event_line(words: &Words, event: &CaseEvent, now_ms: i64) -> EventLine {
    EventLine {
        when: When::of(words, event.at_ms, now_ms),
        what: words.of("event", &event.event),
        who: event.by_name.clone(),
        note: words.of("reason_confirm", &event.detail),
    }
}

fn steps(words: &Words, file: &CaseFile) -> Vec<Step> {
    let asking = file.row.asking.as_ref();
    let sealed = file.packets.first().filter(|_| file.standing.sealed);
    let step = |key: &str, done: bool, who: String| Step { words: words.t(key).to_owned(), who, done };
    let asked = asking.map(|it| format!("{} · {}", it.asked_by_name, show::exact_time(it.asked_at_ms)));
    let signed =
        asking.and_then(|it| Some(format!("{} · {}", it.signed_by_name.as_ref()?, show::exact_time(it.signed_at_ms?))));
    let receipt = sealed.and_then(|packet| packet.receipt_at_ms);
    vec![
        step("step_alerts", file.standing.alerts > 0, words.with("alerts_in_case", file.standing.alerts)),
        step("step_asked", asked.is_some(), asked.unwrap_or_default()),
        step("step_signed", signed.is_some(), signed.unwrap_or_default()),
        step("step_sealed", sealed.is_some(), sealed.map_or_else(String::new, |it| it.id.clone())),
        step("step_receipt", receipt.is_some(), receipt.map_or_else(String::new, show::exact_time)),
    ]
}

fn packets(words: &Words, file: &CaseFile) -> Vec<PacketLine> {
    let line = |packet: &store::PacketRow| PacketLine {
        number: packet.id.clone(),
        when: show::exact_time(packet.sealed_at_ms),
        unit: packet.unit_name.clone(),
        sums: packet.sums_sha256.clone(),
        state: crate::packets::state(words, packet),
    };
    file.packets.iter().map(line).collect()
}

#[derive(Deserialize)]
pub struct NoteForm {
    text: String,
}

#[derive(Deserialize)]
pub struct AskForm {
    unit: String,
    reason: String,
}

#[derive(Deserialize)]
pub struct ReasonForm {
    #[serde(default)]
    reason: String,
}

fn back(case: &str, said: &str) -> Redirect {
    Redirect::to(&format!("/cases/{case}?said={said}"))
}

/// Writes a note.
pub async fn note(
    State(console): State<Shared>,
    actor: Actor<may::WorkCase>,
    Path(case): Path<String>,
    Sent(form): Sent<NoteForm>,
) -> Result<Redirect> {
    console.app.store.note(actor.id(), &case, form.text.trim(), now_ms()).await?;
    Ok(back(&case, "noted"))
}

/// First signature: asks to escalate.
pub async fn ask(
    State(console): State<Shared>,
    actor: Actor<may::AskEscalation>,
    Path(case): Path<String>,
    Sent(form): Sent<AskForm>,
) -> Result<Redirect> {
    console.app.store.ask_escalation(actor.id(), &case, &form.unit, form.reason.trim(), now_ms()).await?;
    Ok(back(&case, "asked"))
}

/// Second signature; the packet is sealed at once. Where that fails, the case stays signed and can be sealed again.
pub async fn sign(
    State(console): State<Shared>,
    actor: Actor<may::SignEscalation>,
    Path(case): Path<String>,
) -> Result<Redirect> {
    console.app.store.sign_escalation(actor.id(), &case, now_ms()).await?;
    seal_now(&console, &actor, &case).await
}

/// Seals the packet of a case that two people signed.
pub async fn seal(
    State(console): State<Shared>,
    actor: Actor<may::SignEscalation>,
    Path(case): Path<String>,
) -> Result<Redirect> {
    seal_now(&console, &actor, &case).await
}

async fn seal_now(console: &Shared, actor: &Visitor, case: &str) -> Result<Redirect> {
    let Err(problem) = (console.app.seal)(case.to_owned(), now_ms()).await else { return Ok(back(case, "sealed")) };
    // A worker that seals what was left signed may have been faster.
    if console.app.store.case(case, now_ms()).await?.standing.sealed {
        return Ok(back(case, "sealed"));
    }
    tracing::error!(case, problem, by = actor.id(), "a packet could not be sealed");
    Ok(back(case, "seal_failed"))
}

/// Says no to an escalation.
pub async fn decline(
    State(console): State<Shared>,
    actor: Actor<may::SignEscalation>,
    Path(case): Path<String>,
    Sent(form): Sent<ReasonForm>,
) -> Result<Redirect> {
    console.app.store.decline_escalation(actor.id(), &case, form.reason.trim(), now_ms()).await?;
    Ok(back(&case, "declined"))
}

/// Closes a case.
pub async fn close(
    State(console): State<Shared>,
    actor: Actor<may::WorkCase>,
    Path(case): Path<String>,
    Sent(form): Sent<ReasonForm>,
) -> Result<Redirect> {
    console.app.store.close_case(actor.id(), &case, form.reason.trim(), now_ms()).await?;
    Ok(back(&case, "closed"))
}
