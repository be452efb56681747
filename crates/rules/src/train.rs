//! Trains the learned part from labelled posts, and says by cross-validation whether it helps.
//!
//! Folds are cut twice: by group (five folds; no source in two), and by writer (each writer's posts judged by weights
//! learned from the others). The second is what counts where there are several writers. Deterministic: the same posts and ruleset give the same weights. Every post is seen twice, as written and without
//! marks. A word is kept only when posts of several groups have it.

use std::collections::{BTreeMap, BTreeSet};

use model::{Family, Stance};
use serde::Serialize;
use text::{Reading, syllable_id};

use crate::assessment::Assessment;
use crate::calibrate::{Calibration, calibrate};
use crate::comparison::{Comparison, Gain, Judged, TrainReport};
use crate::eval::group_numbers;
use crate::features::{self, Gram};
use crate::labelled::{Label, LabelledPost};
use crate::learned::{Head, Learned, Weights, word_value};
use crate::logistic::{Example, Model, fit};
use crate::ruleset::Ruleset;
use crate::statistics::{Scored, Share, average_precision, f1, recall_at};

/// Folds by group; a group falls into one by its hash.
const FOLDS: usize = 5;
/// Fewest groups that must share a word.
const MIN_GROUPS: usize = 3;
/// Fewest posts on either side of a question that get it a head of its own.
const MIN_POSTS: usize = 8;
/// Points for one logit: of the `any` head, the families' and the stances'.
const POINTS_PER_LOGIT: f64 = 20.0;
const FAMILY_POINTS_PER_LOGIT: f64 = 70.0;
const STANCE_POINTS_PER_LOGIT: f64 = 10.0;
const ITERATIONS: usize = 100;
/// Weights below these, in hundredths of a point, are left out: they only fill the file.
const LEAST_SIGNAL: i32 = 25;
const LEAST_WORD: i32 = 100;

/// What the learned part is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Settings {
    pub name: &'static str,
    pub words: bool,
    pub signals: bool,
    /// A head for each family and stance too.
    pub heads: bool,
    pub penalty: f64,
    /// Value of a signal that occurs, beside words that share a length of about 1.
    pub signal_value: f64,
    /// Most words of a head, the strongest first.
    pub most_words: usize,
}

/// The models that are compared. Plain regression on words is the baseline that others would build.
pub(crate) const WORDS: Settings = Settings {
    name: "words",
    words: true,
    signals: false,
    heads: false,
    penalty: 0.25,
    signal_value: 0.3,
    most_words: 100_000,
};
const BOTH: Settings = Settings { name: "words and signals", signals: true, heads: true, most_words: 2500, ..WORDS };
const CANDIDATES: &[Settings] = &[
    Settings { name: "words", heads: true, most_words: 2500, ..WORDS },
    Settings { name: "signals", words: false, penalty: 1.0, most_words: 0, ..BOTH },
    BOTH,
    Settings { name: "words and signals, held back", penalty: 1.0, ..BOTH },
];
/// What leaving a family out is done with: no heads, for they would know the family.
const PLAIN: Settings = Settings { heads: false, ..BOTH };
/// Bounds that are tried: points of a family, points of a stance.
const CAPS: &[(i32, i32)] = &[(20, 20), (40, 40), (80, 80), (120, 120)];

/// One post, read both ways.
pub(crate) struct Prepared {
    pub reading: Reading,
    pub lure: bool,
    pub families: Vec<Family>,
    pub stance: Option<Stance>,
    pub group: usize,
    fold: usize,
    writer: usize,
    /// Whether figures are about it: a post itself, not a copy.
    judged: bool,
    /// How much it counts in training.
    weight: f64,
    /// Learned from in every fold: the rules' own examples.
    taught: bool,
    /// As written and without marks: (gram key, place) once each, and signals.
    forms: [Form; 2],
    tokens: usize,
}

struct Form {
    grams: Vec<Gram>,
    signals: Vec<u16>,
    bare: bool,
}

