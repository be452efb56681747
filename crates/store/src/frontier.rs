//! The frontier: what is to be visited when, one visit at a time for each host, with leases that expire.

use sqlx::any::AnyRow;

use crate::record::Batch;
use crate::source_health::Report;
use crate::sources::FetchRow;
use crate::sql::Sql;
use crate::{Result, Store, lease, sql, visit};

/// An address that is to be visited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontierEntry {
    /// The source.
    pub source: String,
    /// Canonical address: with the source its identity.
    pub url: String,
    /// What the page is: `start`, `list`, `item`, `feed`, `sitemap`, ….
    pub kind: String,
    /// Host, with the port where it is not the default: pace is kept for it.
    pub host: String,
    /// When the visit is due.
    pub due_at_ms: i64,
    /// Links from a start.
    pub depth: u32,
    /// What the crawler wants to know when it comes back to it (JSON: cursor, page number, fields of the list row, …).
    pub memo: Option<String>,
}

/// A visit that this worker may make now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What to visit.
    pub entry: FrontierEntry,
    /// Until when; after that another worker may take it.
    pub until_ms: i64,
    /// Validator of the last answer.
    pub etag: Option<String>,
    /// Validator of the last answer.
    pub last_modified: Option<String>,
    /// SHA-256 of the last body.
    pub last_sha256: Option<String>,
    /// Failures in a row.
    pub fails: u32,
    /// When it was last visited.
    pub last_visit_at_ms: Option<i64>,
    /// When the last request to the host left.
    pub host_last_at_ms: Option<i64>,
    /// Failures in a row of the host.
    pub host_fails: u32,
    /// The source's file.
    pub toml: String,
    /// The source's parameters.
    pub params: Vec<(String, String)>,
}

/// How a visit ended. It commits with the posts that it brought. One without an address is what a run as a whole
/// leaves behind.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// Who holds the lease. A visit that ends after its lease was taken by another leaves that one alone.
    pub worker: String,
    /// The source.
    pub source: String,
    /// The address that was leased.
    pub url: String,
    /// When it is due again; none: never (its entry stays, so that it is not discovered anew).
    pub due_again_at_ms: Option<i64>,
    /// What the crawler wants to know next time; none keeps what is there.
    pub memo: Option<String>,
    /// Validator of this answer; none keeps the last.
    pub etag: Option<String>,
    /// Validator of this answer; none keeps the last.
    pub last_modified: Option<String>,
    /// SHA-256 of this body; none keeps the last.
    pub sha256: Option<String>,
    /// Whether it failed: counts, or clears the count.
    pub failed: bool,
    /// When the next request to the host may leave.
    pub host_next_at_ms: i64,
    /// Whether the host itself failed (connection, 5xx, 429): counts, or clears the count.
    pub host_failed: bool,
    /// Addresses found; those that are known stay as they are, but become due at once where `due_at_ms` is sooner
    /// and `recheck` is set.
    pub found: Vec<FrontierEntry>,
    /// Known addresses of `found` become due at their `due_at_ms` when that is sooner.
    pub recheck: bool,
    /// Rows of a list that were seen: `(native id, its changed key)`.
    pub seen: Vec<(String, String)>,
    /// Native ids of posts that this look found gone.
    pub gone: Vec<String>,
    /// Least time between the two looks that make a deletion.
    pub gone_after_ms: i64,
    /// Native ids of posts that their platform says are deleted: no second look is needed.
    pub deleted: Vec<String>,
    /// Ids of authors whose accounts are gone, and their posts with them.
    pub accounts_gone: Vec<String>,
    /// The lines for the log of fetches, one a request, in order; their `id` is given by the store.
    pub fetches: Vec<FetchRow>,
    /// What the visit says about the health of its source.
    pub report: Report,
}

/// A robots.txt as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotsRow {
    /// Scheme, host and port.
    pub origin: String,
    /// When.
    pub fetched_at_ms: i64,
    /// Until when it holds.
    pub expires_at_ms: i64,
    /// HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// The last good text.
    pub body: Option<String>,
    /// When that text was fetched.
    pub good_at_ms: Option<i64>,
    /// What it means in one word, by the crawler: `rules`, `allow`, `deny`, `walled`, ….
    pub verdict: String,
}

impl Lease {
    fn read(row: &AnyRow, until_ms: i64) -> Result<Lease> {
        Ok(Lease {
            entry: FrontierEntry {
                source: sql::text(row, "source")?,
                url: sql::text(row, "url")?,
                kind: sql::text(row, "kind")?,
                host: sql::text(row, "host")?,
                due_at_ms: sql::int(row, "due_at_ms")?,
                depth: sql::natural(row, "depth")?,
                memo: sql::text_or_none(row, "memo")?,
            },
            until_ms,
            etag: sql::text_or_none(row, "etag")?,
            last_modified: sql::text_or_none(row, "last_modified")?,
            last_sha256: sql::text_or_none(row, "last_sha256")?,
            fails: sql::natural(row, "fails")?,
            last_visit_at_ms: sql::int_or_none(row, "last_visit_at_ms")?,
            host_last_at_ms: sql::int_or_none(row, "host_last_at_ms")?,
            host_fails: sql::natural(row, "host_fails")?,
            toml: sql::text(row, "toml")?,
            params: sql::json(row, "params")?,
        })
    }
}

