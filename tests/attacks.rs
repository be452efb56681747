//! Lures rewritten by every disguise that people use, and how many are still found: what the normaliser is for.
//!
//! The generator knows nothing of the normaliser's tables. Words with digits or signs are left alone, for a contact
//! that nobody can read is of no use to a recruiter. A failure prints the table.

use std::fmt::Write;

use rules::Ruleset;
use unicode_normalization::UnicodeNormalization;

use crate::golden::corpus;

/// Most that recall may fall below the clean posts', over both streams, under one attack; and under all of them at
/// once, a different one every word.
const MOST_LOST: f64 = 0.02;
const MOST_LOST_TO_A_MIXTURE: f64 = 0.05;

type Attack = (&'static str, fn(&str, usize) -> String);

const ATTACKS: [Attack; 12] = [
    ("marks stripped", |word, _| bare(word)),
    ("teencode", |word, _| teencode(word)),
    ("letters spaced", |word, at| every(3, at, word, |w| joined(w, " "))),
    ("letters dotted", |word, at| every(3, at, word, |w| joined(w, "."))),
    ("letters dashed", |word, at| every(3, at, word, |w| joined(w, "-"))),
    ("look-alikes", |word, _| look_alike(word)),
    ("maths letters", |word, _| maths(word)),
    ("zero width", |word, at| every(2, at, word, |w| joined(w, "\u{200b}"))),
    ("emoji between", |word, at| if at % 3 == 1 { format!("{word} 🔥") } else { word.to_owned() }),
    ("leet", |word, at| every(2, at, word, leet)),
    ("decomposed", |word, _| decomposed(word)),
    ("mixture", mixture),
];

fn every(n: usize, at: usize, word: &str, change: impl Fn(&str) -> String) -> String {
    if at.is_multiple_of(n) && word.chars().count() > 2 { change(word) } else { word.to_owned() }
}

fn mixture(word: &str, at: usize) -> String {
    match at % 7 {
        0 => joined(word, "."),
        1 => look_alike(word),
        2 => maths(word),
        3 => joined(word, "\u{200d}"),
        4 => decomposed(word),
        5 => leet(word),
        _ => bare(word),
    }
}

fn joined(word: &str, between: &str) -> String {
    word.chars().map(String::from).collect::<Vec<_>>().join(between)
}

/// A letter's base and its marks.
fn taken_apart(letter: char) -> (char, String) {
    let mut parts = std::iter::once(letter).nfd();
    (parts.next().unwrap_or(letter), parts.collect())
}

fn bare(word: &str) -> String {
    let letter = |c: char| match c {
        'đ' => 'd',
        'Đ' => 'D',
        _ => taken_apart(c).0,
    };
    word.chars().map(letter).collect()
}

fn decomposed(word: &str) -> String {
    word.nfd().collect()
}

fn look_alike(word: &str) -> String {
    let letter = |c| match c {
        'a' => 'а',
        'c' => 'с',
        'e' => 'е',
        'o' => 'о',
        'p' => 'р',
        'x' => 'х',
        'i' => 'і',
        'A' => 'А',
        'T' => 'Т',
        'H' => 'Н',
        _ => c,
    };
    word.chars().map(letter).collect()
}

fn maths(word: &str) -> String {
    let letter = |c: char| {
        let (base, marks) = taken_apart(c);
        let first = match base {
            'a'..='z' => 0x1d5ee - u32::from('a'),
            'A'..='Z' => 0x1d5d4 - u32::from('A'),
            _ => return format!("{base}{marks}"),
        };
        format!("{}{marks}", char::from_u32(first + u32::from(base)).unwrap_or(base))
    };
    word.chars().map(letter).collect()
}

fn leet(word: &str) -> String {
    let letter = |c| match c {
        'a' => '4',
        'e' => '3',
        'i' => '1',
        'o' => '0',
        _ => c,
    };
    // A word of digits alone is no word any more.
    let changed: String = word.chars().map(letter).collect();
    if changed.chars().any(char::is_alphabetic) { changed } else { word.to_owned() }
}

fn teencode(word: &str) -> String {
    let short = match word {
        "không" => "ko",
        "được" => "đc",
        "gì" => "j",
        "rồi" => "r",
        "với" => "vs",
        "người" => "ng",
        "bây" => "bi",
        "biết" => "bít",
        "muốn" => "mún",
        "trước" => "trc",
        "nhắn" => "nt",
        "việc" => "vc",
        "vậy" => "z",
        "cũng" => "cg",
        "nhiều" => "nhìu",
        _ => return word.to_owned(),
    };
    short.to_owned()
}

/// Rewrites the plain words of a text; lines stay.
fn attacked(text: &str, change: fn(&str, usize) -> String) -> String {
    let mut at = 0;
    let mut word = |word: &str| {
        let letters = word.trim_end_matches([',', '.', '!', '?', ':', ';']);
        if letters.is_empty() || !letters.chars().all(char::is_alphabetic) {
            return word.to_owned();
        }
        at += 1;
        format!("{}{}", change(letters, at), &word[letters.len()..])
    };
    let line = |line: &str| line.split(' ').map(&mut word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn disguised_lures_are_found_like_clean_ones() {
    let ruleset = Ruleset::shipped().expect("the shipped rules compile");
    let posts: Vec<_> = ["unseen", "stream"].into_iter().flat_map(corpus).collect();
    let lures: Vec<_> = posts.iter().filter(|post| post.is_lure()).collect();
    let others: Vec<_> = posts.iter().filter(|post| !post.is_lure()).collect();
    let share = |posts: &[&rules::LabelledPost], change: fn(&str, usize) -> String| {
        let alert = |text: &str| ruleset.assess(&text::read(None, text, None)).alert;
        let found = posts.iter().filter(|post| alert(&attacked(&post.text, change))).count();
        found as f64 / posts.len() as f64
    };
    let clean = share(&lures, |word, _| word.to_owned());
    let mut table = format!(
        "{:18} recall {clean:.3}  false alarms {:.3}\n",
        "as written",
        share(&others, |word, _| word.to_owned())
    );
    let mut lost = Vec::new();
    for (name, change) in ATTACKS {
        let recall = share(&lures, change);
        let most = if name == "mixture" { MOST_LOST_TO_A_MIXTURE } else { MOST_LOST };
        if clean - recall > most {
            lost.push(name);
        }
        let _ = writeln!(table, "{name:18} recall {recall:.3}  false alarms {:.3}", share(&others, change));
    }
    assert!(lost.is_empty(), "too many lures are lost to {lost:?}:\n{table}");
}