/// A bare warning put before an offer of a child or a minor must not hide it, so such offers are learned with one too.
const WARNINGS: [&str; 4] =
    ["Công an cảnh báo: ", "Cảnh báo lừa đảo!!! ", "Theo báo chí đưa tin, ", "CẢNH GIÁC mọi người ơi: "];

/// What one counts for: enough to be heard, too little to make real warnings sound like offers.
const WARNED_WEIGHT: f64 = 0.25;

/// Such copies of the offers among some posts; they stay in their originals' folds.
fn warned(posts: &[LabelledPost]) -> Vec<LabelledPost> {
    let shielded = |p: &LabelledPost| p.minor == Some(true) || p.families.contains(&Family::ChildSale);
    let copy = |(post, warning): (&LabelledPost, &&str)| LabelledPost {
        text: format!("{warning}{}", post.text),
        ..post.clone()
    };
    posts.iter().filter(|p| p.is_lure() && shielded(p)).zip(WARNINGS.iter().cycle()).map(copy).collect()
}

/// The rules' examples as posts. What they say of the speaker is not written down.
fn taught(ruleset: &Ruleset) -> Vec<LabelledPost> {
    let active = ruleset.examples.iter().filter(|e| !e.trial);
    active
        .enumerate()
        .map(|(number, example)| LabelledPost {
            id: format!("rule-{number}"),
            text: example.text.text.clone(),
            title: None,
            label: if example.lure { Label::Lure } else { Label::Benign },
            families: example.family.filter(|_| example.lure).into_iter().collect(),
            kind: String::new(),
            obfuscation: Vec::new(),
            source_url: None,
            group: Some(format!("rule:{}", example.rule)),
            stance: None,
            priority: None,
            minor: None,
            departure: None,
            posted_at_ms: None,
        })
        .collect()
}

