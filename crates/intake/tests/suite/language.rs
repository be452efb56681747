//! The source language: every example of its description is read, every mistake is told.

use intake::source::check::{check, params_from_url, read};
use intake::source::file::schema;
use intake::source::{Paging, Stop};

const EXAMPLES: [(&str, &str); 5] = [
    ("telegram", include_str!("examples/telegram.toml")),
    ("xenforo2", include_str!("examples/xenforo2.toml")),
    ("rao-vat-mau", include_str!("examples/rao-vat-mau.toml")),
    ("vieclamtot", include_str!("examples/vieclamtot.toml")),
    ("blog-feed", include_str!("examples/blog-feed.toml")),
];

fn example(id: &str) -> &'static str {
    EXAMPLES.iter().find(|(name, _)| *name == id).map(|(_, text)| *text).unwrap()
}

#[test]
fn every_worked_example_is_read() {
    for (id, text) in EXAMPLES {
        let source = check(text, id).unwrap_or_else(|problems| panic!("{id}: {problems:?}"));
        assert_eq!(source.id, id);
    }
}

#[test]
fn a_source_without_a_satisfied_basis_says_what_is_missing() {
    let barrier = |id: &str| check(example(id), id).unwrap().barrier;
    assert!(barrier("telegram").unwrap().contains("[access.cleared]"));
    assert!(barrier("vieclamtot").unwrap().contains("https://www.chotot.com"));
    assert_eq!(barrier("xenforo2"), None);
    let cleared = example("telegram").replace(
        "[pace]",
        "[access.cleared]\nby = \"Tổ pháp chế\"\non = 2026-11-20\nbasis = \"quyết định\"\ndocument = \"12/QĐ\"\n[pace]",
    );
    assert_eq!(check(&cleared, "telegram").unwrap().barrier, None);
}

#[test]
fn identity_parameters_are_part_of_the_name() {
    let params = [("board".to_owned(), "https://f.example/f/viec-lam.5/".to_owned())].into();
    let source = intake::Source::load(example("xenforo2"), "x", &params).unwrap();
    assert_eq!(source.name, "xenforo2:board=https://f.example/f/viec-lam.5/");
    assert_eq!(source.walk.stop, Stop::Unchanged);
    let (shape, _) = read(example("telegram"), "t").unwrap();
    assert_eq!(params_from_url(&shape, "https://t.me/s/kenh_mau")["channel"], "kenh_mau");
}

#[test]
fn counted_paging_and_defaults() {
    let source = check(example("vieclamtot"), "v").unwrap();
    assert!(matches!(source.walk.paging, Some(Paging::Counted { step: 50, max: Some(10_000), .. })));
    assert!(!source.keep.allows("links") && source.keep.allows("text"));
    let feed = check(
        "id = \"f\"\nkind = \"feed\"\n[access]\nbasis = \"open\"\n[walk]\nstart = \"https://a.example/feed\"\n",
        "f",
    )
    .unwrap();
    assert_eq!(feed.item.fields.len(), 6);
    assert_eq!(feed.walk.gone_after_ms, 86_400_000);
}

fn mistakes(text: &str) -> Vec<(String, usize, Option<String>)> {
    check(text, "s.toml").unwrap_err().into_iter().map(|it| (it.code.to_owned(), it.line, it.suggestion)).collect()
}

const SMALL: &str = "id = \"s\"\nkind = \"html\"\n[access]\nbasis = \"open\"\n[walk]\nstart = \"https://a.example/\"\n[item]\nrows = \"li\"\nid = \"@id\"\ntext = \"p | text\"\n";

#[test]
fn mistakes_are_told_with_line_and_nearest_name() {
    assert!(check(SMALL, "s").is_ok());
    let with = |from: &str, to: &str| mistakes(&SMALL.replace(from, to));
    assert_eq!(with("rows =", "row ="), [("unknown-key".into(), 8, Some("rows".into()))]);
    assert_eq!(with("[access]", "[acess]"), [("unknown-key".into(), 3, Some("access".into()))]);
    assert_eq!(with("\"p | text\"", "\"p | tetx\""), [("unknown-filter".into(), 10, Some("text".into()))]);
    assert_eq!(with("https://a.example/", "{bse}/"), [("undeclared-parameter".into(), 6, None)]);
    assert_eq!(with("text = \"p | text\"\n", ""), [("missing-key".into(), 7, None)]);
    assert_eq!(with("\"li\"", "\"li[\""), [("bad-selector".into(), 8, None)]);
    assert_eq!(with("\"open\"", "\"opn\"")[0].0, "bad-value");
    assert_eq!(with("[item]", "stop = \"knwn\"\n[item]"), [("bad-stop".into(), 7, Some("known".into()))]);
    assert_eq!(
        with("[item]", "[expect]\nfields = [\"tme\"]\n[item]"),
        [("unknown-field".into(), 8, Some("time".into()))]
    );
    assert_eq!(with("[item]", "[scope]\nrules = [\"- *\"]\n[item]"), [("start-out-of-scope".into(), 8, None)]);
    assert_eq!(mistakes("id = \n")[0].0, "bad-toml");
    // Two mistakes are told at once.
    assert_eq!(with("rows = \"li\"\nid", "rws = \"li\"\nidd").len(), 2);
}

#[test]
fn the_schema_names_every_section() {
    let schema = schema();
    for section in ["params", "access", "pace", "scope", "walk", "list", "item", "replies", "keep", "expect"] {
        assert!(schema["properties"].get(section).is_some(), "{section}");
    }
}

#[test]
fn the_shipped_schema_is_the_one_of_the_types() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources/source.schema.json");
    let shipped: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(shipped, schema(), "cargo run -p intake --example schema > sources/source.schema.json");
}
