//! Stage 6: what must stay whole in a chunk between two blanks: links, e-mail addresses, @handles.

use std::ops::Range;

/// Endings that make a bare host a link.
const TOP: [&str; 40] = [
    "com", "net", "org", "vn", "info", "biz", "xyz", "online", "shop", "site", "club", "app", "dev", "link", "page",
    "asia", "store", "vip", "pro", "cc", "tv", "gg", "ly", "gl", "kh", "cn", "jp", "kr", "tw", "edu", "gov", "live",
    "work", "jobs", "example", "test", "onion", "ru", "us", "uk",
];

/// Endings that are also syllables or initials: a link only with a path behind them.
const SHORT_TOP: [&str; 14] = ["me", "co", "to", "la", "in", "ai", "io", "be", "ph", "th", "my", "sg", "ws", "id"];

/// Finds the atoms of a lower-case chunk, in order and apart; pushes their byte ranges.
pub(super) fn find(chunk: &str, atoms: &mut Vec<Range<usize>>) {
    let bytes = chunk.as_bytes();
    let mut from = 0;
    let mut at = 0;
    while at < bytes.len() {
        let found = match bytes[at] {
            b':' if chunk[at..].starts_with("://") => scheme(chunk, from, at),
            b'@' => email(chunk, from, at).or_else(|| handle(chunk, at)),
            b'.' => host(chunk, from, at),
            _ => None,
        };
        match found {
            Some(range) => {
                at = range.end;
                from = range.end;
                atoms.push(range);
            }
            None => at += 1,
        }
    }
}

/// Whether a chunk could hold an atom at all.
pub(super) fn possible(chunk: &str) -> bool {
    chunk.bytes().any(|b| matches!(b, b'.' | b'@' | b':'))
}

fn scheme(chunk: &str, from: usize, at: usize) -> Option<Range<usize>> {
    let name = chunk[from..at].bytes().rev().take_while(u8::is_ascii_lowercase).count();
    let end = address_end(chunk, at + 3);
    ((2..=8).contains(&name) && end > at + 3).then_some(at - name..end)
}

/// The end of a link: up to a quotation mark, bracket or sign outside ASCII, without closing punctuation.
fn address_end(chunk: &str, start: usize) -> usize {
    let mut end = start;
    for (at, c) in chunk[start..].char_indices() {
        let allowed = if c.is_ascii() {
            !matches!(c, '"' | '<' | '>' | '`' | '{' | '}' | '|' | '\\' | '^')
        } else {
            c.is_alphanumeric()
        };
        if !allowed {
            break;
        }
        end = start + at + c.len_utf8();
    }
    start
        + chunk[start..end]
            .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '*', '_', '~', '-', '/'])
            .len()
}

fn email(chunk: &str, from: usize, at: usize) -> Option<Range<usize>> {
    let bytes = chunk.as_bytes();
    let local = bytes[from..at]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+'))
        .count();
    let local = chunk[at - local..at].trim_start_matches(['.', '-', '+', '_']).len();
    let domain = bytes[at + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
    let host = chunk[at + 1..at + 1 + domain].trim_end_matches(['.', '-']);
    let (name, top) = host.rsplit_once('.')?;
    let plausible = local > 0 && !name.is_empty() && top.len() >= 2 && top.bytes().all(|b| b.is_ascii_lowercase());
    plausible.then_some(at - local..at + 1 + host.len())
}

/// `@name` of at least four signs that does not follow a letter.
fn handle(chunk: &str, at: usize) -> Option<Range<usize>> {
    if chunk[..at].chars().next_back().is_some_and(char::is_alphanumeric) {
        return None;
    }
    let bytes = chunk.as_bytes();
    let name = bytes[at + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')).count();
    let name = chunk[at + 1..at + 1 + name].trim_end_matches('.');
    let next = chunk[at + 1 + name.len()..].chars().next();
    let whole = name.len() >= 4
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().any(|b| b.is_ascii_lowercase())
        && !next.is_some_and(char::is_alphanumeric);
    whole.then_some(at..at + 1 + name.len())
}

/// A bare host whose label ends at this dot and whose next label is a top-level domain.
fn host(chunk: &str, from: usize, at: usize) -> Option<Range<usize>> {
    let bytes = chunk.as_bytes();
    let label = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_';
    let top_len = bytes[at + 1..].iter().take(12).take_while(|b| b.is_ascii_lowercase()).count();
    let top = &chunk[at + 1..at + 1 + top_len];
    let after = at + 1 + top_len;
    let next = chunk[after..].chars().next();
    let path = next == Some('/')
        && chunk[after + 1..].starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '@' | '?'));
    let ends = path
        || next == Some('?')
        || next == Some(':')
        || !next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '@'));
    let follows_dot = next == Some('.') && chunk[after + 1..].starts_with(|c: char| c.is_ascii_lowercase());
    if !ends || follows_dot || !(TOP.contains(&top) || (path && SHORT_TOP.contains(&top))) {
        return None;
    }
    // Back over the labels before the dot; a host is short, so this stays linear.
    let back = bytes[from..at].iter().rev().take(80).take_while(|b| label(b) || **b == b'.').count();
    let start = at - back;
    let start = start + (chunk[start..at].len() - chunk[start..at].trim_start_matches(['.', '-', '_']).len());
    let name = &chunk[start..at];
    if name.is_empty()
        || chunk[..start].chars().next_back().is_some_and(char::is_alphanumeric)
        || name.contains("..")
        || name.ends_with(['-', '_'])
    {
        return None;
    }
    // Spaced letters with dots are no host: `c.o.m`.
    if !path && name.split('.').all(|label| label.len() == 1) {
        return None;
    }
    let end = if path || next == Some('?') { address_end(chunk, after) } else { after };
    Some(start..end.max(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoms_are_found_whole() {
        for (chunk, expected) in [
            ("t.me/vieclam_kh88", "t.me/vieclam_kh88"),
            ("https://zalo.me/g/abcd123", "https://zalo.me/g/abcd123"),
            ("(www.example.vn/abc).", "www.example.vn/abc"),
            ("hr@congty.vn,", "hr@congty.vn"),
            ("ib:fb.com/nguyen.van.a.88", "fb.com/nguyen.van.a.88"),
            ("@saletanbinh_vd", "@saletanbinh_vd"),
            ("tiktok.com/@vieclam.kh", "tiktok.com/@vieclam.kh"),
            ("tuyentet.tienloimau.example", "tuyentet.tienloimau.example"),
            ("cao.liên", ""),
            ("v.i.ệ.c", ""),
            ("c@mpuch1a", ""),
            ("tp.hcm", ""),
            ("nhé.co", ""),
            ("z.a.l.o", ""),
        ] {
            let mut atoms = Vec::new();
            find(chunk, &mut atoms);
            let found = atoms.first().map_or("", |range| &chunk[range.clone()]);
            assert_eq!(found, expected, "{chunk}");
        }
    }
}
