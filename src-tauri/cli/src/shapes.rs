//! The JSON shapes that scripts hold on to. Fields are added, never renamed or removed.

use crate::names::Names;
use godwit_domain::api::{Coverage, Found};
use godwit_domain::{
    Address, Candidate, CandidateSource, Mailbox, OutboxItem, OutboxState, Removed, Return, Role, Row, Security, Server,
};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A message in `list` and `search`.
#[derive(Debug, Serialize)]
pub struct ListRow<'a> {
    id: i64,
    thread: i64,
    account: &'a str,
    mailbox: &'a str,
    uid: Option<u32>,
    subject: &'a str,
    from: &'a [Address],
    date: String,
    flags: &'a [String],
    labels: &'a [String],
    size: u32,
    attachments: bool,
    preview: &'a str,
}

impl<'a> ListRow<'a> {
    /// A row with the names of its account and mailbox.
    pub fn new(row: &'a Row, names: &'a Names) -> Self {
        Self {
            id: row.id.0,
            thread: row.thread.0,
            account: names.address(row.account),
            mailbox: names.path(row.mailbox),
            uid: row.uid,
            subject: &row.subject,
            from: &row.from,
            date: rfc3339(row.date),
            flags: &row.flags,
            labels: &row.labels,
            size: row.size,
            attachments: row.attachments,
            preview: &row.preview,
        }
    }
}

/// A message in `removed`.
#[derive(Debug, Serialize)]
pub struct RemovedRow<'a> {
    id: i64,
    account: &'a str,
    mailbox: &'a str,
    subject: &'a str,
    from: &'a [Address],
    date: String,
    removed_at: String,
    kept_until: String,
    size: u32,
    comes_back: Return,
}

impl<'a> RemovedRow<'a> {
    /// A removed message with its account's address.
    pub fn new(removed: &'a Removed, account: &'a str) -> Self {
        Self {
            id: removed.id.0,
            account,
            mailbox: &removed.mailbox,
            subject: &removed.subject,
            from: &removed.from,
            date: rfc3339(removed.date),
            removed_at: rfc3339(removed.removed_at),
            kept_until: rfc3339(removed.kept_until),
            size: removed.size,
            comes_back: removed.comes_back,
        }
    }
}

/// The answer of `search`.
#[derive(Debug, Serialize)]
pub struct FoundRows<'a> {
    total: u32,
    coverage: &'a Coverage,
    rows: Vec<ListRow<'a>>,
}

impl<'a> FoundRows<'a> {
    /// What was found, with names.
    pub fn new(found: &'a Found, names: &'a Names) -> Self {
        let rows = found.rows.iter().map(|row| ListRow::new(row, names)).collect();
        Self { total: found.total, coverage: &found.coverage, rows }
    }
}

/// A mailbox in `mailboxes`.
#[derive(Debug, Serialize)]
pub struct MailboxRow<'a> {
    id: i64,
    account: &'a str,
    path: &'a str,
    name: &'a str,
    role: Option<Role>,
    messages: u32,
    unread: u32,
    held_back: u32,
    verified_at: Option<String>,
    repaired: u32,
}

impl<'a> MailboxRow<'a> {
    /// A mailbox with its account's address.
    pub fn new(mailbox: &'a Mailbox, account: &'a str) -> Self {
        Self {
            id: mailbox.id.0,
            account,
            path: &mailbox.path,
            name: &mailbox.name,
            role: mailbox.role,
            messages: mailbox.messages,
            unread: mailbox.unread,
            held_back: mailbox.held_back,
            verified_at: mailbox.verified_at.map(rfc3339),
            repaired: mailbox.repaired,
        }
    }
}

/// A mail in `outbox` and the answer of `send`.
#[derive(Debug, Serialize)]
pub struct OutboxRow<'a> {
    id: i64,
    state: OutboxState,
    subject: &'a str,
    to: &'a [String],
    attempts: u32,
    last_error: Option<String>,
}

impl<'a> From<&'a OutboxItem> for OutboxRow<'a> {
    fn from(item: &'a OutboxItem) -> Self {
        Self {
            id: item.id.0,
            state: item.state,
            subject: &item.subject,
            to: &item.to,
            attempts: item.attempts,
            last_error: item.last_error.as_ref().map(crate::failure::line),
        }
    }
}

/// One proposal of `account discover`.
#[derive(Debug, Serialize)]
pub struct CandidateRow<'a> {
    imap: ServerRow<'a>,
    smtp: ServerRow<'a>,
    user: &'a str,
    source: CandidateSource,
    must_confirm: bool,
}

