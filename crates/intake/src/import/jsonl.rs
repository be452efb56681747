//! JSON lines: one object a line.

use std::io::BufRead;

use model::Post;
use serde_json::Value;

use super::{BadRecord, ImportError, RECORD_BYTES_MAX, Record, Take, clean, id_text, time_ms};

/// Reads posts from lines.
pub fn read(source: &str, input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    each_line(input, take, &mut |line, value| {
        let mut post = post(source, value)?;
        post.bytes = Some((line.start, line.end));
        Ok(Some(post))
    })
}

/// Where a line stands in its file.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Offset of its first byte.
    pub start: u64,
    /// Offset behind its last byte, line end not counted.
    pub end: u64,
}

/// Makes a post of a line's value; nothing where the line holds none.
pub type PostOf<'p> = &'p mut dyn FnMut(Line, &Value) -> Result<Option<Post>, String>;

/// Reads one JSON value a line. A line that is too long is passed over without being held in memory.
pub fn each_line(mut input: impl BufRead, take: Take<'_>, post_of: PostOf<'_>) -> Result<(), ImportError> {
    let (mut number, mut offset) = (0_u64, 0_u64);
    let mut line = Vec::new();
    loop {
        number += 1;
        line.clear();
        let (length, is_whole) = read_line(&mut input, &mut line)?;
        if length == 0 {
            return Ok(());
        }
        let start = offset;
        offset += length;
        let bad = |reason: String| BadRecord { line: number, reason };
        let body_end = line.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| at + 1);
        let body_start = if start == 0 && line.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let body = line.get(body_start..body_end).unwrap_or_default();
        if is_whole && body.is_empty() {
            continue;
        }
        let place = Line { start: start + body_start as u64, end: start + body_end as u64 };
        let post = if is_whole {
            parse(body).and_then(|value| post_of(place, &value)).map_err(bad)
        } else {
            Err(bad(format!("dài hơn {RECORD_BYTES_MAX} byte")))
        };
        let post = match post {
            Ok(Some(post)) => Ok(post),
            Ok(None) => continue,
            Err(bad) => Err(bad),
        };
        if !take(Record { end: offset, post }) {
            return Ok(());
        }
    }
}

fn parse(body: &[u8]) -> Result<Value, String> {
    let text =
        std::str::from_utf8(body).map_err(|error| format!("không phải UTF-8 từ byte {}", error.valid_up_to() + 1))?;
    let without_nul = text.contains('\0').then(|| text.replace('\0', ""));
    serde_json::from_str(without_nul.as_deref().unwrap_or(text))
        .map_err(|error| format!("JSON hỏng ở cột {}", error.column()))
}

/// Reads up to the line end; gives the bytes consumed and whether all of them are in `line`.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<(u64, bool), ImportError> {
    let (mut consumed, mut is_whole) = (0_u64, true);
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok((consumed, is_whole));
        }
        let (length, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), false),
        };
        if line.len() + length > RECORD_BYTES_MAX {
            is_whole = false;
            line.clear();
        }
        if is_whole {
            line.extend_from_slice(&buffer[..length]);
        }
        input.consume(length);
        consumed += length as u64;
        if ended {
            return Ok((consumed, is_whole));
        }
    }
}

fn post(source: &str, value: &Value) -> Result<Post, String> {
    let object = value.as_object().ok_or("không phải một đối tượng JSON")?;
    let native_id = id_text(object.get("id")).ok_or("thiếu `id`")?;
    let text = match object.get("text") {
        Some(Value::String(text)) => clean(text)?,
        Some(_) => return Err("`text` phải là chuỗi".into()),
        None => return Err("thiếu `text`".into()),
    };
    let string = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => clean(text).map(|text| Some(text).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(format!("`{name}` phải là chuỗi")),
    };
    let time = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => time_ms(value).map(Some).ok_or_else(|| format!("`{name}` không phải thời điểm RFC 3339")),
    };
    let title = string("title")?;
    if text.trim().is_empty() && title.is_none() {
        return Err("`text` trống".into());
    }
    Ok(Post {
        source: string("source")?.unwrap_or_else(|| source.to_owned()),
        native_id,
        url: string("url")?,
        title,
        text,
        author: string("author")?,
        author_id: string("author_id")?,
        posted_at_ms: time("posted_at")?,
        edited_at_ms: time("edited_at")?,
        thread: string("thread")?,
        parent: string("parent")?,
        place: string("place")?,
        price: string("price")?,
        ..Post::default()
    })
}
