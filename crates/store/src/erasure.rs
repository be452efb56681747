//! Erasure: what was written goes, and what remains says only that something was there.
//!
//! Purpose: take the text of posts and cases out of every table, and put each on the erasure list, in one transaction;
//! the originals and the files of the database follow (`settling`). Invariants: a running legal hold wins over every
//! erasure; an erased post keeps its row and identity, so that the same post is not taken in again; nothing of the
//! audit chain is touched, because it never held text.

use model::{Capture, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::originals::sha256_hex;
use crate::record::take;
use crate::retention::{AT_WORK, HELD};
use crate::sql::{Cell, Sql};
use crate::{Error, Result, Store, audit, captures, holds, posts as rows, rulesets, sql};

/// One line of the erasure list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Its place; grows.
    pub seq: i64,
    /// `post` or `case`.
    pub kind: String,
    /// Id of the post or case.
    pub id: String,
    /// Source of the post.
    pub source: String,
    /// The id that the site gave it, or the number of the case.
    pub native_id: String,
    /// Id of the rule, `request`, or `list` when a list was done again on a restored store.
    pub cause: String,
    /// When. UTC milliseconds.
    pub at_ms: i64,
}

impl Erasure {
    fn read(row: &AnyRow) -> Result<Erasure> {
        Ok(Erasure {
            seq: sql::int(row, "seq")?,
            kind: sql::text(row, "kind")?,
            id: sql::text(row, "id")?,
            source: sql::text(row, "source")?,
            native_id: sql::text(row, "native_id")?,
            cause: sql::text(row, "cause")?,
            at_ms: sql::int(row, "at_ms")?,
        })
    }
}

/// Adds `id IN ($n, …)` for a column.
fn among(statement: &mut Sql, ids: &[String]) {
    statement.push(" IN (");
    for (n, id) in ids.iter().enumerate() {
        statement.push(if n == 0 { "" } else { ", " }).bind(id);
    }
    statement.push(")");
}

/// Runs `begin IN (ids)`.
async fn run_among(db: &mut AnyConnection, begin: &'static str, ids: &[String]) -> Result<u64> {
    let mut statement = Sql::new(begin, []);
    among(&mut statement, ids);
    statement.run(db).await
}

/// SHA-256 over ids in order: what an audit row says of a batch.
fn root(ids: &[String]) -> String {
    sha256_hex(ids.join("\n").as_bytes())
}

/// Puts things on the erasure list; one that stands there already stays as it is.
async fn list(db: &mut AnyConnection, kind: &str, things: &[[String; 3]], cause: &str, now_ms: i64) -> Result<()> {
    let mut seq = take(db, "erasures", things.len()).await?;
    let mut cells = Vec::with_capacity(things.len() * 7);
    for [id, source, native_id] in things {
        seq += 1;
        let cell = [Cell::from(seq), kind.into(), id.into(), source.into(), native_id.into(), cause.into()];
        cells.extend(cell);
        cells.push(now_ms.into());
    }
    let into = "INSERT INTO erasures (seq, kind, id, source, native_id, cause, at_ms) VALUES ";
    sql::insert(db, into, " ON CONFLICT (id) DO NOTHING", 7, cells).await?;
    Ok(())
}

/// Erases posts of a rule.
pub(crate) async fn posts(
    db: &mut AnyConnection,
    by: &str,
    proposal: &str,
    cause: &str,
    ids: &[String],
    now_ms: i64,
) -> Result<()> {
    let erased = erase_posts(db, ids, cause, now_ms).await?;
    let detail = json!({ "rule": cause, "posts": erased.len(), "root": root(&erased) });
    audit::append(db, by, "post.erase", proposal, &detail, now_ms).await?;
    Ok(())
}

