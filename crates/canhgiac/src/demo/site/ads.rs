//! The board of classified ads: lists with paging, sections, and a page for each ad.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;

use super::Site;
use super::answer::{self, HTML};
use super::content::{Closed, DemoPost, Place, Shown, Stamp};

const ADS_A_PAGE: usize = 15;
const RELATED: usize = 5;
const JOBS: &str = "viec-lam";

const SECTIONS: [(&str, &str); 7] = [
    (JOBS, "Việc làm"),
    ("tim-viec", "Người tìm việc"),
    ("dich-vu", "Dịch vụ"),
    ("mua-ban", "Mua bán"),
    ("nha-tro", "Nhà trọ"),
    ("ket-ban", "Kết bạn"),
    ("linh-tinh", "Linh tinh"),
];

/// The routes of the board.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/rao-vat", get(all))
        .route("/rao-vat/muc/{section}", get(section))
        .route("/rao-vat/dang-tin", get(post_an_ad))
        .route("/rao-vat/noi-bo/", get(members))
        .route("/rao-vat/noi-bo/{file}", get(ad))
        .route("/rao-vat/{file}", get(ad))
}

/// The path of an ad's page.
pub fn path(post: &DemoPost) -> String {
    let folder = if post.closed == Some(Closed::Robots) { "/rao-vat/noi-bo" } else { "/rao-vat" };
    format!("{folder}/{}-{}.html", post.section, post.id)
}

fn section_name(slug: &str) -> Option<&'static str> {
    SECTIONS.iter().find(|(known, _)| *known == slug).map(|(_, name)| *name)
}

/// The number of the page that is asked for, from 1.
#[derive(Deserialize)]
struct PageQuery {
    trang: Option<usize>,
}

struct AdView<'c> {
    id: &'c str,
    path: String,
    title: &'c str,
    teaser: String,
    lines: Vec<&'c str>,
    price: &'c str,
    area: &'c str,
    section: &'static str,
    section_slug: &'c str,
    author: &'c str,
    posted: Stamp,
    edited: Option<Stamp>,
}

impl<'c> AdView<'c> {
    fn new(shown: &Shown<'c>, now_ms: i64) -> AdView<'c> {
        let post = shown.post;
        AdView {
            id: &post.id,
            path: path(post),
            title: shown.title(),
            teaser: shown.teaser(),
            lines: shown.lines(),
            price: &post.price,
            area: &post.area,
            section: section_name(&post.section).unwrap_or("Khác"),
            section_slug: &post.section,
            author: &post.author,
            posted: Stamp::new(shown.posted_at_ms, now_ms),
            edited: shown.edited_at_ms.map(|at| Stamp::new(at, now_ms)),
        }
    }
}

#[derive(Template)]
#[template(path = "ads.html")]
struct ListPage<'p> {
    heading: &'p str,
    path: &'p str,
    rows: Vec<AdView<'p>>,
    total: usize,
    page: usize,
    pages: usize,
    sections: &'static [(&'static str, &'static str)],
}

#[derive(Template)]
#[template(path = "ad.html")]
struct AdPage<'p> {
    base: &'p str,
    ad: AdView<'p>,
    related: Vec<AdView<'p>>,
    noindex: bool,
    json_ld: String,
}

async fn all(State(site): State<Arc<Site>>, Query(query): Query<PageQuery>) -> Response {
    list(&site, "Rao vặt mới nhất", "/rao-vat", query.trang, |_| true)
}

async fn section(State(site): State<Arc<Site>>, Path(slug): Path<String>, Query(query): Query<PageQuery>) -> Response {
    let Some(name) = section_name(&slug) else { return answer::missing() };
    list(&site, name, &format!("/rao-vat/muc/{slug}"), query.trang, |post| post.section == slug)
}

async fn members(State(site): State<Arc<Site>>, Query(query): Query<PageQuery>) -> Response {
    let is_closed = |post: &DemoPost| post.closed == Some(Closed::Robots);
    list(&site, "Tin dành cho thành viên", "/rao-vat/noi-bo/", query.trang, is_closed)
}

async fn post_an_ad() -> Response {
    answer::notice(StatusCode::OK, "Đăng tin", "Mời đăng nhập để đăng tin.")
}

fn list(site: &Site, heading: &str, path: &str, page: Option<usize>, belongs: impl Fn(&DemoPost) -> bool) -> Response {
    let mut shown = site.content.shown(Place::Board, site.elapsed_s());
    shown.retain(|shown| belongs(shown.post));
    shown.reverse();
    let pages = shown.len().div_ceil(ADS_A_PAGE).max(1);
    let page = page.unwrap_or(1);
    if !(1..=pages).contains(&page) {
        return answer::missing();
    }
    let now_ms = site.now_ms();
    let rows = shown.iter().skip((page - 1) * ADS_A_PAGE).take(ADS_A_PAGE).map(|shown| AdView::new(shown, now_ms));
    answer::page(&ListPage {
        heading,
        path,
        rows: rows.collect(),
        total: shown.len(),
        page,
        pages,
        sections: &SECTIONS,
    })
}

async fn ad(State(site): State<Arc<Site>>, headers: HeaderMap, uri: axum::http::Uri) -> Response {
    let elapsed = site.elapsed_s();
    let shown = site.content.shown(Place::Board, elapsed);
    let Some(ad) = shown.iter().find(|shown| path(shown.post) == uri.path()) else {
        let id = uri.path().rsplit(['-', '/']).next().and_then(|name| name.strip_suffix(".html"));
        let was_there = id.is_some_and(|id| site.content.was_deleted(Place::Board, id, elapsed));
        return if was_there { answer::gone() } else { answer::missing() };
    };
    let now_ms = site.now_ms();
    // Older ads only, so that the page of an ad does not change when another appears.
    let older = shown.iter().filter(|other| other.posted_at_ms < ad.posted_at_ms);
    let same = older.filter(|other| other.post.section == ad.post.section && other.post.closed.is_none());
    let related = same.rev().take(RELATED).map(|other| AdView::new(other, now_ms)).collect();
    let view = AdView::new(ad, now_ms);
    let json_ld = if ad.post.section == JOBS { job_posting(&view, ad.text) } else { String::new() };
    let noindex = ad.post.closed == Some(Closed::Noindex);
    let page = AdPage { base: &site.base, ad: view, related, noindex, json_ld };
    answer::validated_page(&headers, HTML, &page, ad.changed_ms())
}

/// The ad as schema.org tells it, safe within a script element.
fn job_posting(ad: &AdView<'_>, text: &str) -> String {
    let mut posting = json!({
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": ad.title,
        "description": text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>"),
        "datePosted": ad.posted.iso,
        "employmentType": "FULL_TIME",
        "hiringOrganization": { "@type": "Organization", "name": ad.author },
        "jobLocation": { "@type": "Place", "address": { "@type": "PostalAddress", "addressRegion": ad.area, "addressCountry": "VN" } },
    });
    if let Some(edited) = &ad.edited {
        posting["dateModified"] = json!(edited.iso);
    }
    posting.to_string().replace('<', "\\u003c")
}
