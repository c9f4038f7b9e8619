//! How accounts and mailboxes are named on the command line: by address, by ACCOUNT/PATH, or by id.

use crate::face::Face;
use crate::failure::{Failure, Outcome};
use crate::values::id;
use godwit_domain::api::{Accounts, Mailboxes};
use godwit_domain::{Account, AccountId, Error, Mailbox, MailboxId};

/// Everything that can be named.
pub struct Names {
    /// Accounts in their order.
    pub accounts: Vec<Account>,
    /// Mailboxes in tree order.
    pub mailboxes: Vec<Mailbox>,
}

impl Names {
    /// Reads them.
    pub async fn read(face: &mut Face) -> Outcome<Self> {
        Ok(Self { accounts: face.ask(Accounts {}).await?, mailboxes: face.ask(Mailboxes {}).await? })
    }

    /// An account's address; empty for one that has gone.
    pub fn address(&self, account: AccountId) -> &str {
        self.accounts.iter().find(|a| a.id == account).map_or("", |a| a.email.as_str())
    }

    /// A mailbox's path; empty for one that has gone.
    pub fn path(&self, mailbox: MailboxId) -> &str {
        self.mailboxes.iter().find(|m| m.id == mailbox).map_or("", |m| m.path.as_str())
    }

    /// The mailbox called `ACCOUNT/PATH`, or an id.
    pub fn mailbox(&self, name: &str) -> Outcome<&Mailbox> {
        if let Some(wanted) = id(name) {
            let found = self.mailboxes.iter().find(|m| m.id.0 == wanted);
            return found.ok_or_else(|| missing_mailbox(name));
        }
        let (account, path) = self.split(name)?;
        self.mailboxes
            .iter()
            .filter(|m| m.account == account.id)
            .find(|m| same_path(&m.path, path, &m.delimiter))
            .ok_or_else(|| missing_mailbox(name))
    }

    /// Splits `ACCOUNT/PATH`. An address may have a slash of its own, so every split is tried. With one account, it may be left out.
    pub fn split<'a>(&self, name: &'a str) -> Outcome<(&Account, &'a str)> {
        for (at, _) in name.match_indices('/') {
            let (Some(account), Some(path)) = (name.get(..at), name.get(at + 1..)) else { continue };
            if let Ok(account) = account_of(&self.accounts, account)
                && !path.is_empty()
            {
                return Ok((account, path));
            }
        }
        if let ([account], false) = (self.accounts.as_slice(), name.is_empty() || name.contains('@')) {
            return Ok((account, name));
        }
        if !name.contains('/') {
            return Err(Failure::usage(
                format!("\u{201c}{name}\u{201d} names no mailbox."),
                "Write ACCOUNT/PATH, such as marit@example.org/INBOX, or the id that mailboxes prints.",
            ));
        }
        Err(Failure::Failed(
            Error::gone(format!("No account here fits \u{201c}{name}\u{201d}."))
                .mend("See godwitctl account list for what there is."),
        ))
    }
}

/// The account with this address or id.
pub async fn account(face: &mut Face, name: &str) -> Outcome<Account> {
    let accounts = face.ask(Accounts {}).await?;
    account_of(&accounts, name).cloned()
}

fn account_of<'a>(accounts: &'a [Account], name: &str) -> Outcome<&'a Account> {
    let found = match id(name) {
        Some(wanted) => accounts.iter().find(|a| a.id.0 == wanted),
        None => accounts.iter().find(|a| a.email.eq_ignore_ascii_case(name)),
    };
    found.ok_or_else(|| {
        Failure::Failed(
            Error::gone(format!("There is no account \u{201c}{name}\u{201d}."))
                .mend("See godwitctl account list for what there is."),
        )
    })
}

fn missing_mailbox(name: &str) -> Failure {
    let error = Error::gone(format!("There is no mailbox \u{201c}{name}\u{201d}."));
    Failure::Failed(error.mend("See godwitctl mailboxes for what there is, or run godwitctl sync first."))
}

