//! robots.txt (RFC 9309): five outcomes, of which two may fetch.
//!
//! Parsing and matching are `robotxt`'s. Three of its choices are set right here: it takes the smallest of several
//! `Crawl-delay` lines where politeness asks for the largest; it lets that line end a run of `User-agent` lines, which
//! the RFC does not (2.2.1: only rules do); and it compares a whole `User-agent` value (`CanhGiac/1.0`) instead of its
//! product token. So delays are read here and their lines taken out, and agents are cut, before it sees the file.

use robotxt::Robots;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::fetch::ROBOTS_TOKEN;

/// The bytes of a robots.txt that are read.
pub const BYTES_MAX: usize = 500 * 1024;

/// How long a copy is good.
pub const GOOD_FOR_MS: i64 = 24 * 3_600_000;

/// How soon a file that could not be reached, or stands behind a wall, is asked for again.
pub const RETRY_AFTER_MS: i64 = 10 * 60_000;

/// What asking for a robots.txt gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A file with rules.
    Rules,
    /// There is none (404, 410): everything is allowed.
    Absent,
    /// A wall (401, 403, 429, 451 or a challenge page): nothing is allowed.
    Walled,
    /// The server failed or did not answer: nothing is allowed for now.
    Unreachable,
}

/// A copy of an origin's robots.txt, kept by the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsCopy {
    /// What asking gave.
    pub outcome: Outcome,
    /// The file, if there was one; of the last good answer while a newer one is unreachable.
    pub text: String,
    /// When it was asked for, UTC milliseconds.
    pub fetched_at_ms: i64,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// When `text` was fetched, UTC milliseconds: it outlives newer answers that were none.
    #[serde(default)]
    pub good_at_ms: Option<i64>,
    /// `Content-Usage` and `Content-Signal` lines, recorded with the document.
    pub signals: Vec<String>,
}

/// Whether an address may be fetched, with the rule that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A rule allows it, or no rule forbids it.
    Allowed(String),
    /// A rule forbids it.
    Disallowed(String),
    /// There is no robots.txt.
    Absent,
    /// robots.txt itself stands behind a wall.
    Walled,
    /// robots.txt could not be reached.
    Unreachable,
}

impl Verdict {
    /// Only where rules allow it or where there are none.
    pub fn may_fetch(&self) -> bool {
        matches!(self, Verdict::Allowed(_) | Verdict::Absent)
    }

    /// The rule as the log tells it.
    pub fn rule(&self) -> String {
        match self {
            Verdict::Allowed(rule) | Verdict::Disallowed(rule) => format!("robots.txt: {rule}"),
            Verdict::Absent => "robots.txt: absent".into(),
            Verdict::Walled => "robots.txt: walled".into(),
            Verdict::Unreachable => "robots.txt: unreachable".into(),
        }
    }
}

/// The robots.txt of an address's origin, its port included.
pub fn robots_url(url: &Url) -> Option<Url> {
    let mut robots = url.join("/robots.txt").ok()?;
    robots.set_query(None);
    robots.set_fragment(None);
    Some(robots)
}

impl RobotsCopy {
    /// What an answer means. `body` is decoded text, cut at `BYTES_MAX` by the caller or here.
    pub fn of_answer(status: u16, body: &str, is_challenge: bool, now_ms: i64) -> RobotsCopy {
        let outcome = match status {
            200..=299 if is_challenge || is_challenge_page(body) => Outcome::Walled,
            200..=299 => Outcome::Rules,
            404 | 410 => Outcome::Absent,
            401 | 403 | 407 | 429 | 451 => Outcome::Walled,
            // RFC 9309, 2.3.1.3: other client errors mean that no file is there.
            400..=499 => Outcome::Absent,
            _ => Outcome::Unreachable,
        };
        let text = if outcome == Outcome::Rules { cut(body).to_owned() } else { String::new() };
        let good_at_ms = (outcome == Outcome::Rules).then_some(now_ms);
        RobotsCopy { outcome, signals: signals(&text), text, fetched_at_ms: now_ms, status: Some(status), good_at_ms }
    }

    /// There was no answer.
    pub fn unreachable(now_ms: i64) -> RobotsCopy {
        RobotsCopy {
            outcome: Outcome::Unreachable,
            text: String::new(),
            fetched_at_ms: now_ms,
            status: None,
            good_at_ms: None,
            signals: Vec::new(),
        }
    }

    /// The copy with the last good text where it has none of its own because the file could not be had: nothing may
    /// be fetched until it can, but what it asked of our pace still holds.
    pub fn after(mut self, last: Option<&RobotsCopy>) -> RobotsCopy {
        let is_without = matches!(self.outcome, Outcome::Walled | Outcome::Unreachable);
        if let Some(last) = last.filter(|last| is_without && last.good_at_ms.is_some()) {
            self.text = last.text.clone();
            self.signals = last.signals.clone();
            self.good_at_ms = last.good_at_ms;
        }
        self
    }