/// Erases one post that a person asked to be erased, unless a hold or running work keeps it.
pub(crate) async fn post_by_request(
    db: &mut AnyConnection,
    by: &str,
    proposal: &str,
    id: &str,
    now_ms: i64,
) -> Result<()> {
    take(db, "posts", 0).await?;
    let cases =
        sql::rows(db, "SELECT case_id FROM alerts WHERE post_id = $1 AND case_id IS NOT NULL", [id.into()]).await?;
    for case in &cases {
        must_not_be_held(db, &sql::text(case, "case_id")?).await?;
    }
    let mut at_work = Sql::new("SELECT COUNT(*) AS n FROM posts p WHERE ", []);
    at_work.push(AT_WORK).push(" AND p.id = ").bind(id);
    if at_work.row(db).await?.map_or(Ok(0), |row| sql::int(&row, "n"))? > 0 {
        let reason = "Bài này còn chờ quyết định hoặc thuộc vụ việc chưa đóng; hãy quyết định hoặc đóng vụ việc trước.";
        return Err(Refusal::new("at_work", reason).into());
    }
    posts(db, by, proposal, "request", &[id.to_owned()], now_ms).await
}

async fn must_not_be_held(db: &mut AnyConnection, case_id: &str) -> Result<()> {
    if holds::is_held(db, case_id).await? {
        return Err(Refusal::new("hold", "Đang có lệnh giữ: không được xóa cho đến khi lệnh được gỡ.").into());
    }
    Ok(())
}

/// Takes every word of these posts out of every table. Returns those that were not erased before.
async fn erase_posts(db: &mut AnyConnection, ids: &[String], cause: &str, now_ms: i64) -> Result<Vec<String>> {
    let mut seq = take(db, "posts", ids.len()).await?;
    let mut erased: Vec<[String; 3]> = Vec::with_capacity(ids.len());
    let mut addresses = Vec::new();
    for id in ids {
        let row = sql::row(
            db,
            "SELECT source, native_id, url, capture_id, byte_start, byte_end FROM posts \
             WHERE id = $1 AND erased_at_ms IS NULL",
            [id.into()],
        )
        .await?;
        let Some(row) = row else { continue };
        let (source, native_id) = (sql::text(&row, "source")?, sql::text(&row, "native_id")?);
        if let Some(url) = sql::text_or_none(&row, "url")? {
            addresses.push([Cell::from(&source), url.into()]);
        }
        // The version is counted on, so that an assessment that is still under way is dropped.
        seq += 1;
        sql::run(
            db,
            "UPDATE posts SET seq = $2, url = NULL, title = NULL, text = '', author = NULL, author_id = NULL, \
             thread = NULL, parent = NULL, extra = NULL, version = version + 1, ruleset = 'erased', stance = NULL, \
             points = 0, families = '', campaign_id = NULL, erased_at_ms = $3 WHERE id = $1",
            [id.into(), seq.into(), now_ms.into()],
        )
        .await?;
        erased.push([id.clone(), source, native_id]);
    }
    let ids: Vec<String> = erased.iter().map(|[id, ..]| id.clone()).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    // Where the replaced texts stood is kept until their originals are gone.
    let mut sightings = Sql::new(
        "INSERT INTO sightings (post_id, capture_id, byte_start, byte_end) \
         SELECT v.post_id, v.capture_id, NULL, NULL FROM versions v WHERE v.post_id",
        [],
    );
    among(&mut sightings, &ids);
    sightings.push(" ON CONFLICT (post_id, capture_id) DO NOTHING").run(db).await?;
    run_among(db, "UPDATE alerts SET assessment_id = NULL WHERE post_id", &ids).await?;
    let mut notes =
        Sql::new("UPDATE decisions SET note = NULL WHERE alert_id IN (SELECT id FROM alerts WHERE post_id", []);
    among(&mut notes, &ids);
    notes.push(")").run(db).await?;
    let contacts = contacts_of(db, &ids).await?;
    for begin in [
        "DELETE FROM versions WHERE post_id",
        "DELETE FROM aliases WHERE post_id",
        "DELETE FROM assessments WHERE post_id",
        "DELETE FROM post_contacts WHERE post_id",
    ] {
        run_among(db, begin, &ids).await?;
    }
    // Of a tip everything goes but the word that there was one.
    let tips: Vec<String> =
        erased.iter().filter(|[_, source, _]| source == crate::TIPS).map(|[.., native_id]| native_id.clone()).collect();
    if !tips.is_empty() {
        for begin in ["DELETE FROM tip_contacts WHERE tip_id", "DELETE FROM tip_answers WHERE tip_id"] {
            run_among(db, begin, &tips).await?;
        }
    }
    for chunk in contacts.chunks(64) {
        let mut statement = Sql::new("DELETE FROM contacts WHERE id", []);
        among(&mut statement, chunk);
        statement.push(" AND NOT EXISTS (SELECT 1 FROM post_contacts pc WHERE pc.contact_id = contacts.id)");
        statement.run(db).await?;
    }
    for [source, url] in addresses {
        sql::run(db, "UPDATE frontier SET memo = NULL WHERE source = $1 AND url = $2", [source, url]).await?;
    }
    list(db, "post", &erased, cause, now_ms).await?;
    Ok(ids)
}

