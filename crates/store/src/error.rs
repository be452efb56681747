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
    #[error("{path}: {}{source}", in_words(source))]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The disk of the database has no room.
    #[error("đĩa chứa cơ sở dữ liệu đã đầy, không có gì được ghi dở; hãy giải phóng chỗ rồi thử lại ({0})")]
    Full(sqlx::Error),
    /// The database can be read but not written.
    #[error("cơ sở dữ liệu chỉ cho đọc; hãy kiểm tra quyền ghi vào thư mục dữ liệu ({0})")]
    ReadOnly(sqlx::Error),
    /// The database does not answer.
    #[error("không nối được với cơ sở dữ liệu, không có gì được ghi dở; chương trình sẽ thử lại ({0})")]
    Away(sqlx::Error),
    /// Pages of the database are not what they were.
    #[error("tệp của cơ sở dữ liệu bị hỏng trên đĩa; hãy dừng chương trình và khôi phục từ bản sao lưu ({0})")]
    Damaged(sqlx::Error),
    /// The database refused a statement.
    #[error("cơ sở dữ liệu: {0}")]
    Database(sqlx::Error),
    /// A step of migration failed.
    #[error("nâng cấp cơ sở dữ liệu: {0}")]
    Migration(sqlx::migrate::MigrateError),
}

impl Error {
    /// Whether it may go away by itself or by making room: a database that is away, a full disk. What was asked is then
    /// worth asking again later; other errors stay what they are.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Io { source, .. } => source.kind() != std::io::ErrorKind::NotFound,
            Error::Full(_) | Error::ReadOnly(_) | Error::Away(_) | Error::Database(_) => true,
            _ => false,
        }
    }

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

/// What a person can do about it, before what the system says.
fn in_words(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "đĩa đã đầy; hãy giải phóng chỗ, chương trình sẽ thử lại: "
        }
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => {
            "không ghi được vào đây; hãy kiểm tra quyền: "
        }
        _ => "",
    }
}

impl From<sqlx::Error> for Error {
    /// Tells apart what a person can do something about. Codes: <https://www.sqlite.org/rescode.html> (the extended
    /// ones hold the primary one in their low byte), PostgreSQL's appendix A of error codes.
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Database(database) => database.code().unwrap_or_default().into_owned(),
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                return Error::Away(error);
            }
            _ => return Error::Database(error),
        };
        match (code.as_str(), code.parse::<u32>().map(|code| code & 0xff)) {
            ("53100", _) => Error::Full(error),
            ("25006", _) => Error::ReadOnly(error),
            ("XX001" | "XX002", _) => Error::Damaged(error),
            ("57P01" | "57P02" | "57P03", _) => Error::Away(error),
            (sqlstate, _) if sqlstate.len() == 5 => Error::Database(error),
            (_, Ok(13)) => Error::Full(error),
            (_, Ok(8 | 14)) => Error::ReadOnly(error),
            (_, Ok(5 | 10)) => Error::Away(error),
            (_, Ok(11 | 26)) => Error::Damaged(error),
            _ => Error::Database(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            error => Error::Migration(error),
        }
    }
}