    /// Whether the copy may still be used. Failures are never kept as an allowance and are asked again soon.
    pub fn is_fresh(&self, now_ms: i64) -> bool {
        let good_for = match self.outcome {
            Outcome::Rules | Outcome::Absent => GOOD_FOR_MS,
            Outcome::Walled | Outcome::Unreachable => RETRY_AFTER_MS,
        };
        (0..good_for).contains(&(now_ms - self.fetched_at_ms))
    }

    /// Whether we may fetch an address.
    pub fn verdict(&self, url: &Url) -> Verdict {
        self.verdict_for(ROBOTS_TOKEN, url)
    }

    /// Whether the crawler with this product token may fetch an address.
    pub fn verdict_for(&self, agent: &str, url: &Url) -> Verdict {
        match self.outcome {
            Outcome::Absent => Verdict::Absent,
            Outcome::Walled => Verdict::Walled,
            Outcome::Unreachable => Verdict::Unreachable,
            Outcome::Rules => {
                let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                let path = format!("{}{query}", url.path());
                let robots = self.rules(agent);
                let matched = robots.rules().iter().find(|rule| rule.is_match(&path));
                let written = matched
                    .map(|rule| format!("{}: {}", if rule.is_allow() { "Allow" } else { "Disallow" }, rule.pattern()));
                if robots.is_allowed(&path) {
                    Verdict::Allowed(
                        written.filter(|_| path != "/robots.txt").unwrap_or_else(|| "no rule forbids".into()),
                    )
                } else {
                    Verdict::Disallowed(written.unwrap_or_else(|| "Disallow".into()))
                }
            }
        }
    }

    /// The longest `Crawl-delay` of the groups that apply to us, in milliseconds.
    pub fn crawl_delay_ms(&self) -> Option<i64> {
        let (own, any) = delays(&self.text);
        let most = own.unwrap_or_else(|| any.unwrap_or_default()).into_iter().fold(0.0_f64, f64::max);
        (most > 0.0).then_some((most * 1000.0) as i64)
    }

    /// The sitemaps it names.
    pub fn sitemaps(&self) -> Vec<String> {
        self.rules(ROBOTS_TOKEN).sitemaps().iter().map(|url| url.to_string()).collect()
    }

    fn rules(&self, agent: &str) -> Robots {
        Robots::parse(prepared(&self.text).as_bytes(), agent)
    }
}

fn cut(body: &str) -> &str {
    let mut end = body.len().min(BYTES_MAX);
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    &body[..end]
}

/// A challenge or log-in page that answers 200 where a text file should be. Any other page is a file without rules:
/// much software answers every unknown path with its front page.
pub(crate) fn is_challenge_page(body: &str) -> bool {
    const MARKS: &[&str] = &[
        "just a moment",
        "captcha",
        "challenge-platform",
        "cf-challenge",
        "attention required",
        "verify you are human",
        "ddos-guard",
        "_incapsula_",
        "type=\"password\"",
        "type='password'",
        "type=password",
        "xác minh bạn",
    ];
    let start = body.trim_start_matches('\u{feff}').trim_start();
    let head: String = start.chars().take(64 * 1024).collect::<String>().to_lowercase();
    head.starts_with('<') && MARKS.iter().any(|mark| head.contains(mark))
}

fn key_value(line: &str) -> Option<(String, &str)> {
    let line = line.trim_start_matches('\u{feff}').split('#').next()?;
    let (key, value) = line.split_once(':')?;
    Some((key.trim().to_ascii_lowercase(), value.trim()))
}

fn is_delay(key: &str) -> bool {
    matches!(key, "crawl-delay" | "crawl delay" | "crawldelay")
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r'])
}

