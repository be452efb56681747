//! Peers that live in Python, run as a process of their own on the same posts and terms.
//!
//! Their packages are installed by pip into a virtual environment under the target folder, once. A peer that cannot be
//! had is named with the reason, never left out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SCRIPT: &str = include_str!("peers.py");
/// Names that pip knows, with the version measured.
const PACKAGES: [&str; 2] = ["pyahocorasick==2.3.1", "yara-x==1.23.0"];

/// A row of the table: CPU microseconds a post, or why there is none.
pub struct Peer {
    /// What the table calls it.
    pub name: String,
    /// Its median, or the reason that it is missing.
    pub us_per_post: Result<f64, String>,
}

/// Measures the peers; always one row or more.
pub fn measure(posts: &[String], terms: &[String], rounds: usize) -> Vec<Peer> {
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from)
        .join("bench-peers");
    match run(&folder, posts, terms, rounds) {
        Ok(peers) => peers,
        Err(reason) => vec![Peer { name: "Python peers".into(), us_per_post: Err(reason) }],
    }
}

fn run(folder: &Path, posts: &[String], terms: &[String], rounds: usize) -> Result<Vec<Peer>, String> {
    let told = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(folder).map_err(told)?;
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        done(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
    }
    // A package that cannot be installed is told by the script, which fails to import it.
    for package in PACKAGES {
        let _ = done(Command::new(&python).args(["-m", "pip", "install", "-q", package]));
    }
    let (script, post_file, term_file) =
        (folder.join("peers.py"), folder.join("posts.jsonl"), folder.join("terms.txt"));
    let lines: Vec<String> = posts.iter().map(|post| serde_json::json!(post).to_string()).collect();
    std::fs::write(&script, SCRIPT).map_err(told)?;
    std::fs::write(&post_file, lines.join("\n")).map_err(told)?;
    std::fs::write(&term_file, terms.join("\n")).map_err(told)?;
    let output = Command::new(&python)
        .args([&script, &post_file, &term_file])
        .arg(rounds.to_string())
        .stderr(Stdio::inherit())
        .output()
        .map_err(told)?;
    let mut peers = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let row: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let missing = || row["missing"].as_str().unwrap_or("no figure").to_owned();
        let name = row["name"].as_str().unwrap_or("?").to_owned();
        peers.push(Peer { name, us_per_post: row["us_per_post"].as_f64().ok_or_else(missing) });
    }
    if !output.status.success() {
        peers.push(Peer { name: "the other Python peers".into(), us_per_post: Err(output.status.to_string()) });
    }
    Ok(peers)
}

fn done(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{:?}: {status}", command.get_program())) }
}
