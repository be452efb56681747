//! How long assessing takes with 5,000 terms and 300 rules: `cargo run --release -p rules --example speed -- CORPUS…`.
//!
//! Terms are n-grams drawn evenly from the posts themselves (so that they are hit), spread over 80 lexicons; each rule
//! needs two signals and one of two others. CPU time is measured, and the least of several rounds printed.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use rules::statistics::Draw;
use rules::{LabelledPost, RuleFile, Ruleset};

fn bundle(posts: &[LabelledPost]) -> Vec<RuleFile> {
    let mut draw = Draw::new(5000);
    let mut lexicons = vec![String::from("term,bare\n"); 80];
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 5000 {
        let Some(post) = posts.get(draw.below(posts.len())) else { break };
        let words: Vec<&str> = post.text.split_whitespace().collect();
        let (at, len) = (draw.below(words.len()), 2 + draw.below(4));
        let Some(term) = words.get(at..at + len) else { continue };
        let term = term.join(" ");
        let canon = text::read(None, &term, None).text;
        let plain = term.chars().all(|c| c.is_alphabetic() || c == ' ') && canon.tokens.len() >= 2;
        if plain && seen.insert(canon.canon) {
            let lexicon = draw.below(80);
            lexicons[lexicon].push_str(&format!("{term},yes\n"));
        }
    }
    let mut files: Vec<RuleFile> = lexicons
        .into_iter()
        .enumerate()
        .map(|(i, text)| RuleFile { path: format!("lexicons/l{i:02}.csv"), bytes: text.into_bytes() })
        .collect();
    let (mut rules, mut points) = (String::new(), String::new());
    for i in 0..120 {
        let mut member = || draw.below(80);
        rules.push_str(&format!(
            "[signal.s{i:03}]\ngroup = \"g\"\nany = [\"l{:02}\", \"l{:02}\"]\nnear = 10\n",
            member() / 2,
            40 + member() / 2
        ));
    }
    for i in 0..300 {
        let (a, b, c) = (draw.below(40), 40 + draw.below(40), 80 + draw.below(40));
        let family = model::Family::ALL[i % 11];
        rules.push_str(&format!(
            "[[rule]]\nid = \"r{i}\"\nstatus = \"trial\"\nfamily = \"{family}\"\ntitle = \"t\"\nall = [\"s{a:03}\", \"s{b:03}\"]\nany = [\"s{c:03}\"]\n"
        ));
        points.push_str(&format!("r{i} = 20\n"));
    }
    let rules = rules.replace("status = \"trial\"\n", "status = \"active\"\n");
    let rules = rules.replace("title = \"t\"", "title = \"t\"\nlure = [\"x\"]\nbenign = [\"x\"]");
    let scores = format!("[cap]\ng = 60\n[threshold]\ndefault = 50\n[rule]\n{points}");
    files.push(RuleFile { path: "rules/main.toml".into(), bytes: rules.into_bytes() });
    files.push(RuleFile { path: "rules/scores.toml".into(), bytes: scores.into_bytes() });
    files
}

/// CPU seconds of this thread, as Linux counts them: other programs on the machine do not show.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut posts = Vec::new();
    for file in std::env::args().skip(1) {
        for line in std::fs::read_to_string(file)?.lines() {
            posts.push(LabelledPost::parse(line)?);
        }
    }
    let started = cpu_seconds();
    let ruleset = Ruleset::compile_unchecked(&bundle(&posts)).map_err(|p| format!("{:?}", p.first()))?;
    println!("compiled in {:.0} ms", (cpu_seconds() - started) * 1e3);
    let bytes: usize = posts.iter().map(|p| p.text.len()).sum();
    let mut least = [f64::INFINITY; 2];
    let (mut alerts, mut findings) = (0, 0);
    for _ in 0..15 {
        let started = cpu_seconds();
        let readings: Vec<text::Reading> = posts.iter().map(LabelledPost::read).collect();
        least[0] = least[0].min(cpu_seconds() - started);
        let started = cpu_seconds();
        let assessments: Vec<rules::Assessment> = readings.iter().map(|r| ruleset.assess(r)).collect();
        least[1] = least[1].min(cpu_seconds() - started);
        alerts = assessments.iter().filter(|a| !a.families.is_empty()).count();
        findings = assessments.iter().map(|a| a.findings.len()).sum();
    }
    let each = |seconds: f64| seconds * 1e6 / posts.len() as f64;
    println!(
        "{} posts of {} bytes; {alerts} with points, {findings} findings",
        posts.len(),
        bytes / posts.len().max(1)
    );
    println!("read {:.1} µs, assess {:.1} µs a post", each(least[0]), each(least[1]));
    Ok(())
}
