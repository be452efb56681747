//! `canhgiac run`, `serve`, `work`: the roles of one process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use intake::crawl::MemoryKeep;
use intake::fetch::Fetcher;
use intake::tip::ContactKey;
use rules::Ruleset;
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::{App, Doors, RuleLine, RulesInForce, Settings, SourceTrial, TrialOf};

use crate::alarming::Teller;
use crate::config::Config;
use crate::crawling::Crawler;
use crate::following::Follower;
use crate::keeping::Keeper;
use crate::opening::{self, Opened};
use crate::{bringing, clock, desk, reading, reassessing, streaming, trying};

/// How long a reassessment goes on before newer work is looked at.
const REASSESS_FOR: Duration = Duration::from_secs(2);
/// How often waiting work is looked for when nothing wakes the worker.
const PAUSE: Duration = Duration::from_millis(300);

/// Serves the console, does the waiting work (recording, index, packets) and, where wanted, crawls; until Ctrl-C or a
/// termination signal, then ends cleanly.
pub async fn run(data: &str, listen: &str, crawl: bool, config: &Config) -> Result<()> {
    let opened = Arc::new(opening::open(data, config).await?);
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    println!("Cảnh Giác: http://{}", listener.local_addr()?);
    if opened.store.has_no_users().await? {
        println!("Chưa có người dùng nào. Thêm người đầu tiên: canhgiac user add TÊN --role admin --data {data}");
    }
    let stop = on_signal();
    let crawler = crawl.then(|| tokio::spawn(crawl_until(opened.clone(), stop.clone())));
    let result = serve_and_work(opened, listener, config, stop, false).await;
    if let Some(crawler) = crawler {
        crawler.await??;
    }
    result
}

/// Does the work that waits; with `once` until nothing is left.
pub async fn work(data: &str, once: bool, config: &Config) -> Result<()> {
    let opened = Arc::new(opening::open(data, config).await?);
    let keeper = Keeper::new(&opened, config);
    let mut teller = Teller::new(&opened.store, config)?;
    if once {
        work_once(&opened, &keeper).await?;
        return teller.tell().await;
    }
    work_until(opened, keeper, teller, on_signal()).await
}

/// Serves the console and does the waiting work until `stop`.
pub async fn serve_and_work(
    opened: Arc<Opened>,
    listener: TcpListener,
    config: &Config,
    stop: watch::Receiver<bool>,
    demo: bool,
) -> Result<()> {
    let (keeper, teller) = (Keeper::new(&opened, config), Teller::new(&opened.store, config)?);
    let worker = tokio::spawn(work_until(opened.clone(), keeper, teller, stop.clone()));
    let app = app(&opened, config, demo)?;
    let mut ended = stop;
    web::serve(listener, app, async move {
        let _ = ended.wait_for(|stopped| *stopped).await;
    })
    .await?;
    worker.await??;
    Ok(())
}

fn app(opened: &Arc<Opened>, config: &Config, demo: bool) -> Result<App> {
    let handover = opened.handover.clone();
    let in_force = shown_rules(opened);
    Ok(App {
        store: Arc::new(opened.store.clone()),
        doors: doors(opened, config, demo)?,
        index: opened.index.clone(),
        seal: Arc::new(move |case_id, now_ms| {
            let handover = handover.clone();
            Box::pin(async move { handover.seal(&case_id, now_ms).await.map_err(|error| format!("{error:#}")) })
        }),
        rules: in_force,
        desk: desk::desk(opened),
        settings: Settings {
            organisation: config.organisation.clone(),
            contact: config.contact.clone(),
            secure_cookies: config.secure_cookies && !demo,
            key_fingerprint: opened.handover.fingerprint(),
        },
    })
}

