//! What a user would pick instead, measured beside: a keyword list, the post's length, its register, plain logistic
//! regression.
//!
//! Length and register know nothing of exploitation; where they do well, the corpus is at fault and says so.

use std::fmt::Write as _;

use serde::Serialize;

use crate::eval::Figure;
use crate::labelled::LabelledPost;
use crate::ruleset::Ruleset;
use crate::statistics::{Scored, Share, average_precision, f1, recall_at};
use crate::train::{Cut, Names, WORDS, alone_out_of_fold, fold_weights, prepare};

/// What every warning and every newspaper names: the list that somebody would type in first. Folded.
const KEYWORDS: &[&str] = &[
    "viec nhe luong cao",
    "sang cam",
    "di cam",
    "campuchia",
    "casino",
    "truc page",
    "khong can bang cap",
    "bao ve",
    "ban than",
    "mua than",
    "hien than",
    "cho con",
    "ban con",
    "nhan con nuoi",
    "mang thai ho",
    "de thue",
    "ban trung",
    "cho thue tai khoan",
    "mua tai khoan ngan hang",
    "thue the ngan hang",
    "lay chong dai",
    "lay chong han",
    "lay chong trung quoc",
    "di chui",
    "vuot bien",
    "khong can giay to",
    "tiep vien",
    "tra no",
    "ung truoc",
    "hoa hong gioi thieu",
    "di bien",
    "tuyen gap",
];
/// Who speaks for themselves.
const FIRST_PERSON: &[&str] = &["mình", "em", "anh", "chị", "bên", "tụi", "tui", "cô", "chú", "ib", "inbox", "zalo"];
/// Who reports.
const NEWS: &[&str] = &["công an", "bị cáo", "nạn nhân", "khởi tố", "cảnh báo", "điều tra", "theo", "vụ án", "cơ quan"];

/// One baseline.
#[derive(Clone, Debug, Serialize)]
pub struct Baseline {
    /// Which.
    pub name: &'static str,
    /// F1 at its natural or best threshold.
    pub f1: Figure,
    /// Average precision.
    pub average_precision: Figure,
    /// Recall at most at 2 % false alarms.
    pub recall_at_two_percent: Share,
}

/// Measures every baseline on the same posts; regression out of fold, grouped as `train` groups.
pub fn baselines(ruleset: &Ruleset, posts: &[LabelledPost]) -> Vec<Baseline> {
    let prepared = prepare(ruleset, posts);
    let by = |score: &dyn Fn(&LabelledPost, &text::Reading) -> f64| -> Vec<Scored> {
        let scores: Vec<f64> = posts.iter().zip(&prepared).map(|(post, p)| score(post, &p.reading)).collect();
        let cut = best_threshold(&scores, posts);
        let scored = prepared.iter().zip(scores);
        scored.map(|(p, score)| Scored { score, alert: score >= cut, lure: p.lure, group: p.group }).collect()
    };
    let count = |text: &str, words: &[&str]| {
        let padded = format!(" {text} ");
        words.iter().filter(|w| padded.contains(&format!(" {w} "))).count() as f64
    };
    let names = Names::new(ruleset, &prepared);
    let weights = fold_weights(ruleset, &prepared, Cut::Group, WORDS, &names);
    let regression = alone_out_of_fold(ruleset, &prepared, Cut::Group, &weights);
    let all = [
        ("keyword list", by(&|_, reading| count(&reading.text.fold, KEYWORDS))),
        ("length (short)", by(&|post, _| -(post.text.len() as f64))),
        (
            "register",
            by(&|_, reading| count(&reading.text.canon, FIRST_PERSON) - 2.0 * count(&reading.text.canon, NEWS)),
        ),
        ("logistic regression, 1–2-grams", regression),
    ];
    all.into_iter()
        .map(|(name, scored)| Baseline {
            name,
            f1: Figure::new(&scored, f1),
            average_precision: Figure::new(&scored, average_precision),
            recall_at_two_percent: recall_at(&scored, 0.02),
        })
        .collect()
}

/// The threshold of best F1 on these very posts: a favour to the baseline.
fn best_threshold(scores: &[f64], posts: &[LabelledPost]) -> f64 {
    let mut order: Vec<(f64, bool)> = scores.iter().zip(posts).map(|(s, p)| (*s, p.is_lure())).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let lures = order.iter().filter(|o| o.1).count();
    let (mut seen, mut hits, mut best, mut cut) = (0, 0, -1.0, f64::INFINITY);
    for step in order.chunk_by(|a, b| a.0 == b.0) {
        seen += step.len();
        hits += step.iter().filter(|o| o.1).count();
        let f1 = 2.0 * hits as f64 / (seen + lures).max(1) as f64;
        if let Some(first) = step.first()
            && f1 > best
        {
            (best, cut) = (f1, first.0);
        }
    }
    cut
}

/// A table for people.
pub fn to_text(baselines: &[Baseline]) -> String {
    let mut out = String::from("baselines on the same posts\n");
    for b in baselines {
        let _ = writeln!(
            out,
            "  {:32} F1 {}  AP {}  recall at 2 % {}",
            b.name, b.f1, b.average_precision, b.recall_at_two_percent
        );
    }
    out
}
