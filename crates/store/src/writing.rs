//! Rows of posts: new ones many at a time, known ones seen again or in a new version.

use std::collections::{BTreeMap, HashMap};

use model::Post;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::posts::PostRow;
use crate::record::{Item, families_text};
use crate::sql::{Cell, Sql};
use crate::{Result, sql};

/// Fields that few sources have, as one JSON column.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extra {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
}

impl Extra {
    fn cell(post: &Post) -> Result<Cell> {
        if post.place.is_none() && post.price.is_none() && post.links.is_empty() {
            return Ok(Cell::Text(None));
        }
        let extra = Extra { place: post.place.clone(), price: post.price.clone(), links: post.links.clone() };
        Ok(sql::to_json(&extra)?.into())
    }
}

/// PostgreSQL keeps no zero character in TEXT; a space has the same length, so spans hold.
fn storable(text: &str) -> Cell {
    if text.contains('\0') { text.replace('\0', " ").into() } else { text.into() }
}

fn storable_or_none(text: Option<&str>) -> Cell {
    text.map_or(Cell::Text(None), storable)
}

fn offset(value: Option<u64>) -> Cell {
    Cell::Int(value.and_then(|value| i64::try_from(value).ok()))
}

/// `ruleset, stance, points, families, campaign_id` of a post.
pub(crate) fn assessed_cells(item: &Item<'_>) -> [Cell; 5] {
    let assessment = item.read.assessment.as_ref();
    [
        assessment.map(|it| it.ruleset.as_str()).into(),
        assessment.map(|it| it.stance.id()).into(),
        assessment.map_or(0, |it| i64::from(it.points)).into(),
        families_text(&item.families()).into(),
        (&item.campaign_id).into(),
    ]
}

