//! A page taken apart once, and what selectors find in it.

use std::cell::OnceCell;
use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::{ElementRef, Html};
use serde_json::Value;
use url::Url;

use super::feed::{self, Feed, FeedEntry};
use super::json_ld::{collect_typed, json_ld_of, members};
use super::value::{Found, Values};
use super::{Page, PageProblem};
use crate::filter::block_text::block_text;
use crate::filter::time::Moment;
use crate::source::field::{Field, Path, Target};
use crate::source::json_path::JsonPath;
use crate::source::{Kind, Rows, Source};

/// The name of an element row.
pub type RowId = NodeId;

/// Elements may not stand deeper than this: the tree builder is quadratic in depth.
const DEPTH_MAX: usize = 2_000;

/// A page taken apart.
pub struct Document<'p> {
    page: &'p Page<'p>,
    /// What relative links are relative to.
    pub base: Url,
    body: Body,
    json_ld: OnceCell<Vec<Value>>,
}

enum Body {
    Html(Box<Html>),
    Json(Value),
    Feed(Box<Feed>),
}

/// One row of a page.
#[derive(Clone, Copy)]
pub enum Row<'d> {
    /// An element.
    Element(ElementRef<'d>),
    /// A JSON value.
    Json(&'d Value),
    /// An entry of a feed.
    Entry(&'d FeedEntry),
    /// A feed as a whole.
    Feed,
}

impl Row<'_> {
    /// Whether this row stands inside the other.
    pub fn is_inside(&self, outer: &Row<'_>) -> bool {
        match (self, outer) {
            (Row::Element(inner), Row::Element(outer)) => inner.ancestors().any(|node| node.id() == outer.id()),
            _ => false,
        }
    }

    fn id(&self) -> Option<NodeId> {
        match self {
            Row::Element(element) => Some(element.id()),
            _ => None,
        }
    }
}

/// Which rows stand inside which: what a nested row says is not said by the row around it.
pub struct Nesting {
    inside: HashMap<NodeId, Vec<NodeId>>,
}

impl Nesting {
    /// Compares all rows of a page.
    pub fn of<'d>(rows: impl Iterator<Item = &'d Row<'d>> + Clone) -> Nesting {
        let mut inside: HashMap<NodeId, Vec<NodeId>> =
            rows.clone().filter_map(Row::id).map(|id| (id, Vec::new())).collect();
        for row in rows {
            let Row::Element(element) = row else { continue };
            let around = element.ancestors().map(|node| node.id()).find(|id| inside.contains_key(id));
            if let Some(inner) = around.and_then(|id| inside.get_mut(&id)) {
                inner.push(element.id());
            }
        }
        Nesting { inside }
    }

    /// The rows that stand directly inside this one.
    pub fn inside(&self, row: &Row<'_>) -> &[NodeId] {
        row.id().and_then(|id| self.inside.get(&id)).map_or(&[], Vec::as_slice)
    }
}

