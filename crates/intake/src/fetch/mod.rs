//! Opening addresses that came from a source, and no others.
//!
//! One call is one request: redirects are handed back, so that scope, robots.txt and pace are asked again for each of
//! them. The raw body is what came over the wire; decoding is a second step on a copy. Deliberately absent: proxies,
//! cookies, automatic decompression, and any other user agent than our own.

pub mod address;
pub mod charset;
pub mod content;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};
use url::Url;

use address::{AdmitError, Guard, Lookup};
use content::Caps;

/// Who we are, never disguised. The page behind the address says how to block us.
pub const USER_AGENT: &str = concat!("CanhGiac/", env!("CARGO_PKG_VERSION"), " (+https://canhgiac.example/bot)");

/// What robots.txt files call us.
pub const ROBOTS_TOKEN: &str = "CanhGiac";

/// How long parts of a request may take, and how large the answer may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until connected.
    pub connect: Duration,
    /// Until the head of the answer is there.
    pub first_byte: Duration,
    /// Until the last byte.
    pub total: Duration,
    /// Size caps.
    pub caps: Caps,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(20),
            total: Duration::from_secs(60),
            caps: Caps::default(),
        }
    }
}

/// What a request asks for beyond the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag` of the last answer.
    pub etag: Option<String>,
    /// `Last-Modified` of the last answer.
    pub last_modified: Option<String>,
}

/// The head of a request or an answer: its first line and its fields in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// `GET /path HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub line: String,
    /// Names in lower case, values as they came (bytes beyond ASCII as Latin-1).
    pub fields: Vec<(String, String)>,
}

impl Head {
    /// The first value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One answer as it came over the wire, with what a WARC record needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The address asked for.
    pub url: Url,
    /// When the request left, UTC milliseconds.
    pub requested_at_ms: i64,
    /// Milliseconds until the last byte.
    pub took_ms: i64,
    /// The HTTP status.
    pub status: u16,
    /// The head of the request.
    pub request: Head,
    /// The head of the answer.
    pub response: Head,
    /// The address of the server.
    pub server: Option<SocketAddr>,
    /// SHA-256 of the server's certificate.
    pub certificate_sha256: Option<String>,
    /// The body as it came, content encodings included.
    pub body: Vec<u8>,
    /// SHA-256 of that body.
    pub sha256: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address may not be opened.
    #[error(transparent)]
    Admit(#[from] AdmitError),
    /// The connection ended somewhere it was not allowed to go.
    #[error("kết nối tới địa chỉ không được phép {0}")]
    WrongAddress(IpAddr),
    /// It took too long.
    #[error("quá thời gian chờ ({0})")]
    Timeout(&'static str),
    /// It was too large.
    #[error("câu trả lời vượt {0} byte")]
    TooLarge(usize),
    /// It is not a kind of page that we read.
    #[error("kiểu nội dung `{0}` không thu thập")]
    MediaType(String),
    /// The connection failed or broke.
    #[error("kết nối hỏng: {0}")]
    Connection(String),
    /// The client could not be made.
    #[error("không tạo được kết nối: {0}")]
    Setup(String),
}

impl FetchError {
    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, FetchError::Timeout(_) | FetchError::Connection(_) | FetchError::Admit(AdmitError::Unknown(_)))
    }
}

/// Opens addresses.
pub struct Fetcher {
    client: reqwest::Client,
    guard: Guard,
    limits: Limits,
}

impl Fetcher {
    /// A fetcher that resolves names as the system does.
    pub fn new(allow_loopback: bool) -> Result<Fetcher, FetchError> {
        Fetcher::with(allow_loopback, Limits::default(), address::system_lookup())
    }

    /// A fetcher with its own limits and its own way to resolve names.
    pub fn with(allow_loopback: bool, limits: Limits, lookup: Lookup) -> Result<Fetcher, FetchError> {
        // A second installation fails and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard::new(allow_loopback, lookup);
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(guard.resolver())
            .connect_timeout(limits.connect)
            .tls_info(true)
            .referer(false)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|error| FetchError::Setup(error.to_string()))?;
        Ok(Fetcher { client, guard, limits })
    }

    /// The guard that decides which addresses may be opened.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The size caps of bodies.
    pub fn caps(&self) -> &Caps {
        &self.limits.caps
    }

    /// Sends one request. A redirect is an answer like any other.
    pub async fn get(&self, url: &Url, validators: &Validators, now_ms: i64) -> Result<Fetched, FetchError> {
        self.ask(url, validators, now_ms, false).await
    }

    /// Sends the request for a robots.txt: of any type, and of a larger one only its beginning (RFC 9309, 2.5).
    pub async fn get_robots(&self, url: &Url, now_ms: i64) -> Result<Fetched, FetchError> {
        self.ask(url, &Validators::default(), now_ms, true).await
    }

    async fn ask(
        &self,
        url: &Url,
        validators: &Validators,
        now_ms: i64,
        is_robots: bool,
    ) -> Result<Fetched, FetchError> {
        let started = tokio::time::Instant::now();
        self.guard.admit(url).await?;
        let deadline = started + self.limits.total;
        let request = self
            .client
            .get(url.clone())
            .headers(asked_fields(validators))
            .build()
            .map_err(|error| FetchError::Connection(plain(&error)))?;
        let asked = request_head(&request);
        let answer = tokio::time::timeout(self.limits.first_byte.min(self.limits.total), self.client.execute(request));
        let mut answer = match answer.await {
            Err(_) => return Err(FetchError::Timeout("first byte")),
            Ok(Err(error)) if error.is_timeout() => return Err(FetchError::Timeout("connect")),
            Ok(Err(error)) => return Err(FetchError::Connection(plain(&error))),
            Ok(Ok(answer)) => answer,
        };
        let server = answer.remote_addr();
        if let Some(server) = server.filter(|server| !self.guard.has_admitted(url, server.ip())) {
            return Err(FetchError::WrongAddress(server.ip()));
        }
        let status = answer.status().as_u16();
        let response = response_head(&answer);
        if !is_robots && (200..300).contains(&status) && !is_readable(response.field("content-type"), url) {
            return Err(FetchError::MediaType(response.field("content-type").unwrap_or_default().to_owned()));
        }
        let most = if is_robots { crate::robots::BYTES_MAX } else { self.limits.caps.wire_bytes };
        if !is_robots && answer.content_length().is_some_and(|length| length > most as u64) {
            return Err(FetchError::TooLarge(most));
        }
        let certificate_sha256 =
            answer.extensions().get::<reqwest::tls::TlsInfo>().and_then(|info| info.peer_certificate()).map(sha256_hex);
        let mut body = Vec::new();
        loop {
            match tokio::time::timeout_at(deadline, answer.chunk()).await {
                Err(_) => return Err(FetchError::Timeout("total")),
                Ok(Err(error)) => return Err(FetchError::Connection(plain(&error))),
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) if is_robots && body.len() + chunk.len() > most => {
                    body.extend_from_slice(chunk.get(..most - body.len()).unwrap_or_default());
                    break;
                }
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > most => return Err(FetchError::TooLarge(most)),
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            }
        }
        Ok(Fetched {
            url: url.clone(),
            requested_at_ms: now_ms,
            took_ms: started.elapsed().as_millis() as i64,
            status,
            request: asked,
            response,
            server,
            certificate_sha256,
            sha256: sha256_hex(&body),
            body,
        })
    }
}