/// Reads every post, and the rules' examples, once for all that follows.
pub(crate) fn prepare(ruleset: &Ruleset, posts: &[LabelledPost]) -> Vec<Prepared> {
    let mut all = posts.to_vec();
    all.extend(warned(posts));
    let own = all.len();
    all.extend(taught(ruleset));
    let (groups, _) = group_numbers(&all);
    let writers: BTreeSet<&str> = posts.iter().map(LabelledPost::writer).collect();
    all.iter()
        .zip(groups)
        .enumerate()
        .map(|(number, (post, group))| {
            let writer = writers.iter().position(|w| *w == post.writer()).unwrap_or(0);
            let reading = post.read();
            let folded_title = post.title.as_deref().map(text::fold);
            let folded = text::read(folded_title.as_deref(), &text::fold(&post.text), None);
            let mut tokens = 0;
            let forms = [(&reading, false), (&folded, true)].map(|(seen_in, bare)| {
                let mut grams = Vec::new();
                tokens = features::grams(&reading, bare, &mut grams);
                grams.sort_by_key(|g| (g.key, g.field, g.start));
                grams.dedup_by_key(|g| g.key);
                let seen = ruleset.see(seen_in);
                let signals = (0..ruleset.signals.len() as u16).filter(|s| seen.has(*s)).collect();
                Form { grams, signals, bare }
            });
            // FNV leaves its low bits uneven for short keys; the high ones are mixed.
            let fold = (syllable_id(post.split_key()).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % FOLDS;
            let (lure, families, stance) = (post.is_lure(), post.families.clone(), post.stance);
            let (judged, taught) = (number < posts.len(), number >= own);
            let weight = if judged || taught { 1.0 } else { WARNED_WEIGHT };
            Prepared { reading, lure, families, stance, group, fold, writer, judged, weight, taught, forms, tokens }
        })
        .collect()
}

/// Columns of the training matrix.
struct Columns {
    signal_value: f64,
    words: BTreeMap<u64, u32>,
    signals: BTreeMap<u16, u32>,
}

impl Columns {
    fn new(posts: &[&Prepared], settings: Settings) -> Columns {
        let mut groups: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
        let mut signals = BTreeSet::new();
        for post in posts {
            for form in &post.forms {
                if settings.words {
                    for gram in &form.grams {
                        let seen = groups.entry(gram.key).or_default();
                        if seen.len() < MIN_GROUPS {
                            seen.insert(post.group);
                        }
                    }
                }
                if settings.signals {
                    signals.extend(form.signals.iter().copied());
                }
            }
        }
        let kept = groups.into_iter().filter(|(_, g)| g.len() >= MIN_GROUPS).map(|(key, _)| key);
        let words: BTreeMap<u64, u32> = kept.enumerate().map(|(column, key)| (key, column as u32)).collect();
        let first = words.len();
        let signals = signals.into_iter().enumerate().map(|(i, s)| (s, (first + i) as u32)).collect();
        Columns { signal_value: settings.signal_value, words, signals }
    }

    fn len(&self) -> usize {
        self.words.len() + self.signals.len()
    }

    fn row(&self, post: &Prepared, form: &Form) -> Vec<(u32, f64)> {
        let value = word_value(post.tokens);
        let words = form.grams.iter().filter_map(|g| self.words.get(&g.key)).map(|c| (*c, value));
        let signals = form.signals.iter().filter_map(|s| self.signals.get(s)).map(|c| (*c, self.signal_value));
        words.chain(signals).collect()
    }

    /// A signal of a raising group never calms and one of a calming group never raises, whatever stands beside it in
    /// the posts: a person who adds a term to it must be able to rely on its group.
    fn keep_signs(&self, model: &mut Model, names: &Names<'_>) {
        for (signal, column) in &self.signals {
            let sign = names.signs.get(*signal as usize).copied().unwrap_or(0);
            if let Some(weight) = model.weights.get_mut(*column as usize)
                && f64::from(sign) * *weight < 0.0
            {
                *weight = 0.0;
            }
        }
    }

    /// Turns a model into integer weights, the strongest words only.
    fn head(&self, model: &Model, scale: f64, most_words: usize, names: &Names<'_>) -> Head {
        let hundredths = |w: f64| (w * scale * 100.0).round() as i32;
        let mut words: Vec<(u64, f64)> =
            self.words.iter().map(|(key, c)| (*key, model.weights.get(*c as usize).copied().unwrap_or(0.0))).collect();
        words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        words.truncate(most_words);
        let signals = self.signals.iter().filter_map(|(signal, column)| {
            let weight = hundredths(model.weights.get(*column as usize)? * self.signal_value);
            Some(((*names.signals.get(*signal as usize)?).to_owned(), weight))
        });
        let words = words.into_iter().filter_map(|(key, w)| Some((names.words.get(&key)?.clone(), hundredths(w))));
        Head {
            bias: hundredths(model.bias),
            signals: signals.filter(|(_, w)| w.abs() >= LEAST_SIGNAL).collect(),
            words: words.filter(|(_, w)| w.abs() >= LEAST_WORD).collect(),
        }
    }
}

/// What columns are called in `learned.json`.
pub(crate) struct Names<'a> {
    words: BTreeMap<u64, String>,
    signals: Vec<&'a str>,
    /// 1 for signals of a raising group, -1 of a calming one, 0 without a group.
    signs: Vec<i32>,
}