async fn contacts_of(db: &mut AnyConnection, post_ids: &[String]) -> Result<Vec<String>> {
    let mut select = Sql::new("SELECT DISTINCT contact_id FROM post_contacts WHERE post_id", []);
    among(&mut select, post_ids);
    select.rows(db).await?.iter().map(|row| sql::text(row, "contact_id")).collect()
}

/// Erases closed cases: their posts that nobody else works on, notes, reasons and the files of their packets.
pub(crate) async fn cases(
    db: &mut AnyConnection,
    by: &str,
    proposal: &str,
    cause: &str,
    ids: &[String],
    now_ms: i64,
) -> Result<()> {
    take(db, "posts", 0).await?;
    for id in ids {
        must_not_be_held(db, id).await?;
        erase_case(db, id, cause, now_ms).await?;
    }
    let detail = json!({ "rule": cause, "cases": ids.len(), "root": root(ids) });
    audit::append(db, by, "case.erase", proposal, &detail, now_ms).await?;
    Ok(())
}

async fn erase_case(db: &mut AnyConnection, id: &str, cause: &str, now_ms: i64) -> Result<()> {
    let row =
        sql::row(db, "SELECT number, state FROM cases WHERE id = $1 AND erased_at_ms IS NULL", [id.into()]).await?;
    let Some(row) = row else { return Ok(()) };
    let number = sql::text(&row, "number")?;
    if sql::text(&row, "state")? != "closed" {
        return Err(Refusal::new("state", format!("Vụ việc {number} chưa đóng nên chưa được xóa.")).into());
    }
    let mut select = Sql::new("SELECT DISTINCT p.id AS id FROM alerts a JOIN posts p ON p.id = a.post_id WHERE ", []);
    select.push("a.case_id = ").bind(id).push(" AND p.erased_at_ms IS NULL AND NOT ").push(AT_WORK);
    select.push(" AND NOT ").push(HELD);
    let rows = select.rows(db).await?;
    let posts = rows.iter().map(|row| sql::text(row, "id")).collect::<Result<Vec<_>>>()?;
    for chunk in posts.chunks(64) {
        erase_posts(db, chunk, cause, now_ms).await?;
    }
    for statement in [
        "UPDATE notes SET text = '' WHERE case_id = $1",
        "UPDATE askings SET reason = '', ended_reason = NULL WHERE case_id = $1",
        "UPDATE takedowns SET note = NULL WHERE case_id = $1",
        "UPDATE receipts SET note = NULL WHERE packet_id IN (SELECT id FROM packets WHERE case_id = $1)",
        "UPDATE decisions SET note = NULL WHERE case_id = $1",
    ] {
        sql::run(db, statement, [id.into()]).await?;
    }
    sql::run(db, "UPDATE cases SET title = number, erased_at_ms = $2 WHERE id = $1", [id.into(), now_ms.into()])
        .await?;
    sql::run(
        db,
        "INSERT INTO doomed (sha256, at_ms) SELECT file_sha256, $2 FROM packets WHERE case_id = $1 AND gone_at_ms IS NULL \
         ON CONFLICT (sha256) DO NOTHING",
        [id.into(), now_ms.into()],
    )
    .await?;
    sql::run(
        db,
        "UPDATE packets SET gone_at_ms = $2 WHERE case_id = $1 AND gone_at_ms IS NULL",
        [id.into(), now_ms.into()],
    )
    .await?;
    list(db, "case", &[[id.to_owned(), String::new(), number]], cause, now_ms).await
}

