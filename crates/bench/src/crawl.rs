//! Fetching, extracting and keeping the original, from a local server: the built binary beside Scrapy, in turn.
//!
//! Both read one list of pages and every page behind it (a thread of ten posts, about 32 kB) with the same selectors,
//! and keep each body by its hash. The binary does more than that (robots.txt, frontier, assessment, audit, index);
//! its time is that of the whole process all the same. Politeness is off on both sides, for loopback only.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::corpus;
use crate::end_to_end::children_cpu_s;

const PAGES: usize = 1_000;
const A_LIST: usize = 50;
const POSTS_A_PAGE: usize = 10;
const ROUNDS: usize = 5;

const SOURCE: &str = r#"
id = "bench"
kind = "html"
[access]
basis = "open"
[pace]
gap = "0s"
[walk]
start = "BASE/list/0"
next = "a.next @href"
stop = "never"
[list]
rows = "li.thread"
follow = "a @href"
[item]
rows = "article.post"
id = "@data-id"
title = "^h1"
author = ".author | text"
time = "time @datetime | time"
text = ".body | text"
[expect]
fields = ["id", "text", "author", "time"]
"#;

const SPIDER: &str = r#"
import hashlib, pathlib, sys, zlib
import scrapy
from scrapy.crawler import CrawlerProcess

FOLDER = pathlib.Path(sys.argv[2])
COUNT = [0, 0]

class Threads(scrapy.Spider):
    name = "threads"
    start_urls = [sys.argv[1] + "/list/0"]

    def keep(self, response):
        name = hashlib.sha256(response.body).hexdigest()
        (FOLDER / name).write_bytes(zlib.compress(response.body, 1))

    def parse(self, response):
        self.keep(response)
        for row in response.css("li.thread"):
            yield response.follow(row.css("a::attr(href)").get(), self.thread)
        next_page = response.css("a.next::attr(href)").get()
        if next_page:
            yield response.follow(next_page, self.parse)

    def thread(self, response):
        self.keep(response)
        COUNT[0] += 1
        title = response.css("h1::text").get()
        for post in response.css("article.post"):
            COUNT[1] += 1
            yield {
                "id": post.attrib["data-id"],
                "title": title,
                "author": post.css(".author::text").get(),
                "time": post.css("time::attr(datetime)").get(),
                "text": "".join(post.css(".body ::text").getall()),
            }

process = CrawlerProcess({
    "LOG_LEVEL": "ERROR", "ROBOTSTXT_OBEY": True, "TELNETCONSOLE_ENABLED": False, "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "AUTOTHROTTLE_ENABLED": False,
})
process.crawl(Threads)
process.start()
print(COUNT[0], COUNT[1])
"#;

/// Serves the pages until killed; prints the port first.
pub fn serve() -> Result<(), String> {
    let posts = corpus::posts(PAGES * POSTS_A_PAGE)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    println!("{}", listener.local_addr().map_err(|error| error.to_string())?.port());
    let posts = std::sync::Arc::new(posts);
    for stream in listener.incoming().map_while(Result::ok) {
        let posts = posts.clone();
        std::thread::spawn(move || answer(stream, &posts));
    }
    Ok(())
}

fn answer(stream: TcpStream, posts: &[String]) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(first) = lines.next() {
        while lines.next().is_some_and(|line| !line.is_empty()) {}
        let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
        let body = page(&path, posts);
        let status = if body.is_empty() { "404 Not Found" } else { "200 OK" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if out.write_all(&[head.as_bytes(), body.as_bytes()].concat()).is_err() {
            return;
        }
    }
}

