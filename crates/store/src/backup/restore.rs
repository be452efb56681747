//! From a backup to a store: into a new folder or an empty database, the whole or nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use tokio::sync::mpsc;

use super::{BackupKey, Columns, End, FORMAT, Head, Kind, Progress, ROWS_BYTES, TableSum, WAITING, tables};
use crate::originals::{Originals, OriginalsPlace, hex};
use crate::sql::{Cell, Sql};
use crate::{Error, Result, open};

/// Rows of one statement.
const ROWS: usize = 64;

/// A file of the node may be this long.
const NODE_BYTES: u64 = 64 << 20;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made. UTC milliseconds.
    pub made_at_ms: i64,
    /// Rows of all tables.
    pub rows: u64,
    /// Originals.
    pub originals: u64,
    /// Files that the backup holds beside the store (path, bytes), to be written by the caller.
    pub node: Vec<(String, Vec<u8>)>,
}

/// What came out of the file.
enum Piece {
    Head(Head),
    Rows { table: String, bytes: Vec<u8> },
    Node { path: String, bytes: Vec<u8> },
    End { end: End, originals: u64 },
}

fn refused(reason: impl Into<String>) -> Error {
    Error::Backup(reason.into())
}

/// Restores a backup into `data`: a folder that is not there or empty, or the URL of an empty PostgreSQL database.
/// Originals go to `originals`, or where they go by default. Afterwards open the store as usual and do the erasure list
/// again ([`crate::Store::erase_by_list`]).
///
/// # Errors
/// `Backup` when the file is not whole, of a newer program, or the target is not empty; `AlteredOriginal`; `Io`;
/// `Database`. Nothing is restored then, but originals in a named place may be there.
pub async fn restore(
    file: &Path,
    key: &BackupKey,
    data: &str,
    originals: Option<&OriginalsPlace>,
    progress: Progress<'_>,
) -> Result<Restored> {
    if open::is_url(data) {
        let place = originals.cloned().unwrap_or_else(|| open::originals_of(data));
        return fill(file, key, data, &place, progress).await;
    }
    let folder = Path::new(data);
    let io = |error| Error::io(folder, error);
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => fs::remove_dir(folder).map_err(io)?,
        Ok(false) => return Err(refused(format!("thư mục {data} không trống; hãy khôi phục vào thư mục mới"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
    }
    // Built aside and named last: a restore that was cut short leaves no store that looks whole.
    let aside = PathBuf::from(format!("{}.restoring", data.trim_end_matches('/')));
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(|error| Error::io(&aside, error))?;
    }
    let place = originals.cloned().unwrap_or_else(|| (&aside.join("originals")).into());
    let done = fill(file, key, &aside.to_string_lossy(), &place, progress).await;
    match done {
        Ok(restored) => {
            fs::rename(&aside, folder).map_err(io)?;
            Ok(restored)
        }
        Err(error) => {
            // What cannot be removed now is removed by the next try.
            let _ = fs::remove_dir_all(&aside);
            Err(error)
        }
    }
}

async fn fill(
    file: &Path,
    key: &BackupKey,
    data: &str,
    place: &OriginalsPlace,
    progress: Progress<'_>,
) -> Result<Restored> {
    let from = File::open(file).map_err(|error| Error::io(file, error))?;
    let length = from.metadata().map_err(|error| Error::io(file, error))?.len();
    let originals = Originals::open(place)?;
    let (send, mut pieces) = mpsc::channel(WAITING);
    let read = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let reader = tokio::task::spawn_blocking({
        let (key, name) = (key.clone(), file.to_owned());
        let from = Counting { from, read: read.clone() };
        move || read_all(&name, &key, from, &originals, &send)
    });
    let Some(Piece::Head(head)) = pieces.recv().await else {
        drop(pieces);
        reader.await.unwrap_or_else(|error| Err(Error::io(file, io::Error::other(error))))?;
        return Err(refused("tệp không phải bản sao lưu"));
    };
    if head.format > FORMAT || head.migration > open::known_migration() {
        return Err(Error::Newer { found: head.migration, known: open::known_migration() });
    }
    let target = open::Target::new(data, head.migration).await?;
    let mut tx = target.begin().await?;
    let schema = tables(&mut tx, target.dialect).await?;
    for table in schema.keys() {
        Sql::new("DELETE FROM ", []).name(table)?.run(&mut tx).await?;
    }
    let mut node = Vec::new();
    let mut sums: BTreeMap<String, (u64, Sha256)> = BTreeMap::new();
    let mut whole = None;
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Head(_) => return Err(refused("bản sao lưu có hai phần đầu")),
            Piece::Rows { table, bytes } => {
                let columns = schema.get(&table).ok_or_else(|| refused(format!("bảng lạ `{table}`")))?;
                let rows = insert(&mut tx, &table, columns, &bytes).await?;
                let (count, hash) = sums.entry(table).or_default();
                *count += rows;
                hash.update(&bytes);
            }
            Piece::Node { path, bytes } => node.push((path, bytes)),
            Piece::End { end, originals } => whole = Some((end, originals)),
        }
        progress(read.load(std::sync::atomic::Ordering::Relaxed), length);
    }
    reader.await.unwrap_or_else(|error| Err(Error::io(file, io::Error::other(error))))?;
    let (end, originals) = whole.ok_or_else(|| refused("bản sao lưu bị cắt: thiếu phần cuối"))?;
    let rows = sums.values().map(|(rows, _)| rows).sum();
    let found = sums.into_iter().map(|(table, (rows, hash))| (table, TableSum { rows, sha256: hex(&hash.finalize()) }));
    if (End { tables: found.collect(), originals }) != end {
        return Err(refused("bản sao lưu không nguyên vẹn: số dòng hoặc mã băm không khớp"));
    }
    tx.commit().await?;
    target.close().await;
    progress(length, length);
    Ok(Restored { made_at_ms: head.made_at_ms, rows, originals, node })
}

