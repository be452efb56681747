//! Rules of the house that a compiler cannot check.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::top;

const PURE: [&str; 3] = ["text", "rules", "model"];

fn read(path: impl AsRef<Path>) -> String {
    let path = top().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder with one of these endings, `target` and hidden folders left out.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![top().join(folder)]);
    while let Some(place) = waiting.pop() {
        for entry in fs::read_dir(&place).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn manifest(krate: &str) -> toml::Table {
    read(format!("crates/{krate}/Cargo.toml")).parse().expect("a manifest is TOML")
}

fn dependencies(krate: &str) -> Vec<String> {
    let table = manifest(krate);
    table.get("dependencies").and_then(toml::Value::as_table).map(|t| t.keys().cloned().collect()).unwrap_or_default()
}

fn crates() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(top().join("crates"))
        .expect("crates/")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn pure_crates_do_no_io_and_read_no_clock() {
    for krate in PURE {
        for forbidden in ["tokio", "sqlx", "reqwest", "axum", "tantivy"] {
            assert!(!dependencies(krate).iter().any(|name| name == forbidden), "{krate} depends on {forbidden}");
        }
        for path in files(&format!("crates/{krate}/src"), &[".rs"]) {
            let source = fs::read_to_string(&path).expect("source");
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            for forbidden in [
                "SystemTime::now",
                "Instant::now",
                "Timestamp::now",
                "ZonedDateTime::now",
                "std::fs::",
                "std::net::",
                "std::env::var",
            ] {
                assert!(!code.contains(forbidden), "{}: {forbidden}", path.display());
            }
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    for krate in crates() {
        let names = dependencies(&krate);
        assert!(!names.iter().any(|name| name == "canhgiac"), "{krate} depends on the binary");
        if krate != "canhgiac" && krate != "bench" {
            assert!(!names.iter().any(|name| name == "web"), "{krate} depends on web");
        }
        // The bench stands other ways to keep posts beside the store.
        if krate != "store" && krate != "bench" {
            assert!(!names.iter().any(|name| name == "sqlx"), "{krate} has SQL; all SQL is in store");
        }
        // The binary's one other client posts alarms to an address of the configuration.
        if krate == "canhgiac" {
            for path in files("crates/canhgiac/src", &[".rs"]).iter().filter(|path| !path.ends_with("alarming.rs")) {
                let source = fs::read_to_string(path).expect("source");
                assert!(!source.contains("reqwest::"), "{}: an HTTP client", path.display());
            }
        } else if krate != "intake" {
            for client in ["reqwest", "hyper"] {
                // The store names reqwest so that object_store has TLS; its own code never calls it.
                let called = krate != "store"
                    || files("crates/store/src", &[".rs"]).iter().any(|path| read(path).contains(client));
                assert!(
                    !called || !names.iter().any(|name| name == client),
                    "{krate} has an HTTP client; only intake opens addresses that came from a source or a post"
                );
            }
        }
    }
}

#[test]
fn every_dependency_has_a_reason_beside_it() {
    for path in files("", &["Cargo.toml"]) {
        if path.parent() == Some(top()) || path.components().any(|part| part.as_os_str() == "fuzz") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("manifest");
        let mut inside = false;
        for line in text.lines() {
            if line.starts_with('[') {
                inside = line.contains("dependencies");
            } else if inside && !line.trim().is_empty() && !line.starts_with('#') {
                assert!(line.contains('#'), "{}: `{line}` has no reason", path.display());
            }
        }
    }
}

#[test]
fn migrations_keep_to_what_both_databases_have() {
    let migrations = files("crates/store/migrations", &[".sql"]);
    assert!(!migrations.is_empty());
    for path in migrations {
        let sql = fs::read_to_string(&path).expect("migration").to_uppercase();
        let code: String =
            sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n");
        for word in code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let forbidden = [
                "BOOLEAN",
                "TIMESTAMP",
                "TIMESTAMPTZ",
                "JSONB",
                "UUID",
                "SERIAL",
                "BIGSERIAL",
                "BLOB",
                "BYTEA",
                "AUTOINCREMENT",
            ];
            assert!(!forbidden.contains(&word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn logs_name_no_text_and_no_contact() {
    let forbidden = ["text", "title", "author", "body", "phone", "value", "password", "token", "query"];
    for path in files("crates", &[".rs"]) {
        let source = fs::read_to_string(&path).expect("source");
        for (number, line) in source.lines().enumerate() {
            let Some(at) =
                ["tracing::error!(", "tracing::warn!(", "tracing::info!(", "tracing::debug!(", "tracing::trace!("]
                    .iter()
                    .find_map(|call| line.find(call).map(|at| at + call.len()))
            else {
                continue;
            };
            let arguments = &line[at..];
            let outside_strings: String = arguments.split('"').step_by(2).collect();
            for word in outside_strings.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                assert!(!forbidden.contains(&word), "{}:{}: a log line names `{word}`", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn libraries_do_not_unwrap() {
    for krate in crates().iter().filter(|krate| *krate != "bench") {
        for path in files(&format!("crates/{krate}/src"), &[".rs"]) {
            let source = fs::read_to_string(&path).expect("source");
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in code.lines().enumerate() {
                let bare = line.contains(".unwrap()") && !line.trim_start().starts_with("//");
                assert!(!bare, "{}:{}: unwrap in code that input may reach", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn names_say_the_domain() {
    for path in files("crates", &[".rs"]) {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        for forbidden in ["utils", "util", "common", "helpers", "manager", "service", "misc"] {
            assert!(stem != forbidden, "{}: name a subject", path.display());
        }
    }
}

#[test]
fn the_maps_are_true() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(document);
        let mut checked = 0;
        for piece in text.split('`').skip(1).step_by(2) {
            let looks_like_path = piece.contains('/')
                && !piece.contains(char::is_whitespace)
                && !piece.contains(['*', '<', '{', ':', '$', '@', '='])
                && !piece.starts_with(['-', '/', '~'])
                && ["crates/", "tests/", "lexicons/", "rules/", "sources/", "docs/", "deploy/", ".ci/"]
                    .iter()
                    .any(|start| piece.starts_with(start));
            if looks_like_path {
                checked += 1;
                assert!(top().join(piece).exists(), "{document} names `{piece}`, which is not there");
            }
        }
        assert!(checked > 0, "{document} names no path at all");
    }
}

#[test]
fn no_unfinished_code() {
    for path in files("crates", &[".rs"]).into_iter().chain(files("tests", &[".rs"])) {
        if path.ends_with("tests/tidy.rs") {
            continue;
        }
        // A test that is started as a process by other tests runs with them, not by itself.
        let source = fs::read_to_string(&path).expect("source").replace("#[ignore = \"a process of other tests\"]", "");
        for forbidden in ["todo!(", "unimplemented!(", "#[ignore", "dbg!(", "TODO", "FIXME", "Error::Unfinished"] {
            assert!(!source.contains(forbidden), "{}: {forbidden}", path.display());
        }
    }
}
