//! One mailbox size: fill the server, warm it, then run both sides in turn, each in a child process.

use crate::account::Account;
use crate::bare::{Bare, headers};
use crate::counter::{Counter, Passed};
use crate::engine::{Done, Task};
use crate::letters::Letters;
use anyhow::{Context, Result, bail};
use godwit_tests::dovecot::{Dovecot, Setup, User};
use godwit_tests::godwitctl::root_env;
use serde::Serialize;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// Pages read at random of each kind of list.
const PAGES: u32 = 2_000;
/// Syncs with nothing new: CPU is counted in hundredths of a second, so one says little.
const REPEATS: u32 = 20;
/// Messages made in memory at a time.
const CHUNK: usize = 10_000;

/// What came out for one size.
#[derive(Debug, Serialize)]
pub struct Outcome {
    pub messages: u32,
    pub import_secs: f64,
    /// The first read of all: the server builds its index and cache in it.
    pub cold: Bare,
    pub bare: Vec<Bare>,
    pub engine: Vec<Done>,
    pub wire: Wire,
}

/// Turns and bytes on the wire, sign-in included.
#[derive(Debug, Default, Serialize)]
pub struct Wire {
    pub first_rows_turns: u32,
    pub last_row_turns: u32,
    pub last_row_bytes: u64,
    pub pass_turns: u32,
    pub pass_bytes: u64,
    pub unchanged_turns: u32,
    pub unchanged_bytes: u64,
}

/// Runs one size.
pub fn measure(messages: u32, runs: u32, seed: u64) -> Result<Outcome> {
    // Dovecot gives a process 256 MB, and maps its cache of a large mailbox whole.
    let dovecot = Dovecot::start(&Setup { extra: "default_vsz_limit = 4 G\n".into(), ..Setup::default() })?;
    let began = Instant::now();
    let account = filled(&dovecot, messages, seed, 1)?;
    let import_secs = began.elapsed().as_secs_f64();
    let cold = bare(&account)?;
    eprintln!("  the server's cache is warm after {:.2} s", cold.wall_secs);
    let (mut bare_runs, mut engine_runs) = (Vec::new(), Vec::new());
    for run in 1..=runs {
        let read = bare(&account)?;
        let is_last = run == runs;
        let done = engine(&account, is_last)?;
        eprintln!("  run {run}: bare {:.2} s, engine {:.2} s", read.wall_secs, done.last_row_secs);
        bare_runs.push(read);
        engine_runs.push(done);
    }
    let wire = counted(&account)?;
    Ok(Outcome { messages, import_secs, cold, bare: bare_runs, engine: engine_runs, wire })
}

/// A new account with so many messages, in the inbox and as many further folders as to make `folders`.
pub fn filled(dovecot: &Dovecot, messages: u32, seed: u64, folders: u32) -> Result<Account> {
    let user = User::of(&format!("bench{messages}in{folders}@test.example"));
    let mut letters = Letters::new(seed, messages as usize);
    for folder in 0..folders {
        let path = if folder == 0 { "INBOX".to_owned() } else { format!("Folder {folder}") };
        let mut left = (messages / folders) as usize;
        while left > 0 {
            let chunk: Vec<_> = letters.by_ref().take(left.min(CHUNK)).collect();
            dovecot.import(&user, &path, &chunk)?;
            left -= chunk.len();
        }
    }
    eprintln!("{messages} messages written to {folders} folders");
    Ok(Account {
        imaps: dovecot.ports.imaps,
        submissions: dovecot.ports.submissions,
        root: dovecot.root(),
        address: user.address,
        password: user.password,
        messages: messages / folders,
    })
}

pub fn child(side: &str, account: &Account, task: &impl Serialize) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([side, &serde_json::to_string(task)?]).envs([root_env(&account.root)]);
    Ok(command)
}

fn bare(account: &Account) -> Result<Bare> {
    let read = bare_by(account, &headers())?;
    if read.rows != account.messages {
        bail!("the bare reader got {} rows of {}", read.rows, account.messages);
    }
    Ok(read)
}

/// The bare reader with this command.
pub fn bare_by(account: &Account, fetch: &str) -> Result<Bare> {
    let out = child("bare", account, &(account, fetch))?.stderr(Stdio::inherit()).output().context("run the bare reader")?;
    if !out.status.success() {
        bail!("the bare reader failed");
    }
    Ok(serde_json::from_slice(&out.stdout)?)
}

fn task(account: &Account, profile: &TempDir, everything: bool) -> Task {
    Task {
        account: account.clone(),
        profile: profile.path().join("profile"),
        pages: if everything { PAGES } else { 0 },
        repeats: if everything { REPEATS } else { 0 },
        watched: false,
    }
}

fn engine(account: &Account, everything: bool) -> Result<Done> {
    let profile = tempfile::Builder::new().prefix("godwit-bench-").tempdir()?;
    let task = task(account, &profile, everything);
    let out = child("engine", account, &task)?.stderr(Stdio::inherit()).output().context("run the engine")?;
    if !out.status.success() {
        bail!("the engine's side failed");
    }
    Ok(serde_json::from_slice(&out.stdout)?)
}

/// One more first sync and one more with nothing new, through the counter. Its times count for nothing.
fn counted(account: &Account) -> Result<Wire> {
    through(account, Counter::start(account.imaps)?).map(|(wire, _)| wire)
}

/// A first sync and one with nothing new over this line.
pub fn through(account: &Account, counter: Counter) -> Result<(Wire, Done)> {
    let account = Account { imaps: counter.port, ..account.clone() };
    let profile = tempfile::Builder::new().prefix("godwit-bench-").tempdir()?;
    let task = Task { repeats: 1, watched: true, ..task(&account, &profile, false) };
    let mut command = child("engine", &account, &task)?;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("run the engine")?;
    let wire = watch(&mut child, &counter);
    // After an error it would wait for a line for ever.
    drop(child.stdin.take());
    let status = child.wait()?;
    let wire = wire?;
    if !status.success() {
        bail!("the engine's side failed");
    }
    Ok(wire)
}

fn watch(child: &mut Child, counter: &Counter) -> Result<(Wire, Done)> {
    let mut go_on = child.stdin.take().context("no stdin")?;
    let lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let mut wire = Wire::default();
    let mut start = Passed::default();
    for line in lines {
        let line = line?;
        let Some(name) = line.strip_prefix("mark ") else { return Ok((wire, serde_json::from_str(&line)?)) };
        let now = counter.passed();
        let (turns, bytes) = (now.turns - start.turns, now.bytes - start.bytes);
        match name {
            "added" => start = now,
            "first rows" => wire.first_rows_turns = turns,
            "last row" => (wire.last_row_turns, wire.last_row_bytes) = (turns, bytes),
            "synced" => {
                (wire.pass_turns, wire.pass_bytes) = (turns, bytes);
                start = now;
            }
            "unchanged" => (wire.unchanged_turns, wire.unchanged_bytes) = (turns, bytes),
            other => bail!("the engine's side marked {other}"),
        }
        writeln!(go_on, "go on")?;
    }
    bail!("the engine's side ended without a word")
}
