//! `{name}` in a source file: a parameter or a field of the same item.

use std::collections::BTreeMap;

/// A text in which parameters are already inserted and fields still stand open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(String),
}

/// A `{name}` that nothing declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undeclared(pub String);

impl Template {
    /// Inserts `params` and leaves the names in `fields` open.
    ///
    /// A brace that encloses no name (`\d{4}`, `{}`) stands for itself; a name that nothing declares is an error.
    pub fn parse(text: &str, params: &BTreeMap<String, String>, fields: &[&str]) -> Result<Template, Undeclared> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            plain.push_str(before);
            let name = after[1..].split_once('}').map(|(name, _)| name).filter(|name| is_name(name));
            let Some(name) = name else {
                plain.push('{');
                rest = &after[1..];
                continue;
            };
            if let Some(value) = params.get(name) {
                plain.push_str(value);
            } else if fields.contains(&name) {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Field(name.to_owned()));
            } else {
                return Err(Undeclared(name.to_owned()));
            }
            rest = &after[name.len() + 2..];
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Template { parts })
    }

    /// The fields it waits for.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Field(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The whole text, or nothing when a field is missing.
    pub fn fill(&self, field: impl Fn(&str) -> Option<String>) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.clone()),
                Part::Field(name) => field(name),
            })
            .collect()
    }
}

/// Inserts parameters into a text that has no open fields.
pub fn insert(text: &str, params: &BTreeMap<String, String>) -> Result<String, Undeclared> {
    Template::parse(text, params, &[]).map(|template| template.fill(|_| None).unwrap_or_default())
}

/// Inserts only what is declared and leaves every other brace alone, for regular expressions.
pub fn insert_known(text: &str, params: &BTreeMap<String, String>) -> String {
    params
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), &regex::escape(value)))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_inserted_fields_stay_open_and_strangers_are_refused() {
        let params = BTreeMap::from([("base".to_owned(), "https://a.example".to_owned())]);
        let template = Template::parse("{base}/t/{id}.json", &params, &["id"]).unwrap();
        assert_eq!(template.fields().collect::<Vec<_>>(), ["id"]);
        assert_eq!(template.fill(|_| Some("7".into())).as_deref(), Some("https://a.example/t/7.json"));
        assert_eq!(template.fill(|_| None), None);
        assert_eq!(Template::parse("{board}", &params, &["id"]), Err(Undeclared("board".into())));
        assert_eq!(insert(r"\d{4}", &params).as_deref(), Ok(r"\d{4}"));
    }
}
