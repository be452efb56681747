//! Sitemaps and sitemap indexes (sitemaps.org), news sitemaps, and plain lists of addresses.

use quick_xml::Reader;
use quick_xml::events::Event;
use url::Url;

use crate::canonical;
use crate::filter::time::iso;

/// The most entries of one sitemap, as the protocol says.
pub const ENTRIES_MAX: usize = 50_000;

/// An address that a sitemap names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The canonical address.
    pub url: String,
    /// When it changed, UTC milliseconds.
    pub lastmod_ms: Option<i64>,
    /// Whether it is itself a sitemap.
    pub is_sitemap: bool,
}

/// Reads a sitemap. Entities are not expanded beyond the five of XML.
pub fn read(text: &str, url: &Url) -> Result<Vec<Entry>, String> {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if !body.starts_with('<') {
        return plain(body, url);
    }
    let mut reader = Reader::from_str(body);
    let mut entries = Vec::new();
    let mut open: Option<(bool, Option<String>, Option<String>)> = None;
    let mut name = String::new();
    let mut value = String::new();
    let mut is_known = false;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                name = tag.local_name().as_ref().to_ascii_lowercase();
                value.clear();
                match name.as_str() {
                    "urlset" | "sitemapindex" => is_known = true,
                    "url" => open = Some((false, None, None)),
                    "sitemap" => open = Some((true, None, None)),
                    _ => {}
                }
            }
            Event::Text(part) => value.push_str(&part),
            Event::CData(part) => value.push_str(&part),
            Event::GeneralRef(part) => {
                let written = format!("&{};", &*part);
                value.push_str(&quick_xml::escape::unescape(&written).unwrap_or_default());
            }
            Event::End(tag) => {
                let ended = tag.local_name().as_ref().to_ascii_lowercase();
                if let Some((_, loc, lastmod)) = &mut open
                    && ended == name
                {
                    match ended.as_str() {
                        "loc" if loc.is_none() => *loc = Some(value.trim().to_owned()),
                        "lastmod" | "publication_date" if lastmod.is_none() => *lastmod = Some(value.trim().to_owned()),
                        _ => {}
                    }
                }
                if matches!(ended.as_str(), "url" | "sitemap")
                    && let Some((is_sitemap, Some(loc), lastmod)) = open.take()
                {
                    let lastmod_ms = lastmod.and_then(|text| iso(&text, None)).map(|moment| moment.at_ms);
                    entries.extend(canonical::canonical_text(&loc, Some(url)).map(|url| Entry {
                        url,
                        lastmod_ms,
                        is_sitemap,
                    }));
                }
                name.clear();
            }
            Event::Eof => break,
            _ => {}
        }
        if entries.len() >= ENTRIES_MAX {
            break;
        }
    }
    if is_known { Ok(entries) } else { Err("không phải urlset hay sitemapindex".into()) }
}

fn plain(body: &str, url: &Url) -> Result<Vec<Entry>, String> {
    let entries: Vec<Entry> = body
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("http"))
        .filter_map(|line| canonical::canonical_text(line, Some(url)))
        .map(|url| Entry { url, lastmod_ms: None, is_sitemap: false })
        .take(ENTRIES_MAX)
        .collect();
    if entries.is_empty() { Err("không có địa chỉ nào".into()) } else { Ok(entries) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_indexes_and_lists() {
        let url = Url::parse("https://a.example/sitemap.xml").unwrap();
        let xml = r#"<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="n">
            <url><loc>https://a.example/t?a=1&amp;b=2</loc><lastmod>2026-09-01</lastmod></url>
            <url><loc> /2 </loc><news:news><news:publication_date>2026-09-02T00:00:00Z</news:publication_date></news:news></url></urlset>"#;
        let entries = read(xml, &url).unwrap();
        assert_eq!(entries[0].url, "https://a.example/t?a=1&b=2");
        assert_eq!(entries[0].lastmod_ms, Some(1_788_220_800_000));
        assert_eq!(
            entries[1],
            Entry { url: "https://a.example/2".into(), lastmod_ms: Some(1_788_307_200_000), is_sitemap: false }
        );
        let index =
            read("<sitemapindex><sitemap><loc>https://a.example/s1.xml</loc></sitemap></sitemapindex>", &url).unwrap();
        assert!(index[0].is_sitemap);
        assert_eq!(read("https://a.example/1\nhttps://a.example/2\n", &url).unwrap().len(), 2);
        assert!(read("<html><body>Không tìm thấy</body></html>", &url).is_err());
    }
}