/// What the console hands to the machine: things that people bring, and sources to be tried. The demo's own site is the
/// only one on loopback that may be looked at.
fn doors(opened: &Arc<Opened>, config: &Config, demo: bool) -> Result<Doors> {
    let fetcher = Arc::new(Fetcher::new(demo)?);
    let library = Arc::new(trying::library(config));
    let bringing = opened.clone();
    Ok(Doors {
        take_in: Arc::new(move |brought, now_ms| {
            let opened = bringing.clone();
            Box::pin(
                async move { bringing::take_in(&opened, brought, now_ms).await.map_err(|error| format!("{error:#}")) },
            )
        }),
        trial: Arc::new(move |asked| {
            let (fetcher, library) = (fetcher.clone(), library.clone());
            Box::pin(async move {
                let tried = match asked {
                    TrialOf::Link(url) => trying::link(&url, &library, &fetcher).await,
                    TrialOf::File(toml) => {
                        trying::file(&toml, &BTreeMap::new(), &fetcher, &mut MemoryKeep::default()).await
                    }
                };
                let tried = tried.map_err(|error| format!("{error:#}"))?;
                Ok(SourceTrial {
                    toml: tried.toml,
                    because: tried.because,
                    barrier: tried.source.barrier,
                    is_ready: tried.trial.is_ready(),
                    posts: tried.trial.posts.iter().map(intake::trial::Line::of).collect(),
                    problems: tried.trial.problems.into_iter().map(|(url, it)| (url, it.message)).collect(),
                })
            })
        }),
        contacts: Arc::new(ContactKey::open(&opened.folder.join("contact_key"))?),
    })
}

/// What the pages show of the rules follows what is in force.
fn shown_rules(opened: &Opened) -> watch::Receiver<Arc<RulesInForce>> {
    let mut published = opened.rules.watch();
    let (show, shown) = watch::channel(Arc::new(rules_in_force(&opened.rules.current())));
    tokio::spawn(async move {
        while published.changed().await.is_ok() {
            let ruleset = published.borrow_and_update().clone();
            show.send_replace(Arc::new(rules_in_force(&ruleset)));
        }
    });
    shown
}

fn rules_in_force(ruleset: &Ruleset) -> RulesInForce {
    RulesInForce {
        id: ruleset.id().to_owned(),
        thresholds: model::Family::ALL.iter().map(|family| (*family, ruleset.threshold(*family))).collect(),
        rules: ruleset
            .rules()
            .filter_map(|rule| {
                Some(RuleLine {
                    id: rule.id.to_owned(),
                    family: rule.family?,
                    title: rule.title.to_owned(),
                    status: rule.status.to_owned(),
                    points: rule.points,
                })
            })
            .collect(),
    }
}

/// Everything that waits; of a reassessment some seconds at a time, so that new posts do not wait for old ones.
async fn work_once(opened: &Opened, keeper: &Keeper) -> Result<()> {
    loop {
        opened.rules.refresh().await?;
        reading::resume(opened).await?;
        opened.handover.seal_waiting(clock::now_ms()).await?;
        let more = reassessing::step(opened, REASSESS_FOR).await?;
        Follower::new(opened).catch_up().await?;
        keeper.step(clock::now_ms()).await?;
        if !more {
            return Ok(());
        }
    }
}

/// Trouble in one round (a full disk, a database that is gone for a minute) is told once and tried again.
async fn work_until(
    opened: Arc<Opened>,
    keeper: Keeper,
    mut teller: Teller,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    let (mut trouble, mut untold) = (None, None);
    while !*stop.borrow() {
        told_once(&mut trouble, work_once(&opened, &keeper).await, "waiting work failed; it is tried again");
        told_once(&mut untold, teller.tell().await, "an alarm could not be told; it is tried again");
        let _ = tokio::time::timeout(PAUSE, stop.changed()).await;
    }
    Ok(())
}

/// Logs trouble when it is new.
fn told_once(before: &mut Option<String>, outcome: Result<()>, what: &str) {
    let now = outcome.err().map(|error| format!("{error:#}"));
    if let Some(error) = now.as_ref().filter(|error| before.as_ref() != Some(error)) {
        tracing::error!(error = %error, "{what}");
    }
    *before = now;
}

async fn crawl_until(opened: Arc<Opened>, stop: watch::Receiver<bool>) -> Result<()> {
    let crawler = Crawler::new(&opened, false)?;
    let streams = tokio::spawn(streaming::run_until(opened.clone(), crawler.fetcher(), stop.clone()));
    crawler.run_until(stop).await?;
    streams.await?
}

/// Becomes true on Ctrl-C or a termination signal.
pub fn on_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = async { match &mut terminate { Some(signal) => { signal.recv().await; } None => std::future::pending().await } } => {}
        }
        stop.send_replace(true);
        // Keeps the channel open until the process ends.
        std::future::pending::<()>().await;
    });
    stopped
}
