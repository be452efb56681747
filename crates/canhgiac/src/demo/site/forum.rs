//! The forum: boards, their threads, and the posts of a thread with quotes, all with paging.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::Site;
use super::answer;
use super::content::{Place, Shown, Stamp};

const POSTS_A_PAGE: usize = 6;
const THREADS_A_PAGE: usize = 4;

/// Slug, name and description of the boards.
pub const BOARDS: [(&str, &str, &str); 5] = [
    ("viec-lam", "Việc làm", "Hỏi đáp chuyện đi làm, tìm việc, nghỉ việc."),
    ("xuat-khau-lao-dong", "Đi làm nước ngoài", "Chương trình, thủ tục, kinh nghiệm."),
    ("tam-su", "Tâm sự", "Chuyện nhà, chuyện mình."),
    ("hoi-dap", "Hỏi đáp, pháp luật", "Hỏi người biết, đừng hỏi cò."),
    ("di-lai", "Đi lại, du lịch", "Đường xe, đường bay, chỗ ở."),
];

/// The routes of the forum.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/dien-dan/", get(boards))
        .route("/dien-dan/noi-quy", get(house_rules))
        .route("/dien-dan/{board}/", get(board))
        .route("/dien-dan/chu-de/{thread}/", get(first_page))
        .route("/dien-dan/chu-de/{thread}/{page}", get(later_page))
}

/// The path of a page of a thread, counted from 1.
pub fn thread_path(thread: &str, page: usize) -> String {
    if page > 1 { format!("/dien-dan/chu-de/{thread}/trang-{page}") } else { format!("/dien-dan/chu-de/{thread}/") }
}

struct Thread<'c> {
    opener: Shown<'c>,
    posts: Vec<Shown<'c>>,
}

impl<'c> Thread<'c> {
    fn latest_ms(&self) -> i64 {
        self.posts.iter().map(Shown::changed_ms).max().unwrap_or(0)
    }
}

/// The threads, the one with the latest post first.
fn threads(site: &Site) -> Vec<Thread<'_>> {
    let posts = site.content.shown(Place::Forum, site.elapsed_s());
    let openers = posts.iter().filter(|shown| shown.post.title.is_some());
    let mut threads: Vec<Thread<'_>> = openers
        .map(|opener| {
            let inside = posts.iter().filter(|shown| shown.post.thread == opener.post.thread);
            Thread { opener: opener.clone(), posts: inside.cloned().collect() }
        })
        .collect();
    threads.sort_by_key(|thread| std::cmp::Reverse(thread.latest_ms()));
    threads
}

struct BoardView {
    slug: &'static str,
    name: &'static str,
    words: &'static str,
    threads: usize,
    replies: usize,
}

#[derive(Template)]
#[template(path = "boards.html")]
struct BoardsPage {
    boards: Vec<BoardView>,
}

async fn boards(State(site): State<Arc<Site>>) -> Response {
    let threads = threads(&site);
    let view = |(slug, name, words)| {
        let here = || threads.iter().filter(move |thread| thread.opener.post.section == slug);
        BoardView { slug, name, words, threads: here().count(), replies: here().map(|thread| thread.posts.len()).sum() }
    };
    answer::page(&BoardsPage { boards: BOARDS.into_iter().map(view).collect() })
}

async fn house_rules() -> Response {
    let words =
        "Không rao tin tuyển người ra nước ngoài, không mua bán giấy tờ, tài khoản. Tin xấu bị gỡ và báo công an.";
    answer::notice(StatusCode::OK, "Nội quy diễn đàn", words)
}

/// The number of the page that is asked for, from 1.
#[derive(Deserialize)]
struct PageQuery {
    trang: Option<usize>,
}

struct ThreadRow<'c> {
    id: &'c str,
    title: &'c str,
    starter: &'c str,
    replies: usize,
    pages: usize,
    latest: Stamp,
}

