//! Sources as data: a link finds its file, the file is tried, kept with a fixture that passes; and a corrected mapping
//! reads again what is kept, without a request.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::harness::{Folder, objects, run, stdout};

/// A site of fixed pages on loopback; everything else is 404.
struct Site {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn serve(pages: &[(&str, &str, &str)]) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("address"));
        let pages: BTreeMap<String, (String, String)> = pages
            .iter()
            .map(|(path, kind, body)| ((*path).to_owned(), ((*kind).to_owned(), body.replace("BASE", &base))))
            .collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let mut reader = BufReader::new(connection);
                let (mut first, mut line) = (String::new(), String::new());
                let _ = reader.read_line(&mut first);
                while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                    line.clear();
                }
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                log.lock().expect("log").push(path.clone());
                let (status, kind, body) = match pages.get(&path) {
                    Some((kind, body)) => ("200 OK", kind.as_str(), body.as_str()),
                    None => ("404 Not Found", "text/plain", ""),
                };
                let _ = write!(
                    reader.get_mut(),
                    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Site { base, asked }
    }

    fn requests(&self) -> usize {
        self.asked.lock().expect("log").iter().filter(|path| *path != "/robots.txt").count()
    }
}

const HTML: &str = "text/html; charset=utf-8";

/// Tries a link; what it printed and the folder of what it wrote.
fn try_link(folder: &Folder, link: &str) -> String {
    let out = folder.path().to_str().expect("path");
    let output = run(&["source", "try", link, "--out", out, "--allow-loopback"], "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The file that a trial wrote passes its own check, fixture included.
fn checks(folder: &Folder, name: &str) -> String {
    let path = folder.join(name);
    let said = stdout(&["source", "check", path.to_str().expect("path")], "");
    assert!(said.contains("1 tệp nguồn, 0 lỗi"), "{said}");
    std::fs::read_to_string(path).expect("the written file")
}

fn forum_list(threads: usize) -> String {
    let rows: String = (1..=threads)
        .map(|n| {
            format!(
                "<div class=\"structItem structItem--thread\"><div class=\"structItem-title\"><a href=\"/threads/viec.{n}/\" \
                 data-tp-primary=\"on\">Việc số {n}</a></div><time class=\"structItem-latestDate\" data-timestamp=\"179548092{n}\"></time></div>"
            )
        })
        .collect();
    format!("<!doctype html><html id=\"XF\"><body>{rows}</body></html>")
}

fn forum_thread(n: usize) -> String {
    let posts: String = (1..=3)
        .map(|post| {
            format!(
                "<article class=\"message message--post\" data-author=\"nguoi_mau_{post}\" data-content=\"post-{n}{post}\">\
                 <time class=\"u-dt\" data-timestamp=\"17954809{n}{post}\"></time><div class=\"message-body\"><div class=\"bbWrapper\">\
                 Nội dung bài {n}.{post} của người mẫu</div></div></article>"
            )
        })
        .collect();
    format!(
        "<!doctype html><html id=\"XF\" data-content-key=\"thread-{n}\"><body><h1 class=\"p-title-value\">Việc số {n}</h1>{posts}</body></html>"
    )
}

#[test]
fn a_forum_is_known_by_its_mark_and_read_by_the_shipped_file() {
    let (list, one, two, three) = (forum_list(3), forum_thread(1), forum_thread(2), forum_thread(3));
    let site = Site::serve(&[
        ("/forums/viec-lam/", HTML, &list),
        ("/threads/viec.1/", HTML, &one),
        ("/threads/viec.2/", HTML, &two),
        ("/threads/viec.3/", HTML, &three),
    ]);
    let folder = Folder::new("try-forum");
    // The shipped pace is for other people's machines; the address is that of the page that was pasted.
    let said = try_link(&folder, &format!("{}/forums/viec-lam/", site.base));
    assert!(said.starts_with("xenforo2: trang mang dấu"), "{said}");
    assert!(said.contains("nguoi_mau_1") && said.contains("Nội dung bài"), "{said}");
    let toml = checks(&folder, "xenforo2.toml");
    assert!(toml.contains(&format!("default = \"{}/forums/viec-lam/\"", site.base)), "{toml}");
    assert!(folder.join("xenforo2/page.html").is_file() && folder.join("xenforo2/page.json").is_file());
}

#[test]
fn feeds_repeated_rows_and_lists_of_links_are_described() {
    let feed = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Mẫu</title>\
                <item><guid>1</guid><title>Tin một</title><description>Nội dung tin một</description></item>\
                <item><guid>2</guid><title>Tin hai</title><description>Nội dung tin hai</description></item>\
                <item><guid>3</guid><title>Tin ba</title><description>Nội dung tin ba</description></item></channel></rss>";
    let rows: String = (1..=4)
        .map(|n| format!("<li class=\"bai so{n}\" data-ma=\"{n}\"><b class=\"author\">Người mẫu {n}</b><div class=\"content\">{}</div><time datetime=\"2026-11-2{n}T08:00:00+07:00\"></time></li>", format!("Lời của người mẫu số {n} trong một bài đủ dài. ").repeat(8)))
        .collect();
    let wall = format!(
        "<html><body><nav><ul><li class=muc>Trang chủ của diễn đàn mẫu này</li><li class=muc>Liên hệ với ban quản trị mẫu</li></ul></nav><ol>{rows}</ol></body></html>"
    );
    let links: String = (1..=4)
        .map(|n| format!("<div class=\"tin\"><h3><a href=\"/tin/{n}\">Tuyển người làm việc số {n}</a></h3></div>"))
        .collect();
    let list = format!("<html><body><main>{links}</main></body></html>");
    let ad = |n: usize| {
        format!(
            "<html><head><title>Tin</title></head><body><article><h1>Tuyển người làm việc số {n}</h1><p>Cần người làm xưởng may số {n}, lương theo sản phẩm.</p></article></body></html>"
        )
    };
    let (one, two, three, four) = (ad(1), ad(2), ad(3), ad(4));
    let site = Site::serve(&[
        ("/tin.rss", "application/rss+xml", feed),
        ("/tuong", HTML, &wall),
        ("/rao-vat", HTML, &list),
        ("/tin/1", HTML, &one),
        ("/tin/2", HTML, &two),
        ("/tin/3", HTML, &three),
        ("/tin/4", HTML, &four),
    ]);
    let folder = Folder::new("try-rows");
    let said = try_link(&folder, &format!("{}/tin.rss", site.base));
    assert!(said.starts_with("feed: là nguồn tin") && said.contains("Tin ba · Nội dung tin ba"), "{said}");
    checks(&folder, "feed.toml");

    let said = try_link(&folder, &format!("{}/tuong", site.base));
    assert!(said.contains("4 bài") && said.contains("Người mẫu 2") && said.contains("2026-11-22T01:00"), "{said}");
    let toml = checks(&folder, "127-0-0-1.toml");
    assert!(toml.contains("rows = \"li.bai\"") && toml.contains("@data-ma"), "{toml}");

    let said = try_link(&folder, &format!("{}/rao-vat", site.base));
    assert!(said.contains("xưởng may số"), "{said}");
    let toml = checks(&folder, "127-0-0-1-2.toml");
    assert!(toml.contains("[list]") && toml.contains("follow = \"h3 a @href\""), "{toml}");
}

#[test]
fn what_terms_forbid_is_not_even_looked_at() {
    let folder = Folder::new("try-telegram");
    let out = folder.path().to_str().expect("path");
    // No network is needed to say this: the address alone tells whose it is.
    let output = run(&["source", "try", "https://t.me/s/kenh_mau", "--out", out], "");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.starts_with("telegram:") && said.contains("[access.cleared]") && said.contains("0 bài, 0 yêu cầu"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_corrected_mapping_reads_again_what_is_kept() {
    let page = "<html><body><div class=\"bai\" id=\"b1\"><p class=\"dau\">Quảng cáo</p><p class=\"loi\">Tuyển người đi làm xa</p></div>\
                <div class=\"bai\" id=\"b2\"><p class=\"dau\">Quảng cáo</p><p class=\"loi\">Hỏi đường về quê</p></div>\
                <div class=\"bai\" id=\"b3\"><p class=\"loi\">Bài không có đầu</p></div></body></html>";
    let site = Site::serve(&[("/tuong", HTML, page)]);
    let folder = Folder::new("again");
    let data = folder.join("data");
    let data = data.to_str().expect("path");
    let source = |text: &str| {
        let toml = format!(
            "id = \"tuong\"\nkind = \"html\"\n[access]\nbasis = \"open\"\n[pace]\ngap = \"0s\"\nevery = \"1h..2h\"\n[walk]\n\
             start = \"{}/tuong\"\n[item]\nrows = \".bai\"\nid = \"@id\"\ntext = \"{text} | text\"\n[expect]\nfields = [\"id\", \"text\"]\n",
            site.base
        );
        folder.write("tuong.toml", &toml).display().to_string()
    };
    let crawl = |source: &str| run(&["crawl", "--once", "--source", source, "--allow-loopback", "--data", data], "");
    let first = crawl(&source(".dau"));
    assert_eq!(first.status.code(), Some(1), "a row without the field is told");
    let texts = || -> BTreeMap<String, String> {
        let post = |post: &serde_json::Value| {
            (
                post["native_id"].as_str().unwrap_or_default().to_owned(),
                post["text"].as_str().unwrap_or_default().to_owned(),
            )
        };
        objects(&stdout(&["posts", "--data", data], "")).iter().map(post).collect()
    };
    assert_eq!(texts().len(), 2, "what lacks a field is kept with its original, not stored");
    let before = site.requests();
    crawl(&source(".loi"));
    let texts = texts();
    assert_eq!(texts["b1"], "Tuyển người đi làm xa");
    assert_eq!(texts["b3"], "Bài không có đầu", "what was quarantined comes in");
    assert_eq!(site.requests(), before, "the next visit is not due: everything came from kept originals");
    assert!(stdout(&["audit", "verify", "--data", data], "").starts_with("whole: "));
}