/// Inserts one file of rows.
async fn insert(db: &mut AnyConnection, table: &str, columns: &Columns, bytes: &[u8]) -> Result<u64> {
    let broken = |n: usize| refused(format!("bảng {table}: dòng {} hỏng", n + 1));
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate();
    let names: Vec<String> =
        lines.next().and_then(|(_, line)| serde_json::from_slice(line).ok()).ok_or_else(|| broken(0))?;
    let kinds: Vec<Kind> = names
        .iter()
        .map(|name| columns.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind))
        .collect::<Option<_>>()
        .ok_or_else(|| refused(format!("bảng {table} có cột lạ")))?;
    let mut rows: Vec<Cell> = Vec::new();
    let (mut count, mut done) = (0, 0);
    for (n, line) in lines {
        let cells: Vec<Value> = serde_json::from_slice(line).map_err(|_| broken(n))?;
        if cells.len() != kinds.len() {
            return Err(broken(n));
        }
        for (value, kind) in cells.into_iter().zip(&kinds) {
            rows.push(cell(value, *kind).ok_or_else(|| broken(n))?);
        }
        count += 1;
        if count == ROWS {
            insert_some(db, table, &names, std::mem::take(&mut rows)).await?;
            done += count as u64;
            count = 0;
        }
    }
    if count > 0 {
        insert_some(db, table, &names, rows).await?;
    }
    Ok(done + count as u64)
}

async fn insert_some(db: &mut AnyConnection, table: &str, names: &[String], rows: Vec<Cell>) -> Result<()> {
    let mut statement = Sql::new("INSERT INTO ", []);
    statement.name(table)?.push(" (");
    for (n, name) in names.iter().enumerate() {
        statement.push(if n == 0 { "" } else { ", " }).name(name)?;
    }
    statement.push(") VALUES ").tuples(names.len(), rows);
    statement.run(db).await?;
    Ok(())
}

/// A value as its column takes it; none when it does not fit.
fn cell(value: Value, kind: Kind) -> Option<Cell> {
    Some(match (kind, value) {
        (Kind::Text, Value::Null) => Cell::Text(None),
        (Kind::Text, Value::String(text)) => Cell::Text(Some(text)),
        (Kind::Int, Value::Null) => Cell::Int(None),
        (Kind::Int, Value::Number(number)) => Cell::Int(Some(number.as_i64()?)),
        (Kind::Real, Value::String(text)) => Cell::Real(text.parse().ok()?),
        _ => return None,
    })
}

/// Reads the file: originals are verified and kept here, everything else is sent on. Blocks.
fn read_all(
    name: &Path,
    key: &BackupKey,
    from: impl Read + Send + 'static,
    originals: &Originals,
    send: &mpsc::Sender<Piece>,
) -> Result<()> {
    let io = |error: io::Error| refused(format!("{}: {error}", name.display()));
    let unpacked = zstd::Decoder::new(key.open(from)?).map_err(io)?;
    let mut archive = tar::Archive::new(unpacked);
    let mut kept = 0;
    for (n, entry) in archive.entries().map_err(io)?.enumerate() {
        let mut entry = entry.map_err(io)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let length = entry.header().size().map_err(io)?;
        let is_head = path == "backup.json";
        if is_head != (n == 0) {
            return Err(refused("tệp không phải bản sao lưu"));
        }
        if let Some(sha256) = path.strip_prefix("originals/").and_then(|name| name.strip_suffix(".zst")) {
            originals.keep_packed(sha256, &mut entry)?;
            kept += 1;
            continue;
        }
        // A row is a post and a few fields; a file of rows ends with the first row beyond its limit.
        let most = if path.starts_with("tables/") { ROWS_BYTES as u64 * 32 } else { NODE_BYTES };
        if length > most {
            return Err(refused(format!("`{path}` quá lớn")));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        entry.read_to_end(&mut bytes).map_err(io)?;
        let read = |error: serde_json::Error| refused(format!("`{path}`: {error}"));
        let parts: Vec<&str> = path.split('/').collect();
        let piece = match parts.as_slice() {
            ["backup.json"] => Piece::Head(serde_json::from_slice(&bytes).map_err(read)?),
            ["end.json"] => Piece::End { end: serde_json::from_slice(&bytes).map_err(read)?, originals: kept },
            ["tables", table, _] => Piece::Rows { table: (*table).to_owned(), bytes },
            ["node", rest @ ..] if !rest.is_empty() && rest.iter().all(|part| is_plain(part)) => {
                Piece::Node { path: rest.join("/"), bytes }
            }
            _ => return Err(refused(format!("mục lạ `{path}`"))),
        };
        if send.blocking_send(piece).is_err() {
            // The other side has an error of its own to tell.
            return Ok(());
        }
    }
    Ok(())
}

/// A name that stays inside its folder.
fn is_plain(part: &str) -> bool {
    !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0', ':'])
}

/// Counts what is read of the file, for the progress.
struct Counting {
    from: File,
    read: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.from.read(buffer)?;
        self.read.fetch_add(got as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(got)
    }
}
