//! Tables with a header.

use std::io::{self, BufRead};

use csv::{ByteRecord, ReaderBuilder};
use model::Post;

use super::{BadRecord, RECORD_BYTES_MAX, Record, time_ms};

/// Names that columns go by, the preferred first.
const TEXT: &[&str] = &["body", "text", "message", "content", "noi_dung"];
const ID: &[&str] = &["id", "post_id", "item_id"];
const TITLE: &[&str] = &["title", "subject"];
const URL: &[&str] = &["url", "post_url", "link"];
const AUTHOR: &[&str] = &["author", "username", "author_name"];
const TIME: &[&str] = &["unix_timestamp", "posted_at", "timestamp", "created_at", "date"];
const THREAD: &[&str] = &["thread_id", "thread"];
const PARENT: &[&str] = &["parent", "parent_id", "reply_to"];
const SOURCE: &[&str] = &["source"];

/// Reads record by record.
pub fn read(source: &str, mut input: Box<dyn BufRead>, from: u64, each: &mut dyn FnMut(Record) -> bool) -> io::Result<()> {
    let separator = separator(input.fill_buf()?);
    let mut reader =
        ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(input);
    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record)? {
        return Ok(());
    }
    let header: Vec<String> = record.iter().map(column_name).collect();
    let column = |names: &[&str]| names.iter().find_map(|name| header.iter().position(|known| known == name));
    let columns = Columns {
        id: column(ID),
        text: column(TEXT),
        title: column(TITLE),
        url: column(URL),
        author: column(AUTHOR),
        time: column(TIME),
        thread: column(THREAD),
        parent: column(PARENT),
        source: column(SOURCE),
    };
    if columns.id.is_none() || columns.text.is_none() {
        let message = "bảng cần cột `id` và một cột nội dung (`body` hoặc `text`) ở dòng đầu";
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    loop {
        if !reader.read_byte_record(&mut record)? {
            return Ok(());
        }
        let end = reader.position().byte();
        if end <= from {
            continue;
        }
        let (start, line) = record.position().map_or((0, 0), |position| (position.byte(), position.line()));
        let post = columns.post(&record, source).map(|mut post| {
            post.bytes = Some((start, end));
            post
        });
        if !each(Record { post: post.map_err(|reason| BadRecord { line, reason }), end }) {
            return Ok(());
        }
    }
}

struct Columns {
    id: Option<usize>,
    text: Option<usize>,
    title: Option<usize>,
    url: Option<usize>,
    author: Option<usize>,
    time: Option<usize>,
    thread: Option<usize>,
    parent: Option<usize>,
    source: Option<usize>,
}

impl Columns {
    fn post(&self, record: &ByteRecord, source: &str) -> Result<Post, String> {
        if record.as_slice().len() > RECORD_BYTES_MAX {
            return Err(format!("dòng dài hơn {} MiB", RECORD_BYTES_MAX >> 20));
        }
        let cell = |column: Option<usize>| -> Result<Option<String>, String> {
            let Some(bytes) = column.and_then(|at| record.get(at)) else { return Ok(None) };
            let text = std::str::from_utf8(bytes).map_err(|_| "không phải UTF-8".to_owned())?.replace('\0', "");
            Ok((!text.is_empty()).then_some(text))
        };
        let posted_at_ms = match cell(self.time)? {
            Some(text) => Some(time_ms(&text).ok_or("cột thời gian không đọc được")?),
            None => None,
        };
        Ok(Post {
            source: cell(self.source)?.unwrap_or_else(|| source.to_owned()),
            native_id: cell(self.id)?.ok_or("thiếu id")?,
            text: cell(self.text)?.ok_or("thiếu nội dung")?,
            title: cell(self.title)?,
            url: cell(self.url)?,
            author: cell(self.author)?,
            posted_at_ms,
            thread: cell(self.thread)?,
            parent: cell(self.parent)?,
            ..Post::default()
        })
    }
}

fn column_name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_matches(['\u{feff}', ' ', '"']).to_lowercase()
}

/// The separator that the header line has most of, outside quotes.
fn separator(head: &[u8]) -> u8 {
    let mut counts = [(b',', 0usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in head.iter().take_while(|byte| **byte != b'\n') {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| !quoted && separator == byte) {
            *count += 1;
        }
    }
    counts.iter().max_by_key(|(separator, count)| (*count, *separator == b',')).map_or(b',', |(separator, _)| *separator)
}
