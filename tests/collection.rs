//! Collecting as its users meet it: what is kept of an HTTPS fetch and its WARC, alarms by mail and webhook, the stop.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Folder, Running, canhgiac, stdout, top};

const SOURCE: &str = r#"
id = "cho-thu"
kind = "html"
[access]
basis = "open"
[pace]
gap = "0s"
[walk]
start = "BASE/list"
stop = "known"
[list]
rows = "li"
follow = "a @href"
id = "a @href | regex(/ad_(\\d+))"
[item]
id = "^url | regex(/ad_(\\d+))"
title = "h1"
text = "p | text"
[expect]
fields = ["id", "text"]
"#;

/// A site of three ads.
struct Site {
    folder: Folder,
    server: Running,
    base: String,
    source: PathBuf,
}

impl Site {
    fn start(name: &str, certificate: Option<(&Path, &Path)>) -> Site {
        let folder = Folder::new(name);
        let mut command = Command::new("python3");
        command.arg(top().join("tests/independent/site.py")).arg(folder.path());
        if let Some((certificate, key)) = certificate {
            command.arg(certificate).arg(key);
        }
        let mut server = Running::start(&mut command);
        let line = server.wait_for(|line| line.starts_with("port "), Duration::from_secs(20)).expect("the site serves");
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://127.0.0.1:{}", &line[5..]);
        let source = folder.write("source.toml", &SOURCE.replace("BASE", &base));
        let site = Site { folder, server, base, source };
        site.mend();
        site
    }

    fn mend(&self) {
        let rows: String = (1..=3).map(|id| format!("<li><a href=/ad_{id}>Tin {id}</a>")).collect();
        self.folder.write("list", &format!("<ul>{rows}</ul>"));
        for id in 1..=3 {
            self.folder.write(&format!("ad_{id}"), &format!("<h1>Tin {id}</h1><p>Bán xe máy cũ số {id}</p>"));
        }
    }

    fn crawl(&self, data: &str, env: &[(&str, &str)]) -> Output {
        let source = self.source.to_str().expect("path");
        let mut command = canhgiac();
        command.args(["crawl", "--once", "--allow-loopback", "--source", source, "--data", data]);
        command.envs(env.iter().copied()).output().expect("the binary runs")
    }
}

/// The folder of the peers, or why they are not there.
fn peers() -> PathBuf {
    let output =
        Command::new("python3").arg(top().join("tests/independent.py")).arg("where").output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

fn openssl(args: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(args).output().expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn an_https_fetch_keeps_its_certificate_and_becomes_a_warc_that_warcio_accepts() {
    let folder = Folder::new("https");
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let (cert, key_path) = (certificate.to_str().expect("path"), key.to_str().expect("path"));
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-keyout",
        key_path,
        "-out",
        cert,
    ]);
    let printed =
        String::from_utf8(openssl(&["x509", "-in", cert, "-noout", "-fingerprint", "-sha256"])).expect("text");
    let expected = printed.trim().rsplit('=').next().expect("a fingerprint").replace(':', "").to_lowercase();

    let site = Site::start("https-site", Some((&certificate, &key)));
    let data = folder.join("data");
    let data = data.to_str().expect("path");
    let untrusted = site.crawl(data, &[]);
    assert_eq!(untrusted.status.code(), Some(1), "a certificate that nobody vouches for is refused");
    assert!(stdout(&["posts", "--data", data], "").is_empty());

    let data = folder.join("data-trusted");
    let data = data.to_str().expect("path");
    let output = site.crawl(data, &[("SSL_CERT_FILE", cert)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(stdout(&["posts", "--data", data], "").lines().count(), 3);

    let warc = folder.join("fetched.warc.gz");
    let warc = warc.to_str().expect("path");
    stdout(&["source", "warc", "cho-thu", "--out", warc, "--data", data], "");
    let warcio = peers().join("venv/bin/warcio");
    let checked = Command::new(&warcio).args(["check", "-v", warc]).output().expect("warcio runs");
    let said = [String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr)].concat();
    assert!(checked.status.success() && !said.contains("fail"), "{said}");
    assert!(said.matches("pass").count() >= 15, "five fetches of three records, and the head: {said}");
    let listed = Command::new(&warcio).args(["index", "-f", "warc-type,warc-target-uri,http:status", warc]).output();
    let index = String::from_utf8(listed.expect("warcio runs").stdout).expect("text");
    let records: Vec<Value> = index.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |kind: &str| records.iter().filter(|record| record["warc-type"] == kind).count();
    assert_eq!((of("warcinfo"), of("response"), of("request"), of("metadata")), (1, 5, 5, 5), "{index}");
    let page = format!("{}/ad_1", site.base);
    let response =
        records.iter().find(|record| record["warc-type"] == "response" && record["warc-target-uri"] == *page);
    assert_eq!(response.expect("the ad")["http:status"], "200");
    let mut unpacked = String::new();
    let gunzip = Command::new("gzip").args(["-dc", warc]).output().expect("gzip runs");
    unpacked.push_str(&String::from_utf8_lossy(&gunzip.stdout));
    assert_eq!(unpacked.matches(&format!("tls-certificate-sha256: {expected}")).count(), 5, "{expected}");
    assert!(unpacked.contains("WARC-IP-Address: 127.0.0.1") && unpacked.contains("Bán xe máy cũ số 1"));
    assert!(unpacked.to_lowercase().contains("user-agent: canhgiac/"));

    let log = stdout(&["source", "log", "cho-thu", "--data", data], "");
    assert_eq!(log.lines().count(), 5, "{log}");
    assert!(log.lines().all(|line| line.contains("robots.txt") && line.contains("gap ")), "{log}");
}

/// A receiver of webhooks; what it was sent.
fn webhook() -> (String, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/bao-dong", listener.local_addr().expect("an address"));
    let (send, received) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                line.clear();
            }
            let mut body = vec![0; length];
            let _ = reader.read_exact(&mut body);
            let _ = reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            let _ = send.send(serde_json::from_slice(&body).unwrap_or(Value::Null));
        }
    });
    (address, received)
}

