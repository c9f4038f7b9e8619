//! New mail is noticed by itself: pushed where the server can, else at the next look.

use super::{At, letter};
use anyhow::{Context, Result, ensure};
use godwit_tests::servers::Kind;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

/// Far more than it takes: a busy machine is no failure.
const SOON: Duration = Duration::from_secs(90);

/// Ends with the test, however that ends.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = (self.0.kill(), self.0.wait());
    }
}

pub fn new_mail_comes_while_somebody_waits(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel"])?;
    let mut watch = Watch(at.ctl.spawn(&["--json", "sync", "--watch"])?);
    let out = watch.0.stdout.take().context("stdout is piped")?;
    BufReader::new(out).lines().next().context("a first document")??;
    at.server.deliver(&at.marit, &letter("Mast"))?;
    if !kind.can_idle() {
        // Nobody pushes here; the next look, asked for instead of waited for, goes through the same owner.
        at.sync()?;
    }
    let start = Instant::now();
    while at.here("INBOX")? != ["Keel", "Mast"] {
        ensure!(start.elapsed() < SOON, "the new message was not heard of");
        std::thread::sleep(Duration::from_millis(200));
    }
    at.ctl.ok(&["mark", &at.id("INBOX", "Mast")?, "--flagged"])?;
    // Courier's usual limit would refuse a third, and two of them are soon one too many for a second device.
    let most = if kind == Kind::Courier { 2 } else { 5 };
    ensure!(at.gate.most_at_once() <= most, "{} connections at once", at.gate.most_at_once());
    let start = Instant::now();
    while !at.oracle()?.find("INBOX", "Mast")?.is_some_and(|m| m.has("\\Flagged")) {
        if start.elapsed() >= SOON {
            let (doctor, row) = (at.ctl.json(&["doctor"])?, at.ctl.json(&["list", &format!("{}/INBOX", at.marit.address)])?);
            anyhow::bail!("the star did not reach the server by itself: {doctor} {row}");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}
