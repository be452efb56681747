//! Posts: one with its versions, many for followers, search hits and exports.

use std::collections::HashMap;

use model::{Post, Stance};
use serde::Serialize;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::record::{families_of, last};
use crate::sql::Sql;
use crate::writing::Extra;
use crate::{Error, Page, Result, Store, sql};

/// A post in the store, with its current text.
#[derive(Clone, Debug, PartialEq)]
pub struct PostRow {
    /// Its id.
    pub id: String,
    /// Sequence number of its last change; grows in the order of commits.
    pub seq: i64,
    /// Source with identity parameters.
    pub source: String,
    /// The id that the site gives it.
    pub native_id: String,
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// Author as shown.
    pub author: Option<String>,
    /// Author's id.
    pub author_id: Option<String>,
    /// When it was posted.
    pub posted_at_ms: Option<i64>,
    /// When the site says it was edited.
    pub edited_at_ms: Option<i64>,
    /// First post of its thread.
    pub thread: Option<String>,
    /// Post that it answers.
    pub parent: Option<String>,
    /// Place field of the site.
    pub place: Option<String>,
    /// Price field of the site.
    pub price: Option<String>,
    /// Addresses that it links to.
    pub links: Vec<String>,
    /// Capture of the current version.
    pub capture_id: String,
    /// Byte range in that capture.
    pub bytes: Option<(u64, u64)>,
    /// When it was first seen.
    pub first_seen_at_ms: i64,
    /// When the current text was first seen.
    pub version_at_ms: i64,
    /// When it was last seen.
    pub last_seen_at_ms: i64,
    /// When it was found gone.
    pub gone_at_ms: Option<i64>,
    /// Number of the current version, from 1.
    pub version: u32,
    /// Stance of the last assessment.
    pub stance: Option<Stance>,
    /// Ruleset of the last assessment.
    pub ruleset: Option<String>,
    /// Points of the last assessment.
    pub points: i64,
    /// Families at or above their threshold in the last assessment, strongest first.
    pub families: Vec<String>,
    /// Its campaign, when it has findings.
    pub campaign_id: Option<String>,
    /// When it was erased; then only its identity is left.
    pub erased_at_ms: Option<i64>,
}

/// A text that a post had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// Title then.
    pub title: Option<String>,
    /// Text then.
    pub text: String,
    /// When it was first seen.
    pub seen_at_ms: i64,
    /// The capture that holds it.
    pub capture_id: String,
}

/// A stored post as `canhgiac posts` prints it; field names and order are the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedPost {
    /// Source with identity parameters.
    pub source: String,
    /// The id that the site gives it.
    pub native_id: String,
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// Author as shown.
    pub author: Option<String>,
    /// RFC 3339 with milliseconds, UTC.
    pub posted_at: Option<String>,
    /// When the capture of the current version was fetched.
    pub collected_at: String,
    /// SHA-256 of the capture.
    pub sha256: String,
    /// When it was found gone.
    pub gone_at: Option<String>,
    /// Every text in the order seen, the first included.
    pub versions: Vec<ExportedVersion>,
    /// First post of its thread.
    pub thread: Option<String>,
    /// Post that it answers.
    pub parent: Option<String>,
}

/// One text of an [`ExportedPost`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedVersion {
    /// The text.
    pub text: String,
    /// When it was first seen, RFC 3339.
    pub seen_at: String,
}

