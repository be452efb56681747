//! Stage 0: text in an old Vietnamese font encoding (VNI, TCVN3) that was copied as if it were Latin-1, and UTF-8 that
//! was read as Windows-1252.
//!
//! A repair is accepted only when it turns at least 85 % of the words with odd letters into Vietnamese syllables and
//! gains at least 40 points; the whole text is judged first, then line by line. Sources: the TCVN 5712:1993 VN3 table,
//! the VNI-Windows table, the Windows-1252 table of the WHATWG Encoding Standard.

use super::chars;
use super::lexicon::lexicon;
use super::soft::Cell;
use super::syllable;
use crate::reading::Evasion;

/// Whether a character hardly stands in Vietnamese but is a letter in one of the encodings.
pub(super) fn telling(c: char) -> bool {
    ('\u{80}'..='\u{ff}').contains(&c) && !chars::is_vietnamese(chars::lower(c))
}

/// Repairs legacy text in place.
pub(super) fn repair(cells: &mut Vec<Cell>, evasion: &mut Evasion) {
    // Twice, because pages are often broken twice.
    for _ in 0..2 {
        if !mojibake(cells, evasion) {
            break;
        }
    }
    if !cells.iter().any(|cell| ('\u{a1}'..='\u{ff}').contains(&cell.c)) {
        return;
    }
    if let Some(font) = judge(cells) {
        *cells = decode(cells, font, evasion);
        return;
    }
    if !cells.iter().any(|cell| cell.c == '\n') {
        return;
    }
    let lines: Vec<&[Cell]> = cells.split_inclusive(|cell| cell.c == '\n').collect();
    let mut out = Vec::with_capacity(cells.len());
    for line in lines {
        match judge(line) {
            Some(font) => out.extend(decode(line, font, evasion)),
            None => out.extend_from_slice(line),
        }
    }
    *cells = out;
}

/// A whole page in an old font encoding that was read as Latin-1, in Unicode, and the name of the encoding; none when
/// it is no such page. Capitals stay capitals; words that the decoding makes no syllable of stay as they are, so that
/// markup is not touched.
pub fn from_old_font(page: &str) -> Option<(String, &'static str)> {
    let cells: Vec<Cell> =
        page.char_indices().map(|(at, c)| Cell { c, start: at as u32, end: (at + c.len_utf8()) as u32 }).collect();
    let font = judge(&cells)?;
    let decoded = decode(&cells, font, &mut Evasion::default());
    let is_capital =
        |at: u32| page.get(at as usize..).and_then(|rest| rest.chars().next()).is_some_and(char::is_uppercase);
    let mut text = String::with_capacity(page.len());
    for cell in decoded {
        // Vietnamese letters have one capital each; in TCVN3 the accented codes are small and capitals a font of their own.
        match (font, is_capital(cell.start)) {
            (Font::Vni, true) => text.extend(cell.c.to_uppercase()),
            _ => text.push(cell.c),
        }
    }
    let name = match font {
        Font::Tcvn3 => "TCVN3",
        Font::Vni => "VNI",
    };
    Some((text, name))
}

/// An old font encoding.
#[derive(Clone, Copy)]
enum Font {
    Tcvn3,
    Vni,
}

/// Words are cut at blanks and ASCII signs: the old encodings use other signs as letters.
fn cuts(c: char) -> bool {
    c.is_whitespace() && c != '\u{a0}'
        || (c.is_ascii() && !c.is_ascii_alphanumeric())
        || c > '\u{ff}' && !c.is_alphabetic()
}

/// The font encoding that makes Vietnamese of these cells, if one does.
fn judge(cells: &[Cell]) -> Option<Font> {
    let (mut odd, mut before, mut strange) = (0, 0, 0);
    let mut after = [0, 0];
    for word in cells.split(|cell| cuts(cell.c)) {
        if word.len() < 2
            || !word.iter().any(|cell| ('\u{a1}'..='\u{ff}').contains(&cell.c))
            || word.iter().any(|cell| cell.c > '\u{ff}')
        {
            continue;
        }
        odd += 1;
        // A soft hyphen explains itself when the word reads well without it; else it may be the ư of TCVN3.
        let lower: String = word.iter().filter(|cell| cell.c != '\u{ad}').map(|cell| chars::lower(cell.c)).collect();
        let valid = lexicon().canonical(&lower).is_some();
        before += usize::from(valid);
        strange += usize::from(
            !valid && word.iter().any(|cell| !cell.c.is_ascii() && !chars::is_vietnamese(chars::lower(cell.c))),
        );
        for (count, font) in after.iter_mut().zip([Font::Tcvn3, Font::Vni]) {
            *count += usize::from(decoded(word, font).is_some());
        }
    }
    let (font, good) = if after[1] > after[0] { (Font::Vni, after[1]) } else { (Font::Tcvn3, after[0]) };
    // A lone word must hold a letter that Vietnamese does not have.
    let enough = odd >= 2 || (odd == 1 && strange == 1);
    (enough && good * 100 >= odd * 85 && (good - before.min(good)) * 100 >= odd * 40).then_some(font)
}

