//! Feeds: what feedparser's own well-formed cases give, ours must give.

use intake::extract::feed;
use intake::fetch::charset;
use intake::source::field::FeedPart;
use url::Url;

use crate::{peer, pypi_source};

#[test]
fn at_least_95_percent_of_feedparser_s_well_formed_feeds_give_id_title_link_and_date() {
    let folder = pypi_source("feedparser", "tests/wellformed");
    let cases = peer(&["feeds", folder.to_str().unwrap()], "");
    let with_parts =
        |case: &&serde_json::Value| ["id", "title", "link", "at_ms"].iter().any(|part| !case[*part].is_null());
    let cases: Vec<_> = cases.iter().filter(with_parts).collect();
    assert!(cases.len() >= 200, "only {} feeds with an entry in feedparser's source package", cases.len());
    let mut missed = Vec::new();
    for case in &cases {
        let file = case["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let text = charset::decode(&bytes, None, "application/xml").text;
        let url = Url::parse("http://127.0.0.1:8097/").unwrap().join(file).unwrap();
        let read = feed::read(&text, &url);
        let entry = read.as_ref().ok().and_then(|feed| feed.entries.first());
        for (part, name) in [
            (FeedPart::Guid, "id"),
            (FeedPart::Title, "title"),
            (FeedPart::Link, "link"),
            (FeedPart::Published, "at_ms"),
        ] {
            let has = entry.is_some_and(|entry| !entry.part(part).is_empty());
            let is_there = match &case[name] {
                serde_json::Value::Null => false,
                // Where a file names no link, feedparser takes any id for one, `1` and `urn:` too; a link must lead.
                _ if name == "link" && !text.contains("<link") && !has => false,
                serde_json::Value::String(text) => !text.trim().is_empty(),
                _ => true,
            };
            if is_there && !has {
                missed.push(format!(
                    "{file}: no {name}{}",
                    read.as_ref().err().map(|error| format!(" ({error})")).unwrap_or_default()
                ));
                break;
            }
        }
    }
    let good = cases.len() - missed.len();
    assert!(good * 100 >= cases.len() * 95, "{good} of {}; missed:\n{}", cases.len(), missed.join("\n"));
}
