//! The server forgets its numbering. What a person has here stays: ids, what waits, and the right number of equal copies.

use super::{letter, synced};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;

#[test]
fn messages_keep_their_ids_and_none_is_doubled() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway", "Winch", "Cradle"])?;
    let before = ctl.id(&marit, "INBOX", "Winch")?;
    dovecot.reset_uidvalidity(&marit, "INBOX")?;
    dovecot.deliver(&marit, &letter("after the reset"))?;
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    let mut subjects = ctl.subjects(&marit, "INBOX")?;
    subjects.sort();
    assert_eq!(subjects, ["Cradle", "Slipway", "Winch", "after the reset"]);
    assert_eq!(ctl.id(&marit, "INBOX", "Winch")?, before);
    Ok(())
}

#[test]
fn what_waited_is_done_to_the_right_message() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway", "Winch"])?;
    ctl.ok(&["mark", &ctl.id(&marit, "INBOX", "Winch")?, "--flagged"])?;
    // Another message goes first, so that every number means another message afterwards.
    let mut phone = dovecot.mailbox(&marit)?;
    let first = phone.find("INBOX", "Slipway")?.expect("the message is there");
    phone.expunge("INBOX", first.uid)?;
    drop(phone);
    dovecot.reset_uidvalidity(&marit, "INBOX")?;
    dovecot.deliver(&marit, &letter("Cradle"))?;
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    let server = dovecot.mailbox(&marit)?.messages("INBOX")?;
    let starred: Vec<&str> = server.iter().filter(|m| m.has("\\Flagged")).map(|m| m.subject.as_str()).collect();
    assert_eq!(starred, ["Winch"]);
    Ok(())
}

#[test]
fn of_two_equal_copies_the_second_never_vanishes() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Winch", "Winch"])?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch", "Winch"]);
    ctl.ok(&["delete", &ctl.id(&marit, "INBOX", "Winch")?])?;
    dovecot.reset_uidvalidity(&marit, "INBOX")?;
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    let left = super::copies(dovecot, &marit, &["INBOX", "Trash"], "Winch")?;
    assert_eq!(left, 2, "a copy is gone for good");
    assert!(super::copies(dovecot, &marit, &["INBOX"], "Winch")? >= 1);
    Ok(())
}
