//! Recording: posts, assessments, contacts, campaigns, alerts and frontier of a batch in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::{CaptureState, Family, Post, Queue, Stance};
use rules::Assessment;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use text::Fact;

use crate::frontier::Visit;
use crate::originals::hex;
use crate::posts::PostRow;
use crate::sql::{Cell, Sql};
use crate::{Error, Result, Store, audit, lease, raising, sql, visit, writing};

/// What one transaction records. A few hundred posts are a good size.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Who records, for the audit: `crawl`, `import`, or the id of a user.
    pub actor: String,
    /// Posts, by the capture that they came from.
    pub parts: Vec<Part>,
    /// Visits that end with this batch: their frontier, pace and log commit together with the posts.
    pub visits: Vec<Visit>,
}

/// The posts of one capture, or of a stretch of a large one.
#[derive(Clone, Debug)]
pub struct Part {
    /// The capture.
    pub capture_id: String,
    /// How far the capture is recorded once this is in, in the reader's unit. A part that does not reach beyond what
    /// is recorded changes nothing: that makes recording idempotent.
    pub upto: i64,
    /// Whether this is the last part; the capture is then recorded.
    pub last: bool,
    /// The posts, in order.
    pub posts: Vec<ReadPost>,
}

/// One post with what was read in it.
#[derive(Clone, Debug)]
pub struct ReadPost {
    /// The post.
    pub post: Post,
    /// Its assessment; none when it is to be assessed later (see [`Store::unassessed`]).
    pub assessment: Option<Assessment>,
    /// Its facts.
    pub facts: Vec<Fact>,
}

/// What a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Posts that were not known.
    pub new_posts: u64,
    /// Known posts with another text.
    pub new_versions: u64,
    /// Known posts with the same text.
    pub seen_again: u64,
    /// Posts now known to be gone.
    pub gone: u64,
    /// Alerts and referrals raised.
    pub raised: Vec<Raised>,
    /// The last sequence number given; followers read up to it.
    pub seq: i64,
}

/// An alert or referral that was just raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Its id.
    pub id: String,
    /// Which queue.
    pub queue: Queue,
    /// 1 to 4.
    pub priority: u8,
    /// The post.
    pub post_id: String,
}

/// A post that waits for an assessment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unassessed {
    /// The post.
    pub post_id: String,
    /// Its sequence number: give the last one back to go on.
    pub seq: i64,
    /// Its version.
    pub version: u32,
    /// Title of that version.
    pub title: Option<String>,
    /// Text of that version.
    pub text: String,
    /// When it was posted.
    pub posted_at_ms: Option<i64>,
}

/// An assessment made later than its post.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The post.
    pub post_id: String,
    /// The version that was assessed.
    pub version: u32,
    /// What the ruleset says.
    pub assessment: Assessment,
    /// Its facts.
    pub facts: Vec<Fact>,
}

/// One post on its way into the store.
pub(crate) struct Item<'a> {
    pub read: &'a ReadPost,
    pub capture_id: &'a str,
    pub seen_at_ms: i64,
    pub post_id: String,
    pub seq: i64,
    pub version: u32,
    /// Whether more than one row is due: it has a finding, speaks as somebody, or carries a contact of an open case.
    pub is_long: bool,
    pub campaign_id: Option<String>,
}

impl Item<'_> {
    /// Families at or above their threshold, strongest first; the first family where an alert has none.
    pub fn families(&self) -> Vec<Family> {
        self.read.assessment.as_ref().map_or_else(Vec::new, alerting_families)
    }
}

/// Families at or above their threshold, strongest first; the first with points where an alert has none.
pub(crate) fn alerting_families(assessment: &Assessment) -> Vec<Family> {
    let over = assessment.families.iter().filter(|score| score.points >= score.threshold);
    let families: Vec<Family> = over.map(|score| score.family).collect();
    if families.is_empty() && assessment.alert {
        return assessment.families.first().map(|score| score.family).into_iter().collect();
    }
    families
}

/// Families as one column: `|a|b|`, so that one of them can be looked for.
pub(crate) fn families_text(families: &[Family]) -> String {
    families.iter().fold(String::new(), |mut text, family| {
        if text.is_empty() {
            text.push('|');
        }
        text.push_str(family.id());
        text.push('|');
        text
    })
}