/// Whether both name the same mailbox. INBOX has no case (RFC 9051 section 5.1), all else has; `/` stands for the server's own
/// delimiter where that is another.
fn same_path(path: &str, asked: &str, delimiter: &str) -> bool {
    let same = |asked: &str| {
        let first = |text: &str| if delimiter.is_empty() { text.len() } else { text.find(delimiter).unwrap_or(text.len()) };
        let (end, asked_end) = (first(path), first(asked));
        let (Some(head), Some(asked_head)) = (path.get(..end), asked.get(..asked_end)) else { return false };
        let heads = head == asked_head || (head.eq_ignore_ascii_case("INBOX") && asked_head.eq_ignore_ascii_case("INBOX"));
        heads && path.get(end..) == asked.get(asked_end..)
    };
    same(asked) || (!delimiter.is_empty() && delimiter != "/" && same(&asked.replace('/', delimiter)))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use godwit_domain::{Role, Security, Server};

    pub fn names() -> Names {
        let server = Server { host: "h".into(), port: 993, security: Security::Tls, pin: None };
        let account = |id: i64, email: &str| Account {
            id: AccountId(id),
            email: email.into(),
            name: String::new(),
            user: email.into(),
            imap: server.clone(),
            smtp: server.clone(),
            color: 1,
            signature: String::new(),
        };
        let mailbox = |id: i64, account: i64, path: &str, delimiter: &str| Mailbox {
            id: MailboxId(id),
            account: AccountId(account),
            path: path.into(),
            name: path.rsplit(['/', '.']).next().unwrap_or_default().into(),
            parent: None,
            delimiter: delimiter.into(),
            role: (path == "INBOX").then_some(Role::Inbox),
            selectable: true,
            subscribed: true,
            messages: 3,
            unread: 1,
            held_back: 0,
            verified_at: None,
            repaired: 0,
        };
        Names {
            accounts: vec![account(1, "marit@fjordlys.example"), account(2, "a/b@odd.example")],
            mailboxes: vec![
                mailbox(10, 1, "INBOX", "/"),
                mailbox(11, 1, "Boats/Slip", "/"),
                mailbox(12, 1, "inbox notes", "/"),
                mailbox(20, 2, "INBOX", "."),
                mailbox(21, 2, "INBOX.Work", "."),
                mailbox(22, 2, "R/D", "."),
            ],
        }
    }

    #[test]
    fn a_mailbox_is_found_by_id_by_account_and_path_and_by_inbox_in_any_case() {
        let names = names();
        let check = |name: &str, want: i64| match names.mailbox(name) {
            Ok(found) => assert_eq!(found.id.0, want, "{name}"),
            Err(failure) => panic!("{name}: {failure:?}"),
        };
        check("10", 10);
        check("marit@fjordlys.example/INBOX", 10);
        check("Marit@Fjordlys.Example/inbox", 10);
        check("1/Inbox", 10);
        check("marit@fjordlys.example/Boats/Slip", 11);
        check("marit@fjordlys.example/inbox notes", 12);
        check("a/b@odd.example/INBOX.Work", 21);
        check("a/b@odd.example/inbox/Work", 21);
        check("2/R/D", 22);
    }

    #[test]
    fn what_is_not_there_fails_and_what_names_nothing_is_wrong_usage() {
        let names = names();
        let check = |name: &str, usage: bool| {
            let failure = names.mailbox(name).map(|m| m.path.clone()).unwrap_err();
            assert_eq!(matches!(failure, Failure::Usage(_)), usage, "{name}: {failure:?}");
        };
        check("99", false);
        check("marit@fjordlys.example/boats/slip", false);
        check("nobody@x.example/INBOX", false);
        check("INBOX", true);
        check("", true);
        check("marit@fjordlys.example", true);
    }

    #[test]
    fn with_one_account_its_name_may_be_left_out() {
        let mut names = names();
        names.accounts.truncate(1);
        assert_eq!(names.mailbox("Boats/Slip").unwrap().id.0, 11);
        assert_eq!(names.split("Boats/New").unwrap().1, "Boats/New");
    }
}
