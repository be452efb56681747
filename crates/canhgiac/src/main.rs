//! The binary: configuration, subcommands, wiring of the roles.
//!
//! Exit codes are part of the contract: 0 done; 1 a check failed or lines could not be read; 2 a wrong call or
//! something that could not be done at all.

// A command line speaks on standard output and standard error; the lints are for the libraries.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod alarming;
mod bringing;
mod bundle;
mod cli;
mod clock;
mod commands;
mod config;
mod crawling;
mod demo;
mod following;
mod handover;
mod importing;
mod keeping;
mod lines;
mod opening;
mod progress;
mod reading;
mod streaming;
mod trying;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use cli::{
    AuditCommand, Cli, Command, IndexCommand, PacketCommand, RetentionCommand, RulesCommand, SourceCommand, UserCommand,
};
use config::Config;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("CANHGIAC_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("canhgiac: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// `canhgiac posts | head` is no mistake.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
            || cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind)
                == Some(std::io::ErrorKind::BrokenPipe)
    })
}

/// Does what was asked; `false` when a check failed or lines could not be read.
fn run(cli: Cli) -> Result<bool> {
    let env = std::env::vars().filter(|(name, _)| name != "CANHGIAC_LOG");
    let config = Config::load(cli.config.as_deref(), env)?;
    match cli.command {
        Command::Assess { file, rules } => {
            let ruleset = bundle::load(rules.rules.as_deref().or(config.rules.as_deref()))?;
            Ok(commands::assess::run(&file, &ruleset)? == 0)
        }
        Command::Normalise { file } => Ok(commands::normalise::run(&file)? == 0),
        Command::Eval { files, min, errors, json, rules } => {
            let ruleset = bundle::load(rules.rules.as_deref().or(config.rules.as_deref()))?;
            let asked = commands::eval::Asked { files: &files, min, errors, json };
            commands::eval::run(&ruleset, &asked)
        }
        Command::Train { corpus, out, dry_run, rules } => {
            let folder = rules.rules.or(config.rules);
            commands::train::run(&corpus, (!dry_run).then_some(out.as_path()), folder.as_deref())
        }
        Command::Rules(RulesCommand::Check { rules }) => commands::rules::check(rules.rules.as_deref()),
        Command::Packet(PacketCommand::Verify { file, signers }) => commands::packet::verify(&file, signers.as_deref()),
        Command::Source(SourceCommand::Check { files }) => commands::source::check(&files, &config),
        other => tokio::runtime::Runtime::new()?.block_on(run_async(other, &config)),
    }
}

async fn run_async(command: Command, config: &Config) -> Result<bool> {
    let data = |given: &cli::DataArg| opening::place(given.data.as_deref(), config);
    let now_ms = clock::now_ms();
    match command {
        Command::Demo { data, listen, once } => commands::demo::run(data, &listen, once, config).await?,
        Command::Run { data: at, listen } => {
            let listen = listen.unwrap_or_else(|| config.listen.clone());
            commands::serve::run(&data(&at), &listen, true, config).await?;
        }
        Command::Serve { data: at, listen } => {
            let listen = listen.unwrap_or_else(|| config.listen.clone());
            commands::serve::run(&data(&at), &listen, false, config).await?;
        }
        Command::Work { data: at, once } => commands::serve::work(&data(&at), once, config).await?,
        Command::Crawl { once, source, params, allow_loopback, data: at } => {
            let asked = commands::crawl::Asked { once, source, params, allow_loopback };
            return commands::crawl::run(&data(&at), asked, config).await;
        }
        Command::Import { files, data: at } => return commands::import::run(&data(&at), &files, config).await,
        Command::Posts { data: at } => commands::posts::run(&opening::read(&data(&at), config).await?).await?,
        Command::Alerts { data: at } => commands::alerts::run(&opening::read(&data(&at), config).await?).await?,
        Command::Search { query, data: at, limit } => {
            let opened = opening::open(&data(&at), config).await?;
            commands::search::run(&opened, &query, limit, now_ms).await?;
        }
        Command::Packet(PacketCommand::Build { case, data: at, out }) => {
            let opened = opening::open(&data(&at), config).await?;
            commands::packet::build(&opened, &case, out.as_deref(), now_ms).await?;
        }
        Command::Audit(AuditCommand::Verify { against, signers, data: at }) => {
            return commands::audit::verify(&data(&at), &against, signers.as_deref(), config).await;
        }
        Command::Audit(AuditCommand::Checkpoint { to, data: at }) => {
            commands::audit::checkpoint(&data(&at), to.as_deref(), config).await?;
        }
        Command::Retention(command) => retention(command, config, now_ms).await?,
        Command::Backup { file, recipients, passphrase_file, data: at } => {
            let lock = commands::backup::lock(&recipients, passphrase_file.as_deref())?;
            commands::backup::run(&file, &lock, &data(&at), config).await?;
        }
        Command::Restore { file, identity, passphrase_file, erasures, without_erasures, data: at } => {
            let key = commands::restore::key(identity, passphrase_file.as_deref())?;
            let list = commands::restore::List { file: erasures, none: without_erasures };
            commands::restore::run(&file, &key, &list, &data(&at), config).await?;
        }
        Command::Index(IndexCommand::Rebuild { data: at }) => {
            commands::index::rebuild(&opening::open(&data(&at), config).await?).await?;
        }
        Command::User(command) => user(command, config, now_ms).await?,
        Command::Source(command) => return commands::source::run(command, config, now_ms).await,
        Command::Assess { .. }
        | Command::Normalise { .. }
        | Command::Eval { .. }
        | Command::Train { .. }
        | Command::Rules(_)
        | Command::Packet(PacketCommand::Verify { .. }) => unreachable!("done without a runtime"),
    }
    Ok(true)
}

async fn retention(command: RetentionCommand, config: &Config, now_ms: i64) -> Result<()> {
    let data = |given: &cli::DataArg| opening::place(given.data.as_deref(), config);
    match command {
        RetentionCommand::Preview { data: at } => {
            commands::retention::preview(&opening::read(&data(&at), config).await?, now_ms).await
        }
        RetentionCommand::Apply { actor, approve, reason, data: at } => {
            let opened = opening::open(&data(&at), config).await?;
            match approve {
                Some(proposal) => commands::retention::approve(&opened, &actor, &proposal, config, now_ms).await,
                None => commands::retention::propose(&opened.store, &actor, &reason, now_ms).await,
            }
        }
        RetentionCommand::Rules { file, actor, data: at } => match (file, actor) {
            (Some(file), actor) => {
                let store = opening::open(&data(&at), config).await?.store;
                commands::retention::set_rules(&store, &file, actor.as_deref(), now_ms).await
            }
            (None, _) => commands::retention::rules(&opening::read(&data(&at), config).await?).await,
        },
    }
}

async fn user(command: UserCommand, config: &Config, now_ms: i64) -> Result<()> {
    let data = |given: &cli::DataArg| opening::place(given.data.as_deref(), config);
    match command {
        UserCommand::Add { name, role, unit, actor, data: at } => {
            let store = opening::open(&data(&at), config).await?.store;
            let wanted =
                commands::user::Wanted { login: &name, role: &role, unit: unit.as_deref(), actor: actor.as_deref() };
            commands::user::add(&store, &wanted, now_ms).await
        }
        UserCommand::List { data: at } => commands::user::list(&opening::read(&data(&at), config).await?).await,
        UserCommand::Disable { name, actor, data: at } => {
            let store = opening::open(&data(&at), config).await?.store;
            commands::user::disable(&store, &name, &actor, now_ms).await
        }
    }
}
