//! The Vietnamese report: one page an officer can act on, then the posts, then how to check.

use askama::Template;
use model::Family;
use text::{Field, Span};

use crate::container::Files;
use crate::seal::{CaseFile, PostCopy};
use crate::{local, sha256_hex, shown};

/// Articles that an officer may look at, by family (domain guide, Criminal Code 2015 as amended). Suggestions only.
pub(crate) const ARTICLES: &[(Family, &str)] = &[
    (Family::ScamCompoundJob, "Điều 150, 151, 348, 349"),
    (Family::OrganTrade, "Điều 154, 150"),
    (Family::ChildSale, "Điều 151; khoản 2 Điều 3 Luật 53/2024/QH15"),
    (Family::ForcedLabour, "Điều 150, 151, 297"),
    (Family::IllegalMigrationBroker, "Điều 348, 349"),
    (Family::SexualExploitationRecruitment, "Điều 150, 151, 327, 328"),
    (Family::SurrogacyTrade, "Điều 187"),
    (Family::MoneyMule, "Điều 291, 324, 174"),
    (Family::MarriageBroker, "Điều 150"),
    (Family::RomanceOrDebtLure, "Điều 150, 151"),
    (Family::RecruiterOfRecruiters, "khoản 3 Điều 3 Luật 53/2024/QH15; Điều 150, 151"),
];

/// The name of a family as shown.
pub(crate) fn family_name(family: Family) -> &'static str {
    match family {
        Family::ScamCompoundJob => "Lừa việc làm ở khu lừa đảo",
        Family::OrganTrade => "Mua bán nội tạng",
        Family::ChildSale => "Mua bán trẻ em",
        Family::ForcedLabour => "Cưỡng bức lao động",
        Family::IllegalMigrationBroker => "Môi giới di cư trái phép",
        Family::SexualExploitationRecruitment => "Tuyển vào bóc lột tình dục",
        Family::SurrogacyTrade => "Mang thai hộ thương mại",
        Family::MoneyMule => "Thuê, mua bán tài khoản ngân hàng",
        Family::MarriageBroker => "Môi giới hôn nhân",
        Family::RomanceOrDebtLure => "Dụ dỗ bằng tình cảm hoặc nợ",
        Family::RecruiterOfRecruiters => "Tuyển người đi tuyển",
        Family::Unclassified => "Chưa phân loại",
    }
}

#[derive(Template)]
#[template(path = "report.html")]
struct Report<'a> {
    case: &'a CaseFile,
    date: String,
    sealed: String,
    families: String,
    articles: Vec<String>,
    accounts: Vec<AccountRow>,
    route: Vec<(String, String)>,
    posts: Vec<PostPart<'a>>,
    people: String,
    originals: Vec<(String, String)>,
}

struct AccountRow {
    kind: String,
    value: String,
    written: String,
    posts: u32,
    seen: String,
}

struct PostPart<'a> {
    number: usize,
    post: &'a PostCopy,
    posted: String,
    fetched: String,
    pieces: Vec<(String, bool)>,
    reasons: Vec<(String, i32, String)>,
}

/// Renders the report. `files` are the parts already built: the report prints the hashes of the originals.
pub(crate) fn page(case: &CaseFile, files: &Files) -> Result<String, askama::Error> {
    let date =
        local(case.sealed_at_ms).map_or_else(String::new, |at| at.strftime("ngày %d tháng %m năm %Y").to_string());
    let mut people: Vec<&str> = case.signed.iter().map(|step| step.person.as_str()).collect();
    people.sort_unstable();
    people.dedup();
    Report {
        case,
        date,
        sealed: shown(case.sealed_at_ms),
        families: case.families.iter().map(|family| family_name(*family)).collect::<Vec<_>>().join("; "),
        articles: ARTICLES
            .iter()
            .filter(|(family, _)| case.families.contains(family))
            .map(|(family, articles)| format!("{}: {articles}", family_name(*family)))
            .collect(),
        accounts: case
            .accounts
            .iter()
            .map(|account| AccountRow {
                kind: kind_name(&account.kind).into(),
                value: account.value.clone(),
                written: account.written.join(" · "),
                posts: account.posts,
                seen: format!("{} – {}", shown(account.first_seen_ms), shown(account.last_seen_ms)),
            })
            .collect(),
        route: route(case),
        posts: case.posts.iter().enumerate().map(|(index, post)| part(index + 1, post)).collect(),
        people: people.join(", "),
        originals: files
            .iter()
            .filter(|(path, _)| path.starts_with("04-ban-goc/"))
            .map(|(path, bytes)| (path.clone(), sha256_hex(bytes)))
            .collect(),
    }
    .render()
}

fn kind_name(kind: &str) -> &str {
    match kind {
        "phone" => "Điện thoại",
        "zalo" => "Zalo",
        "telegram" => "Telegram",
        "whatsapp" => "WhatsApp",
        "facebook" => "Facebook",
        "tiktok" => "TikTok",
        "email" => "Thư điện tử",
        "url" => "Liên kết",
        "bank_account" => "Tài khoản ngân hàng",
        "wallet" => "Ví điện tử",
        "phone_masked" => "Điện thoại (bị che)",
        "author" => "Tài khoản đăng",
        _ => "Tài khoản khác",
    }
}

fn route(case: &CaseFile) -> Vec<(String, String)> {
    use text::FactKind as K;
    let mut rows: Vec<(String, String)> = Vec::new();
    for fact in case.posts.iter().flat_map(|post| &post.facts) {
        let row = match fact.kind {
            K::Place => {
                let name = fact.detail.get("name").and_then(|name| name.as_str()).unwrap_or(&fact.value);
                ("Nơi nêu trong bài".to_owned(), format!("{name} (viết: {})", fact.text))
            }
            K::Date => ("Ngày nêu trong bài".to_owned(), format!("{} (viết: {})", fact.value, fact.text)),
            K::Age => ("Tuổi nêu trong bài".to_owned(), fact.text.clone()),
            _ => continue,
        };
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

fn part(number: usize, post: &PostCopy) -> PostPart<'_> {
    let reasons = post
        .assessment
        .findings
        .iter()
        .filter(|finding| finding.points != 0)
        .map(|finding| (finding.title.clone(), finding.points, finding.text.clone()))
        .collect();
    PostPart {
        number,
        post,
        posted: post.posted_at_ms.map_or_else(|| "không rõ".into(), shown),
        fetched: shown(post.original.fetched_at_ms),
        pieces: pieces(post),
        reasons,
    }
}

/// The text cut into plain and marked pieces; spans that overlap are joined, spans that do not fit are left out.
fn pieces(post: &PostCopy) -> Vec<(String, bool)> {
    let text = post.text.as_str();
    let mut spans: Vec<Span> = post
        .assessment
        .findings
        .iter()
        .filter(|finding| finding.field == Field::Text && finding.points > 0)
        .flat_map(|finding| finding.spans.iter().copied())
        .filter(|span| text.get(span.range()).is_some_and(|piece| !piece.is_empty()))
        .collect();
    spans.sort();
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut at = 0;
    for span in spans {
        let start = (span.start as usize).max(at);
        let end = span.end as usize;
        if end <= at {
            continue;
        }
        if let (Some(plain), Some(marked)) = (text.get(at..start), text.get(start..end)) {
            pieces.push((plain.to_owned(), false));
            pieces.push((marked.to_owned(), true));
            at = end;
        }
    }
    pieces.push((text.get(at..).unwrap_or_default().to_owned(), false));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}
