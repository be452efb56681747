//! Migrations: forward only, each tried on a store as the one before left it, with everything in it kept.
//!
//! `states/NNNN.sql` is a store as the migration of that number left it. Every later migration must take it on.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row, SqlSafeStr};
use store::{AuditVerdict, Store};

use crate::help::{Bed, NOW, harmless, nowhere};

/// The files of a folder of this crate by their numbers.
fn numbered(folder: &str) -> Vec<(i64, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<(i64, PathBuf)> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name[..4].parse().expect("four digits"), path)
        })
        .collect();
    files.sort();
    files
}

async fn connect(data: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = if data.contains("://") { data.to_owned() } else { format!("sqlite://{data}/canhgiac.sqlite?mode=rwc") };
    AnyConnection::connect(&url).await.expect("a connection")
}

/// How many rows each table of a state holds: the tables that its file names.
async fn rows(db: &mut AnyConnection, state: &str) -> Vec<(String, i64)> {
    let mut tables: Vec<&str> = state
        .lines()
        .filter_map(|line| line.strip_prefix("INSERT INTO ")?.split(' ').next())
        // The store writes its own heads.
        .filter(|table| *table != "heads")
        .collect();
    tables.dedup();
    let mut rows = Vec::new();
    for table in tables {
        let count = sqlx::query(AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM {table}")));
        rows.push((table.to_owned(), count.fetch_one(&mut *db).await.expect("counted").get::<i64, _>("n")));
    }
    rows
}

#[tokio::test]
async fn a_store_of_every_earlier_state_comes_to_this_one_with_all_that_it_holds() {
    let migrations = numbered("migrations");
    let states = numbered("tests/suite/states");
    assert!(!states.is_empty());
    for (state, file) in states {
        let (data, folder) = nowhere().await;
        let mut db = connect(&data).await;
        let until: Vec<Migration> = migrations
            .iter()
            .filter(|(number, _)| *number <= state)
            .map(|(number, path)| {
                let text = std::fs::read_to_string(path).expect("a migration");
                let name = path.file_stem().expect("a name").to_string_lossy()[5..].to_owned();
                let sql = AssertSqlSafe(text).into_sql_str();
                Migration::new(*number, Cow::Owned(name), MigrationType::Simple, sql, false)
            })
            .collect();
        Migrator::with_migrations(until).run(&mut db).await.expect("the state's own migrations");
        let sql = std::fs::read_to_string(&file).expect("a state");
        db.execute(AssertSqlSafe(sql.clone())).await.expect("the state");
        let before = rows(&mut db, &sql).await;
        db.close().await.expect("closed");

        let originals = folder.0.join("originals");
        let store = Store::open_with_originals(&data, &originals, NOW).await.expect("brought to this version");
        assert!(matches!(store.audit_verify().await.expect("verified"), AuditVerdict::Whole { .. }), "state {state}");
        let mut db = connect(&data).await;
        assert_eq!(rows(&mut db, &sql).await, before, "state {state}");
        db.close().await.expect("closed");
        let posts = store.export_posts(None, 100).await.expect("export").rows.len();
        assert!(posts > 0, "a state holds posts");
        let bed = Bed { store, data, folder };
        bed.import(vec![harmless("moi", "Bán xe")], NOW).await;
        assert_eq!(bed.store.export_posts(None, 100).await.expect("export").rows.len(), posts + 1);
    }
}
