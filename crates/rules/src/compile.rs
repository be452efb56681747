//! From files to a ruleset: reading each, then resolving names to numbers, with every mistake told.

use std::collections::{BTreeMap, BTreeSet};

use model::Family;
use toml::de::DeTable;

use crate::definitions::{Definitions, WrittenLists, WrittenSource};
use crate::document::{Document, Written};
use crate::learned::Learned;
use crate::lexicon::{self, Lexicon, Status};
use crate::lists::{Guard, Lists};
use crate::phrases::Phrases;
use crate::problem::{Code, Problem, nearest};
use crate::ruleset::{Rule, RuleFile, Ruleset, Signal, Source, StanceModel, Urgency, is_rule_file};
use crate::scores::Scores;

/// A rule's example: assessed once the whole is compiled, and learned from.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    pub file: String,
    pub rule: String,
    pub family: Option<Family>,
    pub trial: bool,
    pub lure: bool,
    pub text: Written,
}

/// Everything that the files say, still by name.
type Files = (Vec<Lexicon>, Definitions, Scores, Option<Learned>);

pub(crate) fn read(files: &[&RuleFile], problems: &mut Vec<Problem>) -> Files {
    let mut learned = None;
    let mut lexicons = Vec::new();
    let mut definitions = Definitions::default();
    let mut scores = None;
    for file in files {
        let whole = |code, message: &str| Problem {
            code,
            file: file.path.clone(),
            line: 0,
            message: message.to_owned(),
            suggestion: None,
        };
        if !is_rule_file(&file.path) {
            let mut problem = whole(Code::UnknownFile, "Tệp này không thuộc bộ luật.");
            problem.suggestion = Some("lexicons/TÊN.csv, rules/TÊN.toml hoặc rules/learned.json".to_owned());
            problems.push(problem);
            continue;
        }
        let Ok(source) = std::str::from_utf8(&file.bytes) else {
            problems.push(whole(Code::NotUtf8, "Tệp không phải là UTF-8."));
            continue;
        };
        if let Some(name) = file.path.strip_prefix("lexicons/").and_then(|n| n.strip_suffix(".csv")) {
            lexicons.push(lexicon::parse(&file.path, name, source, problems));
            continue;
        }
        if file.path == "rules/learned.json" {
            match serde_json::from_str(source) {
                Ok(read) => learned = Some(read),
                Err(error) => {
                    let mut problem = whole(Code::Syntax, &format!("Không đọc được: {error}."));
                    problem.line = error.line() as u32;
                    problems.push(problem);
                }
            }
            continue;
        }
        let mut document = Document::new(&file.path, source, problems);
        match DeTable::parse(source) {
            Ok(root) if file.path == "rules/scores.toml" => {
                scores = Some(Scores::read(&mut document, root.get_ref()));
            }
            Ok(root) => definitions.read(&mut document, root.get_ref()),
            Err(error) => {
                let line = error.span().map_or(0, |span| document.line(span.start));
                document.problem(Code::Syntax, line, format!("TOML sai cú pháp: {}.", error.message()));
            }
        }
    }
    let scores = scores.unwrap_or_else(|| {
        problems.push(Problem {
            code: Code::MissingFile,
            file: "rules/scores.toml".to_owned(),
            line: 0,
            message: "Thiếu tệp điểm `rules/scores.toml`.".to_owned(),
            suggestion: None,
        });
        Scores::empty()
    });
    (lexicons, definitions, scores, learned)
}

/// What names stand for.
struct Names<'a> {
    numbers: BTreeMap<&'a str, u16>,
    scores: &'a Scores,
    problems: &'a mut Vec<Problem>,
}

