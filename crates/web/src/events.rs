//! Live news for open pages: counts and new alerts, by server-sent events that follow the store's sequence.
//!
//! An open stream asks the store at most once a second, and only for what changed. It ends after an hour and with
//! the server; the browser then asks again, and only a living session gets an answer.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use model::{Act, Queue};
use tokio::sync::watch;

use crate::access::{Actor, may};
use crate::frame::{Frame, Here};
use crate::queue::Row;
use crate::trouble::Result;
use crate::{Shared, now_ms};

const ASK_EVERY: Duration = Duration::from_millis(700);
const ENDS_AFTER_MS: i64 = store::SESSION_IDLE_MS;

#[derive(Template)]
#[template(path = "row.html")]
struct RowPart<'a> {
    page: &'a Frame,
    row: Row,
}

struct Follower {
    console: Shared,
    ended: watch::Receiver<bool>,
    page: Frame,
    person: model::Person,
    seq: [i64; 2],
    began_ms: i64,
    told: BTreeSet<String>,
}

/// The stream of an open page.
pub async fn stream(
    State(console): State<Shared>,
    actor: Actor<may::ReadQueue>,
) -> Result<Sse<impl Stream<Item = std::result::Result<Event, Infallible>>>> {
    let page = actor.frame(&console, Here::Queue).await?;
    let seq = page.counts.as_ref().map_or(0, |counts| counts.seq);
    let follower = Follower {
        ended: console.ended.clone(),
        console,
        page,
        person: actor.person.clone(),
        seq: [seq, seq],
        began_ms: now_ms(),
        told: BTreeSet::new(),
    };
    let news = stream::unfold((follower, Vec::new()), |(mut follower, mut waiting)| async move {
        loop {
            if let Some(event) = waiting.pop() {
                return Some((Ok(event), (follower, waiting)));
            }
            if now_ms() - follower.began_ms > ENDS_AFTER_MS {
                return None;
            }
            tokio::select! {
                _ = follower.ended.wait_for(|ended| *ended) => return None,
                () = tokio::time::sleep(ASK_EVERY) => {}
            }
            waiting = follower.ask().await.ok()?;
        }
    });
    Ok(Sse::new(news).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))))
}

impl Follower {
    /// What changed since the last time, the last event first.
    async fn ask(&mut self) -> Result<Vec<Event>> {
        let store = &self.console.app.store;
        let now_ms = now_ms();
        let alerts = store.queue_after(Queue::Alert, self.seq[0], 50, now_ms).await?;
        let mut changed = !alerts.is_empty();
        let mut events = Vec::new();
        for row in &alerts {
            self.seq[0] = self.seq[0].max(row.seq);
            let new = row.state.is_open() && row.raised_at_ms >= self.began_ms && self.told.insert(row.id.clone());
            if new {
                events.push(self.alert(row).await?);
            }
        }
        if self.person.role.may(Act::ReadSupport) {
            let referrals = store.queue_after(Queue::Referral, self.seq[1], 50, now_ms).await?;
            self.seq[1] = referrals.iter().map(|row| row.seq).fold(self.seq[1], i64::max);
            changed |= !referrals.is_empty();
        }
        if changed {
            let counts = store.queue_counts(now_ms).await?;
            let data = serde_json::json!({
                "queue": counts.alerts.iter().sum::<u64>(),
                "support": counts.referrals.iter().sum::<u64>(),
            });
            events.push(Event::default().event("counts").data(data.to_string()));
        }
        events.reverse();
        Ok(events)
    }

    async fn alert(&self, row: &store::QueueRow) -> Result<Event> {
        let line = Row::of(&self.console, self.page.words(), &self.person.id, row, "").await?;
        let families: Vec<&str> = row.families.iter().map(|family| family.id()).collect();
        let data = serde_json::json!({
            "id": row.id,
            "priority": row.priority,
            "families": families,
            "href": line.href.clone(),
            "words": self.page.with("live_new", &line.summary),
            "row": RowPart { page: &self.page, row: line }.render()?,
        });
        Ok(Event::default().event("alert").data(data.to_string()))
    }
}
