//! From the shape of a source file to a `Source`, telling every mistake on the way.

use std::collections::BTreeMap;

use regex::Regex;
use sha2::{Digest, Sha256};
use url::Url;

use super::check::Lines;
use super::duration::{duration_ms, duration_range_ms};
use super::field::{self, Field, FieldError, Language, Names, Target};
use super::file::{GoneFile, ItemFile, OneOrMany, SourceFile};
use super::scope::Scope;
use super::template;
use super::{
    ExpectRules, ITEM_FIELDS, ItemRules, KeepRules, Kind, ListRules, Pace, Paging, Rows, Source, Start, Stop, Walk,
};
use crate::canonical;
use crate::problem::{Problem, nearest};

/// Gives a file its meaning with the parameters inserted.
pub fn compile(
    shape: &SourceFile,
    text: &str,
    given: &BTreeMap<String, String>,
    lines: &Lines,
) -> Result<Source, Vec<Problem>> {
    let mut compiler = Compiler { lines, problems: Vec::new(), params: BTreeMap::new() };
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
            self.params.insert(name.clone(), value.clone());
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
        let item = self.item(&shape.item, "item", item_language, feed_defaults);
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
        let has_key = self.params.get("key").is_some_and(|key| !key.is_empty());
        Some(Source {
            id: shape.id.clone(),
            title: shape.title.clone().unwrap_or_else(|| shape.id.clone()),
            kind: shape.kind,
            status: shape.status,
            name,
            fingerprint: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            barrier: super::access::barrier(&shape.access, shape.status, has_key),
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
            keep,
            expect: expect?,
        })
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

    fn starts(&mut self, shape: &SourceFile) -> Vec<Start> {
        let mut starts = Vec::new();
        if shape.walk.start.all().is_empty() {
            self.tell("walk.start", "missing-key", "[walk] cần ít nhất một địa chỉ `start`.");
        }
        for written in shape.walk.start.all() {
            let (written, is_sitemap) = match written.strip_prefix("sitemap:") {
                Some(rest) => (rest, true),
                None => (written.as_str(), shape.kind == Kind::Sitemap),
            };
            let Some(address) = self.insert("walk.start", written) else { continue };
            match Url::parse(&address) {
                Ok(url) if matches!(url.scheme(), "http" | "https") => {
                    starts.push(Start { url: canonical::canonical(&url), is_sitemap })
                }
                _ => self.tell("walk.start", "bad-address", format!("`{address}` không phải địa chỉ http(s).")),
            }
        }
        starts.sort_by_key(|start| !start.is_sitemap);
        starts
    }

    fn scope(&mut self, shape: &SourceFile, starts: &[Start]) -> Option<Scope> {
        let rules: Vec<String> =
            shape.scope.rules.iter().map(|rule| self.insert("scope.rules", rule)).collect::<Option<_>>()?;
        let urls: Vec<Url> = starts.iter().map(|start| start.url.clone()).collect();
        let scope = Scope::parse(&rules, &urls)
            .map_err(|rule| {
                self.tell("scope.rules", "bad-rule", format!("`{rule}` phải có dạng `+ mẫu` hoặc `- mẫu`."))
            })
            .ok()?;
        for start in starts {
            let verdict = scope.verdict(&start.url);
            if !verdict.allowed {
                self.tell(
                    "scope.rules",
                    "start-out-of-scope",
                    format!("`start` {} nằm ngoài phạm vi vì `{}`.", start.url, verdict.rule),
                );
            }
        }
        Some(scope)
    }

    fn walk(&mut self, shape: &SourceFile, language: Language) -> Option<Walk> {
        let walk = &shape.walk;
        let next = self.optional("walk.next", walk.next.as_ref(), language, &[])?;
        if walk.next.is_some() && walk.page.is_some() {
            self.tell("walk.page", "two-ways", "`next` và `page` không đi cùng nhau.");
        }
        let paging = match &walk.page {
            None => None,
            Some(page) => Some(match &page.from {
                Some(from) => Paging::Cursor {
                    param: page.param.clone(),
                    from: self.field("walk.page", &OneOrMany::One(from.clone()), language, &[])?,
                },
                None => {
                    let total = match &page.total {
                        Some(total) => match field::json(total) {
                            Ok(total) => Some(total),
                            Err(error) => {
                                self.tell("walk.page", error.code, error.message);
                                return None;
                            }
                        },
                        None => None,
                    };
                    if page.step == Some(0) {
                        self.tell("walk.page", "bad-step", "`step` phải lớn hơn 0.");
                    }
                    Paging::Counted { param: page.param.clone(), step: page.step.unwrap_or(1), max: page.max, total }
                }
            }),
        };
        let stop = match walk.stop.as_deref() {
            None => Some(Stop::Known),
            Some(stop) => stop_of(stop),
        };
        let Some(stop) = stop else {
            let written = walk.stop.clone().unwrap_or_default();
            let suggestion = nearest(&written, ["known", "unchanged", "never", "pages(3)", "age(30d)"]);
            self.tell_near(
                "walk.stop",
                "bad-stop",
                format!("`stop = \"{written}\"` không phải known, unchanged, never, pages(n) hay age(30d)."),
                suggestion,
            );
            return None;
        };
        Some(Walk {
            next,
            paging,
            stop,
            redirect: walk.redirect.unwrap_or_default(),
            recheck_ms: self.duration("walk.recheck", walk.recheck.as_deref()),
            gone_after_ms: self.duration("walk.gone_after", walk.gone_after.as_deref()).unwrap_or(86_400_000),
        })
    }

    fn duration(&mut self, path: &str, written: Option<&str>) -> Option<i64> {
        let written = written?;
        let found = duration_ms(written);
        if found.is_none() {
            self.tell(path, "bad-duration", format!("`{written}` không phải khoảng thời gian như 90s, 10m, 24h, 30d."));
        }
        found
    }

    fn pace(&mut self, shape: &SourceFile) -> Pace {
        let every_ms = shape.pace.every.as_deref().and_then(|written| {
            let found = duration_range_ms(written);
            if found.is_none() {
                self.tell("pace.every", "bad-duration", format!("`{written}` phải có dạng `10m..24h` hoặc `1h`."));
            }
            found
        });
        let quiet = shape.pace.quiet.as_deref().and_then(|written| {
            let found = quiet_hours(written);
            if found.is_none() {
                self.tell("pace.quiet", "bad-hours", format!("`{written}` phải có dạng `23:00..05:00`."));
            }
            found
        });
        Pace {
            gap_ms: self.duration("pace.gap", shape.pace.gap.as_deref()),
            every_ms,
            quiet,
            per_day: shape.pace.per_day,
        }
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

    fn list(&mut self, shape: &SourceFile, language: Language) -> Option<Option<ListRules>> {
        let Some(list) = &shape.list else { return Some(None) };
        let rows = self.rows("list.rows", list.rows.as_ref(), language)?;
        let Some(rows) = rows else {
            self.tell("list", "missing-key", "[list] cần `rows`.");
            return None;
        };
        let Some(follow) = &list.follow else {
            self.tell("list", "missing-key", "[list] cần `follow`, đường dẫn tới trang chi tiết.");
            return None;
        };
        let language = row_language(&rows, language);
        Some(Some(ListRules {
            skip: self.optional("list.skip", list.skip.as_ref(), language, &[])?,
            id: self.optional("list.id", list.id.as_ref(), language, &[])?,
            changed: self.optional("list.changed", list.changed.as_ref(), language, &["id"])?,
            follow: self.field("list.follow", follow, language, &["id"])?,
            rows,
        }))
    }

    fn item(&mut self, item: &ItemFile, section: &str, language: Language, feed_defaults: bool) -> Option<ItemRules> {
        let rows = self.rows(&format!("{section}.rows"), item.rows.as_ref(), language)?;
        let row_language = rows.as_ref().map_or(language, |rows| row_language(rows, language));
        let written: Vec<(&'static str, OneOrMany)> = written_fields(item, feed_defaults);
        let names: Vec<&str> = written.iter().map(|(name, _)| *name).collect();
        let has = |name: &str| names.contains(&name);
        if !(has("id") || has("url")) {
            self.tell(section, "missing-key", format!("[{section}] cần `id` hoặc `url`."));
        }
        if !has("text") {
            self.tell(section, "missing-key", format!("[{section}] cần `text`."));
        }
        let mut fields: Vec<(&'static str, Field)> = Vec::new();
        for (name, text) in &written {
            let path = format!("{section}.{name}");
            let field = if rows.is_none() && language == Language::JsonLd {
                self.json_ld_field(&path, text, &names)
            } else {
                self.field(&path, text, row_language, &names)
            };
            fields.push((name, field?));
        }
        let fields = self.ordered(section, fields);
        let skip = self.optional(&format!("{section}.skip"), item.skip.as_ref(), row_language, &[])?;
        let next = self.optional(&format!("{section}.next"), item.next.as_ref(), language, &[])?;
        let mut gone_status = Vec::new();
        let mut gone_words = Vec::new();
        for mark in &item.gone {
            match mark {
                GoneFile::Status(status) => gone_status.push(*status),
                GoneFile::Mark(mark) => match mark.strip_prefix("text:") {
                    Some(words) if !words.trim().is_empty() => gone_words.push(crate::filter::nfc(words.trim())),
                    _ => self.tell(
                        &format!("{section}.gone"),
                        "bad-mark",
                        format!("`{mark}` phải là một mã HTTP hoặc `text:lời báo`."),
                    ),
                },
            }
        }
        if gone_status.is_empty() {
            gone_status = vec![404, 410];
        }
        Some(ItemRules { rows, skip, next, fields, gone_status, gone_words })
    }

    /// Without rows a JSON-LD page is read from its objects: `JobPosting.title` names one by its type.
    fn json_ld_field(&mut self, path: &str, text: &OneOrMany, fields: &[&str]) -> Option<Field> {
        let mut paths = Vec::new();
        for one in text.all() {
            let plain = one.starts_with('^')
                || one.starts_with("jsonld:")
                || one.starts_with("http")
                || one.starts_with('{')
                || one.starts_with('/');
            let written = if plain { one.clone() } else { format!("jsonld:{one}") };
            paths.extend(self.field(path, &OneOrMany::One(written), Language::JsonLd, fields)?.paths);
        }
        Some(Field { paths })
    }

    /// Each field after those its templates wait for.
    fn ordered(&mut self, section: &str, mut fields: Vec<(&'static str, Field)>) -> Vec<(&'static str, Field)> {
        let mut ordered: Vec<(&'static str, Field)> = Vec::new();
        while !fields.is_empty() {
            let waits: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            let ready = fields.iter().position(|(_, field)| !field.needs().iter().any(|need| waits.contains(need)));
            match ready {
                Some(at) => ordered.push(fields.remove(at)),
                None => {
                    let (name, _) = fields.remove(0);
                    self.tell(&format!("{section}.{name}"), "circle", format!("Trường `{name}` chờ chính nó."));
                }
            }
        }
        ordered
    }

    fn keep(&mut self, shape: &SourceFile) -> KeepRules {
        for name in shape.keep.only.iter().flatten() {
            if !ITEM_FIELDS.contains(&name.as_str()) {
                self.tell_near(
                    "keep.only",
                    "unknown-field",
                    format!("Không có trường `{name}`."),
                    nearest(name, ITEM_FIELDS),
                );
            }
        }
        KeepRules { only: shape.keep.only.clone(), not: shape.keep.not.clone() }
    }

    fn expect(&mut self, shape: &SourceFile, language: Language) -> Option<ExpectRules> {
        let fields = shape
            .expect
            .fields
            .iter()
            .filter_map(|name| {
                let known = ITEM_FIELDS.into_iter().find(|known| known == name);
                if known.is_none() {
                    self.tell_near(
                        "expect.fields",
                        "unknown-field",
                        format!("Không có trường `{name}`."),
                        nearest(name, ITEM_FIELDS),
                    );
                }
                known
            })
            .collect();
        let language = if language == Language::Json { Language::Json } else { Language::Css };
        let default_rows = usize::from(!matches!(shape.kind, Kind::Feed | Kind::Sitemap));
        Some(ExpectRules {
            page: self.optional("expect.page", shape.expect.page.as_ref(), language, &[])?,
            present: self.optional("expect.present", shape.expect.present.as_ref(), language, &[])?,
            fields,
            min_rows: shape.expect.min_rows.unwrap_or(default_rows),
            fixtures: shape.expect.fixtures.clone(),
        })
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
    }
}

/// Inside JSON-LD rows, paths are relative to the object.
fn row_language(rows: &Rows, language: Language) -> Language {
    match rows {
        Rows::JsonLd(_) if language == Language::JsonLd => Language::JsonLd,
        Rows::JsonLd(_) => Language::JsonLdRow,
        Rows::Css(_) if language == Language::JsonLd => Language::Css,
        _ => language,
    }
}

fn written_fields(item: &ItemFile, feed_defaults: bool) -> Vec<(&'static str, OneOrMany)> {
    let written = [
        ("id", &item.id, &["guid", "link"][..]),
        ("url", &item.url, &["link"][..]),
        ("title", &item.title, &["title"][..]),
        ("text", &item.text, &["content | text", "summary | text"][..]),
        ("author", &item.author, &["author"][..]),
        ("author_id", &item.author_id, &[][..]),
        ("time", &item.time, &["published | time"][..]),
        ("first_time", &item.first_time, &[][..]),
        ("edited", &item.edited, &[][..]),
        ("place", &item.place, &[][..]),
        ("price", &item.price, &[][..]),
        ("thread", &item.thread, &[][..]),
        ("reply_to", &item.reply_to, &[][..]),
        ("links", &item.links, &[][..]),
        ("views", &item.views, &[][..]),
    ];
    written
        .into_iter()
        .filter_map(|(name, given, default)| match given {
            Some(given) => Some((name, given.clone())),
            None if feed_defaults && !default.is_empty() => {
                Some((name, OneOrMany::Many(default.iter().map(|it| (*it).to_owned()).collect())))
            }
            None => None,
        })
        .collect()
}

fn stop_of(written: &str) -> Option<Stop> {
    let written = written.trim();
    let inside = |name: &str| written.strip_prefix(name)?.trim().strip_prefix('(')?.strip_suffix(')');
    match written {
        "known" => Some(Stop::Known),
        "unchanged" => Some(Stop::Unchanged),
        "never" => Some(Stop::Never),
        _ => match (inside("pages"), inside("age")) {
            (Some(pages), _) => pages.trim().parse().ok().filter(|pages| *pages > 0).map(Stop::Pages),
            (_, Some(age)) => duration_ms(age).map(Stop::Age),
            _ => None,
        },
    }
}

fn quiet_hours(written: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| -> Option<u16> {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    };
    let (from, to) = written.split_once("..")?;
    Some((minute(from)?, minute(to)?))
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim().to_owned()
}