/// The ids of a column written by [`families_text`].
pub(crate) fn families_of(text: &str) -> Vec<String> {
    text.split('|').filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

impl Store {
    /// Records a batch in one transaction, with one audit row that holds the root hash of its posts.
    ///
    /// The same id with another text is a new version, with the same text it is seen again. A post without any
    /// finding takes the short path: one row. Posts with a contact of an open case raise an alert whatever they say.
    ///
    /// # Errors
    /// `Missing` for an unknown capture, `Database`. Nothing of the batch is recorded then.
    pub async fn record(&self, batch: &Batch, now_ms: i64) -> Result<Recorded> {
        let mut tx = self.write_again().await?;
        let mut done = Recorded::default();
        let posts: usize = batch.parts.iter().map(|part| part.posts.len()).sum();
        // Taken first and held until commit: this is what makes sequence order commit order.
        let mut seq = take(&mut tx, "posts", posts).await?;
        let first_seq = seq + 1;
        let mut todo = Vec::new();
        let mut standing = BTreeMap::new();
        for (part, seen_at_ms) in parts_to_do(&mut tx, &batch.parts).await? {
            todo.extend(part.posts.iter().map(|read| (read, part.capture_id.as_str(), seen_at_ms)));
            let state = if part.last { CaptureState::Recorded } else { CaptureState::Kept };
            standing.insert(part.capture_id.as_str(), (part.upto, state));
        }
        stand(&mut tx, standing, now_ms).await?;
        let root = root(todo.iter().map(|(read, ..)| &read.post));
        let count = todo.len();
        while !todo.is_empty() {
            // Each identity once a round: a post that stands twice in a batch meets its own first text.
            let mut met = HashSet::new();
            let (round, rest): (Vec<_>, Vec<_>) =
                todo.into_iter().partition(|(read, ..)| met.insert((&read.post.source, &read.post.native_id)));
            todo = rest;
            let items = round.into_iter().map(|(read, capture_id, seen_at_ms)| {
                seq += 1;
                Item {
                    read,
                    capture_id,
                    seen_at_ms,
                    post_id: sql::new_id(),
                    seq,
                    version: 1,
                    is_long: is_long(read),
                    campaign_id: None,
                }
            });
            record_round(&mut tx, items.collect(), &mut done, now_ms).await?;
        }
        for visit in &batch.visits {
            done.gone += visit::settle(&mut tx, visit, now_ms).await?;
        }
        done.seq = last(&mut tx, "posts").await?;
        if count > 0 {
            let captures: Vec<&str> = batch.parts.iter().map(|part| part.capture_id.as_str()).take(20).collect();
            let subject = captures.first().copied().unwrap_or_default();
            let detail = json!({
                "captures": captures, "posts": count, "new": done.new_posts, "versions": done.new_versions,
                "seen_again": done.seen_again, "raised": done.raised.len(), "first_seq": first_seq, "last_seq": seq,
                "root": root,
            });
            audit::append(&mut tx, &batch.actor, "posts.record", subject, &detail, now_ms).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    /// Posts whose current version was never assessed, in order of their sequence.
    ///
    /// # Errors
    /// `Database`.
    pub async fn unassessed(&self, limit: u32) -> Result<Vec<Unassessed>> {
        let mut db = self.read().await?;
        let rows = sql::rows(
            &mut db,
            "SELECT id, seq, version, title, text, posted_at_ms FROM posts WHERE ruleset IS NULL ORDER BY seq LIMIT $1",
            [limit.into()],
        )
        .await?;
        rows.iter().map(Unassessed::read).collect()
    }

    /// Records assessments of posts that are in the store; raises what they raise. An assessment of a version that
    /// is no longer the current one is dropped. Older assessments stay as they are.
    ///
    /// # Errors
    /// `Database`.
    pub async fn record_assessments(&self, actor: &str, assessed: &[Assessed], now_ms: i64) -> Result<Recorded> {
        let mut tx = self.write_again().await?;
        let (done, _) = record_assessed(&mut tx, actor, assessed, now_ms).await?;
        tx.commit().await?;
        Ok(done)
    }
}

/// Writes assessments made later than their posts; what that raised, and the number of posts that it reached. An
/// assessment is dropped when its post has another version by now, or was assessed by the same ruleset already.
pub(crate) async fn record_assessed(
    db: &mut AnyConnection,
    actor: &str,
    assessed: &[Assessed],
    now_ms: i64,
) -> Result<(Recorded, usize)> {
    let mut done = Recorded::default();
    let mut seq = take(db, "posts", assessed.len()).await?;
    let mut posts: HashMap<String, PostRow> = HashMap::new();
    for chunk in assessed.chunks(64) {
        let mut known = Sql::new("SELECT * FROM posts WHERE id IN (", []);
        for (n, one) in chunk.iter().enumerate() {
            known.push(if n == 0 { "" } else { ", " }).bind(&one.post_id);
        }
        for row in &known.push(")").rows(db).await? {
            let post = PostRow::read(row)?;
            posts.insert(post.id.clone(), post);
        }
    }
    let is_news = |one: &Assessed, post: &PostRow| {
        one.version == post.version
            && post.erased_at_ms.is_none()
            && post.ruleset.as_deref() != Some(one.assessment.ruleset.as_str())
    };
    let current: Vec<(&Assessed, PostRow)> = assessed
        .iter()
        .filter_map(|one| Some((one, posts.remove(&one.post_id)?)))
        .filter(|(one, post)| is_news(one, post))
        .collect();
    let reads: Vec<ReadPost> = current
        .iter()
        .map(|(one, post)| ReadPost {
            post: post.as_post(),
            assessment: Some(one.assessment.clone()),
            facts: one.facts.clone(),
        })
        .collect();
    let mut items: Vec<Item> = reads
        .iter()
        .zip(&current)
        .map(|(read, (_, post))| {
            seq += 1;
            Item {
                read,
                capture_id: &post.capture_id,
                seen_at_ms: post.last_seen_at_ms,
                post_id: post.id.clone(),
                seq,
                version: post.version,
                is_long: is_long(read),
                campaign_id: None,
            }
        })
        .collect();
    let around = raising::look_around(db, &mut items, now_ms).await?;
    update_assessed(db, &items).await?;
    let kept: Vec<&Item> = items.iter().collect();
    raising::settle(db, &kept, &around, true, &mut done, now_ms).await?;
    done.seq = last(db, "posts").await?;
    if !items.is_empty() {
        let ruleset = items.first().and_then(|item| item.read.assessment.as_ref()).map(|it| it.ruleset.as_str());
        let detail = json!({ "posts": items.len(), "raised": done.raised.len(), "last_seq": seq });
        audit::append(db, actor, "posts.assess", ruleset.unwrap_or_default(), &detail, now_ms).await?;
    }
    Ok((done, items.len()))
}

impl Unassessed {
    pub(crate) fn read(row: &AnyRow) -> Result<Self> {
        Ok(Unassessed {
            post_id: sql::text(row, "id")?,
            seq: sql::int(row, "seq")?,
            version: sql::natural(row, "version")?,
            title: sql::text_or_none(row, "title")?,
            text: sql::text(row, "text")?,
            posted_at_ms: sql::int_or_none(row, "posted_at_ms")?,
        })
    }
}

fn is_long(read: &ReadPost) -> bool {
    read.assessment.as_ref().is_some_and(|it| {
        !it.findings.is_empty() || it.alert || it.referral || !matches!(it.stance, Stance::Other | Stance::Advice)
    })
}

/// SHA-256 over the hashes of the posts in order; each is over source, native id, title and text with a zero byte
/// between.
fn root<'a>(posts: impl Iterator<Item = &'a Post>) -> String {
    let mut root = Sha256::new();
    for post in posts {
        let mut one = Sha256::new();
        for part in [&post.source, &post.native_id, post.title.as_deref().unwrap_or_default(), &post.text] {
            one.update(part);
            one.update([0]);
        }
        root.update(one.finalize());
    }
    hex(&root.finalize())
}

/// Takes `count` numbers of a sequence and returns the one before the first. The row stays locked until commit.
pub(crate) async fn take(db: &mut AnyConnection, name: &str, count: usize) -> Result<i64> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let row = sql::row(
        db,
        "INSERT INTO heads (name, seq, hash) VALUES ($1, $2, '') \
         ON CONFLICT (name) DO UPDATE SET seq = heads.seq + $2 RETURNING seq",
        [name.into(), count.into()],
    )
    .await?;
    let row = row.ok_or_else(|| Error::corrupt("dãy số", name, "không có dòng"))?;
    Ok(sql::int(&row, "seq")? - count)
}

/// The last number of a sequence.
pub(crate) async fn last(db: &mut AnyConnection, name: &str) -> Result<i64> {
    let row = sql::row(db, "SELECT seq FROM heads WHERE name = $1", [name.into()]).await?;
    row.map_or(Ok(0), |row| sql::int(&row, "seq"))
}

/// The parts that reach beyond what is recorded, with the time of their capture.
async fn parts_to_do<'a>(db: &mut AnyConnection, parts: &'a [Part]) -> Result<Vec<(&'a Part, i64)>> {
    let mut todo = Vec::new();
    if parts.is_empty() {
        return Ok(todo);
    }
    let mut captures = Sql::new("SELECT id, state, recorded_upto, fetched_at_ms FROM captures WHERE id IN (", []);
    for (n, part) in parts.iter().enumerate() {
        captures.push(if n == 0 { "" } else { ", " }).bind(&part.capture_id);
    }
    let mut standing: HashMap<String, (CaptureState, i64, i64)> = HashMap::new();
    for row in captures.push(")").rows(db).await? {
        let place = (sql::id_of(&row, "state")?, sql::int(&row, "recorded_upto")?, sql::int(&row, "fetched_at_ms")?);
        standing.insert(sql::text(&row, "id")?, place);
    }
    for part in parts {
        let place = standing.get_mut(&part.capture_id);
        let (state, upto, at_ms) = place.ok_or_else(|| Error::missing("bản thu", &part.capture_id))?;
        let goes_on = part.upto > *upto || (part.last && part.upto >= *upto && part.posts.is_empty());
        if *state == CaptureState::Kept && goes_on {
            *upto = part.upto;
            todo.push((part, *at_ms));
        }
    }
    Ok(todo)
}

