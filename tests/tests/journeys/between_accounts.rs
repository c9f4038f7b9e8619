//! Mail moves and is copied from one account into another: whole, once, and given up at its source only when it has landed.

use super::letter;
use anyhow::{Context, Result};
use godwit_tests::dovecot::{Dovecot, Setup, User};
use godwit_tests::gate::Gate;
use godwit_tests::godwitctl::Godwitctl;
use std::time::{Duration, Instant};

/// Marit's mail moves to her account at the club; each account has a gate of its own.
struct Two<'a> {
    dovecot: &'a Dovecot,
    from: User,
    to: User,
    from_gate: Gate,
    to_gate: Gate,
    ctl: Godwitctl,
}

impl<'a> Two<'a> {
    fn with(dovecot: &'a Dovecot, letters: &[Vec<u8>]) -> Result<Self> {
        let (from, to) = (dovecot.user("marit"), dovecot.user("club"));
        let mut inbox = dovecot.mailbox(&from)?;
        for letter in letters {
            inbox.append("INBOX", "", letter)?;
        }
        let (from_gate, to_gate) = (Gate::before(dovecot.ports.imaps)?, Gate::before(dovecot.ports.imaps)?);
        let ctl = Godwitctl::new(dovecot)?;
        ctl.add_at(&from, from_gate.port, dovecot.ports.submissions)?;
        ctl.add_at(&to, to_gate.port, dovecot.ports.submissions)?;
        ctl.ok(&["sync"])?;
        Ok(Self { dovecot, from, to, from_gate, to_gate, ctl })
    }

    fn move_over(&self, subject: &str) -> Result<String> {
        let id = self.ctl.id(&self.from, "INBOX", subject)?;
        self.ctl.ok(&["move", &id, "--to", &format!("{}/Archive", self.to.address)])?;
        Ok(id)
    }

    /// Subjects on the server: in the old inbox, in the new archive. What is only marked as deleted does not count.
    fn on_server(&self) -> Result<(Vec<String>, Vec<String>)> {
        let live = |user: &User, path: &str| -> Result<Vec<String>> {
            let mail = self.dovecot.mailbox(user)?.messages(path)?;
            let mut live: Vec<String> = mail.into_iter().filter(|m| !m.has("\\Deleted")).map(|m| m.subject).collect();
            live.sort();
            Ok(live)
        };
        Ok((live(&self.from, "INBOX")?, live(&self.to, "Archive")?))
    }

    /// The same as the profile shows it.
    fn here(&self) -> Result<(Vec<String>, Vec<String>)> {
        let mut here = (self.ctl.subjects(&self.from, "INBOX")?, self.ctl.subjects(&self.to, "Archive")?);
        here.0.sort();
        here.1.sort();
        Ok(here)
    }
}

fn all(subjects: &[&str]) -> Vec<String> {
    subjects.iter().map(|s| (*s).to_owned()).collect()
}

fn dated(dovecot: &Dovecot, user: &User, path: &str) -> Result<String> {
    let mut mailbox = dovecot.mailbox(user)?;
    mailbox.select(path)?;
    let answers = mailbox.command("UID FETCH 1:* (INTERNALDATE)")?;
    let line = answers.iter().find_map(|a| a.line.split_once("INTERNALDATE \"")).context("no INTERNALDATE")?;
    Ok(line.1.split('"').next().unwrap_or_default().to_owned())
}

