//! Power cuts, full disks, read-only folders, a database that is away, damaged pages: clear words, nothing half
//! written, and going on by itself.

#![allow(clippy::print_stdout)] // what processes of these tests say is how the tests hear of them

use std::time::Duration;

use model::{Capture, Method};
use serde_json::json;
use store::{AuditVerdict, Batch, Error, Part, Store};

use crate::disk::Disk;
use crate::help::{Bed, DAY, HOUR, NOW, Server, harmless, is_postgres};

/// A capture of this number with one post.
async fn keep(store: &Store, n: u32) -> store::Result<Batch> {
    let mut story = Capture::of_file("board", Method::Crawl, &format!("https://cho.example/{n}"), "test", NOW);
    story.url_final = story.url_requested.clone();
    let kept = store.keep(&story, format!("trang {n}").as_bytes(), NOW).await?;
    let posts = vec![harmless(&n.to_string(), "Bán xe")];
    let part = Part { capture_id: kept.id, upto: 1, last: true, posts };
    Ok(Batch { actor: "test".to_owned(), parts: vec![part], visits: Vec::new() })
}

async fn opened() -> Option<Store> {
    let data = std::env::var("PROCESS_DATA").ok()?;
    let folder = std::path::PathBuf::from(std::env::var("PROCESS_FOLDER").expect("given by the test"));
    Some(Store::open_with_originals(&data, &folder.join("originals"), NOW).await.expect("the store"))
}

