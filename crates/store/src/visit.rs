//! The end of a visit: frontier, pace, seen rows, deletions and log, inside the transaction of its posts.

use sqlx::AnyConnection;

use crate::Result;
use crate::frontier::{FrontierEntry, Visit};
use crate::record::take;
use crate::source_health;
use crate::sql::{self, Cell};

/// Writes the end of a visit; the number of posts that are now known to be gone.
pub(crate) async fn settle(db: &mut AnyConnection, visit: &Visit, now_ms: i64) -> Result<u64> {
    let found = sql::row(
        db,
        "SELECT host FROM frontier WHERE source = $1 AND url = $2",
        [(&visit.source).into(), (&visit.url).into()],
    )
    .await?;
    if let Some(row) = found {
        // The host first, as in a lease: two transactions that lock in one order do not wait for each other.
        let left_at_ms = visit.fetches.iter().map(|fetch| fetch.at_ms).max();
        sql::run(
            db,
            "UPDATE hosts SET next_at_ms = $2, fails = CASE WHEN $3 = 1 THEN fails + 1 ELSE 0 END, \
             last_at_ms = COALESCE($4, last_at_ms), \
             lease_until_ms = CASE WHEN lease_by = $5 THEN NULL ELSE lease_until_ms END, \
             lease_by = CASE WHEN lease_by = $5 THEN NULL ELSE lease_by END WHERE host = $1",
            [
                sql::text(&row, "host")?.into(),
                visit.host_next_at_ms.into(),
                i64::from(visit.host_failed).into(),
                left_at_ms.into(),
                (&visit.worker).into(),
            ],
        )
        .await?;
    }
    sql::run(
        db,
        "UPDATE frontier SET due_at_ms = $3, memo = COALESCE($4, memo), etag = COALESCE($5, etag), \
         last_modified = COALESCE($6, last_modified), last_sha256 = COALESCE($7, last_sha256), \
         fails = CASE WHEN $8 = 1 THEN fails + 1 ELSE 0 END, last_visit_at_ms = $9, problem = $10, \
         lease_until_ms = CASE WHEN lease_by = $11 THEN NULL ELSE lease_until_ms END, \
         lease_by = CASE WHEN lease_by = $11 THEN NULL ELSE lease_by END WHERE source = $1 AND url = $2",
        [
            (&visit.source).into(),
            (&visit.url).into(),
            visit.due_again_at_ms.into(),
            (&visit.memo).into(),
            (&visit.etag).into(),
            (&visit.last_modified).into(),
            (&visit.sha256).into(),
            i64::from(visit.failed).into(),
            now_ms.into(),
            (&visit.report.problem).into(),
            (&visit.worker).into(),
        ],
    )
    .await?;
    add(db, &visit.found, visit.recheck).await?;
    see(db, visit, now_ms).await?;
    log(db, visit).await?;
    source_health::report(db, visit, now_ms).await?;
    lose(db, visit, now_ms).await
}

/// Adds addresses and their hosts; the number of new ones. With `recheck` known ones become due sooner.
pub(crate) async fn add(db: &mut AnyConnection, entries: &[FrontierEntry], recheck: bool) -> Result<u64> {
    let hosts: std::collections::BTreeSet<&String> = entries.iter().map(|entry| &entry.host).collect();
    let cells = hosts.into_iter().flat_map(|host| [Cell::from(host), Cell::from(0_i64), Cell::from(0_i64)]).collect();
    let into = "INSERT INTO hosts (host, next_at_ms, fails) VALUES ";
    sql::insert(db, into, " ON CONFLICT (host) DO NOTHING", 3, cells).await?;
    // One statement must not meet the same address twice.
    let mut met = std::collections::HashSet::new();
    let mut cells = Vec::new();
    for entry in entries.iter().filter(|entry| met.insert((&entry.source, &entry.url))) {
        cells.extend([
            (&entry.source).into(),
            (&entry.url).into(),
            (&entry.kind).into(),
            (&entry.host).into(),
            entry.due_at_ms.into(),
            entry.depth.into(),
            (&entry.memo).into(),
            Cell::from(0_i64),
        ]);
    }
    let tail = if recheck {
        " ON CONFLICT (source, url) DO UPDATE SET due_at_ms = excluded.due_at_ms, \
         memo = COALESCE(excluded.memo, frontier.memo) \
         WHERE frontier.due_at_ms IS NULL OR frontier.due_at_ms > excluded.due_at_ms"
    } else {
        " ON CONFLICT (source, url) DO NOTHING"
    };
    let into = "INSERT INTO frontier (source, url, kind, host, due_at_ms, depth, memo, fails) VALUES ";
    sql::insert(db, into, tail, 8, cells).await
}

