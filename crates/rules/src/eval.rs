//! How good a ruleset is on labelled posts: counts, shares with intervals, and every error with its explanation.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{Family, Stance};
use serde::Serialize;

use crate::assessment::Assessment;
use crate::labelled::LabelledPost;
use crate::ruleset::Ruleset;
use crate::statistics::{Confusion, Scored, Share, average_precision, bootstrap, f1, recall_at};

/// Draws of every bootstrap.
pub(crate) const DRAWS: usize = 1000;

/// A figure with its 95 % bootstrap interval over groups.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Figure {
    pub(crate) fn new(posts: &[Scored], figure: fn(&[Scored]) -> f64) -> Figure {
        let (low, high) = bootstrap(posts, figure, DRAWS);
        Figure { value: figure(posts), low, high }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} [{:.3}, {:.3}]", self.value, self.low, self.high)
    }
}

/// One wrong decision.
#[derive(Clone, Debug, Serialize)]
pub struct EvalError {
    /// The post.
    pub id: String,
    /// Whether it is a lure that was missed; else a benign post that raised.
    pub missed: bool,
    /// Its form.
    pub kind: String,
    /// What it is about.
    pub families: Vec<Family>,
    /// Its text.
    pub text: String,
    /// What the ruleset said.
    pub assessment: Assessment,
}

/// Everything measured in one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The ruleset.
    pub ruleset: String,
    /// Posts read.
    pub posts: usize,
    /// Groups that splits keep together.
    pub groups: usize,
    /// Decisions at the shipped thresholds.
    pub all: Confusion,
    /// F1 at the shipped thresholds.
    pub f1: Figure,
    /// Average precision of the any-family probability.
    pub average_precision: Figure,
    /// Recall at most at 1, 2 and 3 % false alarms.
    pub recall_at: Vec<(f64, Share)>,
    /// Brier score of the any-family probability.
    pub brier: f64,
    /// Five bins of the probability: mean probability, share of lures.
    pub reliability: Vec<(f64, Share)>,
    /// Recall by main family of the lures.
    pub by_family: BTreeMap<Family, Share>,
    /// Decisions by form of the text.
    pub by_kind: BTreeMap<String, Confusion>,
    /// Decisions by disguise; a post counts under each of its own.
    pub by_obfuscation: BTreeMap<String, Confusion>,
    /// F1 of posts without and with a disguise.
    pub f1_clean_obfuscated: (f64, f64),
    /// Lures whose strongest family is one of their own.
    pub family_first: Share,
    /// (main family, first family found) of lures that were named wrongly.
    pub confusions: BTreeMap<String, usize>,
    /// Stances, of annotated posts.
    pub stance: Share,
    /// (annotated, found) stances that differ.
    pub stance_confusions: BTreeMap<String, usize>,
    /// Exact priorities, of annotated posts.
    pub priority: Share,
    /// Posts annotated priority 1 that got 1.
    pub priority_one: Share,
    /// Annotated minors for whom the urgency `minor` was listed.
    pub minor: Share,
    /// Annotated departures for which the urgency `departure` was listed.
    pub departure: Share,
    /// Every wrong decision.
    pub errors: Vec<EvalError>,
}

/// Numbers the groups of some posts.
pub(crate) fn group_numbers(posts: &[LabelledPost]) -> (Vec<usize>, usize) {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let found = posts
        .iter()
        .map(|post| {
            let next = numbers.len();
            *numbers.entry(post.split_key()).or_insert(next)
        })
        .collect();
    (found, numbers.len())
}

/// Measures a ruleset on labelled posts.
pub fn evaluate(ruleset: &Ruleset, posts: &[LabelledPost]) -> Report {
    let assessments: Vec<Assessment> = posts.iter().map(|post| ruleset.assess(&post.read())).collect();
    let (numbers, groups) = group_numbers(posts);
    let scored: Vec<Scored> = posts
        .iter()
        .zip(&assessments)
        .zip(&numbers)
        .map(|((post, a), group)| Scored { score: a.probability, alert: a.alert, lure: post.is_lure(), group: *group })
        .collect();
    let mut report = Report {
        ruleset: ruleset.id().to_owned(),
        posts: posts.len(),
        groups,
        all: Confusion::default(),
        f1: Figure::new(&scored, f1),
        average_precision: Figure::new(&scored, average_precision),
        recall_at: [0.01, 0.02, 0.03].map(|most| (most, recall_at(&scored, most))).to_vec(),
        brier: scored.iter().map(|s| (s.score - f64::from(u8::from(s.lure))).powi(2)).sum::<f64>()
            / scored.len().max(1) as f64,
        reliability: reliability(&scored),
        by_family: BTreeMap::new(),
        by_kind: BTreeMap::new(),
        by_obfuscation: BTreeMap::new(),
        f1_clean_obfuscated: (0.0, 0.0),
        family_first: Share::default(),
        confusions: BTreeMap::new(),
        stance: Share::default(),
        stance_confusions: BTreeMap::new(),
        priority: Share::default(),
        priority_one: Share::default(),
        minor: Share::default(),
        departure: Share::default(),
        errors: Vec::new(),
    };
    let (mut clean, mut obfuscated) = (Confusion::default(), Confusion::default());
    for (post, assessment) in posts.iter().zip(&assessments) {
        let (lure, alert) = (post.is_lure(), assessment.alert);
        report.all.count(lure, alert);
        report.by_kind.entry(post.kind.clone()).or_default().count(lure, alert);
        for disguise in &post.obfuscation {
            report.by_obfuscation.entry(disguise.clone()).or_default().count(lure, alert);
        }
        if post.is_obfuscated() { &mut obfuscated } else { &mut clean }.count(lure, alert);
        if lure {
            count_families(&mut report, post, assessment);
        }
        count_annotations(&mut report, post, assessment);
        if lure != alert {
            report.errors.push(EvalError {
                id: post.id.clone(),
                missed: lure,
                kind: post.kind.clone(),
                families: post.families.clone(),
                text: post.text.clone(),
                assessment: assessment.clone(),
            });
        }
    }
    report.f1_clean_obfuscated = (clean.f1(), obfuscated.f1());
    report
}

