//! RSS, Atom and JSON Feed read alike.

use feed_rs::model::{Entry, FeedType, Link, Person, Text};
use url::Url;

use super::older;
use crate::filter::time::rfc3339;
use crate::source::field::FeedPart;

/// A feed: its head and its entries.
pub struct Feed {
    /// What the feed says of itself.
    pub head: FeedEntry,
    /// Its entries in order.
    pub entries: Vec<FeedEntry>,
}

/// An entry by its parts.
#[derive(Default)]
pub struct FeedEntry {
    guid: Option<String>,
    links: Vec<String>,
    title: Option<String>,
    content: Option<String>,
    summary: Option<String>,
    published: Option<String>,
    updated: Option<String>,
    author: Option<String>,
    categories: Vec<String>,
    language: Option<String>,
}

impl FeedEntry {
    /// The values of a part.
    pub fn part(&self, part: FeedPart) -> Vec<String> {
        let one = |value: &Option<String>| value.iter().cloned().collect();
        match part {
            FeedPart::Guid => one(&self.guid),
            FeedPart::Link => self.links.iter().take(1).cloned().collect(),
            FeedPart::Links => self.links.clone(),
            FeedPart::Title => one(&self.title),
            FeedPart::Content => one(&self.content),
            FeedPart::Summary => one(&self.summary),
            FeedPart::Published => one(if self.published.is_some() { &self.published } else { &self.updated }),
            FeedPart::Updated => one(&self.updated),
            FeedPart::Author => one(&self.author),
            FeedPart::Categories => self.categories.clone(),
            FeedPart::Language => one(&self.language),
        }
    }
}

/// Reads a feed that is already decoded to Unicode.
pub fn read(text: &str, url: &Url) -> Result<Feed, String> {
    let text = as_utf8_xml(text.trim_start_matches('\u{feff}').trim_start());
    let parser = feed_rs::parser::Builder::new()
        .base_uri(Some(url.as_str()))
        .sanitize_content(false)
        .id_generator(|_, _, _| String::new())
        .build();
    let text = older::in_todays_words(&text);
    let feed = parser.parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let is_rdf = feed.feed_type == FeedType::RSS1;
    let head = FeedEntry {
        guid: some(feed.id),
        links: links(&feed.links),
        title: text_of(feed.title),
        summary: text_of(feed.description),
        published: feed.published.map(|at| rfc3339(at.timestamp_millis())),
        updated: feed.updated.map(|at| rfc3339(at.timestamp_millis())),
        author: names(&feed.authors),
        language: feed.language,
        ..FeedEntry::default()
    };
    Ok(Feed { head, entries: feed.entries.into_iter().map(|found| entry(found, is_rdf)).collect() })
}

fn entry(entry: Entry, is_rdf: bool) -> FeedEntry {
    let (mut guid, mut links) = (some(entry.id), links(&entry.links));
    if is_rdf && guid.is_none() {
        // RSS 1.0, 5.5: an item's `rdf:about` is its name, and should be its link.
        guid = links.first().cloned();
    } else if links.is_empty() {
        // RSS 2.0: a guid is a permanent link unless it says otherwise; Atom names many entries by their address.
        links.extend(
            guid.clone().filter(|guid| guid.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))),
        );
    }
    FeedEntry {
        guid,
        links,
        title: text_of(entry.title),
        content: entry.content.and_then(|content| content.body).and_then(some),
        summary: text_of(entry.summary),
        published: entry.published.map(|at| rfc3339(at.timestamp_millis())),
        updated: entry.updated.map(|at| rfc3339(at.timestamp_millis())),
        author: names(&entry.authors),
        categories: entry.categories.into_iter().map(|category| category.label.unwrap_or(category.term)).collect(),
        language: entry.language,
    }
}

fn some(text: String) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn text_of(text: Option<Text>) -> Option<String> {
    text.map(|text| text.content).and_then(some)
}

fn names(people: &[Person]) -> Option<String> {
    let names: Vec<&str> = people
        .iter()
        .filter_map(|person| person.name.as_deref())
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    some(names.join(", "))
}

