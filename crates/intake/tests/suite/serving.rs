//! A server that answers what a test says, with nothing between the test and the wire.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is sent back.
#[derive(Clone)]
pub enum Answer {
    /// Status, further header lines, body.
    Page(u16, String, Vec<u8>),
    /// These bytes without end.
    Endless(Vec<u8>),
    /// One byte at a time, this far apart.
    Slow(Vec<u8>, Duration),
    /// A head and then silence.
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub head: String,
    pub at: Instant,
}

type Routes = Arc<Mutex<HashMap<String, Answer>>>;

/// The server; it stops with the test's runtime.
#[derive(Clone)]
pub struct Site {
    pub base: String,
    routes: Routes,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Site {
    pub async fn start() -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let site = Site { base, routes: Arc::default(), asked: Arc::default() };
        let serving = site.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        site
    }

    pub fn put(&self, path: &str, answer: Answer) {
        self.routes.lock().unwrap().insert(path.to_owned(), answer);
    }

    pub fn html(&self, path: &str, body: &str) {
        self.put(
            path,
            Answer::Page(200, "Content-Type: text/html; charset=utf-8\r\n".into(), body.as_bytes().to_vec()),
        );
    }

    pub fn json(&self, path: &str, body: &serde_json::Value) {
        self.put(path, Answer::Page(200, "Content-Type: application/json\r\n".into(), body.to_string().into_bytes()));
    }

    pub fn status(&self, path: &str, status: u16, lines: &str) {
        self.put(path, Answer::Page(status, lines.to_owned(), b"<html>".to_vec()));
    }

    pub fn remove(&self, path: &str) {
        self.routes.lock().unwrap().remove(path);
    }

    /// Waits until a path has been asked for.
    pub async fn until_asked(&self, path: &str) {
        while !self.asked.lock().unwrap().iter().any(|asked| asked.path == path) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The paths asked for since the last call, in order.
    pub fn taken(&self) -> Vec<String> {
        self.taken_whole().into_iter().map(|asked| asked.path).collect()
    }

    pub fn taken_whole(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    async fn serve(&self, mut stream: TcpStream) {
        loop {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut byte).await {
                    Ok(1) => head.push(byte[0]),
                    _ => return,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            self.asked.lock().unwrap().push(Asked { path: path.clone(), head: head.clone(), at: Instant::now() });
            let answer = self.routes.lock().unwrap().get(&path).cloned();
            let sent = match answer {
                None => page(&mut stream, 404, "", b"khong co").await,
                Some(Answer::Page(status, lines, body)) => page(&mut stream, status, &lines, &body).await,
                Some(Answer::Endless(bytes)) => {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
                        .await;
                    while stream.write_all(&bytes).await.is_ok() {}
                    return;
                }
                Some(Answer::Slow(bytes, apart)) => {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
                        .await;
                    for byte in bytes {
                        if stream.write_all(&[byte]).await.is_err() {
                            return;
                        }
                        tokio::time::sleep(apart).await;
                    }
                    return;
                }
                Some(Answer::Silence) => {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

async fn page(stream: &mut TcpStream, status: u16, lines: &str, body: &[u8]) -> std::io::Result<()> {
    let length = if status == 304 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    stream.write_all(format!("HTTP/1.1 {status} X\r\n{lines}{length}\r\n").as_bytes()).await?;
    if status != 304 {
        stream.write_all(body).await?;
    }
    Ok(())
}