async fn see(db: &mut AnyConnection, visit: &Visit, now_ms: i64) -> Result<()> {
    let rows: std::collections::BTreeMap<&String, &String> =
        visit.seen.iter().map(|(native_id, changed)| (native_id, changed)).collect();
    let cells = rows
        .into_iter()
        .flat_map(|(native_id, changed)| [(&visit.source).into(), native_id.into(), changed.into(), Cell::from(now_ms)])
        .collect();
    sql::insert(
        db,
        "INSERT INTO seen (source, native_id, changed, at_ms) VALUES ",
        " ON CONFLICT (source, native_id) DO UPDATE SET changed = excluded.changed, at_ms = excluded.at_ms",
        4,
        cells,
    )
    .await?;
    Ok(())
}

async fn log(db: &mut AnyConnection, visit: &Visit) -> Result<()> {
    let mut cells = Vec::new();
    for fetch in &visit.fetches {
        cells.extend([
            Cell::from(sql::new_id()),
            (&fetch.source).into(),
            (&fetch.url).into(),
            fetch.at_ms.into(),
            (&fetch.allowed_by).into(),
            fetch.gap_ms.into(),
            fetch.took_ms.into(),
            fetch.status.map(i64::from).into(),
            (&fetch.outcome).into(),
            i64::try_from(fetch.bytes).unwrap_or(i64::MAX).into(),
            (&fetch.capture_id).into(),
        ]);
    }
    let into = "INSERT INTO fetches (id, source, url, at_ms, allowed_by, gap_ms, took_ms, status, outcome, bytes, \
                capture_id) VALUES ";
    sql::insert(db, into, "", 11, cells).await?;
    Ok(())
}

/// A post is gone when two looks that lie far enough apart did not find it.
async fn lose(db: &mut AnyConnection, visit: &Visit, now_ms: i64) -> Result<u64> {
    let mut gone = 0;
    for native_id in &visit.gone {
        let seq = take(db, "posts", 1).await? + 1;
        gone += sql::run(
            db,
            "UPDATE posts SET gone_at_ms = $4, seq = $5 WHERE source = $1 AND native_id = $2 AND gone_at_ms IS NULL \
             AND missing_since_ms IS NOT NULL AND $4 - missing_since_ms >= $3",
            [(&visit.source).into(), native_id.into(), visit.gone_after_ms.into(), now_ms.into(), seq.into()],
        )
        .await?;
        sql::run(
            db,
            "UPDATE posts SET missing_since_ms = $3 WHERE source = $1 AND native_id = $2 AND missing_since_ms IS NULL",
            [(&visit.source).into(), native_id.into(), now_ms.into()],
        )
        .await?;
    }
    Ok(gone + delete(db, visit, now_ms).await?)
}

/// A post is gone at once when its platform says so, by itself or with its account.
async fn delete(db: &mut AnyConnection, visit: &Visit, now_ms: i64) -> Result<u64> {
    let mut native_ids = visit.deleted.clone();
    for author_id in &visit.accounts_gone {
        let select = "SELECT native_id FROM posts WHERE source = $1 AND author_id = $2 AND gone_at_ms IS NULL";
        for row in sql::rows(db, select, [(&visit.source).into(), author_id.into()]).await? {
            native_ids.push(sql::text(&row, "native_id")?);
        }
    }
    let mut gone = 0;
    for native_id in &native_ids {
        let seq = take(db, "posts", 1).await? + 1;
        gone += sql::run(
            db,
            "UPDATE posts SET gone_at_ms = $3, missing_since_ms = COALESCE(missing_since_ms, $3), seq = $4 \
             WHERE source = $1 AND native_id = $2 AND gone_at_ms IS NULL",
            [(&visit.source).into(), native_id.into(), now_ms.into(), seq.into()],
        )
        .await?;
    }
    Ok(gone)
}
