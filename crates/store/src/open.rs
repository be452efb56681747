//! Opening a store: folder or database URL, lock, migrations, and what each connection is told.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::any::{Any, AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::{AnyPool, ConnectOptions, Executor, SqlSafeStr, Transaction};

use crate::dialect::Dialect;
use crate::originals::{Originals, OriginalsPlace};
use crate::{Error, Result, audit, sql};

/// The migrations, forward only. A file that was released is never edited.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../migrations/0001_first.sql")),
    (4, "retention", include_str!("../migrations/0004_retention.sql")),
    (10, "why_nothing_came", include_str!("../migrations/0010_why_nothing_came.sql")),
    (20, "doors", include_str!("../migrations/0020_doors.sql")),
];

/// Connections that read. One writes where the database is SQLite.
const READERS: u32 = 8;
const POSTGRES_WRITERS: u32 = 8;

/// All that Cảnh Giác remembers. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    dialect: Dialect,
    write: AnyPool,
    read: AnyPool,
    originals: Originals,
    /// Events of reading on their way into the audit chain.
    waiting: audit::Waiting,
    /// Held open: the lock falls with it, also when the process is killed.
    _lock: Option<File>,
}

impl Store {
    /// Opens the store for reading and writing and brings it to this version; a new one begins its audit chain.
    /// `data` is a folder (made when it is not there) or a `postgres://` URL; then originals go to `originals` of the
    /// working folder unless [`Store::open_with_originals`] names another one.
    ///
    /// # Errors
    /// `Locked` while another process writes to the folder, `Newer` for a store of a newer program, `Io`, `Database`.
    pub async fn open(data: &str, now_ms: i64) -> Result<Store> {
        Store::open_with_originals(data, originals_of(data), now_ms).await
    }

    /// As [`Store::open`], with the place of originals named.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with_originals(data: &str, originals: impl Into<OriginalsPlace>, now_ms: i64) -> Result<Store> {
        let (dialect, lock) = if is_url(data) {
            (Dialect::Postgres, None)
        } else {
            let folder = Path::new(data);
            std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
            (Dialect::Sqlite, Some(lock(folder)?))
        };
        let originals = Originals::open(&originals.into())?;
        if lock.is_some() {
            originals.sweep()?;
        }
        let url = url(data, dialect, "rwc")?;
        let writers = if dialect == Dialect::Sqlite { 1 } else { POSTGRES_WRITERS };
        let write = pool(&url, dialect, false, writers).await?;
        migrate(&write, dialect).await?;
        let read = pool(&url, dialect, true, READERS).await?;
        let store = Store {
            inner: Arc::new(Inner { dialect, write, read, originals, waiting: Default::default(), _lock: lock }),
        };
        let mut tx = store.write().await?;
        audit::begin_chain(&mut tx, now_ms).await?;
        tx.commit().await?;
        tracing::info!(database = ?dialect, "store opened");
        Ok(store)
    }

    /// Opens the store for reading only, also while another process writes to it. Methods that write fail.
    ///
    /// # Errors
    /// `Absent` when there is none, `Newer`, `Database`.
    pub async fn open_to_read(data: &str) -> Result<Store> {
        Store::open_to_read_with_originals(data, originals_of(data)).await
    }

    /// As [`Store::open_to_read`], with the place of originals named.
    ///
    /// # Errors
    /// As [`Store::open_to_read`].
    pub async fn open_to_read_with_originals(data: &str, originals: impl Into<OriginalsPlace>) -> Result<Store> {
        let dialect = if is_url(data) { Dialect::Postgres } else { Dialect::Sqlite };
        if dialect == Dialect::Sqlite && !database_file(data).is_file() {
            return Err(Error::Absent(data.to_owned()));
        }
        let url = url(data, dialect, "rw")?;
        let read = pool(&url, dialect, true, READERS).await?;
        let known = known_migration();
        match applied(&read, dialect).await? {
            Some(found) if found > known => return Err(Error::Newer { found, known }),
            Some(found) if found == known => {}
            _ => return Err(Error::Absent(data.to_owned())),
        }
        let originals = Originals::at(&originals.into())?;
        let (write, waiting) = (read.clone(), audit::Waiting::default());
        Ok(Store { inner: Arc::new(Inner { dialect, write, read, originals, waiting, _lock: None }) })
    }

    /// Closes the connections and gives the folder free.
    pub async fn close(self) {
        self.inner.read.close().await;
        self.inner.write.close().await;
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    pub(crate) fn waiting(&self) -> &audit::Waiting {
        &self.inner.waiting
    }

    pub(crate) fn originals(&self) -> &Originals {
        &self.inner.originals
    }

    /// A transaction that writes. Dropped without commit, it leaves nothing.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.inner.write.begin_with(self.inner.dialect.begin_write()).await?)
    }

    /// A connection that writes, outside of a transaction: for what a database does only there.
    pub(crate) async fn write_alone(&self) -> Result<PoolConnection<Any>> {
        Ok(self.inner.write.acquire().await?)
    }

    /// A transaction that reads the store as it is at this moment, however long it lasts.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.inner.read.begin_with(self.inner.dialect.begin_snapshot()).await?)
    }

    /// A connection that reads.
    pub(crate) async fn read(&self) -> Result<PoolConnection<Any>> {
        Ok(self.inner.read.acquire().await?)
    }
}

/// Where originals go when nothing else is said.
pub(crate) fn originals_of(data: &str) -> OriginalsPlace {
    (&if is_url(data) { PathBuf::from("originals") } else { Path::new(data).join("originals") }).into()
}

