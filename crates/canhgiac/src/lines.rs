//! JSONL in, JSONL out: one object a line, in order, on all cores; a line that cannot be read is told with its place
//! on standard error and the rest is still done.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// A longer line is no post.
const LINE_BYTES_MAX: usize = 16 << 20;
/// Lines that are worked on together.
const CHUNK_LINES: usize = 512;

/// Opens a file, or standard input for `-`.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(BufReader::with_capacity(1 << 18, file)))
}

/// Applies `work` to each line of a file and prints what it gives. Returns how many lines could not be read.
pub fn transform<F>(path: &Path, work: F) -> Result<usize>
where
    F: Fn(&str) -> std::result::Result<String, String> + Sync,
{
    let mut input = open(path)?;
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (mut number, mut bad) = (0usize, 0usize);
    loop {
        let mut chunk: Vec<(usize, Result<String, String>)> = Vec::with_capacity(CHUNK_LINES);
        while chunk.len() < CHUNK_LINES {
            let Some(line) = next_line(&mut input)? else { break };
            number += 1;
            if !matches!(&line, Ok(text) if text.trim().is_empty()) {
                chunk.push((number, line));
            }
        }
        if chunk.is_empty() {
            break;
        }
        let share = chunk.len().div_ceil(cores);
        let done: Vec<(usize, Result<String, String>)> = std::thread::scope(|scope| {
            let workers: Vec<_> = chunk
                .chunks(share)
                .map(|part| {
                    let work = &work;
                    scope.spawn(move || {
                        part.iter()
                            .map(|(number, line)| (*number, line.as_ref().map_err(Clone::clone).and_then(|l| work(l))))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        for (number, result) in done {
            match result {
                Ok(line) => writeln!(out, "{line}")?,
                Err(reason) => {
                    bad += 1;
                    complain(path, number, &reason);
                }
            }
        }
        out.flush()?;
    }
    Ok(bad)
}

/// Tells of one bad line with its place. The line's own text is never repeated.
pub fn complain(path: &Path, number: usize, reason: &str) {
    let _ = writeln!(io::stderr(), "{}:{number}: {reason}", path.display());
}

/// The next line without its end; `Err` inside for one that is too long or not UTF-8.
fn next_line(input: &mut dyn BufRead) -> Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    let read = input.take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut bytes)?;
    if read == 0 {
        return Ok(None);
    }
    if bytes.len() > LINE_BYTES_MAX && bytes.last() != Some(&b'\n') {
        skip_rest(input)?;
        return Ok(Some(Err(format!("the line is longer than {} MiB", LINE_BYTES_MAX >> 20))));
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Some(
        String::from_utf8(bytes).map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to())),
    ))
}

fn skip_rest(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// The text of a serde error without anything of the input in it.
pub fn json_reason(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Syntax => "not JSON",
        serde_json::error::Category::Eof => "the JSON ends too early",
        serde_json::error::Category::Data => "a field is missing or of the wrong kind",
        serde_json::error::Category::Io => "cannot be read",
    };
    format!("{what} (column {})", error.column())
}

/// A time as input gives it: RFC 3339 or UTC milliseconds.
pub fn time_ms(value: &serde_json::Value) -> std::result::Result<Option<i64>, String> {
    match value {
        serde_json::Value::Null => Ok(None),
        serde_json::Value::Number(number) => {
            number.as_i64().map(Some).ok_or_else(|| "posted_at is no whole number of milliseconds".into())
        }
        serde_json::Value::String(text) if text.is_empty() => Ok(None),
        serde_json::Value::String(text) => text
            .parse::<jiff::Timestamp>()
            .map(|at| Some(at.as_millisecond()))
            .map_err(|_| "posted_at is no RFC 3339 time, such as 2026-11-24T07:42:00+07:00".into()),
        _ => Err("posted_at is neither text nor a number".into()),
    }
}
