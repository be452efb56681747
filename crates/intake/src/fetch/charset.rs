//! From decoded bytes to text: byte order mark, HTTP header, declaration in the page, then a guess that expects Vietnamese.
//!
//! TCVN3 and VNI are fonts, not charsets: their pages claim to be Latin-1 or nothing at all, and what they mean shows
//! only in the words. The text crate judges that; a page of which it makes no Vietnamese stays what it claims to be.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252, WINDOWS_1258, X_USER_DEFINED};

/// A decoded page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Its text.
    pub text: String,
    /// The name of the charset it was read in.
    pub charset: &'static str,
    /// Whether some bytes were not of that charset.
    pub had_errors: bool,
}

/// How far into a page a declaration is looked for, in bytes.
const DECLARATION_WITHIN: usize = 1024;

/// Decodes a page. `http` is the charset of the Content-Type header; JSON is UTF-8 whatever the header says.
pub fn decode(bytes: &[u8], http: Option<&str>, media_type: &str) -> Decoded {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return with(encoding, &bytes[length..]);
    }
    if media_type.ends_with("json") {
        return with(UTF_8, bytes);
    }
    let label = |label: &str| Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes());
    let declared = http.and_then(label).or_else(|| declaration(bytes).and_then(|name| label(&name)));
    let utf8 = std::str::from_utf8(bytes).ok();
    let may_be_old = declared.is_none_or(|encoding| [WINDOWS_1252, X_USER_DEFINED, UTF_8].contains(&encoding));
    if utf8.is_none()
        && may_be_old
        && let Some(decoded) = old_font(bytes.iter().map(|byte| *byte as char).collect())
    {
        return decoded;
    }
    match (declared, utf8) {
        // Valid multi-byte UTF-8 is no accident, whatever a forgotten header says.
        (_, Some(text)) if !text.is_ascii() => old_font(text.to_owned()).unwrap_or_else(|| with(UTF_8, bytes)),
        (Some(encoding), _) if encoding != UTF_8 => with(encoding, bytes),
        (_, Some(_)) => with(UTF_8, bytes),
        (declared, None) => {
            let claimed = declared.unwrap_or(UTF_8);
            let as_claimed = with(claimed, bytes);
            // A page cut inside a letter or with a few bad bytes is still what it claims to be.
            let bad = as_claimed.text.matches('\u{fffd}').count();
            if declared.is_some() && bad * 50 < vietnamese_letters(&as_claimed.text).max(1) {
                return as_claimed;
            }
            let guess = guess(bytes);
            let guessed = with(guess, bytes);
            if vietnamese_letters(&guessed.text) >= vietnamese_letters(&as_claimed.text) { guessed } else { as_claimed }
        }
    }
}

/// The page in Unicode when its letters are those of an old font. A page with a letter that only Unicode has is none.
fn old_font(latin1: String) -> Option<Decoded> {
    if latin1.contains(|c| ('\u{1ea0}'..='\u{1ef9}').contains(&c)) {
        return None;
    }
    let (text, charset) = text::from_old_font(&latin1)?;
    Some(Decoded { text, charset, had_errors: false })
}

fn with(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    // windows-1258 writes tones as combining marks.
    let text = if encoding == WINDOWS_1258 { crate::filter::nfc(&text) } else { text.into_owned() };
    Decoded { text, charset: encoding.name(), had_errors }
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(Some(b"vn"), Utf8Detection::Allow)
}

/// The charset that a page declares in its first bytes, as XML or as HTML.
fn declaration(bytes: &[u8]) -> Option<String> {
    let head: String =
        bytes.iter().take(DECLARATION_WITHIN).map(|byte| *byte as char).collect::<String>().to_ascii_lowercase();
    if let Some(xml) = head.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split("?>").next())
        && let Some(name) = xml.split("encoding").nth(1).and_then(quoted)
    {
        return Some(name);
    }
    head.split("<meta").skip(1).find_map(|meta| {
        let meta = meta.split('>').next()?;
        let value = meta.split("charset").nth(1)?;
        quoted(value)
    })
}

fn quoted(text: &str) -> Option<String> {
    let value = text.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end =
        value.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/' | '>')).unwrap_or(value.len());
    Some(value[..end].to_owned()).filter(|name| !name.is_empty())
}

