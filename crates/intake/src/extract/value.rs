//! What a selector found, on its way through the filters to a value of a field.

use ego_tree::NodeId;
use scraper::{ElementRef, Html};
use serde_json::Value;
use url::Url;

use crate::filter::block_text::{block_text, text_of_markup};
use crate::filter::time::{self, Moment};
use crate::filter::{self, Filter, TimeForm, number, vietnamese_time};
use crate::source::TIME_FIELDS;
use crate::source::css::Css;

/// Something found.
pub enum Found<'d> {
    /// An element, without these subtrees.
    Element(ElementRef<'d>, Vec<NodeId>),
    /// A JSON value.
    Json(&'d Value),
    /// A text.
    Text(String),
    /// A time.
    Time(Moment),
}

/// What filters need to know of the page.
pub struct Context<'c> {
    /// What links are relative to.
    pub base: &'c Url,
    /// When the page was fetched, for relative times.
    pub now_ms: i64,
    /// The fields read so far.
    pub fill: &'c dyn Fn(&str) -> Option<String>,
}

impl Found<'_> {
    /// A JSON value that does not outlive its reading.
    pub fn of_json(value: &Value) -> Found<'static> {
        Found::Text(plain_json(value))
    }

    /// As a text; empty when there is none.
    pub fn into_text(self) -> String {
        match self {
            Found::Element(element, dropped) => block_text(element, &dropped),
            Found::Json(value) => plain_json(value).trim().to_owned(),
            Found::Text(text) => text.trim().to_owned(),
            Found::Time(moment) => moment.rfc3339(),
        }
    }

    /// Whether nothing would be left as a text.
    pub fn is_blank(&self) -> bool {
        match self {
            Found::Element(element, dropped) => block_text(*element, dropped).is_empty(),
            Found::Json(value) => plain_json(value).trim().is_empty(),
            Found::Text(text) => text.trim().is_empty(),
            Found::Time(_) => false,
        }
    }
}

fn plain_json(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Object(object) => object
            .get("@value")
            .or_else(|| object.get("name"))
            .filter(|inner| !inner.is_object())
            .map(plain_json)
            .unwrap_or_default(),
        Value::Array(_) | Value::Null => String::new(),
    }
}

/// Applies the filters. Without `all` or `join` only the first value that survives them is left.
pub fn apply<'d>(found: Vec<Found<'d>>, filters: &[Filter], context: &Context<'_>) -> Vec<Found<'d>> {
    let wants_all = filters.iter().any(|filter| matches!(filter, Filter::All | Filter::Join(_)));
    if !wants_all {
        let first = found.into_iter().filter_map(|one| chain(one, filters, context)).find(|one| !one.is_blank());
        return first.into_iter().collect();
    }
    let mut found = found;
    for filter in filters {
        match filter {
            Filter::All => {}
            Filter::Join(between) => {
                let texts: Vec<String> =
                    found.into_iter().map(Found::into_text).filter(|text| !text.is_empty()).collect();
                found = if texts.is_empty() { Vec::new() } else { vec![Found::Text(texts.join(between))] };
            }
            filter => found = found.into_iter().filter_map(|one| step(one, filter, context)).collect(),
        }
    }
    found
}

fn chain<'d>(found: Found<'d>, filters: &[Filter], context: &Context<'_>) -> Option<Found<'d>> {
    filters.iter().try_fold(found, |found, filter| step(found, filter, context))
}

