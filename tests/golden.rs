//! One line a post of the corpus: a change of words, rules or scores shows its whole difference.
//!
//! `UPDATE_GOLDEN=1 cargo test -p tests golden` writes the lines anew; the difference is then read in review.

use std::fmt::Write;

use rules::{LabelledPost, Ruleset};

use crate::harness::top;

const CORPORA: [&str; 13] = [
    "open",
    "constructed",
    "genz",
    "migrants",
    "families",
    "groups",
    "voices",
    "brokers",
    "press",
    "terse",
    "honest",
    "needy",
    "locked",
];

pub fn corpus(name: &str) -> Vec<LabelledPost> {
    let path = top().join(format!("tests/corpus/{name}.jsonl"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| LabelledPost::parse(line).expect("a labelled post a line")).collect()
}

fn lines(posts: &[LabelledPost], ruleset: &Ruleset) -> String {
    let mut lines = String::new();
    for post in posts {
        let assessment = ruleset.assess(&post.read());
        let raised = match (assessment.alert, assessment.referral) {
            (true, true) => "alert+referral",
            (true, false) => "alert",
            (false, true) => "referral",
            (false, false) => "-",
        };
        let priority = assessment.priority.map_or("-".into(), |priority| priority.to_string());
        let families: Vec<String> =
            assessment.families.iter().map(|score| format!("{}={}", score.family, score.points)).collect();
        let _ = writeln!(lines, "{}\t{}\t{raised}\tP{priority}\t{}", post.id, assessment.stance, families.join(" "));
    }
    lines
}

#[test]
fn every_post_of_the_corpus_stands_as_recorded() {
    let ruleset = Ruleset::shipped().expect("the shipped rules compile");
    let mut differing = Vec::new();
    for name in CORPORA {
        let path = top().join(format!("tests/golden/{name}.tsv"));
        let now = lines(&corpus(name), ruleset);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &now).expect("the golden is written");
            continue;
        }
        let then = std::fs::read_to_string(&path).unwrap_or_default();
        let count = now.lines().count().max(then.lines().count());
        for at in 0..count {
            let (a, b) = (then.lines().nth(at).unwrap_or(""), now.lines().nth(at).unwrap_or(""));
            if a != b {
                differing.push(format!("- {a}\n+ {b}"));
            }
        }
    }
    let shown: Vec<&String> = differing.iter().take(40).collect();
    assert!(differing.is_empty(), "{} lines differ; UPDATE_GOLDEN=1 writes them anew:\n{shown:#?}", differing.len());
}
