//! An action on many messages over a slow line: the window says how far it is, and takes all of it back.

use super::{Desk, set_up_at};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::gate::Gate;
use godwit_tests::sample;
use godwit_tests::webdriver::{Name, key};
use std::time::Duration;
use time::OffsetDateTime;

const MANY: usize = 400;
/// Bytes a second: looking at what is to be moved takes some ten seconds.
const NARROW: u64 = 30_000;
const SOON: Duration = Duration::from_secs(60);

#[test]
fn many_that_are_archived_show_how_far_they_are_and_come_back_when_cancelled() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.import(&marit, "INBOX", &sample::plain(23, MANY, OffsetDateTime::now_utc()))?;
    let gate = Gate::before(dovecot.ports.imaps)?;
    let desk = Desk::new(dovecot)?;
    let window = desk.open()?;
    window.find("heading", "Add your mail account")?;
    set_up_at(&window, dovecot, gate.port, &marit)?;
    let up_to_date = || -> Result<()> {
        let status = "return document.querySelector('[aria-label=\"Sync status\"]').textContent";
        let says =
            || Ok(window.script(status, serde_json::json!([]))?.as_str().is_some_and(|s| s.contains("Up to date")).then_some(()));
        window.wait("all mail", says)
    };
    window.find("option", Name::Any)?;
    up_to_date()?;

    window.press_on("option", Name::Any)?;
    window.find("iframe", "Message body")?;
    gate.narrow(NARROW);
    window.press(&format!("{}a", key::CONTROL))?;
    window.press("e")?;
    window.find("progressbar", "Sending changes")?;
    window.press_on("button", "Cancel")?;
    gate.narrow(0);
    window.gone("progressbar", "Sending changes")?;
    let mut server = dovecot.mailbox(&marit)?;
    server.wait_until("INBOX", SOON, |all| all.len() == MANY)?;
    server.wait_until("Archive", SOON, <[_]>::is_empty)?;
    up_to_date()
}
