//! The rounds: fill a server, let engine and reader take turns, print medians as the table for docs/benchmarks.md.

use crate::bare;
use anyhow::{Context, Result, bail};
use godwit_tests::dovecot::{Dovecot, Setup, User};
use godwit_tests::godwitctl::root_env;
use godwit_tests::sample;
use serde_json::Value;
use std::process::Command;
use time::OffsetDateTime;

const ROUNDS: usize = 5;
/// Messages that are made once and delivered again and again under other names and dates.
const DIFFERENT: usize = 1000;

/// All sizes in turn.
pub fn all(sizes: &[usize]) -> Result<()> {
    // Neither side compresses: on loopback it would measure zlib.
    let dovecot = Dovecot::start(&Setup { masked: vec!["COMPRESS=DEFLATE"], ..Setup::default() })?;
    println!("| messages | first 50 rows | last row in a view | bare reader | ratio | page p50 | page p99 | peak memory |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for size in sizes {
        let user = dovecot.user("bench");
        fill(&dovecot, &user, *size)?;
        println!("{}", line(&dovecot, &user, *size)?);
    }
    Ok(())
}

/// Writes the mail and has the server read it once, so that both sides meet warm caches.
fn fill(dovecot: &Dovecot, user: &User, size: usize) -> Result<()> {
    let now = OffsetDateTime::now_utc();
    let originals = sample::plain(11, DIFFERENT.min(size), now);
    let mut mail = Vec::new();
    for number in 0..size {
        let original = originals.get(number % originals.len()).context("no sample mail")?;
        let mut copy = original.clone();
        copy.date = now.unix_timestamp() - 600 * i64::try_from(size - number)?;
        let id = format!("Message-ID: <bench.{number}.");
        let text = String::from_utf8_lossy(&copy.raw).replacen("Message-ID: <", &id, 1);
        copy.raw = text.into_bytes();
        mail.push(copy);
        if mail.len() == DIFFERENT || number + 1 == size {
            dovecot.import(user, "INBOX", &mail)?;
            mail.clear();
        }
    }
    let read = bare::read(dovecot.ports.imaps, &dovecot.root(), user)?;
    if read.rows != size {
        bail!("the server has {} of {size} messages", read.rows);
    }
    Ok(())
}

fn line(dovecot: &Dovecot, user: &User, size: usize) -> Result<String> {
    let (imaps, submissions) = (dovecot.ports.imaps.to_string(), dovecot.ports.submissions.to_string());
    let (root, count) = (dovecot.root().display().to_string(), size.to_string());
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(run(dovecot, &["engine", &imaps, &submissions, &user.address, &count])?);
        bare.push(run(dovecot, &["bare", &imaps, &root, &user.address])?);
    }
    let of = |runs: &[Value], key: &str| median(runs.iter().filter_map(|r| r.get(key)?.as_f64()).collect());
    let ratios = ours.iter().zip(&bare).filter_map(|(o, b)| Some(o.get("all")?.as_f64()? / b.get("all")?.as_f64()?));
    Ok(format!(
        "| {size} | {:.2} s | {:.2} s | {:.2} s | {:.1} | {:.2} ms | {:.2} ms | {:.0} MiB |",
        of(&ours, "first"),
        of(&ours, "all"),
        of(&bare, "all"),
        median(ratios.collect()),
        of(&ours, "p50"),
        of(&ours, "p99"),
        of(&ours, "memory") / 1024.0,
    ))
}

/// One run in a process of its own.
fn run(dovecot: &Dovecot, args: &[&str]) -> Result<Value> {
    let (name, root) = root_env(&dovecot.root());
    let out = Command::new(std::env::current_exe()?).args(args).env(name, root).output()?;
    if !out.status.success() {
        bail!("{}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr).trim());
    }
    serde_json::from_slice(&out.stdout).with_context(|| format!("{} printed no numbers", args.join(" ")))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
