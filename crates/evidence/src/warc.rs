//! A fetch as WARC 1.1 (ISO 28500:2017) records, built when they are wanted: from a capture and its original.
//!
//! What was kept at the fetch is enough: request head, response head, address of the server, hash of its certificate,
//! raw body. Records are built at export and not stored, so that an erasure never has to rewrite an archive. One gzip
//! member a record. Two things differ from the wire and are said so: HTTP/2 heads are written in the form of HTTP/1.1,
//! which has no other, and `Transfer-Encoding` is renamed, because the body is kept as it was before chunking.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use model::Capture;

use crate::{rfc3339, sha256_hex};

/// Writes the record that says who made the archive.
///
/// # Errors
/// Those of the writer.
pub fn write_info(out: &mut impl Write, software: &str, at_ms: i64) -> io::Result<()> {
    let block = format!("software: {software}\r\nformat: WARC File Format 1.1\r\nrobots: obeyed (RFC 9309)\r\n");
    let fields = [("WARC-Date", rfc3339(at_ms)), ("Content-Type", "application/warc-fields".into())];
    write(out, "warcinfo", &id_of(&format!("warcinfo {software} {at_ms}")), &fields, block.as_bytes())
}

/// Writes the records of one fetch: response, request, and what the two cannot hold. A capture that did not come over
/// HTTP becomes a `resource`.
///
/// # Errors
/// Those of the writer.
pub fn write_capture(out: &mut impl Write, capture: &Capture, id: &str, body: &[u8]) -> io::Result<()> {
    let date = ("WARC-Date", rfc3339(capture.fetched_at_ms));
    let target = ("WARC-Target-URI", target_of(capture, id));
    let response_id = id_of(&format!("response {id}"));
    let Some(status) = capture.status else {
        let kind = capture.content_type.clone().unwrap_or_else(|| "application/octet-stream".into());
        let fields = [date, target, ("WARC-Payload-Digest", digest(body)), ("Content-Type", kind)];
        return write(out, "resource", &response_id, &fields, body);
    };
    let mut block = head(&format!("HTTP/1.1 {status} {}", reason(status)), &capture.response_headers).into_bytes();
    block.extend_from_slice(body);
    let mut fields = vec![date.clone(), target.clone(), ("WARC-Payload-Digest", digest(body))];
    fields.extend(capture.server_ip.clone().map(|ip| ("WARC-IP-Address", ip)));
    fields.push(("Content-Type", "application/http; msgtype=response".into()));
    write(out, "response", &response_id, &fields, &block)?;

    let concurrent = ("WARC-Concurrent-To", response_id);
    let path = capture.url_final.split_once("://").map_or("", |(_, rest)| rest);
    let path = path.find(['/', '?']).map_or("/", |at| &path[at..]);
    let block = head(&format!("GET {path} HTTP/1.1"), &capture.request_headers);
    let fields = [
        date.clone(),
        target.clone(),
        concurrent.clone(),
        ("Content-Type", "application/http; msgtype=request".into()),
    ];
    write(out, "request", &id_of(&format!("request {id}")), &fields, block.as_bytes())?;

    let mut block = format!("collector: {}\r\nsource: {}\r\n", one_line(&capture.collector), one_line(&capture.source));
    for (name, value) in [
        ("http-version", &capture.http_version),
        ("tls-certificate-sha256", &capture.tls_cert_sha256),
        ("asked-for", &Some(capture.url_requested.clone())),
    ] {
        if let Some(value) = value {
            block.push_str(&format!("{name}: {}\r\n", one_line(value)));
        }
    }
    let fields = [date, target, concurrent, ("Content-Type", "application/warc-fields".into())];
    write(out, "metadata", &id_of(&format!("metadata {id}")), &fields, block.as_bytes())
}

/// The address that answered; a file has one of its own making.
fn target_of(capture: &Capture, id: &str) -> String {
    if capture.status.is_some() { one_line(&capture.url_final) } else { format!("urn:canhgiac:capture:{id}") }
}

/// A head in the form of HTTP/1.1. Fields that would tell a reader to undo what was undone already are renamed.
fn head(line: &str, fields: &[(String, String)]) -> String {
    let mut text = format!("{line}\r\n");
    for (name, value) in fields {
        let is_undone = name.eq_ignore_ascii_case("transfer-encoding");
        let prefix = if is_undone { "x-crawler-" } else { "" };
        text.push_str(&format!("{prefix}{}: {}\r\n", one_line(name), one_line(value)));
    }
    text + "\r\n"
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn write(out: &mut impl Write, kind: &str, record_id: &str, fields: &[(&str, String)], block: &[u8]) -> io::Result<()> {
    let mut gzip = GzEncoder::new(out, Compression::default());
    write!(gzip, "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {record_id}\r\n")?;
    for (name, value) in fields {
        write!(gzip, "{name}: {value}\r\n")?;
    }
    write!(gzip, "WARC-Block-Digest: {}\r\nContent-Length: {}\r\n\r\n", digest(block), block.len())?;
    gzip.write_all(block)?;
    gzip.write_all(b"\r\n\r\n")?;
    gzip.finish().map(|_| ())
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}

/// A UUID (RFC 9562, version 8) of a name: the same fetch has the same records in every archive.
fn id_of(name: &str) -> String {
    let hash = sha256_hex(name.as_bytes());
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    format!("<urn:uuid:{}-{}-8{}-a{}-{}>", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        other => match other / 100 {
            2 => "Success",
            3 => "Redirect",
            4 => "Client Error",
            _ => "Server Error",
        },
    }
}