impl<'p> Document<'p> {
    /// Parses the page as its source and role say.
    pub fn open(source: &Source, page: &'p Page<'p>, is_list: bool) -> Result<Document<'p>, PageProblem> {
        let is_detail_of_feed = source.list.is_some() && !is_list;
        let body = match source.kind {
            Kind::Json => Body::Json(json(page.text)?),
            Kind::Feed if !is_detail_of_feed => {
                Body::Feed(Box::new(feed::read(page.text, page.url).map_err(|error| {
                    PageProblem::new(
                        "bad-feed",
                        format!(
                            "Nguồn tin không đọc được ({error}): mở địa chỉ xem còn là RSS, Atom hay JSON Feed không."
                        ),
                    )
                })?))
            }
            _ => Body::Html(Box::new(html(page.text)?)),
        };
        let mut document = Document { page, base: page.url.clone(), body, json_ld: OnceCell::new() };
        if let Some(base) = document.declared_base() {
            document.base = base;
        }
        Ok(document)
    }

    /// Whether it is an HTML page.
    pub fn is_html(&self) -> bool {
        matches!(self.body, Body::Html(_))
    }

    fn declared_base(&self) -> Option<Url> {
        let Body::Html(html) = &self.body else { return None };
        let base = html
            .root_element()
            .descendent_elements()
            .take(2_000)
            .find(|element| element.value().name() == "base" && element.attr("href").is_some())?;
        self.page.url.join(base.attr("href")?).ok().filter(|base| matches!(base.scheme(), "http" | "https"))
    }

    /// Whether the page's `meta robots` says `word` (`noindex`: its text may not be stored; `nofollow`: its links lead
    /// nowhere), for everybody or for us.
    pub fn robots_say(&self, word: &str) -> bool {
        let Body::Html(html) = &self.body else { return false };
        html.root_element()
            .descendent_elements()
            .filter(|element| element.value().name() == "meta")
            .filter(|element| {
                element
                    .attr("name")
                    .is_some_and(|name| name.eq_ignore_ascii_case("robots") || name.eq_ignore_ascii_case("canhgiac"))
            })
            .any(|element| {
                let content = element.attr("content").unwrap_or_default().to_ascii_lowercase();
                content.split(',').any(|said| said.trim() == word || said.trim() == "none")
            })
    }

    /// The rows in document order; none when nothing matches.
    pub fn rows<'d>(&'d self, rows: &Rows) -> Vec<Row<'d>> {
        match (rows, &self.body) {
            (Rows::Css(selectors), Body::Html(html)) => selectors
                .iter()
                .map(|selector| selector.select(html.root_element()))
                .find(|found| !found.is_empty())
                .unwrap_or_default()
                .into_iter()
                .map(Row::Element)
                .collect(),
            (Rows::Json(paths), Body::Json(root)) => {
                let found = paths.iter().filter_map(|path| path.rows(root)).find(|rows| !rows.is_empty());
                found.unwrap_or_default().into_iter().map(Row::Json).collect()
            }
            (Rows::JsonLd(paths), Body::Html(_)) => paths
                .iter()
                .map(|(kind, path)| self.json_ld(kind, path))
                .find(|found| !found.is_empty())
                .unwrap_or_default()
                .into_iter()
                .map(Row::Json)
                .collect(),
            (Rows::Entries, Body::Feed(feed)) => feed.entries.iter().map(Row::Entry).collect(),
            _ => Vec::new(),
        }
    }

    /// The page itself as a row.
    pub fn whole(&self) -> Row<'_> {
        match &self.body {
            Body::Html(html) => Row::Element(html.root_element()),
            Body::Json(root) => Row::Json(root),
            Body::Feed(_) => Row::Feed,
        }
    }

    /// The page as the posts it is: a JSON array without declared rows is its members.
    pub fn whole_rows(&self) -> Vec<Row<'_>> {
        match &self.body {
            Body::Json(Value::Array(members)) => members.iter().map(Row::Json).collect(),
            _ => vec![self.whole()],
        }
    }

    /// A row with what stands nested in it, ready to be read.
    pub fn reading<'d>(&'d self, row: &'d Row<'d>, nested: &'d [RowId]) -> Reading<'d> {
        Reading { document: self, row, nested }
    }

    /// Whether any alternative of the field finds something on the page.
    pub fn has_any(&self, field: &Field) -> bool {
        let whole = self.whole();
        self.reading(&whole, &[]).is_true(field)
    }

    /// Whether the page shows any of these words.
    pub fn says_any(&self, words: &[String]) -> bool {
        let whole = self.whole();
        self.reading(&whole, &[]).says_any(words)
    }

    /// A number of the answer.
    pub fn number(&self, path: &JsonPath) -> Option<u64> {
        let Body::Json(root) = &self.body else { return None };
        let value = *path.select(root).first()?;
        value
            .as_u64()
            .or_else(|| value.as_f64().map(|value| value as u64))
            .or_else(|| value.as_str()?.trim().parse().ok())
    }

    /// The values that JSON-LD objects of a type have at a path.
    fn json_ld(&self, kind: &str, path: &JsonPath) -> Vec<&Value> {
        let objects = self.json_ld.get_or_init(|| self.read_json_ld());
        let mut typed = Vec::new();
        objects.iter().for_each(|object| collect_typed(object, kind, 0, &mut typed));
        typed.into_iter().flat_map(|object| path.select(object)).flat_map(members).collect()
    }

    fn read_json_ld(&self) -> Vec<Value> {
        let Body::Html(html) = &self.body else { return Vec::new() };
        json_ld_of(html.root_element())
    }
}

fn json(text: &str) -> Result<Value, PageProblem> {
    serde_json::from_str(text.trim_start_matches('\u{feff}').trim()).map_err(|error| {
        let hint = if text.trim_start().starts_with('<') {
            "trang trả về HTML thay vì JSON (tường đăng nhập hoặc chống bot?)"
        } else {
            "JSON hỏng"
        };
        PageProblem::new(
            "bad-json",
            format!("Câu trả lời không đọc được: {hint}, dòng {} cột {}.", error.line(), error.column()),
        )
    })
}

fn html(text: &str) -> Result<Html, PageProblem> {
    if is_too_deep(text) {
        return Err(PageProblem::new(
            "too-deep",
            "Trang lồng thẻ quá sâu nên không phân tích: có thể là bẫy hoặc trang hỏng.",
        ));
    }
    Ok(Html::parse_document(text))
}

