//! The posts that benchmarks read: the labelled corpus, repeated with numbered endings so that no cache helps unduly.

use std::path::Path;

/// `count` posts, deterministic.
pub fn posts(count: usize) -> Result<Vec<String>, String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/corpus"));
    let mut texts = Vec::new();
    for name in ["open.jsonl", "constructed.jsonl"] {
        let path = folder.join(name);
        let jsonl = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for line in jsonl.lines() {
            let post: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
            texts.extend(post["text"].as_str().map(str::to_owned));
        }
    }
    if texts.is_empty() {
        return Err("the corpus is empty".into());
    }
    Ok((0..count).map(|i| format!("{} ({i})", texts[i % texts.len()])).collect())
}
