//! One process owns a profile; others ask it, whichever came first, and a killed owner leaves nothing locked.

use super::{letter, synced};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

/// Waits until `check` says yes.
fn soon(what: &str, mut check: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !check()? {
        anyhow::ensure!(start.elapsed() < Duration::from_secs(30), "not after 30 s: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

#[test]
fn commands_work_while_another_process_watches() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway"])?;
    let mut watch = ctl.spawn(&["--json", "sync", "--watch"])?;
    let mut lines = BufReader::new(watch.stdout.take().expect("stdout is piped")).lines();
    lines.next().expect("a first document")?;
    dovecot.deliver(&marit, &letter("Winch"))?;
    soon("the new message is heard", || Ok(ctl.subjects(&marit, "INBOX")?.contains(&"Winch".to_owned())))?;
    ctl.ok(&["mark", &ctl.id(&marit, "INBOX", "Winch")?, "--flagged"])?;
    soon("the star reaches the server by itself", || {
        Ok(dovecot.mailbox(&marit)?.find("INBOX", "Winch")?.is_some_and(|m| m.has("\\Flagged")))
    })?;
    watch.kill()?;
    watch.wait()?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?.len(), 2, "the killed owner left the profile locked");
    Ok(())
}

#[test]
fn two_commands_at_once_both_do_what_they_were_asked() -> Result<()> {
    let (marit, ctl) = synced(Dovecot::shared()?, &["Slipway", "Winch", "Cradle"])?;
    let ids: Vec<String> = ["Slipway", "Winch", "Cradle"].iter().map(|s| ctl.id(&marit, "INBOX", s)).collect::<Result<_>>()?;
    let children: Vec<_> = ids.iter().map(|id| ctl.spawn(&["mark", id, "--flagged"])).collect::<Result<_>>()?;
    let mut told = Vec::new();
    for child in children {
        let out = child.wait_with_output()?;
        told.push((out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned()));
    }
    // One may find the profile taken by a command that answers nobody; then it says so and changes nothing.
    let starred = ctl.list(&marit, "INBOX")?.iter().filter(|r| r["flags"].to_string().contains("Flagged")).count();
    assert_eq!(starred, told.iter().filter(|t| t.0 == Some(0)).count(), "{told:?}");
    assert!(told.iter().all(|t| t.0 == Some(0) || t.1.contains("profile")), "{told:?}");
    Ok(())
}

#[test]
fn a_removed_account_is_gone_here_and_whole_on_the_server() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway"])?;
    ctl.ok(&["account", "remove", &marit.address])?;
    assert_eq!(ctl.json(&["account", "list"])?, serde_json::json!([]));
    assert_eq!(ctl.json(&["mailboxes"])?, serde_json::json!([]));
    assert_eq!(dovecot.mailbox(&marit)?.messages("INBOX")?.len(), 1);
    Ok(())
}

#[test]
fn folders_are_made_renamed_and_deleted_on_the_server() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &[])?;
    let path = |name: &str| format!("{}/{name}", marit.address);
    ctl.ok(&["mailbox", "create", &path("Båthus & co")])?;
    ctl.ok(&["mailbox", "rename", &path("Båthus & co"), "Nordnes/冬"])?;
    let names = dovecot.mailbox(&marit)?.mailboxes()?;
    assert!(names.contains(&"Nordnes/&Uaw-".to_owned()), "{names:?}");
    let here = ctl.json(&["mailboxes"])?;
    assert!(here.as_array().is_some_and(|all| all.iter().any(|m| m["path"] == "Nordnes/冬")), "{here}");
    ctl.ok(&["mailbox", "delete", &path("Nordnes/冬")])?;
    assert!(!dovecot.mailbox(&marit)?.mailboxes()?.contains(&"Nordnes/&Uaw-".to_owned()));
    Ok(())
}

#[test]
fn the_doctor_passes_a_healthy_profile_and_names_what_is_ill() -> Result<()> {
    let dovecot = Dovecot::start(&godwit_tests::dovecot::Setup::default())?;
    let marit = dovecot.user("marit");
    let ctl = godwit_tests::godwitctl::Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    let lines = ctl.json(&["doctor"])?;
    assert!(lines.as_array().is_some_and(|all| all.len() >= 4 && all.iter().all(|l| l["pass"] == true)), "{lines}");
    dovecot.stop();
    let ended = ctl.run(&["--json", "doctor"])?;
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let lines: serde_json::Value = serde_json::from_str(&ended.stdout)?;
    let ill: Vec<_> = lines.as_array().into_iter().flatten().filter(|l| l["pass"] == false).collect();
    assert!(!ill.is_empty() && ill.iter().all(|l| l["mend"].as_str().is_some_and(|m| !m.is_empty())), "{lines}");
    Ok(())
}
