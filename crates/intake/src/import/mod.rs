//! Files that people bring: hostile input, read line by line with caps, each bad line told with its place.
//!
//! The capture of an import is the file itself; each post carries its byte range there. Deliberately absent: paths,
//! names or addresses taken from a file and opened.

mod csv;
mod jsonl;

use std::io::{self, BufRead};
use std::path::Path;

use model::Post;

/// A longer line or record is no post.
pub const RECORD_BYTES_MAX: usize = 4 << 20;

/// The shape of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line: `{id, text}` and, where given, `title, url, author, posted_at, source, thread, parent`.
    Jsonl,
    /// A table with a header line, separated by `,`, `;` or tabs; the columns of 4CAT are known.
    Csv,
}

impl Format {
    /// By the file's name, else by its first bytes.
    ///
    /// # Errors
    /// A sentence that says which formats are read.
    pub fn guess(name: &Path, head: &[u8]) -> Result<Format, String> {
        let ending = name.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf));
        match ending.as_str() {
            "jsonl" | "ndjson" => Ok(Format::Jsonl),
            "csv" | "tsv" => Ok(Format::Csv),
            _ if first == Some(&b'{') => Ok(Format::Jsonl),
            _ => Err("không nhận ra định dạng; đọc được .jsonl, .ndjson, .csv và .tsv".into()),
        }
    }
}

/// Something that could not be read, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// Line of the file, from 1.
    pub line: u64,
    /// Why, without anything of the input in it.
    pub reason: String,
}

/// One record of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The post, or why there is none.
    pub post: Result<Post, BadRecord>,
    /// Where the record ends in the file, in bytes: how far the file has been read.
    pub end: u64,
}

/// Reads a file from its beginning; records that end at or before `from` are passed over. `source` is the id for posts
/// that name none. `each` says whether to go on.
///
/// # Errors
/// When the file itself cannot be read, or its header makes no sense.
pub fn read(
    format: Format,
    source: &str,
    input: Box<dyn BufRead>,
    from: u64,
    each: &mut dyn FnMut(Record) -> bool,
) -> io::Result<()> {
    match format {
        Format::Jsonl => jsonl::read(source, input, from, each),
        Format::Csv => csv::read(source, input, from, each),
    }
}

/// The id of a file's posts: `import:<file stem>`.
pub fn source_of(name: &Path) -> String {
    let stem = name.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    format!("import:{stem}")
}

/// A time as files give it: RFC 3339, `YYYY-MM-DD HH:MM:SS` in UTC, or Unix seconds or milliseconds.
fn time_ms(value: &str) -> Option<i64> {
    let value = value.trim();
    if let Ok(number) = value.parse::<f64>() {
        // Seconds until the year 5138, milliseconds from 1973 on.
        let ms = if number.abs() < 1e11 { number * 1000.0 } else { number };
        return ms.is_finite().then_some(ms as i64);
    }
    if let Ok(at) = value.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond());
    }
    let civil: jiff::civil::DateTime = value.replacen(' ', "T", 1).parse().ok()?;
    Some(civil.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: Format, text: &str, from: u64) -> Vec<Record> {
        let mut records = Vec::new();
        let input = Box::new(io::Cursor::new(text.as_bytes().to_vec()));
        read(format, "import:x", input, from, &mut |record| {
            records.push(record);
            true
        })
        .unwrap();
        records
    }

    #[test]
    fn jsonl_gives_posts_with_their_place_and_goes_on_after_a_bad_line() {
        let text = "{\"id\":\"a\",\"text\":\"xin chào\",\"posted_at\":\"2026-11-24T07:42:00+07:00\"}\n\nbad\n{\"id\":7,\"text\":\"hai\",\"source\":\"s\",\"thread\":\"t\"}";
        let records = all(Format::Jsonl, text, 0);
        assert_eq!(records.len(), 3);
        let first = records[0].post.as_ref().unwrap();
        assert_eq!((first.native_id.as_str(), first.source.as_str()), ("a", "import:x"));
        assert_eq!(first.posted_at_ms, Some(1_795_480_920_000));
        let (start, end) = first.bytes.unwrap();
        assert!(text[start as usize..end as usize].starts_with("{\"id\":\"a\""));
        assert_eq!(records[1].post.as_ref().unwrap_err().line, 3);
        let last = records[2].post.as_ref().unwrap();
        assert_eq!((last.native_id.as_str(), last.source.as_str(), last.thread.as_deref()), ("7", "s", Some("t")));
        assert_eq!(all(Format::Jsonl, text, records[1].end).len(), 1, "goes on from where it stood");
    }

    #[test]
    fn csv_of_either_separator_is_read() {
        for (text, author) in [
            ("id,thread_id,author,body,timestamp\n1,t9,mau,\"một, hai\",2026-11-24 00:42:00\n", "mau"),
            ("\u{feff}id;author;body;unix_timestamp\n1;mau;một, hai;1795480920\n", "mau"),
        ] {
            let records = all(Format::Csv, text, 0);
            let post = records[0].post.as_ref().unwrap();
            assert_eq!((post.text.as_str(), post.author.as_deref()), ("một, hai", Some(author)));
            assert_eq!(post.posted_at_ms, Some(1_795_480_920_000));
        }
    }

    #[test]
    fn csv_names_the_line_of_a_record_without_text() {
        let records = all(Format::Csv, "id,body\n1,a\n2\n3,c\n", 0);
        assert_eq!(records[1].post.as_ref().unwrap_err().line, 3);
        assert_eq!(records[2].post.as_ref().unwrap().native_id, "3");
    }
}