#[test]
fn a_message_moves_whole_with_its_flags_its_date_and_its_id() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let two = Two::with(dovecot, &[letter("Slipway"), letter("Winch")])?;
    let uid = dovecot.mailbox(&two.from)?.find("INBOX", "Winch")?.context("no Winch")?.uid;
    dovecot.mailbox(&two.from)?.store("INBOX", uid, "+FLAGS (\\Flagged Work)")?;
    let raw = dovecot.mailbox(&two.from)?.raw("INBOX", uid)?;
    two.ctl.ok(&["sync"])?;
    let date = dated(dovecot, &two.from, "INBOX")?;
    let id = two.move_over("Winch")?;
    assert_eq!(two.here()?, (all(&["Slipway"]), all(&["Winch"])), "it is shown where it goes at once");
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&["Slipway"]), all(&["Winch"])));
    let landed = dovecot.mailbox(&two.to)?.find("Archive", "Winch")?.context("no Winch")?;
    assert!(landed.has("\\Flagged") && landed.has("Work") && !landed.has("\\Seen"), "{landed:?}");
    assert_eq!(dovecot.mailbox(&two.to)?.raw("Archive", landed.uid)?, raw);
    assert_eq!(dated(dovecot, &two.to, "Archive")?, date);
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.here()?, (all(&["Slipway"]), all(&["Winch"])));
    assert_eq!(two.ctl.id(&two.to, "Archive", "Winch")?, id, "the id did not survive the move");
    let row = two.ctl.list(&two.to, "Archive")?.remove(0);
    assert_eq!((row["account"].as_str(), row["uid"].as_u64()), (Some(two.to.address.as_str()), Some(landed.uid.into())));
    assert!(two.ctl.ok(&["doctor"]).is_ok(), "the store is sound");
    Ok(())
}

#[test]
fn a_long_message_goes_over_in_pieces_and_byte_for_byte() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let mut long = letter("Chart");
    for n in 0..80_000 {
        long.extend_from_slice(format!("{n:>8} soundings in fathoms, and what the lead brought up\r\n").as_bytes());
    }
    let two = Two::with(dovecot, &[long.clone()])?;
    two.move_over("Chart")?;
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&[]), all(&["Chart"])));
    let landed = dovecot.mailbox(&two.to)?.find("Archive", "Chart")?.context("no Chart")?;
    assert!(dovecot.mailbox(&two.to)?.raw("Archive", landed.uid)? == long, "the bytes differ");
    Ok(())
}

#[test]
fn with_the_target_out_of_reach_it_waits_and_the_source_keeps_it() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let two = Two::with(dovecot, &[letter("Winch")])?;
    two.to_gate.shut();
    two.move_over("Winch")?;
    two.ctl.fails(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&["Winch"]), all(&[])));
    assert_eq!(two.here()?, (all(&[]), all(&["Winch"])));
    two.to_gate.open();
    two.from_gate.shut();
    two.ctl.fails(&["sync"])?;
    two.from_gate.open();
    two.ctl.ok(&["sync"])?;
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&[]), all(&["Winch"])));
    assert_eq!(two.here()?, (all(&[]), all(&["Winch"])));
    Ok(())
}

#[test]
fn undo_takes_it_back_while_it_waits_and_after_it_has_landed() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let two = Two::with(dovecot, &[letter("Winch")])?;
    let uid = dovecot.mailbox(&two.from)?.find("INBOX", "Winch")?.context("no Winch")?.uid;
    two.move_over("Winch")?;
    two.ctl.ok(&["undo"])?;
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&["Winch"]), all(&[])));
    assert_eq!(dovecot.mailbox(&two.from)?.find("INBOX", "Winch")?.context("no Winch")?.uid, uid, "it never left");
    let id = two.move_over("Winch")?;
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&[]), all(&["Winch"])));
    two.ctl.ok(&["undo"])?;
    assert_eq!(two.here()?, (all(&["Winch"]), all(&[])));
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&["Winch"]), all(&[])));
    assert_eq!(two.ctl.id(&two.from, "INBOX", "Winch")?, id);
    Ok(())
}

#[test]
fn a_copy_leaves_the_original_where_it_is() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let two = Two::with(dovecot, &[letter("Winch")])?;
    let id = two.ctl.id(&two.from, "INBOX", "Winch")?;
    two.ctl.ok(&["copy", &id, "--to", &format!("{}/Archive", two.to.address)])?;
    two.ctl.ok(&["sync"])?;
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&["Winch"]), all(&["Winch"])));
    assert_eq!(two.here()?, (all(&["Winch"]), all(&["Winch"])));
    Ok(())
}

