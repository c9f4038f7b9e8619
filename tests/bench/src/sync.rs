//! `bench sync`: what the sync engine promises about time, one line a promise, beside the bare reader where there is one.
//! It prints a table for docs/benchmarks.md and judges nothing.

use crate::account::Account;
use crate::bare::headers;
use crate::changes::{self, Change, Took};
use crate::counter::Counter;
use crate::live::{self, Lived};
use crate::report::{median, percentile};
use crate::rounds::{bare_by, child, filled, measure, through};
use anyhow::{Context, Result, bail};
use godwit_tests::dovecot::{Dovecot, Setup};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Which parts there are.
pub const PARTS: [&str; 6] = ["first", "headers", "unchanged", "flags", "live", "bodies"];
const ROUND_TRIP: Duration = Duration::from_millis(50);

/// How to run them.
pub struct Asked {
    pub only: Option<String>,
    pub runs: u32,
    pub seed: u64,
    /// Messages of the large mailbox.
    pub messages: u32,
}

/// Runs the parts and prints their lines.
pub fn run(asked: &Asked) -> Result<()> {
    println!("| promise | bar | measured |\n| --- | --- | --- |");
    for part in PARTS.iter().filter(|part| asked.only.as_deref().is_none_or(|only| only == **part)) {
        let lines = match *part {
            "first" => first(asked),
            "headers" => read_headers(asked),
            "unchanged" => unchanged(asked),
            "flags" => flags(asked),
            "live" => live(asked),
            _ => bodies(asked),
        };
        for (promise, bar, measured) in lines.with_context(|| format!("bench sync --only {part}"))? {
            println!("| {promise} | {bar} | {measured} |");
        }
    }
    Ok(())
}

