//! `cargo xtask`: everything one does with this repository beside writing it. Each command does its own set-up and is
//! safe to repeat.

mod apt;
mod builds;
mod demo;
mod fuzz;
mod machine;
mod runner;
mod stages;
mod unpack;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "cargo xtask COMMAND

  demo                 a sample mailbox on a private server, and the window on it
  test [--only STAGE]  every check: format, lints, build, unit, ui, journeys, servers, window
  check                the fast part of it: format, lints, unit, ui
  run [ARGUMENTS]      the app on your own profile
  bench [--sizes 1000,10000] [--runs N] [--json]
                       times and memory against a bare reader
  torture [--minutes N] [--seed N] [--only SCENARIO] [--random | --power | --planted]
                       lines that break at every byte, and what is left of the mail
  fuzz NAME [--minutes N]
                       a fuzz target under libFuzzer
  icons                all icon sizes out of icons/icon.svg
  bindings             the TypeScript types out of the Rust ones";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match command(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(words: &[&str]) -> Result<ExitCode> {
    match words {
        ["demo"] => demo::demo()?,
        ["test"] => return stages::run_all(stages::ALL),
        ["test", "--only", stage] => return stages::only(stage),
        ["check"] => return stages::run_all(stages::FAST),
        ["run", rest @ ..] => demo::run_on_own_profile(rest)?,
        ["bench", rest @ ..] => builds::bench(rest)?,
        ["torture", rest @ ..] => builds::torture(rest)?,
        ["fuzz", rest @ ..] => fuzz::fuzz(rest)?,
        ["icons"] => builds::icons()?,
        ["bindings"] => builds::bindings()?,
        [] | ["help" | "--help" | "-h"] => println!("{USAGE}"),
        other => bail!("I don't know \u{201c}{}\u{201d}.\n\n{USAGE}", other.join(" ")),
    }
    Ok(ExitCode::SUCCESS)
}
