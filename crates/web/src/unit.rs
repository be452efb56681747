//! One unit of work as the page shows it: the post with its marks, the reasons, the facts, the history.
//!
//! Everything that quotes the post is made here, so withholding is decided in one place: at step 0 nothing of the
//! text leaves this module, at step 1 only the marked phrases, at step 2 all of it.

use model::Family;
use rules::{Assessment, Finding, FindingKind};
use store::WorkUnit;
use text::{Fact, FactKind, Field};

use crate::families;
use crate::guard::encode;
use crate::locale::Words;
use crate::marks::{self, Piece, Tint};
use crate::show;

/// A moment, in the three forms that a `time` element needs.
pub struct When {
    pub machine: String,
    pub exact: String,
    pub ago: String,
}

impl When {
    pub fn of(words: &Words, at_ms: i64, now_ms: i64) -> When {
        When {
            machine: show::machine_time(at_ms),
            exact: show::exact_time(at_ms),
            ago: show::ago(words, at_ms, now_ms),
        }
    }
}

/// A stretch of text with its mark.
pub struct PieceView {
    pub text: String,
    pub tint: Option<Tint>,
    pub class: &'static str,
    pub both: bool,
    pub numbers: String,
    pub anchor: Option<usize>,
    pub titles: String,
}

/// A line of the reasons.
pub struct FindingView {
    pub number: usize,
    pub title: String,
    pub points: String,
    pub class: &'static str,
    /// The mark to jump to.
    pub jump: Option<usize>,
    pub quote: String,
}

/// The reasons of one family; the points of all its lines add up to its points.
pub struct FamilyReasons {
    pub name: String,
    pub points: i32,
    pub threshold: i32,
    pub findings: Vec<FindingView>,
    /// Learned words, many and small, under one line.
    pub learned: Vec<FindingView>,
    pub learned_points: String,
    pub against: Vec<FindingView>,
}

pub struct FactView {
    pub value: String,
    pub href: Option<String>,
    pub minor: bool,
    pub note: String,
}

pub struct FactGroup {
    pub name: String,
    pub facts: Vec<FactView>,
}

/// A line of words that may lead somewhere.
pub struct Line {
    pub words: String,
    pub href: Option<String>,
}

pub struct VersionView {
    pub seen: When,
    pub text: Option<String>,
}

/// A post of the thread. Its text is withheld with that of the unit.
pub struct ThreadView {
    pub when: When,
    pub author: Option<String>,
    pub text: Option<String>,
    pub own: bool,
    pub answered: bool,
    pub gone: bool,
}

pub struct CaseLink {
    pub id: String,
}

/// The unit; templates call it `unit`.
pub struct Unit {
    pub id: String,
    pub back: String,
    pub source: String,
    pub posted: Option<When>,
    pub collected: When,
    pub sha256: String,
    pub sha256_short: String,
    pub family: String,
    pub shape: &'static str,
    pub priority: u8,
    pub urgency: Vec<String>,
    pub open: bool,
    pub state_words: String,
    pub self_offer: bool,
    pub lines: Vec<Line>,
    pub withheld: bool,
    pub partly: bool,
    pub title: Vec<PieceView>,
    pub text: Vec<PieceView>,
    pub legend: Vec<Tint>,
    pub facts: Vec<FactGroup>,
    pub url: Option<String>,
    pub author: Option<String>,
    pub gone: Option<When>,
    pub versions: Vec<VersionView>,
    pub thread: Vec<ThreadView>,
    pub pictures: Vec<String>,
    pub decidable: bool,
    pub campaign: u32,
    pub case: Option<CaseLink>,
    pub decided_by: String,
    pub probability: String,
    pub reasons: Vec<FamilyReasons>,
    pub would_lower: String,
    pub priority_reasons: Vec<String>,
    pub history: Vec<Line>,
    pub ruleset: String,
    pub ruleset_short: String,
}

