//! The command line: a contract that scripts depend on. Names here are never renamed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::rules::{DAYS, Publication};

/// Cảnh Giác watches public posts in Vietnamese for people who recruit others into trafficking.
#[derive(Parser)]
#[command(name = "canhgiac", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// Configuration file; without it `canhgiac.toml` of the working folder is read, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Where posts, decisions and packets are kept.
#[derive(Args, Clone)]
pub struct DataArg {
    /// A folder or a database URL (`postgres://…`).
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
}

/// Which rules to use.
#[derive(Args, Clone, Default)]
pub struct RulesArg {
    /// A folder with `lexicons/` and `rules/`; without it the shipped bundle.
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
}

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Shows the whole path on this machine: a bundled demo site is crawled, assessed and served in the console.
    Demo {
        /// Keeps everything in this folder; a second start goes on from it. Without it a throw-away folder is used.
        #[arg(long, value_name = "DIR")]
        data: Option<String>,
        /// Address of the console.
        #[arg(long, default_value = "127.0.0.1:8420")]
        listen: String,
        /// Ends when the queue has been filled instead of serving.
        #[arg(long)]
        once: bool,
    },
    /// Everything in one process: crawl, assess, index, serve.
    Run {
        #[command(flatten)]
        data: DataArg,
        /// Address of the console.
        #[arg(long)]
        listen: Option<String>,
    },
    /// Only the console.
    Serve {
        #[command(flatten)]
        data: DataArg,
        /// Address of the console.
        #[arg(long)]
        listen: Option<String>,
    },
    /// Only the work that waits in the store: kept captures, index.
    Work {
        #[command(flatten)]
        data: DataArg,
        /// Ends when nothing is left to do.
        #[arg(long)]
        once: bool,
    },
    /// Visits what is due.
    Crawl {
        /// Does all that is due, then ends.
        #[arg(long)]
        once: bool,
        /// A source file; without it the enabled sources of the store.
        #[arg(long, value_name = "FILE")]
        source: Option<PathBuf>,
        /// A parameter of the source, `name=value`; may be repeated.
        #[arg(long = "param", value_name = "K=V")]
        params: Vec<String>,
        /// Lets loopback addresses through the address guard: for tests and the demo only.
        #[arg(long)]
        allow_loopback: bool,
        #[command(flatten)]
        data: DataArg,
    },
    /// The sources: where posts come from.
    #[command(subcommand)]
    Source(SourceCommand),
    /// Reads files that people bring: JSONL, CSV and the other formats of the documentation.
    Import {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        data: DataArg,
    },
    /// Prints every stored post, one JSON object a line.
    Posts {
        #[command(flatten)]
        data: DataArg,
    },
    /// Prints the queues, one JSON object a line.
    Alerts {
        #[command(flatten)]
        data: DataArg,
    },
    /// Assesses JSONL `{id, text, title?, posted_at?}`; one JSON object a line out; no database.
    Assess {
        /// A file, or `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        rules: RulesArg,
    },
    /// Unmasks JSONL `{id, text}`; prints `{id, soft, canon, fold, spans}`.
    Normalise {
        /// A file, or `-` for standard input.
        file: PathBuf,
    },
    /// Measures on labelled JSONL, with intervals and baselines.
    Eval {
        /// Labelled files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Fails (exit 1) when F1 at the shipped thresholds is below this.
        #[arg(long, value_name = "F1")]
        min: Option<f64>,
        /// Also lists every error with its explanation.
        #[arg(long)]
        errors: bool,
        /// Prints JSON instead of tables.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        rules: RulesArg,
    },
    /// Trains the learned part from labelled posts and prints its cross-validated figures.
    Train {
        /// The folder of labelled posts.
        #[arg(long, default_value = "tests/corpus")]
        corpus: PathBuf,
        /// Where the weights go.
        #[arg(long, default_value = "rules/learned.json")]
        out: PathBuf,
        /// Prints the figures without writing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        rules: RulesArg,
    },
    /// Words, rules and scores.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Finds posts.
    Search {
        /// The query.
        query: String,
        #[command(flatten)]
        data: DataArg,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Packets for the police.
    #[command(subcommand)]
    Packet(PacketCommand),
    /// The audit chain.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// How long things stay, and what goes.
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Writes the whole store into one file, also while it works.
    Backup {
        /// The file; it must not be there yet.
        file: PathBuf,
        /// Encrypts for the holder of this age key (`age1…`); may be repeated.
        #[arg(long = "recipient", value_name = "KEY", conflicts_with = "passphrase_file")]
        recipients: Vec<String>,
        /// Encrypts by the passphrase on the first line of this file.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        #[command(flatten)]
        data: DataArg,
    },
    /// Reads a backup into a new folder or an empty PostgreSQL database, then does the erasure list again.
    Restore {
        /// The backup.
        file: PathBuf,
        /// A file of age identities that opens it.
        #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
        identity: Option<PathBuf>,
        /// The passphrase on the first line of this file opens it.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// The erasure list that was kept elsewhere (`erasures.jsonl`).
        #[arg(long, value_name = "FILE")]
        erasures: Option<PathBuf>,
        /// There is no erasure list: nothing was erased since the backup was made.
        #[arg(long, conflicts_with = "erasures")]
        without_erasures: bool,
        #[command(flatten)]
        data: DataArg,
    },
    /// The search index.
    #[command(subcommand)]
    Index(IndexCommand),
    /// The people who may log in.
    #[command(subcommand)]
    User(UserCommand),
}

