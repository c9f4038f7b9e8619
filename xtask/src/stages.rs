//! The stages of `cargo xtask test`: each does its own set-up, all run even when one fails, and the last line counts
//! every test of every runner.

use crate::machine::{IS_LINUX, npm, target};
use crate::runner::{Tally, command, run, run_tests};
use crate::{apt, builds, unpack};
use anyhow::{Context, Result, bail};
use std::path::Path;
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
    /// The same journeys on Cyrus, Courier, and Dovecot with less to offer.
    Servers,
    /// The real window.
    Window,
}

use Stage::{Build, Format, Journeys, Lints, Servers, Ui, Unit, Window};

/// Everything.
pub const ALL: &[Stage] = &[Format, Lints, Build, Unit, Ui, Journeys, Servers, Window];

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
            Servers => "servers",
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
            Build => {
                builds::everything()?;
                Ok(Outcome::Done(Tally::default()))
            }
            Unit => {
                let tests = builds::everything()?;
                let of_units = tests.iter().filter(|t| t.package != "godwit-tests");
                run_each(of_units.map(|t| command(&t.path, &[]).dir(&t.dir)))
            }
            Ui => {
                builds::npm_packages()?;
                tests(npm_run("test"))
            }
            Journeys => in_real_life(&["--skip", "window_", "--skip", "servers::"]),
            Servers if !unpack::possible() => {
                println!("Cyrus and Courier are unpacked out of Debian's packages; without apt the journeys run on the others.");
                in_real_life(&["servers::", "--skip", "::cyrus::", "--skip", "::courier::", "--skip", "::clock_"])
            }
            Servers => {
                unpack::need(unpack::CYRUS)?;
                unpack::need(unpack::COURIER)?;
                unpack::need(unpack::FAKETIME)?;
                in_real_life(&["servers::"])
            }
            Window if !IS_LINUX => {
                Ok(Outcome::Skipped("window tests need WebKitWebDriver under Xvfb, which is Linux only".into()))
            }
            Window => {
                unpack::need(unpack::DUNST)?;
                in_real_life(&["window_", "--test-threads=2"])
            }
        }
    }
}

/// Runs these test programs one after another, all of them, and counts. One that ends badly without naming a failed test
/// counts as one.
fn run_each(programs: impl Iterator<Item = Command>) -> Result<Outcome> {
    let mut sum = Tally::default();
    for mut program in programs {
        let (mut tally, is_fine) = run_tests(program.env("RUST_LIB_BACKTRACE", "0"))?;
        if !is_fine && tally.failed == 0 {
            eprintln!("{} ended badly and named no failed test.", program.get_program().to_string_lossy());
            tally.failed = 1;
        }
        sum.add(tally);
    }
    if sum == Tally::default() {
        bail!("not one test ran");
    }
    Ok(Outcome::Done(sum))
}

/// Journeys and window tests: one test program, real servers, the programs that were built with it.
fn in_real_life(filter: &[&str]) -> Result<Outcome> {
    if IS_LINUX {
        apt::need(&[apt::BUILD, apt::HEADLESS, apt::DOVECOT])?;
    }
    if !has_dovecot() {
        return Ok(Outcome::Skipped("needs Dovecot: install dovecot (imapd, submissiond, lmtpd), on macOS with brew".into()));
    }
    let tests = builds::everything()?;
    // A failed window leaves a picture of itself there.
    let pictures = target().join("pictures");
    std::fs::create_dir_all(&pictures)?;
    run_each(tests.iter().filter(|t| t.package == "godwit-tests").map(|t| {
        let mut program = command(&t.path, filter).dir(&t.dir);
        program.env("GODWIT_PICTURES", &pictures).env("GODWIT_BIN_DIR", target().join("debug"));
        program.env("GODWIT_SERVERS_DIR", target().join("servers"));
        program
    }))
}

/// A command that runs elsewhere than in the repository's root.
trait In {
    /// Runs it there.
    fn dir(self, dir: &Path) -> Self;
}

impl In for Command {
    fn dir(mut self, dir: &Path) -> Self {
        self.current_dir(dir).env("CARGO_MANIFEST_DIR", dir);
        self
    }
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

fn tests(command: Command) -> Result<Outcome> {
    run_each(std::iter::once(command))
}
