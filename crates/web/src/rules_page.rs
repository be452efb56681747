//! The rules in force, by family, with status and points. Read-only: words and rules are changed in files.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use model::Family;

use crate::Shared;
use crate::access::{Actor, may};
use crate::families;
use crate::frame::{Frame, Here};
use crate::show;
use crate::trouble::Result;

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

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    page: Frame,
    ruleset: String,
    families: Vec<FamilyView>,
}

/// The page.
pub async fn page(State(console): State<Shared>, actor: Actor<may::ReadRules>) -> Result<Html<String>> {
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
    Ok(Html(RulesPage { page, ruleset: rules.id.clone(), families }.render()?))
}
