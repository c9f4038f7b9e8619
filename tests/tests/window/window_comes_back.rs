//! The web view's process is not ours and can die; the window must not stay empty.

use super::Desk;
use anyhow::{Context, Result};
use godwit_tests::dovecot::Dovecot;
use godwit_tests::godwitctl::built;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_page_is_loaded_again_when_its_process_dies() -> Result<()> {
    let desk = Desk::new(Dovecot::shared()?)?;
    let log = desk.profile.path().join("godwit.log");
    let mut godwit = Command::new(built("godwit")?);
    godwit.arg("--profile").arg(desk.profile.path().join("profile")).envs(desk.env()).env("GODWIT_LOG", "godwit=info");
    let godwit = godwit.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&log)?).spawn()?;
    let mut godwit = Running(godwit);
    let said = || fs::read_to_string(&log).unwrap_or_default();
    let loaded = |times| wait_for(|| (said().matches("the page has loaded").count() >= times).then_some(()));

    loaded(1).with_context(said)?;
    let first = wait_for(|| web_process(godwit.0.id()))?;
    assert!(Command::new("kill").args(["-KILL", &first.to_string()]).status()?.success());
    let second = wait_for(|| web_process(godwit.0.id()).filter(|pid| *pid != first)).with_context(said)?;
    loaded(2).with_context(said)?;
    assert_eq!(web_process(godwit.0.id()), Some(second), "it stays");
    assert!(godwit.0.try_wait()?.is_none(), "the program lives on");
    Ok(())
}

/// The web process that this process started.
fn web_process(parent: u32) -> Option<u32> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // `pid (comm) state ppid …`; the name is cut at 15 characters.
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let (state, owner) = (fields.next()?, fields.next()?);
        (name == "WebKitWebProces" && state != "Z" && owner.parse() == Ok(parent)).then_some(pid)
    })
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Some(found) = look() {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    anyhow::bail!("not after 30 s")
}
