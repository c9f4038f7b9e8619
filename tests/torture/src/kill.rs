//! The process that does the work is another one, and it is killed in the middle: the command line on the lane's profile.

use crate::lane::{Lane, PASSPHRASE, PATIENCE};
use crate::scenario::{Cast, Scenario, mail};
use anyhow::{Context, Result, bail, ensure};
use godwit_tests::godwitctl::{built, root_env};
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// What the scenario does, done by `godwitctl`, and SIGKILL at the moment when the line freezes. Where it ends before that,
/// it ends in order. The lane has let go of its profile afterwards.
pub async fn drive(lane: &Lane, scenario: Scenario, cast: &Cast) -> Result<()> {
    lane.leave().await;
    let mut command = Command::new(built("godwitctl")?);
    command.arg("--profile").arg(lane.profile()).envs([root_env(&lane.server.dovecot.root())]);
    command.env_remove("GODWIT_PROFILE").env_remove("GODWIT_PLANTED").env("GODWIT_PASSPHRASE", PASSPHRASE);
    match scenario.sends() {
        true => command.args(["send", "-", "--account", &lane.user.address]),
        false => command.arg("sync"),
    };
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("start godwitctl")?;
    if let Some(mut stdin) = child.stdin.take().filter(|_| scenario.sends()) {
        stdin.write_all(&mail(lane, cast)).await?;
    }
    let line = lane.line(scenario.line());
    tokio::select! {
        () = line.frozen() => child.kill().await.context("kill godwitctl")?,
        ended = child.wait() => {
            let code = ended?.code();
            let mut said = String::new();
            if let Some(stderr) = &mut child.stderr {
                stderr.read_to_string(&mut said).await?;
            }
            // Nothing broke under it, so it had no reason to fail.
            ensure!(code == Some(0), "godwitctl ended by itself with {code:?}: {}", said.trim());
        }
        () = tokio::time::sleep(PATIENCE * 2) => bail!("godwitctl hangs"),
    }
    Ok(())
}
