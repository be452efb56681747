//! Retention: rules as data, what they would do, and doing it in batches once a second person approved.
//!
//! Purpose: nothing stays longer than it is needed, and nobody is surprised by what goes. A rule is previewed with its
//! counts; the approval fixes the rules and the day as of which they count, so what was approved cannot grow before it
//! is carried out. Invariants: what is under a legal hold, open, or in a case that is not closed is never due; an
//! errand that was cut short goes on where it stopped, because what is erased is not due any more.

use model::{Act, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::people::person;
use crate::sql::{Cell, Sql};
use crate::{Error, ProposalKind, Result, Store, audit, erasure, rulesets, sql};

/// The rules of a new store.
const SHIPPED: &str = include_str!("retention.toml");

/// Setting that holds the rules in force.
pub(crate) const RULES: &str = "retention.rules";

/// Rows that one transaction of an errand changes.
const BATCH: u32 = 200;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionWhat {
    /// Posts that raised nothing; their age counts from when the current text was first seen.
    Post,
    /// Posts whose alerts were decided, outside of cases; the age counts from the last decision.
    Alert,
    /// Posts whose referrals were decided, outside of cases.
    Referral,
    /// Closed cases with all their posts, notes and packet files; the age counts from the last change.
    Case,
    /// Originals that no stored text was read from.
    Original,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionAction {
    /// Everything that was written goes; see [`Store::erasures_after`] for the list of it.
    Erase,
    /// Authors get a name that only this store can link, and nobody can turn back.
    Pseudonymise,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Stable id.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// What it speaks of.
    pub what: RetentionWhat,
    /// Only in these states; none for all that may be due at all.
    #[serde(default)]
    pub state: Vec<String>,
    /// Only of these families; none for all.
    #[serde(default)]
    pub family: Vec<String>,
    /// Days after which it is due.
    pub after_days: u32,
    /// What happens then.
    pub action: RetentionAction,
}

/// What a rule would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionCount {
    /// The rule.
    pub rule: RetentionRule,
    /// How many are due.
    pub due: u64,
    /// How many would be due without a legal hold.
    pub held: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default)]
    rule: Vec<RetentionRule>,
}

/// Reads rules from their TOML text.
///
/// # Errors
/// `Refused` with the place of the mistake.
pub(crate) fn read_rules(text: &str) -> Result<Vec<RetentionRule>> {
    let refused = |reason: String| Error::from(Refusal::new("retention", reason));
    let rules: Rules = toml::from_str(text).map_err(|error| refused(format!("Quy tắc lưu giữ: {error}")))?;
    for (n, rule) in rules.rule.iter().enumerate() {
        let bad = |reason: &str| refused(format!("Quy tắc lưu giữ `{}`: {reason}", rule.id));
        if rule.id.is_empty() || rules.rule.iter().take(n).any(|before| before.id == rule.id) {
            return Err(bad("mã trống hoặc đã dùng"));
        }
        let allowed: &[&str] = match rule.what {
            RetentionWhat::Post => &[],
            RetentionWhat::Alert => &["dismissed", "merged"],
            RetentionWhat::Referral => &["handed over", "closed"],
            RetentionWhat::Case => &["closed"],
            RetentionWhat::Original => &["recorded", "failed"],
        };
        if let Some(state) = rule.state.iter().find(|state| !allowed.contains(&state.as_str())) {
            return Err(bad(&format!("không có trạng thái `{state}` để xóa; được phép: {}", allowed.join(", "))));
        }
        if let Some(family) = rule.family.iter().find(|family| family.parse::<model::Family>().is_err()) {
            return Err(bad(&format!("không có nhóm `{family}`")));
        }
        if rule.after_days == 0 {
            return Err(bad("`after_days` phải từ 1"));
        }
        if rule.action == RetentionAction::Pseudonymise && rule.what != RetentionWhat::Post {
            return Err(bad("chỉ bài không gây cảnh báo mới được thay bí danh"));
        }
        if !rule.family.is_empty() && rule.what == RetentionWhat::Original {
            return Err(bad("bản gốc không thuộc nhóm nào"));
        }
    }
    Ok(rules.rule)
}

