//! The rules in force, by family, with status and points; the draft, what it would have changed, and its way into
//! force through a second person; reassessments. Words and rules themselves are changed in files.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, Redirect};
use model::{Act, Family};
use serde::Deserialize;
use store::ProposalKind;

use crate::access::{Actor, may};
use crate::desk::{Changed, Preview, Trying};
use crate::families;
use crate::frame::{Frame, Here};
use crate::locale::Words;
use crate::people::{Said, said};
use crate::show;
use crate::trouble::{Result, Sent};
use crate::{Shared, now_ms};

struct RuleView {
    id: String,
    title: String,
    status: String,
    points: String,
}

struct FamilyView {
    name: String,
    shape: &'static str,
    threshold: Option<i32>,
    rules: Vec<RuleView>,
}

/// What stands beside what would: a line of the preview.
struct Compared {
    what: String,
    before: String,
    after: String,
}

struct PreviewView {
    days: u32,
    posts: String,
    lines: Vec<Compared>,
    coming: String,
    going: String,
    changed: Vec<ChangedView>,
}

struct ChangedView {
    sign: &'static str,
    post: String,
    families: String,
}

/// The draft and its preview, for those who may propose.
#[derive(Default)]
struct DeskView {
    draft: Option<String>,
    is_in_force: bool,
    problems: Vec<String>,
    trouble: Option<String>,
    running: Option<u64>,
    preview: Option<PreviewView>,
}

struct ReassessView {
    ruleset: String,
    since: String,
    percent: u64,
    posts: String,
    raised: String,
    ended: String,
}

struct EarlierView {
    id: String,
    short: String,
    published: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    page: Frame,
    said: Option<String>,
    ruleset: String,
    desk: Option<DeskView>,
    reassessments: Vec<ReassessView>,
    earlier: Vec<EarlierView>,
    families: Vec<FamilyView>,
}

/// The page.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadRules>,
    Query(asked): Query<Said>,
) -> Result<Html<String>> {
    let page = actor.frame(&console, Here::Rules).await?;
    let (words, rules) = (page.words(), console.app.rules.borrow().clone());
    let family = |family: &Family| {
        let of = rules.rules.iter().filter(|rule| rule.family == *family);
        let view = |rule: &crate::RuleLine| RuleView {
            id: rule.id.clone(),
            title: rule.title.clone(),
            status: words.of("rule_status", &rule.status),
            points: show::points(rule.points),
        };
        FamilyView {
            name: words.of("family", family.id()),
            shape: families::shape(*family),
            threshold: rules.thresholds.iter().find(|(of, _)| of == family).map(|(_, points)| *points),
            rules: of.map(view).collect(),
        }
    };
    let families = Family::ALL.iter().map(family).filter(|family| !family.rules.is_empty()).collect();
    let store = &console.app.store;
    let may_propose = actor.person.role.may(Act::ProposeRules);
    let view = RulesPage {
        said: said(words, &asked.said),
        ruleset: rules.id.clone(),
        desk: if may_propose { Some(desk(&console, words, &rules.id).await) } else { None },
        reassessments: store.reassessments(5).await?.iter().map(|it| reassessment(words, it)).collect(),
        earlier: store
            .rulesets()
            .await?
            .into_iter()
            .filter(|it| it.published_at_ms.is_some())
            .map(|it| EarlierView {
                short: show::short_hash(&it.id),
                published: it.published_at_ms.map_or_else(String::new, show::exact_time),
                current: it.current,
                id: it.id,
            })
            .collect(),
        families,
        page,
    };
    Ok(Html(view.render()?))
}

async fn desk(console: &Shared, words: &Words, in_force: &str) -> DeskView {
    let mut view = DeskView::default();
    match (console.app.desk.draft)().await {
        Ok(draft) => {
            view.is_in_force = draft.ruleset.as_deref() == Some(in_force);
            view.draft = draft.ruleset;
            view.problems = draft.problems;
        }
        Err(trouble) => view.trouble = Some(trouble),
    }
    match &*console.app.desk.trying.borrow() {
        Trying::Nothing => {}
        Trying::Running(percent) => view.running = Some(*percent),
        Trying::Ended(days, preview) => view.preview = Some(shown(words, *days, preview)),
        Trying::Failed(trouble) => view.trouble = Some(trouble.clone()),
    }
    view
}

fn count(words: &Words, number: u64) -> String {
    show::number(words, i64::try_from(number).unwrap_or(i64::MAX))
}

fn shown(words: &Words, days: u32, preview: &Preview) -> PreviewView {
    let line = |what: String, both: crate::BeforeAfter| Compared {
        what,
        before: count(words, both.before),
        after: count(words, both.after),
    };
    let mut lines = vec![
        line(words.t("figure_alerts_all").to_owned(), preview.alerts),
        line(words.t("figure_referrals_all").to_owned(), preview.referrals),
    ];
    lines.extend(preview.families.iter().map(|(family, both)| line(words.of("family", family), *both)));
    let changed = |sign: &'static str| {
        move |changed: &Changed| ChangedView {
            sign,
            post: format!("{} · {}", changed.source, changed.native_id),
            families: changed.families.iter().map(|it| words.of("family", it)).collect::<Vec<_>>().join(", "),
        }
    };
    PreviewView {
        days,
        posts: count(words, preview.posts),
        lines,
        coming: count(words, preview.coming),
        going: count(words, preview.going),
        changed: preview
            .coming_first
            .iter()
            .map(changed("+"))
            .chain(preview.going_first.iter().map(changed("−")))
            .collect(),
    }
}

fn reassessment(words: &Words, it: &store::Reassessment) -> ReassessView {
    ReassessView {
        ruleset: show::short_hash(&it.ruleset),
        since: show::exact_time(it.since_ms),
        percent: it.percent(),
        posts: count(words, it.posts),
        raised: count(words, it.raised),
        ended: it.ended_at_ms.map_or_else(|| words.t("reassess_runs").to_owned(), show::exact_time),
    }
}

#[derive(Deserialize)]
pub struct PreviewForm {
    #[serde(default)]
    days: u32,
}

/// Begins to read the last days by the draft; with 0 days ends that.
pub async fn preview(
    State(console): State<Shared>,
    _actor: Actor<may::ProposeRules>,
    Sent(form): Sent<PreviewForm>,
) -> Result<Redirect> {
    (console.app.desk.preview)(form.days.min(3_660));
    Ok(Redirect::to("/rules"))
}

#[derive(Deserialize)]
pub struct ProposeForm {
    /// An earlier ruleset; empty for the draft.
    #[serde(default)]
    ruleset: String,
    #[serde(default)]
    days: u32,
    reason: String,
}

/// Proposes to put the draft, or an earlier ruleset, in force; another person approves.
pub async fn propose(
    State(console): State<Shared>,
    actor: Actor<may::ProposeRules>,
    Sent(form): Sent<ProposeForm>,
) -> Result<Redirect> {
    let ruleset = if form.ruleset.is_empty() {
        match (console.app.desk.record)(actor.id().to_owned()).await {
            Ok(ruleset) => ruleset,
            Err(problem) => {
                tracing::warn!(problem, "the draft of the rules could not be kept");
                return Ok(Redirect::to("/rules?said=draft_unfit"));
            }
        }
    } else {
        form.ruleset
    };
    let body = serde_json::json!({ "ruleset": ruleset, "days": form.days });
    console.app.store.propose(actor.id(), ProposalKind::PublishRules, &body, form.reason.trim(), now_ms()).await?;
    Ok(Redirect::to("/rules?said=proposed"))
}
