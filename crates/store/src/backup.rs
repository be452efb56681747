//! Backup and restore: one file that holds a whole store at one moment, made while the system works, read back into
//! SQLite or PostgreSQL alike.
//!
//! The file is a tar archive, packed by zstd, optionally encrypted by age, so that stock tools open it
//! (`age -d | zstd -d | tar t`):
//!
//! ```text
//! backup.json                  what this is: format, step of the migrations, time, last row of the audit chain
//! tables/<name>/000001.jsonl   rows as arrays; the first line names the columns
//! node/<path>                  what the caller adds: signing key, rules, checkpoints
//! originals/<sha256>.zst       each original as it is kept
//! end.json                     rows and SHA-256 of each table, number of originals
//! ```
//!
//! Invariants: all rows come from one snapshot; a file without its end is refused; what is restored is the whole or
//! nothing. Sessions stay behind: after a restore everybody logs in again.

mod lock;
mod restore;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};
use tokio::sync::mpsc;

pub use lock::{BackupKey, BackupLock};
pub use restore::{Restored, restore};

use crate::audit::AuditPoint;
use crate::dialect::Dialect;
use crate::originals::{Originals, hex};
use crate::{Error, Result, Store, open, sql};

/// The form of the file.
const FORMAT: u32 = 1;

/// A file of rows ends when it is this long.
const ROWS_BYTES: usize = 4 << 20;

/// Pieces on their way to the file.
const WAITING: usize = 8;

/// Tables that stay behind.
const LEFT_OUT: [&str; 2] = ["_sqlx_migrations", "sessions"];

/// `backup.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    program: String,
    migration: i64,
    made_at_ms: i64,
    audit_seq: i64,
    audit_hash: String,
}

/// `end.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    tables: BTreeMap<String, TableSum>,
    originals: u64,
}

/// What a table must come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct TableSum {
    rows: u64,
    sha256: String,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// Rows of all tables.
    pub rows: u64,
    /// Originals.
    pub originals: u64,
    /// Last row of the audit chain.
    pub audit: AuditPoint,
}

/// How far long work has come: done and total, in rows and originals together.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// A column of a table, as both databases know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Real,
}

type Columns = Vec<(String, Kind)>;

/// Tables of a database with their columns, by name.
async fn tables(db: &mut AnyConnection, dialect: Dialect) -> Result<BTreeMap<String, Columns>> {
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    for row in sql::rows(db, dialect.columns(), []).await? {
        let (table, column, kind) =
            (sql::text(&row, "in_table")?, sql::text(&row, "name")?, sql::text(&row, "kind")?.to_lowercase());
        if LEFT_OUT.contains(&table.as_str()) || table.starts_with("sqlite_") {
            continue;
        }
        let kind = match kind.as_str() {
            "text" => Kind::Text,
            "bigint" => Kind::Int,
            "double precision" => Kind::Real,
            other => return Err(Error::corrupt("cột", &column, format!("kiểu lạ `{other}`"))),
        };
        tables.entry(table).or_default().push((column, kind));
    }
    Ok(tables)
}

/// What goes into the file next.
enum Piece {
    Entry { path: String, bytes: Vec<u8> },
    Original(String),
}

impl Store {
    /// Writes a backup into a new file. The store may be written to meanwhile; the backup holds it as it was at the
    /// beginning. `node` are files beside the store (path, bytes) that belong to it: its signing key, its rules.
    ///
    /// # Errors
    /// `Backup` when the file is there already or the lock cannot be used, `Io`, `Database`. The file is then not there.
    pub async fn backup(
        &self,
        file: &Path,
        lock: &BackupLock,
        node: Vec<(String, Vec<u8>)>,
        now_ms: i64,
        progress: Progress<'_>,
    ) -> Result<BackedUp> {
        if file.exists() {
            return Err(Error::Backup(format!("đã có tệp {}; hãy chọn tên khác", file.display())));
        }
        let aside = file.with_added_extension("partial");
        let (send, receive) = mpsc::channel(WAITING);
        let writer = tokio::task::spawn_blocking({
            let (originals, lock, aside) = (self.originals().clone(), lock.clone(), aside.clone());
            move || write(&aside, &lock, &originals, receive)
        });
        let sent = self.send_all(send, node, now_ms, progress).await;
        let written = writer.await.unwrap_or_else(|error| Err(Error::io(&aside, io::Error::other(error))));
        let done = async {
            let missing = written?;
            let done = sent?;
            for sha256 in missing {
                self.must_be_erased(&sha256).await?;
            }
            std::fs::rename(&aside, file).map_err(|error| Error::io(file, error))?;
            Ok(done)
        }
        .await;
        if done.is_err() {
            // It may not have been made at all.
            let _ = std::fs::remove_file(&aside);
        }
        done
    }

