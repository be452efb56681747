//! What keeps a source from bringing posts: alarms, quarantined pages, yields by day, the global stop.
//!
//! Alarms open and end inside the transaction of the visit that saw it, so that a crash neither loses nor doubles one.

use model::{Act, Cause, Part, YIELD_DAYS};
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::frontier::Visit;
use crate::people::may_run;
use crate::rulesets::{put_setting, setting};
use crate::sql::Cell;
use crate::{Result, Store, audit, sql};

/// The setting that says that nothing may be crawled.
const STOPPED: &str = "crawl.stopped";
/// Days are those of Việt Nam.
const DAY_MS: i64 = 86_400_000;
const ZONE_MS: i64 = 7 * 3_600_000;

/// What one visit says about the health of its source.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was wrong with the address; none clears it.
    pub problem: Option<String>,
    /// Whether a page was read, or had not changed.
    pub is_success: bool,
    /// Posts read.
    pub posts: u64,
    /// New or changed posts among them.
    pub news: u64,
    /// Requests that a rule refused.
    pub refused: u64,
    /// Posts on the page that could not be read whole.
    pub quarantined: u64,
    /// The capture on which they stand.
    pub capture_id: Option<String>,
    /// Causes that were seen.
    pub raised: Vec<Trouble>,
    /// Causes that are over.
    pub cleared: Vec<Cause>,
}

/// A cause that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which.
    pub cause: Cause,
    /// Where.
    pub part: Part,
    /// One sentence with what was seen; never the text of a post.
    pub detail: String,
    /// At which address.
    pub url: Option<String>,
}

/// An alarm: a cause with its spell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRow {
    /// Its id.
    pub id: String,
    /// The source.
    pub source: String,
    /// What was seen.
    pub trouble: Trouble,
    /// When it was first seen.
    pub opened_at_ms: i64,
    /// When it was last seen.
    pub last_at_ms: i64,
    /// How often it was seen.
    pub times: u64,
    /// When the contrary was seen.
    pub cleared_at_ms: Option<i64>,
    /// When people were told of it.
    pub told_at_ms: Option<i64>,
}

/// A page with posts that could not be read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Its address.
    pub url: String,
    /// Its original.
    pub capture_id: String,
    /// How many posts.
    pub posts: u64,
    /// What they lack.
    pub problem: String,
    /// When it was read.
    pub at_ms: i64,
}

/// What a source brought on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YieldRow {
    /// Days since 1970-01-01 in Việt Nam.
    pub day: i64,
    /// Requests.
    pub requests: u64,
    /// Pages read.
    pub pages: u64,
    /// Posts read.
    pub posts: u64,
    /// New or changed posts.
    pub news: u64,
    /// Requests that a rule refused.
    pub refused: u64,
    /// Visits that met trouble.
    pub troubled: u64,
}

/// The robots.txt of one of a source's hosts, and how it is paced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRow {
    /// Host, with the port where it is not the default.
    pub host: String,
    /// What its robots.txt means; none when it was never asked for.
    pub robots: Option<String>,
    /// When robots.txt was asked for.
    pub robots_at_ms: Option<i64>,
    /// When the next request may leave.
    pub next_at_ms: i64,
    /// Failures in a row.
    pub fails: u32,
}

/// An address with trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TroubledRow {
    /// The address.
    pub url: String,
    /// What is wrong.
    pub problem: String,
    /// Failures in a row.
    pub fails: u32,
    /// When it is tried again.
    pub due_at_ms: Option<i64>,
}

/// Everything that the health page of a source shows.
#[derive(Clone, Debug)]
pub struct SourceHealth {
    /// When a page was last read.
    pub last_success_at_ms: Option<i64>,
    /// When a new post last came.
    pub last_news_at_ms: Option<i64>,
    /// The next visit that its hosts' pace allows.
    pub next_visit_at_ms: Option<i64>,
    /// The last days, oldest first, days without a visit included.
    pub days: Vec<YieldRow>,
    /// Alarms, open ones first, then the newest.
    pub alarms: Vec<AlarmRow>,
    /// Its hosts.
    pub hosts: Vec<HostRow>,
    /// Pages in quarantine, newest first, at most 50.
    pub quarantine: Vec<QuarantineRow>,
    /// Addresses with trouble, at most 50.
    pub troubled: Vec<TroubledRow>,
    /// Addresses waiting to be visited.
    pub waiting: u64,
}

/// The day in Việt Nam.
pub fn day_of(at_ms: i64) -> i64 {
    (at_ms + ZONE_MS).div_euclid(DAY_MS)
}

