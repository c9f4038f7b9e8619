//! Folders: made, renamed and deleted here or elsewhere, and the one for sent mail.

use super::{At, letter};
use anyhow::{Context, Result, ensure};
use godwit_tests::servers::Kind;
use std::time::Duration;

pub fn folders_are_made_renamed_and_deleted(kind: Kind) -> Result<()> {
    let at = At::with(kind, &[])?;
    at.ctl.ok(&["mailbox", "create", &at.named(&["B\u{e5}thus & co"])])?;
    let (made, renamed) = (at.path(&["B&AOU-thus &- co"]), at.path(&["Nordnes"]));
    ensure!(at.oracle()?.mailboxes()?.contains(&made), "{made} was not made");
    at.oracle()?.append(&made, "", &letter("Keel"))?;
    at.sync()?;
    at.ctl.ok(&["mailbox", "rename", &at.named(&["B\u{e5}thus & co"]), &renamed])?;
    let names = at.oracle()?.mailboxes()?;
    ensure!(names.contains(&renamed) && !names.contains(&made), "{names:?}");
    at.sync()?;
    at.both_have("Nordnes", &["Keel"])?;
    at.ctl.ok(&["mailbox", "delete", &at.named(&["Nordnes"])])?;
    ensure!(!at.oracle()?.mailboxes()?.contains(&renamed), "the folder is still on the server");
    ensure!(at.mailbox(&renamed)?.is_none(), "the folder is still shown");
    Ok(())
}

pub fn a_sent_mail_has_its_copy_in_sent(kind: Kind) -> Result<()> {
    let at = At::with(kind, &[])?;
    let from = &at.marit.address;
    let mail = format!(
        "From: Marit Solheim <{from}>\r\nTo: jonas@lindqvist-dahl.example\r\nSubject: Keel\r\nDate: Thu, 19 Nov 2026 09:42:00 +0100\r\n\
         Message-ID: <keel.{from}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe keel is laid.\r\n"
    );
    let ended = at.ctl.run_with(&["send", "-", "--account", from], &mail)?;
    ensure!(ended.code == 0, "{}", ended.stderr);
    let taken = at.server.submission.wait_for(from, 1, Duration::from_secs(10))?;
    ensure!(taken.len() == 1, "{} mails went out", taken.len());
    at.sync()?;
    at.both_have("Sent", &["Keel"])?;
    let sent = at.oracle()?.messages(&at.path(&["Sent"]))?;
    ensure!(sent.iter().all(|m| m.has("\\Seen")), "{sent:?}");
    Ok(())
}

pub fn a_folder_renamed_elsewhere_keeps_its_mail(kind: Kind) -> Result<()> {
    let at = At::new(kind)?;
    let mut oracle = at.oracle()?;
    let (old, new) = (at.path(&["Boathouse"]), at.path(&["Nordnes"]));
    oracle.command(&format!("CREATE \"{old}\""))?;
    oracle.append(&old, "", &letter("Keel"))?;
    oracle.append(&old, "", &letter("Mast"))?;
    at.add()?;
    // A star is on its way into the folder under its old name.
    at.ctl.ok(&["mark", &at.id("Boathouse", "Mast")?, "--flagged"])?;
    oracle.command(&format!("RENAME \"{old}\" \"{new}\""))?;
    // The star may be told as undone: its folder went. Mail must not suffer.
    at.ctl.run(&["sync"])?;
    at.sync()?;
    ensure!(at.mailbox(&old)?.is_none(), "the old name is still shown");
    at.both_have("Nordnes", &["Keel", "Mast"])
}

pub fn a_folder_deleted_elsewhere_goes_and_mail_goes_on(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel"])?;
    let folder = at.path(&["Boathouse"]);
    at.ctl.ok(&["mailbox", "create", &at.named(&["Boathouse"])])?;
    // A move is on its way there.
    at.ctl.ok(&["move", &at.id("INBOX", "Keel")?, "--to", &at.named(&["Boathouse"])])?;
    let mut oracle = at.oracle()?;
    oracle.command(&format!("DELETE \"{folder}\""))?;
    oracle.append("INBOX", "", &letter("Mast"))?;
    // The first one may say that the folder is gone.
    at.ctl.run(&["sync"])?;
    at.sync()?;
    at.both_have("INBOX", &["Keel", "Mast"]).context("the message on its way must come back")?;
    ensure!(at.mailbox(&folder)?.is_none(), "the folder is still shown");
    Ok(())
}