/// The file as `robotxt` is to see it: without delays, each agent by its product token alone.
fn prepared(text: &str) -> String {
    lines(text)
        .filter_map(|line| match key_value(line) {
            Some((key, _)) if is_delay(&key) => None,
            Some((key, value)) if is_agent(&key) && value != "*" => Some(format!("user-agent: {}", token(value))),
            _ => Some(line.to_owned()),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn is_agent(key: &str) -> bool {
    matches!(key, "user-agent" | "useragent" | "user agent")
}

/// The product token that a `User-agent` value begins with (RFC 9309, 2.2.1).
fn token(value: &str) -> &str {
    value.split(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_'))).next().unwrap_or_default()
}

fn signals(text: &str) -> Vec<String> {
    lines(text)
        .filter(|line| {
            key_value(line).is_some_and(|(key, _)| matches!(key.as_str(), "content-usage" | "content-signal"))
        })
        .map(|line| line.trim().to_owned())
        .take(50)
        .collect()
}

/// Delays of the groups that name us, and of those for everybody; nothing where there is no such group.
fn delays(text: &str) -> (Option<Vec<f64>>, Option<Vec<f64>>) {
    let (mut own, mut any): (Option<Vec<f64>>, Option<Vec<f64>>) = (None, None);
    let (mut names_us, mut names_all, mut in_agents) = (false, false, false);
    for (key, value) in lines(text).filter_map(key_value) {
        match key.as_str() {
            key if is_agent(key) => {
                if !in_agents {
                    (names_us, names_all, in_agents) = (false, false, true);
                }
                names_us |= token(value).eq_ignore_ascii_case(ROBOTS_TOKEN);
                names_all |= value == "*";
                if names_us {
                    own.get_or_insert_default();
                }
                if names_all {
                    any.get_or_insert_default();
                }
            }
            "allow" | "disallow" => in_agents = false,
            key if is_delay(key) => {
                let Ok(seconds) = value.parse::<f64>() else { continue };
                if names_us {
                    own.get_or_insert_default().push(seconds);
                }
                if names_all {
                    any.get_or_insert_default().push(seconds);
                }
            }
            _ => {}
        }
    }
    (own, any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(text: &str) -> RobotsCopy {
        RobotsCopy::of_answer(200, text, false, 0)
    }

    fn allows(text: &str, path: &str) -> bool {
        copy(text).verdict(&Url::parse("https://a.example").unwrap().join(path).unwrap()).may_fetch()
    }

    #[test]
    fn rules_follow_rfc_9309() {
        for (text, path, allowed) in [
            ("user-agent: CanhGiac\nallow: /\nuser-agent: *\ndisallow: /", "/x", true),
            ("user-agent: canhgiac\ndisallow: /x", "/x/y", false),
            ("User-agent: CanhGiac/1.0 (bot)\nDisallow: /", "/x", false),
            ("user-agent: CanhGiacBot\ndisallow: /", "/x", true),
            ("user-agent: a\n\nunknown: 1\nuser-agent: canhgiac\ndisallow: /x", "/x", false),
            ("user-agent: a\nCrawl-delay: 5\nuser-agent: canhgiac\ndisallow: /x", "/x", false),
            (
                "user-agent: canhgiac\ndisallow: /a\nuser-agent: b\ndisallow: /\nuser-agent: canhgiac\ndisallow: /c",
                "/c",
                false,
            ),
            ("user-agent: *\ndisallow: /p\nallow: /p", "/p", true),
            ("user-agent: *\nallow: /p\ndisallow: /page", "/page", false),
            ("user-agent: *\ndisallow: /*.php$", "/a.php", false),
            ("user-agent: *\ndisallow: /*.php$", "/a.php?x", true),
            ("user-agent: *\ndisallow: /vi%E1%BB%87c", "/việc", false),
            ("user-agent: *\ndisallow: /việc", "/vi%e1%bb%87c/1", false),
            ("\u{feff}user-agent: *\ndisallow: /", "/x", false),
            ("user-agent: *\ndisallow: /", "/robots.txt", true),
            ("user-agent: *\ndisallow:", "/x", true),
            ("disallow: /", "/x", true),
            ("user-agent: *\ndisallow: /x # lời", "/x", false),
        ] {
            assert_eq!(allows(text, path), allowed, "{text:?} {path}");
        }
    }

    #[test]
    fn five_outcomes_and_how_long_they_last() {
        let url = Url::parse("https://a.example/x").unwrap();
        let of = |status, body: &str| RobotsCopy::of_answer(status, body, false, 0);
        assert_eq!(of(404, "").verdict(&url), Verdict::Absent);
        assert_eq!(of(403, "").verdict(&url), Verdict::Walled);
        assert_eq!(of(429, "").verdict(&url), Verdict::Walled);
        assert_eq!(of(503, "").verdict(&url), Verdict::Unreachable);
        assert_eq!(of(200, "<!DOCTYPE html><html><title>Just a moment...").verdict(&url), Verdict::Walled);
        assert!(of(200, "<!doctype html><html><title>Trang chủ</title>").verdict(&url).may_fetch());
        assert!(
            matches!(of(200, "user-agent: *\ndisallow: /x").verdict(&url), Verdict::Disallowed(rule) if rule == "Disallow: /x")
        );
        assert!(of(200, "").is_fresh(GOOD_FOR_MS - 1) && !of(200, "").is_fresh(GOOD_FOR_MS));
        assert!(!of(503, "").is_fresh(RETRY_AFTER_MS));
        assert_eq!(
            robots_url(&Url::parse("http://a.example:8080/x?y").unwrap()).unwrap().as_str(),
            "http://a.example:8080/robots.txt"
        );
    }

    #[test]
    fn the_longest_delay_of_our_groups_counts() {
        assert_eq!(
            copy(
                "user-agent: *\ncrawl-delay: 1\nuser-agent: canhgiac\ncrawl-delay: 2.5\ncrawl-delay: 10\ndisallow: /x"
            )
            .crawl_delay_ms(),
            Some(10_000)
        );
        assert_eq!(copy("user-agent: *\ncrawl-delay: 7").crawl_delay_ms(), Some(7_000));
        assert_eq!(copy("user-agent: *\ncrawl-delay: 7\n\nuser-agent: canhgiac\ndisallow: /x").crawl_delay_ms(), None);
        assert_eq!(
            copy("user-agent: *\nContent-Signal: ai-train=no\nallow: /").signals,
            ["Content-Signal: ai-train=no"]
        );
    }
}
