//! An answer is written, sent and delivered, and its copy is in Sent.

use super::{Desk, letter, read};
use anyhow::Result;
use godwit_tests::dovecot::{Dovecot, Setup, User};
use godwit_tests::webdriver::Name;
use std::time::Duration;

#[test]
fn a_reply_is_delivered_and_filed() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let jonas = User::of("jonas@test.example");
    let subject = format!("Slipway for {}", marit.address);
    dovecot.deliver(&marit, &letter(&subject, &marit))?;
    let desk = Desk::new(dovecot)?;
    let window = desk.open_with(dovecot, &marit)?;
    read(&window, &subject)?;
    window.press_on("button", "Reply")?;
    let body = window.find("textbox", "Message body")?;
    window.type_into(&body, "Then the motor it is.")?;
    window.press_on("button", "Send")?;
    let taken = dovecot.relay.wait_for(&marit.address, 1, Duration::from_secs(60))?;
    assert_eq!(taken[0].to, std::slice::from_ref(&jonas.address));
    let text = String::from_utf8_lossy(&taken[0].data).into_owned();
    assert!(text.contains("Then the motor it is."), "{text}");
    assert!(text.contains("In-Reply-To:"), "{text}");
    let re = format!("Re: {subject}");
    assert!(dovecot.mailbox(&jonas)?.find("INBOX", &re)?.is_some());
    let mut server = dovecot.mailbox(&marit)?;
    server.wait_until("Sent", Duration::from_secs(30), |all| all.iter().filter(|m| m.subject == re).count() == 1)?;
    server.wait_until("INBOX", Duration::from_secs(30), |all| all.iter().any(|m| m.has("\\Answered")))?;
    Ok(())
}

#[test]
fn a_mail_half_written_is_there_again_after_a_restart() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let desk = Desk::new(dovecot)?;
    let window = desk.open_with(dovecot, &marit)?;
    window.press_on("button", "Compose")?;
    window.fill("textbox", "Subject", "Slipway, unfinished")?;
    let body = window.find("textbox", "Message body")?;
    window.type_into(&body, "Not yet done.")?;
    let state = window.find("status", "Draft")?;
    window.wait("the draft to be saved", || Ok(window.text(&state)?.starts_with("Saved").then_some(())))?;
    // What was typed last is saved a moment later; "Saved" stands still and can't be waited for.
    std::thread::sleep(Duration::from_secs(3));
    drop(window);

    let window = desk.open()?;
    window.press_on("button", "Slipway, unfinished")?;
    let body = window.find("textbox", "Message body")?;
    window.wait("the words that were written", || Ok(window.text(&body)?.contains("Not yet done.").then_some(())))?;
    Ok(())
}

#[test]
fn mail_that_waited_for_a_new_password_goes_once_it_is_there() -> Result<()> {
    let dovecot = Dovecot::start(&Setup::default())?;
    let marit = dovecot.user("marit");
    let jonas = User::of("jonas@test.example");
    dovecot.deliver(&marit, &letter("Slipway", &marit))?;
    let desk = Desk::new(&dovecot)?;
    let window = desk.open_with(&dovecot, &marit)?;
    read(&window, "Slipway")?;
    dovecot.restart_with_password("changed")?;
    window.press_on("button", "Reply")?;
    let body = window.find("textbox", "Message body")?;
    window.type_into(&body, "Then the motor it is.")?;
    window.press_on("button", "Send")?;
    window.press_on("treeitem", Name::Has("Outbox, 1 waiting"))?;
    window.press_on("button", "Sign in again")?;
    window.fill("password", "Password", "changed")?;
    window.press_on("button", "Sign in")?;
    let taken = dovecot.relay.wait_for(&marit.address, 1, Duration::from_secs(60))?;
    assert_eq!(taken[0].to, [jonas.address]);
    window.find("treeitem", Name::Is("Outbox"))?;
    Ok(())
}