/// Inserts the posts that are not known; their number.
pub(crate) async fn insert_posts(db: &mut AnyConnection, items: &[Item<'_>]) -> Result<u64> {
    let mut cells = Vec::with_capacity(items.len() * 27);
    for item in items {
        let post = &item.read.post;
        cells.extend([
            (&item.post_id).into(),
            item.seq.into(),
            storable(&post.source),
            storable(&post.native_id),
            storable_or_none(post.url.as_deref()),
            storable_or_none(post.title.as_deref()),
            storable(&post.text),
            storable_or_none(post.author.as_deref()),
            storable_or_none(post.author_id.as_deref()),
            post.posted_at_ms.into(),
            post.edited_at_ms.into(),
            storable_or_none(post.thread.as_deref()),
            storable_or_none(post.parent.as_deref()),
            Extra::cell(post)?,
            item.capture_id.into(),
            item.capture_id.into(),
            offset(post.bytes.map(|(start, _)| start)),
            offset(post.bytes.map(|(_, end)| end)),
            item.seen_at_ms.into(),
            item.seen_at_ms.into(),
            item.seen_at_ms.into(),
            Cell::from(1_i64),
        ]);
        cells.extend(assessed_cells(item));
    }
    sql::insert(
        db,
        "INSERT INTO posts (id, seq, source, native_id, url, title, text, author, author_id, posted_at_ms, \
         edited_at_ms, thread, parent, extra, capture_id, seen_capture_id, byte_start, byte_end, first_seen_at_ms, \
         version_at_ms, last_seen_at_ms, version, ruleset, stance, points, families, campaign_id) VALUES ",
        " ON CONFLICT (source, native_id) DO NOTHING",
        27,
        cells,
    )
    .await
}

/// The posts that the store has under these identities, by identity.
pub(crate) async fn known_posts(
    db: &mut AnyConnection,
    items: &[Item<'_>],
) -> Result<HashMap<(String, String), PostRow>> {
    let mut known = HashMap::new();
    for chunk in items.chunks(64) {
        let mut select = Sql::new("WITH k (source, native_id) AS (VALUES ", []);
        let keys =
            chunk.iter().flat_map(|item| [storable(&item.read.post.source), storable(&item.read.post.native_id)]);
        select.tuples(2, keys);
        select.push(") SELECT posts.* FROM k JOIN posts ON posts.source = k.source AND posts.native_id = k.native_id");
        for row in select.rows(db).await? {
            let post = PostRow::read(&row)?;
            known.insert((post.source.clone(), post.native_id.clone()), post);
        }
    }
    Ok(known)
}

/// Whether a post says what it said before.
pub(crate) fn is_same_text(known: &PostRow, post: &Post) -> bool {
    let same = |old: &str, new: &str| old == new || (new.contains('\0') && new.replace('\0', " ") == old);
    same(&known.text, &post.text)
        && same(known.title.as_deref().unwrap_or_default(), post.title.as_deref().unwrap_or_default())
}

/// Marks posts as seen again; a post that was gone is back.
pub(crate) async fn see_again(db: &mut AnyConnection, again: &[(&Item<'_>, &PostRow)], now_ms: i64) -> Result<()> {
    let mut by_capture: BTreeMap<(&str, i64), Vec<&PostRow>> = BTreeMap::new();
    for (item, post) in again {
        by_capture.entry((item.capture_id, item.seen_at_ms)).or_default().push(post);
    }
    for ((capture_id, seen_at_ms), posts) in by_capture {
        for chunk in posts.chunks(64) {
            let mut update = Sql::new(
                "UPDATE posts SET seen_capture_id = $1, \
                 missing_since_ms = CASE WHEN missing_since_ms >= $2 THEN missing_since_ms END, \
                 last_seen_at_ms = CASE WHEN last_seen_at_ms < $2 THEN $2 ELSE last_seen_at_ms END WHERE id IN (",
                [capture_id.into(), seen_at_ms.into()],
            );
            for (n, post) in chunk.iter().enumerate() {
                update.push(if n == 0 { "" } else { ", " }).bind(&post.id);
            }
            update.push(")").run(db).await?;
        }
    }
    sight(db, again.iter().map(|(item, post)| (&post.id, item.capture_id, item.read.post.bytes))).await?;
    let mut aliases = Vec::new();
    for (item, post) in again {
        if post.erased_at_ms.is_some() {
            // The text came in again with this capture: its original must go as well.
            sql::run(db, "UPDATE erasures SET settled_at_ms = NULL WHERE id = $1", [(&post.id).into()]).await?;
            continue;
        }
        // A kept page that is read again is no news of a post that was found gone after it.
        if post.gone_at_ms.is_some_and(|gone| gone < item.seen_at_ms) {
            sql::run(
                db,
                "UPDATE posts SET gone_at_ms = NULL, seq = $2 WHERE id = $1",
                [(&post.id).into(), item.seq.into()],
            )
            .await?;
        }
        aliases.extend(alias(item, post, now_ms));
    }
    add_aliases(db, aliases).await
}

/// Writes down in which captures a post stands beside the one of its current text, so that all can go with it.
async fn sight<'a>(
    db: &mut AnyConnection,
    places: impl Iterator<Item = (&'a String, &'a str, Option<(u64, u64)>)>,
) -> Result<()> {
    let cells = places.flat_map(|(post_id, capture_id, bytes)| {
        let [start, end] = [bytes.map(|(start, _)| start), bytes.map(|(_, end)| end)];
        [Cell::from(post_id), capture_id.into(), offset(start), offset(end)]
    });
    let into = "INSERT INTO sightings (post_id, capture_id, byte_start, byte_end) VALUES ";
    sql::insert(db, into, " ON CONFLICT (post_id, capture_id) DO NOTHING", 4, cells.collect()).await?;
    Ok(())
}

fn alias(item: &Item<'_>, known: &PostRow, now_ms: i64) -> Option<[Cell; 3]> {
    let url = item.read.post.url.as_deref()?;
    (known.url.as_deref() != Some(url)).then(|| [(&known.id).into(), storable(url), now_ms.into()])
}

async fn add_aliases(db: &mut AnyConnection, aliases: Vec<[Cell; 3]>) -> Result<()> {
    let cells = aliases.into_iter().flatten().collect();
    sql::insert(
        db,
        "INSERT INTO aliases (post_id, url, at_ms) VALUES ",
        " ON CONFLICT (post_id, url) DO NOTHING",
        3,
        cells,
    )
    .await?;
    Ok(())
}

/// Puts the known text among the versions and the new one in its place.
pub(crate) async fn new_version(db: &mut AnyConnection, item: &Item<'_>, known: &PostRow, now_ms: i64) -> Result<()> {
    let post = &item.read.post;
    sight(db, std::iter::once((&known.id, known.capture_id.as_str(), known.bytes))).await?;
    sql::run(
        db,
        "INSERT INTO versions (post_id, number, title, text, seen_at_ms, capture_id) \
         SELECT id, version, title, text, version_at_ms, capture_id FROM posts WHERE id = $1",
        [(&known.id).into()],
    )
    .await?;
    let [ruleset, stance, points, families, campaign] = assessed_cells(item);
    sql::run(
        db,
        "UPDATE posts SET seq = $2, title = $3, text = $4, author = COALESCE($5, author), \
         author_id = COALESCE($6, author_id), posted_at_ms = COALESCE($7, posted_at_ms), \
         edited_at_ms = COALESCE($8, edited_at_ms), extra = COALESCE($9, extra), capture_id = $10, \
         seen_capture_id = $10, byte_start = $11, byte_end = $12, version_at_ms = $13, last_seen_at_ms = $13, \
         missing_since_ms = CASE WHEN missing_since_ms >= $13 THEN missing_since_ms END, \
         gone_at_ms = CASE WHEN gone_at_ms >= $13 THEN gone_at_ms END, version = version + 1, ruleset = $14, stance = $15, \
         points = $16, families = $17, campaign_id = $18, pseudonymised_at_ms = NULL WHERE id = $1",
        [
            (&known.id).into(),
            item.seq.into(),
            storable_or_none(post.title.as_deref()),
            storable(&post.text),
            storable_or_none(post.author.as_deref()),
            storable_or_none(post.author_id.as_deref()),
            post.posted_at_ms.into(),
            post.edited_at_ms.into(),
            Extra::cell(post)?,
            item.capture_id.into(),
            offset(post.bytes.map(|(start, _)| start)),
            offset(post.bytes.map(|(_, end)| end)),
            item.seen_at_ms.into(),
            ruleset,
            stance,
            points,
            families,
            campaign,
        ],
    )
    .await?;
    add_aliases(db, alias(item, known, now_ms).into_iter().collect()).await
}

/// Adds new posts to the count of their source.
pub(crate) async fn count_posts(db: &mut AnyConnection, fresh: &[&Item<'_>]) -> Result<()> {
    let mut by_source: BTreeMap<&str, i64> = BTreeMap::new();
    for item in fresh {
        *by_source.entry(&item.read.post.source).or_default() += 1;
    }
    for (source, posts) in by_source {
        sql::run(db, "UPDATE sources SET posts = posts + $2 WHERE id = $1", [source.into(), posts.into()]).await?;
    }
    Ok(())
}
