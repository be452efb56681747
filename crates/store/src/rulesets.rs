//! Rulesets as they were, for ever; and saved settings.

use model::Refusal;
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::{Error, Result, Store, audit, sql};

/// A recorded ruleset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesetRow {
    /// SHA-256 of its files, as the rules name it.
    pub id: String,
    /// When it was recorded.
    pub recorded_at_ms: i64,
    /// Who recorded it.
    pub recorded_by: String,
    /// When it was published last.
    pub published_at_ms: Option<i64>,
    /// Whether it is in force.
    pub current: bool,
    /// Its files: path and SHA-256, by path.
    pub files: Vec<(String, String)>,
}

/// Setting that names the ruleset in force.
const CURRENT: &str = "rules.current";

/// Puts a recorded ruleset in force inside a transaction.
pub(crate) async fn publish(db: &mut AnyConnection, by: &str, id: &str, now_ms: i64) -> Result<()> {
    let known =
        sql::run(db, "UPDATE rulesets SET published_at_ms = $2 WHERE id = $1", [id.into(), now_ms.into()]).await?;
    if known == 0 {
        return Err(Error::missing("bộ quy tắc", id));
    }
    let before = setting(db, CURRENT).await?;
    put_setting(db, CURRENT, id).await?;
    audit::append(db, by, "rules.publish", id, &json!({ "before": before }), now_ms).await?;
    Ok(())
}

/// A saved setting.
pub(crate) async fn setting(db: &mut AnyConnection, name: &str) -> Result<Option<String>> {
    let row = sql::row(db, "SELECT value FROM settings WHERE name = $1", [name.into()]).await?;
    row.map(|row| sql::text(&row, "value")).transpose()
}

/// Saves a setting.
pub(crate) async fn put_setting(db: &mut AnyConnection, name: &str, value: &str) -> Result<()> {
    sql::run(
        db,
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name.into(), value.into()],
    )
    .await?;
    Ok(())
}

impl RulesetRow {
    fn read(row: &AnyRow, current: Option<&str>) -> Result<RulesetRow> {
        let id = sql::text(row, "id")?;
        Ok(RulesetRow {
            recorded_at_ms: sql::int(row, "recorded_at_ms")?,
            recorded_by: sql::text(row, "recorded_by")?,
            published_at_ms: sql::int_or_none(row, "published_at_ms")?,
            current: current == Some(id.as_str()),
            files: sql::json(row, "files")?,
            id,
        })
    }
}

impl Store {
    /// Records a ruleset with its files (path, bytes), each kept by hash. Recording it again changes nothing.
    ///
    /// # Errors
    /// `Io`, `Database`.
    pub async fn record_ruleset(&self, by: &str, id: &str, files: &[(String, Vec<u8>)], now_ms: i64) -> Result<()> {
        let mut kept = Vec::with_capacity(files.len());
        for (path, bytes) in files {
            kept.push((path.clone(), self.keep_original(bytes).await?.sha256));
        }
        kept.sort();
        let mut tx = self.write().await?;
        let new = sql::run(
            &mut tx,
            "INSERT INTO rulesets (id, recorded_at_ms, recorded_by, files) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO NOTHING",
            [id.into(), now_ms.into(), by.into(), sql::to_json(&kept)?.into()],
        )
        .await?;
        if new == 1 {
            audit::append(&mut tx, by, "rules.record", id, &json!({ "files": kept.len() }), now_ms).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Puts a recorded ruleset in force without a second person: only for the shipped one at the first start.
    ///
    /// # Errors
    /// `Missing`; `Refused` when another is in force already.
    pub async fn publish_first_ruleset(&self, id: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        match setting(&mut tx, CURRENT).await? {
            Some(current) if current == id => Ok(()),
            Some(_) => {
                let reason = "Đã có bộ quy tắc đang dùng; muốn thay phải có người thứ hai duyệt.";
                Err(Refusal::new("second_person", reason).into())
            }
            None => {
                publish(&mut tx, "setup", id, now_ms).await?;
                Ok(tx.commit().await?)
            }
        }
    }

    /// The ruleset in force.
    ///
    /// # Errors
    /// `Database`.
    pub async fn current_ruleset(&self) -> Result<Option<RulesetRow>> {
        let mut db = self.read().await?;
        let row = sql::row(
            &mut db,
            "SELECT r.* FROM rulesets r JOIN settings s ON s.value = r.id AND s.name = 'rules.current'",
            [],
        )
        .await?;
        row.map(|row| RulesetRow::read(&row, Some(&sql::text(&row, "id")?))).transpose()
    }

    /// All recorded rulesets, newest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn rulesets(&self) -> Result<Vec<RulesetRow>> {
        let mut db = self.read().await?;
        let current = setting(&mut db, CURRENT).await?;
        let rows = sql::rows(&mut db, "SELECT * FROM rulesets ORDER BY recorded_at_ms DESC, id", []).await?;
        rows.iter().map(|row| RulesetRow::read(row, current.as_deref())).collect()
    }

    /// The files of a recorded ruleset (path, bytes), by path.
    ///
    /// # Errors
    /// `Missing`, `AlteredOriginal`.
    pub async fn ruleset_files(&self, id: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let row = sql::row(&mut *self.read().await?, "SELECT * FROM rulesets WHERE id = $1", [id.into()]).await?;
        let ruleset = RulesetRow::read(&row.ok_or_else(|| Error::missing("bộ quy tắc", id))?, None)?;
        let mut files = Vec::with_capacity(ruleset.files.len());
        for (path, sha256) in ruleset.files {
            files.push((path, self.original(&sha256).await?));
        }
        Ok(files)
    }

    /// A saved setting.
    ///
    /// # Errors
    /// `Database`.
    pub async fn setting(&self, name: &str) -> Result<Option<String>> {
        setting(&mut *self.read().await?, name).await
    }

    /// Saves a setting. Personal ones are named `user:<id>:<name>`.
    ///
    /// # Errors
    /// `Refused` for the setting that only an approved proposal changes, `Database`.
    pub async fn set_setting(&self, by: &str, name: &str, value: &str, now_ms: i64) -> Result<()> {
        if name == CURRENT || name == crate::retention::RULES {
            return Err(Refusal::new("second_person", "Bộ quy tắc chỉ đổi qua đề nghị được duyệt.").into());
        }
        let mut tx = self.write().await?;
        put_setting(&mut tx, name, value).await?;
        audit::append(&mut tx, by, "setting.set", name, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }
}