type Lines = Vec<(String, &'static str, String)>;

fn first(asked: &Asked) -> Result<Lines> {
    let dovecot = Dovecot::start(&Setup::default())?;
    let mut lines = Lines::new();
    for messages in [1_000, asked.messages] {
        let account = filled(&dovecot, messages, asked.seed, 1)?;
        bare_by(&account, &headers())?;
        let (wire, done) = through(&account, Counter::slow(account.imaps, ROUND_TRIP)?)?;
        lines.push((
            format!("first 50 rows of {messages} over a line of 50 ms"),
            "6 turns after connect",
            format!("{} turns with TLS's two, {:.2} s", wire.first_rows_turns, done.first_rows_secs),
        ));
    }
    Ok(lines)
}

fn read_headers(asked: &Asked) -> Result<Lines> {
    let out = measure(asked.messages, asked.runs, asked.seed)?;
    let ratio = median(out.engine.iter().zip(&out.bare).map(|(e, b)| e.last_row_secs / b.wall_secs));
    let side = |f: fn(&crate::engine::Done) -> f64| median(out.engine.iter().map(f));
    let bare = median(out.bare.iter().map(|b| b.wall_secs));
    Ok(vec![
        (
            format!("{} headers, in a list", asked.messages),
            "1.25 x bare",
            format!(
                "{ratio:.2} x ({:.2} s, bare {bare:.2} s; CPU {:.2} s)",
                side(|e| e.last_row_secs),
                side(|e| e.last_row_cpu_secs)
            ),
        ),
        ("peak of memory".into(), "120 MiB", format!("{:.0} MiB", side(|e| e.pass_peak_kib as f64) / 1024.0)),
    ])
}

fn unchanged(asked: &Asked) -> Result<Lines> {
    let dovecot = Dovecot::start(&Setup::default())?;
    let account = filled(&dovecot, asked.messages, asked.seed, 200)?;
    let took = engine(&account, Change::Nothing(20))?;
    let counter = Counter::start(account.imaps)?;
    let (wire, _) = through(&account, counter)?;
    Ok(vec![(
        format!("nothing new: 200 folders, {} messages", asked.messages),
        "3 round trips, 50 ms CPU",
        format!(
            "{} turns, TLS and sign-in among them, {:.0} ms CPU, {:.0} ms",
            wire.unchanged_turns,
            took.cpu_secs * 1000.0,
            took.wall_secs * 1000.0
        ),
    )])
}

fn flags(asked: &Asked) -> Result<Lines> {
    let most = 10_000.min(asked.messages);
    let (mut ratios, mut walls, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    let dovecot = Dovecot::start(&Setup::default())?;
    let account = filled(&dovecot, asked.messages, asked.seed, 1)?;
    let mut other = dovecot_client(&account)?;
    for _ in 0..asked.runs {
        let took = engine(&account, Change::Elsewhere(most))?;
        let fetch = format!("UID FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE {})", took.modseq);
        let bare = bare_by(&account, &fetch)?;
        if bare.rows != most {
            bail!("the bare reader got {} changes of {most}", bare.rows);
        }
        ratios.push(took.wall_secs / bare.wall_secs);
        walls.push(took.wall_secs);
        bares.push(bare.wall_secs);
        other.select("INBOX")?;
        other.command("STORE 1:* -FLAGS.SILENT (Elsewhere)")?;
    }
    let here = engine(&account, Change::Here(most))?;
    Ok(vec![
        (
            format!("{most} flags changed elsewhere"),
            "1.5 x bare CHANGEDSINCE",
            format!("{:.2} x ({:.2} s, bare {:.2} s)", median(ratios), median(walls), median(bares)),
        ),
        (
            format!("{most} marked here"),
            "10 commands",
            format!(
                "{} commands after sign-in, {:.2} s; shown here after {:.0} ms",
                here.commands,
                here.wall_secs,
                here.click_secs * 1000.0
            ),
        ),
    ])
}

fn live(asked: &Asked) -> Result<Lines> {
    let dovecot = Dovecot::start(&Setup::default())?;
    let account = filled(&dovecot, asked.messages, asked.seed, 1)?;
    bare_by(&account, &headers())?;
    let profile = profile()?;
    let task = live::Task { account: account.clone(), profile: profile.path().join("p"), pushes: 40, idle_secs: 120 };
    let lived: Lived = answer(child("live", &account, &task)?)?;
    let of = |ms: &[f64]| {
        let most = ms.last().copied().unwrap_or_default();
        format!("p50 {:.0}, p99 {:.0}, most {most:.0} ms of {}", percentile(ms, 0.5), percentile(ms, 0.99), ms.len())
    };
    let by_thread: Vec<String> = lived.idle_wake_ups.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let by_thread = by_thread.join(", ");
    Ok(vec![
        ("a click during a first sync".into(), "50 ms", of(&lived.clicks_ms)),
        ("a flag set elsewhere, from its byte to the event".into(), "100 ms (p99)", of(&lived.pushes_ms)),
        (
            "waiting".into(),
            "0.2 % CPU, 6 wake-ups a minute",
            format!("{:.2} %, {:.1} a minute: {by_thread}", lived.idle_cpu_share * 100.0, lived.idle_wake_ups_a_minute),
        ),
    ])
}

fn bodies(asked: &Asked) -> Result<Lines> {
    let dovecot = Dovecot::start(&Setup::default())?;
    let account = filled(&dovecot, 10_000.min(asked.messages), asked.seed, 1)?;
    let (mut ratios, mut walls, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..asked.runs {
        let bare = bare_by(&account, "UID FETCH 1:* (UID BODY.PEEK[])")?;
        let took = engine(&account, Change::Bodies)?;
        ratios.push(took.wall_secs / bare.wall_secs);
        walls.push(took.wall_secs);
        bares.push(bare.wall_secs);
    }
    let beside = match mbsync(&account)? {
        Some(secs) => format!("; mbsync {secs:.2} s"),
        None => "; mbsync is not installed".to_owned(),
    };
    Ok(vec![(
        format!("full bodies of {}", account.messages),
        "1.25 x bare",
        format!("{:.2} x ({:.2} s, bare {:.2} s{beside})", median(ratios), median(walls), median(bares)),
    )])
}

/// One pull of the inbox by mbsync, where it is installed.
fn mbsync(account: &Account) -> Result<Option<f64>> {
    let dir = profile()?;
    let conf = dir.path().join("conf");
    let text = format!(
        "IMAPAccount a\nHost localhost\nPort {}\nUser {}\nPass {}\nSSLType IMAPS\nCertificateFile {}\n\n\
         IMAPStore far\nAccount a\n\nMaildirStore near\nInbox {}/\n\nChannel c\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n",
        account.imaps,
        account.address,
        account.password,
        account.root.display(),
        dir.path().join("inbox").display()
    );
    std::fs::write(&conf, text)?;
    let began = Instant::now();
    let run = Command::new("mbsync").arg("-c").arg(&conf).arg("-q").arg("c").stderr(Stdio::inherit()).status();
    match run {
        Ok(status) if status.success() => Ok(Some(began.elapsed().as_secs_f64())),
        Ok(status) => bail!("mbsync ended with {status}"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("start mbsync"),
    }
}

fn engine(account: &Account, change: Change) -> Result<Took> {
    let profile = profile()?;
    let task = changes::Task { account: account.clone(), profile: profile.path().join("p"), change };
    answer(child("changes", account, &task)?)
}

fn dovecot_client(account: &Account) -> Result<godwit_tests::mailbox::Mailbox> {
    godwit_tests::mailbox::Mailbox::sign_in(account.imaps, &account.root, &account.address, &account.password)
}

fn profile() -> Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new().prefix("godwit-bench-").tempdir()?)
}

fn answer<T: Serialize + DeserializeOwned>(mut command: Command) -> Result<T> {
    let out = command.stderr(Stdio::inherit()).output().context("run the engine")?;
    if !out.status.success() {
        bail!("the engine's side failed");
    }
    Ok(serde_json::from_slice(&out.stdout)?)
}