#[derive(Template)]
#[template(path = "threads.html")]
struct ThreadsPage<'p> {
    board_slug: &'p str,
    board_name: &'static str,
    rows: Vec<ThreadRow<'p>>,
    page: usize,
    pages: usize,
}

async fn board(State(site): State<Arc<Site>>, Path(slug): Path<String>, Query(query): Query<PageQuery>) -> Response {
    let Some((_, board_name, _)) = BOARDS.into_iter().find(|(known, _, _)| *known == slug) else {
        return answer::missing();
    };
    let mut here = threads(&site);
    here.retain(|thread| thread.opener.post.section == slug);
    let pages = here.len().div_ceil(THREADS_A_PAGE).max(1);
    let page = query.trang.unwrap_or(1);
    if !(1..=pages).contains(&page) {
        return answer::missing();
    }
    let now_ms = site.now_ms();
    let wanted = here.iter().skip((page - 1) * THREADS_A_PAGE).take(THREADS_A_PAGE);
    let rows = wanted.map(|thread| ThreadRow {
        id: thread.opener.post.thread_id(),
        title: thread.opener.title(),
        starter: &thread.opener.post.author,
        replies: thread.posts.len() - 1,
        pages: thread.posts.len().div_ceil(POSTS_A_PAGE),
        latest: Stamp::new(thread.latest_ms(), now_ms),
    });
    answer::page(&ThreadsPage { board_slug: &slug, board_name, rows: rows.collect(), page, pages })
}

struct Quote<'c> {
    id: &'c str,
    author: &'c str,
    text: &'c str,
}

struct PostView<'c> {
    id: &'c str,
    number: usize,
    opens: bool,
    author: &'c str,
    posted: Stamp,
    quote: Option<Quote<'c>>,
    lines: Vec<&'c str>,
}

#[derive(Template)]
#[template(path = "thread.html")]
struct ThreadPage<'p> {
    board_slug: &'p str,
    board_name: &'static str,
    thread: &'p str,
    title: &'p str,
    posts: Vec<PostView<'p>>,
    page: usize,
    pages: usize,
    form_key: u64,
}

async fn first_page(State(site): State<Arc<Site>>, Path(thread): Path<String>) -> Response {
    thread_page(&site, &thread, 1)
}

async fn later_page(State(site): State<Arc<Site>>, Path((thread, page)): Path<(String, String)>) -> Response {
    match page.strip_prefix("trang-").and_then(|number| number.parse().ok()) {
        Some(page) if page > 1 => thread_page(&site, &thread, page),
        _ => answer::missing(),
    }
}

fn thread_page(site: &Site, id: &str, page: usize) -> Response {
    let threads = threads(site);
    let Some(thread) = threads.iter().find(|thread| thread.opener.post.thread_id() == id) else {
        return answer::missing();
    };
    let pages = thread.posts.len().div_ceil(POSTS_A_PAGE);
    if page > pages {
        return answer::missing();
    }
    let now_ms = site.now_ms();
    let quoted = |id: &str| {
        let post = thread.posts.iter().find(|shown| shown.post.id == id)?;
        Some(Quote { id: &post.post.id, author: &post.post.author, text: post.text })
    };
    let wanted = thread.posts.iter().enumerate().skip((page - 1) * POSTS_A_PAGE).take(POSTS_A_PAGE);
    let posts = wanted.map(|(index, shown)| PostView {
        id: &shown.post.id,
        number: index + 1,
        opens: index == 0,
        author: &shown.post.author,
        posted: Stamp::new(shown.posted_at_ms, now_ms),
        quote: shown.post.quotes.as_deref().and_then(quoted),
        lines: shown.lines(),
    });
    let board_slug = thread.opener.post.section.as_str();
    let board_name = BOARDS.into_iter().find(|(slug, _, _)| *slug == board_slug).map_or("", |(_, name, _)| name);
    answer::page(&ThreadPage {
        board_slug,
        board_name,
        thread: thread.opener.post.thread_id(),
        title: thread.opener.title(),
        posts: posts.collect(),
        page,
        pages,
        form_key: site.form_key(),
    })
}
