//! From the bytes of one page to its posts, links and next page: a pure function of the source and the page.
//!
//! Deliberately absent: fetching, and any memory of other pages. What is missing on a page is told as a
//! `PageProblem`, never passed over as "nothing new".

mod document;
pub mod feed;
pub mod fixture;
mod json_ld;
mod older;
mod paging;
pub mod sitemap;
mod value;

use model::Post;
use url::Url;

use crate::canonical;
use crate::filter::time::Moment;
use crate::source::{ItemRules, ListRules, Rows, Source};
pub(crate) use document::is_too_deep;
use document::{Document, Row};
pub use sitemap::Entry;

/// Which rules a page is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A sitemap.
    Sitemap,
    /// A page of `start` or behind its `next`: the list where there is one, else the posts.
    Start,
    /// A detail page, or one behind its `next`.
    Detail,
}

/// A page as it was fetched and decoded.
#[derive(Clone, Debug)]
pub struct Page<'p> {
    /// Its address, after redirects.
    pub url: &'p Url,
    /// Its text.
    pub text: &'p str,
    /// Its media type, without parameters, in lower case; empty when unknown.
    pub media_type: &'p str,
    /// Which rules it is read by.
    pub role: Role,
    /// The first page of its walk, `start` or the detail page itself.
    pub root: &'p Url,
    /// When it was fetched, UTC milliseconds.
    pub fetched_at_ms: i64,
    /// When its address was first seen, UTC milliseconds.
    pub first_seen_ms: i64,
    /// When the sitemap says it changed, UTC milliseconds.
    pub lastmod_ms: Option<i64>,
    /// The native id of the item that an earlier page of the same walk showed, for replies.
    pub thread: Option<&'p str>,
    /// Whether a response header forbids storing the text.
    pub noindex: bool,
}

/// What a page gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageResult {
    /// The posts, in the order of the page.
    pub items: Vec<Item>,
    /// The detail pages.
    pub follow: Vec<Follow>,
    /// The entries of a sitemap.
    pub entries: Vec<Entry>,
    /// The next page of the walk.
    pub next: Option<String>,
    /// How many rows it had, those passed over included.
    pub rows: usize,
    /// What was missing.
    pub problems: Vec<PageProblem>,
    /// Whether its text must not be stored.
    pub noindex: bool,
    /// Whether it has links that must not be followed.
    pub nofollow: bool,
    /// Whether the page itself says that the post is gone.
    pub gone: bool,
    /// Native ids of rows that say that their post is gone.
    pub gone_ids: Vec<String>,
    /// Native ids of rows that were there but could not be read whole.
    pub quarantined_ids: Vec<String>,
    /// How many such rows there were, those without an id included.
    pub quarantined: u64,
}

/// A post as a page shows it, after `[keep]`.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Item {
    /// The native id.
    pub id: String,
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// Its author's name.
    pub author: Option<String>,
    /// Its author's stable id.
    pub author_id: Option<String>,
    /// When it was posted.
    pub time: Option<Moment>,
    /// When it was first posted, if it is a repost.
    pub first_time: Option<Moment>,
    /// When it was last edited.
    pub edited: Option<Moment>,
    /// A place.
    pub place: Option<String>,
    /// A price.
    pub price: Option<String>,
    /// The native id of its thread.
    pub thread: Option<String>,
    /// The native id of the post it answers.
    pub reply_to: Option<String>,
    /// Links out of it.
    pub links: Vec<String>,
    /// How often it was seen.
    pub views: Option<String>,
    /// Whether it came from `[replies]`.
    pub is_reply: bool,
}

impl Item {
    /// The post of a source as everything behind the doors knows posts.
    pub fn into_post(self, source: &str) -> Post {
        Post {
            source: source.to_owned(),
            native_id: self.id,
            url: self.url,
            title: self.title,
            text: self.text,
            author: self.author,
            author_id: self.author_id,
            posted_at_ms: self.time.map(|moment| moment.at_ms),
            edited_at_ms: self.edited.map(|moment| moment.at_ms),
            thread: self.thread,
            parent: self.reply_to,
            place: self.place,
            price: self.price,
            links: self.links,
            bytes: None,
        }
    }
}

/// A detail page that a list page names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Its canonical address.
    pub url: String,
    /// The native id, where the list tells it.
    pub id: Option<String>,
    /// A value that differs when the page has changed.
    pub changed: Option<String>,
}

/// Something that should have been on a page and was not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PageProblem {
    /// Stable name, such as `expect-present`.
    pub code: &'static str,
    /// One Vietnamese sentence that says what to do.
    pub message: String,
}

impl PageProblem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> PageProblem {
        PageProblem { code, message: message.into() }
    }
}

