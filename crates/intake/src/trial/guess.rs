//! Which source files fit an address, the likeliest first.
//!
//! A file of the library fits when it finds its parameters in the address (`from_url`) and its mark on the page
//! (`detect`, else `[expect] page`). A page that none fits is described by its JSON-LD, its feed, or its repeated rows.

use std::collections::BTreeMap;

use scraper::{Html, Selector};
use url::Url;

use super::{TriedPage, siblings};
use crate::extract::{feed, is_too_deep, sitemap};
use crate::source::css::Css;
use crate::source::file::{Kind, OneOrMany, SourceFile};
use crate::source::{Basis, check};

/// Source files by name: the shipped ones and the administrator's own.
pub type Library = [(String, String)];

/// A source file that may fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text of the file.
    pub toml: String,
    /// Values of its parameters.
    pub params: BTreeMap<String, String>,
    /// What made it fit, in Vietnamese.
    pub because: String,
}

/// The files that fit an address. Without `page`, those that are known by the address alone: such a site need not be
/// asked, and some may not.
pub fn candidates(url: &Url, page: Option<&TriedPage>, library: &Library) -> Vec<Candidate> {
    let files: Vec<(SourceFile, &str)> = library
        .iter()
        .filter(|(name, _)| !name.starts_with("demo-"))
        .filter_map(|(name, text)| Some((check::read(text, name).ok()?.0, text.as_str())))
        .collect();
    let fits = |shape: &SourceFile, text: &str, url: &str, because: &str| {
        let params = params_of(shape, url)?;
        Some(Candidate { toml: text.to_owned(), params, because: because.to_owned() })
    };
    let Some(page) = page else {
        return files
            .iter()
            .filter(|(shape, _)| mark_of(shape).is_none() && !is_general(shape))
            .filter_map(|(shape, text)| fits(shape, text, url.as_str(), "địa chỉ thuộc về nguồn này"))
            .collect();
    };
    let kept = page.kept();
    let Ok(text) = kept.text() else { return Vec::new() };
    let of_kind = |id: &str, at: &str, because: &str| {
        files.iter().find(|(shape, _)| shape.id == id).and_then(|(shape, text)| fits(shape, text, at, because))
    };
    let answered = Url::parse(kept.answered).unwrap_or_else(|_| url.clone());
    if is_data(&text) {
        let by_feed = feed::read(&text, &answered).is_ok().then(|| of_kind("feed", url.as_str(), "là nguồn tin"));
        let by_map =
            sitemap::read(&text, &answered).is_ok().then(|| of_kind("job-sitemap", url.as_str(), "là sơ đồ trang"));
        return by_feed.flatten().into_iter().chain(by_map.flatten()).collect();
    }
    if is_too_deep(&text) {
        return Vec::new();
    }
    let html = Html::parse_document(&text);
    let mut found: Vec<Candidate> = files
        .iter()
        .filter(|(shape, _)| mark_of(shape).is_some_and(|mark| has_mark(&html, mark)))
        .filter_map(|(shape, text)| fits(shape, text, answered.as_str(), "trang mang dấu của phần mềm này"))
        .collect();
    if text.contains("JobPosting") {
        found.extend(of_kind("job-sitemap", answered.as_str(), "trang có JSON-LD JobPosting"));
    }
    if let Some(link) = feed_link(&html, &answered) {
        found.extend(of_kind("feed", link.as_str(), "trang chỉ tới nguồn tin của nó"));
    }
    found.extend(siblings::describe(&html, &answered));
    found
}

/// The mark by which the software is known on a page.
fn mark_of(shape: &SourceFile) -> Option<&OneOrMany> {
    let of_page = shape.expect.page.as_ref().filter(|_| shape.kind == Kind::Html);
    shape.detect.as_ref().or(of_page)
}

/// Whether the file serves any site at all: it is then chosen by what the page is, not by its address.
fn is_general(shape: &SourceFile) -> bool {
    shape.access.basis == Basis::Open
        && shape.params.values().flat_map(|param| &param.from_url).all(|pattern| pattern.starts_with("^(?P<"))
}