    /// An original that the snapshot names may have been erased while the backup was made; any other must be there.
    async fn must_be_erased(&self, sha256: &str) -> Result<()> {
        let needed = crate::settling::is_needed(&mut *self.read().await?, sha256).await?;
        if needed { Err(Error::missing("bản gốc", sha256)) } else { Ok(()) }
    }

    async fn send_all(
        &self,
        send: mpsc::Sender<Piece>,
        node: Vec<(String, Vec<u8>)>,
        now_ms: i64,
        progress: Progress<'_>,
    ) -> Result<BackedUp> {
        let gone = || Error::Backup("không ghi được vào tệp".to_owned());
        let entry = |path: &str, bytes: Vec<u8>| Piece::Entry { path: path.to_owned(), bytes };
        let mut db = self.snapshot().await?;
        let head = sql::row(&mut db, "SELECT seq, hash FROM heads WHERE name = 'audit'", []).await?;
        let head = head.ok_or_else(|| Error::corrupt("nhật ký", "heads", "mất đầu chuỗi"))?;
        let audit = AuditPoint { seq: sql::int(&head, "seq")?, hash: sql::text(&head, "hash")? };
        let about = Head {
            format: FORMAT,
            program: concat!("canhgiac ", env!("CARGO_PKG_VERSION")).to_owned(),
            migration: open::known_migration(),
            made_at_ms: now_ms,
            audit_seq: audit.seq,
            audit_hash: audit.hash.clone(),
        };
        send.send(entry("backup.json", json(&about)?)).await.map_err(|_| gone())?;
        let tables = tables(&mut db, self.dialect()).await?;
        let originals = originals_of(&mut db).await?;
        let mut total = originals.len() as u64;
        for table in tables.keys() {
            total += count(&mut db, table).await?;
        }
        let (mut done, mut end) = (0, End::default());
        for (table, columns) in &tables {
            let mut part = Part::new(table, columns)?;
            // Names of tables come from the schema, never from a person.
            let text = AssertSqlSafe(format!("SELECT * FROM {table}"));
            let mut rows = sqlx::query(text).fetch(&mut *db);
            while let Some(row) = rows.try_next().await? {
                part.add(&row, columns)?;
                done += 1;
                if part.bytes.len() >= ROWS_BYTES {
                    send.send(part.cut()).await.map_err(|_| gone())?;
                    progress(done, total);
                }
            }
            drop(rows);
            send.send(part.cut()).await.map_err(|_| gone())?;
            end.tables.insert(table.clone(), part.sum());
        }
        db.rollback().await?;
        for (path, bytes) in node {
            send.send(entry(&format!("node/{path}"), bytes)).await.map_err(|_| gone())?;
        }
        let rows = done;
        for sha256 in originals {
            send.send(Piece::Original(sha256)).await.map_err(|_| gone())?;
            end.originals += 1;
            done += 1;
            progress(done, total);
        }
        send.send(entry("end.json", json(&end)?)).await.map_err(|_| gone())?;
        progress(total, total);
        Ok(BackedUp { rows, originals: end.originals, audit })
    }
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    Ok(sql::to_json(value)?.into_bytes())
}

async fn count(db: &mut AnyConnection, table: &str) -> Result<u64> {
    let text = AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM {table}"));
    sql::natural(&sqlx::query(text).fetch_one(db).await?, "n")
}

