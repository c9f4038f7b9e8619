//! An account is added and its mail is there: every folder, newest first, byte for byte.

use super::{letter, synced};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::godwitctl::Godwitctl;
use godwit_tests::sample;
use time::OffsetDateTime;

#[test]
fn every_folder_of_the_server_is_listed_with_its_role_and_counts() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.import(&marit, "Boathouse", &sample::plain(3, 40, OffsetDateTime::now_utc()))?;
    dovecot.import(&marit, "日本 2027", &sample::plain(4, 7, OffsetDateTime::now_utc()))?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    let mailboxes = ctl.json(&["mailboxes"])?;
    let find = |path: &str| mailboxes.as_array().and_then(|all| all.iter().find(|m| m["path"] == path).cloned());
    for (path, role) in [("INBOX", "inbox"), ("Drafts", "drafts"), ("Sent", "sent"), ("Archive", "archive"), ("Junk", "junk")] {
        assert_eq!(find(path).map(|m| m["role"].clone()), Some(role.into()), "{path} in {mailboxes}");
    }
    assert_eq!(find("Boathouse").map(|m| m["messages"].clone()), Some(40.into()));
    assert_eq!(find("日本 2027").map(|m| m["messages"].clone()), Some(7.into()));
    let unread = dovecot.mailbox(&marit)?.messages("Boathouse")?.iter().filter(|m| !m.has("\\Seen")).count();
    assert_eq!(find("Boathouse").map(|m| m["unread"].clone()), Some(unread.into()));
    Ok(())
}

#[test]
fn the_newest_mail_stands_first_and_pages_do_not_overlap() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let mail = sample::plain(5, 130, OffsetDateTime::now_utc());
    dovecot.import(&marit, "INBOX", &mail)?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    let rows = ctl.list(&marit, "INBOX")?;
    assert_eq!(rows.len(), 130);
    let dates: Vec<&str> = rows.iter().filter_map(|r| r["date"].as_str()).collect();
    assert!(dates.is_sorted_by(|a, b| a >= b), "{dates:?}");
    let inbox = format!("{}/INBOX", marit.address);
    let page = ctl.json(&["list", &inbox, "--limit", "10", "--offset", "20"])?;
    assert_eq!(page.as_array().map(Vec::as_slice), rows.get(20..30));
    Ok(())
}

#[test]
fn a_message_is_shown_byte_for_byte_as_the_server_has_it() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway drawings"])?;
    let id = ctl.id(&marit, "INBOX", "Slipway drawings")?;
    let shown = ctl.command(&["show", &id, "--raw"])?.output()?;
    let mut mailbox = dovecot.mailbox(&marit)?;
    let uid = mailbox.messages("INBOX")?[0].uid;
    assert!(shown.stdout == mailbox.raw("INBOX", uid)?, "{}", String::from_utf8_lossy(&shown.stdout));
    assert!(ctl.ok(&["show", &id, "--text"])?.contains("The winch sits 40 cm further back."));
    let unseen = dovecot.mailbox(&marit)?.messages("INBOX")?;
    assert!(!unseen[0].has("\\Seen"), "reading on the command line marked the message as read");
    Ok(())
}

#[test]
fn a_second_sync_brings_only_what_is_new() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["first", "second"])?;
    let before = ctl.id(&marit, "INBOX", "first")?;
    let quiet = ctl.json(&["sync"])?;
    let sum = |key: &str| quiet.as_array().map(|all| all.iter().filter_map(|m| m[key].as_u64()).sum::<u64>());
    assert_eq!((sum("added"), sum("changed"), sum("removed"), sum("pushed")), (Some(0), Some(0), Some(0), Some(0)), "{quiet}");
    dovecot.deliver(&marit, &letter("third"))?;
    let loud = ctl.json(&["sync"])?;
    let inbox = loud.as_array().and_then(|all| all.iter().find(|m| m["mailbox"] == "INBOX"));
    assert_eq!(inbox.map(|m| m["added"].clone()), Some(1.into()), "{loud}");
    assert_eq!(ctl.subjects(&marit, "INBOX")?.len(), 3);
    assert_eq!(ctl.id(&marit, "INBOX", "first")?, before);
    Ok(())
}

#[test]
fn a_server_with_few_capabilities_is_synced_all_the_same() -> Result<()> {
    let masked = vec![
        "QRESYNC",
        "CONDSTORE",
        "ENABLE",
        "MOVE",
        "UIDPLUS",
        "LIST-EXTENDED",
        "LIST-STATUS",
        "SPECIAL-USE",
        "ESEARCH",
        "COMPRESS=DEFLATE",
        "LITERAL+",
        "PREVIEW",
        "PREVIEW=FUZZY",
        "SNIPPET=FUZZY",
        "STATUS=SIZE",
        "NAMESPACE",
        "IDLE",
        "NOTIFY",
        "SASL-IR",
        "BINARY",
        "SAVEDATE",
    ];
    let dovecot = Dovecot::start(&godwit_tests::dovecot::Setup { masked, ..Default::default() })?;
    let marit = dovecot.user("marit");
    let mut mail = sample::plain(6, 60, OffsetDateTime::now_utc());
    dovecot.import(&marit, "INBOX", &mail)?;
    let ctl = Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    assert_eq!(ctl.list(&marit, "INBOX")?.len(), 60);
    // Another device removes one and reads one; without QRESYNC both must still be noticed.
    mail.clear();
    let mut mailbox = dovecot.mailbox(&marit)?;
    let all = mailbox.messages("INBOX")?;
    mailbox.expunge("INBOX", all[10].uid)?;
    mailbox.store("INBOX", all[20].uid, "+FLAGS (\\Flagged)")?;
    ctl.ok(&["sync"])?;
    let rows = ctl.list(&marit, "INBOX")?;
    assert_eq!(rows.len(), 59);
    let starred = rows.iter().find(|r| r["uid"] == all[20].uid).map(|r| r["flags"].to_string()).unwrap_or_default();
    assert!(starred.contains("Flagged"), "{starred}");
    Ok(())
}