impl<'a> Names<'a> {
    pub fn new(ruleset: &'a Ruleset, posts: &[Prepared]) -> Names<'a> {
        let mut words = BTreeMap::new();
        for post in posts {
            for form in &post.forms {
                let names = features::names(&post.reading, &form.grams, form.bare);
                for (gram, name) in form.grams.iter().zip(names) {
                    words.entry(gram.key).or_insert(name);
                }
            }
        }
        let cap = |group: u8| ruleset.scores.groups.get(group as usize).map_or(0, |g| g.cap.signum());
        let signs = ruleset.signals.iter().map(|s| s.group.map_or(0, cap)).collect();
        Names { words, signals: ruleset.signal_names().collect(), signs }
    }
}

/// Trains on some posts.
pub(crate) fn learn(posts: &[&Prepared], settings: Settings, names: &Names<'_>) -> Learned {
    let columns = Columns::new(posts, settings);
    let rows: Vec<(&Prepared, Vec<(u32, f64)>)> =
        posts.iter().flat_map(|post| post.forms.iter().map(|form| (*post, columns.row(post, form)))).collect();
    let ask = |of: &dyn Fn(&Prepared) -> Option<bool>| -> Option<Model> {
        let examples: Vec<Example<'_>> = rows
            .iter()
            .filter_map(|(post, row)| Some(Example { features: row, positive: of(post)?, weight: post.weight }))
            .collect();
        let positive = examples.iter().filter(|e| e.positive).count();
        let enough = 2 * MIN_POSTS <= positive && positive + 2 * MIN_POSTS <= examples.len();
        enough.then(|| fit(&examples, columns.len(), settings.penalty, ITERATIONS))
    };
    let words = settings.most_words;
    let head = |question: Question| -> Option<Head> {
        Some(match question {
            Question::Any => {
                let mut model = ask(&|post| Some(post.lure))?;
                columns.keep_signs(&mut model, names);
                columns.head(&model, POINTS_PER_LOGIT, words, names)
            }
            Question::Family(family) => {
                let model = ask(&|post| post.lure.then(|| post.families.contains(&family)))?;
                columns.head(&model, FAMILY_POINTS_PER_LOGIT, words / 5, names)
            }
            Question::Stance(stance) => {
                let model = ask(&|post| post.stance.map(|s| s == stance))?;
                columns.head(&model, STANCE_POINTS_PER_LOGIT, words / 2, names)
            }
        })
    };
    let mut questions = vec![Question::Any];
    if settings.heads {
        questions.extend(Family::ALL.iter().filter(|f| **f != Family::Unclassified).map(|f| Question::Family(*f)));
        questions.extend(Stance::ALL.iter().map(|s| Question::Stance(*s)));
    }
    let mut learned = Learned::default();
    for (question, head) in in_parallel(&questions, |question| head(*question)) {
        match (question, head) {
            (Question::Any, head) => learned.any = head.unwrap_or_default(),
            (Question::Family(family), Some(head)) => drop(learned.families.insert(family, head)),
            (Question::Stance(stance), Some(head)) => drop(learned.stances.insert(stance, head)),
            (_, None) => {}
        }
    }
    learned
}

/// What a head answers.
#[derive(Clone, Copy)]
enum Question {
    Any,
    Family(Family),
    Stance(Stance),
}

/// Answers every question, on every core; the answers come in the order of the questions.
fn in_parallel<Q: Copy + Send + Sync, A: Send>(questions: &[Q], answer: impl Fn(&Q) -> A + Sync) -> Vec<(Q, A)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = questions.len().div_ceil(cores).max(1);
    let answer = &answer;
    std::thread::scope(|scope| {
        let work: Vec<_> = questions
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(|q| (*q, answer(q))).collect::<Vec<_>>()))
            .collect();
        // A panic of a thread goes on here: there is nothing to save of a training that failed.
        work.into_iter().flat_map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// The `any` head's points of one post, unbounded: the model by itself.
fn alone(ruleset: &Ruleset, weights: &Weights, post: &Prepared) -> f64 {
    let seen = ruleset.see(&post.reading);
    f64::from(weights.look(&post.reading, &seen).lure_points(i32::MAX))
}

/// What the rules, with or without learned weights, say of every post, in order.
pub(crate) struct Outcome {
    pub scored: Vec<Scored>,
    pub family_first: Share,
    pub stance: Share,
    /// For the fit of probabilities.
    assessments: Vec<Assessment>,
}

fn outcome(posts: &[Prepared], assessments: Vec<Assessment>) -> Outcome {
    let mut out = Outcome {
        scored: Vec::new(),
        family_first: Share::default(),
        stance: Share::default(),
        assessments: Vec::new(),
    };
    for (post, a) in judged(posts).zip(&assessments) {
        out.scored.push(Scored { score: a.probability, alert: a.alert, lure: post.lure, group: post.group });
        if post.lure && a.alert {
            out.family_first.count(a.families.first().is_some_and(|f| post.families.contains(&f.family)));
        }
        if let Some(stance) = post.stance {
            out.stance.count(stance == a.stance);
        }
    }
    out.assessments = assessments;
    out
}

/// How posts are cut into folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Group,
    Writer,
}

