//! On a slow line what follows the first screen is compressed, and everything arrives as it was.

use anyhow::{Result, ensure};
use godwit_tests::dovecot::Dovecot;
use godwit_tests::gate::Gate;
use godwit_tests::godwitctl::Godwitctl;
use godwit_tests::sample;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Enough for a few windows of headers, some 900 bytes each.
const MESSAGES: usize = 3_000;
/// Bytes a second: some 600 header rows.
const NARROW: u64 = 600_000;

#[test]
fn a_first_sync_over_a_slow_line_is_compressed_and_whole() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    dovecot.import(&marit, "INBOX", &sample::plain(11, MESSAGES, OffsetDateTime::now_utc()))?;
    let gate = Gate::before(dovecot.ports.imaps)?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add_at(&marit, gate.port, dovecot.ports.submissions)?;
    gate.narrow(NARROW);
    ctl.ok(&["sync", "--bodies", "none"])?;
    gate.narrow(0);
    let bundle = ctl.profile().with_extension("txt");
    ctl.ok(&["doctor", "--bundle", &bundle.display().to_string()])?;
    let log = std::fs::read_to_string(&bundle)?;
    ensure!(log.contains("COMPRESS DEFLATE"), "nothing was compressed");
    let all = ctl.json(&["mailboxes"])?;
    let inbox = all.as_array().and_then(|all| all.iter().find(|m| m["path"] == "INBOX")).cloned();
    ensure!(inbox.is_some_and(|m| m["messages"] == MESSAGES), "{all}");
    // All of them as the server has them, the last ones too: those came through the deflated line.
    let inbox = format!("{}/INBOX", marit.address);
    let oldest = ctl.json(&["list", &inbox, "--limit", "100", "--offset", &(MESSAGES - 100).to_string()])?;
    let here: BTreeSet<String> =
        oldest.as_array().into_iter().flatten().filter_map(|r| r["subject"].as_str().map(str::to_owned)).collect();
    let there: BTreeSet<String> = dovecot.mailbox(&marit)?.messages("INBOX")?.into_iter().map(|m| m.subject).collect();
    // The server's subjects are as they were written, coded words and all.
    let odd: Vec<&String> = here.difference(&there).filter(|subject| subject.is_ascii()).collect();
    ensure!(here.intersection(&there).count() > 20 && odd.is_empty(), "{odd:?}");
    Ok(())
}
