//! From the shape of a source file to a `Source`, telling every mistake on the way. `walk` compiles where it goes,
//! `item` what it reads there.

mod item;
mod walk;

use std::collections::BTreeMap;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::check::Lines;
use super::field::{self, Field, FieldError, Language, Names, Target};
use super::file::{ItemFile, OneOrMany, SourceFile};
use super::template;
use super::{Basis, ItemRules, KEY_PLACE, Kind, Rows, Source};
use crate::problem::{Problem, nearest};

/// Gives a file its meaning with the parameters inserted.
pub fn compile(
    shape: &SourceFile,
    text: &str,
    given: &BTreeMap<String, String>,
    lines: &Lines,
) -> Result<Source, Vec<Problem>> {
    let mut compiler = Compiler { lines, problems: Vec::new(), params: BTreeMap::new(), key: None };
    compiler.take_params(shape, given);
    let source = compiler.source(shape, text);
    match source {
        Some(source) if compiler.problems.is_empty() => Ok(source),
        _ => Err(compiler.problems),
    }
}

struct Compiler<'c> {
    lines: &'c Lines,
    problems: Vec<Problem>,
    params: BTreeMap<String, String>,
    key: Option<String>,
}

impl Compiler<'_> {
    fn tell(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.tell_near(path, code, message, None);
    }

    fn tell_near(&mut self, path: &str, code: &'static str, message: impl Into<String>, suggestion: Option<String>) {
        self.problems.push(self.lines.problem(path, code, message.into(), suggestion));
    }

    fn take_params(&mut self, shape: &SourceFile, given: &BTreeMap<String, String>) {
        for name in given.keys().filter(|name| !shape.params.contains_key(*name)) {
            let suggestion = nearest(name, shape.params.keys().map(String::as_str));
            self.tell_near("params", "unknown-parameter", format!("Nguồn không có tham số `{name}`."), suggestion);
        }
        for (name, param) in &shape.params {
            let path = format!("params.{name}");
            for pattern in &param.from_url {
                if let Err(error) = Regex::new(pattern) {
                    self.tell(
                        &format!("{path}.from_url"),
                        "bad-pattern",
                        format!("Biểu thức `{pattern}` không đọc được: {}.", last_line(&error)),
                    );
                }
            }
            let pattern = param.pattern.as_ref().map(|pattern| Regex::new(pattern));
            if let Some(Err(error)) = &pattern {
                self.tell(
                    &format!("{path}.pattern"),
                    "bad-pattern",
                    format!("Biểu thức không đọc được: {}.", last_line(error)),
                );
            }
            let Some(value) = given.get(name).or(param.default.as_ref()) else {
                self.tell(&path, "missing-parameter", format!("Chưa đưa tham số `{name}` (--param {name}=…)."));
                continue;
            };
            if let Some(Ok(pattern)) = &pattern
                && !pattern.is_match(value)
            {
                self.tell(&path, "bad-parameter", format!("Tham số `{name}` không khớp `{}`.", pattern.as_str()));
            }
            let value = if name == "key" && shape.access.basis == Basis::Key {
                // A credential enters an address only as the request leaves: neither log nor capture has it.
                self.key = Some(value.clone()).filter(|value| !value.is_empty());
                KEY_PLACE.to_owned()
            } else {
                value.clone()
            };
            self.params.insert(name.clone(), value);
        }
    }

    fn source(&mut self, shape: &SourceFile, text: &str) -> Option<Source> {
        let is_id =
            !shape.id.is_empty() && shape.id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !is_id {
            self.tell("id", "bad-id", "`id` chỉ gồm chữ không dấu, số, `-`, `_` và `.`.");
        }
        let starts = self.starts(shape);
        let scope = self.scope(shape, &starts);
        let (list_language, item_language) = languages(shape);
        let walk = self.walk(shape, list_language);
        let list = self.list(shape, list_language);
        let feed_defaults = item_language == Language::Feed;
        let item = if shape.kind == Kind::Jetstream {
            self.refuse_rules_of_pages(shape);
            Some(ItemRules::default())
        } else {
            self.item(&shape.item, "item", item_language, feed_defaults)
        };
        let replies = shape.replies.as_ref().map(|replies| {
            if replies.rows.is_none() {
                self.tell("replies", "missing-key", "[replies] cần `rows`.");
            }
            self.item(replies, "replies", item_language, false)
        });
        let keep = self.keep(shape);
        let expect = self.expect(shape, item_language);
        let pace = self.pace(shape);
        let identity: Vec<String> = shape
            .params
            .iter()
            .filter(|(_, param)| param.identity)
            .filter_map(|(name, _)| Some(format!("{name}={}", self.params.get(name)?)))
            .collect();
        let name = if identity.is_empty() { shape.id.clone() } else { format!("{}:{}", shape.id, identity.join(",")) };
        let mut hash = Sha256::new();
        hash.update(text);
        for (name, value) in &self.params {
            hash.update(format!("\0{name}={value}"));
        }
        let has_key = self.key.is_some();
        Some(Source {
            id: shape.id.clone(),
            title: shape.title.clone().unwrap_or_else(|| shape.id.clone()),
            kind: shape.kind,
            status: shape.status,
            name,
            fingerprint: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            barrier: super::access::barrier(&shape.access, shape.status, has_key),
            key: self.key.clone(),
            pace,
            scope: scope?,
            starts,
            walk: walk?,
            list: list?,
            item: item?,
            replies: match replies {
                Some(replies) => Some(replies?),
                None => None,
            },
            stream: shape.stream.clone(),
            keep,
            expect: expect?,
        })
    }

    /// The shape of a stream is known: rules for pages would never be used.
    fn refuse_rules_of_pages(&mut self, shape: &SourceFile) {
        if shape.list.is_some() || shape.replies.is_some() || shape.item != ItemFile::default() {
            self.tell("item", "no-pages", "Luồng Jetstream có khuôn sẵn: bỏ [list], [item] và [replies].");
        }
    }

    fn insert(&mut self, path: &str, text: &str) -> Option<String> {
        template::insert(text, &self.params)
            .map_err(|undeclared| {
                let names = Names { params: &self.params, fields: &[], language: Language::Css };
                let error = FieldError::undeclared(&undeclared.0, &names);
                self.tell_near(path, error.code, error.message, error.suggestion);
            })
            .ok()
    }

    fn field(&mut self, path: &str, text: &OneOrMany, language: Language, fields: &[&str]) -> Option<Field> {
        let names = Names { params: &self.params, fields, language };
        match Field::parse(text, &names) {
            Ok(field) => Some(field),
            Err(error) => {
                self.tell_near(path, error.code, error.message, error.suggestion);
                None
            }
        }
    }

    /// Nothing written is fine; something unreadable is not.
    fn optional(
        &mut self,
        path: &str,
        text: Option<&OneOrMany>,
        language: Language,
        fields: &[&str],
    ) -> Option<Option<Field>> {
        match text {
            None => Some(None),
            Some(text) => self.field(path, text, language, fields).map(Some),
        }
    }

    fn rows(&mut self, path: &str, text: Option<&OneOrMany>, language: Language) -> Option<Option<Rows>> {
        if language == Language::Feed {
            return Some(Some(Rows::Entries));
        }
        let Some(text) = text else { return Some(None) };
        let mut css = Vec::new();
        let mut json = Vec::new();
        let mut json_ld = Vec::new();
        for one in text.all() {
            let one = self.insert(path, one)?;
            let one = one.trim().strip_prefix('^').unwrap_or(one.trim());
            let read = match (language, one.strip_prefix("jsonld:")) {
                (_, Some(one)) => field::json_ld_target(one).map(|target| json_ld.push(target)),
                (Language::JsonLd, None) => field::json_ld_target(one).map(|target| json_ld.push(target)),
                (Language::Json, None) => field::json(one).map(|path| json.push(path)),
                (_, None) => field::css(one).map(|selector| css.push(selector)),
            };
            if let Err(error) = read {
                self.tell_near(path, error.code, error.message, error.suggestion);
                return None;
            }
        }
        let json_ld: Vec<_> = json_ld
            .into_iter()
            .filter_map(|target| match target {
                Target::JsonLd(kind, path) => Some((kind, path)),
                _ => None,
            })
            .collect();
        Some(Some(match language {
            Language::Json => Rows::Json(json),
            _ if !json_ld.is_empty() => Rows::JsonLd(json_ld),
            _ => Rows::Css(css),
        }))
    }
}

/// What selectors of lists and of items select from. The detail pages that a feed or a sitemap names are HTML.
fn languages(shape: &SourceFile) -> (Language, Language) {
    match shape.kind {
        Kind::Html | Kind::Sitemap => (Language::Css, Language::Css),
        Kind::Json => (Language::Json, Language::Json),
        Kind::Feed if shape.list.is_some() => (Language::Feed, Language::Css),
        Kind::Feed => (Language::Feed, Language::Feed),
        Kind::Jsonld if shape.list.is_some() => (Language::Css, Language::JsonLd),
        Kind::Jsonld => (Language::JsonLd, Language::JsonLd),
        Kind::Jetstream => (Language::Json, Language::Json),
    }
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim().to_owned()
}