fn vietnamese_letters(text: &str) -> usize {
    text.chars()
        .filter(|c| {
            matches!(
                *c,
                '\u{1ea0}'
                    ..='\u{1ef9}'
                        | 'ă'
                        | 'Ă'
                        | 'đ'
                        | 'Đ'
                        | 'ơ'
                        | 'Ơ'
                        | 'ư'
                        | 'Ư'
                        | '\u{300}'
                        | '\u{301}'
                        | '\u{303}'
                        | '\u{309}'
                        | '\u{323}'
            )
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_read_in_its_own_charset() {
        let text = "Tuyển dụng lao động phổ thông đi làm việc ở nước ngoài, lương cao, không cần kinh nghiệm, liên hệ ngay để được tư vấn.";
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode(&utf16, None, "text/html").text, text);
        assert_eq!(decode(text.as_bytes(), Some("iso-8859-1"), "text/html").text, text);
        // Python's cp1258 codec writes the decomposed form of these letters so.
        let cp1258: Vec<u8> = b"Tuy\xea\xd2n du\xf2ng lao \xf0\xf4\xf2ng ph\xf4\xd2 th\xf4ng".to_vec();
        let page = [b"<meta charset=windows-1258><p>".as_slice(), &cp1258].concat();
        assert_eq!(
            decode(&page, None, "text/html").text,
            "<meta charset=windows-1258><p>Tuyển dụng lao động phổ thông"
        );
        assert_eq!(
            decode(b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>", None, "application/xml")
                .text
                .matches('é')
                .count(),
            1
        );
        assert_eq!(decode("{\"a\":\"ế\"}".as_bytes(), Some("latin1"), "application/json").text, "{\"a\":\"ế\"}");
    }

    #[test]
    fn pages_in_old_fonts_become_unicode_and_their_markup_stays() {
        // "Tuyển lao động đi làm việc ở nước ngoài, lương cao, không cần kinh nghiệm" in the two fonts.
        let tcvn3: &[u8] = b"<html><font face=\".VnTime\"><p class=\"tin\">Tuy\xd3n lao \xae\xe9ng \xaei l\xb5m vi\xd6c \xeb n\xad\xedc ngo\xb5i, l\xad\xacng cao, kh\xabng c\xc7n kinh nghi\xd6m</p></font>";
        let vni: &[u8] = b"<html><font face=\"VNI-Times\"><p class=\"tin\">Tuye\xe5n lao \xf1o\xe4ng \xf1i la\xf8m vie\xe4c \xf4\xfb n\xf6\xf4\xf9c ngoa\xf8i, l\xf6\xf4ng cao, kho\xe2ng ca\xe0n kinh nghie\xe4m</p></font>";
        let words = "<p class=\"tin\">Tuyển lao động đi làm việc ở nước ngoài, lương cao, không cần kinh nghiệm</p>";
        for (page, http, charset) in [
            (tcvn3, None, "TCVN3"),
            (tcvn3, Some("iso-8859-1"), "TCVN3"),
            (tcvn3, Some("x-user-defined"), "TCVN3"),
            (vni, None, "VNI"),
            (vni, Some("windows-1252"), "VNI"),
        ] {
            let decoded = decode(page, http, "text/html");
            assert_eq!(decoded.charset, charset, "{http:?} {}", decoded.text);
            assert!(decoded.text.contains(words), "{}", decoded.text);
        }
        // The same letters once more, in a page that was put into UTF-8 without a thought.
        let again: String = vni.iter().map(|byte| *byte as char).collect();
        assert!(decode(again.as_bytes(), Some("utf-8"), "text/html").text.contains(words));
        let french = "Le café de la forêt est fermé depuis l’été dernier, malgré la fenêtre ouverte.";
        assert_eq!(decode(french.as_bytes(), None, "text/html").text, french);
        let latin1: Vec<u8> = french.chars().map(|c| u8::try_from(c as u32).unwrap_or(b'\'')).collect();
        assert_eq!(decode(&latin1, Some("latin1"), "text/html").charset, "windows-1252");
    }

    #[test]
    fn undeclared_windows_1258_is_recognised() {
        let cp1258 = b"Tuy\xea\xd2n gia sinh vi\xean kho\xf2e maI?nh, l\xfd\xf5ng cao, kh\xf4ng c\xe2\xccn kinh nghi\xea\xf2m, li\xean h\xea\xf2 ngay h\xf4m nay.";
        assert_eq!(decode(cp1258, None, "text/html").charset, "windows-1258");
    }
}
