//! What the cache does not hold yet is still found: the server is asked.

use super::letter;
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::godwitctl::Godwitctl;

#[test]
fn a_message_that_was_never_synced_is_found_and_can_be_read() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    for subject in ["Slipway", "Winch"] {
        dovecot.deliver(&marit, &letter(subject))?;
    }
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    let found = ctl.json(&["search", "slipway"])?;
    let subjects: Vec<_> = found["rows"].as_array().into_iter().flatten().map(|row| row["subject"].as_str()).collect();
    assert_eq!(subjects, [Some("Slipway")], "{found}");
    let id = found["rows"][0]["id"].to_string();
    assert!(!ctl.ok(&["show", &id, "--text"])?.is_empty());
    ctl.ok(&["sync"])?;
    let mut here = ctl.subjects(&marit, "INBOX")?;
    here.sort();
    assert_eq!(here, ["Slipway", "Winch"], "the sync that follows doubles nothing");
    Ok(())
}
