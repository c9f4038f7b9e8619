//! Without a network everything works here, and the server hears of it later: once, and nothing that was taken back.

use super::{copies, letter};
use anyhow::Result;
use godwit_tests::dovecot::{Dovecot, User};
use godwit_tests::gate::Gate;
use godwit_tests::godwitctl::Godwitctl;

/// A synced person whose way to the server goes through a gate of their own.
fn behind_a_gate(dovecot: &Dovecot, subjects: &[&str]) -> Result<(User, Godwitctl, Gate)> {
    let marit = dovecot.user("marit");
    for subject in subjects {
        dovecot.deliver(&marit, &letter(subject))?;
    }
    let gate = Gate::before(dovecot.ports.imaps)?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add_at(&marit, gate.port, dovecot.ports.submissions)?;
    ctl.ok(&["sync"])?;
    Ok((marit, ctl, gate))
}

#[test]
fn an_archive_made_offline_reaches_the_server_once() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl, gate) = behind_a_gate(dovecot, &["Slipway", "Winch"])?;
    gate.shut();
    let id = ctl.id(&marit, "INBOX", "Winch")?;
    ctl.ok(&["archive", &id])?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Slipway"]);
    assert_eq!(ctl.subjects(&marit, "Archive")?, ["Winch"]);
    let told = ctl.fails(&["sync"])?;
    assert!(!told.trim().is_empty() && told.trim().lines().count() == 1, "{told}");
    assert_eq!(copies(dovecot, &marit, &["INBOX"], "Winch")?, 1);
    gate.open();
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    assert_eq!(copies(dovecot, &marit, &["INBOX"], "Winch")?, 0);
    assert_eq!(copies(dovecot, &marit, &["Archive"], "Winch")?, 1);
    assert_eq!(ctl.subjects(&marit, "Archive")?, ["Winch"]);
    assert_eq!(ctl.id(&marit, "Archive", "Winch")?, id, "the id did not survive the move");
    Ok(())
}

#[test]
fn what_was_undone_offline_never_reaches_the_server() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl, gate) = behind_a_gate(dovecot, &["Winch"])?;
    let uid = dovecot.mailbox(&marit)?.messages("INBOX")?[0].uid;
    gate.shut();
    ctl.ok(&["archive", &ctl.id(&marit, "INBOX", "Winch")?])?;
    ctl.ok(&["undo"])?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    gate.open();
    ctl.ok(&["sync"])?;
    let server = dovecot.mailbox(&marit)?.messages("INBOX")?;
    assert_eq!(server.iter().map(|m| m.uid).collect::<Vec<_>>(), [uid], "the message was moved away and back");
    Ok(())
}

#[test]
fn a_pushed_archive_can_be_undone() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl, _gate) = behind_a_gate(dovecot, &["Winch"])?;
    ctl.ok(&["archive", &ctl.id(&marit, "INBOX", "Winch")?])?;
    ctl.ok(&["sync"])?;
    ctl.ok(&["undo"])?;
    ctl.ok(&["sync"])?;
    assert_eq!(copies(dovecot, &marit, &["INBOX"], "Winch")?, 1);
    assert_eq!(copies(dovecot, &marit, &["Archive"], "Winch")?, 0);
    Ok(())
}

#[test]
fn moves_one_after_another_become_one_place() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl, gate) = behind_a_gate(dovecot, &["Winch"])?;
    gate.shut();
    let id = ctl.id(&marit, "INBOX", "Winch")?;
    ctl.ok(&["archive", &id])?;
    ctl.ok(&["mark", &id, "--flagged"])?;
    ctl.ok(&["delete", &id])?;
    gate.open();
    ctl.ok(&["sync"])?;
    let trash = dovecot.mailbox(&marit)?.messages("Trash")?;
    assert_eq!(trash.iter().map(|m| (m.subject.as_str(), m.has("\\Flagged"))).collect::<Vec<_>>(), [("Winch", true)]);
    assert_eq!(copies(dovecot, &marit, &["INBOX", "Archive"], "Winch")?, 0);
    Ok(())
}

#[test]
fn copies_made_offline_arrive_once_each() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl, gate) = behind_a_gate(dovecot, &["Winch"])?;
    gate.shut();
    let archive = format!("{}/Archive", marit.address);
    ctl.ok(&["copy", &ctl.id(&marit, "INBOX", "Winch")?, "--to", &archive])?;
    gate.open();
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    assert_eq!((copies(dovecot, &marit, &["INBOX"], "Winch")?, copies(dovecot, &marit, &["Archive"], "Winch")?), (1, 1));
    assert_eq!(ctl.subjects(&marit, "Archive")?, ["Winch"]);
    Ok(())
}