/// Keeps, records and writes the audit without end, and says what it was answered.
#[tokio::test]
#[ignore = "a process of other tests"]
async fn writing_process() {
    let Some(store) = opened().await else { return };
    for n in 0.. {
        let batch = keep(&store, n).await.expect("kept");
        println!("kept {n}");
        store.record(&batch, NOW).await.expect("recorded");
        println!("recorded {n}");
        if n % 5 == 0 {
            store.audit("an", "case.read", &n.to_string(), &json!({}), NOW).await.expect("written");
            println!("audited {n}");
        }
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_power_cut_and_the_rest_is_read_again() {
    let server = is_postgres().then(Server::start);
    let bed = Bed::on(server.as_ref().map(Server::url)).await;
    let Bed { store, data, folder } = bed;
    store.close().await;
    let disk = Disk::under(&folder.0);
    // The first start of a process on this disk; what stood there before is not part of the copies.
    std::fs::remove_dir_all(&folder.0).expect("emptied");
    let process = disk.run("power::writing_process", &data);
    while process.hears("recorded").parse::<u32>().expect("a number") < 43 {}
    if let Some(server) = &server {
        server.down();
    }
    let mut said = process.kill();
    said.push("recorded 43".to_owned());
    match &server {
        Some(server) => server.up(),
        None => disk.power_cut(),
    }
    let last = |word: &str| {
        said.iter().filter_map(|line| line.strip_prefix(word)?.trim().parse::<u64>().ok()).max().unwrap_or_default()
    };
    let (kept, audited) = (last("kept").max(43), last("audited").max(40));

    let store = Store::open_with_originals(&data, &folder.0.join("originals"), NOW).await.expect("the store");
    let health = store.health(NOW).await.expect("health");
    assert!(health.captures > kept, "{} captures of {} are there", health.captures, kept + 1);
    assert!(health.posts > audited, "{} posts, yet everything before an answered step is safe", health.posts);
    if server.is_none() {
        assert!(health.posts <= last("recorded"), "the last bulk commits are not synced: else this shows nothing");
    }
    assert!(matches!(store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
    let filter = store::AuditFilter { action: Some("case.read".to_owned()), ..store::AuditFilter::default() };
    let rows = store.audit_rows(&filter, None, 1_000).await.expect("rows").rows;
    assert!(rows.first().is_some_and(|row| row.subject.parse::<u64>().is_ok_and(|n| n >= audited)));
    let waiting = store.lease_captures("w", 1_000, HOUR, NOW + DAY).await.expect("leased");
    for capture in &waiting {
        let bytes = store.original(&capture.sha256).await;
        assert!(bytes.is_ok(), "its bytes are there: {:?}", bytes.err());
        let n = capture.capture.url_requested.trim_start_matches("https://cho.example/").to_owned();
        let part = Part { capture_id: capture.id.clone(), upto: 1, last: true, posts: vec![harmless(&n, "Bán xe")] };
        let batch = Batch { actor: "test".to_owned(), parts: vec![part], visits: Vec::new() };
        store.record(&batch, NOW + DAY).await.expect("read again");
    }
    let health = store.health(NOW).await.expect("health");
    assert_eq!((health.posts, health.pending_captures), (health.captures, 0));
}

/// Tries to keep and record one capture after the other, and says how it went.
#[tokio::test]
#[ignore = "a process of other tests"]
async fn trying_process() {
    let Some(store) = opened().await else { return };
    for n in 0.. {
        match keep(&store, n).await {
            Ok(batch) => match store.record(&batch, NOW).await {
                Ok(_) => println!("recorded {n}"),
                Err(error) => println!("failed {error}"),
            },
            Err(error) => println!("failed {error}"),
        }
        match store.audit("an", "case.read", "", &json!({}), NOW).await {
            Ok(_) => println!("audited {n}"),
            Err(error) => println!("unaudited {error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_full_disk_is_told_in_clear_words_and_passes() {
    let Bed { store, data, folder } = Bed::new().await;
    store.close().await;
    let disk = Disk::under(&folder.0);
    let process = disk.run("power::trying_process", &data);
    process.hears("recorded");
    disk.switch("full", true);
    let said = process.hears("failed");
    assert!(said.contains("đã đầy"), "{said}");
    if !is_postgres() {
        let said = process.hears("unaudited");
        assert!(said.contains("đã đầy"), "{said}");
    }
    disk.switch("full", false);
    process.hears("recorded");
    process.hears("audited");
    process.kill();
    let store = Store::open_with_originals(&data, &folder.0.join("originals"), NOW).await.expect("the store");
    assert!(matches!(store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
    for capture in store.lease_captures("w", 1_000, HOUR, NOW + DAY).await.expect("leased") {
        assert!(store.original(&capture.sha256).await.is_ok(), "no row names bytes that are not there");
    }
}

/// Opens the store and says how it went.
#[tokio::test]
#[ignore = "a process of other tests"]
async fn opening_process() {
    let Ok(data) = std::env::var("PROCESS_DATA") else { return };
    let folder = std::path::PathBuf::from(std::env::var("PROCESS_FOLDER").expect("given by the test"));
    match Store::open_with_originals(&data, &folder.join("originals"), NOW).await {
        Ok(_) => println!("writing opened"),
        Err(error) => println!("writing {error}"),
    }
    match Store::open_to_read(&data).await {
        Ok(store) => println!("reading {} posts", store.export_posts(None, 10).await.expect("posts").rows.len()),
        Err(error) => println!("reading {error}"),
    }
    println!("end");
}

#[tokio::test]
async fn a_read_only_folder_is_told_with_its_place_and_can_be_read() {
    let bed = Bed::new().await;
    bed.import(vec![harmless("1", "Bán xe")], NOW).await;
    let Bed { store, data, folder } = bed;
    store.close().await;
    let disk = Disk::under(&folder.0);
    disk.switch("readonly", true);
    let process = disk.run("power::opening_process", &data);
    let said = process.hears("writing");
    assert!(said.contains(&*folder.0.to_string_lossy()) && said.contains("quyền"), "{said}");
    assert_eq!(process.hears("reading"), "1 posts");
}

#[tokio::test]
async fn a_database_that_is_away_is_told_and_the_same_store_goes_on_when_it_is_back() {
    if !is_postgres() {
        return;
    }
    let server = Server::start();
    let bed = Bed::on(Some(server.url())).await;
    let first = keep(&bed.store, 1).await.expect("kept");
    server.down();
    let away = bed.store.record(&first, NOW).await.expect_err("nobody answers");
    assert!(matches!(away, Error::Away(_)) && away.may_pass(), "{away}");
    assert!(matches!(bed.store.export_posts(None, 10).await, Err(Error::Away(_))));
    server.up();
    assert_eq!(bed.store.record(&first, NOW).await.expect("recorded").new_posts, 1);
    assert_eq!(bed.store.export_posts(None, 10).await.expect("posts").rows.len(), 1);
    assert!(matches!(bed.store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }));
}

#[tokio::test]
async fn a_damaged_page_is_told_and_nothing_is_made_up() {
    let server = is_postgres().then(Server::start);
    let bed = Bed::on(server.as_ref().map(Server::url)).await;
    for n in 0..40 {
        bed.import((0..50).map(|m| harmless(&format!("{n}-{m}"), "Bán xe đạp cũ, còn tốt")).collect(), NOW).await;
    }
    let file = match &server {
        Some(_) => bed.file_of("posts").await,
        None => folder_file(&bed),
    };
    let Bed { store, data, folder } = bed;
    store.close().await;
    let file = match &server {
        Some(server) => {
            server.stop();
            server.path(&file)
        }
        None => file.into(),
    };
    let mut bytes = std::fs::read(&file).expect("read");
    let middle = bytes.len() / 2;
    // Every page but the first few, so that a walk over the posts meets one.
    for byte in &mut bytes[middle / 8192 * 8192..] {
        *byte = 0xA5;
    }
    std::fs::write(&file, bytes).expect("damaged");
    if let Some(server) = &server {
        server.up();
    }
    let walked = async {
        let store = Store::open_with_originals(&data, &folder.0.join("originals"), NOW).await?;
        let mut after = None;
        loop {
            let page = store.export_posts(after.as_deref(), 500).await?;
            after = page.next;
            if after.is_none() {
                return Ok::<_, Error>(());
            }
        }
    }
    .await;
    let told = walked.expect_err("the damage is met");
    assert!(matches!(told, Error::Damaged(_)), "{told}");
    assert!(told.to_string().contains("sao lưu"), "{told}");
}

fn folder_file(bed: &Bed) -> String {
    format!("{}/canhgiac.sqlite", bed.data)
}
