//! What a real server and a real disk can throw at a person: names of every kind, a full account, a full disk, a clock that
//! jumps. Each time: one clear line, and nothing lost.

use super::letter;
use crate::journeys::{copies, synced};
use anyhow::{Context, Result, ensure};
use godwit_tests::dovecot::{Dovecot, Setup};
use godwit_tests::godwitctl::{Godwitctl, built};
use godwit_tests::sample;
use godwit_tests::servers::faketime;
use std::collections::BTreeMap;
use std::process::Command;
use time::OffsetDateTime;

#[test]
fn folders_with_the_strangest_names_are_listed_with_their_mail() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let long = "x".repeat(200);
    let names = [
        "Quote \" and \\ back",
        "Line\nbreak",
        "Tab\there",
        "50 % * off",
        " a space before",
        "Ferry \u{1f6a4}\u{1f3f4}\u{200d}\u{2620}\u{fe0f}",
        "\u{202e}sdrawkcab",
        "& &AOU- ~",
        "a.b,c;d:e|f(g)h{4}",
        "INBOX/inbox/INBOX",
        "nil",
        &long,
    ];
    for (count, name) in names.iter().enumerate() {
        let mail = sample::plain(count as u64 + 1, count + 1, OffsetDateTime::now_utc());
        dovecot.import(&marit, name, &mail).with_context(|| format!("make {name:?}"))?;
    }
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    // Whatever the server lists and opens is here, with as many messages.
    let mut oracle = dovecot.mailbox(&marit)?;
    let mut there = Vec::new();
    for name in oracle.mailboxes()? {
        // A folder that only holds folders can't be opened.
        if let Ok(mail) = oracle.messages(&name) {
            there.push(mail.len() as u64);
        }
    }
    ensure!(there.iter().filter(|n| **n > 0).count() >= 8, "the server itself lists too few: {there:?}");
    let all = ctl.json(&["mailboxes"])?;
    let mut here: Vec<u64> = all.as_array().into_iter().flatten().filter_map(|m| m["messages"].as_u64()).collect();
    here.retain(|n| *n > 0);
    there.retain(|n| *n > 0);
    here.sort_unstable();
    there.sort_unstable();
    ensure!(here == there, "{here:?} here, {there:?} there: {all}");
    Ok(())
}

#[test]
fn a_folder_that_the_server_does_not_take_is_refused_in_one_line() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Keel"])?;
    let before = dovecot.mailbox(&marit)?.mailboxes()?;
    let (long, longer) = ("y".repeat(400), "z".repeat(1500));
    for name in ["two\nlines", "nul\u{1}", "/", "a//b", "../../etc", long.as_str(), longer.as_str(), "   "] {
        let told = ctl.fails(&["mailbox", "create", &format!("{}/{name}", marit.address)]);
        let told = told.with_context(|| format!("create {name:?}"))?;
        ensure!(told.trim().lines().count() == 1 && told.len() < 1000, "{name:?}: {told}");
    }
    ensure!(dovecot.mailbox(&marit)?.mailboxes()? == before, "a refused folder is there");
    ctl.ok(&["sync"])?;
    ensure!(ctl.subjects(&marit, "INBOX")? == ["Keel"], "the mail is not here any more");
    Ok(())
}

#[test]
fn names_made_here_come_back_as_they_were_written() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Keel"])?;
    for name in ["He said \"ja\"", "back\\slash", "(par) {5} [x]", "\u{1f6a4} & \u{e5}", "a/b/c", "nil", "100 % ~x"] {
        let path = format!("{}/{name}", marit.address);
        ctl.ok(&["mailbox", "create", &path]).with_context(|| format!("create {name:?}"))?;
        ctl.ok(&["copy", &ctl.id(&marit, "INBOX", "Keel")?, "--to", &path])?;
        ctl.ok(&["sync"])?;
        ensure!(ctl.subjects(&marit, name)? == ["Keel"], "{name:?}");
        ctl.ok(&["mailbox", "delete", &path]).with_context(|| format!("delete {name:?}"))?;
    }
    Ok(())
}

