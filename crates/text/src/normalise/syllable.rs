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
    ("a", 0),
    ("ac", 0),
    ("ach", 0),
    ("ai", 0),
    ("am", 0),
    ("an", 0),
    ("ang", 0),
    ("anh", 0),
    ("ao", 0),
    ("ap", 0),
    ("at", 0),
    ("au", 0),
    ("ay", 0),
    ("ăc", 0),
    ("ăm", 0),
    ("ăn", 0),
    ("ăng", 0),
    ("ăp", 0),
    ("ăt", 0),
    ("âc", 0),
    ("âm", 0),
    ("ân", 0),
    ("âng", 0),
    ("âp", 0),
    ("ât", 0),
    ("âu", 0),
    ("ây", 0),
    ("e", 0),
    ("ec", 0),
    ("em", 0),
    ("en", 0),
    ("eng", 0),
    ("eo", 0),
    ("ep", 0),
    ("et", 0),
    ("ê", 0),
    ("êch", 0),
    ("êm", 0),
    ("ên", 0),
    ("êng", 0),
    ("ênh", 0),
    ("êp", 0),
    ("êt", 0),
    ("êu", 0),
    ("i", 0),
    ("ia", 0),
    ("ich", 0),
    ("iêc", 1),
    ("iêm", 1),
    ("iên", 1),
    ("iêng", 1),
    ("iêp", 1),
    ("iêt", 1),
    ("iêu", 1),
    ("im", 0),
    ("in", 0),
    ("inh", 0),
    ("ip", 0),
    ("it", 0),
    ("iu", 0),
    ("o", 0),
    ("oa", 0),
    ("oac", 1),
    ("oach", 1),
    ("oai", 1),
    ("oam", 1),
    ("oan", 1),
    ("oang", 1),
    ("oanh", 1),
    ("oao", 1),
    ("oap", 1),
    ("oat", 1),
    ("oay", 1),
    ("oăc", 1),
    ("oăm", 1),
    ("oăn", 1),
    ("oăng", 1),
    ("oăt", 1),
    ("oc", 0),
    ("oe", 0),
    ("oen", 1),
    ("oeo", 1),
    ("oet", 1),
    ("oi", 0),
    ("om", 0),
    ("on", 0),
    ("ong", 0),
    ("ooc", 1),
    ("oong", 1),
    ("op", 0),
    ("ot", 0),
    ("ô", 0),
    ("ôc", 0),
    ("ôi", 0),
    ("ôm", 0),
    ("ôn", 0),
    ("ông", 0),
    ("ôp", 0),
    ("ôt", 0),
    ("ơ", 0),
    ("ơi", 0),
    ("ơm", 0),
    ("ơn", 0),
    ("ơp", 0),
    ("ơt", 0),
    ("u", 0),
    ("ua", 0),
    ("uân", 1),
    ("uâng", 1),
    ("uât", 1),
    ("uây", 1),
    ("uc", 0),
    ("uê", 1),
    ("uêch", 1),
    ("uênh", 1),
    ("ui", 0),
    ("um", 0),
    ("un", 0),
    ("ung", 0),
    ("uôc", 1),
    ("uôi", 1),
    ("uôm", 1),
    ("uôn", 1),
    ("uông", 1),
    ("uôt", 1),
    ("uơ", 1),
    ("up", 0),
    ("ut", 0),
    ("uy", 0),
    ("uya", 1),
    ("uyên", 2),
    ("uyêt", 2),
    ("uych", 1),
    ("uynh", 1),
    ("uyp", 1),
    ("uyt", 1),
    ("uyu", 1),
    ("ư", 0),
    ("ưa", 0),
    ("ưc", 0),
    ("ưi", 0),
    ("ưng", 0),
    ("ươc", 1),
    ("ươi", 1),
    ("ươm", 1),
    ("ươn", 1),
    ("ương", 1),
    ("ươp", 1),
    ("ươt", 1),
    ("ươu", 1),
    ("ưt", 0),
    ("ưu", 0),
    ("y", 0),
    ("yêm", 1),
    ("yên", 1),
    ("yêng", 1),
    ("yêt", 1),
    ("yêu", 1),
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