/// Builds the view of a unit for a person who has been shown `step` of it.
pub fn view(words: &Words, work: &WorkUnit, step: u8, me: &str, back: String) -> Unit {
    let now_ms = crate::now_ms();
    let row = &work.row;
    let first = row.families.first().copied().unwrap_or(Family::Unclassified);
    let harmful = row.families.iter().any(|family| families::is_withheld(*family));
    let step = if harmful { step } else { 2 };
    let findings = work.assessment.as_ref().map_or(&[][..], |assessment| &assessment.findings);
    let read = work.versions.iter().find(|version| version.number == work.version);
    let (title, text) = match read {
        Some(version) => (version.title.as_deref(), version.text.as_str()),
        None => (work.post.title.as_deref(), work.post.text.as_str()),
    };
    let title = pieces(title.unwrap_or_default(), Field::Title, findings, step);
    let text = pieces(text, Field::Text, findings, step);
    let anchors = Anchors::of(&title, &text);
    let reasons = work.assessment.as_ref().map_or_else(Vec::new, |it| reasons(words, it, &anchors, step));
    let held = row.claimed_by.as_deref().is_some_and(|holder| holder != me);
    let decided = work.decisions.iter().rev().find(|decision| !decision.undone && decision.undoes.is_none());
    Unit {
        id: row.id.clone(),
        back,
        source: format!("{} · {}", row.source, row.native_id),
        posted: row.posted_at_ms.map(|at| When::of(words, at, now_ms)),
        collected: When::of(words, work.capture.capture.fetched_at_ms, now_ms),
        sha256: work.capture.sha256.clone(),
        sha256_short: show::short_hash(&work.capture.sha256),
        family: words.of("family", first.id()),
        shape: families::shape(first),
        priority: row.priority,
        urgency: work.assessment.iter().flat_map(|it| &it.urgency).map(|reason| reason.title.clone()).collect(),
        open: row.state.is_open(),
        state_words: words.of("state", row.state.id()),
        self_offer: row.stance == model::Stance::SelfOffer,
        lines: lines(words, work, held),
        withheld: step == 0,
        partly: step == 1,
        legend: if step == 0 { Vec::new() } else { marks::legend(findings) },
        title,
        text,
        facts: facts(words, &work.facts, step),
        url: work.post.url.clone(),
        author: work.post.author.clone(),
        gone: work.post.gone_at_ms.map(|at| When::of(words, at, now_ms)),
        versions: versions(words, work, step, now_ms),
        thread: thread(words, work, step, now_ms),
        pictures: work.pictures.clone(),
        decidable: row.state.is_open() && !held,
        campaign: row.campaign_items,
        case: row.case_id.clone().map(|id| CaseLink { id }),
        decided_by: decided
            .map_or_else(String::new, |it| words.with_two("decided_by", &it.by_name, show::exact_time(it.at_ms))),
        probability: show::probability(words, row.probability),
        would_lower: work.assessment.as_ref().map_or_else(String::new, |it| would_lower(words, it)),
        reasons,
        priority_reasons: row.priority_reasons.iter().map(|reason| reason.title.clone()).collect(),
        history: history(words, work, now_ms),
        ruleset: work.assessment.as_ref().map_or_else(String::new, |it| it.ruleset.clone()),
        ruleset_short: work.assessment.as_ref().map_or_else(String::new, |it| show::short_hash(&it.ruleset)),
    }
}

fn pieces(text: &str, field: Field, findings: &[Finding], step: u8) -> Vec<PieceView> {
    if step == 0 {
        return Vec::new();
    }
    let view = |piece: Piece<'_>| {
        let mut titles: Vec<&str> = piece.findings.iter().map(|number| findings[*number].title.as_str()).collect();
        titles.dedup();
        let kept = step == 2 || piece.tint.is_some();
        PieceView {
            text: if kept { piece.text.to_owned() } else { " … ".to_owned() },
            tint: piece.tint,
            class: piece.class(),
            both: piece.both,
            numbers: piece.numbers(),
            anchor: piece.anchors.first().copied(),
            titles: titles.join(" · "),
        }
    };
    marks::pieces(text, field, findings).into_iter().map(view).collect()
}

/// Which mark a finding's line jumps to: findings that begin at the same place share one.
struct Anchors(Vec<(String, usize)>);

