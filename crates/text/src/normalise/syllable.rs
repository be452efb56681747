//! The Vietnamese syllable: onset, rhyme and tone, by rule and without a word list.
//!
//! A letter is taken apart into its base, its shape (circumflex, breve, horn) and its tone, so that a tone typed on
//! the wrong vowel (`đựơc`, `cuả`) or in the other style (`hoà`) can be put where the canonical form has it: `được`,
//! `của`, `hòa`. The rules follow the orthography taught in schools; foreign syllables are deliberately outside.

/// A tone, in the order of [`VOWELS`]: none, huyền, hỏi, ngã, sắc, nặng.
pub(super) type Tone = u8;

/// Vowels with their six tones.
const VOWELS: [[char; 6]; 12] = [
    ['a', 'à', 'ả', 'ã', 'á', 'ạ'],
    ['ă', 'ằ', 'ẳ', 'ẵ', 'ắ', 'ặ'],
    ['â', 'ầ', 'ẩ', 'ẫ', 'ấ', 'ậ'],
    ['e', 'è', 'ẻ', 'ẽ', 'é', 'ẹ'],
    ['ê', 'ề', 'ể', 'ễ', 'ế', 'ệ'],
    ['i', 'ì', 'ỉ', 'ĩ', 'í', 'ị'],
    ['o', 'ò', 'ỏ', 'õ', 'ó', 'ọ'],
    ['ô', 'ồ', 'ổ', 'ỗ', 'ố', 'ộ'],
    ['ơ', 'ờ', 'ở', 'ỡ', 'ớ', 'ợ'],
    ['u', 'ù', 'ủ', 'ũ', 'ú', 'ụ'],
    ['ư', 'ừ', 'ử', 'ữ', 'ứ', 'ự'],
    ['y', 'ỳ', 'ỷ', 'ỹ', 'ý', 'ỵ'],
];

/// Onsets, longest first so that the first match is the right one; `gi` and `qu` are tried before `g` and are followed
/// by rhymes of their own.
const ONSETS: [&str; 27] = [
    "ngh", "ng", "nh", "gh", "kh", "ph", "th", "tr", "ch", "b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "r",
    "s", "t", "v", "x", "qu", "gi",
];

/// Rhymes and the index of the vowel that carries the tone.
const RHYMES: &[(&str, u8)] = &[
    ("a", 0), ("ac", 0), ("ach", 0), ("ai", 0), ("am", 0), ("an", 0), ("ang", 0), ("anh", 0), ("ao", 0), ("ap", 0),
    ("at", 0), ("au", 0), ("ay", 0), ("ăc", 0), ("ăm", 0), ("ăn", 0), ("ăng", 0), ("ăp", 0), ("ăt", 0), ("âc", 0),
    ("âm", 0), ("ân", 0), ("âng", 0), ("âp", 0), ("ât", 0), ("âu", 0), ("ây", 0), ("e", 0), ("ec", 0), ("em", 0),
    ("en", 0), ("eng", 0), ("eo", 0), ("ep", 0), ("et", 0), ("ê", 0), ("êch", 0), ("êm", 0), ("ên", 0), ("êng", 0),
    ("ênh", 0), ("êp", 0), ("êt", 0), ("êu", 0), ("i", 0), ("ia", 0), ("ich", 0), ("iêc", 1), ("iêm", 1), ("iên", 1),
    ("iêng", 1), ("iêp", 1), ("iêt", 1), ("iêu", 1), ("im", 0), ("in", 0), ("inh", 0), ("ip", 0), ("it", 0), ("iu", 0),
    ("o", 0), ("oa", 0), ("oac", 1), ("oach", 1), ("oai", 1), ("oam", 1), ("oan", 1), ("oang", 1), ("oanh", 1),
    ("oao", 1), ("oap", 1), ("oat", 1), ("oay", 1), ("oăc", 1), ("oăm", 1), ("oăn", 1), ("oăng", 1), ("oăt", 1),
    ("oc", 0), ("oe", 0), ("oen", 1), ("oeo", 1), ("oet", 1), ("oi", 0), ("om", 0), ("on", 0), ("ong", 0), ("ooc", 1),
    ("oong", 1), ("op", 0), ("ot", 0), ("ô", 0), ("ôc", 0), ("ôi", 0), ("ôm", 0), ("ôn", 0), ("ông", 0), ("ôp", 0),
    ("ôt", 0), ("ơ", 0), ("ơi", 0), ("ơm", 0), ("ơn", 0), ("ơp", 0), ("ơt", 0), ("u", 0), ("ua", 0), ("uân", 1),
    ("uâng", 1), ("uât", 1), ("uây", 1), ("uc", 0), ("uê", 1), ("uêch", 1), ("uênh", 1), ("ui", 0), ("um", 0),
    ("un", 0), ("ung", 0), ("uôc", 1), ("uôi", 1), ("uôm", 1), ("uôn", 1), ("uông", 1), ("uôt", 1), ("uơ", 1),
    ("up", 0), ("ut", 0), ("uy", 0), ("uya", 1), ("uyên", 2), ("uyêt", 2), ("uych", 1), ("uynh", 1), ("uyp", 1),
    ("uyt", 1), ("uyu", 1), ("ư", 0), ("ưa", 0), ("ưc", 0), ("ưi", 0), ("ưng", 0), ("ươc", 1), ("ươi", 1),
    ("ươm", 1), ("ươn", 1), ("ương", 1), ("ươp", 1), ("ươt", 1), ("ươu", 1), ("ưt", 0), ("ưu", 0), ("y", 0),
    ("yêm", 1), ("yên", 1), ("yêng", 1), ("yêt", 1), ("yêu", 1),
];

