//! The bench: the engine beside a bare reader, against a private Dovecot on loopback. It prints numbers and judges none
//! of them. `bench bare`, `engine`, `changes` and `live` are its own children, so that memory and CPU are counted apart.

#[cfg(unix)]
mod account;
#[cfg(unix)]
mod bare;
#[cfg(unix)]
mod changes;
#[cfg(unix)]
mod counter;
#[cfg(unix)]
mod engine;
#[cfg(unix)]
mod letters;
#[cfg(unix)]
mod live;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod rounds;
#[cfg(unix)]
mod sync;
#[cfg(unix)]
mod usage;

#[cfg(unix)]
fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["bare", task] => {
            let (account, fetch): (account::Account, String) = serde_json::from_str(task)?;
            println!("{}", serde_json::to_string(&bare::read(&account, &fetch)?)?);
            Ok(())
        }
        ["changes", task] => changes::run(&serde_json::from_str(task)?),
        ["live", task] => live::run(&serde_json::from_str(task)?),
        ["engine", task] => engine::run(&serde_json::from_str(task)?),
        words => asked::run(words),
    }
}

#[cfg(not(unix))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("the bench needs Dovecot, which does not run on this system")
}

#[cfg(unix)]
mod asked {
    use crate::{report, rounds, sync};
    use anyhow::{Context, Result, bail};

    const USAGE: &str = "bench [--sizes 1000,10000,100000] [--runs 5] [--seed 1954] [--json]
bench sync [--only first|headers|unchanged|flags|live|bodies] [--messages 100000] [--runs 5] [--seed 1954]";

    pub fn run(words: &[&str]) -> Result<()> {
        if let ["sync", rest @ ..] = words {
            return run_sync(rest);
        }
        let (mut sizes, mut runs, mut seed, mut as_json) = (vec![1_000, 10_000, 100_000], 5, 1954, false);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value\n{USAGE}"));
            match *word {
                "--sizes" => sizes = value()?.split(',').map(str::parse).collect::<Result<_, _>>().context("--sizes")?,
                "--runs" => runs = value()?.parse().context("--runs")?,
                "--seed" => seed = value()?.parse().context("--seed")?,
                "--json" => as_json = true,
                other => bail!("I don't know {other}.\n{USAGE}"),
            }
        }
        if runs == 0 || sizes.is_empty() || sizes.contains(&0) {
            bail!("sizes and runs start at 1\n{USAGE}");
        }
        let mut outcomes = Vec::new();
        for size in sizes {
            outcomes.push(rounds::measure(size, runs, seed)?);
        }
        match as_json {
            true => println!("{}", serde_json::to_string_pretty(&outcomes)?),
            false => println!("{}", report::table(&outcomes)),
        }
        Ok(())
    }

    fn run_sync(words: &[&str]) -> Result<()> {
        let mut asked = sync::Asked { only: None, runs: 5, seed: 1954, messages: 100_000 };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} needs a value\n{USAGE}"))?;
            match *word {
                "--only" if sync::PARTS.contains(value) => asked.only = Some((*value).to_owned()),
                "--runs" => asked.runs = value.parse().context("--runs")?,
                "--seed" => asked.seed = value.parse().context("--seed")?,
                "--messages" => asked.messages = value.parse().context("--messages")?,
                other => bail!("I don't know {other} {value}.\n{USAGE}"),
            }
        }
        if asked.runs == 0 || asked.messages < 1_000 {
            bail!("runs start at 1, messages at 1000\n{USAGE}");
        }
        sync::run(&asked)
    }
}
