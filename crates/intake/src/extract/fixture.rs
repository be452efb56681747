//! Fixtures: a saved page beside a `.json` of what is expected from it.
//!
//! The `.json` is either the list of posts, or an object `{url, fetched_at, role, posts, follow, next, problems}`. Only
//! what it names is compared, so a fixture says no more than its author meant.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use url::Url;

use super::{Page, PageResult, Role, extract};
use crate::problem::Problem;
use crate::source::Source;

/// Runs every fixture of a source against pages under `root`.
pub fn check(source: &Source, root: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    for pattern in &source.expect.fixtures {
        let pages = pages(root, pattern);
        if pages.is_empty() {
            problems.push(problem("no-fixture", pattern, "Không tìm thấy trang mẫu nào khớp.".into()));
        }
        for page in pages {
            problems.extend(check_page(source, &page));
        }
    }
    problems
}

fn problem(code: &'static str, file: &str, message: String) -> Problem {
    Problem { code, file: file.to_owned(), line: 0, message, suggestion: None }
}

/// The files a pattern with `*` names; the pattern may not climb out of `root`.
fn pages(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    if folder.split('/').any(|part| part == "..") || folder.starts_with('/') {
        return Vec::new();
    }
    let (before, after) = name.split_once('*').unwrap_or((name, ""));
    let is_exact = !name.contains('*');
    let mut found: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
            if is_exact {
                file == name
            } else {
                file.len() >= before.len() + after.len() && file.starts_with(before) && file.ends_with(after)
            }
        })
        .filter(|path| !path.to_string_lossy().ends_with(".expected.json"))
        .collect();
    found.sort();
    found
}

/// `page.html` has its expectation in `page.json`; `page.json` in `page.expected.json`.
fn expectation_of(page: &Path) -> PathBuf {
    let extension = if page.extension().is_some_and(|it| it == "json") { "expected.json" } else { "json" };
    page.with_extension(extension)
}

fn check_page(source: &Source, path: &Path) -> Vec<Problem> {
    let name = path.display().to_string();
    let (Ok(bytes), Ok(expected)) = (std::fs::read(path), std::fs::read_to_string(expectation_of(path))) else {
        return vec![problem(
            "no-expectation",
            &name,
            format!("Thiếu tệp {} bên cạnh trang mẫu.", expectation_of(path).display()),
        )];
    };
    let expected: Value = match serde_json::from_str(&expected) {
        Ok(expected) => expected,
        Err(error) => {
            return vec![problem("bad-expectation", &name, format!("Tệp mong đợi không phải JSON: {error}."))];
        }
    };
    let expected = if expected.is_array() { json!({ "posts": expected }) } else { expected };
    let result = run(source, &bytes, path, &expected);
    let told = told(&result);
    let mut differences = Vec::new();
    for key in ["posts", "follow", "next", "problems", "gone", "noindex"] {
        if let Some(wanted) = expected.get(key) {
            compare(key, wanted, &told[key], &mut differences);
        }
    }
    differences.into_iter().map(|difference| problem("fixture", &name, difference)).collect()
}

fn run(source: &Source, bytes: &[u8], path: &Path, expected: &Value) -> PageResult {
    let start = source.starts.first().map(|start| start.url.clone());
    let given = expected.get("url").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
    let Some(url) = given.or(start) else { return PageResult::default() };
    let fetched_at_ms = expected
        .get("fetched_at")
        .and_then(Value::as_str)
        .and_then(|at| crate::filter::time::iso(at, None))
        .map_or(1_790_000_000_000, |moment| moment.at_ms);
    let role = match expected.get("role").and_then(Value::as_str) {
        Some("detail") => Role::Detail,
        Some("sitemap") => Role::Sitemap,
        Some(_) => Role::Start,
        None if expected.get("follow").is_none() && source.list.is_some() => Role::Detail,
        None => Role::Start,
    };
    let media_type = match path.extension().and_then(|it| it.to_str()) {
        Some("json") => "application/json",
        Some("xml" | "rss" | "atom") => "application/xml",
        _ => "text/html",
    };
    let text = crate::fetch::charset::decode(bytes, None, media_type).text;
    let page = Page {
        url: &url,
        text: &text,
        media_type,
        role,
        root: &url,
        fetched_at_ms,
        first_seen_ms: fetched_at_ms,
        lastmod_ms: None,
        thread: expected.get("thread").and_then(Value::as_str),
        noindex: false,
    };
    extract(source, &page)
}

/// A result as plain JSON, times in RFC 3339.
pub fn told(result: &PageResult) -> Value {
    let posts: Vec<Value> = result
        .items
        .iter()
        .map(|item| {
            let time = |moment: Option<crate::filter::time::Moment>| moment.map(|moment| moment.rfc3339());
            json!({
                "id": item.id, "url": item.url, "title": item.title, "text": item.text, "author": item.author,
                "author_id": item.author_id, "time": time(item.time), "first_time": time(item.first_time),
                "edited": time(item.edited), "place": item.place, "price": item.price, "thread": item.thread,
                "reply_to": item.reply_to, "links": item.links, "views": item.views,
            })
        })
        .collect();
    let follow: Vec<Value> =
        result.follow.iter().map(|it| json!({"url": it.url, "id": it.id, "changed": it.changed})).collect();
    let problems: Vec<&str> = result.problems.iter().map(|problem| problem.code).collect();
    json!({"posts": posts, "follow": follow, "next": result.next, "problems": problems, "gone": result.gone, "noindex": result.noindex})
}

fn compare(path: &str, wanted: &Value, found: &Value, differences: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                compare(&format!("{path}.{key}"), value, found.get(key).unwrap_or(&Value::Null), differences);
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            if wanted.len() != found.len() {
                differences.push(format!("{path}: mong đợi {} mục, được {}.", wanted.len(), found.len()));
            }
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                compare(&format!("{path}[{index}]"), wanted, found, differences);
            }
        }
        (wanted, found) if wanted == found || same_time(wanted, found) => {}
        (wanted, found) => differences.push(format!("{path}: mong đợi {wanted}, được {found}.")),
    }
}

fn same_time(wanted: &Value, found: &Value) -> bool {
    let at = |value: &Value| value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    at(wanted).is_some_and(|wanted| at(found) == Some(wanted))
}
