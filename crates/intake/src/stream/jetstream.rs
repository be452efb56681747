//! Frames of Bluesky's Jetstream, version 1 (`/subscribe`): one JSON object a frame.
//!
//! Commits of the collection `app.bsky.feed.post` are posts, their deletions deletions; an account that is not active
//! any more (deleted, taken down, suspended, deactivated) takes its posts with it. Shape:
//! <https://github.com/bluesky-social/jetstream>.

use model::Post;
use serde::Deserialize;
use serde_json::Value;

use crate::filter::time;
use crate::import::TEXT_BYTES_MAX;

/// The collection of posts.
pub const COLLECTION: &str = "app.bsky.feed.post";
/// A post says itself when it was written; what it says may lie at most this far ahead of the stream, in milliseconds.
const AHEAD_MAX_MS: i64 = 10 * 60_000;

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its place in the stream, in microseconds.
    pub cursor_us: i64,
    /// What changed, where it concerns us.
    pub change: Option<Change>,
}

/// A change that a frame tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A post was written, or written anew.
    Post(Box<Post>),
    /// The post with this address was deleted by its author.
    Deleted(String),
    /// The account with this id is gone, and its posts with it.
    AccountGone(String),
}

#[derive(Deserialize)]
struct Envelope {
    did: String,
    time_us: i64,
    #[serde(default)]
    cursor: Option<i64>,
    kind: String,
    #[serde(default)]
    commit: Option<Commit>,
    #[serde(default)]
    account: Option<Account>,
}

#[derive(Deserialize)]
struct Commit {
    operation: String,
    collection: String,
    rkey: String,
    #[serde(default)]
    record: Value,
}

#[derive(Deserialize)]
struct Account {
    active: bool,
}

/// Reads a frame. Posts of other languages than these are passed over.
///
/// # Errors
/// What is wrong with the frame, without anything of its content.
pub fn read(line: &str, source: &str, languages: &[String]) -> Result<Frame, &'static str> {
    let envelope: Envelope = serde_json::from_str(line).map_err(|_| "khung không đúng khuôn Jetstream")?;
    let cursor_us = envelope.cursor.unwrap_or(envelope.time_us);
    let change = match (envelope.kind.as_str(), &envelope.commit, &envelope.account) {
        ("account", _, Some(account)) if !account.active => Some(Change::AccountGone(envelope.did.clone())),
        ("commit", Some(commit), _) if commit.collection == COLLECTION => {
            let id = format!("at://{}/{COLLECTION}/{}", envelope.did, commit.rkey);
            match commit.operation.as_str() {
                "delete" => Some(Change::Deleted(id)),
                "create" | "update" => {
                    post(&envelope, commit, id, source, languages).map(|post| Change::Post(Box::new(post)))
                }
                _ => None,
            }
        }
        _ => None,
    };
    Ok(Frame { cursor_us, change })
}

fn post(envelope: &Envelope, commit: &Commit, id: String, source: &str, languages: &[String]) -> Option<Post> {
    let record = &commit.record;
    let text = record["text"].as_str()?.replace('\0', "");
    if text.trim().is_empty() || text.len() > TEXT_BYTES_MAX || !is_wanted(record, &text, languages) {
        return None;
    }
    let arrived_ms = envelope.time_us / 1_000;
    let written = record["createdAt"].as_str().and_then(|at| time::iso(at, None)).map(|at| at.at_ms);
    let uri = |value: &Value| value["uri"].as_str().map(str::to_owned);
    Some(Post {
        source: source.to_owned(),
        url: Some(format!("https://bsky.app/profile/{}/post/{}", envelope.did, commit.rkey)),
        author: Some(envelope.did.clone()),
        author_id: Some(envelope.did.clone()),
        // Only the past can be true: the frame is there already.
        posted_at_ms: Some(written.filter(|at| *at <= arrived_ms + AHEAD_MAX_MS).unwrap_or(arrived_ms)),
        thread: uri(&record["reply"]["root"]).or_else(|| Some(id.clone())),
        parent: uri(&record["reply"]["parent"]),
        links: links(record),
        native_id: id,
        text,
        ..Post::default()
    })
}

fn links(record: &Value) -> Vec<String> {
    let facets = record["facets"].as_array().into_iter().flatten();
    let features = facets.flat_map(|facet| facet["features"].as_array().into_iter().flatten());
    let card = &record["embed"]["external"];
    let mut links: Vec<String> = Vec::new();
    for link in features.chain([card]).filter_map(|it| it["uri"].as_str()) {
        if link.starts_with("http") && !links.iter().any(|known| known == link) {
            links.push(link.to_owned());
        }
    }
    links
}

