//! How posts, lists of them and replies are read, what is kept of them and what must be there.

use super::Compiler;
use crate::problem::nearest;
use crate::source::field::{Field, Language};
use crate::source::file::{GoneFile, ItemFile, OneOrMany, SourceFile};
use crate::source::{ExpectRules, ITEM_FIELDS, ItemRules, KeepRules, Kind, ListRules, Rows};

impl Compiler<'_> {
    pub(super) fn list(&mut self, shape: &SourceFile, language: Language) -> Option<Option<ListRules>> {
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

    pub(super) fn item(
        &mut self,
        item: &ItemFile,
        section: &str,
        language: Language,
        feed_defaults: bool,
    ) -> Option<ItemRules> {
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
    pub(super) fn json_ld_field(&mut self, path: &str, text: &OneOrMany, fields: &[&str]) -> Option<Field> {
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
    pub(super) fn ordered(
        &mut self,
        section: &str,
        mut fields: Vec<(&'static str, Field)>,
    ) -> Vec<(&'static str, Field)> {
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

    pub(super) fn keep(&mut self, shape: &SourceFile) -> KeepRules {
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

    pub(super) fn expect(&mut self, shape: &SourceFile, language: Language) -> Option<ExpectRules> {
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
