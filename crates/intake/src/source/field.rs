//! One field of a source file: alternatives of `selector @attr | filter | filter(arg)`.

use std::collections::BTreeMap;

use super::css::Css;
use super::file::OneOrMany;
use super::json_path::JsonPath;
use super::template::{self, Template};
use crate::filter::{self, Filter, FilterError};
use crate::problem::nearest;

/// What selectors select from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// CSS over HTML.
    Css,
    /// Dotted paths over JSON.
    Json,
    /// Names of a feed's entry.
    Feed,
    /// Dotted paths over JSON-LD; `^Type.path` looks at the page's objects.
    JsonLd,
    /// Dotted paths inside JSON-LD rows of an HTML page; `^` is CSS over the page.
    JsonLdRow,
}

/// A field: its alternatives in order.
#[derive(Clone, Debug)]
pub struct Field {
    /// The alternatives.
    pub paths: Vec<Path>,
}

/// One alternative of a field.
#[derive(Clone, Debug)]
pub struct Path {
    /// Whether it looks at the page instead of the row.
    pub of_page: bool,
    /// What it selects.
    pub target: Target,
    /// The attribute to take.
    pub attribute: Option<String>,
    /// The filters in order.
    pub filters: Vec<Filter>,
}

/// What a path selects.
#[derive(Clone, Debug)]
pub enum Target {
    /// The row itself.
    Row,
    /// Elements.
    Css(Css),
    /// JSON values.
    Json(JsonPath),
    /// Values inside JSON-LD objects of a type.
    JsonLd(String, JsonPath),
    /// A part of a feed's entry.
    Feed(FeedPart),
    /// A text made of parameters and fields.
    Template(Template),
    /// The address of the page.
    PageUrl,
    /// When it was first seen.
    Seen,
    /// When the sitemap says the page was changed.
    SitemapLastmod,
    /// A part of the feed's head.
    FeedHead(FeedPart),
}

/// A part of a feed or of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedPart {
    /// `guid`, `id`
    Guid,
    /// `link`, `url`
    Link,
    /// All links.
    Links,
    /// `title`
    Title,
    /// `content`, `content_html`
    Content,
    /// `summary`, `description`
    Summary,
    /// `published`, `pubDate`, `date`
    Published,
    /// `updated`
    Updated,
    /// `author`
    Author,
    /// `category`, `categories`
    Categories,
    /// `language`
    Language,
}

const FEED_PARTS: &[(&str, FeedPart)] = &[
    ("guid", FeedPart::Guid),
    ("id", FeedPart::Guid),
    ("link", FeedPart::Link),
    ("url", FeedPart::Link),
    ("links", FeedPart::Links),
    ("title", FeedPart::Title),
    ("content", FeedPart::Content),
    ("content_html", FeedPart::Content),
    ("summary", FeedPart::Summary),
    ("description", FeedPart::Summary),
    ("subtitle", FeedPart::Summary),
    ("published", FeedPart::Published),
    ("pubDate", FeedPart::Published),
    ("date_published", FeedPart::Published),
    ("date", FeedPart::Published),
    ("updated", FeedPart::Updated),
    ("date_modified", FeedPart::Updated),
    ("author", FeedPart::Author),
    ("authors", FeedPart::Author),
    ("creator", FeedPart::Author),
    ("category", FeedPart::Categories),
    ("categories", FeedPart::Categories),
    ("tags", FeedPart::Categories),
    ("language", FeedPart::Language),
];

/// What a field may refer to.
pub struct Names<'n> {
    /// The parameters with their values.
    pub params: &'n BTreeMap<String, String>,
    /// The fields that `{x}` may name.
    pub fields: &'n [&'n str],
    /// What selectors select from.
    pub language: Language,
}

/// A mistake in a field: its code, a Vietnamese sentence, a suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Stable name of the mistake.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl FieldError {
    fn new(code: &'static str, message: impl Into<String>) -> FieldError {
        FieldError { code, message: message.into(), suggestion: None }
    }

    /// A `{name}` that nothing declares.
    pub fn undeclared(name: &str, names: &Names<'_>) -> FieldError {
        let known = names.params.keys().map(String::as_str).chain(names.fields.iter().copied());
        FieldError {
            code: "undeclared-parameter",
            message: format!("`{{{name}}}` chưa được khai báo trong [params.{name}] và không phải trường nào."),
            suggestion: nearest(name, known).map(|name| format!("{{{name}}}")),
        }
    }
}

impl Field {
    /// Reads all alternatives.
    pub fn parse(text: &OneOrMany, names: &Names<'_>) -> Result<Field, FieldError> {
        let paths = text.all().iter().map(|one| Path::parse(one, names)).collect::<Result<_, _>>()?;
        Ok(Field { paths })
    }