impl PostRow {
    /// Reads a row of `SELECT posts.*`.
    pub(crate) fn read(row: &AnyRow) -> Result<PostRow> {
        let extra: Extra = match sql::text_or_none(row, "extra")? {
            Some(_) => sql::json(row, "extra")?,
            None => Extra::default(),
        };
        let start: Option<u64> = sql::int_or_none(row, "byte_start")?.and_then(|at| at.try_into().ok());
        let end: Option<u64> = sql::int_or_none(row, "byte_end")?.and_then(|at| at.try_into().ok());
        Ok(PostRow {
            id: sql::text(row, "id")?,
            seq: sql::int(row, "seq")?,
            source: sql::text(row, "source")?,
            native_id: sql::text(row, "native_id")?,
            url: sql::text_or_none(row, "url")?,
            title: sql::text_or_none(row, "title")?,
            text: sql::text(row, "text")?,
            author: sql::text_or_none(row, "author")?,
            author_id: sql::text_or_none(row, "author_id")?,
            posted_at_ms: sql::int_or_none(row, "posted_at_ms")?,
            edited_at_ms: sql::int_or_none(row, "edited_at_ms")?,
            thread: sql::text_or_none(row, "thread")?,
            parent: sql::text_or_none(row, "parent")?,
            place: extra.place,
            price: extra.price,
            links: extra.links,
            capture_id: sql::text(row, "capture_id")?,
            bytes: start.zip(end),
            first_seen_at_ms: sql::int(row, "first_seen_at_ms")?,
            version_at_ms: sql::int(row, "version_at_ms")?,
            last_seen_at_ms: sql::int(row, "last_seen_at_ms")?,
            gone_at_ms: sql::int_or_none(row, "gone_at_ms")?,
            version: sql::natural(row, "version")?,
            stance: match sql::text_or_none(row, "stance")? {
                Some(_) => Some(sql::id_of(row, "stance")?),
                None => None,
            },
            ruleset: sql::text_or_none(row, "ruleset")?,
            points: sql::int(row, "points")?,
            families: families_of(&sql::text(row, "families")?),
            campaign_id: sql::text_or_none(row, "campaign_id")?,
            erased_at_ms: sql::int_or_none(row, "erased_at_ms")?,
        })
    }

    /// As it came.
    pub(crate) fn as_post(&self) -> Post {
        Post {
            source: self.source.clone(),
            native_id: self.native_id.clone(),
            url: self.url.clone(),
            title: self.title.clone(),
            text: self.text.clone(),
            author: self.author.clone(),
            author_id: self.author_id.clone(),
            posted_at_ms: self.posted_at_ms,
            edited_at_ms: self.edited_at_ms,
            thread: self.thread.clone(),
            parent: self.parent.clone(),
            place: self.place.clone(),
            price: self.price.clone(),
            links: self.links.clone(),
            bytes: self.bytes,
        }
    }
}

/// RFC 3339 with milliseconds, UTC.
pub(crate) fn rfc3339(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}

pub(crate) async fn post(db: &mut AnyConnection, id: &str) -> Result<PostRow> {
    let row = sql::row(db, "SELECT * FROM posts WHERE id = $1", [id.into()]).await?;
    PostRow::read(&row.ok_or_else(|| Error::missing("bài đăng", id))?)
}

pub(crate) async fn versions(db: &mut AnyConnection, post: &PostRow) -> Result<Vec<Version>> {
    let rows = sql::rows(
        db,
        "SELECT number, title, text, seen_at_ms, capture_id FROM versions WHERE post_id = $1 ORDER BY number",
        [(&post.id).into()],
    )
    .await?;
    let mut versions = rows.iter().map(Version::read).collect::<Result<Vec<_>>>()?;
    versions.push(Version {
        number: post.version,
        title: post.title.clone(),
        text: post.text.clone(),
        seen_at_ms: post.version_at_ms,
        capture_id: post.capture_id.clone(),
    });
    Ok(versions)
}

impl Version {
    fn read(row: &AnyRow) -> Result<Version> {
        Ok(Version {
            number: sql::natural(row, "number")?,
            title: sql::text_or_none(row, "title")?,
            text: sql::text(row, "text")?,
            seen_at_ms: sql::int(row, "seen_at_ms")?,
            capture_id: sql::text(row, "capture_id")?,
        })
    }
}