impl Fetched {
    /// The media type, without parameters, in lower case.
    pub fn media_type(&self) -> String {
        let value = self.response.field("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The text of the page: content encodings undone, a gzip file opened, the charset found.
    pub fn text(&self, caps: &Caps) -> Result<charset::Decoded, content::ContentError> {
        let body = content::decode(&self.body, self.response.field("content-encoding"), caps)?;
        let body = content::ungzip(&body, caps)?;
        let http = self.response.field("content-type").and_then(|value| {
            let at = value.to_ascii_lowercase().find("charset=")?;
            value[at + 8..].split([';', ',']).next()
        });
        Ok(charset::decode(&body, http, &self.media_type()))
    }

    /// The validators for asking again.
    pub fn validators(&self) -> Validators {
        Validators {
            etag: self.response.field("etag").map(str::to_owned),
            last_modified: self.response.field("last-modified").map(str::to_owned),
        }
    }

    /// Where a redirect points.
    pub fn redirect(&self) -> Option<Url> {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
            .then(|| self.url.join(self.response.field("location")?).ok())?
    }

    /// Whether `X-Robots-Tag` says `word` (`noindex`, `nofollow`), for everybody or for us.
    pub fn robots_say(&self, word: &str) -> bool {
        self.response.fields.iter().filter(|(name, _)| name == "x-robots-tag").any(|(_, value)| {
            let value = value.to_ascii_lowercase();
            let words = match value.split_once(':') {
                Some((agent, words)) if agent.trim() == "canhgiac" => words,
                Some((agent, _)) if !agent.contains(',') && agent.trim() != "unavailable_after" => return false,
                _ => value.as_str(),
            };
            words.split(',').any(|said| said.trim() == word || said.trim() == "none")
        })
    }
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn asked_fields(validators: &Validators) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::ACCEPT,
        HeaderValue::from_static("text/html,application/xhtml+xml,application/xml,application/json;q=0.9,*/*;q=0.5"),
    );
    headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("vi,en;q=0.5"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br, zstd"));
    let conditional =
        [(header::IF_NONE_MATCH, &validators.etag), (header::IF_MODIFIED_SINCE, &validators.last_modified)];
    for (name, value) in conditional {
        if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

fn request_head(request: &reqwest::Request) -> Head {
    let url = request.url();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut fields =
        vec![("host".to_owned(), crate::canonical::host_of(url)), ("user-agent".to_owned(), USER_AGENT.to_owned())];
    fields.extend(fields_of(request.headers()));
    Head { line: format!("GET {}{query} HTTP/1.1", url.path()), fields }
}

fn response_head(answer: &reqwest::Response) -> Head {
    let status = answer.status();
    let line = format!("{:?} {} {}", answer.version(), status.as_u16(), status.canonical_reason().unwrap_or_default());
    Head { line: line.trim_end().to_owned(), fields: fields_of(answer.headers()) }
}

fn fields_of(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().iter().map(|byte| *byte as char).collect()))
        .collect()
}

/// Pages, data and feeds; pictures, films and programs are never fetched whole.
fn is_readable(content_type: Option<&str>, url: &Url) -> bool {
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Sitemaps are served as gzip files, by honest servers and by those that know no type for them.
    let is_gzip_file = matches!(media.as_str(), "application/gzip" | "application/x-gzip")
        || (matches!(media.as_str(), "application/octet-stream" | "binary/octet-stream")
            && url.path().ends_with(".gz"));
    media.is_empty()
        || media.starts_with("text/")
        || media.ends_with("+xml")
        || media.ends_with("+json")
        || matches!(
            media.as_str(),
            "application/xml" | "application/json" | "application/feed" | "application/javascript"
        )
        || is_gzip_file
}

/// The innermost reason, without the address.
fn plain(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}