/// A cheap bound on nesting, because the tree builder would pay for it with the square of its depth.
pub(crate) fn is_too_deep(text: &str) -> bool {
    const LOOSE: &[&str] = &[
        "p", "li", "td", "tr", "th", "dt", "dd", "option", "tbody", "thead", "tfoot", "body", "html", "head", "area",
        "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
        "colgroup", "optgroup",
    ];
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'<')) {
        at += offset + 1;
        let closes = bytes.get(at) == Some(&b'/');
        let start = at + usize::from(closes);
        let length =
            bytes.get(start..).map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count());
        let name = text.get(start..start + length).unwrap_or_default();
        if name.is_empty() || LOOSE.iter().any(|loose| loose.eq_ignore_ascii_case(name)) {
            continue;
        }
        depth = if closes { depth.saturating_sub(1) } else { depth + 1 };
        if !closes {
            let end = bytes
                .get(start..)
                .and_then(|rest| rest.iter().position(|byte| *byte == b'>'))
                .map_or(bytes.len(), |end| start + end);
            if end > 0 && bytes.get(end - 1) == Some(&b'/') {
                depth -= 1;
            }
            if matches!(name.to_ascii_lowercase().as_str(), "script" | "style") {
                let close = format!("</{}", name.to_ascii_lowercase());
                match text[end.min(text.len())..].to_ascii_lowercase().find(&close) {
                    Some(found) => at = end + found,
                    None => return false,
                }
                continue;
            }
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

/// A row being read.
pub struct Reading<'d> {
    document: &'d Document<'d>,
    row: &'d Row<'d>,
    nested: &'d [RowId],
}

impl<'d> Reading<'d> {
    /// All fields of the row; each may use those before it.
    pub fn fields(&self, fields: &[(&'static str, Field)]) -> Values {
        let mut values = Values::default();
        for (name, field) in fields {
            let found = self.all(field, *name == "links", &|needed| values.text(needed));
            values.put(name, found);
        }
        values
    }

    /// The field as one text, the first alternative that gives any.
    pub fn text(&self, field: &Field, fill: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        self.all(field, false, fill).into_iter().map(|found| found.into_text()).find(|text| !text.is_empty())
    }

    /// Whether the field finds something: an element, a value that is neither false nor empty, a text.
    pub fn is_true(&self, field: &Field) -> bool {
        field.paths.iter().any(|path| {
            let bare = path.filters.is_empty() && path.attribute.is_none();
            match (&path.target, bare) {
                (Target::Css(_) | Target::Row, true) => !self.select(path, &|_| None).is_empty(),
                (Target::Json(_) | Target::JsonLd(..), true) => {
                    self.select(path, &|_| None).iter().any(|found| match found {
                        Found::Json(Value::Bool(yes)) => *yes,
                        Found::Json(Value::Null) => false,
                        Found::Json(Value::Number(number)) => number.as_f64() != Some(0.0),
                        Found::Json(Value::String(text)) => !text.is_empty(),
                        Found::Json(Value::Array(members)) => !members.is_empty(),
                        _ => true,
                    })
                }
                _ => self.path(path, &|_| None).into_iter().any(|found| !found.into_text().is_empty()),
            }
        })
    }

    /// Whether the row shows any of these words.
    pub fn says_any(&self, words: &[String]) -> bool {
        if words.is_empty() {
            return false;
        }
        let text = match self.row {
            Row::Element(element) => block_text(*element, self.nested),
            Row::Json(value) => value.to_string(),
            Row::Entry(_) | Row::Feed => return false,
        };
        let flat = crate::filter::nfc(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        words.iter().any(|words| flat.contains(words.as_str()))
    }

    /// The values of the first alternative that gives any, or of all together.
    fn all(&self, field: &Field, union: bool, fill: &dyn Fn(&str) -> Option<String>) -> Vec<Found<'d>> {
        let mut together = Vec::new();
        for path in &field.paths {
            let found: Vec<Found<'d>> = self.path(path, fill).into_iter().filter(|found| !found.is_blank()).collect();
            if union {
                together.extend(found);
            } else if !found.is_empty() {
                return found;
            }
        }
        together
    }

    fn path(&self, path: &Path, fill: &dyn Fn(&str) -> Option<String>) -> Vec<Found<'d>> {
        let found = self.select(path, fill);
        let context =
            super::value::Context { base: &self.document.base, now_ms: self.document.page.fetched_at_ms, fill };
        super::value::apply(found, &path.filters, &context)
    }

    fn select(&self, path: &Path, fill: &dyn Fn(&str) -> Option<String>) -> Vec<Found<'d>> {
        let page = self.document.page;
        match &path.target {
            Target::Row => self.attributes(
                path,
                match self.row {
                    Row::Element(element) if path.of_page => {
                        self.document.root().or(Some(*element)).into_iter().collect()
                    }
                    Row::Element(element) => vec![*element],
                    Row::Json(value) => return vec![Found::Json(value)],
                    Row::Entry(_) | Row::Feed => Vec::new(),
                },
            ),
            Target::Css(selector) => {
                let Some(root) = self.document.root() else { return Vec::new() };
                let scope = match self.row {
                    Row::Element(element) if !path.of_page => *element,
                    _ => root,
                };
                let mut found = selector.select(scope);
                if !path.of_page && !self.nested.is_empty() {
                    found.retain(|element| !self.is_nested(element, scope));
                }
                if found.is_empty() && selector.matches(&scope, scope) {
                    found.push(scope);
                }
                self.attributes(path, found)
            }
            Target::Json(json_path) => {
                let value = match (self.row, &self.document.body) {
                    (Row::Json(value), _) if !path.of_page => *value,
                    (_, Body::Json(root)) => root,
                    _ => return Vec::new(),
                };
                json_path.select(value).into_iter().flat_map(members).map(Found::Json).collect()
            }
            Target::JsonLd(kind, json_path) => {
                if let (Row::Element(element), false) = (self.row, path.of_page) {
                    let is_root = self.document.root().is_some_and(|root| root.id() == element.id());
                    if !is_root {
                        let own = json_ld_of(*element);
                        let mut typed = Vec::new();
                        own.iter().for_each(|object| collect_typed(object, kind, 0, &mut typed));
                        let found: Vec<Found<'d>> = typed
                            .into_iter()
                            .flat_map(|object| json_path.select(object))
                            .flat_map(members)
                            .map(Found::of_json)
                            .collect();
                        if !found.is_empty() {
                            return found;
                        }
                    }
                }
                self.document.json_ld(kind, json_path).into_iter().map(Found::Json).collect()
            }
            Target::Feed(part) => match self.row {
                Row::Entry(entry) if !path.of_page => entry.part(*part).into_iter().map(Found::Text).collect(),
                _ => self.document.feed_head(*part),
            },
            Target::FeedHead(part) => self.document.feed_head(*part),
            Target::Template(template) => template.fill(fill).map(Found::Text).into_iter().collect(),
            Target::PageUrl => vec![Found::Text(page.url.to_string())],
            Target::Seen => vec![Found::Time(Moment::exact(page.first_seen_ms))],
            Target::SitemapLastmod => {
                page.lastmod_ms.map(|at_ms| Found::Time(Moment::exact(at_ms))).into_iter().collect()
            }
        }
    }

