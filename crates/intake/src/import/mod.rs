//! What analysts captured elsewhere: files, each read as hostile input.
//!
//! Records are told one by one, in order; one that cannot be read is told with its place and the rest is still done.
//! Nothing is taken from a file but posts: no paths, no markup, no addresses to open. The file itself is the original,
//! and where the format allows it a post carries the byte range in which it stands.

mod archive;
mod capture;
mod csv;
mod jsonl;
mod mhtml;
mod page;
mod telegram;

use std::io::BufRead;
use std::path::Path;

use model::Post;
use serde_json::Value;

use crate::filter::time;
use crate::source::Source;

/// The longest single record, in bytes.
pub const RECORD_BYTES_MAX: usize = 16 << 20;
/// The longest text of a post, in bytes; what is longer is no post.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line: `{id, text, title?, url?, author?, posted_at?, source?, thread?, parent?}`.
    Jsonl,
    /// Columns with a header, `,` or `;` between them; 4CAT's names are known.
    Csv,
    /// Zeeschuimer's or 4CAT's NDJSON.
    Capture,
    /// Telegram Desktop's `result.json`.
    Telegram,
    /// WARC, plain or gzip.
    Warc,
    /// WACZ.
    Wacz,
    /// A saved HTML page.
    Html,
    /// A saved page with its parts.
    Mhtml,
}

/// One record of a file.
#[derive(Debug)]
pub struct Record {
    /// How far the file is done with it: a byte offset, or a count where the format has no stable offsets. Grows.
    pub end: u64,
    /// The post, or why there is none.
    pub post: Result<Post, BadRecord>,
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {reason}")]
pub struct BadRecord {
    /// The line of the file, from 1; the number of the record where a format has no lines (Telegram, WARC).
    pub line: u64,
    /// Why, in one Vietnamese sentence without anything of the post in it.
    pub reason: String,
}

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Reading failed.
    #[error("không đọc được tệp: {0}")]
    Io(#[from] std::io::Error),
    /// It is not what its kind should be.
    #[error("{0}")]
    Unreadable(String),
}

/// Where records go; `false` ends the reading.
pub type Take<'t> = &'t mut dyn FnMut(Record) -> bool;

impl Format {
    /// Guesses the kind from the name and the first bytes; the error says what was seen.
    pub fn guess(name: &Path, head: &[u8]) -> Result<Format, String> {
        let name = name.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if head.starts_with(b"PK\x03\x04") {
            return if ends(&[".wacz", ".zip"]) {
                Ok(Format::Wacz)
            } else {
                Err(format!("`{name}` là tệp nén không rõ loại"))
            };
        }
        if head.starts_with(&[0x1f, 0x8b]) {
            return if ends(&[".warc.gz", ".warc"]) {
                Ok(Format::Warc)
            } else {
                Err(format!("`{name}` nén gzip nhưng không phải .warc.gz"))
            };
        }
        let text = String::from_utf8_lossy(head);
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with("WARC/1.") {
            return Ok(Format::Warc);
        }
        if ends(&[".mht", ".mhtml"]) {
            return Ok(Format::Mhtml);
        }
        if ends(&[".html", ".htm", ".xhtml"])
            || (start.starts_with('<') && !ends(&[".csv", ".json", ".jsonl", ".ndjson"]))
        {
            return Ok(Format::Html);
        }
        if ends(&[".csv", ".tsv"]) {
            return Ok(Format::Csv);
        }
        let first = start.lines().next().unwrap_or_default();
        if start.starts_with('{') {
            let is_capture = |text: &str| text.contains("\"source_platform\"") || text.contains("\"__import_meta\"");
            if is_capture(first) || (ends(&[".ndjson"]) && is_capture(&text)) {
                return Ok(Format::Capture);
            }
            // An export is one object over the whole file, which may stand in one line; a line of posts is an object of
            // its own, whatever words its text holds.
            let is_export = match serde_json::from_str::<Value>(first) {
                Ok(whole) => whole["messages"].is_array() || whole["chats"]["list"].is_array(),
                Err(_) => start.contains("\"messages\"") || (start.contains("\"chats\"") && start.contains("\"list\"")),
            };
            return Ok(if is_export { Format::Telegram } else { Format::Jsonl });
        }
        if ends(&[".jsonl", ".ndjson"]) || start.is_empty() {
            return Ok(Format::Jsonl);
        }
        if first.contains(',') || first.contains(';') || first.contains('\t') {
            return Ok(Format::Csv);
        }
        Err(format!(
            "không nhận ra kiểu của `{name}`: nhận jsonl, csv, ndjson, json của Telegram, warc, wacz, html, mhtml"
        ))
    }
}

/// Whose posts are read: what those carry that name no source, and the sources whose pages may be among them.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'o> {
    /// `import:<file stem>`.
    pub source: &'o str,
    /// A saved page of one of these gives the same posts as if it had been crawled.
    pub known: &'o [Source],
}

