//! From a signed case to a sealed packet: gathers what the store knows, builds, signs, seals.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use evidence::{Account, CaseFile, Original, PostCopy, SignedStep, Signer, Touch};
use model::{Family, Verdict};
use store::{ContactHistory, LONGEST_MS, NewPacket, PacketRow, Store, WorkUnit};

use crate::config::Config;

/// Builds and seals packets with the organisation's key.
pub struct Handover {
    store: Store,
    signer: Arc<Signer>,
    worker: String,
    organisation: String,
    contact: String,
}

impl Handover {
    /// With the names of the configuration; leases are held as `worker`.
    pub fn new(store: Store, signer: Arc<Signer>, worker: &str, config: &Config) -> Handover {
        let (organisation, contact) = (config.organisation.clone(), config.contact.clone());
        Handover { store, signer, worker: worker.to_owned(), organisation, contact }
    }

    /// What officers compare with their paper copy.
    pub fn fingerprint(&self) -> String {
        self.signer.fingerprint()
    }

    /// Builds the packet of a case whose escalation was signed by a second person, and seals it in the store. One
    /// process at a time builds a packet.
    pub async fn seal(&self, case_id: &str, now_ms: i64) -> Result<PacketRow> {
        if self.store.lease_packets(&self.worker, Some(case_id), LONGEST_MS, now_ms).await?.is_empty() {
            bail!("hồ sơ của vụ việc đang được lập, hoặc chưa được người thứ hai ký chuyển");
        }
        self.built(case_id, now_ms).await
    }

    /// Builds a packet whose lease this worker has; gives the lease back when that fails.
    async fn built(&self, case_id: &str, now_ms: i64) -> Result<PacketRow> {
        let outcome = self.build(case_id, now_ms).await;
        if outcome.is_err() {
            // The error is told; a lease that could not be given back runs out by itself.
            let _ = self.store.give_back(&self.worker, crate::clock::now_ms()).await;
        }
        outcome
    }

    async fn build(&self, case_id: &str, now_ms: i64) -> Result<PacketRow> {
        let case = self.store.case(case_id, now_ms).await?;
        let Some(asking) = case.row.asking.clone().filter(|asking| asking.signed_at_ms.is_some()) else {
            bail!("vụ việc chưa được người thứ hai ký chuyển");
        };
        let id = self.store.next_packet_number(now_ms).await?;
        let mut units = Vec::new();
        for alert in &case.alerts {
            units.push(self.store.unit(&alert.id, now_ms).await?);
        }
        let contents = CaseFile {
            supersedes: case.packets.first().map(|packet| packet.id.clone()),
            sealed_at_ms: now_ms,
            organisation: self.organisation.clone(),
            contact: self.contact.clone(),
            unit: asking.unit_name.clone(),
            priority: case.row.priority,
            urgency: urgency(&units),
            families: families(&units),
            signed: self.signed(&case, &asking).await?,
            notes: case.notes.iter().map(|note| note.text.clone()).collect(),
            posts: self.posts(&units).await?,
            accounts: accounts(&units),
            custody: self.custody(&case, &units).await?,
            id: id.clone(),
        };
        let sealed = evidence::seal(&contents, &self.signer)?;
        let packet = NewPacket {
            id,
            asking_id: asking.id,
            sums_sha256: sealed.sums_sha256.clone(),
            supersedes: contents.supersedes.clone(),
        };
        self.store.seal(&packet, &sealed.zip, now_ms).await.context("the packet cannot be sealed in the store")
    }

    /// Seals what an interrupted run left signed but unsealed. Returns how many packets.
    pub async fn seal_waiting(&self, now_ms: i64) -> Result<usize> {
        let waiting = self.store.lease_packets(&self.worker, None, LONGEST_MS, now_ms).await?;
        for (case_id, _) in &waiting {
            self.built(case_id, now_ms).await?;
        }
        Ok(waiting.len())
    }

    async fn person(&self, user_id: &str) -> Result<(String, String)> {
        let user = self.store.user(user_id).await?;
        Ok((user.pseudonym, user.role.title().to_owned()))
    }

    async fn signed(&self, case: &store::CaseFile, asking: &store::Asking) -> Result<Vec<SignedStep>> {
        let mut steps = Vec::new();
        for decision in
            case.decisions.iter().filter(|decision| decision.verdict == Verdict::Confirm && !decision.undone)
        {
            let (person, role) = self.person(&decision.by).await?;
            let reason = match &decision.note {
                Some(note) if !note.is_empty() => note.clone(),
                _ => "xác nhận có dấu hiệu".to_owned(),
            };
            steps.push(SignedStep { person, role, step: "xác nhận".into(), at_ms: decision.at_ms, reason });
        }
        let (person, role) = self.person(&asking.asked_by).await?;
        steps.push(SignedStep {
            person,
            role,
            step: "đề nghị chuyển".into(),
            at_ms: asking.asked_at_ms,
            reason: asking.reason.clone(),
        });
        if let (Some(by), Some(at_ms)) = (&asking.signed_by, asking.signed_at_ms) {
            let (person, role) = self.person(by).await?;
            steps.push(SignedStep {
                person, role, step: "ký chuyển".into(), at_ms, reason: "đồng ý chuyển".into()
            });
        }
        Ok(steps)
    }

