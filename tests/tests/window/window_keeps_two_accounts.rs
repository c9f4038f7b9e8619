//! A second account stands beside the first, each with its own folders.

use super::{Desk, letter, set_up_by_hand};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::webdriver::Name;

#[test]
fn a_second_account_is_added_from_the_settings() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, liv) = (dovecot.user("marit"), dovecot.user("liv"));
    dovecot.deliver(&marit, &letter("For Marit", &marit))?;
    dovecot.deliver(&liv, &letter("For Liv", &liv))?;
    let desk = Desk::new(dovecot)?;
    let window = desk.open_with(dovecot, &marit)?;
    window.find("option", Name::Has("For Marit"))?;
    window.press_on("button", "Settings")?;
    window.press_on("button", Name::Has("Add account"))?;
    set_up_by_hand(&window, dovecot, &liv)?;
    window.wait("two inboxes", || Ok((window.all("treeitem", Name::Has("Inbox"))?.len() >= 2).then_some(())))?;
    window.press_on("treeitem", Name::Has("All inboxes"))?;
    window.find("option", Name::Has("For Marit"))?;
    window.find("option", Name::Has("For Liv"))?;
    Ok(())
}
