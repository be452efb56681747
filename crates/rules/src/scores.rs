//! `rules/scores.toml`: every number, apart from the rules that it weighs, so that tuning never touches logic.

use std::collections::BTreeMap;

use model::Family;
use toml::de::DeTable;

use crate::calibrate::Calibration;
use crate::definitions::family;
use crate::document::{Document, Written};
use crate::problem::Code;

/// Most groups; totals are kept in arrays of this length.
pub(crate) const MAX_GROUPS: usize = 48;

/// A signal group: at most `cap` points of one family come from it; a negative cap makes it a calming group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub name: String,
    pub title: String,
    pub cap: i32,
}

/// The file as read.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    /// Points by rule id, with the line where they stand.
    pub rules: BTreeMap<String, (i32, u32)>,
    pub groups: Vec<Group>,
    /// By [`Family::ALL`].
    pub threshold: Vec<i32>,
    /// By [`Family::ALL`].
    pub base: Vec<i32>,
    pub calibration: Calibration,
    pub shield_families: Vec<Family>,
    pub shield_groups: Vec<Written>,
    /// Most points, up or down, that the learned part may give a family.
    pub learned_cap: i32,
    /// Most that the learned part may add to a stance, up or down.
    pub stance_cap: i32,
}

impl Scores {
    pub fn empty() -> Scores {
        Scores {
            rules: BTreeMap::new(),
            groups: Vec::new(),
            threshold: vec![50; Family::ALL.len()],
            base: vec![0; Family::ALL.len()],
            calibration: Calibration::default(),
            shield_families: Vec::new(),
            shield_groups: Vec::new(),
            learned_cap: 0,
            stance_cap: 0,
        }
    }

    /// The number of a group.
    pub fn group(&self, name: &str) -> Option<u8> {
        self.groups.iter().position(|g| g.name == name).map(|i| i as u8)
    }

    pub fn read(document: &mut Document<'_>, root: &DeTable<'_>) -> Scores {
        let mut scores = Scores::empty();
        document.only(root, &["rule", "cap", "title", "threshold", "base", "calibration", "shield", "learned"]);
        for (name, points) in integers(document, root, "rule") {
            let (points, line) = (clamp(points), name.line);
            scores.rules.insert(name.text, (points, line));
        }
        for (name, cap) in integers(document, root, "cap") {
            if scores.groups.len() == MAX_GROUPS {
                document.problem(Code::BadValue, name.line, format!("Chỉ được tối đa {MAX_GROUPS} nhóm tín hiệu."));
                break;
            }
            scores.groups.push(Group { title: name.text.clone(), name: name.text, cap: clamp(cap) });
        }
        titles(document, root, &mut scores.groups);
        let thresholds = integers(document, root, "threshold");
        by_family(document, thresholds, &mut scores.threshold, Some("threshold"));
        let bases = integers(document, root, "base");
        by_family(document, bases, &mut scores.base, None);
        if let Some(value) = root.get("calibration")
            && let Some(table) = document.table("calibration", value)
        {
            scores.calibration = Calibration::read(document, table);
        }
        if let Some(value) = root.get("shield")
            && let Some(table) = document.table("shield", value)
        {
            document.only(table, &["families", "groups"]);
            for written in document.strings(table, "families") {
                scores.shield_families.extend(family(document, &written));
            }
            scores.shield_groups = document.strings(table, "groups");
        }
        if let Some(value) = root.get("learned")
            && let Some(table) = document.table("learned", value)
        {
            document.only(table, &["cap", "stance_cap"]);
            scores.learned_cap = document.integer(table, "cap", 0, 1000).unwrap_or(0) as i32;
            scores.stance_cap = document.integer(table, "stance_cap", 0, 1000).unwrap_or(0) as i32;
        }
        scores
    }
}

fn clamp(points: i64) -> i32 {
    points.clamp(-1000, 1000) as i32
}

fn titles(document: &mut Document<'_>, root: &DeTable<'_>, groups: &mut [Group]) {
    let Some(value) = root.get("title") else { return };
    let Some(table) = document.table("title", value) else { return };
    for (name, _) in table {
        let line = document.line(name.span().start);
        let title = document.string(table, name.get_ref());
        match (groups.iter_mut().find(|g| g.name == **name.get_ref()), title) {
            (Some(group), Some(title)) => group.title = title.text,
            (None, _) => {
                document.problem(
                    Code::UnknownGroup,
                    line,
                    format!("Nhóm tín hiệu `{}` chưa có trần điểm.", name.get_ref()),
                );
            }
            (Some(_), None) => {}
        }
    }
}

fn integers(document: &mut Document<'_>, root: &DeTable<'_>, key: &str) -> Vec<(Written, i64)> {
    let Some(value) = root.get(key) else { return Vec::new() };
    let Some(table) = document.table(key, value) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in table {
        let written = Written { text: name.get_ref().to_string(), line: document.line(name.span().start) };
        if let Some(number) = document.integer_of(name.get_ref(), value) {
            found.push((written, number));
        }
    }
    found
}

/// Fills one number a family; `default` stands for all that are not named. `required` names the table when a family
/// without a number is a problem.
fn by_family(document: &mut Document<'_>, numbers: Vec<(Written, i64)>, into: &mut [i32], required: Option<&str>) {
    let mut named = vec![false; into.len()];
    if let Some((_, number)) = numbers.iter().find(|(name, _)| name.text == "default") {
        into.fill(clamp(*number));
        named.fill(true);
    }
    for (name, number) in numbers.iter().filter(|(name, _)| name.text != "default") {
        if let Some(found) = family(document, name) {
            let index = found as usize;
            if let (Some(slot), Some(name)) = (into.get_mut(index), named.get_mut(index)) {
                *slot = clamp(*number);
                *name = true;
            }
        }
    }
    if let Some(table) = required {
        for (family, _) in Family::ALL.iter().zip(named).filter(|(_, named)| !named) {
            document.problem(Code::MissingScore, 0, format!("[{table}] thiếu `{family}` (hoặc `default`)."));
        }
    }
}