/// Rhymes that only follow `qu`, beside those of [`RHYMES`].
const AFTER_QU: &[(&str, u8)] = &[("ych", 0), ("ynh", 0), ("yt", 0), ("yên", 1), ("yêt", 1)];

/// Longest syllable in letters (`nghiêng`).
pub(super) const LONGEST: usize = 7;

/// Takes a lower-case letter apart into the letter without its tone, and the tone.
pub(super) fn split_tone(letter: char) -> (char, Tone) {
    if letter.is_ascii() {
        return (letter, 0);
    }
    for row in &VOWELS {
        if let Some(tone) = row.iter().position(|c| *c == letter) {
            return (row[0], tone as Tone);
        }
    }
    (letter, 0)
}

/// The letter with a tone; a letter that carries none stays as it is.
pub(super) fn with_tone(letter: char, tone: Tone) -> char {
    VOWELS.iter().find(|row| row[0] == letter).map_or(letter, |row| row[usize::from(tone).min(5)])
}

/// The letter without shape: `ơ` becomes `o`, `đ` stays.
pub(super) fn without_shape(letter: char) -> char {
    match letter {
        'ă' | 'â' => 'a',
        'ê' => 'e',
        'ô' | 'ơ' => 'o',
        'ư' => 'u',
        other => other,
    }
}

