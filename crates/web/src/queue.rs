//! The queue: list, unit and reasons on one page.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use model::{Family, Queue};
use serde::Deserialize;
use store::{QueueFilter, QueueRow, WorkUnit};

use crate::access::{Actor, may};
use crate::families;
use crate::frame::{Choice, Frame, Here};
use crate::guard::encode;
use crate::locale::Words;
use crate::show;
use crate::trouble::{Result, Trouble};
use crate::unit::{Unit, view};
use crate::{Shared, now_ms};

/// Rows of one page of the list.
const ROWS: u32 = 40;

/// What the list shows; every link and form of the page carries it on.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// `free` (what nobody else holds, without what I skipped), `mine`, `all`.
    #[serde(default)]
    pub view: String,
    /// A family id, or nothing.
    #[serde(default)]
    pub family: String,
    /// Where the page of rows starts.
    #[serde(default)]
    pub after: String,
    /// Proof of the step to which withheld text was revealed.
    #[serde(default)]
    pub shown: String,
}

impl Asked {
    /// Reads the part that forms carry on, from a query string of our own making.
    pub fn from_list(list: &str) -> Asked {
        let mut asked = Asked::default();
        for (key, value) in list.split('&').filter_map(|pair| pair.split_once('=')) {
            let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            match key {
                "view" if plain => asked.view = value.to_owned(),
                "family" if plain => asked.family = value.to_owned(),
                _ => {}
            }
        }
        asked
    }

    fn view(&self) -> &str {
        match self.view.as_str() {
            "mine" => "mine",
            "all" => "all",
            _ => "free",
        }
    }

    fn family(&self) -> Option<Family> {
        self.family.parse().ok()
    }

    /// The query string that says the same.
    pub fn list(&self) -> String {
        let mut parts = Vec::new();
        if self.view() != "free" {
            parts.push(format!("view={}", self.view()));
        }
        parts.extend(self.family().map(|family| format!("family={family}")));
        parts.join("&")
    }

    /// The filter for a person.
    pub fn filter(&self, person: &str) -> QueueFilter {
        QueueFilter {
            claimed_by: (self.view() == "mine").then(|| person.to_owned()),
            free_for: (self.view() == "free").then(|| person.to_owned()),
            family: self.family(),
            ..QueueFilter::open(Queue::Alert)
        }
    }
}

/// `path?query`, or only the path where the query is empty.
pub fn address(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// One line of the list.
pub struct Row {
    pub id: String,
    pub href: String,
    pub here: bool,
    pub priority: u8,
    pub summary: String,
    pub due: String,
    pub due_exact: String,
    pub family: String,
    pub shape: &'static str,
    pub campaign: u32,
    pub withheld: bool,
    pub source: String,
    pub claimed_by: Option<String>,
}

impl Row {
    /// Builds the line of a row of the store.
    pub async fn of(console: &Shared, words: &'static Words, me: &str, row: &QueueRow, list: &str) -> Result<Row> {
        let now_ms = now_ms();
        let first = row.families.first().copied().unwrap_or(Family::Unclassified);
        let holder = row.claimed_by.as_deref().filter(|holder| *holder != me);
        let claimed_by = match holder {
            Some(holder) => Some(console.app.store.user(holder).await?.name),
            None => None,
        };
        Ok(Row {
            id: row.id.clone(),
            href: address(&format!("/queue/{}", row.id), list),
            here: false,
            priority: row.priority,
            summary: console.summaries.of_row(&console.app.store, words, row).await?,
            due: show::due(words, row.due_at_ms, now_ms),
            due_exact: words.with("due_at", show::exact_time(row.due_at_ms)),
            family: words.of("family", first.id()),
            shape: families::shape(first),
            campaign: row.campaign_items,
            withheld: row.families.iter().any(|family| families::is_withheld(*family)),
            source: row.source.clone(),
            claimed_by,
        })
    }
}

struct Tab {
    href: String,
    words: String,
    here: bool,
}

/// The line that offers to take the last decision back.
pub struct Undo {
    pub decision: String,
    pub words: String,
}

struct Shift {
    since: String,
    revealed: usize,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    page: Frame,
    shift: Shift,
    waiting: u64,
    tabs: Vec<Tab>,
    view: String,
    list: String,
    families: Vec<Choice>,
    rows: Vec<Row>,
    more: Option<String>,
    chosen: bool,
    unit: Option<Unit>,
    undo: Option<Undo>,
    confirm_reasons: Vec<Choice>,
    dismiss_reasons: Vec<Choice>,
    cases: Vec<Choice>,
    others: Vec<Choice>,
}

/// The list, with the most urgent free unit beside it.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadQueue>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    build(console, actor, asked, None).await
}