#[test]
fn a_message_deleted_elsewhere_while_it_is_to_be_read_is_said_to_be_gone() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    for subject in ["Keel", "Mast"] {
        dovecot.deliver(&marit, &letter(subject))?;
    }
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync", "--bodies", "none"])?;
    let mut phone = dovecot.mailbox(&marit)?;
    let mast = phone.find("INBOX", "Mast")?.context("the message is on the server")?;
    let id = ctl.id(&marit, "INBOX", "Mast")?;
    phone.expunge("INBOX", mast.uid)?;
    let told = ctl.fails(&["show", &id, "--text"])?;
    ensure!(told.trim().lines().count() == 1 && told.contains("not on the server any more"), "{told}");
    ctl.ok(&["sync"])?;
    ensure!(ctl.subjects(&marit, "INBOX")? == ["Keel"], "the deleted message is still shown");
    ensure!(ctl.ok(&["show", &ctl.id(&marit, "INBOX", "Keel")?, "--text"])?.contains("winch"), "the other one can't be read");
    Ok(())
}

/// A Dovecot whose people may keep 30 KiB.
fn narrow() -> Result<Dovecot> {
    let extra = "protocol imap {
  mail_plugins = zlib imap_zlib quota imap_quota
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=30K
  quota_grace = 0
}"
    .to_owned();
    Dovecot::start(&Setup { extra, ..Setup::default() })
}

fn heavy(subject: &str) -> Vec<u8> {
    let mut mail = letter(subject);
    mail.extend("The keel is laid.\r\n".repeat(1000).bytes());
    mail
}

#[test]
fn an_account_that_is_full_says_so_and_nothing_is_lost() -> Result<()> {
    let dovecot = narrow()?;
    let marit = dovecot.user("marit");
    dovecot.mailbox(&marit)?.append("INBOX", "", &heavy("Keel"))?;
    let ctl = Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    // Shown before anything goes wrong.
    let quota = ctl.json(&["account", "quota", &marit.address])?;
    ensure!(quota["storage"]["limit_kib"] == 30 && quota["storage"]["used_kib"].as_u64() > Some(15), "{quota}");
    // There is no room for a second one.
    let archive = format!("{}/Archive", marit.address);
    ctl.ok(&["copy", &ctl.id(&marit, "INBOX", "Keel")?, "--to", &archive])?;
    let ended = ctl.run(&["sync"])?;
    let told = format!("{}{}", ended.stdout, ended.stderr);
    ensure!(told.to_lowercase().contains("quota") && told.contains("Free some space"), "{told}");
    ctl.ok(&["sync"])?;
    ensure!(copies(&dovecot, &marit, &["INBOX"], "Keel")? == 1, "the original is gone");
    ensure!(copies(&dovecot, &marit, &["Archive"], "Keel")? == 0 && ctl.subjects(&marit, "Archive")?.is_empty(), "a copy");
    // A move needs no room.
    ctl.ok(&["archive", &ctl.id(&marit, "INBOX", "Keel")?])?;
    ctl.ok(&["sync"])?;
    ensure!(copies(&dovecot, &marit, &["Archive"], "Keel")? == 1 && ctl.subjects(&marit, "Archive")? == ["Keel"], "the move");
    Ok(())
}

#[test]
fn a_server_without_quotas_says_that_there_is_none() -> Result<()> {
    let (marit, ctl) = synced(Dovecot::shared()?, &[])?;
    ensure!(ctl.json(&["account", "quota", &marit.address])?["storage"].is_null(), "a limit out of nowhere");
    Ok(())
}

/// In a namespace of its own: a disk of 6 MB, the profile on it, filled up, synced, freed, synced.
const FULL: &str = r#"
set -e
mount -t tmpfs -o size=6m tmpfs "$DISK"
cp -r "$KEPT" "$DISK/profile"
head -c 8000000 /dev/zero > "$DISK/filler" 2>/dev/null || true
set +e
"$@" --profile "$DISK/profile" sync --bodies all > "$OUT.full" 2>&1
echo "exit $?" >> "$OUT.full"
rm "$DISK/filler"
"$@" --profile "$DISK/profile" sync > "$OUT.freed" 2>&1
echo "exit $?" >> "$OUT.freed"
"$@" --profile "$DISK/profile" --json list "$MAILBOX" --limit 500 > "$OUT.list" 2>&1
"#;

