//! What is said on the wire can be shown to others: the protocol's own words, and nothing of people, passwords or mail.

use super::{letter, synced};
use anyhow::{Context, Result};
use base64::Engine;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::gate::Gate;
use godwit_tests::godwitctl::Godwitctl;
use godwit_tests::sample;

/// Everything private that goes over the wire in this tale, and its usual disguises.
fn secrets(address: &str, password: &str) -> Vec<String> {
    let coded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let local = address.split('@').next().unwrap_or(address);
    let mut all: Vec<String> =
        [address, local, password, "test.example", "jonas", "lindqvist", "Jonas"].map(str::to_owned).to_vec();
    all.extend(["Hemmelig", "winch", "sits 40 cm", "Brassbell", "Slipwayword", "Lanternlabel"].map(str::to_owned));
    all.push(coded(&format!("\0{address}\0{password}")));
    all.push(coded(password));
    all
}

#[test]
fn the_bundle_tells_what_was_said_and_nothing_of_whom() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Brassbell", "Slipwayword"])?;
    ctl.ok(&["mailbox", "create", &format!("{}/Hemmelig", marit.address)])?;
    let id = ctl.id(&marit, "INBOX", "Brassbell")?;
    ctl.ok(&["mark", &id, "--seen", "--label", "Lanternlabel"])?;
    ctl.ok(&["move", &id, "--to", &format!("{}/Hemmelig", marit.address)])?;
    ctl.ok(&["show", &ctl.id(&marit, "INBOX", "Slipwayword")?])?;
    ctl.ok(&["search", "Brassbell"])?;
    ctl.ok(&["sync", "--bodies", "all"])?;
    let mut server = dovecot.mailbox(&marit)?;
    server.append("INBOX", "", &letter("Brassbell again"))?;
    ctl.ok(&["sync", "--bodies", "all"])?;
    // A refusal leaves its line too.
    ctl.ok(&["copy", &ctl.id(&marit, "INBOX", "Slipwayword")?, "--to", &format!("{}/Hemmelig", marit.address)])?;
    server.command("DELETE Hemmelig")?;
    ctl.run(&["sync"])?;
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("bundle.txt");
    let path = file.to_string_lossy().into_owned();
    assert!(ctl.ok(&["doctor", "--bundle", &path])?.contains("nothing was sent"));
    assert!(ctl.fails(&["doctor", "--bundle", &path])?.contains("can't be written"), "it is never written over a file");
    let text = std::fs::read_to_string(&file)?;
    for word in [
        "AUTHENTICATE …",
        "UID FETCH",
        "UID STORE",
        "SELECT …",
        "HEADER.FIELDS",
        "[UIDVALIDITY ",
        "a person was told",
        "pass account 1",
    ] {
        assert!(text.contains(word), "{word} is not in the bundle:\n{text}");
    }
    let log = std::fs::read_to_string(ctl.profile().join("protocol.log"))?;
    for secret in secrets(&marit.address, &marit.password) {
        for (name, text) in [("bundle", &text), ("file", &log)] {
            let found = text.lines().find(|line| line.to_lowercase().contains(&secret.to_lowercase()));
            assert_eq!(found, None, "{secret} stands in the {name}");
        }
    }
    Ok(())
}

/// Commands that a sync sends, by the log.
fn commands_of_a_sync(ctl: &Godwitctl) -> Result<Vec<String>> {
    let path = ctl.profile().join("protocol.log");
    let before = std::fs::read_to_string(&path).unwrap_or_default().len();
    ctl.ok(&["sync", "--bodies", "none"])?;
    let after = std::fs::read_to_string(&path)?;
    let new = after.get(before..).context("the log was begun anew")?;
    Ok(new.lines().filter_map(|line| Some(line.split_once(" > ")?.1.to_owned())).collect())
}

#[test]
fn ten_thousand_marks_are_few_commands_and_opposite_ones_are_none() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let mut mail = sample::plain(7, 10_000, time::OffsetDateTime::from_unix_timestamp(1_795_000_000)?);
    mail.iter_mut().for_each(|m| m.seen = false);
    dovecot.import(&marit, "INBOX", &mail)?;
    let gate = Gate::before(dovecot.ports.imaps)?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add_at(&marit, gate.port, dovecot.ports.submissions)?;
    ctl.ok(&["sync", "--bodies", "none"])?;
    let rows = ctl.json(&["list", &format!("{}/INBOX", marit.address), "--limit", "10000"])?;
    let ids: Vec<String> = rows.as_array().context("no list")?.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(ids.len(), 10_000);
    let mark = |how: &str| ctl.ok(&["mark"].into_iter().chain(ids.iter().map(String::as_str)).chain([how]).collect::<Vec<_>>());
    let idle = commands_of_a_sync(&ctl)?.len();
    mark("--seen")?;
    let sent_before = gate.bytes_to_server();
    let busy = commands_of_a_sync(&ctl)?;
    let stores: Vec<&String> = busy.iter().filter(|line| line.contains("UID STORE")).collect();
    assert!(!stores.is_empty() && busy.len() <= idle + 10, "{} commands instead of {idle}: {busy:?}", busy.len());
    let sent = gate.bytes_to_server() - sent_before;
    assert!(sent < 20_000, "{sent} bytes for ten commands");
    let seen = dovecot.mailbox(&marit)?.messages("INBOX")?.iter().filter(|m| m.has("\\Seen")).count();
    assert_eq!(seen, 10_000);
    mark("--unseen")?;
    mark("--seen")?;
    let quiet = commands_of_a_sync(&ctl)?;
    assert!(!quiet.iter().any(|line| line.contains("UID STORE")), "{quiet:?}");
    Ok(())
}
