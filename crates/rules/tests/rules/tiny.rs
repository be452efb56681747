//! A bundle small enough to hold in the head.

use rules::{Problem, RuleFile, Ruleset};

pub fn file(path: &str, text: &str) -> RuleFile {
    RuleFile { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

pub fn tiny() -> Vec<RuleFile> {
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

pub fn compile(files: &[RuleFile]) -> Ruleset {
    Ruleset::compile(files).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

pub fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("{p}\n")).collect()
}

pub fn assess(text: &str) -> rules::Assessment {
    compile(&tiny()).assess(&text::read(None, text, None))
}

/// The tiny bundle with one piece of one file replaced.
pub fn with(path: &str, old: &str, new: &str) -> Vec<RuleFile> {
    let mut files = tiny();
    let file = files.iter_mut().find(|f| f.path == path).expect("a file of the tiny bundle");
    let text = String::from_utf8(file.bytes.clone()).expect("UTF-8");
    assert!(text.contains(old), "{old}");
    file.bytes = text.replacen(old, new, 1).into_bytes();
    files
}

pub fn problems(files: &[RuleFile]) -> String {
    match Ruleset::compile(files) {
        Ok(_) => String::new(),
        Err(problems) => lines(&problems),
    }
}
