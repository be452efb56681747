//! `text::read` and `read` + `assess` with the shipped rules, beside a folded keyword list and a regex set.

use aho_corasick::AhoCorasick;
use rules::Ruleset;

use crate::corpus;
use crate::cpu::{Contestant, interleaved};

const POSTS: usize = 20_000;
const ROUNDS: usize = 5;

/// Prints the table.
pub fn run() -> Result<(), String> {
    let posts = corpus::posts(POSTS)?;
    let bytes: usize = posts.iter().map(String::len).sum();
    let ruleset = Ruleset::shipped().map_err(|problems| format!("{} problems in the shipped rules", problems.len()))?;
    let terms: Vec<String> = terms();
    let keywords = AhoCorasick::new(&terms).map_err(|error| error.to_string())?;
    let escaped: Vec<String> = terms.iter().take(500).map(|term| regex::escape(term)).collect();
    let regexes = regex::RegexSet::new(&escaped).map_err(|error| error.to_string())?;
    let mut contestants = [
        Contestant {
            name: "read + assess, everything explained".into(),
            pass: Box::new(|| {
                posts.iter().map(|post| u64::from(ruleset.assess(&text::read(None, post, None)).alert)).sum()
            }),
        },
        Contestant {
            name: "read: unmask, spans, facts".into(),
            pass: Box::new(|| posts.iter().map(|post| text::read(None, post, None).text.tokens.len() as u64).sum()),
        },
        Contestant {
            name: format!("fold + keyword list ({} terms, aho-corasick)", terms.len()),
            pass: Box::new(|| {
                posts.iter().map(|post| keywords.find_overlapping_iter(&text::fold(post)).count() as u64).sum()
            }),
        },
        Contestant {
            name: "fold + regex set (500 terms)".into(),
            pass: Box::new(|| posts.iter().map(|post| regexes.matches(&text::fold(post)).iter().count() as u64).sum()),
        },
    ];
    let medians = interleaved(&mut contestants, posts.len(), ROUNDS);
    println!("{POSTS} posts, mean {} bytes; CPU µs a post on one core, median of {ROUNDS} rounds", bytes / POSTS);
    let ours = medians[0];
    for (contestant, median) in contestants.iter().zip(&medians) {
        println!(
            "{:<56} {median:>9.2} µs  {:>9.0} posts/s  ratio to ours {:>6.2}",
            contestant.name,
            1_000_000.0 / median,
            median / ours
        );
    }
    Ok(())
}

/// The folded terms of the shipped lexicons.
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
    terms
}
