//! The officer's portal: the packets of their unit, one page a packet, and a place to answer. Nothing else.

use std::io::Read;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use model::{Answer, ReceiptKind};
use serde::Deserialize;
use store::{PacketRow, ReceiptRow};

use crate::access::{Actor, Right, may};
use crate::cases::EventLine;
use crate::frame::{Choice, Frame, Here};
use crate::locale::Words;
use crate::show;
use crate::trouble::{Result, Sent, Trouble};
use crate::unit::When;
use crate::{Shared, now_ms};

struct PacketLine {
    id: String,
    title: String,
    priority: u8,
    when: When,
    state: String,
}

impl PacketLine {
    fn of(words: &Words, packet: &PacketRow) -> PacketLine {
        PacketLine {
            id: packet.id.clone(),
            title: packet.case_title.clone(),
            priority: packet.priority,
            when: When::of(words, packet.sealed_at_ms, now_ms()),
            state: state(words, packet),
        }
    }
}

/// Where a packet stands, in words.
pub fn state(words: &Words, packet: &PacketRow) -> String {
    match (packet.answer, packet.receipt_at_ms) {
        (Some(answer), _) => words.of("answer", answer.id()),
        (None, Some(_)) => words.t("packet_received").to_owned(),
        (None, None) => words.t("packet_new").to_owned(),
    }
}

#[derive(Template)]
#[template(path = "packets.html")]
struct PacketsPage {
    page: Frame,
    unit: String,
    packets: Vec<PacketLine>,
    more: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    after: String,
    #[serde(default)]
    said: String,
}

/// An officer without a unit sees nothing.
fn unit_of<R: Right>(actor: &Actor<R>) -> Result<&str> {
    actor.person.unit.as_deref().ok_or(Trouble::NoRight)
}

/// Packets sent to the officer's unit, newest first.
pub async fn list(
    State(console): State<Shared>,
    actor: Actor<may::ReadPackets>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let (store, unit) = (&console.app.store, unit_of(&actor)?);
    let after = Some(asked.after.as_str()).filter(|after| !after.is_empty());
    let found = store.packets(Some(unit), after, 50).await?;
    let page = actor.frame(&console, Here::Packets).await?;
    let packets = found.rows.iter().map(|packet| PacketLine::of(page.words(), packet)).collect();
    let unit = store.units().await?.into_iter().find(|it| it.id == unit).map_or_else(String::new, |it| it.name);
    let more = found.next.map(|next| format!("/packets?after={}", crate::guard::encode(&next)));
    Ok(Html(PacketsPage { page, unit, packets, more }.render()?))
}

#[derive(Template)]
#[template(path = "packet.html")]
struct PacketPage {
    page: Frame,
    packet: PacketLine,
    said: Option<String>,
    size: String,
    sums: String,
    case_number: String,
    asked_by: String,
    signed_by: String,
    supersedes: Option<String>,
    events: Vec<EventLine>,
    answers: Vec<Choice>,
    may_receipt: bool,
    may_answer: bool,
}

/// One packet of the officer's unit; another unit's packet does not exist for them.
pub async fn page(
    State(console): State<Shared>,
    actor: Actor<may::ReadPackets>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let (store, now_ms) = (&console.app.store, now_ms());
    let packet = store.packet(&id, Some(unit_of(&actor)?)).await?;
    store.audit(actor.id(), "packet.read", &packet.id, &serde_json::json!({}), now_ms).await?;
    let receipts = store.receipts(&packet.id).await?;
    let page = actor.frame(&console, Here::Packets).await?;
    let words = page.words();
    let answers = Answer::ALL.iter().map(|answer| Choice {
        id: answer.id().to_owned(),
        words: words.of("answer", answer.id()),
        here: false,
    });
    let page = PacketPage {
        said: Some(format!("said_{}", asked.said)).filter(|key| words.has(key)).map(|key| words.t(&key).to_owned()),
        size: show::number(words, i64::try_from(packet.bytes.div_ceil(1024)).unwrap_or(i64::MAX)),
        sums: packet.sums_sha256.clone(),
        case_number: packet.case_number.clone(),
        asked_by: packet.asked_by_name.clone(),
        signed_by: packet.signed_by_name.clone(),
        supersedes: packet.supersedes.clone(),
        events: receipts.iter().map(|receipt| event(words, receipt, now_ms)).collect(),
        answers: answers.collect(),
        may_receipt: packet.receipt_at_ms.is_none(),
        may_answer: packet.receipt_at_ms.is_some() && packet.answer != Some(Answer::NeedsMore),
        packet: PacketLine::of(words, &packet),
        page,
    };
    Ok(Html(page.render()?))
}