    async fn posts(&self, units: &[WorkUnit]) -> Result<Vec<PostCopy>> {
        let mut copies = Vec::new();
        for unit in units {
            let Some(assessment) = unit.assessment.clone() else { continue };
            let capture = &unit.capture;
            let version = unit.versions.iter().find(|version| version.number == unit.version);
            if capture.gone_at_ms.is_some() {
                bail!("bản gốc của bài {} đã bị xóa theo thời hạn lưu giữ", unit.post.native_id);
            }
            // Where another post of the same file was erased, its stretch is blank in what is kept.
            let sha256 = capture.kept_sha256.as_ref().unwrap_or(&capture.sha256);
            copies.push(PostCopy {
                capture_id: capture.id.clone(),
                source: unit.post.source.clone(),
                native_id: unit.post.native_id.clone(),
                url: unit.post.url.clone(),
                author: unit.post.author.clone(),
                posted_at_ms: unit.post.posted_at_ms,
                gone_at_ms: unit.post.gone_at_ms,
                title: version.map_or_else(|| unit.post.title.clone(), |version| version.title.clone()),
                text: version.map_or_else(|| unit.post.text.clone(), |version| version.text.clone()),
                assessment,
                facts: unit.facts.clone(),
                original: Original {
                    bytes: self.store.original(sha256).await?,
                    sha256: sha256.clone(),
                    fetched_at_ms: capture.capture.fetched_at_ms,
                    method: capture.capture.method.id().to_owned(),
                    media_type: capture.capture.content_type.clone(),
                    head: serde_json::to_value(&capture.capture)?,
                },
            });
        }
        Ok(copies)
    }

    async fn custody(&self, case: &store::CaseFile, units: &[WorkUnit]) -> Result<Vec<Touch>> {
        let mut touches = Vec::new();
        for unit in units {
            touches.push(Touch {
                at_ms: unit.capture.capture.fetched_at_ms,
                actor: unit.capture.capture.collector.clone(),
                action: "captured".into(),
                subject: unit.capture.id.clone(),
                sha256: Some(unit.capture.sha256.clone()),
            });
            touches.push(Touch {
                at_ms: unit.row.raised_at_ms,
                actor: concat!("canhgiac ", env!("CARGO_PKG_VERSION")).into(),
                action: "assessed".into(),
                subject: unit.row.id.clone(),
                sha256: unit.assessment.as_ref().map(|assessment| assessment.ruleset.clone()),
            });
        }
        touches.sort_by(|a, b| (a.at_ms, &a.action, &a.subject).cmp(&(b.at_ms, &b.action, &b.subject)));
        touches.dedup();
        for event in &case.timeline {
            let actor = match self.store.user(&event.by).await {
                Ok(user) => user.pseudonym,
                Err(_) => event.by.clone(),
            };
            touches.push(Touch {
                at_ms: event.at_ms,
                actor,
                action: event.event.clone(),
                subject: case.row.number.clone(),
                sha256: None,
            });
        }
        Ok(touches)
    }
}

fn urgency(units: &[WorkUnit]) -> Vec<String> {
    let mut lines = Vec::new();
    for reason in units.iter().filter_map(|unit| unit.assessment.as_ref()).flat_map(|assessment| &assessment.urgency) {
        if !lines.contains(&reason.title) {
            lines.push(reason.title.clone());
        }
    }
    lines
}

/// Families of the confirmed alerts, the most frequent first.
fn families(units: &[WorkUnit]) -> Vec<Family> {
    let mut counts: BTreeMap<Family, usize> = BTreeMap::new();
    for family in units.iter().flat_map(|unit| &unit.row.families) {
        *counts.entry(*family).or_default() += 1;
    }
    let mut families: Vec<(Family, usize)> = counts.into_iter().collect();
    families.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    families.into_iter().map(|(family, _)| family).collect()
}

/// Contacts and posting accounts of the case. People at risk are never among them: a contact that only their posts
/// carry, and the author of a self-offer, are left out.
fn accounts(units: &[WorkUnit]) -> Vec<Account> {
    let mut accounts: BTreeMap<(String, String), Account> = BTreeMap::new();
    for unit in units {
        let at_ms = unit.post.posted_at_ms.unwrap_or(unit.post.first_seen_at_ms);
        let contacts = unit.contacts.iter().filter(|contact| !contact.only_at_risk);
        for ContactHistory { kind, value, .. } in contacts {
            add(&mut accounts, kind, value, written(unit, kind, value), at_ms);
        }
        if unit.row.stance == model::Stance::Offer
            && let Some(author) = &unit.post.author
        {
            let value = match &unit.post.author_id {
                Some(id) => format!("nguồn {}, mã {id}", unit.post.source),
                None => format!("nguồn {}, tên hiển thị “{author}”", unit.post.source),
            };
            add(&mut accounts, "author", &value, vec![author.clone()], at_ms);
        }
    }
    accounts.into_values().collect()
}

fn written(unit: &WorkUnit, kind: &str, value: &str) -> Vec<String> {
    unit.facts
        .iter()
        .filter(|fact| fact.value == value && serde_json::to_value(fact.kind).is_ok_and(|name| name == kind))
        .map(|fact| fact.text.clone())
        .collect()
}

fn add(accounts: &mut BTreeMap<(String, String), Account>, kind: &str, value: &str, written: Vec<String>, at_ms: i64) {
    let account = accounts.entry((kind.to_owned(), value.to_owned())).or_insert_with(|| Account {
        kind: kind.to_owned(),
        value: value.to_owned(),
        written: Vec::new(),
        posts: 0,
        first_seen_ms: at_ms,
        last_seen_ms: at_ms,
    });
    account.posts += 1;
    account.first_seen_ms = account.first_seen_ms.min(at_ms);
    account.last_seen_ms = account.last_seen_ms.max(at_ms);
    for text in written {
        if !account.written.contains(&text) {
            account.written.push(text);
        }
    }
}
