//! WARC 1.0 and 1.1, plain or gzip, and WACZ: the HTML pages of responses and resources.

use std::io::{BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::{BadRecord, ImportError, Origin, RECORD_BYTES_MAX, Take, page};
use crate::fetch::charset;
use crate::fetch::content::{self, Caps};

/// The largest WACZ, and the largest archive inside one, in bytes.
const WACZ_BYTES_MAX: u64 = 512 << 20;

/// Reads a WARC. `end` counts records and the posts of each.
pub fn read_warc(origin: Origin<'_>, mut input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    let is_gzip = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let mut count = 0;
    if is_gzip {
        records(origin, BufReader::new(MultiGzDecoder::new(input)), &mut count, take)?;
    } else {
        records(origin, input, &mut count, take)?;
    }
    Ok(())
}

/// Reads the archives inside a WACZ, in the order of their names. No path of the ZIP is ever written to.
pub fn read_wacz(origin: Origin<'_>, input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    let mut bytes = Vec::new();
    input.take(WACZ_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > WACZ_BYTES_MAX {
        return Err(ImportError::Unreadable(format!("WACZ lớn hơn {WACZ_BYTES_MAX} byte")));
    }
    let broken = |error: zip::result::ZipError| ImportError::Unreadable(format!("WACZ hỏng: {error}"));
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let names = zip.file_names().collect::<Result<Vec<_>, _>>().map_err(broken)?;
    let mut names: Vec<String> =
        names.into_iter().filter(|name| name.starts_with("archive/")).map(|name| name.into_owned()).collect();
    names.sort();
    let mut count = 0;
    for name in names {
        let file = zip.by_name(&name).map_err(broken)?;
        let mut file = BufReader::new(file.take(WACZ_BYTES_MAX));
        let is_gzip = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let goes_on = if is_gzip {
            records(origin, BufReader::new(MultiGzDecoder::new(file)), &mut count, take)?
        } else {
            records(origin, file, &mut count, take)?
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// Reads records until the end, or until the taker has enough.
fn records(origin: Origin<'_>, mut input: impl BufRead, count: &mut u64, take: Take<'_>) -> Result<bool, ImportError> {
    while let Some(head) = read_head(&mut input)? {
        *count += 1;
        let bad = |reason: String| BadRecord { line: *count, reason };
        let Some(length) = field(&head, "content-length").and_then(|length| length.parse::<u64>().ok()) else {
            return Err(ImportError::Unreadable(format!("bản ghi WARC {count} không có Content-Length")));
        };
        let mut block = Vec::new();
        let kept = length.min(RECORD_BYTES_MAX as u64);
        let got = (&mut input).take(kept).read_to_end(&mut block)? as u64;
        std::io::copy(&mut (&mut input).take(length - kept), &mut std::io::sink())?;
        if got < kept {
            page::tell(*count, Err(bad("bị cắt giữa chừng".into())), take);
            return Ok(false);
        }
        let kind = field(&head, "warc-type").unwrap_or_default();
        let url = field(&head, "warc-target-uri").unwrap_or_default().trim_matches(['<', '>']).to_owned();
        let page = match kind.to_ascii_lowercase().as_str() {
            "response" => response(&block),
            "resource" => field(&head, "content-type")
                .filter(|kind| kind.contains("html"))
                .map(|kind| Ok(charset::decode(&block, charset_of(&kind).as_deref(), "text/html").text)),
            _ => None,
        };
        let posts = match page {
            None => continue,
            Some(_) if length > kept => Err(bad("trang quá lớn".into())),
            Some(Err(reason)) => Err(bad(reason)),
            Some(Ok(text)) => page::posts(origin, Some(&url), &text).map_err(bad),
        };
        if !page::tell(*count, posts, take) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The lines of a record's head, joined; nothing at the end of the file.
fn read_head(input: &mut impl BufRead) -> Result<Option<String>, ImportError> {
    let mut head = String::new();
    loop {
        let mut line = Vec::new();
        let length = (&mut *input).take(64 * 1024).read_until(b'\n', &mut line)?;
        if length == 0 {
            return if head.is_empty() {
                Ok(None)
            } else {
                Err(ImportError::Unreadable("WARC bị cắt giữa chừng".into()))
            };
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            if head.is_empty() {
                continue;
            }
            return Ok(Some(head));
        }
        if head.is_empty() && !line.starts_with("WARC/") {
            return Err(ImportError::Unreadable("không phải bản ghi WARC".into()));
        }
        if head.len() > 256 * 1024 {
            return Err(ImportError::Unreadable("đầu bản ghi WARC quá dài".into()));
        }
        head.push_str(line);
        head.push('\n');
    }
}

fn field(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn charset_of(content_type: &str) -> Option<String> {
    content_type.to_ascii_lowercase().split_once("charset=").map(|(_, name)| name.trim_matches(['"', ' ']).to_owned())
}

/// The text of an HTTP response with an HTML page; nothing when it is something else.
fn response(block: &[u8]) -> Option<Result<String, String>> {
    let end = block.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&block[..end]).into_owned();
    let status: u16 = head.split(' ').nth(1)?.get(..3)?.parse().ok()?;
    let content_type = field(&head, "content-type").unwrap_or_default();
    if !(200..300).contains(&status) || !content_type.to_ascii_lowercase().contains("html") {
        return None;
    }
    let body = &block[end + 4..];
    let is_chunked = field(&head, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let joined = if is_chunked { unchunked(body) } else { None };
    let body = joined.as_deref().unwrap_or(body);
    // Some archivers undo encodings and leave the header; then the body is taken as it is.
    let decoded = content::decode(body, field(&head, "content-encoding").as_deref(), &Caps::default());
    match decoded {
        Ok(body) => Some(Ok(charset::decode(&body, charset_of(&content_type).as_deref(), "text/html").text)),
        Err(content::ContentError::Broken) => {
            Some(Ok(charset::decode(body, charset_of(&content_type).as_deref(), "text/html").text))
        }
        Err(error) => Some(Err(error.to_string())),
    }
}

/// Chunks joined; nothing when the body is not chunked after all.
fn unchunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = body.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&body[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        let start = end + 2;
        if size == 0 {
            return Some(out);
        }
        out.extend_from_slice(body.get(start..start.checked_add(size)?)?);
        body = body.get(start + size + 2..)?;
    }
}
