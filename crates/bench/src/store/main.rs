//! Figures of the store at a size, on SQLite and PostgreSQL, beside plain rusqlite and plain COPY in one run.
//!
//! ```text
//! cargo build --release --manifest-path crates/bench/peers/Cargo.toml
//! BENCH_POSTGRES=postgres://user@host BENCH_PEERS=…/peers cargo run --release -p bench --bin store-bench -- 1000000
//! ```
//! The posts are the corpus, repeated with numbered endings; three of a hundred raise an alert, the others have no
//! finding. CPU is that of this process: of PostgreSQL therefore the client's. Deliberately absent: reading and
//! assessing, which `bench` measures.

// A benchmark speaks on standard output.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../corpus.rs"]
mod corpus;
mod filling;
mod pages;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use store::Store;

/// What goes wrong is told and ends the run.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// 24 November 2026, 08:00 in Vietnam.
const NOW: i64 = 1_795_482_000_000;

fn main() -> ExitCode {
    let count = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse());
    let outcome = match (count, tokio::runtime::Runtime::new()) {
        (Ok(count), Ok(runtime)) => runtime.block_on(run(count)),
        _ => Err("store-bench [COUNT]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("store-bench: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(count: usize) -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("canhgiac-store-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = both(&folder, count).await;
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn both(folder: &Path, count: usize) -> Outcome<()> {
    let texts = filling::Texts::of_corpus()?;
    println!("{count} posts; per second by wall time, CPU microseconds of this process");
    println!("{:<12} {:<34} {:>12} {:>12}", "database", "what", "per second", "CPU µs");
    peer("sqlite", &folder.join("plain.sqlite").to_string_lossy(), count, &texts.harmless)?;
    let sqlite = folder.join("sqlite").to_string_lossy().into_owned();
    one("sqlite", &sqlite, &folder.join("sqlite-originals"), count, &texts).await?;
    if let Ok(server) = std::env::var("BENCH_POSTGRES") {
        for name in ["canhgiac_plain", "canhgiac_store"] {
            filling::database(&server, name).await?;
        }
        peer("postgres", &format!("{server}/canhgiac_plain"), count, &texts.harmless)?;
        let url = format!("{server}/canhgiac_store");
        one("postgres", &url, &folder.join("postgres-originals"), count, &texts).await?;
    }
    Ok(())
}

/// The store, on one database.
async fn one(name: &str, data: &str, originals: &Path, count: usize, texts: &filling::Texts) -> Outcome<()> {
    let store = Store::open_with_originals(data, originals, NOW).await?;
    let measured = Measure::begin();
    filling::fill(&store, texts, count).await?;
    measured.tell(name, "record", count);
    pages::audit(name, &store).await?;
    pages::pages(name, &store).await?;
    filling::waiting(data).await?;
    pages::claims(name, &store).await?;
    store.close().await;
    Ok(())
}

/// What a user would pick instead, as a process of its own; left out where BENCH_PEERS does not name it.
fn peer(kind: &str, place: &str, count: usize, texts: &[String]) -> Outcome<()> {
    let Some(binary) = std::env::var_os("BENCH_PEERS").map(PathBuf::from) else { return Ok(()) };
    let mut child = Command::new(binary)
        .args([kind, place, &count.to_string(), &filling::BATCH.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    for text in texts {
        writeln!(input, "{}", text.replace('\n', " "))?;
    }
    drop(input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("the peer on {kind} failed").into());
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let [what, per_second, cpu] = line.split('\t').collect::<Vec<_>>().as_slice() {
            println!("{kind:<12} {:<34} {per_second:>12} {cpu:>12}", format!("plain: {what}"));
        }
    }
    Ok(())
}

/// Wall and CPU time since a beginning.
struct Measure {
    wall: Instant,
    cpu_s: f64,
}

impl Measure {
    fn begin() -> Measure {
        Measure { wall: Instant::now(), cpu_s: cpu_s() }
    }

    fn tell(&self, name: &str, what: &str, count: usize) {
        let (wall, cpu) = (self.wall.elapsed().as_secs_f64(), cpu_s() - self.cpu_s);
        let (rate, each) = (count as f64 / wall, cpu * 1e6 / count as f64);
        println!("{name:<12} {what:<34} {rate:>12.0} {each:>12.1}");
    }
}

/// User and system seconds of this process (`/proc/self/stat`, in clock ticks of a hundredth).
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split_whitespace().collect();
    [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}
