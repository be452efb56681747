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

/// Terms by an id, behind a first test that fits the processor's nearest cache: most words start no place.
#[derive(Default)]
struct Index {
    bits: Vec<u64>,
    terms: ById,
}

/// Bits of the first test; some 25,000 ids leave all but one in twenty words refused.
const SLOTS: usize = 1 << 19;

impl Index {
    fn new() -> Self {
        Index { bits: vec![0; SLOTS / 64], terms: ById::default() }
    }

    fn slot(id: u64) -> usize {
        (id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 45) as usize % SLOTS
    }

    /// Files a term under the id of its spelling and, where that differs, of its spelling without marks.
    fn add_both(&mut self, exact: u64, folded: u64, term: u32) {
        self.add(exact, term);
        if exact != folded {
            self.add(folded, term);
        }
    }

    fn add(&mut self, id: u64, term: u32) {
        let slot = Self::slot(id);
        self.bits[slot / 64] |= 1 << (slot % 64);
        self.terms.entry(id).or_default().push(term);
    }

    fn get(&self, id: u64) -> &[u32] {
        let slot = Self::slot(id);
        if self.bits.get(slot / 64).is_none_or(|bits| bits >> (slot % 64) & 1 == 0) {
            return &[];
        }
        self.terms.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// All terms, found by their first two syllables or their only one.
pub(super) struct Gazetteer {
    terms: Vec<Term>,
    /// A first test of eight kilobytes: whether a syllable starts a term that may be written in small letters.
    small_starts: Vec<u64>,
    /// The same for any term; communes count only with capitals.
    starts: Vec<u64>,
    pairs: Index,
    singles: Index,
    joined: HashMap<Box<str>, u32>,
}

pub(super) static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::load);

/// Names that mean nothing else even without marks and cue. Of provinces, `gia lai` ("giá lại"), `long an` ("lòng ăn"),
/// `can tho` ("cần thợ"), `ca mau` ("cá màu") and their like are not among them.
const ALONE: [&str; 119] = [
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
    "hong kong",
    "mien dien",
    "phu quoc",
    "bien hoa",
    "buon ma thuot",
    "moc bai",
    "mong cai",
    "ha tinh",
    "hung yen",
    "vinh phuc",
    "lai chau",
    "tuyen quang",
    "hai duong",
    "kon tum",
    "lam dong",
    "binh phuoc",
    "tra vinh",
    "bac lieu",
    "khanh hoa",
    "thua thien hue",
    "rach gia",
    "chau doc",
    "long xuyen",
    "hoc mon",
    "cu chi",
    "binh tan",
    "go vap",
    "tam giac vang",
    "vinh long",
    "tien giang",
    "sam son",
    "ha dong",
    "ha long",
    "thanh xuan",
    "long bien",
    "ba dinh",
    "hoan kiem",
    "binh thanh",
    "phu nhuan",
    "binh chanh",
    "nha be",
    "di an",
    "ben cat",
    "tan uyen",
    "trang bom",
    "long thanh",
    "nhon trach",
    "ba ria",
    "cam ranh",
    "tuy hoa",
    "quy nhon",
    "hoi an",
    "tam ky",
    "dong hoi",
    "cam pha",
    "uong bi",
    "pho yen",
    "viet tri",
    "tu son",
    "que vo",
    "viet yen",
    "buon ho",
    "my tho",
    "cai lay",
    "go cong",
    "sa dec",
    "cao lanh",
    "vi thanh",
    "ha tien",
    "cai rang",
    "thot not",
    "nam tu liem",
    "bac tu liem",
    "thanh tri",
    "soc son",
    "me linh",
    "thach that",
    "chuong my",
    "quoc oai",
    "my dinh",
    "con minh",
    "quang chau",
    "thuong hai",
    "bac kinh",
    "phnom penh",
    "xiem riep",
    "nam vang",
    "ba vet",
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

    /// Whether some term may start with this syllable, written with a capital or not.
    pub(super) fn may_start(&self, id: u64, capital: bool) -> bool {
        let slot = start_slot(id);
        let starts = if capital { &self.starts } else { &self.small_starts };
        starts.get(slot / 64).is_some_and(|bits| bits >> (slot % 64) & 1 == 1)
    }

    /// Terms whose first two syllables have these exact ids, with all their marks or with none.
    pub(super) fn pairs(&self, first: u64, second: u64) -> &[u32] {
        self.pairs.get(pair(first, second))
    }

    /// Terms of one syllable with this exact id, with its marks or without.
    pub(super) fn singles(&self, id: u64) -> &[u32] {
        self.singles.get(id)
    }

    pub(super) fn term(&self, index: u32) -> Option<&Term> {
        self.terms.get(index as usize)
    }

    /// The place whose name without marks and blanks is `text`.
    pub(super) fn joined(&self, text: &str) -> Option<&Term> {
        self.joined.get(text).and_then(|&index| self.term(index))
    }
}

const STARTS: usize = 1 << 16;

fn start_slot(id: u64) -> usize {
    (id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize % STARTS
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
            alone: ALONE.contains(&spaced.as_str()),
        });
    }

    fn finish(self) -> Gazetteer {
        let terms = self.terms;
        let (mut pairs, mut singles) = (Index::new(), Index::new());
        let (mut starts, mut small_starts) = (vec![0u64; STARTS / 64], vec![0u64; STARTS / 64]);
        let mut joined = HashMap::new();
        for (index, term) in terms.iter().enumerate() {
            let index = index as u32;
            for id in term.exact.first().into_iter().chain(term.folded.first()) {
                let slot = start_slot(*id);
                starts[slot / 64] |= 1 << (slot % 64);
                if term.need != Need::Commune {
                    small_starts[slot / 64] |= 1 << (slot % 64);
                }
            }
            match (&*term.exact, &*term.folded) {
                ([exact], [folded]) => singles.add_both(*exact, *folded, index),
                ([a, b, ..], [c, d, ..]) => pairs.add_both(pair(*a, *b), pair(*c, *d), index),
                _ => {}
            }
            let known = matches!(term.need, Need::Free | Need::Case);
            if known && term.short.len() >= 5 {
                joined.entry(term.short.clone()).or_insert(index);
            }
        }
        Gazetteer { terms, small_starts, starts, pairs, singles, joined }
    }
}
