//! What is on the server comes here: folders, bytes, flags, removals, a new numbering.

use super::{At, letter};
use anyhow::{Context, Result, ensure};
use godwit_tests::servers::Kind;

/// A folder with letters beyond ASCII, as people read it and as it goes over the wire; and one with a sign beyond 16 bits.
const BERRIES: (&str, &str) = ("Bl\u{e5}b\u{e6}r & \u{f8}l", "Bl&AOU-b&AOY-r &- &APg-l");
const FERRY: (&str, &str) = ("Bl\u{e5}b\u{e6}r & \u{f8}l \u{1f6a4}", "Bl&AOU-b&AOY-r &- &APg-l &2D3epA-");

pub fn a_first_sync_brings_every_folder_and_every_byte(kind: Kind) -> Result<()> {
    let at = At::new(kind)?;
    let mut oracle = at.oracle()?;
    let (name, encoded) = if kind.takes_emoji() { FERRY } else { BERRIES };
    let (outer, inner, wire) = (at.path(&["Boathouse"]), at.path(&["Boathouse", name]), at.path(&["Boathouse", encoded]));
    for folder in [&outer, &wire] {
        oracle.command(&format!("CREATE \"{folder}\""))?;
        oracle.append(folder, "\\Seen", &letter("Slipway"))?;
        oracle.append(folder, "", &letter("Winch"))?;
    }
    for subject in ["Cradle", "Keel", "Mast"] {
        oracle.append("INBOX", "", &letter(subject))?;
    }
    at.add()?;
    for (path, name, messages, unread) in [("INBOX", "Inbox", 3, 3), (&outer, "Boathouse", 2, 1), (&inner, name, 2, 1)] {
        let mailbox = at.mailbox(path)?.with_context(|| format!("{path} is not listed"))?;
        ensure!(mailbox["name"] == name && mailbox["messages"] == messages && mailbox["unread"] == unread, "{mailbox}");
    }
    let uid = oracle.find("INBOX", "Keel")?.context("the message is on the server")?.uid;
    let shown = at.ctl.command(&["show", &at.id("INBOX", "Keel")?, "--raw"])?.output()?;
    ensure!(shown.stdout == oracle.raw("INBOX", uid)?, "{}", String::from_utf8_lossy(&shown.stdout));
    ensure!(oracle.messages("INBOX")?.iter().all(|m| !m.has("\\Seen")), "reading marked a message as read");
    // A second look costs nothing and changes nothing.
    let quiet = at.ctl.json(&["sync"])?;
    let counts = quiet.as_array().context("sync printed no array")?.iter();
    let sum: u64 = counts.flat_map(|m| ["added", "changed", "removed", "pushed"].map(|k| m[k].as_u64().unwrap_or(1))).sum();
    ensure!(sum == 0, "{quiet}");
    Ok(())
}

pub fn flags_travel_both_ways(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel", "Mast"])?;
    at.ctl.ok(&["mark", &at.id("INBOX", "Keel")?, "--seen", "--flagged", "--label", "Boats"])?;
    at.sync()?;
    let mut oracle = at.oracle()?;
    let keel = oracle.find("INBOX", "Keel")?.context("the message is on the server")?;
    ensure!(keel.flags == ["Boats", "\\Flagged", "\\Seen"], "{:?}", keel.flags);
    oracle.store("INBOX", keel.uid, "-FLAGS (\\Flagged)")?;
    oracle.store("INBOX", keel.uid, "+FLAGS (\\Answered)")?;
    let mast = oracle.find("INBOX", "Mast")?.context("the other one too")?;
    ensure!(mast.flags.is_empty(), "{:?}", mast.flags);
    oracle.store("INBOX", mast.uid, "+FLAGS (\\Seen)")?;
    at.sync()?;
    let rows = at.ctl.list(&at.marit, "INBOX")?;
    let flags = |subject: &str| {
        let row = rows.iter().find(|r| r["subject"] == subject);
        let words = |key: &str| row.and_then(|r| r[key].as_array()).into_iter().flatten().filter_map(|f| f.as_str());
        let mut all: Vec<String> = words("labels").chain(words("flags")).map(str::to_owned).collect();
        all.sort();
        all
    };
    ensure!(flags("Keel") == ["Boats", "\\Answered", "\\Seen"], "{rows:?}");
    ensure!(flags("Mast") == ["\\Seen"], "{rows:?}");
    Ok(())
}