pub(crate) fn is_url(data: &str) -> bool {
    data.starts_with("postgres://") || data.starts_with("postgresql://")
}

fn database_file(folder: &str) -> PathBuf {
    Path::new(folder).join("canhgiac.sqlite")
}

fn url(data: &str, dialect: Dialect, mode: &str) -> Result<String> {
    if dialect == Dialect::Postgres {
        return Ok(data.to_owned());
    }
    let folder = Path::new(data);
    let folder = std::path::absolute(folder).map_err(|error| Error::io(folder, error))?;
    let file = database_file(&folder.to_string_lossy());
    let path: String = file
        .to_string_lossy()
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    Ok(format!("sqlite://{path}?mode={mode}"))
}

/// Takes the folder for this process. The system gives the lock free when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("canhgiac.lock");
    let io = |error| Error::io(&path, error);
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // The number only helps the reader of the message; without it the refusal stands.
            let _ = file.read_to_string(&mut pid);
            let pid = if pid.trim().is_empty() { "?".to_owned() } else { pid.trim().to_owned() };
            return Err(Error::Locked { folder: folder.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    file.set_len(0).map_err(io)?;
    file.rewind().map_err(io)?;
    writeln!(file, "{}", std::process::id()).map_err(io)?;
    Ok(file)
}

async fn pool(url: &str, dialect: Dialect, read_only: bool, connections: u32) -> Result<AnyPool> {
    sqlx::any::install_default_drivers();
    let options: AnyConnectOptions = url.parse()?;
    // Statements would be logged with slow ones as warnings; values are never part of them, yet nobody asks for it.
    let options = options.disable_statement_logging();
    let words = dialect.on_connect(read_only);
    let pool = AnyPoolOptions::new()
        .max_connections(connections)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(words).await?;
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// The last migration that was applied; none in an empty database.
async fn applied(pool: &AnyPool, dialect: Dialect) -> Result<Option<i64>> {
    let mut db = pool.acquire().await?;
    if sql::count(&mut db, dialect.has_table(), ["_sqlx_migrations".into()]).await? == 0 {
        return Ok(None);
    }
    let row = sql::row(&mut db, "SELECT MAX(version) AS n FROM _sqlx_migrations", []).await?;
    row.map_or(Ok(None), |row| sql::int_or_none(&row, "n"))
}

/// The last step of migration that this program knows.
pub(crate) fn known_migration() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, ..)| *version)
}

async fn migrate(pool: &AnyPool, dialect: Dialect) -> Result<()> {
    let known = known_migration();
    if let Some(found) = applied(pool, dialect).await?
        && found > known
    {
        return Err(Error::Newer { found, known });
    }
    migrate_upto(pool, known).await
}

/// Applies the steps up to one of them.
async fn migrate_upto(pool: &AnyPool, last: i64) -> Result<()> {
    let migrations = MIGRATIONS
        .iter()
        .filter(|(version, ..)| *version <= last)
        .map(|(version, name, text)| {
            Migration::new(*version, (*name).into(), MigrationType::Simple, text.into_sql_str(), false)
        })
        .collect();
    Migrator::with_migrations(migrations).run(pool).await?;
    Ok(())
}

/// A database with one connection that writes and no store around it: an empty one that a backup goes into, or one
/// whose store another process holds.
pub(crate) struct Target {
    pub dialect: Dialect,
    pool: AnyPool,
    _lock: Option<File>,
}

impl Target {
    /// The database of a store of this version. The databases' own locks keep single transactions apart.
    pub(crate) async fn existing(data: &str) -> Result<Target> {
        let dialect = if is_url(data) { Dialect::Postgres } else { Dialect::Sqlite };
        if dialect == Dialect::Sqlite && !database_file(data).is_file() {
            return Err(Error::Absent(data.to_owned()));
        }
        let pool = pool(&url(data, dialect, "rw")?, dialect, false, 1).await?;
        match applied(&pool, dialect).await? {
            Some(found) if found == known_migration() => Ok(Target { dialect, pool, _lock: None }),
            Some(found) if found > known_migration() => Err(Error::Newer { found, known: known_migration() }),
            _ => Err(Error::Absent(data.to_owned())),
        }
    }

    /// Makes it; refuses a database that holds anything.
    pub(crate) async fn new(data: &str, migration: i64) -> Result<Target> {
        let dialect = if is_url(data) { Dialect::Postgres } else { Dialect::Sqlite };
        let mut held = None;
        if dialect == Dialect::Sqlite {
            let folder = Path::new(data);
            std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
            held = Some(lock(folder)?);
        }
        let pool = pool(&url(data, dialect, "rwc")?, dialect, false, 1).await?;
        // What a restore that was cut short left is steps of migration without a row; anything else is a store.
        if let Some(found) = applied(&pool, dialect).await?
            && (found != migration
                || sql::count(&mut *pool.acquire().await?, "SELECT COUNT(*) AS n FROM audit", []).await? > 0)
        {
            return Err(Error::Backup(
                "cơ sở dữ liệu đích không trống; hãy khôi phục vào cơ sở dữ liệu mới".to_owned(),
            ));
        }
        migrate_upto(&pool, migration).await?;
        Ok(Target { dialect, pool, _lock: held })
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.pool.begin_with(self.dialect.begin_write()).await?)
    }

    pub(crate) async fn close(self) {
        self.pool.close().await;
    }
}
