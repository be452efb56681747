//! Opening what a command works on: store, index, rules and signing key of one data place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use evidence::Signer;
use index::Index;
use store::{OriginalsPlace, Store};

use crate::config::Config;
use crate::handover::Handover;
use crate::in_force::InForce;
use crate::{bundle, clock};

/// Everything of one data place.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// The index of this node.
    pub index: Arc<Index>,
    /// The rules in force.
    pub rules: Arc<InForce>,
    /// Builds and seals packets.
    pub handover: Arc<Handover>,
    /// The organisation's key.
    pub signer: Arc<Signer>,
    /// Where what belongs to this node stands: index, key, draft of the rules, checkpoints.
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
    let store = store(data, config).await?;
    let folder = node_folder(data);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot use the folder {}", folder.display()))?;
    let rule_files = match &config.rules {
        Some(rules) => bundle::read(rules)?,
        None => bundle::of_data(&folder)?,
    };
    let rules = Arc::new(InForce::open(&store, &rule_files).await?);
    let index = Arc::new(Index::open(&folder.join("index"))?);
    let signer = Arc::new(Signer::open(&folder.join("signing_key"), &config.organisation)?);
    let worker = worker_name();
    let handover = Arc::new(Handover::new(store.clone(), signer.clone(), &worker, config));
    Ok(Opened { store, index, rules, handover, signer, folder, worker })
}

/// Opens the store alone, for writing: also where no ruleset in it can be used by this program.
pub async fn store(data: &str, config: &Config) -> Result<Store> {
    let opened = match originals(config) {
        Some(place) => Store::open_with_originals(data, place, clock::now_ms()).await,
        None => Store::open(data, clock::now_ms()).await,
    };
    opened.with_context(|| format!("cannot open {}", shown(data)))
}

/// The place of originals that the configuration names.
pub fn originals(config: &Config) -> Option<OriginalsPlace> {
    config.originals.as_deref().map(|place| OriginalsPlace::of(place, std::env::vars()))
}

/// The name under which this process holds leases: machine, process and start, so that none takes another's.
fn worker_name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}:{}", machine.trim(), std::process::id(), clock::now_ms())
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
