//! Dotted paths into JSON: `a.b[].c`, `posts[0].id`, `latest[-1].id`.

use serde_json::Value;

/// A path into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    /// Counted from the end when negative.
    Index(i64),
    Each,
}

impl JsonPath {
    /// Reads a path; the empty path and `$` are the value itself.
    pub fn parse(text: &str) -> Result<JsonPath, String> {
        let mut steps = Vec::new();
        let text = text.trim();
        let mut rest = text.strip_prefix('$').unwrap_or(text);
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (index, after) = inner.split_once(']').ok_or("dấu `[` không có `]`")?;
                let index = index.trim();
                let quoted = index.strip_prefix(['"', '\'']).and_then(|key| key.strip_suffix(['"', '\'']));
                steps.push(match (index, quoted) {
                    ("" | "*", _) => Step::Each,
                    (_, Some(key)) => Step::Key(key.to_owned()),
                    _ => Step::Index(index.parse().map_err(|_| format!("`[{index}]` không phải số thứ tự"))?),
                });
                rest = after;
                continue;
            }
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.chars().any(char::is_whitespace) {
                return Err(format!("đường dẫn JSON `{text}` có khoảng trắng"));
            }
            if key.is_empty() && !after.starts_with('[') {
                return Err(format!("đường dẫn JSON `{text}` có bước rỗng"));
            }
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            }
            rest = after;
        }
        Ok(JsonPath { steps })
    }

    /// Every value the path reaches. A key asked of an array is asked of each of its members.
    pub fn select<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![value];
        for step in &self.steps {
            let mut next = Vec::new();
            for value in found {
                step.take(value, &mut next);
            }
            found = next;
        }
        found
    }

    /// The rows the path names: the members of an array it ends in, or the values themselves; nothing when it leads nowhere.
    pub fn rows<'a>(&self, value: &'a Value) -> Option<Vec<&'a Value>> {
        let found = self.select(value);
        if found.is_empty() {
            let parent =
                JsonPath { steps: self.steps.split_last().filter(|(last, _)| **last == Step::Each)?.1.to_vec() };
            return parent.select(value).first().filter(|it| it.is_array()).map(|_| Vec::new());
        }
        Some(
            found
                .into_iter()
                .flat_map(|value| match value {
                    Value::Array(members) => members.iter().collect(),
                    Value::Null => Vec::new(),
                    other => vec![other],
                })
                .collect(),
        )
    }
}

impl Step {
    fn take<'a>(&self, value: &'a Value, out: &mut Vec<&'a Value>) {
        match (self, value) {
            (Step::Key(key), Value::Object(object)) => out.extend(object.get(key)),
            (Step::Key(_), Value::Array(members)) => members.iter().for_each(|member| {
                if member.is_object() {
                    self.take(member, out);
                }
            }),
            (Step::Index(index), Value::Array(members)) => {
                let index = if *index < 0 {
                    members.len().checked_sub(index.unsigned_abs() as usize)
                } else {
                    usize::try_from(*index).ok()
                };
                out.extend(index.and_then(|index| members.get(index)));
            }
            (Step::Each, Value::Array(members)) => out.extend(members),
            (Step::Each, Value::Object(object)) => out.extend(object.values()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_into_arrays() {
        let value = serde_json::json!({"a": [{"b": 1}, {"b": 2}], "c.d": 3});
        let at = |path: &str| JsonPath::parse(path).unwrap().select(&value).into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(at("a[].b"), [1, 2]);
        assert_eq!(at("a.b"), [1, 2]);
        assert_eq!(at("a[-1].b"), [2]);
        assert_eq!(at("['c.d']"), [3]);
        assert!(at("x.y").is_empty());
        assert_eq!(JsonPath::parse("x").unwrap().rows(&value), None);
        assert_eq!(JsonPath::parse("[]").unwrap().rows(&serde_json::json!([])), Some(vec![]));
        assert!(JsonPath::parse("a b").is_err());
    }
}
