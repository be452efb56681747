//! What posts raise: contacts that are known, campaigns, alerts and referrals with their priority and its reasons.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{Circumstances, Family, PriorityReason, Queue, Stance, adjust, review_within_ms};
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use text::{Fact, FactKind};

use crate::originals::hex;
use crate::record::{Item, Raised, Recorded, families_text, take};
use crate::sql::{Cell, Sql};
use crate::{Result, sql};

/// A text of fewer letters and digits than this says too little to be the same campaign: "ib mình nhé".
const CAMPAIGN_LEAST_CHARS: usize = 60;

/// A contact as it is stored: kind and canonical value.
type Contact = (&'static str, String);

/// What is known of a contact before a batch.
#[derive(Clone, Debug, Default)]
struct Known {
    id: String,
    /// Posts with it that raised an alert.
    posts: u32,
    case: Option<String>,
}

/// What is known around the posts of a batch.
#[derive(Default)]
pub(crate) struct Around {
    contacts: HashMap<Contact, Known>,
}

/// The kinds of facts by which people are reached and posts are linked. Web addresses and masked numbers link too much.
fn contact_kind(kind: FactKind) -> Option<&'static str> {
    Some(match kind {
        FactKind::Phone => "phone",
        FactKind::Zalo => "zalo",
        FactKind::Telegram => "telegram",
        FactKind::Whatsapp => "whatsapp",
        FactKind::Facebook => "facebook",
        FactKind::Tiktok => "tiktok",
        FactKind::Handle => "handle",
        FactKind::Email => "email",
        FactKind::BankAccount => "bank_account",
        FactKind::Wallet => "wallet",
        FactKind::Url
        | FactKind::PhoneMasked
        | FactKind::Money
        | FactKind::Age
        | FactKind::Place
        | FactKind::Date
        | FactKind::Time
        | FactKind::IdNumber
        | FactKind::TaxCode => return None,
    })
}

/// The contacts of a post, each once. Short and service numbers (111, 113, 1900…) are everybody's and link nothing.
fn contacts(facts: &[Fact]) -> BTreeSet<Contact> {
    facts
        .iter()
        .filter_map(|fact| Some((contact_kind(fact.kind)?, fact.value.replace('\0', " "))))
        .filter(|(kind, value)| *kind != "phone" || value.starts_with('+'))
        .collect()
}

