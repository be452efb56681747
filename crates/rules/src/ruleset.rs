//! Files in, an immutable [`Ruleset`] or a list of [`Problem`]s out.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use include_dir::{Dir, include_dir};
use model::{Family, Stance};
use sha2::{Digest, Sha256};
use text::FactKind;

use crate::compile::{Example, read, resolve};
use crate::fact_test::FactTest;
use crate::learned::{Learned, Weights};
use crate::lists::{Guard, Lists};
use crate::phrases::Phrases;
use crate::problem::{Code, Problem};
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
    /// Of all rules; training learns from them too.
    pub(crate) examples: Vec<Example>,
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
        let mut ruleset = resolve(id, lexicons, definitions, scores, &mut problems);
        ruleset.learned = learned.map(|learned| ruleset.weights(&learned));
        if problems.is_empty() && examples_too {
            ruleset.check_examples(&mut problems);
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

    /// Whether a rule holds in a text, whichever families it ends in.
    fn fires(&self, rule: &str, text: &str) -> bool {
        let reading = text::read(None, text, None);
        let mut seen = self.see(&reading);
        self.rules.iter().filter(|r| r.id == rule).any(|r| r.lists.evaluate(&mut seen, &mut Vec::new()))
    }

    fn check_examples(&self, problems: &mut Vec<Problem>) {
        for example in &self.examples {
            let assessment = self.assess(&text::read(None, &example.text.text, None));
            let code = if !example.lure {
                assessment.alert.then_some(Code::BenignRaises)
            } else if !self.fires(&example.rule, &example.text.text) {
                Some(Code::LureDoesNotFire)
            } else {
                (!assessment.alert && !example.trial).then_some(Code::LureRaisesNothing)
            };
            let Some(code) = code else { continue };
            let best = assessment.families.first();
            let seen = match best {
                Some(best) => {
                    format!("lập trường {}, {} {}/{} điểm", assessment.stance, best.family, best.points, best.threshold)
                }
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
