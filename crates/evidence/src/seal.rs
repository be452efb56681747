//! Building and sealing a packet.

use model::Family;
use rules::Assessment;
use serde::{Deserialize, Serialize};
use serde_json::json;
use text::Fact;

use crate::container::{self, Files};
use crate::custody::{self, Touch};
use crate::key::{KeyError, Signer};
use crate::{report, rfc3339, sha256_hex};

/// Everything that a packet is made of. What is not here does not leave.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// `CG-2026-000123`.
    pub id: String,
    /// The packet that this one corrects.
    pub supersedes: Option<String>,
    /// When it is sealed, UTC milliseconds.
    pub sealed_at_ms: i64,
    /// The organisation that hands over.
    pub organisation: String,
    /// Whom police call back.
    pub contact: String,
    /// The receiving unit.
    pub unit: String,
    /// 1 (now) to 4.
    pub priority: u8,
    /// Why it is urgent, one Vietnamese line each.
    pub urgency: Vec<String>,
    /// Families confirmed by the analysts.
    pub families: Vec<Family>,
    /// The signed steps, oldest first: at least two by different people.
    pub signed: Vec<SignedStep>,
    /// Notes that the analysts want police to read.
    pub notes: Vec<String>,
    /// The posts.
    pub posts: Vec<PostCopy>,
    /// Accounts and contacts seen in them.
    pub accounts: Vec<Account>,
    /// Every touch so far; sealing adds the last line.
    pub custody: Vec<Touch>,
}

/// A decision by a named person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedStep {
    /// Pseudonym of the person, `A-07`.
    pub person: String,
    /// Their role as shown, `chuyên viên`.
    pub role: String,
    /// `đề nghị chuyển`, `ký chuyển`, `xác nhận`.
    pub step: String,
    /// UTC milliseconds.
    pub at_ms: i64,
    /// Their reason.
    pub reason: String,
}

/// One post with its capture.
#[derive(Clone, Debug)]
pub struct PostCopy {
    /// Id of the capture, safe as a file name (letters, digits, `-`).
    pub capture_id: String,
    /// The source's id.
    pub source: String,
    /// Its id there.
    pub native_id: String,
    /// Where it stood.
    pub url: Option<String>,
    /// As shown there.
    pub author: Option<String>,
    /// UTC milliseconds, when known.
    pub posted_at_ms: Option<i64>,
    /// When the page that proved it gone was seen.
    pub gone_at_ms: Option<i64>,
    /// The title as analysed.
    pub title: Option<String>,
    /// The text exactly as analysed; spans point into it.
    pub text: String,
    /// What the rules said.
    pub assessment: Assessment,
    /// What was extracted.
    pub facts: Vec<Fact>,
    /// The kept original of its capture.
    pub original: Original,
}

/// The bytes of a capture as they were kept before anything parsed them.
#[derive(Clone, Debug)]
pub struct Original {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 at capture, lower-case hex.
    pub sha256: String,
    /// UTC milliseconds.
    pub fetched_at_ms: i64,
    /// `auto`, `import`, `tip` or `paste`.
    pub method: String,
    /// Content type as received.
    pub media_type: Option<String>,
    /// Request, response head, addresses, certificate hash: whatever was recorded.
    pub head: serde_json::Value,
}

/// An account or contact seen in the posts. Never a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `phone`, `zalo`, `telegram`, `author`, …
    pub kind: String,
    /// The canonical value.
    pub value: String,
    /// As written in the posts.
    pub written: Vec<String>,
    /// In how many posts of the case.
    pub posts: u32,
    /// UTC milliseconds.
    pub first_seen_ms: i64,
    /// UTC milliseconds.
    pub last_seen_ms: i64,
}

/// Why a case cannot become a packet.
#[derive(Debug, thiserror::Error)]
pub enum CaseFileError {
    /// The rule of two people.
    #[error("chưa đủ hai người khác nhau ký: cần một người đề nghị và một người khác ký chuyển")]
    TwoPeople,
    /// Nothing to hand over.
    #[error("vụ việc chưa có bài nào được xác nhận")]
    Empty,
    /// The original does not match its hash at capture: it was changed on disk.
    #[error("bản gốc {capture_id} không khớp mã băm lúc thu: tệp đã bị thay đổi trên đĩa, không lập gói")]
    OriginalChanged {
        /// Which capture.
        capture_id: String,
    },
    /// A capture id that is no safe file name.
    #[error("mã thu giữ `{0}` không dùng làm tên tệp được")]
    CaptureId(String),
    /// The signing key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Writing a part failed.
    #[error("cannot write the packet: {0}")]
    Write(String),
}

/// A sealed packet.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// File name of the ZIP.
    pub file_name: String,
    /// The ZIP.
    pub zip: Vec<u8>,
    /// SHA-256 of `SHA256SUMS`: what the receipt carries.
    pub sums_sha256: String,
}

