//! The one table of addresses: method, path, right. A handler's signature holds the same right; a test walks the
//! table with every role and finds a row that says otherwise.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};
use model::Act;

use crate::{
    Shared, assets, audit, cases, decide, door, events, guard, numbers, packets, paste, people, queue, retention,
    rules_page, search, source_health, source_trial, sources, support, tip, tips, trouble, upload,
};

/// One address of the console.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// The right it needs; none is open to whoever has logged in.
    pub act: Option<Act>,
    handler: fn() -> MethodRouter<Shared>,
}

const fn read(path: &'static str, act: Act, handler: fn() -> MethodRouter<Shared>) -> Route {
    Route { method: "GET", path, act: Some(act), handler }
}

const fn send(path: &'static str, act: Act, handler: fn() -> MethodRouter<Shared>) -> Route {
    Route { method: "POST", path, act: Some(act), handler }
}

/// Every address that needs a log-in. The log-in page itself, the form for tips and the static files are the only
/// others.
pub const ROUTES: &[Route] = &[
    Route { method: "GET", path: "/", act: None, handler: || get(door::start) },
    Route { method: "POST", path: "/logout", act: None, handler: || post(door::log_out) },
    Route { method: "POST", path: "/preferences", act: None, handler: || post(door::prefer) },
    read("/queue", Act::ReadQueue, || get(queue::page)),
    read("/queue/{alert}", Act::ReadQueue, || get(queue::page_of)),
    read("/events", Act::ReadQueue, || get(events::stream)),
    send("/alerts/{alert}/decide", Act::Decide, || post(decide::decide)),
    send("/alerts/{alert}/reveal", Act::Reveal, || post(decide::reveal)),
    send("/decisions/{decision}/undo", Act::Decide, || post(decide::undo)),
    read("/support", Act::ReadSupport, || get(support::page)),
    send("/referrals/{referral}/decide", Act::HandOver, || post(support::decide)),
    send("/referrals/{referral}/reveal", Act::Reveal, || post(support::reveal)),
    read("/cases", Act::ReadCase, || get(cases::list)),
    read("/cases/{case}", Act::ReadCase, || get(cases::page)),
    send("/cases/{case}/note", Act::WorkCase, || post(cases::note)),
    send("/cases/{case}/ask", Act::AskEscalation, || post(cases::ask)),
    send("/cases/{case}/sign", Act::SignEscalation, || post(cases::sign)),
    send("/cases/{case}/decline", Act::SignEscalation, || post(cases::decline)),
    send("/cases/{case}/seal", Act::SignEscalation, || post(cases::seal)),
    send("/cases/{case}/close", Act::WorkCase, || post(cases::close)),
    read("/search", Act::Search, || get(search::page)),
    read("/packets", Act::ReadPackets, || get(packets::list)),
    read("/packets/{packet}", Act::ReadPackets, || get(packets::page)),
    read("/packets/{packet}/zip", Act::ReadPackets, || get(packets::zip)),
    read("/packets/{packet}/report", Act::ReadPackets, || get(packets::report)),
    send("/packets/{packet}/receipt", Act::Answer, || post(packets::receipt)),
    send("/packets/{packet}/answer", Act::Answer, || post(packets::answer)),
    read("/tips", Act::ReadQueue, || get(tips::page)),
    send("/tips/{tip}/read", Act::ReadQueue, || post(tips::read)),
    send("/tips/{tip}/answer", Act::ReadQueue, || post(tips::answer)),
    send("/tips/{tip}/contact", Act::Reveal, || post(tips::contact)),
    send("/tips/{tip}/raise", Act::Raise, || post(tips::raise)),
    read("/pictures/{picture}", Act::Reveal, || get(tips::picture)),
    read("/paste", Act::Raise, || get(paste::page)),
    send("/paste", Act::Raise, || post(paste::send).layer(upload_size())),
    read("/sources", Act::ReadSources, || get(sources::page)),
    read("/sources/health", Act::ReadSources, || get(source_health::page)),
    send("/sources/stop", Act::WorkSources, || post(source_health::stop)),
    send("/sources/resume", Act::WorkSources, || post(source_health::resume)),
    read("/sources/edit", Act::WorkSources, || get(source_trial::edit)),
    send("/sources/try", Act::WorkSources, || post(source_trial::try_out)),
    send("/sources/save", Act::WorkSources, || post(source_trial::save)),
    send("/sources/move", Act::WorkSources, || post(source_trial::shift)),
    read("/rules", Act::ReadRules, || get(rules_page::page)),
    send("/rules/preview", Act::ProposeRules, || post(rules_page::preview)),
    send("/rules/propose", Act::ProposeRules, || post(rules_page::propose)),
    read("/numbers", Act::ReadFigures, || get(numbers::page)),
    read("/people", Act::ProposePeople, || get(people::page)),
    send("/people", Act::ProposePeople, || post(people::propose)),
    read("/proposals", Act::Approve, || get(people::proposals)),
    send("/proposals/{proposal}/approve", Act::Approve, || post(people::approve)),
    send("/proposals/{proposal}/decline", Act::Approve, || post(people::decline)),
    read("/retention", Act::ProposeErasure, || get(retention::page)),
    send("/retention/propose", Act::ProposeErasure, || post(retention::propose)),
    send("/retention/rules", Act::ProposeErasure, || post(retention::set_rules)),
    send("/retention/erase", Act::ProposeErasure, || post(retention::erase)),
    send("/holds", Act::Hold, || post(retention::hold)),
    send("/holds/{hold}/lift", Act::Hold, || post(retention::lift)),
    read("/audit", Act::ReadAudit, || get(audit::page)),
];

/// Forms with a picture may be larger than the others.
fn upload_size() -> DefaultBodyLimit {
    DefaultBodyLimit::max(upload::UPLOAD_BYTES_MAX)
}

/// Builds the service from the table.
pub(crate) fn router(console: Shared) -> Router {
    let mut pages = Router::new()
        .route("/login", get(door::page).post(door::log_in))
        .route("/tip", get(tip::page).post(tip::send).layer(upload_size()))
        .route("/tip/code", get(tip::code_page).post(tip::code))
        .route("/static/{*path}", get(assets::serve))
        .fallback(trouble::no_page);
    for route in ROUTES {
        pages = pages.route(route.path, (route.handler)());
    }
    guard::around(pages, &console).with_state(console)
}
