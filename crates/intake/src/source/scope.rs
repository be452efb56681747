//! Which addresses belong to a source: ordered rules, the last match wins.

use url::Url;

use crate::canonical;

/// The scope of a source.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    rules: Vec<Rule>,
    start_hosts: Vec<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    allows: bool,
    pattern: String,
    written: String,
}

/// What the scope says of an address, with the rule that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may be fetched.
    pub allowed: bool,
    /// The rule as written, or the words that no rule matched.
    pub rule: String,
}

impl Scope {
    /// Reads rules whose parameters are already inserted; the error is the rule that cannot be read.
    pub fn parse(rules: &[String], starts: &[Url]) -> Result<Scope, String> {
        let rules = rules
            .iter()
            .map(|written| {
                let (sign, pattern) = written.trim().split_at_checked(1).ok_or_else(|| written.clone())?;
                let allows = match sign {
                    "+" => true,
                    "-" => false,
                    _ => return Err(written.clone()),
                };
                let pattern = pattern.trim();
                if pattern.is_empty() {
                    return Err(written.clone());
                }
                Ok(Rule { allows, pattern: canonical_pattern(pattern), written: written.clone() })
            })
            .collect::<Result<_, _>>()?;
        Ok(Scope { rules, start_hosts: starts.iter().map(canonical::host_of).collect() })
    }

    /// Whether an address, in canonical form, belongs to the source.
    pub fn verdict(&self, url: &Url) -> Verdict {
        let text = url.as_str();
        match self.rules.iter().rev().find(|rule| matches(&rule.pattern, text)) {
            Some(rule) => Verdict { allowed: rule.allows, rule: rule.written.clone() },
            None => {
                let allowed = self.start_hosts.contains(&canonical::host_of(url));
                Verdict { allowed, rule: if allowed { "host of start".into() } else { "not a host of start".into() } }
            }
        }
    }
}

/// A pattern spelled like the canonical addresses it is compared with.
fn canonical_pattern(pattern: &str) -> String {
    let spelled: String = crate::filter::nfc(pattern)
        .chars()
        .map(|c| {
            if c.is_ascii() {
                c.to_string()
            } else {
                c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
            }
        })
        .collect();
    let spelled = canonical::one_spelling(&spelled);
    // The host part of a pattern without wildcards is lower case and without a default port.
    match spelled.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('*') => {
            let end = rest.find(['/', '*', '?']).unwrap_or(rest.len());
            let (host, path) = rest.split_at(end);
            let scheme = scheme.to_ascii_lowercase();
            let host = host.to_ascii_lowercase();
            let port = if scheme == "https" { ":443" } else { ":80" };
            format!("{scheme}://{}{path}", host.strip_suffix(port).unwrap_or(&host))
        }
        _ => spelled,
    }
}

/// Whether the whole text matches; a run of `*` is any run of characters, everything else stands for itself.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_match_wins_and_the_question_mark_stands_for_itself() {
        let start = Url::parse("https://a.example/group/1-viec/?page=1").unwrap();
        let rules = ["- https://A.example:443/group/*/".to_owned(), "+ https://a.example/group/*/?page=*".to_owned()];
        let scope = Scope::parse(&rules, &[start]).unwrap();
        let allowed = |url: &str| scope.verdict(&Url::parse(url).unwrap()).allowed;
        assert!(allowed("https://a.example/group/1-viec/?page=2"));
        assert!(!allowed("https://a.example/group/1-viec/"));
        assert!(allowed("https://a.example/ad/5"));
        assert!(!allowed("https://b.example/ad/5"));
        assert!(!allowed("https://a.example:8080/ad/5"));
    }

    #[test]
    fn stars_cross_slashes_and_foreign_letters_are_compared_encoded() {
        let scope =
            Scope::parse(&["- *".to_owned(), "+ */chủ-đề/**".to_owned(), "- **?*order=*".to_owned()], &[]).unwrap();
        let allowed = |url: &str| scope.verdict(&canonical::canonical(&Url::parse(url).unwrap())).allowed;
        assert!(allowed("https://a.example/chủ-đề/1/2"));
        assert!(!allowed("https://a.example/chủ-đề/1?x=1&order=new"));
        assert!(!allowed("https://a.example/khác"));
        assert!(Scope::parse(&["a/*".to_owned()], &[]).is_err());
    }
}
