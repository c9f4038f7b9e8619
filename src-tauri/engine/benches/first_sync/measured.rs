//! One run of the engine: a fresh profile, one account, everything read; printed as one JSON line.

use anyhow::{Context, Result, bail};
use godwit_domain::api::{AccountAdd, Password, Sync, SyncBodies, ViewOpen, ViewWindow};
use godwit_domain::{AccountDraft, Filter, Role, Scope, Security, Server, ViewId, ViewSpec};
use godwit_engine::secrets::KeySource;
use godwit_engine::{Engine, OpenOptions};
use godwit_tests::dovecot::User;
use serde_json::json;
use std::time::{Duration, Instant};

/// Rows of a page, as the window asks for them.
const PAGE: u32 = 50;
/// Pages that are timed.
const PAGES: u32 = 400;

/// Runs it.
pub fn engine(port: u16, submission: u16, user: &str, count: u32) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(port, submission, &User::of(user), count))
}

async fn run(port: u16, submission: u16, user: &User, count: u32) -> Result<()> {
    let dir = tempfile::Builder::new().prefix("godwit-bench-").tempdir()?;
    let options = OpenOptions {
        dir: dir.path().join("profile"),
        key: KeySource::Passphrase(Password::new("only for the bench".to_owned())),
        run_workers: false,
    };
    let (engine, _) = Engine::open(options).await?;
    let server = |port| Server { host: "localhost".to_owned(), port, security: Security::Tls, pin: None };
    let account = AccountDraft {
        email: user.address.clone(),
        name: String::new(),
        user: user.address.clone(),
        imap: server(port),
        smtp: server(submission),
    };
    engine.ask(AccountAdd { account, password: Password::new(user.password.clone()) }).await?;

    let start = Instant::now();
    let syncing = tokio::spawn({
        let engine = engine.clone();
        async move { engine.ask(Sync { account: None, bodies: SyncBodies::None }).await }
    });
    let first = rows_at(&engine, start, 0, PAGE).await.context("the first rows never came")?;
    let all = rows_at(&engine, start, count - 1, 1).await.context("the last row never came")?;
    syncing.await??;
    let done = start.elapsed().as_secs_f64();
    let pages = page_latency(&engine, count).await?;
    let line = json!({ "first": first, "all": all, "done": done, "p50": pages.0, "p99": pages.1, "memory": peak_kib()? });
    println!("{line}");
    engine.close().await;
    Ok(())
}

/// Seconds until `rows` rows stand at `from` in the inbox' view.
async fn rows_at(engine: &Engine, start: Instant, from: u32, rows: u32) -> Result<f64> {
    let mut view = open(engine).await?;
    let mut opened = Instant::now();
    loop {
        let window = engine.ask(ViewWindow { view, from, count: rows }).await?;
        if window.len() >= rows as usize {
            return Ok(start.elapsed().as_secs_f64());
        }
        if start.elapsed() > Duration::from_secs(900) {
            bail!("after 15 minutes");
        }
        // The folder itself comes with the sync: a list opened before it may not know it.
        if opened.elapsed() > Duration::from_millis(500) {
            view = open(engine).await?;
            opened = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

async fn open(engine: &Engine) -> Result<ViewId> {
    let spec = ViewSpec { scope: Scope::Role { role: Role::Inbox }, filter: Filter::All, threaded: false, search: None };
    Ok(engine.ask(ViewOpen { spec }).await?.view)
}

/// Milliseconds that a page takes, p50 and p99, at places all over the list.
async fn page_latency(engine: &Engine, count: u32) -> Result<(f64, f64)> {
    let view = open(engine).await?;
    let mut times = Vec::new();
    for n in 0..PAGES {
        let from = u32::try_from(u64::from(n) * 7919 % u64::from(count.saturating_sub(PAGE).max(1)))?;
        let start = Instant::now();
        let rows = engine.ask(ViewWindow { view, from, count: PAGE }).await?;
        if rows.len() != PAGE as usize {
            bail!("a page at {from} had {} rows", rows.len());
        }
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    Ok((at(50), at(99)))
}

/// The most memory this process has held, where the system tells; 0 elsewhere.
fn peak_kib() -> Result<u64> {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return Ok(0) };
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).context("the kernel tells no peak")?;
    Ok(line.split_whitespace().next().context("an empty peak")?.parse()?)
}
