//! Every mistake in a data file is told with its code and its place.

use crate::tiny::{problems, with};

/// (path, what is replaced, by what, what the problem's line must start with, a part of it)
const MISTAKES: &[(&str, &str, &str, &str, &str)] = &[
    ("rules/main.toml", "any = [\"abroad\"]", "any = [\"abraod\"]", "rules/main.toml:9: CG101", "`abroad`?"),
    ("rules/main.toml", "family = \"scam_compound_job\"", "family = \"scam_job\"", "rules/main.toml:20: CG102", ""),
    ("rules/main.toml", "group = \"offer\"", "group = \"ofer\"", "rules/main.toml:5: CG103", "`offer`?"),
    ("rules/main.toml", "any = [\"police\"]", "fact = \"phnoe\"", "rules/main.toml:13: CG104", "`phone`?"),
    ("rules/main.toml", "benign = [\"Công", "bening = [\"Công", "rules/main.toml:24: CG105", "`benign`?"),
    ("rules/main.toml", "title = \"Rủ", "status = \"activ\"\ntitle = \"Rủ", "rules/main.toml:21: CG106", "`active`?"),
    ("rules/main.toml", "all = [\"warns\"]", "all = 3", "rules/main.toml:39: CG107", ""),
    ("rules/main.toml", "title = \"Lời cảnh báo\"\n", "", "rules/main.toml:35: CG109 missing_key", "`title`"),
    ("rules/main.toml", "id = \"child\"", "id = \"abroad\"", "rules/main.toml:43: CG110", "main.toml:19"),
    (
        "rules/main.toml",
        "any = [\"abroad\"]",
        "any = [\"child\", \"abroad\"]\nnone = [\"goes_abroad\"]",
        "rules/main.toml:7: CG111",
        "",
    ),
    ("lexicons/dont.csv", "đừng,no", "đừng,yes", "lexicons/dont.csv:2: CG201", ""),
    ("rules/scores.toml", "child = 60", "child = 60\nchidl = 60", "rules/scores.toml:14: CG301", "`child`?"),
    ("rules/scores.toml", "travel-paid = 10\n", "", "rules/main.toml:27: CG302", ""),
    ("rules/scores.toml", "warned = -30", "warned = 30", "rules/scores.toml:12: CG303", ""),
    ("rules/main.toml", "lure = [\"bán", "# lure = [\"bán", "rules/main.toml:43: CG401", ""),
    ("rules/main.toml", "lure = [\"Tuyển người sang Cam", "lure = [\"Tuyển người", "rules/main.toml:23: CG402", ""),
    ("rules/main.toml", "lure = [\"cần người qua Lào, ", "lure = [\"", "rules/main.toml:32: CG403", ""),
    (
        "rules/main.toml",
        "benign = [\"bé sơ sinh",
        "benign = [\"ib mình bé sơ sinh",
        "rules/main.toml:49: CG404",
        "báo động",
    ),
    ("rules/main.toml", "[[rule]]", "[[rule]", "rules/main.toml:18: CG002", ""),
];

#[test]
fn every_mistake_is_told_with_its_place() {
    let mut missed = String::new();
    for (path, old, new, start, part) in MISTAKES {
        let told = problems(&with(path, old, new));
        if !told.lines().any(|l| l.starts_with(start) && l.contains(part)) {
            missed.push_str(&format!("wanted {start} … {part}, got:\n{told}\n"));
        }
    }
    assert!(missed.is_empty(), "{missed}");
}
