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
    Ok(lines)
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
