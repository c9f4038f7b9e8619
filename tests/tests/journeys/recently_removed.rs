//! What was removed for good can come back for a week: whole, with its flags and its date.

use super::{letter, synced};
use anyhow::{Context, Result};
use godwit_tests::dovecot::Dovecot;

#[test]
fn trash_is_emptied_only_when_asked_and_what_was_in_it_can_come_back() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Winch", "Slipway"])?;
    let id = ctl.id(&marit, "INBOX", "Winch")?;
    ctl.ok(&["mark", &id, "--flagged", "--label", "Work"])?;
    ctl.ok(&["delete", &id])?;
    ctl.ok(&["sync", "--bodies", "none"])?;
    let mut server = dovecot.mailbox(&marit)?;
    let lying = server.find("Trash", "Winch")?.context("no Winch in Trash")?;
    let raw = server.raw("Trash", lying.uid)?;
    let trash = format!("{}/Trash", marit.address);
    let unasked = ctl.run(&["mailbox", "empty", &trash])?;
    assert_eq!(unasked.code, 2, "{}", unasked.stderr);
    ctl.ok(&["mailbox", "empty", &trash, "--yes"])?;
    assert!(ctl.subjects(&marit, "Trash")?.is_empty());
    ctl.ok(&["sync"])?;
    assert!(server.messages("Trash")?.is_empty());
    let removed = ctl.json(&["removed", &marit.address])?;
    assert_eq!((removed[0]["subject"].as_str(), removed[0]["comes_back"].as_str()), (Some("Winch"), Some("possible")));
    ctl.ok(&["restore", &removed[0]["id"].to_string()])?;
    assert_eq!(ctl.json(&["removed", &marit.address])?[0]["comes_back"], "waiting");
    ctl.ok(&["sync"])?;
    let back = server.find("INBOX", "Winch")?.context("no Winch in the inbox")?;
    assert!(back.has("\\Flagged") && back.has("Work"), "{back:?}");
    assert!(server.raw("INBOX", back.uid)? == raw, "the bytes differ");
    assert_eq!(ctl.id(&marit, "INBOX", "Winch")?, id, "it has its old id");
    assert_eq!(ctl.json(&["removed", &marit.address])?.as_array().map(Vec::len), Some(0));
    assert_eq!(server.messages("INBOX")?.len(), 2);
    Ok(())
}

#[test]
fn what_another_device_removed_comes_back_where_it_lay() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Winch"])?;
    ctl.ok(&["sync", "--bodies", "all"])?;
    let mut server = dovecot.mailbox(&marit)?;
    server.append("Archive", "", &letter("Slipway"))?;
    let uid = server.find("INBOX", "Winch")?.context("no Winch")?.uid;
    server.expunge("INBOX", uid)?;
    ctl.ok(&["sync", "--bodies", "none"])?;
    let removed = ctl.json(&["removed", &marit.address])?;
    let id = removed[0]["id"].to_string();
    assert_eq!(removed[0]["mailbox"], "INBOX");
    ctl.ok(&["restore", &id])?;
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    assert_eq!(server.messages("INBOX")?.len(), 1);
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    assert!(ctl.fails(&["restore", &id])?.contains("not among the removed"));
    Ok(())
}
