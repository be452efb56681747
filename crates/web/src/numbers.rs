//! Figures: how much there is, and how often people agreed with the rules, never without an interval.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use model::Family;

use crate::access::{Actor, may};
use crate::families;
use crate::frame::{Frame, Here};
use crate::locale::Words;
use crate::show;
use crate::trouble::Result;
use crate::{Shared, now_ms};

const THIRTY_DAYS_MS: i64 = 30 * 24 * 60 * 60 * 1000;

struct Figure {
    value: String,
    words: String,
}

struct FamilyLine {
    name: String,
    shape: &'static str,
    raised: u64,
    open: u64,
    confirmed: u64,
    dismissed: u64,
    agreed: String,
}

#[derive(Template)]
#[template(path = "numbers.html")]
struct NumbersPage {
    page: Frame,
    figures: Vec<Figure>,
    families: Vec<FamilyLine>,
}

/// The page.
pub async fn page(State(console): State<Shared>, actor: Actor<may::ReadFigures>) -> Result<Html<String>> {
    let (store, now_ms) = (&console.app.store, now_ms());
    let page = actor.frame(&console, Here::Numbers).await?;
    let words = page.words();
    let health = store.health(now_ms).await?;
    let figure = |key: &str, value: u64| Figure {
        value: show::number(words, i64::try_from(value).unwrap_or(i64::MAX)),
        words: words.t(key).to_owned(),
    };
    let figures = vec![
        figure("figure_posts", health.posts),
        figure("figure_unassessed", health.unassessed),
        figure("figure_alerts", health.open_alerts),
        figure("figure_referrals", health.open_referrals),
        figure("figure_cases", health.open_cases),
        figure("figure_sources", health.enabled_sources),
        figure("figure_captures", health.captures),
        figure("figure_audit", health.audit_rows),
    ];
    let counted = store.family_figures(now_ms - THIRTY_DAYS_MS, now_ms + 1).await?;
    let line = |row: store::FamilyFigures| {
        let family: Family = row.family.parse().unwrap_or(Family::Unclassified);
        FamilyLine {
            name: words.of("family", &row.family),
            shape: families::shape(family),
            raised: row.raised,
            open: row.open,
            confirmed: row.confirmed,
            dismissed: row.dismissed,
            agreed: share(words, row.confirmed, row.confirmed + row.dismissed),
        }
    };
    let families = counted.into_iter().map(line).collect();
    Ok(Html(NumbersPage { page, figures, families }.render()?))
}

/// A share with its Wilson interval at 95 % (E. B. Wilson, 1927): `92% (83–97%)`; a dash for nothing.
fn share(words: &Words, hits: u64, all: u64) -> String {
    if all == 0 {
        return words.t("no_share").to_owned();
    }
    let (low, high) = wilson(hits as f64, all as f64);
    let percent = |value: f64| (value * 100.0).round();
    format!("{}% ({}–{}%)", percent(hits as f64 / all as f64), percent(low), percent(high))
}

fn wilson(hits: f64, all: f64) -> (f64, f64) {
    const Z: f64 = 1.96;
    let share = hits / all;
    let middle = (share + Z * Z / (2.0 * all)) / (1.0 + Z * Z / all);
    let half = Z * (share * (1.0 - share) / all + Z * Z / (4.0 * all * all)).sqrt() / (1.0 + Z * Z / all);
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::Language;

    #[test]
    fn a_share_always_has_its_interval() {
        let words = Language::Vi.words();
        assert_eq!(share(words, 9, 10), "90% (60–98%)");
        assert_eq!(share(words, 0, 5), "0% (0–43%)");
        assert_eq!(share(words, 0, 0), words.t("no_share"));
    }
}
