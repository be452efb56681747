//! A page of no known software, described by what repeats on it: rows that are siblings with the same tag and classes
//! once digits are taken off, each with enough text to be a post.

use std::collections::{BTreeMap, BTreeSet};

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::guess::Candidate;
use crate::filter::block_text::block_text;

/// A post has at least so many characters.
const TEXT_MIN: usize = 24;
/// At least so many rows make a list.
const ROWS_MIN: usize = 2;
/// Rows that are shorter than this stand for pages of their own.
const LIST_TEXT_MAX: usize = 260;
/// Text beyond this says no more about a row.
const TEXT_WEIGHT_MAX: usize = 600;
/// Elements that never are a post.
const NEVER: &[&str] = &["p", "br", "option", "script", "style", "span", "input", "path", "head", "link", "meta"];
/// Parts of a page that hold no posts.
const ASIDE: &[&str] = &["nav", "header", "footer", "aside", "form", "select"];

/// A source file for a page whose posts, or links to posts, repeat as siblings.
pub fn describe(html: &Html, url: &Url) -> Option<Candidate> {
    let rows = best_rows(html)?;
    let toml = written(&rows, url);
    let because = format!("trang có {} hàng giống nhau `{}`", rows.elements.len(), rows.selector);
    Some(Candidate { toml, params: BTreeMap::new(), because })
}

struct Rows<'p> {
    selector: String,
    elements: Vec<ElementRef<'p>>,
    median: usize,
    score: usize,
}

fn best_rows(html: &Html) -> Option<Rows<'_>> {
    let mut groups: BTreeMap<String, Vec<ElementRef<'_>>> = BTreeMap::new();
    for parent in html.root_element().descendent_elements() {
        let mut of_parent: BTreeMap<String, Vec<ElementRef<'_>>> = BTreeMap::new();
        for child in parent.child_elements() {
            if !NEVER.contains(&child.value().name()) && !is_aside(child) {
                of_parent.entry(signature(parent, child)).or_default().push(child);
            }
        }
        for (selector, children) in of_parent.into_iter().filter(|(_, children)| children.len() >= ROWS_MIN) {
            groups.entry(selector).or_default().extend(children);
        }
    }
    let scored = groups.into_iter().filter_map(|(selector, elements)| {
        let mut lengths: Vec<usize> =
            elements.iter().map(|row| block_text(*row, &[]).chars().count()).filter(|it| *it >= TEXT_MIN).collect();
        lengths.sort_unstable();
        let median = *lengths.get(lengths.len() / 2)?;
        let score = lengths.iter().map(|length| (*length).min(TEXT_WEIGHT_MAX)).sum();
        (lengths.len() >= ROWS_MIN && lengths.len() * 2 >= elements.len()).then_some(Rows {
            selector,
            elements,
            median,
            score,
        })
    });
    scored.max_by_key(|rows| rows.score)
}

fn is_aside(element: ElementRef<'_>) -> bool {
    ASIDE.contains(&element.value().name())
        || element.ancestors().filter_map(ElementRef::wrap).any(|around| ASIDE.contains(&around.value().name()))
}

/// Tag and classes without digits; where a row has no class, its parent's name before it.
fn signature(parent: ElementRef<'_>, child: ElementRef<'_>) -> String {
    let own = compound(child);
    if own.contains('.') {
        return own;
    }
    let around = match parent.attr("id").filter(|id| is_name(id)) {
        Some(id) => format!("#{id}"),
        None => compound(parent),
    };
    format!("{around} > {own}")
}

fn compound(element: ElementRef<'_>) -> String {
    let classes: BTreeSet<&str> = element.value().classes().filter(|class| is_name(class)).collect();
    classes.into_iter().fold(element.value().name().to_owned(), |text, class| format!("{text}.{class}"))
}

/// A name that needs no escaping and is the same for every row.
fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '-' | '_');
    !name.is_empty() && name.chars().all(is_letter) && !["odd", "even", "first", "last", "active"].contains(&name)
}

/// Whether at least three of five rows have something different and not empty there.
fn told_apart(rows: &Rows<'_>, read: impl Fn(ElementRef<'_>) -> Option<String>) -> bool {
    let values: Vec<String> = rows.elements.iter().filter_map(|row| read(*row)).filter(|it| !it.is_empty()).collect();
    let different: BTreeSet<&String> = values.iter().collect();
    values.len() * 5 >= rows.elements.len() * 3 && different.len() == values.len()
}

fn is_there(rows: &Rows<'_>, selector: &str) -> bool {
    let Ok(selector) = Selector::parse(selector) else { return false };
    let there = rows.elements.iter().filter(|row| row.select(&selector).next().is_some()).count();
    there * 5 >= rows.elements.len() * 3
}

fn first_link(row: ElementRef<'_>, selector: &str) -> Option<String> {
    let selector = Selector::parse(selector).ok()?;
    row.select(&selector).find_map(|link| link.attr("href")).filter(|href| !href.starts_with('#')).map(str::to_owned)
}

fn id_attribute(rows: &Rows<'_>) -> Option<String> {
    let first = rows.elements.first()?;
    let names = first.value().attrs().map(|(name, _)| name).filter(|name| name.starts_with("data-") || *name == "id");
    names
        .filter(|name| told_apart(rows, |row| row.attr(name).map(str::to_owned)))
        .find(|name| {
            let has_digit =
                |row: &ElementRef<'_>| row.attr(name).is_some_and(|it| it.contains(|c: char| c.is_ascii_digit()));
            rows.elements.iter().all(has_digit)
        })
        .map(str::to_owned)
}

