//! The program is killed while it moves mail. Afterwards every message lies in exactly one place.

use super::letter;
use anyhow::Result;
use godwit_tests::dovecot::{Dovecot, Setup};
use godwit_tests::gate::Gate;
use godwit_tests::godwitctl::Godwitctl;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

const MESSAGES: usize = 12;

/// Archives all mail, kills the sync that pushes it a little later each time, then lets one finish.
fn survives_kills(dovecot: &Dovecot) -> Result<()> {
    let marit = dovecot.user("marit");
    let subjects: Vec<String> = (0..=MESSAGES).map(|n| format!("Plank {n}")).collect();
    for subject in &subjects {
        dovecot.deliver(&marit, &letter(subject))?;
    }
    let gate = Gate::before(dovecot.ports.imaps)?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add_at(&marit, gate.port, dovecot.ports.submissions)?;
    ctl.ok(&["sync"])?;
    // How much is said when nothing breaks.
    let began = gate.bytes_to_server();
    ctl.ok(&["archive", &ctl.id(&marit, "INBOX", &subjects[MESSAGES])?])?;
    ctl.ok(&["sync"])?;
    let whole = gate.bytes_to_server() - began;
    let mut struck = 0;
    for (round, subject) in subjects[..MESSAGES].iter().enumerate() {
        ctl.ok(&["archive", &ctl.id(&marit, "INBOX", subject)?])?;
        let before = gate.bytes_to_server();
        let mut child = ctl.spawn(&["sync"])?;
        // Later rounds let more of the conversation happen before the end.
        let start = Instant::now();
        let bytes = whole * (round as u64 + 1) / (MESSAGES as u64 + 1);
        while gate.bytes_to_server() < before + bytes && child.try_wait()?.is_none() && start.elapsed() < Duration::from_secs(20)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill()?;
        struck += usize::from(child.wait()?.signal().is_some());
    }
    assert!(struck > MESSAGES / 3, "only {struck} of {MESSAGES} were killed before they were done");
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    let mut mailbox = dovecot.mailbox(&marit)?;
    let live = |mail: Vec<godwit_tests::mailbox::OnServer>| mail.into_iter().filter(|m| !m.has("\\Deleted")).map(|m| m.subject);
    let inbox: Vec<String> = live(mailbox.messages("INBOX")?).collect();
    let mut archive: Vec<String> = live(mailbox.messages("Archive")?).collect();
    assert!(inbox.is_empty(), "left in the inbox: {inbox:?}");
    archive.sort();
    let mut wanted = subjects.clone();
    wanted.sort();
    assert_eq!(archive, wanted);
    let mut here = ctl.subjects(&marit, "Archive")?;
    here.sort();
    assert_eq!(here, wanted);
    Ok(())
}

#[test]
fn with_move_nothing_is_lost_or_doubled() -> Result<()> {
    survives_kills(Dovecot::shared()?)
}

#[test]
fn without_move_copies_are_not_doubled() -> Result<()> {
    survives_kills(&Dovecot::start(&Setup { masked: vec!["MOVE"], ..Setup::default() })?)
}

#[test]
fn without_move_and_uidplus_nothing_is_lost() -> Result<()> {
    survives_kills(&Dovecot::start(&Setup { masked: vec!["MOVE", "UIDPLUS"], ..Setup::default() })?)
}
