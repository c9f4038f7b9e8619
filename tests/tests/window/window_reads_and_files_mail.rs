//! From the first start to a tidy inbox: set up, read, star, archive, think again, and the server agrees.

use super::{Desk, letter, read};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::webdriver::Name;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

#[test]
fn wizard_to_inbox_read_star_archive_and_undo() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    for subject in ["Slipway drawings", "Winch and cradle"] {
        dovecot.deliver(&marit, &letter(subject, &marit))?;
    }
    let desk = Desk::new(dovecot)?;
    let window = desk.open_with(dovecot, &marit)?;
    window.find("treeitem", Name::Has("Inbox"))?;
    window.find("option", Name::Has("unread"))?;

    assert!(read(&window, "Winch and cradle")?.contains("40 cm"));
    let mut server = dovecot.mailbox(&marit)?;
    let is = |subject: &'static str, flag: &'static str| {
        move |all: &[godwit_tests::mailbox::OnServer]| all.iter().any(|m| m.subject == subject && m.has(flag))
    };
    server.wait_until("INBOX", SOON, is("Winch and cradle", "\\Seen"))?;

    window.press_on("button", "Star")?;
    window.find("option", Name::Has("starred"))?;
    server.wait_until("INBOX", SOON, is("Winch and cradle", "\\Flagged"))?;

    window.press_on("button", "Archive")?;
    window.gone("option", Name::Has("Winch and cradle"))?;
    server.wait_until("Archive", SOON, |all| all.iter().any(|m| m.subject == "Winch and cradle"))?;
    window.press_on("button", "Undo")?;
    window.find("option", Name::Has("Winch and cradle"))?;
    server.wait_until("INBOX", SOON, |all| all.len() == 2)?;
    server.wait_until("Archive", SOON, <[_]>::is_empty)?;

    // What another device does shows by itself: the inbox is listened to.
    dovecot.deliver(&marit, &letter("Fresh from the quay", &marit))?;
    window.find("option", Name::Has("Fresh from the quay"))?;
    Ok(())
}

#[test]
fn the_window_comes_back_with_its_mail() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.deliver(&marit, &letter("Slipway drawings", &marit))?;
    let desk = Desk::new(dovecot)?;
    let window = desk.open_with(dovecot, &marit)?;
    window.find("option", Name::Has("Slipway drawings"))?;
    drop(window);
    let window = desk.open()?;
    window.find("option", Name::Has("Slipway drawings"))?;
    assert!(window.all("heading", "Add your mail account")?.is_empty());
    Ok(())
}
