//! JSONL.

use std::io::{self, BufRead, Read};

use model::Post;
use serde::Deserialize;

use super::{BadRecord, RECORD_BYTES_MAX, Record, time_ms};

#[derive(Deserialize)]
struct Line {
    id: serde_json::Value,
    text: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    posted_at: serde_json::Value,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    thread: Option<String>,
    #[serde(default)]
    parent: Option<String>,
}

/// Reads line by line; an empty line is no record.
pub fn read(source: &str, mut input: Box<dyn BufRead>, from: u64, each: &mut dyn FnMut(Record) -> bool) -> io::Result<()> {
    let (mut start, mut number) = (0u64, 0u64);
    loop {
        let mut bytes = Vec::new();
        let read = input.by_ref().take(RECORD_BYTES_MAX as u64 + 1).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        let mut end = start + read as u64;
        let too_long = bytes.len() > RECORD_BYTES_MAX && !bytes.ends_with(b"\n");
        if too_long {
            end += skip_line(&mut input)?;
        }
        let line = bytes.trim_ascii();
        if end > from && !line.is_empty() {
            let post = if too_long {
                Err(format!("dòng dài hơn {} MiB", RECORD_BYTES_MAX >> 20))
            } else {
                parse(line, source).map(|mut post| {
                    post.bytes = Some((start, start + bytes.trim_ascii_end().len() as u64));
                    post
                })
            };
            let post = post.map_err(|reason| BadRecord { line: number, reason });
            if !each(Record { post, end }) {
                return Ok(());
            }
        }
        start = end;
    }
}

fn skip_line(input: &mut dyn BufRead) -> io::Result<u64> {
    let mut skipped = 0u64;
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        skipped += used as u64;
        let done = end.is_some() || used == 0;
        input.consume(used);
        if done {
            return Ok(skipped);
        }
    }
}

fn parse(line: &[u8], source: &str) -> Result<Post, String> {
    // Some exporters leave NUL bytes between fields.
    let line: Vec<u8> = line.iter().copied().filter(|byte| *byte != 0).collect();
    let line: Line = serde_json::from_slice(&line).map_err(|error| {
        if error.is_data() {
            format!("thiếu trường hoặc sai kiểu (cột {}); cần id và text", error.column())
        } else {
            format!("không phải JSON (cột {})", error.column())
        }
    })?;
    let native_id = match &line.id {
        serde_json::Value::String(id) if !id.is_empty() => id.clone(),
        serde_json::Value::Number(id) => id.to_string(),
        _ => return Err("id phải là chữ hoặc số".into()),
    };
    let posted_at_ms = match &line.posted_at {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) if text.is_empty() => None,
        serde_json::Value::String(text) => {
            Some(time_ms(text).ok_or("posted_at không phải thời gian RFC 3339, ví dụ 2026-11-24T07:42:00+07:00")?)
        }
        serde_json::Value::Number(number) => time_ms(&number.to_string()),
        _ => return Err("posted_at phải là chữ hoặc số".into()),
    };
    Ok(Post {
        source: line.source.filter(|name| !name.is_empty()).unwrap_or_else(|| source.to_owned()),
        native_id,
        url: line.url,
        title: line.title,
        text: line.text,
        author: line.author,
        posted_at_ms,
        thread: line.thread,
        parent: line.parent,
        ..Post::default()
    })
}
