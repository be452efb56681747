//! The few places where SQLite and PostgreSQL need different words.

/// Which database is behind the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// One folder, one writing process.
    Sqlite,
    /// Many processes.
    Postgres,
}

impl Dialect {
    /// How a transaction that writes for ever begins. SQLite must take its write lock at once: a transaction that
    /// reads first and writes later fails when another one wrote in between.
    pub(crate) fn begin_write(self) -> &'static str {
        match self {
            Dialect::Sqlite => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        }
    }

    /// How a transaction begins that sees one moment.
    pub(crate) fn begin_snapshot(self) -> &'static str {
        match self {
            Dialect::Sqlite => "BEGIN DEFERRED",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Every column of every table, in order, as `in_table`, `name` and `kind`.
    pub(crate) fn columns(self) -> &'static str {
        match self {
            Dialect::Sqlite => {
                "SELECT t.name AS in_table, c.name AS name, c.type AS kind FROM sqlite_master t \
                 JOIN pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid"
            }
            Dialect::Postgres => {
                "SELECT table_name::text AS in_table, column_name::text AS name, data_type::text AS kind \
                 FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations' \
                 ORDER BY table_name, ordinal_position"
            }
        }
    }

    /// How a transaction that can be made again begins: its commit does not wait for the disk.
    pub(crate) fn begin_write_again(self) -> &'static str {
        match self {
            Dialect::Sqlite => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN; SET LOCAL synchronous_commit = off",
        }
    }

    /// Ends a `SELECT` that picks rows for a lease. SQLite has one writer and needs nothing.
    pub(crate) fn skip_locked(self) -> &'static str {
        match self {
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Counts the tables of the name `$1`, as `n`.
    pub(crate) fn has_table(self) -> &'static str {
        match self {
            Dialect::Sqlite => "SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table' AND name = $1",
            Dialect::Postgres => {
                "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1"
            }
        }
    }

    /// What a connection is told when it opens. FULL: a commit is on the disk before it is answered.
    pub(crate) fn on_connect(self, read_only: bool) -> &'static str {
        match (self, read_only) {
            (Dialect::Sqlite, false) => {
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; \
                 PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864"
            }
            (Dialect::Sqlite, true) => {
                "PRAGMA busy_timeout = 10000; PRAGMA query_only = 1; PRAGMA cache_size = -32768; \
                 PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456"
            }
            (Dialect::Postgres, false) => "SET synchronous_commit = on",
            (Dialect::Postgres, true) => "SET default_transaction_read_only = on",
        }
    }
}
