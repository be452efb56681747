//! Filling a store: posts as they come, captures that wait.

use model::{Capture, Method, Post};
use rules::{Assessment, Ruleset};
use sqlx::{AssertSqlSafe, Connection, Executor};
use store::{Batch, Part, ReadPost, Store};
use text::Fact;

use crate::{NOW, Outcome, corpus};

/// Posts of one transaction, as in an import.
pub const BATCH: usize = 500;
/// One of so many posts raises an alert.
const RAISED_OF: usize = 33;
/// Captures that wait for the claims.
pub const WAITING: usize = 100_000;

/// The corpus, read and assessed once.
pub struct Texts {
    /// Texts without any finding.
    pub harmless: Vec<String>,
    /// Texts that raise an alert, with what was read in them.
    raised: Vec<(String, Assessment, Vec<Fact>)>,
    quiet: Assessment,
}

impl Texts {
    /// Reads and assesses the corpus.
    pub fn of_corpus() -> Outcome<Texts> {
        let ruleset = Ruleset::shipped().map_err(|problems| format!("{} problems in the rules", problems.len()))?;
        let (mut harmless, mut raised, mut quiet) = (Vec::new(), Vec::new(), None);
        for text in corpus::posts(3_000)? {
            let reading = text::read(None, &text, Some(NOW));
            let assessment = ruleset.assess(&reading);
            if assessment.alert {
                raised.push((text, assessment, reading.facts));
            } else if assessment.findings.is_empty() && !assessment.referral {
                harmless.push(text);
                quiet.get_or_insert(assessment);
            }
        }
        let quiet = quiet.ok_or("no harmless post in the corpus")?;
        Ok(Texts { harmless, raised, quiet })
    }

    fn post(&self, n: usize) -> ReadPost {
        let (text, assessment, facts) = if n.is_multiple_of(RAISED_OF) {
            let (text, assessment, facts) = &self.raised[n / RAISED_OF % self.raised.len()];
            (text, assessment.clone(), facts.clone())
        } else {
            (&self.harmless[n % self.harmless.len()], self.quiet.clone(), Vec::new())
        };
        let post = Post {
            source: "board".to_owned(),
            native_id: n.to_string(),
            url: Some(format!("https://cho.example/{n}")),
            text: format!("{text} ({n})"),
            posted_at_ms: Some(NOW),
            ..Post::default()
        };
        ReadPost { post, assessment: Some(assessment), facts }
    }
}

/// Records so many posts, batch by batch, as an import does.
pub async fn fill(store: &Store, texts: &Texts, count: usize) -> Outcome<()> {
    let story = Capture::of_file("import:bench", Method::Import, "bench.jsonl", "bench", NOW);
    let capture = store.keep(&story, b"bench", NOW).await?;
    for from in (0..count).step_by(BATCH) {
        let to = (from + BATCH).min(count);
        let posts = (from..to).map(|n| texts.post(n)).collect();
        let part = Part { capture_id: capture.id.clone(), upto: i64::try_from(to)?, last: to == count, posts };
        store.record(&Batch { actor: "bench".to_owned(), parts: vec![part], visits: Vec::new() }, NOW).await?;
    }
    Ok(())
}

/// Puts copies of a kept capture into the database: so many wait.
pub async fn waiting(data: &str) -> Outcome<()> {
    let url = if data.contains("://") { data.to_owned() } else { format!("sqlite://{data}/canhgiac.sqlite") };
    let copies = format!(
        "INSERT INTO captures (id, identity, sha256, bytes, source, method, url, story, fetched_at_ms, kept_at_ms, \
         state, recorded_upto) WITH RECURSIVE k (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {WAITING}) \
         SELECT id || ':' || (1000000 + n), identity || n, sha256, bytes, source, method, url, story, fetched_at_ms, \
         kept_at_ms, 'kept', 0 FROM captures, k WHERE source = 'import:bench'"
    );
    run_on(&url, copies).await
}

/// Makes a database anew.
pub async fn database(server: &str, name: &str) -> Outcome<()> {
    let url = format!("{server}/postgres");
    run_on(&url, format!("DROP DATABASE IF EXISTS {name}")).await?;
    run_on(&url, format!("CREATE DATABASE {name}")).await
}

async fn run_on(url: &str, sql: String) -> Outcome<()> {
    sqlx::any::install_default_drivers();
    let mut db = sqlx::AnyConnection::connect(url).await?;
    db.execute(AssertSqlSafe(sql)).await?;
    db.close().await?;
    Ok(())
}