impl AlarmRow {
    fn read(row: &AnyRow) -> Result<AlarmRow> {
        Ok(AlarmRow {
            id: sql::text(row, "id")?,
            source: sql::text(row, "source")?,
            trouble: Trouble {
                cause: sql::id_of(row, "cause")?,
                part: sql::id_of(row, "part")?,
                detail: sql::text(row, "detail")?,
                url: sql::text_or_none(row, "url")?,
            },
            opened_at_ms: sql::int(row, "opened_at_ms")?,
            last_at_ms: sql::int(row, "last_at_ms")?,
            times: sql::natural(row, "times")?,
            cleared_at_ms: sql::int_or_none(row, "cleared_at_ms")?,
            told_at_ms: sql::int_or_none(row, "told_at_ms")?,
        })
    }
}

/// Writes what a visit says about its source, inside the visit's transaction.
pub(crate) async fn report(db: &mut AnyConnection, visit: &Visit, now_ms: i64) -> Result<()> {
    let told = &visit.report;
    sql::run(
        db,
        "UPDATE sources SET last_visit_at_ms = $2, last_success_at_ms = CASE WHEN $3 = 1 THEN $2 ELSE \
         last_success_at_ms END, last_news_at_ms = CASE WHEN $4 > 0 THEN $2 ELSE last_news_at_ms END WHERE id = $1",
        [(&visit.source).into(), now_ms.into(), i64::from(told.is_success).into(), count(told.news).into()],
    )
    .await?;
    let requests = visit.fetches.len() as u64;
    if requests + told.refused > 0 || told.is_success {
        let troubled = u64::from(told.problem.is_some());
        let cells = [requests, u64::from(told.is_success), told.posts, told.news, told.refused, troubled];
        let cells: Vec<Cell> = [Cell::from(&visit.source), day_of(now_ms).into()]
            .into_iter()
            .chain(cells.map(|n| count(n).into()))
            .collect();
        sql::insert(
            db,
            "INSERT INTO source_days (source, day, requests, pages, posts, news, refused, troubled) VALUES ",
            " ON CONFLICT (source, day) DO UPDATE SET requests = source_days.requests + excluded.requests, \
             pages = source_days.pages + excluded.pages, posts = source_days.posts + excluded.posts, \
             news = source_days.news + excluded.news, refused = source_days.refused + excluded.refused, \
             troubled = source_days.troubled + excluded.troubled",
            8,
            cells,
        )
        .await?;
    }
    quarantine(db, visit, now_ms).await?;
    for trouble in &told.raised {
        raise(db, &visit.source, trouble, now_ms).await?;
    }
    for cause in &told.cleared {
        clear(db, &visit.source, *cause, now_ms).await?;
    }
    Ok(())
}

async fn quarantine(db: &mut AnyConnection, visit: &Visit, now_ms: i64) -> Result<()> {
    let told = &visit.report;
    match &told.capture_id {
        Some(capture_id) if told.quarantined > 0 => {
            sql::run(
                db,
                "INSERT INTO quarantine (source, url, capture_id, posts, problem, at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source, url) DO UPDATE SET \
                 capture_id = excluded.capture_id, posts = excluded.posts, problem = excluded.problem, \
                 at_ms = excluded.at_ms",
                [
                    (&visit.source).into(),
                    (&visit.url).into(),
                    capture_id.into(),
                    count(told.quarantined).into(),
                    told.problem.clone().unwrap_or_default().into(),
                    now_ms.into(),
                ],
            )
            .await?;
        }
        Some(_) if told.is_success => {
            sql::run(
                db,
                "DELETE FROM quarantine WHERE source = $1 AND url = $2",
                [(&visit.source).into(), (&visit.url).into()],
            )
            .await?;
        }
        _ => {}
    }
    Ok(())
}

/// Opens an alarm, or writes down that its cause was seen again.
async fn raise(db: &mut AnyConnection, source: &str, trouble: &Trouble, now_ms: i64) -> Result<()> {
    let again = sql::run(
        db,
        "UPDATE alarms SET last_at_ms = $3, times = times + 1, detail = $4, url = $5 \
         WHERE source = $1 AND cause = $2 AND cleared_at_ms IS NULL",
        [source.into(), trouble.cause.id().into(), now_ms.into(), (&trouble.detail).into(), (&trouble.url).into()],
    )
    .await?;
    if again > 0 {
        return Ok(());
    }
    sql::run(
        db,
        "INSERT INTO alarms (id, source, cause, part, detail, url, opened_at_ms, last_at_ms, times) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1)",
        [
            sql::new_id().into(),
            source.into(),
            trouble.cause.id().into(),
            trouble.part.id().into(),
            (&trouble.detail).into(),
            (&trouble.url).into(),
            now_ms.into(),
        ],
    )
    .await?;
    Ok(())
}