/// The list with one unit.
pub async fn page_of(
    State(console): State<Shared>,
    actor: Actor<may::ReadQueue>,
    Path(alert): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    build(console, actor, asked, Some(alert)).await
}

async fn build(
    console: Shared,
    actor: Actor<may::ReadQueue>,
    asked: Asked,
    alert: Option<String>,
) -> Result<Html<String>> {
    let (store, now_ms) = (&console.app.store, now_ms());
    let list = asked.list();
    let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
    let found = store.queue(&asked.filter(actor.id()), after, ROWS, now_ms).await?;
    let chosen = alert.is_some();
    let opened = match alert.or_else(|| found.rows.first().map(|row| row.id.clone())) {
        Some(id) => Some(open(&console, &actor, &id).await?),
        None => None,
    };
    let frame = actor.frame(&console, Here::Queue).await?;
    let words = frame.words();
    let mut rows = Vec::with_capacity(found.rows.len());
    for row in &found.rows {
        let mut row = Row::of(&console, words, actor.id(), row, &list).await?;
        row.here = opened.as_ref().is_some_and(|unit| unit.row.id == row.id);
        rows.push(row);
    }
    let (mut unit, mut cases, mut others) = (None, Vec::new(), Vec::new());
    if let Some(work) = &opened {
        let step = actor.shown_step(&work.row.id, &asked.shown);
        unit = Some(view(words, work, step, actor.id(), address("/queue", &list)));
        cases = open_cases(&console, work).await?;
        others = merge_into(&rows, work, words);
    }
    let tab = |view: &str, key: &str| {
        let there = Asked { view: view.to_owned(), family: asked.family.clone(), ..Asked::default() };
        Tab { href: address("/queue", &there.list()), words: words.t(key).to_owned(), here: asked.view() == view }
    };
    let page = QueuePage {
        shift: shift(&console, &actor, words).await?,
        waiting: frame.waiting(),
        tabs: vec![tab("free", "view_free"), tab("mine", "view_mine"), tab("all", "view_all")],
        view: asked.view().to_owned(),
        families: family_choices(words, asked.family()),
        more: found.next.map(|next| {
            let after = format!("after={}", encode(&next));
            let query = if list.is_empty() { after } else { format!("{list}&{after}") };
            address("/queue", &query)
        }),
        rows,
        chosen,
        unit,
        undo: undo(&console, &actor, words).await?,
        confirm_reasons: reasons(words, "confirm", CONFIRM_REASONS),
        dismiss_reasons: reasons(words, "dismiss", DISMISS_REASONS),
        cases,
        others,
        list,
        page: frame,
    };
    Ok(Html(page.render()?))
}

