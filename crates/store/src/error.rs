//! What can go wrong in the store, in words for the person who must act.

use std::path::PathBuf;

/// Result of the store.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the store. Nothing was changed when a method returns one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A legal rule forbids it; show the reason.
    #[error(transparent)]
    Refused(#[from] model::Refusal),
    /// There is no such thing (any more).
    #[error("không có {what} `{id}`")]
    Missing {
        /// Kind of thing, in Vietnamese.
        what: &'static str,
        /// The id asked for.
        id: String,
    },
    /// Another process writes to this folder.
    #[error("thư mục {folder} đang được một tiến trình khác ghi (số {pid}); hãy dừng tiến trình đó trước")]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// Process number that the lock names, `?` when unknown.
        pid: String,
    },
    /// The store was written by a newer version of the program.
    #[error(
        "kho dữ liệu thuộc bản mới hơn (bước {found}, chương trình này biết đến bước {known}); hãy nâng cấp chương trình"
    )]
    Newer {
        /// Last migration applied to the store.
        found: i64,
        /// Last migration that this program knows.
        known: i64,
    },
    /// The store has not been created, or has not been brought to this version.
    #[error("chưa có kho dữ liệu ở {0}; hãy chạy lệnh nhập hoặc thu thập trước")]
    Absent(String),
    /// Bytes of an original are not what their hash says.
    #[error("bản gốc {sha256} đã bị thay đổi trên đĩa")]
    AlteredOriginal {
        /// The hash that they should have.
        sha256: String,
    },
    /// Stored JSON or a stored id cannot be read.
    #[error("dòng hỏng trong kho dữ liệu: {what} `{id}`: {detail}")]
    Corrupt {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A backup cannot be made or restored.
    #[error("sao lưu: {0}")]
    Backup(String),
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database refused or is away.
    #[error("cơ sở dữ liệu: {0}")]
    Database(#[from] sqlx::Error),
    /// A step of migration failed.
    #[error("nâng cấp cơ sở dữ liệu: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl Error {
    pub(crate) fn missing(what: &'static str, id: &str) -> Self {
        Error::Missing { what, id: id.to_owned() }
    }

    pub(crate) fn corrupt(what: &'static str, id: &str, detail: impl std::fmt::Display) -> Self {
        Error::Corrupt { what, id: id.to_owned(), detail: detail.to_string() }
    }

    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Error::Io { path: path.to_owned(), source }
    }
}