impl Cut {
    fn fold(self, post: &Prepared) -> usize {
        match self {
            Cut::Group => post.fold,
            Cut::Writer => post.writer,
        }
    }
}

/// Weights for each fold, learned from the others.
pub(crate) fn fold_weights(
    ruleset: &Ruleset,
    posts: &[Prepared],
    cut: Cut,
    settings: Settings,
    names: &Names<'_>,
) -> Vec<Weights> {
    let folds = posts.iter().map(|p| cut.fold(p) + 1).max().unwrap_or(0);
    let training = |fold| posts.iter().filter(|p| p.taught || cut.fold(p) != fold).collect::<Vec<&Prepared>>();
    (0..folds).map(|fold| ruleset.weights(&learn(&training(fold), settings, names))).collect()
}

/// The posts that figures are about.
fn judged(posts: &[Prepared]) -> impl Iterator<Item = &Prepared> {
    posts.iter().filter(|p| p.judged)
}

/// The model by itself, out of fold.
pub(crate) fn alone_out_of_fold(ruleset: &Ruleset, posts: &[Prepared], cut: Cut, weights: &[Weights]) -> Vec<Scored> {
    judged(posts)
        .map(|post| {
            let score = weights.get(cut.fold(post)).map_or(0.0, |w| alone(ruleset, w, post));
            Scored { score, alert: score > 0.0, lure: post.lure, group: post.group }
        })
        .collect()
}

/// Assesses every post with the weights of its fold, and fits probabilities to the outcome.
fn judge(
    ruleset: &Ruleset,
    posts: &[LabelledPost],
    prepared: &[Prepared],
    cut: Cut,
    weights: &[Weights],
) -> (Outcome, Calibration) {
    let assess = |p: &Prepared| ruleset.assess_with(&p.reading, weights.get(cut.fold(p)));
    let mut found = outcome(prepared, judged(prepared).map(assess).collect());
    let thresholds = &ruleset.scores.threshold;
    let calibration = calibrate(posts, &found.assessments, thresholds);
    for (scored, a) in found.scored.iter_mut().zip(&found.assessments) {
        scored.score = calibration.any(a.margin(), a.stance, a.stance_margin, thresholds);
    }
    (found, calibration)
}

/// Learns from all posts with words and signals, without the comparison: for measuring while rules are being written.
pub fn learn_quickly(ruleset: &Ruleset, posts: &[LabelledPost]) -> Learned {
    let prepared = prepare(ruleset, posts);
    learn(&prepared.iter().collect::<Vec<&Prepared>>(), BOTH, &Names::new(ruleset, &prepared))
}