#[test]
fn an_alarm_is_told_once_by_page_mail_and_webhook_and_ends_by_itself() {
    let site = Site::start("alarm-site", None);
    let data = site.folder.join("data");
    let data = data.to_str().expect("path");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mut mail = Running::start(Command::new(peers().join("venv/bin/python")).args([
        "-u",
        "-m",
        "aiosmtpd",
        "-n",
        "-l",
        &format!("127.0.0.1:{port}"),
        "-c",
        "aiosmtpd.handlers.Debugging",
        "stdout",
    ]));
    let (address, received) = webhook();
    assert!(site.crawl(data, &[]).status.success());
    let health = stdout(&["source", "health", "cho-thu", "--data", data], "");
    assert!(health.contains("Đọc được như thường") && !health.contains("báo động"), "{health}");

    let work = || {
        let mut worker = canhgiac();
        worker.args(["work", "--once", "--data", data]);
        worker.env("CANHGIAC_ALARM_MAIL_SERVER", format!("smtp://127.0.0.1:{port}"));
        worker.env("CANHGIAC_ALARM_MAIL_FROM", "Cảnh Giác <canh-giac@co-quan.example>");
        worker.env("CANHGIAC_ALARM_MAIL_TO", "truc-ban@co-quan.example, quan-tri@co-quan.example");
        worker.env("CANHGIAC_ALARM_WEBHOOK", &address);
        let output = worker.output().expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    work();

    site.folder.write("list", "<p>Bảo trì");
    for _ in 0..2 {
        assert_eq!(site.crawl(data, &[]).status.code(), Some(1));
        work();
    }
    let told = received.recv_timeout(Duration::from_secs(40)).expect("the webhook is told");
    assert_eq!(
        (&told["event"], &told["cause"], &told["source"]),
        (&"opened".into(), &"drift".into(), &"cho-thu".into())
    );
    assert!(told["advice"].as_str().is_some_and(|advice| advice.contains("bộ chọn")), "{told}");
    let to = mail.wait_for(|line| line.starts_with("To: truc-ban@co-quan.example"), Duration::from_secs(40));
    assert!(to.is_some_and(|line| line.contains("quan-tri@")), "{:?}", mail.seen);
    let broken = crate::harness::run(&["source", "health", "cho-thu", "--data", data], "");
    let said = String::from_utf8_lossy(&broken.stdout).into_owned();
    assert_eq!(broken.status.code(), Some(1), "{said}");
    assert!(said.contains("báo động\tdrift") && said.contains("cần làm\tMở trang"), "{said}");

    site.mend();
    assert!(site.crawl(data, &[]).status.success());
    work();
    let told = received.recv_timeout(Duration::from_secs(40)).expect("the webhook is told of the end");
    assert_eq!((&told["event"], &told["cause"]), (&"cleared".into(), &"drift".into()));
    work();
    assert!(received.recv_timeout(Duration::from_secs(1)).is_err(), "once a cause");
}

#[test]
fn the_global_stop_lets_no_request_leave() {
    let mut site = Site::start("stop-site", None);
    let data = site.folder.join("data");
    let data = data.to_str().expect("path");
    assert!(site.crawl(data, &[]).status.success());
    stdout(&["source", "stop", "--data", data], "");
    while site.server.wait_for(|_| true, Duration::from_millis(300)).is_some() {}
    let before = site.server.seen.len();
    assert!(site.crawl(data, &[]).status.success());
    assert!(site.server.wait_for(|_| true, Duration::from_secs(1)).is_none(), "{:?}", &site.server.seen[before..]);
    assert!(stdout(&["source", "health", "cho-thu", "--data", data], "").contains("Mọi thu thập đang dừng"));
    stdout(&["source", "resume", "--data", data], "");
    assert!(site.crawl(data, &[]).status.success());
    assert!(site.server.wait_for(|line| line.contains("/list"), Duration::from_secs(2)).is_some());
    assert!(stdout(&["audit", "verify", "--data", data], "").starts_with("whole: "));
}