/// Reads a file of posts. Records that end at or before `from` are passed over.
///
/// # Errors
/// When the file as a whole cannot be read; what was told before stays told.
pub fn read(
    format: Format,
    origin: Origin<'_>,
    input: Box<dyn BufRead>,
    from: u64,
    take: Take<'_>,
) -> Result<(), ImportError> {
    let take: Take<'_> = &mut |record: Record| record.end <= from || take(record);
    let source = origin.source;
    match format {
        Format::Jsonl => jsonl::read(source, input, take),
        Format::Csv => csv::read(source, input, take),
        Format::Capture => capture::read(input, take),
        Format::Telegram => telegram::read(source, input, take),
        Format::Warc => archive::read_warc(origin, input, take),
        Format::Wacz => archive::read_wacz(origin, input, take),
        Format::Html => page::read(origin, input, take),
        Format::Mhtml => mhtml::read(origin, input, take),
    }
}

/// The id of a file's posts: `import:<file stem>`.
pub fn source_of(name: &Path) -> String {
    let stem = name.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    format!("import:{stem}")
}

/// A text as it may be kept: without NUL, not longer than a post can be.
fn clean(text: &str) -> Result<String, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("văn bản dài {} byte, tối đa {TEXT_BYTES_MAX}", text.len()));
    }
    Ok(text.replace('\0', ""))
}

