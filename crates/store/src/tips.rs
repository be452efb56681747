//! Citizens' tips: what is known of them beside their posts, and the pictures that people bring.
//!
//! A tip's text is a post of the source [`TIPS`] with the tip's id; what its sender adds later are further posts of
//! that thread. The contact stands apart and sealed. Deliberately absent: anything that says where a tip came from.

use serde_json::json;
use sqlx::any::AnyRow;

use crate::people::{may_run, person};
use crate::{CaptureRow, Error, Result, Store, audit, sql};

/// The source of tips.
pub const TIPS: &str = "tip";

/// A tip as it comes in.
#[derive(Clone, Debug)]
pub struct NewTip {
    /// Its id, also the native id of its post.
    pub id: String,
    /// SHA-256 of the receipt code.
    pub code_sha256: String,
    /// Whether the sender says that somebody is in danger now.
    pub in_danger: bool,
    /// The sealed contact, where one was given.
    pub sealed_contact: Option<String>,
}

/// A tip as the people who read it see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipRow {
    /// Its id.
    pub id: String,
    /// The post of its text.
    pub post_id: String,
    /// Its text.
    pub text: String,
    /// The address that it names.
    pub url: Option<String>,
    /// The capture of its text.
    pub capture_id: String,
    /// Whether the sender says that somebody is in danger now.
    pub in_danger: bool,
    /// Whether a contact was given.
    pub has_contact: bool,
    /// When it came.
    pub received_at_ms: i64,
    /// When it was first read.
    pub read_at_ms: Option<i64>,
    /// What its sender added: when, text.
    pub added: Vec<(i64, String)>,
    /// What was answered.
    pub answers: Vec<TipAnswer>,
}

/// An answer for the sender of a tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipAnswer {
    /// When.
    pub at_ms: i64,
    /// What.
    pub text: String,
}

/// What the holder of a receipt code may see: never the tip itself, since codes get into other hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipStanding {
    /// The tip.
    pub id: String,
    /// When it came.
    pub received_at_ms: i64,
    /// When it was first read.
    pub read_at_ms: Option<i64>,
    /// What was answered.
    pub answers: Vec<TipAnswer>,
}

impl TipAnswer {
    fn read(row: &AnyRow) -> Result<TipAnswer> {
        Ok(TipAnswer { at_ms: sql::int(row, "at_ms")?, text: sql::text(row, "text")? })
    }
}