    /// The fields that its templates wait for.
    pub fn needs(&self) -> Vec<&str> {
        let mut needs = Vec::new();
        for path in &self.paths {
            if let Target::Template(template) = &path.target {
                needs.extend(template.fields());
            }
            for filter in &path.filters {
                if let Filter::Fmt(template) = filter {
                    needs.extend(template.fields().filter(|name| *name != "value"));
                }
            }
        }
        needs
    }
}

impl Path {
    /// Reads one alternative.
    pub fn parse(text: &str, names: &Names<'_>) -> Result<Path, FieldError> {
        let pieces = split_bars(text);
        let (selector, filters) = pieces.split_first().map_or(("", &[][..]), |(first, rest)| (first.trim(), rest));
        let filters = filter::parse_chain(filters, names.params, names.fields).map_err(|error| match error {
            FilterError::Unknown(name) => FieldError {
                code: "unknown-filter",
                message: format!("Không có bộ lọc nào tên `{name}`."),
                suggestion: nearest(&name, filter::NAMES.iter().copied()),
            },
            FilterError::Argument(message) => FieldError::new("bad-filter", format!("{message}.")),
            FilterError::Undeclared(name) => FieldError::undeclared(&name, names),
        })?;
        let (of_page, selector) = match selector.strip_prefix('^') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, selector),
        };
        let path = |target| Path { of_page, target, attribute: None, filters: filters.clone() };
        if of_page && let Some(target) = pseudo(selector)? {
            return Ok(path(target));
        }
        if !of_page && is_literal(selector, names) {
            let template = Template::parse(selector, names.params, names.fields)
                .map_err(|it| FieldError::undeclared(&it.0, names))?;
            return Ok(path(Target::Template(template)));
        }
        let selector = template::insert(selector, names.params).map_err(|it| FieldError::undeclared(&it.0, names))?;
        if let Some(json_ld) = selector.strip_prefix("jsonld:") {
            return Ok(path(json_ld_target(json_ld)?));
        }
        match names.language {
            Language::JsonLdRow if !of_page => Ok(path(Target::Json(json(&selector)?))),
            Language::Css | Language::JsonLdRow => {
                let (selector, attribute) = split_attribute(&selector);
                let target = if selector.is_empty() { Target::Row } else { Target::Css(css(selector)?) };
                Ok(Path { attribute: attribute.map(str::to_owned), ..path(target) })
            }
            Language::Json => Ok(path(Target::Json(json(&selector)?))),
            Language::JsonLd if of_page => Ok(path(json_ld_target(&selector)?)),
            Language::JsonLd => Ok(path(Target::Json(json(&selector)?))),
            Language::Feed => Ok(path(Target::Feed(feed_part(&selector)?))),
        }
    }
}

fn pseudo(selector: &str) -> Result<Option<Target>, FieldError> {
    Ok(Some(match selector {
        "url" => Target::PageUrl,
        "seen" => Target::Seen,
        "sitemap.lastmod" => Target::SitemapLastmod,
        _ => match selector.strip_prefix("feed.") {
            Some(part) => Target::FeedHead(feed_part(part)?),
            None => return Ok(None),
        },
    }))
}

/// A text that is taken as it stands, with its braces filled, instead of selecting something.
fn is_literal(selector: &str, names: &Names<'_>) -> bool {
    let names_a_field =
        Template::parse(selector, names.params, names.fields).is_ok_and(|it| it.fields().next().is_some());
    names_a_field
        || selector.starts_with("http://")
        || selector.starts_with("https://")
        || selector.starts_with('/')
        || selector.starts_with('{')
}

/// Reads a CSS selector.
pub fn css(selector: &str) -> Result<Css, FieldError> {
    Css::parse(selector)
        .map_err(|error| FieldError::new("bad-selector", format!("Bộ chọn CSS `{selector}` không đọc được: {error}.")))
}

/// Reads a JSON path.
pub fn json(path: &str) -> Result<JsonPath, FieldError> {
    JsonPath::parse(path)
        .map_err(|error| FieldError::new("bad-path", format!("Đường dẫn JSON không đọc được: {error}.")))
}

/// Reads `Type.path` of a JSON-LD object.
pub fn json_ld_target(text: &str) -> Result<Target, FieldError> {
    let text = text.trim();
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (kind, rest) = text.split_at(end);
    if kind.is_empty() {
        return Err(FieldError::new("bad-path", "Sau `jsonld:` phải là một kiểu, ví dụ `jsonld:JobPosting.title`."));
    }
    Ok(Target::JsonLd(kind.to_owned(), json(rest)?))
}

fn feed_part(name: &str) -> Result<FeedPart, FieldError> {
    FEED_PARTS.iter().find(|(known, _)| *known == name).map(|(_, part)| *part).ok_or_else(|| FieldError {
        code: "unknown-feed-part",
        message: format!("Nguồn tin không có phần nào tên `{name}`."),
        suggestion: nearest(name, FEED_PARTS.iter().map(|(known, _)| *known)),
    })
}

