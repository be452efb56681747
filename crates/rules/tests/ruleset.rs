//! What people who edit the data files rely on, on a bundle small enough to hold in the head.

use rules::{Problem, RuleFile, Ruleset};

fn file(path: &str, text: &str) -> RuleFile {
    RuleFile { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn tiny() -> Vec<RuleFile> {
    vec![
        file("lexicons/recruit.csv", "term,bare,status,note,source\ntuyển người,yes,active,,\ncần người,yes,,,\n"),
        file("lexicons/contact_me.csv", "term,bare\nib mình,yes\nnhắn mình,yes\n"),
        file("lexicons/abroad.csv", "term,bare\nsang Cam,yes\nqua Lào,no\n"),
        file("lexicons/free_travel.csv", "term,bare\nbao vé,yes\nlo chi phí,yes\n"),
        file("lexicons/police.csv", "term,bare\ncông an cảnh báo,yes\n"),
        file("lexicons/dont.csv", "term,bare\nđừng,no\nkhông nên,yes\n"),
        file("lexicons/baby.csv", "term,bare\nbán bé trai,yes\nbé sơ sinh,yes\n"),
        file("lexicons/leave_now.csv", "term,bare\nđi ngay,yes\ntối nay,yes\n"),
        file(
            "rules/main.toml",
            r#"
[family.scam_compound_job]
title = "Việc làm trong khu lừa đảo"
[signal.speaks_to_reader]
group = "offer"
any = ["recruit", "contact_me"]
[signal.goes_abroad]
group = "destination"
any = ["abroad"]
unless_before = ["dont"]
[signal.warns]
group = "report"
any = ["police"]
[signal.child]
group = "minor"
any = ["baby"]

[[rule]]
id = "abroad"
family = "scam_compound_job"
title = "Rủ sang nước ngoài"
all = ["goes_abroad", "speaks_to_reader"]
lure = ["Tuyển người sang Cam, bao vé, ib mình"]
benign = ["Công an cảnh báo: đừng sang Cam"]

[[rule]]
id = "travel-paid"
family = "any"
title = "Trả tiền đi lại"
group = "lure"
all = ["free_travel"]
lure = ["cần người qua Lào, bao vé"]
benign = ["bao vé máy bay cho khách"]

[[rule]]
id = "warned"
family = "any"
title = "Lời cảnh báo"
all = ["warns"]
benign = ["Công an cảnh báo thủ đoạn mới"]

[[rule]]
id = "child"
family = "child_sale"
title = "Bán trẻ em"
group = "act"
all = ["baby", "contact_me"]
lure = ["bán bé trai, ib mình"]
benign = ["bé sơ sinh cần sữa"]

[stance.offer]
percent_of_points = 100
[stance.report]
signals = { warns = 90 }

[[urgency]]
id = "departure"
title = "Đi ngay"
priority = 1
any = ["leave_now"]
[[urgency]]
id = "child"
title = "Bán trẻ em"
priority = 2
families = ["child_sale"]
"#,
        ),
        file(
            "rules/scores.toml",
            r#"
[cap]
offer = 30
destination = 45
lure = 30
report = -60
minor = 0
act = 70
[rule]
abroad = 50
travel-paid = 10
warned = -30
child = 60
[threshold]
default = 50
child_sale = 40
[shield]
families = ["child_sale"]
groups = ["minor"]
"#,
        ),
    ]
}

fn compile(files: &[RuleFile]) -> Ruleset {
    Ruleset::compile(files).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("{p}\n")).collect()
}

fn assess(text: &str) -> rules::Assessment {
    compile(&tiny()).assess(&text::read(None, text, None))
}

/// The tiny bundle with one piece of one file replaced.
fn with(path: &str, old: &str, new: &str) -> Vec<RuleFile> {
    let mut files = tiny();
    let file = files.iter_mut().find(|f| f.path == path).expect("a file of the tiny bundle");
    let text = String::from_utf8(file.bytes.clone()).expect("UTF-8");
    assert!(text.contains(old), "{old}");
    file.bytes = text.replacen(old, new, 1).into_bytes();
    files
}

fn problems(files: &[RuleFile]) -> String {
    match Ruleset::compile(files) {
        Ok(_) => String::new(),
        Err(problems) => lines(&problems),
    }
}

#[test]
fn an_offer_alerts_and_its_points_add_up() {
    let a = assess("Tuyển người sang Cam, bao vé. Đi ngay, ib mình");
    assert!(a.alert && !a.referral);
    assert_eq!((a.points, a.priority), (55, Some(1)), "{a:?}");
    let listed: Vec<(&str, i32)> = a.findings.iter().map(|f| (f.rule.as_str(), f.points)).collect();
    assert_eq!(listed, [("abroad", 50), ("travel-paid", 10), ("destination", -5)]);
    assert_eq!(a.findings[0].text, "Tuyển người sang Cam … ib mình");
    assert_eq!(a.urgency[0].id, "departure");
}

#[test]
fn a_warning_calms_but_never_a_child_sale() {
    assert!(!assess("Công an cảnh báo: tuyển người sang Cam, bao vé, ib mình").alert);
    let a = assess("Công an cảnh báo: bán bé trai, ib mình");
    assert!(a.alert, "{a:?}");
    assert!(a.findings.iter().any(|f| f.rule == "shield" && f.points == 30));
    for family in &a.families {
        let sum: i32 = a.findings.iter().filter(|f| f.family == family.family).map(|f| f.points).sum();
        assert_eq!(sum, family.points);
    }
}

#[test]
fn a_guard_voids_what_it_stands_before() {
    assert!(!assess("đừng sang Cam, ib mình kể cho nghe").alert);
    assert!(assess("Đừng lo. Cần người sang Cam, ib mình").alert, "a guard does not reach into the next sentence");
}

#[test]
fn nothing_seen_costs_nothing() {
    let a = assess("Hôm nay trời đẹp quá");
    assert!(!a.alert && a.findings.is_empty() && a.families.is_empty() && a.priority.is_none());
}

#[test]
fn title_and_text_are_read_together() {
    let reading = text::read(Some("Tuyển người sang Cam"), "bao vé, ib mình", None);
    let a = compile(&tiny()).assess(&reading);
    assert!(a.alert);
    let travel = a.findings.iter().find(|f| f.rule == "travel-paid").expect("travel-paid");
    assert_eq!((travel.field, travel.text.as_str()), (text::Field::Text, "bao vé"));
}

#[test]
fn the_id_follows_the_bytes_not_the_order() {
    let mut reversed = tiny();
    reversed.reverse();
    assert_eq!(compile(&tiny()).id(), compile(&reversed).id());
    let changed = with("lexicons/abroad.csv", "qua Lào,no", "qua Lào,yes");
    assert_ne!(compile(&tiny()).id(), compile(&changed).id());
}

/// (path, what is replaced, by what, what the problem's line must start with, a part of it)
const MISTAKES: &[(&str, &str, &str, &str, &str)] = &[
    ("rules/main.toml", "any = [\"abroad\"]", "any = [\"abraod\"]", "rules/main.toml:9: CG101", "`abroad`?"),
    ("rules/main.toml", "family = \"scam_compound_job\"", "family = \"scam_job\"", "rules/main.toml:20: CG102", ""),
    ("rules/main.toml", "group = \"offer\"", "group = \"ofer\"", "rules/main.toml:5: CG103", "`offer`?"),
    ("rules/main.toml", "any = [\"police\"]", "fact = \"fone\"", "rules/main.toml:13: CG104", "`phone`?"),
    ("rules/main.toml", "benign = [\"Công", "bening = [\"Công", "rules/main.toml:24: CG105", "`benign`?"),
    ("rules/main.toml", "title = \"Rủ", "status = \"activ\"\ntitle = \"Rủ", "rules/main.toml:21: CG106", "`active`?"),
    ("rules/main.toml", "all = [\"warns\"]", "all = 3", "rules/main.toml:39: CG107", ""),
    ("rules/main.toml", "title = \"Lời cảnh báo\"\n", "", "rules/main.toml:35: CG109 missing_key", "`title`"),
    ("rules/main.toml", "id = \"child\"", "id = \"abroad\"", "rules/main.toml:43: CG110", "main.toml:19"),
    ("rules/main.toml", "any = [\"abroad\"]", "any = [\"child\", \"abroad\"]\nnone = [\"goes_abroad\"]", "rules/main.toml:7: CG111", ""),
    ("lexicons/dont.csv", "đừng,no", "đừng,yes", "lexicons/dont.csv:2: CG201", ""),
    ("rules/scores.toml", "child = 60", "child = 60\nchidl = 60", "rules/scores.toml:14: CG301", "`child`?"),
    ("rules/scores.toml", "travel-paid = 10\n", "", "rules/main.toml:28: CG302", ""),
    ("rules/scores.toml", "warned = -30", "warned = 30", "rules/scores.toml:12: CG303", ""),
    ("rules/main.toml", "lure = [\"bán", "# lure = [\"bán", "rules/main.toml:43: CG401", ""),
    ("rules/main.toml", "lure = [\"Tuyển người sang Cam", "lure = [\"Tuyển người", "rules/main.toml:23: CG402", ""),
    ("rules/main.toml", "lure = [\"cần người qua Lào, ", "lure = [\"", "rules/main.toml:32: CG403", ""),
    ("rules/main.toml", "benign = [\"bé sơ sinh", "benign = [\"ib mình bé sơ sinh", "rules/main.toml:48: CG404", "báo động"),
    ("rules/main.toml", "[[rule]]", "[[rule]", "rules/main.toml:18: CG002", ""),
];

#[test]
fn every_mistake_is_told_with_its_place() {
    for (path, old, new, start, part) in MISTAKES {
        let told = problems(&with(path, old, new));
        assert!(told.lines().any(|l| l.starts_with(start) && l.contains(part)), "wanted {start} … {part}, got:\n{told}");
    }
}
