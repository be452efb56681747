//! Every address writes down what was done, before anybody sees it; those that write nothing say why here. A new
//! address without its line in this table fails.

use std::collections::BTreeSet;

use model::{Family, Queue, Stance};
use store::{AuditFilter, NewSource, ReadPost};

use crate::bench::{Bench, PASSWORD, now_ms, raised};
use crate::doors::{PICTURE, upload};

/// What an address leaves in the audit chain.
enum Leaves {
    /// A row with this action, by the person who asked.
    Row(&'static str),
    /// Nothing, and why that is right.
    Nothing(&'static str),
}

use Leaves::{Nothing, Row};

/// Who asks, how, where, with which form, and what it leaves; in an order in which each step is legal. `UPLOAD` posts a
/// form with a picture, whose text is given.
/// `{…}` in a path is filled with what [`Places`] knows.
const STEPS: &[(&str, &str, &str, &str, Leaves)] = &[
    ("an", "GET", "/", "", Nothing("only leads to the first page of the role")),
    ("an", "POST", "/preferences", "language=en&back=/queue", Nothing("a cookie of the own browser")),
    ("an", "GET", "/queue", "", Row("alert.read")),
    ("an", "GET", "/queue/{alert}", "", Row("alert.read")),
    ("an", "POST", "/alerts/{alert}/reveal", "step=1", Row("post.reveal")),
    ("an", "POST", "/alerts/{alert}/decide", "verdict=dismiss&reason=news", Row("alert.dismiss")),
    ("an", "POST", "/decisions/{decision}/undo", "", Row("alert.undo")),
    ("an", "POST", "/alerts/{alert}/decide", "verdict=confirm&reason=minor", Row("alert.confirm")),
    ("an", "GET", "/support", "", Row("referral.read")),
    ("dung", "POST", "/referrals/{referral}/reveal", "", Row("post.reveal")),
    ("dung", "POST", "/referrals/{referral}/decide", "verdict=hand_over&note=x", Row("referral.hand_over")),
    ("an", "GET", "/tips", "", Row("tip.list")),
    ("an", "POST", "/tips/{tip}/read", "", Row("tip.read")),
    ("an", "POST", "/tips/{tip}/answer", "text=x", Row("tip.answer")),
    ("an", "POST", "/tips/{tip}/contact", "", Row("tip.contact")),
    ("an", "GET", "/pictures/{picture}", "", Row("picture.reveal")),
    ("an", "POST", "/tips/{tip}/raise", "", Row("alert.raise")),
    ("an", "GET", "/paste", "", Nothing("an empty form")),
    ("an", "UPLOAD", "/paste", "Lời người ta viết", Row("posts.record")),
    ("an", "GET", "/cases", "", Nothing("numbers and titles that people gave, without a post")),
    ("an", "GET", "/cases/{case}", "", Row("case.read")),
    ("an", "POST", "/cases/{case}/note", "text=x", Row("case.note")),
    ("an", "GET", "/search", "?q=mau", Row("search")),
    ("an", "POST", "/cases/{case}/ask", "unit=pa-mau&reason=x", Row("case.ask")),
    ("binh", "POST", "/cases/{case}/decline", "reason=x", Row("case.decline")),
    ("an", "POST", "/cases/{case}/ask", "unit=pa-mau&reason=x", Row("case.ask")),
    ("binh", "POST", "/cases/{case}/sign", "", Row("case.sign")),
    (
        "binh",
        "POST",
        "/cases/{case}/seal",
        "",
        Nothing("it is sealed already by the signature, which wrote packet.seal"),
    ),
    ("cuong", "GET", "/packets", "", Nothing("numbers of packets of the own unit")),
    ("cuong", "GET", "/packets/{packet}", "", Row("packet.read")),
    ("cuong", "GET", "/packets/{packet}/zip", "", Row("packet.download")),
    ("cuong", "GET", "/packets/{packet}/report", "", Row("packet.download")),
    ("cuong", "POST", "/packets/{packet}/receipt", "sums={sums}", Row("packet.receipt")),
    ("cuong", "POST", "/packets/{packet}/answer", "answer=opened_case", Row("packet.answer")),
    ("an", "POST", "/cases/{case}/close", "reason=x", Row("case.close")),
    ("binh", "POST", "/holds", "case={case}&reason=x", Row("hold.set")),
    ("giang", "POST", "/holds/{hold}/lift", "reason=x", Row("hold.lift")),
    ("giang", "GET", "/sources", "", Nothing("sources are no personal data")),
    ("giang", "GET", "/sources/health", "?id={source}", Nothing("sources are no personal data")),
    ("giang", "GET", "/sources/edit", "?id={source}", Nothing("sources are no personal data")),
    ("giang", "POST", "/sources/try", "toml=x", Nothing("a look at what anybody may see; nothing of it is kept")),
    ("giang", "POST", "/sources/save", "toml={toml}", Row("source.put")),
    ("giang", "POST", "/sources/move", "id={source}&to=retired", Row("source.move")),
    ("giang", "POST", "/sources/stop", "", Row("crawl.stop")),
    ("giang", "POST", "/sources/resume", "", Row("crawl.resume")),
    ("giang", "GET", "/rules", "", Nothing("rules are no personal data")),
    ("giang", "GET", "/numbers", "", Nothing("figures are no personal data")),
    ("giang", "GET", "/people", "", Nothing("colleagues by name and role")),
    (
        "giang",
        "POST",
        "/people",
        "login=moi&name=M&role=analyst&password=mat-khau-de-thu-02&reason=x",
        Row("proposal.make"),
    ),
    ("binh", "GET", "/proposals", "", Nothing("what waits for a second person, without a post")),
    ("binh", "POST", "/proposals/{proposal}/approve", "", Row("proposal.approve")),
    ("giang", "GET", "/retention", "", Nothing("rules and counts, without a post")),
    ("giang", "POST", "/retention/rules", "text={rules}", Row("retention.rules")),
    ("giang", "POST", "/retention/erase", "case={case}&reason=x", Row("proposal.make")),
    ("binh", "POST", "/proposals/{proposal}/decline", "", Row("proposal.decline")),
    ("giang", "POST", "/retention/propose", "reason=x", Row("proposal.make")),
    (
        "giang",
        "POST",
        "/rules/preview",
        "days=0",
        Nothing("counts by family, and posts by number, without a word of one"),
    ),
    ("giang", "POST", "/rules/propose", "ruleset=mau&days=7&reason=x", Row("proposal.make")),
    ("ha", "GET", "/audit", "", Row("audit.read")),
    ("ha", "POST", "/logout", "", Row("logout")),
];

/// The stream has no end, so it is not asked here.
const NOT_ASKED: [&str; 1] = ["/events"];

fn posts() -> Vec<ReadPost> {
    let lure = "Cần người sang bên kia làm việc nhẹ, gọi 0901 000 401.";
    let seeker = "Em đang ở bên kia, muốn về nhà, nhờ giúp em.";
    let mut old = raised("3", Family::OrganTrade, Stance::Other, 4, "Cũ", "bài cũ không có gì", "bài cũ");
    // It raises nothing and is due by the rules that the test puts in force.
    if let Some(assessment) = &mut old.assessment {
        assessment.findings.clear();
        assessment.families.clear();
        assessment.priority = None;
    }
    vec![
        raised("1", Family::OrganTrade, Stance::Offer, 1, "Tuyển", lure, "làm việc nhẹ"),
        raised("2", Family::ScamCompoundJob, Stance::Seeker, 1, "Giúp", seeker, "muốn về nhà"),
        old,
    ]
}

/// Ids that the steps speak of, as they come to be.
async fn filled(bench: &Bench, text: &str) -> String {
    let store = &bench.store;
    let mut text = text.to_owned();
    let everything = AuditFilter::default();
    let rows = store.audit_rows(&everything, None, 500).await.unwrap().rows;
    let subject =
        |action: &str| rows.iter().find(|row| row.action == action).map_or_else(String::new, |row| row.subject.clone());
    if text.contains("{decision}") {
        let an = store.user_by_login("an").await.unwrap().unwrap().id;
        let last = store.last_undoable(&an, now_ms()).await.unwrap().unwrap();
        text = text.replace("{decision}", &last.id);
    }
    if text.contains("{hold}") {
        text = text.replace("{hold}", &store.holds(None).await.unwrap()[0].id);
    }
    if text.contains("{proposal}") {
        text = text.replace("{proposal}", &store.waiting_proposals().await.unwrap()[0].id);
    }
    let rules = "%5B%5Brule%5D%5D%0Aid%3D%22x%22%0Atitle%3D%22x%22%0Awhat%3D%22post%22%0Aaction%3D%22erase%22%0A\
                 after_days%3D1";
    if let Some(tip) = store.tips(1).await.unwrap().first() {
        let pictures = store.pictures_of(&tip.capture_id).await.unwrap();
        text = text.replace("{tip}", &tip.id).replace("{picture}", pictures.first().map_or("", String::as_str));
    }
    let toml = "id%3D%22moi%22%0Akind%3D%22feed%22%0A%5Baccess%5D%0Abasis%3D%22open%22%0A%5Bwalk%5D%0A\
                start%3D%22https%3A%2F%2Fcho.example%2Ffeed%22%0A";
    text.replace("{source}", "mau")
        .replace("{toml}", toml)
        .replace("{case}", &subject("case.open"))
        .replace("{packet}", &subject("packet.seal"))
        .replace("{sums}", &"5f".repeat(32))
        .replace("{rules}", rules)
}

#[tokio::test]
async fn every_address_writes_its_event_or_says_why_not() {
    let covered: BTreeSet<(&str, &str)> =
        STEPS.iter().map(|(_, method, path, ..)| (if *method == "UPLOAD" { "POST" } else { *method }, *path)).collect();
    for route in web::ROUTES.iter().filter(|route| !NOT_ASKED.contains(&route.path)) {
        assert!(covered.contains(&(route.method, route.path)), "{} {} has no line here", route.method, route.path);
    }
    let bench = Bench::new(Vec::new()).await;
    let source = NewSource { id: "mau".into(), toml: String::new(), params: Vec::new(), access: "mẫu".into() };
    bench.store.put_source("setup", &source, now_ms()).await.unwrap();
    // Two days old, so that a rule may be due.
    bench.record_at("cũ", posts(), now_ms() - 2 * 24 * 60 * 60 * 1000).await;
    let told = [("text", "Có người rủ đi"), ("contact", "0901 000 402")];
    upload(&bench, "", "/tip", &told, PICTURE).await;
    let alert = bench.open(Queue::Alert).await[0].id.clone();
    let referral = bench.open(Queue::Referral).await[0].id.clone();
    for (login, method, path, form, leaves) in STEPS {
        let session = bench.log_in(login).await;
        let person = bench.store.user_by_login(login).await.unwrap().unwrap().id;
        let path = filled(&bench, path).await.replace("{alert}", &alert).replace("{referral}", &referral);
        let form = filled(&bench, form).await;
        let before = bench.store.audit_head().await.unwrap().seq;
        let answer = match *method {
            "GET" => bench.get(&session, &format!("{path}{form}")).await,
            "UPLOAD" => upload(&bench, &session, &path, &[("text", &form)], PICTURE).await,
            _ => bench.post(&session, &path, &form).await,
        };
        let rows = bench.store.audit_rows(&AuditFilter::default(), None, 100).await.unwrap().rows;
        let new: Vec<_> = rows.iter().filter(|row| row.seq > before).collect();
        let told = format!(
            "{login} {method} {path}: {} {:?}",
            answer.status,
            new.iter().map(|it| &it.action).collect::<Vec<_>>()
        );
        match leaves {
            Row(action) => {
                assert!(new.iter().any(|row| row.action == *action && row.actor == person), "{told} lacks {action}");
            }
            Nothing(why) => {
                assert!(answer.status.is_success() || answer.status.is_redirection(), "{told}");
                assert!(new.is_empty(), "{told}, though: {why}");
            }
        }
    }
}

#[tokio::test]
async fn a_log_in_that_works_and_one_that_does_not_are_written_down() {
    let bench = Bench::new(Vec::new()).await;
    bench.post("", "/login", "name=an&password=sai").await;
    bench.post("", "/login", &format!("name=an&password={PASSWORD}")).await;
    let rows = bench.store.audit_rows(&AuditFilter::default(), None, 2).await.unwrap().rows;
    let actions: Vec<&str> = rows.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["login", "login.fail"]);
}
