//! `text::read` and `read` + `assess` with the shipped rules, beside what a user would pick instead with 5,000 terms:
//! a folded keyword list, a regex set, Python with pyahocorasick, YARA-X.

use aho_corasick::AhoCorasick;
use rules::Ruleset;

use crate::cpu::{Contestant, interleaved};
use crate::{corpus, peers};

const POSTS: usize = 20_000;
/// Posts for a contestant that takes a millisecond each, and for the ones in Python.
const FEW: usize = 500;
const PYTHON: usize = 5_000;
const ROUNDS: usize = 5;
/// Terms that each peer looks for.
const TERMS: usize = 5_000;

/// Prints the table, the ratio to `read` + `assess` first.
pub fn run() -> Result<(), String> {
    let posts = corpus::posts(POSTS)?;
    let bytes: usize = posts.iter().map(String::len).sum();
    let ruleset = Ruleset::shipped().map_err(|problems| format!("{} problems in the shipped rules", problems.len()))?;
    let terms: Vec<String> = terms();
    let keywords = AhoCorasick::new(&terms).map_err(|error| error.to_string())?;
    let escaped: Vec<String> = terms.iter().map(|term| regex::escape(term)).collect();
    let regexes =
        regex::RegexSetBuilder::new(&escaped).size_limit(1 << 28).build().map_err(|error| error.to_string())?;
    let (all, few) = (posts.as_slice(), posts.get(..FEW).unwrap_or(&posts));
    let mut contestants = [
        Contestant {
            name: "read + assess, everything explained".into(),
            posts: all.len(),
            pass: Box::new(|| {
                all.iter().map(|post| u64::from(ruleset.assess(&text::read(None, post, None)).alert)).sum()
            }),
        },
        Contestant {
            name: "read: unmask, spans, facts".into(),
            posts: all.len(),
            pass: Box::new(|| all.iter().map(|post| text::read(None, post, None).text.tokens.len() as u64).sum()),
        },
        Contestant {
            name: "fold + aho-corasick".into(),
            posts: all.len(),
            pass: Box::new(|| {
                all.iter().map(|post| keywords.find_overlapping_iter(&text::fold(post)).count() as u64).sum()
            }),
        },
        Contestant {
            name: "fold + RegexSet".into(),
            posts: few.len(),
            pass: Box::new(|| few.iter().map(|post| regexes.matches(&text::fold(post)).iter().count() as u64).sum()),
        },
    ];
    let medians = interleaved(&mut contestants, ROUNDS);
    let ours = medians[0];
    println!(
        "{POSTS} posts, mean {} bytes, {} terms; CPU µs a post on one core, median of {ROUNDS} rounds",
        bytes / POSTS,
        terms.len()
    );
    println!("{:>12}  {:>10}  {:>10}", "× ours", "µs a post", "posts/s");
    let row = |name: &str, median: f64| {
        println!("{:>12.2}  {median:>10.2}  {:>10.0}  {name}", median / ours, 1_000_000.0 / median);
    };
    for (contestant, median) in contestants.iter().zip(&medians) {
        row(&contestant.name, *median);
    }
    for peer in peers::measure(posts.get(..PYTHON).unwrap_or(&posts), &terms, ROUNDS) {
        match peer.us_per_post {
            Ok(median) => row(&peer.name, median),
            Err(reason) => println!("{:>12}  {:>10}  {:>10}  {}: {reason}", "missing", "", "", peer.name),
        }
    }
    Ok(())
}

/// Folded terms of the shipped lexicons, spread evenly over them.
fn terms() -> Vec<String> {
    let mut terms: Vec<String> = Ruleset::shipped_files()
        .iter()
        .filter(|file| file.path.starts_with("lexicons/"))
        .flat_map(|file| String::from_utf8_lossy(&file.bytes).lines().skip(1).map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| line.split(',').next().map(|term| text::fold(term.trim_matches('"'))))
        .filter(|term| term.len() > 2)
        .collect();
    terms.sort();
    terms.dedup();
    let all = terms.len();
    (0..all.min(TERMS)).filter_map(|at| terms.get(at * all / all.min(TERMS)).cloned()).collect()
}