/// Decodes every word that becomes a syllable; the others stay.
fn decode(cells: &[Cell], font: Font, evasion: &mut Evasion) -> Vec<Cell> {
    let mut out = Vec::with_capacity(cells.len());
    let mut at = 0;
    while at < cells.len() {
        let word = cells[at..].iter().take_while(|cell| !cuts(cell.c)).count();
        if word == 0 {
            out.push(cells[at]);
            at += 1;
            continue;
        }
        let letters = &cells[at..at + word];
        at += word;
        match decoded(letters, font) {
            Some(new) => {
                evasion.legacy += 1;
                out.extend(new);
            }
            None => out.extend_from_slice(letters),
        }
    }
    out
}

/// A word in Unicode when the decoding makes a syllable of it; `None` also when it holds nothing to decode.
fn decoded(word: &[Cell], font: Font) -> Option<Vec<Cell>> {
    if word.len() > 3 * syllable::LONGEST
        || word.iter().all(|cell| cell.c.is_ascii())
        || word.iter().any(|cell| cell.c > '\u{ff}')
    {
        return None;
    }
    let mut cells = match font {
        Font::Tcvn3 => word.iter().map(|cell| Some(Cell { c: tcvn3(cell.c)?, ..*cell })).collect::<Option<Vec<_>>>()?,
        Font::Vni => vni(word)?,
    };
    let lower = |cells: &[Cell]| cells.iter().map(|cell| chars::lower(cell.c)).collect::<String>();
    if lexicon().canonical(&lower(&cells)).is_some() {
        return Some(cells);
    }
    // Transports drop U+00AD, the ư of TCVN3; no rhyme has ơ before a final consonant but ơm, ơn, ơp and ơt.
    let horn = cells.iter().position(|cell| syllable::split_tone(chars::lower(cell.c)).0 == 'ơ')?;
    let bare = Cell { c: 'ư', ..cells[horn] };
    cells.insert(horn, bare);
    lexicon().canonical(&lower(&cells)).map(|_| cells)
}

/// The letter of a TCVN3 code read as Latin-1.
fn tcvn3(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c);
    }
    Some(match c as u32 {
        0xa1 => 'Ă',
        0xa2 => 'Â',
        0xa3 => 'Ê',
        0xa4 => 'Ô',
        0xa5 => 'Ơ',
        0xa6 => 'Ư',
        0xa7 => 'Đ',
        0xa8 => 'ă',
        0xa9 => 'â',
        0xaa => 'ê',
        0xab => 'ô',
        0xac => 'ơ',
        0xad => 'ư',
        0xae => 'đ',
        0xb5 => 'à',
        0xb6 => 'ả',
        0xb7 => 'ã',
        0xb8 => 'á',
        0xb9 => 'ạ',
        0xbb => 'ằ',
        0xbc => 'ẳ',
        0xbd => 'ẵ',
        0xbe => 'ắ',
        0xc6 => 'ặ',
        0xc7 => 'ầ',
        0xc8 => 'ẩ',
        0xc9 => 'ẫ',
        0xca => 'ấ',
        0xcb => 'ậ',
        0xcc => 'è',
        0xce => 'ẻ',
        0xcf => 'ẽ',
        0xd0 => 'é',
        0xd1 => 'ẹ',
        0xd2 => 'ề',
        0xd3 => 'ể',
        0xd4 => 'ễ',
        0xd5 => 'ế',
        0xd6 => 'ệ',
        0xd7 => 'ì',
        0xd8 => 'ỉ',
        0xdc => 'ĩ',
        0xdd => 'í',
        0xde => 'ị',
        0xdf => 'ò',
        0xe1 => 'ỏ',
        0xe2 => 'õ',
        0xe3 => 'ó',
        0xe4 => 'ọ',
        0xe5 => 'ồ',
        0xe6 => 'ổ',
        0xe7 => 'ỗ',
        0xe8 => 'ố',
        0xe9 => 'ộ',
        0xea => 'ờ',
        0xeb => 'ở',
        0xec => 'ỡ',
        0xed => 'ớ',
        0xee => 'ợ',
        0xef => 'ù',
        0xf1 => 'ủ',
        0xf2 => 'ũ',
        0xf3 => 'ú',
        0xf4 => 'ụ',
        0xf5 => 'ừ',
        0xf6 => 'ử',
        0xf7 => 'ữ',
        0xf8 => 'ứ',
        0xf9 => 'ự',
        0xfa => 'ỳ',
        0xfb => 'ỷ',
        0xfc => 'ỹ',
        0xfd => 'ý',
        0xfe => 'ỵ',
        _ => return None,
    })
}