/// Builds, sums and signs a packet. The same case file and key give the same bytes.
pub fn seal(case: &CaseFile, signer: &Signer) -> Result<Sealed, CaseFileError> {
    require_two_people(case)?;
    if case.posts.is_empty() {
        return Err(CaseFileError::Empty);
    }
    let write = |error: &dyn std::fmt::Display| CaseFileError::Write(error.to_string());
    let mut files = Files::new();
    let mut captures = Vec::new();
    for post in &case.posts {
        add_post(post, &mut files, &mut captures)?;
    }
    let mut custody = case.custody.clone();
    custody.push(Touch {
        at_ms: case.sealed_at_ms,
        actor: concat!("canhgiac ", env!("CARGO_PKG_VERSION")).into(),
        action: "sealed".into(),
        subject: case.id.clone(),
        sha256: None,
    });
    let log = custody::write(&custody).map_err(|error| write(&error))?;
    files.insert("07-nhat-ky.jsonl".into(), log.into_bytes());
    files.insert("02-thuc-the.csv".into(), facts_csv(case).map_err(|error| write(&error))?);
    files.insert("05-phan-tich.json".into(), pretty(&analysis(case)).map_err(|error| write(&error))?);
    files.insert("packet.json".into(), pretty(&machine_truth(case, signer, &captures)).map_err(|error| write(&error))?);
    files.insert("00-DOC-TRUOC.txt".into(), read_me_first(case, signer));
    let page = report::page(case, &files).map_err(|error| write(&error))?;
    files.insert("01-bao-cao.html".into(), page.into_bytes());

    let sums: String = files.iter().map(|(path, bytes)| format!("{}  {path}\n", sha256_hex(bytes))).collect();
    let sums_sha256 = sha256_hex(sums.as_bytes());
    files.insert("SHA256SUMS.sig".into(), signer.sign(crate::NAMESPACE, sums.as_bytes())?.into_bytes());
    files.insert("allowed_signers".into(), signer.allowed_signers()?.into_bytes());
    files.insert("SHA256SUMS".into(), sums.into_bytes());
    let zip = container::pack(&case.id, &files).map_err(|error| write(&error))?;
    Ok(Sealed { file_name: format!("{}.zip", case.id), zip, sums_sha256 })
}

fn require_two_people(case: &CaseFile) -> Result<(), CaseFileError> {
    let mut people: Vec<&str> = case.signed.iter().map(|step| step.person.as_str()).collect();
    people.sort_unstable();
    people.dedup();
    if people.len() < 2 { Err(CaseFileError::TwoPeople) } else { Ok(()) }
}

fn add_post(post: &PostCopy, files: &mut Files, captures: &mut Vec<serde_json::Value>) -> Result<(), CaseFileError> {
    let id = &post.capture_id;
    let safe = !id.is_empty() && id.len() <= 80 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !safe {
        return Err(CaseFileError::CaptureId(id.clone()));
    }
    if sha256_hex(&post.original.bytes) != post.original.sha256 {
        return Err(CaseFileError::OriginalChanged { capture_id: id.clone() });
    }
    let body_path = format!("04-ban-goc/{id}.bin");
    let seen = files.contains_key(&body_path);
    files.entry(body_path.clone()).or_insert_with(|| post.original.bytes.clone());
    let text_path = format!("04-ban-goc/{id}-{}.txt", as_file_name(&post.native_id));
    files.insert(text_path.clone(), post.text.clone().into_bytes());
    if !seen {
        captures.push(json!({
            "id": id,
            "source": post.source,
            "url": post.url,
            "method": post.original.method,
            "fetched_at": rfc3339(post.original.fetched_at_ms),
            "content_type": post.original.media_type,
            "body": body_path,
            "body_sha256": post.original.sha256,
            "head": post.original.head,
        }));
    }
    Ok(())
}

/// A native id as part of a file name: what is not plain becomes its hash, so that no path is taken from input.
fn as_file_name(native_id: &str) -> String {
    let plain = !native_id.is_empty()
        && native_id.len() <= 40
        && native_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain { native_id.to_owned() } else { sha256_hex(native_id.as_bytes())[..16].to_owned() }
}

fn pretty(value: &serde_json::Value) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn fact_rows(case: &CaseFile) -> impl Iterator<Item = (&PostCopy, &Fact)> {
    case.posts.iter().flat_map(|post| post.facts.iter().map(move |fact| (post, fact)))
}