impl Names<'_> {
    fn problem(&mut self, code: Code, file: &str, line: u32, message: String, suggestion: Option<String>) {
        self.problems.push(Problem { code, file: file.to_owned(), line, message, suggestion });
    }

    fn signals(&mut self, file: &str, written: &[Written]) -> Vec<u16> {
        let mut found = Vec::with_capacity(written.len());
        for name in written {
            match self.numbers.get(name.text.as_str()) {
                Some(number) if found.contains(number) => {
                    let message = format!("Tín hiệu `{}` được ghi hai lần.", name.text);
                    self.problem(Code::DuplicateId, file, name.line, message, None);
                }
                Some(number) => found.push(*number),
                None => {
                    let suggestion = nearest(&name.text, self.numbers.keys().copied());
                    let message = format!("Không có tín hiệu hay bộ từ nào tên `{}`.", name.text);
                    self.problem(Code::UnknownSignal, file, name.line, message, suggestion);
                }
            }
        }
        found
    }

    fn group(&mut self, file: &str, written: &Written) -> Option<u8> {
        let found = self.scores.group(&written.text);
        if found.is_none() {
            let suggestion = nearest(&written.text, self.scores.groups.iter().map(|g| g.name.as_str()));
            let message = format!("Nhóm tín hiệu `{}` chưa có trần điểm trong [cap].", written.text);
            self.problem(Code::UnknownGroup, file, written.line, message, suggestion);
        }
        found
    }

    fn lists(&mut self, file: &str, written: &WrittenLists) -> Lists {
        Lists {
            all: self.signals(file, &written.all),
            any: self.signals(file, &written.any),
            none: self.signals(file, &written.none),
            least: written.least,
            scope: written.scope,
            ordered: written.ordered,
        }
    }
}

/// Turns names into numbers; whatever does not resolve is a problem.
pub(crate) fn resolve(
    id: String,
    lexicons: Vec<Lexicon>,
    mut definitions: Definitions,
    scores: Scores,
    problems: &mut Vec<Problem>,
) -> Ruleset {
    check_ids(&lexicons, &definitions, problems);
    sort_signals(&mut definitions, problems);
    let phrases = Phrases::new(lexicons.iter().map(|l| l.terms.as_slice()));
    let mut numbers = BTreeMap::new();
    let names = lexicons.iter().map(|l| l.name.as_str());
    for (number, name) in names.chain(definitions.signals.iter().map(|(_, s)| s.name.text.as_str())).enumerate() {
        numbers.entry(name).or_insert(u16::try_from(number).unwrap_or(u16::MAX));
    }
    let mut names = Names { numbers, scores: &scores, problems };
    let mut ruleset = Ruleset {
        id,
        phrases,
        signals: Vec::new(),
        lexicon_count: lexicons.len(),
        fact_tests: Vec::new(),
        rules: Vec::new(),
        stances: Vec::new(),
        urgencies: Vec::new(),
        scores: scores.clone(),
        learned: None,
        examples: Vec::new(),
        family_titles: Family::ALL.iter().map(|f| f.id().to_owned()).collect(),
        shield_signals: Vec::new(),
        group_signals: vec![Vec::new(); scores.groups.len()],
    };
    for (family, title) in &definitions.family_titles {
        if let Some(slot) = ruleset.family_titles.get_mut(*family as usize) {
            slot.clone_from(title);
        }
    }
    for lexicon in &lexicons {
        ruleset.signals.push(Signal {
            name: lexicon.name.clone(),
            title: None,
            group: None,
            source: Source::Lexicon,
            guard: Guard::default(),
        });
    }
    for (file, signal) in &definitions.signals {
        let number = ruleset.signals.len() as u16;
        let source = match &signal.source {
            WrittenSource::Lists(written) => Source::Lists(names.lists(file, written)),
            WrittenSource::Evasion { stages, at_least } => {
                Source::Evasion { stages: stages.clone(), at_least: *at_least }
            }
            WrittenSource::Fact(test) => {
                for kind in &test.kinds {
                    ruleset.fact_tests.push((*kind, number, test.clone()));
                }
                Source::Fact
            }
        };
        let group = signal.group.as_ref().and_then(|g| names.group(file, g));
        if let Some(list) = group.and_then(|g| ruleset.group_signals.get_mut(g as usize)) {
            list.push(number);
        }
        ruleset.signals.push(Signal {
            name: signal.name.text.clone(),
            title: signal.title.clone(),
            group,
            source,
            guard: Guard {
                before: names.signals(file, &signal.unless_before),
                after: names.signals(file, &signal.unless_after),
                inside: names.signals(file, &signal.unless_inside),
                reach: signal.reach,
            },
        });
    }
    ruleset.fact_tests.sort_by_key(|(kind, signal, _)| (*kind, *signal));
    ruleset.examples = resolve_rules(&mut ruleset, &definitions, &mut names);
    resolve_stances(&mut ruleset, &definitions, &mut names);
    for (file, urgency) in &definitions.urgencies {
        let written = &urgency.lists;
        let empty = written.all.is_empty() && written.any.is_empty() && written.none.is_empty();
        ruleset.urgencies.push(Urgency {
            id: urgency.id.text.clone(),
            title: urgency.title.clone(),
            priority: urgency.priority,
            lists: (!empty).then(|| names.lists(file, written)),
            families: urgency.families.clone(),
            stances: urgency.stances.clone(),
        });
    }
    for written in &scores.shield_groups {
        if let Some(group) = names.group("rules/scores.toml", written) {
            ruleset.shield_signals.extend(ruleset.group_signals.get(group as usize).into_iter().flatten());
        }
    }
    ruleset
}

