//! Decides whether one post matches a query, and where: the highlighter and the alerts use this, never the index.

use text::{Field, Span, View};

use crate::entry::Entry;
use crate::query::{Asked, Node, Query, Word};

impl Query {
    /// Whether the post matches.
    pub fn matches(&self, entry: &Entry) -> bool {
        matches(&self.root, entry)
    }

    /// What the query's words cover in the post, in order, without overlaps; exactly the tokens that matched.
    pub fn spans(&self, reading: &text::Reading) -> Vec<(Field, Span)> {
        let mut spans: Vec<(Field, Span)> = Vec::new();
        for (field, view) in views(reading) {
            let mut here = Vec::new();
            collect(&self.root, view, &mut here);
            here.sort();
            for span in here {
                match spans.last_mut() {
                    Some((last_field, last)) if *last_field == field && span.start < last.end => {
                        last.end = last.end.max(span.end);
                    }
                    _ => spans.push((field, span)),
                }
            }
        }
        spans
    }
}

fn views(reading: &text::Reading) -> impl Iterator<Item = (Field, &View)> {
    reading.title.iter().map(|view| (Field::Title, view)).chain(std::iter::once((Field::Text, &reading.text)))
}

fn matches(node: &Node, entry: &Entry) -> bool {
    match node {
        Node::Everything => true,
        Node::All(nodes) => nodes.iter().all(|node| matches(node, entry)),
        Node::Any(nodes) => nodes.iter().any(|node| matches(node, entry)),
        Node::Not(node) => !matches(node, entry),
        Node::Phrase { words, slop } => {
            views(entry.reading).any(|(_, view)| first_phrase(words, *slop, view).is_some())
        }
        Node::Prefix(prefix) => views(entry.reading)
            .any(|(_, view)| view.tokens.iter().any(|token| view.fold_of(token).starts_with(prefix.as_str()))),
        Node::Asked { field, value } => match field {
            Asked::Contact => entry.contacts().any(|contact| contact == value),
            Asked::Place => entry.places().any(|place| place == value),
            Asked::Family => entry.families.iter().any(|family| family == value),
            Asked::Source => entry.source == value,
        },
        Node::Points { low, high } => (*low..=*high).contains(&entry.points),
    }
}

fn first_phrase(words: &[Word], slop: u32, view: &View) -> Option<usize> {
    (0..view.tokens.len()).find(|start| phrase_at(words, slop, view, *start).is_some())
}

/// The token positions of a phrase that starts at `start`: the words in order, at most `slop` others between them.
fn phrase_at(words: &[Word], slop: u32, view: &View, start: usize) -> Option<Vec<usize>> {
    let (first, rest) = words.split_first()?;
    if !first.accepts(&view.tokens[start]) {
        return None;
    }
    let mut positions = vec![start];
    let mut slack = slop as usize;
    for word in rest {
        let from = positions.last()? + 1;
        let window = view.tokens.get(from..(from + slack + 1).min(view.tokens.len()))?;
        let skipped = window.iter().position(|token| word.accepts(token))?;
        slack -= skipped;
        positions.push(from + skipped);
    }
    Some(positions)
}

fn collect(node: &Node, view: &View, spans: &mut Vec<Span>) {
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| collect(node, view, spans)),
        Node::Phrase { words, slop } => {
            for start in 0..view.tokens.len() {
                if let Some(positions) = phrase_at(words, *slop, view, start) {
                    if *slop == 0 {
                        let last = positions[positions.len() - 1];
                        spans.push(Span { start: view.tokens[start].span.start, end: view.tokens[last].span.end });
                    } else {
                        spans.extend(positions.iter().map(|at| view.tokens[*at].span));
                    }
                }
            }
        }
        Node::Prefix(prefix) => spans.extend(
            view.tokens.iter().filter(|token| view.fold_of(token).starts_with(prefix.as_str())).map(|token| token.span),
        ),
        Node::Everything | Node::Not(_) | Node::Asked { .. } | Node::Points { .. } => {}
    }
}