fn reliability(scored: &[Scored]) -> Vec<(f64, Share)> {
    let bin = |p: f64| ((p * 5.0) as usize).min(4);
    (0..5)
        .map(|index| {
            let members: Vec<&Scored> = scored.iter().filter(|s| bin(s.score) == index).collect();
            // Adding 0 turns the −0 of an empty sum into 0.
            let mean = members.iter().map(|s| s.score).sum::<f64>() / members.len().max(1) as f64 + 0.0;
            (mean, Share { hits: members.iter().filter(|s| s.lure).count(), of: members.len() })
        })
        .collect()
}

fn count_families(report: &mut Report, post: &LabelledPost, assessment: &Assessment) {
    if let Some(main) = post.families.first() {
        report.by_family.entry(*main).or_default().count(assessment.alert);
    }
    if !assessment.alert {
        return;
    }
    let first = assessment.families.first().map(|f| f.family);
    let right = first.is_some_and(|f| post.families.contains(&f));
    report.family_first.count(right);
    if !right {
        let main = post.families.first().map_or("–", |f| f.id());
        let pair = format!("{main} → {}", first.map_or("–", Family::id));
        *report.confusions.entry(pair).or_default() += 1;
    }
}

fn count_annotations(report: &mut Report, post: &LabelledPost, assessment: &Assessment) {
    if let Some(stance) = post.stance {
        report.stance.count(stance == assessment.stance);
        if stance != assessment.stance {
            let pair = format!("{stance} → {}", assessment.stance);
            *report.stance_confusions.entry(pair).or_default() += 1;
        }
    }
    let wants_priority = matches!(post.stance, Some(Stance::Offer | Stance::SelfOffer | Stance::Seeker));
    if let Some(priority) = post.priority
        && wants_priority
    {
        report.priority.count(assessment.priority == Some(priority));
        if priority == 1 {
            report.priority_one.count(assessment.priority == Some(1));
        }
    }
    let listed = |id: &str| assessment.urgency.iter().any(|u| u.id == id);
    if post.minor == Some(true) && wants_priority {
        report.minor.count(listed("minor"));
    }
    if post.departure == Some(true) && wants_priority {
        report.departure.count(listed("departure"));
    }
}

impl Report {
    /// The report for people.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{} posts in {} groups, ruleset {:.12}", self.posts, self.groups, self.ruleset)?;
        writeln!(out, "precision       {}", self.all.precision())?;
        writeln!(out, "recall          {}", self.all.recall())?;
        writeln!(out, "false alarms    {}", self.all.false_alarms())?;
        writeln!(out, "F1              {}", self.f1)?;
        writeln!(out, "AP              {}", self.average_precision)?;
        for (most, share) in &self.recall_at {
            writeln!(out, "recall at {:.0} %   {share}", most * 100.0)?;
        }
        writeln!(out, "F1 clean / obfuscated  {:.3} / {:.3}", self.f1_clean_obfuscated.0, self.f1_clean_obfuscated.1)?;
        writeln!(out, "family first    {}", self.family_first)?;
        writeln!(out, "stance          {}", self.stance)?;
        writeln!(out, "priority exact  {}", self.priority)?;
        writeln!(out, "priority 1      {}", self.priority_one)?;
        writeln!(out, "minor           {}", self.minor)?;
        writeln!(out, "departure       {}", self.departure)?;
        writeln!(out, "Brier           {:.3}", self.brier)?;
        for (mean, share) in &self.reliability {
            writeln!(out, "  p ≈ {mean:.2}: lures {share}")?;
        }
        writeln!(out, "\nrecall by main family")?;
        for (family, share) in &self.by_family {
            writeln!(out, "  {:32} {share}", family.id())?;
        }
        for (title, table) in [("kind", &self.by_kind), ("obfuscation", &self.by_obfuscation)] {
            writeln!(out, "\nby {title}: recall | false alarms")?;
            for (name, c) in table {
                writeln!(out, "  {name:20} {} | {}", c.recall(), c.false_alarms())?;
            }
        }
        for (title, pairs) in [("families confused", &self.confusions), ("stances confused", &self.stance_confusions)] {
            writeln!(out, "\n{title} (labelled → found)")?;
            let mut pairs: Vec<_> = pairs.iter().collect();
            pairs.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            for (pair, count) in pairs {
                writeln!(out, "  {count:4}  {pair}")?;
            }
        }
        Ok(())
    }

    /// Every error with its explanation.
    pub fn errors_to_text(&self) -> String {
        let mut out = String::new();
        for error in &self.errors {
            let what = if error.missed { "MISSED" } else { "FALSE ALARM" };
            let families: Vec<&str> = error.families.iter().map(|f| f.id()).collect();
            let _ = writeln!(out, "── {what} {} ({}; {})", error.id, error.kind, families.join(", "));
            let _ = writeln!(out, "{}", error.text);
            out.push_str(&crate::explain::to_text(&error.assessment));
            out.push('\n');
        }
        out
    }
}
