//! Contacts of posts with their history.

use std::collections::HashMap;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::sql::Sql;
use crate::{Result, sql};

/// A contact of a post with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactHistory {
    /// Id of the contact.
    pub id: String,
    /// Kind, as in facts: `phone`, `zalo`, ….
    pub kind: String,
    /// Canonical value.
    pub value: String,
    /// Stored posts that carry it.
    pub posts: u64,
    /// When the first of them was seen.
    pub first_seen_at_ms: i64,
    /// When the last of them was seen.
    pub last_seen_at_ms: i64,
    /// Only posts of people at risk carry it: never a reported account.
    pub only_at_risk: bool,
    /// Numbers of the cases that it appears in, with their ids: `(id, number)`.
    pub cases: Vec<(String, String)>,
}

/// Contacts of these posts, those that most posts carry first.
pub(crate) async fn contacts_of(db: &mut AnyConnection, post_ids: &[&str]) -> Result<Vec<ContactHistory>> {
    let mut found: HashMap<String, ContactHistory> = HashMap::new();
    for chunk in post_ids.chunks(64) {
        let mut select = Sql::new(
            "SELECT c.id AS id, c.kind AS kind, c.value AS value, COUNT(*) AS posts, MIN(pc.at_ms) AS first_at_ms, \
             MAX(pc.at_ms) AS last_at_ms, \
             CAST(SUM(CASE WHEN p.stance IN ('self_offer', 'seeker') THEN 1 ELSE 0 END) AS BIGINT) AS at_risk \
             FROM contacts c JOIN post_contacts pc ON pc.contact_id = c.id JOIN posts p ON p.id = pc.post_id \
             WHERE c.id IN (SELECT contact_id FROM post_contacts WHERE post_id IN (",
            [],
        );
        for (n, id) in chunk.iter().enumerate() {
            select.push(if n == 0 { "" } else { ", " }).bind(*id);
        }
        select.push(")) GROUP BY c.id, c.kind, c.value");
        for row in select.rows(db).await? {
            let contact = history(&row)?;
            found.insert(contact.id.clone(), contact);
        }
    }
    let mut contacts: Vec<ContactHistory> = found.into_values().collect();
    contacts.sort_by(|a, b| b.posts.cmp(&a.posts).then_with(|| (&a.kind, &a.value).cmp(&(&b.kind, &b.value))));
    for chunk in contacts.chunks_mut(64) {
        let mut select = Sql::new(
            "SELECT DISTINCT pc.contact_id AS contact_id, ca.id AS id, ca.number AS number FROM post_contacts pc \
             JOIN alerts a ON a.post_id = pc.post_id JOIN cases ca ON ca.id = a.case_id WHERE pc.contact_id IN (",
            [],
        );
        for (n, contact) in chunk.iter().enumerate() {
            select.push(if n == 0 { "" } else { ", " }).bind(&contact.id);
        }
        for row in select.push(") ORDER BY 3").rows(db).await? {
            let id = sql::text(&row, "contact_id")?;
            let case = (sql::text(&row, "id")?, sql::text(&row, "number")?);
            chunk.iter_mut().filter(|contact| contact.id == id).for_each(|contact| contact.cases.push(case.clone()));
        }
    }
    Ok(contacts)
}

fn history(row: &AnyRow) -> Result<ContactHistory> {
    let posts: u64 = sql::natural(row, "posts")?;
    Ok(ContactHistory {
        id: sql::text(row, "id")?,
        kind: sql::text(row, "kind")?,
        value: sql::text(row, "value")?,
        posts,
        first_seen_at_ms: sql::int(row, "first_at_ms")?,
        last_seen_at_ms: sql::int(row, "last_at_ms")?,
        only_at_risk: sql::natural::<u64>(row, "at_risk")? == posts,
        cases: Vec::new(),
    })
}