async fn clear(db: &mut AnyConnection, source: &str, cause: Cause, now_ms: i64) -> Result<()> {
    sql::run(
        db,
        "UPDATE alarms SET cleared_at_ms = $3 WHERE source = $1 AND cause = $2 AND cleared_at_ms IS NULL",
        [source.into(), cause.id().into(), now_ms.into()],
    )
    .await?;
    Ok(())
}

fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

async fn yields(db: &mut AnyConnection, source: &str, now_ms: i64) -> Result<Vec<YieldRow>> {
    let today = day_of(now_ms);
    let rows = sql::rows(
        db,
        "SELECT * FROM source_days WHERE source = $1 AND day > $2 ORDER BY day",
        [source.into(), (today - YIELD_DAYS).into()],
    )
    .await?;
    let mut known = Vec::new();
    for row in &rows {
        known.push(YieldRow {
            day: sql::int(row, "day")?,
            requests: sql::natural(row, "requests")?,
            pages: sql::natural(row, "pages")?,
            posts: sql::natural(row, "posts")?,
            news: sql::natural(row, "news")?,
            refused: sql::natural(row, "refused")?,
            troubled: sql::natural(row, "troubled")?,
        });
    }
    let Some(first) = known.first().map(|row| row.day) else { return Ok(known) };
    let of_day =
        |day| known.iter().find(|row| row.day == day).copied().unwrap_or(YieldRow { day, ..YieldRow::default() });
    Ok((first..=today).map(of_day).collect())
}

impl Store {
    /// The open alarms of a source.
    ///
    /// # Errors
    /// `Database`.
    pub async fn open_alarms(&self, source: &str) -> Result<Vec<AlarmRow>> {
        let mut db = self.read().await?;
        let text = "SELECT * FROM alarms WHERE source = $1 AND cleared_at_ms IS NULL ORDER BY id";
        sql::rows(&mut db, text, [source.into()]).await?.iter().map(AlarmRow::read).collect()
    }

    /// All open alarms, those of sources that are no longer read left out.
    ///
    /// # Errors
    /// `Database`.
    pub async fn all_open_alarms(&self) -> Result<Vec<AlarmRow>> {
        let mut db = self.read().await?;
        let text = "SELECT a.* FROM alarms a JOIN sources s ON s.id = a.source AND s.state IN ('enabled', 'blocked') \
                    WHERE a.cleared_at_ms IS NULL ORDER BY a.id";
        sql::rows(&mut db, text, []).await?.iter().map(AlarmRow::read).collect()
    }

