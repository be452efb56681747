//! The words on screen, in Vietnamese and English, from `locales/*.toml`.
//!
//! Keys are flat. Both languages have the same keys and the same `{places}`; a test holds them together.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A language of the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese, which comes first.
    #[default]
    Vi,
    /// English.
    En,
}

/// The words of one language.
pub struct Words {
    /// Which one.
    pub language: Language,
    words: BTreeMap<String, String>,
}

static VI: LazyLock<Words> = LazyLock::new(|| Words::read(Language::Vi, include_str!("../locales/vi.toml")));
static EN: LazyLock<Words> = LazyLock::new(|| Words::read(Language::En, include_str!("../locales/en.toml")));

impl Language {
    /// `vi` or `en`.
    pub fn id(self) -> &'static str {
        match self {
            Language::Vi => "vi",
            Language::En => "en",
        }
    }

    /// The language that an id names; Vietnamese for every other.
    pub fn from_id(id: &str) -> Language {
        if id == "en" { Language::En } else { Language::Vi }
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Language::Vi => &VI,
            Language::En => &EN,
        }
    }
}

impl Words {
    /// The files are compiled in and a test reads both, so what cannot be read here never leaves the workshop.
    fn read(language: Language, file: &str) -> Words {
        let words = toml::from_str(file).unwrap_or_default();
        Words { language, words }
    }

    /// The words of a key; the key itself where it has none, so that a gap shows instead of hiding.
    pub fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.words.get(key).map_or(key, String::as_str)
    }

    /// The words of a key with a value in the place of `{}`.
    pub fn with(&self, key: &str, value: impl std::fmt::Display) -> String {
        self.t(key).replacen("{}", &value.to_string(), 1)
    }

    /// The words of a key with two values in the places of `{}`, in order.
    pub fn with_two(&self, key: &str, first: impl std::fmt::Display, second: impl std::fmt::Display) -> String {
        self.t(key).replacen("{}", &first.to_string(), 1).replacen("{}", &second.to_string(), 1)
    }

    /// The words of an id under a subject, such as `family_` + `organ_trade`; the bare id where there are none.
    pub fn of(&self, subject: &str, id: &str) -> String {
        let key = format!("{subject}_{}", id.replace([' ', '-', '.'], "_"));
        self.words.get(&key).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Whether a key has words.
    pub fn has(&self, key: &str) -> bool {
        self.words.contains_key(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        let (vi, en) = (Language::Vi.words(), Language::En.words());
        assert!(vi.words.keys().count() > 200);
        assert_eq!(vi.words.keys().collect::<Vec<_>>(), en.words.keys().collect::<Vec<_>>());
        for key in vi.words.keys() {
            assert!(!vi.t(key).trim().is_empty() && !en.t(key).trim().is_empty(), "{key} is empty");
            assert_eq!(vi.t(key).matches("{}").count(), en.t(key).matches("{}").count(), "{key}: places differ");
        }
    }

    #[test]
    fn every_key_that_a_template_asks_for_has_words() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        let mut asked = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let template = std::fs::read_to_string(&path).unwrap();
            for part in template.split("page.t(\"").chain(template.split("page.with(\"")).skip(1) {
                let Some((key, _)) = part.split_once('"') else { continue };
                if key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
                    asked += 1;
                    assert!(Language::Vi.words().has(key), "{}: {key}", path.display());
                }
            }
        }
        assert!(asked > 100, "only {asked} keys were found in the templates");
    }
}