/// Writes how far captures are recorded now; the lease of one that is not done is renewed.
async fn stand(db: &mut AnyConnection, standing: BTreeMap<&str, (i64, CaptureState)>, now_ms: i64) -> Result<()> {
    for chunk in standing.into_iter().collect::<Vec<_>>().chunks(64) {
        let mut update = Sql::new("WITH v (id, upto, state) AS (VALUES ", []);
        update.tuples(
            3,
            chunk.iter().flat_map(|(id, (upto, state))| [Cell::from(*id), (*upto).into(), state.id().into()]),
        );
        update.push(
            ") UPDATE captures SET recorded_upto = v.upto, state = v.state, \
             lease_until_ms = CASE WHEN captures.lease_by IS NULL THEN NULL ELSE ",
        );
        update.bind(lease::until(lease::LONGEST_MS, now_ms)).push(" END FROM v WHERE captures.id = v.id");
        update.run(db).await?;
    }
    Ok(())
}

/// Records posts of distinct identities.
async fn record_round(
    db: &mut AnyConnection,
    mut items: Vec<Item<'_>>,
    done: &mut Recorded,
    now_ms: i64,
) -> Result<()> {
    let around = raising::look_around(db, &mut items, now_ms).await?;
    let inserted = writing::insert_posts(db, &items).await?;
    let mut fresh: Vec<&Item> = Vec::with_capacity(items.len());
    let mut changed = Vec::new();
    if usize::try_from(inserted).is_ok_and(|inserted| inserted == items.len()) {
        fresh.extend(items.iter());
    } else {
        let known = writing::known_posts(db, &items).await?;
        let mut again = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let identity = (item.read.post.source.clone(), item.read.post.native_id.clone());
            match known.get(&identity) {
                Some(post) if post.id != item.post_id => {
                    // What was erased is not taken in again, whatever it says now.
                    if post.erased_at_ms.is_some() || writing::is_same_text(post, &item.read.post) {
                        again.push((item, post));
                    } else {
                        changed.push((n, post.clone()));
                    }
                }
                _ => fresh.push(item),
            }
        }
        done.seen_again += again.len() as u64;
        writing::see_again(db, &again, now_ms).await?;
    }
    done.new_posts += fresh.len() as u64;
    writing::count_posts(db, &fresh).await?;
    raising::settle(db, &fresh, &around, false, done, now_ms).await?;
    if changed.is_empty() {
        return Ok(());
    }
    done.new_versions += changed.len() as u64;
    let numbers: Vec<usize> = changed.iter().map(|(n, _)| *n).collect();
    for (n, post) in changed {
        if let Some(item) = items.get_mut(n) {
            item.post_id.clone_from(&post.id);
            item.version = post.version + 1;
            writing::new_version(db, item, &post, now_ms).await?;
        }
    }
    let changed: Vec<&Item> = numbers.iter().filter_map(|n| items.get(*n)).collect();
    raising::settle(db, &changed, &around, true, done, now_ms).await
}

/// Writes what an assessment made later says of posts that are in the store. Followers meet only those again of which
/// it says something new.
async fn update_assessed(db: &mut AnyConnection, items: &[Item<'_>]) -> Result<()> {
    for chunk in items.chunks(64) {
        let mut update = Sql::new("WITH v (id, seq, ruleset, stance, points, families, campaign_id) AS (VALUES ", []);
        let cells = chunk.iter().flat_map(|item| {
            let [ruleset, stance, points, families, campaign] = writing::assessed_cells(item);
            [Cell::from(&item.post_id), item.seq.into(), ruleset, stance, points, families, campaign]
        });
        update.tuples(7, cells);
        update.push(
            ") UPDATE posts SET seq = CASE WHEN posts.points <> v.points OR posts.families <> v.families \
             OR posts.ruleset IS NULL OR COALESCE(posts.stance, '') <> COALESCE(v.stance, '') \
             THEN v.seq ELSE posts.seq END, ruleset = v.ruleset, stance = v.stance, points = v.points, \
             families = v.families, campaign_id = COALESCE(v.campaign_id, posts.campaign_id) FROM v WHERE posts.id = v.id",
        );
        update.run(db).await?;
    }
    Ok(())
}
