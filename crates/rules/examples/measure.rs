//! Measures the rules on disk: `cargo run --release -p rules --example measure -- CORPUS.jsonl... [--errors] [--id ID]
//! [--text "…"] [--folder DIR] [--lofo] [--baselines]
//! [--unchecked] [--train FILE]`. Compiles `DIR/lexicons` and `DIR/rules` (the repository's unless told), prints every
//! problem, then the evaluation. `--id` and `--text` explain one post, with the signals that occur in it.
//! `--unchecked` passes over the rules' examples; `--train` prints the comparison and writes the learned part to FILE,
//! `--learn` writes it without the comparison; `--lofo` leaves each family out in turn.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rules::{
    LabelledPost, RuleFile, Ruleset, baselines, evaluate, explain, is_rule_file, learn_quickly, leave_family_out, train,
};

fn bundle(folder: &Path) -> Result<Vec<RuleFile>, Box<dyn Error>> {
    let mut files = Vec::new();
    for part in ["lexicons", "rules"] {
        for entry in std::fs::read_dir(folder.join(part))? {
            let entry = entry?;
            let path = format!("{part}/{}", entry.file_name().to_string_lossy());
            if is_rule_file(&path) {
                files.push(RuleFile { path, bytes: std::fs::read(entry.path())? });
            }
        }
    }
    Ok(files)
}

/// The canon tokens, with ` | ` between sentences.
fn canon(view: &text::View) -> String {
    let mut line = String::new();
    for (token, next) in view.tokens.iter().zip(view.tokens.iter().skip(1).map(Some).chain([None])) {
        line.push_str(view.canon_of(token));
        line.push_str(if next.is_some_and(|n| n.sentence != token.sentence) { " | " } else { " " });
    }
    line
}

fn explain_one(ruleset: &Ruleset, title: Option<&str>, text: &str) {
    let reading = text::read(title, text, None);
    println!("{text}\n  đọc là: {}", canon(&reading.text));
    for fact in &reading.facts {
        println!("  dữ kiện: {:?} {} «{}»", fact.kind, fact.value, fact.text);
    }
    println!("  tín hiệu: {}", ruleset.signals_in(&reading).join(" "));
    println!("{}", explain::to_text(&ruleset.assess(&reading)));
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let (mut errors, mut ids, mut texts, mut posts) = (false, Vec::new(), Vec::new(), Vec::new());
    let mut checked = true;
    let (mut lofo, mut peers, mut learned_to, mut compared) = (false, false, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--errors" => errors = true,
            "--unchecked" => checked = false,
            "--baselines" => peers = true,
            "--lofo" => lofo = true,
            "--train" | "--learn" => {
                compared = argument == "--train";
                learned_to = Some(PathBuf::from(arguments.next().ok_or("--train FILE, --learn FILE")?));
            }
            "--id" => ids.extend(arguments.next()),
            "--text" => texts.extend(arguments.next()),
            "--folder" => folder = arguments.next().ok_or("--folder DIR")?.into(),
            file => {
                for (number, line) in std::fs::read_to_string(file)?.lines().enumerate() {
                    let post = LabelledPost::parse(line).map_err(|e| format!("{file}:{}: {e}", number + 1))?;
                    posts.push(post);
                }
            }
        }
    }
    let files = bundle(&folder)?;
    let compiled = if checked { Ruleset::compile(&files) } else { Ruleset::compile_unchecked(&files) };
    let ruleset = match compiled {
        Ok(ruleset) => ruleset,
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    for text in &texts {
        explain_one(&ruleset, None, text);
    }
    for post in posts.iter().filter(|p| ids.contains(&p.id)) {
        println!("{} {:?} {:?} {:?}", post.id, post.label, post.stance, post.families);
        explain_one(&ruleset, post.title.as_deref(), &post.text);
    }
    if let Some(path) = learned_to {
        let learned = if compared {
            let (learned, report) = train(&ruleset, &posts);
            print!("{}", report.to_text());
            learned
        } else {
            learn_quickly(&ruleset, &posts)
        };
        std::fs::write(path, learned.to_json())?;
        return Ok(ExitCode::SUCCESS);
    }
    if lofo {
        for (family, share) in leave_family_out(&ruleset, &posts, 0.03, true) {
            println!("{:32} {share}", family.id());
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !posts.is_empty() && ids.is_empty() {
        let report = evaluate(&ruleset, &posts);
        if errors {
            print!("{}", report.errors_to_text());
        }
        print!("{}", report.to_text());
        if peers {
            print!("\n{}", baselines::to_text(&baselines::baselines(&ruleset, &posts)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
