//! Hostile input takes no longer per byte than prose, times five at most.
//!
//! Time is the thread's own on a core, as the least of several rounds in which prose and the hostile text take turns, so
//! that other work on the machine counts little; a text over the limit is measured again before it fails.

use std::path::Path;
use std::sync::LazyLock;

use text::read;

/// Most that a hostile text may take per byte, in units of prose.
const LIMIT: f64 = 5.0;
/// Length of the texts, as long as the longest post that is stored.
const LENGTH: usize = 64 * 1024;
/// Bytes read in a round, long enough for a clock that ticks every few milliseconds.
const ROUND: usize = 192 * 1024;

/// Nanoseconds that this thread has run on a core.
fn thread_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the scheduler's statistics");
    stat.split_whitespace().next().and_then(|first| first.parse().ok()).expect("nanoseconds")
}

/// Nanoseconds a byte in one round.
fn per_byte(text: &str) -> f64 {
    let times = (ROUND / text.len()).max(1);
    let before = thread_ns();
    for _ in 0..times {
        std::hint::black_box(read(None, text, Some(1_763_960_400_000)));
    }
    (thread_ns() - before) as f64 / (times * text.len()) as f64
}

/// Posts of the corpus without disguise, one behind the other.
static PROSE: LazyLock<String> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/open.jsonl");
    let mut prose = String::new();
    for line in std::fs::read_to_string(path).expect("the corpus").lines() {
        let post: serde_json::Value = serde_json::from_str(line).expect("one object a line");
        let plain = post["obfuscation"].as_array().is_none_or(|kinds| kinds.iter().all(|kind| kind == "none"));
        if plain && prose.len() < LENGTH {
            prose.push_str(post["text"].as_str().expect("a text"));
            prose.push('\n');
        }
    }
    assert!(prose.len() >= LENGTH);
    prose
});

/// How many times as long as prose a text takes per byte.
fn ratio(text: &str, rounds: usize) -> f64 {
    let (mut ours, mut prose) = (f64::MAX, f64::MAX);
    for _ in 0..rounds {
        prose = prose.min(per_byte(&PROSE));
        ours = ours.min(per_byte(text));
    }
    ours / prose
}

#[track_caller]
fn hold(texts: impl IntoIterator<Item = (String, String)>) {
    let mut slow = Vec::new();
    for (name, text) in texts {
        if ratio(&text, 1) > LIMIT {
            let again = ratio(&text, 8);
            if again > LIMIT {
                slow.push(format!("{name}: {again:.1} times prose"));
            }
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

#[test]
fn repeated_patterns() {
    const PATTERNS: [&str; 62] = [
        "a.a.a.",
        "a.",
        "a",
        "1",
        "0",
        "1.1.1.",
        "0.9.",
        "1-",
        "1a",
        "a1",
        "@@@@",
        "@a",
        "a@b.",
        "#",
        "#tuyendung",
        "(((((",
        "[.]",
        "http://",
        "tg://",
        "https://a.vn/((((((((((((",
        "t . me / ",
        "chấm com ",
        "🔥",
        "🫘",
        "👨‍👩‍👧‍👦",
        "🇰",
        "🇰🇭",
        "0️⃣",
        "\u{200b}",
        "a\u{200b}",
        "e\u{302}\u{323}",
        "\n",
        "\r\n",
        ". ",
        "A. ",
        "a ",
        "th ận ",
        "a-b_c.d*",
        "x*",
        "ѕа",
        "𝗩",
        "ậ",
        "đ",
        "ng",
        "Vieäc ",
        "vieecj ",
        "vie^.c ",
        "á»‡",
        "l\u{ad}¬ng ",
        "c4o ",
        "mai ",
        "16, ",
        "2k8, ",
        "5 triệu - ",
        "một trăm ",
        "không một ",
        "vài chục ",
        "0912 ",
        "stk 1",
        "zalo ",
        "Cần Thơ, ",
        "10 000 000 ",
    ];
    hold(PATTERNS.map(|pattern| (format!("{pattern:?}"), pattern.repeat(LENGTH / pattern.len()))));
}

#[test]
fn long_runs() {
    let solid: String = PROSE.repeat(24).chars().filter(|c| !c.is_whitespace()).take(800_000).collect();
    let zalgo = format!("việ{}c nhẹ", "\u{301}\u{336}".repeat(10_000));
    hold([
        ("20,000 marks on one letter".to_owned(), zalgo),
        ("1 MB without a blank".to_owned(), solid),
        ("1 MB of one letter".to_owned(), "x".repeat(1 << 20)),
        ("1 MB of digits".to_owned(), "0901000123".repeat(104_857)),
    ]);
}
