//! Files in, an immutable [`Ruleset`] or a list of [`Problem`]s out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use include_dir::{Dir, include_dir};
use model::{Family, Stance};
use sha2::{Digest, Sha256};
use text::FactKind;
use toml::de::DeTable;

use crate::definitions::{Definitions, WrittenLists, WrittenSource};
use crate::document::{Document, Written};
use crate::fact_test::FactTest;
use crate::learned::{Learned, Weights};
use crate::lexicon::{self, Lexicon, Status};
use crate::lists::{Guard, Lists};
use crate::phrases::Phrases;
use crate::problem::{Code, Problem, nearest};
use crate::scores::Scores;

static LEXICONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../lexicons");
static RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../rules");

/// One file of a bundle: `lexicons/NAME.csv`, `rules/NAME.toml` or `rules/learned.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// Path inside the bundle, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Where a signal's occurrences come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Lexicon,
    Fact,
    Evasion { stages: Vec<usize>, at_least: u32 },
    Lists(Lists),
}

#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub name: String,
    pub title: Option<String>,
    pub group: Option<u8>,
    pub source: Source,
    pub guard: Guard,
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub id: String,
    /// Absent: adds to every family that a rule of its own raised, and to `unclassified`.
    pub family: Option<Family>,
    pub title: String,
    pub trial: bool,
    pub group: u8,
    pub points: i32,
    pub lists: Lists,
}

#[derive(Clone, Debug)]
pub(crate) struct StanceModel {
    pub stance: Stance,
    pub base: i32,
    pub percent_of_points: i32,
    /// The share is of at most so many points: a long report collects more than any lure needs.
    pub points_at_most: i32,
    /// (signal, weight, counts in a shielded post)
    pub signals: Vec<(u16, i32, bool)>,
    /// (group, weight, counts in a shielded post)
    pub groups: Vec<(u8, i32, bool)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Urgency {
    pub id: String,
    pub title: String,
    pub priority: u8,
    /// Absent when families and stances alone decide.
    pub lists: Option<Lists>,
    pub families: Vec<Family>,
    pub stances: Vec<Stance>,
}

/// A compiled, immutable bundle. Shared freely between threads.
#[derive(Clone, Debug)]
pub struct Ruleset {
    pub(crate) id: String,
    pub(crate) phrases: Phrases,
    /// Lexicons first, in the order of `phrases`; then named signals, each after those that it speaks of.
    pub(crate) signals: Vec<Signal>,
    pub(crate) lexicon_count: usize,
    /// (kind, signal, test), by kind.
    pub(crate) fact_tests: Vec<(FactKind, u16, FactTest)>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) stances: Vec<StanceModel>,
    pub(crate) urgencies: Vec<Urgency>,
    pub(crate) scores: Scores,
    pub(crate) learned: Option<Weights>,
    /// By [`Family::ALL`]; the id where no title was written.
    pub(crate) family_titles: Vec<String>,
    /// Signals whose presence shields a post from calming.
    pub(crate) shield_signals: Vec<u16>,
    /// For each group, its signals.
    pub(crate) group_signals: Vec<Vec<u16>>,
}

/// One rule as a page lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleEntry<'a> {
    /// Stable id.
    pub id: &'a str,
    /// Its family; none adds to every family that a rule of its own raised.
    pub family: Option<Family>,
    /// One Vietnamese line.
    pub title: &'a str,
    /// `active` or `trial`.
    pub status: &'static str,
    /// Points when it fires.
    pub points: i32,
}

impl Ruleset {
    /// Compiles a bundle. No I/O, no clock; the order of `files` does not matter. Either everything is right, or
    /// every mistake found is listed, by file and line.
    pub fn compile(files: &[RuleFile]) -> Result<Ruleset, Vec<Problem>> {
        Ruleset::compile_with(files, true)
    }

    /// Compiles without checking the rules' examples: for benchmarks with invented rules, and for measuring a bundle
    /// while its rules are being written.
    pub fn compile_unchecked(files: &[RuleFile]) -> Result<Ruleset, Vec<Problem>> {
        Ruleset::compile_with(files, false)
    }

