//! MHTML: a page saved with its parts, as a MIME message (RFC 2557). Only the page itself is read.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use std::io::{BufRead, Read};

use super::{BadRecord, ImportError, Origin, RECORD_BYTES_MAX, Take, page};
use crate::fetch::charset;

/// Reads one saved page.
pub fn read(origin: Origin<'_>, input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    let mut bytes = Vec::new();
    let most = RECORD_BYTES_MAX * 4;
    input.take(most as u64 + 1).read_to_end(&mut bytes)?;
    let posts = if bytes.len() > most { Err("tệp quá lớn".to_owned()) } else { read_page(origin, &bytes) };
    page::tell(0, posts.map_err(|reason| BadRecord { line: 1, reason }), take);
    Ok(())
}

fn read_page(origin: Origin<'_>, bytes: &[u8]) -> Result<Vec<model::Post>, String> {
    let (head, body) = split_head(bytes);
    let saved_from = field(&head, "snapshot-content-location");
    let content_type = field(&head, "content-type").unwrap_or_default();
    let parts: Vec<&[u8]> = match parameter(&content_type, "boundary") {
        Some(boundary) => split_parts(body, &boundary),
        None => return page_of(origin, saved_from, &head, body),
    };
    for part in parts {
        let (head, body) = split_head(part);
        if field(&head, "content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("text/html")) {
            return page_of(origin, saved_from.or_else(|| field(&head, "content-location")), &head, body);
        }
    }
    Err("MHTML không có phần HTML nào".into())
}

fn page_of(origin: Origin<'_>, url: Option<String>, head: &str, body: &[u8]) -> Result<Vec<model::Post>, String> {
    let encoding = field(head, "content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
    let decoded = match encoding.as_str() {
        "quoted-printable" => quoted_printable(body),
        "base64" => base64(body),
        _ => body.to_vec(),
    };
    let content_type = field(head, "content-type").unwrap_or_default();
    let text = charset::decode(&decoded, parameter(&content_type, "charset").as_deref(), "text/html").text;
    page::posts(origin, url.as_deref().filter(|url| url.starts_with("http")), &text)
}

/// The head with folded lines unfolded, and what stands behind the empty line.
fn split_head(bytes: &[u8]) -> (String, &[u8]) {
    let (at, length) = [&b"\r\n\r\n"[..], &b"\n\n"[..]]
        .iter()
        .filter_map(|end| Some((find(bytes, end)?, end.len())))
        .min()
        .unwrap_or((bytes.len(), 0));
    let head = String::from_utf8_lossy(&bytes[..at]).replace("\r\n", "\n").replace("\n\t", " ").replace("\n ", " ");
    (head, &bytes[at + length..])
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

fn field(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|pair| {
        let (known, value) = pair.split_once('=')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn split_parts<'b>(body: &'b [u8], boundary: &str) -> Vec<&'b [u8]> {
    let mark = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut rest = body;
    let mut inside = false;
    while let Some(at) = find(rest, &mark) {
        if inside {
            parts.push(&rest[..at]);
        }
        inside = true;
        rest = &rest[at + mark.len()..];
        let line = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        rest = &rest[line..];
        if parts.len() > 1_000 {
            break;
        }
    }
    if inside && !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        if *byte != b'=' {
            out.push(*byte);
            at += 1;
            continue;
        }
        let rest = &body[at + 1..];
        if rest.starts_with(b"\r\n") {
            at += 3;
        } else if rest.starts_with(b"\n") {
            at += 2;
        } else {
            match rest
                .get(..2)
                .and_then(|hex| std::str::from_utf8(hex).ok())
                .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            {
                Some(code) => {
                    out.push(code);
                    at += 3;
                }
                None => {
                    out.push(b'=');
                    at += 1;
                }
            }
        }
    }
    out
}

/// Line breaks and whatever else does not belong are passed over, and a cut end loses only itself.
fn base64(body: &[u8]) -> Vec<u8> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut digits: Vec<u8> = body.iter().copied().filter(belongs).collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    GeneralPurpose::new(&alphabet::STANDARD, LENIENT).decode(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin<'_> = Origin { source: "s", known: &[] };

    #[test]
    fn the_page_inside_is_read_in_both_transfer_encodings() {
        let html = "<html><head><title>T</title></head><body><p>Tuyển lao động đi nước ngoài gấp</p></body></html>";
        let quoted: String = html
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("={b:02X}") })
            .collect::<Vec<_>>()
            .chunks(20)
            .map(|line| line.concat())
            .collect::<Vec<_>>()
            .join("=\r\n");
        let message = format!(
            "From: <Saved>\r\nSnapshot-Content-Location: https://a.example/1\r\nContent-Type: multipart/related;\r\n\tboundary=\"--B\"\r\n\r\n----B\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{quoted}\r\n----B--\r\n"
        );
        let post = read_page(ORIGIN, message.as_bytes()).unwrap().remove(0);
        assert_eq!((post.url.as_deref(), post.title.as_deref()), (Some("https://a.example/1"), Some("T")));
        assert_eq!(post.text, "Tuyển lao động đi nước ngoài gấp");
        assert_eq!(base64(b"VHV54buDbg=="), "Tuyển".as_bytes());
        assert!(read_page(ORIGIN, b"Content-Type: multipart/related; boundary=x\n\nnothing").is_err());
    }
}