impl Anchors {
    fn of(title: &[PieceView], text: &[PieceView]) -> Anchors {
        let marked = title.iter().chain(text);
        Anchors(marked.filter_map(|piece| piece.anchor.map(|anchor| (piece.numbers.clone(), anchor))).collect())
    }

    fn jump(&self, number: usize) -> Option<usize> {
        let number = number.to_string();
        let covers = |numbers: &str| numbers.split(' ').any(|it| it == number);
        self.0.iter().find(|(numbers, _)| covers(numbers)).map(|(_, anchor)| *anchor)
    }
}

fn reasons(words: &Words, assessment: &Assessment, anchors: &Anchors, step: u8) -> Vec<FamilyReasons> {
    let line = |(number, finding): (usize, &Finding)| FindingView {
        number,
        title: finding.title.clone(),
        points: show::points(finding.points),
        class: Tint::of(finding).class(),
        jump: anchors.jump(number),
        quote: if step == 0 { String::new() } else { finding.text.clone() },
    };
    let mut all = Vec::new();
    for score in &assessment.families {
        let mut of: Vec<(usize, &Finding)> =
            assessment.findings.iter().enumerate().filter(|(_, finding)| finding.family == score.family).collect();
        of.sort_by_key(|(number, finding)| (std::cmp::Reverse(finding.points), *number));
        let learned = |finding: &Finding| finding.kind == FindingKind::Word;
        let (words_of, rest): (Vec<_>, Vec<_>) = of.into_iter().partition(|(_, finding)| learned(finding));
        let (against, findings): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, finding)| finding.points < 0);
        all.push(FamilyReasons {
            name: words.of("family", score.family.id()),
            points: score.points,
            threshold: score.threshold,
            findings: findings.into_iter().map(line).collect(),
            learned_points: show::points(words_of.iter().map(|(_, finding)| finding.points).sum()),
            learned: words_of.into_iter().map(line).collect(),
            against: against.into_iter().map(line).collect(),
        });
    }
    all
}

/// Which findings would have to be mistaken for the alert to fall: the fewest, the strongest first.
fn would_lower(words: &Words, assessment: &Assessment) -> String {
    let Some(score) = assessment.families.first().filter(|score| score.points >= score.threshold) else {
        return String::new();
    };
    let mut findings: Vec<&Finding> = assessment
        .findings
        .iter()
        .filter(|finding| finding.family == score.family && finding.points > 0 && finding.kind == FindingKind::Rule)
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.points));
    let mut left = score.points;
    let mut titles = Vec::new();
    for finding in findings {
        left -= finding.points;
        titles.push(format!("“{}”", finding.title));
        if left < score.threshold {
            return words.with_two("would_lower", titles.join(", "), left);
        }
    }
    String::new()
}

/// The order in which facts are read: whom to reach, who, where, when, what for.
const FACTS: [FactKind; 19] = [
    FactKind::Phone,
    FactKind::PhoneMasked,
    FactKind::Zalo,
    FactKind::Whatsapp,
    FactKind::Telegram,
    FactKind::Facebook,
    FactKind::Tiktok,
    FactKind::Handle,
    FactKind::Email,
    FactKind::Url,
    FactKind::Age,
    FactKind::Place,
    FactKind::Date,
    FactKind::Time,
    FactKind::Money,
    FactKind::BankAccount,
    FactKind::Wallet,
    FactKind::IdNumber,
    FactKind::TaxCode,
];

fn facts(words: &Words, found: &[Fact], step: u8) -> Vec<FactGroup> {
    let mut groups = Vec::new();
    for kind in FACTS {
        let mut facts: Vec<FactView> = Vec::new();
        for fact in found.iter().filter(|fact| fact.kind == kind) {
            let value = show::fact(words, fact);
            if facts.iter().any(|known| known.value == value) {
                continue;
            }
            let minor = fact.detail.get("minor").is_some_and(|minor| minor != &serde_json::Value::Bool(false));
            let written = fact.text.trim();
            let masked = matches!(kind, FactKind::IdNumber | FactKind::TaxCode);
            let note = match step > 0 && !masked && !same(written, &value) {
                true => words.with("written_as", written),
                false => String::new(),
            };
            facts.push(FactView { href: is_contact(kind).then(|| search_for(fact)), minor, note, value });
        }
        if !facts.is_empty() {
            groups.push(FactGroup { name: words.of("fact", &id_of(kind)), facts });
        }
    }
    groups
}