impl Store {
    /// One post.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn post(&self, id: &str) -> Result<PostRow> {
        post(&mut *self.read().await?, id).await
    }

    /// A post by its identity.
    ///
    /// # Errors
    /// `Database`.
    pub async fn post_by_native_id(&self, source: &str, native_id: &str) -> Result<Option<PostRow>> {
        let mut db = self.read().await?;
        let row = sql::row(
            &mut db,
            "SELECT * FROM posts WHERE source = $1 AND native_id = $2",
            [source.into(), native_id.into()],
        )
        .await?;
        row.as_ref().map(PostRow::read).transpose()
    }

    /// Whether a post is stored.
    ///
    /// # Errors
    /// `Database`.
    pub async fn has_post(&self, source: &str, native_id: &str) -> Result<bool> {
        let count = "SELECT COUNT(*) AS n FROM posts WHERE source = $1 AND native_id = $2";
        Ok(sql::count(&mut *self.read().await?, count, [source.into(), native_id.into()]).await? > 0)
    }

    /// Whether a post of an author is stored that is not known to be gone.
    ///
    /// # Errors
    /// `Database`.
    pub async fn has_author(&self, source: &str, author_id: &str) -> Result<bool> {
        let count = "SELECT COUNT(*) AS n FROM posts WHERE source = $1 AND author_id = $2 AND gone_at_ms IS NULL";
        Ok(sql::count(&mut *self.read().await?, count, [source.into(), author_id.into()]).await? > 0)
    }

    /// All texts of a post in the order seen, the current one last.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn versions(&self, post_id: &str) -> Result<Vec<Version>> {
        let mut db = self.read().await?;
        let post = post(&mut db, post_id).await?;
        versions(&mut db, &post).await
    }

    /// Posts by id, in the order of the ids; unknown ids are left out.
    ///
    /// # Errors
    /// `Database`.
    pub async fn posts_by_id(&self, ids: &[String]) -> Result<Vec<PostRow>> {
        let mut db = self.read().await?;
        let mut found: HashMap<String, PostRow> = HashMap::new();
        for chunk in ids.chunks(64) {
            let mut select = Sql::new("SELECT * FROM posts WHERE id IN (", []);
            for (n, id) in chunk.iter().enumerate() {
                select.push(if n == 0 { "" } else { ", " }).bind(id);
            }
            for row in select.push(")").rows(&mut db).await? {
                let post = PostRow::read(&row)?;
                found.insert(post.id.clone(), post);
            }
        }
        Ok(ids.iter().filter_map(|id| found.get(id).cloned()).collect())
    }

    /// Posts changed after a sequence number, in order, erased ones too: what the index follows. None is skipped, because the
    /// numbers grow in the order of commits.
    ///
    /// # Errors
    /// `Database`.
    pub async fn posts_after(&self, seq: i64, limit: u32) -> Result<Vec<PostRow>> {
        let mut db = self.read().await?;
        let rows =
            sql::rows(&mut db, "SELECT * FROM posts WHERE seq > $1 ORDER BY seq LIMIT $2", [seq.into(), limit.into()])
                .await?;
        rows.iter().map(PostRow::read).collect()
    }

    /// The last sequence number of posts; 0 in an empty store.
    ///
    /// # Errors
    /// `Database`.
    pub async fn last_seq(&self) -> Result<i64> {
        last(&mut *self.read().await?, "posts").await
    }

    /// Every post for export, oldest first, a page at a time.
    ///
    /// # Errors
    /// `Database`.
    pub async fn export_posts(&self, after: Option<&str>, limit: u32) -> Result<Page<ExportedPost>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT posts.*, captures.sha256 AS sha256, captures.fetched_at_ms AS fetched_at_ms FROM posts \
             JOIN captures ON captures.id = posts.capture_id WHERE posts.id > $1 \
             AND posts.erased_at_ms IS NULL ORDER BY posts.id LIMIT $2",
            [after.unwrap_or_default().into(), limit.into()],
        )
        .await?;
        let mut page = Vec::with_capacity(rows.len());
        let mut last_id = String::new();
        for row in &rows {
            let post = PostRow::read(row)?;
            // Most posts were never edited: only the others cost a statement.
            let texts = if post.version > 1 { versions(&mut db, &post).await? } else { Vec::new() };
            let mut texts: Vec<ExportedVersion> = texts
                .into_iter()
                .map(|it| ExportedVersion { text: it.text, seen_at: rfc3339(it.seen_at_ms) })
                .collect();
            if texts.is_empty() {
                texts.push(ExportedVersion { text: post.text.clone(), seen_at: rfc3339(post.version_at_ms) });
            }
            last_id.clone_from(&post.id);
            page.push(ExportedPost {
                source: post.source,
                native_id: post.native_id,
                url: post.url,
                title: post.title,
                text: post.text,
                author: post.author,
                posted_at: post.posted_at_ms.map(rfc3339),
                collected_at: rfc3339(sql::int(row, "fetched_at_ms")?),
                sha256: sql::text(row, "sha256")?,
                gone_at: post.gone_at_ms.map(rfc3339),
                versions: texts,
                thread: post.thread,
                parent: post.parent,
            });
        }
        Ok(Page::of(page, limit, |_| last_id.clone()))
    }
}
