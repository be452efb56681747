//! The crawler on site software that nobody here wrote: a forum, a classified site, a comment server and a wiki.
//!
//! `site_software.py` installs and fills them by their own forms, API and commands; `site_software/posts.json` says
//! what is public, what is hidden and what changes. A software that is not there fails its test.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Folder, Running, eventually, objects, run, stdout, top};

struct Software {
    name: &'static str,
    /// The source file and what of it a test on loopback changes.
    source: &'static str,
    quicker: &'static [(&'static str, &'static str)],
    params: &'static [&'static str],
    /// Whether it knows posts that answer others.
    has_replies: bool,
    /// Whether the replies of a deleted post go with it.
    replies_go_along: bool,
    /// Whether a post that was hidden is no longer there; else it asks for a log-in, which is no deletion.
    hidden_is_gone: bool,
    shows_titles: bool,
    shows_authors: bool,
    /// What robots.txt closes: a piece of its address.
    closed: Option<&'static str>,
    /// What the first crawl complains of: starts that are closed.
    complaints: &'static [&'static str],
}

#[test]
fn a_forum_of_django_machina() {
    try_on(&Software {
        name: "forum",
        source: "tests/site_software/forum.toml",
        quicker: &[],
        params: &[],
        has_replies: true,
        replies_go_along: true,
        hidden_is_gone: true,
        shows_titles: true,
        shows_authors: true,
        closed: Some("kh%C3%B4ng-cho-m%C3%A1y"),
        complaints: &["refused", "start-gone"],
    });
}

#[test]
fn a_classified_site_of_django_classified() {
    try_on(&Software {
        name: "classified",
        source: "tests/site_software/classified.toml",
        quicker: &[],
        params: &[],
        has_replies: false,
        replies_go_along: false,
        hidden_is_gone: true,
        shows_titles: true,
        shows_authors: false,
        closed: Some(" /10-"),
        complaints: &[],
    });
}

#[test]
fn comments_of_isso() {
    try_on(&Software {
        name: "comments",
        source: "tests/site_software/comments.toml",
        quicker: &[],
        params: &[],
        has_replies: true,
        replies_go_along: false,
        hidden_is_gone: true,
        shows_titles: false,
        shows_authors: true,
        closed: None,
        complaints: &[],
    });
}

#[test]
fn a_wiki_of_dokuwiki() {
    try_on(&Software {
        name: "wiki",
        source: "sources/dokuwiki.toml",
        quicker: &[
            ("gap = \"2s\"", "gap = \"0s\""),
            ("every = \"1h..7d\"", "every = \"0s..1s\""),
            ("recheck = \"30d\"", "recheck = \"30d\"\ngone_after = \"0s\""),
        ],
        params: &["ns=tin"],
        has_replies: false,
        replies_go_along: false,
        hidden_is_gone: false,
        shows_titles: true,
        shows_authors: true,
        closed: Some("cam_robot"),
        complaints: &[],
    });
}

/// Crawls before and after the posts change and compares what was collected with the truth.
fn try_on(software: &Software) {
    let folder = Folder::new(software.name);
    let site = folder.join("site");
    let site_arg = site.to_str().expect("path");
    let port = free_port().to_string();
    let mut server = Running::start(&mut script(&["serve", software.name, &port, site_arg]));
    eventually(Duration::from_secs(180), "the software serves", || {
        if let Ok(Some(status)) = server.child.try_wait() {
            server.wait_for(|_| false, Duration::from_secs(2));
            panic!("{} ended with {status}: {:#?}", software.name, server.seen);
        }
        TcpStream::connect(format!("127.0.0.1:{port}")).ok()
    });

    let mut toml = std::fs::read_to_string(top().join(software.source)).expect("the source file");
    for (from, to) in software.quicker {
        assert!(toml.contains(from), "{} says {from}", software.source);
        toml = toml.replace(from, to);
    }
    let source = folder.write("source.toml", &toml);
    let data = folder.join("data");
    let visit = Visit {
        source: source.to_str().expect("path"),
        base: format!("base=http://127.0.0.1:{port}"),
        params: software.params,
        data: data.to_str().expect("path"),
    };
    let truth = truth(software);

    visit.crawl(software.complaints);
    let first = visit.posts();
    compare(software, &truth, &first, false);
    for post in truth.iter().filter(|post| post.reply_to.is_some()) {
        let topic = truth.iter().find(|topic| Some(topic.id) == post.reply_to).expect("the post it answers");
        let (reply, topic) = (&first[&post.words(false)], &first[&topic.words(false)]);
        assert_eq!(reply["thread"], topic["native_id"], "the thread of {}", post.id);
    }

    let changed = script(&["change", software.name, site_arg]).output().expect("python3 runs");
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    visit.crawl(software.complaints);
    let second = visit.posts();
    compare(software, &truth, &second, true);
    for post in &truth {
        let (before, found) = (&first[&post.words(false)], &second[&post.words(true)]);
        assert_eq!(found["native_id"], before["native_id"], "{} keeps its id", post.id);
        let versions = found["versions"].as_array().expect("versions").iter();
        let versions: Vec<String> = versions.map(|version| words(version["text"].as_str().expect("text"))).collect();
        let expected: Vec<String> = [Some(post.text), post.edited].into_iter().flatten().map(words).collect();
        assert_eq!(versions, expected, "the versions of {}", post.id);
        assert!(found["gone_at"].is_null(), "one look is no deletion: {}", post.id);
    }

    visit.crawl(software.complaints);
    let third = visit.posts();
    compare(software, &truth, &third, true);
    for post in &truth {
        let (before, found) = (&second[&post.words(true)], &third[&post.words(true)]);
        assert_eq!(found["gone_at"].is_string(), post.goes, "whether {} is gone", post.id);
        assert_eq!(found["versions"], before["versions"], "the versions of {}", post.id);
    }
    assert!(stdout(&["audit", "verify", "--data", visit.data], "").starts_with("whole: "));

    server.signal("KILL");
    let asked = server.rest();
    assert!(asked.iter().any(|line| line.contains("GET /robots.txt")), "robots.txt is asked for: {asked:#?}");
    if let Some(closed) = software.closed {
        assert!(!asked.iter().any(|line| line.contains(closed)), "{closed} is closed by robots.txt: {asked:#?}");
    }
}