/// A string or a number as an id.
fn id_text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().replace('\0', "")).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A time as files write it: RFC 3339, ISO 8601 (UTC when it names no zone), or epoch seconds or milliseconds.
fn time_ms(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().len() >= 9 => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    match number {
        Some(number) if number.abs() >= 1e11 => time::epoch_millis(&format!("{number:.0}")).map(|at| at.at_ms),
        Some(number) => time::epoch_seconds(&number.to_string()).map(|at| at.at_ms),
        None => time::iso(value.as_str()?, None).map(|at| at.at_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(name: &str, text: &str, from: u64) -> Vec<Record> {
        let mut records = Vec::new();
        let format = Format::guess(Path::new(name), text.as_bytes()).unwrap();
        let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        read(format, Origin { source: "import:x", known: &[] }, input, from, &mut |record| {
            records.push(record);
            true
        })
        .unwrap();
        records
    }

    fn post(record: &Record) -> &Post {
        record.post.as_ref().unwrap()
    }

    #[test]
    fn kinds_are_told_by_name_and_content() {
        let of = |name: &str, head: &str| Format::guess(Path::new(name), head.as_bytes());
        assert_eq!(of("a.jsonl", "{\"id\":1}"), Ok(Format::Jsonl));
        assert_eq!(of("a.json", "{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":\"2\"}"), Ok(Format::Jsonl));
        assert_eq!(of("a.csv", "id;body"), Ok(Format::Csv));
        assert_eq!(of("a", "id,body\n"), Ok(Format::Csv));
        assert_eq!(
            of("z.ndjson", "{\"nav_index\":\"1\",\"source_platform\":\"tiktok.com\",\"data\":{}}"),
            Ok(Format::Capture)
        );
        assert_eq!(of("result.json", "{\n \"name\": \"K\",\n \"messages\": ["), Ok(Format::Telegram));
        assert_eq!(
            of("result.json", "{\"name\":\"K\",\"messages\":[{\"id\":1,\"text\":\"a\"}]}"),
            Ok(Format::Telegram)
        );
        assert_eq!(of("result.json", "{\"chats\":{\"list\":[]}}"), Ok(Format::Telegram));
        assert_eq!(of("a.json", "{\"id\":1,\"text\":\"\\\"messages\\\"\"}"), Ok(Format::Jsonl));
        assert_eq!(of("a.warc", "WARC/1.1\r\n"), Ok(Format::Warc));
        assert_eq!(of("a.html", "<html>"), Ok(Format::Html));
        assert_eq!(of("a.mhtml", "From: x"), Ok(Format::Mhtml));
        assert!(of("a.bin", "\u{1}\u{2}").is_err());
    }

    #[test]
    fn jsonl_gives_posts_with_their_place_and_goes_on_after_a_bad_line() {
        let text = "{\"id\":\"a\",\"text\":\"xin chào\",\"posted_at\":\"2026-11-24T07:42:00+07:00\"}\n\nbad\n{\"id\":7,\"text\":\"hai\",\"source\":\"s\",\"thread\":\"t\"}\r\n{\"id\":8}\n";
        let records = all("a.jsonl", text, 0);
        assert_eq!(records.len(), 4);
        assert_eq!((post(&records[0]).native_id.as_str(), post(&records[0]).source.as_str()), ("a", "import:x"));
        assert_eq!(post(&records[0]).posted_at_ms, Some(1_795_480_920_000));
        let (start, end) = post(&records[2]).bytes.unwrap();
        let range = &text[start as usize..end as usize];
        assert!(range.starts_with("{\"id\":7") && range.ends_with('}'));
        assert_eq!(records[1].post.as_ref().unwrap_err().line, 3);
        assert_eq!((post(&records[2]).source.as_str(), post(&records[2]).thread.as_deref()), ("s", Some("t")));
        assert_eq!(records[3].post.as_ref().unwrap_err().reason, "thiếu `text`");
        assert_eq!(all("a.jsonl", text, records[1].end).len(), 2, "goes on from where it stood");
        let empty = all("a.jsonl", "{\"id\":1,\"text\":\" \"}\n{\"id\":2,\"text\":\"\",\"title\":\"Tuyển\"}\n", 0);
        assert_eq!(empty[0].post.as_ref().unwrap_err().reason, "`text` trống");
        assert_eq!(post(&empty[1]).title.as_deref(), Some("Tuyển"));
    }

    #[test]
    fn a_line_without_end_is_passed_over_in_little_memory() {
        let text = format!("{{\"id\":1,\"text\":\"{}\n{{\"id\":2,\"text\":\"b\"}}\n", "x".repeat(RECORD_BYTES_MAX + 5));
        let records = all("a.jsonl", &text, 0);
        assert!(records[0].post.is_err() && post(&records[1]).native_id == "2");
    }

    #[test]
    fn csv_of_every_separator_is_read_and_a_bad_row_named() {
        for (text, author) in [
            ("id,thread_id,author,body,timestamp\n1,t9,mau,\"một, hai\",2026-11-24 00:42:00\n", "mau"),
            ("\u{feff}id;author;body;unix_timestamp\n1;mau;một, hai;1795480920\n", "mau"),
        ] {
            let records = all("a.csv", text, 0);
            assert_eq!(
                (post(&records[0]).text.as_str(), post(&records[0]).author.as_deref()),
                ("một, hai", Some(author))
            );
            assert_eq!(post(&records[0]).posted_at_ms, Some(1_795_480_920_000));
            let (start, end) = post(&records[0]).bytes.unwrap();
            assert!(text[start as usize..end as usize].starts_with("1") && end as usize <= text.len());
        }
        let records = all("a.csv", "id,body\n1,\"a\nb\"\n,c\n3,d\n", 0);
        assert_eq!((post(&records[0]).text.as_str(), records[1].post.as_ref().unwrap_err().line), ("a\nb", 4));
        assert_eq!(post(&records[2]).native_id, "3");
        let headless = Box::new(std::io::Cursor::new(b"a,b\n1,2\n".to_vec()));
        assert!(
            matches!(read(Format::Csv, Origin { source: "s", known: &[] }, headless, 0, &mut |_| true), Err(ImportError::Unreadable(reason)) if reason.contains("a, b"))
        );
    }

    #[test]
    fn captures_of_zeeschuimer_and_4cat_are_read_alike() {
        let data = "{\"id\":\"71\",\"desc\":\"Tuyển gấp\",\"createTime\":1795480920,\"author\":{\"uniqueId\":\"mau\"},\"stickersOnItem\":[{\"stickerText\":[\"lương 30 triệu\"]}]}";
        let envelope = "\"source_platform\":\"tiktok.com\",\"item_id\":\"71\",\"timestamp_collected\":1795480999000";
        let zeeschuimer = format!("{{{envelope},\"data\":{data}}}\n");
        let flat = format!("{},\"__import_meta\":{{{envelope}}}}}\n", data.strip_suffix('}').unwrap());
        for text in [zeeschuimer, flat] {
            let records = all("a.ndjson", &text, 0);
            let read = post(&records[0]);
            assert_eq!(
                (read.source.as_str(), read.native_id.as_str(), read.text.as_str()),
                ("tiktok.com", "71", "Tuyển gấp\nlương 30 triệu")
            );
            assert_eq!(read.posted_at_ms, Some(1_795_480_920_000));
        }
        let unknown = all("a.ndjson", "{\"source_platform\":\"linkedin.com\",\"data\":{\"urn\":1}}\n", 0);
        let reason = &unknown[0].post.as_ref().unwrap_err().reason;
        assert!(reason.contains("linkedin.com") && reason.contains("urn"));
    }

    #[test]
    fn telegram_exports_of_a_chat_and_of_an_account_are_read() {
        let chat = "{\n \"name\": \"Kênh mẫu\",\n \"type\": \"public_channel\",\n \"id\": 99,\n \"messages\": [{\"id\":1,\"type\":\"service\",\"text\":\"x\"},{\"id\":2,\"type\":\"message\",\"date\":\"2026-11-24T07:42:00\",\"date_unixtime\":\"1795480920\",\"from\":\"Mẫu\",\"from_id\":\"user5\",\"text\":[\"Tuyển \",{\"type\":\"bold\",\"text\":\"gấp\"}],\"reply_to_message_id\":1},{\"type\":\"message\",\"text\":\"không id\"}]}";
        let account = format!("{{\n \"about\": \"x\",\n \"chats\": {{ \"about\": \"y\", \"list\": [{chat}] }} }}");
        for text in [chat.to_owned(), account] {
            let records = all("result.json", &text, 0);
            let read = post(&records[0]);
            assert_eq!(
                (read.native_id.as_str(), read.text.as_str(), read.parent.as_deref()),
                ("99/2", "Tuyển gấp", Some("99/1"))
            );
            assert_eq!(read.posted_at_ms, Some(1_795_480_920_000));
            assert_eq!(records[1].post.as_ref().unwrap_err().line, 3);
        }
    }

    #[test]
    fn a_saved_page_and_an_archived_page_give_the_same_post() {
        let html = "<html><head><title>Việc làm</title><meta property='article:published_time' content='2026-11-24T00:42:00Z'></head><body><nav>Menu</nav><article><p>Tuyển lao động phổ thông đi làm việc</p></article></body></html>";
        let saved = format!("<!-- saved from url=(0025)https://a.example/tin/1 -->\n{html}");
        let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}");
        let record = |kind: &str, block: &str| {
            format!(
                "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://a.example/tin/1\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
                block.len()
            )
        };
        let warc = format!(
            "{}{}{}",
            record("warcinfo", "x"),
            record("response", &http),
            record("revisit", "HTTP/1.1 200 OK\r\n\r\n")
        );
        let (saved, archived) = (all("a.html", &saved, 0), all("a.warc", &warc, 0));
        assert_eq!(archived.len(), 1);
        assert_eq!(post(&saved[0]), post(&archived[0]));
        assert_eq!(post(&saved[0]).native_id, "https://a.example/tin/1");
        assert_eq!(post(&saved[0]).text, "Tuyển lao động phổ thông đi làm việc");
    }
}
