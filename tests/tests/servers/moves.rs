//! What a person does to messages reaches the server: once, to the right one, and whatever happens on the way.

use super::At;
use anyhow::{Context, Result, ensure};
use godwit_tests::servers::Kind;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

pub fn a_moved_message_is_in_one_place(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel", "Mast"])?;
    let folder = at.named(&["Boathouse"]);
    at.ctl.ok(&["mailbox", "create", &folder])?;
    let id = at.id("INBOX", "Mast")?;
    at.ctl.ok(&["move", &id, "--to", &folder])?;
    at.sync()?;
    at.both_have("INBOX", &["Keel"])?;
    at.both_have("Boathouse", &["Mast"])?;
    ensure!(at.id("Boathouse", "Mast")? == id, "the id did not survive the move");
    // And back, by undo.
    at.ctl.ok(&["undo"])?;
    at.sync()?;
    at.both_have("INBOX", &["Keel", "Mast"])?;
    at.both_have("Boathouse", &[])
}

pub fn a_copy_is_in_both_places(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel"])?;
    let folder = at.named(&["Boathouse"]);
    at.ctl.ok(&["mailbox", "create", &folder])?;
    at.ctl.ok(&["copy", &at.id("INBOX", "Keel")?, "--to", &folder])?;
    at.sync()?;
    at.sync()?;
    at.both_have("INBOX", &["Keel"])?;
    at.both_have("Boathouse", &["Keel"])
}

pub fn what_is_deleted_is_in_the_trash_and_then_gone(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel", "Mast", "Winch"])?;
    // Another program has marked a message and not removed it: that is not ours to carry out.
    let mut oracle = at.oracle()?;
    let winch = oracle.find("INBOX", "Winch")?.context("the message is on the server")?.uid;
    at.ctl.ok(&["delete", &at.id("INBOX", "Mast")?])?;
    at.sync()?;
    at.both_have("INBOX", &["Keel", "Winch"])?;
    at.both_have("Trash", &["Mast"])?;
    oracle.store("INBOX", winch, "+FLAGS (\\Deleted)")?;
    drop(oracle);
    at.ctl.ok(&["delete", "--for-good", &at.id("INBOX", "Keel")?])?;
    at.ctl.ok(&["delete", "--for-good", &at.id("Trash", "Mast")?])?;
    at.sync()?;
    at.sync()?;
    at.both_have("Trash", &[])?;
    ensure!(!at.here("INBOX")?.contains(&"Keel".to_owned()), "what was deleted for good is still shown");
    let left = at.oracle()?.messages("INBOX")?;
    ensure!(left.iter().any(|m| m.subject == "Winch"), "a message that another program marked was removed");
    ensure!(left.iter().all(|m| m.subject != "Keel" || m.has("\\Deleted")), "{left:?}");
    Ok(())
}

pub fn an_archive_made_offline_reaches_the_server_once(kind: Kind) -> Result<()> {
    let at = At::with(kind, &["Keel", "Mast"])?;
    at.gate.shut();
    let id = at.id("INBOX", "Mast")?;
    at.ctl.ok(&["archive", &id])?;
    ensure!(at.here("INBOX")? == ["Keel"], "the message did not leave the inbox at once");
    let told = at.ctl.fails(&["sync"])?;
    ensure!(told.trim().lines().count() == 1, "{told}");
    ensure!(at.there("INBOX")? == ["Keel", "Mast"], "the server was changed through a shut gate");
    at.gate.open();
    at.sync()?;
    at.sync()?;
    at.both_have("INBOX", &["Keel"])?;
    at.both_have("Archive", &["Mast"])?;
    ensure!(at.id("Archive", "Mast")? == id, "the id did not survive the move");
    Ok(())
}

/// Rounds of archive, sync and kill; each lets more of the conversation happen before the end.
const ROUNDS: u64 = 5;

pub fn killed_during_moves_nothing_is_lost_or_doubled(kind: Kind) -> Result<()> {
    let subjects: Vec<String> = (0..ROUNDS).map(|n| format!("Plank {n}")).collect();
    let names: Vec<&str> = subjects.iter().map(String::as_str).collect();
    let at = At::with(kind, &names)?;
    // How much is said when nothing breaks.
    let began = at.gate.bytes_to_server();
    at.ctl.ok(&["archive", &at.id("INBOX", names[0])?])?;
    at.sync()?;
    let (whole, mut struck) = (at.gate.bytes_to_server() - began, 0);
    for (round, subject) in names.iter().enumerate().skip(1) {
        at.ctl.ok(&["archive", &at.id("INBOX", subject)?])?;
        let before = at.gate.bytes_to_server();
        let mut child = at.ctl.spawn(&["sync"])?;
        let (start, bytes) = (Instant::now(), whole * round as u64 / ROUNDS);
        while at.gate.bytes_to_server() < before + bytes
            && child.try_wait()?.is_none()
            && start.elapsed() < Duration::from_secs(20)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill()?;
        struck += usize::from(child.wait()?.signal().is_some());
    }
    ensure!(struck > 0, "none was killed before it was done");
    at.sync()?;
    at.sync()?;
    at.both_have("INBOX", &[])?;
    at.both_have("Archive", &names)
}