fn step<'d>(found: Found<'d>, filter: &Filter, context: &Context<'_>) -> Option<Found<'d>> {
    let text = match (filter, found) {
        (Filter::Text, Found::Element(element, dropped)) => return Some(Found::Text(block_text(element, &dropped))),
        (Filter::Text, Found::Time(moment)) => return Some(Found::Time(moment)),
        (Filter::Text, other) => return Some(Found::Text(text_of_markup(&other.into_text()))),
        (Filter::Html, Found::Element(element, dropped)) => return Some(Found::Text(markup(element, &dropped))),
        (Filter::Html, other) => return Some(other),
        (Filter::Drop(selector), Found::Element(element, mut dropped)) => {
            dropped.extend(selector.select(element).iter().map(|inner| inner.id()));
            return Some(Found::Element(element, dropped));
        }
        (Filter::Drop(selector), other) => return Some(Found::Text(without(&other.into_text(), selector))),
        (Filter::Time(TimeForm::Iso, _), Found::Time(moment)) => return Some(Found::Time(moment)),
        (_, other) => match other {
            Found::Text(text) => text,
            other => other.into_text(),
        },
    };
    let kept = match filter {
        Filter::After(words) => text.split_once(words.as_str())?.1.to_owned(),
        Filter::Before(words) => text.split_once(words.as_str())?.0.to_owned(),
        Filter::Regex(regex) => {
            let captures = regex.captures(&text)?;
            let group = (1..captures.len())
                .find_map(|index| captures.get(index))
                .or_else(|| captures.get(0).filter(|_| captures.len() == 1));
            group?.as_str().to_owned()
        }
        Filter::Url => context.base.join(text.trim()).ok().filter(|_| !text.trim().is_empty())?.to_string(),
        Filter::Fmt(template) => {
            template.fill(|name| if name == "value" { Some(text.trim().to_owned()) } else { (context.fill)(name) })?
        }
        Filter::Number => number::number(&text)?,
        Filter::Vnd => number::vnd(&text)?,
        Filter::ShortNumber => number::short_number(&text)?,
        Filter::Time(form, zone) => {
            let zone = zone.as_ref();
            let moment = match form {
                TimeForm::Iso => time::iso(&text, zone),
                TimeForm::Seconds => time::epoch_seconds(&text),
                TimeForm::Millis => time::epoch_millis(&text),
                TimeForm::Vietnamese => {
                    vietnamese_time::vietnamese(&text, zone.unwrap_or(&time::vietnam()), context.now_ms)
                }
                TimeForm::Format(format) => time::formatted(&text, format, zone),
            };
            return moment.map(Found::Time);
        }
        Filter::Lower => text.to_lowercase(),
        Filter::Nfc => filter::nfc(&text),
        Filter::Contains(words) => text.contains(words.as_str()).then_some(text)?,
        Filter::Unwrap(key) => unwrapped(&text, key, context.base)?,
        Filter::Text | Filter::Html | Filter::Drop(_) | Filter::Join(_) | Filter::All => text,
    };
    Some(Found::Text(kept))
}

/// The address that a redirecting link carries in a query parameter; any other link stays as it is.
fn unwrapped(text: &str, key: &str, base: &Url) -> Option<String> {
    let url = base.join(text.trim()).ok()?;
    let inner = url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
    Some(inner.filter(|inner| inner.starts_with("http")).unwrap_or_else(|| url.to_string()))
}

fn markup(element: ElementRef<'_>, dropped: &[NodeId]) -> String {
    if dropped.is_empty() {
        return element.inner_html();
    }
    let mut out = String::new();
    for child in element.children() {
        match ElementRef::wrap(child) {
            Some(child) if dropped.contains(&child.id()) => {}
            Some(child) if child.descendants().any(|node| dropped.contains(&node.id())) => {
                let tag = child.value();
                let attributes: String =
                    tag.attrs().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value))).collect();
                out.push_str(&format!("<{}{attributes}>{}</{}>", tag.name(), markup(child, dropped), tag.name()));
            }
            Some(child) => out.push_str(&child.html()),
            None => {
                if let Some(text) = child.value().as_text() {
                    out.push_str(&escaped(text));
                }
            }
        }
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn without(text: &str, selector: &Css) -> String {
    let fragment = Html::parse_fragment(text);
    let root = fragment.root_element();
    let dropped: Vec<NodeId> = selector.select(root).iter().map(|element| element.id()).collect();
    markup(root, &dropped)
}

/// The values of a row's fields.
#[derive(Default)]
pub struct Values {
    values: Vec<(&'static str, Vec<Kept>)>,
}

/// A value as it is kept.
enum Kept {
    Text(String),
    Time(Moment),
}

impl Values {
    /// Keeps what was found for a field. A field that is a time and got no time filter is read as ISO.
    pub fn put(&mut self, name: &'static str, found: Vec<Found<'_>>) {
        let is_time = TIME_FIELDS.contains(&name);
        let values = found
            .into_iter()
            .filter_map(|found| match found {
                Found::Time(moment) => Some(Kept::Time(moment)),
                other => {
                    let text = other.into_text();
                    if is_time { time::iso(&text, None).map(Kept::Time) } else { Some(Kept::Text(text)) }
                }
            })
            .collect();
        self.values.push((name, values));
    }

    fn of(&self, name: &str) -> &[Kept] {
        self.values.iter().find(|(known, _)| *known == name).map_or(&[], |(_, values)| values.as_slice())
    }

    /// The field as a text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.of(name)
            .first()
            .map(|value| match value {
                Kept::Text(text) => text.clone(),
                Kept::Time(moment) => moment.rfc3339(),
            })
            .filter(|text| !text.is_empty())
    }

    /// The field as a time.
    pub fn time(&self, name: &str) -> Option<Moment> {
        match self.of(name).first()? {
            Kept::Time(moment) => Some(*moment),
            Kept::Text(_) => None,
        }
    }

    /// Whether the field has a value.
    pub fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// The links, absolute, each once.
    pub fn links(&self, base: &Url) -> Vec<String> {
        let mut links: Vec<String> = Vec::new();
        for value in self.of("links") {
            if let Kept::Text(text) = value {
                let link = base.join(text.trim()).map_or_else(|_| text.clone(), String::from);
                if !link.is_empty() && !links.contains(&link) {
                    links.push(link);
                }
            }
        }
        links
    }
}
