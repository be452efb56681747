//! Keeping and letting go, as an operator does it: backup and restore, checkpoints, and an erasure that two people in the
//! console agree on, down to the files of the data folder.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::harness::{Folder, Running, canhgiac, eventually, objects, run, stdout};

/// A word that stands in one post and nowhere else; unmarked, so that the index holds it as it is written.
const SECRET: &str = "khongaiduocdoclai";

/// A demo's folder with one imported post to be erased.
fn filled(folder: &Folder) -> String {
    let data = folder.join("data").to_string_lossy().into_owned();
    stdout(&["demo", "--once", "--listen", "127.0.0.1:0", "--data", &data], "");
    let line = |id: &str, text: &str, author: &str| {
        format!("{}\n", serde_json::json!({"id": id, "text": text, "author": author}))
    };
    let erased = format!("Nhượng lại chiếc xe {SECRET}");
    let text = [line("1", &erased, SECRET), line("2", "Nhượng lại chiếc bàn", "Người khác")].concat();
    let file = folder.write("tin.jsonl", &text);
    stdout(&["import", file.to_str().expect("path"), "--data", &data], "");
    // Brings the index up to the store.
    assert_eq!(objects(&stdout(&["search", SECRET, "--data", &data], "")).len(), 1);
    std::fs::remove_file(file).expect("the operator's copy is the operator's");
    data
}

fn answers(data: &str) -> Vec<String> {
    let mut all = vec![stdout(&["posts", "--data", data], ""), stdout(&["alerts", "--data", data], "")];
    for query in ["tuyển", "\"việc nhẹ\"", "0901*", "points:>50", "lương -cam"] {
        all.push(stdout(&["search", query, "--data", data, "--limit", "500"], ""));
    }
    all
}

#[test]
fn a_backup_restores_what_answers_alike_and_an_old_one_brings_nothing_erased_back() {
    let folder = Folder::new("keeping");
    let data = filled(&folder);
    let file = folder.join("sao-luu").to_string_lossy().into_owned();
    let phrase = folder.write("cau.txt", "một câu dài để khóa tệp\n").to_string_lossy().into_owned();
    let told = stdout(&["backup", &file, "--passphrase-file", &phrase, "--data", &data], "");
    assert!(told.contains("encrypted"), "{told}");
    let before = answers(&data);
    let copy = folder.join("ban-sao").to_string_lossy().into_owned();
    let restore = |extra: &[&str], to: &str| {
        let mut args = vec!["restore", &file, "--passphrase-file", &phrase, "--data", to];
        args.extend(extra);
        run(&args, "")
    };
    let refused = restore(&[], &copy);
    assert_eq!(refused.status.code(), Some(2), "without its erasure list a backup is not restored unasked");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--erasures"));
    let done = restore(&["--without-erasures"], &copy);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(answers(&copy), before);
    assert!(stdout(&["audit", "verify", "--data", &copy], "").starts_with("whole: "));
    let again = restore(&["--without-erasures"], &copy);
    assert_eq!(again.status.code(), Some(2), "a folder that is in use is left alone");

    // Two people in the console of the running system agree to erase a post.
    let elsewhere = folder.join("noi-khac");
    let mut console = Running::start(
        canhgiac().args(["serve", "--listen", "127.0.0.1:0", "--data", &data]).env("CANHGIAC_ELSEWHERE", &elsewhere),
    );
    let line = console.wait_for(|line| line.starts_with("Cảnh Giác: http://"), Duration::from_secs(60));
    let address = line.expect("the console starts").replace("Cảnh Giác: http://", "");
    assert!(!holding(Path::new(&data), SECRET).is_empty(), "the test sees the files");
    let admin = Session::open(&address, &data, "quantri");
    let sent = admin.post("/retention/erase", "source=import%3Atin&native_id=1&reason=nguoi+dang+yeu+cau");
    assert!(sent.contains("said=proposed"), "{sent}");
    let lead = Session::open(&address, &data, "truongnhom");
    let page = lead.get("/proposals");
    let id = page.split("/proposals/").nth(1).and_then(|rest| rest.split('/').next()).expect("a proposal waits");
    assert!(lead.post(&format!("/proposals/{id}/approve"), "").contains("said=approved"));
    let list = elsewhere.join("erasures.jsonl");
    eventually(Duration::from_secs(60), "the post is gone from every file", || {
        (list.exists() && holding(Path::new(&data), SECRET).is_empty()).then_some(())
    });
    console.signal("TERM");
    console.rest();
    assert!(stdout(&["audit", "verify", "--data", &data], "").starts_with("whole: "));
    assert!(objects(&stdout(&["search", SECRET, "--data", &data], "")).is_empty());
    assert_eq!(objects(&stdout(&["search", "\"chiếc bàn\"", "--data", &data], "")).len(), 1, "its neighbour stays");

    // The backup was made before: it holds the post, and its restored store does not.
    let late = folder.join("ban-muon").to_string_lossy().into_owned();
    let done = restore(&["--erasures", list.to_str().expect("path")], &late);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(holding(Path::new(&late), SECRET), Vec::<PathBuf>::new());
    assert!(stdout(&["audit", "verify", "--data", &late], "").starts_with("whole: "));

    // A checkpoint that was kept elsewhere is believed, and finds what the chain alone cannot show.
    let points = elsewhere.join("audit-checkpoints.jsonl").to_string_lossy().into_owned();
    let told = stdout(&["audit", "verify", "--against", &points, "--data", &data], "");
    assert!(told.contains("1 checkpoints agree"), "{told}");
    let told = run(&["audit", "verify", "--against", &points, "--data", &late], "");
    assert_eq!(told.status.code(), Some(1), "the restored chain went its own way since");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.starts_with("MISSING: row ") || told.starts_with("REWRITTEN: "), "{told}");
}

