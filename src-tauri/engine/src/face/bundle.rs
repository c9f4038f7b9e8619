//! The bundle: what helps others to find a fault, as plain text without names, addresses or mail.

use crate::engine::Engine;
use godwit_domain::api::*;
use godwit_domain::*;

pub(super) async fn make(engine: &Engine, _: DoctorBundle) -> Result<String> {
    let context = &engine.inner.context;
    let lines = super::doctor::run(engine, Doctor {}).await?;
    let accounts = context.store.read(|r| r.accounts()).await?;
    let boxes = context.store.read(|r| r.mailboxes()).await?;
    let mut out = format!(
        "Godwit {} on {} {}\nNothing here names a person, an address, a folder, a server or a message. Read it before you pass it on.\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    out.push_str("\n# Findings\n");
    for line in &lines {
        let what = without_names(&line.check, &accounts);
        // What was seen may name a host or a file; that a check failed is enough where it is not a list of capabilities.
        let seen = if what.ends_with("IMAP capabilities") { line.detail.as_str() } else { "" };
        out.push_str(&format!("{} {what} {seen}\n", if line.pass { "pass" } else { "FAIL" }));
    }
    out.push_str("\n# Folders\n");
    for (n, account) in accounts.iter().enumerate() {
        for mailbox in boxes.iter().filter(|m| m.account == account.id) {
            let role = mailbox.role.map_or("folder", Role::word);
            out.push_str(&format!("account {} {role}: {} messages, {} unread\n", n + 1, mailbox.messages, mailbox.unread));
        }
    }
    out.push_str("\n# Protocol, times in UTC\n");
    let log = context.log.clone();
    let log = tokio::task::spawn_blocking(move || log.text()).await;
    out.push_str(&log.map_err(|_| Error::bug("Reading the protocol log stopped short."))?);
    Ok(out)
}

fn without_names(text: &str, accounts: &[Account]) -> String {
    let mut out = text.to_owned();
    for (n, account) in accounts.iter().enumerate() {
        out = out.replace(&account.email, &format!("account {}", n + 1));
    }
    out
}
