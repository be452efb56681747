//! A bundle of rule files written as one text: each file behind a line `=== path`.

use rules::RuleFile;

/// The files of a bundle. What stands before the first line of that form belongs to no file.
pub fn files(text: &str) -> Vec<RuleFile> {
    let mut files: Vec<RuleFile> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("=== "), files.last_mut()) {
            (Some(path), _) => files.push(RuleFile { path: path.trim_end().to_owned(), bytes: Vec::new() }),
            (None, Some(file)) => file.bytes.extend_from_slice(line.as_bytes()),
            (None, None) => {}
        }
    }
    files
}
