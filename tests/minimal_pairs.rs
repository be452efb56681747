//! Pairs of posts that differ in one thing, and what that thing must do: `minimal_pairs.tsv`.

use rules::{Assessment, Ruleset};

use crate::harness::top;

/// Points by which a thing that says nothing about a lure may move a post.
const NOTHING: i32 = 15;

fn margin(assessment: &Assessment) -> i32 {
    assessment.margin().unwrap_or(i32::MIN / 2)
}

#[test]
fn one_change_does_what_it_must() {
    let ruleset = Ruleset::shipped().expect("the shipped rules compile");
    let assess = |text: &str| ruleset.assess(&text::read(None, text, None));
    let table = std::fs::read_to_string(top().join("tests/minimal_pairs.tsv")).expect("the pairs");
    let mut wrong = Vec::new();
    let mut pairs = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [change, wished, before, after] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("four columns: {line}");
        };
        pairs += 1;
        let (was, is) = (assess(before), assess(after));
        let right = match wished {
            "calmer" => was.alert && is.probability < was.probability,
            "not_silenced" => was.alert && is.alert,
            "report" => was.alert && !is.alert && is.stance == model::Stance::Report,
            "no_alert" => !is.alert,
            "same" => was.alert == is.alert && (margin(&was) - margin(&is)).abs() <= NOTHING,
            other => panic!("unknown wish {other}"),
        };
        if !right {
            wrong.push(format!(
                "{change}, wished {wished}:\n  {before}\n    {} {} {}\n  {after}\n    {} {} {}",
                was.alert,
                was.stance,
                margin(&was),
                is.alert,
                is.stance,
                margin(&is)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {pairs} pairs:\n{}", wrong.len(), wrong.join("\n"));
}