fn page(path: &str, posts: &[String]) -> String {
    let number = |prefix: &str| path.strip_prefix(prefix).and_then(|number| number.parse::<usize>().ok());
    if let Some(list) = number("/list/") {
        let rows: String = (list * A_LIST..((list + 1) * A_LIST).min(PAGES))
            .map(|thread| format!("<li class=thread><a href=/thread/{thread}>Chủ đề {thread}</a></li>"))
            .collect();
        let next = if (list + 1) * A_LIST < PAGES {
            format!("<a class=next href=/list/{}>Sau</a>", list + 1)
        } else {
            String::new()
        };
        return format!("<!doctype html><html><body><ul>{rows}</ul>{next}</body></html>");
    }
    let Some(thread) = number("/thread/").filter(|thread| *thread < PAGES) else { return String::new() };
    let menu: String = (0..120)
        .map(|n| format!("<li class=\"nav nav-{n}\"><a href=\"/muc/{n}\" title=\"Mục {n}\">Chuyên mục {n}</a></li>"))
        .collect();
    let rows: String = (0..POSTS_A_PAGE)
        .map(|n| {
            let id = thread * POSTS_A_PAGE + n;
            let text = posts[id].replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>");
            let marks = "<span class=\"mark\"><i></i></span>".repeat(20);
            format!(
                "<article class=\"post\" data-id=\"{id}\"><div class=\"head\"><a class=\"author\" href=\"/u/{id}\">nguoi_{id}</a>\
                 <time datetime=\"2026-11-20T08:00:00+07:00\">20/11/2026</time>{marks}</div><div class=\"body\"><p>{text}</p></div></article>"
            )
        })
        .collect();
    let filler = "<div class=\"box\"><div class=\"row\"><span>Quảng cáo</span></div></div>".repeat(120);
    format!(
        "<!doctype html><html><head><title>{thread}</title></head><body><ul>{menu}</ul><h1>Chủ đề {thread}</h1>{rows}{filler}</body></html>"
    )
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Prints pages a CPU second of both, and the ratio.
pub fn run() -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    let binary = crate::end_to_end::binary()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/independent.py");
    let place = Command::new("python3").args([script, "where"]).output().map_err(told)?;
    if !place.status.success() {
        return Err(String::from_utf8_lossy(&place.stderr).trim().to_owned());
    }
    let python = Path::new(String::from_utf8_lossy(&place.stdout).trim()).join("venv/bin/python");
    let this = std::env::current_exe().map_err(told)?;
    let mut server = Server(Command::new(this).arg("serve-pages").stdout(Stdio::piped()).spawn().map_err(told)?);
    let mut port = String::new();
    let out = server.0.stdout.take().ok_or("the server has no output")?;
    BufReader::new(out).read_line(&mut port).map_err(told)?;
    let base = format!("http://127.0.0.1:{}", port.trim());
    let folder = std::env::temp_dir().join(format!("canhgiac-bench-crawl-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(told)?;
    let result = measure(&binary, &python, &base, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn measure(binary: &Path, python: &Path, base: &str, folder: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    let source = folder.join("bench.toml");
    std::fs::write(&source, SOURCE.replace("BASE", base)).map_err(told)?;
    let spider = folder.join("spider.py");
    std::fs::write(&spider, SPIDER).map_err(told)?;
    let lists = PAGES.div_ceil(A_LIST);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let kept = folder.join(format!("kept-{round}"));
        let mut crawl = Command::new(binary);
        crawl.env_remove("BENCH_BINARY").args(["crawl", "--once", "--allow-loopback", "--source"]);
        crawl.arg(&source).arg("--data").arg(&kept);
        let (seconds, said) = timed(&mut crawl)?;
        let expected = format!("{} posts", PAGES * POSTS_A_PAGE);
        if !said.contains(&expected) {
            return Err(format!("the binary did not bring {expected}: {said}"));
        }
        ours.push(seconds);
        let kept = folder.join(format!("scrapy-{round}"));
        std::fs::create_dir_all(&kept).map_err(told)?;
        let (seconds, said) = timed(Command::new(python).arg(&spider).arg(base).arg(&kept))?;
        if said.trim() != format!("{PAGES} {}", PAGES * POSTS_A_PAGE) {
            return Err(format!("Scrapy did not bring all pages: {said}"));
        }
        theirs.push(seconds);
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (ours, theirs) = (median(ours), median(theirs));
    let pages = (PAGES + lists) as f64;
    println!(
        "{} pages of about {} kB, CPU time of the whole process, median of {ROUNDS} rounds in turn",
        PAGES + lists,
        page_kb()?
    );
    println!("canhgiac crawl --once {:>8.0} µs a page {:>8.0} pages a CPU second", ours * 1e6 / pages, pages / ours);
    println!(
        "Scrapy                {:>8.0} µs a page {:>8.0} pages a CPU second",
        theirs * 1e6 / pages,
        pages / theirs
    );
    println!("ratio {:.1}", theirs / ours);
    Ok(())
}

fn page_kb() -> Result<usize, String> {
    Ok(page("/thread/0", &corpus::posts(PAGES * POSTS_A_PAGE)?).len() / 1024)
}

/// CPU seconds of a command, and what it printed.
fn timed(command: &mut Command) -> Result<(f64, String), String> {
    let before = children_cpu_s();
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok((children_cpu_s() - before, String::from_utf8_lossy(&output.stdout).into_owned()))
}