/// Languages are declared by the author's program and often wrong, so Vietnamese letters count as well.
fn is_wanted(record: &Value, text: &str, languages: &[String]) -> bool {
    let declared = record["langs"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let is = |declared: &str, wanted: &String| declared.split('-').next() == Some(wanted.as_str());
    languages.is_empty()
        || declared.into_iter().any(|declared| languages.iter().any(|wanted| is(declared, wanted)))
        || (languages.iter().any(|wanted| wanted == "vi") && has_vietnamese_letters(text))
}

/// Letters that no other language of the network writes; two of them, since names of dishes travel.
fn has_vietnamese_letters(text: &str) -> bool {
    let is_own = |c: &char| matches!(c, 'ơ' | 'ư' | 'Ơ' | 'Ư' | 'đ' | 'Đ') || ('\u{1ea0}'..='\u{1ef9}').contains(c);
    text.chars().filter(is_own).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Frame {
        read(line, "bluesky", &["vi".to_owned()]).unwrap()
    }

    fn created(langs: &str, text: &str) -> String {
        format!(
            "{{\"did\":\"did:plc:mau\",\"time_us\":1795480920000001,\"kind\":\"commit\",\"commit\":{{\"rev\":\"r\",\
             \"operation\":\"create\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"3k\",\"cid\":\"c\",\"record\":\
             {{\"$type\":\"app.bsky.feed.post\",\"text\":\"{text}\",\"langs\":{langs},\"createdAt\":\
             \"2026-11-24T00:41:59.000Z\",\"reply\":{{\"root\":{{\"uri\":\"at://r\"}},\"parent\":{{\"uri\":\"at://p\"}}}},\
             \"facets\":[{{\"features\":[{{\"uri\":\"https://a.example/1\"}},{{\"tag\":\"x\"}}]}}]}}}}}}"
        )
    }

    #[test]
    fn a_post_is_read_with_its_thread_and_links() {
        let Some(Change::Post(post)) = of(&created("[\"vi\"]", "can tuyen nguoi")).change else { panic!("no post") };
        assert_eq!(post.native_id, "at://did:plc:mau/app.bsky.feed.post/3k");
        assert_eq!((post.thread.as_deref(), post.parent.as_deref()), (Some("at://r"), Some("at://p")));
        assert_eq!(post.posted_at_ms, Some(1_795_480_919_000));
        assert_eq!(post.links, ["https://a.example/1"]);
    }

    #[test]
    fn languages_are_judged_by_declaration_and_by_letters() {
        for (langs, text, wanted) in [
            ("[\"vi-VN\"]", "tuyen gap", true),
            ("[\"en\"]", "Tuyển người đi làm", true),
            ("[]", "Tuyển người đi làm", true),
            ("[\"en\"]", "I love phở", false),
            ("[\"ja\"]", "hello", false),
        ] {
            assert_eq!(of(&created(langs, text)).change.is_some(), wanted, "{langs} {text}");
        }
    }

    #[test]
    fn deletions_and_lost_accounts_are_told_and_the_rest_only_moves_the_cursor() {
        let deleted = "{\"did\":\"did:plc:mau\",\"time_us\":5,\"kind\":\"commit\",\"commit\":{\"rev\":\"r\",\"operation\":\"delete\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"3k\"}}";
        assert_eq!(of(deleted).change, Some(Change::Deleted("at://did:plc:mau/app.bsky.feed.post/3k".into())));
        let account = |active: &str| {
            format!(
                "{{\"did\":\"did:plc:mau\",\"time_us\":6,\"kind\":\"account\",\"account\":{{\"active\":{active},\"did\":\"did:plc:mau\",\"seq\":1,\"status\":\"takendown\",\"time\":\"x\"}}}}"
            )
        };
        assert_eq!(of(&account("false")).change, Some(Change::AccountGone("did:plc:mau".into())));
        assert_eq!(of(&account("true")), Frame { cursor_us: 6, change: None });
        let like = deleted.replace("feed.post", "feed.like").replace("\"time_us\":5", "\"time_us\":7,\"cursor\":8");
        assert_eq!(of(&like), Frame { cursor_us: 8, change: None });
        assert!(read("{}", "s", &[]).is_err() && read("xin chào", "s", &[]).is_err());
    }
}
