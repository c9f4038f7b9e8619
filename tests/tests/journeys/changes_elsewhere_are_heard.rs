//! What happens elsewhere is heard at once, in every folder where the server can tell. The regular look is minutes away
//! here, so whatever shows was told.

use super::{letter, synced};
use anyhow::Result;
use godwit_tests::dovecot::{Dovecot, Setup, User};
use godwit_tests::godwitctl::Godwitctl;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

/// An owner that stays and listens; it ends with the test.
struct Watching(Child);

impl Watching {
    fn start(ctl: &Godwitctl) -> Result<Self> {
        let mut child = ctl.spawn(&["--json", "sync", "--watch"])?;
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        lines.next().expect("a first document")?;
        // Whoever stops reading stops the watch: its lines are taken until it ends.
        std::thread::spawn(move || lines.count());
        Ok(Self(child))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = (self.0.kill(), self.0.wait());
    }
}

fn soon(what: &str, mut check: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !check()? {
        anyhow::ensure!(start.elapsed() < Duration::from_secs(30), "not after 30 s: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn has(ctl: &Godwitctl, user: &User, mailbox: &str, subject: &str) -> Result<bool> {
    Ok(ctl.subjects(user, mailbox)?.iter().any(|s| s == subject))
}

#[test]
fn mail_in_a_folder_that_nobody_looks_at_is_heard() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway"])?;
    let _watching = Watching::start(&ctl)?;
    let mut elsewhere = dovecot.mailbox(&marit)?;
    elsewhere.append("Archive", "", &letter("Winch"))?;
    soon("mail in the archive", || has(&ctl, &marit, "Archive", "Winch"))?;
    elsewhere.store("Archive", 1, "+FLAGS (\\Flagged)")?;
    soon("a star in the archive", || Ok(ctl.list(&marit, "Archive")?[0]["flags"].to_string().contains("Flagged")))?;
    elsewhere.expunge("Archive", 1)?;
    soon("the archive is empty", || Ok(ctl.list(&marit, "Archive")?.is_empty()))?;
    dovecot.deliver(&marit, &letter("Cradle"))?;
    soon("mail in the inbox", || has(&ctl, &marit, "INBOX", "Cradle"))
}

#[test]
fn a_folder_that_is_made_elsewhere_is_heard_and_then_its_mail() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &[])?;
    let _watching = Watching::start(&ctl)?;
    let mut elsewhere = dovecot.mailbox(&marit)?;
    elsewhere.command("CREATE \"Boat house\"")?;
    let listed = || -> Result<bool> {
        let all = ctl.json(&["mailboxes"])?;
        Ok(all.as_array().is_some_and(|all| all.iter().any(|m| m["path"] == "Boat house")))
    };
    soon("the new folder", listed)?;
    elsewhere.append("Boat house", "", &letter("Oars"))?;
    soon("mail in the new folder", || has(&ctl, &marit, "Boat house", "Oars"))
}

#[test]
fn without_notify_the_inbox_is_heard_all_the_same() -> Result<()> {
    let dovecot = Dovecot::start(&Setup { masked: vec!["NOTIFY"], ..Setup::default() })?;
    let marit = dovecot.user("marit");
    let ctl = Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    let _watching = Watching::start(&ctl)?;
    dovecot.deliver(&marit, &letter("Winch"))?;
    soon("mail in the inbox", || has(&ctl, &marit, "INBOX", "Winch"))
}

#[test]
fn a_server_that_offers_notify_and_refuses_it_costs_nothing() -> Result<()> {
    let dovecot = Dovecot::start(&Setup { extra: "mailbox_list_index = no\n".into(), ..Setup::default() })?;
    let marit = dovecot.user("marit");
    let ctl = Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    let _watching = Watching::start(&ctl)?;
    dovecot.deliver(&marit, &letter("Winch"))?;
    soon("mail in the inbox", || has(&ctl, &marit, "INBOX", "Winch"))
}
