//! Leases: who does which piece of waiting work, and until when.
//!
//! Purpose: one way to share work among workers, for pending captures, packets to build, parts of a reassessment and
//! followers; hosts of the frontier have theirs in `frontier`, because pace and lease are one row there.
//! Invariants: work waits in the row that it is about, so it cannot be lost without that row; a lease is taken in one
//! statement, under SKIP LOCKED where several write; whether work is done is decided by the transaction that records
//! it, never by the lease, so a worker that comes late changes nothing; a lease that ends beyond [`LONGEST_MS`] from
//! now was taken before the clock was set back and holds no longer.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::dialect::Dialect;
use crate::sql::Sql;
use crate::{Result, Store, sql};

/// No lease is longer: ten minutes cover the slowest page and the largest packet, renewals the rest.
pub const LONGEST_MS: i64 = 10 * 60_000;

/// A table whose rows are work: they have `id`, `lease_by`, `lease_until_ms` and `tries`.
pub(crate) struct Work {
    /// The table.
    pub table: &'static str,
    /// Which rows wait.
    pub waits: &'static str,
}

pub(crate) const CAPTURES: Work = Work { table: "captures", waits: "state = 'kept'" };
pub(crate) const PACKETS: Work =
    Work { table: "askings", waits: "signed_by IS NOT NULL AND packet_id IS NULL AND ended_at_ms IS NULL" };
pub(crate) const PARTS: Work = Work { table: "reassess_parts", waits: "done_at_ms IS NULL" };
pub(crate) const FOLLOWERS: Work = Work { table: "followers", waits: "1 = 1" };

/// All of them.
const ALL: [&Work; 4] = [&CAPTURES, &PACKETS, &PARTS, &FOLLOWERS];

/// Who asks for how much, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    pub worker: &'a str,
    /// Only this row.
    pub only: Option<&'a str>,
    pub limit: u32,
    pub lease_ms: i64,
    pub now_ms: i64,
}

/// Until when a lease taken now holds.
pub(crate) fn until(lease_ms: i64, now_ms: i64) -> i64 {
    now_ms + lease_ms.clamp(1, LONGEST_MS)
}

/// Takes the free rows of a table in the order of their ids; the whole rows, in that order.
pub(crate) async fn take(
    db: &mut AnyConnection,
    dialect: Dialect,
    work: &Work,
    claim: Claim<'_>,
) -> Result<Vec<AnyRow>> {
    let mut lease = Sql::new("WITH free AS MATERIALIZED (SELECT id FROM ", []);
    lease.push(work.table).push(" WHERE ").push(work.waits).when(" AND id = ", claim.only);
    free(&mut lease, claim.now_ms);
    lease.push(" ORDER BY id LIMIT ").bind(claim.limit).push(dialect.skip_locked()).push(") UPDATE ");
    lease.push(work.table).push(" SET tries = tries + 1, lease_by = ").bind(claim.worker);
    lease.push(", lease_until_ms = ").bind(until(claim.lease_ms, claim.now_ms));
    lease.push(" WHERE id IN (SELECT id FROM free) RETURNING *");
    let mut rows = Vec::new();
    for row in lease.rows(db).await? {
        rows.push((sql::text(&row, "id")?, row));
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Adds that nobody holds the row: never leased, expired, or leased by a clock that was ahead.
pub(crate) fn free(sql: &mut Sql, now_ms: i64) {
    sql.push(" AND (lease_until_ms IS NULL OR lease_until_ms <= ").bind(now_ms);
    sql.push(" OR lease_until_ms > ").bind(now_ms + LONGEST_MS).push(")");
}

/// Gives back what this worker holds of one table.
async fn give_back(db: &mut AnyConnection, work: &Work, worker: &str) -> Result<u64> {
    let mut free = Sql::new("UPDATE ", []);
    free.push(work.table).push(" SET lease_by = NULL, lease_until_ms = NULL WHERE lease_by = ").bind(worker);
    free.run(db).await
}

/// Frees every lease of a folder that this process has just locked: whoever held one is dead.
pub(crate) async fn free_all(db: &mut AnyConnection) -> Result<()> {
    for table in ALL.iter().map(|work| work.table).chain(["frontier", "hosts"]) {
        let mut free = Sql::new("UPDATE ", []);
        free.push(table).push(" SET lease_by = NULL, lease_until_ms = NULL WHERE lease_by IS NOT NULL").run(db).await?;
    }
    Ok(())
}

impl Store {
    /// Gives all leases of this worker back, its work undone: at its orderly end, or after an error. A request may have
    /// left under a host's lease up to now, so the pace of such hosts counts from now.
    ///
    /// # Errors
    /// `Database`.
    pub async fn give_back(&self, worker: &str, now_ms: i64) -> Result<u64> {
        let mut tx = self.write_again().await?;
        let mut given = 0;
        for work in ALL {
            given += give_back(&mut tx, work, worker).await?;
        }
        Sql::new("UPDATE hosts SET last_at_ms = $1 WHERE lease_by = $2", [now_ms.into(), worker.into()])
            .run(&mut tx)
            .await?;
        // Hosts before addresses, as everywhere: two transactions that lock in one order do not wait for each other.
        for table in ["hosts", "frontier"] {
            given += give_back(&mut tx, &Work { table, waits: "" }, worker).await?;
        }
        tx.commit().await?;
        Ok(given)
    }

    /// Takes or renews the right to bring an index up to the store; `false` while another worker holds it. When this
    /// returns, everything read before it survives a power cut: an index must not know what the store may forget.
    ///
    /// # Errors
    /// `Database`.
    pub async fn follow(&self, index: &str, worker: &str, lease_ms: i64, now_ms: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        let mut hold = Sql::new(
            "INSERT INTO followers (id, lease_by, lease_until_ms, tries) VALUES ($1, $2, $3, 1) \
             ON CONFLICT (id) DO UPDATE SET lease_by = $2, lease_until_ms = $3, tries = followers.tries + 1 \
             WHERE followers.lease_by IS NULL OR followers.lease_by = $2 OR followers.lease_until_ms <= $4 \
             OR followers.lease_until_ms > $5",
            [index.into(), worker.into(), until(lease_ms, now_ms).into(), now_ms.into(), (now_ms + LONGEST_MS).into()],
        );
        let held = hold.run(&mut tx).await? == 1;
        tx.commit().await?;
        Ok(held)
    }
}
