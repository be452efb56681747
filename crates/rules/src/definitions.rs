//! What `rules/*.toml` (all but `scores.toml`) may say: families' titles, signals, rules, stances, urgency.
//!
//! Here names are still names; `ruleset` turns them into numbers.

use model::{Family, Stance};
use toml::de::DeTable;

use crate::document::{Document, Written};
use crate::fact_test::{FactTest, KINDS, Minor};
use crate::lexicon::Status;
use crate::lists::{MAX_NEAR, Scope};
use crate::problem::{Code, nearest};

/// Lists as written.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenLists {
    pub all: Vec<Written>,
    pub any: Vec<Written>,
    pub none: Vec<Written>,
    pub least: usize,
    pub scope: Scope,
    pub ordered: bool,
}

/// Stages of the normaliser whose counts can be a signal.
pub(crate) const STAGES: &[&str] =
    &["legacy", "flag", "invisible", "compatibility", "confusable", "joined", "leet", "elongated", "sticky", "contact"];

/// Where a signal's occurrences come from.
#[derive(Clone, Debug)]
pub(crate) enum WrittenSource {
    Lists(WrittenLists),
    Fact(FactTest),
    Evasion { stages: Vec<usize>, at_least: u32 },
}

#[derive(Clone, Debug)]
pub(crate) struct WrittenSignal {
    pub name: Written,
    pub title: Option<String>,
    pub group: Option<Written>,
    pub source: WrittenSource,
    pub unless_before: Vec<Written>,
    pub unless_after: Vec<Written>,
    pub unless_inside: Vec<Written>,
    pub reach: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct WrittenRule {
    pub id: Written,
    /// Absent for `any`.
    pub family: Option<Family>,
    pub title: String,
    pub status: Status,
    pub group: Option<Written>,
    pub lists: WrittenLists,
    pub lure: Vec<Written>,
    pub benign: Vec<Written>,
}

#[derive(Clone, Debug)]
pub(crate) struct WrittenStance {
    pub stance: Stance,
    pub base: i32,
    pub percent_of_points: i32,
    pub points_at_most: i32,
    pub signals: Vec<(Written, i32)>,
    pub groups: Vec<(Written, i32)>,
    pub shielded: Vec<Written>,
}

#[derive(Clone, Debug)]
pub(crate) struct WrittenUrgency {
    pub id: Written,
    pub title: String,
    pub priority: u8,
    pub lists: WrittenLists,
    pub families: Vec<Family>,
    pub stances: Vec<Stance>,
}

/// Everything that the rule files define.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definitions {
    pub family_titles: Vec<(Family, String)>,
    pub signals: Vec<(String, WrittenSignal)>,
    pub rules: Vec<(String, WrittenRule)>,
    pub stances: Vec<(String, WrittenStance)>,
    pub urgencies: Vec<(String, WrittenUrgency)>,
}

impl Definitions {
    /// Adds what one file defines.
    pub fn read(&mut self, document: &mut Document<'_>, root: &DeTable<'_>) {
        document.only(root, &["family", "signal", "rule", "stance", "urgency"]);
        let file = document.path.to_owned();
        for (name, line, table) in named(document, root, "family") {
            document.only(table, &["title"]);
            if let Some(family) = family(document, &Written { text: name, line })
                && let Some(title) = document.string(table, "title")
            {
                self.family_titles.push((family, title.text));
            }
        }
        for (name, line, table) in named(document, root, "signal") {
            if let Some(signal) = signal(document, Written { text: name, line }, table) {
                self.signals.push((file.clone(), signal));
            }
        }
        for (line, table) in listed(document, root, "rule") {
            if let Some(rule) = rule(document, line, table) {
                self.rules.push((file.clone(), rule));
            }
        }
        for (name, line, table) in named(document, root, "stance") {
            if let Some(stance) = stance_table(document, &Written { text: name, line }, table) {
                self.stances.push((file.clone(), stance));
            }
        }
        for (line, table) in listed(document, root, "urgency") {
            if let Some(urgency) = urgency(document, line, table) {
                self.urgencies.push((file.clone(), urgency));
            }
        }
    }
}

