//! What can be read without a network is what the policy says: the text of all mail, unless a person chose less.

use super::letter;
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::gate::Gate;
use godwit_tests::godwitctl::Godwitctl;

#[test]
fn the_text_of_all_mail_is_here_and_goes_when_the_policy_says_so() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let mut server = dovecot.mailbox(&marit)?;
    let old = String::from_utf8(letter("Slipway"))?.replace("19 Nov 2026", "19 Nov 2019").into_bytes();
    let mut long = letter("Chart");
    long.extend_from_slice("a long way out, and a longer one back\r\n".repeat(20_000).as_bytes());
    for mail in [&old, &long, &letter("Winch")] {
        server.append("INBOX", "", mail)?;
    }
    let gate = Gate::before(dovecot.ports.imaps)?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add_at(&marit, gate.port, dovecot.ports.submissions)?;
    ctl.ok(&["sync"])?;
    let ids = ["Slipway", "Chart", "Winch"].map(|subject| ctl.id(&marit, "INBOX", subject));
    let [old_id, long_id, new_id] = ids;
    let (old_id, long_id, new_id) = (old_id?, long_id?, new_id?);
    let reads = |id: &str| -> Result<bool> { Ok(ctl.run(&["show", id, "--raw"])?.code == 0) };
    gate.shut();
    assert!(reads(&old_id)? && reads(&new_id)?, "text is not here without a network");
    assert!(!reads(&long_id)?, "long mail was fetched though nobody opened it");
    assert_eq!(ctl.json(&["disk"])?[0]["whole"], 2);
    gate.open();
    let settings = ctl.json(&["keep", &marit.address, "--text", "month", "--attachments", "5"])?;
    assert_eq!((settings[0]["text"].as_str(), settings[0]["attachments_mb"].as_u64()), (Some("month"), Some(5)));
    ctl.ok(&["sync"])?;
    gate.shut();
    assert!(!reads(&old_id)?, "old text stayed");
    assert!(reads(&new_id)? && reads(&long_id)?);
    gate.open();
    let inbox = format!("{}/INBOX", marit.address);
    ctl.ok(&["keep", &marit.address, "--mailbox", &inbox, "--text", "none"])?;
    assert_eq!(ctl.json(&["disk"])?[0]["whole"], 0);
    ctl.ok(&["sync"])?;
    assert_eq!(ctl.json(&["disk"])?[0]["whole"], 0);
    assert_eq!(ctl.list(&marit, "INBOX")?.len(), 3, "headers are always here");
    ctl.ok(&["keep", &marit.address, "--mailbox", &inbox, "--usual"])?;
    ctl.ok(&["keep", &marit.address, "--usual"])?;
    ctl.ok(&["sync"])?;
    assert_eq!(ctl.json(&["disk"])?[0]["whole"], 2);
    Ok(())
}