    fn attributes(&self, path: &Path, elements: Vec<ElementRef<'d>>) -> Vec<Found<'d>> {
        match &path.attribute {
            Some(name) => elements
                .into_iter()
                .filter_map(|element| element.attr(name))
                .map(|value| Found::Text(value.to_owned()))
                .collect(),
            None => elements.into_iter().map(|element| Found::Element(element, self.nested.to_vec())).collect(),
        }
    }

    fn is_nested(&self, element: &ElementRef<'_>, scope: ElementRef<'_>) -> bool {
        if self.nested.contains(&element.id()) {
            return true;
        }
        element.ancestors().take_while(|node| node.id() != scope.id()).any(|node| self.nested.contains(&node.id()))
    }
}

impl Document<'_> {
    fn root(&self) -> Option<ElementRef<'_>> {
        match &self.body {
            Body::Html(html) => Some(html.root_element()),
            _ => None,
        }
    }

    fn feed_head(&self, part: crate::source::field::FeedPart) -> Vec<Found<'_>> {
        match &self.body {
            Body::Feed(feed) => feed.head.part(part).into_iter().map(Found::Text).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_bounded_and_ordinary_pages_are_not() {
        assert!(is_too_deep(&"<div>".repeat(3_000)));
        assert!(!is_too_deep(&"<div></div><p><li><br><img src=x><script>if (a<b) '<div>'</script>".repeat(3_000)));
        assert!(!is_too_deep(&"<x/>".repeat(9_000)));
    }

    #[test]
    fn json_ld_with_raw_line_ends_is_read() {
        let html = Html::parse_document(
            "<script type='application/ld+json'>{\"@graph\":[{\"@type\":[\"Thing\",\"JobPosting\"],\"title\":\"a\nb\"}]}</script>",
        );
        let values = json_ld_of(html.root_element());
        let mut typed = Vec::new();
        values.iter().for_each(|value| collect_typed(value, "JobPosting", 0, &mut typed));
        assert_eq!(typed[0]["title"], "a\nb");
    }
}