/// The group whose cap a rule falls under: its own, else that of the first grouped signal that it lists.
fn group_of(ruleset: &Ruleset, lists: &Lists) -> Option<u8> {
    lists.all.iter().chain(&lists.any).find_map(|s| ruleset.signals.get(*s as usize)?.group)
}

fn resolve_rules(ruleset: &mut Ruleset, definitions: &Definitions, names: &mut Names<'_>) -> Vec<Example> {
    const SCORES: &str = "rules/scores.toml";
    let scores = names.scores;
    let mut examples = Vec::new();
    for (file, rule) in &definitions.rules {
        let (id, line) = (&rule.id.text, rule.id.line);
        let lists = names.lists(file, &rule.lists);
        if rule.status == Status::Retired {
            continue;
        }
        let points = scores.rules.get(id).map(|(points, _)| *points);
        if points.is_none() && rule.status == Status::Active {
            let message = format!("Luật `{id}` chưa có điểm trong [rule] của {SCORES}.");
            names.problem(Code::MissingScore, file, line, message, None);
        }
        let points = points.unwrap_or(0);
        let group = match &rule.group {
            Some(written) => names.group(file, written),
            None => {
                let found = group_of(ruleset, &lists);
                if found.is_none() {
                    let message = format!("Luật `{id}` chưa thuộc nhóm tín hiệu nào.");
                    let suggestion = Some("thêm group = \"…\"".to_owned());
                    names.problem(Code::MissingKey, file, line, message, suggestion);
                }
                found
            }
        };
        let Some(group) = group else { continue };
        if let Some(found) = scores.groups.get(group as usize)
            && points != 0
            && (points < 0) != (found.cap < 0)
        {
            let line = scores.rules.get(id).map_or(0, |(_, line)| *line);
            let message = format!("`{id} = {points}` trái dấu với trần {} của nhóm `{}`.", found.cap, found.name);
            names.problem(Code::WrongSign, SCORES, line, message, None);
        }
        if rule.status == Status::Active && points > 0 && rule.lure.is_empty() {
            let message = format!("Luật `{id}` phải có ít nhất một ví dụ `lure`.");
            names.problem(Code::MissingExample, file, line, message, None);
        }
        if rule.status == Status::Active && rule.benign.is_empty() {
            let message = format!("Luật `{id}` phải có ít nhất một ví dụ `benign`.");
            names.problem(Code::MissingExample, file, line, message, None);
        }
        for (lure, list) in [(true, &rule.lure), (false, &rule.benign)] {
            examples.extend(list.iter().map(|text| Example {
                file: file.clone(),
                rule: id.clone(),
                family: rule.family,
                trial: rule.status == Status::Trial,
                lure,
                text: text.clone(),
            }));
        }
        ruleset.rules.push(Rule {
            id: id.clone(),
            family: rule.family,
            title: rule.title.clone(),
            trial: rule.status == Status::Trial,
            group,
            points: if rule.status == Status::Trial { 0 } else { points },
            lists,
        });
    }
    let known: BTreeSet<&str> = definitions.rules.iter().map(|(_, r)| r.id.text.as_str()).collect();
    for (id, (_, line)) in scores.rules.iter().filter(|(id, _)| !known.contains(id.as_str())) {
        let suggestion = nearest(id, known.iter().copied());
        names.problem(Code::UnknownRule, SCORES, *line, format!("Không có luật nào tên `{id}`."), suggestion);
    }
    examples
}