/// Every original that a row needs, in order.
async fn originals_of(db: &mut AnyConnection) -> Result<Vec<String>> {
    let rows = sql::rows(
        db,
        "SELECT COALESCE(kept_sha256, sha256) AS sha256 FROM captures WHERE gone_at_ms IS NULL \
         UNION SELECT file_sha256 AS sha256 FROM packets WHERE gone_at_ms IS NULL",
        [],
    )
    .await?;
    let mut found = rows.iter().map(|row| sql::text(row, "sha256")).collect::<Result<Vec<_>>>()?;
    for row in sql::rows(db, "SELECT files FROM rulesets", []).await? {
        let files: Vec<(String, String)> = sql::json(&row, "files")?;
        found.extend(files.into_iter().map(|(_, sha256)| sha256));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Rows of one table on their way into files.
struct Part {
    table: String,
    header: Vec<u8>,
    number: u32,
    bytes: Vec<u8>,
    rows: u64,
    hash: Sha256,
}

impl Part {
    fn new(table: &str, columns: &Columns) -> Result<Part> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let mut header = json(&names)?;
        header.push(b'\n');
        let bytes = header.clone();
        Ok(Part { table: table.to_owned(), header, number: 0, bytes, rows: 0, hash: Sha256::new() })
    }

    fn add(&mut self, row: &AnyRow, columns: &Columns) -> Result<()> {
        let mut cells = Vec::with_capacity(columns.len());
        for (name, kind) in columns {
            cells.push(match kind {
                Kind::Text => sql::text_or_none(row, name)?.map_or(Value::Null, Value::from),
                Kind::Int => sql::int_or_none(row, name)?.map_or(Value::Null, Value::from),
                // As text: the shortest form that reads back as the same number.
                Kind::Real => Value::from(format!("{:?}", sql::real(row, name)?)),
            });
        }
        self.bytes.extend(json(&cells)?);
        self.bytes.push(b'\n');
        self.rows += 1;
        Ok(())
    }

    fn cut(&mut self) -> Piece {
        self.number += 1;
        let bytes = std::mem::replace(&mut self.bytes, self.header.clone());
        self.hash.update(&bytes);
        Piece::Entry { path: format!("tables/{}/{:06}.jsonl", self.table, self.number), bytes }
    }

    fn sum(self) -> TableSum {
        TableSum { rows: self.rows, sha256: hex(&self.hash.finalize()) }
    }
}

/// Writes the pieces as they come; the originals that were not there. Blocks.
fn write(
    path: &Path,
    lock: &BackupLock,
    originals: &Originals,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Vec<String>> {
    let io = |error| Error::io(path, error);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = BufWriter::with_capacity(1 << 20, options.open(path).map_err(io)?);
    let mut packer = zstd::Encoder::new(lock.wrap(file)?, 3).map_err(io)?;
    packer.include_checksum(true).map_err(io)?;
    let mut archive = tar::Builder::new(packer);
    let mut missing = Vec::new();
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Entry { path: name, bytes } => {
                add(&mut archive, &name, bytes.len() as u64, &bytes[..]).map_err(io)?
            }
            Piece::Original(sha256) => match originals.packed(&sha256) {
                Ok(packed) => {
                    let length = packed.metadata().map_err(io)?.len();
                    add(&mut archive, &format!("originals/{sha256}.zst"), length, packed).map_err(io)?;
                }
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => missing.push(sha256),
                Err(error) => return Err(error),
            },
        }
    }
    let mut file = archive.into_inner().and_then(zstd::Encoder::finish).and_then(lock::Writer::finish).map_err(io)?;
    file.flush().map_err(io)?;
    file.get_ref().sync_all().map_err(io)?;
    Ok(missing)
}

fn add(archive: &mut tar::Builder<impl Write>, name: &str, length: u64, from: impl io::Read) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(length);
    header.set_mode(0o600);
    header.set_mtime(0);
    archive.append_data(&mut header, name, from)
}
