//! The same posts as `store-bench` records, by what a user would pick instead: plain rusqlite, plain COPY.
//!
//! ```text
//! peers sqlite FILE.sqlite COUNT BATCH < posts.txt      one post a line
//! peers postgres URL COUNT BATCH < posts.txt
//! ```
//! One table of the seven columns that a collector keeps, its identity unique; no versions, no audit, no alerts. Prints
//! `posts seconds cpu_seconds` and, for the others, `what per_second cpu_micros`.

use std::io::BufRead;
use std::io::Write;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, kind, place, count, batch] = args.as_slice() else { return Err("peers sqlite|postgres PLACE COUNT BATCH".into()) };
    let texts: Vec<String> = std::io::stdin().lock().lines().collect::<Result<_, _>>()?;
    let posts = Posts { texts, count: count.parse()?, batch: batch.parse()? };
    match kind.as_str() {
        "sqlite" => sqlite(place, &posts),
        "postgres" => copy(place, &posts),
        _ => Err("sqlite or postgres".into()),
    }
}

struct Posts {
    texts: Vec<String>,
    count: usize,
    batch: usize,
}

impl Posts {
    fn text(&self, n: usize) -> String {
        format!("{} ({n})", self.texts[n % self.texts.len()])
    }
}

const TABLE: &str = "CREATE TABLE posts (id TEXT PRIMARY KEY, source TEXT NOT NULL, native_id TEXT NOT NULL, url TEXT, \
     text TEXT NOT NULL, posted_at_ms BIGINT, seen_at_ms BIGINT NOT NULL, UNIQUE (source, native_id))";

/// User and system seconds of this process (`/proc/self/stat`, in clock ticks of a hundredth).
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split_whitespace().collect();
    [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn told(what: &str, count: usize, began: Instant, cpu: f64) {
    let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu_s() - cpu);
    println!("{what}\t{:.0}\t{:.1}", count as f64 / wall, cpu * 1e6 / count as f64);
}

fn sqlite(file: &str, posts: &Posts) -> Result<(), Box<dyn std::error::Error>> {
    let mut db = rusqlite::Connection::open(file)?;
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536")?;
    db.execute_batch(TABLE)?;
    let (began, cpu) = (Instant::now(), cpu_s());
    let mut n = 0;
    while n < posts.count {
        let tx = db.transaction()?;
        {
            let mut insert = tx.prepare_cached(
                "INSERT INTO posts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                 ON CONFLICT (source, native_id) DO UPDATE SET text = excluded.text, seen_at_ms = excluded.seen_at_ms",
            )?;
            for n in n..(n + posts.batch).min(posts.count) {
                let url = format!("https://cho.example/{n}");
                insert.execute(rusqlite::params![
                    format!("{n:036}"), "board", n.to_string(), url, posts.text(n), n as i64, n as i64
                ])?;
            }
        }
        tx.commit()?;
        n += posts.batch;
    }
    told("record", posts.count, began, cpu);
    db.execute_batch("PRAGMA synchronous = FULL; CREATE TABLE log (seq INTEGER PRIMARY KEY, at_ms INTEGER, actor TEXT, action TEXT)")?;
    let (began, cpu) = (Instant::now(), cpu_s());
    for n in 0..1_000 {
        db.prepare_cached("INSERT INTO log VALUES (?1, ?1, 'an', 'case.read')")?.execute([n])?;
    }
    told("append", 1_000, began, cpu);
    Ok(())
}

fn copy(url: &str, posts: &Posts) -> Result<(), Box<dyn std::error::Error>> {
    let mut db = postgres::Client::connect(url, postgres::NoTls)?;
    db.batch_execute(&format!("DROP TABLE IF EXISTS posts; DROP TABLE IF EXISTS log; {TABLE}"))?;
    let (began, cpu) = (Instant::now(), cpu_s());
    let mut n = 0;
    while n < posts.count {
        let mut rows = String::new();
        for n in n..(n + posts.batch).min(posts.count) {
            let text = posts.text(n).replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r");
            rows.push_str(&format!("{n:036}\tboard\t{n}\thttps://cho.example/{n}\t{text}\t{n}\t{n}\n"));
        }
        let mut tx = db.transaction()?;
        tx.batch_execute("SET LOCAL synchronous_commit = off")?;
        let mut copy = tx.copy_in("COPY posts FROM STDIN")?;
        copy.write_all(rows.as_bytes())?;
        copy.finish()?;
        tx.commit()?;
        n += posts.batch;
    }
    told("record", posts.count, began, cpu);
    db.batch_execute("CREATE TABLE log (seq BIGINT PRIMARY KEY, at_ms BIGINT, actor TEXT, action TEXT)")?;
    let insert = db.prepare("INSERT INTO log VALUES ($1, $1, 'an', 'case.read')")?;
    let (began, cpu) = (Instant::now(), cpu_s());
    for n in 0..1_000_i64 {
        db.execute(&insert, &[&n])?;
    }
    told("append", 1_000, began, cpu);
    Ok(())
}
