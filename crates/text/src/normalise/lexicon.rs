//! What the normaliser knows of words: valid syllables, how often they are met, foreign words, teencode.
//!
//! One table from [`syllable_id`] to a small record answers for every token of clean text with one look-up. Built once
//! from the rules of [`super::syllable`] and the files in `data/`.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::chars::{self, Entry};
use super::cut::{self, Rules};
use super::syllable::{self, LONGEST};
use crate::reading::{fold, syllable_id};

/// What is known of a token.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// A canonical Vietnamese syllable, marked or bare.
    pub syllable: bool,
    /// A foreign word, brand or place that stays whole.
    pub word: bool,
    /// How often met, as the bit length of the count; for bare forms the count of all syllables that fold to it.
    pub met: u8,
    /// 1 + index of its teencode entry, or 0.
    pub teencode: u16,
    /// 1 + index of the letter that carries the tone, when the token is a syllable without a tone; else 0.
    pub seat: u8,
    /// With `seat`: only sắc and nặng go with it.
    pub stopped: bool,
    /// A longer syllable or word starts with it.
    pub prefix: bool,
}

/// A teencode form.
#[derive(Clone, Debug, Default)]
pub(super) struct Teencode {
    /// It has one reading and gives way to it.
    pub replace: bool,
    /// Readings, each a list of canonical syllables.
    pub readings: Vec<Vec<String>>,
    /// The ids (exact, folded) of the same.
    pub ids: Vec<Vec<(u64, u64)>>,
    /// Ids of the syllables behind which it stays as it is: `Hồng Kông`.
    pub kept_after: Vec<u64>,
}

/// A token of clean text that passes as it is, with its folded form at hand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Familiar {
    id: u64,
    /// Id of the folded form.
    pub folded: u64,
    fold: [u8; FOLD],
    len: u8,
}

impl Familiar {
    /// The folded form, filled up with zeros.
    #[inline]
    pub fn padded_fold(&self) -> &[u8; FOLD] {
        &self.fold
    }

    /// Length of the folded form.
    #[inline]
    pub fn fold_len(&self) -> usize {
        usize::from(self.len)
    }
}

/// Longest folded form of a familiar token.
pub(super) const FOLD: usize = 15;

/// Tables with open addressing and linear probing: a small one of what passes as it is, which stays in the cache, and
/// one of all that is known.
pub(super) struct Lexicon {
    familiar: Vec<Familiar>,
    slots: Vec<(u64, Known)>,
    pairs: HashSet<u64>,
    teencode: Vec<Teencode>,
    table: &'static [Entry],
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::build);

/// The lexicon.
pub(super) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

impl Lexicon {
    /// What is known of the token with this id.
    pub fn get(&self, id: u64) -> Option<Known> {
        let (key, known) = self.slots[place(&self.slots, id)];
        (key == id).then_some(known)
    }

