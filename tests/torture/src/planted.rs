//! The torture proves itself: of a build with faults planted in it each one is switched on in turn and must be found,
//! and with none switched on the same cases must find nothing.

use crate::asked::FOUND;
use anyhow::{Context, Result, bail};
use std::process::{Command, ExitCode, Stdio};

/// Each planted fault, and a scenario that must find it.
const PLANTED: [(&str, &str); 5] = [
    ("append-retried-blindly", "append"),
    ("no-taken-as-success", "refused"),
    ("uidvalidity-unchecked", "renumbered"),
    ("want-dropped-on-reconnect", "flags"),
    ("resent-after-lost-250", "send"),
];

/// Runs them all; fails where one is not found, or something is found that is not there.
pub fn all_are_caught() -> Result<ExitCode> {
    if !cfg!(feature = "planted") {
        bail!("this build has no planted faults: run `cargo xtask torture --planted`");
    }
    let mut is_fine = true;
    for (fault, scenario) in PLANTED {
        for planted in [None, Some(fault)] {
            let (found, story) = finds(planted, scenario)?;
            let right = found == planted.is_some();
            let name = planted.unwrap_or("nothing planted");
            println!("{} {name}, {scenario}: {story}", if right { "as it should be:" } else { "WRONG:" });
            is_fine &= right;
        }
    }
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether this program finds something in a scenario, and the line that says what.
fn finds(planted: Option<&str>, scenario: &str) -> Result<(bool, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--only", scenario, "--steps", "6", "--seed", "1954"]).env_remove("GODWIT_PLANTED");
    command.envs(planted.map(|name| ("GODWIT_PLANTED", name)));
    let out = command.stderr(Stdio::inherit()).output().context("start the torture again")?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let first = text.lines().skip_while(|l| !l.contains(" cases played")).skip(2).map(str::trim).next();
    let last = text.lines().find(|l| l.contains(" cases played")).unwrap_or_default();
    match out.status.code() {
        Some(0) => Ok((false, last.to_owned())),
        Some(code) if code == i32::from(FOUND) => Ok((true, first.unwrap_or(last).to_owned())),
        _ => bail!("the torture itself failed on {scenario} ({}): {text}", out.status),
    }
}
