//! CSS selectors with `:contains('words')`, which CSS itself lacks.
//!
//! A selector without it goes to the selector engine whole. One with it is taken apart into compounds and walked step
//! by step, so that the words may be asked of any compound, also inside `:not(…)`.

use ego_tree::NodeId;
use scraper::{ElementRef, Selector};

/// A list of selectors.
#[derive(Clone, Debug)]
pub struct Css {
    plain: Option<Selector>,
    stepped: Vec<Vec<Compound>>,
}

#[derive(Clone, Debug)]
struct Compound {
    combinator: char,
    selector: Selector,
    words: Vec<String>,
    not_words: Vec<String>,
}

impl Css {
    /// Reads a selector list; the error is what the engine says.
    pub fn parse(text: &str) -> Result<Css, String> {
        if !text.contains(":contains(") {
            return Ok(Css { plain: Some(engine(text)?), stepped: Vec::new() });
        }
        let stepped =
            split(text, |c| c == ',').into_iter().map(|(_, one)| compounds(&one)).collect::<Result<_, _>>()?;
        Ok(Css { plain: None, stepped })
    }

    /// Whether the element itself matches, seen from `scope`.
    pub fn matches(&self, element: &ElementRef<'_>, scope: ElementRef<'_>) -> bool {
        match &self.plain {
            Some(selector) => selector.matches_with_scope(element, Some(scope)),
            None => self.stepped.iter().any(|steps| matches!(steps.as_slice(), [only] if only.matches(element))),
        }
    }

    /// The matching descendants in document order.
    pub fn select<'a>(&self, scope: ElementRef<'a>) -> Vec<ElementRef<'a>> {
        if let Some(selector) = &self.plain {
            return scope.select(selector).collect();
        }
        let mut found: Vec<(NodeId, ElementRef<'a>)> =
            self.stepped.iter().flat_map(|steps| walk(steps, scope)).map(|element| (element.id(), element)).collect();
        found.sort_by_key(|(id, _)| *id);
        found.dedup_by_key(|(id, _)| *id);
        found.into_iter().map(|(_, element)| element).collect()
    }
}

impl Compound {
    fn matches(&self, element: &ElementRef<'_>) -> bool {
        if !self.selector.matches(element) {
            return false;
        }
        let text = flat_text(element);
        self.words.iter().all(|words| text.contains(words.as_str()))
            && !self.not_words.iter().any(|words| text.contains(words.as_str()))
    }
}

fn walk<'a>(steps: &[Compound], scope: ElementRef<'a>) -> Vec<ElementRef<'a>> {
    let mut found = vec![scope];
    for step in steps {
        let mut next: Vec<ElementRef<'a>> = Vec::new();
        for from in found {
            let candidates: Vec<ElementRef<'a>> = match step.combinator {
                '>' => from.child_elements().collect(),
                '+' => from.next_siblings().filter_map(ElementRef::wrap).take(1).collect(),
                '~' => from.next_siblings().filter_map(ElementRef::wrap).collect(),
                _ => from.descendent_elements().filter(|element| element.id() != from.id()).collect(),
            };
            next.extend(candidates.into_iter().filter(|element| step.matches(element)));
        }
        next.sort_by_key(|element| element.id());
        next.dedup_by_key(|element| element.id());
        found = next;
    }
    found
}

fn flat_text(element: &ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    crate::filter::nfc(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn engine(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|error| error.to_string())
}

fn compounds(text: &str) -> Result<Vec<Compound>, String> {
    split(text.trim(), |c| c.is_whitespace() || matches!(c, '>' | '+' | '~'))
        .into_iter()
        .map(|(combinator, compound)| {
            let (rest, not_words) = take_words(&compound, ":not(:contains(", "))")?;
            let (rest, words) = take_words(&rest, ":contains(", ")")?;
            let selector = engine(if rest.is_empty() { "*" } else { &rest })?;
            Ok(Compound { combinator, selector, words, not_words })
        })
        .collect()
}

/// Takes every `open … close` out of a compound and gives the words between, without their quotes.
fn take_words(text: &str, open: &str, close: &str) -> Result<(String, Vec<String>), String> {
    let mut rest = text.to_owned();
    let mut words = Vec::new();
    while let Some(at) = rest.find(open) {
        let inner = &rest[at + open.len()..];
        let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let (word, length) = match quote {
            Some(quote) => {
                let end = inner[1..].find(quote).ok_or_else(|| format!("`{text}` thiếu dấu nháy đóng"))?;
                (&inner[1..1 + end], end + 2)
            }
            None => {
                let end = inner.find(')').ok_or_else(|| format!("`{text}` thiếu dấu ngoặc đóng"))?;
                (&inner[..end], end)
            }
        };
        if !inner[length..].starts_with(close) {
            return Err(format!("`{text}` thiếu dấu ngoặc đóng"));
        }
        words.push(crate::filter::nfc(&word.split_whitespace().collect::<Vec<_>>().join(" ")));
        rest = format!("{}{}", &rest[..at], &inner[length + close.len()..]);
    }
    Ok((rest, words))
}

/// Splits outside brackets and quotes; each piece comes with the combinator that stands before it.
fn split(text: &str, is_break: impl Fn(char) -> bool) -> Vec<(char, String)> {
    let mut pieces = Vec::new();
    let (mut depth, mut quote, mut combinator) = (0_u32, None, ' ');
    let mut piece = String::new();
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None => match c {
                '\'' | '"' => quote = Some(c),
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ if depth == 0 && is_break(c) => {
                    if !piece.is_empty() {
                        pieces.push((combinator, std::mem::take(&mut piece)));
                        combinator = ' ';
                    }
                    if !c.is_whitespace() && c != ',' {
                        combinator = c;
                    }
                    continue;
                }
                _ => {}
            },
        }
        piece.push(c);
    }
    if !piece.is_empty() {
        pieces.push((combinator, piece));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str, selector: &str) -> Vec<String> {
        let page = scraper::Html::parse_document(html);
        Css::parse(selector).unwrap().select(page.root_element()).iter().map(|it| it.text().collect()).collect()
    }

    #[test]
    fn contains_is_asked_of_any_compound() {
        let html = "<ul><li class=p><a>Prev</a></li><li class=n><a>Next »</a></li><li>Giá: <b>5</b></li></ul>";
        assert_eq!(found(html, "ul li a:contains('Next')"), ["Next »"]);
        assert_eq!(found(html, "li:contains('Giá') > b, li.p a"), ["Prev", "5"]);
        assert_eq!(found(html, "li:not(:contains('Next')) a"), ["Prev"]);
        assert_eq!(found(html, "li.p:contains(Prev) + li a"), ["Next »"]);
        assert!(Css::parse("a:contains('x").is_err());
        assert!(Css::parse("a[").is_err());
    }
}
