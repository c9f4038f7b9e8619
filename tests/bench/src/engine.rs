//! The engine's side, in a process of its own so that its memory and CPU are its own: open a profile, add the account,
//! sync it with an open list of the inbox, then leaf through that list, then sync again with nothing new.

use crate::account::Account;
use crate::usage::Usage;
use anyhow::{Context, Result, bail};
use godwit_domain::api::{AccountAdd, Password, SyncBodies, ViewClose, ViewOpen, ViewWindow};
use godwit_domain::{Event, Filter, PlacementId, Role, Scope, ViewId, ViewOpened, ViewSpec};
use godwit_engine::secrets::KeySource;
use godwit_engine::{Engine, OpenOptions};
use godwit_tests::sample::Dice;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;

/// Rows of one page, as a window shows them.
const PAGE: u32 = 50;

/// What to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    pub account: Account,
    pub profile: PathBuf,
    /// Pages to leaf through, of each kind of list; 0: none.
    pub pages: u32,
    /// Syncs with nothing new; 0: none.
    pub repeats: u32,
    /// Say `mark NAME` at each step and wait for a line before going on: somebody counts.
    pub watched: bool,
}

/// What it took.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// From the request to sync until 50 rows were read out of the open list.
    pub first_rows_secs: f64,
    /// Until the last row was committed and in the list.
    pub last_row_secs: f64,
    pub last_row_cpu_secs: f64,
    /// Until the pass was over: first words of all messages too.
    pub pass_secs: f64,
    pub pass_cpu_secs: f64,
    /// VmHWM when the last row was in, and when the pass was over.
    pub peak_kib: u64,
    pub pass_peak_kib: u64,
    /// Bytes of the profile after the pass.
    pub disk_bytes: u64,
    pub plain: Option<Pages>,
    pub threaded: Option<Pages>,
    /// Each sync with nothing new: wall and CPU, seconds.
    pub unchanged_secs: Vec<f64>,
    pub unchanged_cpu_secs: f64,
}

/// Leafing through one kind of list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Pages {
    pub rows: u32,
    /// Opening it and reading its first page.
    pub open_ms: f64,
    /// Each page, milliseconds, sorted.
    pub ms: Vec<f64>,
}

/// Does the task and prints the outcome as one line of JSON.
pub fn run(task: &Task) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work(task))?;
    println!("{}", serde_json::to_string(&done)?);
    Ok(())
}

async fn work(task: &Task) -> Result<Done> {
    let options = OpenOptions { dir: task.profile.clone(), key: KeySource::ThisRunOnly, run_workers: false };
    let (engine, _) = Engine::open(options).await?;
    let password = Password::new(task.account.password.clone());
    engine.ask(AccountAdd { account: task.account.draft(), password }).await?;
    let view = open(&engine, false).await?;
    mark(task, "added")?;
    let mut done = first_sync(task, &engine, view.view).await?;
    done.disk_bytes = size_of(&task.profile)?;
    mark(task, "synced")?;
    if task.pages > 0 {
        engine.ask(ViewClose { view: view.view }).await?;
        done.plain = Some(leaf(&engine, false, task.account.messages, task.pages).await?);
        done.threaded = Some(leaf(&engine, true, task.account.messages, task.pages).await?);
    }
    let cpu = Usage::now().cpu;
    for _ in 0..task.repeats {
        let began = Instant::now();
        engine.ask(godwit_domain::api::Sync { account: None, bodies: SyncBodies::None }).await?;
        done.unchanged_secs.push(began.elapsed().as_secs_f64());
    }
    done.unchanged_cpu_secs = (Usage::now().cpu.saturating_sub(cpu)).as_secs_f64() / f64::from(task.repeats.max(1));
    mark(task, "unchanged")?;
    engine.close().await;
    Ok(done)
}

pub async fn open(engine: &Engine, threaded: bool) -> Result<ViewOpened> {
    let spec = ViewSpec { scope: Scope::Role { role: Role::Inbox }, filter: Filter::All, threaded, search: None };
    Ok(engine.ask(ViewOpen { spec }).await?)
}

