//! Recording a kept file: read in batches, each one transaction, going on where an interrupted run stood.

use std::io::BufReader;
use std::path::Path;
use std::sync::mpsc;

use anyhow::{Context, Result, anyhow};
use intake::Source;
use intake::import::{self, BadRecord, Format, Origin, Record};
use model::{Post, SourceState};
use rules::Ruleset;
use store::{Batch, CaptureRow, Part, ReadPost};

use crate::opening::Opened;
use crate::progress::Progress;
use crate::reading::read_post;

/// Posts of one transaction.
const BATCH: usize = 500;
/// Batches that wait between reading and recording.
const WAITING: usize = 4;

/// What importing a file came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Imported {
    /// Posts that were not known, or whose text was another.
    pub news: u64,
    /// Posts read.
    pub posts: u64,
    /// Records that could not be read.
    pub bad: u64,
}

/// Records what is not yet recorded of a kept file. Bad records are told to `tell`, the rest is still done.
pub async fn record_capture(
    opened: &Opened,
    capture: &CaptureRow,
    mut tell: impl FnMut(&BadRecord),
) -> Result<Imported> {
    let name = Path::new(&capture.capture.url_requested).to_path_buf();
    let original = opened.store.open_original(&capture.sha256)?;
    let (send, receive) = mpsc::sync_channel::<Chunk>(WAITING);
    let (source, from) = (capture.capture.source.clone(), capture.recorded_upto.unsigned_abs());
    // Asked for every chunk: a long import takes up rules that are published meanwhile.
    let rules = opened.rules.clone();
    let known = known_sources(opened).await?;
    let mut progress = Progress::new("nhập", 0);
    let reader = tokio::task::spawn_blocking(move || -> Result<()> {
        let mut input = BufReader::with_capacity(1 << 18, original);
        let head = std::io::BufRead::fill_buf(&mut input)?.to_vec();
        let format = Format::guess(&name, &head).map_err(|reason| anyhow!(reason))?;
        let mut chunk = Chunk::default();
        let origin = Origin { source: &source, known: &known };
        import::read(format, origin, Box::new(input), from, &mut |record| {
            chunk.take(record);
            chunk.records() < BATCH || send.send(assessed(std::mem::take(&mut chunk), &rules.current())).is_ok()
        })?;
        let _ = send.send(assessed(chunk, &rules.current()));
        Ok(())
    });
    let mut imported = Imported::default();
    let receive = std::sync::Arc::new(std::sync::Mutex::new(receive));
    let mut upto = capture.recorded_upto;
    loop {
        let from = receive.clone();
        let next = tokio::task::spawn_blocking(move || from.lock().ok().and_then(|queue| queue.recv().ok())).await?;
        let Some(chunk) = next else { break };
        chunk.bad.iter().for_each(&mut tell);
        imported.bad += chunk.bad.len() as u64;
        imported.posts += chunk.read.len() as u64;
        progress.at(imported.posts);
        upto = upto.max(i64::try_from(chunk.end).unwrap_or(i64::MAX));
        if chunk.end > 0 {
            let part = Part { capture_id: capture.id.clone(), upto, last: false, posts: chunk.read };
            let batch = Batch { actor: "import".into(), parts: vec![part], visits: Vec::new() };
            let recorded = opened.store.record(&batch, crate::clock::now_ms()).await?;
            imported.news += recorded.new_posts + recorded.new_versions;
            opened.rules.refresh().await?;
        }
    }
    progress.end();
    reader.await?.context("the file cannot be read as posts")?;
    let last = Part { capture_id: capture.id.clone(), upto: upto.saturating_add(1), last: true, posts: Vec::new() };
    let batch = Batch { actor: "import".into(), parts: vec![last], visits: Vec::new() };
    opened.store.record(&batch, crate::clock::now_ms()).await?;
    Ok(imported)
}

/// The sources whose pages may stand in a file that people bring.
async fn known_sources(opened: &Opened) -> Result<Vec<Source>> {
    let rows = opened.store.sources().await?;
    Ok(rows
        .into_iter()
        .filter(|row| row.state != SourceState::Retired)
        .filter_map(|row| Source::load(&row.toml, &row.id, &row.params.into_iter().collect()).ok())
        .collect())
}

/// Records of a file that are recorded together.
#[derive(Default)]
struct Chunk {
    posts: Vec<Post>,
    read: Vec<ReadPost>,
    bad: Vec<BadRecord>,
    end: u64,
}

impl Chunk {
    fn take(&mut self, record: Record) {
        self.end = record.end;
        match record.post {
            Ok(post) => self.posts.push(post),
            Err(bad) => self.bad.push(bad),
        }
    }

    fn records(&self) -> usize {
        self.posts.len() + self.bad.len()
    }
}

/// Reads and assesses the posts of a chunk on all cores, in their order.
fn assessed(mut chunk: Chunk, ruleset: &Ruleset) -> Chunk {
    chunk.read = crate::cores::each(std::mem::take(&mut chunk.posts), |post| read_post(ruleset, post));
    chunk
}