/// Where the server names its messages (OBJECTID) a copy is known for what it is, and can be read without another look at it.
pub fn a_copy_made_elsewhere_is_the_same_message(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel", "Mast"])?;
    let mut oracle = at.oracle()?;
    let keel = oracle.find("INBOX", "Keel")?.context("the message is on the server")?;
    let raw = oracle.raw("INBOX", keel.uid)?;
    let boathouse = at.path(&["Boathouse"]);
    oracle.command(&format!("CREATE \"{boathouse}\""))?;
    oracle.select("INBOX")?;
    oracle.command(&format!("UID COPY {} \"{boathouse}\"", keel.uid))?;
    at.ctl.ok(&["sync", "--bodies", "none"])?;
    at.both_have("INBOX", &["Keel", "Mast"])?;
    at.both_have("Boathouse", &["Keel"])?;
    let show = |folder: &str| at.ctl.command(&["show", &at.id(folder, "Keel")?, "--raw"])?.output().context("show the copy");
    if kind.names_messages() {
        at.gate.shut();
        ensure!(show("Boathouse")?.stdout == raw, "its text is here, from the other folder");
        at.gate.open();
    }
    // What goes from one folder stays in the other, with its text.
    oracle.expunge("INBOX", keel.uid)?;
    at.ctl.ok(&["sync", "--bodies", "none"])?;
    at.both_have("INBOX", &["Mast"])?;
    at.both_have("Boathouse", &["Keel"])?;
    ensure!(show("Boathouse")?.stdout == raw, "the copy has lost its text");
    Ok(())
}

pub fn a_message_deleted_elsewhere_goes_here(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel", "Mast", "Winch"])?;
    let mut oracle = at.oracle()?;
    let mast = oracle.find("INBOX", "Mast")?.context("the message is on the server")?;
    // It is gone while a star for it waits here: the star has nowhere to go, and nothing else may suffer.
    at.ctl.ok(&["mark", &at.id("INBOX", "Mast")?, "--flagged"])?;
    oracle.expunge("INBOX", mast.uid)?;
    oracle.append("INBOX", "", &letter("Cradle"))?;
    at.sync()?;
    at.sync()?;
    at.both_have("INBOX", &["Cradle", "Keel", "Winch"])?;
    ensure!(at.oracle()?.messages("INBOX")?.iter().all(|m| m.flags.is_empty()), "another message got the star");
    Ok(())
}

pub fn mail_is_found_again_when_the_server_numbers_it_anew(kind: Kind) -> Result<()> {
    let at = At::new(kind)?;
    let mut oracle = at.oracle()?;
    let (folder, aside) = (at.path(&["Boathouse"]), at.path(&["Aside"]));
    oracle.command(&format!("CREATE \"{folder}\""))?;
    for subject in ["Cradle", "Slipway", "Winch"] {
        oracle.append(&folder, "", &letter(subject))?;
    }
    at.add()?;
    let (before, validity) = (at.id("Boathouse", "Winch")?, oracle.select(&folder)?);
    at.ctl.ok(&["mark", &before, "--flagged"])?;
    // A folder of the same name with the same mail but one, copied in another order: each number names another message.
    oracle.command("UNSELECT").or_else(|_| oracle.command("CLOSE"))?;
    // Courier numbers by the second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    oracle.command(&format!("RENAME \"{folder}\" \"{aside}\""))?;
    oracle.command(&format!("CREATE \"{folder}\""))?;
    for subject in ["Winch", "Cradle"] {
        let uid = oracle.find(&aside, subject)?.context("the message was set aside")?.uid;
        oracle.command(&format!("UID COPY {uid} \"{folder}\""))?;
    }
    oracle.command("UNSELECT").or_else(|_| oracle.command("CLOSE"))?;
    oracle.command(&format!("DELETE \"{aside}\""))?;
    ensure!(oracle.select(&folder)? != validity, "the server kept its numbering, so nothing is proved");
    at.sync()?;
    at.sync()?;
    at.both_have("Boathouse", &["Cradle", "Winch"])?;
    ensure!(at.id("Boathouse", "Winch")? == before, "the id did not survive");
    let starred = at.oracle()?.messages(&folder)?.into_iter().filter(|m| m.has("\\Flagged"));
    ensure!(starred.map(|m| m.subject).collect::<Vec<_>>() == ["Winch"], "the star went to another message");
    Ok(())
}