/// Whether post `p` is in a case under a running hold.
pub(crate) const HELD: &str = "EXISTS (SELECT 1 FROM alerts ha JOIN holds h ON h.case_id = ha.case_id AND h.lifted_at_ms IS NULL \
     WHERE ha.post_id = p.id)";

/// Whether somebody still works on post `p`.
pub(crate) const AT_WORK: &str = "EXISTS (SELECT 1 FROM alerts wa LEFT JOIN cases wc ON wc.id = wa.case_id \
     WHERE wa.post_id = p.id AND (wa.state = 'open' OR (wc.id IS NOT NULL AND wc.state <> 'closed')))";

/// When an item `a` was decided last.
const DECIDED: &str = "COALESCE((SELECT MAX(d.at_ms) FROM decisions d WHERE d.alert_id = a.id), a.raised_at_ms)";

/// Whether item `a` of post `p` keeps it: it is in a case, or was decided too lately.
const KEEPS: &str = "EXISTS (SELECT 1 FROM alerts a WHERE a.post_id = p.id AND (a.case_id IS NOT NULL OR ";

impl RetentionRule {
    /// Builds `… FROM … WHERE <due as of as_of_ms>`, `begin` being what stands before. The thing is `p` (a post), `c` (a
    /// case) or `o` (a capture).
    fn due(&self, begin: &'static str, as_of_ms: i64) -> Sql {
        let cutoff_ms = as_of_ms.saturating_sub(i64::from(self.after_days).saturating_mul(DAY_MS));
        let mut select = Sql::new(begin, []);
        match self.what {
            RetentionWhat::Post => {
                select.push(" FROM posts p WHERE p.erased_at_ms IS NULL AND p.version_at_ms < ").bind(cutoff_ms);
                select.push(" AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.post_id = p.id)");
                if self.action == RetentionAction::Pseudonymise {
                    select.push(
                        " AND p.pseudonymised_at_ms IS NULL AND (p.author IS NOT NULL OR p.author_id IS NOT NULL)",
                    );
                }
                has_family(&mut select, "p.families", &self.family);
            }
            RetentionWhat::Alert | RetentionWhat::Referral => {
                let queue = if self.what == RetentionWhat::Alert { "alert" } else { "referral" };
                select.push(" FROM posts p WHERE p.erased_at_ms IS NULL AND EXISTS (SELECT 1 FROM alerts a WHERE ");
                select.push("a.post_id = p.id AND a.queue = ").bind(queue);
                is_one_of(&mut select, " AND a.state IN (", &self.state);
                has_family(&mut select, "a.families", &self.family);
                select.push(") AND NOT ").push(AT_WORK).push(" AND NOT ").push(KEEPS).push(DECIDED);
                select.push(" >= ").bind(cutoff_ms).push("))");
            }
            RetentionWhat::Case => {
                select.push(" FROM cases c WHERE c.erased_at_ms IS NULL AND c.state = 'closed' AND c.updated_at_ms < ");
                select.bind(cutoff_ms);
                if !self.family.is_empty() {
                    select.push(" AND EXISTS (SELECT 1 FROM alerts a WHERE a.case_id = c.id");
                    has_family(&mut select, "a.families", &self.family);
                    select.push(")");
                }
            }
            RetentionWhat::Original => {
                select.push(" FROM captures o WHERE o.gone_at_ms IS NULL AND o.state <> 'kept' AND o.fetched_at_ms < ");
                select.bind(cutoff_ms);
                is_one_of(&mut select, " AND o.state IN (", &self.state);
                select.push(
                    " AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.capture_id = o.id AND p.erased_at_ms IS NULL) \
                     AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.capture_id = o.id)",
                );
            }
        }
        select
    }

    /// Adds whether a running hold lies on it.
    fn held(&self, select: &mut Sql, held: bool) {
        select.push(if held { " AND " } else { " AND NOT " });
        match self.what {
            RetentionWhat::Case => {
                select.push(
                    "EXISTS (SELECT 1 FROM alerts ca JOIN alerts ha ON ha.post_id = ca.post_id JOIN holds h \
                     ON h.case_id = ha.case_id AND h.lifted_at_ms IS NULL WHERE ca.case_id = c.id)",
                );
            }
            RetentionWhat::Original => {
                select.push(
                    "EXISTS (SELECT 1 FROM sightings s JOIN posts p ON p.id = s.post_id WHERE s.capture_id = o.id AND ",
                );
                select.push(HELD).push(")");
            }
            _ => {
                select.push(HELD);
            }
        }
    }
}

