//! Posts of the past as they stand, for trying rules on them.

use model::Stance;
use sqlx::any::AnyRow;

use crate::record::families_of;
use crate::{Result, Store, sql};

/// A post with what its last assessment said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastPost {
    /// Its id.
    pub id: String,
    /// Its sequence number: give the last one back to go on.
    pub seq: i64,
    /// Source with identity parameters.
    pub source: String,
    /// The id that the site gives it.
    pub native_id: String,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// When it was posted.
    pub posted_at_ms: Option<i64>,
    /// Ruleset of the last assessment.
    pub ruleset: Option<String>,
    /// Its stance.
    pub stance: Option<Stance>,
    /// Ids of the families at or above their threshold, strongest first.
    pub families: Vec<String>,
}

impl PastPost {
    fn read(row: &AnyRow) -> Result<PastPost> {
        Ok(PastPost {
            id: sql::text(row, "id")?,
            seq: sql::int(row, "seq")?,
            source: sql::text(row, "source")?,
            native_id: sql::text(row, "native_id")?,
            title: sql::text_or_none(row, "title")?,
            text: sql::text(row, "text")?,
            posted_at_ms: sql::int_or_none(row, "posted_at_ms")?,
            ruleset: sql::text_or_none(row, "ruleset")?,
            stance: match sql::text_or_none(row, "stance")? {
                Some(_) => Some(sql::id_of(row, "stance")?),
                None => None,
            },
            families: families_of(&sql::text(row, "families")?),
        })
    }
}

impl Store {
    /// Posts first seen at or after `since_ms`, after a sequence number, in order.
    ///
    /// # Errors
    /// `Database`.
    pub async fn past_posts(&self, since_ms: i64, after_seq: i64, limit: u32) -> Result<Vec<PastPost>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT id, seq, source, native_id, title, text, posted_at_ms, ruleset, stance, families FROM posts \
             WHERE seq > $1 AND first_seen_at_ms >= $2 AND erased_at_ms IS NULL ORDER BY seq LIMIT $3",
            [after_seq.into(), since_ms.into(), limit.into()],
        )
        .await?;
        rows.iter().map(PastPost::read).collect()
    }
}