/// Splits the last word off when it names an attribute.
fn split_attribute(selector: &str) -> (&str, Option<&str>) {
    let last = selector.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    match selector[last..].strip_prefix('@') {
        Some(name) if !name.is_empty() => (selector[..last].trim(), Some(name)),
        _ => (selector, None),
    }
}

/// Cuts at ` | ` outside brackets and quotes.
///
/// A filter's argument is raw, so it may hold a lone bracket or quote; when the strict reading ends inside one, a bar
/// counts wherever a known filter follows it.
fn split_bars(text: &str) -> Vec<&str> {
    let text = text.trim();
    let text_with_row = text.strip_prefix('|').map(|rest| (rest, true)).unwrap_or((text, false));
    let (body, starts_at_row) = text_with_row;
    let mut pieces = strict_bars(body).unwrap_or_else(|| lenient_bars(body));
    if starts_at_row {
        pieces.insert(0, "");
    }
    pieces
}

fn strict_bars(text: &str) -> Option<Vec<&str>> {
    let bytes = text.as_bytes();
    let (mut depth, mut quote, mut start, mut at) = (0_i32, None, 0, 0);
    let mut pieces = Vec::new();
    while at < bytes.len() {
        let byte = bytes[at];
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None => match byte {
                b'\\' => at += 1,
                b'\'' | b'"' => quote = Some(byte),
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                b'|' if depth == 0 && is_spaced(bytes, at) => {
                    pieces.push(&text[start..at]);
                    start = at + 1;
                }
                _ => {}
            },
        }
        at += 1;
    }
    pieces.push(&text[start..]);
    (depth == 0 && quote.is_none()).then_some(pieces)
}

fn lenient_bars(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in 0..bytes.len() {
        if bytes[at] == b'|' && is_spaced(bytes, at) && filter::begins_like_filter(text[at + 1..].trim_start()) {
            pieces.push(&text[start..at]);
            start = at + 1;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

fn is_spaced(bytes: &[u8], at: usize) -> bool {
    at > 0 && bytes[at - 1].is_ascii_whitespace() && bytes.get(at + 1).is_some_and(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, language: Language) -> Result<Path, FieldError> {
        let params = BTreeMap::from([("base".to_owned(), "https://a.example".to_owned())]);
        Path::parse(text, &Names { params: &params, fields: &["id", "url"], language })
    }

    #[test]
    fn bars_cut_only_outside_brackets_and_quotes() {
        assert_eq!(split_bars("a[x='1 | 2'] @href | regex((a | b)) | lower").len(), 3);
        assert_eq!(split_bars(r"td | text | after(\() | lower").len(), 4);
        assert_eq!(split_bars("td | text | after(() | lower").len(), 4);
        assert_eq!(split_bars("td | text | after(don't) | lower").len(), 4);
        assert_eq!(split_bars("| text"), ["", " text"]);
    }

    #[test]
    fn selectors_attributes_literals_and_pseudo_fields() {
        let link = parse("td a:not([class]) @href | url", Language::Css).unwrap();
        assert_eq!((link.attribute.as_deref(), link.filters.len()), (Some("href"), 1));
        assert!(matches!(
            parse("@data-post", Language::Css).unwrap(),
            Path { target: Target::Row, attribute: Some(_), .. }
        ));
        assert!(matches!(parse("https://t.example/{id}", Language::Css).unwrap().target, Target::Template(_)));
        assert!(matches!(parse("{base}/x", Language::Json).unwrap().target, Target::Template(_)));
        assert!(matches!(parse("^url | regex(/(\\d+)-)", Language::Css).unwrap().target, Target::PageUrl));
        assert!(matches!(
            parse("^h1 | text", Language::Css).unwrap(),
            Path { of_page: true, target: Target::Css(_), .. }
        ));
        assert!(matches!(parse("jsonld:JobPosting.title", Language::Css).unwrap().target, Target::JsonLd(..)));
        assert!(matches!(parse("^feed.title", Language::Css).unwrap().target, Target::FeedHead(FeedPart::Title)));
        assert!(matches!(parse("list_time | time(ms)", Language::Json).unwrap().target, Target::Json(_)));
    }

    #[test]
    fn mistakes_come_with_a_suggestion() {
        assert_eq!(parse("a | txt", Language::Css).unwrap_err().suggestion.as_deref(), Some("text"));
        assert_eq!(parse("{bse}/x", Language::Css).unwrap_err().suggestion.as_deref(), Some("{base}"));
        assert_eq!(parse("guidd", Language::Feed).unwrap_err().suggestion.as_deref(), Some("guid"));
        assert_eq!(parse("a[", Language::Css).unwrap_err().code, "bad-selector");
    }
}
