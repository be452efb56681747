//! Streams: what a service sends us by itself, read through one connection that goes on where the last one stood.
//!
//! `socket` opens the connection to an address that the guard admitted, `jetstream` understands the frames. A batch
//! carries the frames as they came beside what they mean, so that the original of each post can be kept, and the cursor
//! from which the stream goes on once the batch is kept. At least once: a frame may come again, and its post is then
//! the same post. Deliberately absent: keeping, and waiting between two connections (`back_off_ms` says how long).

pub mod jetstream;
mod socket;

use std::time::Duration;

use tokio::time::Instant;

use crate::fetch::address::{AdmitError, Guard};
use crate::source::Source;
use jetstream::{Change, Frame};
use socket::Socket;

/// A connection that says nothing for so long is opened anew.
pub const SILENCE: Duration = Duration::from_secs(60);
/// Going back this far on connecting leaves no gap; what comes again is known.
pub const REWIND_US: i64 = 5_000_000;
/// A stream that goes on this much later than where it stood has lost what lay between.
const GAP_US: i64 = 10 * 60 * 1_000_000;
/// The longest wait between two connections, in milliseconds.
const BACK_OFF_MAX_MS: i64 = 5 * 60_000;

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The address may not be opened.
    #[error(transparent)]
    Admit(#[from] AdmitError),
    /// It took too long.
    #[error("quá thời gian chờ ({0})")]
    Timeout(&'static str),
    /// The connection failed or broke.
    #[error("kết nối hỏng: {0}")]
    Connection(String),
    /// The server refused to open a stream.
    #[error("máy chủ từ chối mở luồng (HTTP {0})")]
    Refused(u16),
    /// The server closed the stream.
    #[error("máy chủ đóng luồng")]
    Closed,
    /// Nothing came for a long time.
    #[error("luồng im lặng quá lâu")]
    Silent,
}

/// What came of some frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What changed, each with its frame as it came, in order.
    pub changes: Vec<(Change, String)>,
    /// From where the stream goes on when the batch is kept, in microseconds.
    pub cursor_us: i64,
    /// Frames that came, those passed over included.
    pub frames: u64,
    /// Frames that could not be understood.
    pub unreadable: u64,
    /// The stream goes on later than where it stood: the first moment that it has, in microseconds.
    pub gap_until_us: Option<i64>,
}

/// An open stream.
pub struct Stream {
    socket: Socket,
    languages: Vec<String>,
    source: String,
    cursor_us: i64,
    asked_us: Option<i64>,
    /// What is known of the server, for the capture.
    pub server: Server,
}

/// The server behind a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// The address asked for, cursor included.
    pub url: String,
    /// Its address.
    pub ip: String,
    /// SHA-256 of its certificate.
    pub certificate_sha256: Option<String>,
}

impl Stream {
    /// Connects to the start of a source, going on from a cursor.
    ///
    /// # Errors
    /// When the address may not be opened, or no stream is opened there.
    pub async fn connect(source: &Source, guard: &Guard, cursor_us: Option<i64>) -> Result<Stream, StreamError> {
        let start = source.starts.first().ok_or_else(|| StreamError::Connection("nguồn không có địa chỉ".into()))?;
        let mut url = start.url.clone();
        if let Some(cursor_us) = cursor_us {
            url.query_pairs_mut().append_pair("cursor", &(cursor_us - REWIND_US).max(0).to_string());
        }
        let (socket, server) = socket::open(&url, guard).await?;
        Ok(Stream {
            socket,
            languages: source.stream.languages.clone(),
            source: source.name.clone(),
            cursor_us: cursor_us.unwrap_or(0),
            asked_us: cursor_us,
            server,
        })
    }

    /// Reads frames until there are `most` changes or `within` has passed since the first; waits for the first at most
    /// `SILENCE`, or `patience` where that is shorter.
    ///
    /// # Errors
    /// When the connection ends before any frame came. What came before an end is given first.
    pub async fn batch(&mut self, most: usize, within: Duration, patience: Duration) -> Result<Batch, StreamError> {
        let mut batch = Batch { cursor_us: self.cursor_us, ..Batch::default() };
        let mut until = Instant::now() + patience.min(SILENCE);
        while batch.changes.len() < most {
            let line = match tokio::time::timeout_at(until, self.socket.next()).await {
                Err(_) if batch.frames == 0 => return Err(StreamError::Silent),
                Err(_) => break,
                Ok(Err(error)) if batch.frames == 0 => return Err(error),
                Ok(Err(_)) => break,
                Ok(Ok(line)) => line,
            };
            if batch.frames == 0 {
                until = Instant::now() + within;
            }
            batch.frames += 1;
            self.take(line, &mut batch);
        }
        self.cursor_us = batch.cursor_us;
        Ok(batch)
    }

    fn take(&mut self, line: String, batch: &mut Batch) {
        let Ok(Frame { cursor_us, change }) = jetstream::read(&line, &self.source, &self.languages) else {
            batch.unreadable += 1;
            return;
        };
        if let Some(asked_us) = self.asked_us.take() {
            batch.gap_until_us = (cursor_us - asked_us > GAP_US).then_some(cursor_us);
        }
        batch.cursor_us = batch.cursor_us.max(cursor_us);
        batch.changes.extend(change.map(|change| (change, line)));
    }
}

/// How long to wait before connecting again after so many failures in a row: doubling from a second, with full jitter
/// over the upper half.
pub fn back_off_ms(fails: u32) -> i64 {
    let most = (1_000_i64 << fails.min(20)).min(BACK_OFF_MAX_MS);
    most / 2 + rand::random_range(0..=most / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        for fails in 0..40 {
            let wait_ms = back_off_ms(fails);
            let most = (1_000_i64 << fails.min(20)).min(BACK_OFF_MAX_MS);
            assert!((most / 2..=most).contains(&wait_ms), "{fails}: {wait_ms}");
        }
    }
}
