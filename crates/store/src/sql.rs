//! Small help for statements over the `Any` driver: typed cells, statements built from fixed pieces, rows read by
//! name, and many rows in one statement.

use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::{Error, Result};

/// A value that is bound to a statement.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Text(Option<String>),
    Int(Option<i64>),
    Real(f64),
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Cell::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Cell {
    fn from(value: &String) -> Self {
        Cell::Text(Some(value.clone()))
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Cell::Text(Some(value))
    }
}

impl From<Option<String>> for Cell {
    fn from(value: Option<String>) -> Self {
        Cell::Text(value)
    }
}

impl From<&Option<String>> for Cell {
    fn from(value: &Option<String>) -> Self {
        Cell::Text(value.clone())
    }
}

impl From<Option<&str>> for Cell {
    fn from(value: Option<&str>) -> Self {
        Cell::Text(value.map(str::to_owned))
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Cell::Int(Some(value))
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Cell::Int(Some(i64::from(value)))
    }
}

impl From<u8> for Cell {
    fn from(value: u8) -> Self {
        Cell::Int(Some(i64::from(value)))
    }
}

impl From<Option<i64>> for Cell {
    fn from(value: Option<i64>) -> Self {
        Cell::Int(value)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Cell::Real(value)
    }
}

fn bind(query: Query<'_, Any, AnyArguments>, cell: Cell) -> Query<'_, Any, AnyArguments> {
    match cell {
        Cell::Text(value) => query.bind(value),
        Cell::Int(value) => query.bind(value),
        Cell::Real(value) => query.bind(value),
    }
}

/// A statement built from fixed pieces. Only `&'static str` and numbered placeholders enter its text, so nothing that
/// a person typed can.
#[derive(Debug)]
pub(crate) struct Sql {
    text: String,
    cells: Vec<Cell>,
}

impl Sql {
    /// Begins with a piece that may already hold `$1 … $n` for the cells given.
    pub(crate) fn new(text: &'static str, cells: impl IntoIterator<Item = Cell>) -> Self {
        Sql { text: text.to_owned(), cells: cells.into_iter().collect() }
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &'static str) -> &mut Self {
        self.text.push_str(piece);
        self
    }

    /// Adds the name of a table or column. Only what can be nothing else is taken.
    pub(crate) fn name(&mut self, name: &str) -> Result<&mut Self> {
        let is_plain = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_plain {
            return Err(Error::corrupt("tên", name, "không phải tên bảng hay cột"));
        }
        self.text.push_str(name);
        Ok(self)
    }

    /// Adds a placeholder for a value.
    pub(crate) fn bind(&mut self, cell: impl Into<Cell>) -> &mut Self {
        self.cells.push(cell.into());
        self.text.push('$');
        self.text.push_str(&self.cells.len().to_string());
        self
    }

    /// Adds a piece and a placeholder when there is a value.
    pub(crate) fn when(&mut self, piece: &'static str, value: Option<impl Into<Cell>>) -> &mut Self {
        if let Some(value) = value {
            self.push(piece).bind(value);
        }
        self
    }

    /// Adds `(a, b), (c, d)` for rows of `width` cells.
    pub(crate) fn tuples(&mut self, width: usize, cells: impl IntoIterator<Item = Cell>) -> &mut Self {
        for (n, cell) in cells.into_iter().enumerate() {
            match n % width {
                0 if n == 0 => self.text.push('('),
                0 => self.text.push_str("), ("),
                _ => self.text.push_str(", "),
            }
            self.bind(cell);
        }
        self.push(")")
    }

    fn query(&mut self) -> Query<'static, Any, AnyArguments> {
        let cells = std::mem::take(&mut self.cells);
        cells.into_iter().fold(sqlx::query(AssertSqlSafe(std::mem::take(&mut self.text))), bind)
    }

    /// Runs it; the number of rows that it changed.
    pub(crate) async fn run(&mut self, db: &mut AnyConnection) -> Result<u64> {
        Ok(self.query().execute(db).await?.rows_affected())
    }

    /// All its rows.
    pub(crate) async fn rows(&mut self, db: &mut AnyConnection) -> Result<Vec<AnyRow>> {
        Ok(self.query().fetch_all(db).await?)
    }

    /// Its first row.
    pub(crate) async fn row(&mut self, db: &mut AnyConnection) -> Result<Option<AnyRow>> {
        Ok(self.query().fetch_optional(db).await?)
    }
}