fn resolve_stances(ruleset: &mut Ruleset, definitions: &Definitions, names: &mut Names<'_>) {
    for (file, written) in &definitions.stances {
        for name in &written.shielded {
            let known = written.signals.iter().chain(&written.groups).map(|(w, _)| w.text.as_str());
            if !known.clone().any(|k| k == name.text) {
                let message = format!("`{}` không có trọng số trong lập trường này.", name.text);
                names.problem(Code::UnknownSignal, file, name.line, message, nearest(&name.text, known));
            }
        }
        let kept = |name: &Written| written.shielded.iter().any(|s| s.text == name.text);
        let mut model = StanceModel {
            stance: written.stance,
            base: written.base,
            percent_of_points: written.percent_of_points,
            points_at_most: written.points_at_most,
            signals: Vec::new(),
            groups: Vec::new(),
        };
        for (name, weight) in &written.signals {
            let found = names.signals(file, std::slice::from_ref(name));
            model.signals.extend(found.first().map(|s| (*s, *weight, kept(name))));
        }
        for (name, weight) in &written.groups {
            model.groups.extend(names.group(file, name).map(|g| (g, *weight, kept(name))));
        }
        ruleset.stances.push(model);
    }
    ruleset.stances.sort_by_key(|s| s.stance);
}

/// No id, name or stance may be defined twice, in one file or in two.
fn check_ids(lexicons: &[Lexicon], definitions: &Definitions, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<(&str, &str), String> = BTreeMap::new();
    let lexicons = lexicons.iter().map(|l| ("signal", l.name.as_str(), l.path.as_str(), 1));
    let signals = definitions.signals.iter().map(|(f, s)| ("signal", s.name.text.as_str(), f.as_str(), s.name.line));
    let rules = definitions.rules.iter().map(|(f, r)| ("rule", r.id.text.as_str(), f.as_str(), r.id.line));
    let urgencies = definitions.urgencies.iter().map(|(f, u)| ("urgency", u.id.text.as_str(), f.as_str(), u.id.line));
    let stances = definitions.stances.iter().map(|(f, s)| ("stance", s.stance.id(), f.as_str(), 0));
    for (kind, name, file, line) in lexicons.chain(signals).chain(rules).chain(urgencies).chain(stances) {
        match seen.get(&(kind, name)) {
            Some(first) => problems.push(Problem {
                code: Code::DuplicateId,
                file: file.to_owned(),
                line,
                message: format!("`{name}` đã được định nghĩa ở {first}."),
                suggestion: None,
            }),
            None => {
                seen.insert((kind, name), format!("{file}:{line}"));
            }
        }
    }
}

/// Puts every named signal after those that it speaks of. Signals in a circle are a problem.
fn sort_signals(definitions: &mut Definitions, problems: &mut Vec<Problem>) {
    let mut waiting = std::mem::take(&mut definitions.signals);
    let mut undone: BTreeSet<String> = waiting.iter().map(|(_, s)| s.name.text.clone()).collect();
    loop {
        let before = waiting.len();
        let mut still = Vec::new();
        for (file, signal) in waiting {
            let lists = match &signal.source {
                WrittenSource::Lists(lists) => Some(lists),
                _ => None,
            };
            let ready = lists
                .into_iter()
                .flat_map(|l| l.all.iter().chain(&l.any).chain(&l.none))
                .chain(signal.unless_before.iter().chain(&signal.unless_after).chain(&signal.unless_inside))
                .all(|name| !undone.contains(&name.text));
            if ready {
                undone.remove(&signal.name.text);
                definitions.signals.push((file, signal));
            } else {
                still.push((file, signal));
            }
        }
        waiting = still;
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    for (file, signal) in waiting {
        problems.push(Problem {
            code: Code::Cycle,
            file: file.clone(),
            line: signal.name.line,
            message: format!("Tín hiệu `{}` nằm trong một vòng lặp định nghĩa.", signal.name.text),
            suggestion: None,
        });
        definitions.signals.push((file, signal));
    }
}