#[derive(Debug, Serialize)]
struct ServerRow<'a> {
    host: &'a str,
    port: u16,
    security: Security,
    auth: &'static str,
}

impl<'a> From<&'a Candidate> for CandidateRow<'a> {
    fn from(candidate: &'a Candidate) -> Self {
        let server = |s: &'a Server| ServerRow { host: &s.host, port: s.port, security: s.security, auth: "password" };
        Self {
            imap: server(&candidate.imap),
            smtp: server(&candidate.smtp),
            user: &candidate.user,
            source: candidate.source,
            must_confirm: candidate.must_confirm,
        }
    }
}

/// Seconds since 1970 as RFC 3339 with Z. What lies outside the years 0 to 9999 is shown as the nearest that does not.
pub fn rfc3339(seconds: i64) -> String {
    let seconds = seconds.clamp(-62_167_219_200, 253_402_300_799);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_else(|_| "1970-01-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::tests::names;
    use godwit_domain::{AccountId, Error, ErrorKind, MailboxId, MessageId, OutboxId, PlacementId, ThreadId};
    use serde_json::{Value, json};

    fn row() -> Row {
        Row {
            id: PlacementId(7),
            message: MessageId(3),
            thread: ThreadId(5),
            account: AccountId(1),
            mailbox: MailboxId(11),
            uid: Some(42),
            subject: "Tide".into(),
            from: vec![Address { name: "Jonas".into(), address: "jonas@x.example".into() }],
            to: vec![],
            date: 1_795_166_520,
            flags: vec!["\\Seen".into()],
            labels: vec!["Work".into()],
            size: 1200,
            attachments: true,
            preview: "High water at".into(),
            count: 2,
            waiting: true,
        }
    }

    fn expected_row() -> Value {
        json!({
            "id": 7, "thread": 5, "account": "marit@fjordlys.example", "mailbox": "Boats/Slip", "uid": 42, "subject": "Tide",
            "from": [{"name": "Jonas", "address": "jonas@x.example"}], "date": "2026-11-20T09:22:00Z", "flags": ["\\Seen"],
            "labels": ["Work"], "size": 1200, "attachments": true, "preview": "High water at",
        })
    }

    fn check(shape: &impl Serialize, want: &Value) {
        assert_eq!(&serde_json::to_value(shape).unwrap(), want);
    }

    #[test]
    fn a_list_row_has_the_shape_that_scripts_hold_on_to() {
        let names = names();
        check(&ListRow::new(&row(), &names), &expected_row());
    }

    #[test]
    fn a_search_says_its_total_and_coverage() {
        let names = names();
        let coverage = Coverage { messages: 9, bodies: 4, mailboxes_complete: 1, mailboxes_total: 2 };
        let found = Found { total: 1, coverage, rows: vec![row()] };
        let coverage = json!({"messages": 9, "bodies": 4, "mailboxes_complete": 1, "mailboxes_total": 2});
        check(&FoundRows::new(&found, &names), &json!({"total": 1, "coverage": coverage, "rows": [expected_row()]}));
    }

    #[test]
    fn a_mailbox_is_named_by_its_accounts_address() {
        let names = names();
        let inbox = names.mailboxes.first().unwrap();
        let want = json!({"id": 10, "account": "marit@fjordlys.example", "path": "INBOX", "name": "INBOX", "role": "inbox",
            "messages": 3, "unread": 1, "held_back": 0, "verified_at": null, "repaired": 0});
        check(&MailboxRow::new(inbox, names.address(inbox.account)), &want);
    }

    #[test]
    fn an_outbox_row_says_its_last_error_in_words() {
        let item = OutboxItem {
            id: OutboxId(2),
            account: AccountId(1),
            state: OutboxState::Refused,
            subject: "Tide".into(),
            to: vec!["a@b.example".into()],
            attempts: 1,
            last_error: Some(Error::new(ErrorKind::Refused, "The server refused it.").mend("Check the address.")),
            due: 0,
        };
        let want = json!({"id": 2, "state": "refused", "subject": "Tide", "to": ["a@b.example"], "attempts": 1,
            "last_error": "The server refused it. Check the address."});
        check(&OutboxRow::from(&item), &want);
    }

    #[test]
    fn a_date_is_always_one_that_can_be_read_again() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(i64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339(i64::MIN), "0000-01-01T00:00:00Z");
    }
}
