//! Opening what a command works on: store, index, rules and signing key of one data place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use evidence::Signer;
use index::Index;
use rules::{RuleFile, Ruleset};
use store::{OriginalsPlace, Store};

use crate::config::Config;
use crate::handover::Handover;
use crate::{bundle, clock};

/// Everything of one data place.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// The index of this node.
    pub index: Arc<Index>,
    /// The rules in force.
    pub ruleset: Arc<Ruleset>,
    /// Builds and seals packets.
    pub handover: Arc<Handover>,
    /// The organisation's key.
    pub signer: Arc<Signer>,
    /// Where what belongs to this node stands: index, key, rules, checkpoints.
    pub folder: PathBuf,
    /// The name under which this process holds leases.
    pub worker: String,
}

/// The data place that a command was given, or that of the configuration.
pub fn place(given: Option<&str>, config: &Config) -> String {
    given.unwrap_or(&config.data).to_owned()
}

/// Opens for writing; makes the place when it is not there.
pub async fn open(data: &str, config: &Config) -> Result<Opened> {
    let opened = match originals(config) {
        Some(place) => Store::open_with_originals(data, place, clock::now_ms()).await,
        None => Store::open(data, clock::now_ms()).await,
    };
    let store = opened.with_context(|| format!("cannot open {}", shown(data)))?;
    let folder = node_folder(data);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot use the folder {}", folder.display()))?;
    let rule_files = match &config.rules {
        Some(rules) => bundle::read(rules)?,
        None => bundle::of_data(&folder)?,
    };
    let ruleset = Arc::new(bundle::compile(&rule_files)?);
    record_ruleset(&store, &ruleset, &rule_files).await?;
    let index = Arc::new(Index::open(&folder.join("index"))?);
    let signer = Arc::new(Signer::open(&folder.join("signing_key"), &config.organisation)?);
    let handover = Arc::new(Handover::new(store.clone(), signer.clone(), config));
    // One process alone writes to a folder, so leases of a process that was killed are its own.
    let worker = if data.contains("://") { format!("crawl-{}", std::process::id()) } else { "crawl".to_owned() };
    Ok(Opened { store, index, ruleset, handover, signer, folder, worker })
}

/// The place of originals that the configuration names.
pub fn originals(config: &Config) -> Option<OriginalsPlace> {
    config.originals.as_deref().map(|place| OriginalsPlace::of(place, std::env::vars()))
}

/// Every assessment names its ruleset; the store holds the files that the name stands for.
async fn record_ruleset(store: &Store, ruleset: &Ruleset, files: &[RuleFile]) -> Result<()> {
    let now_ms = clock::now_ms();
    let files: Vec<(String, Vec<u8>)> = files.iter().map(|file| (file.path.clone(), file.bytes.clone())).collect();
    store.record_ruleset("setup", ruleset.id(), &files, now_ms).await?;
    if store.current_ruleset().await?.is_none() {
        store.publish_first_ruleset(ruleset.id(), now_ms).await?;
    }
    Ok(())
}

/// Opens the store alone, for reading; also while another process writes to it.
pub async fn read(data: &str, config: &Config) -> Result<Store> {
    if !data.contains("://") && !Path::new(data).is_dir() {
        bail!("there is no data folder {data}; `canhgiac import` or `canhgiac crawl` with --data makes one");
    }
    let opened = match originals(config) {
        Some(place) => Store::open_to_read_with_originals(data, place).await,
        None => Store::open_to_read(data).await,
    };
    opened.with_context(|| format!("cannot open {}", shown(data)))
}

/// A database URL without its password.
pub fn shown(data: &str) -> String {
    match (data.find("://"), data.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://…{}", &data[..scheme], &data[at..]),
        _ => data.to_owned(),
    }
}

/// With a database, what belongs to the node (index, key, rules) stands in the folder `node` of the working folder.
pub fn node_folder(data: &str) -> PathBuf {
    if data.contains("://") { PathBuf::from("node") } else { PathBuf::from(data) }
}