impl Store {
    /// What the frontier knows of an address: its kind and what the last visit left.
    ///
    /// # Errors
    /// `Database`.
    pub async fn address(&self, source: &str, url: &str) -> Result<Option<(String, Option<String>)>> {
        let select = "SELECT kind, memo FROM frontier WHERE source = $1 AND url = $2";
        let row = sql::row(&mut *self.read().await?, select, [source.into(), url.into()]).await?;
        row.map(|row| Ok((sql::text(&row, "kind")?, sql::text_or_none(&row, "memo")?))).transpose()
    }

    /// Adds addresses, all in one transaction; known ones stay as they are. The number of new ones.
    ///
    /// # Errors
    /// `Database`.
    pub async fn add_to_frontier(&self, entries: &[FrontierEntry], recheck: bool) -> Result<u64> {
        let mut tx = self.write_again().await?;
        let added = visit::add(&mut tx, entries, recheck).await?;
        tx.commit().await?;
        Ok(added)
    }

    /// Leases up to `limit` due addresses of enabled sources (or of `source` alone), at most one of each host, of
    /// hosts whose pace allows a request now and on which nobody is. Each holds its address and its host until
    /// `now_ms + lease_ms`.
    ///
    /// # Errors
    /// `Database`.
    pub async fn lease(
        &self,
        worker: &str,
        source: Option<&str>,
        limit: u32,
        lease_ms: i64,
        now_ms: i64,
    ) -> Result<Vec<Lease>> {
        let mut tx = self.write_again().await?;
        let mut pick = Sql::new(
            "SELECT h.host AS host FROM hosts h WHERE h.next_at_ms <= $1 \
             AND (h.lease_until_ms IS NULL OR h.lease_until_ms <= $1 OR h.lease_until_ms > $2) \
             AND NOT EXISTS (SELECT 1 FROM settings g \
             WHERE g.name = 'crawl.stopped' AND g.value = 'yes') AND EXISTS (SELECT 1 FROM frontier f \
             JOIN sources s ON s.id = f.source AND s.state = 'enabled' WHERE f.host = h.host AND f.due_at_ms <= $1",
            [now_ms.into(), (now_ms + lease::LONGEST_MS).into()],
        );
        pick.when(" AND f.source = ", source).push(") ORDER BY h.next_at_ms, h.host LIMIT ").bind(limit);
        pick.push(self.dialect().skip_locked());
        let until_ms = lease::until(lease_ms, now_ms);
        let mut leases = Vec::new();
        for row in pick.rows(&mut tx).await? {
            let host = sql::text(&row, "host")?;
            let mut first = Sql::new(
                "SELECT f.*, h.last_at_ms AS host_last_at_ms, h.fails AS host_fails, s.toml AS toml, \
                 s.params AS params FROM frontier f JOIN hosts h ON h.host = f.host \
                 JOIN sources s ON s.id = f.source AND s.state = 'enabled' WHERE f.host = $1 AND f.due_at_ms <= $2",
                [(&host).into(), now_ms.into()],
            );
            first.when(" AND f.source = ", source).push(" ORDER BY f.due_at_ms, f.depth, f.url LIMIT 1");
            let Some(row) = first.row(&mut tx).await? else { continue };
            let lease = Lease::read(&row, until_ms)?;
            sql::run(
                &mut tx,
                "UPDATE frontier SET lease_by = $3, lease_until_ms = $4 WHERE source = $1 AND url = $2",
                [(&lease.entry.source).into(), (&lease.entry.url).into(), worker.into(), until_ms.into()],
            )
            .await?;
            sql::run(
                &mut tx,
                "UPDATE hosts SET lease_by = $2, lease_until_ms = $3 WHERE host = $1",
                [(&host).into(), worker.into(), until_ms.into()],
            )
            .await?;
            leases.push(lease);
        }
        tx.commit().await?;
        Ok(leases)
    }