fn type_of(fact: &Fact) -> String {
    serde_json::to_value(fact.kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// UTF-8 with BOM and CRLF, as spreadsheet programs on police desks expect it. A cell that would be read as a formula
/// gets a leading apostrophe.
fn facts_csv(case: &CaseFile) -> Result<Vec<u8>, csv::Error> {
    let guard = |cell: &str| match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(["loai", "gia_tri", "gia_tri_goc", "capture_id", "vi_tri", "do_tin_cay"])?;
    for (post, fact) in fact_rows(case) {
        let confidence = fact.detail.get("conf").and_then(|value| value.as_str()).unwrap_or("high");
        writer.write_record([
            guard(&type_of(fact)),
            guard(&fact.value),
            guard(&fact.text),
            guard(&post.capture_id),
            format!("{}-{}", fact.span.start, fact.span.end),
            confidence.to_owned(),
        ])?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn analysis(case: &CaseFile) -> serde_json::Value {
    json!({
        "posts": case.posts.iter().map(|post| json!({
            "capture_id": post.capture_id,
            "native_id": post.native_id,
            "title": post.title,
            "text_file": format!("04-ban-goc/{}-{}.txt", post.capture_id, as_file_name(&post.native_id)),
            "assessment": post.assessment,
        })).collect::<Vec<_>>(),
        "signed": case.signed.iter().map(|step| json!({
            "person": step.person, "role": step.role, "step": step.step, "at": rfc3339(step.at_ms), "reason": step.reason,
        })).collect::<Vec<_>>(),
        "notes": case.notes,
    })
}

fn machine_truth(case: &CaseFile, signer: &Signer, captures: &[serde_json::Value]) -> serde_json::Value {
    json!({
        "id": case.id,
        "version": 1,
        "supersedes": case.supersedes,
        "created": rfc3339(case.sealed_at_ms),
        "incident": {
            "priority": case.priority,
            "urgency": case.urgency,
            "families": case.families,
            "meaning": "Dấu hiệu do phần mềm và người có tên ghi nhận, chưa phải kết luận về hành vi của bất kỳ ai.",
        },
        "reporter": { "organisation": case.organisation, "principal": signer.principal(), "key": signer.fingerprint() },
        "contact": case.contact,
        "unit": case.unit,
        "accounts": case.accounts.iter().map(|account| json!({
            "kind": account.kind,
            "value": account.value,
            "written": account.written,
            "posts": account.posts,
            "first_seen": rfc3339(account.first_seen_ms),
            "last_seen": rfc3339(account.last_seen_ms),
        })).collect::<Vec<_>>(),
        "facts": fact_rows(case).map(|(post, fact)| json!({
            "type": type_of(fact), "value": fact.value, "text": fact.text, "capture_id": post.capture_id,
            "native_id": post.native_id, "field": fact.field, "span": fact.span, "detail": fact.detail,
        })).collect::<Vec<_>>(),
        "posts": case.posts.iter().map(|post| json!({
            "capture_id": post.capture_id, "source": post.source, "native_id": post.native_id, "url": post.url,
            "author": post.author, "posted_at": post.posted_at_ms.map(rfc3339), "gone_at": post.gone_at_ms.map(rfc3339),
            "stance": post.assessment.stance,
        })).collect::<Vec<_>>(),
        "captures": captures,
        "legal_basis": report::ARTICLES.iter().filter(|(family, _)| case.families.contains(family))
            .map(|(_, article)| *article).collect::<Vec<_>>(),
        "redactions": [],
    })
}

/// Notepad on an old Windows machine opens it: BOM and CRLF.
fn read_me_first(case: &CaseFile, signer: &Signer) -> Vec<u8> {
    let text = format!(
        "GÓI CHUYỂN TIN {id}\n\
         \n\
         Đây là gì: tin báo có dấu hiệu mua bán người, thu từ bài đăng công khai, kèm bản gốc và nhật ký thu giữ.\n\
         Đây không phải: kết luận về hành vi của bất kỳ ai. Phần mềm không nêu tên người vi phạm.\n\
         Kính gửi: {unit}\n\
         Nơi chuyển: {organisation}. Gọi lại: {contact}.\n\
         Cần hỗ trợ nạn nhân: 111. Khẩn cấp: 113.\n\
         \n\
         CÁCH KIỂM TRA (không cần mạng)\n\
         1. Mã băm từng tệp, trên Linux:   sha256sum -c SHA256SUMS\n\
            trên Windows (PowerShell):   gc SHA256SUMS | % {{ $h,$f=$_ -split '  ',2; if((Get-FileHash $f).Hash -ne $h){{\"SAI: $f\"}} }}\n\
         2. Chữ ký (cmd hoặc Linux):\n\
            ssh-keygen -Y verify -f allowed_signers -I {principal} -n {namespace} -s SHA256SUMS.sig < SHA256SUMS\n\
         3. So dấu vân tay khóa với bản giấy đã nhận riêng:\n\
            {fingerprint}\n\
         4. Hoặc: canhgiac packet verify {id}.zip\n",
        id = case.id,
        unit = case.unit,
        organisation = case.organisation,
        contact = case.contact,
        principal = signer.principal(),
        namespace = crate::NAMESPACE,
        fingerprint = signer.fingerprint(),
    );
    format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes()
}