/// As the window does it: the reply as JSON.
pub async fn page(engine: &Engine, view: ViewId, from: u32) -> Result<usize> {
    let reply = engine.call(ViewWindow { view, from, count: PAGE }.into()).await?;
    Ok(reply.as_array().map_or(0, Vec::len))
}

/// The ids of rows `from .. from + count`.
pub async fn page_rows(engine: &Engine, view: ViewId, from: u32, count: u32) -> Result<Vec<PlacementId>> {
    Ok(engine.ask(ViewWindow { view, from, count }).await?.into_iter().map(|row| row.id).collect())
}

async fn first_sync(task: &Task, engine: &Engine, view: ViewId) -> Result<Done> {
    let all = task.account.messages;
    let mut events = engine.events();
    let (began, cpu) = (Instant::now(), Usage::now().cpu);
    let cpu_since = || Usage::now().cpu.saturating_sub(cpu).as_secs_f64();
    let syncing = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.ask(godwit_domain::api::Sync { account: None, bodies: SyncBodies::None }).await })
    };
    let mut done = Done::default();
    let mut len = 0;
    while len < all {
        len = match tokio::time::timeout(Duration::from_secs(900), events.recv()).await.context("the sync stands still")? {
            Ok(Event::ViewChanged { view: changed, len, .. }) if changed == view => len,
            Ok(_) => continue,
            // Events were lost; the list itself says how far it is.
            Err(RecvError::Lagged(_)) if page(engine, view, all - 1).await? > 0 => all,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => bail!("the engine closed"),
        };
        if done.first_rows_secs == 0.0 && len >= PAGE.min(all) {
            let rows = page(engine, view, 0).await?;
            if rows < PAGE.min(all) as usize {
                bail!("a list of {len} rows gave a page of {rows}");
            }
            done.first_rows_secs = began.elapsed().as_secs_f64();
            mark(task, "first rows")?;
        }
    }
    done.last_row_secs = began.elapsed().as_secs_f64();
    done.last_row_cpu_secs = cpu_since();
    done.peak_kib = Usage::now().peak_kib;
    mark(task, "last row")?;
    let report = syncing.await??;
    if let Some(error) = report.iter().find_map(|mailbox| mailbox.error.as_ref()) {
        bail!("a mailbox was not synced: {error}");
    }
    done.pass_secs = began.elapsed().as_secs_f64();
    done.pass_cpu_secs = cpu_since();
    done.pass_peak_kib = Usage::now().peak_kib;
    Ok(done)
}

/// How long a list is once all of it is read: a long one shows its first screen before.
async fn length(engine: &Engine, view: ViewId, most: u32) -> Result<u32> {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low) / 2;
        let request = ViewWindow { view, from: middle, count: 1 };
        if engine.ask(request).await?.is_empty() { high = middle } else { low = middle + 1 }
    }
    Ok(low)
}

/// Opens a list and reads pages at random places.
async fn leaf(engine: &Engine, threaded: bool, all: u32, pages: u32) -> Result<Pages> {
    let began = Instant::now();
    let opened = open(engine, threaded).await?;
    page(engine, opened.view, 0).await?;
    let open_ms = ms(began);
    let rows = length(engine, opened.view, all).await?;
    let mut out = Pages { rows, open_ms, ms: Vec::with_capacity(pages as usize) };
    let mut dice = Dice::new(u64::from(pages));
    for _ in 0..pages {
        let last = usize::try_from(out.rows.saturating_sub(PAGE))? + 1;
        let from = u32::try_from(dice.below(last))?;
        let began = Instant::now();
        page(engine, opened.view, from).await?;
        out.ms.push(ms(began));
    }
    out.ms.sort_by(f64::total_cmp);
    engine.ask(ViewClose { view: opened.view }).await?;
    Ok(out)
}

pub fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn mark(task: &Task, name: &str) -> Result<()> {
    if !task.watched {
        return Ok(());
    }
    println!("mark {name}");
    std::io::stdout().flush()?;
    let mut go_on = String::new();
    if std::io::stdin().lock().read_line(&mut go_on)? == 0 {
        bail!("nobody counts any more");
    }
    Ok(())
}

fn size_of(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum += if meta.is_dir() { size_of(&entry.path())? } else { meta.len() };
    }
    Ok(sum)
}
