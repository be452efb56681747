//! Older vocabularies of feeds in today's words, so that one reader reads them all: Atom 0.3 as Atom 1.0, RSS 0.90 as
//! RSS 1.0, and what RSS says through Dublin Core and Media RSS as what it says itself.
//!
//! Only names, namespaces and types of text are exchanged; a feed that needs none of it is left alone. Deliberately
//! absent: the Channel Definition Format, which no site has served for twenty years.

use std::borrow::Cow;

use base64::Engine as _;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::name::QName;
use quick_xml::{Reader, Writer};

const ATOM_03: &str = "http://purl.org/atom/ns#";
const ATOM: &str = "http://www.w3.org/2005/Atom";
const RSS_090: &str = "http://my.netscape.com/rdf/simple/0.9/";
const RSS_20: &str = "http://backend.userland.com/rss2";
const RSS: &str = "http://purl.org/rss/1.0/";
const DUBLIN_CORE: &str = "http://purl.org/dc/elements/1.1/";
const DUBLIN_CORE_TERMS: &str = "http://purl.org/dc/terms/";
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// The feed with today's names; itself when it has none of the older ones or is no XML.
pub fn in_todays_words(text: &str) -> Cow<'_, str> {
    let is_older =
        [ATOM_03, RSS_090, RSS_20, DUBLIN_CORE_TERMS, "dc:title", "media:title", "<rdf:RDF", "application/xhtml+xml"]
            .iter()
            .any(|sign| text.contains(sign))
            || text.contains("<rss") && !text.contains("version");
    if !is_older {
        return Cow::Borrowed(text);
    }
    Rewriter::default().rewrite(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// An element that is being rewritten: its new name, and whether its text is in base 64.
struct Open {
    name: String,
    is_base64: bool,
}

#[derive(Default)]
struct Rewriter {
    /// Prefixes and their namespaces with the depth at which they were declared, the innermost last; the empty prefix is
    /// the default one.
    namespaces: Vec<(usize, String, String)>,
    open: Vec<Open>,
    /// Where the item of an RDF feed says that it is, until it names a link.
    about: Option<String>,
}

impl Rewriter {
    fn rewrite(mut self, text: &str) -> Option<String> {
        let mut reader = Reader::from_str(text);
        let mut writer = Writer::new(Vec::new());
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => {
                    let (start, is_base64) = self.start(&tag);
                    self.open.push(Open { name: start.name().as_ref().to_owned(), is_base64 });
                    writer.write_event(Event::Start(start)).ok()?;
                }
                Event::Empty(tag) => {
                    let (start, _) = self.start(&tag);
                    self.forget_namespaces();
                    writer.write_event(Event::Empty(start)).ok()?;
                }
                Event::End(tag) => {
                    let open = self.open.pop()?;
                    self.forget_namespaces();
                    if tag.local_name().as_ref() == "item"
                        && let Some(about) = self.about.take()
                    {
                        let link = BytesStart::new("link").with_attributes([("xmlns", RSS)]);
                        writer.write_event(Event::Start(link)).ok()?;
                        writer.write_event(Event::Text(BytesText::from_escaped(about))).ok()?;
                        writer.write_event(Event::End(BytesEnd::new("link"))).ok()?;
                    }
                    writer.write_event(Event::End(BytesEnd::new(open.name))).ok()?;
                }
                Event::Text(part) if self.open.last().is_some_and(|open| open.is_base64) => {
                    let packed: String = part.chars().filter(|c| !c.is_whitespace()).collect();
                    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
                    let plain = String::from_utf8_lossy(&bytes).into_owned();
                    writer.write_event(Event::Text(BytesText::new(&plain))).ok()?;
                }
                Event::Eof => return String::from_utf8(writer.into_inner()).ok(),
                other => writer.write_event(other).ok()?,
            }
        }
    }

    /// Leaves the namespaces of an element that has ended.
    fn forget_namespaces(&mut self) {
        let depth = self.open.len();
        self.namespaces.retain(|(declared, _, _)| *declared < depth);
    }

    /// The element as today's vocabulary has it, and whether its text is in base 64.
    fn start(&mut self, tag: &BytesStart<'_>) -> (BytesStart<'static>, bool) {
        let attributes: Vec<(String, String)> = tag
            .attributes()
            .with_checks(false)
            .flatten()
            .map(|attribute| (attribute.key.as_ref().to_owned(), attribute.value.to_string()))
            .collect();
        for (name, value) in &attributes {
            if let Some(prefix) = name.strip_prefix("xmlns") {
                let depth = self.open.len();
                self.namespaces.push((depth, prefix.trim_start_matches(':').to_owned(), value.clone()));
            }
        }
        let name = tag.name().as_ref().to_owned();
        let (prefix, local) = name.split_once(':').unwrap_or(("", &name));
        let namespace = self
            .namespaces
            .iter()
            .rev()
            .find(|(_, declared, _)| declared == prefix)
            .map_or("", |(_, _, namespace)| namespace.as_str());
        let is_in_item = self.open.iter().any(|open| matches!(open.name.rsplit(':').next(), Some("item")));
        let renamed = match (namespace, local) {
            (ATOM_03, "issued") => Some((ATOM, "published")),
            (ATOM_03, "modified") => Some((ATOM, "updated")),
            (ATOM_03, "tagline") => Some((ATOM, "subtitle")),
            (DUBLIN_CORE_TERMS, "issued" | "created" | "modified") if is_in_item => Some((DUBLIN_CORE, "date")),
            (DUBLIN_CORE | MEDIA, "title") if is_in_item => Some((RSS, "title")),
            _ => None,
        };
        let of = |key: &str| attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let is_old_text = match namespace {
            ATOM_03 => matches!(local, "title" | "summary" | "content" | "tagline" | "copyright" | "info"),
            // Atom 1.0, 3.1 knows three types of text; some feeds kept the older ones.
            ATOM => matches!(local, "title" | "summary") && of("type").is_some_and(|kind| kind.contains('/')),
            _ => false,
        };
        let is_base64 = is_old_text && of("mode") == Some("base64");
        let mut start = BytesStart::new(renamed.map_or(name.clone(), |(_, new)| new.to_owned()));
        for (key, value) in &attributes {
            if is_old_text && matches!(key.as_str(), "type" | "mode") || renamed.is_some() && key == "xmlns" {
                continue;
            }
            let value = if key.starts_with("xmlns") { todays_namespace(value) } else { value };
            // The value is still as it was written, entities and all.
            start.push_attribute(Attribute { key: QName(key), value: Cow::Borrowed(value) });
        }
        if is_old_text {
            let is_markup = of("type").is_some_and(|kind| kind.contains("html"));
            let kind = match of("mode") {
                Some("escaped" | "base64") => "html",
                _ if is_markup => "xhtml",
                _ => "text",
            };
            start.push_attribute(("type", kind));
        }
        if let Some((namespace, _)) = renamed {
            start.push_attribute(("xmlns", namespace));
        }
        if local == "rss" && of("version").is_none() {
            start.push_attribute(("version", "2.0"));
        }
        match local {
            "item" => self.about = attributes.iter().find(|(key, _)| key.ends_with(":about")).map(|(_, v)| v.clone()),
            "link" if is_in_item => self.about = None,
            _ => {}
        }
        (start, is_base64)
    }
}

