//! Captures and posts: what came in, and what was extracted from it.

use serde::{Deserialize, Serialize};

use crate::id::ids;

ids! {
    /// The door through which bytes came.
    Method {
        /// Fetched from a page.
        Crawl = "crawl",
        /// Received from a stream.
        Stream = "stream",
        /// A file that a person imported.
        Import = "import",
        /// Pasted by a person.
        Paste = "paste",
        /// A citizen's tip.
        Tip = "tip",
    }
}

ids! {
    /// How far a capture has come. Bytes are kept before anything parses them.
    CaptureState {
        /// The original is kept; its posts are not all recorded.
        Kept = "kept",
        /// All its posts are recorded.
        Recorded = "recorded",
        /// It cannot be read; the reason is with it and the original stays.
        Failed = "failed",
    }
}

/// How some bytes came in: what a packet tells of each original. Times are UTC milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Id of the source, with its identity parameters.
    pub source: String,
    /// The door.
    pub method: Method,
    /// Software and version that collected, and the pseudonym of the person where one did.
    pub collector: String,
    /// Address asked for. For a file its name.
    pub url_requested: String,
    /// Address that answered, after redirects.
    pub url_final: String,
    /// Addresses between the two, in order.
    pub redirects: Vec<String>,
    /// When the answer was complete.
    pub fetched_at_ms: i64,
    /// HTTP status; none for a file.
    pub status: Option<u16>,
    /// As on the wire: `HTTP/1.1`, `HTTP/2`.
    pub http_version: Option<String>,
    /// Request headers in order.
    pub request_headers: Vec<(String, String)>,
    /// Response headers in order, undecoded body's `Content-Encoding` included.
    pub response_headers: Vec<(String, String)>,
    /// Media type as declared.
    pub content_type: Option<String>,
    /// Charset as declared.
    pub charset_declared: Option<String>,
    /// Charset used for reading.
    pub charset_used: Option<String>,
    /// Address of the server.
    pub server_ip: Option<String>,
    /// SHA-256 of the server's certificate.
    pub tls_cert_sha256: Option<String>,
    /// Account used for reading; none for what anyone can see.
    pub account_used: Option<String>,
}

impl Capture {
    /// A capture that came without HTTP: a file, a paste, a tip.
    pub fn of_file(source: &str, method: Method, name: &str, collector: &str, at_ms: i64) -> Self {
        Capture {
            source: source.to_owned(),
            method,
            collector: collector.to_owned(),
            url_requested: name.to_owned(),
            url_final: name.to_owned(),
            redirects: Vec::new(),
            fetched_at_ms: at_ms,
            status: None,
            http_version: None,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            content_type: None,
            charset_declared: None,
            charset_used: None,
            server_ip: None,
            tls_cert_sha256: None,
            account_used: None,
        }
    }
}

/// One post as extracted from a capture. `(source, native_id)` is its identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Id of the source, with its identity parameters.
    pub source: String,
    /// The id that the site gives it.
    pub native_id: String,
    /// Its own address.
    pub url: Option<String>,
    /// Title or subject line.
    pub title: Option<String>,
    /// Body.
    pub text: String,
    /// Author's name as shown.
    pub author: Option<String>,
    /// Author's id on the site.
    pub author_id: Option<String>,
    /// When it was posted, as the site says. UTC milliseconds.
    pub posted_at_ms: Option<i64>,
    /// When it was edited last, as the site says. UTC milliseconds.
    pub edited_at_ms: Option<i64>,
    /// Native id of the first post of its thread.
    pub thread: Option<String>,
    /// Native id of the post that it answers.
    pub parent: Option<String>,
    /// Place as stated by the site's own field.
    pub place: Option<String>,
    /// Price or pay as stated by the site's own field.
    pub price: Option<String>,
    /// Addresses that it links to.
    #[serde(default)]
    pub links: Vec<String>,
    /// Half-open byte range in the original, where the original holds many posts.
    pub bytes: Option<(u64, u64)>,
}
