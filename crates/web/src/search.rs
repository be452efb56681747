//! Search: finds with and without marks, says how the query was read, highlights in the originals.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use index::{Order, Query as Parsed};
use model::Family;
use serde::Deserialize;
use store::PostRow;
use text::{Field, Span};

use crate::access::{Actor, may};
use crate::families;
use crate::frame::{Choice, Frame, Here};
use crate::locale::Words;
use crate::show;
use crate::trouble::{Result, Trouble};
use crate::{Shared, now_ms};

/// Hits on one page.
const HITS: usize = 30;

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    fold: String,
    #[serde(default)]
    order: String,
}

struct Part {
    text: String,
    hit: bool,
}

struct HitView {
    source: String,
    when: String,
    points: i64,
    families: Vec<String>,
    href: Option<String>,
    withheld: bool,
    title: Vec<Part>,
    text: Vec<Part>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    page: Frame,
    query: String,
    fold: bool,
    orders: Vec<Choice>,
    asked: bool,
    trouble: Option<String>,
    read_as: Option<String>,
    total: String,
    hits: Vec<HitView>,
    help: Vec<(&'static str, String)>,
}

/// The page. Every search is written down before a hit is shown: the length of the query, not its words, because
/// people search for contacts and those stay out of the chain.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::Search>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Search).await?;
    let words = page.words();
    let (query, fold) = (asked.q.trim().to_owned(), asked.fold == "1");
    let (name, order) = match asked.order.as_str() {
        "time" => ("time", Order::Time),
        "points" => ("points", Order::Points),
        _ => ("relevance", Order::Relevance),
    };
    let choice = |id: &str| Choice { id: id.to_owned(), words: words.of("order", id), here: id == name };
    let mut view = SearchPage {
        fold,
        orders: ["relevance", "time", "points"].map(choice).into(),
        asked: !query.is_empty(),
        trouble: None,
        read_as: None,
        total: String::new(),
        hits: Vec::new(),
        help: HELP.iter().map(|(written, key)| (*written, words.t(key).to_owned())).collect(),
        query,
        page,
    };
    if view.asked {
        match Parsed::parse(&view.query, fold) {
            Ok(parsed) => look(&console, &actor, &mut view, parsed, order).await?,
            Err(problem) => view.trouble = Some(problem.to_string()),
        }
    }
    Ok(Html(view.render()?))
}

async fn look(
    console: &Shared,
    actor: &Actor<may::Search>,
    view: &mut SearchPage,
    parsed: Parsed,
    order: Order,
) -> Result<()> {
    let (store, words) = (&console.app.store, view.page.words());
    let (index, asked) = (console.app.index.clone(), parsed.clone());
    let found = tokio::task::spawn_blocking(move || index.search(&asked, order, HITS)).await;
    let found = found.map_err(|error| Trouble::ours(&error))?.map_err(|error| Trouble::ours(&error))?;
    let detail = serde_json::json!({ "query_chars": view.query.chars().count(), "total": found.total });
    store.audit(actor.id(), "search", "", &detail, now_ms()).await?;
    let ids: Vec<String> = found.hits.into_iter().map(|hit| hit.post_id).collect();
    for post in store.posts_by_id(&ids).await? {
        let alert =
            store.alerts_of_post(&post.id, now_ms()).await?.into_iter().find(|it| it.queue == model::Queue::Alert);
        let href = alert.map(|alert| format!("/queue/{}", alert.id));
        view.hits.push(hit(words, &post, &parsed, href));
    }
    view.read_as = Some(parsed.words());
    view.total = show::number(words, i64::try_from(found.total).unwrap_or(i64::MAX));
    Ok(())
}

fn hit(words: &Words, post: &PostRow, parsed: &Parsed, href: Option<String>) -> HitView {
    let known: Vec<Family> = post.families.iter().filter_map(|id| id.parse().ok()).collect();
    let withheld = known.iter().any(|family| families::is_withheld(*family));
    let (mut title, mut text) = (Vec::new(), Vec::new());
    if !withheld {
        let reading = text::read(post.title.as_deref(), &post.text, post.posted_at_ms);
        let spans = parsed.spans(&reading);
        title = parts(post.title.as_deref().unwrap_or_default(), &spans, Field::Title);
        text = parts(&post.text, &spans, Field::Text);
    }
    HitView {
        source: format!("{} · {}", post.source, post.native_id),
        when: show::exact_time(post.posted_at_ms.unwrap_or(post.first_seen_at_ms)),
        points: post.points,
        families: known.iter().map(|family| words.of("family", family.id())).collect(),
        href,
        withheld,
        title,
        text,
    }
}

/// The text cut at the hits, which come in order and do not overlap.
fn parts(text: &str, spans: &[(Field, Span)], field: Field) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    for (_, span) in spans.iter().filter(|(of, _)| *of == field) {
        let range = span.range();
        let (Some(before), Some(hit)) = (text.get(at..range.start), text.get(range.clone())) else { continue };
        parts.push(Part { text: before.to_owned(), hit: false });
        parts.push(Part { text: hit.to_owned(), hit: true });
        at = range.end;
    }
    parts.push(Part { text: text.get(at..).unwrap_or_default().to_owned(), hit: false });
    parts.retain(|part| !part.text.is_empty());
    parts
}

/// What can be written, and the key of its explanation.
const HELP: &[(&str, &str)] = &[
    ("việc nhẹ", "help_words"),
    ("\"việc nhẹ lương cao\"", "help_phrase"),
    ("\"sang cam\"~3", "help_near"),
    ("viec nhe", "help_bare"),
    ("~việc", "help_any_marks"),
    ("=viec", "help_exact"),
    ("tuyen*", "help_prefix"),
    ("casino -du lịch", "help_without"),
    ("(lào HOẶC campuchia) VÀ xe", "help_logic"),
    ("phone:0901000123", "help_contact"),
    ("family:money_mule points:>80", "help_fields"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_hit_join_to_its_text() {
        let text = "việc nhẹ lương cao";
        let span = |start, end| (Field::Text, Span { start, end });
        let parts = parts(text, &[span(0, 6), span(7, 12), span(40, 50)], Field::Text);
        assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<String>(), text);
        assert_eq!(parts.iter().filter(|part| part.hit).count(), 2);
    }
}
