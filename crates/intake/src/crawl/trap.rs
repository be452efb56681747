//! Addresses that only a trap has: too long, too deep, going in circles.

use url::Url;

/// The longest address that is followed, in bytes.
const LENGTH_MAX: usize = 2_048;
/// The deepest path, in segments.
const SEGMENTS_MAX: usize = 20;
/// How often one segment may stand in a path.
const REPEATS_MAX: usize = 2;
/// The most links that one page may give.
pub const LINKS_MAX: usize = 6_000;
/// The most pages of one walk.
pub const PAGES_MAX: u32 = 20_000;

/// Why an address is not followed, if it looks like a trap.
pub fn trap(url: &Url) -> Option<&'static str> {
    if url.as_str().len() > LENGTH_MAX {
        return Some("address too long");
    }
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty()).collect();
    if segments.len() > SEGMENTS_MAX {
        return Some("path too deep");
    }
    let repeats = |segment: &&str| segments.iter().filter(|other| *other == segment).count();
    segments.iter().any(|segment| repeats(segment) > REPEATS_MAX && segment.len() > 1).then_some("path repeats itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_and_lengths_are_refused_and_ordinary_paths_are_not() {
        let of = |url: &str| trap(&Url::parse(url).unwrap());
        assert_eq!(of("https://a.example/2026/11/24/viec-lam.123/page-2"), None);
        assert!(of("https://a.example/x1/y/x1/y/x1/y").is_some());
        assert!(of(&format!("https://a.example/{}", "a".repeat(3_000))).is_some());
        assert!(of(&format!("https://a.example{}", (0..30).map(|n| format!("/{n}")).collect::<String>())).is_some());
    }
}
