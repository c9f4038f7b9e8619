//! Damaged files, a disk without room or without leave to write: told in words, nothing lost, and healed where it can be.

use super::{letter, synced};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::godwitctl::{Ended, Godwitctl};
use std::fs;
use std::process::Command;

#[test]
fn a_damaged_cache_is_set_aside_and_filled_again() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway", "Winch"])?;
    ctl.ok(&["archive", &ctl.id(&marit, "INBOX", "Winch")?])?;
    let cache = ctl.profile().join("cache.db");
    let garbage = vec![0x5a; usize::try_from(fs::metadata(&cache)?.len())?];
    fs::write(&cache, &garbage)?;
    for beside in ["cache.db-wal", "cache.db-shm"] {
        if ctl.profile().join(beside).exists() {
            fs::remove_file(ctl.profile().join(beside))?;
        }
    }
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Slipway"]);
    assert_eq!(super::copies(dovecot, &marit, &["Archive"], "Winch")?, 1, "what waited was forgotten with the cache");
    let aside = fs::read_dir(ctl.profile())?.flatten().any(|e| fs::read(e.path()).is_ok_and(|bytes| bytes == garbage));
    assert!(aside, "the damaged file was deleted instead of set aside");
    Ok(())
}

#[test]
fn a_deleted_cache_is_filled_again() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Winch"])?;
    for entry in fs::read_dir(ctl.profile())?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("cache.db") {
            fs::remove_file(entry.path())?;
        }
    }
    ctl.ok(&["sync"])?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    Ok(())
}

#[test]
fn a_damaged_profile_is_told_and_never_overwritten() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (_, ctl) = synced(dovecot, &[])?;
    let file = ctl.profile().join("profile.db");
    let garbage = vec![0x5a; 64 * 1024];
    fs::write(&file, &garbage)?;
    let told = ctl.fails(&["account", "list"])?;
    assert!(told.trim().lines().count() == 1 && told.contains("profile"), "{told}");
    let kept = fs::read_dir(ctl.profile())?.flatten().any(|e| fs::read(e.path()).is_ok_and(|bytes| bytes == garbage));
    assert!(kept, "the damaged profile was overwritten");
    Ok(())
}

#[test]
fn a_profile_that_may_not_be_written_is_told() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (_, ctl) = synced(dovecot, &["Winch"])?;
    let Some(ended) = in_namespace(&ctl, "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"", &["sync"])? else {
        return Ok(());
    };
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    let told = ended.stderr.to_lowercase();
    assert!(told.contains("read-only") || told.contains("writ"), "{told}");
    ctl.ok(&["sync"])?;
    Ok(())
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.deliver(&marit, &letter("Winch"))?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    let free = "set -e; copy=$(mktemp -d); cp -a \"$0\"/. $copy; mount -t tmpfs -o size=3m,mode=0700 none \"$0\"; cp -a $copy/. \"$0\"; rm -r $copy; \
        dd if=/dev/zero of=\"$0\"/filler bs=4k 2>/dev/null || true";
    let Some(ended) = in_namespace(&ctl, free, &["sync"])? else { return Ok(()) };
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    let told = ended.stderr.to_lowercase();
    assert!(told.contains("full") || told.contains("space") || told.contains("room"), "{told}");
    ctl.ok(&["sync"])?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    Ok(())
}

/// Runs it where `setup` has changed the profile's mount, unseen by everyone else; `None` where the system allows no such thing.
fn in_namespace(ctl: &Godwitctl, setup: &str, args: &[&str]) -> Result<Option<Ended>> {
    let can = Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|out| out.status.success());
    let flags: &[&str] = if can { &["-m"] } else { &["-Urm"] };
    if !can && !Command::new("unshare").args(["-Urm", "true"]).output().is_ok_and(|out| out.status.success()) {
        println!("skipped: this system allows no mount namespace");
        return Ok(None);
    }
    let inner = ctl.command(args)?;
    let mut outer = Command::new("unshare");
    outer.args(flags).args(["sh", "-c", &format!("{{ {setup}; }} >&2 || exit 99; exec \"$@\"")]);
    outer.arg(ctl.profile()).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    let out = outer.output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let ended = Ended { code: out.status.code().unwrap_or(-1), stdout: text(out.stdout), stderr: text(out.stderr) };
    assert_ne!(ended.code, 99, "the mount failed: {}", ended.stderr);
    Ok(Some(ended))
}
