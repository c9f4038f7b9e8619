//! What goes wrong in the wizard is told in words, beside the field, and can be put right there.

use super::{Desk, set_up_by_hand};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::webdriver::Name;

#[test]
fn a_wrong_password_is_told_and_a_right_one_goes_on() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let mut wrong = marit.clone();
    wrong.password = "not my password".into();
    let desk = Desk::new(dovecot)?;
    let window = desk.open()?;
    window.find("heading", "Add your mail account")?;
    set_up_by_hand(&window, dovecot, &wrong)?;
    let alert = window.find("alert", Name::Any)?;
    assert!(window.text(&alert)?.to_lowercase().contains("password"), "{}", window.text(&alert)?);
    window.fill("password", "Password", &marit.password)?;
    window.press_on("button", "Add account")?;
    window.find("listbox", "Messages")?;
    Ok(())
}
