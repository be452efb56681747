//! The gazetteer: every name that a place goes by, by the ids of its syllables.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::reading::{fold, syllable_id};

/// What must be seen beside a name before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Nothing: the name means nothing else.
    Free,
    /// A capital, or a cue: the name is also an ordinary word.
    Case,
    /// A cue.
    Cue,
    /// One syllable that is also a word, a name or a language: a word of motion or place directly before.
    Slang,
    /// An old district of Vietnam: capitals, or a cue.
    District,
    /// A city of the world: a capital.
    City,
    /// A commune of Vietnam: capitals and a cue.
    Commune,
}

/// One name of one place.
pub(super) struct Term {
    /// Ids of the syllables without marks.
    pub folded: Box<[u64]>,
    /// Ids of the syllables as spelled.
    pub exact: Box<[u64]>,
    /// The gazetteer code.
    pub code: Box<str>,
    /// The name shown.
    pub name: Box<str>,
    /// The spelling without marks.
    pub short: Box<str>,
    /// What must be seen beside it.
    pub need: Need,
    /// The spelling has marks.
    pub marked: bool,
    /// The place is in Vietnam.
    pub vietnamese: bool,
    /// The spelling without marks means nothing else.
    pub alone: bool,
}

/// Syllable ids are hashes already.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }
    fn write_u64(&mut self, id: u64) {
        self.0 = (self.0.rotate_left(5) ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type ById = HashMap<u64, Vec<u32>, BuildHasherDefault<IdHasher>>;

/// All terms, found by their first two syllables or their only one.
pub(super) struct Gazetteer {
    terms: Vec<Term>,
    pairs: ById,
    singles: ById,
    joined: HashMap<Box<str>, u32>,
}

pub(super) static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::load);

/// Names that mean nothing else even without marks and cue.
const ALONE: [&str; 74] = [
    "ha noi",
    "sai gon",
    "hai phong",
    "da nang",
    "nghe an",
    "binh duong",
    "dong nai",
    "dak lak",
    "dak nong",
    "vung tau",
    "nha trang",
    "da lat",
    "phan thiet",
    "quang ngai",
    "quang ninh",
    "quang nam",
    "quang tri",
    "quang binh",
    "thai nguyen",
    "lang son",
    "soc trang",
    "bac ninh",
    "bac giang",
    "binh thuan",
    "ninh thuan",
    "kien giang",
    "tay ninh",
    "han quoc",
    "trung quoc",
    "dai loan",
    "thai lan",
    "nhat ban",
    "hong kong",
    "mien dien",
    "phu quoc",
    "bien hoa",
    "buon ma thuot",
    "moc bai",
    "mong cai",
    "lao cai",
    "ha tinh",
    "hung yen",
    "vinh phuc",
    "lai chau",
    "dien bien",
    "tuyen quang",
    "ha giang",
    "hai duong",
    "kon tum",
    "gia lai",
    "lam dong",
    "binh phuoc",
    "dong thap",
    "ben tre",
    "tra vinh",
    "hau giang",
    "ca mau",
    "bac lieu",
    "khanh hoa",
    "thua thien hue",
    "an giang",
    "long an",
    "thu duc",
    "rach gia",
    "chau doc",
    "long xuyen",
    "con dao",
    "hoc mon",
    "cu chi",
    "tan binh",
    "binh tan",
    "go vap",
    "tam giac vang",
    "cao bang",
];
/// Of those, the ones that ordinary words can make; they need a cue after all.
const NOT_ALONE: [&str; 14] = [
    "gia lai",
    "an giang",
    "long an",
    "lao cai",
    "ben tre",
    "ca mau",
    "dong thap",
    "con dao",
    "tan binh",
    "cao bang",
    "ha giang",
    "thu duc",
    "nhat ban",
    "hau giang",
];

impl Gazetteer {
    fn load() -> Self {
        let mut loader = Loader { terms: Vec::with_capacity(14_000) };
        for [code, name, also] in rows(include_str!("../../../data/places_countries.csv"), [0, 1, 2]) {
            loader.add(&code, &name, &name, country_need);
            for other in also.split('|') {
                loader.add(&code, &name, other, country_need);
            }
        }
        for [code, name, need, also] in rows(include_str!("../../../data/places_known.csv"), [0, 1, 2, 3]) {
            let need = match need.as_str() {
                "case" => Need::Case,
                "cue" => Need::Cue,
                _ => Need::Free,
            };
            loader.add(&code, &name, &name, |_| need);
            for other in also.split('|') {
                loader.add(&code, &name, other, |_| Need::Free);
            }
        }
        for [code, name, kind, also] in rows(include_str!("../../../data/places_vietnam.csv"), [0, 1, 2, 3]) {
            let need = match kind.as_str() {
                "district" => Need::District,
                "commune" => Need::Commune,
                // Peace, level height, pacification: names that are words too.
                _ if matches!(name.as_str(), "Hòa Bình" | "Cao Bằng" | "Bình Định" | "Thái Bình") => {
                    Need::Case
                }
                _ => Need::Free,
            };
            loader.add(&code, &name, &name, |_| need);
            for other in also.split('|') {
                loader.add(&code, &name, other, |_| need);
            }
        }
        for [code, name] in rows(include_str!("../../../data/places_cities.csv"), [0, 1]) {
            loader.add(&code, &name, &name, |_| Need::City);
        }
        loader.finish()
    }

    /// Terms whose first two syllables have these folded ids.
    pub(super) fn pairs(&self, first: u64, second: u64) -> &[u32] {
        self.pairs.get(&pair(first, second)).map_or(&[], Vec::as_slice)
    }

    /// Terms of one syllable with this folded id.
    pub(super) fn singles(&self, id: u64) -> &[u32] {
        self.singles.get(&id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn term(&self, index: u32) -> Option<&Term> {
        self.terms.get(index as usize)
    }

    /// The place whose name without marks and blanks is `text`.
    pub(super) fn joined(&self, text: &str) -> Option<&Term> {
        self.joined.get(text).and_then(|&index| self.term(index))
    }
}

fn pair(first: u64, second: u64) -> u64 {
    first.rotate_left(17) ^ second.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// One syllable of a country is also a word; longer names are free.
fn country_need(spelling: &str) -> Need {
    const WORDS: [&str; 21] = [
        "Cam", "Anh", "Pháp", "Đức", "Nga", "Ý", "Úc", "Áo", "Bỉ", "Mỹ", "Lào", "Thái", "Hàn", "Nhật", "Đài", "Mã",
        "Phi", "Trung", "Miên", "Miến", "Mễ",
    ];
    const CUED: [&str; 18] = [
        "Sing", "Indo", "Hung", "Síp", "Séc", "Tiệp", "Cuba", "Mali", "Peru", "Niger", "Chad", "Togo", "Tonga", "Oman",
        "Iran", "Jersey", "Guam", "Georgia",
    ];
    if WORDS.contains(&spelling) {
        Need::Slang
    } else if CUED.contains(&spelling) || spelling == "Jordan" || spelling == "Trung Hoa" {
        Need::Case
    } else {
        Need::Free
    }
}

/// The chosen columns of a CSV whose comments start with `#`.
fn rows<const N: usize>(text: &str, columns: [usize; N]) -> Vec<[String; N]> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).flexible(true).from_reader(text.as_bytes());
    let row = |record: csv::StringRecord| columns.map(|column| record.get(column).unwrap_or("").to_owned());
    reader.records().flatten().map(row).collect()
}

struct Loader {
    terms: Vec<Term>,
}

impl Loader {
    fn add(&mut self, code: &str, name: &str, spelling: &str, need: impl Fn(&str) -> Need) {
        if spelling.is_empty() {
            return;
        }
        let lower = spelling.to_lowercase();
        let syllables: Vec<&str> =
            lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
        let bare: Vec<String> = syllables.iter().map(|syllable| fold(syllable)).collect();
        let short = bare.concat();
        let spaced = bare.join(" ");
        let marked = bare.iter().zip(&syllables).any(|(bare, syllable)| bare != syllable);
        self.terms.push(Term {
            folded: bare.iter().map(|syllable| syllable_id(syllable)).collect(),
            exact: syllables.iter().map(|syllable| syllable_id(syllable)).collect(),
            code: code.into(),
            name: name.into(),
            short: short.into(),
            need: need(spelling),
            marked,
            vietnamese: code.starts_with("vn") || code.starts_with("VN"),
            alone: ALONE.contains(&spaced.as_str()) && !NOT_ALONE.contains(&spaced.as_str()),
        });
    }

    fn finish(self) -> Gazetteer {
        let terms = self.terms;
        let (mut pairs, mut singles) = (ById::default(), ById::default());
        let mut joined = HashMap::new();
        for (index, term) in terms.iter().enumerate() {
            let index = index as u32;
            match *term.folded {
                [] => {}
                [only] => singles.entry(only).or_default().push(index),
                [first, second, ..] => pairs.entry(pair(first, second)).or_default().push(index),
            }
            let known = matches!(term.need, Need::Free | Need::Case);
            if known && term.short.len() >= 5 {
                joined.entry(term.short.clone()).or_insert(index);
            }
            // `kiengiang` run together is found as one syllable.
            if known && term.folded.len() >= 2 && term.short.len() >= 6 {
                singles.entry(syllable_id(&term.short)).or_default();
            }
        }
        Gazetteer { terms, pairs, singles, joined }
    }
}
