//! `canhgiac import`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use intake::import;
use model::{Capture, CaptureState, Method};

use crate::config::Config;
use crate::following::Follower;
use crate::opening::{self, Opened};
use crate::{clock, crawling, importing, lines, reading};

/// Imports files one after the other; `false` when some lines could not be read.
pub async fn run(data: &str, files: &[PathBuf], config: &Config) -> Result<bool> {
    let opened = opening::open(data, config).await?;
    reading::resume(&opened).await?;
    let mut whole = true;
    for file in files {
        whole &= one(&opened, file).await?;
    }
    Follower::new(&opened).catch_up().await?;
    Ok(whole)
}

async fn one(opened: &Opened, file: &Path) -> Result<bool> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source = import::source_of(file);
    let now_ms = clock::now_ms();
    let capture = Capture::of_file(&source, Method::Import, &name, crawling::COLLECTOR, now_ms);
    let kept = opened
        .store
        .keep_file(&capture, file, now_ms)
        .await
        .with_context(|| format!("cannot import {}", file.display()))?;
    if kept.state == CaptureState::Recorded {
        println!("{}: đã nhập trước đây, không có gì mới", file.display());
        return Ok(true);
    }
    let imported = importing::record_capture(opened, &kept, |bad| {
        lines::complain(file, bad.line.try_into().unwrap_or(usize::MAX), &bad.reason);
    })
    .await
    .with_context(|| format!("cannot import {}", file.display()))?;
    println!(
        "{}: {} bài, {} mới hoặc đã sửa, {} dòng không đọc được",
        file.display(),
        imported.posts,
        imported.news,
        imported.bad
    );
    Ok(imported.bad == 0)
}
