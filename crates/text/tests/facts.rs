//! Facts: the vectors, the annotated posts, lines of other numbers, and random mixtures.

// Scores and differences are printed for whoever works on the extractors: `SHOW_FACTS=1 cargo test … -- --nocapture`.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use text::{Fact, FactKind, read};

fn rows(path: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).expect("one object a line"))
        .collect()
}

fn text_of<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {row}"))
}

fn kind_name(fact: &Fact) -> String {
    serde_json::to_value(fact.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).expect("a kind has a name")
}

#[test]
fn every_vector_holds() {
    let mut failures = Vec::new();
    for row in rows("tests/vectors/facts.jsonl").into_iter().chain(rows("tests/vectors/facts_own.jsonl")) {
        let posted =
            row["posted_at"].as_str().map(|time| time.parse::<jiff::Timestamp>().expect("RFC 3339").as_millisecond());
        let scope: Vec<&str> = row["scope"].as_array().expect("scope").iter().filter_map(Value::as_str).collect();
        let reading = read(None, text_of(&row, "text"), posted);
        let found: BTreeSet<(String, String, String, u32, u32)> = reading
            .facts
            .iter()
            .filter(|fact| scope.contains(&kind_name(fact).as_str()))
            .map(|fact| (kind_name(fact), fact.text.clone(), fact.value.clone(), fact.span.start, fact.span.end))
            .collect();
        let mut expected = BTreeSet::new();
        for fact in row["expect"].as_array().expect("expect") {
            let span = |at: usize| fact["span"][at].as_u64().expect("span") as u32;
            let (kind, value) = (text_of(fact, "type"), text_of(fact, "value"));
            expected.insert((kind.to_owned(), text_of(fact, "text").to_owned(), value.to_owned(), span(0), span(1)));
            let same = reading.facts.iter().find(|found| kind_name(found) == kind && found.value == value);
            for (key, detail) in fact["detail"].as_object().into_iter().flatten() {
                if same.is_some_and(|same| same.detail.get(key) != Some(detail)) {
                    failures.push(format!("{}: detail {key} is not {detail}", row["id"]));
                }
            }
        }
        if found != expected {
            failures.push(format!("{}: {}\n   found    {found:?}\n   expected {expected:?}", row["id"], row["text"]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn places_are_found_by_the_names_people_write() {
    let file = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/places.tsv"))
        .expect("the list of places");
    let mut wrong = Vec::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let (name, code) = line.split_once('\t').expect("name and code");
        for frame in ["Tuyển người sang {} làm việc", "Em mới từ {} về, ai đi nữa không", "đang ở {}"]
        {
            let post = frame.replace("{}", name);
            let found = read(None, &post, None).facts;
            let place = found.iter().find(|fact| fact.kind == FactKind::Place && fact.text == name);
            if place.is_none_or(|place| place.value != code) {
                wrong.push(format!("{post}: {:?}, not {code}", found.iter().map(|f| &f.value).collect::<Vec<_>>()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Counts of one type on the annotated posts.
#[derive(Default)]
struct Score {
    right: u32,
    missed: u32,
    extra: u32,
}

impl Score {
    fn f1(&self) -> f64 {
        let right = f64::from(2 * self.right);
        if self.right == 0 { 0.0 } else { right / (right + f64::from(self.missed + self.extra)) }
    }
}

/// Types that the annotators marked wherever they saw them.
const ANNOTATED: [FactKind; 10] = [
    FactKind::Url,
    FactKind::BankAccount,
    FactKind::Phone,
    FactKind::Zalo,
    FactKind::Telegram,
    FactKind::Facebook,
    FactKind::Email,
    FactKind::Money,
    FactKind::Age,
    FactKind::Place,
];

#[test]
fn annotated_posts_are_read() {
    let show = std::env::var_os("SHOW_FACTS").is_some();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for row in rows("../../tests/corpus/open.jsonl") {
        let annotated = row["facts"].as_array().cloned().unwrap_or_default();
        if annotated.is_empty() {
            continue;
        }
        let post = text_of(&row, "text");
        let reading = read(None, post, None);
        let mut expected: BTreeSet<(String, u32, u32, String)> = BTreeSet::new();
        let mut occurrences: BTreeMap<String, usize> = BTreeMap::new();
        for fact in &annotated {
            let (start, end) = match fact["span"].as_array() {
                Some(span) => (span[0].as_u64().unwrap_or(0) as u32, span[1].as_u64().unwrap_or(0) as u32),
                None => {
                    let text = text_of(fact, "text");
                    let from = occurrences.entry(format!("{}{text}", text_of(fact, "type"))).or_default();
                    let start = occurrence(post, text, *from);
                    *from = start + text.len();
                    (start as u32, (start + text.len()) as u32)
                }
            };
            expected.insert((text_of(fact, "type").to_owned(), start, end, text_of(fact, "value").to_owned()));
        }
        let mut found: BTreeSet<(String, u32, u32, String)> = BTreeSet::new();
        for fact in reading.facts.iter().filter(|fact| ANNOTATED.contains(&fact.kind)) {
            let value = match fact.kind {
                FactKind::Place => fact.detail.get("name").and_then(Value::as_str).unwrap_or("").to_owned(),
                // The annotation of money carries no period.
                FactKind::Money => fact.value.split('/').next().unwrap_or("").to_owned(),
                _ => fact.value.clone(),
            };
            found.insert((kind_name(fact), fact.span.start, fact.span.end, value));
        }
        let implied = |fact: &(String, u32, u32, String)| {
            // A number beside a Zalo cue is a phone and a zalo; the posts have it once.
            matches!(fact.0.as_str(), "phone" | "zalo" | "telegram")
                && expected.iter().any(|other| (other.1, other.2, &other.3) == (fact.1, fact.2, &fact.3))
        };
        for fact in &expected {
            let score = scores.entry(fact.0.clone()).or_default();
            if found.contains(fact) {
                score.right += 1;
            } else {
                score.missed += 1;
                if show {
                    println!("MISS {} {fact:?} {:?}", row["id"], around(post, fact.1, fact.2));
                }
            }
        }
        for fact in found.difference(&expected).filter(|fact| !implied(fact)) {
            scores.entry(fact.0.clone()).or_default().extra += 1;
            if show {
                println!("EXTRA {} {fact:?} {:?}", row["id"], around(post, fact.1, fact.2));
            }
        }
    }
    let mut all = Score::default();
    for (kind, score) in &scores {
        println!(
            "{kind:10} right {:4} missed {:3} extra {:3} F1 {:.3}",
            score.right,
            score.missed,
            score.extra,
            score.f1()
        );
        all.right += score.right;
        all.missed += score.missed;
        all.extra += score.extra;
    }
    println!("all        right {:4} missed {:3} extra {:3} F1 {:.3}", all.right, all.missed, all.extra, all.f1());
    // Most of what differs are conventions of the annotators: whether `dưới` belongs to an age, whether two amounts with
    // a unit each are a range, whether an industrial park's name starts with KCN.
    assert!(all.f1() >= 0.96, "F1 {:.3} on the annotated posts", all.f1());
}

/// Where `text` stands from `from` on, not as the tail of a longer number.
fn occurrence(post: &str, text: &str, from: usize) -> usize {
    let digit = text.starts_with(|c: char| c.is_ascii_digit());
    let whole = |&at: &usize| !digit || !post[..at].ends_with(|c: char| c.is_ascii_digit());
    let mut starts = post.match_indices(text).map(|(at, _)| at).filter(|&at| at >= from);
    starts.clone().find(whole).or_else(|| starts.next()).unwrap_or(0)
}

fn around(post: &str, start: u32, end: u32) -> String {
    let floor = |mut at: usize| {
        while !post.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let from = floor((start as usize).saturating_sub(30));
    let until = floor((end as usize + 30).min(post.len()));
    format!("{}⟦{}⟧{}", &post[from..start as usize], &post[start as usize..end as usize], &post[end as usize..until])
}

/// A small deterministic generator: the same lines on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.roll(10) as u8)).collect()
    }
}

/// One line with numbers that are no phones.
fn other_number(dice: &mut Dice) -> String {
    let (d2, d3, d4) = (dice.digits(2), dice.digits(3), dice.digits(4));
    let day = format!("{:02}", dice.roll(28) + 1);
    let month = format!("{:02}", dice.roll(12) + 1);
    let year = 2015 + dice.roll(12);
    match dice.roll(30) {
        0 => format!("Mã đơn hàng {}", dice.digits(10)),
        1 => format!("mã vận đơn SPXVN0{}", dice.digits(11)),
        2 => format!("Đơn #0{} đã giao", dice.digits(9)),
        3 => format!("giá {}.{}.000 đồng", dice.roll(900) + 1, d3),
        4 => format!("tổng cộng {}.{}.{}đ", dice.roll(9) + 1, d3, dice.digits(3)),
        5 => format!("ngày {day}/{month}/{year}, lúc {:02}:{:02}", dice.roll(24), dice.roll(60)),
        6 => format!("{day}-{month}-{year} {:02}:{:02}:{:02}", dice.roll(24), dice.roll(60), dice.roll(60)),
        7 => format!("CCCD 0{}{}", d2, dice.digits(9)),
        8 => format!("căn cước 0{}20{}0{}", dice.digits(2), d2, dice.digits(5)),
        9 => format!("MST 0{}", dice.digits(9)),
        10 => format!("mã số thuế: 0{}-00{}", dice.digits(9), dice.roll(9)),
        11 => format!("biển số 51F-{d3}.{d2}"),
        12 => format!("xe 29A {d3}.{d2} đỗ trước cổng"),
        13 => format!("rộng {},{} m, dài {},{} m, cao {} cm", dice.roll(9), d2, dice.roll(90), d2, d3),
        14 => format!("Quyết định 09{d2}/{year}/QĐ-UBND"),
        15 => format!("Nghị định 0{}/{year}/NĐ-CP ngày {day}/{month}/{year}", dice.digits(2)),
        16 => format!("địa chỉ IP 192.168.{}.{}", dice.roll(255), dice.roll(255)),
        17 => format!("bản v0.9.{}.{}.{}", dice.roll(10), dice.roll(10), d3),
        18 => format!("phiên bản {}.{}.{}.{}", dice.roll(10), dice.roll(10), dice.roll(10), d4),
        19 => format!("{}.{}.{} lượt xem, 0.9{}.{}.{} lượt thích", dice.roll(9) + 1, d3, d3, dice.digits(1), d3, d3),
        20 => format!("từ {} đến {} người, {}% đồng ý", dice.roll(1000), dice.roll(9000), d2),
        21 => format!("IMEI 3{}", dice.digits(14)),
        22 => format!("số thẻ {} {} {} {}", dice.digits(4), dice.digits(4), dice.digits(4), dice.digits(4)),
        23 => format!("hóa đơn số 0{} ký ngày {day}/{month}/{year}", dice.digits(6)),
        24 => format!(
            "lương {} - {} triệu, làm {}h - {}h, cao 1m{d2}",
            dice.roll(20),
            dice.roll(40),
            dice.roll(12),
            dice.roll(24)
        ),
        25 => format!("GPS 10.{}, 106.{}", dice.digits(6), dice.digits(6)),
        26 => format!("hợp đồng số 0{}/HĐLĐ-{year}", dice.digits(4)),
        27 => format!("kết quả {d2}-{}-{}-{}-{}", dice.digits(2), dice.digits(2), dice.digits(2), dice.digits(2)),
        28 => format!("mã giao dịch FT{}{}", year, dice.digits(10)),
        _ => format!("tọa độ 0.{} 0.{} 0.{}", dice.digits(3), dice.digits(3), dice.digits(3)),
    }
}

#[test]
fn other_numbers_are_no_phones() {
    let mut dice = Dice(20_251_124);
    let mut wrong = Vec::new();
    for _ in 0..6000 {
        let line = other_number(&mut dice);
        if read(None, &line, None).facts.iter().any(|fact| fact.kind == FactKind::Phone) {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{} false phones:\n{}", wrong.len(), wrong.join("\n"));
}

/// One phone in a disguise.
fn disguised(dice: &mut Dice, digits: &str) -> String {
    const WORDS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
    const BARE: [&str; 10] = ["ko", "mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin"];
    let spell =
        |words: [&str; 10]| digits.bytes().map(|byte| words[usize::from(byte - b'0')]).collect::<Vec<_>>().join(" ");
    let groups = |mark: &str| format!("{}{mark}{}{mark}{}", &digits[..4], &digits[4..7], &digits[7..]);
    let each = |map: fn(char) -> String, mark: &str| digits.chars().map(map).collect::<Vec<_>>().join(mark);
    match dice.roll(22) {
        0 => groups("."),
        1 => groups(" "),
        2 => groups("-"),
        3 => groups("*"),
        4 => groups("_").replace('0', "o"),
        5 => groups(" ").replace('0', "O").replace('1', "l"),
        6 => each(|c| c.to_string(), " "),
        7 => each(|c| c.to_string(), "."),
        8 => each(|c| c.to_string(), "-"),
        9 => each(|c| format!("{c}\u{fe0f}\u{20e3}"), ""),
        10 => each(|c| char::from_u32(c as u32 - 0x30 + 0xff10).unwrap_or(c).to_string(), ""),
        11 => each(|c| char::from_u32(c as u32 - 0x30 + 0x1d7ce).unwrap_or(c).to_string(), ""),
        12 => each(
            |c| char::from_u32(if c == '0' { 0x24ea } else { c as u32 - 0x31 + 0x2460 }).unwrap_or(c).to_string(),
            "",
        ),
        13 => spell(WORDS),
        14 => spell(BARE),
        15 => groups("🔥"),
        16 => groups(" 💥 "),
        17 => format!("+84 {} {} {}", &digits[1..4], &digits[4..7], &digits[7..]),
        18 => format!("({}) / {} / {}", &digits[..4], &digits[4..7], &digits[7..]),
        19 => each(|c| c.to_string(), "\u{200b}"),
        20 => format!("{} {}", &digits[..5], spell(WORDS).split(' ').skip(5).collect::<Vec<_>>().join(" ")),
        _ => format!("84{}", &digits[1..]),
    }
}

#[test]
fn disguised_phones_are_found() {
    const FRAMES: [&str; 6] = ["Liên hệ {} nhé", "zalo: {}", "gọi {}, gặp Lan", "lh {} ib liền", "{} 24/7", "SĐT {}."];
    const PREFIXES: [&str; 8] = ["0901", "0968", "0352", "0789", "0833", "0562", "0935", "0771"];
    let mut dice = Dice(7);
    let (mut right, mut wrong) = (0, Vec::new());
    for index in 0..2000 {
        let digits = format!("{}000{}", PREFIXES[dice.roll(8) as usize], dice.digits(3));
        let frame = FRAMES[index % FRAMES.len()];
        let line = frame.replace("{}", &disguised(&mut dice, &digits));
        let value = format!("+84{}", &digits[1..]);
        if read(None, &line, None).facts.iter().any(|fact| fact.kind == FactKind::Phone && fact.value == value) {
            right += 1;
        } else {
            wrong.push(line);
        }
    }
    let recall = f64::from(right) / 2000.0;
    println!("disguised phones: recall {recall:.3}");
    assert!(recall >= 0.98, "recall {recall:.3}; first misses:\n{}", wrong[..wrong.len().min(30)].join("\n"));
}

#[test]
fn facts_are_ordered_and_deterministic() {
    let post = "Tuyển nữ 18-25 đi Campuchia, lương 20tr/tháng, zalo 0901 000 123, t.me/hr_mau";
    let first = read(Some("Việc ở Bavet"), post, Some(1_763_960_400_000));
    let order: Vec<_> = first.facts.iter().map(|fact| (fact.field, fact.span.start, fact.kind)).collect();
    assert!(order.is_sorted());
    assert_eq!(first, read(Some("Việc ở Bavet"), post, Some(1_763_960_400_000)));
    for fact in &first.facts {
        let field = if fact.field == text::Field::Title { "Việc ở Bavet" } else { post };
        assert_eq!(&field[fact.span.range()], fact.text);
    }
}

#[test]
fn a_query_is_read_as_a_contact() {
    let value = |query: &str| text::contact_query(query).map(|fact| fact.value);
    assert_eq!(value("0901.000.123").as_deref(), Some("+84901000123"));
    assert_eq!(value("901000123").as_deref(), Some("+84901000123"));
    assert_eq!(value("không chín không một 000 123").as_deref(), Some("+84901000123"));
    assert_eq!(value("t . me / hr_mau").as_deref(), Some("@hr_mau"));
    assert_eq!(value("hr_mau(at)example(dot)com").as_deref(), Some("hr_mau@example.com"));
    assert_eq!(value("việc nhẹ lương cao"), None);
    assert_eq!(value("24/7"), None);
}

#[test]
fn random_mixtures_never_fail() {
    const PARTS: [&str; 40] = [
        "0901",
        "000",
        "123",
        ".",
        " ",
        "-",
        "(",
        ")",
        "@",
        "/",
        ":",
        "tuổi",
        "t",
        "2k",
        "8",
        "triệu",
        "tr",
        "rưỡi",
        "vài",
        "đến",
        "zalo",
        "t.me",
        "chấm",
        "com",
        "[.]",
        "stk",
        "MB",
        "tháng",
        "mai",
        "thứ",
        "7",
        "này",
        "Cần",
        "Thơ",
        "#",
        "🇰🇭",
        "một",
        "\n",
        "đ\u{323}\u{302}",
        "giờ",
    ];
    let mut dice = Dice(99);
    for _ in 0..20_000 {
        let post: String = (0..dice.roll(14) + 1).map(|_| PARTS[dice.roll(40) as usize]).collect();
        for fact in read(None, &post, Some(1_763_960_400_000)).facts {
            assert_eq!(post.get(fact.span.range()), Some(fact.text.as_str()), "{post:?}");
            assert!(!fact.value.is_empty(), "{post:?}");
        }
    }
}