/// Gives up originals that no stored text was read from.
pub(crate) async fn originals(
    db: &mut AnyConnection,
    by: &str,
    proposal: &str,
    cause: &str,
    ids: &[String],
    now_ms: i64,
) -> Result<()> {
    for id in ids {
        give_up(db, id, now_ms).await?;
    }
    let detail = json!({ "rule": cause, "captures": ids.len(), "root": root(ids) });
    audit::append(db, by, "original.erase", proposal, &detail, now_ms).await?;
    Ok(())
}

/// Gives up the original of a capture: of its story only source, door, collector and time remain, and its file is
/// doomed.
pub(crate) async fn give_up(db: &mut AnyConnection, capture_id: &str, now_ms: i64) -> Result<()> {
    let row = captures::capture(db, capture_id).await?;
    let story = &row.capture;
    let bare = Capture::of_file(&story.source, story.method, "", &story.collector, story.fetched_at_ms);
    sql::run(
        db,
        "UPDATE captures SET url = '', story = $2, problem = NULL, gone_at_ms = $3 WHERE id = $1",
        [capture_id.into(), sql::to_json(&bare)?.into(), now_ms.into()],
    )
    .await?;
    sql::run(db, "DELETE FROM sightings WHERE capture_id = $1", [capture_id.into()]).await?;
    doom(db, row.kept_sha256.as_deref().unwrap_or(&row.sha256), now_ms).await
}

/// Marks an original whose file is to go as soon as no row needs it.
pub(crate) async fn doom(db: &mut AnyConnection, sha256: &str, now_ms: i64) -> Result<()> {
    let into = "INSERT INTO doomed (sha256, at_ms) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
    sql::run(db, into, [sha256.into(), now_ms.into()]).await?;
    Ok(())
}

/// Setting with the secret that makes pseudonyms; without it nobody can tell who stood behind one.
const PSEUDONYM_SECRET: &str = "retention.pseudonym_secret";

/// Gives the authors of posts a name by which their posts can still be linked, and nothing else.
pub(crate) async fn pseudonymise(
    db: &mut AnyConnection,
    by: &str,
    proposal: &str,
    cause: &str,
    ids: &[String],
    now_ms: i64,
) -> Result<()> {
    let secret = match rulesets::setting(db, PSEUDONYM_SECRET).await? {
        Some(secret) => secret,
        None => {
            let secret = random_hex()?;
            rulesets::put_setting(db, PSEUDONYM_SECRET, &secret).await?;
            secret
        }
    };
    for id in ids {
        let post = rows::post(db, id).await?;
        let who = post.author_id.as_deref().or(post.author.as_deref()).unwrap_or_default();
        let digest = sha256_hex(format!("{secret}\n{}\n{who}", post.source).as_bytes());
        let name = format!("ẩn danh {}", digest.get(..10).unwrap_or_default());
        sql::run(
            db,
            "UPDATE posts SET author = CASE WHEN author IS NULL THEN NULL ELSE $2 END, \
             author_id = CASE WHEN author_id IS NULL THEN NULL ELSE $2 END, pseudonymised_at_ms = $3 WHERE id = $1",
            [id.into(), name.into(), now_ms.into()],
        )
        .await?;
    }
    let detail = json!({ "rule": cause, "posts": ids.len(), "root": root(ids) });
    audit::append(db, by, "post.pseudonymise", proposal, &detail, now_ms).await?;
    Ok(())
}

