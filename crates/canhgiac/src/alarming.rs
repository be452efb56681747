//! Telling people why nothing comes: by e-mail and webhook, once a cause, and once more when it is over.
//!
//! The pages show alarms in any case. Only addresses of the configuration are connected to; what is sent names the
//! source, the cause, and what to do, never a post.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use lettre::message::{Mailbox, header::ContentType};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use model::{Cause, Part, SourceState};
use store::{AlarmRow, Store, Trouble};

use crate::clock;
use crate::config::Config;

/// A cause that comes and goes is told of once in this time.
const QUIET_MS: i64 = 24 * 3_600_000;
/// How long telling may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often sources are compared with their own past.
const COMPARE_EVERY_MS: i64 = 10 * 60_000;
/// How often telling is tried.
const TELL_EVERY_MS: i64 = 2_000;

/// Tells of alarms.
pub struct Teller {
    store: Store,
    mail: Option<Mail>,
    webhook: Option<(reqwest::Client, String)>,
    compared_at_ms: i64,
    told_at_ms: i64,
}

struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Teller {
    /// A teller by the ways that the configuration names; none is fine.
    ///
    /// # Errors
    /// An address or server of the configuration that is none.
    pub fn new(store: &Store, config: &Config) -> Result<Teller> {
        Ok(Teller {
            store: store.clone(),
            mail: mail(config)?,
            webhook: config.alarm_webhook.clone().map(|url| Ok::<_, anyhow::Error>((client()?, url))).transpose()?,
            compared_at_ms: 0,
            told_at_ms: 0,
        })
    }

    /// Compares sources with their own past, then tells what is to be told. A way that fails is tried again later.
    pub async fn tell(&mut self) -> Result<()> {
        let now_ms = clock::now_ms();
        if now_ms - self.compared_at_ms >= COMPARE_EVERY_MS {
            compare(&self.store, now_ms).await?;
            self.compared_at_ms = now_ms;
        }
        if now_ms - self.told_at_ms < TELL_EVERY_MS || (self.mail.is_none() && self.webhook.is_none()) {
            return Ok(());
        }
        self.told_at_ms = now_ms;
        for alarm in self.store.untold_alarms(QUIET_MS, now_ms).await? {
            if let Some(mail) = &self.mail {
                tokio::time::timeout(PATIENCE, mail.send(&alarm))
                    .await
                    .context("the mail server does not answer")??;
            }
            if let Some((client, url)) = &self.webhook {
                let answer = client.post(url).header("content-type", "application/json").body(json(&alarm)).send();
                let answer = tokio::time::timeout(PATIENCE, answer).await.context("the webhook does not answer")?;
                // The address may hold a secret, so the error is told without it.
                answer.and_then(reqwest::Response::error_for_status).map_err(reqwest::Error::without_url)?;
            }
            self.store.alarm_told(&alarm, now_ms).await?;
        }
        Ok(())
    }
}

/// Raises and ends the alarm of sources that are quieter than their own past.
async fn compare(store: &Store, now_ms: i64) -> Result<()> {
    for source in store.sources().await?.into_iter().filter(|source| source.state == SourceState::Enabled) {
        let health = store.source_health(&source.id, now_ms).await?;
        let Some(last_ms) = health.last_news_at_ms else { continue };
        let news: Vec<u64> = health.days.iter().map(|day| day.news).collect();
        let is_open =
            health.alarms.iter().any(|alarm| alarm.trouble.cause == Cause::Silence && alarm.cleared_at_ms.is_none());
        let quiet_ms = now_ms - last_ms;
        if model::is_silent(&news, quiet_ms) {
            let expected = model::expected_news(&news, quiet_ms).round();
            let detail = format!(
                "{} ngày không có bài mới; với nhịp của chính nguồn này lẽ ra đã có khoảng {expected} bài.",
                quiet_ms / 86_400_000
            );
            let trouble = Trouble { cause: Cause::Silence, part: Part::Start, detail, url: None };
            if !is_open {
                store.settle_alarm(&source.id, Cause::Silence, Some(&trouble), now_ms).await?;
            }
        } else if is_open {
            store.settle_alarm(&source.id, Cause::Silence, None, now_ms).await?;
        }
    }
    Ok(())
}

/// What happened, in a line.
fn subject(alarm: &AlarmRow) -> String {
    let words = web::Language::Vi.words();
    let cause = words.of("cause", alarm.trouble.cause.id());
    let head = if alarm.cleared_at_ms.is_some() { "Đã hết" } else { "Báo động nguồn" };
    format!("[Cảnh Giác] {head}: {cause} ({})", alarm.source)
}

/// What happened and what to do.
fn body(alarm: &AlarmRow) -> String {
    let words = web::Language::Vi.words();
    let since = clock::rfc3339(alarm.opened_at_ms);
    let mut text = format!("Nguồn: {}\nTừ: {since}\nThấy: {}\n", alarm.source, alarm.trouble.detail);
    if let Some(url) = &alarm.trouble.url {
        text.push_str(&format!("Ở: {url}\n"));
    }
    match alarm.cleared_at_ms {
        Some(at) => text.push_str(&format!("Hết từ: {}\n", clock::rfc3339(at))),
        None => text.push_str(&format!("Cần làm: {}\n", words.of("advice", alarm.trouble.cause.id()))),
    }
    text
}

fn json(alarm: &AlarmRow) -> String {
    let words = web::Language::Vi.words();
    serde_json::json!({
        "event": if alarm.cleared_at_ms.is_some() { "cleared" } else { "opened" },
        "id": alarm.id,
        "source": alarm.source,
        "cause": alarm.trouble.cause.id(),
        "title": words.of("cause", alarm.trouble.cause.id()),
        "detail": alarm.trouble.detail,
        "advice": words.of("advice", alarm.trouble.cause.id()),
        "url": alarm.trouble.url,
        "opened_at": clock::rfc3339(alarm.opened_at_ms),
        "cleared_at": alarm.cleared_at_ms.map(clock::rfc3339),
    })
    .to_string()
}

impl Mail {
    async fn send(&self, alarm: &AlarmRow) -> Result<()> {
        let mut message = Message::builder().from(self.from.clone()).subject(subject(alarm));
        for to in &self.to {
            message = message.to(to.clone());
        }
        let message = message.header(ContentType::TEXT_PLAIN).body(body(alarm))?;
        self.transport.send(message).await.context("the mail server did not take the alarm")?;
        Ok(())
    }
}

fn mail(config: &Config) -> Result<Option<Mail>> {
    let Some(server) = &config.alarm_mail_server else { return Ok(None) };
    if config.alarm_mail_to.is_empty() {
        bail!("alarm_mail_server is set, but alarm_mail_to names nobody");
    }
    let from = config.alarm_mail_from.as_deref().context("alarm_mail_server is set, but alarm_mail_from is not")?;
    let address = |text: &str| text.trim().parse::<Mailbox>().with_context(|| format!("`{text}` is no mail address"));
    // The server's address may hold a password: it does not come into the error.
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server)
        .ok()
        .context("alarm_mail_server is no address such as smtps://user:password@mail.example or smtp://127.0.0.1:25")?;
    Ok(Some(Mail {
        transport: transport.build(),
        from: address(from)?,
        to: config.alarm_mail_to.split(',').map(address).collect::<Result<_>>()?,
    }))
}

fn client() -> Result<reqwest::Client> {
    // A second installation fails and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()?)
}
