//! The words of the command line, and the campaign they ask for.

use anyhow::{Context, Result, bail};
use godwit_torture::campaign::{Case, Summary, every, inside_records, learn, run as play_all, shuffle};
use godwit_torture::fault::{Fault, Layer};
use godwit_torture::scenario::{SCENARIOS, Scenario};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const USAGE: &str = "torture [--minutes 20] [--seed N] [--only SCENARIO] [--fault KIND:up|down:CONNECTION:BYTE] [--records] [--lanes 3]
  --minutes 0 plays every offset to the end; a fault that was printed is repeated by --only and --fault.";

struct Asked {
    minutes: u64,
    seed: u64,
    only: Option<Scenario>,
    fault: Option<Fault>,
    layer: Layer,
    lanes: usize,
}

fn parse(words: &[String]) -> Result<Asked> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut asked = Asked { minutes: 20, seed: now, only: None, fault: None, layer: Layer::Plain, lanes: 3 };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value\n{USAGE}"));
        match word.as_str() {
            "--minutes" => asked.minutes = value()?.parse().context("--minutes")?,
            "--seed" => asked.seed = value()?.parse().context("--seed")?,
            "--only" => asked.only = Some(Scenario::named(value()?)?),
            "--fault" => asked.fault = Some(value()?.parse()?),
            "--lanes" => asked.lanes = value()?.parse().context("--lanes")?,
            "--records" => asked.layer = Layer::Records,
            other => bail!("I don't know {other}.\n{USAGE}"),
        }
    }
    Ok(asked)
}

/// Does what was asked; prints the seed first and a verdict last.
pub fn run(words: &[String]) -> Result<ExitCode> {
    let asked = parse(words)?;
    let say = |line: &str| println!("{line}");
    if let (Some(scenario), Some(fault)) = (asked.only, asked.fault) {
        let cases = [Case { scenario, layer: asked.layer, fault: Some(fault) }];
        return Ok(verdict(&play_all(&cases, 1, None, &say)?, 1));
    }
    println!("seed {}", asked.seed);
    let mut cases = Vec::new();
    for (scenario, _) in SCENARIOS.iter().filter(|(s, _)| asked.only.is_none_or(|only| only == *s)) {
        cases.push(Case { scenario: *scenario, layer: Layer::Plain, fault: None });
        if asked.layer == Layer::Plain {
            cases.extend(every(*scenario, &learn(*scenario, Layer::Plain)?));
        }
        cases.extend(inside_records(*scenario, &learn(*scenario, Layer::Records)?, 40));
    }
    shuffle(&mut cases, asked.seed);
    let until = (asked.minutes > 0).then(|| Instant::now() + Duration::from_secs(asked.minutes * 60));
    let summary = play_all(&cases, asked.lanes, until, &say)?;
    Ok(verdict(&summary, cases.len()))
}

fn verdict(summary: &Summary, of: usize) -> ExitCode {
    println!(
        "{} of {of} cases played: {} faults struck, {} of them after a whole command; a person was asked or told in {}; {} failed",
        summary.played,
        summary.struck,
        summary.executed,
        summary.asked,
        summary.failed.len()
    );
    for story in &summary.failed {
        println!("  {story}");
    }
    if summary.failed.is_empty() && summary.played > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