    /// When the next address of an enabled source (or of `source` alone) can be leased; none when nothing is queued
    /// or all crawling is stopped.
    ///
    /// # Errors
    /// `Database`.
    pub async fn next_due_ms(&self, source: Option<&str>) -> Result<Option<i64>> {
        let mut db = self.read().await?;
        let mut next = Sql::new(
            "SELECT MIN(CASE WHEN f.due_at_ms >= h.next_at_ms AND f.due_at_ms >= COALESCE(h.lease_until_ms, 0) \
             THEN f.due_at_ms WHEN h.next_at_ms >= COALESCE(h.lease_until_ms, 0) THEN h.next_at_ms \
             ELSE h.lease_until_ms END) AS n FROM frontier f JOIN hosts h ON h.host = f.host \
             JOIN sources s ON s.id = f.source AND s.state = 'enabled' WHERE f.due_at_ms IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM settings g WHERE g.name = 'crawl.stopped' AND g.value = 'yes')",
            [],
        );
        next.when(" AND f.source = ", source);
        next.row(&mut db).await?.map_or(Ok(None), |row| sql::int_or_none(&row, "n"))
    }

    /// Ends a visit that brought no posts: the same as a batch without parts.
    ///
    /// # Errors
    /// `Database`.
    pub async fn complete(&self, visit: Visit, now_ms: i64) -> Result<()> {
        let batch = Batch { actor: "crawl".to_owned(), parts: Vec::new(), visits: vec![visit] };
        self.record(&batch, now_ms).await.map(|_| ())
    }

    /// The changed keys of rows of a list that were seen before: `(native id, changed key)`.
    ///
    /// # Errors
    /// `Database`.
    pub async fn seen(&self, source: &str, native_ids: &[String]) -> Result<Vec<(String, String)>> {
        let mut db = self.read().await?;
        let mut seen = Vec::new();
        for chunk in native_ids.chunks(64) {
            let mut select =
                Sql::new("SELECT native_id, changed FROM seen WHERE source = $1 AND native_id IN (", [source.into()]);
            for (n, id) in chunk.iter().enumerate() {
                select.push(if n == 0 { "" } else { ", " }).bind(id);
            }
            for row in select.push(")").rows(&mut db).await? {
                seen.push((sql::text(&row, "native_id")?, sql::text(&row, "changed")?));
            }
        }
        Ok(seen)
    }

    /// Native ids and addresses of posts of a source that were met last on a page with this address (as it was asked
    /// for), are not gone, and were first seen at or after `since_ms`: for telling which rows are missing now.
    ///
    /// # Errors
    /// `Database`.
    pub async fn posts_of_page(
        &self,
        source: &str,
        page_url: &str,
        since_ms: i64,
    ) -> Result<Vec<(String, Option<String>)>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT p.native_id AS native_id, p.url AS url FROM captures c JOIN posts p ON p.seen_capture_id = c.id \
             WHERE c.source = $1 AND c.url = $2 AND p.source = $1 AND p.gone_at_ms IS NULL \
             AND p.first_seen_at_ms >= $3 ORDER BY p.id",
            [source.into(), page_url.into(), since_ms.into()],
        )
        .await?;
        rows.iter().map(|row| Ok((sql::text(row, "native_id")?, sql::text_or_none(row, "url")?))).collect()
    }

    /// The robots.txt of an origin.
    ///
    /// # Errors
    /// `Database`.
    pub async fn robots(&self, origin: &str) -> Result<Option<RobotsRow>> {
        let mut db = self.read().await?;
        let row = sql::row(&mut db, "SELECT * FROM robots WHERE origin = $1", [origin.into()]).await?;
        let robots = |row: AnyRow| {
            Ok(RobotsRow {
                origin: sql::text(&row, "origin")?,
                fetched_at_ms: sql::int(&row, "fetched_at_ms")?,
                expires_at_ms: sql::int(&row, "expires_at_ms")?,
                status: sql::int_or_none(&row, "status")?.and_then(|status| status.try_into().ok()),
                body: sql::text_or_none(&row, "body")?,
                good_at_ms: sql::int_or_none(&row, "good_at_ms")?,
                verdict: sql::text(&row, "verdict")?,
            })
        };
        row.map(robots).transpose()
    }

    /// Keeps a robots.txt.
    ///
    /// # Errors
    /// `Database`.
    pub async fn put_robots(&self, robots: &RobotsRow) -> Result<()> {
        let mut tx = self.write_again().await?;
        sql::run(
            &mut tx,
            "INSERT INTO robots (origin, fetched_at_ms, expires_at_ms, status, body, verdict, good_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (origin) DO UPDATE SET \
             fetched_at_ms = excluded.fetched_at_ms, expires_at_ms = excluded.expires_at_ms, \
             status = excluded.status, body = excluded.body, verdict = excluded.verdict, \
             good_at_ms = excluded.good_at_ms",
            [
                (&robots.origin).into(),
                robots.fetched_at_ms.into(),
                robots.expires_at_ms.into(),
                robots.status.map(i64::from).into(),
                robots.body.as_ref().map(|body| body.replace('\0', " ")).into(),
                (&robots.verdict).into(),
                robots.good_at_ms.into(),
            ],
        )
        .await?;
        Ok(tx.commit().await?)
    }
}