fn event(words: &Words, receipt: &ReceiptRow, now_ms: i64) -> EventLine {
    let what = match (receipt.kind, receipt.answer) {
        (ReceiptKind::Answer, Some(answer)) => words.of("answer", answer.id()),
        (kind, _) => words.of("receipt", kind.id()),
    };
    EventLine {
        when: When::of(words, receipt.at_ms, now_ms),
        what,
        who: receipt.by_name.clone(),
        note: receipt.note.clone().unwrap_or_default(),
    }
}

/// The ZIP, byte for byte as sealed. The store writes down who fetched it.
pub async fn zip(
    State(console): State<Shared>,
    actor: Actor<may::ReadPackets>,
    Path(id): Path<String>,
) -> Result<Response> {
    let packet = console.app.store.packet(&id, Some(unit_of(&actor)?)).await?;
    let zip = console.app.store.download(actor.id(), &packet.id, now_ms()).await?;
    let name = format!("attachment; filename=\"{}.zip\"", packet.id);
    let headers = [(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, zip).into_response())
}

/// The report needs its own inline style and nothing else; in the sandbox it can run and send nothing.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/// Name of the report inside a packet's folder, and the longest one that is shown in the browser, in bytes.
const REPORT: (&str, u64) = ("/01-bao-cao.html", 8 << 20);

/// The report as sealed, for reading at once; the ZIP stays the evidence. The store writes down who fetched it.
pub async fn report(
    State(console): State<Shared>,
    actor: Actor<may::ReadPackets>,
    Path(id): Path<String>,
) -> Result<Response> {
    let packet = console.app.store.packet(&id, Some(unit_of(&actor)?)).await?;
    let zip = console.app.store.download(actor.id(), &packet.id, now_ms()).await?;
    let html = report_of(&zip).ok_or(Trouble::Missing)?;
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, REPORT_POLICY)];
    Ok((headers, html).into_response())
}

fn report_of(zip: &[u8]) -> Option<String> {
    let mut packet = zip::ZipArchive::new(std::io::Cursor::new(zip)).ok()?;
    let name = packet.file_names().flatten().find(|name| name.ends_with(REPORT.0))?.into_owned();
    let mut html = String::new();
    packet.by_name(&name).ok()?.take(REPORT.1).read_to_string(&mut html).ok()?;
    Some(html)
}

#[derive(Deserialize)]
pub struct ReceiptForm {
    sums: String,
}

/// The unit confirms that it holds the packet with this `SHA256SUMS`.
pub async fn receipt(
    State(console): State<Shared>,
    actor: Actor<may::Answer>,
    Path(id): Path<String>,
    Sent(form): Sent<ReceiptForm>,
) -> Result<Redirect> {
    console.app.store.receipt(actor.id(), &id, form.sums.trim(), None, now_ms()).await?;
    Ok(Redirect::to(&format!("/packets/{id}?said=receipt")))
}

#[derive(Deserialize)]
pub struct AnswerForm {
    answer: String,
    #[serde(default)]
    note: String,
}

/// The unit says what came of it.
pub async fn answer(
    State(console): State<Shared>,
    actor: Actor<may::Answer>,
    Path(id): Path<String>,
    Sent(form): Sent<AnswerForm>,
) -> Result<Redirect> {
    let answer: Answer = form.answer.parse().map_err(|_| Trouble::BadForm)?;
    let note = Some(form.note.trim()).filter(|note| !note.is_empty());
    console.app.store.answer(actor.id(), &id, answer, note, now_ms()).await?;
    Ok(Redirect::to(&format!("/packets/{id}?said=answer")))
}