/// A VNI word: a vowel takes the letter after it as its mark; eight letters stand alone.
fn vni(word: &[Cell]) -> Option<Vec<Cell>> {
    let mut out: Vec<Cell> = Vec::with_capacity(word.len());
    for cell in word {
        let c = chars::lower(cell.c);
        if c.is_ascii() {
            out.push(Cell { c, ..*cell });
            continue;
        }
        let alone = match c {
            'ô' => 'ơ',
            'ö' => 'ư',
            'ñ' => 'đ',
            'í' => 'í',
            'ì' => 'ì',
            'æ' => 'ỉ',
            'ó' => 'ĩ',
            'ò' => 'ị',
            'î' => 'ỵ',
            _ => '\0',
        };
        if alone != '\0' {
            out.push(Cell { c: alone, ..*cell });
            continue;
        }
        let (shape, tone) = match c {
            'ù' => (' ', 4),
            'ø' => (' ', 1),
            'û' => (' ', 2),
            'õ' => (' ', 3),
            'ï' => (' ', 5),
            'â' => ('^', 0),
            'á' => ('^', 4),
            'à' => ('^', 1),
            'å' => ('^', 2),
            'ã' => ('^', 3),
            'ä' => ('^', 5),
            'ê' => ('(', 0),
            'é' => ('(', 4),
            'è' => ('(', 1),
            'ú' => ('(', 2),
            'ü' => ('(', 3),
            'ë' => ('(', 5),
            _ => return None,
        };
        let last = out.last_mut()?;
        let base = match (shape, last.c) {
            ('^', 'a') => 'â',
            ('^', 'e') => 'ê',
            ('^', 'o') => 'ô',
            ('(', 'a') => 'ă',
            (' ', base) if syllable::with_tone(base, tone) != base => base,
            _ => return None,
        };
        *last = Cell { c: syllable::with_tone(base, tone), start: last.start, end: cell.end };
    }
    Some(out)
}

/// Reads UTF-8 sequences back that were shown as Windows-1252; true when something was repaired.
fn mojibake(cells: &mut Vec<Cell>, evasion: &mut Evasion) -> bool {
    let mut repairs: Vec<(usize, usize, char)> = Vec::new();
    let mut at = 0;
    while at < cells.len() {
        match sequence(&cells[at..]) {
            Some((len, c)) => {
                repairs.push((at, len, c));
                at += len;
            }
            None => at += 1,
        }
    }
    // One two-byte sequence may be chance; two, or a longer one, are not.
    if repairs.len() < 2 && !repairs.iter().any(|(_, len, _)| *len > 2) {
        return false;
    }
    let mut out = Vec::with_capacity(cells.len());
    let (mut from, mut last_word_end) = (0, usize::MAX);
    for (at, len, c) in repairs {
        out.extend_from_slice(&cells[from..at]);
        if cells[from..at].iter().any(|cell| cell.c.is_whitespace()) || last_word_end == usize::MAX {
            evasion.legacy += 1;
        }
        last_word_end = at;
        out.push(Cell { c, start: cells[at].start, end: cells[at + len - 1].end });
        from = at + len;
    }
    out.extend_from_slice(&cells[from..]);
    *cells = out;
    true
}

/// The character that a run of cells spells in UTF-8, and the length of the run.
fn sequence(cells: &[Cell]) -> Option<(usize, char)> {
    let lead = byte(cells.first()?.c)?;
    let len = match lead {
        0xc3..=0xc6 => 2,
        0xe1 | 0xe2 => 3,
        0xf0 => 4,
        _ => return None,
    };
    let mut bytes = [0u8; 4];
    for (slot, cell) in bytes.iter_mut().zip(cells.iter().take(len)) {
        *slot = byte(cell.c)?;
    }
    // The no-break space of `à` is often flattened to a blank.
    if len == 2 && lead == 0xc3 && cells.get(1)?.c == ' ' {
        bytes[1] = 0xa0;
    }
    if cells.len() < len {
        return None;
    }
    let c = std::str::from_utf8(&bytes[..len]).ok()?.chars().next()?;
    let wanted = match len {
        2 => chars::is_vietnamese(chars::lower(c)),
        3 => ('\u{1ea0}'..='\u{1ef9}').contains(&c) || ('\u{2010}'..='\u{27bf}').contains(&c),
        _ => true,
    };
    wanted.then_some((len, c))
}

/// The Windows-1252 byte of a character.
fn byte(c: char) -> Option<u8> {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match c as u32 {
        0x20 => Some(0x20),
        code @ 0x80..=0xff => Some(code as u8),
        _ => HIGH.iter().position(|high| *high == c).map(|at| 0x80 + at as u8),
    }
}