/// Looks up what is known of the contacts of these posts and gives long ones their campaign. A post with a contact of
/// an open case becomes long whatever it says.
pub(crate) async fn look_around(db: &mut AnyConnection, items: &mut [Item<'_>], now_ms: i64) -> Result<Around> {
    let all: BTreeSet<Contact> = items.iter().flat_map(|item| contacts(&item.read.facts)).collect();
    let mut around = Around::default();
    let all: Vec<Contact> = all.into_iter().collect();
    for chunk in all.chunks(64) {
        let mut select = Sql::new("WITH k (kind, value) AS (VALUES ", []);
        select.tuples(2, chunk.iter().flat_map(|(kind, value)| [Cell::from(*kind), value.into()]));
        select.push(
            ") SELECT c.id AS id, c.kind AS kind, c.value AS value, COUNT(DISTINCT a.post_id) AS posts, MIN(cases.number) AS in_case \
             FROM k JOIN contacts c ON c.kind = k.kind AND c.value = k.value \
             LEFT JOIN post_contacts pc ON pc.contact_id = c.id \
             LEFT JOIN alerts a ON a.post_id = pc.post_id AND a.queue = 'alert' \
             LEFT JOIN cases ON cases.id = a.case_id AND cases.state <> 'closed' \
             GROUP BY c.id, c.kind, c.value",
        );
        for row in select.rows(db).await? {
            let (kind, value) = (sql::text(&row, "kind")?, sql::text(&row, "value")?);
            let known = Known {
                id: sql::text(&row, "id")?,
                posts: sql::natural(&row, "posts")?,
                case: sql::text_or_none(&row, "in_case")?,
            };
            if let Some((kind, _)) = chunk.iter().find(|(it, _)| *it == kind) {
                around.contacts.insert((kind, value), known);
            }
        }
    }
    let is_watched = |item: &Item<'_>| around.case_of(&item.read.facts).is_some();
    let watched: Vec<bool> = items.iter().map(is_watched).collect();
    for (item, is_watched) in items.iter_mut().zip(watched) {
        item.is_long |= is_watched;
    }
    join_campaigns(db, items, now_ms).await?;
    Ok(around)
}

impl Around {
    fn case_of(&self, facts: &[Fact]) -> Option<&str> {
        contacts(facts).iter().find_map(|contact| self.contacts.get(contact)?.case.as_deref())
    }

    fn posts_of(&self, facts: &[Fact]) -> u32 {
        contacts(facts).iter().filter_map(|contact| self.contacts.get(contact)).map(|it| it.posts).max().unwrap_or(0)
    }
}

/// The exact fingerprint: letters only, without marks, case, digits and layout, so that copies with another number or
/// emoji agree. None for a text that says too little.
fn fingerprint(item: &Item<'_>) -> Option<String> {
    let post = &item.read.post;
    let mut letters = String::with_capacity(post.text.len());
    for part in [post.title.as_deref().unwrap_or_default(), post.text.as_str()] {
        letters.extend(text::fold(part).chars().filter(|c| c.is_alphabetic()));
    }
    (letters.chars().count() >= CAMPAIGN_LEAST_CHARS).then(|| hex(&Sha256::digest(letters.as_bytes())))
}

async fn join_campaigns(db: &mut AnyConnection, items: &mut [Item<'_>], now_ms: i64) -> Result<()> {
    let prints: Vec<Option<String>> =
        items.iter().map(|item| item.is_long.then(|| fingerprint(item)).flatten()).collect();
    let distinct: BTreeSet<&String> = prints.iter().flatten().collect();
    if distinct.is_empty() {
        return Ok(());
    }
    let cells: Vec<Cell> = distinct
        .iter()
        .flat_map(|print| [sql::new_id().into(), Cell::from(*print), Cell::from(0_i64), now_ms.into()])
        .collect();
    sql::insert(
        db,
        "INSERT INTO campaigns (id, fingerprint, posts, opened_at_ms) VALUES ",
        " ON CONFLICT (fingerprint) DO NOTHING",
        4,
        cells,
    )
    .await?;
    let mut ids: HashMap<String, String> = HashMap::new();
    for chunk in distinct.iter().collect::<Vec<_>>().chunks(64) {
        let mut select = Sql::new("SELECT id, fingerprint FROM campaigns WHERE fingerprint IN (", []);
        for (n, print) in chunk.iter().enumerate() {
            select.push(if n == 0 { "" } else { ", " }).bind(print.as_str());
        }
        for row in select.push(")").rows(db).await? {
            ids.insert(sql::text(&row, "fingerprint")?, sql::text(&row, "id")?);
        }
    }
    for (item, print) in items.iter_mut().zip(&prints) {
        item.campaign_id = print.as_ref().and_then(|print| ids.get(print).cloned());
    }
    Ok(())
}

/// An open item that stands for its campaign.
struct Leader {
    id: String,
    priority: u8,
}

/// Writes assessments, contacts, campaigns, alerts and referrals of posts whose rows are written. `known` says that
/// the posts were there before and may have open items already.
pub(crate) async fn settle(
    db: &mut AnyConnection,
    items: &[&Item<'_>],
    around: &Around,
    known: bool,
    done: &mut Recorded,
    now_ms: i64,
) -> Result<()> {
    let long: Vec<&Item> = items.iter().copied().filter(|item| item.is_long).collect();
    if long.is_empty() {
        return Ok(());
    }
    let assessments = write_assessments(db, &long, now_ms).await?;
    write_contacts(db, &long, around, now_ms).await?;
    let sizes = grow_campaigns(db, &long, known).await?;
    let drafts: Vec<Draft> = long.iter().flat_map(|item| drafts(item, around, &sizes, now_ms)).collect();
    if drafts.is_empty() {
        return Ok(());
    }
    let open = if known { open_items(db, &long).await? } else { HashMap::new() };
    let mut leaders = leaders(db, &long).await?;
    let mut seq = take(db, "alerts", drafts.len()).await?;
    let mut cells = Vec::new();
    let mut raised_leaders: BTreeMap<String, (u8, i64)> = BTreeMap::new();
    for draft in drafts {
        seq += 1;
        let item = draft.item;
        let assessment_id = assessments.get(&item.post_id);
        if let Some((id, priority)) = open.get(&(item.post_id.clone(), draft.queue)) {
            freshen(db, id, seq, &draft, assessment_id, (*priority).min(draft.priority), now_ms).await?;
            continue;
        }
        let id = sql::new_id();
        let key = item.campaign_id.clone().map(|campaign| (campaign, draft.queue));
        let leader_id = key.as_ref().and_then(|key| leaders.get_mut(key)).map(|leader| {
            if draft.priority < leader.priority {
                leader.priority = draft.priority;
                raised_leaders.insert(leader.id.clone(), (draft.priority, now_ms + review_within_ms(draft.priority)));
            }
            leader.id.clone()
        });
        if let (Some(key), None) = (key, &leader_id) {
            leaders.insert(key, Leader { id: id.clone(), priority: draft.priority });
        }
        cells.extend(draft.cells(&id, seq, assessment_id, leader_id.as_deref(), now_ms)?);
        done.raised.push(Raised { id, queue: draft.queue, priority: draft.priority, post_id: item.post_id.clone() });
    }
    insert_alerts(db, cells).await?;
    for (id, (priority, due_at_ms)) in raised_leaders {
        raise_leader(db, &id, priority, due_at_ms).await?;
    }
    Ok(())
}

async fn insert_alerts(db: &mut AnyConnection, cells: Vec<Cell>) -> Result<()> {
    sql::insert(
        db,
        "INSERT INTO alerts (id, seq, queue, state, post_id, version, assessment_id, priority, priority_reasons, \
         families, stance, points, probability, raised_at_ms, due_at_ms, campaign_id, leader_id) VALUES ",
        "",
        17,
        cells,
    )
    .await?;
    Ok(())
}

/// An alert or referral that is about to be raised.
struct Draft<'a> {
    item: &'a Item<'a>,
    queue: Queue,
    priority: u8,
    reasons: Vec<PriorityReason>,
    families: Vec<Family>,
}

impl Draft<'_> {
    fn cells(
        &self,
        id: &str,
        seq: i64,
        assessment_id: Option<&String>,
        leader_id: Option<&str>,
        now_ms: i64,
    ) -> Result<[Cell; 17]> {
        let assessment = self.item.read.assessment.as_ref();
        Ok([
            id.into(),
            seq.into(),
            self.queue.id().into(),
            "open".into(),
            (&self.item.post_id).into(),
            self.item.version.into(),
            assessment_id.map(String::as_str).into(),
            self.priority.into(),
            sql::to_json(&self.reasons)?.into(),
            families_text(&self.families).into(),
            assessment.map_or(Stance::Other, |it| it.stance).id().into(),
            assessment.map_or(0, |it| i64::from(it.points)).into(),
            assessment.map_or(0.0, |it| it.probability).into(),
            now_ms.into(),
            (now_ms + review_within_ms(self.priority)).into(),
            (&self.item.campaign_id).into(),
            leader_id.into(),
        ])
    }
}

/// What one post raises: an alert, a referral, both or nothing.
fn drafts<'a>(item: &'a Item<'a>, around: &Around, sizes: &HashMap<String, u32>, now_ms: i64) -> Vec<Draft<'a>> {
    let read = item.read;
    let assessment = read.assessment.as_ref();
    let open_case = around.case_of(&read.facts).map(str::to_owned);
    let is_alert = assessment.is_some_and(|it| it.alert) || open_case.is_some();
    let is_referral = assessment.is_some_and(|it| it.referral);
    let only_departure =
        assessment.is_some_and(|it| !it.urgency.is_empty() && it.urgency.iter().all(|reason| reason.id == "departure"));
    let around_post = Circumstances {
        contact_posts: around.posts_of(&read.facts),
        open_case,
        campaign_posts: item.campaign_id.as_ref().and_then(|id| sizes.get(id)).copied().unwrap_or(1),
        only_departure,
        posted_at_ms: read.post.posted_at_ms,
    };
    let from_post = assessment.and_then(|it| it.priority).unwrap_or(4);
    let (priority, reasons) = adjust(from_post, &around_post, now_ms);
    let mut families = item.families();
    if families.is_empty() && is_alert {
        families.push(Family::Unclassified);
    }
    let queues = [(is_alert, Queue::Alert), (is_referral, Queue::Referral)];
    queues
        .into_iter()
        .filter(|(is_raised, _)| *is_raised)
        .map(|(_, queue)| Draft { item, queue, priority, reasons: reasons.clone(), families: families.clone() })
        .collect()
}

/// Writes assessments; their ids by post.
async fn write_assessments(db: &mut AnyConnection, long: &[&Item<'_>], now_ms: i64) -> Result<HashMap<String, String>> {
    let mut ids = HashMap::new();
    let mut cells = Vec::new();
    for item in long {
        let Some(assessment) = &item.read.assessment else { continue };
        let id = sql::new_id();
        cells.extend([
            (&id).into(),
            (&item.post_id).into(),
            item.version.into(),
            (&assessment.ruleset).into(),
            sql::to_json(assessment)?.replace("\\u0000", " ").into(),
            sql::to_json(&item.read.facts)?.replace("\\u0000", " ").into(),
            Cell::from(now_ms),
        ]);
        ids.insert(item.post_id.clone(), id);
    }
    let into = "INSERT INTO assessments (id, post_id, version, ruleset, body, facts, at_ms) VALUES ";
    sql::insert(db, into, "", 7, cells).await?;
    Ok(ids)
}

async fn write_contacts(db: &mut AnyConnection, long: &[&Item<'_>], around: &Around, now_ms: i64) -> Result<()> {
    let mut ids: HashMap<Contact, String> =
        around.contacts.iter().map(|(contact, known)| (contact.clone(), known.id.clone())).collect();
    let all: BTreeSet<Contact> = long.iter().flat_map(|item| contacts(&item.read.facts)).collect();
    let new: Vec<&Contact> = all.iter().filter(|contact| !ids.contains_key(*contact)).collect();
    if !new.is_empty() {
        let cells =
            new.iter().flat_map(|(kind, value)| [sql::new_id().into(), Cell::from(*kind), value.into()]).collect();
        let into = "INSERT INTO contacts (id, kind, value) VALUES ";
        sql::insert(db, into, " ON CONFLICT (kind, value) DO NOTHING", 3, cells).await?;
        for chunk in new.chunks(64) {
            let mut select = Sql::new("WITH k (kind, value) AS (VALUES ", []);
            select.tuples(2, chunk.iter().flat_map(|(kind, value)| [Cell::from(*kind), value.into()]));
            select.push(
                ") SELECT c.id AS id, c.kind AS kind, c.value AS value FROM k \
                 JOIN contacts c ON c.kind = k.kind AND c.value = k.value",
            );
            for row in select.rows(db).await? {
                let (kind, value) = (sql::text(&row, "kind")?, sql::text(&row, "value")?);
                if let Some((kind, _)) = chunk.iter().find(|(it, _)| *it == kind) {
                    ids.insert((kind, value), sql::text(&row, "id")?);
                }
            }
        }
    }
    let mut links = Vec::new();
    for item in long {
        for contact in contacts(&item.read.facts) {
            if let Some(id) = ids.get(&contact) {
                links.extend([Cell::from(id), (&item.post_id).into(), now_ms.into()]);
            }
        }
    }
    let into = "INSERT INTO post_contacts (contact_id, post_id, at_ms) VALUES ";
    sql::insert(db, into, " ON CONFLICT (contact_id, post_id) DO NOTHING", 3, links).await?;
    Ok(())
}

/// Counts new posts into their campaigns; the sizes after that. Posts that were there before count already.
async fn grow_campaigns(db: &mut AnyConnection, long: &[&Item<'_>], known: bool) -> Result<HashMap<String, u32>> {
    let mut grown: BTreeMap<&String, i64> = BTreeMap::new();
    for campaign in long.iter().filter_map(|item| item.campaign_id.as_ref()) {
        *grown.entry(campaign).or_default() += i64::from(!known);
    }
    let mut sizes = HashMap::new();
    for (campaign, posts) in grown {
        let row = sql::row(
            db,
            "UPDATE campaigns SET posts = posts + $2 WHERE id = $1 RETURNING posts",
            [campaign.into(), posts.into()],
        )
        .await?;
        if let Some(row) = row {
            sizes.insert(campaign.clone(), sql::natural(&row, "posts")?);
        }
    }
    Ok(sizes)
}

/// Open items of posts: id and priority by post and queue.
async fn open_items(db: &mut AnyConnection, long: &[&Item<'_>]) -> Result<HashMap<(String, Queue), (String, u8)>> {
    let mut open = HashMap::new();
    for chunk in long.chunks(64) {
        let mut select =
            Sql::new("SELECT id, post_id, queue, priority FROM alerts WHERE state = 'open' AND post_id IN (", []);
        for (n, item) in chunk.iter().enumerate() {
            select.push(if n == 0 { "" } else { ", " }).bind(&item.post_id);
        }
        for row in select.push(")").rows(db).await? {
            let key = (sql::text(&row, "post_id")?, sql::id_of(&row, "queue")?);
            open.insert(key, (sql::text(&row, "id")?, sql::natural(&row, "priority")?));
        }
    }
    Ok(open)
}

/// Open items that stand for the campaigns of these posts.
async fn leaders(db: &mut AnyConnection, long: &[&Item<'_>]) -> Result<HashMap<(String, Queue), Leader>> {
    let campaigns: BTreeSet<&String> = long.iter().filter_map(|item| item.campaign_id.as_ref()).collect();
    let mut leaders = HashMap::new();
    for chunk in campaigns.into_iter().collect::<Vec<_>>().chunks(64) {
        let mut select = Sql::new(
            "SELECT id, campaign_id, queue, priority FROM alerts \
             WHERE state = 'open' AND leader_id IS NULL AND campaign_id IN (",
            [],
        );
        for (n, campaign) in chunk.iter().enumerate() {
            select.push(if n == 0 { "" } else { ", " }).bind(campaign.as_str());
        }
        for row in select.push(") ORDER BY priority DESC, id DESC").rows(db).await? {
            let key = (sql::text(&row, "campaign_id")?, sql::id_of(&row, "queue")?);
            leaders.insert(key, Leader { id: sql::text(&row, "id")?, priority: sql::natural(&row, "priority")? });
        }
    }
    Ok(leaders)
}

/// An open item whose post has a new text or a new assessment shows that one; its priority only rises.
async fn freshen(
    db: &mut AnyConnection,
    id: &str,
    seq: i64,
    draft: &Draft<'_>,
    assessment_id: Option<&String>,
    priority: u8,
    now_ms: i64,
) -> Result<()> {
    let assessment = draft.item.read.assessment.as_ref();
    sql::run(
        db,
        "UPDATE alerts SET seq = $2, version = $3, assessment_id = COALESCE($4, assessment_id), \
         due_at_ms = CASE WHEN priority > $5 THEN $6 ELSE due_at_ms END, priority = $5, priority_reasons = $7, \
         families = $8, stance = $9, points = $10, probability = $11 WHERE id = $1",
        [
            id.into(),
            seq.into(),
            draft.item.version.into(),
            assessment_id.map(String::as_str).into(),
            priority.into(),
            (now_ms + review_within_ms(priority)).into(),
            sql::to_json(&draft.reasons)?.into(),
            families_text(&draft.families).into(),
            assessment.map_or(Stance::Other, |it| it.stance).id().into(),
            assessment.map_or(0, |it| i64::from(it.points)).into(),
            assessment.map_or(0.0, |it| it.probability).into(),
        ],
    )
    .await?;
    Ok(())
}

/// The item that stands for a campaign takes over the priority of its most urgent post.
async fn raise_leader(db: &mut AnyConnection, id: &str, priority: u8, due_at_ms: i64) -> Result<()> {
    let row = sql::row(db, "SELECT priority, priority_reasons FROM alerts WHERE id = $1", [id.into()]).await?;
    let Some(row) = row else { return Ok(()) };
    let before: i64 = sql::int(&row, "priority")?;
    if before <= i64::from(priority) {
        return Ok(());
    }
    let mut reasons: Vec<PriorityReason> = sql::json(&row, "priority_reasons")?;
    reasons.push(PriorityReason {
        id: "campaign".to_owned(),
        title: "Một bài khác trong chiến dịch khẩn cấp hơn".to_owned(),
        change: i8::try_from(i64::from(priority) - before).unwrap_or(0),
    });
    let seq = take(db, "alerts", 1).await? + 1;
    sql::run(
        db,
        "UPDATE alerts SET seq = $2, priority = $3, priority_reasons = $4, \
         due_at_ms = CASE WHEN due_at_ms > $5 THEN $5 ELSE due_at_ms END WHERE id = $1",
        [id.into(), seq.into(), priority.into(), sql::to_json(&reasons)?.into(), due_at_ms.into()],
    )
    .await?;
    Ok(())
}