/// `canhgiac source …`
#[derive(Subcommand)]
pub enum SourceCommand {
    /// Lists the sources of the store with their states.
    List {
        #[command(flatten)]
        data: DataArg,
    },
    /// Checks source files and runs their fixtures.
    Check {
        /// Files or folders; without any, the shipped sources.
        files: Vec<PathBuf>,
    },
    /// Finds the source file for a link: writes it, shows the first posts and saves the page as its fixture.
    Try {
        /// The link.
        url: String,
        /// Where the file and its fixture go.
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
        /// Lets loopback addresses through the address guard.
        #[arg(long)]
        allow_loopback: bool,
    },
    /// Shows what a source file would bring, without keeping anything.
    Preview {
        /// A source file.
        file: PathBuf,
        /// A parameter of the source, `name=value`; may be repeated.
        #[arg(long = "param", value_name = "K=V")]
        params: Vec<String>,
        /// Lets loopback addresses through the address guard.
        #[arg(long)]
        allow_loopback: bool,
    },
    /// Lets a source run.
    Enable {
        /// Its id.
        id: String,
        #[command(flatten)]
        data: DataArg,
    },
    /// Stops a source for now.
    Pause {
        /// Its id.
        id: String,
        #[command(flatten)]
        data: DataArg,
    },
    /// Lists each request with the rule that allowed it and the gap before it.
    Log {
        /// Its id.
        id: String,
        #[command(flatten)]
        data: DataArg,
    },
    /// Says why nothing comes, and what to do.
    Health {
        /// Its id.
        id: String,
        #[command(flatten)]
        data: DataArg,
    },
    /// Writes everything that was fetched for a source as one WARC 1.1 file (gzip).
    Warc {
        /// Its id.
        id: String,
        /// Where it goes.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        data: DataArg,
    },
    /// Stops all crawling, in every process.
    Stop {
        #[command(flatten)]
        data: DataArg,
    },
    /// Lets crawling go on after a stop.
    Resume {
        #[command(flatten)]
        data: DataArg,
    },
}

/// `canhgiac rules …`
#[derive(Subcommand)]
pub enum RulesCommand {
    /// Checks a bundle: words, rules, scores and every compulsory example.
    Check {
        #[command(flatten)]
        rules: RulesArg,
    },
    /// Shows what a draft would have raised of the last days. Without --rules the draft is the folder `bundle` of the
    /// data folder.
    Preview {
        #[command(flatten)]
        rules: RulesArg,
        /// Reads the posts of so many days.
        #[arg(long, default_value_t = DAYS)]
        days: u32,
        /// Prints JSON instead of a table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataArg,
    },
    /// Proposes to put a draft in force; it is when another person approves, in the console or with --approve.
    Publish {
        #[command(flatten)]
        rules: RulesArg,
        #[command(flatten)]
        change: ChangeArg,
        /// Approves this proposal of another person instead.
        #[arg(long, value_name = "PROPOSAL")]
        approve: Option<String>,
        #[command(flatten)]
        data: DataArg,
    },
    /// Proposes to put the ruleset in force again that was before, or the one named; another person approves.
    Rollback {
        /// The ruleset, or the beginning of its id.
        #[arg(long, value_name = "RULESET")]
        to: Option<String>,
        #[command(flatten)]
        change: ChangeArg,
        #[command(flatten)]
        data: DataArg,
    },
}

