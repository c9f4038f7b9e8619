//! Two machines on one account: whatever either does, both and the server end the same.

use super::{letter, synced};
use anyhow::Result;
use godwit_tests::dovecot::{Dovecot, User};
use godwit_tests::godwitctl::Godwitctl;

/// A second machine of the same person, synced.
fn second(dovecot: &Dovecot, marit: &User) -> Result<Godwitctl> {
    let other = Godwitctl::new(dovecot)?;
    other.add(dovecot, marit)?;
    other.ok(&["sync"])?;
    Ok(other)
}

fn flags(ctl: &Godwitctl, user: &User, subject: &str) -> Result<Vec<String>> {
    let rows = ctl.list(user, "INBOX")?;
    let row = rows.iter().find(|r| r["subject"] == subject);
    let list = row.and_then(|r| r["flags"].as_array().cloned()).unwrap_or_default();
    let mut flags: Vec<String> = list.iter().filter_map(|f| f.as_str().map(str::to_owned)).collect();
    flags.sort();
    Ok(flags)
}

#[test]
fn a_star_on_one_machine_is_a_star_on_the_other() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, laptop) = synced(dovecot, &["Slipway", "Winch"])?;
    let desk = second(dovecot, &marit)?;
    laptop.ok(&["mark", &laptop.id(&marit, "INBOX", "Winch")?, "--flagged", "--seen"])?;
    laptop.ok(&["sync"])?;
    desk.ok(&["sync"])?;
    assert_eq!(flags(&desk, &marit, "Winch")?, ["\\Flagged", "\\Seen"]);
    assert!(flags(&desk, &marit, "Slipway")?.is_empty());
    desk.ok(&["mark", &desk.id(&marit, "INBOX", "Winch")?, "--unflagged"])?;
    desk.ok(&["sync"])?;
    laptop.ok(&["sync"])?;
    assert_eq!(flags(&laptop, &marit, "Winch")?, ["\\Seen"]);
    Ok(())
}

#[test]
fn flags_set_on_both_sides_at_once_are_all_kept() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, laptop) = synced(dovecot, &["Slipway"])?;
    let desk = second(dovecot, &marit)?;
    laptop.ok(&["mark", &laptop.id(&marit, "INBOX", "Slipway")?, "--flagged", "--label", "Boats"])?;
    desk.ok(&["mark", &desk.id(&marit, "INBOX", "Slipway")?, "--seen"])?;
    laptop.ok(&["sync"])?;
    desk.ok(&["sync"])?;
    laptop.ok(&["sync"])?;
    let server = dovecot.mailbox(&marit)?.messages("INBOX")?;
    assert_eq!(server[0].flags, ["Boats", "\\Flagged", "\\Seen"]);
    assert_eq!(flags(&laptop, &marit, "Slipway")?, flags(&desk, &marit, "Slipway")?);
    Ok(())
}

#[test]
fn a_message_moved_on_one_machine_moves_on_the_other() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, laptop) = synced(dovecot, &["Slipway", "Winch"])?;
    let desk = second(dovecot, &marit)?;
    laptop.ok(&["archive", &laptop.id(&marit, "INBOX", "Winch")?])?;
    laptop.ok(&["sync"])?;
    desk.ok(&["sync"])?;
    assert_eq!(desk.subjects(&marit, "INBOX")?, ["Slipway"]);
    assert_eq!(desk.subjects(&marit, "Archive")?, ["Winch"]);
    Ok(())
}

#[test]
fn both_move_the_same_message_and_it_is_in_one_place() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, laptop) = synced(dovecot, &["Winch"])?;
    let desk = second(dovecot, &marit)?;
    laptop.ok(&["archive", &laptop.id(&marit, "INBOX", "Winch")?])?;
    desk.ok(&["junk", &desk.id(&marit, "INBOX", "Winch")?])?;
    laptop.ok(&["sync"])?;
    // The later one may be told that the message has gone elsewhere; it must not fail or double it.
    desk.ok(&["sync"])?;
    laptop.ok(&["sync"])?;
    desk.ok(&["sync"])?;
    assert_eq!(super::copies(dovecot, &marit, &["INBOX", "Archive", "Junk"], "Winch")?, 1);
    let lies = |ctl: &Godwitctl| -> Result<Vec<String>> {
        let boxes = ["INBOX", "Archive", "Junk"].into_iter();
        boxes.map(|path| Ok(format!("{path}: {:?}", ctl.subjects(&marit, path)?))).collect()
    };
    assert_eq!(lies(&laptop)?, lies(&desk)?);
    Ok(())
}

#[test]
fn what_another_program_deletes_goes_here_too() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway", "Winch"])?;
    let mut phone = dovecot.mailbox(&marit)?;
    let gone = phone.find("INBOX", "Winch")?.expect("the message is there");
    phone.expunge("INBOX", gone.uid)?;
    dovecot.deliver(&marit, &letter("Cradle"))?;
    ctl.ok(&["sync"])?;
    let mut left = ctl.subjects(&marit, "INBOX")?;
    left.sort();
    assert_eq!(left, ["Cradle", "Slipway"]);
    Ok(())
}

#[test]
fn a_move_into_a_folder_that_another_device_deleted_is_taken_back_and_mail_goes_on() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, laptop) = synced(dovecot, &["Winch"])?;
    let folder = format!("{}/Boathouse", marit.address);
    laptop.ok(&["mailbox", "create", &folder])?;
    laptop.ok(&["move", &laptop.id(&marit, "INBOX", "Winch")?, "--to", &folder])?;
    dovecot.doveadm(&["mailbox", "delete", "-u", &marit.address, "Boathouse"])?;
    laptop.ok(&["sync"])?;
    dovecot.deliver(&marit, &letter("Cradle"))?;
    laptop.ok(&["sync"])?;
    let mut here = laptop.subjects(&marit, "INBOX")?;
    here.sort();
    assert_eq!(here, ["Cradle", "Winch"]);
    assert_eq!(super::copies(dovecot, &marit, &["INBOX"], "Winch")?, 1);
    Ok(())
}