fn todays_namespace(namespace: &str) -> &str {
    match namespace {
        ATOM_03 => ATOM,
        RSS_090 | RSS_20 => RSS,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_names_become_todays_and_the_rest_stays() {
        for (older, todays) in [
            (
                r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title type="text/html" mode="escaped">a &amp;lt; b</title><issued>2003</issued></entry></feed>"#,
                r#"<feed version="0.3" xmlns="http://www.w3.org/2005/Atom"><entry><title type="html">a &amp;lt; b</title><published xmlns="http://www.w3.org/2005/Atom">2003</published></entry></feed>"#,
            ),
            (
                r#"<feed xmlns="http://purl.org/atom/ns#"><title mode="base64">QSA8Yg==</title></feed>"#,
                r#"<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">A &lt;b</title></feed>"#,
            ),
            (
                r#"<rdf:RDF xmlns="http://purl.org/rss/1.0/"><item rdf:about="https://a.example/1?a&amp;b"><title>x</title></item></rdf:RDF>"#,
                r#"<rdf:RDF xmlns="http://purl.org/rss/1.0/"><item rdf:about="https://a.example/1?a&amp;b"><title>x</title><link xmlns="http://purl.org/rss/1.0/">https://a.example/1?a&amp;b</link></item></rdf:RDF>"#,
            ),
            (r#"<rss version="2.0"><channel/></rss>"#, r#"<rss version="2.0"><channel/></rss>"#),
        ] {
            assert_eq!(in_todays_words(older), todays);
        }
        assert_eq!(in_todays_words("<rdf:RDF <"), "<rdf:RDF <", "what is no XML is left for the reader to refuse");
    }
}
