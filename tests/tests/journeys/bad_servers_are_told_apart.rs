//! What can be wrong about a server has a name each, with the mend, and nothing is saved.

use anyhow::Result;
use godwit_tests::authority::Leaf;
use godwit_tests::dovecot::{Dovecot, Setup};
use godwit_tests::godwitctl::{Ended, Godwitctl};
use godwit_tests::net::free_ports;

/// Exit 1, one line with all these words, no password in it, and no account saved.
fn check(ctl: &Godwitctl, ended: &Ended, words: &[&str]) -> Result<()> {
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    let told = ended.stderr.trim();
    assert_eq!(told.lines().count(), 1, "{told}");
    for word in words {
        assert!(told.to_lowercase().contains(&word.to_lowercase()), "\u{201c}{word}\u{201d} is missing in: {told}");
    }
    assert!(!told.contains("secret-"), "{told}");
    assert_eq!(ctl.json(&["account", "list"])?, serde_json::json!([]));
    Ok(())
}

#[test]
fn a_wrong_password() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let ctl = Godwitctl::new(dovecot)?;
    let mut marit = dovecot.user("marit");
    marit.password = "not my password".into();
    let ended = ctl.try_add(&marit, dovecot.ports.imaps, dovecot.ports.submissions)?;
    assert!(!ended.stderr.contains("not my password"), "{}", ended.stderr);
    check(&ctl, &ended, &["password"])
}

#[test]
fn an_unknown_host() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let ctl = Godwitctl::new(dovecot)?;
    let marit = dovecot.user("marit");
    let args = [
        "account",
        "add",
        "--email",
        &marit.address,
        "--imap",
        "no-such-host.invalid:993",
        "--imap-security",
        "tls",
        "--smtp",
        "no-such-host.invalid:465",
        "--smtp-security",
        "tls",
        "--password-stdin",
    ];
    check(&ctl, &ctl.run_with(&args, &marit.password)?, &["no-such-host.invalid", "check"])
}

#[test]
fn a_refused_port() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let ctl = Godwitctl::new(dovecot)?;
    let [nobody] = free_ports()?;
    let ended = ctl.try_add(&dovecot.user("marit"), nobody, dovecot.ports.submissions)?;
    check(&ctl, &ended, &[&nobody.to_string(), "port"])?;
    let ended = ctl.try_add(&dovecot.user("marit"), dovecot.ports.imaps, nobody)?;
    check(&ctl, &ended, &[&nobody.to_string(), "port"])
}

#[test]
fn an_expired_certificate() -> Result<()> {
    shows(Leaf::Expired, &["certificate", "ran out", "2020"])
}

#[test]
fn a_certificate_for_another_name() -> Result<()> {
    shows(Leaf::WrongName, &["certificate", "mail.elsewhere.example"])
}

#[test]
fn a_certificate_nobody_vouches_for() -> Result<()> {
    shows(Leaf::SelfSigned, &["certificate", "trust"])
}

fn shows(leaf: Leaf, words: &[&str]) -> Result<()> {
    let dovecot = Dovecot::start(&Setup { leaf, ..Setup::default() })?;
    let ctl = Godwitctl::new(&dovecot)?;
    let ended = ctl.try_add(&dovecot.user("marit"), dovecot.ports.imaps, dovecot.ports.submissions)?;
    check(&ctl, &ended, words)?;
    assert!(!dovecot.log().contains("Login:"), "a password went over an untrusted connection: {}", dovecot.log());
    Ok(())
}

#[test]
fn a_port_that_speaks_tls_only_after_starttls() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let ctl = Godwitctl::new(dovecot)?;
    let ended = ctl.try_add(&dovecot.user("marit"), dovecot.ports.imap, dovecot.ports.submissions)?;
    check(&ctl, &ended, &["TLS"])
}

#[test]
fn starttls_works_where_it_is_chosen() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let ctl = Godwitctl::new(dovecot)?;
    let marit = dovecot.user("marit");
    let (imap, smtp) = (format!("localhost:{}", dovecot.ports.imap), format!("localhost:{}", dovecot.ports.submission));
    let args = [
        "account",
        "add",
        "--email",
        &marit.address,
        "--imap",
        &imap,
        "--imap-security",
        "starttls",
        "--smtp",
        &smtp,
        "--smtp-security",
        "starttls",
        "--password-stdin",
    ];
    let ended = ctl.run_with(&args, &marit.password)?;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ctl.ok(&["sync"])?;
    Ok(())
}

#[test]
fn a_server_that_breaks_off_is_offline_and_nothing_is_lost() -> Result<()> {
    let dovecot = Dovecot::start(&Setup::default())?;
    let marit = dovecot.user("marit");
    dovecot.deliver(&marit, &super::letter("Winch"))?;
    let ctl = Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    dovecot.stop();
    let told = ctl.fails(&["sync"])?;
    assert_eq!(told.trim().lines().count(), 1, "{told}");
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    dovecot.restart(&Setup::default())?;
    ctl.ok(&["sync"])?;
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    Ok(())
}

#[test]
fn a_password_that_was_changed_is_told_once_and_mail_stays() -> Result<()> {
    let dovecot = Dovecot::start(&Setup::default())?;
    let marit = dovecot.user("marit");
    dovecot.deliver(&marit, &super::letter("Winch"))?;
    let ctl = Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    dovecot.restart_with_password("changed")?;
    let told = ctl.fails(&["sync"])?;
    assert!(told.to_lowercase().contains("password"), "{told}");
    assert_eq!(ctl.subjects(&marit, "INBOX")?, ["Winch"]);
    Ok(())
}
