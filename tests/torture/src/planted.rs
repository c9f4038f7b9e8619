//! The torture proves itself: of a build with faults planted in it each one is switched on in turn and must be found,
//! and with none switched on the same cases must find nothing.

use crate::asked::FOUND;
use anyhow::{Context, Result, bail};
use std::process::{Command, ExitCode, Stdio};

/// Each planted fault, and a campaign that must find it.
const PLANTED: [(&str, &[&str]); 8] = [
    ("append-retried-blindly", &["--only", "append", "--steps", "6"]),
    ("append-retried-blindly", &["--only", "draft", "--steps", "6"]),
    ("draft-replaced-unconfirmed", &["--only", "draft", "--steps", "6"]),
    ("no-taken-as-success", &["--only", "refused", "--steps", "6"]),
    ("uidvalidity-unchecked", &["--only", "renumbered", "--steps", "6"]),
    ("want-dropped-on-reconnect", &["--only", "flags", "--steps", "6"]),
    ("resent-after-lost-250", &["--only", "send", "--steps", "6"]),
    ("profile-unsynced", &["--power", "--minutes", "0", "--steps", "9"]),
];

/// Runs them all; fails where one is not found, or something is found that is not there.
pub fn all_are_caught() -> Result<ExitCode> {
    if !cfg!(feature = "planted") {
        bail!("this build has no planted faults: run `cargo xtask torture --planted`");
    }
    let mut is_fine = true;
    for (fault, campaign) in PLANTED {
        for planted in [None, Some(fault)] {
            let (found, story) = finds(planted, campaign)?;
            let right = found == planted.is_some();
            let name = planted.unwrap_or("nothing planted");
            println!("{} {name}, {}: {story}", if right { "as it should be:" } else { "WRONG:" }, campaign.join(" "));
            is_fine &= right;
        }
    }
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether this program finds something in a campaign, and the line that says what.
fn finds(planted: Option<&str>, campaign: &[&str]) -> Result<(bool, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(campaign).args(["--seed", "1954"]).env_remove("GODWIT_PLANTED");
    command.envs(planted.map(|name| ("GODWIT_PLANTED", name)));
    let out = command.stderr(Stdio::inherit()).output().context("start the torture again")?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    // The last line of a campaign says what it found first, or that all is well.
    let last = text.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or_default().to_owned();
    match out.status.code() {
        Some(0) => Ok((false, last)),
        Some(code) if code == i32::from(FOUND) => Ok((true, last)),
        _ => bail!("the torture itself failed on {campaign:?} ({}): {text}", out.status),
    }
}