#[test]
fn a_folder_that_is_gone_meanwhile_leaves_it_where_it_was() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let two = Two::with(dovecot, &[letter("Winch")])?;
    dovecot.mailbox(&two.to)?.command("CREATE Boathouse")?;
    two.ctl.ok(&["sync"])?;
    two.to_gate.shut();
    let id = two.ctl.id(&two.from, "INBOX", "Winch")?;
    two.ctl.ok(&["move", &id, "--to", &format!("{}/Boathouse", two.to.address)])?;
    dovecot.mailbox(&two.to)?.command("DELETE Boathouse")?;
    two.to_gate.open();
    two.ctl.ok(&["sync"])?;
    two.ctl.ok(&["sync"])?;
    assert_eq!(two.on_server()?, (all(&["Winch"]), all(&[])));
    assert_eq!(two.here()?, (all(&["Winch"]), all(&[])));
    Ok(())
}

/// Moves all mail over, kills the sync that carries it a little later each time, then lets one finish.
fn survives_kills(dovecot: &Dovecot, rounds: usize) -> Result<()> {
    let subjects: Vec<String> = (0..rounds).map(|n| format!("Plank {n:02}")).collect();
    let letters: Vec<Vec<u8>> = subjects.iter().map(|s| letter(s)).collect();
    let two = Two::with(dovecot, &letters)?;
    for (round, subject) in subjects.iter().enumerate() {
        two.move_over(subject)?;
        let gate = if round % 3 == 2 { &two.from_gate } else { &two.to_gate };
        let before = gate.bytes_to_server();
        let mut child = two.ctl.spawn(&["sync"])?;
        let (start, bytes) = (Instant::now(), 250 + 130 * round as u64);
        while gate.bytes_to_server() < before + bytes && child.try_wait()?.is_none() && start.elapsed() < Duration::from_secs(20)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill()?;
        child.wait()?;
        let (old, new) = two.on_server()?;
        assert!(old.contains(subject) || new.contains(subject), "{subject} is nowhere after the kill of round {round}");
        let (old, new) = two.here()?;
        let shown = old.iter().chain(&new).filter(|s| *s == subject).count();
        assert_eq!(shown, 1, "{subject} is shown {shown} times after the kill of round {round}");
    }
    for _ in 0..3 {
        two.ctl.ok(&["sync"])?;
    }
    assert_eq!(two.on_server()?, (all(&[]), subjects.clone()));
    assert_eq!(two.here()?, (all(&[]), subjects));
    Ok(())
}

/// Moves all mail over while the line to the target or the source is cut, a little later each time.
#[test]
fn a_line_that_breaks_anywhere_doubles_and_loses_nothing() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let subjects: Vec<String> = (0..12).map(|n| format!("Rope {n:02}")).collect();
    let letters: Vec<Vec<u8>> = subjects.iter().map(|s| letter(s)).collect();
    let two = Two::with(dovecot, &letters)?;
    for (round, subject) in subjects.iter().enumerate() {
        two.move_over(subject)?;
        let gate = if round % 4 == 3 { &two.from_gate } else { &two.to_gate };
        let before = gate.bytes_to_server();
        let mut child = two.ctl.spawn(&["sync", "--bodies", "none"])?;
        let (start, bytes) = (Instant::now(), 900 + 110 * round as u64);
        while child.try_wait()?.is_none() && start.elapsed() < Duration::from_secs(20) {
            if gate.bytes_to_server() >= before + bytes {
                gate.cut();
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        child.wait()?;
        let (old, new) = two.on_server()?;
        assert!(old.contains(subject) || new.contains(subject), "{subject} is nowhere after the cut of round {round}");
        let (old, new) = two.here()?;
        let shown = old.iter().chain(&new).filter(|s| *s == subject).count();
        assert_eq!(shown, 1, "{subject} is shown {shown} times after the cut of round {round}");
    }
    for _ in 0..3 {
        two.ctl.ok(&["sync"])?;
    }
    assert_eq!(two.on_server()?, (all(&[]), subjects.clone()));
    assert_eq!(two.here()?, (all(&[]), subjects));
    Ok(())
}

#[test]
fn killed_at_any_point_it_is_in_at_least_one_place_and_shown_once() -> Result<()> {
    survives_kills(Dovecot::shared()?, 15)
}

#[test]
fn the_same_without_uidplus_where_it_is_found_by_what_it_is() -> Result<()> {
    survives_kills(&Dovecot::start(&Setup { masked: vec!["UIDPLUS", "MOVE"], ..Setup::default() })?, 9)
}