fn is_one_of(select: &mut Sql, begin: &'static str, ids: &[String]) {
    if ids.is_empty() {
        return;
    }
    select.push(begin);
    for (n, id) in ids.iter().enumerate() {
        select.push(if n == 0 { "" } else { ", " }).bind(id);
    }
    select.push(")");
}

fn has_family(select: &mut Sql, column: &'static str, families: &[String]) {
    if families.is_empty() {
        return;
    }
    select.push(" AND (");
    for (n, family) in families.iter().enumerate() {
        select.push(if n == 0 { "" } else { " OR " }).push(column).push(" LIKE ").bind(format!("%|{family}|%"));
    }
    select.push(")");
}

/// What an approved erasure is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// These rules, as of this moment.
    Retention { as_of_ms: i64, rules: Vec<RetentionRule> },
    /// This post.
    Post(String),
    /// This closed case.
    Case(String),
}

impl Task {
    /// Reads it from the body of a proposal.
    pub(crate) fn of(body: &Value) -> Result<Task> {
        let task = body.get("task").cloned().unwrap_or_default();
        serde_json::from_value(task).map_err(|_| Refusal::new("body", "Đề nghị xóa thiếu việc cần làm.").into())
    }
}

/// An approved erasure that is being carried out, batch by batch.
pub struct Errand {
    store: Store,
    proposal_id: String,
    by: String,
    task: Task,
    rule: usize,
    after: String,
    is_done: bool,
}

impl Store {
    /// The retention rules in force, in order.
    ///
    /// # Errors
    /// `Database`.
    pub async fn retention_rules(&self) -> Result<Vec<RetentionRule>> {
        read_rules(self.setting(RULES).await?.as_deref().unwrap_or(SHIPPED))
    }

    /// The text of the retention rules in force, to be edited.
    ///
    /// # Errors
    /// `Database`.
    pub async fn retention_text(&self) -> Result<String> {
        Ok(self.setting(RULES).await?.unwrap_or_else(|| SHIPPED.to_owned()))
    }

