//! CSV with a header: 4CAT's columns, Zeeschuimer's `;`, or plain `id,text,…`.

use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};
use model::Post;
use serde_json::Value;

use super::{BadRecord, ImportError, RECORD_BYTES_MAX, Record, Take, clean, time_ms};

/// The names under which a column is known, the best first.
const COLUMNS: &[(&str, &[&str])] = &[
    ("id", &["id", "native_id", "post_id", "item_id", "tweet_id", "cid"]),
    ("text", &["text", "body", "message", "content", "desc", "caption"]),
    ("title", &["title", "subject"]),
    ("url", &["url", "link", "post_url", "permalink", "share_url"]),
    ("author", &["author", "username", "author_name", "user", "author_fullname"]),
    ("author_id", &["author_id", "user_id"]),
    ("posted_at", &["unix_timestamp", "posted_at", "timestamp", "created_at", "date", "published_at", "time"]),
    ("thread", &["thread", "thread_id"]),
    ("parent", &["parent", "parent_id", "reply_to", "in_reply_to"]),
    ("source", &["source"]),
];

/// Reads posts from rows.
pub fn read(source: &str, mut input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    let head = input.fill_buf()?;
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::Unreadable("CSV ở dạng UTF-16: hãy lưu lại dưới dạng UTF-8".into()));
    }
    let skip = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let delimiter = delimiter_of(head);
    input.consume(skip);
    let budget = Rc::new(Cell::new(RECORD_BYTES_MAX));
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(Budgeted { input, left: budget.clone() });
    let mut row = ByteRecord::new();
    if !rows.read_byte_record(&mut row).map_err(unreadable)? {
        return Ok(());
    }
    let header: Vec<String> = row.iter().map(|name| String::from_utf8_lossy(name).trim().to_lowercase()).collect();
    let columns = Columns::of(&header)?;
    let mut number = 1_u64;
    loop {
        budget.set(RECORD_BYTES_MAX);
        let start = rows.position().byte();
        if !rows.read_byte_record(&mut row).map_err(unreadable)? {
            return Ok(());
        }
        number += 1;
        let end = rows.position().byte();
        let line = row.position().map_or(number, |position| position.line());
        let start = row.position().map_or(start, |position| position.byte());
        let post = columns
            .post(source, &row)
            .map(|post| Post { bytes: Some((start + skip as u64, end + skip as u64)), ..post });
        let post = post.map_err(|reason| BadRecord { line, reason });
        if !take(Record { end: end + skip as u64, post }) {
            return Ok(());
        }
    }
}

fn unreadable(error: csv::Error) -> ImportError {
    ImportError::Unreadable(format!("CSV hỏng: {error}"))
}

/// Lets one record take only so many bytes: a quote that nobody closes must not swallow the file into memory.
struct Budgeted<R> {
    input: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.input.read(buffer)?;
        match self.left.get().checked_sub(length) {
            Some(left) => self.left.set(left),
            None => {
                return Err(std::io::Error::other(format!(
                    "một bản ghi dài hơn {RECORD_BYTES_MAX} byte (dấu nháy không đóng?)"
                )));
            }
        }
        Ok(length)
    }
}

/// The separator that the header line uses most, outside quotes.
fn delimiter_of(head: &[u8]) -> u8 {
    let (mut in_quotes, mut counts) = (false, [0_usize; 3]);
    const CANDIDATES: [u8; 3] = [b',', b';', b'\t'];
    for byte in head.iter().take_while(|byte| **byte != b'\n') {
        in_quotes ^= *byte == b'"';
        if let Some(at) = CANDIDATES.iter().position(|candidate| candidate == byte).filter(|_| !in_quotes) {
            counts[at] += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.iter().position(|count| *count == most).map_or(b',', |at| CANDIDATES[at])
}

struct Columns {
    by_name: Vec<(&'static str, Vec<usize>)>,
}

impl Columns {
    fn of(header: &[String]) -> Result<Columns, ImportError> {
        let at = |names: &[&str]| -> Vec<usize> {
            names.iter().filter_map(|name| header.iter().position(|known| known == name)).collect()
        };
        let by_name: Vec<(&'static str, Vec<usize>)> = COLUMNS.iter().map(|(name, names)| (*name, at(names))).collect();
        let columns = Columns { by_name };
        for needed in ["id", "text"] {
            if columns.of_name(needed).is_empty() {
                return Err(ImportError::Unreadable(format!(
                    "CSV không có cột `{needed}`; các cột thấy được: {}",
                    header.join(", ")
                )));
            }
        }
        Ok(columns)
    }

    fn of_name(&self, name: &str) -> &[usize] {
        self.by_name.iter().find(|(known, _)| *known == name).map_or(&[], |(_, columns)| columns.as_slice())
    }

    /// The first of the field's columns that has something.
    fn value(&self, row: &ByteRecord, name: &str) -> Result<Option<String>, String> {
        for column in self.of_name(name) {
            let Some(bytes) = row.get(*column) else { continue };
            let text = std::str::from_utf8(bytes).map_err(|_| format!("cột `{name}` không phải UTF-8"))?;
            let text = clean(text)?;
            if !text.trim().is_empty() {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn post(&self, source: &str, row: &ByteRecord) -> Result<Post, String> {
        let native_id = self.value(row, "id")?.map(|id| id.trim().to_owned()).ok_or("cột `id` trống")?;
        let posted_at = self.value(row, "posted_at")?;
        let posted_at_ms = match posted_at {
            Some(text) => Some(time_ms(&Value::String(text)).ok_or("thời điểm không đọc được")?),
            None => None,
        };
        Ok(Post {
            source: self.value(row, "source")?.unwrap_or_else(|| source.to_owned()),
            native_id,
            url: self.value(row, "url")?,
            title: self.value(row, "title")?,
            text: self.value(row, "text")?.unwrap_or_default(),
            author: self.value(row, "author")?,
            author_id: self.value(row, "author_id")?,
            posted_at_ms,
            thread: self.value(row, "thread")?,
            parent: self.value(row, "parent")?,
            ..Post::default()
        })
    }
}