fn random_hex() -> Result<String> {
    let mut bytes = [0_u8; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| Error::corrupt("số ngẫu nhiên", "", "hệ điều hành không cấp"))?;
    Ok(crate::originals::hex(&bytes))
}

impl Store {
    /// Lines of the erasure list after a place, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn erasures_after(&self, seq: i64, limit: u32) -> Result<Vec<Erasure>> {
        let rows = sql::rows(
            &mut *self.read().await?,
            "SELECT seq, kind, id, source, native_id, cause, at_ms FROM erasures WHERE seq > $1 ORDER BY seq LIMIT $2",
            [seq.into(), limit.into()],
        )
        .await?;
        rows.iter().map(Erasure::read).collect()
    }

    /// Does an erasure list again: on a store that was restored from a backup made before. Posts that the backup does
    /// not know are put down as erased, so that they are not taken in again. Returns how many were erased here.
    ///
    /// The list is what two people approved then, so neither a hold nor a state of the old backup stops it.
    ///
    /// # Errors
    /// `Database`.
    pub async fn erase_by_list(&self, entries: &[Erasure], now_ms: i64) -> Result<u64> {
        let mut count = 0;
        let last = entries.iter().map(|entry| entry.seq).max().unwrap_or(0);
        for chunk in entries.chunks(64) {
            let mut tx = self.write().await?;
            take(&mut tx, "posts", 0).await?;
            // The list goes on where it stood, so that the file that is kept elsewhere can grow on.
            take(&mut tx, "erasures", 0).await?;
            let place = "UPDATE heads SET seq = CASE WHEN seq < $1 THEN $1 ELSE seq END WHERE name = 'erasures'";
            sql::run(&mut tx, place, [last.into()]).await?;
            let mut done = Vec::new();
            for entry in chunk {
                if entry.kind == "case" {
                    let closed = "UPDATE cases SET state = 'closed' WHERE id = $1 AND erased_at_ms IS NULL";
                    if sql::run(&mut tx, closed, [(&entry.id).into()]).await? == 1 {
                        erase_case(&mut tx, &entry.id, "list", now_ms).await?;
                        done.push(entry.id.clone());
                    }
                    continue;
                }
                put_down(&mut tx, entry, now_ms).await?;
                let known = sql::row(
                    &mut tx,
                    "SELECT id FROM posts WHERE source = $1 AND native_id = $2",
                    [(&entry.source).into(), (&entry.native_id).into()],
                )
                .await?;
                if let Some(row) = known {
                    let id = sql::text(&row, "id")?;
                    done.extend(erase_posts(&mut tx, &[id], "list", now_ms).await?);
                }
            }
            if !done.is_empty() {
                let detail = json!({ "rule": "list", "posts": done.len(), "root": root(&done) });
                audit::append(&mut tx, crate::OPERATOR, "post.erase", "", &detail, now_ms).await?;
            }
            tx.commit().await?;
            count += done.len() as u64;
        }
        Ok(count)
    }
}

/// Puts a post down as erased that this store has never seen.
async fn put_down(db: &mut AnyConnection, entry: &Erasure, now_ms: i64) -> Result<()> {
    let seq = take(db, "posts", 1).await? + 1;
    let new = sql::run(
        db,
        "INSERT INTO posts (id, seq, source, native_id, text, capture_id, seen_capture_id, first_seen_at_ms, \
         version_at_ms, last_seen_at_ms, version, ruleset, points, families, erased_at_ms) \
         VALUES ($1, $2, $3, $4, '', '', '', $5, $5, $5, 1, 'erased', 0, '', $6) ON CONFLICT (source, native_id) DO NOTHING",
        [
            (&entry.id).into(),
            seq.into(),
            (&entry.source).into(),
            (&entry.native_id).into(),
            entry.at_ms.into(),
            now_ms.into(),
        ],
    )
    .await?;
    if new == 1 {
        list(db, "post", &[[entry.id.clone(), entry.source.clone(), entry.native_id.clone()]], "list", now_ms).await?;
    }
    Ok(())
}
