//! The doctor: what works, what does not, and what mends it, line by line.

use crate::engine::Engine;
use crate::imap::Connection;
use crate::smtp;
use godwit_domain::api::*;
use godwit_domain::*;

pub(super) async fn run(engine: &Engine, _: Doctor) -> Result<Vec<DoctorLine>> {
    let context = &engine.inner.context;
    // The store is open, so its key was there.
    let mut lines = vec![pass("profile key", "The key opens the profile.".into())];
    let damage = context.store.read(|r| r.audit()).await?;
    lines.push(match damage.first() {
        None => pass("store", "Both files are sound.".into()),
        Some(first) => {
            let mend = "Delete cache.db while Godwit is closed; it is built again from the server.";
            fail("store", first.clone(), mend.into())
        }
    });
    for note in &engine.inner.notes {
        lines.push(fail("cache", note.what.clone(), note.mend.clone()));
    }
    let accounts = context.store.read(|r| r.accounts()).await?;
    if accounts.is_empty() {
        lines.push(fail("accounts", "There is no account yet.".into(), "Add one: godwitctl account add.".into()));
    }
    for account in accounts {
        lines.extend(of_account(engine, account).await?);
    }
    Ok(lines)
}

async fn of_account(engine: &Engine, account: Account) -> Result<Vec<DoctorLine>> {
    let (_, target) = engine.inner.context.target(account.id).await?;
    let tls = &engine.inner.context.tls;
    let (imap, smtp) =
        tokio::join!(Connection::open(&target, tls), smtp::probe(&account.smtp, &account.user, &target.password, tls));
    let name = |what: &str| format!("{}: {what}", account.email);
    let mut lines = Vec::new();
    match imap {
        Ok(connection) => {
            let at = format!("{}:{}", account.imap.host, account.imap.port);
            lines.push(pass(&name("IMAP name, TLS and sign-in"), format!("{at} answers and takes the password.")));
            let known =
                ["QRESYNC", "CONDSTORE", "MOVE", "UIDPLUS", "IDLE", "LIST-STATUS", "SPECIAL-USE", "NOTIFY", "COMPRESS=DEFLATE"];
            let caps = connection.capabilities();
            let has: Vec<&str> = known.into_iter().filter(|c| caps.has(c)).collect();
            lines.push(pass(&name("IMAP capabilities"), has.join(" ")));
        }
        Err(error) => lines.push(failed(&name(stage(error.kind)), &error)),
    }
    match smtp.error {
        None => lines.push(pass(
            &name("submission"),
            format!("{}:{} answers and takes the password.", account.smtp.host, account.smtp.port),
        )),
        Some(error) => lines.push(failed(&name("submission"), &error)),
    }
    let mailboxes = engine.inner.context.store.read(|r| r.mailboxes()).await?;
    let of_this: Vec<Mailbox> = mailboxes.into_iter().filter(|m| m.account == account.id && m.selectable).collect();
    let id = account.id;
    let unstable = engine.inner.context.store.read(move |r| r.unstable_mailboxes(id)).await?;
    lines.push(pass(&name("mail"), compared(&of_this, crate::clock::now()) + &numbered(unstable)));
    Ok(lines)
}

/// How far what is here was compared with the server, message by message.
fn compared(mailboxes: &[Mailbox], now: i64) -> String {
    let times: Vec<i64> = mailboxes.iter().filter_map(|m| m.verified_at).collect();
    let hours = times.iter().min().map_or(0, |oldest| now.saturating_sub(*oldest).max(0) / 3_600);
    let repaired: u64 = mailboxes.iter().map(|m| u64::from(m.repaired)).sum();
    let held_back: u64 = mailboxes.iter().map(|m| u64::from(m.held_back)).sum();
    let mut said = format!("{} of {} folders were compared with the server message by message", times.len(), mailboxes.len());
    if !times.is_empty() {
        said += &format!(", the longest ago {hours} hours ago");
    }
    said += &match repaired {
        0 => "; nothing ever differed.".to_owned(),
        1 => "; 1 difference was found and mended.".to_owned(),
        n => format!("; {n} differences were found and mended."),
    };
    if held_back > 0 {
        said += &format!(" {held_back} deleted here are still on the server, which can't remove them one by one.");
    }
    said
}

fn numbered(unstable: usize) -> String {
    match unstable {
        0 => String::new(),
        n => format!(
            " In {n} of them the server's numbers for messages do not stay; each message is looked at before it is changed."
        ),
    }
}

/// Which step of a connection an error belongs to.
fn stage(kind: ErrorKind) -> &'static str {
    use ErrorKind::*;
    match kind {
        HostUnknown => "IMAP name (DNS)",
        CertificateExpired | CertificateName | CertificateUntrusted | Tls => "IMAP TLS",
        SignInNeeded => "IMAP sign-in",
        Unsupported | Protocol => "IMAP capabilities",
        _ => "IMAP connection",
    }
}

fn pass(check: &str, detail: String) -> DoctorLine {
    DoctorLine { check: check.to_owned(), pass: true, detail, mend: String::new() }
}

fn fail(check: &str, detail: String, mend: String) -> DoctorLine {
    DoctorLine { check: check.to_owned(), pass: false, detail, mend }
}

fn failed(check: &str, error: &Error) -> DoctorLine {
    let told = Error { mend: String::new(), ..error.clone() };
    fail(check, told.to_string(), error.mend.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doctor_says_how_far_mail_was_compared() {
        let mailbox = |verified_at, repaired, held_back| Mailbox {
            id: MailboxId(1),
            account: AccountId(1),
            path: "INBOX".into(),
            name: "Inbox".into(),
            parent: None,
            delimiter: "/".into(),
            role: None,
            selectable: true,
            subscribed: true,
            messages: 0,
            unread: 0,
            held_back,
            verified_at,
            repaired,
        };
        let never = compared(&[mailbox(None, 0, 0)], 9_000);
        assert_eq!(never, "0 of 1 folders were compared with the server message by message; nothing ever differed.");
        let some = compared(&[mailbox(None, 0, 0), mailbox(Some(1_000), 2, 3), mailbox(Some(8_000), 0, 0)], 9_000);
        assert!(some.starts_with("2 of 3 folders were compared"), "{some}");
        assert!(some.contains("2 hours ago; 2 differences") && some.contains("3 deleted here"), "{some}");
    }
}
