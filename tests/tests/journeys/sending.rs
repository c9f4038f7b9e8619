//! A mail goes out once, its copy is in Sent, and where nobody can know, Godwit says so instead of guessing.

use super::synced;
use anyhow::Result;
use godwit_tests::dovecot::{Dovecot, User};
use godwit_tests::godwitctl::{Ended, Godwitctl};
use godwit_tests::relay::Failure;
use std::time::Duration;

/// Writes a mail from one to the other and asks to send it.
fn send(ctl: &Godwitctl, from: &User, to: &User, subject: &str) -> Result<Ended> {
    let mail = format!(
        "From: Marit Solheim <{}>\r\nTo: {}\r\nBcc: hidden@test.example\r\nSubject: {subject}\r\nDate: Thu, 19 Nov 2026 09:42:00 +0100\r\n\
         Message-ID: <{subject}.{}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n.\r\nA line of one dot above.\r\n",
        from.address, to.address, from.address
    );
    ctl.run_with(&["send", "-", "--account", &from.address], &mail)
}

fn states(ctl: &Godwitctl) -> Result<Vec<String>> {
    let outbox = ctl.json(&["outbox"])?;
    Ok(outbox.as_array().into_iter().flatten().map(|o| o["state"].as_str().unwrap_or_default().to_owned()).collect())
}

#[test]
fn a_mail_is_delivered_and_its_copy_is_in_sent() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &[])?;
    let jonas = dovecot.user("jonas");
    let ended = send(&ctl, &marit, &jonas, "slipway")?;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let taken = dovecot.relay.wait_for(&marit.address, 1, Duration::from_secs(10))?;
    let mut to = taken[0].to.clone();
    to.sort();
    assert_eq!(to, ["hidden@test.example".to_owned(), jonas.address.clone()]);
    let text = String::from_utf8_lossy(&taken[0].data).into_owned();
    assert!(!text.to_lowercase().contains("bcc:"), "the hidden recipient was told: {text}");
    assert!(text.contains("\r\n.\r\nA line of one dot above."), "{text}");
    assert!(dovecot.mailbox(&jonas)?.find("INBOX", "slipway")?.is_some());
    ctl.ok(&["sync"])?;
    let sent = dovecot.mailbox(&marit)?.messages("Sent")?;
    assert_eq!(sent.iter().map(|m| (m.subject.as_str(), m.has("\\Seen"))).collect::<Vec<_>>(), [("slipway", true)]);
    assert_eq!(ctl.subjects(&marit, "Sent")?, ["slipway"]);
    Ok(())
}

#[test]
fn a_refused_mail_is_told_and_kept() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &[])?;
    dovecot.relay.fail(&marit.address, Some(Failure::PermanentAfterData));
    let ended = send(&ctl, &marit, &dovecot.user("jonas"), "refused")?;
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("this harbour takes no such mail"), "{}", ended.stderr);
    assert_eq!(states(&ctl)?, ["refused"]);
    ctl.ok(&["sync"])?;
    assert!(dovecot.mailbox(&marit)?.messages("Sent")?.is_empty());
    Ok(())
}

#[test]
fn a_mail_that_had_to_wait_goes_out_later_once() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &[])?;
    let jonas = dovecot.user("jonas");
    dovecot.relay.fail(&marit.address, Some(Failure::TemporaryAfterData));
    assert_eq!(send(&ctl, &marit, &jonas, "later")?.code, 1);
    assert_eq!(states(&ctl)?, ["queued"]);
    dovecot.relay.fail(&marit.address, None);
    let id = ctl.json(&["outbox"])?[0]["id"].to_string();
    ctl.ok(&["outbox", "retry", &id])?;
    ctl.ok(&["sync"])?;
    ctl.ok(&["sync"])?;
    assert_eq!(dovecot.mailbox(&jonas)?.messages("INBOX")?.len(), 1);
    assert_eq!(dovecot.mailbox(&marit)?.messages("Sent")?.len(), 1);
    Ok(())
}

#[test]
fn a_line_that_broke_after_the_last_byte_is_never_tried_again_by_itself() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let own = dovecot.start_submission()?;
    for (failure, name) in [(Failure::TakenThenCut, "taken"), (Failure::LostThenCut, "lost")] {
        let marit = dovecot.user("marit");
        let ctl = Godwitctl::new(dovecot)?;
        ctl.add_at(&marit, dovecot.ports.imaps, own.port)?;
        own.fail(&marit.address, Some(failure));
        let ended = send(&ctl, &marit, &dovecot.user("jonas"), name)?;
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        assert_eq!(states(&ctl)?, ["uncertain"]);
        own.fail(&marit.address, None);
        ctl.ok(&["sync"])?;
        ctl.ok(&["sync"])?;
        let taken = own.taken_from(&marit.address).len();
        assert_eq!(taken, usize::from(failure == Failure::TakenThenCut), "{name}");
    }
    Ok(())
}

#[test]
fn a_mail_taken_back_does_not_leave() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &[])?;
    dovecot.relay.fail(&marit.address, Some(Failure::TemporaryAfterData));
    assert_eq!(send(&ctl, &marit, &dovecot.user("jonas"), "better not")?.code, 1);
    let id = ctl.json(&["outbox"])?[0]["id"].to_string();
    ctl.ok(&["outbox", "cancel", &id])?;
    dovecot.relay.fail(&marit.address, None);
    ctl.ok(&["sync"])?;
    assert!(dovecot.relay.taken_from(&marit.address).is_empty());
    Ok(())
}