/// One visitor of the software.
struct Visit<'v> {
    source: &'v str,
    base: String,
    params: &'v [&'v str],
    data: &'v str,
}

impl Visit<'_> {
    /// Crawls once; its problems must be these.
    fn crawl(&self, complaints: &[&str]) {
        let mut args = vec!["crawl", "--once", "--allow-loopback", "--source", self.source, "--data", self.data];
        for param in self.params.iter().copied().chain([self.base.as_str()]) {
            args.extend(["--param", param]);
        }
        let output = run(&args, "");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(i32::from(!complaints.is_empty())), "{err}");
        for complaint in complaints {
            assert!(err.contains(&format!(": {complaint}: ")), "{complaint} in {err}");
        }
    }

    /// What was collected, by the words of the text.
    fn posts(&self) -> BTreeMap<String, Value> {
        let posts = objects(&stdout(&["posts", "--data", self.data], ""));
        let mut by_text = BTreeMap::new();
        for post in posts {
            let before = by_text.insert(words(post["text"].as_str().expect("text")), post);
            assert!(before.is_none(), "collected twice: {}", before.unwrap_or_default()["native_id"]);
        }
        by_text
    }
}

/// A post that everybody may read.
struct Public {
    id: &'static str,
    title: Option<&'static str>,
    author: &'static str,
    text: &'static str,
    reply_to: Option<&'static str>,
    edited: Option<&'static str>,
    goes: bool,
}

impl Public {
    /// Its words before or after the posts have changed.
    fn words(&self, after: bool) -> String {
        words(self.edited.filter(|_| after).unwrap_or(self.text))
    }
}

/// The public posts of this software; all others must not be collected.
fn truth(software: &Software) -> Vec<Public> {
    let all: Vec<Value> = serde_json::from_str(include_str!("site_software/posts.json")).expect("posts.json");
    let all: &'static [Value] = all.leak();
    let is_public = |post: &&Value| post["state"] == "public" && (software.has_replies || post["reply_to"].is_null());
    let public = all.iter().filter(is_public).map(|post| Public {
        id: post["id"].as_str().expect("id"),
        title: post["title"].as_str(),
        author: post["author"].as_str().expect("author"),
        text: post["text"].as_str().expect("text"),
        reply_to: post["reply_to"].as_str(),
        edited: post["then"]["edit"].as_str(),
        goes: match post["then"].as_str() {
            Some("delete") => true,
            Some("hide") => software.hidden_is_gone,
            Some("lose_topic") => software.replies_go_along,
            _ => false,
        },
    });
    public.collect()
}

/// Every public post with its title, author and time, and nothing else.
fn compare(software: &Software, truth: &[Public], collected: &BTreeMap<String, Value>, after: bool) {
    let mut expected: Vec<String> = truth.iter().map(|post| post.words(after)).collect();
    expected.sort();
    assert_eq!(collected.keys().cloned().collect::<Vec<_>>(), expected);
    for post in truth {
        let found = &collected[&post.words(after)];
        if software.shows_titles && post.title.is_some() {
            assert_eq!(found["title"].as_str(), post.title, "the title of {}", post.id);
        }
        if software.shows_authors {
            assert_eq!(found["author"].as_str(), Some(post.author), "the author of {}", post.id);
        }
        assert!(found["posted_at"].is_string(), "the time of {}", post.id);
    }
}

/// A text without its line breaks, which each software sets in its own way.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn script(args: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(top().join("tests/site_software.py")).args(args);
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
