//! Why nothing came: one page a source, with what is wrong, since when, and what to do.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, Redirect};
use model::SourceState;
use serde::Deserialize;
use store::{AlarmRow, SourceHealth, YieldRow};

use crate::access::{Actor, may};
use crate::frame::{Frame, Here};
use crate::guard::encode;
use crate::locale::Words;
use crate::show;
use crate::trouble::Result;
use crate::{Shared, now_ms};

/// How a source stands, as the id of a sentence: a cause with an open alarm, else its state.
pub fn standing(state: SourceState, health: &SourceHealth, is_stopped: bool) -> &'static str {
    let open = health.alarms.iter().find(|alarm| alarm.cleared_at_ms.is_none());
    match state {
        SourceState::Enabled if is_stopped => "stopped",
        SourceState::Enabled => match open {
            Some(_) => "alarm",
            None if health.last_success_at_ms.is_none() => "unvisited",
            None => "well",
        },
        other => other.id(),
    }
}

struct Alarm {
    title: String,
    advice: String,
    detail: String,
    url: Option<String>,
    since: String,
    until: Option<String>,
    times: String,
}

struct Day {
    label: String,
    news: String,
    posts: String,
    requests: String,
    refused: String,
    troubled: String,
    /// Height of its bar, in percent of the best day.
    height: u64,
}

struct Line {
    name: String,
    what: String,
    when: String,
}

#[derive(Template)]
#[template(path = "source_health.html")]
struct HealthPage {
    page: Frame,
    id: String,
    state: String,
    is_well: bool,
    standing: String,
    figures: Vec<(String, String)>,
    open: Vec<Alarm>,
    past: Vec<Alarm>,
    days: Vec<Day>,
    hosts: Vec<Line>,
    quarantine: Vec<Line>,
    troubled: Vec<Line>,
}

/// Which source is asked about.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    id: String,
}

/// The page of one source.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadSources>,
    Query(Asked { id }): Query<Asked>,
) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Sources).await?;
    let (words, now_ms, store) = (page.words(), now_ms(), &console.app.store);
    let source = store.source(&id).await?;
    let health = store.source_health(&id, now_ms).await?;
    let standing = standing(source.state, &health, store.is_crawling_stopped().await?);
    let ago = |at: Option<i64>| at.map_or_else(|| words.t("never").to_owned(), |at| show::ago(words, at, now_ms));
    let next = health.next_visit_at_ms.map_or_else(|| words.t("none_planned").to_owned(), show::exact_time);
    let figures = vec![
        (words.t("last_success").to_owned(), ago(health.last_success_at_ms)),
        (words.t("last_news").to_owned(), ago(health.last_news_at_ms)),
        (words.t("next_visit").to_owned(), next),
        (words.t("addresses_waiting").to_owned(), number(words, health.waiting)),
    ];
    let alarms = |is_open: bool| {
        let those = health.alarms.iter().filter(|alarm| alarm.cleared_at_ms.is_none() == is_open);
        those.map(|alarm| shown(words, alarm)).collect()
    };
    let trouble = |at: i64| show::ago(words, at, now_ms);
    let html = HealthPage {
        id,
        state: words.of("source_state", source.state.id()),
        is_well: standing == "well",
        standing: words.of("standing", standing),
        figures,
        open: alarms(true),
        past: alarms(false),
        days: days(words, &health.days),
        hosts: health
            .hosts
            .iter()
            .map(|host| Line {
                name: host.host.clone(),
                what: words.of("robots", host.robots.as_deref().unwrap_or("unknown")),
                when: ago(host.robots_at_ms),
            })
            .collect(),
        quarantine: health
            .quarantine
            .iter()
            .map(|row| Line {
                name: row.url.clone(),
                what: format!("{} · {}", words.with("quarantined_posts", row.posts), row.problem),
                when: trouble(row.at_ms),
            })
            .collect(),
        troubled: health
            .troubled
            .iter()
            .map(|row| Line {
                name: row.url.clone(),
                what: row.problem.clone(),
                when: row.due_at_ms.map_or_else(|| words.t("none_planned").to_owned(), show::exact_time),
            })
            .collect(),
        page,
    };
    Ok(Html(html.render()?))
}

/// Stops all crawling.
pub async fn stop(State(console): State<Shared>, actor: Actor<may::WorkSources>) -> Result<Redirect> {
    console.app.store.stop_crawling(actor.id(), true, now_ms()).await?;
    Ok(Redirect::to("/sources"))
}

/// Lets crawling go on.
pub async fn resume(State(console): State<Shared>, actor: Actor<may::WorkSources>) -> Result<Redirect> {
    console.app.store.stop_crawling(actor.id(), false, now_ms()).await?;
    Ok(Redirect::to("/sources"))
}

/// The address of a source's page.
pub fn address(id: &str) -> String {
    format!("/sources/health?id={}", encode(id))
}

fn shown(words: &Words, alarm: &AlarmRow) -> Alarm {
    Alarm {
        title: words.of("cause", alarm.trouble.cause.id()),
        advice: words.of("advice", alarm.trouble.cause.id()),
        detail: alarm.trouble.detail.clone(),
        url: alarm.trouble.url.clone(),
        since: show::exact_time(alarm.opened_at_ms),
        until: alarm.cleared_at_ms.map(show::exact_time),
        times: number(words, alarm.times),
    }
}

fn days(words: &Words, days: &[YieldRow]) -> Vec<Day> {
    let best = days.iter().map(|day| day.news).max().unwrap_or(0).max(1);
    days.iter()
        .map(|day| Day {
            label: show::day(day.day),
            news: number(words, day.news),
            posts: number(words, day.posts),
            requests: number(words, day.requests),
            refused: number(words, day.refused),
            troubled: number(words, day.troubled),
            height: day.news * 100 / best,
        })
        .collect()
}

fn number(words: &Words, n: u64) -> String {
    show::number(words, i64::try_from(n).unwrap_or(i64::MAX))
}