fn same(written: &str, shown: &str) -> bool {
    let bare =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    bare(written) == bare(shown)
}

fn id_of(kind: FactKind) -> String {
    serde_json::to_value(kind).ok().and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Kinds whose value finds other posts of the same people. Addresses are left out: they stay inert text.
fn is_contact(kind: FactKind) -> bool {
    matches!(
        kind,
        FactKind::Phone
            | FactKind::Zalo
            | FactKind::Whatsapp
            | FactKind::Telegram
            | FactKind::Facebook
            | FactKind::Tiktok
            | FactKind::Handle
            | FactKind::BankAccount
            | FactKind::Wallet
    )
}

fn search_for(fact: &Fact) -> String {
    let field = if fact.kind == FactKind::Phone { "phone" } else { "contact" };
    format!("/search?q={}", encode(&format!("{field}:{}", fact.value)))
}

fn lines(words: &Words, work: &WorkUnit, held: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    let row = &work.row;
    if held {
        let until = row.claimed_until_ms.map_or_else(String::new, show::exact_time);
        lines.push(Line { words: words.with("held_until", until), href: None });
    }
    if row.campaign_items > 1 {
        let sources: std::collections::BTreeSet<&str> =
            work.campaign.iter().map(|it| it.source.as_str()).chain([row.source.as_str()]).collect();
        let words = words.with_two("campaign_line", row.campaign_items, sources.len());
        lines.push(Line { words, href: None });
    }
    if row.raised_by.is_some() {
        lines.push(Line { words: words.t("raised_by_hand").to_owned(), href: None });
    }
    lines
}

fn versions(words: &Words, work: &WorkUnit, step: u8, now_ms: i64) -> Vec<VersionView> {
    let view = |version: &store::Version| VersionView {
        seen: When::of(words, version.seen_at_ms, now_ms),
        text: (step == 2).then(|| match &version.title {
            Some(title) => format!("{title}\n{}", version.text),
            None => version.text.clone(),
        }),
    };
    work.versions.iter().map(view).collect()
}

fn thread(words: &Words, work: &WorkUnit, step: u8, now_ms: i64) -> Vec<ThreadView> {
    let view = |post: &store::PostRow| ThreadView {
        when: When::of(words, post.posted_at_ms.unwrap_or(post.first_seen_at_ms), now_ms),
        author: post.author.clone(),
        text: (step == 2).then(|| match &post.title {
            Some(title) if post.id == work.thread[0].id => format!("{title}\n{}", post.text),
            _ => post.text.clone(),
        }),
        own: post.id == work.post.id,
        answered: work.post.parent.as_ref() == Some(&post.native_id),
        gone: post.gone_at_ms.is_some(),
    };
    work.thread.iter().map(view).collect()
}

fn history(words: &Words, work: &WorkUnit, now_ms: i64) -> Vec<Line> {
    let mut lines = Vec::new();
    for contact in work.contacts.iter().filter(|contact| contact.posts > 1 || !contact.cases.is_empty()) {
        let value = if contact.value.starts_with("+84") { show::phone(&contact.value) } else { contact.value.clone() };
        let since = show::ago(words, contact.first_seen_at_ms, now_ms);
        let seen = words.with_two("contact_seen", contact.posts, since);
        lines.push(Line { words: format!("{value} · {seen}"), href: None });
        for (id, number) in &contact.cases {
            lines.push(Line { words: words.with("contact_case", number), href: Some(format!("/cases/{id}")) });
        }
    }
    let decided = |verdict| work.campaign_decisions.iter().filter(|it| it.verdict == verdict && !it.undone).count();
    let (confirmed, dismissed) = (decided(model::Verdict::Confirm), decided(model::Verdict::Dismiss));
    if confirmed + dismissed > 0 {
        lines.push(Line { words: words.with_two("campaign_decided", confirmed, dismissed), href: None });
    }
    lines
}
