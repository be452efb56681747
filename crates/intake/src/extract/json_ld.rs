//! JSON-LD inside HTML: the objects of a page or of one element, and those of a type among them.

use scraper::ElementRef;
use serde_json::Value;

/// The JSON-LD values below an element, those left out that cannot be read.
pub fn json_ld_of(element: ElementRef<'_>) -> Vec<Value> {
    element
        .descendent_elements()
        .filter(|element| element.value().name() == "script")
        .filter(|element| {
            element.attr("type").is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with("application/ld+json"))
        })
        .filter_map(|element| {
            let text: String = element.text().collect();
            let text = text.trim().trim_start_matches("<!--").trim_end_matches("-->").trim().trim_end_matches(';');
            serde_json::from_str(text).or_else(|_| serde_json::from_str(&without_raw_controls(text))).ok()
        })
        .collect()
}

/// Many sites print raw line ends inside JSON-LD strings.
fn without_raw_controls(text: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    text.chars()
        .map(|c| {
            match c {
                _ if escaped => escaped = false,
                '\\' if in_string => escaped = true,
                '"' => in_string = !in_string,
                '\n' if in_string => return "\\n".to_owned(),
                '\t' if in_string => return "\\t".to_owned(),
                c if in_string && c.is_control() => return String::new(),
                _ => {}
            }
            c.to_string()
        })
        .collect()
}

/// Objects of a type, wherever they stand in a value.
pub fn collect_typed<'v>(value: &'v Value, kind: &str, depth: usize, out: &mut Vec<&'v Value>) {
    if depth > 32 {
        return;
    }
    match value {
        Value::Array(members) => members.iter().for_each(|member| collect_typed(member, kind, depth + 1, out)),
        Value::Object(object) => {
            let is = |name: &Value| name.as_str().is_some_and(|name| name.rsplit(['/', '#', ':']).next() == Some(kind));
            let matches = match object.get("@type") {
                Some(Value::Array(names)) => names.iter().any(is),
                Some(name) => is(name),
                None => false,
            };
            if matches {
                out.push(value);
            }
            object
                .values()
                .filter(|inner| inner.is_object() || inner.is_array())
                .for_each(|inner| collect_typed(inner, kind, depth + 1, out));
        }
        _ => {}
    }
}

/// The members of an array, or the value itself.
pub fn members(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(members) => members.iter().collect(),
        other => vec![other],
    }
}