/// Who changes the rules, why, and how far back posts are assessed again.
#[derive(Args, Clone)]
pub struct ChangeArg {
    /// Who proposes or approves: a log-in name.
    #[arg(long = "as", value_name = "USER")]
    pub actor: String,
    /// Why.
    #[arg(long, default_value = "đề nghị từ dòng lệnh")]
    pub reason: String,
    /// Assesses the posts of so many days again, in the background; 0: none.
    #[arg(long, default_value_t = DAYS)]
    pub days: u32,
}

impl ChangeArg {
    /// As the command takes it.
    pub fn wanted(&self) -> Publication<'_> {
        Publication { actor: &self.actor, days: self.days, reason: &self.reason }
    }
}

/// `canhgiac packet …`
#[derive(Subcommand)]
pub enum PacketCommand {
    /// Builds the packet of a case whose escalation has been signed by a second person.
    Build {
        /// The case, `CG-2026-000123`.
        case: String,
        #[command(flatten)]
        data: DataArg,
        /// Where the ZIP goes; without it the working folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Verifies a packet without database and network.
    Verify {
        /// The ZIP, or the unpacked folder.
        file: PathBuf,
        /// The trusted signers, received on paper; without it the copy inside is used and said to be untrusted.
        #[arg(long, value_name = "FILE")]
        signers: Option<PathBuf>,
    },
}

/// `canhgiac audit …`
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Walks the whole chain and names the first altered, missing or reordered row.
    Verify {
        /// Also compares with these signed checkpoints, kept elsewhere: finds a cut tail and a rewritten chain.
        #[arg(long, value_name = "FILE")]
        against: Vec<PathBuf>,
        /// The keys that may have signed them (`allowed_signers`); without it the key of the data folder.
        #[arg(long, value_name = "FILE")]
        signers: Option<PathBuf>,
        #[command(flatten)]
        data: DataArg,
    },
    /// Signs the last row of the chain into a file that can be kept elsewhere.
    Checkpoint {
        /// The file; it grows by a line. Without it the one of the data folder.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        #[command(flatten)]
        data: DataArg,
    },
}

/// `canhgiac retention …`
#[derive(Subcommand)]
pub enum RetentionCommand {
    /// Shows what each rule would do now. Changes nothing.
    Preview {
        #[command(flatten)]
        data: DataArg,
    },
    /// Proposes to do it, or as another person approves what was proposed and does it.
    Apply {
        /// Who proposes or approves.
        #[arg(long = "as", value_name = "USER")]
        actor: String,
        /// The proposal to approve; without it a new one is made.
        #[arg(long, value_name = "ID")]
        approve: Option<String>,
        /// Why.
        #[arg(long, default_value = "đến hạn theo quy tắc lưu giữ")]
        reason: String,
        #[command(flatten)]
        data: DataArg,
    },
    /// Prints the rules in force, or puts others in force.
    Rules {
        /// The new rules; without it the ones in force are printed.
        file: Option<PathBuf>,
        /// Who changes them.
        #[arg(long = "as", value_name = "USER", requires = "file")]
        actor: Option<String>,
        #[command(flatten)]
        data: DataArg,
    },
}

/// `canhgiac index …`
#[derive(Subcommand)]
pub enum IndexCommand {
    /// Builds the index again from the store.
    Rebuild {
        #[command(flatten)]
        data: DataArg,
    },
}

/// `canhgiac user …`
#[derive(Subcommand)]
pub enum UserCommand {
    /// Adds a person. Works unattended only while there are no users; after that an administrator is named with `--as`
    /// and another one approves.
    Add {
        /// Log-in name.
        name: String,
        /// analyst, lead, officer, support, admin or auditor.
        #[arg(long)]
        role: String,
        /// The unit, for officers.
        #[arg(long)]
        unit: Option<String>,
        /// Who proposes it.
        #[arg(long = "as", value_name = "USER")]
        actor: Option<String>,
        #[command(flatten)]
        data: DataArg,
    },
    /// Lists the people.
    List {
        #[command(flatten)]
        data: DataArg,
    },
    /// Locks a person out.
    Disable {
        /// Log-in name.
        name: String,
        /// Who does it.
        #[arg(long = "as", value_name = "USER")]
        actor: String,
        #[command(flatten)]
        data: DataArg,
    },
}
