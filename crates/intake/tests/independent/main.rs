//! Suites that nobody here wrote, brought in by name from registries when the tests run: Google's robots.txt cases
//! (crate texting_robots), the robots.txt files of PyPI protego, the feeds of PyPI feedparser, the WPT cases of crate
//! url, the decompression bombs of PyPI scrapy. What cannot be had fails the run with its name.

mod addresses;
mod bombs;
mod feeds;
mod robots;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top of the repository.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn script(args: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(top().join("tests/independent.py")).args(args);
    command
}

/// What a peer says of this input.
fn peer(args: &[&str], input: &str) -> Vec<serde_json::Value> {
    let mut child = script(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("python3 does not run: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    writer.join().unwrap();
    assert!(child.wait().unwrap().success(), "tests/independent.py {args:?} failed; its reason is above");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder of the unpacked source package of a PyPI package.
fn pypi_source(name: &str, folder: &str) -> PathBuf {
    let output = script(&["where"]).output().unwrap_or_else(|error| panic!("python3 does not run: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()).join("sources").join(name).join(folder);
    assert!(path.is_dir(), "the source package of {name} has no {folder}: {}", path.display());
    path
}

/// A file of the package of a crate that the workspace depends on, as the registry gave it.
fn crate_file(name: &str, file: &str) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline"])
        .current_dir(top())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == name);
    let package = package.unwrap_or_else(|| panic!("no crate {name} among the dependencies"));
    let path = Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