impl Store {
    /// Writes down a tip whose post is recorded.
    ///
    /// # Errors
    /// `Database`.
    pub async fn put_tip(&self, tip: &NewTip, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        sql::run(
            &mut tx,
            "INSERT INTO tips (id, code_sha256, danger_at_ms, received_at_ms) VALUES ($1, $2, $3, $4)",
            [(&tip.id).into(), (&tip.code_sha256).into(), tip.in_danger.then_some(now_ms).into(), now_ms.into()],
        )
        .await?;
        if let Some(sealed) = &tip.sealed_contact {
            sql::run(
                &mut tx,
                "INSERT INTO tip_contacts (tip_id, sealed, at_ms) VALUES ($1, $2, $3)",
                [(&tip.id).into(), sealed.into(), now_ms.into()],
            )
            .await?;
        }
        let detail = json!({ "in_danger": tip.in_danger, "contact": tip.sealed_contact.is_some() });
        audit::append(&mut tx, "tip", "tip.receive", &tip.id, &detail, now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// The newest tips; those with somebody in danger and not yet read stand first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn tips(&self, limit: u32) -> Result<Vec<TipRow>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT t.id, t.danger_at_ms, t.received_at_ms, t.read_at_ms, p.id AS post_id, p.text, p.url, \
             p.capture_id, (SELECT COUNT(*) FROM tip_contacts c WHERE c.tip_id = t.id) AS contacts \
             FROM tips t JOIN posts p ON p.source = 'tip' AND p.native_id = t.id \
             ORDER BY CASE WHEN t.danger_at_ms IS NOT NULL AND t.read_at_ms IS NULL THEN 0 ELSE 1 END, t.id DESC \
             LIMIT $1",
            [limit.into()],
        )
        .await?;
        let mut tips = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = sql::text(row, "id")?;
            let added = sql::rows(
                &mut db,
                "SELECT first_seen_at_ms, text FROM posts WHERE source = 'tip' AND thread = $1 AND native_id <> $1 \
                 ORDER BY id",
                [(&id).into()],
            )
            .await?;
            let added = added.iter().map(|row| Ok((sql::int(row, "first_seen_at_ms")?, sql::text(row, "text")?)));
            tips.push(TipRow {
                post_id: sql::text(row, "post_id")?,
                text: sql::text(row, "text")?,
                url: sql::text_or_none(row, "url")?,
                capture_id: sql::text(row, "capture_id")?,
                in_danger: sql::int_or_none(row, "danger_at_ms")?.is_some(),
                has_contact: sql::int(row, "contacts")? > 0,
                received_at_ms: sql::int(row, "received_at_ms")?,
                read_at_ms: sql::int_or_none(row, "read_at_ms")?,
                added: added.collect::<Result<_>>()?,
                answers: self.tip_answers(&id).await?,
                id,
            });
        }
        Ok(tips)
    }

    async fn tip_answers(&self, tip_id: &str) -> Result<Vec<TipAnswer>> {
        let mut db = self.read().await?;
        let select = "SELECT at_ms, text FROM tip_answers WHERE tip_id = $1 ORDER BY id";
        sql::rows(&mut db, select, [tip_id.into()]).await?.iter().map(TipAnswer::read).collect()
    }

    /// Tips that nobody has read.
    ///
    /// # Errors
    /// `Database`.
    pub async fn unread_tips(&self) -> Result<u64> {
        sql::count(&mut *self.read().await?, "SELECT COUNT(*) AS n FROM tips WHERE read_at_ms IS NULL", []).await
    }

    /// The tip behind a receipt code.
    ///
    /// # Errors
    /// `Database`.
    pub async fn tip_by_code(&self, code_sha256: &str) -> Result<Option<TipStanding>> {
        let select = "SELECT id, received_at_ms, read_at_ms FROM tips WHERE code_sha256 = $1";
        let row = sql::row(&mut *self.read().await?, select, [code_sha256.into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let id = sql::text(&row, "id")?;
        Ok(Some(TipStanding {
            received_at_ms: sql::int(&row, "received_at_ms")?,
            read_at_ms: sql::int_or_none(&row, "read_at_ms")?,
            answers: self.tip_answers(&id).await?,
            id,
        }))
    }

    /// Writes down that a person has read a tip.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn read_tip(&self, by: &str, id: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(model::Act::ReadQueue)?;
        let changed = sql::run(
            &mut tx,
            "UPDATE tips SET read_at_ms = COALESCE(read_at_ms, $2), read_by = COALESCE(read_by, $3) WHERE id = $1",
            [id.into(), now_ms.into(), by.into()],
        )
        .await?;
        if changed == 0 {
            return Err(Error::missing("tin báo", id));
        }
        audit::append(&mut tx, by, "tip.read", id, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Answers the sender of a tip, who sees it with the receipt code.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn answer_tip(&self, by: &str, id: &str, text: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(model::Act::ReadQueue)?;
        if sql::count(&mut tx, "SELECT COUNT(*) AS n FROM tips WHERE id = $1", [id.into()]).await? == 0 {
            return Err(Error::missing("tin báo", id));
        }
        sql::run(
            &mut tx,
            "INSERT INTO tip_answers (id, tip_id, text, by_user, at_ms) VALUES ($1, $2, $3, $4, $5)",
            [sql::new_id().into(), id.into(), text.into(), by.into(), now_ms.into()],
        )
        .await?;
        audit::append(&mut tx, by, "tip.answer", id, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// The sealed contact of a tip, for a person who may reveal; the audit chain knows before it is given.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn tip_contact(&self, by: &str, id: &str, now_ms: i64) -> Result<String> {
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(model::Act::Reveal)?;
        let row = sql::row(&mut tx, "SELECT sealed FROM tip_contacts WHERE tip_id = $1", [id.into()]).await?;
        let sealed = sql::text(&row.ok_or_else(|| Error::missing("liên hệ của tin báo", id))?, "sealed")?;
        audit::append(&mut tx, by, "tip.contact", id, &json!({}), now_ms).await?;
        tx.commit().await?;
        Ok(sealed)
    }

    /// Joins a kept picture to the capture of the text that it came with.
    ///
    /// # Errors
    /// `Database`.
    pub async fn put_picture(&self, capture_id: &str, picture_id: &str) -> Result<()> {
        let mut tx = self.write().await?;
        sql::run(
            &mut tx,
            "INSERT INTO pictures (capture_id, picture_id) VALUES ($1, $2) ON CONFLICT (capture_id, picture_id) DO NOTHING",
            [capture_id.into(), picture_id.into()],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// The captures of the pictures that came with a capture.
    ///
    /// # Errors
    /// `Database`.
    pub async fn pictures_of(&self, capture_id: &str) -> Result<Vec<String>> {
        let select = "SELECT picture_id FROM pictures WHERE capture_id = $1 ORDER BY picture_id";
        let rows = sql::rows(&mut *self.read().await?, select, [capture_id.into()]).await?;
        rows.iter().map(|row| sql::text(row, "picture_id")).collect()
    }

    /// A picture that somebody brought, for a person who asked to see it; the audit chain knows before it is given.
    ///
    /// # Errors
    /// `Missing` when the capture is no picture, `Refused`.
    pub async fn picture(&self, by: &str, picture_id: &str, now_ms: i64) -> Result<(CaptureRow, Vec<u8>)> {
        let mut tx = self.write().await?;
        may_run(&mut tx, by, model::Act::Reveal).await?;
        let known = "SELECT COUNT(*) AS n FROM pictures WHERE picture_id = $1";
        if sql::count(&mut tx, known, [picture_id.into()]).await? == 0 {
            return Err(Error::missing("ảnh", picture_id));
        }
        audit::append(&mut tx, by, "picture.reveal", picture_id, &json!({}), now_ms).await?;
        tx.commit().await?;
        let row = self.capture(picture_id).await?;
        let bytes = self.original(&row.sha256).await?;
        Ok((row, bytes))
    }
}
