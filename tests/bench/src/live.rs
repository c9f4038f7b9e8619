//! An engine that stays: clicks while a first sync runs, how soon a flag set elsewhere is told here, and what waiting
//! costs. Its line goes through a counter of this process, so that both ends are measured by one clock.

use crate::account::Account;
use crate::counter::Counter;
use crate::engine::{open, page_rows};
use crate::usage::{Usage, WakeUps};
use anyhow::{Context, Result, bail};
use godwit_domain::api::{AccountAdd, Password, Perform, Status};
use godwit_domain::{Action, Activity, Event, Targets, Verb, ViewId};
use godwit_engine::secrets::KeySource;
use godwit_engine::{Engine, OpenOptions};
use godwit_tests::mailbox::Mailbox;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// How long after the last news an engine is idle.
const SETTLING: Duration = Duration::from_secs(80);

/// The task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    pub account: Account,
    pub profile: PathBuf,
    /// Flags set elsewhere.
    pub pushes: u32,
    /// Seconds of waiting.
    pub idle_secs: u64,
}

/// What it took; times in milliseconds, sorted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lived {
    pub clicks_ms: Vec<f64>,
    pub pushes_ms: Vec<f64>,
    pub idle_cpu_share: f64,
    pub idle_wake_ups_a_minute: f64,
    /// By the threads' names, of all the waiting.
    pub idle_wake_ups: BTreeMap<String, u32>,
}

/// Does the task and prints the outcome as one line of JSON.
pub fn run(task: &Task) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let lived = runtime.block_on(work(task))?;
    println!("{}", serde_json::to_string(&lived)?);
    Ok(())
}

async fn work(task: &Task) -> Result<Lived> {
    let counter = Counter::start(task.account.imaps)?;
    let account = Account { imaps: counter.port, ..task.account.clone() };
    let options = OpenOptions { dir: task.profile.clone(), key: KeySource::ThisRunOnly, run_workers: true };
    let (engine, _) = Engine::open(options).await?;
    let mut events = engine.events();
    let password = Password::new(account.password.clone());
    engine.ask(AccountAdd { account: account.draft(), password }).await?;
    let view = open(&engine, false).await?.view;
    let mut lived = Lived { clicks_ms: clicks(&engine, view, account.messages).await?, ..Lived::default() };
    settled(&engine).await?;
    let mut other = Mailbox::sign_in(task.account.imaps, &account.root, &account.address, &account.password)?;
    other.select("INBOX")?;
    for push in 0..task.pushes {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        lived.pushes_ms.extend(pushed(&mut other, &counter, &mut events, view, push).await?);
    }
    drop(other);
    tokio::time::sleep(Duration::from_secs(3)).await;
    // Until the last of it is in the protocol log, and the threads that wrote it have gone.
    tokio::time::sleep(SETTLING).await;
    let (began, cpu, woken) = (Instant::now(), Usage::now().cpu, WakeUps::now());
    tokio::time::sleep(Duration::from_secs(task.idle_secs)).await;
    let secs = began.elapsed().as_secs_f64().max(0.001);
    lived.idle_cpu_share = Usage::now().cpu.saturating_sub(cpu).as_secs_f64() / secs;
    lived.idle_wake_ups = WakeUps::now().since(&woken);
    lived.idle_wake_ups_a_minute = f64::from(lived.idle_wake_ups.values().sum::<u32>()) * 60.0 / secs;
    lived.clicks_ms.sort_by(f64::total_cmp);
    lived.pushes_ms.sort_by(f64::total_cmp);
    engine.close().await;
    Ok(lived)
}

/// Stars what is visible, one message at a time, until the list is whole.
async fn clicks(engine: &Engine, view: ViewId, all: u32) -> Result<Vec<f64>> {
    let mut out = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(900);
    let mut star = true;
    loop {
        let visible = page_rows(engine, view, 0, 50).await?;
        for id in visible {
            let name = vec!["\\Flagged".to_owned()];
            let verb = if star { Verb::Mark { add: name, remove: vec![] } } else { Verb::Mark { add: vec![], remove: name } };
            let began = Instant::now();
            engine.ask(Perform { action: Action { verb, targets: Targets::ids([id]) } }).await?;
            out.push(began.elapsed().as_secs_f64() * 1000.0);
            tokio::time::sleep(Duration::from_millis(20)).await;
            if !page_rows(engine, view, all - 1, 1).await?.is_empty() {
                return Ok(out);
            }
        }
        star = !star;
        if Instant::now() > deadline {
            bail!("the first sync has no end");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until every account is up to date for a while, its listening line included.
async fn settled(engine: &Engine) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(900);
    let mut calm = 0;
    while calm < 10 {
        let states = engine.ask(Status {}).await?;
        let is_calm = states.iter().all(|s| matches!(s.activity, Activity::UpToDate { .. }) && s.waiting == 0);
        calm = if is_calm { calm + 1 } else { 0 };
        if Instant::now() > deadline {
            bail!("the account does not come to rest");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

/// From the byte's arrival to the event after the commit.
async fn pushed(
    other: &mut Mailbox,
    counter: &Counter,
    events: &mut Receiver<Event>,
    view: ViewId,
    push: u32,
) -> Result<Option<f64>> {
    while !matches!(events.try_recv(), Err(tokio::sync::broadcast::error::TryRecvError::Empty)) {}
    counter.heard();
    let sign = if push.is_multiple_of(2) { '+' } else { '-' };
    other.command(&format!("STORE 1 {sign}FLAGS.SILENT (\\Flagged)"))?;
    let told = async {
        loop {
            match events.recv().await {
                Ok(Event::ViewChanged { view: changed, .. }) if changed == view => return Ok(Instant::now()),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => bail!("the engine closed"),
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await.context("the flag was never told")??;
    Ok(counter.heard().map(|heard| told.saturating_duration_since(heard).as_secs_f64() * 1000.0))
}