#[test]
fn a_backup_is_made_while_the_system_runs() {
    let folder = Folder::new("keeping-live");
    let data = folder.join("data").to_string_lossy().into_owned();
    let mut demo = Running::start(canhgiac().args(["demo", "--listen", "127.0.0.1:0", "--data", &data]));
    demo.wait_for(|line| line.starts_with("Bảng điều khiển"), Duration::from_secs(60)).expect("the demo starts");
    let file = folder.join("sao-luu").to_string_lossy().into_owned();
    // The store is made a moment after the greeting at the latest.
    let told = eventually(Duration::from_secs(20), "a backup beside the running system", || {
        let output = run(&["backup", &file, "--data", &data], "");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    });
    assert!(told.contains("NOT encrypted"), "{told}");
    let copy = folder.join("ban-sao").to_string_lossy().into_owned();
    stdout(&["restore", &file, "--without-erasures", "--data", &copy], "");
    let told = stdout(&["audit", "verify", "--data", &copy], "");
    assert!(told.starts_with("whole: "), "{told}");
    demo.signal("TERM");
    demo.rest();
    assert!(stdout(&["audit", "verify", "--data", &data], "").starts_with("whole: "));
}

#[test]
fn retention_speaks_of_what_is_due_and_takes_rules_as_data() {
    let folder = Folder::new("retention");
    let data = filled(&folder);
    let told = stdout(&["retention", "preview", "--data", &data], "");
    assert!(told.starts_with("due\theld\trule\ttitle\n") && told.contains("bai-khong-canh-bao"), "{told}");
    let nothing = run(&["retention", "apply", "--as", "quantri", "--data", &data], "");
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("Chưa có gì đến hạn"));
    let rules = stdout(&["retention", "rules", "--data", &data], "");
    let good = folder.write("luat.toml", &rules.replace("after_days = 180", "after_days = 90"));
    stdout(&["retention", "rules", good.to_str().expect("path"), "--as", "quantri", "--data", &data], "");
    assert!(stdout(&["retention", "rules", "--data", &data], "").contains("after_days = 90"));
    let bad = folder.write("sai.toml", &rules.replace("\"dismissed\"", "\"open\""));
    let refused = run(&["retention", "rules", bad.to_str().expect("path"), "--as", "quantri", "--data", &data], "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("canh-bao-da-loai"));
}

/// Every file below a folder that holds a word; what is packed is unpacked first.
fn holding(folder: &Path, word: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, word));
            continue;
        }
        // A file may go while it is looked for.
        let Ok(mut bytes) = std::fs::read(&path) else { continue };
        if path.extension().is_some_and(|ending| ending == "zst") {
            bytes = zstd::decode_all(bytes.as_slice()).expect("a packed original");
        }
        if bytes.windows(word.len()).any(|piece| piece == word.as_bytes()) {
            found.push(path);
        }
    }
    found
}

/// A person at the console, by plain HTTP as a browser without script sends it.
struct Session {
    address: String,
    cookie: String,
}

impl Session {
    fn open(address: &str, data: &str, login: &str) -> Session {
        let kept: toml::Table =
            std::fs::read_to_string(Path::new(data).join("demo.toml")).expect("demo.toml").parse().expect("TOML");
        let password = kept["passwords"][login].as_str().expect("a password").to_owned();
        let mut session = Session { address: address.to_owned(), cookie: String::new() };
        let answer = session.post("/login", &format!("name={login}&password={password}"));
        let cookie = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next().unwrap_or_default().to_owned())
        });
        session.cookie = cookie.expect("the log-in is right");
        session
    }

    fn get(&self, path: &str) -> String {
        self.send("GET", path, "")
    }

    fn post(&self, path: &str, form: &str) -> String {
        self.send("POST", path, form)
    }

    fn send(&self, method: &str, path: &str, form: &str) -> String {
        let mut socket = TcpStream::connect(&self.address).expect("the console answers");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nCookie: {}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            self.cookie,
            form.len()
        );
        socket.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).expect("answered");
        String::from_utf8_lossy(&answer).into_owned()
    }
}