/// Opens a unit: claims it where it can be claimed, and writes down that it was read.
async fn open(console: &Shared, actor: &Actor<may::ReadQueue>, id: &str) -> Result<WorkUnit> {
    let (store, now_ms) = (&console.app.store, now_ms());
    match store.claim(actor.id(), id, now_ms).await {
        Ok(()) | Err(store::Error::Refused(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let work = store.unit(id, now_ms).await?;
    if work.row.queue != Queue::Alert {
        return Err(Trouble::Missing);
    }
    store.audit(actor.id(), "alert.read", id, &serde_json::json!({}), now_ms).await?;
    Ok(work)
}

async fn open_cases(console: &Shared, work: &WorkUnit) -> Result<Vec<Choice>> {
    let filter = store::CaseFilter { state: Some(model::CaseState::Open), ..store::CaseFilter::default() };
    let known: Vec<&str> = work.contacts.iter().flat_map(|contact| &contact.cases).map(|(id, _)| id.as_str()).collect();
    let cases = console.app.store.cases(&filter, None, 30).await?.rows;
    let choice = |case: store::CaseRow| Choice {
        here: known.contains(&case.id.as_str()),
        words: format!("{} · {}", case.number, case.title),
        id: case.id,
    };
    Ok(cases.into_iter().filter(|case| case.asking.is_none()).map(choice).collect())
}

/// What a unit may be merged into: its campaign first, then open units of the same family. One key each, so nine.
fn merge_into(rows: &[Row], work: &WorkUnit, words: &Words) -> Vec<Choice> {
    let first = work.row.families.first().copied().unwrap_or(Family::Unclassified);
    let family = words.of("family", first.id());
    let campaign = work.campaign.iter().filter(|row| row.queue == Queue::Alert).map(|row| Choice {
        id: row.id.clone(),
        words: words.with_two("merge_campaign", &row.source, show::exact_time(row.raised_at_ms)),
        here: false,
    });
    let same = rows.iter().filter(|row| !row.here && row.family == family).map(|row| Choice {
        id: row.id.clone(),
        words: format!("{} · {}", row.summary, row.source),
        here: false,
    });
    let mut choices: Vec<Choice> = Vec::new();
    for choice in campaign.chain(same) {
        if choice.id != work.row.id && choices.len() < 9 && choices.iter().all(|known| known.id != choice.id) {
            choices.push(choice);
        }
    }
    choices
}

async fn undo(console: &Shared, actor: &Actor<may::ReadQueue>, words: &Words) -> Result<Option<Undo>> {
    let last = console.app.store.last_undoable(actor.id(), now_ms()).await?;
    Ok(last.map(|decision| Undo { words: words.of("did", decision.verdict.id()), decision: decision.id }))
}

/// How long the person has worked and how many harmful texts they opened since the log-in.
async fn shift(console: &Shared, actor: &Actor<may::ReadQueue>, words: &Words) -> Result<Shift> {
    let filter = store::AuditFilter {
        actor: Some(actor.id().to_owned()),
        action: Some("post.reveal".to_owned()),
        from_ms: Some(actor.since_ms),
        ..store::AuditFilter::default()
    };
    let revealed = console.app.store.audit_rows(&filter, None, 200).await?.rows.len();
    let minutes = (now_ms() - actor.since_ms) / 60_000;
    Ok(Shift { since: words.with_two("shift_hours", minutes / 60, minutes % 60), revealed })
}

fn family_choices(words: &Words, chosen: Option<Family>) -> Vec<Choice> {
    let choice = |family: &Family| Choice {
        id: family.id().to_owned(),
        words: words.of("family", family.id()),
        here: chosen == Some(*family),
    };
    Family::ALL.iter().map(choice).collect()
}

/// Why something is confirmed; the digit of a reason is its place.
const CONFIRM_REASONS: &[&str] = &["clear_offer", "minor", "known_contact", "same_template", "danger_now", "other"];
/// Why something is dismissed.
const DISMISS_REASONS: &[&str] = &["honest_work", "news", "quote", "advice", "misread", "old", "other"];

fn reasons(words: &Words, verdict: &str, ids: &[&str]) -> Vec<Choice> {
    let choice =
        |id: &&str| Choice { id: (*id).to_owned(), words: words.of(&format!("reason_{verdict}"), id), here: false };
    ids.iter().map(choice).collect()
}

/// Whether a form names a reason that the page offers.
pub fn is_reason(id: &str) -> bool {
    CONFIRM_REASONS.contains(&id) || DISMISS_REASONS.contains(&id)
}