/// Trains the learned part of a ruleset. The comparison is out of fold; the weights come from all posts.
///
/// The rules themselves were written by people who saw some of these posts, so the comparison favours them.
pub fn train(ruleset: &Ruleset, posts: &[LabelledPost]) -> (Learned, TrainReport) {
    let prepared = prepare(ruleset, posts);
    let names = Names::new(ruleset, &prepared);
    let (rules, plain) = judge(ruleset, posts, &prepared, Cut::Group, &[]);
    let gains = |found: &Outcome| (Gain::new(found, &rules, f1), Gain::new(found, &rules, average_precision));
    let worth = |found: &Outcome| f1(&found.scored) + average_precision(&found.scored);
    let mut candidates = Vec::new();
    let mut best: Option<(f64, Settings, (i32, i32), Calibration)> = None;
    for settings in CANDIDATES {
        let by_group = fold_weights(ruleset, &prepared, Cut::Group, *settings, &names);
        let by_writer = fold_weights(ruleset, &prepared, Cut::Writer, *settings, &names);
        let alone = |cut, weights: &[Weights]| average_precision(&alone_out_of_fold(ruleset, &prepared, cut, weights));
        // The bounds are the best of a few numbers, chosen on all posts: a small favour, told here.
        let mut best_caps: Option<(f64, (i32, i32), Outcome, Calibration)> = None;
        for caps in CAPS {
            let (found, calibration) = judge(&ruleset.with_caps(*caps), posts, &prepared, Cut::Writer, &by_writer);
            if best_caps.as_ref().is_none_or(|(most, ..)| worth(&found) > most + 0.002) {
                best_caps = Some((worth(&found), *caps, found, calibration));
            }
        }
        let Some((value, caps, written, calibration)) = best_caps else { continue };
        let (grouped, _) = judge(&ruleset.with_caps(caps), posts, &prepared, Cut::Group, &by_group);
        candidates.push(Comparison {
            name: settings.name.to_owned(),
            caps,
            by_group: Judged::new(&grouped),
            group_gains: gains(&grouped),
            by_writer: Judged::new(&written),
            writer_gains: gains(&written),
            alone: (alone(Cut::Group, &by_group), alone(Cut::Writer, &by_writer)),
        });
        if best.as_ref().is_none_or(|(most, ..)| value > most + 0.002) {
            best = Some((value, *settings, caps, calibration));
        }
    }
    let (settings, caps, calibration) = best.map_or((WORDS, (0, 0), plain), |(_, s, caps, c)| (s, caps, c));
    let helps = candidates.iter().filter(|c| c.name == settings.name).any(|c| {
        let all = [c.group_gains.0, c.group_gains.1, c.writer_gains.0, c.writer_gains.1];
        all.iter().any(|g| g.low > 0.0) && c.writer_gains.0.value >= 0.0 && c.writer_gains.1.value >= 0.0
    });
    let all: Vec<&Prepared> = prepared.iter().collect();
    let learned = learn(&all, settings, &names);
    let report = TrainReport {
        posts: posts.len(),
        groups: judged(&prepared).map(|p| p.group).collect::<BTreeSet<usize>>().len(),
        writers: judged(&prepared).map(|p| p.writer).collect::<BTreeSet<usize>>().len(),
        rules: Judged::new(&rules),
        candidates,
        chosen: settings.name.to_owned(),
        caps,
        calibration,
        helps,
    };
    (learned, report)
}

/// Recall of each family that has five lures, when its rules are gone and its posts were not learned from; any alert
/// counts, at most `most` of the benign posts above the threshold.
pub fn leave_family_out(
    ruleset: &Ruleset,
    posts: &[LabelledPost],
    most: f64,
    learned: bool,
) -> BTreeMap<Family, Share> {
    let prepared = prepare(ruleset, posts);
    let names = Names::new(ruleset, &prepared);
    let mut shares = BTreeMap::new();
    for family in Family::ALL {
        let theirs = |p: &Prepared| p.lure && p.families.first() == Some(family);
        if judged(&prepared).filter(|p| theirs(p)).count() < 5 {
            continue;
        }
        let without = ruleset.without(*family);
        let mut scored = Vec::new();
        for fold in 0..FOLDS {
            let training: Vec<&Prepared> =
                prepared.iter().filter(|p| p.fold != fold && !(p.lure && p.families.contains(family))).collect();
            let weights = learned.then(|| ruleset.weights(&learn(&training, PLAIN, &names)));
            for post in judged(&prepared).filter(|p| p.fold == fold && (!p.lure || theirs(p))) {
                let a = without.assess_with(&post.reading, weights.as_ref());
                scored.push(Scored { score: a.probability, alert: a.alert, lure: post.lure, group: post.group });
            }
        }
        shares.insert(*family, recall_at(&scored, most));
    }
    shares
}