    /// A token that is often met, of two letters or more, and passes as it is.
    #[inline]
    pub fn familiar(&self, id: u64) -> Option<&Familiar> {
        let mask = self.familiar.len() - 1;
        let mut at = home(id, mask);
        loop {
            let slot = self.familiar.get(at)?;
            if slot.id == id {
                return Some(slot);
            }
            if slot.id == 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    /// The canonical form of a lower-case NFC token when it is a Vietnamese syllable: tone on its seat in the old
    /// style (`hòa`, `thủy`), a missing horn of `ươ` restored. `None` when it is no syllable.
    ///
    /// Text typed without marks counts as syllables too: `viec` is one, because `viêc` is.
    pub fn canonical(&self, token: &str) -> Option<String> {
        if token.len() > 3 * LONGEST {
            return None;
        }
        let mut toneless = String::with_capacity(token.len());
        let mut tone = 0;
        let mut horned = false;
        for letter in token.chars() {
            let entry = chars::entry(self.table, letter);
            if entry.tone != 0 {
                if tone != 0 {
                    return None;
                }
                tone = entry.tone;
            }
            horned |= matches!(entry.toneless, 'ơ' | 'ư');
            toneless.push(entry.toneless);
        }
        let known = match self.get(syllable_id(&toneless)) {
            Some(known) if known.syllable => known,
            _ if horned => {
                // `nguời`, `lưong`: one horn of ươ is missing; no rhyme has uơ or ưo before another letter.
                toneless = toneless.replace("uơ", "ươ").replace("ưo", "ươ");
                self.get(syllable_id(&toneless)).filter(|known| known.syllable)?
            }
            _ => return None,
        };
        if tone == 0 {
            return Some(toneless);
        }
        let seat = usize::from(known.seat).checked_sub(1)?;
        let fits = !known.stopped || matches!(tone, 4 | 5);
        fits.then(|| syllable::toned(&toneless, seat, tone))
    }

    /// What is known of a token.
    pub fn of(&self, token: &str) -> Known {
        self.get(syllable_id(token)).unwrap_or_default()
    }

    /// Whether two folded syllables are often neighbours.
    pub fn pair(&self, first: u64, second: u64) -> bool {
        self.pairs.contains(&pair_id(first, second))
    }

    /// The teencode entry of a token.
    pub fn teencode(&self, known: Known) -> Option<&Teencode> {
        self.teencode.get(usize::from(known.teencode).checked_sub(1)?)
    }

    fn build() -> Lexicon {
        let mut lexicon = Lexicon {
            familiar: vec![Familiar::default(); 1 << 13],
            slots: vec![(0, Known::default()); 1 << 16],
            pairs: HashSet::new(),
            teencode: Vec::new(),
            table: chars::table(),
        };
        syllable::all(|form| {
            for tone in 0..6 {
                if tone == 0 || !form.stopped || matches!(tone, 4 | 5) {
                    lexicon.edit(&syllable::toned(form.toneless, form.seat, tone)).syllable = true;
                }
            }
            let known = lexicon.edit(form.toneless);
            known.seat = form.seat as u8 + 1;
            known.stopped = form.stopped;
            lexicon.edit(&syllable::bare(form.toneless)).syllable = true;
        });
        let mut counts: Vec<(String, u32)> = Vec::new();
        for line in rows(include_str!("../../data/syllables.csv")).skip(1) {
            let Some((form, count)) = line.split_once(',') else { continue };
            let Some(form) = lexicon.canonical(form) else { continue };
            counts.push((form, count.parse().unwrap_or(1)));
        }
        let mut folded: Vec<(String, u32)> = counts.iter().map(|(form, count)| (fold(form), *count)).collect();
        folded.sort();
        folded.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        for (form, count) in counts.iter().chain(&folded) {
            lexicon.edit(form).met = (u32::BITS - count.leading_zeros()) as u8;
        }
        for word in rows(include_str!("../../data/words.txt")).flat_map(str::split_whitespace) {
            lexicon.edit(word).word = true;
        }
        for line in rows(include_str!("../../data/teencode.csv")).skip(1) {
            let mut fields = line.splitn(3, ',');
            let (Some(form), Some(mode), Some(reading)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            let reading: Vec<String> = reading.split_whitespace().map(str::to_owned).collect();
            let ids: Vec<_> = reading.iter().map(|s| (syllable_id(s), syllable_id(&fold(s)))).collect();
            let next = lexicon.teencode.len() as u16 + 1;
            let known = lexicon.edit(form);
            if known.teencode == 0 {
                known.teencode = next;
            }
            let at = usize::from(known.teencode) - 1;
            if at == lexicon.teencode.len() {
                lexicon.teencode.push(Teencode { replace: mode == "replace", ..Teencode::default() });
            }
            let entry = &mut lexicon.teencode[at];
            if mode == "keep" {
                entry.kept_after.extend(ids.iter().flat_map(|(exact, folded)| [*exact, *folded]));
            } else {
                entry.readings.push(reading);
                entry.ids.push(ids);
            }
        }
        for line in rows(include_str!("../../data/pairs.txt")) {
            if let Some((first, second)) = line.split_once(' ') {
                lexicon.pairs.insert(pair_id(syllable_id(first), syllable_id(second)));
            }
        }
        lexicon.note_prefixes();
        lexicon.take_in_places();
        let words = rows(include_str!("../../data/words.txt")).flat_map(str::split_whitespace).map(str::to_owned);
        let mut tokens: Vec<String> = words.chain(counts.into_iter().chain(folded).map(|(form, _)| form)).collect();
        tokens.sort();
        tokens.dedup();
        // Half full at most; what does not fit passes through the large table.
        tokens.truncate(lexicon.familiar.len() / 2);
        for token in tokens {
            let folded = fold(&token);
            if lexicon.of(&token).teencode > 0 || token.chars().count() < 2 || folded.len() > FOLD {
                continue;
            }
            let mask = lexicon.familiar.len() - 1;
            let id = syllable_id(&token);
            let mut at = home(id, mask);
            while lexicon.familiar[at].id != 0 {
                at = (at + 1) & mask;
            }
            let mut slot =
                Familiar { id, folded: syllable_id(&folded), len: folded.len() as u8, ..Familiar::default() };
            slot.fold[..folded.len()].copy_from_slice(folded.as_bytes());
            lexicon.familiar[at] = slot;
        }
        lexicon
    }

    /// Notes every front of what words run together may be cut into, so that cutting stops early.
    fn note_prefixes(&mut self) {
        let mut forms = Vec::new();
        syllable::all(|form| {
            forms.push(syllable::bare(form.toneless));
            forms.extend((0..6).map(|tone| syllable::toned(form.toneless, form.seat, tone)));
        });
        for form in &forms {
            self.note_prefix(form);
        }
        for word in rows(include_str!("../../data/words.txt")).flat_map(str::split_whitespace) {
            self.note_prefix(word);
        }
    }

    /// Makes foreign places of one word known words, so that `T o n p h e u n g` is joined and `tonpheung` never cut.
    fn take_in_places(&mut self) {
        let files = [
            include_str!("../../data/places_countries.csv"),
            include_str!("../../data/places_known.csv"),
            include_str!("../../data/places_cities.csv"),
        ];
        for line in files.into_iter().flat_map(|file| rows(file).skip(1)) {
            if line.starts_with(['v', 'V']) {
                continue;
            }
            for name in line.split([',', '|']).skip(1).map(str::to_lowercase) {
                let letters: Vec<char> = name.chars().collect();
                // A short name that is also two syllables (`tainan`, "tai nạn") is left to the place's own reading.
                let alone = || cut::parts(&letters, Rules { met: true, loose: false }, self).is_none();
                if name.bytes().all(|byte| byte.is_ascii_lowercase())
                    && (letters.len() >= 8 || letters.len() >= 5 && alone())
                    && !self.of(&name).syllable
                {
                    self.edit(&name).word = true;
                    self.note_prefix(&name);
                }
            }
        }
    }

    fn note_prefix(&mut self, form: &str) {
        for (at, _) in form.char_indices().skip(1) {
            self.edit(&form[..at]).prefix = true;
        }
    }

    fn edit(&mut self, token: &str) -> &mut Known {
        let id = syllable_id(token);
        let at = place(&self.slots, id);
        self.slots[at].0 = id;
        &mut self.slots[at].1
    }
}

/// Where an id belongs in a table of `mask + 1` slots.
#[inline]
fn home(id: u64, mask: usize) -> usize {
    (id ^ (id >> 32)) as usize & mask
}

/// The slot of an id, or the free one where it belongs. The table is never full.
fn place(slots: &[(u64, Known)], id: u64) -> usize {
    let mask = slots.len() - 1;
    let mut at = home(id, mask);
    while slots[at].0 != id && slots[at].0 != 0 {
        at = (at + 1) & mask;
    }
    at
}

fn pair_id(first: u64, second: u64) -> u64 {
    first.rotate_left(1) ^ second
}

/// The lines of a data file that are neither blank nor comments.
pub(super) fn rows(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_move_to_their_seat() {
        for (typed, canon) in [
            ("hoà", "hòa"),
            ("thuý", "thúy"),
            ("khoẻ", "khỏe"),
            ("cuả", "của"),
            ("đựơc", "được"),
            ("ngừơi", "người"),
            ("baỏ", "bảo"),
            ("qúy", "quý"),
            ("gìa", "già"),
            ("giếng", "giếng"),
            ("gì", "gì"),
            ("quốc", "quốc"),
            ("hoàn", "hoàn"),
            ("khuỷu", "khuỷu"),
            ("chuyện", "chuyện"),
            ("nghịêm", "nghiệm"),
            ("nguời", "người"),
            ("ngừoi", "người"),
            ("đuợc", "được"),
            ("lưong", "lương"),
            ("thuở", "thuở"),
            ("quở", "quở"),
            ("tuỳ", "tùy"),
            ("quà", "quà"),
            ("xoá", "xóa"),
            ("loè", "lòe"),
            ("ở", "ở"),
            ("viec", "viec"),
            ("duong", "duong"),
        ] {
            assert_eq!(lexicon().canonical(typed).as_deref(), Some(canon), "{typed}");
        }
        for word in ["samsung", "app", "việ", "thậ", "cìc", "zalo", "kó", "việecc", "làà", "job", "ko", "fải", "vìec"]
        {
            assert_eq!(lexicon().canonical(word), None, "{word}");
        }
    }

    #[test]
    fn the_tables_stay_sparse() {
        let full = lexicon().slots.iter().filter(|(id, _)| *id != 0).count();
        assert!(full * 10 < lexicon().slots.len() * 7, "{full} of {}", lexicon().slots.len());
        let familiar = lexicon().familiar.iter().filter(|slot| slot.id != 0).count();
        assert!(familiar * 10 < lexicon().familiar.len() * 7, "{familiar} of {}", lexicon().familiar.len());
    }

    #[test]
    fn knows_syllables_words_and_teencode() {
        let lexicon = lexicon();
        assert!(lexicon.of("việc").syllable && lexicon.of("viec").syllable && !lexicon.of("viêc8").syllable);
        assert!(lexicon.of("lương").met > 0 && lexicon.of("luong").met > 0);
        assert!(lexicon.of("campuchia").word && !lexicon.of("campuchia").syllable);
        assert!(lexicon.teencode(lexicon.of("ko")).is_some_and(|t| t.replace));
        assert_eq!(lexicon.teencode(lexicon.of("ck")).map(|t| t.readings.len()), Some(2));
    }

    #[test]
    fn no_syllable_is_replaced_and_readings_are_stable() {
        let lexicon = lexicon();
        for line in rows(include_str!("../../data/teencode.csv")).skip(1) {
            let fields: Vec<&str> = line.splitn(3, ',').collect();
            for part in fields[2].split(' ').filter(|_| fields[1] == "replace") {
                let known = lexicon.of(part);
                let replaced = lexicon.teencode(known).is_some_and(|t| t.replace);
                assert!((known.syllable || known.word) && !replaced, "{line}");
            }
        }
    }
}
