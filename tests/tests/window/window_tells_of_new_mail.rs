//! New mail while nobody looks: the desktop is told by sender and subject, and choosing that brings the window back.

use super::{Desk, letter};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::notifier::{Notifier, Said};
use godwit_tests::webdriver::Name;
use serde_json::json;

#[test]
fn new_mail_is_told_and_choosing_it_raises_the_window() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.deliver(&marit, &letter("Slipway drawings", &marit))?;
    let desk = Desk::new(dovecot)?;
    let notifier = Notifier::start(&desk.display, &desk.keyring)?;
    let window = desk.open_with(dovecot, &marit)?;
    window.find("option", Name::Has("Slipway drawings"))?;
    let focused = || anyhow::Ok(window.script("return document.hasFocus()", json!([]))?.as_bool());
    assert_eq!(notifier.displayed()?, 0, "mail that was there already is not new");

    // Without a window manager the window under the pointer has the focus, and the pointer rests in the middle of the screen.
    window.resize(600, 700)?;
    window.wait("the window to lose the focus", || Ok(focused()?.filter(|f| !f)))?;
    dovecot.deliver(&marit, &letter("Winch & <b>cradle</b>", &marit))?;
    window.find("option", Name::Has("Winch & <b>cradle</b>"))?;
    window.wait("the notification", || Ok((notifier.displayed()? == 1).then_some(())))?;

    assert_eq!(focused()?, Some(false), "telling raises nothing");
    notifier.choose()?;
    window.wait("the window to be raised", || Ok(focused()?.filter(|f| *f)))?;
    let told =
        Said { app: "Godwit".into(), title: "Jonas Lindqvist".into(), text: "Winch &amp; &lt;b&gt;cradle&lt;/b&gt;".into() };
    let said = window.wait("what was said", || Ok(Some(notifier.said()?).filter(|said| !said.is_empty())))?;
    assert_eq!(said, [told]);
    Ok(())
}
