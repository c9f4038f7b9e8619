//! `account …`: propose, add, list, test, remove. The password comes from stdin and goes straight into the request.

use crate::args::{AccountAddArgs, AccountCommand};
use crate::face::Face;
use crate::failure::{Failure, Outcome};
use crate::names;
use crate::output::{Output, table};
use crate::shapes::CandidateRow;
use crate::values::{HostPort, SecurityArg};
use godwit_domain::api::{AccountAdd, AccountQuota, AccountRemove, AccountTest, Accounts, Password};
use godwit_domain::{Account, AccountCheck, AccountDraft, Error, Quota, Security, Server, ServerCheck, check_address};
use serde_json::json;
use std::io::BufRead;

/// The longest password line.
const MAX_PASSWORD: u64 = 4096;

/// Everything below `account` that needs the profile.
pub async fn run(command: AccountCommand, face: &mut Face, out: Output) -> Outcome {
    match command {
        AccountCommand::Discover { email } => discover(&email, out),
        AccountCommand::Add(args) => add(*args, face, out).await,
        AccountCommand::List => list(face, out).await,
        AccountCommand::Test { account } => test(&account, face, out).await,
        AccountCommand::Quota { account } => quota(&account, face, out).await,
        AccountCommand::Remove { account } => remove(&account, face, out).await,
    }
}

/// Proposes servers, without a profile.
pub fn discover(email: &str, out: Output) -> Outcome {
    check_address(email).map_err(Failure::Usage)?;
    let candidates = godwit_domain::discover::discover(email).map_err(Failure::Usage)?;
    let rows: Vec<CandidateRow> = candidates.iter().map(CandidateRow::from).collect();
    out.answer(&rows, || {
        let server = |s: &Server| format!("{}:{} {}", s.host, s.port, word(s.security));
        let row = |c: &godwit_domain::Candidate| {
            vec![
                server(&c.imap),
                server(&c.smtp),
                c.user.clone(),
                if c.must_confirm { "confirm first" } else { "known" }.to_owned(),
            ]
        };
        table(&["IMAP", "SMTP", "USER", ""], &candidates.iter().map(row).collect::<Vec<_>>(), 60)
    })
}

async fn add(args: AccountAddArgs, face: &mut Face, out: Output) -> Outcome {
    let server = |at: HostPort, security: SecurityArg, pin: Option<String>| Server {
        host: at.host,
        port: at.port,
        security: security.into(),
        pin,
    };
    let account = AccountDraft {
        user: args.user.unwrap_or_else(|| args.email.clone()),
        email: args.email,
        name: args.name,
        imap: server(args.imap, args.imap_security, args.pin.clone()),
        smtp: server(args.smtp, args.smtp_security, args.smtp_pin.or(args.pin)),
    };
    account.check().map_err(Failure::Usage)?;
    let password = password_from(std::io::stdin().lock())?;
    let account = face.ask(AccountAdd { account, password }).await?;
    out.answer(&account, || format!("Added {} (account {}).", account.email, account.id))
}

async fn list(face: &mut Face, out: Output) -> Outcome {
    let accounts = face.ask(Accounts {}).await?;
    out.answer(&accounts, || {
        let server = |s: &Server| format!("{}:{}", s.host, s.port);
        let row = |a: &Account| vec![a.id.to_string(), a.email.clone(), a.name.clone(), server(&a.imap), server(&a.smtp)];
        table(&["ID", "ADDRESS", "NAME", "IMAP", "SMTP"], &accounts.iter().map(row).collect::<Vec<_>>(), 40)
    })
}

async fn test(account: &str, face: &mut Face, out: Output) -> Outcome {
    let account = names::account(face, account).await?;
    let check = face.ask(AccountTest { account: account.id }).await?;
    out.answer(&check, || in_words(&check))?;
    match check.first_error() {
        Some(error) => Err(error.clone().into()),
        None => Ok(()),
    }
}

async fn quota(account: &str, face: &mut Face, out: Output) -> Outcome {
    let account = names::account(face, account).await?;
    let quota = face.ask(AccountQuota { account: account.id }).await?;
    out.answer(&quota, || quota_in_words(&quota))
}

fn quota_in_words(quota: &Quota) -> String {
    let size = quota.storage.map(|s| format!("{} of {} KiB", s.used_kib, s.limit_kib));
    let count = quota.messages.map(|m| format!("{} of {} messages", m.used, m.limit));
    let told: Vec<String> = size.into_iter().chain(count).collect();
    if told.is_empty() { "The server tells of no limit.".to_owned() } else { format!("{} in use.", told.join(", ")) }
}

fn in_words(check: &AccountCheck) -> String {
    let line = |name: &str, server: &ServerCheck| match &server.error {
        None => format!("{name}: works\n"),
        Some(error) => format!("{name}: {}\n", crate::failure::line(error)),
    };
    line("IMAP", &check.imap) + &line("SMTP", &check.smtp)
}

async fn remove(account: &str, face: &mut Face, out: Output) -> Outcome {
    let account = names::account(face, account).await?;
    face.ask(AccountRemove { account: account.id }).await?;
    let said = json!({ "id": account.id, "removed": account.email });
    out.answer(&said, || format!("Removed {} from this machine. The server keeps everything.", account.email))
}

const fn word(security: Security) -> &'static str {
    match security {
        Security::Tls => "tls",
        Security::Starttls => "starttls",
    }
}

/// The first line, without its end.
fn password_from(input: impl BufRead) -> Outcome<Password> {
    let mut line = Vec::new();
    let read = input.take(MAX_PASSWORD + 2).read_until(b'\n', &mut line);
    read.map_err(|_| Failure::Failed(Error::invalid("The password can't be read from standard input.")))?;
    let ended = line.strip_suffix(b"\n").map_or(line.as_slice(), |l| l.strip_suffix(b"\r").unwrap_or(l));
    match std::str::from_utf8(ended) {
        Ok("") => Err(Failure::usage("There is no password on standard input.", "Write it on the first line.")),
        Ok(text) if text.len() as u64 <= MAX_PASSWORD => Ok(Password::new(text.to_owned())),
        _ => Err(Failure::usage("The password is too long or not UTF-8.", "Write it on the first line.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_and_keeps_its_spaces() {
        let check = |input: &[u8], want: Option<&str>| match password_from(input) {
            Ok(password) => assert_eq!(Some(password.reveal()), want),
            Err(_) => assert_eq!(None, want),
        };
        check(b"secret\n", Some("secret"));
        check(b"secret", Some("secret"));
        check(b" with space \r\nsecond line\n", Some(" with space "));
        check("pass\u{f8}rd\n".as_bytes(), Some("pass\u{f8}rd"));
        check(b"\n", None);
        check(b"", None);
        check(&[0xff, b'\n'], None);
        check(&[b'x'; 5000], None);
    }
}