    fn compile_with(files: &[RuleFile], examples_too: bool) -> Result<Ruleset, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut files: Vec<&RuleFile> = files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let id = bundle_id(&files);
        let (lexicons, definitions, scores, learned) = read(&files, &mut problems);
        let (mut ruleset, examples) = resolve(id, lexicons, definitions, scores, &mut problems);
        ruleset.learned = learned.map(|learned| ruleset.weights(&learned));
        if problems.is_empty() && examples_too {
            ruleset.check_examples(&examples, &mut problems);
        }
        if problems.is_empty() {
            return Ok(ruleset);
        }
        problems.sort_by(|a, b| (&a.file, a.line, a.code, &a.message).cmp(&(&b.file, b.line, b.code, &b.message)));
        Err(problems)
    }

    /// The files that are compiled into this program, ordered by path.
    pub fn shipped_files() -> Vec<RuleFile> {
        let mut files = Vec::new();
        for (folder, dir) in [("lexicons", &LEXICONS), ("rules", &RULES)] {
            for file in dir.files() {
                let path = format!("{folder}/{}", file.path().to_string_lossy());
                if is_rule_file(&path) {
                    files.push(RuleFile { path, bytes: file.contents().to_vec() });
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// The ruleset that is compiled into this program. Compiled once; a problem in it is returned every time.
    pub fn shipped() -> Result<&'static Ruleset, &'static [Problem]> {
        static SHIPPED: OnceLock<Result<Ruleset, Vec<Problem>>> = OnceLock::new();
        match SHIPPED.get_or_init(|| Ruleset::compile(&Ruleset::shipped_files())) {
            Ok(ruleset) => Ok(ruleset),
            Err(problems) => Err(problems),
        }
    }

    /// SHA-256 over the sorted lines `path sha256`, in hexadecimal.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Vietnamese title of a family.
    pub fn family_title(&self, family: Family) -> &str {
        self.family_titles.get(family as usize).map_or(family.id(), String::as_str)
    }

    /// The rules that count or are on trial, as a page lists them, in order.
    pub fn rules(&self) -> impl Iterator<Item = RuleEntry<'_>> {
        self.rules.iter().map(|rule| RuleEntry {
            id: &rule.id,
            family: rule.family,
            title: &rule.title,
            status: if rule.trial { "trial" } else { "active" },
            points: rule.points,
        })
    }

    /// Names of all signals.
    pub fn signal_names(&self) -> impl Iterator<Item = &str> {
        self.signals.iter().map(|s| s.name.as_str())
    }

    /// Points from which a family raises an alert.
    pub fn threshold(&self, family: Family) -> i32 {
        self.scores.threshold.get(family as usize).copied().unwrap_or(i32::MAX)
    }

    /// Learned weights made ready for this ruleset's signals.
    pub(crate) fn weights(&self, learned: &Learned) -> Weights {
        let numbers: BTreeMap<&str, u16> =
            self.signals.iter().enumerate().map(|(number, s)| (s.name.as_str(), number as u16)).collect();
        Weights::new(learned, |name| numbers.get(name).copied())
    }

    /// The same without one family's own rules: how a scheme that nobody wrote rules for would be seen.
    pub(crate) fn without(&self, family: Family) -> Ruleset {
        let mut fewer = self.clone();
        fewer.rules.retain(|rule| rule.family != Some(family));
        fewer
    }

    /// The same with other bounds of the learned part: points of a family, points of a stance.
    pub(crate) fn with_caps(&self, (learned_cap, stance_cap): (i32, i32)) -> Ruleset {
        let mut other = self.clone();
        (other.scores.learned_cap, other.scores.stance_cap) = (learned_cap, stance_cap);
        other
    }

    fn check_examples(&self, examples: &[Example], problems: &mut Vec<Problem>) {
        for example in examples {
            let assessment = self.assess(&text::read(None, &example.text.text, None));
            let code = if !example.lure {
                assessment.alert.then_some(Code::BenignRaises)
            } else if !assessment.findings.iter().any(|f| f.rule == example.rule) {
                Some(Code::LureDoesNotFire)
            } else {
                (!assessment.alert && !example.trial).then_some(Code::LureRaisesNothing)
            };
            let Some(code) = code else { continue };
            let best = assessment.families.first();
            let seen = match best {
                Some(best) => format!(
                    "lập trường {}, {} {}/{} điểm",
                    assessment.stance, best.family, best.points, best.threshold
                ),
                None => format!("lập trường {}, không có điểm", assessment.stance),
            };
            let wanted = match code {
                Code::BenignRaises => "không được báo động nhưng lại báo động",
                Code::LureDoesNotFire => "phải khớp luật này nhưng không khớp",
                _ => "phải báo động nhưng không báo động",
            };
            problems.push(Problem {
                code,
                file: example.file.clone(),
                line: example.text.line,
                message: format!("Ví dụ của `{}` {wanted} ({seen}).", example.rule),
                suggestion: None,
            });
        }
    }
}

/// A rule's example, to be assessed once the whole is compiled.
struct Example {
    file: String,
    rule: String,
    trial: bool,
    lure: bool,
    text: Written,
}

/// Whether a bundle may hold a file of this path.
pub fn is_rule_file(path: &str) -> bool {
    match path.split_once('/') {
        Some(("lexicons", name)) => name.ends_with(".csv") && !name.contains('/'),
        Some(("rules", name)) => (name.ends_with(".toml") || name == "learned.json") && !name.contains('/'),
        _ => false,
    }
}

fn bundle_id(files: &[&RuleFile]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mut whole = Sha256::new();
    for file in files {
        whole.update(format!("{} {}\n", file.path, hex(&Sha256::digest(&file.bytes))));
    }
    hex(&whole.finalize())
}

type Files = (Vec<Lexicon>, Definitions, Scores, Option<Learned>);

fn read(files: &[&RuleFile], problems: &mut Vec<Problem>) -> Files {
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

/// Turns names into numbers.
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

fn resolve(
    id: String,
    lexicons: Vec<Lexicon>,
    mut definitions: Definitions,
    scores: Scores,
    problems: &mut Vec<Problem>,
) -> (Ruleset, Vec<Example>) {
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
    let examples = resolve_rules(&mut ruleset, &definitions, &mut names);
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
    (ruleset, examples)
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
