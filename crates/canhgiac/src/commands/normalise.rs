//! `canhgiac normalise`: texts in, their unmasked views out.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use text::Span;

use crate::lines;

#[derive(Deserialize)]
struct In {
    #[serde(default)]
    id: serde_json::Value,
    text: String,
}

#[derive(Serialize)]
struct Out<'a> {
    id: serde_json::Value,
    soft: &'a str,
    canon: &'a str,
    fold: &'a str,
    spans: Vec<Span>,
}

/// Unmasks each line; returns how many could not be read.
pub fn run(file: &Path) -> Result<usize> {
    lines::transform(file, |line| {
        let post: In = serde_json::from_str(line).map_err(|error| lines::json_reason(&error))?;
        let view = text::read(None, &post.text, None).text;
        let out = Out {
            id: post.id,
            soft: &view.soft.text,
            canon: &view.canon,
            fold: &view.fold,
            spans: view.tokens.iter().map(|token| token.span).collect(),
        };
        serde_json::to_string(&out).map_err(|error| lines::json_reason(&error))
    })
}