/// The page itself first, other links behind it.
fn links(links: &[Link]) -> Vec<String> {
    let is_page = |link: &&Link| link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let (pages, others): (Vec<&Link>, Vec<&Link>) = links.iter().partition(is_page);
    pages.into_iter().chain(others).map(|link| link.href.trim().to_owned()).filter(|href| !href.is_empty()).collect()
}

/// The declaration must not name the encoding that the text no longer has, and HTML's names are no XML entities.
fn as_utf8_xml(text: &str) -> String {
    let Some(declaration) = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) else {
        return with_plain_entities(text);
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", with_plain_entities(declaration.1))
}

fn with_plain_entities(text: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("&nbsp;", "\u{a0}"),
        ("&ndash;", "–"),
        ("&mdash;", "—"),
        ("&hellip;", "…"),
        ("&laquo;", "«"),
        ("&raquo;", "»"),
        ("&lsquo;", "‘"),
        ("&rsquo;", "’"),
        ("&ldquo;", "“"),
        ("&rdquo;", "”"),
        ("&copy;", "©"),
        ("&eacute;", "é"),
    ];
    if !NAMES.iter().any(|(name, _)| text.contains(name)) {
        return text.to_owned();
    }
    // Inside CDATA an entity belongs to the HTML there and is left alone.
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("<![CDATA[") {
        let (before, after) = rest.split_at(at);
        out.push_str(&NAMES.iter().fold(before.to_owned(), |text, (name, plain)| text.replace(name, plain)));
        let end = after.find("]]>").map_or(after.len(), |end| end + 3);
        out.push_str(&after[..end]);
        rest = &after[end..];
    }
    out.push_str(&NAMES.iter().fold(rest.to_owned(), |text, (name, plain)| text.replace(name, plain)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_read_alike() {
        let url = Url::parse("https://a.example/feed/").unwrap();
        let rss = r#"<?xml version="1.0" encoding="ISO-8859-1"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
            <channel><title>Kênh</title><link>https://a.example/</link><item><guid isPermaLink="false">g-1</guid><title>Một&nbsp;hai</title>
            <link>https://a.example/1</link><pubDate>Tue, 01 Sep 2026 09:00:00 +0700</pubDate><dc:creator>An</dc:creator>
            <content:encoded><![CDATA[<p>Chào&nbsp;bạn</p>]]></content:encoded></item><item><title>Không id</title><link>/2</link></item></channel></rss>"#;
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>Kênh</title><entry><id>g-1</id><title>Một hai</title>
            <link rel="self" href="https://a.example/self"/><link href="https://a.example/1"/><updated>2026-09-01T09:00:00+07:00</updated>
            <author><name>An</name></author><content type="html">&lt;p&gt;Chào bạn&lt;/p&gt;</content></entry></feed>"#;
        let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Kênh","items":[{"id":"g-1","url":"https://a.example/1",
            "title":"Một hai","content_html":"<p>Chào bạn</p>","date_published":"2026-09-01T09:00:00+07:00","authors":[{"name":"An"}]}]}"#;
        for text in [rss, atom, json] {
            let feed = read(text, &url).unwrap();
            let first = &feed.entries[0];
            assert_eq!(first.part(FeedPart::Guid), ["g-1"]);
            assert_eq!(first.part(FeedPart::Link), ["https://a.example/1"], "{text}");
            assert_eq!(first.part(FeedPart::Published), ["2026-09-01T02:00:00.000Z"]);
            assert_eq!(first.part(FeedPart::Author), ["An"]);
            assert!(first.part(FeedPart::Content)[0].contains("Chào"));
        }
        let feed = read(rss, &url).unwrap();
        assert_eq!(feed.entries[0].part(FeedPart::Title), ["Một\u{a0}hai"]);
        assert!(feed.entries[1].part(FeedPart::Guid).is_empty());
        assert_eq!(feed.entries[1].part(FeedPart::Link), ["https://a.example/2"]);
        assert!(read("<html></html>", &url).is_err());
    }
}
