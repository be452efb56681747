//! Prints the JSON Schema of source files: `cargo run -p intake --example schema > sources/source.schema.json`.

#![allow(clippy::print_stdout)]

fn main() -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string_pretty(&intake::source::file::schema())?);
    Ok(())
}
