//! `canhgiac assess`: posts in, assessments and facts out, without a database.

use std::path::Path;

use anyhow::Result;
use rules::Ruleset;
use serde::{Deserialize, Serialize};

use crate::lines;

#[derive(Deserialize)]
struct In {
    #[serde(default)]
    id: serde_json::Value,
    text: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    posted_at: serde_json::Value,
}

#[derive(Serialize)]
struct Out<'a> {
    id: serde_json::Value,
    #[serde(flatten)]
    assessment: &'a rules::Assessment,
    facts: &'a [text::Fact],
}

/// Assesses each line; returns how many could not be read.
pub fn run(file: &Path, ruleset: &Ruleset) -> Result<usize> {
    lines::transform(file, |line| {
        let post: In = serde_json::from_str(line).map_err(|error| lines::json_reason(&error))?;
        let posted_at_ms = lines::time_ms(&post.posted_at)?;
        let reading = text::read(post.title.as_deref(), &post.text, posted_at_ms);
        let assessment = ruleset.assess(&reading);
        let out = Out { id: post.id, assessment: &assessment, facts: &reading.facts };
        serde_json::to_string(&out).map_err(|error| lines::json_reason(&error))
    })
}