/// The index of the letter that carries the tone, when the letters (shapes kept, no tones) are a syllable.
fn tone_seat(toneless: &str) -> Option<usize> {
    // `gi` before `g`, so that `già` is gi + a; `gìn` and `giếng` fall through to g + in and g + iêng.
    let special = ["qu", "gi"].iter().filter(|onset| toneless.starts_with(**onset));
    let plain = ONSETS[..25].iter().filter(|onset| toneless.starts_with(**onset)).take(1);
    special.chain(plain).chain(std::iter::once(&"")).find_map(|onset| {
        let rhyme = &toneless[onset.len()..];
        Some(onset.chars().count() + seat_in(onset, rhyme)?)
    })
}

/// The tone's seat within a rhyme after an onset, when the two go together.
fn seat_in(onset: &str, rhyme: &str) -> Option<usize> {
    let first = rhyme.chars().next()?;
    let fits = match onset {
        "qu" => matches!(first, 'a' | 'ă' | 'â' | 'e' | 'ê' | 'i' | 'y' | 'ơ' | 'ô'),
        "gi" => !matches!(first, 'i' | 'y'),
        "k" | "gh" | "ngh" => matches!(first, 'e' | 'ê' | 'i' | 'y'),
        "c" => !matches!(first, 'e' | 'ê' | 'i' | 'y'),
        "g" | "ng" => !matches!(first, 'e' | 'ê' | 'y') && (first != 'i' || onset == "g"),
        _ => true,
    };
    if !fits {
        return None;
    }
    if onset == "qu" {
        // The `u` of `qu` is a glide: no rhyme that is rounded again, but `quốc`.
        if let Some((_, seat)) = AFTER_QU.iter().find(|(known, _)| *known == rhyme) {
            return Some(usize::from(*seat));
        }
        if first == 'ô' && rhyme != "ôc" {
            return None;
        }
    }
    let (_, seat) = RHYMES.iter().find(|(known, _)| *known == rhyme)?;
    // `yê` is written without an onset, `iê` with one; `êng` only as the rest of `giêng`.
    let fits = match rhyme {
        "êng" => onset == "gi",
        _ if rhyme.starts_with("yê") => onset.is_empty(),
        _ if rhyme.starts_with("iê") => !onset.is_empty(),
        _ => true,
    };
    fits.then_some(usize::from(*seat))
}

/// A syllable without its tone, and where its tone sits.
pub(super) struct Form<'a> {
    /// The letters, shapes kept, no tone.
    pub toneless: &'a str,
    /// Index of the letter that carries the tone.
    pub seat: usize,
    /// It ends in c, ch, p or t and bears only sắc and nặng, or no tone where tones are not typed.
    pub stopped: bool,
}

/// Every syllable without its tone, in a fixed order. May repeat.
pub(super) fn all(mut take: impl FnMut(Form)) {
    for onset in ONSETS.iter().chain(std::iter::once(&"")) {
        for (rhyme, _) in RHYMES.iter().chain(AFTER_QU) {
            let toneless = format!("{onset}{rhyme}");
            if let Some(seat) = tone_seat(&toneless) {
                let stopped = rhyme.ends_with(['c', 'p', 't']) || rhyme.ends_with("ch");
                take(Form { toneless: &toneless, seat, stopped });
            }
        }
    }
}

/// The letters with a tone on its seat.
pub(super) fn toned(toneless: &str, seat: usize, tone: Tone) -> String {
    toneless.chars().enumerate().map(|(at, c)| if at == seat { with_tone(c, tone) } else { c }).collect()
}

/// Letters typed without marks.
pub(super) fn bare(toneless: &str) -> String {
    toneless.chars().map(|c| if c == 'đ' { 'd' } else { without_shape(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_have_a_seat() {
        for (toneless, seat) in [
            ("hoa", 1),
            ("hoan", 2),
            ("qua", 2),
            ("gia", 2),
            ("gi", 1),
            ("giêng", 2),
            ("nghiêng", 4),
            ("khuyu", 3),
            ("thuơ", 3),
            ("chuyên", 4),
            ("ngươi", 3),
            ("quôc", 2),
            ("an", 0),
            ("xoong", 2),
        ] {
            assert_eq!(tone_seat(toneless), Some(seat), "{toneless}");
        }
        for toneless in ["samsung", "app", "viê", "thâ", "zalo", "ko", "ngươ", "kông", "cê", "giên g"] {
            assert_eq!(tone_seat(toneless), None, "{toneless}");
        }
    }
}