fn longest_text(rows: &Rows<'_>) -> String {
    const PLACES: &[&str] = &[
        "[itemprop=text]",
        "[itemprop=description]",
        ".message",
        ".content",
        ".post-content",
        ".entry-content",
        ".body",
        ".post-body",
        ".comment-body",
        ".text",
        ".description",
        ".summary",
        "blockquote",
        "p",
    ];
    let length = |selector: &str| {
        let Ok(selector) = Selector::parse(selector) else { return 0 };
        let text =
            |row: &ElementRef<'_>| row.select(&selector).next().map_or(0, |it| block_text(it, &[]).chars().count());
        rows.elements.iter().map(text).sum::<usize>()
    };
    let best = PLACES.iter().filter(|place| is_there(rows, place)).max_by_key(|place| (length(place), place.len()));
    match best {
        Some(place) if length(place) * 3 >= rows.score => format!("{place} | text"),
        _ => "| text".to_owned(),
    }
}

fn written(rows: &Rows<'_>, url: &Url) -> String {
    let link = ["h1 a", "h2 a", "h3 a", "h4 a", "a[rel=bookmark]", ".title a", "a"]
        .into_iter()
        .find(|selector| told_apart(rows, |row| first_link(row, selector)));
    let mut file = File::default();
    let host = url.host_str().unwrap_or("nguon").replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    file.head(&host, url);
    match link.filter(|_| rows.median < LIST_TEXT_MAX) {
        Some(link) => {
            file.line("[list]", "");
            file.one("rows", &rows.selector);
            file.one("follow", &format!("{link} @href"));
            if let Some(id) = id_attribute(rows) {
                file.one("id", &format!("@{id}"));
            }
            file.line("\n[item]", " # trang chi tiết: sửa bộ chọn cho khớp");
            file.one("id", "^url");
            file.many("title", &["jsonld:JobPosting.title", "h1 | text", "title | text"]);
            file.many(
                "text",
                &[
                    "jsonld:JobPosting.description | text",
                    "[itemprop=articleBody] | text",
                    "[itemprop=description] | text",
                    "article | drop(h1, nav, aside) | text",
                    "main | drop(h1, nav, aside) | text",
                    "body | drop(h1, nav, aside, header, footer) | text",
                ],
            );
            file.many(
                "time",
                &[
                    "jsonld:JobPosting.datePosted | time",
                    "meta[property='article:published_time'] @content | time",
                    "time @datetime | time",
                    "^seen",
                ],
            );
        }
        None => {
            file.line("[item]", " # sửa bộ chọn cho khớp");
            file.one("rows", &rows.selector);
            match (id_attribute(rows), link) {
                (Some(id), _) => file.one("id", &format!("@{id}")),
                (None, Some(link)) => file.one("id", &format!("{link} @href")),
                (None, None) => file.many("id", &["[id] @id", "a @href"]),
            }
            if let Some(link) = link {
                file.one("url", &format!("{link} @href | url"));
            }
            if let Some(heading) = ["h1", "h2", "h3", "h4", ".title"].into_iter().find(|it| is_there(rows, it)) {
                file.one("title", &format!("{heading} | text"));
            }
            file.one("text", &longest_text(rows));
            let names = ["[rel=author]", "[itemprop=author]", ".author", ".username", ".user", "cite"];
            if let Some(author) = names.into_iter().find(|it| is_there(rows, it)) {
                file.one("author", &format!("{author} | text"));
            }
            match ["time[datetime]", "[datetime]"].into_iter().find(|it| is_there(rows, it)) {
                Some(time) => file.one("time", &format!("{time} @datetime | time")),
                None if is_there(rows, ".date, .time") => file.one("time", ".date, .time | text | time(vi)"),
                None => file.one("time", "^seen"),
            }
        }
    }
    file.line("\n[expect]", "");
    file.many("fields", &["id", "text"]);
    file.text
}

#[derive(Default)]
struct File {
    text: String,
}

impl File {
    fn head(&mut self, host: &str, url: &Url) {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        self.text = format!(
            "id = {}\nkind = \"html\"\nstatus = \"draft\"\ntitle = {}\nnote = \"Máy đoán từ các hàng lặp lại của trang; \
             người quản trị xem và sửa trước khi bật.\"\n\n[access]\nbasis = \"open\" # robots.txt quyết định khi chạy\n\n\
             [pace]\ngap = \"5s\"\nevery = \"30m..7d\"\n\n[walk]\nstart = {}\n",
            quoted(host),
            quoted(url.host_str().unwrap_or_default()),
            quoted(url.as_str()),
        );
        self.many("next", &["a[rel=next] @href", "link[rel=next] @href", ".pagination .next a @href", "a.next @href"]);
        self.one("stop", "known");
        self.text.push('\n');
    }

    fn line(&mut self, line: &str, remark: &str) {
        self.text.push_str(line);
        self.text.push_str(remark);
        self.text.push('\n');
    }

    fn one(&mut self, key: &str, value: &str) {
        self.text.push_str(&format!("{key} = {}\n", toml::Value::String(value.to_owned())));
    }

    fn many(&mut self, key: &str, values: &[&str]) {
        let values = values.iter().map(|value| toml::Value::String((*value).to_owned())).collect();
        self.text.push_str(&format!("{key} = {}\n", toml::Value::Array(values)));
    }
}
