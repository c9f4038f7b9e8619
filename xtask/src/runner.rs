//! Runs a program, shows what it prints as it prints it, and counts the tests in it.

use crate::machine;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
}

impl Tally {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// A command in the repository's root.
pub fn command(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(machine::root());
    command
}

/// Runs it to its end and fails unless it succeeds.
pub fn run(command: &mut Command) -> Result<()> {
    let words = described(command);
    println!("$ {words}");
    let status = command.status().with_context(|| format!("start {words}"))?;
    if !status.success() {
        bail!("{words} failed ({status})");
    }
    Ok(())
}

/// Runs it, counts the tests that it reports, and says whether it succeeded.
pub fn run_tests(command: &mut Command) -> Result<(Tally, bool)> {
    let words = described(command);
    println!("$ {words}");
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("start {words}"))?;
    let mut reader = BufReader::new(child.stdout.take().context("no stdout")?);
    let mut tally = Tally::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        std::io::stdout().write_all(&line)?;
        tally.add(count(&plain(&String::from_utf8_lossy(&line))));
    }
    Ok((tally, child.wait()?.success()))
}

fn described(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// What one line of cargo test or vitest counts.
fn count(line: &str) -> Tally {
    let line = line.trim();
    let counts = if let Some(rest) = line.strip_prefix("test result:") {
        rest.split_once(". ").map(|(_, counts)| counts).unwrap_or_default()
    } else if let Some(rest) = line.strip_prefix("Tests ") {
        rest
    } else {
        return Tally::default();
    };
    let number_before = |word: &str| {
        let mut words = counts
            .split([' ', ';', '|'])
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .skip_while(|w| *w != word);
        words.nth(1).and_then(|n| n.parse().ok()).unwrap_or_default()
    };
    Tally { passed: number_before("passed"), failed: number_before("failed") }
}

/// The line without colours.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, passed: u32, failed: u32) {
        assert_eq!(count(&plain(line)), Tally { passed, failed }, "{line}");
    }

    #[test]
    fn the_counts_of_each_runner_are_read() {
        check("test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 6.41s", 7, 0);
        check("test result: FAILED. 1 passed; 12 failed; 0 ignored; 0 measured; 7 filtered out", 1, 12);
        check("      Tests  12 passed (12)", 12, 0);
        check("\u{1b}[2m      Tests \u{1b}[22m \u{1b}[31m1 failed\u{1b}[39m | \u{1b}[32m11 passed\u{1b}[39m (12)", 11, 1);
        check("test dovecot ... ok", 0, 0);
        check(" Test Files  3 passed (3)", 0, 0);
    }
}