/// Reads a page by the rules of its source.
pub fn extract(source: &Source, page: &Page<'_>) -> PageResult {
    if page.role == Role::Sitemap {
        return sitemap_result(page);
    }
    let mut result = PageResult::default();
    let is_list = page.role == Role::Start && source.list.is_some();
    let document = match Document::open(source, page, is_list) {
        Ok(document) => document,
        Err(problem) => {
            result.problems.push(problem);
            return result;
        }
    };
    result.noindex = document.is_html() && (page.noindex || document.robots_say("noindex"));
    if let Some(problem) = expectation(source, &document, "expect-page") {
        result.gone = page.role == Role::Detail && says_gone(&source.item, &document);
        if !result.gone {
            result.problems.push(problem);
        }
        return result;
    }
    let run = Run { source, page, document: &document };
    match source.list.as_ref().filter(|_| is_list) {
        Some(list) => run.list(list, &mut result),
        None => run.items(&mut result),
    }
    run.after(is_list, &mut result);
    // A list that the source file names is followed as it says: `nofollow` speaks of links that a page met by the way
    // does not vouch for.
    if !is_list && document.is_html() && document.robots_say("nofollow") {
        result.forbid_following();
    }
    result
}

impl PageResult {
    /// The page forbids following its links: nothing is led on by it.
    pub fn forbid_following(&mut self) {
        self.nofollow = !self.follow.is_empty() || self.next.is_some();
        self.follow.clear();
        self.next = None;
    }
}

fn sitemap_result(page: &Page<'_>) -> PageResult {
    match sitemap::read(page.text, page.url) {
        Ok(entries) => PageResult { rows: entries.len(), entries, ..PageResult::default() },
        Err(error) => PageResult {
            problems: vec![PageProblem::new(
                "bad-sitemap",
                format!("Sơ đồ trang không đọc được ({error}): mở địa chỉ xem còn là sitemap không."),
            )],
            ..PageResult::default()
        },
    }
}

fn expectation(source: &Source, document: &Document<'_>, code: &'static str) -> Option<PageProblem> {
    let (field, message) = match code {
        "expect-page" => (
            source.expect.page.as_ref()?,
            "Trang không phải phần mềm mong đợi (expect.page): có thể là tường đăng nhập, thử thách chống bot hoặc trang đã đổi phần mềm.",
        ),
        _ => (
            source.expect.present.as_ref()?,
            "Trang trả lời nhưng không có phần nội dung mong đợi (expect.present): xem lại quyền truy cập hoặc bộ chọn.",
        ),
    };
    (!document.has_any(field)).then(|| PageProblem::new(code, message))
}

fn says_gone(item: &ItemRules, document: &Document<'_>) -> bool {
    document.says_any(&item.gone_words)
}

struct Run<'r> {
    source: &'r Source,
    page: &'r Page<'r>,
    document: &'r Document<'r>,
}

