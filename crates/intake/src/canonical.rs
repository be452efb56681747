//! One spelling for one address, so that it is fetched and remembered once.
//!
//! Two different pages must never become one: only what is known to mean nothing is dropped.

use url::Url;

/// Query keys that follow the reader, not the page.
const TRACKING: &[&str] =
    &["fbclid", "gclid", "dclid", "zarsrc", "igshid", "mc_cid", "mc_eid", "yclid", "msclkid", "_ga"];

/// The canonical form of an address: no fragment, no log-in, no tracking keys, NFC, one spelling of percent-encoding.
pub fn canonical(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Some(query) = url.query() {
        let kept: Vec<String> = query.split('&').filter(|pair| !is_tracking(pair)).map(one_spelling).collect();
        let kept = kept.join("&");
        url.set_query(if kept.is_empty() { None } else { Some(&kept) });
    }
    let path = one_spelling(url.path());
    if path != url.path() {
        url.set_path(&path);
    }
    url
}

/// The canonical form of an address given as text, made absolute against `base`.
pub fn canonical_text(text: &str, base: Option<&Url>) -> Option<String> {
    // Before it is encoded: afterwards nobody can tell one letter from a letter with a mark.
    let text = crate::filter::nfc(text.trim());
    let url = match base {
        Some(base) => base.join(&text).ok()?,
        None => Url::parse(&text).ok()?,
    };
    matches!(url.scheme(), "http" | "https").then(|| canonical(&url).into())
}

/// `host` or `host:port` of an address, the key of its pace.
pub fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        _ => String::new(),
    }
}

fn is_tracking(pair: &str) -> bool {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    let key = key.to_ascii_lowercase();
    let is_session = matches!(key.as_str(), "sid" | "phpsessid" | "s")
        && value.len() == 32
        && value.bytes().all(|b| b.is_ascii_hexdigit());
    key.starts_with("utm_") || TRACKING.contains(&key.as_str()) || is_session
}

/// Percent-encoding in upper case, and none where a plain letter or digit means the same (RFC 3986, section 6.2.2).
pub fn one_spelling(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte)
                if (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~'))
                    && !ends_in_stray_percent(&out) =>
            {
                out.push(byte as char)
            }
            Some(byte) => out.push_str(&format!("%{byte:02X}")),
            None => {
                out.push('%');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 3..];
    }
    out.push_str(rest);
    out
}

/// Whether a letter more would make a code of a percent sign that began none.
fn ends_in_stray_percent(text: &str) -> bool {
    text.bytes().rev().take(2).any(|byte| byte == b'%')
}

/// The address with one query parameter set, every other left as it stands.
pub fn with_param(url: &Url, name: &str, value: &str) -> Url {
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let mut pairs: Vec<String> =
        url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    let written = format!("{}={encoded}", url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>());
    match pairs.iter_mut().find(|pair| key_is(pair, name)) {
        Some(pair) => *pair = written,
        None => pairs.push(written),
    }
    let mut url = url.clone();
    url.set_query(Some(&pairs.join("&")));
    url
}

/// The value of a query parameter.
pub fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn key_is(pair: &str, name: &str) -> bool {
    url::form_urlencoded::parse(pair.as_bytes()).next().is_some_and(|(key, _)| key == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_has_one_address() {
        let base = Url::parse("https://Diễn-Đàn.example/a/").unwrap();
        for (text, expected) in [
            ("HTTPS://A.example:443/x/../y#top", "https://a.example/y"),
            ("https://u:p@a.example/?utm_source=x&id=1&fbclid=z", "https://a.example/?id=1"),
            ("https://a.example/%7euser/%e1%ba%bf?q=%41", "https://a.example/~user/%E1%BA%BF?q=A"),
            ("https://a.example/%%34%31?%4%31", "https://a.example/%%341?%4%31"),
            ("https://a.example/?sid=0123456789abcdef0123456789abcdef", "https://a.example/"),
            ("https://a.example/vie\u{323}\u{302}c", "https://a.example/vi%E1%BB%87c"),
            ("https://a.example/t?s=2", "https://a.example/t?s=2"),
            ("../b?x", "https://xn--din-n-iya2jtmn9t.example/b?x"),
        ] {
            let found = canonical_text(text, Some(&base)).unwrap();
            if text == "../b?x" {
                assert!(found.starts_with("https://xn--") && found.ends_with(".example/b?x"), "{found}");
            } else {
                assert_eq!(found, expected);
            }
        }
        assert_eq!(canonical_text("mailto:a@b.example", None), None);
    }

    #[test]
    fn a_parameter_is_set_in_place() {
        let url = Url::parse("https://a.example/l?f[]=1&page=1&z").unwrap();
        assert_eq!(with_param(&url, "page", "2").as_str(), "https://a.example/l?f[]=1&page=2&z");
        assert_eq!(
            with_param(&Url::parse("https://a.example/l").unwrap(), "o", "50").as_str(),
            "https://a.example/l?o=50"
        );
    }
}
