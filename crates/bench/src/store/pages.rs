//! What people and workers ask of a full store: audit rows, a queue page, a case page, claims.

use std::time::Instant;

use model::{Queue, Role, Verdict};
use store::{NewDecision, NewUser, QueueFilter, Store};

use crate::filling::WAITING;
use crate::{Measure, NOW, Outcome};

/// Rows of the audit chain that are appended.
const APPENDS: usize = 1_000;
/// Pages that are read.
const PAGES: usize = 300;
/// Captures that a worker claims at a time, and workers.
const CLAIM: u32 = 50;
const WORKERS: usize = 4;

/// Appends one event after the other, each safe before the next; then eight askers at once.
pub async fn audit(name: &str, store: &Store) -> Outcome<()> {
    let detail = serde_json::json!({ "n": 1 });
    let measured = Measure::begin();
    for _ in 0..APPENDS {
        store.audit("an", "case.read", "x", &detail, NOW).await?;
    }
    measured.tell(name, "audit append, one after the other", APPENDS);
    let measured = Measure::begin();
    let askers: Vec<_> = (0..8)
        .map(|_| {
            let (store, detail) = (store.clone(), detail.clone());
            tokio::spawn(async move {
                for _ in 0..APPENDS / 8 {
                    store.audit("an", "case.read", "x", &detail, NOW).await?;
                }
                Ok::<_, store::Error>(())
            })
        })
        .collect();
    for asker in askers {
        asker.await??;
    }
    measured.tell(name, "audit append, eight at once", APPENDS / 8 * 8);
    Ok(())
}

/// A page of the queue at changing depth, and the page of a case.
pub async fn pages(name: &str, store: &Store) -> Outcome<()> {
    let user = NewUser {
        login: "an".to_owned(),
        name: "An".to_owned(),
        role: Role::Analyst,
        unit_id: None,
        password_hash: "none".to_owned(),
    };
    let who = store.add_user("setup", &user, NOW).await?.id;
    let filter = QueueFilter { free_for: Some(who.clone()), ..QueueFilter::open(Queue::Alert) };
    let (mut times, mut after) = (Vec::new(), None);
    let mut first = None;
    for _ in 0..PAGES {
        let began = Instant::now();
        let page = store.queue(&filter, after.as_deref(), 50, NOW).await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        first = first.or_else(|| page.rows.first().map(|row| row.id.clone()));
        after = page.next;
    }
    tell(name, "queue page of 50", times);
    let times = timed(PAGES, async || store.queue_counts(NOW).await.map(|_| ())).await?;
    tell(name, "queue counts", times);
    let Some(alert) = first else { return Err("no alert was raised".into()) };
    let decision = NewDecision {
        alert_id: alert.clone(),
        verdict: Verdict::Confirm,
        reason: "đúng".to_owned(),
        note: None,
        case_id: None,
        into: None,
        whole_campaign: false,
    };
    let case = store.decide(&who, &decision, NOW).await?.case_id.ok_or("no case")?;
    let times = timed(PAGES, async || store.case(&case, NOW).await.map(|_| ())).await?;
    tell(name, "case page", times);
    let times = timed(PAGES, async || store.unit(&alert, NOW).await.map(|_| ())).await?;
    tell(name, "unit page", times);
    Ok(())
}

/// Four workers claim waiting captures in batches.
pub async fn claims(name: &str, store: &Store) -> Outcome<()> {
    let measured = Measure::begin();
    let workers: Vec<_> = (0..WORKERS)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let worker = format!("w{n}");
                let mut claimed = 0;
                while claimed < WAITING / WORKERS / 2 {
                    let captures = store.lease_captures(&worker, CLAIM, 60_000, NOW + 3_600_000).await?;
                    claimed += captures.len();
                    if captures.is_empty() {
                        break;
                    }
                }
                Ok::<_, store::Error>(claimed)
            })
        })
        .collect();
    let mut claimed = 0;
    for worker in workers {
        claimed += worker.await??;
    }
    measured.tell(name, "claims, 4 workers, 50 at a time", claimed);
    Ok(())
}

async fn timed(times: usize, mut ask: impl AsyncFnMut() -> store::Result<()>) -> Outcome<Vec<f64>> {
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let began = Instant::now();
        ask().await?;
        taken.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(taken)
}

fn tell(name: &str, what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!("{name:<12} {what:<34} p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.95), at(0.99));
}
