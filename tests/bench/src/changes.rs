//! An account that is synced already: what it costs to find nothing, thousands of flags changed elsewhere, thousands
//! changed here, and all bodies. In a process of its own, so that CPU is its own.

use crate::account::Account;
use crate::engine::{open, page_rows};
use crate::usage::Usage;
use anyhow::{Context, Result, bail};
use godwit_domain::api::{AccountAdd, Password, Perform, Sync, SyncBodies};
use godwit_domain::{Action, PlacementId, Targets, Verb};
use godwit_engine::secrets::KeySource;
use godwit_engine::{Engine, OpenOptions};
use godwit_tests::mailbox::Mailbox;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// What to do after the first sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Nothing: so many syncs find it.
    Nothing(u32),
    /// Another client stars the first so many messages.
    Elsewhere(u32),
    /// The newest so many are starred here, and it is counted what goes out.
    Here(u32),
    /// All bodies are fetched.
    Bodies,
}

/// The task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    pub account: Account,
    pub profile: PathBuf,
    pub change: Change,
}

/// What it took, of the last sync or of the average one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Took {
    pub wall_secs: f64,
    pub cpu_secs: f64,
    /// Doing it here, before anything was sent.
    pub click_secs: f64,
    /// Commands that went out.
    pub commands: u32,
    /// What the server counted as HIGHESTMODSEQ before, for the bare reader to start from.
    pub modseq: u64,
}

/// Does the task and prints the outcome as one line of JSON.
pub fn run(task: &Task) -> Result<()> {
    let commands = Commands::count()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let took = runtime.block_on(work(task, &commands))?;
    println!("{}", serde_json::to_string(&took)?);
    Ok(())
}

async fn work(task: &Task, commands: &AtomicU32) -> Result<Took> {
    let options = OpenOptions { dir: task.profile.clone(), key: KeySource::ThisRunOnly, run_workers: false };
    let (engine, _) = Engine::open(options).await?;
    let password = Password::new(task.account.password.clone());
    engine.ask(AccountAdd { account: task.account.draft(), password }).await?;
    sync(&engine, SyncBodies::None).await?;
    sync(&engine, SyncBodies::None).await?;
    let mut took = Took::default();
    let (mut times, mut bodies) = (1, SyncBodies::None);
    match task.change {
        Change::Nothing(n) => times = n.max(1),
        Change::Bodies => bodies = SyncBodies::All,
        Change::Elsewhere(n) => took.modseq = star_elsewhere(&task.account, n)?,
        Change::Here(n) => {
            let ids = newest(&engine, n).await?;
            let began = Instant::now();
            let verb = Verb::Mark { add: vec!["\\Flagged".to_owned(), "Bench".to_owned()], remove: Vec::new() };
            engine.ask(Perform { action: Action { verb, targets: Targets::ids(ids) } }).await?;
            took.click_secs = began.elapsed().as_secs_f64();
        }
    }
    let (began, cpu, sent) = (Instant::now(), Usage::now().cpu, commands.load(Ordering::SeqCst));
    for _ in 0..times {
        sync(&engine, bodies).await?;
    }
    took.wall_secs = began.elapsed().as_secs_f64() / f64::from(times);
    took.cpu_secs = Usage::now().cpu.saturating_sub(cpu).as_secs_f64() / f64::from(times);
    took.commands = (commands.load(Ordering::SeqCst) - sent) / times;
    engine.close().await;
    Ok(took)
}

async fn sync(engine: &Engine, bodies: SyncBodies) -> Result<()> {
    let report = engine.ask(Sync { account: None, bodies }).await?;
    match report.iter().find_map(|mailbox| mailbox.error.as_ref()) {
        Some(error) => bail!("a mailbox was not synced: {error}"),
        None => Ok(()),
    }
}

async fn newest(engine: &Engine, most: u32) -> Result<Vec<PlacementId>> {
    let view = open(engine, false).await?.view;
    let mut ids = Vec::new();
    for from in (0..most).step_by(500) {
        ids.extend(page_rows(engine, view, from, 500.min(most - from)).await?);
    }
    if ids.len() != most as usize {
        bail!("the list has {} rows of {most}", ids.len());
    }
    Ok(ids)
}

/// As another client does it. Answers the HIGHESTMODSEQ of before.
fn star_elsewhere(account: &Account, most: u32) -> Result<u64> {
    let mut other = Mailbox::sign_in(account.imaps, &account.root, &account.address, &account.password)?;
    let status = other.command("STATUS INBOX (HIGHESTMODSEQ)")?;
    let modseq = status.iter().find_map(|r| r.line.split_once("HIGHESTMODSEQ ")?.1.split(')').next()?.parse().ok());
    other.select("INBOX")?;
    other.command(&format!("STORE 1:{most} +FLAGS.SILENT (Elsewhere)"))?;
    modseq.context("the server told no HIGHESTMODSEQ")
}

/// Counts the commands that the engine sends by what it writes into its log.
struct Commands(Arc<AtomicU32>);

impl Commands {
    fn count() -> Result<Arc<AtomicU32>> {
        let count = Arc::new(AtomicU32::new(0));
        tracing::subscriber::set_global_default(Self(count.clone())).context("count commands")?;
        Ok(count)
    }
}

impl tracing::Subscriber for Commands {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("godwit_engine::imap::exchange") && *metadata.level() == tracing::Level::TRACE
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