/// The sub-tables of `[key.NAME]`.
fn named<'t, 'i>(document: &mut Document<'_>, root: &'t DeTable<'i>, key: &str) -> Vec<(String, u32, &'t DeTable<'i>)> {
    let Some(value) = root.get(key) else { return Vec::new() };
    let Some(tables) = document.table(key, value) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in tables {
        let line = document.line(name.span().start);
        if let Some(table) = document.table(name.get_ref(), value) {
            found.push((name.get_ref().to_string(), line, table));
        }
    }
    found
}

/// The tables of `[[key]]`.
fn listed<'t, 'i>(document: &mut Document<'_>, root: &'t DeTable<'i>, key: &str) -> Vec<(u32, &'t DeTable<'i>)> {
    let Some(value) = root.get(key) else { return Vec::new() };
    let line = document.line(value.span().start);
    let Some(items) = value.get_ref().as_array() else {
        document.problem(Code::WrongType, line, format!("Viết `[[{key}]]` với hai ngoặc vuông."));
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items.iter() {
        let line = document.line(item.span().start);
        if let Some(table) = document.table(key, item) {
            found.push((line, table));
        }
    }
    found
}

fn required(document: &mut Document<'_>, table: &DeTable<'_>, key: &str, line: u32) -> Option<Written> {
    if table.get(key).is_none() {
        document.problem(Code::MissingKey, line, format!("Thiếu `{key}`."));
        return None;
    }
    document.string(table, key)
}

pub(crate) fn family(document: &mut Document<'_>, written: &Written) -> Option<Family> {
    let found = written.text.parse().ok();
    if found.is_none() {
        let suggestion = nearest(&written.text, Family::ALL.iter().map(|f| f.id()));
        document.suggest(Code::UnknownFamily, written.line, format!("Không có nhóm `{}`.", written.text), suggestion);
    }
    found
}

pub(crate) fn stance(document: &mut Document<'_>, written: &Written) -> Option<Stance> {
    let found = written.text.parse().ok();
    if found.is_none() {
        let suggestion = nearest(&written.text, Stance::ALL.iter().map(|s| s.id()));
        document.suggest(
            Code::UnknownWord,
            written.line,
            format!("Không có lập trường `{}`.", written.text),
            suggestion,
        );
    }
    found
}

const LIST_KEYS: &[&str] = &["all", "any", "none", "least", "scope", "near", "ordered"];

fn with_list_keys(more: &[&'static str]) -> Vec<&'static str> {
    more.iter().chain(LIST_KEYS).copied().collect()
}

fn lists(document: &mut Document<'_>, table: &DeTable<'_>, line: u32) -> WrittenLists {
    let mut lists = WrittenLists {
        all: document.strings(table, "all"),
        any: document.strings(table, "any"),
        none: document.strings(table, "none"),
        least: 1,
        scope: Scope::Post,
        ordered: document.boolean(table, "ordered").unwrap_or(false),
    };
    if let Some(least) = document.integer(table, "least", 1, 100) {
        lists.least = least as usize;
        if lists.any.len() < lists.least {
            document.problem(Code::BadValue, line, format!("`any` có ít tên hơn `least = {least}`."));
        }
    }
    let near = document.integer(table, "near", 0, i64::from(MAX_NEAR));
    match document.string(table, "scope") {
        None => {}
        Some(scope) if near.is_some() => {
            document.problem(Code::BadValue, scope.line, "Chỉ dùng một trong hai: `scope` hoặc `near`.");
        }
        Some(scope) => match scope.text.as_str() {
            "post" => {}
            "sentence" => lists.scope = Scope::Sentence,
            other => {
                let suggestion = Some("post, sentence, hoặc khóa near = N".to_owned());
                document.suggest(Code::UnknownWord, scope.line, format!("Không có phạm vi `{other}`."), suggestion);
            }
        },
    }
    if let Some(near) = near {
        lists.scope = Scope::Near(near as u32);
    }
    if lists.all.is_empty() && lists.any.is_empty() {
        document.problem(Code::MissingKey, line, "Cần `all` hoặc `any` có ít nhất một tên.");
    }
    if lists.ordered && lists.scope == Scope::Post {
        document.problem(Code::BadValue, line, "`ordered` cần `near` hoặc `scope = \"sentence\"`.");
    }
    lists
}

const FACT_KEYS: &[&str] =
    &["fact", "below", "at_least", "above_per_month_vnd", "per", "foreign", "values", "minor", "within_days"];

fn fact_test(document: &mut Document<'_>, table: &DeTable<'_>) -> FactTest {
    let mut test = FactTest {
        below: document.integer(table, "below", 0, i64::MAX).map(|n| n as f64),
        at_least: document.integer(table, "at_least", 0, i64::MAX).map(|n| n as f64),
        above_per_month_vnd: document.integer(table, "above_per_month_vnd", 0, i64::MAX).map(|n| n as f64),
        per: document.strings(table, "per").into_iter().map(|w| w.text).collect(),
        foreign: document.boolean(table, "foreign"),
        values: document.strings(table, "values").into_iter().map(|w| w.text).collect(),
        within_days: document.integer(table, "within_days", 0, 3650),
        ..FactTest::default()
    };
    for written in document.strings(table, "fact") {
        match KINDS.iter().find(|(name, _)| *name == written.text) {
            Some((_, kind)) => test.kinds.push(*kind),
            None => {
                let suggestion = nearest(&written.text, KINDS.iter().map(|(name, _)| *name));
                let message = format!("Không có loại dữ kiện `{}`.", written.text);
                document.suggest(Code::UnknownFact, written.line, message, suggestion);
            }
        }
    }
    if let Some(value) = table.get("minor") {
        let line = document.line(value.span().start);
        match (value.get_ref().as_bool(), value.get_ref().as_str()) {
            (Some(true), _) => test.minor = Some(Minor::Certain),
            (_, Some("possible")) => test.minor = Some(Minor::Possible),
            _ => document.problem(Code::BadValue, line, "`minor` chỉ nhận true hoặc \"possible\"."),
        }
    }
    test
}

fn signal(document: &mut Document<'_>, name: Written, table: &DeTable<'_>) -> Option<WrittenSignal> {
    let line = name.line;
    let mut allowed =
        with_list_keys(&["title", "group", "unless_before", "unless_after", "unless_inside", "reach", "evasion"]);
    allowed.extend(FACT_KEYS);
    document.only(table, &allowed);
    let has = |key: &str| table.get(key).is_some();
    let sources = [has("fact"), has("evasion"), has("all") || has("any")].iter().filter(|s| **s).count();
    if sources != 1 {
        let message = format!("Tín hiệu `{}` phải có đúng một nguồn: `fact`, `evasion`, hoặc `all`/`any`.", name.text);
        document.problem(Code::MissingKey, line, message);
        return None;
    }
    if !has("fact") {
        let stray = FACT_KEYS.iter().find(|k| has(k) && !(**k == "at_least" && has("evasion")));
        if let Some(stray) = stray {
            document.problem(Code::BadValue, line, format!("`{stray}` chỉ đi cùng `fact`."));
        }
    }
    let source = if has("fact") {
        WrittenSource::Fact(fact_test(document, table))
    } else if has("evasion") {
        let mut stages = Vec::new();
        for written in document.strings(table, "evasion") {
            match STAGES.iter().position(|s| *s == written.text) {
                Some(stage) => stages.push(stage),
                None => {
                    let suggestion = nearest(&written.text, STAGES.iter().copied());
                    let message = format!("Không có lối che giấu `{}`.", written.text);
                    document.suggest(Code::UnknownWord, written.line, message, suggestion);
                }
            }
        }
        let at_least = document.integer(table, "at_least", 1, 1_000_000).unwrap_or(1) as u32;
        WrittenSource::Evasion { stages, at_least }
    } else {
        WrittenSource::Lists(lists(document, table, line))
    };
    Some(WrittenSignal {
        title: document.string(table, "title").map(|w| w.text),
        group: document.string(table, "group"),
        source,
        unless_before: document.strings(table, "unless_before"),
        unless_after: document.strings(table, "unless_after"),
        unless_inside: document.strings(table, "unless_inside"),
        reach: document.integer(table, "reach", 0, i64::from(MAX_NEAR)).unwrap_or(4) as u32,
        name,
    })
}

fn rule(document: &mut Document<'_>, line: u32, table: &DeTable<'_>) -> Option<WrittenRule> {
    document.only(table, &with_list_keys(&["id", "family", "title", "status", "group", "lure", "benign", "note"]));
    let id = required(document, table, "id", line)?;
    let family_written = required(document, table, "family", line)?;
    let family = match family_written.text.as_str() {
        "any" => None,
        _ => Some(family(document, &family_written)?),
    };
    let title = required(document, table, "title", line)?.text;
    let status = match document.string(table, "status") {
        None => Status::Active,
        Some(written) => match Status::parse(&written.text) {
            Some(status) => status,
            None => {
                let suggestion = nearest(&written.text, Status::NAMES.iter().copied());
                let message = format!("Không có trạng thái `{}`.", written.text);
                document.suggest(Code::UnknownWord, written.line, message, suggestion);
                return None;
            }
        },
    };
    Some(WrittenRule {
        family,
        title,
        status,
        group: document.string(table, "group"),
        lists: lists(document, table, id.line),
        lure: document.strings(table, "lure"),
        benign: document.strings(table, "benign"),
        id,
    })
}

fn weights(document: &mut Document<'_>, table: &DeTable<'_>, key: &str) -> Vec<(Written, i32)> {
    let Some(value) = table.get(key) else { return Vec::new() };
    let Some(weights) = document.table(key, value) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in weights {
        let written = Written { text: name.get_ref().to_string(), line: document.line(name.span().start) };
        if let Some(weight) = document.integer_of(name.get_ref(), value) {
            found.push((written, weight.clamp(-1000, 1000) as i32));
        }
    }
    found
}

fn stance_table(document: &mut Document<'_>, name: &Written, table: &DeTable<'_>) -> Option<WrittenStance> {
    document.only(table, &["base", "percent_of_points", "points_at_most", "signals", "groups", "shielded"]);
    Some(WrittenStance {
        stance: stance(document, name)?,
        base: document.integer(table, "base", -1000, 1000).unwrap_or(0) as i32,
        percent_of_points: document.integer(table, "percent_of_points", -100, 500).unwrap_or(0) as i32,
        points_at_most: document.integer(table, "points_at_most", 0, 1000).unwrap_or(1000) as i32,
        signals: weights(document, table, "signals"),
        groups: weights(document, table, "groups"),
        shielded: document.strings(table, "shielded"),
    })
}

fn urgency(document: &mut Document<'_>, line: u32, table: &DeTable<'_>) -> Option<WrittenUrgency> {
    document.only(table, &with_list_keys(&["id", "title", "priority", "families", "stances"]));
    let id = required(document, table, "id", line)?;
    let title = required(document, table, "title", line)?.text;
    if table.get("priority").is_none() {
        document.problem(Code::MissingKey, line, "Thiếu `priority`.");
        return None;
    }
    let priority = document.integer(table, "priority", 1, 4)? as u8;
    let mut families = Vec::new();
    for written in document.strings(table, "families") {
        families.extend(family(document, &written));
    }
    let mut stances = Vec::new();
    for written in document.strings(table, "stances") {
        stances.extend(stance(document, &written));
    }
    // A reason may speak of families or stances alone: "a child is for sale" needs no other word.
    let free = ["all", "any", "none"].into_iter().all(|key| table.get(key).is_none());
    let lists = if free { WrittenLists::default() } else { lists(document, table, id.line) };
    if free && families.is_empty() && stances.is_empty() {
        document.problem(Code::MissingKey, line, "Cần `all`, `any`, `families` hoặc `stances`.");
    }
    Some(WrittenUrgency { id, title, priority, lists, families, stances })
}
