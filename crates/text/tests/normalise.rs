//! The normaliser against the vectors in `vectors/normalise.tsv` and `vectors/disguises.tsv`; the head of the first says
//! how to read them.

use text::read;

const GIVEN: &str = include_str!("vectors/normalise.tsv");
const DISGUISES: &str = include_str!("vectors/disguises.tsv");

/// Decodes `\uXXXX`, `\UXXXXXXXX`, `\t`, `\n` and `\\`.
fn decode(field: &str) -> String {
    let mut out = String::new();
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('\\') => out.push('\\'),
            Some(kind @ ('u' | 'U')) => {
                let digits = if kind == 'u' { 4 } else { 8 };
                let code: String = chars.by_ref().take(digits).collect();
                let code = u32::from_str_radix(&code, 16).expect("hexadecimal digits");
                out.push(char::from_u32(code).expect("a character"));
            }
            other => panic!("unknown escape {other:?} in {field}"),
        }
    }
    out
}

/// The stretch of the original behind the tokens `needle`, canon first, else fold.
fn stretch<'a>(raw: &'a str, view: &text::View, needle: &str) -> Option<&'a str> {
    let words: Vec<&str> = needle.split(' ').collect();
    let forms: [fn(&text::View, &text::Token) -> String; 2] =
        [|view, token| view.canon_of(token).to_owned(), |view, token| view.fold_of(token).to_owned()];
    for form in forms {
        let tokens: Vec<String> = view.tokens.iter().map(|token| form(view, token)).collect();
        if let Some(at) = tokens.windows(words.len()).position(|window| window == words) {
            let first = view.tokens[at].span;
            let last = view.tokens[at + words.len() - 1].span;
            return Some(&raw[first.start as usize..last.end as usize]);
        }
    }
    None
}

#[test]
fn the_given_vectors_hold() {
    hold(GIVEN, 60);
}

#[test]
fn disguises_of_every_kind_are_undone() {
    hold(DISGUISES, 240);
}

/// Checks each line of a vector file of at least `least` lines.
fn hold(vectors: &str, least: usize) {
    let mut failures = Vec::new();
    let mut count = 0;
    for line in vectors.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [input, expected, kind] = fields[..] else { panic!("three fields in {line}") };
        let (input, expected) = (decode(input), decode(expected));
        let view = read(None, &input, None).text;
        let got = if let Some(needle) = kind.strip_prefix("span:") {
            stretch(&input, &view, needle).unwrap_or("(not found)").to_owned()
        } else if kind.starts_with("canon/") {
            view.canon.clone()
        } else if kind.starts_with("fold/") {
            view.fold.clone()
        } else {
            panic!("unknown kind {kind}")
        };
        count += 1;
        if got != expected {
            failures.push(format!("{kind}: {input:?}: {got:?}, not {expected:?}"));
        }
    }
    assert!(count >= least, "only {count} vectors were read");
    assert!(failures.is_empty(), "{} of {count} vectors fail:\n{}", failures.len(), failures.join("\n"));
}
