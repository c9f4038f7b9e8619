//! The words of the command line, and the campaign they ask for.

use crate::planted;
use anyhow::{Context, Result, bail};
use godwit_torture::campaign::{Case, Summary, every, inside_records, kills, learn, run as play_all, runtime, shuffle, stepped};
use godwit_torture::fault::{Fault, Layer};
use godwit_torture::lane::Keep;
use godwit_torture::power::{Verdict, fill_disk, lose_power};
use godwit_torture::random;
use godwit_torture::scenario::{SCENARIOS, Scenario};
use godwit_torture::server::KINDS;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const USAGE: &str = "torture [--minutes 20] [--seed N] [--only SCENARIO] [--fault KIND:up|down:CONNECTION:BYTE] [--records] [--steps N] [--lanes 3]
torture --random [--minutes 20] [--seed N]
torture --power [--minutes 20] [--seed N] [--steps 1]
torture --planted
  --minutes 0 plays every offset to the end; --steps plays only some of each direction.
  What failed is printed with the words that repeat it.";

/// How a campaign that found something ends; a harness that does not work ends with 1.
pub const FOUND: u8 = 3;

/// Kills of each scenario, beside those right after a changing command.
const KILLS: usize = 400;

/// Rounds of a history.
const ROUNDS: u32 = 30;

struct Asked {
    minutes: u64,
    seed: u64,
    only: Option<Scenario>,
    fault: Option<Fault>,
    layer: Layer,
    steps: Option<u64>,
    lanes: usize,
    power: bool,
    random: bool,
}

fn parse(words: &[String]) -> Result<Asked> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut asked = Asked {
        minutes: 20,
        seed,
        only: None,
        fault: None,
        layer: Layer::Plain,
        steps: None,
        lanes: 3,
        power: false,
        random: false,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value\n{USAGE}"));
        match word.as_str() {
            "--minutes" => asked.minutes = value()?.parse().context("--minutes")?,
            "--seed" => asked.seed = value()?.parse().context("--seed")?,
            "--only" => asked.only = Some(Scenario::named(value()?)?),
            "--fault" => asked.fault = Some(value()?.parse()?),
            "--lanes" => asked.lanes = value()?.parse().context("--lanes")?,
            "--steps" => asked.steps = Some(value()?.parse().context("--steps")?),
            "--power" => asked.power = true,
            "--random" => asked.random = true,
            "--records" => asked.layer = Layer::Records,
            other => bail!("I don't know {other}.\n{USAGE}"),
        }
    }
    Ok(asked)
}

/// Does what was asked; prints the seed first and a verdict last.
pub fn run(words: &[String]) -> Result<ExitCode> {
    if words == ["--planted"] {
        return planted::all_are_caught();
    }
    let asked = parse(words)?;
    if asked.power {
        return power(asked.seed, asked.minutes, usize::try_from(asked.steps.unwrap_or(1))?);
    }
    if asked.random {
        return histories(asked.seed, asked.minutes);
    }
    let say = |line: &str| println!("{line}");
    if let (Some(scenario), Some(fault)) = (asked.only, asked.fault) {
        let cases = [Case { scenario, layer: asked.layer, fault: Some(fault) }];
        return Ok(verdict(&play_all(&cases, 1, None, &say)?, 1));
    }
    println!("seed {}", asked.seed);
    let scenarios = SCENARIOS.map(|(s, _)| s).into_iter().filter(|s| asked.only.is_none_or(|only| only == *s));
    let whole: Vec<Case> = scenarios.map(|scenario| Case { scenario, layer: asked.layer, fault: None }).collect();
    let uninjured = play_all(&whole, asked.lanes, None, &say)?;
    if !uninjured.failed.is_empty() {
        return Ok(verdict(&uninjured, whole.len()));
    }
    let mut cases = Vec::new();
    for Case { scenario, .. } in whole {
        if asked.layer == Layer::Plain {
            let traffic = learn(scenario, Layer::Plain)?;
            if asked.steps.is_none() && scenario != Scenario::Refused {
                // What the killed process told nobody can know; there the line's own faults are proof enough.
                cases.extend(kills(scenario, &traffic, asked.seed, KILLS));
            }
            match asked.steps {
                Some(steps) => cases.extend(stepped(scenario, &traffic, steps.max(1))),
                None => cases.extend(every(scenario, &traffic)),
            }
        }
        if !scenario.is_across() && (asked.layer == Layer::Records || asked.steps.is_none()) {
            cases.extend(inside_records(scenario, &learn(scenario, Layer::Records)?, 40));
        }
    }
    shuffle(&mut cases, asked.seed);
    let until = (asked.minutes > 0).then(|| Instant::now() + Duration::from_secs(asked.minutes * 60));
    let summary = play_all(&cases, asked.lanes, until, &say)?;
    Ok(verdict(&summary, cases.len()))
}

/// Seed after seed, the power goes after every single operation, and the disk fills after every single write.
fn power(seed: u64, minutes: u64, stride: usize) -> Result<ExitCode> {
    let until = Instant::now() + Duration::from_secs(minutes * 60);
    let runtime = runtime()?;
    for seed in seed.. {
        println!("cargo xtask torture --power --minutes 0 --seed {seed}");
        match runtime.block_on(lose_power(seed, 40, stride))? {
            Verdict::Kept(summary) => println!("    {summary:?}"),
            Verdict::Lost(story) => {
                println!("    {story}");
                return Ok(ExitCode::from(FOUND));
            }
        }
        match runtime.block_on(fill_disk(seed, 40, stride)) {
            Ok(filled) => println!("    {filled:?}"),
            Err(why) => {
                println!("    {why:#}");
                return Ok(ExitCode::from(FOUND));
            }
        }
        if Instant::now() >= until {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Seed after seed, a history on each kind of server.
fn histories(seed: u64, minutes: u64) -> Result<ExitCode> {
    let until = Instant::now() + Duration::from_secs(minutes * 60);
    for seed in seed.. {
        println!("cargo xtask torture --random --minutes 0 --seed {seed}");
        for (kind, keep) in KINDS.into_iter().flat_map(|kind| [(kind, Keep::Profile), (kind, Keep::Awake)]) {
            match random::play(kind, keep, seed, ROUNDS) {
                Ok(struck) => println!("    {kind:?}, {keep:?}: {ROUNDS} rounds, {struck} faults struck"),
                Err(why) => {
                    println!("    {kind:?}, {keep:?}: {why:#}");
                    return Ok(ExitCode::from(FOUND));
                }
            }
        }
        if Instant::now() >= until {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
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
    if summary.failed.is_empty() && summary.played > 0 { ExitCode::SUCCESS } else { ExitCode::from(FOUND) }
}