    /// Puts other retention rules in force. They do nothing until their effect is approved by a second person.
    ///
    /// # Errors
    /// `Refused` without the right, or with the place of a mistake in the text.
    pub async fn set_retention_rules(&self, by: &str, text: &str, now_ms: i64) -> Result<()> {
        let rules = read_rules(text)?;
        let mut tx = self.write().await?;
        person(&mut tx, by).await?.must(Act::ProposeErasure)?;
        rulesets::put_setting(&mut tx, RULES, text).await?;
        let detail = json!({ "rules": rules.len(), "sha256": crate::originals::sha256_hex(text.as_bytes()) });
        audit::append(&mut tx, by, "retention.rules", "", &detail, now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// What the rules in force would do now. Changes nothing.
    ///
    /// # Errors
    /// `Database`.
    pub async fn retention_preview(&self, now_ms: i64) -> Result<Vec<RetentionCount>> {
        let mut counts = Vec::new();
        for rule in self.retention_rules().await? {
            let mut db = self.read().await?;
            let mut n = [0_u64; 2];
            for (n, held) in n.iter_mut().zip([false, true]) {
                let mut select = rule.due("SELECT COUNT(*) AS n", now_ms);
                rule.held(&mut select, held);
                *n = select.row(&mut db).await?.map_or(Ok(0), |row| sql::natural(&row, "n"))?;
            }
            let [due, held] = n;
            counts.push(RetentionCount { rule, due, held });
        }
        Ok(counts)
    }

    /// Proposes to carry the rules out as they stand now. A second person approves, then [`Store::errand`] does it.
    ///
    /// # Errors
    /// `Refused` without the right, or when nothing is due.
    pub async fn propose_retention(&self, by: &str, reason: &str, now_ms: i64) -> Result<String> {
        let counts = self.retention_preview(now_ms).await?;
        if counts.iter().all(|count| count.due == 0) {
            return Err(Refusal::new("nothing", "Chưa có gì đến hạn theo các quy tắc lưu giữ.").into());
        }
        let rules = counts.iter().map(|count| count.rule.clone()).collect();
        let due: Vec<Value> =
            counts.iter().map(|count| json!({ "rule": count.rule.id, "due": count.due, "held": count.held })).collect();
        let body = json!({ "task": Task::Retention { as_of_ms: now_ms, rules }, "counts": due });
        self.propose(by, ProposalKind::Erase, &body, reason, now_ms).await
    }

    /// Proposes to erase one post.
    ///
    /// # Errors
    /// `Missing`; `Refused` without the right.
    pub async fn propose_erasing_post(&self, by: &str, post_id: &str, reason: &str, now_ms: i64) -> Result<String> {
        self.post(post_id).await?;
        let body = json!({ "task": Task::Post(post_id.to_owned()) });
        self.propose(by, ProposalKind::Erase, &body, reason, now_ms).await
    }

    /// Proposes to erase a closed case with all that hangs on it, by id or number.
    ///
    /// # Errors
    /// `Missing`; `Refused` without the right.
    pub async fn propose_erasing_case(&self, by: &str, case: &str, reason: &str, now_ms: i64) -> Result<String> {
        let case = crate::cases::case_row(&mut *self.read().await?, case).await?;
        let body = json!({ "task": Task::Case(case.id), "case": case.number });
        self.propose(by, ProposalKind::Erase, &body, reason, now_ms).await
    }

    /// Approved erasures that are not carried out, oldest first.
    ///
    /// # Errors
    /// `Database`.
    pub async fn approved_erasures(&self) -> Result<Vec<String>> {
        let rows = sql::rows(
            &mut *self.read().await?,
            "SELECT id FROM proposals WHERE kind = 'erase' AND approved_at_ms IS NOT NULL AND done_at_ms IS NULL \
             ORDER BY id",
            [],
        )
        .await?;
        rows.iter().map(|row| sql::text(row, "id")).collect()
    }

    /// Takes up an approved erasure; call [`Errand::step`] until it says that nothing is left.
    ///
    /// # Errors
    /// `Missing`, `Refused` when no second person approved.
    pub async fn errand(&self, proposal_id: &str) -> Result<Errand> {
        let proposal = self.proposal(proposal_id).await?;
        let by =
            proposal.decided_by.filter(|_| proposal.approved == Some(true) && proposal.kind == ProposalKind::Erase);
        let by = by.ok_or_else(|| Refusal::new("second_person", "Việc xóa này chưa được người thứ hai duyệt."))?;
        let task = Task::of(&proposal.body)?;
        Ok(Errand {
            store: self.clone(),
            proposal_id: proposal_id.to_owned(),
            by,
            task,
            rule: 0,
            after: String::new(),
            is_done: false,
        })
    }
}

impl Errand {
    /// Does one batch in one transaction; how many were done, or none when nothing is left. Originals and the files of
    /// the database still hold the text until [`Store::settle_originals`] and [`Store::scrub`] have run.
    ///
    /// # Errors
    /// `Refused` when a legal hold or running work keeps the named post or case; `Database`.
    pub async fn step(&mut self, now_ms: i64) -> Result<Option<u64>> {
        if self.is_done {
            return Ok(None);
        }
        let done = match &self.task {
            Task::Retention { as_of_ms, rules } => {
                let Some(rule) = rules.get(self.rule).cloned() else { return self.finish(now_ms).await };
                let as_of_ms = *as_of_ms;
                let ids = self.batch(&rule, as_of_ms, now_ms).await?;
                let full = u32::try_from(ids.len()).is_ok_and(|count| count >= BATCH);
                match ids.last().filter(|_| full) {
                    Some(last) => self.after.clone_from(last),
                    None => {
                        self.rule += 1;
                        self.after.clear();
                    }
                }
                ids.len() as u64
            }
            Task::Post(id) => {
                let mut tx = self.store.write().await?;
                erasure::post_by_request(&mut tx, &self.by, &self.proposal_id, id, now_ms).await?;
                tx.commit().await?;
                self.finish(now_ms).await?;
                1
            }
            Task::Case(id) => {
                let mut tx = self.store.write().await?;
                erasure::cases(&mut tx, &self.by, &self.proposal_id, "request", std::slice::from_ref(id), now_ms)
                    .await?;
                tx.commit().await?;
                self.finish(now_ms).await?;
                1
            }
        };
        Ok(Some(done))
    }

    /// Ends an errand that a hold or running work forbids. Whoever wants it still proposes it again.
    ///
    /// # Errors
    /// `Database`.
    pub async fn give_up(self, refusal: &Refusal, now_ms: i64) -> Result<()> {
        let mut tx = self.store.write().await?;
        let done = "UPDATE proposals SET done_at_ms = $2 WHERE id = $1 AND done_at_ms IS NULL";
        if sql::run(&mut tx, done, [(&self.proposal_id).into(), now_ms.into()]).await? == 1 {
            let detail = json!({ "reason": refusal.code });
            audit::append(&mut tx, &self.by, "erasure.refuse", &self.proposal_id, &detail, now_ms).await?;
        }
        Ok(tx.commit().await?)
    }

    /// One batch of a rule; the ids that it took.
    async fn batch(&self, rule: &RetentionRule, as_of_ms: i64, now_ms: i64) -> Result<Vec<String>> {
        let mut tx = self.store.write().await?;
        // What is due is read under the lock that holds and recordings take, so nothing slips in between.
        crate::record::take(&mut tx, "posts", 0).await?;
        let (begin, id) = match rule.what {
            RetentionWhat::Case => ("SELECT c.id AS id", "c.id"),
            RetentionWhat::Original => ("SELECT o.id AS id", "o.id"),
            _ => ("SELECT p.id AS id", "p.id"),
        };
        let mut select = rule.due(begin, as_of_ms);
        rule.held(&mut select, false);
        select.push(" AND ").push(id).push(" > ").bind(Cell::from(&self.after));
        select.push(" ORDER BY ").push(id).push(" LIMIT ").bind(BATCH);
        let rows = select.rows(&mut tx).await?;
        let ids = rows.iter().map(|row| sql::text(row, "id")).collect::<Result<Vec<_>>>()?;
        if ids.is_empty() {
            return Ok(ids);
        }
        let (by, proposal) = (&self.by, &self.proposal_id);
        match (rule.what, rule.action) {
            (RetentionWhat::Case, _) => erasure::cases(&mut tx, by, proposal, &rule.id, &ids, now_ms).await?,
            (RetentionWhat::Original, _) => erasure::originals(&mut tx, by, proposal, &rule.id, &ids, now_ms).await?,
            (_, RetentionAction::Pseudonymise) => {
                erasure::pseudonymise(&mut tx, by, proposal, &rule.id, &ids, now_ms).await?;
            }
            (_, RetentionAction::Erase) => erasure::posts(&mut tx, by, proposal, &rule.id, &ids, now_ms).await?,
        }
        tx.commit().await?;
        Ok(ids)
    }

    async fn finish(&mut self, now_ms: i64) -> Result<Option<u64>> {
        let mut tx = self.store.write().await?;
        let done = "UPDATE proposals SET done_at_ms = $2 WHERE id = $1 AND done_at_ms IS NULL";
        if sql::run(&mut tx, done, [(&self.proposal_id).into(), now_ms.into()]).await? == 1 {
            audit::append(&mut tx, &self.by, "erasure.done", &self.proposal_id, &json!({}), now_ms).await?;
        }
        tx.commit().await?;
        self.is_done = true;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_are_right_and_a_mistake_is_named() -> Result<()> {
        assert_eq!(read_rules(SHIPPED)?.len(), 6);
        let rule = "[[rule]]\nid = 'x'\ntitle = 'x'\nafter_days = 1\n";
        for (lines, word) in [
            ("what = 'alert'\naction = 'erase'\nstate = ['open']", "open"),
            ("what = 'alert'\naction = 'erase'\nfamily = ['nothing']", "nothing"),
            ("what = 'alert'\naction = 'pseudonymise'", "bí danh"),
            ("what = 'post'\naction = 'erase'\nwhen = 1", "when"),
            ("what = 'moon'\naction = 'erase'", "moon"),
        ] {
            let told = read_rules(&format!("{rule}{lines}")).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains(word), "{lines}: {told}");
        }
        Ok(())
    }
}
