//! The built binary, from JSONL to searchable, recorded and audited: `import` and then `work --once`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::corpus;

const POSTS: usize = 20_000;

/// Prints posts a second by wall time and CPU microseconds a post of the whole process.
pub fn run() -> Result<(), String> {
    let binary = binary()?;
    let folder = std::env::temp_dir().join(format!("canhgiac-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let result = measure(&binary, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

/// The binary that is measured: `BENCH_BINARY`, or the release build in the usual place.
pub fn binary() -> Result<PathBuf, String> {
    let binary = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/release/canhgiac"));
    let binary = std::env::var_os("BENCH_BINARY").map_or(binary.to_path_buf(), Into::into);
    if binary.exists() {
        Ok(binary)
    } else {
        Err(format!("{} is not there: `cargo build --release` first", binary.display()))
    }
}

fn measure(binary: &Path, folder: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    let file = folder.join("posts.jsonl");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&file).map_err(told)?);
    for (i, post) in corpus::posts(POSTS)?.iter().enumerate() {
        writeln!(out, "{}", serde_json::json!({"id": i.to_string(), "text": post})).map_err(told)?;
    }
    out.flush().map_err(told)?;
    drop(out);
    let data = folder.join("data");
    let (before, start) = (children_cpu_s(), Instant::now());
    for args in [vec!["import".as_ref(), file.as_os_str()], vec!["work".as_ref(), "--once".as_ref()]] {
        let status = Command::new(binary)
            .args(&args)
            .env_remove("BENCH_BINARY")
            .arg("--data")
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(told)?;
        if !status.success() {
            return Err(format!("{args:?} failed"));
        }
    }
    let (wall, cpu) = (start.elapsed().as_secs_f64(), children_cpu_s() - before);
    println!("{POSTS} posts from JSONL to recorded, audited and searchable, two processes one after the other");
    println!("{:.0} posts/s by wall time, {:.0} CPU µs a post", POSTS as f64 / wall, cpu * 1e6 / POSTS as f64);
    Ok(())
}

/// User and system seconds of the children that have ended (`/proc/self/stat`, fields 16 and 17, in clock ticks).
pub fn children_cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = [13, 14].iter().filter_map(|at| fields.get(*at)?.parse::<f64>().ok()).sum();
    ticks / 100.0
}