#[test]
fn a_disk_that_fills_during_a_sync_is_named_and_after_it_is_freed_all_goes_on() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Keel"])?;
    // What a person wants is in the profile before the disk is full.
    ctl.ok(&["mark", &ctl.id(&marit, "INBOX", "Keel")?, "--flagged"])?;
    let many = sample::plain(9, 300, OffsetDateTime::now_utc());
    dovecot.import(&marit, "INBOX", &many)?;
    let dir = tempfile::tempdir()?;
    let (disk, out) = (dir.path().join("disk"), dir.path().join("out"));
    std::fs::create_dir(&disk)?;
    let program = built("godwitctl")?.display().to_string();
    let mut script = Command::new("unshare");
    script.args(["--user", "--map-root-user", "--mount", "sh", "-c", FULL, "full", &program]);
    script.env("DISK", &disk).env("KEPT", ctl.profile()).env("OUT", &out).env("MAILBOX", format!("{}/INBOX", marit.address));
    script.env("GODWIT_PASSPHRASE", "a bird that arrives").env("SSL_CERT_FILE", dovecot.root());
    let ran = script.output().context("run unshare")?;
    ensure!(ran.status.success(), "no namespace of our own: {}", String::from_utf8_lossy(&ran.stderr));
    let read = |end: &str| std::fs::read_to_string(out.with_extension(end)).with_context(|| format!("read {end}"));
    let (full, freed) = (read("full")?, read("freed")?);
    ensure!(full.contains("exit 1") && full.to_lowercase().contains("disk"), "{full}");
    ensure!(full.lines().count() == 2 && !full.contains("panicked"), "{full}");
    ensure!(freed.contains("exit 0"), "{freed}");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&read("list")?)?;
    ensure!(rows.len() == 301, "{} messages here", rows.len());
    let keel = dovecot.mailbox(&marit)?.find("INBOX", "Keel")?.context("the message is on the server")?;
    ensure!(keel.has("\\Flagged"), "the star that waited was lost");
    Ok(())
}

#[test]
fn clock_that_jumps_loses_no_mail_and_no_wish() -> Result<()> {
    let dovecot = Dovecot::start(&Setup { masked: vec!["QRESYNC", "CONDSTORE", "ENABLE"], ..Setup::default() })?;
    let marit = dovecot.user("marit");
    for subject in ["Keel", "Mast", "Winch"] {
        dovecot.deliver(&marit, &letter(subject))?;
    }
    let mut ctl = Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    let library = faketime()?;
    let ids: BTreeMap<String, String> =
        ["Keel", "Mast", "Winch"].into_iter().map(|s| Ok((s.to_owned(), ctl.id(&marit, "INBOX", s)?))).collect::<Result<_>>()?;
    let mut phone = dovecot.mailbox(&marit)?;
    // Ten years on, a year back, and home again: each time something is done here and something elsewhere.
    for (jump, subject) in [("+3650d", "Keel"), ("-400d", "Mast"), ("+0d", "Winch")] {
        ctl = ctl.with_env("LD_PRELOAD", Some(&library)).with_env("FAKETIME", Some(jump));
        ctl = ctl.with_env("FAKETIME_DONT_FAKE_MONOTONIC", Some("1"));
        ctl.ok(&["mark", &ids[subject], "--flagged"]).with_context(|| jump.to_owned())?;
        ctl.ok(&["sync"]).with_context(|| jump.to_owned())?;
        let uid = phone.find("INBOX", subject)?.context("the message is on the server")?;
        ensure!(uid.has("\\Flagged"), "{jump}: the star did not arrive");
        phone.store("INBOX", uid.uid, "+FLAGS (\\Seen)")?;
        ctl.ok(&["sync"])?;
        let rows = ctl.list(&marit, "INBOX")?;
        ensure!(rows.len() == 3, "{jump}: {} messages", rows.len());
        let row = rows.iter().find(|r| r["subject"] == subject).context("it is listed")?;
        ensure!(row["flags"].to_string().contains("Seen"), "{jump}: what another device did was not heard of: {row}");
        ensure!(ctl.id(&marit, "INBOX", subject)? == ids[subject], "{jump}: another id");
    }
    // A mail written while the clock was ahead goes out when it is back.
    dovecot.relay.fail(&marit.address, Some(godwit_tests::relay::Failure::TemporaryAfterData));
    ctl = ctl.with_env("FAKETIME", Some("+400d"));
    let from = &marit.address;
    let mail =
        format!("From: <{from}>\r\nTo: <jonas@test.example>\r\nSubject: Slip\r\nMessage-ID: <slip.{from}>\r\n\r\nSlip 12.\r\n");
    ctl.run_with(&["send", "-", "--account", from], &mail)?;
    dovecot.relay.fail(&marit.address, None);
    ctl = ctl.with_env("FAKETIME", Some("+0d"));
    ctl.ok(&["sync"])?;
    ensure!(dovecot.relay.taken_from(from).len() == 1, "the mail waits for the year to come round");
    Ok(())
}
