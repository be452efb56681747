//! The one line of a queue row, written from findings and facts, never from the post's own words: a person can scan
//! a list of terrible things without reading any of them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use model::{Family, Stance};
use rules::{Assessment, FindingKind};
use store::{QueueRow, Store};
use text::{Fact, FactKind};

use crate::locale::Words;
use crate::trouble::Result;

/// Parts taken from findings; a longer line is not read faster.
const TITLES: usize = 2;

/// The line for an assessed post.
pub fn of(words: &Words, assessment: &Assessment, facts: &[Fact]) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(family) = assessment.families.first().map(|score| score.family) {
        parts.extend(strongest(assessment, family).into_iter().map(str::to_owned));
    }
    if let Some(place) = destination(facts) {
        parts.push(place.to_owned());
    }
    if assessment.urgency.iter().any(|reason| reason.id == "minor") {
        parts.push(words.t("summary_minor").to_owned());
    }
    let reach = facts.iter().find_map(|fact| match fact.kind {
        FactKind::Phone | FactKind::PhoneMasked => Some("summary_phone"),
        FactKind::Zalo | FactKind::Telegram | FactKind::Whatsapp | FactKind::Facebook | FactKind::Handle => {
            Some("summary_handle")
        }
        _ => None,
    });
    parts.extend(reach.map(|key| words.t(key).to_owned()));
    match parts.is_empty() {
        true => words.of("stance", assessment.stance.id()),
        false => parts.join(", "),
    }
}

/// The line where there is no assessment to write from: raised by hand.
pub fn by_hand(words: &Words, families: &[Family], stance: Stance) -> String {
    match families.first() {
        Some(family) => words.with("summary_by_hand", words.of("family", family.id())),
        None => words.of("stance", stance.id()),
    }
}

fn strongest(assessment: &Assessment, family: Family) -> Vec<&str> {
    let mut findings: Vec<_> = assessment
        .findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::Rule && finding.family == family && finding.points > 0)
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.points));
    let mut titles: Vec<&str> = findings.iter().map(|finding| finding.title.as_str()).collect();
    titles.dedup();
    titles.truncate(TITLES);
    titles
}

/// The first named place abroad, or else the first place.
fn destination(facts: &[Fact]) -> Option<&str> {
    let places = || facts.iter().filter(|fact| fact.kind == FactKind::Place);
    let abroad = places().find(|fact| !fact.value.starts_with("vn") && !fact.value.starts_with("VN"));
    abroad.or_else(|| places().next()).and_then(|fact| fact.detail.get("name")).and_then(|name| name.as_str())
}

/// Lines already written, so that a list of forty rows does not read forty assessments at each request.
#[derive(Default)]
pub struct Summaries(Mutex<BTreeMap<(String, i64, &'static str), String>>);

/// How many lines are kept; beyond it all are dropped and written again as needed.
const KEPT: usize = 20_000;

impl Summaries {
    /// The line of one row. An assessment never changes; a new one has other points or another row.
    pub async fn of_row(&self, store: &Store, words: &'static Words, row: &QueueRow) -> Result<String> {
        let key = (row.id.clone(), row.points, words.language.id());
        if let Some(line) = self.0.lock().ok().and_then(|lines| lines.get(&key).cloned()) {
            return Ok(line);
        }
        let line = match store.assessment_of_post(&row.post_id).await? {
            Some((assessment, facts)) => of(words, &assessment, &facts),
            None => by_hand(words, &row.families, row.stance),
        };
        if let Ok(mut lines) = self.0.lock() {
            if lines.len() >= KEPT {
                lines.clear();
            }
            lines.insert(key, line.clone());
        }
        Ok(line)
    }
}