/// Runs a fixed statement; the number of rows that it changed.
pub(crate) async fn run<const N: usize>(db: &mut AnyConnection, text: &'static str, cells: [Cell; N]) -> Result<u64> {
    let query = cells.into_iter().fold(sqlx::query(text), bind);
    Ok(query.execute(db).await?.rows_affected())
}

/// All rows of a fixed statement.
pub(crate) async fn rows<const N: usize>(
    db: &mut AnyConnection,
    text: &'static str,
    cells: [Cell; N],
) -> Result<Vec<AnyRow>> {
    Ok(cells.into_iter().fold(sqlx::query(text), bind).fetch_all(db).await?)
}

/// First row of a fixed statement.
pub(crate) async fn row<const N: usize>(
    db: &mut AnyConnection,
    text: &'static str,
    cells: [Cell; N],
) -> Result<Option<AnyRow>> {
    Ok(cells.into_iter().fold(sqlx::query(text), bind).fetch_optional(db).await?)
}

/// The number in column `n` of the only row of a counting statement.
pub(crate) async fn count<const N: usize>(db: &mut AnyConnection, text: &'static str, cells: [Cell; N]) -> Result<u64> {
    let row = row(db, text, cells).await?;
    Ok(row.map(|row| int(&row, "n")).transpose()?.map_or(0, |n| u64::try_from(n).unwrap_or(0)))
}

/// Rows of one statement. More gain nothing and fewer cost a round trip each.
const ROWS_OF_A_STATEMENT: usize = 64;
/// Most values of an `INSERT`. The driver asks SQLite for the name of every parameter, which walks all names before it:
/// the cost of a statement grows with the square of its values.
const CELLS_OF_A_STATEMENT: usize = 256;

/// Inserts rows with as few statements as there are powers of two in their number, so that each table needs only
/// seven prepared statements. `into` is `INSERT INTO t (…) VALUES `, `tail` what follows the rows.
pub(crate) async fn insert(
    db: &mut AnyConnection,
    into: &'static str,
    tail: &'static str,
    width: usize,
    cells: Vec<Cell>,
) -> Result<u64> {
    let mut changed = 0;
    let mut left = cells.len() / width.max(1);
    let mut cells = cells.into_iter();
    let mut size = ROWS_OF_A_STATEMENT;
    while size > 1 && size * width > CELLS_OF_A_STATEMENT {
        size /= 2;
    }
    while left > 0 {
        while size > left {
            size /= 2;
        }
        let mut statement = Sql::new(into, []);
        statement.tuples(width, cells.by_ref().take(size * width)).push(tail);
        changed += statement.run(db).await?;
        left -= size;
    }
    Ok(changed)
}

/// A text column.
pub(crate) fn text(row: &AnyRow, column: &str) -> Result<String> {
    Ok(row.try_get::<String, _>(column)?)
}

/// A text column that may be null.
pub(crate) fn text_or_none(row: &AnyRow, column: &str) -> Result<Option<String>> {
    Ok(row.try_get::<Option<String>, _>(column)?)
}

/// A whole number.
pub(crate) fn int(row: &AnyRow, column: &str) -> Result<i64> {
    Ok(row.try_get::<i64, _>(column)?)
}

/// A whole number that may be null.
pub(crate) fn int_or_none(row: &AnyRow, column: &str) -> Result<Option<i64>> {
    Ok(row.try_get::<Option<i64>, _>(column)?)
}

/// A whole number that is not negative.
pub(crate) fn natural<T: TryFrom<i64> + Default>(row: &AnyRow, column: &str) -> Result<T> {
    Ok(T::try_from(int(row, column)?).unwrap_or_default())
}

/// A number.
pub(crate) fn real(row: &AnyRow, column: &str) -> Result<f64> {
    Ok(row.try_get::<f64, _>(column)?)
}

/// An id of a closed list.
pub(crate) fn id_of<T: std::str::FromStr<Err = model::UnknownId>>(row: &AnyRow, column: &str) -> Result<T> {
    let id = text(row, column)?;
    id.parse().map_err(|error| Error::corrupt("mã", column, error))
}

/// JSON text of a column.
pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T> {
    let body = text(row, column)?;
    serde_json::from_str(&body).map_err(|error| Error::corrupt("JSON", column, error))
}

/// As JSON text.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::corrupt("JSON", "", error))
}

/// A new id: UUIDv7, in order of time.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
