//! The stages of `cargo xtask test`: each does its own set-up, all run even when one fails, and the last line counts
//! every test of every runner.

use crate::machine::{IS_LINUX, npm, target};
use crate::runner::{Tally, command, run, run_tests};
use crate::{apt, builds};
use anyhow::{Context, Result, bail};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// rustfmt and prettier.
    Format,
    /// clippy, svelte-check, eslint.
    Lints,
    /// Unit and property tests of all crates.
    Unit,
    /// Tests of the interface.
    Ui,
    /// The programs.
    Build,
    /// Journeys against real servers.
    Journeys,
    /// The real window.
    Window,
}

use Stage::{Build, Format, Journeys, Lints, Ui, Unit, Window};

/// Everything.
pub const ALL: &[Stage] = &[Format, Lints, Unit, Ui, Build, Journeys, Window];

/// What needs no server and no window.
pub const FAST: &[Stage] = &[Format, Lints, Unit, Ui];

/// How a stage ended.
enum Outcome {
    Done(Tally),
    Skipped(String),
}

/// Runs one stage by name.
pub fn only(name: &str) -> Result<ExitCode> {
    let stage = ALL.iter().find(|s| s.name() == name);
    let stage = stage.with_context(|| {
        format!("no stage {name}. There are: {}", ALL.iter().map(|s| s.name()).collect::<Vec<_>>().join(", "))
    })?;
    run_all(std::slice::from_ref(stage))
}

/// Runs these stages, all of them whatever happens, and reports.
pub fn run_all(stages: &[Stage]) -> Result<ExitCode> {
    let mut report = Vec::new();
    let mut sum = Tally::default();
    let mut is_fine = true;
    for stage in stages {
        println!("\n== {} ==", stage.name());
        let start = Instant::now();
        let (tally, words) = match stage.go() {
            Ok(Outcome::Done(tally)) if tally.failed == 0 => (tally, counted(tally)),
            Ok(Outcome::Done(tally)) => (tally, format!("FAILED: {}", counted(tally))),
            Ok(Outcome::Skipped(why)) => (Tally::default(), format!("skipped: {why}")),
            Err(error) => {
                eprintln!("{}: {error:#}", stage.name());
                (Tally { passed: 0, failed: 1 }, format!("FAILED: {error:#}"))
            }
        };
        is_fine &= tally.failed == 0;
        sum.add(tally);
        report.push(format!("{:<9} {:>5.1} min  {words}", stage.name(), start.elapsed().as_secs_f64() / 60.0));
    }
    println!("\n{}", report.join("\n"));
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn counted(tally: Tally) -> String {
    if tally == Tally::default() { "ok".into() } else { format!("{} passed, {} failed", tally.passed, tally.failed) }
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Format => "format",
            Lints => "lints",
            Unit => "unit",
            Ui => "ui",
            Build => "build",
            Journeys => "journeys",
            Window => "window",
        }
    }

    fn go(self) -> Result<Outcome> {
        match self {
            Format => {
                builds::npm_packages()?;
                run(&mut command("cargo", &["fmt", "--all", "--check"]))?;
                run(&mut npm_run("format:check"))?;
                Ok(Outcome::Done(Tally::default()))
            }
            Lints => {
                apt::need(&[apt::BUILD])?;
                // The shell takes the built interface in, so there is nothing to lint without one.
                builds::interface()?;
                run(&mut command("cargo", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
                run(&mut npm_run("check"))?;
                run(&mut npm_run("lint"))?;
                Ok(Outcome::Done(Tally::default()))
            }
            Unit => {
                apt::need(&[apt::BUILD])?;
                builds::interface()?;
                tests(&mut command("cargo", &cargo_tests(&["--workspace", "--exclude", "godwit-tests"])))
            }
            Ui => {
                builds::npm_packages()?;
                tests(&mut npm_run("test"))
            }
            Build => {
                builds::programs()?;
                Ok(Outcome::Done(Tally::default()))
            }
            Journeys => in_real_life(&["--", "--skip", "window_"]),
            Window if !IS_LINUX => {
                Ok(Outcome::Skipped("window tests need WebKitWebDriver under Xvfb, which is Linux only".into()))
            }
            Window => in_real_life(&["--", "window_", "--test-threads=2"]),
        }
    }
}

fn cargo_tests<'a>(which: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["test", "--no-fail-fast"];
    args.extend(which);
    // Replacing a running program is refused on Windows, and this is that program.
    if cfg!(windows) {
        args.extend(["--exclude", "xtask"]);
    }
    args
}

/// Journeys and window tests: one test binary, real servers, the programs that were built before.
fn in_real_life(filter: &[&str]) -> Result<Outcome> {
    if IS_LINUX {
        apt::need(&[apt::BUILD, apt::HEADLESS, apt::DOVECOT])?;
    }
    if !has_dovecot() {
        return Ok(Outcome::Skipped("needs Dovecot: install dovecot (imapd, submissiond, lmtpd), on macOS with brew".into()));
    }
    builds::npm_packages()?;
    let pictures = target().join("pictures");
    std::fs::create_dir_all(&pictures)?;
    let mut args = vec!["test", "--no-fail-fast", "--package", "godwit-tests", "--lib", "--tests"];
    args.extend(filter);
    let mut run = command("cargo", &args);
    // A failed window leaves a picture of itself there.
    run.env("GODWIT_PICTURES", pictures).env("GODWIT_BIN_DIR", target().join("debug")).env("RUST_LIB_BACKTRACE", "0");
    tests(&mut run)
}

#[cfg(unix)]
fn has_dovecot() -> bool {
    godwit_tests::dovecot::program().is_some()
}

#[cfg(not(unix))]
fn has_dovecot() -> bool {
    false
}

fn npm_run(script: &str) -> Command {
    command(npm(), &["run", "--silent", script])
}

fn tests(command: &mut Command) -> Result<Outcome> {
    let (tally, is_fine) = run_tests(command)?;
    if !is_fine && tally.failed == 0 {
        bail!("the run ended badly without naming a failed test");
    }
    if is_fine && tally.passed == 0 {
        bail!("not one test ran");
    }
    Ok(Outcome::Done(tally))
}
