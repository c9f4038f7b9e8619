//! The profile's key: from a real keychain, or a passphrase. Wrong or gone, it is told, and nothing is changed or in clear.

use super::letter;
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::godwitctl::Godwitctl;
use godwit_tests::keyring::Keyring;
use std::fs;
use std::path::Path;

fn with_keychain(ctl: Godwitctl, keyring: &Keyring) -> Godwitctl {
    keyring.env().iter().fold(ctl.with_env("GODWIT_PASSPHRASE", None), |ctl, (name, value)| ctl.with_env(name, Some(value)))
}

/// Whether these bytes stand anywhere below a folder.
fn stands_in(dir: &Path, needle: &[u8]) -> Result<bool> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && stands_in(&entry.path(), needle)? {
            return Ok(true);
        }
        if kind.is_file() && fs::read(entry.path())?.windows(needle.len()).any(|w| w == needle) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[test]
fn with_a_real_keychain_a_profile_opens_again() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.deliver(&marit, &letter("Winch"))?;
    let mut keyring = Keyring::start()?;
    let ctl = with_keychain(Godwitctl::new(dovecot)?, &keyring);
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    keyring.stop_keychain();
    let told = ctl.fails(&["account", "list"])?;
    assert!(told.to_lowercase().contains("keychain"), "{told}");
    Ok(())
}

#[test]
fn without_a_keychain_nothing_is_stored_in_clear() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let keyring = Keyring::without_keychain()?;
    let ctl = with_keychain(Godwitctl::new(dovecot)?, &keyring);
    let marit = dovecot.user("marit");
    let ended = ctl.try_add(&marit, dovecot.ports.imaps, dovecot.ports.submissions)?;
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert!(ended.stderr.contains("GODWIT_PASSPHRASE"), "the mend is missing: {}", ended.stderr);
    Ok(())
}

#[test]
fn a_wrong_passphrase_is_told_and_changes_nothing() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.deliver(&marit, &letter("Winch"))?;
    let mut ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    ctl = ctl.with_env("GODWIT_PASSPHRASE", Some("another bird"));
    let told = ctl.fails(&["account", "list"])?;
    assert!(told.to_lowercase().contains("passphrase"), "{told}");
    ctl = ctl.with_env("GODWIT_PASSPHRASE", Some("a bird that arrives"));
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    Ok(())
}

#[test]
fn no_password_and_no_mail_stands_in_the_profile_in_clear() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.deliver(&marit, &letter("a most unusual subject"))?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync", "--bodies", "all"])?;
    fs::write(ctl.profile().join("control"), b"a planted control")?;
    assert!(stands_in(ctl.profile(), b"a planted control")?, "the search itself finds nothing");
    for secret in
        [marit.password.as_bytes(), b"a most unusual subject", b"40 cm further back", b"a bird that arrives", b"SQLite format 3"]
    {
        assert!(!stands_in(ctl.profile(), secret)?, "in clear: {}", String::from_utf8_lossy(secret));
    }
    Ok(())
}
