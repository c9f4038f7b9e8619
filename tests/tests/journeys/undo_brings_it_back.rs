//! Every verb can be taken back: while it waits, and after the server has done it. Each godwitctl is a process of its own,
//! so every undo here comes after a restart.

use super::synced;
use anyhow::{Context, Result};
use godwit_tests::dovecot::{Dovecot, User};
use godwit_tests::godwitctl::Godwitctl;

const BOXES: [&str; 5] = ["INBOX", "Archive", "Trash", "Junk", "Sent"];

/// Where the server has the message, with its flags: exactly once.
fn place(dovecot: &Dovecot, user: &User) -> Result<(String, Vec<String>)> {
    let mut server = dovecot.mailbox(user)?;
    let mut found = Vec::new();
    for path in BOXES {
        found.extend(server.messages(path)?.into_iter().filter(|m| m.subject == "Winch").map(|m| (path.to_owned(), m.flags)));
    }
    assert_eq!(found.len(), 1, "{found:?}");
    found.pop().context("it is nowhere")
}

/// Each verb, and where the message is after it with which flag (a `!` before one that must not be there).
fn verbs(marit: &User) -> Vec<(Vec<String>, &'static str, &'static str)> {
    let own = |args: &[&str]| args.iter().map(|a| (*a).to_owned()).collect::<Vec<String>>();
    vec![
        (own(&["mark", "ID", "--flagged"]), "INBOX", "\\Flagged"),
        (own(&["mark", "ID", "--unseen"]), "INBOX", "!\\Seen"),
        (own(&["mark", "ID", "--label", "Work"]), "INBOX", "Work"),
        (own(&["move", "ID", "--to", &format!("{}/Sent", marit.address)]), "Sent", ""),
        (own(&["archive", "ID"]), "Archive", ""),
        (own(&["delete", "ID"]), "Trash", ""),
        (own(&["junk", "ID"]), "Junk", "$Junk"),
    ]
}

fn does(ctl: &Godwitctl, args: &[String], id: &str) -> Result<()> {
    let args: Vec<&str> = args.iter().map(|a| if a == "ID" { id } else { a.as_str() }).collect();
    ctl.ok(&args).map(drop)
}

fn start() -> Result<(&'static Dovecot, User, Godwitctl, String)> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Winch"])?;
    let id = ctl.id(&marit, "INBOX", "Winch")?;
    ctl.ok(&["mark", &id, "--seen"])?;
    ctl.ok(&["sync", "--bodies", "none"])?;
    Ok((dovecot, marit, ctl, id))
}

#[test]
fn what_waits_is_taken_back_and_the_server_never_hears_of_it() -> Result<()> {
    let (dovecot, marit, ctl, id) = start()?;
    let before = place(dovecot, &marit)?;
    let uid = dovecot.mailbox(&marit)?.messages("INBOX")?[0].uid;
    for (args, _, _) in verbs(&marit) {
        does(&ctl, &args, &id)?;
        ctl.ok(&["undo"])?;
        assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"], "after {args:?}");
    }
    ctl.ok(&["sync", "--bodies", "none"])?;
    assert_eq!(place(dovecot, &marit)?, before);
    assert_eq!(dovecot.mailbox(&marit)?.messages("INBOX")?[0].uid, uid, "it was moved away and back");
    Ok(())
}

#[test]
fn what_the_server_has_done_is_undone_there_too() -> Result<()> {
    let (dovecot, marit, ctl, id) = start()?;
    let before = place(dovecot, &marit)?;
    for (args, path, flag) in verbs(&marit) {
        does(&ctl, &args, &id)?;
        ctl.ok(&["sync", "--bodies", "none"])?;
        let (there, flags) = place(dovecot, &marit)?;
        assert_eq!(there, path, "after {args:?}");
        let has = |flag: &str| flags.iter().any(|f| f.eq_ignore_ascii_case(flag));
        match flag.strip_prefix('!') {
            Some(flag) => assert!(!has(flag), "{flags:?} after {args:?}"),
            None => assert!(flag.is_empty() || has(flag), "{flags:?} after {args:?}"),
        }
        ctl.ok(&["undo"])?;
        ctl.ok(&["sync", "--bodies", "none"])?;
        assert_eq!(place(dovecot, &marit)?, before, "after {args:?} was taken back");
        assert_eq!(ctl.id(&marit, "INBOX", "Winch")?, id);
    }
    Ok(())
}

#[test]
fn what_somebody_changed_since_is_left_and_told() -> Result<()> {
    let (dovecot, marit, ctl, id) = start()?;
    ctl.ok(&["archive", &id])?;
    ctl.ok(&["sync", "--bodies", "none"])?;
    let mut server = dovecot.mailbox(&marit)?;
    let uid = server.find("Archive", "Winch")?.context("no Winch")?.uid;
    server.move_to("Archive", uid, "Sent")?;
    ctl.ok(&["sync", "--bodies", "none"])?;
    assert!(ctl.ok(&["undo"])?.contains("changed elsewhere since"));
    ctl.ok(&["sync", "--bodies", "none"])?;
    assert_eq!(place(dovecot, &marit)?.0, "Sent");
    Ok(())
}