impl Run<'_> {
    fn list(&self, list: &ListRules, result: &mut PageResult) {
        let rows = self.document.rows(&list.rows);
        result.rows = rows.len();
        let mut without_link = 0;
        let nesting = document::Nesting::of(rows.iter());
        for row in &rows {
            let reading = self.document.reading(row, nesting.inside(row));
            if list.skip.as_ref().is_some_and(|skip| reading.is_true(skip)) {
                continue;
            }
            let id = list.id.as_ref().and_then(|field| reading.text(field, &|_| None));
            let known = id.clone();
            let fill = |name: &str| if name == "id" { known.clone() } else { None };
            let link = reading
                .text(&list.follow, &fill)
                .and_then(|link| canonical::canonical_text(&link, Some(&self.document.base)));
            let Some(url) = link else {
                without_link += 1;
                continue;
            };
            let changed = list.changed.as_ref().and_then(|field| reading.text(field, &fill));
            if !result.follow.iter().any(|known: &Follow| known.url == url) {
                result.follow.push(Follow { url, id, changed });
            }
        }
        if without_link > 0 && result.follow.is_empty() {
            result.problems.push(PageProblem::new(
                "no-follow",
                format!("{without_link} hàng của [list] đều không có đường dẫn `follow`: bộ chọn `follow` cần sửa."),
            ));
        }
    }

    fn items(&self, result: &mut PageResult) {
        let item = &self.source.item;
        let rows = match &item.rows {
            Some(rows) => self.document.rows(rows),
            None => self.document.whole_rows(),
        };
        result.rows = if item.rows.is_some() { rows.len() } else { usize::from(!rows.is_empty()) };
        if says_gone(item, self.document) && (item.rows.is_none() || rows.is_empty()) {
            result.gone = true;
            return;
        }
        let reply_rules = self.source.replies.as_ref();
        let reply_rows =
            reply_rules.and_then(|rules| rules.rows.as_ref()).map(|rows| self.document.rows(rows)).unwrap_or_default();
        let nesting = document::Nesting::of(rows.iter().chain(&reply_rows));
        let mut ids_by_row = Vec::new();
        for row in &rows {
            let id = self.item(item, row, nesting.inside(row), None, false, result);
            ids_by_row.push((row, id));
        }
        let Some(rules) = reply_rules else { return };
        let first = ids_by_row.iter().find_map(|(_, id)| id.clone()).or_else(|| self.page.thread.map(str::to_owned));
        for row in &reply_rows {
            let around = ids_by_row.iter().filter(|(outer, _)| row.is_inside(outer)).find_map(|(_, id)| id.clone());
            let thread = around.or_else(|| first.clone());
            self.item(rules, row, nesting.inside(row), thread, true, result);
        }
    }

    /// Reads one row and gives its native id, whether or not it could be read whole.
    fn item(
        &self,
        rules: &ItemRules,
        row: &Row<'_>,
        nested: &[document::RowId],
        thread: Option<String>,
        is_reply: bool,
        result: &mut PageResult,
    ) -> Option<String> {
        let reading = self.document.reading(row, nested);
        if rules.skip.as_ref().is_some_and(|skip| reading.is_true(skip)) {
            return None;
        }
        let values = reading.fields(&rules.fields);
        let url = values.text("url").and_then(|url| self.document.base.join(&url).ok());
        let id = values.text("id").or_else(|| url.as_ref().map(|url| canonical::canonical(url).into()));
        if rules.rows.is_some() && reading.says_any(&rules.gone_words) {
            result.gone_ids.extend(id.clone());
            return id;
        }
        let missing = self.missing(rules, &values, id.as_deref(), is_reply);
        let Some(id) = id.filter(|_| missing.is_empty()) else {
            let has_anything = values.text("text").is_some() || values.text("title").is_some();
            if id_or_text_expected(&missing, has_anything) {
                result.quarantined_ids.extend(values.text("id"));
                result.quarantined += 1;
                result.problems.push(PageProblem::new(
                    "expect-field",
                    format!(
                        "Một bài thiếu trường {}: bài được giữ riêng cùng trang gốc, không vào kho.",
                        missing.join(", ")
                    ),
                ));
            }
            return values.text("id");
        };
        let own_title =
            rules.fields.iter().any(|(name, field)| *name == "title" && field.paths.iter().any(|path| !path.of_page));
        let text = values.text("text").unwrap_or_default();
        if text.is_empty() && !(own_title && values.text("title").is_some()) {
            return Some(id);
        }
        let keep = |name: &str| self.source.keep.allows(name);
        let kept = |name: &str| values.text(name).filter(|_| keep(name));
        let kept_time = |name: &str| values.time(name).filter(|_| keep(name));
        result.items.push(Item {
            id: id.clone(),
            url: url.filter(|_| keep("url")).map(Into::into),
            title: kept("title"),
            text: if keep("text") { text } else { String::new() },
            author: kept("author"),
            author_id: kept("author_id"),
            time: kept_time("time"),
            first_time: kept_time("first_time"),
            edited: kept_time("edited"),
            place: kept("place"),
            price: kept("price"),
            thread: if keep("thread") { values.text("thread").or(thread) } else { None },
            reply_to: kept("reply_to"),
            links: if keep("links") { values.links(&self.document.base) } else { Vec::new() },
            views: kept("views"),
            is_reply,
        });
        Some(id)
    }

    /// The expected fields that the row lacks. Replies answer only for the fields they declare.
    fn missing(
        &self,
        rules: &ItemRules,
        values: &value::Values,
        id: Option<&str>,
        is_reply: bool,
    ) -> Vec<&'static str> {
        let mut missing: Vec<&'static str> = self
            .source
            .expect
            .fields
            .iter()
            .copied()
            .filter(|name| !is_reply || rules.fields.iter().any(|(declared, _)| declared == name))
            .filter(|name| if *name == "id" { id.is_none() } else { !values.has(name) })
            .collect();
        if id.is_none() && !missing.contains(&"id") {
            missing.insert(0, "id");
        }
        missing
    }

    /// What holds for the page as a whole: expectations, the next page.
    fn after(&self, is_list: bool, result: &mut PageResult) {
        if result.gone {
            return;
        }
        let is_first = self.page.url == self.page.root || canonical::canonical(self.page.url) == *self.page.root;
        let counted_end =
            self.page.role == Role::Start && self.source.walk.paging.is_some() && !is_first && result.rows == 0;
        if counted_end {
            return;
        }
        result.problems.extend(expectation(self.source, self.document, "expect-present"));
        let counts_rows = is_list || (self.source.list.is_none() && self.page.role == Role::Start);
        let has_rows = is_list || self.source.item.rows.is_some();
        let least = if counts_rows {
            self.source.expect.min_rows
        } else {
            usize::from(!matches!(self.source.item.rows, Some(Rows::Entries)))
        };
        if has_rows && result.rows < least {
            let code = if result.rows == 0 { "no-rows" } else { "min-rows" };
            result.problems.push(PageProblem::new(
                code,
                format!(
                    "Trang có {} hàng, mong đợi ít nhất {least}: trang trống, bị chặn, hoặc bộ chọn `rows` đã sai.",
                    result.rows
                ),
            ));
        }
        if result.problems.iter().any(|problem| problem.code == "expect-present") {
            result.items.clear();
            result.follow.clear();
            return;
        }
        result.next = paging::next(self.source, self.page, self.document, is_list, result.rows);
        if result.noindex {
            result.items.clear();
        }
    }
}

/// An empty slot (no text at all) is the mark of a removed post in much software and no alarm by itself.
fn id_or_text_expected(missing: &[&'static str], has_anything: bool) -> bool {
    has_anything || missing.contains(&"text")
}