/// Whether the letter is a vowel, with or without shape and tone.
pub(super) fn is_vowel(letter: char) -> bool {
    matches!(without_shape(split_tone(letter).0), 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// Whether `toneless` (letters without tones) is a syllable under `tone`; the index of the letter that carries it.
fn tone_seat(toneless: &str, tone: Tone, shapeless: bool) -> Option<usize> {
    // `gi` before `g`, so that `già` is gi + a; `gìn` and `giếng` fall through to g + in and g + iêng.
    let special = ["qu", "gi"].iter().filter(|onset| toneless.starts_with(**onset));
    let plain = ONSETS[..25].iter().filter(|onset| toneless.starts_with(**onset)).take(1);
    for onset in special.chain(plain).chain(std::iter::once(&"")) {
        let rhyme = &toneless[onset.len()..];
        if rhyme.is_empty() {
            continue;
        }
        let Some(seat) = seat_in(onset, rhyme, shapeless) else { continue };
        let stopped = rhyme.ends_with(['c', 'p', 't']) || rhyme.ends_with("ch");
        if stopped && !matches!(tone, 0 | 4 | 5) {
            return None;
        }
        return Some(onset.chars().count() + seat);
    }
    None
}

/// The tone's seat within a rhyme after an onset, when the two go together.
fn seat_in(onset: &str, rhyme: &str, shapeless: bool) -> Option<usize> {
    let first = rhyme.chars().next()?;
    let fits = match onset {
        "qu" => matches!(first, 'a' | 'ă' | 'â' | 'e' | 'ê' | 'i' | 'y' | 'ơ' | 'o' | 'ô'),
        "gi" => !matches!(first, 'i' | 'y'),
        "k" | "gh" | "ngh" => matches!(first, 'e' | 'ê' | 'i' | 'y'),
        "c" => !matches!(first, 'e' | 'ê' | 'i' | 'y'),
        "g" | "ng" => !matches!(first, 'e' | 'ê' | 'y') && (first != 'i' || onset == "g"),
        _ => true,
    };
    if !fits {
        return None;
    }
    let matches = |known: &str| {
        if shapeless {
            known.chars().map(without_shape).eq(rhyme.chars())
        } else {
            known == rhyme
        }
    };
    if onset == "qu" {
        // The `u` of `qu` is a glide: no rhyme that brings a glide of its own, but `quốc`.
        if let Some((_, seat)) = AFTER_QU.iter().find(|(known, _)| matches(known)) {
            return Some(usize::from(*seat));
        }
        let glide = rhyme.starts_with("oa") || rhyme.starts_with("oe") || rhyme.starts_with("oă");
        let rounded = (first == 'o' || first == 'ô') && !matches!(rhyme, "ôc" | "oc" | "o" | "ô");
        if glide || (rounded && !shapeless) {
            return None;
        }
    }
    // A leading y is written only alone, in `yê…`, or as the whole rhyme after an onset (`kỹ`).
    let found = RHYMES.iter().find(|(known, _)| matches(known))?;
    if found.0.starts_with("yê") && !onset.is_empty() {
        return None;
    }
    if found.0.starts_with("iê") && onset.is_empty() {
        return None;
    }
    if found.0 == "êng" && onset != "gi" {
        return None;
    }
    Some(usize::from(found.1))
}

/// The canonical form of a lower-case NFC token when it is a Vietnamese syllable: tone on its seat in the old style
/// (`hòa`, `thủy`), a missing horn of `ươ` restored. `None` when it is no syllable.
///
/// Text typed without marks counts as syllables too: `viec` is one, because `viêc` is.
pub(super) fn canonical(token: &str) -> Option<String> {
    if token.len() > LONGEST * 3 || token.is_empty() {
        return None;
    }
    let mut toneless = String::with_capacity(token.len());
    let mut tone = 0;
    let mut shaped = false;
    for letter in token.chars() {
        let (base, own) = split_tone(letter);
        if own != 0 {
            if tone != 0 {
                return None;
            }
            tone = own;
        }
        shaped |= without_shape(base) != base || base == 'đ';
        toneless.push(base);
    }
    if toneless.chars().count() > LONGEST {
        return None;
    }
    let seat = tone_seat(&toneless, tone, false).or_else(|| {
        // `nguời`, `lưong`: one of the two horns of ươ is missing; no rhyme has uơ or ưo before another letter.
        let mended = toneless.replace("uơ", "ươ").replace("ưo", "ươ");
        let changed = mended != toneless;
        let seat = changed.then(|| tone_seat(&mended, tone, false)).flatten()?;
        toneless = mended;
        Some(seat)
    });
    let seat = seat.or_else(|| (!shaped && tone == 0).then(|| tone_seat(&toneless, 0, true)).flatten())?;
    Some(toneless.chars().enumerate().map(|(i, c)| if i == seat { with_tone(c, tone) } else { c }).collect())
}

/// Every canonical syllable, with and without marks, in a fixed order. May repeat.
pub(super) fn all(mut take: impl FnMut(&str)) {
    let rhymes = RHYMES.iter().chain(AFTER_QU);
    for onset in ONSETS.iter().chain(std::iter::once(&"")) {
        for (rhyme, _) in rhymes.clone() {
            let toneless = format!("{onset}{rhyme}");
            for tone in 0..6 {
                let Some(seat) = tone_seat(&toneless, tone, false) else { continue };
                let form: String =
                    toneless.chars().enumerate().map(|(i, c)| if i == seat { with_tone(c, tone) } else { c }).collect();
                if tone == 0 {
                    let bare: String = toneless.chars().map(without_shape).collect();
                    take(&bare.replace('đ', "d"));
                }
                take(&form);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_move_to_their_seat() {
        for (typed, canon) in [
            ("hoà", "hòa"), ("thuý", "thúy"), ("khoẻ", "khỏe"), ("cuả", "của"), ("đựơc", "được"), ("ngừơi", "người"),
            ("baỏ", "bảo"), ("qúy", "quý"), ("gìa", "già"), ("giếng", "giếng"), ("gì", "gì"), ("quốc", "quốc"),
            ("hoàn", "hoàn"), ("khuỷu", "khuỷu"), ("chuyện", "chuyện"), ("nghịêm", "nghiệm"), ("nguời", "người"),
            ("ngừoi", "người"), ("đuợc", "được"), ("lưong", "lương"), ("thuở", "thuở"), ("quở", "quở"), ("tuỳ", "tùy"),
            ("quà", "quà"), ("xoá", "xóa"), ("loè", "lòe"), ("ở", "ở"), ("viec", "viec"), ("duong", "duong"),
        ] {
            assert_eq!(canonical(typed).as_deref(), Some(canon), "{typed}");
        }
    }

    #[test]
    fn foreign_words_are_no_syllables() {
        for word in ["samsung", "app", "việ", "thậ", "cìc", "zalo", "kó", "việecc", "làà", "job", "ko", "fải", "kk"] {
            assert_eq!(canonical(word), None, "{word}");
        }
    }

    #[test]
    fn canonical_forms_stay() {
        all(|form| assert_eq!(canonical(form).as_deref(), Some(form), "{form}"));
    }
}