fn has_mark(html: &Html, mark: &OneOrMany) -> bool {
    let root = html.root_element();
    mark.all()
        .iter()
        .filter_map(|selector| Css::parse(selector).ok())
        .any(|selector| selector.matches(&root, root) || !selector.select(root).is_empty())
}

/// The parameters that the address gives, where it gives all that have no default.
fn params_of(shape: &SourceFile, url: &str) -> Option<BTreeMap<String, String>> {
    let params = check::params_from_url(shape, url);
    let is_given = |name: &String| params.contains_key(name) || shape.params[name].default.is_some();
    let matches = |name: &String, value: &String| match shape.params.get(name).and_then(|it| it.pattern.as_ref()) {
        Some(pattern) => regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(value)),
        None => true,
    };
    // A key is given by a person, never by a link; the file says so when it is tried.
    let all = shape.params.keys().filter(|name| *name != "key").all(is_given);
    (all && !params.is_empty() && params.iter().all(|(name, value)| matches(name, value))).then_some(params)
}

/// Whether the answer is no page for people.
fn is_data(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let head = start.get(..start.len().min(600)).unwrap_or(start).to_ascii_lowercase();
    start.starts_with('{')
        || start.starts_with('[')
        || ((head.starts_with("<?xml") || head.starts_with('<')) && !head.contains("<html") && {
            ["<rss", "<feed", "<rdf:rdf", "<urlset", "<sitemapindex"].iter().any(|root| head.contains(root))
        })
}

fn feed_link(html: &Html, base: &Url) -> Option<Url> {
    let links = Selector::parse("link[rel~=alternate][type][href]").ok()?;
    html.select(&links)
        .filter(|link| {
            let kind = link.attr("type").unwrap_or_default();
            ["application/rss+xml", "application/atom+xml", "application/feed+json"].contains(&kind)
        })
        .find_map(|link| base.join(link.attr("href")?).ok())
}

/// The file with the parameters written into it as defaults, so that it runs as it stands.
pub fn with_defaults(toml: &str, params: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(toml.len() + 64);
    let mut inside: Option<&String> = None;
    for line in toml.lines() {
        let head = line.trim().strip_prefix("[params.").and_then(|rest| rest.split(']').next());
        if line.trim_start().starts_with('[') {
            inside = head.and_then(|name| params.get(name));
        } else if inside.is_some() && line.trim_start().starts_with("default") {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        if let (Some(_), Some(value)) = (head, inside) {
            out.push_str(&format!("default = {}\n", toml::Value::String(value.clone())));
        }
    }
    out
}

/// The file with this page as its only fixture.
pub fn with_fixture(toml: &str, page: &str) -> String {
    let line = format!("fixtures = [{}]\n", toml::Value::String(page.to_owned()));
    let (mut out, mut is_inside, mut is_written) = (String::with_capacity(toml.len() + 64), false, false);
    for text in toml.lines() {
        if text.trim_start().starts_with('[') {
            is_inside = text.trim() == "[expect]";
        } else if is_inside && text.trim_start().starts_with("fixtures") {
            continue;
        }
        out.push_str(text);
        out.push('\n');
        if is_inside && !is_written {
            out.push_str(&line);
            is_written = true;
        }
    }
    if !is_written {
        out.push_str(&format!("\n[expect]\n{line}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_defaults_of_the_written_file() {
        let toml = "id = \"a\"\n[params.base]\npattern = 'x'\ndefault = \"old\"\n\n[walk]\ndefault = 1\n";
        let params = BTreeMap::from([("base".to_owned(), "https://a.example/\"q".to_owned())]);
        let written = with_defaults(toml, &params);
        assert!(written.contains("[params.base]\ndefault = 'https://a.example/\"q'\npattern"), "{written}");
        assert!(!written.contains("old") && written.contains("[walk]\ndefault = 1"));
    }
}