    /// Alarms that people were not told of: opened ones, then ended ones of which they had been told. A cause that
    /// comes back within `quiet_ms` of the last telling waits until that time is over.
    ///
    /// # Errors
    /// `Database`.
    pub async fn untold_alarms(&self, quiet_ms: i64, now_ms: i64) -> Result<Vec<AlarmRow>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT a.* FROM alarms a WHERE (a.told_at_ms IS NULL AND a.cleared_at_ms IS NULL AND NOT EXISTS \
             (SELECT 1 FROM alarms b WHERE b.source = a.source AND b.cause = a.cause AND b.id <> a.id \
             AND b.told_at_ms > $1)) OR (a.told_at_ms IS NOT NULL AND a.cleared_at_ms IS NOT NULL \
             AND a.told_clear_at_ms IS NULL) ORDER BY a.id LIMIT 100",
            [(now_ms - quiet_ms).into()],
        )
        .await?;
        rows.iter().map(AlarmRow::read).collect()
    }

    /// Writes down that people were told of an alarm, or of its end.
    ///
    /// # Errors
    /// `Database`.
    pub async fn alarm_told(&self, alarm: &AlarmRow, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let text = if alarm.cleared_at_ms.is_some() {
            "UPDATE alarms SET told_clear_at_ms = $2 WHERE id = $1"
        } else {
            "UPDATE alarms SET told_at_ms = $2 WHERE id = $1"
        };
        sql::run(&mut tx, text, [(&alarm.id).into(), now_ms.into()]).await?;
        Ok(tx.commit().await?)
    }

    /// Opens or ends an alarm outside a visit.
    ///
    /// # Errors
    /// `Database`.
    pub async fn settle_alarm(&self, source: &str, cause: Cause, seen: Option<&Trouble>, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        match seen {
            Some(trouble) => raise(&mut tx, source, trouble, now_ms).await?,
            None => clear(&mut tx, source, cause, now_ms).await?,
        }
        Ok(tx.commit().await?)
    }

    /// Everything that the health page of a source shows.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn source_health(&self, source: &str, now_ms: i64) -> Result<SourceHealth> {
        let next_visit_at_ms = self.next_due_ms(Some(source)).await?;
        let mut db = self.read().await?;
        let row = sql::row(
            &mut db,
            "SELECT last_success_at_ms, last_news_at_ms, (SELECT COUNT(*) FROM frontier f WHERE f.source = s.id \
             AND f.due_at_ms IS NOT NULL) AS waiting FROM sources s WHERE id = $1",
            [source.into()],
        )
        .await?;
        let row = row.ok_or_else(|| crate::Error::missing("nguồn", source))?;
        let days = yields(&mut db, source, now_ms).await?;
        let alarms = sql::rows(
            &mut db,
            "SELECT * FROM alarms WHERE source = $1 ORDER BY CASE WHEN cleared_at_ms IS NULL THEN 0 ELSE 1 END, \
             id DESC LIMIT 30",
            [source.into()],
        )
        .await?;
        let hosts = sql::rows(
            &mut db,
            "SELECT h.host, h.next_at_ms, h.fails, r.verdict, r.fetched_at_ms FROM hosts h LEFT JOIN robots r \
             ON r.origin = 'https://' || h.host OR r.origin = 'http://' || h.host \
             WHERE h.host IN (SELECT DISTINCT f.host FROM frontier f WHERE f.source = $1) ORDER BY h.host LIMIT 50",
            [source.into()],
        )
        .await?;
        let quarantine = sql::rows(
            &mut db,
            "SELECT url, capture_id, posts, problem, at_ms FROM quarantine WHERE source = $1 \
             ORDER BY at_ms DESC LIMIT 50",
            [source.into()],
        )
        .await?;
        let troubled = sql::rows(
            &mut db,
            "SELECT url, problem, fails, due_at_ms FROM frontier WHERE source = $1 AND problem IS NOT NULL \
             ORDER BY CASE WHEN kind = 'detail' THEN 1 ELSE 0 END, last_visit_at_ms DESC LIMIT 50",
            [source.into()],
        )
        .await?;
        Ok(SourceHealth {
            last_success_at_ms: sql::int_or_none(&row, "last_success_at_ms")?,
            last_news_at_ms: sql::int_or_none(&row, "last_news_at_ms")?,
            next_visit_at_ms,
            days,
            alarms: alarms.iter().map(AlarmRow::read).collect::<Result<_>>()?,
            hosts: hosts
                .iter()
                .map(|row| {
                    Ok(HostRow {
                        host: sql::text(row, "host")?,
                        robots: sql::text_or_none(row, "verdict")?,
                        robots_at_ms: sql::int_or_none(row, "fetched_at_ms")?,
                        next_at_ms: sql::int(row, "next_at_ms")?,
                        fails: sql::natural(row, "fails")?,
                    })
                })
                .collect::<Result<_>>()?,
            quarantine: quarantine
                .iter()
                .map(|row| {
                    Ok(QuarantineRow {
                        url: sql::text(row, "url")?,
                        capture_id: sql::text(row, "capture_id")?,
                        posts: sql::natural(row, "posts")?,
                        problem: sql::text(row, "problem")?,
                        at_ms: sql::int(row, "at_ms")?,
                    })
                })
                .collect::<Result<_>>()?,
            troubled: troubled
                .iter()
                .map(|row| {
                    Ok(TroubledRow {
                        url: sql::text(row, "url")?,
                        problem: sql::text(row, "problem")?,
                        fails: sql::natural(row, "fails")?,
                        due_at_ms: sql::int_or_none(row, "due_at_ms")?,
                    })
                })
                .collect::<Result<_>>()?,
            waiting: sql::natural(&row, "waiting")?,
        })
    }

    /// Whether a person has stopped all crawling.
    ///
    /// # Errors
    /// `Database`.
    pub async fn is_crawling_stopped(&self) -> Result<bool> {
        Ok(setting(&mut *self.read().await?, STOPPED).await?.as_deref() == Some("yes"))
    }

    /// The global stop: no address is leased while it is set, whichever process asks.
    ///
    /// # Errors
    /// `Refused` without the right.
    pub async fn stop_crawling(&self, by: &str, stop: bool, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        may_run(&mut tx, by, Act::WorkSources).await?;
        put_setting(&mut tx, STOPPED, if stop { "yes" } else { "no" }).await?;
        let action = if stop { "crawl.stop" } else { "crawl.resume" };
        audit::append(&mut tx, by, action, "", &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }
}
